//! Sending parts side by side.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{CHECKSUM_MISMATCH, Session, Source, Task};
use crate::retry::{Deadline, Repeat};
use crate::storage::{ObjectCalls, PartBody, UploadedPart};
use crate::{Error, ErrorKind, Result, RetryPolicy};

/// Sends what is missing. When it returns, also with an error, no part is under way any more.
pub(super) async fn send_all<C: ObjectCalls>(
    task: &Task<C>,
    source: &mut Source,
    session: &mut Session<C>,
) -> Result<()> {
    let mut under_way = JoinSet::new();
    let result = tokio::select! {
        result = feed(task, source, session, &mut under_way) => result,
        error = task.interrupted() => Err(error),
    };
    under_way.shutdown().await;
    result
}

async fn feed<C: ObjectCalls>(
    task: &Task<C>,
    source: &mut Source,
    session: &mut Session<C>,
    under_way: &mut JoinSet<Result<UploadedPart>>,
) -> Result<()> {
    let known: HashSet<u32> = session.done.iter().map(|part| part.number).collect();
    let mut bytes: u64 = session.done.iter().map(|part| part.size).sum();
    let total = source.total();
    task.report(bytes, total, count(session));
    let mut ended = false;
    loop {
        while !ended && under_way.len() < source.abreast(task.options.in_flight) {
            match source.next(|number| known.contains(&number)).await? {
                Some((number, body)) => {
                    let upload_id = session.guard.upload_id().to_owned();
                    under_way.spawn(send_one(
                        Arc::clone(&task.calls),
                        task.retry.clone(),
                        task.deadline,
                        upload_id,
                        number,
                        body,
                    ));
                }
                None => ended = true,
            }
            // A part that is there while the next one is still read is taken note of at once.
            while let Some(joined) = under_way.try_join_next() {
                bytes += acknowledge(task, session, joined, bytes, total)?;
            }
        }
        match under_way.join_next().await {
            Some(joined) => bytes += acknowledge(task, session, joined, bytes, total)?,
            None => return Ok(()),
        }
    }
}

fn count<C: ObjectCalls>(session: &Session<C>) -> u32 {
    u32::try_from(session.done.len()).unwrap_or(u32::MAX)
}

/// Takes note of a part that arrived and gives its size.
fn acknowledge<C: ObjectCalls>(
    task: &Task<C>,
    session: &mut Session<C>,
    joined: Result<Result<UploadedPart>, tokio::task::JoinError>,
    before: u64,
    total: Option<u64>,
) -> Result<u64> {
    let part = joined.map_err(|error| {
        Error::new(
            ErrorKind::Other,
            format!("sending a part ended early: {error}"),
        )
    })??;
    if let Some(journal) = &mut session.journal {
        journal.note(&part)?;
    }
    let size = part.size;
    session.done.push(part);
    task.report(before + size, total, count(session));
    Ok(size)
}

async fn send_one<C: ObjectCalls>(
    calls: Arc<C>,
    retry: RetryPolicy,
    deadline: Deadline,
    upload_id: String,
    number: u32,
    body: PartBody,
) -> Result<UploadedPart> {
    let result = retry.run(deadline, Repeat::Safe, |_| async {
        let part = calls.upload_part(&upload_id, number, &body).await?;
        match part.stored_sum {
            Some(stored) if stored != part.sum => Err(Error::new(
                ErrorKind::Other,
                format!("part {number} did not arrive as it was read"),
            )
            .with_code(CHECKSUM_MISMATCH)
            .with_retryable(true)),
            _ => Ok(part),
        }
    });
    result.await.map_err(|error| {
        let message = format!("part {number}: {}", error.message());
        error.with_message(message)
    })
}
