//! Content in one request.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Task;
use super::finish::{confirmed, remove_wrong, stored_before};
use super::source::{Stamp, check_unchanged};
use crate::retry::Repeat;
use crate::storage::{Completed, ObjectCalls, PartBody, UploadOutcome};
use crate::{ErrorKind, Result};

pub(super) async fn send<C: ObjectCalls>(
    task: &Task<C>,
    body: PartBody,
    file: Option<(PathBuf, Stamp)>,
) -> Result<UploadOutcome> {
    let size = body.length();
    task.report(0, Some(size), 0);
    let sum = body.sum(task.algorithm).await?;
    let stored = tokio::select! {
        stored = put(task, &body, sum, size) => stored?,
        error = task.interrupted() => return Err(error),
    };
    if let Some((path, stamp)) = file
        && let Err(error) = check_unchanged(&path, stamp).await
    {
        return Err(remove_wrong(task, &stored, error).await);
    }
    let stored = confirmed(task, stored, sum, size).await?;
    task.report(size, Some(size), 1);
    let sum = stored.stored_sum;
    Ok(task.outcome(size, 1, stored, sum))
}

async fn put<C: ObjectCalls>(
    task: &Task<C>,
    body: &PartBody,
    sum: u64,
    size: u64,
) -> Result<Completed> {
    let lost = &AtomicBool::new(false);
    let run = task.retry.run(task.deadline, Repeat::Safe, |_| async move {
        let error = match task.calls.put(body, sum).await {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        // An attempt whose answer was lost may have stored it; one that was refused leaves it to somebody else.
        if error.kind() == ErrorKind::AlreadyExists && lost.load(Ordering::Relaxed) {
            return stored_before(task, sum, size).await.ok_or(error);
        }
        lost.fetch_or(
            error.is_retryable() && !error.is_certainly_undone(),
            Ordering::Relaxed,
        );
        Err(error)
    });
    run.await
}
