//! A test for each row of the table.

use super::*;

fn of(code: &str) -> Error {
    refusal(
        TencentError {
            code: code.to_owned(),
            message: "No.".to_owned(),
            request_id: Some("7f2a".to_owned()),
        },
        200,
    )
}

fn all(codes: &[&str], kind: ErrorKind, retryable: bool, undone: bool) {
    for code in codes {
        let error = of(code);
        assert_eq!(error.kind(), kind, "{code}");
        assert_eq!(error.is_retryable(), retryable, "{code}");
        assert_eq!(error.is_certainly_undone(), undone, "{code}");
        assert_eq!(error.code(), Some(*code));
    }
}

#[test]
fn bad_credentials() {
    let codes = [
        "AuthFailure.SignatureFailure",
        "AuthFailure.SecretIdNotFound",
        "AuthFailure.InvalidSecretId",
        "AuthFailure.InvalidAuthorization",
        "AuthFailure.TokenFailure",
        "AuthFailure",
    ];
    all(&codes, ErrorKind::Unauthenticated, false, true);
}

#[test]
fn clock() {
    all(
        &["AuthFailure.SignatureExpire"],
        ErrorKind::Unauthenticated,
        false,
        true,
    );
    assert!(is_clock(&of("AuthFailure.SignatureExpire")));
    assert!(!is_clock(&of("AuthFailure.SignatureFailure")));
}

#[test]
fn permission_also_under_the_name_of_authentication() {
    let codes = [
        "AuthFailure.UnauthorizedOperation",
        "UnauthorizedOperation",
        "UnauthorizedOperation.MFAExpired",
        "UnauthorizedOperation.MFANotFound",
        "UnauthorizedOperation.PermissionDenied",
        "UnauthorizedOperation.InvalidToken",
        "AuthFailure.CamRoleNameAuthenticateFailed",
        "InvalidPermission",
        "OperationDenied.AccountNotSupported",
        "IpNotInWhitelist",
        "IpInBlacklist",
    ];
    all(&codes, ErrorKind::PermissionDenied, false, true);
}

#[test]
fn throttled() {
    let codes = [
        "RequestLimitExceeded",
        "RequestLimitExceeded.UinLimitExceeded",
        "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
        "RequestLimitExceeded.IPLimitExceeded",
    ];
    all(&codes, ErrorKind::RateLimited, true, true);
}

#[test]
fn quota() {
    let codes = [
        "LimitExceeded",
        "LimitExceeded.InstanceQuota",
        "LimitExceeded.CvmInstanceQuota",
        "LimitExceeded.PrepayQuota",
        "LimitExceeded.SpotQuota",
        "LimitExceeded.UserReturnQuota",
        "LimitExceeded.VpcSubnetNum",
        "InstancesQuotaLimitExceeded",
        "OverQuota",
        "InvalidParameterValue.TagQuotaLimitExceeded",
    ];
    all(&codes, ErrorKind::QuotaExceeded, false, true);
}

#[test]
fn too_much_in_one_request_is_no_quota() {
    let codes = [
        "InvalidParameterValue.LimitExceeded",
        "InvalidFilterValue.LimitExceeded",
        "InvalidParameterValue.Length",
        "InvalidParameterValue.Range",
    ];
    all(&codes, ErrorKind::InvalidArgument, false, true);
}

#[test]
fn not_found() {
    let codes = [
        "InvalidInstanceId.NotFound",
        "ResourceNotFound",
        "ResourceNotFound.KeyPairNotFound",
        "InvalidImageId.NotFound",
        "InvalidRouteTableId.NotFound",
        "InvalidRouteId.NotFound",
        "UnsupportedOperation.RecordNotExists",
        "InvalidParameter.LBIdNotFound",
        "InvalidParameter.ListenerIdNotFound",
        "InvalidParameter.LocationNotFound",
        "InvalidParameterValue.TagKeyNotFound",
        "InvalidParameterValue.SubnetNotExist",
        "InvalidParameterValue.LaunchTemplateIdNotExisted",
    ];
    all(&codes, ErrorKind::NotFound, false, true);
}

#[test]
fn wrong_state_and_conflict() {
    let codes = [
        "UnsupportedOperation.InstanceStateRunning",
        "UnsupportedOperation.InstanceStateTerminating",
        "InvalidInstanceState",
        "InvalidInstanceState.Terminating",
        "UnsupportedOperation.InstancesProtected",
        "ResourceInUse",
        "ResourceInUse.Subnet",
        "UnsupportedOperation.SystemRoute",
        "UnsupportedOperation.Ecmp",
    ];
    all(&codes, ErrorKind::InvalidState, false, true);
    all(
        &["InvalidParameterValue.Duplicate"],
        ErrorKind::AlreadyExists,
        false,
        true,
    );
    assert!(
        of("UnsupportedOperation.InstancesProtected")
            .message()
            .contains("protection")
    );
}

#[test]
fn busy_is_repeated_slowly() {
    let codes = [
        "OperationDenied.InstanceOperationInProgress",
        "MutexOperation.TaskRunning",
        "InvalidInstance.NotSupported",
        "FailedOperation.ListenerHasTask",
        "FailedOperation.ResourceInOperating",
        "FailedOperation.ResourceInCloning",
        "UnsupportedOperation.MutexOperationTaskRunning",
        "UnsupportedOperation.IdempotentProcessing",
    ];
    all(&codes, ErrorKind::InvalidState, true, true);
    for code in codes {
        assert_eq!(
            of(code).retry_after(),
            Some(Duration::from_secs(1)),
            "{code}"
        );
    }
}

#[test]
fn sold_out_is_not_repeated() {
    let codes = [
        "ResourcesSoldOut",
        "ResourcesSoldOut.SpecifiedInstanceType",
        "ResourcesSoldOut.AvailableZone",
        "ResourcesSoldOut.EipInsufficient",
        "ResourceInsufficient",
        "ResourceInsufficient.SpecifiedInstanceType",
        "ResourceInsufficient.AvailabilityZoneSoldOut",
        "ResourceInsufficient.ZoneSoldOutForSpecifiedInstance",
        "ResourceInsufficient.CloudDiskSoldOut",
        "ResourceInsufficient.InsufficientOfferingMinimum",
        "ResourceUnavailable",
        "ResourceUnavailable.InstanceType",
        "InvalidParameterValue.InsufficientOffering",
    ];
    all(&codes, ErrorKind::OutOfCapacity, false, true);
}

#[test]
fn money() {
    let codes = [
        "InvalidAccount.InsufficientBalance",
        "InvalidAccount.UnpaidOrder",
        "FailedOperation.InsufficientBalance",
        "UnsupportedOperation.InsufficientFunds",
        "FailedOperation.BalanceInsufficient",
    ];
    all(&codes, ErrorKind::Other, false, true);
    assert_eq!(
        of("InvalidAccount.UnpaidOrder").message(),
        "No (pay into the account or settle what is open)"
    );
}

#[test]
fn bad_request() {
    let codes = [
        "InvalidParameter",
        "InvalidParameter.Coexist",
        "InvalidParameterValue",
        "InvalidParameterValue.InstanceIdMalformed",
        "InvalidParameterCombination",
        "InvalidParameterConflict",
        "MissingParameter",
        "MissingParameter.MonitorService",
        "UnknownParameter",
        "UnknownParameter.Foo",
        "InvalidFilter",
        "InvalidInstanceId.Malformed",
        "InvalidImageId.Malformed",
        "InvalidZone.MismatchRegion",
        "InvalidClientToken.TooLong",
        "InvalidRequest",
    ];
    all(&codes, ErrorKind::InvalidArgument, false, true);
}

#[test]
fn unsupported() {
    let codes = [
        "UnsupportedOperation",
        "UnsupportedOperation.StoppedModeStopCharging",
        "UnsupportedOperation.InstanceMixedPricingModel",
        "UnsupportedRegion",
        "UnsupportedProtocol",
        "InvalidAction",
        "NoSuchVersion",
        "NoSuchProduct",
        "ActionOffline",
        "InvalidParameterValue.ZoneNotSupported",
    ];
    all(&codes, ErrorKind::Unsupported, false, true);
}

#[test]
fn the_cloud_failed_and_the_effect_is_open() {
    let codes = [
        "InternalError",
        "InternalError.TradeUnknownError",
        "InternalServerError",
        "ServiceUnavailable",
    ];
    all(&codes, ErrorKind::Unavailable, true, false);
}

#[test]
fn an_unknown_code_keeps_its_words() {
    all(
        &["FailedOperation.Unheard", "Brand.New", "DryRunOperation"],
        ErrorKind::Other,
        false,
        false,
    );
    let error = of("Brand.New").with_operation(cloudapi_core::Operation::StopInstances);
    assert_eq!(
        error.to_string(),
        "tencent StopInstances: failed: No. (Brand.New, request 7f2a)"
    );
    let native = error.native::<TencentError>().unwrap();
    assert_eq!(
        (native.code.as_str(), native.message.as_str()),
        ("Brand.New", "No.")
    );
}

#[test]
fn answers_that_are_none() {
    for (status, kind, retryable, undone) in [
        (200, ErrorKind::Unavailable, true, false),
        (502, ErrorKind::Unavailable, true, false),
        (429, ErrorKind::RateLimited, true, true),
        (407, ErrorKind::Config, false, true),
        (302, ErrorKind::Unavailable, false, false),
        (403, ErrorKind::Unavailable, false, false),
    ] {
        let error = unreadable(status, "text/html");
        assert_eq!(
            (
                error.kind(),
                error.is_retryable(),
                error.is_certainly_undone()
            ),
            (kind, retryable, undone),
            "{status}"
        );
        assert_eq!(error.http_status(), Some(status));
    }
}
