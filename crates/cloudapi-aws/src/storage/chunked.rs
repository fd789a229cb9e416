//! The encoding `aws-chunked`, whose trailer carries a checksum that is known only once the content was sent.
//!
//! The SDK's own encoder signs every chunk over plain HTTP and reads each byte twice; this one takes the content as it was
//! read and summed up.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_runtime::auth::PayloadSigningOverride;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use cloudapi_core::storage::{CHUNK_BYTES, Transfer, TransferBody};
use http_body::{Body, Frame, SizeHint};

use super::checksum::encode;

const TRAILER: &str = "x-amz-checksum-crc64nvme";
/// A sum in base64.
const SUM_LENGTH: usize = 12;

/// A body in chunks, with the checksum of its content behind it.
pub(super) struct Chunked {
    content: TransferBody,
    transfer: Transfer,
    /// Bytes of the content that are not sent yet.
    content_left: u64,
    /// Bytes in all that are not sent yet.
    left: u64,
    next: Next,
}

enum Next {
    /// The size of a chunk; before it the end of the last one, unless it is the first.
    Size {
        first: bool,
    },
    Chunk,
    Over,
}

impl Chunked {
    /// Wraps a body that comes in pieces of [`CHUNK_BYTES`], the last one maybe smaller.
    pub(super) fn new(content: TransferBody, transfer: Transfer, length: u64) -> Self {
        Self {
            content,
            transfer,
            content_left: length,
            left: encoded_length(length),
            next: Next::Size { first: true },
        }
    }

    fn size_of_chunk(&self) -> u64 {
        self.content_left.min(CHUNK_BYTES as u64)
    }

    fn give(&mut self, bytes: Bytes) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.left = self.left.saturating_sub(bytes.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

impl Body for Chunked {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        match this.next {
            Next::Size { first } => {
                let end = if first { "" } else { "\r\n" };
                let size = this.size_of_chunk();
                if size > 0 {
                    this.next = Next::Chunk;
                    return this.give(format!("{end}{size:x}\r\n").into());
                }
                this.next = Next::Over;
                let Some(sum) = this.transfer.sum() else {
                    return Poll::Ready(Some(Err(io::Error::other("the content has no checksum"))));
                };
                let sum = encode(sum);
                this.give(format!("{end}0\r\n{TRAILER}:{sum}\r\n\r\n").into())
            }
            Next::Chunk => {
                let expected = this.size_of_chunk();
                let frame = ready!(Pin::new(&mut this.content).poll_frame(cx));
                let chunk = match frame.map(|frame| frame.map(Frame::into_data)) {
                    Some(Ok(Ok(chunk))) if chunk.len() as u64 == expected => chunk,
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    _ => {
                        let error = io::Error::other("the content came in other pieces than said");
                        return Poll::Ready(Some(Err(error)));
                    }
                };
                this.content_left -= expected;
                this.next = Next::Size { first: false };
                this.give(chunk)
            }
            Next::Over => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.next, Next::Over)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// How long content of a length is when it is encoded.
pub(super) fn encoded_length(length: u64) -> u64 {
    let chunk = |size: u64| format!("{size:x}").len() as u64 + 2 + size + 2;
    let size = CHUNK_BYTES as u64;
    let rest = length % size;
    let trailer = "0\r\n".len() + TRAILER.len() + ":".len() + SUM_LENGTH + "\r\n\r\n".len();
    let rest = if rest > 0 { chunk(rest) } else { 0 };
    length / size * chunk(size) + rest + trailer as u64
}

/// Says in the headers of a request that its body is a [`Chunked`], and that it is not signed.
#[derive(Debug)]
pub(super) struct SendsChunked {
    /// The length of the content.
    pub(super) length: u64,
}

impl Intercept for SendsChunked {
    fn name(&self) -> &'static str {
        "SendsChunked"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        headers.insert("content-encoding", "aws-chunked");
        headers.insert("x-amz-decoded-content-length", self.length.to_string());
        headers.insert("x-amz-trailer", TRAILER);
        config
            .interceptor_state()
            .store_put(PayloadSigningOverride::StreamingUnsignedPayloadTrailer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cloudapi_core::storage::PartBody;

    use super::super::checksum::CRC64;
    use super::*;

    async fn encoded(content: Bytes) -> Vec<u8> {
        let transfer = Transfer::new();
        let length = content.len() as u64;
        let body = PartBody::Bytes(content).start(CRC64, &transfer);
        let mut body = Chunked::new(body, transfer, length);
        assert_eq!(body.size_hint().exact(), Some(encoded_length(length)));
        let mut all = Vec::new();
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await
        {
            all.extend(frame.unwrap().into_data().unwrap());
        }
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
        assert_eq!(all.len() as u64, encoded_length(length));
        all
    }

    #[tokio::test]
    async fn chunks_with_their_sizes_and_the_checksum_behind() {
        assert_eq!(
            String::from_utf8(encoded(Bytes::from_static(b"123456789")).await).unwrap(),
            "9\r\n123456789\r\n0\r\nx-amz-checksum-crc64nvme:rosUhgp5mIg=\r\n\r\n"
        );
        assert_eq!(
            String::from_utf8(encoded(Bytes::new()).await).unwrap(),
            "0\r\nx-amz-checksum-crc64nvme:AAAAAAAAAAA=\r\n\r\n"
        );
        let content = Bytes::from(vec![b'x'; CHUNK_BYTES * 2 + 16]);
        let text = String::from_utf8(encoded(content).await).unwrap();
        let sizes: Vec<&str> = text
            .split("\r\n")
            .filter(|line| line.len() < 10 && !line.is_empty())
            .collect();
        assert_eq!(sizes, ["40000", "40000", "10", "0"]);
        for length in [
            CHUNK_BYTES,
            CHUNK_BYTES * 3,
            CHUNK_BYTES - 1,
            CHUNK_BYTES + 1,
        ] {
            encoded(Bytes::from(vec![0; length])).await;
        }
    }
}
