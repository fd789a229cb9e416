//! A note of how far an upload is, for going on after a crash.
//!
//! A journal of JSON lines: what is uploaded where, then a line for each part that the cloud acknowledged. Lines are only
//! ever appended, so a crash can at most leave a last line cut short, whose part is then sent again.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::UploadedPart;
use crate::{Error, ErrorKind, Result};

/// What must be the same for an upload to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) provider: String,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) path: PathBuf,
    pub(super) size: u64,
    /// Nanoseconds since 1970, as text: more than a JSON number holds everywhere.
    pub(super) modified: String,
    pub(super) part_size: u64,
    pub(super) options: serde_json::Value,
    pub(super) upload_id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    number: u32,
    size: u64,
    sum: u64,
    e_tag: String,
}

/// An upload to go on with.
#[derive(Debug)]
pub(super) struct Resumed {
    pub(super) upload_id: String,
    pub(super) parts: Vec<UploadedPart>,
}

/// The journal of a running upload, which no other process can take hold of meanwhile.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Whether there is nothing in it to go on with.
    blank: bool,
}

/// 10 000 parts of a line each, with room.
const MAX_BYTES: u64 = 16 << 20;

impl Journal {
    /// Takes hold of the journal of an earlier call, or of a new one. What stands in it stays.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when there can't be a file, `InvalidState` when another process has hold of it.
    pub(super) fn hold(path: &Path) -> Result<Self> {
        let open = || -> io::Result<(File, u64)> {
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(path)?;
            let found = file.metadata()?;
            if !found.is_file() {
                return Err(io::Error::other("it is not a file"));
            }
            file.try_lock()?;
            Ok((file, found.len()))
        };
        let (file, length) = open().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => write_failure(path, &error),
            _ => write_failure(path, &error).with_kind(ErrorKind::InvalidArgument),
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            blank: length == 0,
        })
    }

    /// Reads what an earlier call noted, if there is something, and checks that it was of this very upload (but for the
    /// upload's id). A last line that was not finished is cut off.
    pub(super) fn resume(&mut self, wanted: &Header) -> Result<Option<Resumed>> {
        let text = self.text()?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let resumed = read(&self.path, &text[..whole], wanted)?;
        let mut cut = || -> io::Result<()> {
            self.file.set_len(whole as u64)?;
            self.file.seek(SeekFrom::End(0)).map(|_| ())
        };
        cut().map_err(|error| write_failure(&self.path, &error))?;
        Ok(resumed)
    }

    fn text(&mut self) -> Result<String> {
        let mut bytes = Vec::new();
        let read = (&mut self.file).take(MAX_BYTES + 1).read_to_end(&mut bytes);
        if let Err(error) = read {
            let message = format!(
                "the checkpoint {} can't be read: {error}",
                self.path.display()
            );
            return Err(Error::new(ErrorKind::Other, message)
                .with_resources([self.path.display().to_string()]));
        }
        String::from_utf8(bytes)
            .ok()
            .filter(|text| text.len() as u64 <= MAX_BYTES)
            .ok_or_else(|| refuse(&self.path, "is no checkpoint of an upload"))
    }

    /// Begins the journal of a new upload, in place of what stood in it.
    pub(super) fn start(&mut self, header: &Header) -> Result<()> {
        let mut write = || -> io::Result<()> {
            self.file.set_len(0)?;
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(&line_of(header)?)?;
            self.file.sync_all()
        };
        write().map_err(|error| write_failure(&self.path, &error))?;
        self.blank = false;
        Ok(())
    }

    /// Notes a part.
    pub(super) fn note(&mut self, part: &UploadedPart) -> Result<()> {
        let line = Line {
            number: part.number,
            size: part.size,
            sum: part.sum,
            e_tag: part.e_tag.clone(),
        };
        line_of(&line)
            .and_then(|bytes| self.file.write_all(&bytes))
            .map_err(|error| write_failure(&self.path, &error))
    }

    /// Removes the journal: nothing is left to go on with.
    pub(super) fn remove(mut self) {
        self.blank = true;
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if self.blank {
            // A file that stays is refused or found stale by the next upload.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Fails if an earlier call left something to go on with, though what is sent now needs no checkpoint.
pub(super) fn refuse_leftover(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if found.len() > 0 => Err(refuse(
            path,
            "is of another upload: what is sent now goes in one request",
        )),
        _ => Ok(()),
    }
}

/// Reads the whole lines of a journal.
fn read(path: &Path, text: &str, wanted: &Header) -> Result<Option<Resumed>> {
    let mut lines = text.lines();
    let Some(first) = lines.next() else {
        return Ok(None);
    };
    let found: Header =
        serde_json::from_str(first).map_err(|_| refuse(path, "is no checkpoint of an upload"))?;
    let comparisons = [
        ("version", found.version == wanted.version),
        ("provider", found.provider == wanted.provider),
        ("bucket", found.bucket == wanted.bucket),
        ("key", found.key == wanted.key),
        ("file", found.path == wanted.path),
        ("file's size", found.size == wanted.size),
        (
            "file's modification time",
            found.modified == wanted.modified,
        ),
        ("part size", found.part_size == wanted.part_size),
        ("object's properties", found.options == wanted.options),
    ];
    if let Some((what, _)) = comparisons.iter().find(|(_, same)| !same) {
        return Err(refuse(
            path,
            &format!("is of another upload: the {what} is not the same"),
        ));
    }
    let mut parts = Vec::new();
    for line in lines {
        let line: Line = serde_json::from_str(line).map_err(|_| refuse(path, "is damaged"))?;
        let Line {
            number,
            size,
            sum,
            e_tag,
        } = line;
        parts.push(UploadedPart {
            number,
            size,
            sum,
            stored_sum: None,
            e_tag,
        });
    }
    Ok(Some(Resumed {
        upload_id: found.upload_id,
        parts,
    }))
}

fn line_of(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn refuse(path: &Path, why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidState,
        format!(
            "the checkpoint {} {why}; name another file, or remove it to start anew",
            path.display()
        ),
    )
    .with_resources([path.display().to_string()])
}

fn write_failure(path: &Path, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::WouldBlock {
        return refuse(path, "is in use by another process");
    }
    Error::new(
        ErrorKind::Other,
        format!(
            "the checkpoint {} can't be written: {error}",
            path.display()
        ),
    )
    .with_resources([path.display().to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            version: 1,
            provider: "aws".to_owned(),
            bucket: "b".to_owned(),
            key: "k".to_owned(),
            path: "/f".into(),
            size: 10,
            modified: "1700000000000000000".to_owned(),
            part_size: 5,
            options: serde_json::json!({}),
            upload_id: "u".to_owned(),
        }
    }

    fn part(number: u32) -> UploadedPart {
        UploadedPart {
            number,
            size: 5,
            sum: u64::MAX - 1,
            stored_sum: None,
            e_tag: "\"e\"".to_owned(),
        }
    }

    #[test]
    fn survives_a_crash_in_the_middle_of_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let mut journal = Journal::hold(&path).unwrap();
        assert!(journal.resume(&header()).unwrap().is_none());
        journal.start(&header()).unwrap();
        journal.note(&part(2)).unwrap();
        journal.file.write_all(b"{\"Number\": 1, \"Si").unwrap();
        let in_use = Journal::hold(&path).unwrap_err();
        assert!(in_use.message().contains("in use"), "{in_use}");
        drop(journal);
        let resumed = |journal: &mut Journal| journal.resume(&header()).unwrap().unwrap();
        let mut journal = Journal::hold(&path).unwrap();
        let found = resumed(&mut journal);
        assert_eq!(
            (found.upload_id.as_str(), found.parts),
            ("u", vec![part(2)])
        );
        journal.note(&part(1)).unwrap();
        drop(journal);
        let mut journal = Journal::hold(&path).unwrap();
        assert_eq!(resumed(&mut journal).parts, [part(2), part(1)]);
        journal.remove();
        assert!(!path.exists());
    }

    #[test]
    fn a_journal_of_nothing_leaves_no_file_and_what_can_be_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        drop(Journal::hold(&path).unwrap());
        assert!(!path.exists());
        for bad in [folder.path().to_owned(), folder.path().join("no/file")] {
            let error = Journal::hold(&bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        }
        refuse_leftover(&path).unwrap();
        std::fs::write(&path, "").unwrap();
        refuse_leftover(&path).unwrap();
        Journal::hold(&path).unwrap().start(&header()).unwrap();
        let error = refuse_leftover(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState, "{error}");
        assert!(path.exists());
    }

    #[test]
    fn another_upload_is_refused_by_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        Journal::hold(&path).unwrap().start(&header()).unwrap();
        for (other, what) in [
            (
                Header {
                    key: "x".to_owned(),
                    ..header()
                },
                "key",
            ),
            (
                Header {
                    size: 11,
                    ..header()
                },
                "file's size",
            ),
            (
                Header {
                    modified: "1".to_owned(),
                    ..header()
                },
                "modification time",
            ),
            (
                Header {
                    part_size: 6,
                    ..header()
                },
                "part size",
            ),
            (
                Header {
                    options: serde_json::json!({"Acl": "private"}),
                    ..header()
                },
                "properties",
            ),
        ] {
            let error = Journal::hold(&path).unwrap().resume(&other).unwrap_err();
            assert!(
                error.kind() == ErrorKind::InvalidState && error.message().contains(what),
                "{error}"
            );
        }
        std::fs::write(&path, "hello\n").unwrap();
        let error = Journal::hold(&path).unwrap().resume(&header()).unwrap_err();
        assert!(error.message().contains("no checkpoint"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"hello\n");
    }
}
