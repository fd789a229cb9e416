//! Ctrl-C where there are no Unix signals.

use std::future::Future;
use std::io;

/// Starts listening; the future ends with the first Ctrl-C.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature as on Unix, where listening can fail"
)]
pub(super) fn listen() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the system ends the process itself.
            std::future::pending::<()>().await;
        }
    })
}
