//! The beginning of an upload in parts: a new one, or the one that a checkpoint tells of.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::finish::{discard, whole};
use super::{FileSource, Guard, Session, Task};
use crate::retry::Repeat;
use crate::storage::checkpoint::{Journal, Resumed};
use crate::storage::{ObjectCalls, UploadOutcome, UploadedPart};
use crate::{Error, ErrorKind, Result};

/// How an upload stands at its beginning.
pub(super) enum Begun<C: ObjectCalls> {
    Session(Session<C>),
    /// An earlier call completed it, and was ended before it could say so.
    Done(UploadOutcome),
}

pub(super) async fn begin<C: ObjectCalls>(
    task: &Task<C>,
    file: Option<&FileSource>,
) -> Result<Begun<C>> {
    let Some((path, file)) = task.options.checkpoint.as_ref().zip(file) else {
        refuse_existing(task).await?;
        return Ok(Begun::Session(Session {
            guard: create(task).await?,
            journal: None,
            done: Vec::new(),
        }));
    };
    // Held from here on, so that no other process goes on with the same upload.
    let mut journal = Journal::claim(path)?;
    let by_hand = |upload_id: &str| task.calls.how_to_discard(upload_id);
    if let Some(resumed) = journal.load(&task.header(file, ""), by_hand)? {
        let found = tokio::select! {
            found = find(task, file, &resumed) => found?,
            error = task.interrupted() => return Err(error),
        };
        match found {
            Found::Parts(done) => {
                return Ok(Begun::Session(Session {
                    guard: Guard::disarmed(task, resumed.upload_id),
                    journal: Some(journal),
                    done,
                }));
            }
            Found::Object(outcome) => {
                journal.remove();
                return Ok(Begun::Done(outcome));
            }
            Found::Nothing => {}
        }
    }
    refuse_existing(task).await?;
    let mut guard = create(task).await?;
    if let Err(error) = journal.start(&task.header(file, guard.upload_id())) {
        return Err(discard(task, guard, error).await);
    }
    guard.disarm();
    Ok(Begun::Session(Session {
        guard,
        journal: Some(journal),
        done: Vec::new(),
    }))
}

/// Says early what the end would say anyway: better before the content was sent than after.
async fn refuse_existing<C: ObjectCalls>(task: &Task<C>) -> Result<()> {
    if task.options.overwrite {
        return Ok(());
    }
    let look = tokio::select! {
        look = task.repeat(|| task.calls.head()) => look,
        error = task.interrupted() => return Err(error),
    };
    match look {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(Error::new(ErrorKind::AlreadyExists, "it exists already")),
        // Who may not look learns it at the end.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// How long the answer to a beginning is awaited that nobody wants any more: what it tells of is removed.
const LATE: Duration = Duration::from_secs(5);

/// Begins an upload in a task of its own: should the caller leave meanwhile, what was begun is still removed.
async fn create<C: ObjectCalls>(task: &Task<C>) -> Result<Guard<C>> {
    let (sender, mut created) = oneshot::channel();
    let (calls, retry) = (Arc::clone(&task.calls), task.retry.clone());
    let deadline = task.deadline.extended(LATE);
    tokio::spawn(async move {
        let begun = retry.run(deadline, Repeat::Safe, |_| async {
            if sender.is_closed() {
                return Err(Error::new(ErrorKind::Other, "nobody waits any more"));
            }
            calls.create().await
        });
        let begun = begun.await;
        // If nobody takes it, the guard is dropped here or in the channel, and removes what it holds.
        let _ = sender.send(begun.map(|upload_id| Guard::new(calls, retry, upload_id)));
    });
    tokio::select! {
        biased;
        created = &mut created => created.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Other, "the runtime is shutting down"))
        }),
        error = task.interrupted() => {
            match tokio::time::timeout(LATE, created).await {
                Ok(Ok(Ok(guard))) => Err(discard(task, guard, error).await),
                _ => Err(error),
            }
        }
    }
}

/// What is there of the upload that a checkpoint tells of.
enum Found {
    /// It is unfinished and has these parts.
    Parts(Vec<UploadedPart>),
    /// It became the object.
    Object(UploadOutcome),
    /// The cloud knows nothing of it any more.
    Nothing,
}

/// Finds what a checkpoint tells of.
async fn find<C: ObjectCalls>(
    task: &Task<C>,
    file: &FileSource,
    resumed: &Resumed,
) -> Result<Found> {
    let listed = task
        .repeat(|| task.calls.list_parts(&resumed.upload_id))
        .await?;
    let Some(listed) = listed else {
        let outcome = completed_before(task, file, resumed).await?;
        return Ok(outcome.map_or(Found::Nothing, Found::Object));
    };
    let mut done: Vec<UploadedPart> = Vec::new();
    for part in &resumed.parts {
        let there = listed.iter().any(|found| {
            found.number == part.number
                && found.size == part.size
                && found.e_tag.trim_matches('"') == part.e_tag.trim_matches('"')
        });
        if !there || !is_piece(file, part) {
            continue;
        }
        check_content(task, file, part, &resumed.upload_id).await?;
        done.retain(|known| known.number != part.number);
        done.push(part.clone());
    }
    Ok(Found::Parts(done))
}

/// Whether the source has such a part.
fn is_piece(file: &FileSource, part: &UploadedPart) -> bool {
    file.part(part.number)
        .is_some_and(|body| body.length() == part.size)
}

/// Reads a part again: size and time do not tell everything.
async fn check_content<C: ObjectCalls>(
    task: &Task<C>,
    file: &FileSource,
    part: &UploadedPart,
    upload_id: &str,
) -> Result<()> {
    let Some(body) = file.part(part.number) else {
        return Ok(());
    };
    if body.sum(task.algorithm).await? == part.sum {
        return Ok(());
    }
    let path = task.options.checkpoint.as_deref().unwrap_or(Path::new(""));
    Err(Error::new(
        ErrorKind::InvalidState,
        format!(
            "part {} of the file is not what was uploaded, though size and time are the same; to start anew, remove the \
             checkpoint {}, and: {}",
            part.number,
            path.display(),
            task.calls.how_to_discard(upload_id)
        ),
    )
    .with_resources([upload_id]))
}

/// Whether an upload that is gone is gone because it was completed: the object is there with just this content.
async fn completed_before<C: ObjectCalls>(
    task: &Task<C>,
    file: &FileSource,
    resumed: &Resumed,
) -> Result<Option<UploadOutcome>> {
    let mut parts: Vec<UploadedPart> = Vec::new();
    for part in &resumed.parts {
        if is_piece(file, part) {
            parts.retain(|known| known.number != part.number);
            parts.push(part.clone());
        }
    }
    parts.sort_by_key(|part| part.number);
    let Ok((sum, size)) = whole(task, &parts) else {
        return Ok(None);
    };
    if file.stamp.size != size {
        return Ok(None);
    }
    let Some(found) = task.repeat(|| task.calls.head()).await? else {
        return Ok(None);
    };
    if found.size != size || found.stored.stored_sum != Some(sum) {
        return Ok(None);
    }
    for part in &parts {
        check_content(task, file, part, &resumed.upload_id).await?;
    }
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    task.report(size, Some(size), count);
    Ok(Some(task.outcome(size, count, found.stored, Some(sum))))
}
