//! The sources that can be named.

use std::sync::Arc;
use std::time::Duration;

use super::{Credentials, ProvideCredentials};

/// Where the key comes from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum CredentialSource {
    /// As the cloud's own tools find it. AWS: the SDK's chain (environment, shared files, SSO, web identity, container,
    /// instance role). Tencent Cloud has no such default here: a `Config` error names the ways.
    #[default]
    Default,
    /// A key at hand.
    Static(Credentials),
    /// A named profile in the files on disk. It goes before the environment and never falls through to another source.
    Profile(String),
    /// The environment variables of the cloud's own tools.
    Environment,
    /// The role that the machine has, asked from the metadata service: instance profile at AWS, CVM role at Tencent Cloud.
    InstanceRole,
    /// A role for a token that something else vouches for: web identity at AWS (`AWS_WEB_IDENTITY_TOKEN_FILE`,
    /// `AWS_ROLE_ARN`), a TKE cluster's OIDC provider at Tencent Cloud (`TKE_…`).
    Oidc,
    /// One source after the other, in the vendor's order, until one has a key.
    Chain(CredentialChain),
    /// A role that another key takes on.
    AssumeRole(Box<AssumeRole>),
    /// Something that gives keys when asked.
    Provider(Arc<dyn ProvideCredentials>),
}

impl From<Credentials> for CredentialSource {
    fn from(credentials: Credentials) -> Self {
        Self::Static(credentials)
    }
}

impl From<Arc<dyn ProvideCredentials>> for CredentialSource {
    fn from(provider: Arc<dyn ProvideCredentials>) -> Self {
        Self::Provider(provider)
    }
}

impl From<CredentialChain> for CredentialSource {
    fn from(chain: CredentialChain) -> Self {
        Self::Chain(chain)
    }
}

impl From<AssumeRole> for CredentialSource {
    fn from(role: AssumeRole) -> Self {
        Self::AssumeRole(Box::new(role))
    }
}

/// A role that another key takes on, by STS `AssumeRole` of either cloud.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AssumeRole {
    /// Whose key asks for the role.
    pub base: CredentialSource,
    /// The role: `arn:aws:iam::ACCOUNT:role/NAME`, `qcs::cam::uin/ACCOUNT:roleName/NAME`.
    pub role_arn: String,
    /// What the session is called in the cloud's audit log; `cloudapi` if it is left out.
    pub session_name: Option<String>,
    /// What the role's owner wants to be told by a third party.
    pub external_id: Option<String>,
    /// How long the role's key lasts; the cloud's default (AWS one hour, Tencent Cloud two) if it is left out.
    pub duration: Option<Duration>,
}

impl AssumeRole {
    /// Takes on a role with the key of a source.
    pub fn new(base: impl Into<CredentialSource>, role_arn: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            role_arn: role_arn.into(),
            session_name: None,
            external_id: None,
            duration: None,
        }
    }

    /// Sets what the session is called in the cloud's audit log.
    #[must_use]
    pub fn with_session_name(mut self, name: impl Into<String>) -> Self {
        self.session_name = Some(name.into());
        self
    }

    /// Sets what the role's owner wants to be told by a third party.
    #[must_use]
    pub fn with_external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// Sets how long the role's key lasts.
    #[must_use]
    pub fn with_duration(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }

    /// The session's name, or the usual one.
    pub fn session_name(&self) -> &str {
        self.session_name.as_deref().unwrap_or("cloudapi")
    }
}

/// A source in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainLink {
    /// Environment variables.
    Environment,
    /// The files on disk.
    Profile,
    /// A token that something else vouches for.
    Oidc,
    /// The container's own endpoint; AWS alone has one.
    Container,
    /// The machine's role, from the metadata service.
    InstanceRole,
}

/// Sources that are tried one after the other, in the vendor's order: AWS: environment, profile, OIDC, container, instance
/// role; Tencent Cloud: environment, profile, instance role, OIDC. What is absent is passed over; what is there and broken
/// ends the search with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialChain {
    left_out: Vec<ChainLink>,
    profile: Option<String>,
}

impl CredentialChain {
    /// Tries every source.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves a source out.
    #[must_use]
    pub fn without(mut self, link: ChainLink) -> Self {
        self.left_out.push(link);
        self
    }

    /// Names the profile that is looked for, which must then exist; else it is that of `AWS_PROFILE`, else `default`.
    #[must_use]
    pub fn with_profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// Whether a source is tried.
    pub fn has(&self, link: ChainLink) -> bool {
        !self.left_out.contains(&link)
    }

    /// The profile, if one was named.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }
}
