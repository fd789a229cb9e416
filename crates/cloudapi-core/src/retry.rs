//! When a failed call is sent again, and how long to wait before.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::{Error, ErrorKind, Result};

/// One policy for both clouds: how often a native call is tried, with exponential back-off and full jitter, within a deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often one native call is sent at most, the first time included; 1 for no retries.
    pub max_attempts: u32,
    /// The longest wait before the first retry; it doubles with each further one.
    pub base_delay: Duration,
    /// The longest wait before any retry.
    pub max_delay: Duration,
    /// How long an operation of the interface may take in all, retries and waits included; `None` for no limit.
    pub deadline: Option<Duration>,
}

impl Default for RetryPolicy {
    /// Five attempts, 200 ms doubling to 20 s, no deadline.
    fn default() -> Self {
        Self {
            max_attempts: 5,
            base_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(20),
            deadline: None,
        }
    }
}

/// Whether a call may be sent again when it is not known what the first one did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// A read, a write with a token, or a write that is harmless twice.
    Safe,
    /// A write that could be done twice: repeated only when the cloud certainly did nothing.
    OnlyIfUndone,
}

impl RetryPolicy {
    /// Sets the attempts.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the longest wait before the first retry.
    #[must_use]
    pub fn with_base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// Sets the limit for an operation in all.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Option<Duration>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Starts the clock of one operation.
    pub fn start(&self) -> Deadline {
        Deadline(self.deadline.map(|limit| Instant::now() + limit))
    }

    /// The wait before retry number `retry` (from 1): random up to the doubled base, at least what the cloud asked for.
    /// Throttling waits four times as long.
    pub fn delay(&self, retry: u32, error: &Error) -> Duration {
        let jittered = self.ceiling(retry, error.kind()).mul_f64(fastrand::f64());
        jittered.max(error.retry_after().unwrap_or_default())
    }

    fn ceiling(&self, retry: u32, kind: ErrorKind) -> Duration {
        let factor = if kind == ErrorKind::RateLimited { 4 } else { 1 };
        let doubled = 2_u32
            .saturating_pow(retry.saturating_sub(1))
            .saturating_mul(factor);
        self.base_delay.saturating_mul(doubled).min(self.max_delay)
    }

    /// Sends a call until it succeeds, fails for good, or attempts or time run out. The closure gets the attempt's number,
    /// from 1.
    ///
    /// # Errors
    ///
    /// The last attempt's error; `Timeout` with that error as its source when the deadline passed.
    pub async fn run<T, F: Future<Output = Result<T>>>(
        &self,
        deadline: Deadline,
        repeat: Repeat,
        mut call: impl FnMut(u32) -> F,
    ) -> Result<T> {
        let mut attempt = 1;
        loop {
            let error = match deadline.limit(call(attempt)).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let may_repeat = repeat == Repeat::Safe || error.is_certainly_undone();
            if !error.is_retryable() || !may_repeat || attempt >= self.max_attempts {
                return Err(error);
            }
            let delay = self.delay(attempt, &error);
            tracing::debug!(attempt, ?delay, kind = ?error.kind(), code = error.code(), "retrying");
            deadline.sleep(delay, error).await?;
            attempt += 1;
        }
    }
}

/// When an operation must be over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No limit.
    pub const NONE: Self = Self(None);

    /// Gives a deadline so much later; none stays none.
    #[must_use]
    pub fn extended(self, by: Duration) -> Self {
        Self(self.0.and_then(|end| end.checked_add(by)))
    }

    /// How long is left; `None` without a limit.
    pub fn remaining(self) -> Option<Duration> {
        self.0
            .map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Waits for a future, at most until the deadline.
    ///
    /// # Errors
    ///
    /// The future's own, or `Timeout`.
    pub async fn limit<T>(self, future: impl Future<Output = Result<T>>) -> Result<T> {
        match self.0 {
            None => future.await,
            Some(end) => match tokio::time::timeout_at(end, future).await {
                Ok(result) => result,
                Err(_) => Err(Error::new(
                    ErrorKind::Timeout,
                    "the time limit for the whole call passed",
                )),
            },
        }
    }

    /// Sleeps, unless the deadline comes first: then nothing is left to wait for.
    ///
    /// # Errors
    ///
    /// `Timeout`, with the error that was to be retried as its source.
    pub async fn sleep(self, delay: Duration, cause: Error) -> Result<()> {
        if self.remaining().is_some_and(|left| left <= delay) {
            let mut timeout = Error::new(
                ErrorKind::Timeout,
                format!("the time limit for the whole call passed; last: {cause}"),
            );
            if let Some(code) = cause.code() {
                timeout = timeout.with_code(code);
            }
            if let Some(request_id) = cause.request_id() {
                timeout = timeout.with_request_id(request_id);
            }
            return Err(timeout.with_source(cause));
        }
        tokio::time::sleep(delay).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn attempts(policy: &RetryPolicy, repeat: Repeat, error: Error) -> (u32, ErrorKind) {
        let count = Cell::new(0);
        let result: Result<()> = policy
            .run(policy.start(), repeat, |attempt| {
                count.set(attempt);
                let error = error.clone();
                async move { Err(error) }
            })
            .await;
        (count.get(), result.unwrap_err().kind())
    }

    #[tokio::test(start_paused = true)]
    async fn repeats_what_is_retryable_and_safe() {
        let policy = RetryPolicy::default();
        for (repeat, error, expected) in [
            (Repeat::Safe, Error::new(ErrorKind::Unavailable, ""), 5),
            (Repeat::Safe, Error::new(ErrorKind::RateLimited, ""), 5),
            (Repeat::Safe, Error::new(ErrorKind::NotFound, ""), 1),
            (
                Repeat::Safe,
                Error::new(ErrorKind::OutOfCapacity, "").with_http_status(500),
                1,
            ),
            (Repeat::OnlyIfUndone, Error::new(ErrorKind::Network, ""), 1),
            (
                Repeat::OnlyIfUndone,
                Error::new(ErrorKind::Network, "").with_certainly_undone(true),
                5,
            ),
            (
                Repeat::OnlyIfUndone,
                Error::new(ErrorKind::RateLimited, ""),
                5,
            ),
        ] {
            let kind = error.kind();
            assert_eq!(
                attempts(&policy, repeat, error).await,
                (expected, kind),
                "{repeat:?} {kind:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn stops_at_the_deadline_and_keeps_the_cause() {
        let policy = RetryPolicy::default()
            .with_max_attempts(1000)
            .with_deadline(Some(Duration::from_secs(3)));
        let started = Instant::now();
        let cause = Error::new(ErrorKind::Unavailable, "down")
            .with_retry_after(Some(Duration::from_secs(1)));
        let (sent, kind) = attempts(&policy, Repeat::Safe, cause).await;
        assert_eq!(kind, ErrorKind::Timeout);
        assert!(
            sent <= 3 && started.elapsed() <= Duration::from_secs(3),
            "{sent} in {:?}",
            started.elapsed()
        );
    }

    #[test]
    fn waits_double_up_to_the_limit() {
        let policy = RetryPolicy::default();
        let millis = |retry, kind| policy.ceiling(retry, kind).as_millis();
        assert_eq!(
            [1, 2, 3].map(|retry| millis(retry, ErrorKind::Network)),
            [200, 400, 800]
        );
        assert_eq!(millis(1, ErrorKind::RateLimited), 800);
        assert_eq!(millis(40, ErrorKind::Network), 20_000);
    }
}
