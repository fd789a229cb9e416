//! What a profile says of credentials, made into a source.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::profile::ProfileFileCredentialsProvider;
use cloudapi_core::{
    AssumeRole, CredentialSource, Credentials, Environment, Error, ProvideCredentials, Result,
};

use super::Sources;
use super::container::Container;
use super::sdk::FromSdk;
use super::sso;
use super::sts::{AssumedRole, WebIdentity};
use crate::profile::Profile;

impl Sources<'_> {
    /// Makes the source of the chosen profile; `None` without files.
    ///
    /// A role is taken on by our own calls to STS, which go where every other call goes; keys, processes and sessions are
    /// read by the SDK.
    pub(super) fn of_profile(&self) -> Result<Option<Arc<dyn ProvideCredentials>>> {
        if self.profile.files().is_none() {
            return Ok(None);
        }
        self.profile.warn_if_shared();
        // That it ends was checked with the profile.
        let mut roles = Vec::new();
        let mut name = self.profile.name().to_owned();
        let base = loop {
            let Some((role, from)) = self.role_of(&name)? else {
                break self.own(&name)?;
            };
            roles.push(role);
            match from {
                From::Itself => break self.own_keys(&name)?,
                From::Profile(next) => name = next,
                From::Environment => break self.of(&CredentialSource::Environment)?,
                From::Metadata => break self.of(&CredentialSource::InstanceRole)?,
                From::Container => match Container::from_environment(self.environment)? {
                    Some(source) => break Arc::new(source),
                    None => {
                        return Err(Error::config(format!(
                            "the profile {name} wants the container's key, and there is none: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set"
                        )));
                    }
                },
            }
        };
        let source = roles.into_iter().rev().try_fold(base, |base, role| {
            let assumed: Arc<dyn ProvideCredentials> =
                Arc::new(AssumedRole::new(&role, base, self.without_keys)?);
            Ok::<_, Error>(assumed)
        })?;
        Ok(Some(source))
    }

    /// The role that a profile stands for, and whose key takes it on. One with a token of its own is none of these.
    fn role_of(&self, name: &str) -> Result<Option<(AssumeRole, From)>> {
        let get = |key: &str| self.profile.setting(name, key);
        let Some(arn) = get("role_arn")? else {
            return Ok(None);
        };
        if get("web_identity_token_file")?.is_some() {
            return Ok(None);
        }
        if get("mfa_serial")?.is_some() {
            return Err(Error::config(format!(
                "the profile {name} wants a code of a device (mfa_serial), which can't be asked for here; get a key with `aws sts get-session-token`"
            )));
        }
        super::sts::check(&arn).map_err(|_| no_role(name))?;
        let mut role = AssumeRole::new(CredentialSource::Default, arn);
        role.session_name = get("role_session_name")?;
        role.external_id = get("external_id")?;
        if let Some(text) = get("duration_seconds")? {
            let seconds = text.parse().map_err(|_| {
                Error::config(format!(
                    "the profile {name} has a duration_seconds that is no number"
                ))
            })?;
            role.duration = Some(Duration::from_secs(seconds));
        }
        let from = match (get("source_profile")?, get("credential_source")?.as_deref()) {
            (Some(source), None) if source == name => From::Itself,
            (Some(source), None) => From::Profile(source),
            (None, None) => From::Itself,
            (None, Some("Environment")) => From::Environment,
            (None, Some("Ec2InstanceMetadata")) => From::Metadata,
            (None, Some("EcsContainer")) => From::Container,
            (None, Some(_)) => {
                return Err(Error::config(format!(
                    "the profile {name} has a credential_source that is none of Environment, Ec2InstanceMetadata, EcsContainer"
                )));
            }
            (Some(_), Some(_)) => {
                return Err(Error::config(format!(
                    "the profile {name} has both source_profile and credential_source"
                )));
            }
        };
        Ok(Some((role, from)))
    }

    /// The keys of a profile that takes on its role itself.
    fn own_keys(&self, name: &str) -> Result<Arc<dyn ProvideCredentials>> {
        if self.profile.setting(name, "aws_access_key_id")?.is_none() {
            return Err(Error::config(format!(
                "the profile {name} has a role_arn and neither source_profile, credential_source nor a key"
            )));
        }
        // The SDK would take on the role once more.
        self.keys_in_file(name)
    }

    fn keys_in_file(&self, name: &str) -> Result<Arc<dyn ProvideCredentials>> {
        let keys = KeysInFile {
            name: name.to_owned(),
            environment: self.environment.clone(),
        };
        keys.read()?;
        Ok(Arc::new(keys))
    }

    /// What a profile has itself: keys, a process, a session, a token that something vouches for.
    fn own(&self, name: &str) -> Result<Arc<dyn ProvideCredentials>> {
        let get = |key: &str| self.profile.setting(name, key);
        if let (Some(file), Some(role)) = (get("web_identity_token_file")?, get("role_arn")?) {
            super::sts::check(&role).map_err(|_| no_role(name))?;
            let session = get("role_session_name")?;
            let source = WebIdentity::new(&file, &role, session.as_deref(), self.without_keys)?;
            return Ok(Arc::new(source));
        }
        let mut origin = None;
        let mut has_keys_alone = get("aws_access_key_id")?.is_some();
        for key in [
            "credential_source",
            "sso_session",
            "sso_start_url",
            "login_session",
            "credential_process",
        ] {
            has_keys_alone &= get(key)?.is_none();
        }
        for (key, prefix) in [
            ("aws_access_key_id", ""),
            ("sso_session", "SSO session of "),
            ("sso_start_url", "SSO session of "),
            ("credential_process", "process of "),
        ] {
            if origin.is_none() && get(key)?.is_some() {
                origin = Some(format!("{prefix}{}", self.origin(name, key)));
            }
        }
        // The SDK reads a file once, and not at all behind a byte order mark.
        if has_keys_alone {
            return self.keys_in_file(name);
        }
        if get("sso_session")?.is_some() || get("sso_start_url")?.is_some() {
            sso::check(name)?;
        }
        if get("login_session")?.is_some() {
            return Err(Error::config(format!(
                "the profile {name} has a login_session, which can't be read here; use a profile with `credential_process = aws \
                 configure export-credentials --profile {name} --format process`"
            )));
        }
        let origin = origin.unwrap_or_else(|| self.origin(name, "region"));
        let files = self
            .profile
            .files()
            .ok_or_else(|| Error::config("there is no credentials file"))?;
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&self.sdk)
            .profile_files(files)
            .profile_name(name)
            .build();
        Ok(Arc::new(FromSdk::new(provider, "the profile", origin)))
    }

    fn origin(&self, name: &str, key: &str) -> String {
        origin(self.profile, name, key)
    }
}

fn origin(profile: &Profile, name: &str, key: &str) -> String {
    format!("profile {name} ({})", profile.file_of(name, key))
}

/// Hands out the keys that a profile has; the files are read each time, since a tool may have renewed them.
#[derive(Debug)]
struct KeysInFile {
    name: String,
    environment: Environment,
}

impl KeysInFile {
    fn read(&self) -> Result<Credentials> {
        let name = &self.name;
        let source = CredentialSource::Profile(name.clone());
        let profile = Profile::select(&self.environment, &source);
        profile.check_credentials()?;
        let get = |key: &str| profile.setting(name, key);
        let (id, secret) = (get("aws_access_key_id")?, get("aws_secret_access_key")?);
        let mut credentials = Credentials::new(id.unwrap_or_default(), secret.unwrap_or_default())
            .with_origin(origin(&profile, name, "aws_access_key_id"));
        if let Some(token) = get("aws_session_token")? {
            credentials = credentials.with_session_token(token);
        }
        credentials.check().map_err(|error| {
            let file = profile.file_of(name, "aws_access_key_id");
            Error::config(format!(
                "the profile {name} in {file} can't be used: {}",
                error.message()
            ))
        })?;
        Ok(credentials)
    }
}

#[async_trait]
impl ProvideCredentials for KeysInFile {
    async fn credentials(&self) -> Result<Credentials> {
        self.read()
    }
}

/// The error of a profile's role that can't be one, which is not quoted.
fn no_role(name: &str) -> Error {
    Error::config(format!(
        "the profile {name} has a role_arn that is no role of AWS; one is written arn:aws:iam::ACCOUNT:role/NAME"
    ))
}

/// Whose key takes on a role.
enum From {
    Itself,
    Profile(String),
    Environment,
    Metadata,
    Container,
}
