//! Tencent Cloud as a whole.

use async_trait::async_trait;
use cloudapi_core::{CallerIdentity, CloudProvider, Error, Provider, ProviderConfig, Result};

use crate::client::Client;
use crate::credentials;

/// Tencent Cloud in one region. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Tencent {
    client: Client,
    #[cfg(feature = "storage")]
    storage: crate::storage::Cos,
}

impl Tencent {
    /// Makes the connection ready. Nothing is sent: a wrong key shows at the first call.
    ///
    /// # Errors
    ///
    /// `Config` when the region or the credentials are missing or broken, or for an endpoint, proxy or certificate file
    /// that can't be used.
    #[expect(
        clippy::unused_async,
        reason = "the same signature as the other cloud's, whose sources are asked here"
    )]
    pub async fn connect(config: &ProviderConfig) -> Result<Self> {
        Self::new(config).map_err(|error| error.with_provider(Provider::Tencent))
    }

    fn new(config: &ProviderConfig) -> Result<Self> {
        if config.provider != Provider::Tencent {
            return Err(Error::config(format!(
                "the configuration is for {}",
                config.provider
            )));
        }
        config.check()?;
        let credentials = credentials::provider(config)?;
        let region = credentials::region(config)?;
        let client = Client::new(config, region, credentials)?;
        Ok(Self {
            #[cfg(feature = "storage")]
            storage: crate::storage::Cos::new(config, client.clone())?,
            client,
        })
    }

    /// Gives the client, for actions that the interface does not cover.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

#[async_trait]
impl CloudProvider for Tencent {
    fn provider(&self) -> Provider {
        Provider::Tencent
    }

    fn region(&self) -> &str {
        self.client.region()
    }

    async fn caller_identity(&self) -> Result<CallerIdentity> {
        credentials::sts::caller_identity(&self.client).await
    }

    #[cfg(feature = "compute")]
    fn compute(&self) -> Result<std::sync::Arc<dyn cloudapi_core::Compute>> {
        let compute = crate::compute::TencentCompute::new(self.client.clone());
        Ok(std::sync::Arc::new(compute))
    }

    #[cfg(feature = "network")]
    fn network(&self) -> Result<std::sync::Arc<dyn cloudapi_core::Network>> {
        let network = crate::network::Vpc::new(self.client.clone());
        Ok(std::sync::Arc::new(network))
    }

    #[cfg(feature = "load-balancer")]
    fn load_balancer(&self) -> Result<std::sync::Arc<dyn cloudapi_core::LoadBalancer>> {
        Ok(std::sync::Arc::new(
            crate::load_balancer::TencentLoadBalancer::new(self.client.clone()),
        ))
    }

    #[cfg(feature = "storage")]
    fn storage(&self) -> Result<std::sync::Arc<dyn cloudapi_core::Storage>> {
        Ok(std::sync::Arc::new(self.storage.clone()))
    }
}
