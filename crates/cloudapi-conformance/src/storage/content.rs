//! What is stored, and its checksum, computed here so that nobody's mistake is repeated.

use std::io;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use cloudapi_core::storage::UploadSource;
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes among which no two parts are alike.
pub(super) fn content(length: u64) -> Vec<u8> {
    let length = usize::try_from(length).expect("cases store what fits into memory");
    let mut bytes = Vec::with_capacity(length + 8);
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A CRC-64 of bit-reversed polynomial that begins and ends with all ones.
pub(super) fn crc64(polynomial: u64, content: &[u8]) -> u64 {
    let mut table = [0_u64; 256];
    for (entry, start) in table.iter_mut().zip(0_u64..) {
        *entry = (0..8).fold(start, |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { polynomial } else { 0 }
        });
    }
    !content.iter().fold(u64::MAX, |sum, byte| {
        let low = sum.to_le_bytes()[0];
        table[usize::from(low ^ byte)] ^ (sum >> 8)
    })
}

pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| usize::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for letter in 0..4 {
            text.push(if letter > group.len() {
                '='
            } else {
                char::from(LETTERS[bits >> (18 - 6 * letter) & 63])
            });
        }
    }
    text
}

/// Content as a reader of unknown length.
pub(super) fn reader(content: Vec<u8>) -> UploadSource {
    UploadSource::Reader(Box::new(io::Cursor::new(content)))
}

/// A reader that gives little at a time, now and then nothing yet, and in the end maybe fails.
#[derive(Debug)]
pub(super) struct Trickle {
    content: io::Cursor<Vec<u8>>,
    most: usize,
    turn: usize,
    fails: bool,
}

impl Trickle {
    /// Gives at most so many bytes at once.
    pub(super) fn new(content: Vec<u8>, most: usize) -> Self {
        Self {
            content: io::Cursor::new(content),
            most,
            turn: 0,
            fails: false,
        }
    }

    /// Fails where it would end.
    pub(super) fn failing(mut self) -> Self {
        self.fails = true;
        self
    }

    pub(super) fn source(self) -> UploadSource {
        UploadSource::Reader(Box::new(self))
    }
}

impl AsyncRead for Trickle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.turn += 1;
        if self.turn.is_multiple_of(7) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let most = self.most.min(self.turn).min(buffer.remaining());
        let mut some = vec![0; most];
        let read = io::Read::read(&mut self.content, &mut some)?;
        if read == 0 && most > 0 && self.fails {
            return Poll::Ready(Err(io::Error::other("the source broke off")));
        }
        buffer.put_slice(&some[..read]);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_its_rfc() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
