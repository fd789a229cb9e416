//! The bucket that cases store in, and what they look at afterwards.

use std::path::PathBuf;
use std::time::Instant;

use cloudapi_core::Result;
use cloudapi_core::storage::{UploadFileRequest, UploadOptions, UploadOutcome, UploadSource};
use tempfile::TempDir;

use super::content::content;
use super::vendor::Vendor;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq};
use crate::truth::{NativeObject, NativeUpload};

/// Where objects may be stored. The target knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorageFixture {
    /// A bucket in the region of the settings, which keeps no versions.
    pub bucket: String,
    /// What every key begins with, but for a slash before it where that is what a case is about. The interface deletes
    /// nothing: the target removes what is there.
    pub prefix: String,
    /// A bucket that is not there.
    pub absent_bucket: String,
}

impl StorageFixture {
    /// Names a bucket, and one that is not there.
    pub fn new(bucket: impl Into<String>, absent_bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: "conformance/".to_owned(),
            absent_bucket: absent_bucket.into(),
        }
    }

    /// Sets what every key begins with.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }
}

/// Content up to this many bytes goes in one request here.
pub(super) const THRESHOLD: u64 = 1000;

/// The smallest content that goes in parts here, of which it has one: an upload in parts that costs little.
pub(super) fn one_part() -> Vec<u8> {
    content(THRESHOLD + 1)
}

/// A folder with a file in it, gone with the case.
#[derive(Debug)]
pub(super) struct File {
    folder: TempDir,
    pub(super) path: PathBuf,
}

impl File {
    pub(super) fn new(bytes: &[u8]) -> Verdict<Self> {
        Self::named("file", bytes)
    }

    pub(super) fn named(name: &str, bytes: &[u8]) -> Verdict<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(name);
        std::fs::write(&path, bytes)?;
        Ok(Self { folder, path })
    }

    /// A path beside the file.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn source(&self) -> UploadSource {
        self.path.clone().into()
    }
}

impl Context {
    pub(super) fn storing(&self) -> Verdict<&StorageFixture> {
        self.world()
            .storage()
            .ok_or_else(|| Failure::new("the target promised a bucket and has none"))
    }

    pub(super) fn cloud_of_objects(&self) -> &'static Vendor {
        Vendor::of(self.provider())
    }

    /// The smallest part but the last, in bytes.
    pub(super) fn part(&self) -> u64 {
        self.cloud_of_objects().min_part
    }

    /// A key of this run of the case.
    pub(super) fn object_key(&self, name: &str) -> Verdict<String> {
        Ok(format!("{}{}/{name}", self.storing()?.prefix, self.run()))
    }

    /// Options with the smallest parts there are, few at a time.
    pub(super) fn small_parts(&self) -> UploadOptions {
        let mut options = UploadOptions::default();
        options.threshold = THRESHOLD;
        options.part_size = self.part();
        options.in_flight = 3;
        options
    }

    /// Asks to store something under a key of this run.
    pub(super) fn to_store(
        &self,
        name: &str,
        source: impl Into<UploadSource>,
    ) -> Verdict<UploadFileRequest> {
        let (bucket, key) = (&self.storing()?.bucket, self.object_key(name)?);
        Ok(UploadFileRequest::new(bucket, key, source).with_options(self.small_parts()))
    }

    pub(super) async fn upload(
        &self,
        request: UploadFileRequest,
    ) -> Verdict<Result<UploadOutcome>> {
        Ok(self.storage()?.upload_file(request).await)
    }

    /// What is stored under a key of this run; `None` if nothing is.
    pub(super) async fn stored(&self, name: &str) -> Verdict<Option<NativeObject>> {
        Ok(self.world().object(&self.object_key(name)?).await?)
    }

    /// What is stored under a key of this run, which has to be there.
    pub(super) async fn object(&self, name: &str) -> Verdict<NativeObject> {
        let found = self.stored(name).await?;
        found.ok_or_else(|| Failure::new(format!("nothing is stored as {name:?}")))
    }

    /// Checks that a key of this run holds this content, and nothing is left half-way for it.
    pub(super) async fn holds(
        &self,
        what: &str,
        name: &str,
        content: &[u8],
    ) -> Verdict<NativeObject> {
        let object = self.object(name).await?;
        same_content(what, &object.content, content)?;
        self.nothing_left(what, name).await?;
        Ok(object)
    }

    /// Checks that a key of this run holds nothing, and nothing is left half-way for it.
    pub(super) async fn holds_nothing(&self, what: &str, name: &str) -> Verdict {
        let found = self.stored(name).await?;
        ensure!(
            found.is_none(),
            "{what}: an object is there, of {} bytes",
            found.map(|object| object.content.len()).unwrap_or_default()
        );
        self.nothing_left(what, name).await
    }

    /// The uploads of this run that are neither completed nor aborted.
    pub(super) async fn left_open(&self) -> Verdict<Vec<NativeUpload>> {
        let mut open = self.world().open_uploads().await?;
        open.retain(|upload| upload.key.contains(self.run()));
        Ok(open)
    }

    /// The uploads to a key of this run that are neither completed nor aborted.
    pub(super) async fn left_open_for(&self, name: &str) -> Verdict<Vec<NativeUpload>> {
        let key = self.object_key(name)?;
        let mut open = self.left_open().await?;
        open.retain(|upload| upload.key == key);
        Ok(open)
    }

    async fn nothing_left(&self, what: &str, name: &str) -> Verdict {
        let open = self.left_open_for(name).await?;
        ensure!(open.is_empty(), "{what}: left half-way: {open:?}");
        Ok(())
    }

    /// Waits until a key of this run holds nothing and nothing is left half-way: for what is cleaned up in the background.
    pub(super) async fn holds_nothing_soon(&self, what: &str, name: &str) -> Verdict {
        let started = Instant::now();
        while !self.left_open_for(name).await?.is_empty() && started.elapsed() < self.pace().timeout
        {
            tokio::time::sleep(self.pace().interval).await;
        }
        self.holds_nothing(what, name).await
    }

    /// The calls that brought content since the record was cleared, in one request or in parts.
    pub(super) fn calls_with_content(&self) -> usize {
        self.calls_to("PutObject") + self.calls_to("UploadPart")
    }
}

/// Compares content without printing all of it.
pub(super) fn same_content(what: &str, found: &[u8], expected: &[u8]) -> Verdict {
    ensure_eq!(found.len(), expected.len(), "{what}: bytes stored");
    if found == expected {
        return Ok(());
    }
    let mut pairs = found.iter().zip(expected);
    let at = pairs
        .position(|(one, other)| one != other)
        .unwrap_or_default();
    Err(Failure::new(format!(
        "{what}: what is stored differs from byte {at} on"
    )))
}
