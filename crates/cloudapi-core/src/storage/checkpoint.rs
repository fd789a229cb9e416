//! A note of how far an upload is, for going on after a crash.
//!
//! A journal of JSON lines: what is uploaded where, then a line for each part that the cloud acknowledged. Lines are only
//! ever appended, so a crash can at most leave a last line cut short, whose part is then sent again.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::UploadedPart;
use crate::credentials::file::read_text_up_to;
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

/// The open journal of a running upload.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

/// 10 000 parts of a line each, with room.
const MAX_BYTES: u64 = 16 << 20;

impl Journal {
    /// Reads a journal, if there is one, and checks that it is of this very upload (but for the upload's id).
    pub(super) fn load(path: &Path, wanted: &Header) -> Result<Option<Resumed>> {
        let Some(text) = read_text_up_to(path, MAX_BYTES)? else {
            return Ok(None);
        };
        let mut lines = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let Some(first) = lines.next() else {
            return Ok(None);
        };
        let found: Header = serde_json::from_str(first)
            .map_err(|_| refuse(path, "is no checkpoint of an upload"))?;
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

    /// Starts a journal, in place of one that is there.
    pub(super) fn start(path: &Path, header: &Header) -> Result<Self> {
        let write = || -> io::Result<File> {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(path)?;
            // Only who has the lock may cut it.
            file.try_lock()?;
            file.set_len(0)?;
            file.write_all(&line_of(header)?)?;
            file.sync_all()?;
            Ok(file)
        };
        let file = write().map_err(|error| write_failure(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Goes on with a journal, first cutting off a last line that was not finished.
    pub(super) fn reopen(path: &Path) -> Result<Self> {
        let open = || -> io::Result<File> {
            let mut file = OpenOptions::new().read(true).write(true).open(path)?;
            file.try_lock()?;
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            let whole = text
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |end| end + 1);
            file.set_len(whole as u64)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        let file = open().map_err(|error| write_failure(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
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
    pub(super) fn remove(self) {
        // The upload is done; a file that stays is refused or found stale by the next one.
        let _ = std::fs::remove_file(&self.path);
    }
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
        assert!(Journal::load(&path, &header()).unwrap().is_none());
        let mut journal = Journal::start(&path, &header()).unwrap();
        journal.note(&part(2)).unwrap();
        journal.file.write_all(b"{\"Number\": 1, \"Si").unwrap();
        let resumed = Journal::load(&path, &header()).unwrap().unwrap();
        assert_eq!(
            (resumed.upload_id.as_str(), resumed.parts),
            ("u", vec![part(2)])
        );
        let in_use = Journal::reopen(&path).unwrap_err();
        assert!(in_use.message().contains("in use"), "{in_use}");
        drop(journal);
        let mut journal = Journal::reopen(&path).unwrap();
        journal.note(&part(1)).unwrap();
        assert_eq!(
            Journal::load(&path, &header()).unwrap().unwrap().parts,
            [part(2), part(1)]
        );
        journal.remove();
        assert!(!path.exists());
    }

    #[test]
    fn another_upload_is_refused_by_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        Journal::start(&path, &header()).unwrap();
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
            let error = Journal::load(&path, &other).unwrap_err();
            assert!(
                error.kind() == ErrorKind::InvalidState && error.message().contains(what),
                "{error}"
            );
        }
        std::fs::write(&path, "hello\n").unwrap();
        assert!(
            Journal::load(&path, &header())
                .unwrap_err()
                .message()
                .contains("no checkpoint")
        );
    }
}
