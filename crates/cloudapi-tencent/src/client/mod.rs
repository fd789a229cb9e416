//! One way to call any action of API 3.0: signed, within the limits, repeated where that is harmless.

pub(crate) mod clock;
mod endpoint;
mod envelope;

mod limits;
pub(crate) mod transport;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloudapi_core::credentials::CachedCredentials;
use cloudapi_core::retry::{Deadline, Repeat};
use cloudapi_core::{
    Credentials, Error, ProvideCredentials, Provider, ProviderConfig, Result, RetryPolicy,
};
use http::HeaderValue;
use http::header::DATE;
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::clock::Clock;
use self::endpoint::Endpoints;
#[cfg(feature = "storage")]
pub(crate) use self::endpoint::SERVICE;
use self::envelope::Reading;
use self::limits::Limits;
use crate::error;
use crate::sign::tc3;

/// What the API takes in one request.
const LARGEST_REQUEST: usize = 10 * 1024 * 1024;
/// More than any answer has; beyond it, something else is at the other end.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
const CONTENT_TYPE: &str = "application/json";

/// An action of API 3.0.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Action {
    /// The service: `cvm`, `vpc`, `clb`, `sts`.
    pub service: &'static str,
    /// The version of the service's API, such as `2017-03-12`.
    pub version: &'static str,
    /// The action's name.
    pub name: &'static str,
    /// Whether it may be sent again when it is not known what the first call did.
    pub repeat: Repeat,
}

impl Action {
    /// Describes an action that only reads.
    pub const fn read(service: &'static str, version: &'static str, name: &'static str) -> Self {
        Self {
            service,
            version,
            name,
            repeat: Repeat::Safe,
        }
    }

    /// Describes an action that changes something and is not sent again unless it certainly was not done.
    pub const fn write(service: &'static str, version: &'static str, name: &'static str) -> Self {
        Self {
            service,
            version,
            name,
            repeat: Repeat::OnlyIfUndone,
        }
    }

    /// Marks that doing it twice is the same as doing it once: it has a client token, or sets a value.
    #[must_use]
    pub const fn repeatable(mut self) -> Self {
        self.repeat = Repeat::Safe;
        self
    }
}

/// What an action answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer<T> {
    /// The call's request id.
    pub request_id: Option<String>,
    /// The members of `Response`, the request id taken out.
    pub response: T,
}

/// Calls actions of API 3.0 in one region with one set of credentials. Cheap to clone; clones share connections, the rate
/// limits and what was learned of the cloud's clock.
///
/// The interface's own traits rest on it. It is public for the actions that the interface does not cover:
///
/// ```no_run
/// # async fn example(tencent: cloudapi_tencent::Tencent) -> cloudapi_core::Result<()> {
/// use cloudapi_tencent::Action;
/// use serde_json::{Value, json};
///
/// const DESCRIBE_ZONES: Action = Action::read("cvm", "2017-03-12", "DescribeZones");
/// let client = tencent.client();
/// let zones = client.call::<_, Value>(&DESCRIBE_ZONES, &json!({}), client.start()).await?;
/// println!("{} zones", zones.response["TotalCount"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    endpoints: Endpoints,
    region: String,
    region_header: HeaderValue,
    credentials: CachedCredentials,
    signs: bool,
    retry: RetryPolicy,
    attempt_timeout: Duration,
    max_in_flight: usize,
    clock: Clock,
    limits: Limits,
}

impl Client {
    /// Makes a client that signs with the keys of a source.
    pub(crate) fn new(
        config: &ProviderConfig,
        region: String,
        credentials: Arc<dyn ProvideCredentials>,
    ) -> Result<Self> {
        Self::build(config, region, credentials, true)
    }

    /// Makes a client for the actions that take no signature.
    pub(crate) fn unsigned(config: &ProviderConfig, region: String) -> Result<Self> {
        Self::build(config, region, Arc::new(Credentials::new("", "")), false)
    }

    fn build(
        config: &ProviderConfig,
        region: String,
        credentials: Arc<dyn ProvideCredentials>,
        signs: bool,
    ) -> Result<Self> {
        let region_header = HeaderValue::from_str(&region)
            .map_err(|_| Error::config(format!("the region {region:?} fits into no header")))?;
        Ok(Self(Arc::new(Inner {
            http: transport::build(config)?,
            endpoints: Endpoints::new(config, &region)?,
            region,
            region_header,
            credentials: CachedCredentials::new(credentials),
            signs,
            retry: config.retry.clone(),
            attempt_timeout: config.timeouts.attempt,
            max_in_flight: config.max_in_flight.max(1),
            clock: Clock::default(),
            limits: Limits::default(),
        })))
    }

    /// The region that is called.
    pub fn region(&self) -> &str {
        &self.0.region
    }

    /// When and how often calls are repeated.
    pub fn retry(&self) -> &RetryPolicy {
        &self.0.retry
    }

    /// How many calls of one operation may be under way at once.
    pub fn max_in_flight(&self) -> usize {
        self.0.max_in_flight
    }

    /// What hands out the keys.
    pub(crate) fn credentials(&self) -> &CachedCredentials {
        &self.0.credentials
    }

    /// The host that the calls of a service go to.
    #[cfg(feature = "load-balancer")]
    pub(crate) fn host(&self, service: &str) -> Result<String> {
        Ok(self.0.endpoints.of(service)?.host)
    }

    /// The cloud's clock, as far as it is known.
    #[cfg(feature = "storage")]
    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Starts the clock of an operation, for the calls that belong to it.
    pub fn start(&self) -> Deadline {
        self.0.retry.start()
    }

    /// Calls an action. A request's members are the action's, absent ones left out: the cloud refuses `null`.
    ///
    /// Throttling is always repeated, what another operation keeps busy too (slowly); a lost answer, a failure inside the
    /// cloud and an answer that can't be read only for an action that may be repeated. A clock that is off is corrected
    /// from the cloud's and the call sent once more; a key that the cloud takes for expired is asked for anew, and the call
    /// sent once more with another.
    ///
    /// # Errors
    ///
    /// The cloud's refusal by its code; `Network`, `Unavailable`, `Timeout`; `Config` from the source of the credentials.
    pub async fn call<Q: Serialize + ?Sized, A: DeserializeOwned>(
        &self,
        action: &Action,
        request: &Q,
        deadline: Deadline,
    ) -> Result<Answer<A>> {
        let body = serde_json::to_vec(request).map_err(|error| {
            Error::invalid_argument(format!("the request makes no JSON: {error}"))
        })?;
        if body.len() > LARGEST_REQUEST {
            return Err(Error::invalid_argument(format!(
                "the request has {} bytes, the cloud takes {LARGEST_REQUEST}",
                body.len()
            ))
            .with_provider(Provider::Tencent));
        }
        let (corrected, renewed) = (AtomicBool::new(false), AtomicBool::new(false));
        let (body, corrected, renewed) = (&body, &corrected, &renewed);
        let result = self
            .0
            .retry
            .run(deadline, action.repeat, |attempt| async move {
                loop {
                    let failure = match self.exchange(action, body, attempt).await {
                        Ok(answer) => return Ok(answer),
                        Err(failure) => failure,
                    };
                    let once = |done: &AtomicBool| !done.swap(true, Ordering::Relaxed);
                    match (failure.cloud_time, &failure.signed_with) {
                        (Some(time), _) if error::is_clock(&failure.error) && once(corrected) => {
                            self.0.clock.correct(time);
                        }
                        (_, Some(key)) if error::is_token(&failure.error) && once(renewed) => {
                            if !self.renew(key, &failure.error).await? {
                                return Err(failure.error);
                            }
                        }
                        _ => return Err(failure.error),
                    }
                }
            });
        result
            .await
            .map_err(|error| error.with_provider(Provider::Tencent))
    }

    /// Gets another key in place of one that was refused; whether there is one.
    ///
    /// # Errors
    ///
    /// The refusal, with why there is no other key.
    pub(crate) async fn renew(&self, refused: &Credentials, refusal: &Error) -> Result<bool> {
        self.0.credentials.renew(refused).await.map_err(|error| {
            let message = format!(
                "{}; another key could not be had: {}",
                refusal.message(),
                error.message()
            );
            refusal.clone().with_message(message)
        })
    }

    /// Sends one request and reads its answer.
    async fn exchange<A: DeserializeOwned>(
        &self,
        action: &Action,
        body: &[u8],
        attempt: u32,
    ) -> Result<Answer<A>, Failure> {
        let inner = &*self.0;
        inner.limits.acquire(action.service, action.name).await;
        let endpoint = inner.endpoints.of(action.service)?;
        let signed = tc3::Request {
            service: action.service,
            host: &endpoint.host,
            content_type: CONTENT_TYPE,
            body,
        };
        // One snapshot for the whole request: id, key and token of different times are refused.
        let signed_with = if inner.signs {
            Some(inner.credentials.credentials().await?)
        } else {
            None
        };
        let headers = match &signed_with {
            Some(credentials) => tc3::sign(&signed, credentials, inner.clock.now())?,
            None => tc3::skip(&signed, inner.clock.now())?,
        };
        let request = inner
            .http
            .post(endpoint.url)
            .timeout(inner.attempt_timeout)
            .headers(headers)
            .header("x-tc-action", action.name)
            .header("x-tc-version", action.version)
            .header("x-tc-region", inner.region_header.clone())
            .header("x-tc-language", "en-US")
            .body(body.to_vec());
        let started = tokio::time::Instant::now();
        let result = match request.send().await {
            Ok(response) => read(response, &endpoint.host).await,
            Err(error) => Err(transport::failure(&error, &endpoint.host).into()),
        };
        let result = result.map_err(|failure: Failure| Failure {
            signed_with,
            ..failure
        });
        let (request_id, outcome) = match &result {
            Ok(answer) => (answer.request_id.as_deref(), "done"),
            Err(Failure { error, .. }) => (
                error.request_id(),
                error.code().unwrap_or(error.kind().describe()),
            ),
        };
        tracing::debug!(
            service = action.service,
            action = action.name,
            region = inner.region,
            attempt,
            request_id,
            outcome,
            elapsed = ?started.elapsed(),
            "call"
        );
        result
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("region", &self.0.region)
            .field("endpoints", &self.0.endpoints)
            .finish_non_exhaustive()
    }
}

/// A failed exchange, with the cloud's time where it told it, and the key that was sent.
struct Failure {
    error: Error,
    cloud_time: Option<i64>,
    signed_with: Option<Credentials>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            cloud_time: None,
            signed_with: None,
        }
    }
}

async fn read<A: DeserializeOwned>(
    mut response: Response,
    host: &str,
) -> Result<Answer<A>, Failure> {
    let status = response.status();
    let cloud_time = response
        .headers()
        .get(DATE)
        .and_then(|date| clock::http_date(date.to_str().ok()?));
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| transport::failure(&error, host))?
    {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            let why = format!("it is larger than {LARGEST_ANSWER} bytes");
            return Err(error::unreadable(status.as_u16(), &why).into());
        }
        body.extend_from_slice(&chunk);
    }
    match envelope::read(&body) {
        Reading::Done(answer) if status == StatusCode::OK => Ok(answer),
        Reading::Done(_) => {
            Err(error::unreadable(status.as_u16(), "its body looks like a success").into())
        }
        Reading::Refused(refusal) => Err(Failure {
            error: error::refusal(refusal, status.as_u16()),
            cloud_time,
            signed_with: None,
        }),
        Reading::Unreadable(why) => Err(error::unreadable(status.as_u16(), &why).into()),
    }
}
