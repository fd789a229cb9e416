//! Keys of roles, from the cloud's security token service; and whose key one is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use cloudapi_core::credentials::{FindCredentials, file};
use cloudapi_core::{
    CallerIdentity, Credentials, Environment, Error, ErrorKind, Operation, ProvideCredentials,
    Provider, ProviderConfig, Result,
};
use serde::{Deserialize, Serialize};

use crate::client::{Action, Client};
use crate::error;

const VERSION: &str = "2018-08-13";
/// Asking twice for a role's key is harmless.
const ASSUME_ROLE: Action = Action::read("sts", VERSION, "AssumeRole");
const ASSUME_ROLE_WITH_WEB_IDENTITY: Action =
    Action::read("sts", VERSION, "AssumeRoleWithWebIdentity");
const GET_CALLER_IDENTITY: Action = Action::read("sts", VERSION, "GetCallerIdentity");

/// A region to call when none is known: the service is the same in every one.
const ANY_REGION: &str = "ap-guangzhou";

/// A role and how it is taken on.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: String,
    pub(super) external_id: Option<String>,
    pub(super) duration: Option<Duration>,
}

impl Role {
    pub(super) fn new(arn: impl Into<String>, session_name: Option<String>) -> Self {
        Self {
            arn: arn.into(),
            session_name: session_name.unwrap_or_else(|| "cloudapi".to_owned()),
            external_id: None,
            duration: None,
        }
    }

    fn seconds(&self) -> Option<u64> {
        self.duration.map(|duration| duration.as_secs())
    }

    /// Checks what the cloud would refuse, before anything is sent.
    pub(super) fn check(&self) -> Result<()> {
        if self.arn.starts_with("qcs::cam::") && !self.arn.chars().any(char::is_whitespace) {
            return Ok(());
        }
        Err(Error::config(format!(
            "{:?} is no role of Tencent Cloud; one is written qcs::cam::uin/ACCOUNT:roleName/NAME",
            self.arn
        )))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Session {
    // A refusal has no key.
    credentials: Option<SessionKey>,
    expired_time: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SessionKey {
    token: String,
    tmp_secret_id: String,
    tmp_secret_key: String,
}

impl Session {
    fn into_credentials(self, origin: String) -> Result<Credentials> {
        let Some(SessionKey {
            token,
            tmp_secret_id,
            tmp_secret_key,
        }) = self.credentials
        else {
            return Err(error::unreadable(200, "there is no key in it"));
        };
        let mut credentials = Credentials::new(tmp_secret_id, tmp_secret_key)
            .with_session_token(token)
            .with_origin(origin);
        if let Some(end) = self.expired_time {
            credentials =
                credentials.with_expires_at(UNIX_EPOCH + Duration::from_secs(end.min(1 << 40)));
        }
        credentials.check()?;
        Ok(credentials)
    }
}

/// A role that another key takes on.
#[derive(Debug)]
pub(super) struct AssumedRole {
    role: Role,
    client: Client,
}

impl AssumedRole {
    /// Makes the source; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// `Config` for what is no role, or settings that no client can be made from.
    pub(super) fn new(
        role: Role,
        base: Arc<dyn ProvideCredentials>,
        config: &ProviderConfig,
    ) -> Result<Self> {
        role.check()?;
        let client = Client::new(config, region(config), base)?;
        Ok(Self { role, client })
    }
}

#[async_trait]
impl ProvideCredentials for AssumedRole {
    async fn credentials(&self) -> Result<Credentials> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Request<'a> {
            role_arn: &'a str,
            role_session_name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            duration_seconds: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            external_id: Option<&'a str>,
        }
        let role = &self.role;
        let request = Request {
            role_arn: &role.arn,
            role_session_name: &role.session_name,
            duration_seconds: role.seconds(),
            external_id: role.external_id.as_deref(),
        };
        let answer = self
            .client
            .call::<_, Session>(&ASSUME_ROLE, &request, self.client.start())
            .await
            .map_err(|error| not_assumed(error, &role.arn))?;
        let base = self.client.credentials().held();
        let base = base.as_ref().and_then(Credentials::origin);
        let base = base.unwrap_or("explicit key");
        answer
            .response
            .into_credentials(format!("assumed role {}, from {base}", role.arn))
    }
}

fn not_assumed(error: Error, arn: &str) -> Error {
    if error.kind() == ErrorKind::Config && error.code().is_none() {
        return error;
    }
    // The role is a setting: that it does not exist is not the operation's NotFound.
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

fn region(config: &ProviderConfig) -> String {
    super::region(config).unwrap_or_else(|_| ANY_REGION.to_owned())
}

/// A role for the token that a TKE cluster gives its pods.
#[derive(Debug)]
pub(super) struct Oidc {
    provider_id: String,
    token_file: PathBuf,
    role: Role,
    client: Client,
}

const OIDC_VARIABLES: [&str; 4] = [
    "TKE_REGION",
    "TKE_PROVIDER_ID",
    "TKE_WEB_IDENTITY_TOKEN_FILE",
    "TKE_ROLE_ARN",
];

impl Oidc {
    /// Reads the variables that a cluster sets; `None` if none of them is set.
    ///
    /// # Errors
    ///
    /// `Config` when some of them are missing, or for settings that no client can be made from.
    pub(super) fn from_environment(config: &ProviderConfig) -> Result<Option<Self>> {
        let environment = &config.environment;
        let values = OIDC_VARIABLES.map(|name| environment.var(name));
        let missing: Vec<_> = OIDC_VARIABLES
            .into_iter()
            .zip(&values)
            .filter_map(|(name, value)| value.is_none().then_some(name))
            .collect();
        let [Some(region), Some(provider_id), Some(token_file), Some(arn)] = values else {
            if missing.len() == OIDC_VARIABLES.len() {
                return Ok(None);
            }
            return Err(Error::config(format!(
                "the environment has some of the variables of a TKE role but not {}",
                missing.join(", ")
            )));
        };
        let role = Role::new(arn, session_name(environment));
        role.check()?;
        config.clone().with_region(&region).check()?;
        Ok(Some(Self {
            provider_id,
            token_file: PathBuf::from(token_file),
            role,
            client: Client::unsigned(config, region)?,
        }))
    }

    /// The error of naming this source where it is not set up.
    pub(super) fn absent() -> Error {
        Error::config(format!(
            "OIDC was named as the source of the credentials, and the environment has none of {}",
            OIDC_VARIABLES.join(", ")
        ))
    }
}

/// The session's name for roles that the environment names.
pub(super) fn session_name(environment: &Environment) -> Option<String> {
    environment.var("TENCENTCLOUD_ROLE_SESSION_NAME")
}

#[async_trait]
impl ProvideCredentials for Oidc {
    async fn credentials(&self) -> Result<Credentials> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Request<'a> {
            provider_id: &'a str,
            web_identity_token: &'a str,
            role_arn: &'a str,
            role_session_name: &'a str,
        }
        // The cluster writes a new token from time to time.
        let token = file::read_text(&self.token_file)?.ok_or_else(|| {
            Error::config(format!(
                "the file {}, named by TKE_WEB_IDENTITY_TOKEN_FILE, does not exist",
                self.token_file.display()
            ))
        })?;
        let request = Request {
            provider_id: &self.provider_id,
            web_identity_token: token.trim(),
            role_arn: &self.role.arn,
            role_session_name: &self.role.session_name,
        };
        let answer = self
            .client
            .call::<_, Session>(
                &ASSUME_ROLE_WITH_WEB_IDENTITY,
                &request,
                self.client.start(),
            )
            .await
            .map_err(|error| not_assumed(error, &self.role.arn))?;
        answer.response.into_credentials(format!(
            "assumed role {}, from the OIDC token {}",
            self.role.arn,
            self.token_file.display()
        ))
    }
}

#[async_trait]
impl FindCredentials for Oidc {
    fn place(&self) -> String {
        "the OIDC token of a TKE cluster".to_owned()
    }

    async fn find(&self) -> Result<Option<Credentials>> {
        self.credentials().await.map(Some)
    }
}

/// Asks whose key a client signs with.
///
/// # Errors
///
/// The source's of the key, and the cloud's.
pub(crate) async fn caller_identity(client: &Client) -> Result<CallerIdentity> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Caller {
        arn: Option<String>,
        account_id: Option<String>,
        user_id: Option<String>,
    }
    #[derive(Serialize)]
    struct Nothing {}

    let about = |error: Error| error.with_operation(Operation::CallerIdentity);
    let answer = client
        .call::<_, Caller>(&GET_CALLER_IDENTITY, &Nothing {}, client.start())
        .await
        .map_err(about)?;
    // The one that was just sent, unless another call has renewed it meanwhile.
    let credentials = match client.credentials().held() {
        Some(held) => held,
        None => client.credentials().credentials().await.map_err(about)?,
    };
    let caller = answer.response;
    let account_id = caller
        .account_id
        .ok_or_else(|| about(error::unreadable(200, "there is no account in it")))?;
    Ok(CallerIdentity::new(
        Provider::Tencent,
        account_id,
        caller.user_id.unwrap_or_default(),
        caller.arn.unwrap_or_default(),
        &credentials,
    ))
}
