use std::time::{Duration, SystemTime};

use cloudapi_core::{ErrorKind, RetryPolicy};

use super::{A, all, compute, world};
use crate::testing::{Reply, Server, described};

#[tokio::test]
async fn attempts_are_the_policys_and_never_multiply() {
    for (reply, kind, sent) in [
        (
            (|| Reply::error(503, "RequestLimitExceeded", "slow down")) as fn() -> Reply,
            ErrorKind::RateLimited,
            3,
        ),
        (
            || Reply::error(500, "InternalError", "oops"),
            ErrorKind::Unavailable,
            3,
        ),
        (
            || Reply::error(500, "InsufficientInstanceCapacity", "none left"),
            ErrorKind::OutOfCapacity,
            1,
        ),
        (
            || Reply::Http(200, Vec::new(), String::new()),
            ErrorKind::Unavailable,
            3,
        ),
        (|| Reply::ok("<html>"), ErrorKind::Unavailable, 3),
        (
            || {
                Reply::ok(
                    "<DescribeInstancesResponse><requestId>x</requestId><reservationSet><item>",
                )
            },
            ErrorKind::Unavailable,
            3,
        ),
        (
            || {
                Reply::ok(
                    "<DescribeInstancesResponse><requestId>x</requestId></DescribeInstancesResponse>",
                )
            },
            ErrorKind::Unavailable,
            3,
        ),
        (
            || {
                Reply::ok(
                    "<DescribeInstancesResponse><requestId>x</requestId><reservationSet></reservationSet>",
                )
            },
            ErrorKind::Unavailable,
            3,
        ),
        (
            || Reply::error(200, "UnauthorizedOperation", "no"),
            ErrorKind::PermissionDenied,
            1,
        ),
        (|| Reply::Cut, ErrorKind::Network, 3),
        (
            || Reply::error(401, "AuthFailure", "no such key"),
            ErrorKind::Unauthenticated,
            1,
        ),
        (
            || Reply::error(400, "InvalidInstanceID.NotFound", "gone meanwhile"),
            ErrorKind::NotFound,
            3,
        ),
    ] {
        let server = Server::start(move |_| reply()).await;
        let retry = RetryPolicy::default()
            .with_max_attempts(3)
            .with_base_delay(Duration::from_millis(1));
        let compute = compute(&server.config().with_retry(retry)).await;
        let error = compute.describe_instances(all()).await.unwrap_err();
        assert_eq!(
            (error.kind(), server.calls().len()),
            (kind, sent),
            "{error}"
        );
        assert!(
            error.to_string().starts_with("aws DescribeInstances: "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_failure_keeps_the_clouds_words_and_the_sdks_error() {
    let (_server, compute) = world(|_| {
        Reply::Http(
            403,
            vec![("x-amz-retry-after", "1500".to_owned())],
            "<Response><Errors><Error><Code>Client.UnauthorizedOperation</Code><Message>You are not authorized.</Message></Error></Errors><RequestID>x</RequestID></Response>".to_owned(),
        )
    })
    .await;
    let error = compute.describe_instances(all()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "aws DescribeInstances: permission denied: You are not authorized. (UnauthorizedOperation, request request-1)"
    );
    assert_eq!(error.http_status(), Some(403));
    assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
    let native =
        error.native::<aws_sdk_ec2::operation::describe_instances::DescribeInstancesError>();
    assert!(native.is_some());
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once() {
    let server_date = || {
        let date = aws_smithy_types::DateTime::from(SystemTime::now() + Duration::from_hours(1));
        date.fmt(aws_smithy_types::date_time::Format::HttpDate)
            .unwrap()
    };
    let server = Server::start(move |params| {
        let hour = &params[":x-amz-date"];
        let expected = server_date();
        // `Fri, 31 Jan 2026 08:00:00 GMT` and `20260131T080000Z` tell the same hour.
        if expected[17..19] == hour[9..11] {
            described(&[A], None)
        } else {
            let mut reply = Reply::error(400, "RequestExpired", "Request has expired.");
            if let Reply::Http(_, headers, _) = &mut reply {
                headers.push(("date", expected));
            }
            reply
        }
    })
    .await;
    let retry = RetryPolicy::default().with_max_attempts(1);
    let compute = compute(&server.config().with_retry(retry)).await;
    assert_eq!(compute.describe_instances(all()).await.unwrap().len(), 1);
    assert_eq!(server.calls().len(), 2);
    assert_eq!(compute.describe_instances(all()).await.unwrap().len(), 1);
    assert_eq!(server.calls().len(), 3, "learnt for good");
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_a_network_error_that_names_it() {
    let server = Server::start(|_| Reply::Cut).await;
    let config = server.config().with_endpoint_url("http://127.0.0.1:1");
    let error = compute(&config)
        .await
        .describe_instances(all())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.is_certainly_undone());
    assert!(
        error
            .message()
            .contains("could not connect to EC2 at http://127.0.0.1:1"),
        "{error}"
    );
}
