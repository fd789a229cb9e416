//! The SDK's order: environment, profile, web identity, container, instance role.

use std::sync::Arc;

use async_trait::async_trait;
use cloudapi_core::credentials::{FindCredentials, FirstOf};
use cloudapi_core::{ChainLink, CredentialChain, Credentials, ProvideCredentials, Result};

use super::container::Container;
use super::{Sources, environment, fixed};
use crate::error::ADVICE;

impl Sources<'_> {
    /// Makes the source. Environment and files are looked at now, so that what is wrong with them is said before any call.
    pub(super) fn chain(&self, chain: &CredentialChain) -> Result<Arc<dyn ProvideCredentials>> {
        let mut places: Vec<Box<dyn FindCredentials>> = Vec::new();
        if chain.has(ChainLink::Environment) {
            if let Some(credentials) = environment::read(self.environment)? {
                return fixed(&credentials);
            }
            places.push(Box::new(Empty("the environment")));
        }
        if chain.has(ChainLink::Profile) {
            self.profile.check_credentials()?;
            if self.profile.has_credentials()?
                && let Some(source) = self.of_profile()?
            {
                return Ok(source);
            }
            places.push(Box::new(Empty("the profile")));
        }
        if chain.has(ChainLink::Oidc) {
            match self.of_web_identity()? {
                Some(source) => return Ok(Arc::new(source)),
                None => places.push(Box::new(Empty("AWS_WEB_IDENTITY_TOKEN_FILE"))),
            }
        }
        if chain.has(ChainLink::Container) {
            match Container::from_environment(self.environment)? {
                Some(source) => return Ok(Arc::new(source)),
                None => places.push(Box::new(Empty("the variables of a container"))),
            }
        }
        if chain.has(ChainLink::InstanceRole) && !self.metadata_is_off() {
            places.push(Box::new(self.of_metadata()?));
        }
        Ok(Arc::new(FirstOf::new(places, ADVICE)))
    }
}

/// A place that was looked into and has nothing.
#[derive(Debug)]
struct Empty(&'static str);

#[async_trait]
impl FindCredentials for Empty {
    fn place(&self) -> String {
        self.0.to_owned()
    }

    async fn find(&self) -> Result<Option<Credentials>> {
        Ok(None)
    }
}
