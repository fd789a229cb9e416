//! Objects and uploads as they really are, to compare with what a client was told.

use std::collections::BTreeMap;
use std::io;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::content::Content;
use super::model::{Object, Upload};
use crate::fault::{Fault, FaultKind};
use crate::world::World;
use crate::{Cloud, auth};

/// An object, from [`World::object`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ObjectEntry {
    /// The size in bytes.
    pub size: u64,
    /// The ETag, without its quotation marks.
    #[serde(rename = "ETag")]
    pub e_tag: String,
    /// In how many parts it came; 0 when in one request.
    pub parts: usize,
    /// The metadata, without the cloud's prefix.
    pub metadata: BTreeMap<String, String>,
    /// `content-type`, `cache-control` and the other headers that come back as they were sent, and those of the encryption.
    pub headers: BTreeMap<String, String>,
    /// The storage class that was asked for; empty for the default.
    pub storage_class: String,
    /// The ACL that was asked for; empty for the default.
    pub acl: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The checksum that the cloud keeps, as it shows it: that of S3 with its algorithm in front (`CRC64NVME rosUhgp5mIg=`), at
    /// COS the CRC-64 in decimal.
    pub checksum: String,
    #[serde(serialize_with = "as_sha256", rename = "Sha256")]
    content: Content,
}

impl ObjectEntry {
    /// The content, all of it in memory.
    ///
    /// # Errors
    /// The temporary file that holds it can't be read.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.content.read(|block| bytes.extend_from_slice(block))?;
        Ok(bytes)
    }

    /// The SHA-256 of the content, in hexadecimal. It is read for that, but not held in memory.
    ///
    /// # Errors
    /// The temporary file that holds it can't be read.
    pub fn sha256(&self) -> io::Result<String> {
        sha256(&self.content)
    }

    fn of(object: &Object) -> Self {
        let attributes = &object.attributes;
        let headers = attributes.headers.iter();
        let headers = headers.chain(
            attributes
                .encryption
                .iter()
                .map(|(name, value)| (name, value)),
        );
        let kept = object.checksum.as_ref();
        let kept = kept.map(|kept| format!("{} {}", kept.algorithm.name(), kept.value));
        let crc64 = object.crc64.map(|crc64| crc64.to_string());
        Self {
            size: object.content.size(),
            e_tag: object.e_tag.clone(),
            parts: object.parts,
            metadata: attributes.metadata.clone(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            storage_class: attributes.storage_class.clone(),
            acl: attributes.acl.clone(),
            tags: attributes.tags.iter().cloned().collect(),
            checksum: kept.or(crc64).unwrap_or_default(),
            content: object.content.clone(),
        }
    }
}

fn sha256(content: &Content) -> io::Result<String> {
    let mut hash = Sha256::new();
    content.read(|block| hash.update(block))?;
    Ok(auth::hex(&hash.finalize()))
}

fn as_sha256<S: Serializer>(content: &Content, serializer: S) -> Result<S::Ok, S::Error> {
    let hash = sha256(content).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&hash)
}

/// An upload in parts that is neither completed nor aborted, from [`World::open_uploads`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct UploadEntry {
    /// The bucket.
    pub bucket: String,
    /// The key that the object is to have.
    pub key: String,
    /// The upload's id.
    pub upload_id: String,
    /// The parts that are there, in the order of their numbers.
    pub parts: Vec<PartEntry>,
}

/// A part of an [`UploadEntry`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct PartEntry {
    /// The number, from 1.
    pub part_number: u16,
    /// The size in bytes.
    pub size: u64,
    /// The MD5 in hexadecimal.
    #[serde(rename = "ETag")]
    pub e_tag: String,
}

impl UploadEntry {
    fn of(bucket: &str, key: &str, id: &str, upload: &Upload) -> Self {
        let parts = upload.parts.iter().map(|(number, part)| PartEntry {
            part_number: *number,
            size: part.blob.size(),
            e_tag: part.e_tag.clone(),
        });
        Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            upload_id: id.to_owned(),
            parts: parts.collect(),
        }
    }
}

impl World<'_> {
    /// The object that a key has now; `None` where there is none.
    pub fn object(&self, cloud: Cloud, bucket: &str, key: &str) -> Option<ObjectEntry> {
        let state = self.shared.storage.state();
        let (_, object) = state.bucket(cloud, bucket).ok()?.current(key)?;
        Some(ObjectEntry::of(object))
    }

    /// The keys of the objects in a bucket, sorted; empty when there is no such bucket.
    pub fn object_keys(&self, cloud: Cloud, bucket: &str) -> Vec<String> {
        let state = self.shared.storage.state();
        let listed = state
            .bucket(cloud, bucket)
            .map(super::model::Bucket::listed);
        listed.map_or_else(
            |_| Vec::new(),
            |listed| listed.map(|(key, _)| key.clone()).collect(),
        )
    }

    /// The uploads in parts that are neither completed nor aborted, in all buckets of the cloud.
    pub fn open_uploads(&self, cloud: Cloud) -> Vec<UploadEntry> {
        let state = self.shared.storage.state();
        let buckets = state.of(cloud);
        buckets
            .flat_map(|(name, bucket)| {
                let uploads = bucket.uploads.iter();
                uploads.map(move |((key, id), upload)| UploadEntry::of(name, key, id, upload))
            })
            .collect()
    }

    /// Lets the disk change a bit of what the next call of `action` (`PutObject`, `UploadPart`) stores, after all checks: a
    /// shorter way to queue [`FaultKind::Corrupt`].
    pub fn corrupt_next(&self, cloud: Cloud, action: &str) -> &Self {
        let fault = Fault::new(FaultKind::Corrupt).cloud(cloud).on(action);
        self.shared.faults().add(fault);
        self
    }

    /// Changes a bit of an object that is there already, without a trace in what the cloud says about it.
    /// Says whether there was one with any content.
    ///
    /// # Errors
    /// The temporary file that holds it can't be changed.
    pub fn corrupt_object(&self, cloud: Cloud, bucket: &str, key: &str) -> io::Result<bool> {
        let state = self.shared.storage.state();
        let found = state
            .bucket(cloud, bucket)
            .ok()
            .and_then(|bucket| bucket.current(key));
        found.map_or(Ok(false), |(_, object)| object.content.corrupt())
    }

    /// Lets a host name of one's own stand for a bucket, as a custom domain does: requests with this `Host` (any port) have
    /// the key alone as their path.
    pub fn add_domain(&self, cloud: Cloud, host: &str, bucket: &str) -> &Self {
        self.shared.storage.add_domain(cloud, host, bucket);
        self
    }
}
