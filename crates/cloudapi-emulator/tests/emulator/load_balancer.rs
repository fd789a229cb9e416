//! Load balancers: what the world's methods do to them, and how faults strike.

use cloudapi_emulator::{Cloud, Emulator, Fault, FaultKind, fixtures};
use serde_json::{Value, json};

use crate::client::{clb, elb};

const BUSY: &str = "FailedOperation.ResourceInOperating";

/// Binds instances to the TCP listener, one port each.
fn bind(ids: &[String]) -> Value {
    let targets: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "InstanceId": id, "Port": 80 }))
        .collect();
    json!({
        "LoadBalancerId": fixtures::TENCENT_LOAD_BALANCER,
        "ListenerId": fixtures::TENCENT_TCP_LISTENER,
        "Targets": targets,
    })
}

fn states(emulator: &Emulator, group: &str) -> Vec<String> {
    let targets = emulator.world().targets(group).into_iter();
    targets.map(|target| target.state).collect()
}

async fn register(emulator: &Emulator, group: &str, ids: &[String]) -> Option<u16> {
    let arn = fixtures::aws_target_group_arn(fixtures::AWS_REGION, group);
    let names: Vec<String> = (1..=ids.len())
        .map(|at| format!("Targets.member.{at}.Id"))
        .collect();
    let mut params = vec![("TargetGroupArn", arn.as_str())];
    params.extend(
        names
            .iter()
            .zip(ids)
            .map(|(name, id)| (name.as_str(), id.as_str())),
    );
    let answer = elb(emulator, "RegisterTargets", &params).await?;
    Some(answer.status)
}

#[tokio::test]
async fn health_is_set_by_hand() {
    let emulator = Emulator::start().await.unwrap();
    let ids = emulator.add_instances(Cloud::Aws, 2);
    let group = fixtures::AWS_WEB_GROUP;
    assert_eq!(register(&emulator, group, &ids).await, Some(200));
    assert_eq!(states(&emulator, group), ["initial", "initial"]);
    let world = emulator.world();
    assert_eq!(
        world.set_target_health(group, &ids[0], None, "unhealthy"),
        1
    );
    assert_eq!(world.set_target_health(group, &ids[1], 81, "unhealthy"), 0);
    let arn = fixtures::aws_target_group_arn(fixtures::AWS_REGION, group);
    for expected in ["initial", "healthy"] {
        let params = [("TargetGroupArn", arn.as_str())];
        let answer = elb(&emulator, "DescribeTargetHealth", &params)
            .await
            .unwrap();
        assert_eq!(answer.all("State"), ["unhealthy", expected]);
    }
    assert!(world.set_instance_state(&ids[0], "stopped"));
    assert_eq!(states(&emulator, &arn), ["unused", "healthy"]);
    assert!(world.remove_instance(&ids[0]));
    assert_eq!(states(&emulator, &arn), ["healthy"]);
    assert!(world.targets("none").is_empty());
}

#[tokio::test]
async fn regions_have_load_balancers_of_their_own() {
    let emulator = Emulator::start().await.unwrap();
    let arn = fixtures::aws_load_balancer_arn("us-east-1", fixtures::AWS_LOAD_BALANCER);
    let params = [("LoadBalancerArns.member.1", arn.as_str())];
    let found = elb(&emulator, "DescribeLoadBalancers", &params);
    assert_eq!(found.await.unwrap().text("LoadBalancerArn"), arn);
    let elsewhere = fixtures::aws_load_balancer_arn("eu-west-1", fixtures::AWS_LOAD_BALANCER);
    let params = [("LoadBalancerArns.member.1", elsewhere.as_str())];
    let found = elb(&emulator, "DescribeLoadBalancers", &params);
    assert_eq!(found.await.unwrap().text("Code"), "LoadBalancerNotFound");
}

#[tokio::test]
async fn another_writer_is_waited_for_by_trying() {
    let emulator = Emulator::start().await.unwrap();
    let ids = emulator.add_instances(Cloud::Tencent, 1);
    let world = emulator.world();
    assert!(world.hold_load_balancer(fixtures::TENCENT_LOAD_BALANCER, 2));
    assert!(!world.hold_load_balancer("lb-00000000", 2));
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(
            clb(&emulator, "RegisterTargets", bind(&ids))
                .await
                .unwrap()
                .code(),
        );
    }
    assert_eq!(codes, [BUSY, BUSY, ""]);
}

#[tokio::test]
async fn a_task_fails_or_does_all() {
    let emulator = Emulator::builder()
        .with_transition_polls(0)
        .start()
        .await
        .unwrap();
    let group = fixtures::TENCENT_TCP_LISTENER;
    let ids = emulator.add_instances(Cloud::Tencent, 2);
    let reason = "the backend is gone".to_owned();
    emulator.fault(Fault::new(FaultKind::FailedTask(reason.clone())).on("RegisterTargets"));
    let answer = clb(&emulator, "RegisterTargets", bind(&ids)).await.unwrap();
    let task = json!({ "TaskId": answer.response()["RequestId"] });
    let task = clb(&emulator, "DescribeTaskStatus", task).await.unwrap();
    assert_eq!(task.response()["Status"], 1);
    assert_eq!(task.response()["Message"], reason);
    assert!(states(&emulator, group).is_empty());

    emulator.fault(Fault::new(FaultKind::PartialBatch).on("RegisterTargets"));
    let answer = clb(&emulator, "RegisterTargets", bind(&ids)).await.unwrap();
    assert_eq!(answer.code(), "InternalError");
    assert_eq!(states(&emulator, group), ["Alive"]);

    emulator.fault(Fault::new(FaultKind::CutAfter).on("RegisterTargets"));
    assert!(
        clb(&emulator, "RegisterTargets", bind(&ids))
            .await
            .is_none()
    );
    assert_eq!(states(&emulator, group), ["Alive", "Alive"]);
}

#[tokio::test]
async fn registering_again_is_taken_or_refused() {
    let emulator = Emulator::builder()
        .with_transition_polls(0)
        .start()
        .await
        .unwrap();
    let ids = emulator.add_instances(Cloud::Tencent, 1);
    let call = async || {
        clb(&emulator, "RegisterTargets", bind(&ids))
            .await
            .unwrap()
            .code()
    };
    assert_eq!([call().await, call().await], ["", ""]);
    emulator.world().refuse_registered_targets(true);
    assert_eq!(call().await, "InvalidParameterValue.Duplicate");
    emulator.world().refuse_registered_targets(false);
    assert_eq!(call().await, "");
}

#[tokio::test]
async fn a_fault_for_tasks_leaves_other_calls_alone() {
    let emulator = Emulator::start().await.unwrap();
    let ids = emulator.add_instances(Cloud::Aws, 1);
    emulator.fault(Fault::new(FaultKind::FailedTask("x".to_owned())));
    assert_eq!(
        register(&emulator, fixtures::AWS_WEB_GROUP, &ids).await,
        Some(200)
    );
    assert_eq!(states(&emulator, fixtures::AWS_WEB_GROUP), ["initial"]);
}
