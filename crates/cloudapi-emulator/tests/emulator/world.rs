//! What happens to instances: states, launches, lists of many.

use std::time::{Duration, Instant};

use cloudapi_emulator::{Cloud, Emulator, fixtures};
use serde_json::json;

use crate::client::{cvm, ec2};

#[tokio::test]
async fn ec2_follows_its_table_of_states() {
    let emulator = Emulator::builder()
        .with_transition_polls(u32::MAX)
        .start()
        .await
        .unwrap();
    let id = &emulator.add_instances(Cloud::Aws, 1)[0];
    let wrong = "IncorrectInstanceState";
    for (state, start, stop, terminate) in [
        ("pending", "pending", wrong, "shutting-down"),
        ("running", "running", "stopping", "shutting-down"),
        ("stopping", wrong, "stopping", "shutting-down"),
        ("stopped", "pending", "stopped", "terminated"),
        ("shutting-down", wrong, wrong, "shutting-down"),
        ("terminated", wrong, wrong, "terminated"),
    ] {
        for (action, expected) in [
            ("StartInstances", start),
            ("StopInstances", stop),
            ("TerminateInstances", terminate),
        ] {
            assert!(emulator.world().set_instance_state(id, state));
            let answer = ec2(&emulator, action, &[("InstanceId.1", id)])
                .await
                .unwrap();
            if expected == wrong {
                assert_eq!(answer.text("Code"), wrong, "{action} from {state}");
                assert_eq!(emulator.world().instance_state(id).as_deref(), Some(state));
            } else {
                assert_eq!(
                    answer.all("name"),
                    [expected, state],
                    "{action} from {state}"
                );
            }
        }
    }
}

#[tokio::test]
async fn cvm_follows_its_table_of_states() {
    let emulator = Emulator::builder()
        .with_transition_polls(u32::MAX)
        .start()
        .await
        .unwrap();
    let id = &emulator.add_instances(Cloud::Tencent, 1)[0];
    for (state, start, stop, reboot, terminate) in [
        ("PENDING", "", "", "", ""),
        ("RUNNING", "", "STOPPING", "REBOOTING", "TERMINATING"),
        ("STOPPED", "STARTING", "", "", "TERMINATING"),
        ("STARTING", "", "", "", ""),
        ("SHUTDOWN", "", "", "", "TERMINATING"),
        ("RESCUE_MODE", "", "", "", ""),
    ] {
        for (action, expected) in [
            ("StartInstances", start),
            ("StopInstances", stop),
            ("RebootInstances", reboot),
            ("TerminateInstances", terminate),
        ] {
            assert!(emulator.world().set_instance_state(id, state));
            let answer = cvm(&emulator, action, json!({ "InstanceIds": [id] }))
                .await
                .unwrap();
            let after = emulator.world().instance_state(id).unwrap();
            if expected.is_empty() {
                assert!(
                    answer
                        .code()
                        .starts_with("UnsupportedOperation.InstanceState"),
                    "{action} from {state}"
                );
                assert_eq!(after, state);
            } else {
                assert_eq!(
                    (answer.code().as_str(), after.as_str()),
                    ("", expected),
                    "{action} from {state}"
                );
            }
        }
    }
}

#[tokio::test]
async fn launches_fail_and_sell_out_on_demand() {
    let emulator = Emulator::builder()
        .with_capacity(Cloud::Aws, "t3.micro", 3)
        .start()
        .await
        .unwrap();
    let run = async |min: &str, max: &str| {
        let params = [
            ("ImageId", fixtures::AWS_IMAGE),
            ("InstanceType", "t3.micro"),
            ("MinCount", min),
            ("MaxCount", max),
        ];
        ec2(&emulator, "RunInstances", &params).await.unwrap()
    };
    assert_eq!(run("1", "2").await.all("instanceId").len(), 2);
    assert_eq!(
        run("1", "2").await.all("instanceId").len(),
        1,
        "as many as there are"
    );
    let refused = run("1", "1").await;
    assert_eq!(
        (refused.status, refused.text("Code").as_str()),
        (500, "InsufficientInstanceCapacity")
    );

    emulator
        .world()
        .with_capacity(Cloud::Aws, "t3.micro", 1)
        .fail_next_launch(Cloud::Aws, "Server.InternalError");
    let failed = run("1", "1").await.text("instanceId");
    let look = async || {
        ec2(&emulator, "DescribeInstances", &[("InstanceId.1", &failed)])
            .await
            .unwrap()
    };
    assert_eq!(look().await.text("name"), "pending");
    let ended = look().await;
    assert_eq!(
        (ended.text("name"), ended.text("code")),
        ("terminated".to_owned(), "48".to_owned())
    );
    assert!(
        ended
            .body
            .contains("<stateReason><code>Server.InternalError</code>"),
        "{}",
        ended.body
    );

    emulator
        .world()
        .with_capacity(Cloud::Tencent, "S5.MEDIUM4", 0)
        .fail_next_launch(Cloud::Tencent, "no such luck");
    let zone = &fixtures::tencent_zones("ap-guangzhou")[0];
    let mut body = json!({ "Placement": { "Zone": zone }, "ImageId": fixtures::TENCENT_IMAGE, "InstanceType": "S5.MEDIUM4" });
    let refused = cvm(&emulator, "RunInstances", body.clone()).await.unwrap();
    assert_eq!(refused.code(), "ResourcesSoldOut.SpecifiedInstanceType");
    body["InstanceType"] = json!("S5.LARGE8");
    let ids = cvm(&emulator, "RunInstances", body)
        .await
        .unwrap()
        .response()["InstanceIdSet"]
        .clone();
    let look = async || {
        cvm(
            &emulator,
            "DescribeInstances",
            json!({ "InstanceIds": ids }),
        )
        .await
        .unwrap()
        .response()
    };
    look().await;
    let shown = look().await["InstanceSet"][0].clone();
    assert_eq!(
        (&shown["InstanceState"], &shown["LatestOperationErrorMsg"]),
        (&json!("LAUNCH_FAILED"), &json!("no such luck"))
    );
}

#[tokio::test]
async fn ten_thousand_instances_are_listed_in_seconds() {
    let emulator = Emulator::start().await.unwrap();
    let started = Instant::now();
    assert_eq!(emulator.add_instances(Cloud::Aws, 10_000).len(), 10_000);
    assert_eq!(emulator.add_instances(Cloud::Tencent, 10_000).len(), 10_000);
    let (mut token, mut ids, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let mut params = vec![("MaxResults", "1000")];
        if !token.is_empty() {
            params.push(("NextToken", &token));
        }
        let page = ec2(&emulator, "DescribeInstances", &params).await.unwrap();
        ids.extend(page.all("instanceId"));
        pages += 1;
        token = page.text("nextToken");
        if token.is_empty() {
            break;
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), pages), (10_000, 11));
    let mut seen = 0;
    for page in 0..100 {
        let body = json!({ "Offset": page * 100, "Limit": 100 });
        let answer = cvm(&emulator, "DescribeInstances", body)
            .await
            .unwrap()
            .response();
        assert_eq!(answer["TotalCount"], 10_000);
        seen += answer["InstanceSet"].as_array().unwrap().len();
    }
    assert_eq!(seen, 10_000);
    // An unoptimised build on a busy machine; quadratic work would take minutes.
    assert!(
        started.elapsed() < Duration::from_secs(40),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn terminated_instances_vanish_after_an_hour_of_its_clock() {
    let emulator = Emulator::builder()
        .with_transition_polls(0)
        .start()
        .await
        .unwrap();
    let ids = emulator.add_instances(Cloud::Aws, 2);
    let listed = async || {
        ec2(&emulator, "DescribeInstances", &[])
            .await
            .unwrap()
            .all("instanceId")
    };
    // Signatures are judged by the same clock, so it is the end that is put into the past.
    emulator.set_clock_offset(-3_700);
    emulator.world().set_instance_state(&ids[0], "terminated");
    emulator.set_clock_offset(0);
    ec2(
        &emulator,
        "TerminateInstances",
        &[("InstanceId.1", &ids[1])],
    )
    .await
    .unwrap();
    assert_eq!(
        listed().await,
        [ids[1].clone()],
        "the one that ended longer ago is gone"
    );
}
