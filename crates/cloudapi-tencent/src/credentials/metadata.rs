//! The role of a CVM, asked from the metadata service.

use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use cloudapi_core::credentials::FindCredentials;
use cloudapi_core::retry::{Deadline, Repeat};
use cloudapi_core::{
    Credentials, Environment, Error, ErrorKind, ProvideCredentials, Result, RetryPolicy,
};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::ADVICE;
use crate::client::transport;

const VARIABLE: &str = "TENCENTCLOUD_METADATA_ENDPOINT";
const USUAL: &str = "http://metadata.tencentyun.com";
const PATH: &str = "latest/meta-data/cam/security-credentials/";
/// The service is next door: what does not answer at once is not there.
const CONNECT: Duration = Duration::from_secs(1);
const ANSWER: Duration = Duration::from_secs(3);
const LARGEST_ANSWER: usize = 64 * 1024;

/// Asks the metadata service. It is reached directly, never through a proxy.
#[derive(Debug)]
pub(super) struct Metadata {
    http: reqwest::Client,
    folder: Url,
    retry: RetryPolicy,
}

/// What the service said.
enum Answered {
    Key(Credentials),
    NoRole,
    Unreachable(Error),
}

/// What was got from a path.
enum Got {
    Text(String),
    Nothing,
}

impl Metadata {
    /// Takes the endpoint of the environment, else the usual one.
    ///
    /// # Errors
    ///
    /// `Config` for an endpoint that is no URL.
    pub(super) fn new(environment: &Environment) -> Result<Self> {
        let endpoint = environment.var(VARIABLE);
        let endpoint = endpoint.as_deref().unwrap_or(USUAL).trim();
        let with_scheme = if endpoint.contains("://") {
            endpoint.to_owned()
        } else {
            format!("http://{endpoint}")
        };
        let folder = Url::parse(&format!("{}/{PATH}", with_scheme.trim_end_matches('/')))
            .map_err(|_| Error::config(format!("{VARIABLE} is no URL; write it as {USUAL}")))?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .build()
            .map_err(|error| Error::config("no HTTP client can be made").with_source(error))?;
        Ok(Self {
            http,
            folder,
            retry: RetryPolicy::default().with_max_attempts(3),
        })
    }

    fn host(&self) -> &str {
        self.folder.host_str().unwrap_or_default()
    }

    async fn ask(&self) -> Result<Answered> {
        let roles = match self.get("").await {
            Ok(Got::Text(roles)) => roles,
            Ok(Got::Nothing) => return Ok(Answered::NoRole),
            Err(error) if error.kind() == ErrorKind::Network => {
                return Ok(Answered::Unreachable(error));
            }
            Err(error) => return Err(self.broken(error.message())),
        };
        let Some(role) = roles.lines().map(str::trim).find(|role| !role.is_empty()) else {
            return Ok(Answered::NoRole);
        };
        let is_name = |letter: char| letter.is_alphanumeric() || "-_.@+=,".contains(letter);
        if !role.chars().all(is_name) {
            return Err(self.broken("it names a role that is none"));
        }
        match self.get(role).await {
            Ok(Got::Text(text)) => self.read(role, &text).map(Answered::Key),
            Ok(Got::Nothing) => Ok(Answered::NoRole),
            Err(error) => Err(self.broken(error.message())),
        }
    }

    fn read(&self, role: &str, text: &str) -> Result<Credentials> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            tmp_secret_id: Option<String>,
            tmp_secret_key: Option<String>,
            token: Option<String>,
            expired_time: Option<u64>,
            code: Option<String>,
        }
        // The reader's own words would quote the key.
        let key: Answer = serde_json::from_str(text)
            .map_err(|_| self.broken("its answer is not the JSON that a key comes in"))?;
        if key.code.is_some_and(|code| code != "Success") {
            return Err(self.broken(&format!("it has no key for the role {role}")));
        }
        let (Some(id), Some(secret), Some(token)) =
            (key.tmp_secret_id, key.tmp_secret_key, key.token)
        else {
            return Err(self.broken("its answer lacks a part of the key"));
        };
        let mut credentials = Credentials::new(id, secret)
            .with_session_token(token)
            .with_origin(format!("instance role {role}"));
        if let Some(end) = key.expired_time {
            credentials =
                credentials.with_expires_at(UNIX_EPOCH + Duration::from_secs(end.min(1 << 40)));
        }
        credentials
            .check()
            .map_err(|error| self.broken(error.message()))?;
        Ok(credentials)
    }

    fn broken(&self, why: &str) -> Error {
        Error::config(format!("the metadata service at {}: {why}", self.host()))
    }

    async fn get(&self, name: &str) -> Result<Got> {
        let url = self
            .folder
            .join(name)
            .map_err(|_| self.broken("it names a role that is none"))?;
        self.retry
            .run(Deadline::NONE, Repeat::Safe, |_| self.exchange(url.clone()))
            .await
    }

    async fn exchange(&self, url: Url) -> Result<Got> {
        let broke = |error: reqwest::Error| transport::failure(&error, self.host());
        let mut response = self.http.get(url).send().await.map_err(broke)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(Got::Nothing),
            status => {
                let kind = if status.is_server_error() {
                    ErrorKind::Unavailable
                } else {
                    ErrorKind::Other
                };
                return Err(Error::new(
                    kind,
                    format!("it answered HTTP {}", status.as_u16()),
                ));
            }
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broke)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Error::new(ErrorKind::Other, "its answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        match String::from_utf8(body) {
            Ok(text) => Ok(Got::Text(text)),
            Err(_) => Err(Error::new(ErrorKind::Other, "its answer is no text")),
        }
    }
}

/// As a source that was named: without a role it fails.
#[async_trait]
impl ProvideCredentials for Metadata {
    async fn credentials(&self) -> Result<Credentials> {
        match self.ask().await? {
            Answered::Key(credentials) => Ok(credentials),
            Answered::NoRole => Err(Error::config(format!(
                "no role is attached to this machine, says the metadata service at {}; attach one, or {ADVICE}",
                self.host()
            ))),
            Answered::Unreachable(error) => Err(Error::config(format!(
                "the metadata service does not answer, so this is no machine with a role: {}; {ADVICE}",
                error.message()
            ))),
        }
    }
}

/// As a part of a chain: without a role, or elsewhere than on a machine of the cloud, there is nothing here.
#[async_trait]
impl FindCredentials for Metadata {
    fn place(&self) -> String {
        format!("the metadata service ({})", self.host())
    }

    async fn find(&self) -> Result<Option<Credentials>> {
        Ok(match self.ask().await? {
            Answered::Key(credentials) => Some(credentials),
            Answered::NoRole | Answered::Unreachable(_) => None,
        })
    }
}
