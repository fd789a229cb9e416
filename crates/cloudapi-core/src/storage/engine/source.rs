//! Where parts come from: a file cut by a plan, bytes, or a reader read as it goes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::storage::body::read_failure;
use crate::storage::{
    FileRange, Limits, PartBody, Plan, UploadOptions, UploadSource, part_size_of_stream,
};
use crate::{Error, ErrorKind, Result};

/// A file up to this size is read into memory before it is sent in one request, so that it can't change meanwhile.
const IN_MEMORY_BYTES: u64 = 16 << 20;

/// What tells whether a file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) modified: u128,
}

/// A source that is open and planned.
pub(super) enum Opened {
    /// To be sent in one request; the stamp is that of a file to be looked at again.
    Single(PartBody, Option<(PathBuf, Stamp)>),
    Parts(Source),
}

/// A file cut into parts.
pub(super) struct FileSource {
    pub(super) path: Arc<Path>,
    pub(super) stamp: Stamp,
    pub(super) part_size: u64,
}

impl FileSource {
    /// Part `number`, unless the file ends before it.
    pub(super) fn part(&self, number: u32) -> Option<PartBody> {
        let (offset, length) = place_of(number, self.part_size, self.stamp.size)?;
        Some(PartBody::File(FileRange {
            path: Arc::clone(&self.path),
            offset,
            length,
        }))
    }
}

/// Where part `number` begins and how long it is.
fn place_of(number: u32, part_size: u64, total: u64) -> Option<(u64, u64)> {
    let offset = u64::from(number.checked_sub(1)?).checked_mul(part_size)?;
    let left = total.checked_sub(offset).filter(|left| *left > 0)?;
    Some((offset, left.min(part_size)))
}

/// A source of parts.
pub(super) enum Source {
    File {
        file: FileSource,
        next: u32,
    },
    Bytes {
        bytes: Bytes,
        part_size: u64,
        next: u32,
    },
    Reader {
        reader: Box<dyn AsyncRead + Send + Unpin>,
        head: BytesMut,
        next: u32,
        part_size: u64,
        limits: Limits,
        ended: bool,
    },
}

impl Source {
    pub(super) async fn open(
        source: UploadSource,
        options: &UploadOptions,
        limits: &Limits,
    ) -> Result<Opened> {
        let (threshold, part_size, most) = (options.threshold, options.part_size, *limits);
        let plan = move |size| Plan::new(size, threshold, part_size, &most);
        match source {
            UploadSource::Bytes(bytes) => Ok(match plan(bytes.len() as u64)? {
                Plan::Single => Opened::Single(PartBody::Bytes(bytes), None),
                Plan::Parts { size, .. } => Opened::Parts(Self::Bytes {
                    bytes,
                    part_size: size,
                    next: 1,
                }),
            }),
            UploadSource::Path(path) => aside(move || open_file(&path, plan)).await,
            UploadSource::Reader(mut reader) => {
                let mut head = BytesMut::new();
                let threshold = options.threshold.min(limits.max_single);
                if fill(&mut reader, &mut head, threshold + 1).await? {
                    return Ok(Opened::Single(PartBody::Bytes(head.freeze()), None));
                }
                let (part_size, limits) = (options.part_size, *limits);
                Ok(Opened::Parts(Self::Reader {
                    reader,
                    head,
                    next: 1,
                    part_size,
                    limits,
                    ended: false,
                }))
            }
        }
    }

    /// The size of the whole, if it is known.
    pub(super) fn total(&self) -> Option<u64> {
        match self {
            Self::File { file, .. } => Some(file.stamp.size),
            Self::Bytes { bytes, .. } => Some(bytes.len() as u64),
            Self::Reader { .. } => None,
        }
    }

    /// How many parts may be under way at once, `wanted` being asked for: fewer as the parts of a stream grow, which are in
    /// memory, but two.
    pub(super) fn abreast(&self, wanted: usize) -> usize {
        let Self::Reader {
            next,
            part_size,
            limits,
            ..
        } = self
        else {
            return wanted;
        };
        let grown = part_size_of_stream(*next, *part_size, limits) / part_size;
        let fewer = wanted / usize::try_from(grown).unwrap_or(usize::MAX).max(1);
        fewer.max(2).min(wanted)
    }

    /// The file, if it is one.
    pub(super) fn file(&self) -> Option<&FileSource> {
        match self {
            Self::File { file, .. } => Some(file),
            Self::Bytes { .. } | Self::Reader { .. } => None,
        }
    }

    /// Part `number` of a source that can be read anywhere.
    fn part(&self, number: u32) -> Option<PartBody> {
        match self {
            Self::File { file, .. } => file.part(number),
            Self::Bytes {
                bytes, part_size, ..
            } => {
                let (offset, length) = place_of(number, *part_size, bytes.len() as u64)?;
                let start = usize::try_from(offset).ok()?;
                let end = start + usize::try_from(length).ok()?;
                Some(PartBody::Bytes(bytes.slice(start..end)))
            }
            Self::Reader { .. } => None,
        }
    }

    /// Gives the next part that `is_done` does not know.
    pub(super) async fn next(
        &mut self,
        is_done: impl Fn(u32) -> bool,
    ) -> Result<Option<(u32, PartBody)>> {
        if let Self::Reader {
            reader,
            head,
            next,
            part_size,
            limits,
            ended,
        } = self
        {
            if *ended {
                return Ok(None);
            }
            if *next > limits.max_parts {
                return Err(Error::invalid_argument(
                    "the content is larger than the cloud takes",
                ));
            }
            let size = part_size_of_stream(*next, *part_size, limits);
            *ended = fill(reader, head, size + 1).await?;
            let length = head.len().min(usize::try_from(size).unwrap_or(usize::MAX));
            let number = *next;
            *next += 1;
            return Ok(Some((
                number,
                PartBody::Bytes(head.split_to(length).freeze()),
            )));
        }
        loop {
            let number = match self {
                Self::File { next, .. } | Self::Bytes { next, .. } | Self::Reader { next, .. } => {
                    *next += 1;
                    *next - 1
                }
            };
            match self.part(number) {
                Some(_) if is_done(number) => {}
                Some(body) => return Ok(Some((number, body))),
                None => return Ok(None),
            }
        }
    }
}

/// Fails if a file is not what it was, or is gone.
pub(super) async fn check_unchanged(path: &Path, before: Stamp) -> Result<()> {
    let path = path.to_owned();
    aside(move || compare(&path, before)).await
}

/// Works on a thread that may wait.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(
            ErrorKind::Other,
            format!("reading was interrupted: {error}"),
        )
    })?
}

fn compare(path: &Path, before: Stamp) -> Result<()> {
    match stamp(path) {
        Ok(now) if now == before => return Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(_) | Err(_) => {}
    }
    Err(Error::new(
        ErrorKind::InvalidState,
        format!("{} was changed while it was read", path.display()),
    )
    .with_resources([path.display().to_string()]))
}

fn stamp(path: &Path) -> Result<Stamp> {
    let metadata = fs::metadata(path).map_err(|error| read_failure(path, error))?;
    if !metadata.is_file() {
        return Err(Error::invalid_argument(format!(
            "{} is not a file",
            path.display()
        )));
    }
    let modified = metadata
        .modified()
        .map_err(|error| read_failure(path, error))?;
    Ok(Stamp {
        size: metadata.len(),
        modified: modified
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos(),
    })
}

/// Looks at a file, plans it, and reads it if it is small: at one go, since for a small file each change of thread costs as
/// much as its reading.
fn open_file(path: &Path, plan: impl Fn(u64) -> Result<Plan>) -> Result<Opened> {
    let path = std::path::absolute(path).map_err(|error| read_failure(path, error))?;
    let stamp = stamp(&path)?;
    match plan(stamp.size)? {
        Plan::Single => open_whole(path, stamp),
        Plan::Parts { size, .. } => Ok(Opened::Parts(Source::File {
            file: FileSource {
                path: path.into(),
                stamp,
                part_size: size,
            },
            next: 1,
        })),
    }
}

fn open_whole(path: PathBuf, stamp: Stamp) -> Result<Opened> {
    if stamp.size > IN_MEMORY_BYTES {
        let range = FileRange {
            path: path.as_path().into(),
            offset: 0,
            length: stamp.size,
        };
        return Ok(Opened::Single(PartBody::File(range), Some((path, stamp))));
    }
    let bytes = fs::read(&path).map_err(|error| read_failure(&path, error))?;
    compare(&path, stamp)?;
    Ok(Opened::Single(PartBody::Bytes(bytes.into()), None))
}

/// How much memory is asked for before anything was read into it, in bytes.
const MOST_AT_ONCE: usize = 64 << 20;

/// Reads until the buffer has so many bytes; true when the reader ended before.
async fn fill(
    reader: &mut (dyn AsyncRead + Send + Unpin),
    buffer: &mut BytesMut,
    size: u64,
) -> Result<bool> {
    while (buffer.len() as u64) < size {
        let missing = size - buffer.len() as u64;
        // At once and exactly for the usual sizes: growing by doubling would take twice the memory.
        buffer.reserve(
            usize::try_from(missing)
                .unwrap_or(MOST_AT_ONCE)
                .min(MOST_AT_ONCE),
        );
        let read = (&mut *reader).take(missing).read_buf(buffer).await;
        if read.map_err(|error| {
            Error::new(
                ErrorKind::Other,
                format!("the source can't be read: {error}"),
            )
        })? == 0
        {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_fewer_parts_abreast_as_they_grow() {
        let abreast = |next, wanted| {
            let source = Source::Reader {
                reader: Box::new(tokio::io::empty()),
                head: BytesMut::new(),
                next,
                part_size: 8 << 20,
                limits: Limits::new(5 << 20, 5 << 30, 10_000, 5 << 30, 5 << 40),
                ended: false,
            };
            source.abreast(wanted)
        };
        assert_eq!(
            [1, 1000, 1001, 2001, 3001, 9001].map(|next| abreast(next, 8)),
            [8, 8, 4, 2, 2, 2]
        );
        assert_eq!([abreast(9001, 1), abreast(1001, 100)], [1, 50]);
    }

    #[tokio::test]
    async fn a_file_that_is_gone_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "content").unwrap();
        let before = stamp(&path).unwrap();
        check_unchanged(&path, before).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        let error = check_unchanged(&path, before).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState);
        assert_eq!(error.resources(), [path.display().to_string()]);
    }
}
