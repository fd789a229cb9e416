//! Signals on Unix: Ctrl-C, and the polite kill of `timeout` and of service managers.

use std::future::Future;
use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Starts listening; the future ends with the first signal.
pub(super) fn listen() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
