//! The key that a container's platform hands out: ECS, and the pods of EKS.
//!
//! The SDK's own source of it reads the environment of the process alone, and trips over the newline at the end of a token
//! file.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use cloudapi_core::credentials::file;
use cloudapi_core::retry::{Deadline, Repeat};
use cloudapi_core::{
    Credentials, Environment, Error, ErrorKind, ProvideCredentials, Result, RetryPolicy, Secret,
    timestamp,
};
use hyper::Uri;
use serde_json::{Map, Value};

use crate::http;

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Where ECS answers.
const ECS: &str = "http://169.254.170.2";
/// What may be asked without TLS, beside this machine itself: ECS, and EKS by either kind of address.
const NEARBY: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];
const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(5);
const LARGEST_ANSWER: usize = 64 * 1024;

/// Asks the container's endpoint. It is reached directly, never through a proxy.
#[derive(Debug)]
pub(super) struct Container {
    uri: Uri,
    host: String,
    environment: Environment,
    connector: Connector,
    retry: RetryPolicy,
}

impl Container {
    /// Reads the variables; `None` if neither names an endpoint.
    ///
    /// # Errors
    ///
    /// `Config` for what is no URL, or one that a key must not be fetched from.
    pub(super) fn from_environment(environment: &Environment) -> Result<Option<Self>> {
        let (variable, url) = match (environment.var(RELATIVE), environment.var(FULL)) {
            (Some(path), _) => {
                let slash = if path.starts_with('/') { "" } else { "/" };
                (RELATIVE, format!("{ECS}{slash}{path}"))
            }
            (None, Some(url)) => (FULL, url),
            (None, None) => return Ok(None),
        };
        let wrong = || {
            Error::config(format!(
                "{variable} names no endpoint of a container; it is written as http://HOST/PATH"
            ))
        };
        let uri: Uri = url.trim().parse().map_err(|_| wrong())?;
        let host = uri.host().ok_or_else(wrong)?.to_owned();
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(wrong());
        }
        Ok(Some(Self {
            uri,
            host,
            environment: environment.clone(),
            connector: http::direct_connector(CONNECT, ANSWER)?,
            retry: RetryPolicy::default().with_max_attempts(3),
        }))
    }

    /// Refuses hosts that a key, and the token for it, would reach in the clear.
    async fn check_host(&self) -> Result<()> {
        if self.uri.scheme_str() == Some("https") {
            return Ok(());
        }
        let is_near = |address: &IpAddr| address.is_loopback() || NEARBY.contains(address);
        let plain = self.host.trim_start_matches('[').trim_end_matches(']');
        let is_allowed = if let Ok(address) = plain.parse::<IpAddr>() {
            is_near(&address)
        } else {
            let addresses = addresses(plain.to_owned()).await;
            !addresses.is_empty() && addresses.iter().all(is_near)
        };
        if is_allowed {
            return Ok(());
        }
        Err(Error::config(format!(
            "{FULL} leads to {} over plain HTTP, which only this machine and the addresses of ECS and EKS may; use https://",
            self.host
        )))
    }

    /// What the endpoint wants to be told; read anew each time, since the file is replaced from time to time.
    fn token(&self) -> Result<Option<Secret>> {
        let Some(path) = self.environment.var(TOKEN_FILE).map(PathBuf::from) else {
            return Ok(self.environment.var(TOKEN).map(Secret::from));
        };
        match file::read_text(&path)? {
            Some(text) => Ok(Some(Secret::from(text.trim()))),
            None => Err(Error::config(format!(
                "the file {}, named by {TOKEN_FILE}, does not exist",
                path.display()
            ))),
        }
    }

    fn request(&self) -> Result<HttpRequest> {
        let mut request = HttpRequest::new(SdkBody::empty());
        let whole = request.set_uri(self.uri.clone());
        let headers = request.headers_mut();
        let accepts = headers.try_insert("accept", "application/json").map(|_| ());
        if let Some(token) = self.token()? {
            let fits = headers.try_insert("authorization", token.expose().to_owned());
            fits.map_err(|_| {
                self.broken("the token for it has characters that fit into no header")
            })?;
        }
        match (whole, accepts) {
            (Ok(()), Ok(())) => Ok(request),
            _ => Err(self.broken("its URL fits into no request")),
        }
    }

    fn broken(&self, why: &str) -> Error {
        Error::config(format!("the container's endpoint at {}: {why}", self.host))
    }

    /// Makes one attempt.
    async fn exchange(&self) -> Result<Vec<u8>> {
        let sent = self.connector.call(self.request()?).await;
        let response = sent.map_err(|error| {
            let why = if error.is_timeout() {
                "it does not answer in time"
            } else {
                "it can't be reached"
            };
            Error::new(ErrorKind::Network, why)
        })?;
        let status = response.status().as_u16();
        let body = body(response).await?;
        match status {
            200 => Ok(body),
            429 | 500.. => Err(Error::new(
                ErrorKind::Unavailable,
                format!("it answered HTTP {status}"),
            )),
            _ => Err(Error::new(
                ErrorKind::Other,
                format!("it answered HTTP {status}{}", refusal(&body)),
            )),
        }
    }

    fn read(&self, body: &[u8]) -> Result<Credentials> {
        let answer: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|_| self.broken("its answer is not the JSON that a key comes in"))?;
        let get = |name| member(&answer, name);
        let (Some(id), Some(secret), Some(token)) =
            (get("AccessKeyId"), get("SecretAccessKey"), get("Token"))
        else {
            return Err(self.broken("its answer lacks a part of the key"));
        };
        let mut credentials = Credentials::new(id, secret)
            .with_session_token(token)
            .with_origin("container");
        if let Some(text) = get("Expiration") {
            let end = timestamp::parse(text)
                .ok_or_else(|| self.broken("its answer has an end that is no time"))?;
            credentials = credentials.with_expires_at(end);
        }
        credentials
            .check()
            .map_err(|error| self.broken(error.message()))?;
        Ok(credentials)
    }
}

#[async_trait]
impl ProvideCredentials for Container {
    async fn credentials(&self) -> Result<Credentials> {
        self.check_host().await?;
        let body = self
            .retry
            .run(Deadline::NONE, Repeat::Safe, |_| self.exchange())
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Config => error,
                _ => self.broken(error.message()),
            })?;
        self.read(&body)
    }
}

/// Looks a name up, as the connection would.
async fn addresses(name: String) -> Vec<IpAddr> {
    let found = tokio::task::spawn_blocking(move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        found.map(|found| found.map(|found| found.ip()).collect())
    });
    found.await.ok().and_then(Result::ok).unwrap_or_default()
}

async fn body(response: HttpResponse) -> Result<Vec<u8>> {
    let mut stream = ByteStream::new(response.into_body());
    let mut whole = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk =
            chunk.map_err(|_| Error::new(ErrorKind::Network, "the connection to it broke"))?;
        if whole.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Error::new(ErrorKind::Other, "its answer is too large"));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}

/// The code of a refusal, if it is a word; nothing else of an answer is repeated.
fn refusal(body: &[u8]) -> String {
    let answer: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    match member(&answer, "Code") {
        Some(code) if code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            format!(" ({code})")
        }
        _ => String::new(),
    }
}

/// A member that is text. The platforms differ in the case of their names.
fn member<'a>(answer: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let mut members = answer.iter();
    let (_, value) = members.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    value.as_str()
}

#[cfg(test)]
#[cfg(feature = "compute")]
#[path = "container_tests.rs"]
mod tests;
