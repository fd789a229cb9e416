//! Keys: what they are, where they come from, and keeping them out of sight.

mod cache;
mod chain;
pub mod file;
mod identity;
pub mod ini;
mod secret;
mod source;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
pub use cache::CachedCredentials;
pub use chain::{FindCredentials, FirstOf};
pub use identity::CallerIdentity;
pub use secret::Secret;
pub use source::{AssumeRole, ChainLink, CredentialChain, CredentialSource};

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
    origin: Option<Arc<str>>,
}

impl Credentials {
    /// Takes a key pair: access key id and secret access key at AWS, SecretId and SecretKey at Tencent Cloud.
    pub fn new(key_id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self {
            key_id: key_id.into(),
            secret: secret.into(),
            session_token: None,
            expires_at: None,
            origin: None,
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

    /// Sets where the key came from, as `cloudapi whoami` tells it: `environment`, `profile ops (FILE)`, `instance role NAME`.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<Arc<str>>) -> Self {
        self.origin = Some(origin.into());
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

    /// Where the key came from; `None` when nobody said.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Whether this is the other one, secret and token included.
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.key_id == other.key_id
            && self.secret.expose() == other.secret.expose()
            && self.session_token.as_ref().map(Secret::expose)
                == other.session_token.as_ref().map(Secret::expose)
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
            .field("origin", &self.origin)
            .finish()
    }
}

/// Something that gives credentials when asked, for keys that change: implement it to bring your own.
///
/// A connection holds what it was given until shortly before its end ([`CachedCredentials`]); a key without an end is asked
/// for again after a quarter of an hour.
#[async_trait]
pub trait ProvideCredentials: Send + Sync + fmt::Debug {
    /// Gives credentials that are valid now.
    ///
    /// # Errors
    ///
    /// `Config` when the source is absent or broken, `Unauthenticated` when it refuses.
    async fn credentials(&self) -> Result<Credentials>;

    /// Gives another key in place of one that the cloud took for expired; `None` if there is no other. Asks anew unless
    /// implemented otherwise.
    ///
    /// # Errors
    ///
    /// The same as for asking the first time.
    async fn renewed(&self, refused: &Credentials) -> Result<Option<Credentials>> {
        let now = self.credentials().await?;
        Ok((!now.is_same_key(refused)).then_some(now))
    }
}

/// A key that does not change.
#[async_trait]
impl ProvideCredentials for Credentials {
    async fn credentials(&self) -> Result<Credentials> {
        Ok(self.clone())
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
