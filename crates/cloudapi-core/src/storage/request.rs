//! What to store, and how.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncRead;

use super::{Cancel, Encryption, StorageClass, media_type_of};
use crate::{Error, Result};

/// Where the content comes from.
pub enum UploadSource {
    /// A file. It is read in pieces, again for each repeated attempt, and must not change meanwhile.
    Path(PathBuf),
    /// Bytes at hand.
    Bytes(Bytes),
    /// A reader of unknown length. It is read once, one part at a time into memory.
    Reader(Box<dyn AsyncRead + Send + Unpin>),
}

impl fmt::Debug for UploadSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Reader(_) => f.write_str("Reader"),
        }
    }
}

impl From<PathBuf> for UploadSource {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&std::path::Path> for UploadSource {
    fn from(path: &std::path::Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl From<Bytes> for UploadSource {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for UploadSource {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes that the cloud has acknowledged.
    pub bytes: u64,
    /// Bytes in all; `None` for a reader that has not ended.
    pub total: Option<u64>,
    /// Parts that the cloud has acknowledged.
    pub parts: u32,
}

impl Progress {
    pub(super) fn new(bytes: u64, total: Option<u64>, parts: u32) -> Self {
        Self {
            bytes,
            total,
            parts,
        }
    }
}

/// The properties of the object, and how it is sent. All optional.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct UploadOptions {
    /// The media type; unless given, guessed from the ending of the key or of the file's name, else
    /// `application/octet-stream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// User metadata: names and values, at most 2 KB in all.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// How it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<StorageClass>,
    /// Who may read it: a canned ACL in the cloud's own word, such as `private` or `public-read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acl: Option<String>,
    /// `Cache-Control` of later downloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// `Content-Disposition` of later downloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// `Content-Encoding`; the content is sent as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// Whose key encrypts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// The key's id, with [`Encryption::Kms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Tags, at most 10.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Whether an object of this key may be replaced.
    pub overwrite: bool,
    /// Content up to this size, in bytes, goes in one request.
    pub threshold: u64,
    /// The size of a part in bytes; larger content has larger parts, so that 10 000 suffice.
    pub part_size: u64,
    /// How many parts are under way at once; fewer as the parts of a stream grow, but two.
    pub in_flight: usize,
    /// Where to note how far the upload is, so that the same call goes on after a crash. Only for files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<PathBuf>,
}

impl Default for UploadOptions {
    /// 16 MiB in one request, above that 8 parts of 8 MiB at once; replaces what is there.
    fn default() -> Self {
        Self {
            content_type: None,
            metadata: BTreeMap::new(),
            storage_class: None,
            acl: None,
            cache_control: None,
            content_disposition: None,
            content_encoding: None,
            content_language: None,
            encryption: None,
            kms_key_id: None,
            tags: BTreeMap::new(),
            overwrite: true,
            threshold: 16 << 20,
            part_size: 8 << 20,
            in_flight: 8,
            checkpoint: None,
        }
    }
}

/// What is told of an upload's progress.
pub(super) type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// What to store where.
#[non_exhaustive]
pub struct UploadFileRequest {
    /// The bucket; at COS with its `-APPID`.
    pub bucket: String,
    /// The key, as it is: nothing in it is normalised.
    pub key: String,
    /// The content.
    pub source: UploadSource,
    /// The object's properties, and how it is sent.
    pub options: UploadOptions,
    pub(super) on_progress: Option<OnProgress>,
    pub(super) cancel: Cancel,
}

impl UploadFileRequest {
    /// Asks to store content under a key.
    pub fn new(
        bucket: impl Into<String>,
        key: impl Into<String>,
        source: impl Into<UploadSource>,
    ) -> Self {
        Self {
            bucket: bucket.into(),
            key: key.into(),
            source: source.into(),
            options: UploadOptions::default(),
            on_progress: None,
            cancel: Cancel::new(),
        }
    }

    /// Sets the object's properties and how it is sent.
    #[must_use]
    pub fn with_options(mut self, options: UploadOptions) -> Self {
        self.options = options;
        self
    }

    /// Notes progress in this file, and goes on from it if it is there.
    #[must_use]
    pub fn with_checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.checkpoint = Some(path.into());
        self
    }

    /// Sets whether an object of this key may be replaced.
    #[must_use]
    pub fn with_overwrite(mut self, overwrite: bool) -> Self {
        self.options.overwrite = overwrite;
        self
    }

    /// Calls this with each acknowledged part. It must return quickly.
    #[must_use]
    pub fn with_progress(mut self, on_progress: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Ends the upload when the switch is thrown.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// Gives the media type: the one given, or the one that the names suggest.
    pub fn content_type(&self) -> &str {
        if let Some(given) = &self.options.content_type {
            return given;
        }
        let file = match &self.source {
            UploadSource::Path(path) => Some(path.as_path()),
            UploadSource::Bytes(_) | UploadSource::Reader(_) => None,
        };
        media_type_of([Path::new(&self.key)].into_iter().chain(file))
    }

    /// Checks what is equal on both clouds and needs neither.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the field.
    pub fn check(&self) -> Result<()> {
        let bad = |message: &str| Err(Error::invalid_argument(message));
        let options = &self.options;
        if self.bucket.trim().is_empty() {
            return bad("Bucket is empty");
        }
        if self.key.is_empty() {
            return bad("Key is empty");
        }
        if options.in_flight == 0 {
            return bad("InFlight is 0; it is at least 1");
        }
        if options.kms_key_id.is_some() && options.encryption != Some(Encryption::Kms) {
            return bad("KmsKeyId goes with Encryption kms only");
        }
        if let Some(Encryption::Other(word)) = &options.encryption {
            return Err(Error::invalid_argument(format!(
                "Encryption {word:?} is unknown; it is managed or kms"
            )));
        }
        if options.tags.len() > 10 {
            return bad("Tags has more than 10 entries, which is the most that both clouds take");
        }
        check_metadata(&options.metadata)?;
        for (name, value) in [
            ("ContentType", &options.content_type),
            ("CacheControl", &options.cache_control),
            ("ContentDisposition", &options.content_disposition),
            ("ContentEncoding", &options.content_encoding),
            ("ContentLanguage", &options.content_language),
            ("KmsKeyId", &options.kms_key_id),
        ] {
            if let Some(value) = value {
                check_header_value(name, value)?;
            }
        }
        if options.checkpoint.is_some() && !matches!(self.source, UploadSource::Path(_)) {
            return bad("Checkpoint goes with a file only: other sources can't be read again");
        }
        Ok(())
    }
}

/// User metadata travels in headers, whose names know no case and whose values are ASCII.
fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<()> {
    let size: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > 2048 {
        return Err(Error::invalid_argument(
            "Metadata is larger than 2 KB in all, which is the most that both clouds take",
        ));
    }
    let mut names = HashSet::new();
    for (name, value) in metadata {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(Error::invalid_argument(format!(
                "Metadata has the name {name:?}; names are made of letters, digits, hyphens, underscores and dots"
            )));
        }
        if !names.insert(name.to_ascii_lowercase()) {
            return Err(Error::invalid_argument(format!(
                "Metadata has the name {name:?} twice: the clouds know no case there"
            )));
        }
        check_header_value(&format!("Metadata {name}"), value)?;
    }
    Ok(())
}

/// What is sent as a header is refused unless it arrives as it is.
fn check_header_value(name: &str, value: &str) -> Result<()> {
    let fits = !value.is_empty()
        && value.trim() == value
        && value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if fits {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "{name} is {value:?}; it travels as a header, so it is plain ASCII, not empty, without blanks around it: encode \
         other text, as in filename*=UTF-8''%E4%B8%AD"
    )))
}

impl fmt::Debug for UploadFileRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadFileRequest")
            .field("bucket", &self.bucket)
            .field("key", &self.key)
            .field("source", &self.source)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn check(change: impl FnOnce(&mut UploadFileRequest)) -> Result<()> {
        let mut request = UploadFileRequest::new("b", "k", Bytes::new());
        change(&mut request);
        request.check()
    }

    #[test]
    fn what_can_not_be_right_is_refused_by_name() {
        type Change = fn(&mut UploadFileRequest);
        let cases: [(&str, Change); 13] = [
            ("Bucket", |request| request.bucket = " ".to_owned()),
            ("Key", |request| request.key.clear()),
            ("InFlight", |request| request.options.in_flight = 0),
            ("KmsKeyId", |request| {
                request.options.kms_key_id = Some("k".to_owned());
            }),
            ("Encryption", |request| {
                request.options.encryption = Some(Encryption::from("none"));
            }),
            ("Tags", |request| {
                request.options.tags = (0..11).map(|n| (n.to_string(), String::new())).collect();
            }),
            ("Metadata", |request| {
                request.options.metadata = [("a".to_owned(), "x".repeat(2048))].into();
            }),
            ("Metadata", |request| {
                request.options.metadata = [("a b".to_owned(), "x".to_owned())].into();
            }),
            ("Metadata a", |request| {
                request.options.metadata = [("a".to_owned(), "中".to_owned())].into();
            }),
            ("twice", |request| {
                let pair = |name: &str| (name.to_owned(), "x".to_owned());
                request.options.metadata = [pair("A"), pair("a")].into();
            }),
            ("ContentDisposition", |request| {
                request.options.content_disposition = Some("filename=中.txt".to_owned());
            }),
            ("ContentType", |request| {
                request.options.content_type = Some("a/b\r\nX: y".to_owned());
            }),
            ("Checkpoint", |request| {
                request.options.checkpoint = Some("c".into());
            }),
        ];
        for (name, change) in cases {
            let error = check(change).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}");
            assert!(error.message().contains(name), "{name}: {error}");
        }
        assert!(check(|_| ()).is_ok());
    }

    #[test]
    fn the_content_type_is_the_one_given_or_guessed() {
        let request = UploadFileRequest::new("b", "page.html", PathBuf::from("x.txt"));
        assert_eq!(request.content_type(), "text/html");
        let request = UploadFileRequest::new("b", "page", PathBuf::from("x.txt"));
        assert_eq!(request.content_type(), "text/plain");
        let options = UploadOptions {
            content_type: Some("a/b".to_owned()),
            ..UploadOptions::default()
        };
        assert_eq!(request.with_options(options).content_type(), "a/b");
    }
}
