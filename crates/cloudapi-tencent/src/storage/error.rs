//! What COS says went wrong, as the errors of the interface: one table from code to kind.

use cloudapi_core::storage::CHECKSUM_MISMATCH;
use cloudapi_core::{Error, ErrorKind, Provider};
use http::StatusCode;

use super::xml;
use crate::TencentError;

/// The codes of the XML API, from its page of errors.
const TABLE: &[(ErrorKind, &[&str])] = &[
    (
        ErrorKind::Unauthenticated,
        &[
            "SignatureDoesNotMatch",
            "InvalidAccessKeyId",
            "ExpiredToken",
            "InvalidToken",
            "RequestTimeTooSkewed",
        ],
    ),
    (ErrorKind::PermissionDenied, &["AccessDenied"]),
    (
        ErrorKind::NotFound,
        &["NoSuchBucket", "NoSuchKey", "NoSuchUpload", "NoSuchVersion"],
    ),
    (
        ErrorKind::AlreadyExists,
        &[
            "FileAlreadyExists",
            "BucketAlreadyExists",
            "PreconditionFailed",
        ],
    ),
    (
        ErrorKind::InvalidState,
        &["PathConflict", "InvalidObjectState", "MethodNotAllowed"],
    ),
    (
        ErrorKind::RateLimited,
        &["SlowDown", "RequestLimitExceeded"],
    ),
    (
        ErrorKind::InvalidArgument,
        &[
            "InvalidDigest",
            "EntityTooLarge",
            "EntityTooSmall",
            "InvalidPart",
            "InvalidPartOrder",
            "MalformedXML",
            "InvalidArgument",
            "InvalidRequest",
            "InvalidBucketName",
            "InvalidTag",
            "InvalidURI",
            "KeyTooLong",
            "InvalidStorageClass",
            "MissingContentLength",
            "InvalidRange",
        ],
    ),
    (ErrorKind::Unsupported, &["NotImplemented"]),
    (
        ErrorKind::Unavailable,
        &[
            "InternalError",
            "ServiceUnavailable",
            "RequestTimeout",
            "UserNetworkTooSlow",
            "KmsInternalException",
        ],
    ),
    // What arrived is not what its checksum says: sent again, it may arrive.
    (ErrorKind::Other, &["BadDigest"]),
];

/// The kind of a code; the status decides where the code says nothing.
fn kind_of(code: &str, status: StatusCode) -> ErrorKind {
    let found = TABLE.iter().find(|(_, codes)| codes.contains(&code));
    found.map_or_else(|| kind_of_status(status), |(kind, _)| *kind)
}

fn kind_of_status(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        300..=399 => ErrorKind::Config,
        400 => ErrorKind::InvalidArgument,
        409 => ErrorKind::InvalidState,
        412 => ErrorKind::AlreadyExists,
        429 => ErrorKind::RateLimited,
        408 | 500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}

/// Makes the error for an answer that is no success: by the code in its body, else by its status.
pub(super) fn refusal(status: StatusCode, body: &str, request_id: Option<&str>) -> Error {
    let mut error = if xml::root(body) == Some("Error")
        && let Some(code) = xml::text(body, "Code")
    {
        let message = xml::text(body, "Message").unwrap_or_default();
        let request_id = request_id
            .map(str::to_owned)
            .or_else(|| xml::text(body, "RequestId"));
        of_code(status, code, message, request_id)
    } else {
        let kind = kind_of_status(status);
        let message = match status.as_u16() {
            300..=399 => format!(
                "COS answered HTTP {status}: the bucket is in another region, or at another endpoint"
            ),
            _ => format!("COS answered HTTP {status} without saying why"),
        };
        let undone = status.is_client_error() && kind != ErrorKind::Unavailable;
        Error::new(kind, message).with_certainly_undone(undone)
    };
    if let Some(request_id) = request_id {
        error = error.with_request_id(request_id);
    }
    error
        .with_provider(Provider::Tencent)
        .with_http_status(status.as_u16())
}

fn of_code(status: StatusCode, code: String, message: String, request_id: Option<String>) -> Error {
    let kind = kind_of(&code, status);
    let said = if message.is_empty() { &code } else { &message };
    let mut error = Error::new(kind, said.clone())
        .with_code(&code)
        .with_certainly_undone(!matches!(kind, ErrorKind::Unavailable | ErrorKind::Other));
    if code == "BadDigest" {
        error = error.with_code(CHECKSUM_MISMATCH).with_retryable(true);
    }
    if let Some(id) = &request_id {
        error = error.with_request_id(id);
    }
    error.with_native(TencentError {
        code,
        message,
        request_id,
    })
}

/// Makes the error for an answer that says success and lacks what such an answer has.
pub(super) fn incomplete(what: &str) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("the answer is incomplete: {what}"),
    )
    .with_provider(Provider::Tencent)
}

/// Whether a refusal says, or may say, that the signature's time is not the cloud's.
pub(super) fn may_be_the_clock(error: &Error) -> bool {
    match error.code() {
        Some("RequestTimeTooSkewed") => true,
        Some("AccessDenied") => error.message().contains("expired"),
        _ => false,
    }
}

/// Whether a refusal says that the key's token is over.
pub(super) fn is_token(error: &Error) -> bool {
    matches!(error.code(), Some("ExpiredToken" | "InvalidToken"))
}

/// Whether there is no such upload in parts (any more).
pub(super) fn is_no_such_upload(error: &Error) -> bool {
    error.code() == Some("NoSuchUpload")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn body(code: &str) -> String {
        format!(
            "<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>{code}</Code>\n\t<Message>No &amp; no.</Message>\n\
             \t<Resource>b/k</Resource>\n\t<RequestId>r1</RequestId>\n\t<TraceId>t1</TraceId>\n</Error>\n"
        )
    }

    #[test]
    fn each_code_of_the_table_has_its_kind_whatever_the_status() {
        let mut rows = HashSet::new();
        for (kind, codes) in TABLE {
            for code in *codes {
                assert!(rows.insert(*code), "{code} stands twice");
                for status in [
                    StatusCode::OK,
                    StatusCode::BAD_REQUEST,
                    StatusCode::SERVICE_UNAVAILABLE,
                ] {
                    let error = refusal(status, &body(code), None);
                    assert_eq!(error.kind(), *kind, "{code}");
                    assert_eq!(error.message(), "No & no.");
                    assert_eq!(error.request_id(), Some("r1"));
                    assert_eq!(error.native::<TencentError>().unwrap().code, *code);
                }
            }
        }
    }

    #[test]
    fn what_callers_decide_on_is_right() {
        for (status, code, kind, retryable) in [
            (403, "AccessDenied", ErrorKind::PermissionDenied, false),
            (
                403,
                "SignatureDoesNotMatch",
                ErrorKind::Unauthenticated,
                false,
            ),
            (404, "NoSuchUpload", ErrorKind::NotFound, false),
            (409, "FileAlreadyExists", ErrorKind::AlreadyExists, false),
            (503, "SlowDown", ErrorKind::RateLimited, true),
            (500, "InternalError", ErrorKind::Unavailable, true),
            (400, "RequestTimeout", ErrorKind::Unavailable, true),
            (400, "UserNetworkTooSlow", ErrorKind::Unavailable, true),
            (400, "BadDigest", ErrorKind::Other, true),
            (400, "SomethingNew", ErrorKind::InvalidArgument, false),
            (500, "SomethingNew", ErrorKind::Unavailable, true),
        ] {
            let error = refusal(
                StatusCode::from_u16(status).unwrap(),
                &body(code),
                Some("h1"),
            );
            assert_eq!(
                (error.kind(), error.is_retryable()),
                (kind, retryable),
                "{code}"
            );
            assert_eq!(error.request_id(), Some("h1"));
            assert_eq!(error.http_status(), Some(status));
        }
    }

    #[test]
    fn answers_without_a_body_go_by_their_status() {
        for (status, kind) in [
            (301, ErrorKind::Config),
            (403, ErrorKind::PermissionDenied),
            (404, ErrorKind::NotFound),
            (408, ErrorKind::Unavailable),
            (429, ErrorKind::RateLimited),
            (502, ErrorKind::Unavailable),
        ] {
            for body in ["", "<html>no</html>", "<Error><Code>Cut"] {
                let error = refusal(StatusCode::from_u16(status).unwrap(), body, None);
                assert_eq!(error.kind(), kind, "{status} {body}");
                assert_eq!(error.code(), None);
            }
        }
    }

    #[test]
    fn the_clock_is_told_from_a_missing_permission() {
        let refused = |code: &str, message: &str| {
            let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
            refusal(StatusCode::FORBIDDEN, &body, None)
        };
        assert!(may_be_the_clock(&refused("RequestTimeTooSkewed", "x")));
        assert!(may_be_the_clock(&refused(
            "AccessDenied",
            "Request has expired"
        )));
        assert!(!may_be_the_clock(&refused(
            "AccessDenied",
            "Access Denied."
        )));
        assert!(!may_be_the_clock(&refused(
            "SignatureDoesNotMatch",
            "expired"
        )));
    }
}
