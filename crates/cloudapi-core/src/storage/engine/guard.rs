//! Removing the parts of an upload: in the end of a call, or in the background when its future was dropped.

use std::sync::Arc;
use std::time::Duration;

use super::{AFTERWARDS, Task};
use crate::retry::Repeat;
use crate::storage::ObjectCalls;
use crate::{Error, ErrorKind, Result, RetryPolicy};

/// Holds an upload that was begun. While armed, dropping it aborts the upload in the background.
pub(super) struct Guard<C: ObjectCalls> {
    calls: Arc<C>,
    retry: RetryPolicy,
    upload_id: String,
    armed: bool,
}

impl<C: ObjectCalls> Guard<C> {
    pub(super) fn new(calls: Arc<C>, retry: RetryPolicy, upload_id: String) -> Self {
        Self {
            calls,
            retry,
            upload_id,
            armed: true,
        }
    }

    /// Holds an upload that is to be kept, whatever happens.
    pub(super) fn disarmed(task: &Task<C>, upload_id: String) -> Self {
        let mut guard = Self::new(Arc::clone(&task.calls), task.retry.clone(), upload_id);
        guard.disarm();
        guard
    }

    pub(super) fn upload_id(&self) -> &str {
        &self.upload_id
    }

    pub(super) fn disarm(&mut self) {
        self.armed = false;
    }

    /// Removes the upload; whatever comes of it, nothing is tried in the background any more.
    pub(super) async fn abort(mut self) -> Result<()> {
        let aborted = abort(&*self.calls, &self.retry, &self.upload_id).await;
        self.disarm();
        aborted
    }
}

impl<C: ObjectCalls> Drop for Guard<C> {
    /// Outside a runtime nothing can be sent any more; the parts then stay until the bucket's own rules remove them.
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (calls, retry) = (Arc::clone(&self.calls), self.retry.clone());
        let upload_id = std::mem::take(&mut self.upload_id);
        runtime.spawn(async move {
            // There is nobody else to tell.
            if let Err(error) = abort(&*calls, &retry, &upload_id).await {
                tracing::warn!(upload_id, %error, "the parts of a dropped upload could not be removed");
            }
        });
    }
}

/// Aborts, and once more should a part that was under way have landed after it.
async fn abort<C: ObjectCalls>(calls: &C, retry: &RetryPolicy, upload_id: &str) -> Result<()> {
    const LOOKS: u32 = 3;
    let deadline = retry.clone().with_deadline(Some(AFTERWARDS)).start();
    let mut left = Vec::new();
    for look in 1..=LOOKS {
        retry
            .run(deadline, Repeat::Safe, |_| calls.abort(upload_id))
            .await?;
        // The abort was accepted; who may not list parts can't look further.
        left = match deadline.limit(calls.list_parts(upload_id)).await {
            Ok(Some(parts)) if !parts.is_empty() => parts,
            _ => return Ok(()),
        };
        if look < LOOKS {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    Err(Error::new(
        ErrorKind::InvalidState,
        format!("{} parts are still listed", left.len()),
    ))
}
