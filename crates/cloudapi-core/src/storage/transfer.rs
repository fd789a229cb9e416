//! What is known of a body while it is sent, and how long to wait for it.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::body::kind_of;
use crate::{Error, ErrorKind, Result};

/// The progress of one body on its way out. Clones look at the same.
#[derive(Clone, Debug, Default)]
pub struct Transfer {
    state: Arc<Mutex<State>>,
    /// The checksum of bytes that can't change, found before.
    known: Option<u64>,
}

#[derive(Debug)]
struct State {
    started: Instant,
    moved: Instant,
    ended: Option<Instant>,
    sum: Option<u64>,
    failure: Option<Error>,
}

impl Default for State {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            moved: now,
            ended: None,
            sum: None,
            failure: None,
        }
    }
}

impl Transfer {
    /// Knows nothing yet; [`PartBody::start`](super::PartBody::start) tells it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with the checksum of the content known, so that bytes in memory are not summed up once more. Content of a
    /// file is, each time that it is read.
    pub fn knowing(sum: u64) -> Self {
        Self {
            known: Some(sum),
            ..Self::default()
        }
    }

    /// The checksum of what was read; nothing before it was read to the end.
    pub fn sum(&self) -> Option<u64> {
        self.state().sum
    }

    /// Waits for the call that sends the body, as long as something moves. There is no limit for the whole.
    ///
    /// After the last byte was handed over, much of the content may still be in the buffers of this machine; the answer
    /// is awaited for `idle`, or for twice as long as the content took so far.
    ///
    /// # Errors
    ///
    /// The call's own; `Network` when nothing moved for `idle`; the failure to read the content in place of whatever
    /// that led to.
    pub async fn watch<T>(
        &self,
        idle: Duration,
        sending: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut sending = pin!(sending);
        let result = loop {
            let patience = self.patience(idle);
            match tokio::time::timeout_at(patience, &mut sending).await {
                Ok(result) => break result,
                Err(_) if self.patience(idle) <= patience => {
                    break Err(Error::new(
                        ErrorKind::Network,
                        format!("nothing moved for {idle:?} while content was sent"),
                    ));
                }
                Err(_) => {}
            }
        };
        match (result, self.state().failure.take()) {
            (Err(_), Some(failure)) => Err(failure),
            (result, _) => result,
        }
    }

    /// When to give up unless something moves before.
    fn patience(&self, idle: Duration) -> Instant {
        let state = self.state();
        match state.ended {
            None => state.moved + idle,
            Some(ended) => ended + idle.max(2 * (ended - state.started)),
        }
    }

    pub(super) fn begun(&self) {
        *self.state() = State::default();
    }

    pub(super) fn moved(&self) {
        self.state().moved = Instant::now();
    }

    pub(super) fn ended(&self) {
        self.state().ended = Some(Instant::now());
    }

    /// The checksum that was known beforehand.
    pub(super) fn known(&self) -> Option<u64> {
        self.known
    }

    pub(super) fn found(&self, sum: u64) {
        self.state().sum = Some(sum);
    }

    pub(super) fn failed(&self, error: &io::Error) {
        let message = format!("the content can't be read: {error}");
        // It was there when it was looked at.
        let kind = match kind_of(error) {
            ErrorKind::NotFound => ErrorKind::InvalidState,
            kind => kind,
        };
        self.state().failure = Some(Error::new(kind, message));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(10);

    async fn sleep(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_moves_is_awaited_and_what_does_not_is_given_up() {
        let transfer = Transfer::new();
        let start = Instant::now();
        let slow = transfer.watch(IDLE, async {
            for _ in 0..10 {
                sleep(9).await;
                transfer.moved();
            }
            Ok(())
        });
        slow.await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 90);
        let stalled = Transfer::new();
        let error = stalled.watch(IDLE, std::future::pending::<Result<()>>());
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network);
        assert!(error.is_retryable());
        assert_eq!(start.elapsed().as_secs(), 100);
    }

    #[tokio::test]
    async fn content_that_is_gone_has_changed() {
        let transfer = Transfer::new();
        for (kind, expected) in [
            (io::ErrorKind::NotFound, ErrorKind::InvalidState),
            (io::ErrorKind::UnexpectedEof, ErrorKind::InvalidState),
            (io::ErrorKind::PermissionDenied, ErrorKind::PermissionDenied),
        ] {
            transfer.failed(&kind.into());
            let broken = Err::<(), _>(Error::new(ErrorKind::Network, "the body ended early"));
            let result = transfer.watch(IDLE, std::future::ready(broken)).await;
            assert_eq!(result.unwrap_err().kind(), expected, "{kind:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_took_long_to_hand_over_is_awaited_longer() {
        let transfer = Transfer::new();
        sleep(60).await;
        transfer.ended();
        let start = Instant::now();
        transfer
            .watch(IDLE, async {
                sleep(110).await;
                Ok(())
            })
            .await
            .unwrap();
        let result = transfer
            .watch(IDLE, std::future::pending::<Result<()>>())
            .await;
        assert!(result.is_err());
        assert_eq!(start.elapsed().as_secs(), 120);
    }
}
