//! Keys of roles, from the security token service; and whose key one is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use aws_sdk_sts::Client;
use aws_sdk_sts::types::Credentials as StsCredentials;
use cloudapi_core::credentials::file;
use cloudapi_core::{
    AssumeRole, CallerIdentity, Credentials, Error, ErrorKind, Operation, ProvideCredentials,
    Provider, Result,
};

use crate::calls::{Call, Calls};
use crate::error::incomplete;
use crate::settings::Settings;
use crate::whole::WholeAnswers;

/// STS with one key, or none.
struct Sts {
    client: Client,
    calls: Calls,
}

impl Sts {
    fn new(settings: &Settings) -> Self {
        let config = aws_sdk_sts::config::Builder::from(&settings.sdk).interceptor(WholeAnswers);
        Self {
            client: Client::from_conf(config.build()),
            calls: Calls::new("STS", "sts", settings),
        }
    }
}

/// A role that another key takes on.
pub(super) struct AssumedRole {
    role: AssumeRole,
    seconds: Option<i32>,
    settings: Settings,
    sts: Sts,
}

impl AssumedRole {
    /// Makes the source; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// `Config` for what is no role.
    pub(super) fn new(
        role: &AssumeRole,
        base: Arc<dyn ProvideCredentials>,
        without_keys: &Settings,
    ) -> Result<Self> {
        check(&role.role_arn)?;
        let seconds = role
            .duration
            .map(|duration| i32::try_from(duration.as_secs()));
        let seconds = seconds.transpose().map_err(|_| {
            Error::config(format!(
                "the role {} is wanted for longer than a role's key can last",
                role.role_arn
            ))
        })?;
        let settings = without_keys.with_source(base);
        Ok(Self {
            role: role.clone(),
            seconds,
            sts: Sts::new(&settings),
            settings,
        })
    }
}

/// Checks the form of a role's name.
///
/// # Errors
///
/// `Config`, quoting it.
pub(super) fn check(arn: &str) -> Result<()> {
    if arn.starts_with("arn:") && arn.contains(":role/") && !arn.chars().any(char::is_whitespace) {
        return Ok(());
    }
    Err(Error::config(format!(
        "{arn:?} is no role of AWS; one is written arn:aws:iam::ACCOUNT:role/NAME"
    )))
}

#[async_trait]
impl ProvideCredentials for AssumedRole {
    async fn credentials(&self) -> Result<Credentials> {
        let role = &self.role;
        let send = || {
            self.sts
                .client
                .assume_role()
                .role_arn(&role.role_arn)
                .role_session_name(role.session_name())
                .set_external_id(role.external_id.clone())
                .set_duration_seconds(self.seconds)
                .send()
        };
        let answer = self
            .sts
            .calls
            .call_aside("AssumeRole", send, |answer| complete(answer.credentials()))
            .await
            .map_err(|error| not_assumed(error, &role.role_arn))?;
        let base = self.settings.credentials.held();
        let base = base.as_ref().and_then(Credentials::origin);
        let base = base.unwrap_or("explicit key");
        let origin = format!("assumed role {}, from {base}", role.role_arn);
        ours(answer.credentials(), origin)
    }
}

impl std::fmt::Debug for AssumedRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssumedRole")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

fn complete(credentials: Option<&StsCredentials>) -> Result<()> {
    match credentials {
        Some(_) => Ok(()),
        None => Err(incomplete("there is no key in it")),
    }
}

fn ours(theirs: Option<&StsCredentials>, origin: String) -> Result<Credentials> {
    let theirs = theirs.ok_or_else(|| incomplete("there is no key in it"))?;
    let credentials = Credentials::new(theirs.access_key_id(), theirs.secret_access_key())
        .with_session_token(theirs.session_token())
        .with_origin(origin);
    Ok(match SystemTime::try_from(*theirs.expiration()) {
        Ok(end) => credentials.with_expires_at(end),
        Err(_) => credentials,
    })
}

fn not_assumed(error: Error, arn: &str) -> Error {
    if error.kind() == ErrorKind::Config && error.code().is_none() {
        return error;
    }
    // The role is a setting: that it can't be right is not the operation's InvalidArgument.
    let kind = match error.kind() {
        ErrorKind::NotFound | ErrorKind::InvalidArgument => ErrorKind::Config,
        kind => kind,
    };
    let message = format!("the role {arn} can't be assumed: {}", error.message());
    let retryable = error.is_retryable();
    error
        .with_kind(kind)
        .with_retryable(retryable)
        .with_message(message)
}

/// A role for a token that something else vouches for.
pub(super) struct WebIdentity {
    token_file: PathBuf,
    role_arn: String,
    session_name: String,
    sts: Sts,
}

impl WebIdentity {
    /// Makes the source; the file is read with each call, since its writer replaces it from time to time.
    ///
    /// # Errors
    ///
    /// `Config` for what is no role.
    pub(super) fn new(
        token_file: &str,
        role_arn: &str,
        session_name: Option<&str>,
        without_keys: &Settings,
    ) -> Result<Self> {
        check(role_arn)?;
        Ok(Self {
            token_file: PathBuf::from(token_file),
            role_arn: role_arn.to_owned(),
            session_name: session_name.unwrap_or("cloudapi").to_owned(),
            sts: Sts::new(without_keys),
        })
    }
}

#[async_trait]
impl ProvideCredentials for WebIdentity {
    async fn credentials(&self) -> Result<Credentials> {
        let file = self.token_file.display();
        let token = file::read_text(&self.token_file)?.ok_or_else(|| {
            Error::config(format!(
                "the file {file} with the token for the role {} does not exist",
                self.role_arn
            ))
        })?;
        let send = || {
            self.sts
                .client
                .assume_role_with_web_identity()
                .role_arn(&self.role_arn)
                .role_session_name(&self.session_name)
                .web_identity_token(token.trim())
                .send()
        };
        let answer = self
            .sts
            .calls
            .call_aside("AssumeRoleWithWebIdentity", send, |answer| {
                complete(answer.credentials())
            })
            .await
            .map_err(|error| not_assumed(error, &self.role_arn))?;
        let origin = format!("assumed role {}, from the OIDC token {file}", self.role_arn);
        ours(answer.credentials(), origin)
    }
}

impl std::fmt::Debug for WebIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebIdentity")
            .field("role_arn", &self.role_arn)
            .field("token_file", &self.token_file)
            .finish_non_exhaustive()
    }
}

/// Asks whose key the calls are signed with.
///
/// # Errors
///
/// The source's of the key, and the cloud's.
pub(crate) async fn caller_identity(settings: &Settings) -> Result<CallerIdentity> {
    let sts = Sts::new(settings);
    let call = Call {
        operation: Operation::CallerIdentity,
        action: "GetCallerIdentity",
        deadline: sts.calls.retry().start(),
    };
    let send = || sts.client.get_caller_identity().send();
    let answer = sts
        .calls
        .call(call, send, |answer| match answer.account() {
            Some(_) => Ok(()),
            None => Err(incomplete("there is no account in it")),
        })
        .await?
        .value;
    // The one that was just sent, unless another call has renewed it meanwhile.
    let credentials = match settings.credentials.held() {
        Some(held) => held,
        None => settings.credentials.credentials().await.map_err(|error| {
            error
                .with_provider(Provider::Aws)
                .with_operation(Operation::CallerIdentity)
        })?,
    };
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(CallerIdentity::new(
        Provider::Aws,
        text(answer.account()),
        text(answer.user_id()),
        text(answer.arn()),
        &credentials,
    ))
}
