//! A cloud as a whole: what hands out its services.

use std::fmt;
use std::sync::Arc;

use crate::{Compute, Error, Provider, Result};

/// One cloud in one region, from which each service's trait object comes. Built by a provider crate, or at run time by
/// `cloudapi::connect`.
pub trait CloudProvider: Send + Sync + fmt::Debug {
    /// Tells which cloud this is.
    fn provider(&self) -> Provider;

    /// Tells the region.
    fn region(&self) -> &str;

    /// Gives the operations on servers.
    ///
    /// # Errors
    ///
    /// `Unsupported` when this build lacks them; the message names the cargo feature.
    fn compute(&self) -> Result<Arc<dyn Compute>> {
        Err(not_built(self.provider(), "compute"))
    }
}

/// Makes the error for a service that was not compiled in.
fn not_built(provider: Provider, family: &str) -> Error {
    Error::unsupported(format!(
        "this build has no {family} for {provider}; enable the cargo feature `{provider}-{family}`"
    ))
    .with_provider(provider)
}
