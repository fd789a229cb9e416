//! The end of an upload: completing and comparing, or cleaning up.

use std::path::Path;

use super::source::check_unchanged;
use super::{CHECKSUM_MISMATCH, FileSource, Guard, Session, Task};
use crate::storage::{Completed, ObjectCalls, UploadOutcome, UploadedPart};
use crate::{Error, ErrorKind, Result};

/// An object just made of its parts, and what it must be.
pub(super) struct Stored {
    answer: Completed,
    sum: u64,
    size: u64,
}

/// Makes the object of its parts.
pub(super) async fn complete<C: ObjectCalls>(
    task: &Task<C>,
    file: Option<&FileSource>,
    session: &mut Session<C>,
) -> Result<Stored> {
    session.done.sort_by_key(|part| part.number);
    let (sum, size) = whole(task, &session.done)?;
    if let Some(file) = file {
        check_unchanged(&file.path, file.stamp).await?;
    }
    let upload_id = session.guard.upload_id();
    let stored = tokio::select! {
        stored = complete_once(task, upload_id, &session.done, sum, size) => stored?,
        // The cloud may have been done all the same.
        error = task.interrupted() => became_object(task, upload_id, sum, size).await.ok_or(error)?,
    };
    Ok(Stored {
        answer: stored,
        sum,
        size,
    })
}

/// Compares the object with what was read.
pub(super) async fn compare<C: ObjectCalls>(
    task: &Task<C>,
    mut session: Session<C>,
    Stored { answer, sum, size }: Stored,
) -> Result<UploadOutcome> {
    session.guard.disarm();
    let compared = confirmed(task, answer, sum, size).await;
    let undecided = |error: &Error| error.code() != Some(CHECKSUM_MISMATCH);
    // Right or wrong, there is nothing to go on with; what could not be looked at is looked at by the next call.
    if let Some(journal) = session.journal.take()
        && !compared.as_ref().is_err_and(undecided)
    {
        journal.remove();
    }
    let stored = compared?;
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
    let mut doubtful = false;
    let mut attempt = 1;
    loop {
        let error = match task.calls.complete(upload_id, parts, sum, size).await {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        doubtful |= error.is_retryable();
        let error = if error.is_retryable() && attempt < task.retry.max_attempts {
            let delay = task.retry.delay(attempt, &error);
            match task.deadline.sleep(delay, error).await {
                Ok(()) => {
                    attempt += 1;
                    continue;
                }
                Err(out_of_time) => out_of_time,
            }
        } else {
            error
        };
        let stored = match error.kind() {
            _ if !doubtful => None,
            ErrorKind::NotFound => stored_before(task, sum, size).await,
            _ => became_object(task, upload_id, sum, size).await,
        };
        return stored.ok_or_else(|| match error.kind() {
            ErrorKind::NotFound if doubtful => {
                let message = format!(
                    "{}; an earlier attempt to complete it may have been done, but the object could not be seen to be what \
                     was read: look at it before using it",
                    error.message()
                );
                error.with_message(message)
            }
            _ => error,
        });
    }
}

/// The object, if the upload is gone because it became one, with just this content. Its being gone is part of the proof:
/// the same content may have been there before, or be somebody else's.
async fn became_object<C: ObjectCalls>(
    task: &Task<C>,
    upload_id: &str,
    sum: u64,
    size: u64,
) -> Option<Completed> {
    let listed = task.look(|| task.calls.list_parts(upload_id)).await;
    match listed {
        Ok(None) => stored_before(task, sum, size).await,
        _ => None,
    }
}

/// The object, if it has just this content.
pub(super) async fn stored_before<C: ObjectCalls>(
    task: &Task<C>,
    sum: u64,
    size: u64,
) -> Option<Completed> {
    let found = task.look(|| task.calls.head()).await.ok()??;
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
        Ok(Some(found)) if found.size == size && is_same(&stored, &found.stored) => Ok(Completed {
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

/// Whether a look found the object that was just stored, as far as both answers tell.
fn is_same(stored: &Completed, found: &Completed) -> bool {
    stored.e_tag.is_none() || found.e_tag.is_none() || stored.e_tag == found.e_tag
}

/// Removes an object that is not what was read, and says in the error what is there now.
pub(super) async fn remove_wrong<C: ObjectCalls>(
    task: &Task<C>,
    stored: &Completed,
    error: Error,
) -> Error {
    // A version is nobody else's; without one, the key may hold another's object by now.
    let ours = stored.version_id.is_some()
        || match task.look(|| task.calls.head()).await {
            Ok(Some(found)) => stored.e_tag.is_some() && found.stored.e_tag == stored.e_tag,
            Ok(None) | Err(_) => false,
        };
    let version = stored.version_id.as_deref();
    let what = if ours {
        match task.look(|| task.calls.delete(version)).await {
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
    file: Option<&FileSource>,
    mut session: Session<C>,
    error: Error,
) -> Error {
    if let Some(journal) = session.journal.take() {
        if !is_changed(file).await {
            return kept(task, &session, error);
        }
        // What was sent is of a content that is no more: nothing can go on from it.
        journal.remove();
    }
    discard(task, session.guard, error).await
}

async fn is_changed(file: Option<&FileSource>) -> bool {
    let Some(file) = file else { return false };
    let looked = check_unchanged(&file.path, file.stamp).await;
    // One that can't be looked at now may be there again later.
    looked.is_err_and(|error| error.kind() == ErrorKind::InvalidState)
}

fn kept<C: ObjectCalls>(task: &Task<C>, session: &Session<C>, error: Error) -> Error {
    let path = task.options.checkpoint.as_deref().unwrap_or(Path::new(""));
    let upload_id = session.guard.upload_id();
    let message = format!(
        "{}; {} parts are kept: the same call with the checkpoint {} goes on from there. To discard them, remove that \
         file, and: {}",
        error.message(),
        session.done.len(),
        path.display(),
        task.calls.how_to_discard(upload_id)
    );
    error.with_message(message).with_resources([upload_id])
}

/// Removes what was begun, and says in the error if it stays.
pub(super) async fn discard<C: ObjectCalls>(
    task: &Task<C>,
    guard: Guard<C>,
    error: Error,
) -> Error {
    let upload_id = guard.upload_id().to_owned();
    let Err(failure) = guard.abort().await else {
        return error;
    };
    let message = format!(
        "{}; the parts already sent could not be removed ({failure}): {}",
        error.message(),
        task.calls.how_to_discard(&upload_id)
    );
    error.with_message(message).with_resources([upload_id])
}
