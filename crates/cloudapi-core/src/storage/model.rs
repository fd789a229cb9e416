//! What is known of a stored object, and the portable choices for one.

use serde::{Deserialize, Serialize};

use crate::open_enum::open_enum;

open_enum! {
    /// How an object is kept: portable names, or the cloud's own word as [`StorageClass::Other`].
    pub enum StorageClass {
        /// For frequent access.
        Standard = "standard",
        /// Cheaper to keep, dearer to read.
        InfrequentAccess = "infrequent-access",
        /// Must be restored before it is read.
        Archive = "archive",
        /// The cheapest; restoring takes hours.
        DeepArchive = "deep-archive",
        /// The cloud moves it by how it is used.
        IntelligentTiering = "intelligent-tiering",
    }
}

open_enum! {
    /// Who holds the key with which the cloud encrypts an object.
    pub enum Encryption {
        /// The storage service.
        Managed = "managed",
        /// The cloud's key management service.
        Kms = "kms",
    }
}

/// A checksum in the cloud's own spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Checksum {
    /// `CRC64NVME` at S3, `CRC64ECMA` at COS.
    pub algorithm: String,
    /// Base64 at S3, a decimal number at COS.
    pub value: String,
}

impl Checksum {
    /// Makes a checksum in the cloud's own spelling.
    pub fn new(algorithm: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            algorithm: algorithm.into(),
            value: value.into(),
        }
    }
}

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct UploadOutcome {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// In how many parts it was sent; 1 for one request.
    pub parts: u32,
    /// The entity tag; not an MD5 when there were several parts.
    #[serde(rename = "ETag", skip_serializing_if = "Option::is_none")]
    pub e_tag: Option<String>,
    /// The version, in a bucket that keeps versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The checksum of the whole content, computed here and confirmed by the cloud, for the whole or for each part. Absent
    /// where the service keeps no checksums, as some stand-ins do: then nothing but the size was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}
