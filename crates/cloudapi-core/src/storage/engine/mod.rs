//! The upload itself, written once for both clouds: reads, sums up, sends parts side by side, repeats, completes,
//! compares, and cleans up whatever ends it.

mod begin;
mod finish;
mod guard;
mod parts;
mod single;
mod source;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use self::begin::Begun;
use self::guard::Guard;
use self::source::{FileSource, Opened, Source};
use super::checkpoint::{Header, Journal, VERSION};
use super::request::OnProgress;
use super::{
    Algorithm, Cancel, Checksum, Completed, ObjectCalls, Progress, UploadFileRequest,
    UploadOptions, UploadOutcome, UploadedPart,
};
use crate::retry::{Deadline, Repeat};
use crate::{Error, ErrorKind, Operation, Result, RetryPolicy};

/// How long cleaning up and looking around may take when the upload itself is over.
const AFTERWARDS: Duration = Duration::from_secs(30);

/// The code of the error for content that did not arrive as it was read.
pub const CHECKSUM_MISMATCH: &str = "ChecksumMismatch";

/// Uploads by the calls of one cloud.
///
/// # Errors
///
/// As [`Storage::upload_file`](super::Storage::upload_file).
pub async fn upload<C: ObjectCalls>(
    calls: C,
    request: UploadFileRequest,
    retry: &RetryPolicy,
) -> Result<UploadOutcome> {
    let provider = calls.provider();
    let (bucket, key) = (request.bucket.clone(), request.key.clone());
    run(calls, request, retry).await.map_err(|error| {
        named(error, &bucket, &key)
            .with_provider(provider)
            .with_operation(Operation::UploadFile)
    })
}

/// Says which object or bucket an error is about, unless it names something else or is about the request: the clouds' own
/// words leave it out, and S3's for a taken key are of pre-conditions.
fn named(error: Error, bucket: &str, key: &str) -> Error {
    let of_request = matches!(
        error.kind(),
        ErrorKind::InvalidArgument | ErrorKind::Unsupported | ErrorKind::Config
    );
    if !error.resources().is_empty() || of_request && error.http_status().is_none() {
        return error;
    }
    let place = format!("{bucket}/{key}");
    match (error.kind(), error.code()) {
        (ErrorKind::AlreadyExists, _) => error
            .with_message(format!("{place} exists already"))
            .with_resources([place]),
        (ErrorKind::NotFound, Some("NoSuchBucket")) => error.with_resources([bucket]),
        _ => error.with_resources([place]),
    }
}

async fn run<C: ObjectCalls>(
    calls: C,
    request: UploadFileRequest,
    retry: &RetryPolicy,
) -> Result<UploadOutcome> {
    request.check()?;
    let UploadFileRequest {
        bucket,
        key,
        source,
        options,
        on_progress,
        cancel,
    } = request;
    let limits = calls.limits();
    super::plan::check_part_size(options.part_size, &limits)?;
    let task = Task {
        algorithm: calls.algorithm(),
        calls: Arc::new(calls),
        retry: retry.clone(),
        deadline: retry.start(),
        options,
        on_progress,
        cancel,
        bucket,
        key,
    };
    if task.cancel.is_cancelled() {
        return Err(cancelled());
    }
    let opened = tokio::select! {
        opened = Source::open(source, &task.options, &limits) => opened?,
        error = task.interrupted() => return Err(error),
    };
    match opened {
        Opened::Single(body, stamp) => {
            if let Some(path) = &task.options.checkpoint {
                Journal::refuse_any(path, |upload_id| task.calls.how_to_discard(upload_id))?;
            }
            single::send(&task, body, stamp).await
        }
        Opened::Parts(source) => send_parts(&task, source).await,
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Other, "the upload was interrupted").with_code("Cancelled")
}

/// What stays the same during one upload.
struct Task<C> {
    calls: Arc<C>,
    algorithm: Algorithm,
    retry: RetryPolicy,
    /// When the whole must be over; cleaning up comes afterwards.
    deadline: Deadline,
    options: UploadOptions,
    on_progress: Option<OnProgress>,
    cancel: Cancel,
    bucket: String,
    key: String,
}

impl<C: ObjectCalls> Task<C> {
    /// Makes a call that is harmless twice.
    async fn repeat<T, F: Future<Output = Result<T>>>(
        &self,
        mut call: impl FnMut() -> F,
    ) -> Result<T> {
        self.retry
            .run(self.deadline, Repeat::Safe, |_| call())
            .await
    }

    /// Makes a call that looks how things stand when the upload itself is over.
    async fn look<T, F: Future<Output = Result<T>>>(
        &self,
        mut call: impl FnMut() -> F,
    ) -> Result<T> {
        let deadline = self.retry.clone().with_deadline(Some(AFTERWARDS)).start();
        self.retry.run(deadline, Repeat::Safe, |_| call()).await
    }

    /// Waits for what ends the upload from outside, its caller or the time limit, and gives the error for it.
    async fn interrupted(&self) -> Error {
        let out_of_time = async {
            match self.deadline.remaining() {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.cancel.cancelled() => cancelled(),
            () = out_of_time => {
                Error::new(ErrorKind::Timeout, "the time limit for the whole upload passed")
            }
        }
    }

    fn report(&self, bytes: u64, total: Option<u64>, parts: u32) {
        if let Some(on_progress) = &self.on_progress {
            on_progress(Progress::new(bytes, total, parts));
        }
    }

    /// What is told of a stored object; `sum` is that of its content, if the cloud confirmed it.
    fn outcome(&self, size: u64, parts: u32, stored: Completed, sum: Option<u64>) -> UploadOutcome {
        UploadOutcome {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            size,
            parts,
            e_tag: stored.e_tag,
            version_id: stored.version_id,
            checksum: sum
                .map(|sum| Checksum::new(self.algorithm.name, (self.algorithm.encode)(sum))),
        }
    }

    fn header(&self, file: &FileSource, upload_id: &str) -> Header {
        // How it is sent may change between two tries; what the object is may not.
        let object = UploadOptions {
            threshold: 0,
            part_size: 0,
            in_flight: 0,
            checkpoint: None,
            ..self.options.clone()
        };
        Header {
            version: VERSION,
            provider: self.calls.provider().to_string(),
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            path: file.path.to_path_buf(),
            size: file.stamp.size,
            modified: file.stamp.modified.to_string(),
            part_size: file.part_size,
            options: serde_json::to_value(object).unwrap_or_default(),
            upload_id: upload_id.to_owned(),
        }
    }
}

/// An upload in parts that is under way.
struct Session<C: ObjectCalls> {
    /// Armed unless a journal tells the next call of what is there.
    guard: Guard<C>,
    journal: Option<Journal>,
    done: Vec<UploadedPart>,
}

async fn send_parts<C: ObjectCalls>(task: &Task<C>, mut source: Source) -> Result<UploadOutcome> {
    let mut session = match begin::begin(task, source.file()).await? {
        Begun::Session(session) => session,
        Begun::Done(outcome) => return Ok(outcome),
    };
    let stored = match parts::send_all(task, &mut source, &mut session).await {
        Ok(()) => finish::complete(task, source.file(), &mut session).await,
        Err(error) => Err(error),
    };
    match stored {
        Ok(stored) => finish::compare(task, session, stored).await,
        Err(error) => Err(finish::clean_up(task, source.file(), session, error).await),
    }
}

#[cfg(test)]
mod tests;
