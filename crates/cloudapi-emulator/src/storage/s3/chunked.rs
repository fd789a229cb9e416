//! Bodies in chunks of S3's own (`aws-chunked`), with a trailer, signed or not.

use bytes::{Buf, BytesMut};
use sha2::{Digest, Sha256};

use crate::auth::{self, chunk::ChunkSigner};
use crate::storage::content::Intake;
use crate::storage::{Error, Failure, RequestBody};

/// All chunks but the last have at least this size.
const SMALLEST: u64 = 8 * 1024;

/// A line that is longer is none.
const LONGEST_LINE: usize = 16 * 1024;

/// Takes the chunks apart.
#[derive(Debug)]
pub(crate) struct Chunks<'a> {
    body: &'a mut RequestBody,
    buffer: BytesMut,
    /// None where the chunks are not signed.
    signer: Option<ChunkSigner>,
}

/// What stood behind the last chunk: names in lower case.
pub(crate) type Trailer = Vec<(String, String)>;

impl<'a> Chunks<'a> {
    pub(crate) fn new(body: &'a mut RequestBody, signer: Option<ChunkSigner>) -> Self {
        Self {
            body,
            buffer: BytesMut::new(),
            signer,
        }
    }

    /// Gives the content to `intake`, and then the trailer, which is empty unless one was announced.
    pub(crate) async fn read(
        mut self,
        intake: &mut Intake,
        length: u64,
        has_trailer: bool,
    ) -> Result<Trailer, Failure> {
        let (mut read, mut last_size) = (0, SMALLEST);
        loop {
            let head = self.line().await?;
            let (size, signature) = parse_head(&head, self.signer.is_some())?;
            if size > 0 && last_size < SMALLEST {
                let message = "Only the last chunk is allowed to have a size less than 8192 bytes";
                return Err(Error::new(403, "InvalidChunkSizeError", message).into());
            }
            (last_size, read) = (size, read + size);
            if read > length {
                return Err(Error::incomplete_body().into());
            }
            self.chunk(size, &signature, intake).await?;
            if size == 0 {
                break;
            }
            if !self.line().await?.is_empty() {
                return Err(Error::incomplete_body().into());
            }
        }
        if read != length {
            return Err(Error::incomplete_body().into());
        }
        let trailer = self.trailer(has_trailer).await?;
        if !self.buffer.is_empty() || self.body.next().await?.is_some() {
            return Err(malformed_trailer().into());
        }
        Ok(trailer)
    }

    async fn chunk(
        &mut self,
        size: u64,
        signature: &str,
        intake: &mut Intake,
    ) -> Result<(), Failure> {
        let mut hash = self.signer.is_some().then(Sha256::new);
        let mut left = size;
        while left > 0 {
            if self.buffer.is_empty() {
                self.fill().await?;
            }
            let take = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(self.buffer.len());
            let piece = self.buffer.split_to(take);
            if let Some(hash) = &mut hash {
                hash.update(&piece);
            }
            intake.write(&piece).await?;
            left -= take as u64;
        }
        if let (Some(signer), Some(hash)) = (&mut self.signer, hash)
            && !signer.holds(&auth::hex(&hash.finalize()), signature)
        {
            return Err(super::of_refusal(auth::Refusal::Signature).into());
        }
        Ok(())
    }

    async fn trailer(&mut self, expected: bool) -> Result<Trailer, Failure> {
        let mut trailer = Trailer::new();
        let mut signature = None;
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(malformed_trailer)?;
            let name = name.trim().to_ascii_lowercase();
            let value = value.trim().to_owned();
            if name == "x-amz-trailer-signature" {
                signature = Some(value);
            } else {
                trailer.push((name, value));
            }
        }
        if !expected && (!trailer.is_empty() || signature.is_some()) {
            return Err(malformed_trailer().into());
        }
        let Some(signer) = self.signer.as_mut().filter(|_| expected) else {
            return Ok(trailer);
        };
        trailer.sort();
        let mut canonical = String::new();
        for (name, value) in &trailer {
            canonical.extend([name, ":", value, "\n"]);
        }
        let signature = signature.ok_or_else(malformed_trailer)?;
        if !signer.trailer_holds(&canonical, &signature) {
            return Err(super::of_refusal(auth::Refusal::Signature).into());
        }
        Ok(trailer)
    }

    /// Reads up to CR LF.
    async fn line(&mut self) -> Result<String, Failure> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let line = self.buffer.split_to(end);
                self.buffer.advance(2);
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err(Error::incomplete_body().into());
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), Failure> {
        let more = self.body.next().await?;
        self.buffer
            .extend_from_slice(&more.ok_or_else(Error::incomplete_body)?);
        Ok(())
    }
}

/// `400;chunk-signature=…`, or the size alone where chunks are not signed.
fn parse_head(head: &str, signed: bool) -> Result<(u64, String), Error> {
    let (size, extension) = head.split_once(';').unwrap_or((head, ""));
    let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
    let size = u64::from_str_radix(size, 16).ok().filter(|_| digits);
    let signature = extension.strip_prefix("chunk-signature=");
    match (size, signature) {
        (Some(size), Some(signature)) if signed => Ok((size, signature.to_owned())),
        (Some(size), None) if !signed => Ok((size, String::new())),
        _ => Err(Error::incomplete_body()),
    }
}

pub(crate) fn malformed_trailer() -> Error {
    let message = "The request contained trailing data that was not well-formed or did not conform to our published schema.";
    Error::client("MalformedTrailerError", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_strict() {
        assert_eq!(parse_head("10000", false).unwrap(), (65536, String::new()));
        assert_eq!(
            parse_head("0;chunk-signature=ab", true).unwrap(),
            (0, "ab".to_owned())
        );
        for (head, signed) in [
            ("", false),
            ("+1", false),
            ("x", false),
            ("1;chunk-signature=ab", false),
            ("1", true),
        ] {
            assert!(parse_head(head, signed).is_err(), "{head}");
        }
        assert!(parse_head("fffffffffffffffff", false).is_err());
    }
}
