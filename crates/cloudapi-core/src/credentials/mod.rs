//! Keys: what they are, where they come from, and keeping them out of sight.

pub mod file;
pub mod ini;
mod secret;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
pub use secret::Secret;

use crate::{Error, Result};

/// A key pair, with a token when it is temporary.
///
/// `Debug` shows the key's id and nothing else; there is no way to serialise it; the secret is wiped when dropped.
#[derive(Clone)]
pub struct Credentials {
    key_id: String,
    secret: Secret,
    session_token: Option<Secret>,
    expires_at: Option<SystemTime>,
}

impl Credentials {
    /// Takes a key pair: access key id and secret access key at AWS, SecretId and SecretKey at Tencent Cloud.
    pub fn new(key_id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self {
            key_id: key_id.into(),
            secret: secret.into(),
            session_token: None,
            expires_at: None,
        }
    }

    /// Adds the token of a temporary key.
    #[must_use]
    pub fn with_session_token(mut self, token: impl Into<Secret>) -> Self {
        self.session_token = Some(token.into());
        self
    }

    /// Sets when the key ends.
    #[must_use]
    pub fn with_expires_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// The key's id, which is no secret.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The secret.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The token of a temporary key.
    pub fn session_token(&self) -> Option<&Secret> {
        self.session_token.as_ref()
    }

    /// When the key ends.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Checks that both halves are there and have no blanks around them.
    ///
    /// # Errors
    ///
    /// `Config`, saying which half is wrong and never quoting it.
    pub fn check(&self) -> Result<()> {
        let parts = [
            ("key id", Some(self.key_id.as_str())),
            ("secret", Some(self.secret.expose())),
            (
                "session token",
                self.session_token.as_ref().map(Secret::expose),
            ),
        ];
        for (name, value) in parts {
            let Some(value) = value else { continue };
            if value.is_empty() {
                return Err(Error::config(format!(
                    "the {name} of the credentials is empty"
                )));
            }
            if value.trim() != value || value.chars().any(char::is_control) {
                return Err(Error::config(format!(
                    "the {name} of the credentials has blanks or control characters in it"
                )));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("key_id", &self.key_id)
            .field("secret", &self.secret)
            .field("session_token", &self.session_token)
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// Something that gives credentials when asked, for keys that change: implement it to bring your own.
#[async_trait]
pub trait ProvideCredentials: Send + Sync + fmt::Debug {
    /// Gives credentials that are valid now.
    ///
    /// # Errors
    ///
    /// `Config` when the source is absent or broken, `Unauthenticated` when it refuses.
    async fn credentials(&self) -> Result<Credentials>;
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let credentials = Credentials::new("AKIDEXAMPLE", "hunter2").with_session_token("t0ken");
        let shown = format!(
            "{credentials:?} {:?}",
            CredentialSource::from(credentials.clone())
        );
        assert!(
            shown.contains("AKIDEXAMPLE") && !shown.contains("hunter2") && !shown.contains("t0ken"),
            "{shown}"
        );
    }

    #[test]
    fn halves_and_blanks_are_refused_without_quoting() {
        assert!(Credentials::new("id", "secret").check().is_ok());
        for (credentials, what) in [
            (Credentials::new("", "hunter2"), "key id"),
            (Credentials::new("id", ""), "secret"),
            (Credentials::new("id", "hunter2 "), "secret"),
            (
                Credentials::new("id", "hunter2").with_session_token("\tt0ken"),
                "session token",
            ),
        ] {
            let message = credentials.check().unwrap_err().to_string();
            assert!(
                message.contains(what)
                    && !message.contains("hunter2")
                    && !message.contains("t0ken"),
                "{message}"
            );
        }
    }
}
