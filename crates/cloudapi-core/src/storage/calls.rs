//! What the upload needs of a cloud: one object's calls, each a single attempt.

use async_trait::async_trait;

use super::{Algorithm, Limits, PartBody};
use crate::{Provider, Result};

/// A part that the cloud has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadedPart {
    /// Its number, from 1.
    pub number: u32,
    /// Its size in bytes.
    pub size: u64,
    /// The checksum of the bytes that were read and sent.
    pub sum: u64,
    /// The checksum of what the cloud stored, where it says so.
    pub stored_sum: Option<u64>,
    /// Its entity tag as the cloud wrote it.
    pub e_tag: String,
}

/// A part in the cloud's list of an unfinished upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPart {
    /// Its number, from 1.
    pub number: u32,
    /// Its size in bytes.
    pub size: u64,
    /// Its entity tag as the cloud wrote it.
    pub e_tag: String,
}

/// The cloud's answer once an object is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// The entity tag, without quotes.
    pub e_tag: Option<String>,
    /// The version.
    pub version_id: Option<String>,
    /// The checksum of the whole content, where the cloud says so.
    pub stored_sum: Option<u64>,
}

/// What a look at an object tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its size in bytes.
    pub size: u64,
    /// The rest, as for an object just stored.
    pub stored: Completed,
}

/// The calls on one object of one cloud. Each is a single attempt; repeating is the engine's.
///
/// A body that changes or fails while it is read is `InvalidState`, never a retryable kind.
#[async_trait]
pub trait ObjectCalls: Send + Sync + 'static {
    /// Tells which cloud this is.
    fn provider(&self) -> Provider;

    /// What the cloud allows.
    fn limits(&self) -> Limits;

    /// Which checksum it keeps.
    fn algorithm(&self) -> Algorithm;

    /// Says in one sentence how an operator removes an unfinished upload by hand.
    fn how_to_discard(&self, upload_id: &str) -> String;

    /// Stores the object in one request; `sum` is the checksum of the body.
    async fn put(&self, body: &PartBody, sum: u64) -> Result<Completed>;

    /// Begins an upload in parts and gives its id.
    async fn create(&self) -> Result<String>;

    /// Sends one part.
    async fn upload_part(
        &self,
        upload_id: &str,
        number: u32,
        body: &PartBody,
    ) -> Result<UploadedPart>;

    /// Lists the parts that are there; `None` when there is no such upload.
    async fn list_parts(&self, upload_id: &str) -> Result<Option<Vec<ListedPart>>>;

    /// Makes the object of its parts; `sum` and `size` are those of the whole.
    async fn complete(
        &self,
        upload_id: &str,
        parts: &[UploadedPart],
        sum: u64,
        size: u64,
    ) -> Result<Completed>;

    /// Removes the parts. An upload that is gone already is a success.
    async fn abort(&self, upload_id: &str) -> Result<()>;

    /// Looks at the object; `None` when there is none.
    async fn head(&self) -> Result<Option<ObjectInfo>>;

    /// Removes the object, or the named version of it.
    async fn delete(&self, version_id: Option<&str>) -> Result<()>;
}
