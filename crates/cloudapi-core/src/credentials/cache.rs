//! Holding a key until shortly before its end.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Credentials, ProvideCredentials};
use crate::{Error, ErrorKind, Result};

/// The longest time before its end that a key is renewed. One that lives short is renewed after nine tenths of its life.
const LONGEST_MARGIN: Duration = Duration::from_mins(5);

/// How long a key without an end is held before its source is asked again.
const HOLD_ENDLESS: Duration = Duration::from_mins(15);

/// How long after a failed renewal the next is tried, while the old key is good.
const PAUSE: Duration = Duration::from_secs(10);

/// How long a source may take to answer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Holds the key of a source, and renews it ahead of its end.
///
/// However many calls wait for a key, the source is asked once. While the key in hand is good nobody but the one who renews
/// it waits, and when the source fails the key is used on until its end.
pub struct CachedCredentials {
    source: Arc<dyn ProvideCredentials>,
    state: Mutex<State>,
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// How often the source has answered.
    answers: u64,
    /// What it answered last, if that was a failure.
    failure: Option<Error>,
}

#[derive(Clone)]
struct Held {
    credentials: Credentials,
    since: (Instant, SystemTime),
    /// The age from which it is renewed.
    due: Duration,
    /// The age from which it is no good.
    end: Option<Duration>,
}

impl Held {
    fn new(credentials: Credentials) -> Self {
        let now = SystemTime::now();
        let end = credentials
            .expires_at()
            .map(|end| end.duration_since(now).unwrap_or_default());
        let due = end.map_or(HOLD_ENDLESS, |life| {
            life.saturating_sub(LONGEST_MARGIN.min(life / 10))
        });
        Self {
            credentials,
            since: (Instant::now(), now),
            due,
            end,
        }
    }

    /// By the clock that says more: one of them stands still while the machine sleeps, the other can be set.
    fn age(&self) -> Duration {
        let by_date = self.since.1.elapsed().unwrap_or_default();
        self.since.0.elapsed().max(by_date)
    }

    fn is_due(&self) -> bool {
        self.age() >= self.due
    }

    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| self.age() >= end)
    }
}

impl CachedCredentials {
    /// Holds the keys of a source.
    pub fn new(source: Arc<dyn ProvideCredentials>) -> Self {
        Self {
            source,
            state: Mutex::default(),
            renewing: tokio::sync::Mutex::default(),
        }
    }

    /// The key in hand, if there is one, good or not.
    pub fn held(&self) -> Option<Credentials> {
        let state = self.state();
        state.held.as_ref().map(|held| held.credentials.clone())
    }

    /// Gets another key in place of one that the cloud took for expired, and says whether there is one. Of those whom the
    /// cloud refuses at the same time only the first asks the source.
    ///
    /// # Errors
    ///
    /// The source's.
    pub async fn renew(&self, refused: &Credentials) -> Result<bool> {
        let seen = self.state().answers;
        let _renewing = self.renewing.lock().await;
        {
            let state = self.state();
            let differs = state
                .held
                .as_ref()
                .is_some_and(|held| !held.credentials.is_same_key(refused));
            if differs || state.answers != seen {
                return match &state.failure {
                    Some(failure) if !differs => Err(failure.clone()),
                    _ => Ok(differs),
                };
            }
        }
        let answer = within(self.source.renewed(refused)).await;
        tracing::debug!(
            ok = answer.is_ok(),
            "the cloud took the key for expired; asked for another"
        );
        match answer {
            Ok(Some(credentials)) => {
                self.keep(Ok(credentials));
                Ok(true)
            }
            Ok(None) => {
                let mut state = self.state();
                state.answers += 1;
                state.failure = None;
                Ok(false)
            }
            Err(error) => {
                self.keep(Err(error.clone()));
                Err(error)
            }
        }
    }

    /// Asks the source; to be called by one at a time.
    async fn ask(&self) -> Result<Credentials> {
        let answer = within(self.source.credentials()).await.and_then(|found| {
            found.check()?;
            Ok(found)
        });
        self.keep(answer.clone());
        answer
    }

    fn keep(&self, answer: Result<Credentials>) {
        let mut state = self.state();
        state.answers += 1;
        match answer {
            Ok(credentials) => {
                state.held = Some(Held::new(credentials));
                state.failure = None;
            }
            Err(error) => {
                if let Some(held) = &mut state.held {
                    held.due = held.age() + PAUSE;
                }
                state.failure = Some(error);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key in hand: good and to be used as it is, or good and to be renewed.
    fn good(&self) -> Option<(Credentials, bool)> {
        let state = self.state();
        let held = state.held.as_ref().filter(|held| !held.is_over())?;
        Some((held.credentials.clone(), held.is_due()))
    }
}

#[async_trait]
impl ProvideCredentials for CachedCredentials {
    async fn credentials(&self) -> Result<Credentials> {
        let seen = self.state().answers;
        match self.good() {
            Some((credentials, false)) => return Ok(credentials),
            Some((credentials, true)) => {
                let Ok(_renewing) = self.renewing.try_lock() else {
                    return Ok(credentials);
                };
                return match self.good() {
                    Some((renewed, false)) => Ok(renewed),
                    _ => match self.ask().await {
                        Ok(renewed) => Ok(renewed),
                        Err(error) => {
                            tracing::warn!(kind = ?error.kind(), "the key could not be renewed and is used on until its end");
                            Ok(credentials)
                        }
                    },
                };
            }
            None => {}
        }
        let _renewing = self.renewing.lock().await;
        if let Some((credentials, _)) = self.good() {
            return Ok(credentials);
        }
        let failed_meanwhile = {
            let state = self.state();
            state.failure.clone().filter(|_| state.answers != seen)
        };
        match failed_meanwhile {
            Some(failure) => Err(failure),
            None => self.ask().await,
        }
    }

    async fn renewed(&self, refused: &Credentials) -> Result<Option<Credentials>> {
        Ok(self.renew(refused).await?.then(|| self.held()).flatten())
    }
}

impl fmt::Debug for CachedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedCredentials")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

async fn within<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(LONGEST_WAIT, answer)
        .await
        .unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Unavailable,
                "the source of the credentials did not answer in time",
            ))
        })
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
