//! Where the key comes from, and the region with it.
//!
//! Each source is one [`ProvideCredentials`]; the function `provider` is the only place that chooses among them.

mod chain;
mod environment;
mod metadata;
mod profile;
mod region;
mod role;
pub(crate) mod sts;
mod tccli;

use std::sync::Arc;

use cloudapi_core::{
    CredentialSource, Credentials, Error, ProvideCredentials, ProviderConfig, Result,
};

use self::metadata::Metadata;
use self::profile::AwsKeys;
pub(crate) use self::region::region;
use self::sts::{AssumedRole, Oidc, Role};

/// What to do without a key.
const ADVICE: &str = "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, name a profile with --profile, or write a \
     profile `default` into ~/.tencentcloud/credentials or, with tencentcloud_secret_id and tencentcloud_secret_key, into \
     ~/.aws/credentials";

/// Gives what hands out the keys of a source. What can be read at once is read: no source named, or one that is absent or
/// broken, is seen before any call.
///
/// # Errors
///
/// `Config`: no source named, or the named one is absent or broken.
pub(crate) fn provider(config: &ProviderConfig) -> Result<Arc<dyn ProvideCredentials>> {
    of(&config.credentials, config)
}

fn of(source: &CredentialSource, config: &ProviderConfig) -> Result<Arc<dyn ProvideCredentials>> {
    match source {
        CredentialSource::Static(credentials) => fixed(credentials),
        CredentialSource::Environment => environment::source(config),
        CredentialSource::Profile(name) => role::of_profile(name, config, AwsKeys::Accepted),
        CredentialSource::InstanceRole => Ok(Arc::new(Metadata::new(&config.environment)?)),
        CredentialSource::Oidc => match Oidc::from_environment(config)? {
            Some(oidc) => Ok(Arc::new(oidc)),
            None => Err(Oidc::absent()),
        },
        CredentialSource::Chain(chain) => chain::provider(chain, config),
        CredentialSource::AssumeRole(assume) => {
            let mut role = Role::new(&assume.role_arn, Some(assume.session_name().to_owned()));
            role.external_id.clone_from(&assume.external_id);
            role.duration = assume.duration;
            let base = of(&assume.base, config)?;
            Ok(Arc::new(AssumedRole::new(role, base, config)?))
        }
        CredentialSource::Provider(provider) => Ok(Arc::clone(provider)),
        _ => Err(Error::config(
            "no credentials are named for Tencent Cloud; give a key (Credentials::new), a profile \
             (CredentialSource::Profile, --profile), the environment (CredentialSource::Environment with \
             TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY), the role of this CVM (CredentialSource::InstanceRole), \
             the OIDC role of a TKE cluster (CredentialSource::Oidc), all of these in turn (CredentialSource::Chain), or a \
             provider of your own",
        )),
    }
}

fn fixed(credentials: &Credentials) -> Result<Arc<dyn ProvideCredentials>> {
    credentials.check()?;
    Ok(Arc::new(credentials.clone()))
}

#[cfg(test)]
mod tests {
    use cloudapi_core::{Environment, ErrorKind, Provider};

    use super::*;

    fn refused(source: CredentialSource, environment: Environment) -> Error {
        let config = ProviderConfig::new(Provider::Tencent)
            .with_environment(environment)
            .with_credentials(source);
        let error = provider(&config).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error
    }

    #[test]
    fn no_source_names_the_ways_out() {
        let environment = Environment::fixed([("TENCENTCLOUD_SECRET_ID", "AKIDEXAMPLE")]);
        let error = refused(CredentialSource::Default, environment);
        for way in ["Credentials::new", "--profile", "TENCENTCLOUD_SECRET_ID"] {
            assert!(error.message().contains(way), "{error}");
        }
    }

    #[test]
    fn a_key_at_hand_is_checked_at_once() {
        let source = CredentialSource::from(Credentials::new("AKIDEXAMPLE", " hunter2"));
        let error = refused(source, Environment::process());
        assert!(!error.to_string().contains("hunter2"));
    }
}
