//! The vendor's order: environment, profile, CVM role, TKE OIDC.

use std::sync::Arc;

use async_trait::async_trait;
use cloudapi_core::credentials::{ChainLink, CredentialChain, FindCredentials, FirstOf};
use cloudapi_core::{Credentials, Environment, ProvideCredentials, ProviderConfig, Result};

use super::metadata::Metadata;
use super::profile::{self, AwsKeys, Lookup};
use super::sts::Oidc;
use super::{ADVICE, environment, role};

/// Makes the source. Environment and files are looked at now, so that what is wrong with them is said before any call.
///
/// # Errors
///
/// `Config` for what is there and broken, and when nothing is left to ask.
pub(super) fn provider(
    chain: &CredentialChain,
    config: &ProviderConfig,
) -> Result<Arc<dyn ProvideCredentials>> {
    let mut places: Vec<Box<dyn FindCredentials>> = Vec::new();
    if chain.has(ChainLink::Environment) {
        if environment::is_set(&config.environment) {
            return environment::source(config);
        }
        places.push(Box::new(Empty("the environment")));
    }
    if chain.has(ChainLink::Profile) {
        match profile_of(chain, &config.environment) {
            Profile::Named(name) => return role::of_profile(&name, config, AwsKeys::Accepted),
            Profile::Usual if has_usual_profile(config)? => {
                return role::of_profile(USUAL_PROFILE, config, AwsKeys::Ignored);
            }
            Profile::Usual => places.push(Box::new(Empty("the profile default"))),
        }
    }
    let mut left = 0;
    if chain.has(ChainLink::InstanceRole) {
        places.push(Box::new(Metadata::new(&config.environment)?));
        left += 1;
    }
    if chain.has(ChainLink::Oidc) {
        match Oidc::from_environment(config)? {
            Some(oidc) => {
                places.push(Box::new(oidc));
                left += 1;
            }
            None => places.push(Box::new(Empty("the variables of a TKE cluster (TKE_…)"))),
        }
    }
    let all = FirstOf::new(places, ADVICE);
    if left == 0 {
        return Err(all.nothing());
    }
    Ok(Arc::new(all))
}

const USUAL_PROFILE: &str = "default";

/// The profile that a chain looks for.
pub(super) enum Profile {
    /// It was asked for, by the caller or `AWS_PROFILE`, and must be there.
    Named(String),
    /// The one that need not be there.
    Usual,
}

/// Gives the profile that a chain looks for.
pub(super) fn profile_of(chain: &CredentialChain, environment: &Environment) -> Profile {
    let named = chain.profile().map(str::to_owned);
    match named.or_else(|| environment.var("AWS_PROFILE")) {
        Some(name) => Profile::Named(name),
        None => Profile::Usual,
    }
}

/// Gives the profile whose region applies; `None` when the key is not a profile's.
pub(super) fn profile_with_region(
    chain: &CredentialChain,
    environment: &Environment,
) -> Option<String> {
    if !chain.has(ChainLink::Profile)
        || chain.has(ChainLink::Environment) && environment::is_set(environment)
    {
        return None;
    }
    Some(match profile_of(chain, environment) {
        Profile::Named(name) => name,
        Profile::Usual => USUAL_PROFILE.to_owned(),
    })
}

/// Whether the profile `default` has anything for this cloud. Its `aws_…` keys don't count: nobody said they are meant.
fn has_usual_profile(config: &ProviderConfig) -> Result<bool> {
    let found = profile::look_up(USUAL_PROFILE, &config.environment, AwsKeys::Ignored)?;
    Ok(matches!(found, Lookup::Found(..)) || role::is_one(USUAL_PROFILE, config)?)
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
