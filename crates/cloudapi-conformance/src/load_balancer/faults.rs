//! Each fault once in each operation: it ends well, and nothing is doubled or lost.

use std::collections::BTreeSet;

use cloudapi_core::load_balancer::{DescribeLoadBalancerHealthRequest, OutcomeStatus};
use cloudapi_core::{InstanceId, LoadBalancerExt, Operation};
use futures_util::FutureExt;

use super::stage::{all_are, plain};
use super::vendor::native_action;
use crate::case::Case;
use crate::compute::FAULTS;
use crate::context::Context;
use crate::failure::{Verdict, ensure_eq};
use crate::target::{Fault, FaultKind, Need};

const OPERATIONS: [(Operation, &str); 3] = [
    (Operation::DescribeLoadBalancerHealth, "describe"),
    (Operation::RegisterInstancesWithLoadBalancer, "register"),
    (Operation::DeregisterInstancesFromLoadBalancer, "deregister"),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (operation, verb) in OPERATIONS {
        for (kind, name, words) in FAULTS {
            let case = Case::new(
                format!("load_balancer/{verb}-survives-{name}"),
                format!("{operation} ends well after {words}, and nothing is doubled or lost."),
                move |cx| survives(cx, operation, *kind).boxed(),
            );
            cases.push(case.of(operation).needs([Need::Faults, Need::Truth]));
        }
        if operation != Operation::DescribeLoadBalancerHealth {
            let case = Case::new(
                format!("load_balancer/{verb}-finishes-a-batch-that-was-half-done"),
                "When the cloud fails after half of a batch, every target is changed once and has its outcome.",
                move |cx| survives(cx, operation, FaultKind::PartialBatch).boxed(),
            );
            cases.push(case.of(operation).needs([Need::Faults, Need::Truth]));
        }
    }
    let many = Case::new(
        "load_balancer/register-finishes-a-large-batch-that-failed-in-part",
        "When the cloud does a part of a large batch only, the rest is done all the same.",
        |cx| large(cx).boxed(),
    );
    let many = many.of(Operation::RegisterInstancesWithLoadBalancer);
    cases.push(many.needs([Need::Faults, Need::Truth, Need::Fleet]));
    cases
}

async fn survives(cx: &Context, operation: Operation, kind: FaultKind) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(4).await?;
    let fault = || Fault::new(kind, native_action(operation));
    if operation == Operation::RegisterInstancesWithLoadBalancer {
        cx.controls()?.inject(fault());
        let outcomes = cx.register(fixture.register(plain(&ids))).await??;
        ensure_eq!(outcomes.outcomes.len(), ids.len(), "outcomes");
        all_are(&outcomes, OutcomeStatus::Changed)?;
        ensure_eq!(there(cx)?, set(&ids), "what is registered");
        let load_balancer = cx.load_balancer()?;
        let waited = load_balancer
            .wait_until_healthy(outcomes, &cx.pace())
            .await?;
        waited.into_result()?;
        return Ok(());
    }
    cx.register_and_wait(fixture.register(plain(&ids))).await?;
    cx.health(&fixture.single).await?;
    cx.controls()?.inject(fault());
    if operation == Operation::DescribeLoadBalancerHealth {
        let load_balancer = cx.load_balancer()?;
        let request = DescribeLoadBalancerHealthRequest::new(fixture.single.clone());
        let health = load_balancer.describe_load_balancer_health(request).await?;
        let found: BTreeSet<InstanceId> = health
            .instances
            .into_iter()
            .map(|one| one.instance_id)
            .collect();
        ensure_eq!(found, ids.iter().cloned().collect(), "the instances");
        return Ok(());
    }
    let outcomes = cx.deregister(fixture.deregister(plain(&ids))).await??;
    ensure_eq!(outcomes.outcomes.len(), ids.len(), "outcomes");
    all_are(&outcomes, OutcomeStatus::Changed)?;
    let load_balancer = cx.load_balancer()?;
    let waited = load_balancer
        .wait_until_drained(outcomes, &cx.pace())
        .await?;
    waited.into_result()?;
    ensure_eq!(there(cx)?, BTreeSet::new(), "what is left");
    Ok(())
}

async fn large(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let fleet = cx.controls()?.add_fleet(60);
    let (action, _) = super::vendor::Vendor::of(cx.provider()).register_many;
    cx.controls()?
        .inject(Fault::new(FaultKind::PartialBatch, action));
    let outcomes = cx.register(fixture.register(plain(&fleet))).await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    ensure_eq!(there(cx)?, set(&fleet), "what is registered");
    Ok(())
}

/// The ids that really are in the only group.
fn there(cx: &Context) -> Verdict<BTreeSet<String>> {
    let targets = cx.true_targets(&cx.balancing()?.single_group.id)?;
    Ok(targets.into_iter().map(|target| target.id).collect())
}

fn set(ids: &[InstanceId]) -> BTreeSet<String> {
    ids.iter().map(ToString::to_string).collect()
}
