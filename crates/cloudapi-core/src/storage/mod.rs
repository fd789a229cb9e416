//! Files as objects: S3 at AWS, COS at Tencent Cloud.

mod body;
mod calls;
mod cancel;
mod checkpoint;
mod checksum;
mod engine;
mod media_type;
mod model;
mod plan;
mod request;
mod transfer;

use std::fmt;

use async_trait::async_trait;
pub use body::{CHUNK_BYTES, FileRange, PartBody, TransferBody};
pub use calls::{Completed, ListedPart, ObjectCalls, ObjectInfo, UploadedPart};
pub use cancel::Cancel;
pub use checksum::{Algorithm, Hasher, combine};
pub use engine::{CHECKSUM_MISMATCH, upload};
pub use media_type::media_type_of;
pub use model::{Checksum, Encryption, StorageClass, UploadOutcome};
pub use plan::{Limits, Plan, part_size_of_stream};
pub use request::{Progress, UploadFileRequest, UploadOptions, UploadSource};
pub use transfer::Transfer;

use crate::{Provider, Result};

/// The operation on objects.
#[async_trait]
pub trait Storage: Send + Sync + fmt::Debug {
    /// Tells which cloud this is.
    fn provider(&self) -> Provider;

    /// Stores a file, bytes or a stream as an object: in one request when small, as parallel parts above a threshold.
    ///
    /// Rests on PutObject, and CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload,
    /// ListParts and HeadObject of S3; the calls of the same meaning at COS.
    ///
    /// All or nothing: a failed or dropped upload leaves no object and no parts, unless a checkpoint keeps the parts for
    /// going on later. The checksum of what was read is compared with what the cloud stored. Memory is bounded by
    /// (parts in flight) × (part size) for a stream, and by four buffers of 256 KiB for each part in flight for a file; what
    /// goes in one request is in memory up to 16 MiB.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` and `Unsupported` before anything is sent; `AlreadyExists` with `overwrite(false)`;
    /// `InvalidState` when the source changed while it was read or a checkpoint does not fit;
    /// [`ErrorKind::Other`](crate::ErrorKind::Other) with code `ChecksumMismatch` when what was stored is not what was read.
    async fn upload_file(&self, request: UploadFileRequest) -> Result<UploadOutcome>;
}
