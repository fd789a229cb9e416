//! One native call: sent, repeated by the policy, told to the log, its failure put into our words.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use cloudapi_core::credentials::CachedCredentials;
use cloudapi_core::retry::{Deadline, Repeat};
use cloudapi_core::{Error, Operation, Provider, Result, RetryPolicy};
use futures_util::future::BoxFuture;
use tracing::instrument::WithSubscriber;

use crate::error::{self, OperationError};
use crate::settings::Settings;
use crate::silence::nowhere;

/// How the calls of one service are made.
#[derive(Clone)]
pub(crate) struct Calls {
    service: &'static str,
    region: Arc<str>,
    target: Arc<str>,
    retry: RetryPolicy,
    credentials: Arc<CachedCredentials>,
}

/// What is called, on whose behalf, until when.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) action: &'static str,
    pub(crate) deadline: Deadline,
}

/// What is called, for the log.
#[derive(Clone, Copy)]
struct Action {
    name: &'static str,
    operation: Option<Operation>,
}

/// An answer, and how it came about.
#[cfg_attr(
    not(feature = "compute"),
    allow(dead_code, reason = "not every service asks for all of it")
)]
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    /// The cloud's id of the call.
    pub(crate) request_id: Option<String>,
    /// Whether an earlier attempt may have had its effect, its answer being lost.
    pub(crate) repeated: bool,
}

#[cfg_attr(
    not(feature = "compute"),
    allow(dead_code, reason = "not every service asks for all of it")
)]
impl<T> Answer<T> {
    /// Changes the value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: change(self.value),
            request_id: self.request_id,
            repeated: self.repeated,
        }
    }
}

impl Calls {
    /// Makes the calls of a service; `host` is the first part of its host name.
    #[cfg_attr(
        not(any(feature = "compute", feature = "network", feature = "load-balancer")),
        allow(dead_code, reason = "the storage has an endpoint of its own")
    )]
    pub(crate) fn new(service: &'static str, host: &str, settings: &Settings) -> Self {
        Self::at(service, settings.endpoint.as_deref(), host, settings)
    }

    /// The same for a service with an endpoint of its own.
    pub(crate) fn at(
        service: &'static str,
        endpoint: Option<&str>,
        host: &str,
        settings: &Settings,
    ) -> Self {
        let region = settings.region.as_str();
        let target = match endpoint {
            Some(url) => format!("{service} at {url}"),
            None => format!("{service} at {host}.{region}"),
        };
        Self {
            service,
            region: region.into(),
            target: target.into(),
            retry: settings.retry.clone(),
            credentials: Arc::clone(&settings.credentials),
        }
    }

    pub(crate) fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    /// Makes a call that is harmless twice: a read, or a write with a token or by nature.
    ///
    /// `check` looks at an answer for what it must have; what it refuses counts as an unreadable answer and is repeated.
    #[cfg_attr(
        not(any(feature = "compute", feature = "network", feature = "load-balancer")),
        allow(dead_code, reason = "the storage repeats its calls itself")
    )]
    pub(crate) async fn call<T, E, F>(
        &self,
        call: Call,
        send: impl Fn() -> F + Sync,
        check: impl Fn(&T) -> Result<()> + Sync,
    ) -> Result<Answer<T>>
    where
        T: RequestId + Send,
        E: OperationError,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        self.call_with(&self.retry, call, send, check, |error| error)
            .await
    }

    /// The same under another policy, with each failure passed through `judge` before it is decided whether to repeat.
    pub(crate) async fn call_with<T, E, F>(
        &self,
        retry: &RetryPolicy,
        call: Call,
        send: impl Fn() -> F + Sync,
        check: impl Fn(&T) -> Result<()> + Sync,
        judge: impl Fn(Error) -> Error + Sync,
    ) -> Result<Answer<T>>
    where
        T: RequestId + Send,
        E: OperationError,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let action = Action {
            name: call.action,
            operation: Some(call.operation),
        };
        self.attempts(retry, call.deadline, action, send, check, judge)
            .await
            .map_err(|error| error.with_operation(call.operation))
    }

    /// Makes a call that belongs to no operation of the interface, such as one that fetches a key. It is harmless twice.
    pub(crate) async fn call_aside<T, E, F>(
        &self,
        name: &'static str,
        send: impl Fn() -> F + Sync,
        check: impl Fn(&T) -> Result<()> + Sync,
    ) -> Result<T>
    where
        T: RequestId + Send,
        E: OperationError,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let action = Action {
            name,
            operation: None,
        };
        let deadline = self.retry.start();
        let answer = self
            .attempts(&self.retry, deadline, action, send, check, |error| error)
            .await?;
        Ok(answer.value)
    }

    async fn attempts<T, E, F>(
        &self,
        retry: &RetryPolicy,
        deadline: Deadline,
        action: Action,
        send: impl Fn() -> F + Sync,
        check: impl Fn(&T) -> Result<()> + Sync,
        judge: impl Fn(Error) -> Error + Sync,
    ) -> Result<Answer<T>>
    where
        T: RequestId + Send,
        E: OperationError,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let lost = AtomicBool::new(false);
        let (clock_corrected, key_renewed) = (AtomicBool::new(false), AtomicBool::new(false));
        let (lost, clock_corrected, key_renewed) = (&lost, &clock_corrected, &key_renewed);
        let (send, check, judge) = (&send, &check, &judge);
        let attempt = move |attempt: u32| async move {
            let once = |done: &AtomicBool| !done.swap(true, Ordering::Relaxed);
            let mut not_renewed = None;
            let result = loop {
                let signed_with = self.credentials.held();
                let result = self.send(action, attempt, Box::pin(send())).await;
                let Err(error) = &result else { break result };
                // The SDK has learnt by now how far the clock is off, and signs with that.
                if error::is_clock_off(error) && once(clock_corrected) {
                    continue;
                }
                // Without a key in hand before, the one just fetched was refused.
                if error::is_key_over(error)
                    && let Some(refused) = signed_with.or_else(|| self.credentials.held())
                    && once(key_renewed)
                {
                    match self.credentials.renew(&refused).await {
                        Ok(true) => continue,
                        Ok(false) => {}
                        Err(error) => not_renewed = Some(error),
                    }
                }
                break result;
            };
            let error = match result {
                Ok(value) => match check(&value) {
                    Ok(()) => return Ok(value),
                    Err(error) => match value.request_id() {
                        Some(id) => error.with_request_id(id),
                        None => error,
                    },
                },
                Err(error) => error::from_sdk(error, &self.target),
            };
            let error = match not_renewed {
                Some(why) => {
                    let message = error.message();
                    let message =
                        format!("{message}; another key could not be had: {}", why.message());
                    error.with_message(message)
                }
                None => error,
            };
            if !error.is_certainly_undone() {
                lost.store(true, Ordering::Relaxed);
            }
            Err(judge(error))
        };
        match retry.run(deadline, Repeat::Safe, attempt).await {
            Ok(value) => Ok(Answer {
                request_id: value.request_id().map(str::to_owned),
                value,
                repeated: lost.load(Ordering::Relaxed),
            }),
            Err(error) => Err(error.with_provider(Provider::Aws)),
        }
    }

    /// Sends once and leaves a line in the log. The SDK's own lines go nowhere: it fetches keys during a call, and quotes
    /// the lines of credentials files that it does not understand.
    ///
    /// The future comes in a box: the SDK's are so large and so deeply nested that every one around them would be too.
    async fn send<T, E>(
        &self,
        action: Action,
        attempt: u32,
        sent: BoxFuture<'_, Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, SdkError<E, HttpResponse>>
    where
        T: RequestId,
        E: OperationError,
    {
        let started = Instant::now();
        let result = sent.with_subscriber(nowhere()).await;
        let (request_id, status, code) = match &result {
            Ok(value) => (value.request_id(), None, None),
            Err(error) => (
                error.request_id(),
                error
                    .raw_response()
                    .map(|response| response.status().as_u16()),
                error.code(),
            ),
        };
        tracing::debug!(
            cloud = "aws",
            service = self.service,
            action = action.name,
            operation = action.operation.map(Operation::as_str),
            region = &*self.region,
            attempt,
            request_id,
            ok = result.is_ok(),
            status,
            code,
            elapsed = ?started.elapsed(),
            "native call"
        );
        result
    }
}
