//! The emulator as a server: keys, clock, record, control.

use std::time::Duration;

use cloudapi_emulator::{Cloud, Emulator, Fault, FaultKind, Key};
use serde_json::{Value, json};

use crate::client::{aws, cvm, ec2, send};

#[tokio::test]
async fn the_clock_and_the_keys_decide() {
    let emulator = Emulator::builder()
        .with_aws_key(Key::new("AKIAOWN", "own secret"))
        .start()
        .await
        .unwrap();
    let call = async |key: &Key| {
        let answer = aws(&emulator, key, "ec2", "2016-11-15", "DescribeRegions", &[])
            .await
            .unwrap();
        (answer.status, answer.text("Code"))
    };
    assert_eq!(call(&emulator.aws_key()).await, (200, String::new()));
    assert_eq!(
        call(&emulator.temporary_key(Cloud::Aws)).await,
        (200, String::new())
    );
    assert_eq!(
        call(&emulator.expired_key(Cloud::Aws)).await,
        (400, "RequestExpired".to_owned())
    );
    emulator.end_temporary_key(Cloud::Aws);
    assert_eq!(
        call(&emulator.temporary_key(Cloud::Aws)).await,
        (400, "RequestExpired".to_owned())
    );
    assert_eq!(
        call(&Key::new("AKIAOWN", "other")).await,
        (401, "AuthFailure".to_owned())
    );
    emulator.set_clock_offset(-310);
    let answer = ec2(&emulator, "DescribeRegions", &[]).await.unwrap();
    assert_eq!(answer.text("Code"), "RequestExpired");
    assert!(
        answer.head.to_lowercase().contains("\r\ndate: "),
        "{}",
        answer.head
    );
    assert!(
        answer.head.contains("x-amzn-requestid: "),
        "{}",
        answer.head
    );
    assert_eq!(
        cvm(&emulator, "DescribeZones", json!({}))
            .await
            .unwrap()
            .code(),
        "AuthFailure.SignatureExpire"
    );
    let unsigned = send(
        &emulator,
        "POST",
        "/",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Action=X",
    )
    .await;
    assert_eq!(unsigned.unwrap().text("Code"), "MissingAuthenticationToken");
    let shown = format!("{:?} {:?}", emulator.aws_key(), emulator);
    assert!(!shown.contains("own secret"), "{shown}");
}

#[tokio::test]
async fn calls_are_recorded_without_secrets() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fault(Fault::new(FaultKind::Delay(Duration::from_millis(100))).times(2));
    let body = json!({ "LoginSettings": { "Password": "hunter2hunter2" } });
    tokio::join!(
        cvm(&emulator, "RunInstances", body),
        ec2(
            &emulator,
            "DescribeRegions",
            &[("RegionName.1", "us-east-1")]
        )
    );
    let calls = emulator.calls();
    assert_eq!(emulator.max_in_flight(), 2);
    let aws = calls.iter().find(|call| call.cloud == Cloud::Aws).unwrap();
    assert_eq!(
        (
            aws.service.as_str(),
            aws.action.as_str(),
            aws.region.as_str()
        ),
        ("ec2", "DescribeRegions", "us-east-1")
    );
    assert_eq!(
        (aws.status, &aws.error_code, &aws.parameters),
        (Some(200), &None, &json!({ "RegionName": ["us-east-1"] }))
    );
    let all = serde_json::to_string(&calls).unwrap();
    assert!(
        !all.contains("hunter2") && all.contains("MissingParameter"),
        "{all}"
    );
    emulator.clear_calls();
    assert!(emulator.calls().is_empty() && emulator.max_in_flight() == 0);
}

#[tokio::test]
async fn it_is_controlled_over_its_port() {
    let emulator = Emulator::start().await.unwrap();
    let control = async |method: &str, path: &str, body: &str| -> (u16, Value) {
        let answer = send(&emulator, method, &format!("/_emulator/{path}"), "", body)
            .await
            .unwrap();
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    };
    let (status, made) = control("POST", "instances", r#"{"Cloud": "Tencent", "Count": 3}"#).await;
    assert_eq!(
        (status, made["InstanceIds"].as_array().unwrap().len()),
        (200, 3)
    );
    assert_eq!(
        control(
            "POST",
            "faults",
            r#"{"Kind": "Throttle", "Action": "DescribeZones"}"#
        )
        .await
        .0,
        200
    );
    assert_eq!(
        cvm(&emulator, "DescribeZones", json!({}))
            .await
            .unwrap()
            .code(),
        "RequestLimitExceeded"
    );
    assert_eq!(
        control("GET", "calls", "").await.1["Calls"][0]["ErrorCode"],
        "RequestLimitExceeded"
    );
    assert_eq!(control("DELETE", "calls", "").await.0, 200);
    assert_eq!(control("GET", "calls", "").await.1["Calls"], json!([]));
    assert_eq!(
        control(
            "POST",
            "settings",
            r#"{"Lag": 1, "ClockOffsetSeconds": 900}"#
        )
        .await
        .0,
        200
    );
    assert_eq!(
        cvm(&emulator, "DescribeZones", json!({}))
            .await
            .unwrap()
            .code(),
        "AuthFailure.SignatureExpire"
    );
    assert_eq!(control("POST", "settings", r#"{"Lagg": 1}"#).await.0, 400);
    assert_eq!(control("POST", "nothing", "").await.0, 404);
    assert_eq!(control("GET", "reset", "").await.0, 405);
    assert_eq!(control("POST", "reset", "").await.0, 200);
    assert_eq!(emulator.world().instance_count(Cloud::Tencent), 0);
}

#[tokio::test]
async fn the_same_seed_makes_the_same_world_and_stopping_frees_the_port() {
    let one = Emulator::builder().with_seed(7).start().await.unwrap();
    let two = Emulator::builder().with_seed(7).start().await.unwrap();
    assert_eq!(
        one.add_instances(Cloud::Aws, 3),
        two.add_instances(Cloud::Aws, 3)
    );
    let address = one.address();
    one.stop().await;
    let again = Emulator::builder()
        .with_address(address.to_string())
        .start()
        .await
        .unwrap();
    assert_eq!(again.endpoint_url(), format!("http://{address}"));
    let taken = Emulator::builder()
        .with_address(address.to_string())
        .start()
        .await;
    assert!(taken.is_err());
}
