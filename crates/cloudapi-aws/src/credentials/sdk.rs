//! Between the SDK's sources of keys and ours.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_credential_types::Credentials as SdkCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    self, ProvideCredentials as SdkProvideCredentials, SharedCredentialsProvider, future,
};
use cloudapi_core::credentials::{CachedCredentials, FindCredentials};
use cloudapi_core::{Credentials, Error, ErrorKind, ProvideCredentials, Result};
use tracing::instrument::WithSubscriber;

use crate::error;
use crate::silence::nowhere;

/// One of the SDK's sources.
pub(super) struct FromSdk {
    provider: SharedCredentialsProvider,
    place: &'static str,
    origin: Arc<str>,
}

impl FromSdk {
    /// `place` names it in messages, `origin` its keys.
    pub(super) fn new(
        provider: impl SdkProvideCredentials + 'static,
        place: &'static str,
        origin: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            provider: SharedCredentialsProvider::new(provider),
            place,
            origin: origin.into(),
        }
    }

    /// The SDK's own lines go nowhere: it quotes the lines of files that it does not understand.
    async fn ask(&self) -> provider::Result {
        let asked = self.provider.provide_credentials();
        asked.with_subscriber(nowhere()).await
    }

    fn ours(&self, theirs: &SdkCredentials) -> Credentials {
        let mut credentials = Credentials::new(theirs.access_key_id(), theirs.secret_access_key())
            .with_origin(Arc::clone(&self.origin));
        if let Some(token) = theirs.session_token() {
            credentials = credentials.with_session_token(token);
        }
        if let Some(end) = theirs.expiry() {
            credentials = credentials.with_expires_at(end);
        }
        credentials
    }

    fn failed(&self, error: &CredentialsError) -> Error {
        let error = error::from_source(error);
        let message = format!("{}: {}", self.place, error.message());
        error.with_message(message)
    }
}

#[async_trait]
impl ProvideCredentials for FromSdk {
    async fn credentials(&self) -> Result<Credentials> {
        match self.ask().await {
            Ok(found) => Ok(self.ours(&found)),
            Err(error) => Err(self.failed(&error)),
        }
    }
}

#[async_trait]
impl FindCredentials for FromSdk {
    fn place(&self) -> String {
        self.place.to_owned()
    }

    async fn find(&self) -> Result<Option<Credentials>> {
        match self.ask().await {
            Ok(found) => Ok(Some(self.ours(&found))),
            Err(CredentialsError::CredentialsNotLoaded(_)) => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }
}

impl fmt::Debug for FromSdk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FromSdk").field(&self.origin).finish()
    }
}

/// Gives the SDK's clients the keys that are held.
pub(crate) fn for_sdk(credentials: &Arc<CachedCredentials>) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(ForSdk(Arc::clone(credentials)))
}

struct ForSdk(Arc<CachedCredentials>);

impl ForSdk {
    async fn load(&self) -> provider::Result {
        match self.0.credentials().await {
            Ok(credentials) => Ok(SdkCredentials::new(
                credentials.key_id(),
                credentials.secret().expose(),
                credentials
                    .session_token()
                    .map(|token| token.expose().to_owned()),
                credentials.expires_at(),
                "cloudapi",
            )),
            Err(error) if error.kind() == ErrorKind::Config => {
                Err(CredentialsError::invalid_configuration(error))
            }
            Err(error) => Err(CredentialsError::provider_error(error)),
        }
    }
}

impl SdkProvideCredentials for ForSdk {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

impl fmt::Debug for ForSdk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForSdk")
    }
}
