//! Stopping an upload from outside, and still cleaning up.

use std::sync::Arc;

use tokio::sync::watch;

/// A switch that ends an upload: parts under way are stopped and what was sent is removed (or, with a checkpoint, kept)
/// before the call returns; an upload that the cloud had just completed is a success all the same. Clones share the switch.
///
/// Dropping the upload's future does the same clean-up in the background; this is for callers who want to see it done.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<watch::Sender<bool>>);

impl Default for Cancel {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancel {
    /// Makes a switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the upload.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody has ended the upload.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody ends the upload.
    pub async fn cancelled(&self) {
        let mut receiver = self.0.subscribe();
        // The sender is held by `self`, so waiting ends only with the switch.
        let _ = receiver.wait_for(|cancelled| *cancelled).await;
    }
}
