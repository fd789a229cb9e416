//! Removing the parts of an upload whose future was dropped.

use std::sync::Arc;

use super::Task;
use crate::RetryPolicy;
use crate::retry::{Deadline, Repeat};
use crate::storage::ObjectCalls;

/// While armed, dropping it aborts the upload in the background.
pub(super) struct Guard<C: ObjectCalls> {
    calls: Arc<C>,
    retry: RetryPolicy,
    upload_id: String,
    armed: bool,
}

impl<C: ObjectCalls> Guard<C> {
    pub(super) fn new(task: &Task<C>, upload_id: &str, armed: bool) -> Self {
        Self {
            calls: Arc::clone(&task.calls),
            retry: task.retry.clone(),
            upload_id: upload_id.to_owned(),
            armed,
        }
    }

    pub(super) fn disarm(&mut self) {
        self.armed = false;
    }
}

impl<C: ObjectCalls> Drop for Guard<C> {
    fn drop(&mut self) {
        if self.armed {
            let upload_id = std::mem::take(&mut self.upload_id);
            abort_in_background(&self.calls, &self.retry, upload_id);
        }
    }
}

/// Removes an upload while nobody waits. Outside a runtime nothing can be sent any more; the parts then stay until the
/// bucket's own rules remove them.
pub(super) fn abort_in_background<C: ObjectCalls>(
    calls: &Arc<C>,
    retry: &RetryPolicy,
    upload_id: String,
) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let (calls, retry) = (Arc::clone(calls), retry.clone());
    runtime.spawn(async move { abort(&*calls, &retry, &upload_id).await });
}

/// Removes an upload; a failure goes to the log, there being nobody else to tell.
pub(super) async fn abort<C: ObjectCalls>(calls: &C, retry: &RetryPolicy, upload_id: &str) {
    let aborted = retry.run(Deadline::NONE, Repeat::Safe, |_| calls.abort(upload_id));
    if let Err(error) = aborted.await {
        tracing::warn!(upload_id, %error, "the parts of a dropped upload could not be removed");
    }
}
