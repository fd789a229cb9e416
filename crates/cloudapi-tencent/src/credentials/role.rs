//! Profiles that stand for a role: what they name, and whose key takes it on.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cloudapi_core::credentials::file;
use cloudapi_core::credentials::ini::{Ini, Section};
use cloudapi_core::{Error, ProvideCredentials, ProviderConfig, Result};

use super::metadata::Metadata;
use super::profile::{self, AwsKeys, ProfileCredentials};
use super::sts::{AssumedRole, Role};
use super::{environment, tccli};

/// How many profiles may lead to one another.
const LONGEST_CHAIN: usize = 16;

/// Makes the source of a profile: its keys, or the role that it stands for.
///
/// # Errors
///
/// `Config` for a profile that is missing or broken, or leads to itself.
pub(super) fn of_profile(
    name: &str,
    config: &ProviderConfig,
    aws_keys: AwsKeys,
) -> Result<Arc<dyn ProvideCredentials>> {
    let mut roles = Vec::new();
    let mut next = name.to_owned();
    profile::check_name(name)?;
    let base = loop {
        if roles.len() > LONGEST_CHAIN {
            return Err(Error::config(format!(
                "the profile {name:?} leads through its source_profile in a circle"
            )));
        }
        let Some((role, from)) = role_of(&next, config)? else {
            break keys(&next, config, aws_keys)?;
        };
        roles.push(role);
        match from {
            From::Profile(source) if source != next => {
                // What stands in a file is not quoted.
                profile::check_name(&source).map_err(|_| {
                    Error::config(format!(
                        "the profile {next:?} has a source_profile that is no profile's name"
                    ))
                })?;
                next = source;
            }
            From::Profile(_) => break keys(&next, config, aws_keys)?,
            From::Environment => break environment::source(config)?,
            From::InstanceRole => break Arc::new(Metadata::new(&config.environment)?),
        }
    };
    roles.into_iter().rev().try_fold(base, |base, role| {
        let assumed: Arc<dyn ProvideCredentials> = Arc::new(AssumedRole::new(role, base, config)?);
        Ok(assumed)
    })
}

/// Whether a profile stands for a role, or for that of the machine.
pub(super) fn is_one(name: &str, config: &ProviderConfig) -> Result<bool> {
    Ok(role_of(name, config)?.is_some() || tccli::is_instance_role(name, &config.environment)?)
}

/// Whose key takes on a role.
enum From {
    Profile(String),
    Environment,
    InstanceRole,
}

/// A profile's own keys; whether there are any is seen at once.
fn keys(
    name: &str,
    config: &ProviderConfig,
    aws_keys: AwsKeys,
) -> Result<Arc<dyn ProvideCredentials>> {
    if tccli::is_instance_role(name, &config.environment)? {
        return Ok(Arc::new(Metadata::new(&config.environment)?));
    }
    let source = ProfileCredentials {
        name: name.to_owned(),
        environment: config.environment.clone(),
        aws_keys,
    };
    source.at(SystemTime::now())?;
    Ok(Arc::new(source))
}

/// The role that a profile stands for: in `~/.aws/credentials` or `~/.aws/config` by `role_arn`, or in tccli's file. A
/// `role_arn` of AWS is none of this cloud's.
fn role_of(name: &str, config: &ProviderConfig) -> Result<Option<(Role, From)>> {
    let environment = &config.environment;
    let read = |path: Option<std::path::PathBuf>| -> Result<Option<Ini>> {
        Ok(path
            .map(|path| file::read_ini(&path))
            .transpose()?
            .flatten())
    };
    let credentials = read(file::aws_credentials_path(environment))?;
    let settings = read(file::aws_config_path(environment))?;
    let sections = [
        credentials.as_ref().and_then(|ini| ini.section(name)),
        settings.as_ref().and_then(|ini| {
            let long = ini.section(&format!("profile {name}"));
            long.or_else(|| ini.section(name).filter(|_| name == "default"))
        }),
    ];
    let get = |key: &str| {
        let mut found = sections
            .iter()
            .flatten()
            .filter_map(|section: &&Section| section.get(key));
        found.next().map(|value| value.expose().to_owned())
    };
    let arn = get("role_arn").filter(|arn| !arn.starts_with("arn:"));
    let Some(arn) = arn else {
        return tccli_role(name, config);
    };
    let mut role = Role::new(arn, get("role_session_name"));
    role.check().map_err(|_| no_role(name))?;
    role.external_id = get("external_id");
    role.duration = match get("duration_seconds") {
        None => None,
        Some(text) => Some(Duration::from_secs(text.parse().map_err(|_| {
            Error::config(format!(
                "the profile {name:?} has a duration_seconds that is no number"
            ))
        })?)),
    };
    let from = match (get("source_profile"), get("credential_source").as_deref()) {
        (Some(source), None) => From::Profile(source),
        (None, None) => From::Profile(name.to_owned()),
        (None, Some("Environment")) => From::Environment,
        (None, Some("CvmRole" | "Ec2InstanceMetadata")) => From::InstanceRole,
        (None, Some(_)) => {
            return Err(Error::config(format!(
                "the profile {name:?} has a credential_source that is neither Environment nor CvmRole"
            )));
        }
        (Some(_), Some(_)) => {
            return Err(Error::config(format!(
                "the profile {name:?} has both source_profile and credential_source"
            )));
        }
    };
    Ok(Some((role, from)))
}

fn tccli_role(name: &str, config: &ProviderConfig) -> Result<Option<(Role, From)>> {
    let Some((arn, session)) = tccli::role(name, &config.environment)? else {
        return Ok(None);
    };
    let role = Role::new(arn, session);
    role.check().map_err(|_| no_role(name))?;
    Ok(Some((role, From::Profile(name.to_owned()))))
}

/// The error of a profile's role that can't be one, which is not quoted.
fn no_role(name: &str) -> Error {
    Error::config(format!(
        "the profile {name:?} stands for a role that is none of Tencent Cloud; one is written qcs::cam::uin/ACCOUNT:roleName/NAME"
    ))
}
