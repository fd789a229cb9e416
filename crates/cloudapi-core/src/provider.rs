//! A cloud as a whole: what hands out its services.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{CallerIdentity, Compute, Error, LoadBalancer, Network, Provider, Result};

/// One cloud in one region, from which each service's trait object comes. Built by a provider crate, or at run time by
/// `cloudapi::connect`.
#[async_trait]
pub trait CloudProvider: Send + Sync + fmt::Debug {
    /// Tells which cloud this is.
    fn provider(&self) -> Provider;

    /// Tells the region.
    fn region(&self) -> &str;

    /// Tells whose key is in use, where it came from and when it ends; never the secret. Rests on `GetCallerIdentity` of
    /// either cloud's STS, which any valid key may call.
    ///
    /// # Errors
    ///
    /// `Config` from the source of the key, `Unauthenticated` for one that the cloud refuses; `Unsupported` where a cloud has
    /// no such call.
    async fn caller_identity(&self) -> Result<CallerIdentity> {
        Err(
            Error::unsupported("this cloud does not tell whose key it is")
                .with_provider(self.provider()),
        )
    }

    /// Gives the operations on servers.
    ///
    /// # Errors
    ///
    /// `Unsupported` when this build lacks them; the message names the cargo feature.
    fn compute(&self) -> Result<Arc<dyn Compute>> {
        Err(not_built(self.provider(), "compute"))
    }

    /// Gives the operations on route tables.
    ///
    /// # Errors
    ///
    /// `Unsupported` when this build lacks them; the message names the cargo feature.
    fn network(&self) -> Result<Arc<dyn Network>> {
        Err(not_built(self.provider(), "network"))
    }

    /// Gives the operations on load balancers.
    ///
    /// # Errors
    ///
    /// `Unsupported` when this build lacks them; the message names the cargo feature.
    fn load_balancer(&self) -> Result<Arc<dyn LoadBalancer>> {
        Err(not_built(self.provider(), "load-balancer"))
    }

    /// Gives the operation on objects.
    ///
    /// # Errors
    ///
    /// `Unsupported` when this build lacks it; the message names the cargo feature.
    #[cfg(feature = "storage")]
    fn storage(&self) -> Result<Arc<dyn crate::Storage>> {
        Err(not_built(self.provider(), "storage"))
    }
}

/// Makes the error for a service that was not compiled in.
fn not_built(provider: Provider, family: &str) -> Error {
    Error::unsupported(format!(
        "this build has no {family} for {provider}; enable the cargo feature `{provider}-{family}`"
    ))
    .with_provider(provider)
}
