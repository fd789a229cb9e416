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

/// The version of what is written here.
pub(super) const VERSION: u32 = 1;

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

/// The open journal of a running upload, which no other process can take meanwhile.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Whether there is nothing in it to go on with.
    blank: bool,
}

/// 10 000 parts of a line each, with room.
const MAX_BYTES: u64 = 16 << 20;

/// How a header begins: what there is of one after a crash while it was written.
const HEADER_START: &str = "{\"Version\":";

impl Journal {
    /// Takes a checkpoint for this process alone, before anything is begun that it could not note; makes the file if there
    /// is none.
    pub(super) fn claim(path: &Path) -> Result<Self> {
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
            // Only who has the lock may read on and cut it.
            file.try_lock()?;
            Ok((file, found.len()))
        };
        let (file, length) = open().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => refuse(
                path,
                "is in use by another process; let that one finish, or name another file",
            ),
            _ => unusable(path, &format!("can't be written: {error}")),
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            blank: length == 0,
        })
    }

    /// Reads what is there, if anything is, and checks that it is of this very upload (but for the upload's id).
    /// `discard` says how the upload of an id is removed by hand.
    pub(super) fn load(
        &mut self,
        wanted: &Header,
        discard: impl Fn(&str) -> String,
    ) -> Result<Option<Resumed>> {
        let path = &self.path;
        let text = read(path, &mut self.file)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text[..whole].lines();
        let Some(first) = lines.next() else {
            // Cut short while it was written: nothing had been sent yet.
            self.blank = text.starts_with(HEADER_START) || HEADER_START.starts_with(&text);
            return self
                .blank
                .then_some(None)
                .ok_or_else(|| no_checkpoint(path));
        };
        let found = header_of(path, first)?;
        let anew = format!(
            "to start anew, remove it, and: {}",
            discard(&found.upload_id)
        );
        check_same(path, &found, wanted, &anew)?;
        let mut parts = Vec::new();
        for line in lines {
            let line: Line = serde_json::from_str(line)
                .map_err(|_| refuse(path, &format!("is damaged; {anew}")))?;
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
        // A last line that was not finished is not continued.
        let cut = self.file.set_len(whole as u64);
        cut.and_then(|()| self.file.seek(SeekFrom::End(0)))
            .map_err(|error| write_failure(path, &error))?;
        Ok(Some(Resumed {
            upload_id: found.upload_id,
            parts,
        }))
    }

    /// Begins anew, in place of what is there.
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

    /// Refuses a checkpoint of an upload in parts where none is to be made: its parts would stay for ever.
    pub(super) fn refuse_any(path: &Path, discard: impl Fn(&str) -> String) -> Result<()> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unusable(path, &format!("can't be read: {error}"))),
        };
        let text = read(path, &mut file)?;
        let Some((first, _)) = text.split_once('\n') else {
            return Ok(());
        };
        let found = header_of(path, first)?;
        let why = format!(
            "is of an upload in parts, while this content goes in one request; to start anew, remove it, and: {}",
            discard(&found.upload_id)
        );
        Err(refuse(path, &why))
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

fn line_of(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn read(path: &Path, file: &mut File) -> Result<String> {
    let mut text = String::new();
    match file.take(MAX_BYTES + 1).read_to_string(&mut text) {
        Ok(read) if read as u64 > MAX_BYTES => Err(no_checkpoint(path)),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(no_checkpoint(path)),
        Err(error) => Err(unusable(path, &format!("can't be read: {error}"))),
    }
}

/// Reads the first line; that of a version which is not ours may have any other members.
fn header_of(path: &Path, line: &str) -> Result<Header> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = serde_json::from_str(line).map_err(|_| no_checkpoint(path))?;
    if version != VERSION {
        let why = format!(
            "has version {version}, and this program knows version {VERSION} only; go on with the program that wrote \
             it, or name another file"
        );
        return Err(refuse(path, &why));
    }
    serde_json::from_str(line).map_err(|_| no_checkpoint(path))
}

/// Compares what a checkpoint is of with what is wanted; `anew` tells how to do without the parts.
fn check_same(path: &Path, found: &Header, wanted: &Header, anew: &str) -> Result<()> {
    let other = "name another file, or remove it to start anew";
    let comparisons = [
        ("provider", found.provider == wanted.provider, other),
        ("bucket", found.bucket == wanted.bucket, other),
        ("key", found.key == wanted.key, other),
        ("file", found.path == wanted.path, other),
        ("file's size", found.size == wanted.size, anew),
        (
            "file's modification time",
            found.modified == wanted.modified,
            anew,
        ),
        ("part size", found.part_size == wanted.part_size, anew),
        ("object's properties", found.options == wanted.options, anew),
    ];
    match comparisons.iter().find(|(_, same, _)| !same) {
        None => Ok(()),
        Some((what, _, advice)) => {
            let why = format!("is of another upload: the {what} is not the same; {advice}");
            Err(refuse(path, &why))
        }
    }
}

fn no_checkpoint(path: &Path) -> Error {
    refuse(path, "is no checkpoint of an upload; name another file")
}

fn refuse(path: &Path, why: &str) -> Error {
    about(ErrorKind::InvalidState, path, why)
}

/// The error for a path that is no good for a checkpoint.
fn unusable(path: &Path, why: &str) -> Error {
    about(ErrorKind::Config, path, why)
}

fn write_failure(path: &Path, error: &io::Error) -> Error {
    about(
        ErrorKind::Other,
        path,
        &format!("can't be written: {error}"),
    )
}

fn about(kind: ErrorKind, path: &Path, why: &str) -> Error {
    let path = path.display().to_string();
    Error::new(kind, format!("the checkpoint {path} {why}")).with_resources([path])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            version: VERSION,
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

    fn load(path: &Path, wanted: &Header) -> Result<Option<Resumed>> {
        Journal::claim(path)?.load(wanted, |id| format!("abort {id}"))
    }

    #[test]
    fn survives_a_crash_in_the_middle_of_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        assert!(load(&path, &header()).unwrap().is_none());
        let mut journal = Journal::claim(&path).unwrap();
        journal.start(&header()).unwrap();
        journal.note(&part(2)).unwrap();
        journal.file.write_all(b"{\"Number\": 1, \"Si").unwrap();
        let in_use = Journal::claim(&path).unwrap_err();
        assert!(in_use.message().contains("in use"), "{in_use}");
        drop(journal);
        let mut journal = Journal::claim(&path).unwrap();
        let resumed = journal.load(&header(), str::to_owned).unwrap().unwrap();
        assert_eq!(
            (resumed.upload_id.as_str(), resumed.parts),
            ("u", vec![part(2)])
        );
        journal.note(&part(1)).unwrap();
        drop(journal);
        assert_eq!(
            load(&path, &header()).unwrap().unwrap().parts,
            [part(2), part(1)]
        );
        Journal::claim(&path).unwrap().remove();
        assert!(!path.exists());
    }

    #[test]
    fn a_header_that_was_not_finished_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let line = line_of(&header()).unwrap();
        for length in 0..line.len() {
            std::fs::write(&path, &line[..length]).unwrap();
            assert!(load(&path, &header()).unwrap().is_none(), "{length}");
        }
    }

    #[test]
    fn another_upload_is_refused_by_what_differs() {
        type Change = fn(&mut Header);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        Journal::claim(&path).unwrap().start(&header()).unwrap();
        let cases: [(Change, &str, &str); 5] = [
            (|other| other.key = "x".to_owned(), "key", "another file"),
            (|other| other.size = 11, "file's size", "abort u"),
            (
                |other| other.modified = "1".to_owned(),
                "modification time",
                "abort u",
            ),
            (|other| other.part_size = 6, "part size", "abort u"),
            (
                |other| other.options = serde_json::json!({"Acl": "private"}),
                "properties",
                "abort u",
            ),
        ];
        for (change, what, advice) in cases {
            let mut other = header();
            change(&mut other);
            let error = load(&path, &other).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidState);
            assert!(error.message().contains(what), "{error}");
            assert!(error.message().contains(advice), "{error}");
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let whole = String::from_utf8(line_of(&header()).unwrap()).unwrap();
        for (text, what) in [
            ("hello\n", "no checkpoint"),
            ("hello", "no checkpoint"),
            ("{\"Version\": {}}\n", "no checkpoint"),
            ("{\"Version\":1}\n", "no checkpoint"),
            ("{\"Version\":2,\"Parts\":[]}\n", "has version 2"),
            (&format!("{whole}{{}}\n"), "damaged"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = load(&path, &header()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidState);
            assert!(error.message().contains(what), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        std::fs::write(&path, [b'x', 0xff, b'\n']).unwrap();
        assert!(load(&path, &header()).is_err());
        let error = load(folder.path(), &header()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        let error = load(&folder.path().join("none/checkpoint"), &header()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
}
