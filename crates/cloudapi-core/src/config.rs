//! How to reach a cloud: region, credentials, endpoint, limits.

use std::path::PathBuf;
use std::time::Duration;

use crate::{CredentialSource, Environment, Error, Provider, Result, RetryPolicy};

/// Everything needed to connect to one cloud in one region.
///
/// # Examples
///
/// ```
/// use cloudapi_core::{Credentials, Provider, ProviderConfig};
///
/// let config = ProviderConfig::new(Provider::Tencent)
///     .with_region("ap-guangzhou")
///     .with_credentials(Credentials::new("AKIDEXAMPLE", "SecretKeyEXAMPLE"));
/// assert!(!format!("{config:?}").contains("SecretKeyEXAMPLE"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderConfig {
    /// The cloud.
    pub provider: Provider,
    /// The region; `None` to take it from the environment or the profile.
    pub region: Option<String>,
    /// Where the key comes from.
    pub credentials: CredentialSource,
    /// Send every call here instead of to the cloud's own hosts: `http://127.0.0.1:5000`.
    pub endpoint_url: Option<String>,
    /// When and how often calls are repeated, and the limit for an operation in all.
    pub retry: RetryPolicy,
    /// How long single steps may take.
    pub timeouts: Timeouts,
    /// A file of certificates in PEM form that are trusted beside the system's; `None` for that of `AWS_CA_BUNDLE`.
    pub ca_bundle: Option<PathBuf>,
    /// How many native calls of one operation may be under way at once.
    pub max_in_flight: usize,
    /// Where environment variables are read from.
    pub environment: Environment,
}

/// How long the steps of one native call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Connecting, TLS included.
    pub connect: Duration,
    /// Silence while an answer is awaited or read.
    pub read: Duration,
    /// One attempt in all; does not apply to the transfer of a file's content.
    pub attempt: Duration,
}

impl Default for Timeouts {
    /// 5 s to connect, 30 s of silence, 60 s for an attempt.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(30),
            attempt: Duration::from_mins(1),
        }
    }
}

impl ProviderConfig {
    /// Starts with the cloud's defaults: region from the environment or the profile, credentials as the cloud's own tools
    /// find them (AWS) or to be named (Tencent Cloud), 8 calls in flight.
    pub fn new(provider: Provider) -> Self {
        Self {
            provider,
            region: None,
            credentials: CredentialSource::Default,
            endpoint_url: None,
            retry: RetryPolicy::default(),
            timeouts: Timeouts::default(),
            ca_bundle: None,
            max_in_flight: 8,
            environment: Environment::process(),
        }
    }

    /// Sets the region.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets where the key comes from; [`Credentials`](crate::Credentials) for a key at hand.
    #[must_use]
    pub fn with_credentials(mut self, credentials: impl Into<CredentialSource>) -> Self {
        self.credentials = credentials.into();
        self
    }

    /// Sends every call to this URL.
    #[must_use]
    pub fn with_endpoint_url(mut self, url: impl Into<String>) -> Self {
        self.endpoint_url = Some(url.into());
        self
    }

    /// Sets when and how often calls are repeated.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how long single steps may take.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Trusts the certificates of this PEM file beside the system's.
    #[must_use]
    pub fn with_ca_bundle(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca_bundle = Some(file.into());
        self
    }

    /// Sets how many native calls of one operation may be under way at once, at least 1.
    #[must_use]
    pub fn with_max_in_flight(mut self, calls: usize) -> Self {
        self.max_in_flight = calls.max(1);
        self
    }

    /// Reads environment variables from here.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Checks what can be checked without a cloud: the form of region and endpoint.
    ///
    /// # Errors
    ///
    /// `Config`, naming the setting.
    pub fn check(&self) -> Result<()> {
        if let Some(region) = &self.region {
            check_region(region)?;
        }
        if let Some(url) = &self.endpoint_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            // It is not quoted: it may hold a password, or be a line that went astray.
            return Err(Error::config(
                "the endpoint is no URL; write it as https://HOST or http://HOST:PORT",
            )
            .with_provider(self.provider));
        }
        Ok(())
    }
}

/// Checks the form of a region's name: lower-case words, digits and hyphens.
///
/// # Errors
///
/// `Config`, with an example.
pub(crate) fn check_region(region: &str) -> Result<()> {
    let good = !region.is_empty()
        && region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && region.starts_with(|first: char| first.is_ascii_lowercase());
    if good {
        return Ok(());
    }
    Err(Error::config(format!(
        "the region {region:?} has no region's form; examples are us-east-1 and ap-guangzhou"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_and_endpoint_are_checked_for_form_only() {
        let config = || ProviderConfig::new(Provider::Aws);
        assert!(
            config()
                .with_region("ap-shanghai-fsi")
                .with_endpoint_url("http://127.0.0.1:1")
                .check()
                .is_ok()
        );
        for bad in ["", "US-EAST-1", "us east", "-x"] {
            assert!(config().with_region(bad).check().is_err(), "{bad:?}");
        }
        assert!(config().with_endpoint_url("127.0.0.1:1").check().is_err());
    }
}
