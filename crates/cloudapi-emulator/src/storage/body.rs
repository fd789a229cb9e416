//! The body of a request while it arrives.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use super::error::{Error, Failure};

/// How long a client may keep the service waiting for more.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much is read of a body that nobody wants, so that the client gets to read the answer.
const UNWANTED: u64 = 64 * 1024 * 1024;

/// A body, with the fault that may strike it.
#[derive(Debug)]
pub(crate) struct RequestBody {
    incoming: Incoming,
    read: u64,
    ended: bool,
    /// The client has let the service wait too long.
    given_up: bool,
    /// The connection is to be closed after so many bytes.
    cut_at: Option<u64>,
    /// The client does not send before it is told to go on.
    waits: bool,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, waits: bool) -> Self {
        Self {
            incoming,
            read: 0,
            ended: false,
            given_up: false,
            cut_at: None,
            waits,
        }
    }

    /// Lets the connection be cut when so many bytes have been read, or at the end of a body that has fewer.
    pub(crate) fn cut_at(&mut self, bytes: u64) {
        self.cut_at = Some(bytes);
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if self.cut_at.is_some_and(|at| self.read >= at) {
                return Err(Failure::Cut);
            }
            let Ok(frame) = timeout(PATIENCE, self.incoming.frame()).await else {
                self.given_up = true;
                return Err(Error::request_timeout().into());
            };
            match frame {
                None => {
                    self.ended = true;
                    return if self.cut_at.is_some() {
                        Err(Failure::Cut)
                    } else {
                        Ok(None)
                    };
                }
                Some(Err(_)) => {
                    self.ended = true;
                    return Err(Failure::Cut);
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.read += data.len() as u64;
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads it all, when it is a document of at most this size.
    pub(crate) async fn document(&mut self, most: usize) -> Result<Vec<u8>, Failure> {
        let mut document = Vec::new();
        while let Some(data) = self.next().await? {
            if document.len() + data.len() > most {
                return Err(Error::malformed_xml().into());
            }
            document.extend_from_slice(&data);
        }
        Ok(document)
    }

    /// Reads what is left for nothing: a client that is still sending when the connection ends does not see the answer.
    /// Says whether that was all of it.
    pub(crate) async fn drain(&mut self) -> bool {
        let most = self.read + UNWANTED;
        // One that waits to be told to go on has sent nothing if nothing was read.
        if self.waits && self.read == 0 && !self.incoming.is_end_stream() {
            return self.ended;
        }
        while !self.ended && !self.given_up && self.read < most {
            // Whatever ends it, there is no more.
            if !matches!(self.next().await, Ok(Some(_))) {
                break;
            }
        }
        self.ended
    }
}
