//! Settings from a configuration of the SDK that the caller brings.

use aws_config::identity::IdentityCache;
use aws_config::{AppName, BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_types::checksum_config::RequestChecksumCalculation;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::origin::Origin;
use aws_types::service_config::ServiceConfigKey;
use cloudapi_core::{CredentialSource, Error, ProviderConfig, Result};

use super::{ENDPOINT_VARIABLE, Settings, check_provider, guard, is_plain, no_keys, timeouts};
use crate::profile::Profile;
use crate::{credentials, http};

impl Settings {
    /// Takes region, endpoint, keys, connections and time limits of the SDK's configuration. What ours names goes first.
    pub(crate) fn from_sdk_config(sdk: &SdkConfig, config: &ProviderConfig) -> Result<Self> {
        check_provider(config)?;
        config.check()?;
        let region = config
            .region
            .clone()
            .or_else(|| sdk.region().map(Region::to_string))
            .ok_or_else(|| {
                Error::config(
                    "no region: the SdkConfig has none; give one, or load it where AWS_REGION is set",
                )
            })?;
        config.clone().with_region(&region).check()?;
        let endpoint = endpoint(sdk, config, "EC2")?;
        let http = match sdk.http_client() {
            None => http::client(config, is_plain(endpoint.as_deref()))?,
            Some(http) if config.ca_bundle.is_none() => http,
            Some(_) => {
                return Err(Error::config(
                    "a CA bundle is given, and the SdkConfig has an HTTP client of its own, which would not know it: leave one \
                     of them out",
                ));
            }
        };
        let mut builder = sdk
            .to_builder()
            .region(Region::new(region.clone()))
            .identity_cache(IdentityCache::no_cache())
            .http_client(http.clone())
            // Retries are the policy's alone: two of them would multiply the attempts.
            .retry_config(RetryConfig::disabled())
            .timeout_config(time_limits(sdk, config));
        builder.set_credentials_provider(None);
        if sdk.behavior_version().is_none() {
            builder.set_behavior_version(Some(BehaviorVersion::latest()));
        }
        if sdk.sleep_impl().is_none() {
            builder.set_sleep_impl(default_async_sleep());
        }
        if sdk.stalled_stream_protection().is_none() {
            builder.set_stalled_stream_protection(Some(guard(&config.timeouts)));
        }
        if sdk.app_name().is_none() {
            builder = builder.app_name(AppName::new("cloudapi").expect("letters are a valid name"));
        }
        if let Some(url) = &config.endpoint_url {
            builder.set_endpoint_url(Some(url.clone()));
            builder.insert_origin("endpoint_url", Origin::shared_config());
        }
        let request_checksums = !matches!(
            sdk.request_checksum_calculation(),
            Some(RequestChecksumCalculation::WhenRequired)
        );
        let without_keys = Self {
            sdk: builder.build(),
            credentials: no_keys(),
            region,
            endpoint: endpoint.as_deref().map(super::without_user),
            storage_endpoint: self::endpoint(sdk, config, "S3")?
                .as_deref()
                .map(super::without_user),
            request_checksums,
            retry: config.retry.clone(),
            max_in_flight: config.max_in_flight.max(1),
        };
        let mut config = config.clone();
        config.credentials = with_keys_of(sdk, config.credentials)?;
        let profile = Profile::select(&config.environment, &config.credentials);
        credentials::check(&config, &profile)?;
        let source = credentials::provider(&config, &profile, &http, &without_keys)?;
        Ok(without_keys.with_source(source))
    }
}

/// Puts the provider of the SDK's configuration where no source is named.
fn with_keys_of(sdk: &SdkConfig, source: CredentialSource) -> Result<CredentialSource> {
    match source {
        CredentialSource::Default => match sdk.credentials_provider() {
            Some(provider) => Ok(CredentialSource::Provider(credentials::of_sdk(provider))),
            None => Err(Error::config(
                "the SdkConfig has no credentials provider; load it with aws_config, or name a source of credentials",
            )),
        },
        CredentialSource::AssumeRole(mut role) => {
            role.base = with_keys_of(sdk, role.base)?;
            Ok(CredentialSource::AssumeRole(role))
        }
        other => Ok(other),
    }
}

/// The SDK's limits; those that it leaves open are ours.
fn time_limits(sdk: &SdkConfig, config: &ProviderConfig) -> TimeoutConfig {
    let ours = timeouts(&config.timeouts);
    match sdk.timeout_config() {
        Some(theirs) => theirs
            .to_builder()
            .take_unset_from(ours.to_builder())
            .build(),
        None => ours,
    }
}

/// The endpoint that the SDK's clients would take for a service.
fn endpoint(sdk: &SdkConfig, config: &ProviderConfig, service: &str) -> Result<Option<String>> {
    if config.endpoint_url.is_some() {
        return Ok(config.endpoint_url.clone());
    }
    let of_all = sdk.endpoint_url().map(str::to_owned);
    let found = if sdk.get_origin("endpoint_url").is_client_config() {
        of_all
    } else {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env(ENDPOINT_VARIABLE)
            .profile("endpoint_url")
            .build()
            .expect("all of it is given");
        let of_service = sdk
            .service_config()
            .and_then(|settings| settings.load_config(key));
        of_service.or(of_all)
    };
    if let Some(url) = &found {
        config.clone().with_endpoint_url(url).check()?;
    }
    Ok(found)
}

#[cfg(test)]
#[cfg(feature = "compute")]
#[path = "sdk_config_tests.rs"]
mod tests;
