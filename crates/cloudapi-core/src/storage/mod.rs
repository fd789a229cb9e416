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
    /// All or nothing: a failed or cancelled upload leaves no object and no parts, unless a checkpoint keeps the parts for
    /// going on later; what a dropped one sent is removed in the background, as long as the runtime lives. Two things can
    /// stay: an object whose last bytes were on their way when the upload was ended, and, after a beginning whose answer was
    /// lost, an unfinished upload without parts, whose id nobody knows.
    ///
    /// The checksum of what was read is compared with what the cloud stored. A service that keeps no checksums, as some
    /// stand-ins do, is asked for the size alone, and the outcome then has no checksum.
    ///
    /// Memory is bounded by four buffers of 256 KiB for each part in flight for a file. For a stream it is (parts in flight)
    /// × (part size): its parts double in size with every thousand, and fewer are then in flight, but two. What goes in one
    /// request is in memory up to 16 MiB, of a stream up to the threshold.
    ///
    /// Each part is repeated on its own. One of which 256 KiB did not move within the time limit for silence (30 s) is sent
    /// anew: on a very slow line have fewer parts in flight.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` and `Unsupported` before anything is sent; `AlreadyExists` with `overwrite(false)`;
    /// `InvalidState` when the source changed while it was read or a checkpoint does not fit;
    /// [`ErrorKind::Other`](crate::ErrorKind::Other) with code `ChecksumMismatch` when what was stored is not what was read,
    /// with code `Cancelled` when its [`Cancel`] ended it.
    async fn upload_file(&self, request: UploadFileRequest) -> Result<UploadOutcome>;
}
