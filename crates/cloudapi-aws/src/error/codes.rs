//! Which of AWS's codes is which kind. AWS names hundreds; those that callers decide on are listed, the rest follows from
//! how codes are built.

use cloudapi_core::ErrorKind;

/// Codes by kind, as the API references of EC2, Elastic Load Balancing and S3 have them.
pub(super) const CODES: &[(ErrorKind, &[&str])] = &[
    (
        ErrorKind::Unauthenticated,
        &[
            "AuthFailure",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "InvalidToken",
            "ExpiredToken",
            "ExpiredTokenException",
            "TokenRefreshRequired",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "OptInRequired",
            "Blocked",
            "PendingVerification",
            "NotSignedUp",
        ],
    ),
    (
        ErrorKind::PermissionDenied,
        &[
            "UnauthorizedOperation",
            "AccessDenied",
            "AccessDeniedException",
            "AllAccessDisabled",
            "AccountProblem",
        ],
    ),
    (
        ErrorKind::NotFound,
        &[
            "InvalidGroup.NotFound",
            "InvalidKeyPair.NotFound",
            "InvalidAMIID.NotFound",
            "InvalidAMIID.Unavailable",
            "InvalidRoute.NotFound",
            "LoadBalancerNotFound",
            "TargetGroupNotFound",
            "ListenerNotFound",
            "RuleNotFound",
            "NoSuchBucket",
            "NoSuchKey",
            "NoSuchUpload",
            "NoSuchVersion",
        ],
    ),
    (
        ErrorKind::RateLimited,
        &[
            "RequestLimitExceeded",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "TooManyRequestsException",
            "EC2ThrottledException",
            "BandwidthLimitExceeded",
            "SlowDown",
            "RequestThrottled",
            "RequestThrottledException",
            "PriorRequestNotComplete",
            "DependencyThrottle",
            "KMS.ThrottlingException",
        ],
    ),
    (
        ErrorKind::QuotaExceeded,
        &[
            "InstanceLimitExceeded",
            "VcpuLimitExceeded",
            "MaxSpotInstanceCountExceeded",
            "VolumeLimitExceeded",
            "AddressLimitExceeded",
            "NetworkInterfaceLimitExceeded",
            "RouteLimitExceeded",
            "ResourceCountExceeded",
            "TagLimitExceeded",
            "PrivateIpAddressLimitExceeded",
        ],
    ),
    (
        ErrorKind::OutOfCapacity,
        &[
            "InsufficientInstanceCapacity",
            "InsufficientCapacity",
            "InsufficientHostCapacity",
            "InsufficientAddressCapacity",
            "InsufficientFreeAddressesInSubnet",
            "InsufficientReservedInstanceCapacity",
            "SpotMaxPriceTooLow",
            // Of an instance type in a zone that does not have it.
            "Unsupported",
        ],
    ),
    (
        ErrorKind::AlreadyExists,
        &["RouteAlreadyExists", "PreconditionFailed"],
    ),
    (
        ErrorKind::InvalidState,
        &[
            "IncorrectInstanceState",
            "IncorrectSpotRequestState",
            "IncorrectState",
            "InvalidState",
            "OperationNotPermitted",
            "UnsupportedOperation",
            "DependencyViolation",
            "ResourceInUse",
            "InvalidIPAddress.InUse",
            "ConditionalRequestConflict",
            "OperationAborted",
            "InvalidConfigurationRequest",
            "InvalidObjectState",
            "KMS.DisabledException",
            "KMS.InvalidStateException",
        ],
    ),
    (
        ErrorKind::InvalidArgument,
        &[
            "InvalidParameter",
            "InvalidParameterValue",
            "InvalidParameterCombination",
            "MissingParameter",
            "UnknownParameter",
            "ValidationError",
            "FilterLimitExceeded",
            "InvalidPaginationToken",
            "InvalidRequest",
            "InvalidArgument",
            "InvalidTarget",
            "InvalidInstance",
            "InvalidAMIID.Malformed",
            // The same token with another request: nothing to wait for, the request is to be mended.
            "IdempotentParameterMismatch",
            "MalformedXML",
            "BadDigest",
            "EntityTooSmall",
            "EntityTooLarge",
            "InvalidPart",
            "InvalidPartOrder",
            "KeyTooLongError",
            "MetadataTooLarge",
            "MissingContentLength",
            "AccessControlListNotSupported",
        ],
    ),
    (
        ErrorKind::Config,
        &[
            // The bucket is in another region.
            "PermanentRedirect",
            "TemporaryRedirect",
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
        ],
    ),
    (
        ErrorKind::Unsupported,
        &[
            "InvalidAction",
            "UnknownOperationException",
            "NotImplemented",
        ],
    ),
    (
        ErrorKind::Unavailable,
        &[
            "InternalError",
            "InternalFailure",
            "ServiceUnavailable",
            "Unavailable",
            "ServerInternal",
            "HealthUnavailable",
            "RequestTimeout",
            "RequestTimeoutException",
        ],
    ),
];

/// Codes with which a signature is refused whose time is off. `RequestExpired` is also said of an expired session.
const CLOCK: &[&str] = &[
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
    "AccessDeniedException",
];

/// Codes with which a temporary key is refused whose time is over.
const EXPIRED: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
];

/// Whether a code says that the key's time is over. `RequestExpired` is also said of a clock that is off.
pub(super) fn says_expired(code: &str) -> bool {
    EXPIRED.contains(&code)
}

/// Older answers say whose fault it is; that is no part of the code.
pub(super) fn stripped(code: &str) -> &str {
    code.strip_prefix("Client.")
        .or_else(|| code.strip_prefix("Server."))
        .unwrap_or(code)
}

/// The kind of a code; the status decides where the code says nothing.
pub(crate) fn kind_of(code: &str, status: u16) -> ErrorKind {
    let code = stripped(code);
    if let Some((kind, _)) = CODES.iter().find(|(_, codes)| codes.contains(&code)) {
        return *kind;
    }
    let invalid = code.starts_with("Invalid");
    if code.ends_with("NotFound") || code.ends_with("NotFoundException") {
        ErrorKind::NotFound
    } else if code.ends_with(".Malformed") || code.ends_with("Malformed") {
        ErrorKind::InvalidArgument
    } else if code.ends_with(".Duplicate")
        || code.ends_with("AlreadyExists")
        || code.starts_with("Duplicate")
    {
        ErrorKind::AlreadyExists
    } else if code.ends_with(".InUse") {
        ErrorKind::InvalidState
    } else if code.ends_with("LimitExceeded") || code.starts_with("TooMany") {
        ErrorKind::QuotaExceeded
    } else if code.starts_with("Insufficient") {
        ErrorKind::OutOfCapacity
    } else if invalid && status < 500 {
        ErrorKind::InvalidArgument
    } else {
        kind_of_status(status)
    }
}

/// The kind of an answer that only has a status.
pub(super) fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        300..=399 => ErrorKind::Config,
        429 => ErrorKind::RateLimited,
        408 | 500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}

/// Whether a code may mean that the signature's time was off.
pub(super) fn may_be_the_clock(code: &str) -> bool {
    CLOCK.contains(&code)
}
