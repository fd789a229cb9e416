//! The one error type: what failed, on what, in the cloud's words, and what a caller can decide on.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::{Operation, Provider};

/// The result of everything in this interface.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is: as many as callers decide on, no more.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize,
)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request can't be right; nothing was sent, or the cloud refused its form. Mend the request.
    InvalidArgument,
    /// This cloud, or this build, can't do it. Leave the option out or choose another cloud.
    Unsupported,
    /// Region, profile, credentials file or another setting is missing or wrong. Mend the configuration.
    Config,
    /// The cloud does not accept the key, its signature or its token. Renew the credentials.
    Unauthenticated,
    /// The key is good but may not do this. Ask for the permission.
    PermissionDenied,
    /// What was named does not exist.
    NotFound,
    /// What was to be made exists already.
    AlreadyExists,
    /// The resource's state does not allow it (pending, protected, isolated, in use).
    InvalidState,
    /// Too many calls; retries were used up. Call later.
    RateLimited,
    /// The account's limit is reached. Ask for a higher one or free something.
    QuotaExceeded,
    /// The cloud has none left of this type in this zone. Try another type or zone.
    OutOfCapacity,
    /// Time ran out. What is known so far is in [`Error::resources`].
    Timeout,
    /// The cloud could not be reached or the connection broke.
    Network,
    /// The cloud failed (5xx, unreadable answer). Call later.
    Unavailable,
    /// Anything else; the cloud's code tells more.
    Other,
}

impl ErrorKind {
    /// Gives the words used in messages: `not found`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid argument",
            Self::Unsupported => "unsupported",
            Self::Config => "configuration",
            Self::Unauthenticated => "not authenticated",
            Self::PermissionDenied => "permission denied",
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::InvalidState => "wrong state",
            Self::RateLimited => "rate limited",
            Self::QuotaExceeded => "quota exceeded",
            Self::OutOfCapacity => "out of capacity",
            Self::Timeout => "timed out",
            Self::Network => "network",
            Self::Unavailable => "unavailable",
            Self::Other => "failed",
        }
    }

    /// Says whether the same request may succeed a little later without anybody changing anything.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Network | Self::Unavailable)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.describe())
    }
}

/// A failure, one pointer wide.
///
/// [`fmt::Display`] is one line that an operator can act on; the cause is in [`StdError::source`] and the vendor's own
/// error, where there is one, in [`Error::native`].
///
/// # Examples
///
/// ```
/// use cloudapi_core::{Error, ErrorKind, Operation, Provider};
///
/// let error = Error::new(ErrorKind::NotFound, "ins-1 does not exist")
///     .with_provider(Provider::Tencent)
///     .with_operation(Operation::StopInstances)
///     .with_code("InvalidInstanceId.NotFound")
///     .with_request_id("7f2a");
/// assert_eq!(
///     error.to_string(),
///     "tencent StopInstances: not found: ins-1 does not exist (InvalidInstanceId.NotFound, request 7f2a)"
/// );
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    provider: Option<Provider>,
    operation: Option<Operation>,
    code: Option<String>,
    message: String,
    request_id: Option<String>,
    http_status: Option<u16>,
    resources: Vec<String>,
    retryable: bool,
    certainly_undone: bool,
    retry_after: Option<Duration>,
    native: Option<Arc<dyn Native>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

trait Native: Any + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn as_error(&self) -> &(dyn StdError + 'static);
}

impl<E: StdError + Send + Sync + 'static> Native for E {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_error(&self) -> &(dyn StdError + 'static) {
        self
    }
}

impl Error {
    /// Makes an error of a kind; the message says what is wrong and, where it can, what to do.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            provider: None,
            operation: None,
            code: None,
            message: message.into(),
            request_id: None,
            http_status: None,
            resources: Vec::new(),
            retryable: kind.is_retryable(),
            certainly_undone: kind == ErrorKind::RateLimited,
            retry_after: None,
            native: None,
            source: None,
        }))
    }

    /// Shorthand for a request that can't be right.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    /// Shorthand for what a cloud or a build can't do.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// Shorthand for missing or wrong configuration.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Names the cloud, unless it is named already.
    #[must_use]
    pub fn with_provider(mut self, provider: Provider) -> Self {
        self.0.provider.get_or_insert(provider);
        self
    }

    /// Names the operation, unless it is named already.
    #[must_use]
    pub fn with_operation(mut self, operation: Operation) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Sets the cloud's own code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Replaces the message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Sets the cloud's request id.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.0.request_id = Some(request_id.into());
        self
    }

    /// Sets the HTTP status of the answer.
    #[must_use]
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Names the resources that the failure is about; with a half-done request, what was made or changed.
    #[must_use]
    pub fn with_resources<I: IntoIterator<Item = S>, S: Into<String>>(
        mut self,
        resources: I,
    ) -> Self {
        self.0.resources = resources.into_iter().map(Into::into).collect();
        self
    }

    /// Overrides whether the same request may succeed a little later.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Marks that the cloud certainly did nothing (it refused the call, or never got it), so that even a write may be repeated.
    #[must_use]
    pub fn with_certainly_undone(mut self, undone: bool) -> Self {
        self.0.certainly_undone = undone;
        self
    }

    /// Sets how long the cloud asked to wait before the next call.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.0.retry_after = delay;
        self
    }

    /// Overrides the kind; whether it is retryable follows the new kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self.0.retryable = kind.is_retryable();
        self
    }

    /// Keeps the vendor's own error, for [`Error::native`] and as the source.
    #[must_use]
    pub fn with_native<E: StdError + Send + Sync + 'static>(mut self, native: E) -> Self {
        self.0.native = Some(Arc::new(native));
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The kind, for decisions.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The cloud, when one was involved.
    pub fn provider(&self) -> Option<Provider> {
        self.0.provider
    }

    /// The operation of the interface that failed.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// The cloud's own code, such as `InvalidInstanceID.NotFound`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What is wrong, without the code and the request id.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The cloud's request id, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The HTTP status of the answer.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// What the failure is about: the missing ids, or what a half-done request made or changed.
    pub fn resources(&self) -> &[String] {
        &self.0.resources
    }

    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the cloud certainly did nothing.
    pub fn is_certainly_undone(&self) -> bool {
        self.0.certainly_undone
    }

    /// How long the cloud asked to wait before the next call.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The vendor's own error, if it is an `E`.
    pub fn native<E: StdError + 'static>(&self) -> Option<&E> {
        // Through the pointer's content: the pointer would itself be `Any`.
        self.0
            .native
            .as_ref()
            .and_then(|native| native.as_ref().as_any().downcast_ref())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        match (inner.provider, inner.operation) {
            (Some(provider), Some(operation)) => write!(f, "{provider} {operation}: ")?,
            (Some(provider), None) => write!(f, "{provider}: ")?,
            (None, Some(operation)) => write!(f, "{operation}: ")?,
            (None, None) => {}
        }
        write!(f, "{}: {}", inner.kind, inner.message)?;
        match (&inner.code, &inner.request_id) {
            (Some(code), Some(request)) => write!(f, " ({code}, request {request})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(request)) => write!(f, " (request {request})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The native error is left out: what a vendor prints there is not ours to vouch for.
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("provider", &inner.provider)
            .field("operation", &inner.operation)
            .field("code", &inner.code)
            .field("message", &inner.message)
            .field("request_id", &inner.request_id)
            .field("http_status", &inner.http_status)
            .field("resources", &inner.resources)
            .field("retryable", &inner.retryable)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match (&self.0.source, &self.0.native) {
            (Some(source), _) => Some(&**source),
            (None, Some(native)) => Some(native.as_ref().as_error()),
            (None, None) => None,
        }
    }
}

/// Writes `{"Kind", "Provider", "Operation", "Code", "Message", "RequestId", "Resources", "Retryable"}`, what is unknown left out.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = &*self.0;
        let mut object = serializer.serialize_struct("Error", 8)?;
        object.serialize_field("Kind", &inner.kind)?;
        let mut optional = |name: &'static str, value: Option<&str>| match value {
            Some(value) => object.serialize_field(name, value),
            None => object.skip_field(name),
        };
        optional("Provider", inner.provider.map(Provider::as_str))?;
        optional("Operation", inner.operation.map(Operation::as_str))?;
        optional("Code", inner.code.as_deref())?;
        object.serialize_field("Message", &inner.message)?;
        match &inner.request_id {
            Some(request_id) => object.serialize_field("RequestId", request_id)?,
            None => object.skip_field("RequestId")?,
        }
        if inner.resources.is_empty() {
            object.skip_field("Resources")?;
        } else {
            object.serialize_field("Resources", &inner.resources)?;
        }
        object.serialize_field("Retryable", &inner.retryable)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error, PartialEq)]
    #[error("vendor says no")]
    struct Vendor(u8);

    #[test]
    fn is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn keeps_the_vendor_error_as_native_and_source() {
        let error = Error::new(ErrorKind::Other, "refused").with_native(Vendor(7));
        assert_eq!(error.native::<Vendor>(), Some(&Vendor(7)));
        assert_eq!(
            error.source().map(ToString::to_string).as_deref(),
            Some("vendor says no")
        );
        assert!(error.native::<fmt::Error>().is_none());
    }

    #[test]
    fn serialises_in_the_interface_words() {
        let error = Error::new(ErrorKind::NotFound, "i-1 does not exist")
            .with_provider(Provider::Aws)
            .with_operation(Operation::StartInstances)
            .with_resources(["i-1"]);
        assert_eq!(
            serde_json::to_value(&error).unwrap(),
            serde_json::json!({"Kind": "NotFound", "Provider": "aws", "Operation": "StartInstances",
                "Message": "i-1 does not exist", "Resources": ["i-1"], "Retryable": false})
        );
    }
}
