//! Creating against the emulator.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; the lint's own exception sees test functions only"
)]

mod common;

use cloudapi_core::compute::{Billing, CreateInstancesRequest, InstanceState};
use cloudapi_core::{ComputeExt, ErrorKind, Operation};
use cloudapi_emulator::fixtures::{
    TENCENT_IMAGE, TENCENT_OTHER_VPC, TENCENT_REGION, TENCENT_SUBNET, TENCENT_VPC, tencent_zones,
};
use cloudapi_emulator::{Cloud, Emulator, FaultKind};

use common::{compute, count, fault};

const TYPE: &str = "S5.MEDIUM4";

fn request() -> CreateInstancesRequest {
    let [zone, ..] = tencent_zones(TENCENT_REGION);
    CreateInstancesRequest::new(TENCENT_IMAGE, TYPE).with_zone(zone)
}

#[tokio::test]
async fn a_subnet_tells_zone_and_network() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let bare = || CreateInstancesRequest::new(TENCENT_IMAGE, TYPE).with_subnet_id(TENCENT_SUBNET);
    let created = compute
        .create_instances(
            bare()
                .with_vpc_id(TENCENT_VPC)
                .with_name("web")
                .with_tag("team", "a"),
        )
        .await
        .unwrap();
    let instance = compute
        .describe_instance(created.instance_ids[0].clone())
        .await
        .unwrap();
    let [zone, other, _] = tencent_zones(TENCENT_REGION);
    assert_eq!(instance.zone.as_deref(), Some(&*zone));
    assert_eq!(instance.vpc_id.as_deref(), Some(TENCENT_VPC));
    assert_eq!(instance.name.as_deref(), Some("web"));
    assert_eq!(instance.tags["team"], "a");
    assert_eq!(count(&emulator, "DescribeSubnets"), 1);
    for (request, kind) in [
        (
            bare().with_vpc_id(TENCENT_OTHER_VPC),
            ErrorKind::InvalidArgument,
        ),
        (bare().with_zone(other), ErrorKind::InvalidArgument),
        (
            CreateInstancesRequest::new(TENCENT_IMAGE, TYPE).with_subnet_id("subnet-zzzzzzzz"),
            ErrorKind::NotFound,
        ),
    ] {
        let error = compute.create_instances(request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.operation(), Some(Operation::CreateInstances));
        assert!(error.message().contains("subnet"), "{error}");
    }
    assert_eq!(count(&emulator, "RunInstances"), 1);
    emulator.stop().await;
}

#[tokio::test]
async fn exactly_once_whatever_happens_to_the_answer() {
    for kind in [
        FaultKind::CutBefore,
        FaultKind::CutAfter,
        FaultKind::TruncatedBody,
        FaultKind::GarbageBody,
        FaultKind::EmptyBody,
        FaultKind::HtmlBody,
        FaultKind::InternalError,
        FaultKind::Throttle,
    ] {
        let emulator = Emulator::start().await.unwrap();
        let compute = compute(&emulator).await;
        emulator.fault(fault(kind.clone(), "RunInstances"));
        let created = compute
            .create_instances(request().with_count(3))
            .await
            .unwrap();
        assert_eq!(created.instance_ids.len(), 3, "{kind:?}");
        assert_eq!(
            emulator.world().instance_count(Cloud::Tencent),
            3,
            "{kind:?}"
        );
        assert_eq!(count(&emulator, "RunInstances"), 2, "{kind:?}");
        let again = request()
            .with_count(3)
            .with_client_token(&created.client_token);
        let again = compute.create_instances(again).await.unwrap();
        assert_eq!(again.instance_ids, created.instance_ids);
        emulator.stop().await;
    }
}

#[tokio::test]
async fn more_than_one_call_takes() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let many = request()
        .with_count(501)
        .with_name("web")
        .with_client_token("t0ken");
    let created = compute.create_instances(many.clone()).await.unwrap();
    assert_eq!(
        (created.instance_ids.len(), created.client_token.as_str()),
        (501, "t0ken")
    );
    let last = compute
        .describe_instance(created.instance_ids[500].clone())
        .await
        .unwrap();
    assert_eq!(last.name.as_deref(), Some("web501"));
    assert_eq!(
        compute.create_instances(many).await.unwrap().instance_ids,
        created.instance_ids
    );
    assert_eq!(emulator.world().instance_count(Cloud::Tencent), 501);
    emulator.stop().await;
}

#[tokio::test]
async fn a_second_call_that_fails_hides_no_ids() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    emulator.world().with_capacity(Cloud::Tencent, TYPE, 500);
    let error = compute
        .create_instances(request().with_count(600).with_client_token("t0ken"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfCapacity);
    assert_eq!(error.resources().len(), 500);
    assert!(
        error.message().contains("500 of 600") && error.message().contains("t0ken"),
        "{error}"
    );

    emulator.world().with_capacity(Cloud::Tencent, TYPE, 520);
    let created = compute
        .create_instances(request().with_count(600).with_min_count(510))
        .await
        .unwrap();
    assert_eq!(created.instance_ids.len(), 520);
    emulator.stop().await;
}

#[tokio::test]
async fn a_dry_run_asks_the_cloud_and_creates_nothing() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let dry = CreateInstancesRequest::new(TENCENT_IMAGE, TYPE)
        .with_subnet_id(TENCENT_SUBNET)
        .with_dry_run(true);
    let checked = compute.create_instances(dry.clone()).await.unwrap();
    assert!(checked.dry_run && checked.instance_ids.is_empty());
    let [zone, ..] = tencent_zones(TENCENT_REGION);
    assert_eq!(checked.request.unwrap().zone, Some(zone));
    let mut wrong = dry;
    wrong.image_id = "img-zzzzzzzz".to_owned();
    let error = compute.create_instances(wrong).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(emulator.world().instance_count(Cloud::Tencent), 0);
    emulator.stop().await;
}

#[tokio::test]
async fn prepaid_and_failed_launches() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let created = compute
        .create_instances(request().with_prepaid_months(1))
        .await
        .unwrap();
    let instance = compute
        .describe_instance(created.instance_ids[0].clone())
        .await
        .unwrap();
    assert_eq!(instance.billing, Some(Billing::Prepaid));
    assert!(instance.expires_at > instance.launch_time);

    emulator
        .world()
        .fail_next_launch(Cloud::Tencent, "no disk left");
    let created = compute.create_instances(request()).await.unwrap();
    let id = created.instance_ids[0].clone();
    compute.describe_instance(id.clone()).await.unwrap();
    let failed = compute.describe_instance(id).await.unwrap();
    assert_eq!(failed.state, InstanceState::LaunchFailed);
    assert_eq!(failed.state_reason.as_deref(), Some("no disk left"));
    emulator.stop().await;
}
