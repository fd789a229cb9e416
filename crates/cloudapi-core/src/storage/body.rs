//! A part's content: bytes at hand, or a piece of a file that can be read as often as needed.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use super::{Algorithm, Hasher, Transfer};
use crate::{Error, ErrorKind, Result};

/// How much is read and handed over at once, in bytes.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// A piece of a file.
#[derive(Clone, Debug)]
pub struct FileRange {
    /// The file.
    pub path: Arc<Path>,
    /// Where the piece starts.
    pub offset: u64,
    /// How long it is.
    pub length: u64,
}

/// The content of one part, or of a whole object sent in one request.
#[derive(Clone, Debug)]
pub enum PartBody {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A piece of a file, read anew at each attempt.
    File(FileRange),
}

impl PartBody {
    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(range) => range.length,
        }
    }

    /// Reads it once just for its checksum.
    ///
    /// # Errors
    ///
    /// `InvalidState` when the file has become shorter, `Other` when it can't be read.
    pub async fn sum(&self, algorithm: Algorithm) -> Result<u64> {
        match self {
            Self::Bytes(bytes) => Ok(algorithm.sum_of(bytes)),
            Self::File(range) => {
                let range = range.clone();
                tokio::task::spawn_blocking(move || sum_of_range(range, algorithm))
                    .await
                    .map_err(|error| {
                        Error::new(
                            ErrorKind::Other,
                            format!("reading was interrupted: {error}"),
                        )
                    })?
            }
        }
    }

    /// Starts to send it: gives the body of an HTTP request, which is summed up on the way and tells `transfer`, anew, how
    /// it goes.
    ///
    /// A file is read and summed up on another thread, one chunk ahead of what is sent.
    pub fn start(&self, algorithm: Algorithm, transfer: &Transfer) -> TransferBody {
        transfer.begun();
        let left = self.length();
        let content = match self {
            Self::Bytes(bytes) => {
                let known = transfer.known();
                transfer.found(known.unwrap_or_else(|| algorithm.sum_of(bytes)));
                Content::Bytes(bytes.clone())
            }
            Self::File(range) => {
                if left == 0 {
                    transfer.found(algorithm.sum_of(&[]));
                }
                Content::Waiting(Reader::new(range.clone(), algorithm))
            }
        };
        if left == 0 {
            transfer.ended();
        }
        TransferBody {
            left,
            content,
            transfer: transfer.clone(),
        }
    }
}

/// The body of a request that carries a [`PartBody`]; of known length.
#[derive(Debug)]
pub struct TransferBody {
    left: u64,
    content: Content,
    transfer: Transfer,
}

#[derive(Debug)]
enum Content {
    Bytes(Bytes),
    /// Nothing is being read yet.
    Waiting(Reader),
    Reading(JoinHandle<io::Result<(Reader, Bytes)>>),
    Over,
}

impl Content {
    fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        transfer: &Transfer,
    ) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match self {
                Self::Bytes(rest) => {
                    let size = rest.len().min(CHUNK_BYTES);
                    return Poll::Ready((size > 0).then(|| Ok(rest.split_to(size))));
                }
                Self::Waiting(_) => {
                    if let Self::Waiting(reader) = std::mem::replace(self, Self::Over)
                        && reader.left > 0
                    {
                        *self = Self::Reading(tokio::task::spawn_blocking(move || reader.next()));
                    }
                }
                Self::Reading(reading) => {
                    let read = ready!(Pin::new(reading).poll(cx));
                    *self = Self::Over;
                    let read = read.unwrap_or_else(|error| Err(io::Error::other(error)));
                    let chunk = read.map(|(reader, chunk)| {
                        if reader.left > 0 {
                            let next = tokio::task::spawn_blocking(move || reader.next());
                            *self = Self::Reading(next);
                        } else {
                            transfer.found(reader.hasher.sum());
                        }
                        chunk
                    });
                    return Poll::Ready(Some(chunk));
                }
                Self::Over => return Poll::Ready(None),
            }
        }
    }
}

impl Body for TransferBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let Some(chunk) = ready!(this.content.poll_chunk(cx, &this.transfer)) else {
            return Poll::Ready(None);
        };
        Poll::Ready(Some(match chunk {
            Ok(chunk) => {
                this.left = this.left.saturating_sub(chunk.len() as u64);
                this.transfer.moved();
                if this.left == 0 {
                    this.transfer.ended();
                }
                Ok(Frame::data(chunk))
            }
            Err(error) => {
                this.transfer.failed(&error);
                Err(error)
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Reads a piece of a file, chunk by chunk, on a thread that may wait.
struct Reader {
    range: FileRange,
    /// Opened by the first read.
    file: Option<File>,
    left: u64,
    hasher: Box<dyn Hasher>,
}

impl Reader {
    fn new(range: FileRange, algorithm: Algorithm) -> Self {
        Self {
            left: range.length,
            range,
            file: None,
            hasher: (algorithm.hasher)(),
        }
    }

    fn next(mut self) -> io::Result<(Self, Bytes)> {
        let mut buffer = Vec::with_capacity(self.chunk());
        self.read(&mut buffer)?;
        Ok((self, buffer.into()))
    }

    /// The size of the next chunk.
    fn chunk(&self) -> usize {
        usize::try_from(self.left)
            .unwrap_or(CHUNK_BYTES)
            .min(CHUNK_BYTES)
    }

    /// Reads the next chunk into an empty buffer.
    fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let wanted = self.chunk() as u64;
        let mut file = if let Some(file) = self.file.take() {
            file
        } else {
            let mut file = File::open(&self.range.path)?;
            file.seek(SeekFrom::Start(self.range.offset))?;
            file
        };
        let read = (&mut file).take(wanted).read_to_end(buffer)? as u64;
        if read < wanted {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{} has become shorter", self.range.path.display()),
            ));
        }
        self.hasher.update(buffer);
        self.left -= wanted;
        self.file = Some(file);
        Ok(())
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("range", &self.range)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

fn sum_of_range(range: FileRange, algorithm: Algorithm) -> Result<u64> {
    let path = Arc::clone(&range.path);
    let mut reader = Reader::new(range, algorithm);
    let mut buffer = Vec::with_capacity(reader.chunk());
    while reader.left > 0 {
        buffer.clear();
        reader
            .read(&mut buffer)
            .map_err(|error| read_failure(&path, error))?;
    }
    Ok(reader.hasher.sum())
}

/// Makes the error for a file that can't be read; one that has become shorter has changed.
pub(super) fn read_failure(path: &Path, error: io::Error) -> Error {
    Error::new(
        kind_of(&error),
        format!("{} can't be read: {error}", path.display()),
    )
    .with_resources([path.display().to_string()])
    .with_source(error)
}

/// The kind of a failure to read.
pub(super) fn kind_of(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ErrorKind::InvalidState,
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        _ => ErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::super::checksum::tests::SLOW;
    use super::*;

    #[tokio::test]
    async fn a_piece_of_a_file_streams_and_sums_as_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..CHUNK_BYTES * 2 + 77)
            .map(|n| u8::try_from(n % 251).unwrap())
            .collect();
        std::fs::write(&path, &content).unwrap();
        let range = FileRange {
            path: path.clone().into(),
            offset: 5,
            length: content.len() as u64 - 10,
        };
        let body = PartBody::File(range.clone());
        let expected = &content[5..content.len() - 5];
        let transfer = Transfer::new();
        let sent = body.start(SLOW, &transfer);
        assert_eq!(sent.size_hint().exact(), Some(range.length));
        assert_eq!(transfer.sum(), None);
        assert_eq!(sent.collect().await.unwrap().to_bytes(), expected);
        assert_eq!(transfer.sum(), Some(SLOW.sum_of(expected)));
        assert_eq!(body.sum(SLOW).await.unwrap(), SLOW.sum_of(expected));
        std::fs::write(&path, &content[..100]).unwrap();
        assert_eq!(
            body.sum(SLOW).await.unwrap_err().kind(),
            ErrorKind::InvalidState
        );
        let sent = body.start(SLOW, &transfer);
        assert_eq!(transfer.sum(), None);
        let result = transfer.watch(std::time::Duration::from_secs(1), async {
            let sent = sent.collect().await;
            sent.map_err(|_| Error::new(ErrorKind::Network, "the connection broke"))
        });
        assert_eq!(result.await.unwrap_err().kind(), ErrorKind::InvalidState);
    }

    #[tokio::test]
    async fn bytes_go_in_chunks_and_nothing_is_an_end_at_once() {
        let bytes = Bytes::from(vec![7; CHUNK_BYTES + 1]);
        let transfer = Transfer::new();
        let mut sent = PartBody::Bytes(bytes.clone()).start(SLOW, &transfer);
        let mut sizes = Vec::new();
        while let Some(frame) = sent.frame().await {
            sizes.push(frame.unwrap().into_data().unwrap().len());
        }
        assert_eq!(sizes, [CHUNK_BYTES, 1]);
        assert_eq!(transfer.sum(), Some(SLOW.sum_of(&bytes)));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        std::fs::write(&path, "").unwrap();
        let empty = FileRange {
            path: path.into(),
            offset: 0,
            length: 0,
        };
        let sent = PartBody::File(empty).start(SLOW, &transfer);
        assert!(sent.is_end_stream());
        assert_eq!(sent.collect().await.unwrap().to_bytes(), "");
        assert_eq!(transfer.sum(), Some(0));
    }

    #[tokio::test]
    async fn a_known_sum_is_taken_for_bytes_and_never_for_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "123456789").unwrap();
        let transfer = Transfer::knowing(7);
        assert_eq!(transfer.sum(), None);
        let bytes = PartBody::Bytes(Bytes::from_static(b"123456789"));
        for _attempt in 1..=2 {
            bytes.start(SLOW, &transfer).collect().await.unwrap();
            assert_eq!(transfer.sum(), Some(7));
        }
        let file = PartBody::File(FileRange {
            path: path.into(),
            offset: 0,
            length: 9,
        });
        file.start(SLOW, &transfer).collect().await.unwrap();
        assert_eq!(transfer.sum(), Some(SLOW.sum_of(b"123456789")));
    }
}
