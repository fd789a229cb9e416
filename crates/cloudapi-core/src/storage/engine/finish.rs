//! The end of an upload: completing and comparing, or cleaning up.

use std::time::Duration;

use super::source::check_unchanged;
use super::{CHECKSUM_MISMATCH, FileSource, Session, Task};
use crate::retry::{Deadline, Repeat};
use crate::storage::{Completed, ObjectCalls, UploadOutcome, UploadedPart};
use crate::{Error, ErrorKind, Result};

/// Makes the object of its parts, and compares it with what was read.
pub(super) async fn complete<C: ObjectCalls>(
    task: &Task<C>,
    file: Option<&FileSource>,
    session: &mut Session,
) -> Result<UploadOutcome> {
    session.done.sort_by_key(|part| part.number);
    let (sum, size) = whole(task, &session.done)?;
    if let Some(file) = file {
        check_unchanged(&file.path, file.stamp).await?;
    }
    let stored = tokio::select! {
        stored = complete_once(task, &session.upload_id, &session.done, sum, size) => stored?,
        error = task.interrupted() => return Err(error),
    };
    let stored = confirmed(task, stored, sum, size).await?;
    // Parts that were compared one by one make a whole that is right.
    let all_compared = session.done.iter().all(|part| part.stored_sum.is_some());
    let sum = stored.stored_sum.or(all_compared.then_some(sum));
    let count = u32::try_from(session.done.len()).unwrap_or(u32::MAX);
    Ok(task.outcome(size, count, stored, sum))
}

/// The checksum and size of the whole, out of all parts in order.
pub(super) fn whole<C: ObjectCalls>(task: &Task<C>, parts: &[UploadedPart]) -> Result<(u64, u64)> {
    let mut total = (0, 0);
    for (expected, part) in (1..).zip(parts) {
        if part.number != expected {
            return Err(Error::new(
                ErrorKind::Other,
                format!("part {expected} is missing"),
            ));
        }
        total = (
            task.algorithm.combine(total.0, part.sum, part.size),
            total.1 + part.size,
        );
    }
    Ok(total)
}

/// Completes, however often the answer is lost. Asking again tells: it succeeds once more, or says that there is no such
/// upload (or that the key is taken) because it was done, and then a look at the object decides.
async fn complete_once<C: ObjectCalls>(
    task: &Task<C>,
    upload_id: &str,
    parts: &[UploadedPart],
    sum: u64,
    size: u64,
) -> Result<Completed> {
    let mut lost = false;
    let mut attempt = 1;
    loop {
        let error = match task.calls.complete(upload_id, parts, sum, size).await {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        let gone = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists);
        if attempt > 1 && gone {
            return stored_before(task, sum, size).await.ok_or(error);
        }
        lost |= error.is_retryable() && !error.is_certainly_undone();
        if error.is_retryable() && attempt < task.retry.max_attempts {
            let delay = task.retry.delay(attempt, &error);
            task.deadline.sleep(delay, error).await?;
            attempt += 1;
            continue;
        }
        // No answer came at all. The upload's being gone is part of the proof: the same content may have been there before.
        if lost && let Ok(None) = task.calls.list_parts(upload_id).await {
            return stored_before(task, sum, size).await.ok_or(error);
        }
        return Err(error);
    }
}

/// The object, if it has just this content.
async fn stored_before<C: ObjectCalls>(task: &Task<C>, sum: u64, size: u64) -> Option<Completed> {
    let found = task.repeat(|| task.calls.head()).await.ok()??;
    (found.size == size && found.stored.stored_sum == Some(sum)).then_some(found.stored)
}

/// Compares what the cloud stored with what was read; asks for it where the answer did not say.
pub(super) async fn confirmed<C: ObjectCalls>(
    task: &Task<C>,
    stored: Completed,
    sum: u64,
    size: u64,
) -> Result<Completed> {
    let stored = match stored.stored_sum {
        Some(_) => stored,
        None => looked_at(task, stored, size).await?,
    };
    match stored.stored_sum {
        Some(found) if found != sum => Err(remove_wrong(task, &stored, mismatch()).await),
        Some(_) => Ok(stored),
        None => {
            tracing::warn!(
                key = task.key,
                "the service told no checksum of the whole object"
            );
            Ok(stored)
        }
    }
}

fn mismatch() -> Error {
    Error::new(
        ErrorKind::Other,
        "what the cloud stored is not what was read",
    )
    .with_code(CHECKSUM_MISMATCH)
}

/// Asks for the checksum of an object whose storing was answered without one.
async fn looked_at<C: ObjectCalls>(
    task: &Task<C>,
    stored: Completed,
    size: u64,
) -> Result<Completed> {
    match task.repeat(|| task.calls.head()).await {
        Ok(Some(found)) if found.size == size => Ok(Completed {
            stored_sum: found.stored.stored_sum,
            ..stored
        }),
        Ok(_) => Err(remove_wrong(task, &stored, mismatch()).await),
        // The object is stored, and its parts were compared; who may not look can't compare the whole.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(stored),
        Err(error) => {
            let message = format!(
                "the object is stored, but could not be compared with what was read: {}",
                error.message()
            );
            Err(error.with_message(message))
        }
    }
}

/// Removes an object that is not what was read, and says in the error what is there now.
pub(super) async fn remove_wrong<C: ObjectCalls>(
    task: &Task<C>,
    stored: &Completed,
    error: Error,
) -> Error {
    let ours = match task.calls.head().await {
        Ok(Some(found)) => stored.e_tag.is_some() && found.stored.e_tag == stored.e_tag,
        Ok(None) | Err(_) => false,
    };
    let what = if ours {
        match task.calls.delete(stored.version_id.as_deref()).await {
            Ok(()) => "the object was removed".to_owned(),
            Err(failure) => {
                format!("the wrong object is still there and could not be removed: {failure}")
            }
        }
    } else {
        "the key holds another object, or none, which was left alone".to_owned()
    };
    let message = format!("{}; {what}", error.message());
    error
        .with_message(message)
        .with_resources([format!("{}/{}", task.bucket, task.key)])
}

/// After a failure: removes the parts, or keeps them for going on and says how.
pub(super) async fn clean_up<C: ObjectCalls>(
    task: &Task<C>,
    session: Session,
    error: Error,
) -> Error {
    let discard = task.calls.how_to_discard(&session.upload_id);
    if let (Some(_), Some(path)) = (&session.journal, &task.options.checkpoint) {
        let message = format!(
            "{}; {} parts are kept: the same call with the checkpoint {} goes on from there. To discard them, remove that \
             file, and: {discard}",
            error.message(),
            session.done.len(),
            path.display()
        );
        return error
            .with_message(message)
            .with_resources([session.upload_id]);
    }
    match abort(task, &session.upload_id).await {
        Ok(()) => error,
        Err(failure) => {
            let message = format!(
                "{}; the parts already sent could not be removed ({failure}): {discard}",
                error.message()
            );
            error
                .with_message(message)
                .with_resources([session.upload_id])
        }
    }
}

/// Aborts, and once more should a part that was under way have landed after it.
async fn abort<C: ObjectCalls>(task: &Task<C>, upload_id: &str) -> Result<()> {
    const LOOKS: u32 = 3;
    for look in 1..=LOOKS {
        task.retry
            .run(Deadline::NONE, Repeat::Safe, |_| {
                task.calls.abort(upload_id)
            })
            .await?;
        // The abort was accepted; who may not list parts can't look further.
        let Ok(listed) = task.calls.list_parts(upload_id).await else {
            return Ok(());
        };
        match listed {
            listed if listed.as_ref().is_none_or(Vec::is_empty) => return Ok(()),
            _ if look < LOOKS => tokio::time::sleep(Duration::from_millis(500)).await,
            listed => {
                let parts = listed.unwrap_or_default();
                return Err(Error::new(
                    ErrorKind::InvalidState,
                    format!("{} parts are still listed", parts.len()),
                ));
            }
        }
    }
    Ok(())
}
