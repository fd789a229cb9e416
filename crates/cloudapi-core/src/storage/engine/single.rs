//! Content in one request.

use std::path::PathBuf;

use super::Task;
use super::finish::{confirmed, remove_wrong};
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
    let run = task
        .retry
        .run(task.deadline, Repeat::Safe, |attempt| async move {
            match task.calls.put(body, sum).await {
                // The first attempt may have stored it before its answer was lost.
                Err(error) if attempt > 1 && error.kind() == ErrorKind::AlreadyExists => {
                    match task.calls.head().await {
                        Ok(Some(found))
                            if found.size == size && found.stored.stored_sum == Some(sum) =>
                        {
                            Ok(found.stored)
                        }
                        _ => Err(error),
                    }
                }
                other => other,
            }
        });
    run.await
}
