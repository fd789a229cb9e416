//! AWS as a whole: what hands out its services.

use std::fmt;
use std::sync::Arc;
#[cfg(any(
    feature = "compute",
    feature = "network",
    feature = "load-balancer",
    feature = "storage"
))]
use std::sync::OnceLock;

use async_trait::async_trait;
use aws_types::SdkConfig;
#[cfg(feature = "compute")]
use cloudapi_core::Compute;
#[cfg(feature = "load-balancer")]
use cloudapi_core::LoadBalancer;
#[cfg(feature = "network")]
use cloudapi_core::Network;
#[cfg(feature = "storage")]
use cloudapi_core::Storage;
use cloudapi_core::{CallerIdentity, CloudProvider, Provider, ProviderConfig, Result};

#[cfg(feature = "compute")]
use crate::compute::Ec2;
use crate::credentials;
#[cfg(feature = "load-balancer")]
use crate::load_balancer::Elb;
#[cfg(feature = "network")]
use crate::network::Vpc;
use crate::settings::Settings;
#[cfg(feature = "storage")]
use crate::storage::S3;

/// AWS in one region, with one set of credentials. Cheap to clone; clones share connections and cached credentials.
#[derive(Clone)]
pub struct Aws(Arc<Inner>);

struct Inner {
    settings: Settings,
    #[cfg(feature = "compute")]
    compute: OnceLock<Arc<dyn Compute>>,
    #[cfg(feature = "network")]
    network: OnceLock<Arc<dyn Network>>,
    #[cfg(feature = "load-balancer")]
    load_balancer: OnceLock<Arc<dyn LoadBalancer>>,
    #[cfg(feature = "storage")]
    storage: OnceLock<Arc<dyn Storage>>,
}

impl Aws {
    /// Settles region, credentials and endpoint. No call is made: a key is fetched and tried with the first operation.
    ///
    /// - Credentials: a key at hand; a named profile of `~/.aws/credentials` and `~/.aws/config`
    ///   (`AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE` move them), which goes before the environment; the
    ///   environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`); a provider of one's own; or the
    ///   SDK's chain: environment, profile (`AWS_PROFILE`, else `default`), web identity, container, instance role.
    /// - Region: as given, else `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's. The metadata service is never asked.
    /// - Endpoint: as given, else `AWS_ENDPOINT_URL_EC2` (`…_S3` and so on), `AWS_ENDPOINT_URL`, the profile's `services`
    ///   section or `endpoint_url`; `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true` ignores all but the first.
    /// - `AWS_REQUEST_CHECKSUM_CALCULATION=when_required` (or the profile's setting) leaves checksums out of what is sent
    ///   to S3, for services of its kind that know none.
    /// - `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` apply, to loopback addresses too. Certificates of
    ///   `AWS_CA_BUNDLE` are trusted beside the system's.
    ///
    /// # Errors
    ///
    /// `Config`: no region, half a key pair, a credentials file that is missing, malformed (with the line) or lacks the
    /// named profile, an endpoint that is no URL. `InvalidArgument` for the configuration of another cloud.
    pub async fn connect(config: &ProviderConfig) -> Result<Self> {
        let settings = Settings::load(config)
            .await
            .map_err(|error| error.with_provider(Provider::Aws))?;
        Ok(Self::new(settings))
    }

    /// Settles everything by a configuration of the AWS SDK that you bring. No call is made.
    ///
    /// - Region, endpoint (one for a service before one for all), credentials provider, HTTP client, time limits, app
    ///   name, dual stack and FIPS are those of `sdk`. What `config` names (`region`, `credentials`, `endpoint_url`) goes
    ///   before them; a role in it without a key of its own is taken on with the key of `sdk`. Time limits that `sdk` leaves
    ///   open are those of `config`.
    /// - Retries are [`ProviderConfig::retry`]'s alone, whatever `sdk` says, so that attempts never multiply; so is
    ///   `max_in_flight`.
    /// - Keys are held and renewed as with [`Aws::connect`]; the identity cache of `sdk` is not used.
    /// - Environment variables and files are read only for a source of credentials that `config` names, and for a proxy
    ///   and certificates where `sdk` has no HTTP client.
    ///
    /// ```no_run
    /// use aws_config::BehaviorVersion;
    /// use cloudapi_aws::Aws;
    /// use cloudapi_core::{CloudProvider, Provider, ProviderConfig};
    ///
    /// # async fn example() -> cloudapi_core::Result<()> {
    /// let sdk = aws_config::defaults(BehaviorVersion::latest())
    ///     .profile_name("ops")
    ///     .load()
    ///     .await;
    /// let aws = Aws::with_sdk_config(&sdk, &ProviderConfig::new(Provider::Aws))?;
    /// println!("{}", aws.caller_identity().await?.arn);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Config`: neither has a region, or a source of credentials; a CA bundle in `config` beside an HTTP client in `sdk`; a
    /// named source that is absent or broken. `InvalidArgument` for the configuration of another cloud.
    pub fn with_sdk_config(sdk: &SdkConfig, config: &ProviderConfig) -> Result<Self> {
        let settings = Settings::from_sdk_config(sdk, config)
            .map_err(|error| error.with_provider(Provider::Aws))?;
        Ok(Self::new(settings))
    }

    fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner {
            settings,
            #[cfg(feature = "compute")]
            compute: OnceLock::new(),
            #[cfg(feature = "network")]
            network: OnceLock::new(),
            #[cfg(feature = "load-balancer")]
            load_balancer: OnceLock::new(),
            #[cfg(feature = "storage")]
            storage: OnceLock::new(),
        }))
    }

    /// Gives the configuration for clients of the AWS SDK: for services that this interface does not cover, with the
    /// same credentials, region, connections and time limits. The SDK's retries are off in it.
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.0.settings.sdk
    }
}

#[async_trait]
impl CloudProvider for Aws {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn region(&self) -> &str {
        &self.0.settings.region
    }

    async fn caller_identity(&self) -> Result<CallerIdentity> {
        credentials::sts::caller_identity(&self.0.settings).await
    }

    #[cfg(feature = "compute")]
    fn compute(&self) -> Result<Arc<dyn Compute>> {
        let compute = self
            .0
            .compute
            .get_or_init(|| Arc::new(Ec2::new(&self.0.settings)));
        Ok(Arc::clone(compute))
    }

    #[cfg(feature = "network")]
    fn network(&self) -> Result<Arc<dyn Network>> {
        let network = self
            .0
            .network
            .get_or_init(|| Arc::new(Vpc::new(&self.0.settings)));
        Ok(Arc::clone(network))
    }

    #[cfg(feature = "load-balancer")]
    fn load_balancer(&self) -> Result<Arc<dyn LoadBalancer>> {
        let load_balancer = self
            .0
            .load_balancer
            .get_or_init(|| Arc::new(Elb::new(&self.0.settings)));
        Ok(Arc::clone(load_balancer))
    }

    #[cfg(feature = "storage")]
    fn storage(&self) -> Result<Arc<dyn Storage>> {
        let storage = self
            .0
            .storage
            .get_or_init(|| Arc::new(S3::new(&self.0.settings)));
        Ok(Arc::clone(storage))
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("region", &self.0.settings.region)
            .field("endpoint", &self.0.settings.endpoint)
            .field("retry", &self.0.settings.retry)
            .field("max_in_flight", &self.0.settings.max_in_flight)
            .finish_non_exhaustive()
    }
}
