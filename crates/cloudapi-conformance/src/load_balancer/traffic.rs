//! DescribeLoadBalancerHealth: who receives traffic, which is not the same as being healthy.

use cloudapi_core::ComputeExt;
use cloudapi_core::compute::StopInstancesRequest;
use cloudapi_core::load_balancer::{HealthState, RegisterInstancesWithLoadBalancerRequest, Target};
use futures_util::FutureExt;

use super::describe::case;
use super::stage::{plain, target_of};
use super::vendor::Vendor;
use crate::capability::Capability;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq};
use crate::target::Need;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "tells-who-receives-traffic",
            "Among healthy targets one whose checks fail receives no traffic; where none is left, the cloud sends to all.",
            |cx| failing(cx).boxed(),
        )
        .needs([Need::Health]),
        case(
            "sends-nothing-to-a-target-of-weight-zero",
            "A target of weight 0 receives no traffic, and its state stays what the checks say.",
            |cx| zero_target(cx).boxed(),
        )
        .with(Capability::TargetWeights),
        case(
            "sends-nothing-to-a-group-of-weight-zero",
            "The targets of a group that is forwarded to with weight 0 receive no traffic, and stay healthy.",
            |cx| zero_group(cx).boxed(),
        )
        .without(Capability::TargetWeights),
        case(
            "tells-unchecked-from-unhealthy",
            "A target that nobody checks is Unchecked, and receives traffic.",
            |cx| unchecked(cx).boxed(),
        ),
        case(
            "does-not-call-a-stopped-server-healthy",
            "A stopped server is not healthy, with the cloud's reason, and receives no traffic.",
            |cx| stopped(cx).boxed(),
        ),
    ]
}

async fn failing(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let group = &fixture.single_group.id;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(fixture.register(plain(&ids))).await?;
    let vendor = Vendor::of(cx.provider());
    let (one, two) = (Target::new(ids[0].clone()), Target::new(ids[1].clone()));
    for (words, expected) in [
        ([vendor.healthy, vendor.healthy], [true, true]),
        ([vendor.unhealthy, vendor.healthy], [false, true]),
        ([vendor.unhealthy, vendor.unhealthy], [true, true]),
        ([vendor.healthy, vendor.unhealthy], [true, false]),
    ] {
        for (target, word) in [&one, &two].into_iter().zip(words) {
            cx.controls()?.set_health(group, target, word);
        }
        let health = cx.health(&fixture.single).await?;
        let received = [
            target_of(&health, group, &one)?.receives_traffic,
            target_of(&health, group, &two)?.receives_traffic,
        ];
        ensure_eq!(received, expected, "traffic of {words:?}");
    }
    Ok(())
}

async fn zero_target(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(2).await?;
    let idle = Target::new(ids[0].clone()).with_weight(0);
    let busy = Target::new(ids[1].clone()).with_weight(30);
    cx.register_and_wait(fixture.register([idle.clone(), busy.clone()]))
        .await?;
    let health = cx.health(&fixture.single).await?;
    for (target, weight) in [(idle, 0), (busy, 30)] {
        let seen = target_of(&health, &fixture.single_group.id, &target)?;
        ensure_eq!(seen.state, HealthState::Healthy, "the state of {target}");
        ensure_eq!(seen.weight, Some(weight), "the weight of {target}");
        ensure_eq!(seen.receives_traffic, weight > 0, "traffic of {target}");
    }
    Ok(())
}

async fn zero_group(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let mut groups = fixture.many_groups.iter();
    let group = groups
        .find(|group| !group.in_use && group.takes_instances)
        .ok_or_else(|| Failure::new("there is no group of weight 0"))?;
    let ids = cx.launch(1).await?;
    let many = fixture.many.clone();
    let request = RegisterInstancesWithLoadBalancerRequest::new(many, plain(&ids));
    cx.register_and_wait(request.with_backend_group(group.id.clone()))
        .await?;
    let health = cx.health(&fixture.many).await?;
    let seen = target_of(&health, &group.id, &Target::new(ids[0].clone()))?.clone();
    ensure_eq!(seen.state, HealthState::Healthy, "the state");
    ensure!(!seen.receives_traffic, "it is said to receive traffic");
    Ok(())
}

async fn unchecked(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let mut groups = fixture.many_groups.iter();
    let group = groups
        .find(|group| !group.checked)
        .ok_or_else(|| Failure::new("there is no group without checks"))?;
    if group.takes_instances {
        let ids = cx.launch(1).await?;
        let many = fixture.many.clone();
        let request = RegisterInstancesWithLoadBalancerRequest::new(many, plain(&ids));
        // A target that is not checked counts as there.
        cx.register_and_wait(request.with_backend_group(group.id.clone()))
            .await?;
    }
    let health = cx.health(&fixture.many).await?;
    let mut groups = health.groups.iter();
    let targets = groups
        .find(|one| one.backend_group_id == group.id)
        .map(|group| group.targets.as_slice())
        .unwrap_or_default();
    ensure!(!targets.is_empty(), "{} has no targets", group.id);
    for target in targets {
        ensure_eq!(
            target.state,
            HealthState::Unchecked,
            "the state of {}",
            target.id()
        );
        ensure!(
            target.receives_traffic,
            "{} receives no traffic",
            target.id()
        );
    }
    Ok(())
}

async fn stopped(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(fixture.register(plain(&ids))).await?;
    let compute = cx.compute()?;
    let request = StopInstancesRequest::new([ids[0].clone()]);
    let outcomes = compute.stop_instances(request).await?.into_result()?;
    let down = compute.wait_until_stopped(outcomes, &cx.pace()).await?;
    down.into_result()?;
    let health = cx.health(&fixture.single).await?;
    let target = Target::new(ids[0].clone());
    let seen = target_of(&health, &fixture.single_group.id, &target)?;
    ensure!(
        matches!(seen.state, HealthState::Unused | HealthState::Unhealthy),
        "a stopped server is {}",
        seen.state
    );
    ensure!(seen.reason.is_some(), "there is no reason");
    ensure!(!seen.receives_traffic, "it is said to receive traffic");
    Ok(())
}
