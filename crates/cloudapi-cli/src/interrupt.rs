//! Ctrl-C, noticed once and remembered.

#[cfg(unix)]
mod signals;
#[cfg(not(unix))]
#[path = "interrupt/signals_elsewhere.rs"]
mod signals;

use tokio::sync::watch;

use crate::failure::Failure;

/// Tells whether the user has interrupted the process.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from now on, instead of letting the process die.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let (sender, receiver) = watch::channel(false);
        let signals = signals::listen()
            .map_err(|error| Failure::other(format!("Ctrl-C can't be listened for: {error}")))?;
        tokio::spawn(async move {
            signals.await;
            // Nobody may be waiting any more.
            let _ = sender.send(true);
        });
        Ok(Self(receiver))
    }

    /// Waits until the user interrupts, also if that has been before.
    pub(crate) async fn wait(&self) {
        // It fails only when the listening task is gone, which ends with the process.
        let _ = self.0.clone().wait_for(|interrupted| *interrupted).await;
    }
}
