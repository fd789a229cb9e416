use std::collections::HashSet;

use super::codes::{CODES, kind_of_status, may_be_the_clock, stripped};
use super::*;

#[test]
fn each_code_of_the_table_has_its_kind_whatever_the_status() {
    let mut rows = HashSet::new();
    for (kind, codes) in CODES {
        for code in *codes {
            assert!(rows.insert(*code), "{code} stands twice");
            for status in [400, 500] {
                assert_eq!(kind_of(code, status), *kind, "{code}");
            }
            assert_eq!(
                kind_of(&format!("Client.{code}"), 400),
                *kind,
                "Client.{code}"
            );
            assert_eq!(
                kind_of(&format!("Server.{code}"), 500),
                *kind,
                "Server.{code}"
            );
        }
    }
}

#[test]
fn codes_that_are_not_listed_follow_from_their_form() {
    for (code, status, kind) in [
        ("InvalidInstanceID.NotFound", 400, ErrorKind::NotFound),
        ("InvalidSubnetID.NotFound", 400, ErrorKind::NotFound),
        ("InvalidVpcEndpointId.NotFound", 400, ErrorKind::NotFound),
        ("NatGatewayNotFound", 400, ErrorKind::NotFound),
        ("TargetGroupNotFoundException", 400, ErrorKind::NotFound),
        (
            "InvalidInstanceID.Malformed",
            400,
            ErrorKind::InvalidArgument,
        ),
        ("InvalidSnapshot.Malformed", 400, ErrorKind::InvalidArgument),
        ("InvalidBlockDeviceMapping", 400, ErrorKind::InvalidArgument),
        ("InvalidKeyPair.Duplicate", 400, ErrorKind::AlreadyExists),
        ("EntityAlreadyExists", 409, ErrorKind::AlreadyExists),
        ("InvalidGroup.InUse", 400, ErrorKind::InvalidState),
        ("VpcLimitExceeded", 400, ErrorKind::QuotaExceeded),
        ("TooManyTargets", 400, ErrorKind::QuotaExceeded),
        ("InsufficientCidrBlocks", 500, ErrorKind::OutOfCapacity),
        ("SomethingNew", 500, ErrorKind::Unavailable),
        ("SomethingNew", 429, ErrorKind::RateLimited),
        ("SomethingNew", 400, ErrorKind::Other),
        ("DryRunOperation", 412, ErrorKind::Other),
    ] {
        assert_eq!(kind_of(code, status), kind, "{code} {status}");
    }
}

#[test]
fn what_callers_decide_on_is_right() {
    for (code, status, kind) in [
        ("AuthFailure", 401, ErrorKind::Unauthenticated),
        ("ExpiredToken", 400, ErrorKind::Unauthenticated),
        ("RequestExpired", 400, ErrorKind::Unauthenticated),
        ("UnauthorizedOperation", 403, ErrorKind::PermissionDenied),
        ("RequestLimitExceeded", 503, ErrorKind::RateLimited),
        ("BandwidthLimitExceeded", 400, ErrorKind::RateLimited),
        ("Throttling", 400, ErrorKind::RateLimited),
        ("VcpuLimitExceeded", 400, ErrorKind::QuotaExceeded),
        (
            "InsufficientInstanceCapacity",
            500,
            ErrorKind::OutOfCapacity,
        ),
        ("Unsupported", 400, ErrorKind::OutOfCapacity),
        ("UnsupportedOperation", 400, ErrorKind::InvalidState),
        ("OperationNotPermitted", 400, ErrorKind::InvalidState),
        ("IncorrectInstanceState", 400, ErrorKind::InvalidState),
        (
            "IdempotentParameterMismatch",
            400,
            ErrorKind::InvalidArgument,
        ),
        ("InternalError", 500, ErrorKind::Unavailable),
    ] {
        assert_eq!(kind_of(code, status), kind, "{code}");
    }
    assert_eq!(kind_of_status(503), ErrorKind::Unavailable);
    assert_eq!(kind_of_status(403), ErrorKind::PermissionDenied);
    assert!(may_be_the_clock("RequestExpired") && !may_be_the_clock("ExpiredToken"));
    assert_eq!(
        stripped("Client.InvalidParameterValue"),
        "InvalidParameterValue"
    );
}

#[test]
fn an_error_inside_an_answer_is_read() {
    let body = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message> no </Message></Error></Errors></Response>";
    assert_eq!(element(body, "Code"), Some("UnauthorizedOperation"));
    assert_eq!(element(body, "Message"), Some("no"));
    for body in ["", "<Code>", "<Code></Code>", "<Code><x/></Code>", "Code"] {
        assert_eq!(element(body, "Code"), None, "{body}");
    }
}

#[test]
fn a_bucket_that_is_elsewhere_is_said_to_be_there() {
    let answer = |header: Option<&'static str>, body: &'static str| {
        let status = 301.try_into().unwrap();
        let mut response = HttpResponse::new(status, body.into());
        if let Some(region) = header {
            response.headers_mut().insert("x-amz-bucket-region", region);
        }
        place_of_bucket(&response)
    };
    let endpoint = "<Error><Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint></Error>";
    for (header, body, expected) in [
        (Some("eu-west-1"), endpoint, Some("in eu-west-1")),
        (
            None,
            "<Error><Region>eu-west-1</Region></Error>",
            Some("in eu-west-1"),
        ),
        (None, endpoint, Some("at b.s3.eu-west-1.amazonaws.com")),
        (None, "", None),
    ] {
        assert_eq!(answer(header, body).as_deref(), expected, "{body}");
    }
    for (status, kind) in [
        (302, ErrorKind::Config),
        (408, ErrorKind::Unavailable),
        (404, ErrorKind::NotFound),
    ] {
        assert_eq!(kind_of_status(status), kind, "{status}");
    }
}
