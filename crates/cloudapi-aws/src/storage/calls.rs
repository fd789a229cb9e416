//! The calls that the upload rests on, each one attempt.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_types::request_id::RequestId;
use cloudapi_core::retry::Deadline;
use cloudapi_core::storage::{
    Algorithm, CHECKSUM_MISMATCH, Completed, Limits, ListedPart, ObjectCalls, ObjectInfo, PartBody,
    Transfer, UploadedPart,
};
use cloudapi_core::{Error, ErrorKind, Operation, Provider, Result, RetryPolicy};

use super::S3;
use super::blanks::WithoutBlanks;
use super::checksum::{CRC64, decode, encode};
use super::chunked::{Chunked, SendsChunked, encoded_length};
use super::convert::Properties;
use crate::calls::Call;
use crate::error::{OperationError, incomplete};
use crate::whole::WholeAnswers;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// Parts of 5 MiB to 5 GiB, 10 000 of them, and 5 GiB in one request.
const LIMITS: Limits = Limits::new(5 * MIB, 5 * GIB, 10_000, 5 * GIB, 10_000 * 5 * GIB);
/// How long putting parts together may take.
const COMPLETION: Duration = Duration::from_mins(20);

/// One object of S3.
pub(super) struct Object {
    pub(super) s3: S3,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) properties: Properties,
    pub(super) overwrite: bool,
}

/// Sets an object's properties on the builder of a call that makes one.
macro_rules! with_properties {
    ($call:expr, $object:expr) => {{
        let properties = $object.properties.clone();
        $call
            .bucket(&$object.bucket)
            .key(&$object.key)
            .content_type(properties.content_type)
            .set_cache_control(properties.cache_control)
            .set_content_disposition(properties.content_disposition)
            .set_content_encoding(properties.content_encoding)
            .set_content_language(properties.content_language)
            .set_metadata(properties.metadata)
            .set_storage_class(properties.storage_class)
            .set_acl(properties.acl)
            .set_server_side_encryption(properties.encryption)
            .set_ssekms_key_id(properties.kms_key_id)
            .set_tagging(properties.tags)
    }};
}

impl Object {
    /// Makes one attempt of a call.
    async fn once<T, E, F>(
        &self,
        action: &'static str,
        send: impl Fn() -> F + Sync,
        check: impl Fn(&T) -> Result<()> + Sync,
    ) -> Result<T>
    where
        T: RequestId + Send,
        E: OperationError,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let call = Call {
            operation: Operation::UploadFile,
            action,
            deadline: Deadline::NONE,
        };
        let once = RetryPolicy::default().with_max_attempts(1);
        let answer = self.s3.calls.call_with(&once, call, send, check, judged);
        Ok(answer.await?.value)
    }

    async fn within<T>(&self, limit: Duration, call: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
            let message = format!("S3 took more than {limit:?} to answer");
            Err(Error::new(ErrorKind::Network, message))
        })
    }

    fn condition(&self) -> Option<String> {
        (!self.overwrite).then(|| "*".to_owned())
    }

    fn checksum(&self, sum: u64) -> Option<String> {
        self.s3.checksums.then(|| encode(sum))
    }
}

/// What S3's refusals of content mean to an upload.
fn judged(error: Error) -> Error {
    match error.code() {
        // What arrived is not what its checksum says: sent again, it may arrive.
        Some("BadDigest") => {
            let message = error.message().to_owned();
            error
                .with_kind(ErrorKind::Other)
                .with_code(CHECKSUM_MISMATCH)
                .with_message(message)
                .with_retryable(true)
        }
        // Somebody else writes the same key at this moment.
        Some("OperationAborted") => error.with_retryable(true),
        _ => error,
    }
}

fn is_no_such_upload(error: &Error) -> bool {
    error.code() == Some("NoSuchUpload")
}

fn length_of(body: &PartBody) -> Result<i64> {
    signed(body.length())
}

fn signed(length: u64) -> Result<i64> {
    i64::try_from(length).map_err(|_| Error::invalid_argument("the content is too large"))
}

fn number_of(number: u32) -> Result<i32> {
    i32::try_from(number).map_err(|_| Error::invalid_argument("there are too many parts"))
}

fn stream(
    body: impl http_body::Body<Data = bytes::Bytes, Error = std::io::Error> + Send + Sync + 'static,
) -> ByteStream {
    ByteStream::new(SdkBody::from_body_1_x(body))
}

#[async_trait]
impl ObjectCalls for Object {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn algorithm(&self) -> Algorithm {
        CRC64
    }

    fn how_to_discard(&self, upload_id: &str) -> String {
        format!(
            "aws s3api abort-multipart-upload --bucket {} --key {} --upload-id {}",
            quoted(&self.bucket),
            quoted(&self.key),
            quoted(upload_id)
        )
    }

    async fn put(&self, body: &PartBody, sum: u64) -> Result<Completed> {
        let length = length_of(body)?;
        let transfer = Transfer::knowing(sum);
        let send = || {
            with_properties!(self.s3.client.put_object(), self)
                .set_if_none_match(self.condition())
                .set_checksum_crc64_nvme(self.checksum(sum))
                .content_length(length)
                .body(stream(body.start(CRC64, &transfer)))
                .customize()
                .disable_payload_signing()
                .send()
        };
        let call = self.once("PutObject", send, |_| Ok(()));
        let stored = transfer.watch(self.s3.limits.idle, call).await;
        let stored = stored.map_err(|error| match error.code() {
            // For one request it is enough to send it again.
            Some("ConditionalRequestConflict") => error.with_retryable(true),
            _ => error,
        })?;
        let stored = Completed {
            e_tag: stored.e_tag().map(unquoted).filter(|tag| !tag.is_empty()),
            version_id: version_of(stored.version_id()),
            stored_sum: decode(stored.checksum_crc64_nvme()),
        };
        if stored.e_tag.is_none() && stored.stored_sum.is_none() {
            return Err(incomplete("it has neither ETag nor checksum"));
        }
        Ok(stored)
    }

    async fn create(&self) -> Result<String> {
        let checksums = self.s3.checksums;
        let send = || {
            with_properties!(self.s3.client.create_multipart_upload(), self)
                .set_checksum_algorithm(checksums.then_some(ChecksumAlgorithm::Crc64Nvme))
                .set_checksum_type(checksums.then_some(ChecksumType::FullObject))
                .customize()
                .interceptor(WholeAnswers)
                .send()
        };
        let call = self.once("CreateMultipartUpload", send, |_| Ok(()));
        let created = self.within(self.s3.limits.attempt, call).await?;
        created
            .upload_id()
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| incomplete("it has no UploadId"))
    }

    async fn upload_part(
        &self,
        upload_id: &str,
        number: u32,
        body: &PartBody,
    ) -> Result<UploadedPart> {
        let length = length_of(body)?;
        let part_number = number_of(number)?;
        // The checksum of bytes in memory is known before they go out; that of a file is found while it is sent, and goes
        // behind it.
        let sum = match body {
            PartBody::Bytes(bytes) => Some(CRC64.sum_of(bytes)),
            PartBody::File(_) => None,
        };
        let transfer = sum.map_or_else(Transfer::new, Transfer::knowing);
        let part = || {
            self.s3
                .client
                .upload_part()
                .bucket(&self.bucket)
                .key(&self.key)
                .upload_id(upload_id)
                .part_number(part_number)
        };
        let behind = sum.is_none() && self.s3.checksums;
        let plain = || {
            part()
                .set_checksum_crc64_nvme(sum.and_then(|sum| self.checksum(sum)))
                .content_length(length)
                .body(stream(body.start(CRC64, &transfer)))
                .customize()
                .disable_payload_signing()
                .send()
        };
        let chunked = || {
            let content = body.start(CRC64, &transfer);
            let encoded = Chunked::new(content, transfer.clone(), body.length());
            part()
                .content_length(i64::try_from(encoded_length(body.length())).unwrap_or(i64::MAX))
                .body(stream(encoded))
                .customize()
                .interceptor(SendsChunked {
                    length: body.length(),
                })
                .send()
        };
        let idle = self.s3.limits.idle;
        let stored = if behind {
            let call = self.once("UploadPart", chunked, |_| Ok(()));
            transfer.watch(idle, call).await?
        } else {
            let call = self.once("UploadPart", plain, |_| Ok(()));
            transfer.watch(idle, call).await?
        };
        Ok(UploadedPart {
            number,
            size: body.length(),
            sum: transfer
                .sum()
                .ok_or_else(|| incomplete("it came before the content was sent"))?,
            stored_sum: decode(stored.checksum_crc64_nvme()),
            e_tag: stored
                .e_tag()
                .ok_or_else(|| incomplete("it has no ETag"))?
                .to_owned(),
        })
    }

    async fn list_parts(&self, upload_id: &str) -> Result<Option<Vec<ListedPart>>> {
        let mut parts = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let send = || {
                self.s3
                    .client
                    .list_parts()
                    .bucket(&self.bucket)
                    .key(&self.key)
                    .upload_id(upload_id)
                    .set_part_number_marker(marker.clone())
                    .customize()
                    .interceptor(WholeAnswers)
                    .send()
            };
            let call = self.once("ListParts", send, |_| Ok(()));
            let page = match self.within(self.s3.limits.attempt, call).await {
                Ok(page) => page,
                Err(error) if is_no_such_upload(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            for part in page.parts() {
                let read = || {
                    Some(ListedPart {
                        number: u32::try_from(part.part_number()?).ok()?,
                        size: u64::try_from(part.size()?).ok()?,
                        e_tag: part.e_tag()?.to_owned(),
                    })
                };
                let read = read().ok_or_else(|| incomplete("a part lacks number, size or ETag"));
                parts.push(read?);
            }
            let next = page.next_part_number_marker().map(str::to_owned);
            if page.is_truncated() != Some(true) || next.is_none() || next == marker {
                return Ok(Some(parts));
            }
            marker = next;
        }
    }

    async fn complete(
        &self,
        upload_id: &str,
        parts: &[UploadedPart],
        sum: u64,
        size: u64,
    ) -> Result<Completed> {
        let listed = parts
            .iter()
            .map(|part| {
                let listed = CompletedPart::builder()
                    .part_number(number_of(part.number)?)
                    .e_tag(&part.e_tag);
                Ok(listed.build())
            })
            .collect::<Result<Vec<_>>>()?;
        let listed = CompletedMultipartUpload::builder()
            .set_parts(Some(listed))
            .build();
        let (size, checksums) = (signed(size)?, self.s3.checksums);
        let send = || {
            self.s3
                .client
                .complete_multipart_upload()
                .bucket(&self.bucket)
                .key(&self.key)
                .upload_id(upload_id)
                .multipart_upload(listed.clone())
                .set_if_none_match(self.condition())
                .set_checksum_crc64_nvme(self.checksum(sum))
                .set_checksum_type(checksums.then_some(ChecksumType::FullObject))
                .set_mpu_object_size(checksums.then_some(size))
                .customize()
                .interceptor(WithoutBlanks)
                .interceptor(WholeAnswers)
                .send()
        };
        let call = self.once("CompleteMultipartUpload", send, |_| Ok(()));
        let done = self.within(COMPLETION, call).await.map_err(|error| {
            // Parts that make another whole make it again.
            let retryable = error.is_retryable() && error.code() != Some(CHECKSUM_MISMATCH);
            error.with_retryable(retryable)
        })?;
        if done.e_tag().is_none_or(str::is_empty) {
            return Err(incomplete("the completion has no ETag"));
        }
        Ok(Completed {
            e_tag: done.e_tag().map(unquoted),
            version_id: version_of(done.version_id()),
            stored_sum: decode(done.checksum_crc64_nvme()),
        })
    }

    async fn abort(&self, upload_id: &str) -> Result<()> {
        let send = || {
            self.s3
                .client
                .abort_multipart_upload()
                .bucket(&self.bucket)
                .key(&self.key)
                .upload_id(upload_id)
                .send()
        };
        let call = self.once("AbortMultipartUpload", send, |_| Ok(()));
        match self.within(self.s3.limits.attempt, call).await {
            Err(error) if !is_no_such_upload(&error) => Err(error),
            _ => Ok(()),
        }
    }

    async fn head(&self) -> Result<Option<ObjectInfo>> {
        let send = || {
            self.s3
                .client
                .head_object()
                .bucket(&self.bucket)
                .key(&self.key)
                .checksum_mode(ChecksumMode::Enabled)
                .send()
        };
        let call = self.once("HeadObject", send, |_| Ok(()));
        let found = match self.within(self.s3.limits.attempt, call).await {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = found
            .content_length()
            .and_then(|size| u64::try_from(size).ok())
            .ok_or_else(|| incomplete("it has no size"))?;
        Ok(Some(ObjectInfo {
            size,
            stored: Completed {
                e_tag: found.e_tag().map(unquoted),
                version_id: version_of(found.version_id()),
                stored_sum: decode(found.checksum_crc64_nvme()),
            },
        }))
    }

    async fn delete(&self, version_id: Option<&str>) -> Result<()> {
        let send = || {
            self.s3
                .client
                .delete_object()
                .bucket(&self.bucket)
                .key(&self.key)
                .set_version_id(version_id.map(str::to_owned))
                .send()
        };
        let call = self.once("DeleteObject", send, |_| Ok(()));
        self.within(self.s3.limits.attempt, call).await.map(|_| ())
    }
}

fn unquoted(tag: &str) -> String {
    tag.trim_matches('"').to_owned()
}

/// `null` is the version of an object that was stored while no versions were kept.
fn version_of(id: Option<&str>) -> Option<String> {
    id.filter(|id| *id != "null").map(str::to_owned)
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
