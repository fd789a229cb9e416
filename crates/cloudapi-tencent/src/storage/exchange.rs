//! One call of COS: signed, sent once, its answer read whole.

use std::future::Future;
use std::time::Duration;

use cloudapi_core::storage::{PartBody, Transfer};
use cloudapi_core::{
    Credentials, Error, ErrorKind, ProvideCredentials, Provider, Result, Timeouts,
};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, DATE, HOST, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::{Body, Response};

use super::address::Address;
use super::checksum::CRC64;
use super::{error, xml};
use crate::client::{Client, clock, transport};
use crate::sign::q_sign::{self, Validity};

/// More than any answer has: a list of 1000 parts.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;
/// How long putting parts together may take; the vendor's SDK waits as long.
const COMPLETION: Duration = Duration::from_mins(20);
/// How long a signature holds, in seconds: before now for clocks that are a little ahead, and after.
const VALID: (i64, i64) = (60, 3600);
/// A date of the cloud that is nearer to now than this is no reason for a refusal, in seconds.
const CLOCK_TOLERANCE: u64 = 45;
const TOKEN: HeaderName = HeaderName::from_static("x-cos-security-token");
const REQUEST_ID: &str = "x-cos-request-id";

/// A call on one object.
pub(super) struct Call<'a> {
    /// The API's name for it, for the log.
    pub(super) action: &'static str,
    pub(super) method: Method,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) headers: HeaderMap,
    pub(super) content: Content<'a>,
}

/// What a call carries.
#[derive(Clone)]
pub(super) enum Content<'a> {
    Nothing,
    /// The list of parts to be put together.
    Completion(String),
    /// Content, and its checksum where it is known.
    Part(&'a PartBody, Option<u64>),
}

/// A success.
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// The checksum of the content that was sent.
    pub(super) sum: Option<u64>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Makes calls with one set of credentials.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) http: reqwest::Client,
    pub(super) client: Client,
    pub(super) timeouts: Timeouts,
}

/// A failed attempt.
struct Failure {
    error: Error,
    /// The cloud's time, where it told it.
    cloud_time: Option<i64>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            cloud_time: None,
        }
    }
}

impl Exchange {
    /// Makes one attempt, and another when the first one told that this machine's clock is wrong, or the key over.
    pub(super) async fn call(&self, address: &Address, call: &Call<'_>) -> Result<Answer> {
        let (mut corrected, mut renewed) = (false, false);
        loop {
            // One snapshot for the whole request: id, key and token of different times are refused.
            let credentials = self.client.credentials().credentials().await?;
            let failure = match self.logged(address, call, &credentials).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let clock = self.client.clock();
            match failure.cloud_time {
                Some(time)
                    if error::may_be_the_clock(&failure.error)
                        && !corrected
                        && clock.now().abs_diff(time) > CLOCK_TOLERANCE =>
                {
                    corrected = true;
                    clock.correct(time);
                }
                _ if error::is_token(&failure.error) && !renewed => {
                    renewed = true;
                    if !self.client.renew(&credentials, &failure.error).await? {
                        return Err(failure.error);
                    }
                }
                _ => return Err(failure.error),
            }
        }
    }

    async fn logged(
        &self,
        address: &Address,
        call: &Call<'_>,
        credentials: &Credentials,
    ) -> Result<Answer, Failure> {
        let started = tokio::time::Instant::now();
        let result = self.attempt(address, call, credentials).await;
        let (request_id, outcome) = match &result {
            Ok(answer) => (answer.header(REQUEST_ID), "done"),
            Err(Failure { error, .. }) => (
                error.request_id(),
                error.code().unwrap_or(error.kind().describe()),
            ),
        };
        tracing::debug!(
            service = "cos",
            action = call.action,
            region = self.client.region(),
            request_id,
            outcome,
            elapsed = ?started.elapsed(),
            "call"
        );
        result
    }

    async fn attempt(
        &self,
        address: &Address,
        call: &Call<'_>,
        credentials: &Credentials,
    ) -> Result<Answer, Failure> {
        let mut headers = call.headers.clone();
        let length = match &call.content {
            Content::Nothing => 0,
            Content::Completion(text) => text.len() as u64,
            Content::Part(body, _) => body.length(),
        };
        if call.method != Method::GET && call.method != Method::HEAD {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        headers.insert(HOST, plain(&address.host)?);
        if let Some(token) = credentials.session_token() {
            headers.insert(TOKEN, secret("session token", token.expose())?);
        }
        let now = self.client.clock().now();
        let signature = q_sign::authorization(
            &q_sign::Request {
                method: call.method.as_str(),
                path: &address.path,
                query: &call
                    .query
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect::<Vec<_>>(),
                headers: &headers
                    .iter()
                    .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
                    .collect::<Vec<_>>(),
            },
            credentials,
            Validity {
                from: now - VALID.0,
                until: now + VALID.1,
            },
        );
        headers.insert(AUTHORIZATION, secret("key id", &signature)?);
        let mut url = address.url.clone();
        if !call.query.is_empty() {
            url.set_query(Some(&query_of(&call.query)));
        }
        let request = self.http.request(call.method.clone(), url).headers(headers);
        match &call.content {
            Content::Nothing => {
                self.within(self.timeouts.attempt, answer(request, &address.host))
                    .await
            }
            Content::Completion(text) => {
                let request = request.body(text.clone());
                self.within(COMPLETION, answer(request, &address.host))
                    .await
            }
            Content::Part(body, sum) => {
                let transfer = sum.map_or_else(Transfer::new, Transfer::knowing);
                let request = request.body(Body::wrap(body.start(CRC64, &transfer)));
                let mut cloud_time = None;
                let sent = transfer.watch(self.timeouts.read, async {
                    answer(request, &address.host).await.map_err(|failure| {
                        cloud_time = failure.cloud_time;
                        failure.error
                    })
                });
                match sent.await {
                    Ok(answer) => Ok(Answer {
                        sum: transfer.sum(),
                        ..answer
                    }),
                    Err(error) => Err(Failure { error, cloud_time }),
                }
            }
        }
    }

    async fn within(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<Answer, Failure>>,
    ) -> Result<Answer, Failure> {
        tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
            let message = format!("COS took more than {limit:?} to answer");
            Err(Error::new(ErrorKind::Network, message)
                .with_provider(Provider::Tencent)
                .into())
        })
    }
}

fn query_of(pairs: &[(&'static str, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", q_sign::encode(value)))
        .collect();
    pairs.join("&")
}

fn plain(value: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(value)
        .map_err(|_| Error::config("the endpoint's host fits into no header"))
}

fn secret(what: &str, value: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::config(format!(
            "the {what} of the credentials fits into no HTTP header"
        ))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

async fn answer(request: reqwest::RequestBuilder, host: &str) -> Result<Answer, Failure> {
    let broke = |error: reqwest::Error| transport::failure(&error, host);
    let mut response: Response = request.send().await.map_err(broke)?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broke)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(error::incomplete("it is larger than any of COS").into());
        }
        body.extend_from_slice(&chunk);
    }
    let answer = Answer {
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        sum: None,
    };
    // A status that was sent before all was done may turn out to be none of success.
    if status.is_success() && xml::root(&answer.body) != Some("Error") {
        return Ok(answer);
    }
    let wait = answer.header(RETRY_AFTER.as_str());
    let wait = wait.and_then(|seconds| seconds.trim().parse().ok());
    let error = error::refusal(status, &answer.body, answer.header(REQUEST_ID))
        .with_retry_after(wait.map(Duration::from_secs));
    Err(Failure {
        cloud_time: answer.header(DATE.as_str()).and_then(clock::http_date),
        error,
    })
}
