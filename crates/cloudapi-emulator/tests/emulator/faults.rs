//! Each kind of fault, at both clouds: what the client sees, and whether the call had its effect.

use std::time::{Duration, Instant};

use cloudapi_emulator::{Cloud, Emulator, Fault, FaultKind, fixtures};
use serde_json::json;

use crate::client::{Answer, cvm, ec2};

async fn launch(emulator: &Emulator, cloud: Cloud, count: usize) -> Option<Answer> {
    let max = count.to_string();
    match cloud {
        Cloud::Aws => {
            let params = [
                ("ImageId", fixtures::AWS_IMAGE),
                ("MinCount", "1"),
                ("MaxCount", &max),
            ];
            ec2(emulator, "RunInstances", &params).await
        }
        Cloud::Tencent => {
            let zone = &fixtures::tencent_zones(fixtures::TENCENT_REGION)[0];
            let body = json!({
                "Placement": { "Zone": zone }, "ImageId": fixtures::TENCENT_IMAGE, "InstanceCount": count, "MinCount": 1
            });
            cvm(emulator, "RunInstances", body).await
        }
    }
}

/// The error code of an answer of either cloud.
fn code(cloud: Cloud, answer: &Answer) -> String {
    if cloud == Cloud::Aws {
        answer.text("Code")
    } else {
        answer.code()
    }
}

#[tokio::test]
async fn refusals_have_the_clouds_words_and_no_effect() {
    let other = FaultKind::ErrorCode {
        status: 400,
        code: "Other".to_owned(),
        message: "other".to_owned(),
    };
    let emulator = Emulator::start().await.unwrap();
    for (kind, aws, tencent) in [
        (
            FaultKind::Throttle,
            (503, "RequestLimitExceeded"),
            "RequestLimitExceeded",
        ),
        (
            FaultKind::InternalError,
            (500, "InternalError"),
            "InternalServerError",
        ),
        (
            FaultKind::Unavailable,
            (503, "Unavailable"),
            "ServiceUnavailable",
        ),
        (
            FaultKind::ExpiredKey,
            (400, "RequestExpired"),
            "AuthFailure.TokenFailure",
        ),
        (
            FaultKind::ClockSkew,
            (400, "RequestExpired"),
            "AuthFailure.SignatureExpire",
        ),
        (other, (400, "Other"), "Other"),
    ] {
        for (cloud, status, expected) in
            [(Cloud::Aws, aws.0, aws.1), (Cloud::Tencent, 200, tencent)]
        {
            emulator.fault(Fault::new(kind.clone()).on("RunInstances").cloud(cloud));
            let answer = launch(&emulator, cloud, 1).await.unwrap();
            assert_eq!(
                (answer.status, code(cloud, &answer).as_str()),
                (status, expected),
                "{cloud:?} {kind:?}"
            );
            assert_eq!(emulator.world().instance_count(cloud), 0);
            let call = emulator.calls().pop().unwrap();
            assert_eq!(
                (call.status, call.error_code.as_deref()),
                (Some(status), Some(expected))
            );
        }
    }
}

#[tokio::test]
async fn broken_answers_say_nothing_about_the_effect() {
    for cloud in [Cloud::Aws, Cloud::Tencent] {
        for (kind, made) in [
            (FaultKind::CutBefore, 0),
            (FaultKind::CutAfter, 1),
            (FaultKind::TruncatedBody, 1),
            (FaultKind::GarbageBody, 1),
            (FaultKind::EmptyBody, 1),
            (FaultKind::HtmlBody, 0),
        ] {
            let emulator = Emulator::start().await.unwrap();
            emulator.fault(Fault::new(kind.clone()).on("RunInstances"));
            let answer = launch(&emulator, cloud, 1).await;
            assert_eq!(
                emulator.world().instance_count(cloud),
                made,
                "{cloud:?} {kind:?}"
            );
            match kind {
                FaultKind::CutBefore | FaultKind::CutAfter => {
                    assert!(answer.is_none(), "{answer:?}");
                    assert_eq!(emulator.calls()[0].status, None);
                }
                FaultKind::TruncatedBody => {
                    let answer = answer.unwrap();
                    assert!(!answer.whole && !answer.body.is_empty(), "{answer:?}");
                }
                FaultKind::EmptyBody => assert_eq!(
                    answer.map(|it| (it.status, it.body)),
                    Some((200, String::new()))
                ),
                FaultKind::GarbageBody => {
                    let answer = answer.unwrap();
                    assert_eq!(answer.status, 200);
                    assert!(
                        !answer.body.starts_with('<') && !answer.body.starts_with('{'),
                        "{answer:?}"
                    );
                }
                _ => assert_eq!(answer.unwrap().status, 502),
            }
            let again = launch(&emulator, cloud, 1).await.unwrap();
            assert_eq!(
                (again.status, again.whole),
                (200, true),
                "the fault is spent"
            );
            assert_eq!(emulator.world().instance_count(cloud), made + 1);
        }
    }
}

#[tokio::test]
async fn a_delay_only_takes_time() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fault(Fault::new(FaultKind::Delay(Duration::from_millis(150))).on("DescribeZones"));
    let started = Instant::now();
    let answer = cvm(&emulator, "DescribeZones", json!({})).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(150));
    assert_eq!(answer.code(), "");
}

#[tokio::test]
async fn half_a_batch_is_done() {
    let emulator = Emulator::start().await.unwrap();
    let half = || Fault::new(FaultKind::PartialBatch);
    let ids = emulator.add_instances(Cloud::Aws, 4);
    let params: Vec<(String, &str)> = ids
        .iter()
        .enumerate()
        .map(|(at, id)| (format!("InstanceId.{}", at + 1), id.as_str()))
        .collect();
    let params: Vec<(&str, &str)> = params
        .iter()
        .map(|(name, id)| (name.as_str(), *id))
        .collect();
    emulator.fault(half());
    let answer = ec2(&emulator, "StopInstances", &params).await.unwrap();
    assert_eq!(
        (answer.status, answer.text("Code").as_str()),
        (500, "InternalError")
    );
    let states: Vec<_> = ids
        .iter()
        .map(|id| emulator.world().instance_state(id).unwrap())
        .collect();
    assert_eq!(states, ["stopping", "stopping", "running", "running"]);

    let ids = emulator.add_instances(Cloud::Tencent, 4);
    emulator.fault(half());
    let answer = cvm(&emulator, "StopInstances", json!({ "InstanceIds": ids }))
        .await
        .unwrap();
    assert_eq!(answer.code(), "InternalServerError");
    let states: Vec<_> = ids
        .iter()
        .map(|id| emulator.world().instance_state(id).unwrap())
        .collect();
    assert_eq!(states, ["STOPPING", "STOPPING", "RUNNING", "RUNNING"]);

    for (cloud, so_far) in [(Cloud::Aws, 4), (Cloud::Tencent, 4)] {
        emulator.fault(half().on("RunInstances"));
        let answer = launch(&emulator, cloud, 6).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(emulator.world().instance_count(cloud), so_far + 3);
    }
}

#[tokio::test]
async fn faults_strike_what_they_name() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fault(
        Fault::new(FaultKind::Throttle)
            .on("DescribeZones")
            .times(2)
            .after(1),
    );
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(
            cvm(&emulator, "DescribeZones", json!({}))
                .await
                .unwrap()
                .code(),
        );
    }
    assert_eq!(
        codes,
        ["", "RequestLimitExceeded", "RequestLimitExceeded", ""]
    );
    emulator.fault(Fault::new(FaultKind::Throttle).cloud(Cloud::Aws));
    assert_eq!(
        cvm(&emulator, "DescribeZones", json!({}))
            .await
            .unwrap()
            .code(),
        ""
    );
    emulator.clear_faults();
    assert_eq!(
        ec2(&emulator, "DescribeRegions", &[]).await.unwrap().status,
        200
    );
}
