//! Where the key comes from.
//!
//! The SDK's own chain is not taken as it is: it takes a missing profile for an absent one, and half a key pair for none,
//! and can't be given an environment. Its parts are put together here.

mod chain;
mod container;
mod environment;
mod profile;
mod sdk;
#[cfg(feature = "sso")]
mod sso;
#[cfg(not(feature = "sso"))]
#[path = "sso_not_built.rs"]
mod sso;
pub(crate) mod sts;

use std::sync::Arc;

use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig as SdkProviderConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use cloudapi_core::{
    CredentialChain, CredentialSource, Credentials, Environment, Error, ProvideCredentials,
    ProviderConfig, Result,
};
pub(crate) use sdk::for_sdk;

use self::sdk::FromSdk;
use self::sts::{AssumedRole, WebIdentity};
use crate::error::ADVICE;
use crate::http;
use crate::profile::Profile;
use crate::settings::Settings;

/// Checks what is in files, before anything else is looked at.
///
/// # Errors
///
/// `Config` for a named profile that is missing or says nothing of credentials.
pub(crate) fn check(config: &ProviderConfig, profile: &Profile) -> Result<()> {
    fn is_named(source: &CredentialSource) -> bool {
        match source {
            CredentialSource::Profile(_) => true,
            CredentialSource::AssumeRole(role) => is_named(&role.base),
            _ => false,
        }
    }
    if is_named(&config.credentials) {
        profile.check_credentials()?;
    }
    Ok(())
}

/// Makes the source that the configuration names. What can be read at once is read.
///
/// # Errors
///
/// `Config` for a source that is absent or broken.
pub(crate) fn provider(
    config: &ProviderConfig,
    profile: &Profile,
    http: &SharedHttpClient,
    without_keys: &Settings,
) -> Result<Arc<dyn ProvideCredentials>> {
    let sources = Sources {
        environment: &config.environment,
        profile,
        sdk: sdk_config(&without_keys.region, http),
        nearby: sdk_config(&without_keys.region, &http::direct()?),
        without_keys,
    };
    sources.of(&config.credentials)
}

/// What sources are made from.
struct Sources<'a> {
    environment: &'a Environment,
    profile: &'a Profile,
    sdk: SdkProviderConfig,
    /// For what is on this machine or next to it, where no proxy leads.
    nearby: SdkProviderConfig,
    without_keys: &'a Settings,
}

impl Sources<'_> {
    fn of(&self, source: &CredentialSource) -> Result<Arc<dyn ProvideCredentials>> {
        match source {
            CredentialSource::Static(credentials) => fixed(credentials),
            CredentialSource::Provider(provider) => Ok(Arc::clone(provider)),
            CredentialSource::Environment => self.of_environment(),
            CredentialSource::Profile(_) => {
                self.profile.check_credentials()?;
                match self.of_profile()? {
                    Some(source) => Ok(source),
                    // The check fails without files.
                    None => Err(Error::config("there is no credentials file")),
                }
            }
            CredentialSource::InstanceRole => Ok(Arc::new(self.of_metadata()?)),
            CredentialSource::Oidc => match self.of_web_identity()? {
                Some(source) => Ok(Arc::new(source)),
                None => Err(Error::config(
                    "OIDC was named as the source of the credentials, and AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set",
                )),
            },
            CredentialSource::Default => self.chain(&CredentialChain::new()),
            CredentialSource::Chain(chain) => self.chain(chain),
            CredentialSource::AssumeRole(role) => {
                let base = self.of(&role.base)?;
                Ok(Arc::new(AssumedRole::new(role, base, self.without_keys)?))
            }
            other => Err(Error::unsupported(format!(
                "credentials from {other:?} are not known to this version of the AWS provider"
            ))),
        }
    }

    fn of_environment(&self) -> Result<Arc<dyn ProvideCredentials>> {
        match environment::read(self.environment)? {
            Some(credentials) => fixed(&credentials),
            None => Err(Error::config(
                "the environment was named as the source of the credentials, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
            )),
        }
    }

    fn of_web_identity(&self) -> Result<Option<WebIdentity>> {
        let Some(file) = self.environment.var("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            return Ok(None);
        };
        let role = self.environment.var("AWS_ROLE_ARN").ok_or_else(|| {
            Error::config(
                "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN, the role to take on",
            )
        })?;
        let session = self.environment.var("AWS_ROLE_SESSION_NAME");
        WebIdentity::new(&file, &role, session.as_deref(), self.without_keys).map(Some)
    }

    fn metadata_is_off(&self) -> bool {
        self.environment
            .var("AWS_EC2_METADATA_DISABLED")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn of_metadata(&self) -> Result<FromSdk> {
        if self.metadata_is_off() {
            return Err(Error::config(format!(
                "the role of this machine was named as the source of the credentials, and AWS_EC2_METADATA_DISABLED is set; {ADVICE}"
            )));
        }
        Ok(FromSdk::new(
            self.metadata()?,
            "the metadata service",
            "instance role",
        ))
    }

    fn metadata(&self) -> Result<ImdsCredentialsProvider> {
        let mut client = imds::Client::builder().configure(&self.nearby);
        let endpoint = self.environment.var("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        // The SDK looks for the endpoint in the process's environment unless it is told.
        let endpoint = endpoint.or_else(|| {
            (!self.environment.is_process()).then(|| {
                let ipv6 = self
                    .environment
                    .var("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
                    .is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"));
                if ipv6 {
                    "http://[fd00:ec2::254]"
                } else {
                    "http://169.254.169.254"
                }
                .to_owned()
            })
        });
        if let Some(endpoint) = endpoint {
            client = client.endpoint(&endpoint).map_err(|_| {
                Error::config(format!(
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT is {endpoint:?}, which is no URL"
                ))
            })?;
        }
        Ok(ImdsCredentialsProvider::builder()
            .configure(&self.nearby)
            .imds_client(client.build())
            .build())
    }
}

/// Makes a source of a provider of the SDK's.
pub(crate) fn of_sdk(provider: SharedCredentialsProvider) -> Arc<dyn ProvideCredentials> {
    Arc::new(FromSdk::new(
        provider,
        "the credentials provider of the SdkConfig",
        "SDK configuration",
    ))
}

fn fixed(credentials: &Credentials) -> Result<Arc<dyn ProvideCredentials>> {
    credentials.check()?;
    Ok(Arc::new(credentials.clone()))
}

/// What the sources that make calls of their own are configured with. They retry by themselves: their calls are none of
/// the operation's attempts.
fn sdk_config(region: &str, http: &SharedHttpClient) -> SdkProviderConfig {
    SdkProviderConfig::without_region()
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_region(Some(Region::new(region.to_owned())))
        .with_http_client(http.clone())
        .with_retry_config(RetryConfig::standard())
}

#[cfg(test)]
#[cfg(feature = "compute")]
mod stand_in;
#[cfg(test)]
#[cfg(feature = "compute")]
mod tests;
