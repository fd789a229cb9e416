//! What the cloud says went wrong, as the errors of the interface: one table from code to kind.

use std::time::Duration;

use cloudapi_core::filter::Pattern;
use cloudapi_core::{Error, ErrorKind, Provider};

/// The cloud's own error, as [`Error::native`] gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TencentError {
    /// The code: a major part, mostly with a minor one after a dot.
    pub code: String,
    /// The message, for people.
    pub message: String,
    /// The request id, for the cloud's support.
    pub request_id: Option<String>,
}

impl std::fmt::Display for TencentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for TencentError {}

/// A group of codes that mean the same to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Credentials,
    Token,
    Clock,
    Permission,
    Throttled,
    Quota,
    Request,
    NotFound,
    Duplicate,
    State,
    Protected,
    Busy,
    Capacity,
    Money,
    Unsupported,
    Server,
    Unknown,
}

/// How long to wait before asking again for what another operation keeps busy: those take seconds.
const BUSY_DELAY: Duration = Duration::from_secs(1);

/// The codes, the special before the general; `*` stands for any run of characters. The first row that fits holds.
///
/// From the error lists of the actions in use (tencentcloud-sdk-go) and the common codes of API 3.0.
const TABLE: &[(Class, &[&str])] = &[
    (Class::Clock, &["AuthFailure.SignatureExpire"]),
    // The credentials are good, the policy says no: permission, whatever the major part.
    (
        Class::Permission,
        &[
            "AuthFailure.UnauthorizedOperation",
            "AuthFailure.CamRoleNameAuthenticateFailed",
            "OperationDenied.AccountNotSupported",
            "UnauthorizedOperation",
            "UnauthorizedOperation.*",
            "InvalidPermission",
            "IpNotInWhitelist",
            "IpInBlacklist",
        ],
    ),
    (Class::Token, &["AuthFailure.TokenFailure"]),
    (Class::Credentials, &["AuthFailure", "AuthFailure.*"]),
    (
        Class::Throttled,
        &["RequestLimitExceeded", "RequestLimitExceeded.*"],
    ),
    (
        Class::Quota,
        &[
            "InvalidParameterValue.TagQuotaLimitExceeded",
            "InstancesQuotaLimitExceeded",
            "OverQuota",
            "LimitExceeded",
            "LimitExceeded.*",
        ],
    ),
    // As a minor part it means too much in one request, which is no quota.
    (
        Class::Request,
        &[
            "InvalidParameterValue.LimitExceeded",
            "InvalidFilterValue.LimitExceeded",
            "InvalidParameterValue.Length",
            "InvalidParameterValue.Range",
            "RequestSizeLimitExceeded",
            "ResponseSizeLimitExceeded",
        ],
    ),
    (
        Class::Busy,
        &[
            "OperationDenied.InstanceOperationInProgress",
            "MutexOperation.TaskRunning",
            "InvalidInstance.NotSupported",
            "FailedOperation.ListenerHasTask",
            "FailedOperation.ResourceInOperating",
            "FailedOperation.ResourceInCloning",
            "UnsupportedOperation.MutexOperationTaskRunning",
            "UnsupportedOperation.IdempotentProcessing",
        ],
    ),
    (
        Class::NotFound,
        &[
            "UnsupportedOperation.RecordNotExists",
            "InvalidParameter.LBIdNotFound",
            "InvalidParameter.ListenerIdNotFound",
            "InvalidParameter.LocationNotFound",
            "InvalidParameterValue.*NotFound",
            "InvalidParameterValue.*NotExist",
            "InvalidParameterValue.*NotExisted",
            "Invalid*Id.NotFound",
            "ResourceNotFound",
            "ResourceNotFound.*",
        ],
    ),
    (
        Class::Protected,
        &["UnsupportedOperation.InstancesProtected"],
    ),
    (Class::Duplicate, &["InvalidParameterValue.Duplicate"]),
    (
        Class::State,
        &[
            "UnsupportedOperation.InstanceState*",
            "UnsupportedOperation.SystemRoute",
            "UnsupportedOperation.Ecmp",
            "InvalidInstanceState",
            "InvalidInstanceState.*",
            "ResourceInUse",
            "ResourceInUse.*",
        ],
    ),
    (
        Class::Capacity,
        &[
            "InvalidParameterValue.InsufficientOffering",
            "ResourcesSoldOut",
            "ResourcesSoldOut.*",
            "ResourceInsufficient",
            "ResourceInsufficient.*",
            "ResourceUnavailable",
            "ResourceUnavailable.*",
        ],
    ),
    (
        Class::Money,
        &[
            "InvalidAccount.InsufficientBalance",
            "InvalidAccount.UnpaidOrder",
            "FailedOperation.InsufficientBalance",
            "FailedOperation.BalanceInsufficient",
            "UnsupportedOperation.InsufficientFunds",
        ],
    ),
    (
        Class::Unsupported,
        &[
            "InvalidParameterValue.ZoneNotSupported",
            "UnsupportedOperation",
            "UnsupportedOperation.*",
            "UnsupportedRegion",
            "UnsupportedProtocol",
            "InvalidAction",
            "NoSuchVersion",
            "NoSuchProduct",
            "ActionOffline",
        ],
    ),
    (
        Class::Request,
        &[
            "InvalidParameter",
            "InvalidParameter.*",
            "InvalidParameterValue",
            "InvalidParameterValue.*",
            "InvalidParameterCombination",
            "InvalidParameterConflict",
            "MissingParameter",
            "MissingParameter.*",
            "UnknownParameter",
            "UnknownParameter.*",
            "InvalidFilter",
            "Invalid*.Malformed",
            "InvalidZone.MismatchRegion",
            "InvalidClientToken.TooLong",
            "InvalidRequest",
        ],
    ),
    (
        Class::Server,
        &[
            "InternalError",
            "InternalError.*",
            "InternalServerError",
            "ServiceUnavailable",
        ],
    ),
];

fn classify(code: &str) -> Class {
    TABLE
        .iter()
        .find(|(_, codes)| codes.iter().any(|known| Pattern::new(*known).matches(code)))
        .map_or(Class::Unknown, |(class, _)| *class)
}

impl Class {
    fn kind(self) -> ErrorKind {
        match self {
            Self::Credentials | Self::Token | Self::Clock => ErrorKind::Unauthenticated,
            Self::Permission => ErrorKind::PermissionDenied,
            Self::Throttled => ErrorKind::RateLimited,
            Self::Quota => ErrorKind::QuotaExceeded,
            Self::Request => ErrorKind::InvalidArgument,
            Self::NotFound => ErrorKind::NotFound,
            Self::Duplicate => ErrorKind::AlreadyExists,
            Self::State | Self::Protected | Self::Busy => ErrorKind::InvalidState,
            Self::Capacity => ErrorKind::OutOfCapacity,
            Self::Unsupported => ErrorKind::Unsupported,
            Self::Server => ErrorKind::Unavailable,
            Self::Money | Self::Unknown => ErrorKind::Other,
        }
    }

    /// What to do about it, where the cloud's words don't say.
    fn advice(self) -> Option<&'static str> {
        match self {
            Self::Token => Some("the session token is missing, wrong or expired: renew the key"),
            Self::Clock => Some("set this machine's clock, it is more than five minutes off"),
            Self::Protected => Some("termination protection is on, see disable_protection"),
            Self::Busy => Some("another operation on it is under way: call again later"),
            Self::Money => Some("pay into the account or settle what is open"),
            _ => None,
        }
    }
}

/// Makes the error for a refusal in the cloud's own words.
pub(crate) fn refusal(native: TencentError, http_status: u16) -> Error {
    let class = classify(&native.code);
    let mut message = native
        .message
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if message.is_empty() {
        "the cloud gave no message".clone_into(&mut message);
    }
    if let Some(advice) = class.advice() {
        message = format!("{} ({advice})", message.trim_end_matches('.'));
    }
    let mut error = Error::new(class.kind(), message)
        .with_provider(Provider::Tencent)
        .with_code(&native.code)
        .with_http_status(http_status)
        // A call that is refused for what it asks, or who asks, did nothing; one that failed inside may have.
        .with_certainly_undone(!matches!(class, Class::Server | Class::Unknown));
    if class == Class::Busy {
        error = error
            .with_retryable(true)
            .with_retry_after(Some(BUSY_DELAY));
    }
    if let Some(request_id) = &native.request_id {
        error = error.with_request_id(request_id);
    }
    error.with_native(native)
}

/// Whether the refusal says that the signature's time is not the cloud's.
pub(crate) fn is_clock(error: &Error) -> bool {
    error
        .code()
        .is_some_and(|code| classify(code) == Class::Clock)
}

/// Whether the refusal says that the key's token is over, or was never good.
pub(crate) fn is_token(error: &Error) -> bool {
    error
        .code()
        .is_some_and(|code| classify(code) == Class::Token)
}

/// Makes the error for an answer that is none of API 3.0: a gateway's page, something cut off, something else entirely.
pub(crate) fn unreadable(http_status: u16, why: &str) -> Error {
    let error = |kind, message: String| {
        Error::new(kind, message)
            .with_provider(Provider::Tencent)
            .with_http_status(http_status)
    };
    match http_status {
        200 => error(
            ErrorKind::Unavailable,
            format!("the answer can't be read: {why}"),
        ),
        407 => error(
            ErrorKind::Config,
            "the proxy wants a name and a password; put them into HTTPS_PROXY".to_owned(),
        )
        .with_certainly_undone(true),
        429 => error(
            ErrorKind::RateLimited,
            "HTTP status 429 instead of an answer: too many calls".to_owned(),
        ),
        408 | 425 | 500..=599 => error(
            ErrorKind::Unavailable,
            format!("HTTP status {http_status} instead of an answer: {why}"),
        ),
        _ => error(
            ErrorKind::Unavailable,
            format!("HTTP status {http_status} instead of an answer: {why}; is the endpoint, or a proxy, the right one?"),
        )
        .with_retryable(false),
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
