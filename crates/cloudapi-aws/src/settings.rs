//! From a connection's configuration to that of the SDK: region, endpoint, time limits.

mod sdk_config;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::identity::IdentityCache;
use aws_config::{AppName, BehaviorVersion, Region};
use aws_runtime::env_config::EnvConfigValue;
use aws_runtime::env_config::section::EnvConfigSections;
use aws_runtime::env_config::source;
use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use cloudapi_core::credentials::CachedCredentials;
use cloudapi_core::{
    Credentials, Environment, Error, ProvideCredentials, Provider, ProviderConfig, Result,
    RetryPolicy, Timeouts,
};

use tracing::instrument::WithSubscriber;

use crate::profile::Profile;
use crate::silence::nowhere;
use crate::{credentials, http};

/// What a connection's clients are made of.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) sdk: SdkConfig,
    /// Where the SDK's clients get their keys from.
    pub(crate) credentials: Arc<CachedCredentials>,
    pub(crate) region: String,
    pub(crate) retry: RetryPolicy,
    /// Where EC2's calls go, if not to AWS's own hosts; as it may be shown.
    pub(crate) endpoint: Option<String>,
    /// Where S3's calls go, if not to AWS's own hosts.
    #[cfg_attr(not(feature = "storage"), allow(dead_code, reason = "S3's alone"))]
    pub(crate) storage_endpoint: Option<String>,
    /// Whether content is sent with a checksum though S3 does not demand one.
    #[cfg_attr(not(feature = "storage"), allow(dead_code, reason = "S3's alone"))]
    pub(crate) request_checksums: bool,
    /// How many calls of one operation may be under way at once.
    pub(crate) max_in_flight: usize,
}

impl Settings {
    /// Reads the environment and the files, as far as the configuration leaves something open.
    pub(crate) async fn load(config: &ProviderConfig) -> Result<Self> {
        check_provider(config)?;
        config.check()?;
        let profile = Profile::select(&config.environment, &config.credentials);
        credentials::check(config, &profile)?;
        let region = region(config, &profile)?;
        let shared = Shared::load(&config.environment, &profile).await;
        let storage_endpoint = endpoint(config, &shared, "S3")?;
        let request_checksums = shared.request_checksums();
        let endpoint = endpoint(config, &shared, "EC2")?;
        let http = http::client(config, is_plain(endpoint.as_deref()))?;
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            // What is asked for them holds them itself.
            .identity_cache(IdentityCache::no_cache())
            .http_client(http.clone())
            // Retries are the policy's alone: two of them would multiply the attempts.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts(&config.timeouts))
            .stalled_stream_protection(guard(&config.timeouts))
            .app_name(AppName::new("cloudapi").expect("letters are a valid name"));
        sdk.set_sleep_impl(default_async_sleep());
        sdk.set_use_fips(shared.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
        sdk.set_use_dual_stack(shared.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"));
        if let Some(url) = &config.endpoint_url {
            sdk.set_endpoint_url(Some(url.clone()));
            // Says that it was set in code, which goes before any other setting of it.
            sdk.insert_origin("endpoint_url", aws_types::origin::Origin::shared_config());
        }
        sdk.set_service_config(Some(shared));
        let without_keys = Self {
            sdk: sdk.build(),
            credentials: no_keys(),
            region,
            endpoint: endpoint.as_deref().map(without_user),
            storage_endpoint: storage_endpoint.as_deref().map(without_user),
            request_checksums,
            retry: config.retry.clone(),
            max_in_flight: config.max_in_flight.max(1),
        };
        let source = credentials::provider(config, &profile, &http, &without_keys)?;
        Ok(without_keys.with_source(source))
    }

    /// The same with the keys of this source.
    pub(crate) fn with_source(&self, source: Arc<dyn ProvideCredentials>) -> Self {
        let credentials = Arc::new(CachedCredentials::new(source));
        let provider = credentials::for_sdk(&credentials);
        Self {
            sdk: self.sdk.to_builder().credentials_provider(provider).build(),
            credentials,
            ..self.clone()
        }
    }
}

fn check_provider(config: &ProviderConfig) -> Result<()> {
    if config.provider == Provider::Aws {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "this is the configuration of {}, not of aws",
        config.provider
    )))
}

fn is_plain(endpoint: Option<&str>) -> bool {
    endpoint.is_some_and(|url| url.starts_with("http://"))
}

fn no_keys() -> Arc<CachedCredentials> {
    Arc::new(CachedCredentials::new(Arc::new(NoKeys)))
}

/// Stands in for a source until there is one.
#[derive(Debug)]
struct NoKeys;

#[async_trait]
impl ProvideCredentials for NoKeys {
    async fn credentials(&self) -> Result<Credentials> {
        Err(Error::config("no source of credentials was set up"))
    }
}

/// An endpoint as it may be shown: a URL can hold a password.
fn without_user(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

/// Code, then environment, then profile; never the metadata service, which takes seconds to be found absent.
fn region(config: &ProviderConfig, profile: &Profile) -> Result<String> {
    let environment = &config.environment;
    let given = config
        .region
        .clone()
        .or_else(|| environment.var("AWS_REGION"))
        .or_else(|| environment.var("AWS_DEFAULT_REGION"));
    // Its form is checked wherever it came from.
    let checked = |region: String| config.clone().with_region(&region).check().map(|()| region);
    if let Some(region) = given {
        return checked(region);
    }
    let region = profile.region()?.ok_or_else(|| {
        Error::config(format!(
            "no region: give one, set AWS_REGION, or put `region = …` into the profile {}",
            profile.name()
        ))
    })?;
    // What stands in a file is not quoted.
    checked(region).map_err(|_| {
        Error::config(format!(
            "the profile {} has a region of no region's form; an example is us-east-1",
            profile.name()
        ))
    })
}

/// Ends an answer that comes to a halt.
fn guard(timeouts: &Timeouts) -> StalledStreamProtectionConfig {
    StalledStreamProtectionConfig::enabled()
        .grace_period(timeouts.read)
        .build()
}

fn timeouts(timeouts: &Timeouts) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .operation_attempt_timeout(timeouts.attempt)
        .build()
}

/// The settings that the SDK reads from environment and profile for each service, above all endpoints.
#[derive(Debug)]
struct Shared {
    environment: Environment,
    /// `None` without files, or when they don't parse, which is an error only where something is needed from them.
    sections: Option<EnvConfigSections>,
    ignore_endpoints: bool,
}

impl Shared {
    async fn load(environment: &Environment, profile: &Profile) -> Self {
        let mut sections = None;
        if let Some(files) = profile.files() {
            let name = profile.name().to_owned();
            let read = async move {
                let mut source = source::load(&Env::from_slice(&[]), &Fs::real(), &files)
                    .await
                    .ok()?;
                source.profile = Cow::Owned(name);
                EnvConfigSections::parse(source).ok()
            };
            // The SDK warns of settings that stand in the wrong place by quoting them.
            sections = read.with_subscriber(nowhere()).await;
        }
        let mut shared = Self {
            environment: environment.clone(),
            sections,
            ignore_endpoints: false,
        };
        shared.ignore_endpoints = shared
            .flag(
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                "ignore_configured_endpoint_urls",
            )
            .unwrap_or(false);
        shared
    }

    fn setting(&self, variable: &str, key: &str, service: Option<&str>) -> Option<String> {
        // The SDK takes variables as a map only: those that it will ask for.
        let of_service = service.map(|service| {
            format!(
                "{variable}_{}",
                service.replace(' ', "_").to_ascii_uppercase()
            )
        });
        let variables: HashMap<String, String> = [Some(variable.to_owned()), of_service]
            .into_iter()
            .flatten()
            .filter_map(|name| Some((name.clone(), self.environment.var(&name)?)))
            .collect();
        let mut value = EnvConfigValue::new().env(variable).profile(key);
        if let Some(service) = service {
            value = value.service_id(service);
        }
        value
            .load(&Env::from(variables), self.sections.as_ref())
            .map(|(value, _)| value.into_owned())
    }

    fn request_checksums(&self) -> bool {
        let (variable, key) = (
            "AWS_REQUEST_CHECKSUM_CALCULATION",
            "request_checksum_calculation",
        );
        let setting = self.setting(variable, key, None);
        setting.is_none_or(|setting| !setting.eq_ignore_ascii_case("when_required"))
    }

    fn flag(&self, variable: &str, key: &str) -> Option<bool> {
        self.setting(variable, key, None)
            .map(|value| value.eq_ignore_ascii_case("true"))
    }
}

impl LoadServiceConfig for Shared {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if self.ignore_endpoints && key.env() == ENDPOINT_VARIABLE {
            return None;
        }
        self.setting(key.env(), key.profile(), Some(key.service_id()))
    }
}

const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL";

/// The endpoint that a service's calls go to, if it is not AWS's own.
fn endpoint(config: &ProviderConfig, shared: &Shared, service: &str) -> Result<Option<String>> {
    if config.endpoint_url.is_some() || shared.ignore_endpoints {
        return Ok(config.endpoint_url.clone());
    }
    let found = shared.setting(ENDPOINT_VARIABLE, "endpoint_url", Some(service));
    if let Some(url) = &found {
        config.clone().with_endpoint_url(url).check()?;
    }
    Ok(found)
}

#[cfg(test)]
#[cfg(feature = "compute")]
#[path = "settings_tests.rs"]
mod tests;
