//! Load balancers of the classic kind, in the same model.

use cloudapi_core::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, HealthState, OutcomeStatus,
    RegisterInstancesWithLoadBalancerRequest, Target,
};
use cloudapi_core::{ErrorKind, LoadBalancerExt, LoadBalancerId, Operation};
use futures_util::FutureExt;

use super::stage::{all_are, failed, outcomes_of, plain, summary};
use crate::case::Case;
use crate::compute::only;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

pub(super) fn cases() -> Vec<Case> {
    let (describe, register, deregister) = (
        Operation::DescribeLoadBalancerHealth,
        Operation::RegisterInstancesWithLoadBalancer,
        Operation::DeregisterInstancesFromLoadBalancer,
    );
    vec![
        Case::new(
            "load_balancer/describe-shows-a-classic-one-in-the-same-model",
            "A classic load balancer has one group of its own id, with targets, states and summary like any other.",
            |cx| described(cx).boxed(),
        )
        .of(describe),
        Case::new(
            "load_balancer/register-with-a-classic-one-keeps-the-same-promises",
            "With a classic load balancer registering is idempotent, and isolates a bad id, as with any other.",
            |cx| registered(cx).boxed(),
        )
        .of(register),
        Case::new(
            "load_balancer/register-refuses-ports-of-a-classic-one",
            "A port is Unsupported where the load balancer's listeners say the ports, and nothing is changed.",
            |cx| ports(cx).boxed(),
        )
        .of(register)
        .needs([Need::CallLog]),
        Case::new(
            "load_balancer/deregister-from-a-classic-one-keeps-the-same-promises",
            "From a classic load balancer deregistering is idempotent, and waited for, as from any other.",
            |cx| deregistered(cx).boxed(),
        )
        .of(deregister),
    ]
}

fn classic(cx: &Context) -> Verdict<LoadBalancerId> {
    let classic = cx.balancing()?.classic.clone();
    classic.ok_or_else(|| Failure::new("the fixture has no classic load balancer"))
}

fn register(
    cx: &Context,
    targets: Vec<Target>,
) -> Verdict<RegisterInstancesWithLoadBalancerRequest> {
    let request = RegisterInstancesWithLoadBalancerRequest::new(classic(cx)?, targets);
    Ok(request)
}

async fn described(cx: &Context) -> Verdict {
    let id = classic(cx)?;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(register(cx, plain(&ids))?).await?;
    let health = cx.health(&id).await?;
    ensure_eq!(health.load_balancer_id, id, "LoadBalancerId");
    for instance in &ids {
        ensure_eq!(
            summary(&health, instance)?,
            HealthState::Healthy,
            "{instance}"
        );
    }
    let group = only(health.groups)?;
    ensure_eq!(group.backend_group_id.as_str(), id.as_str(), "the group");
    for target in &group.targets {
        ensure!(
            target.receives_traffic,
            "{} receives no traffic",
            target.id()
        );
        ensure_eq!(target.state, HealthState::Healthy, "{}", target.id());
    }
    Ok(())
}

async fn registered(cx: &Context) -> Verdict {
    let id = classic(cx)?;
    let ids = cx.launch(2).await?;
    let absent = cx.vendor().absent_id();
    let first = register(cx, plain([&ids[0]]))?.with_backend_group(id.as_str());
    cx.register_and_wait(first).await?;
    let targets = plain([&ids[0], &absent, &ids[1]]);
    let outcomes = cx.register(register(cx, targets)?).await??;
    failed(&outcomes, &absent)?;
    for (instance, status) in [
        (&ids[0], OutcomeStatus::AlreadyThere),
        (&ids[1], OutcomeStatus::Changed),
    ] {
        for outcome in outcomes_of(&outcomes, instance) {
            ensure_eq!(outcome.status, status, "{instance}");
            ensure_eq!(outcome.backend_group_id.as_str(), id.as_str(), "the group");
        }
    }
    let request = register(cx, plain(&ids))?.with_backend_group("no-such-group");
    let result = cx.register(request).await?;
    refused("another group", ErrorKind::InvalidArgument, result)?;
    Ok(())
}

async fn ports(cx: &Context) -> Verdict {
    let instance = only(cx.launch(1).await?)?;
    cx.clear_calls();
    let request = register(cx, vec![Target::new(instance).with_port(8081)])?;
    let result = cx.register(request).await?;
    refused("a port", ErrorKind::Unsupported, result)?;
    let changed = cx
        .calls()
        .into_iter()
        .find(|call| !call.action.starts_with("Describe"));
    ensure!(changed.is_none(), "{changed:?} was called");
    Ok(())
}

async fn deregistered(cx: &Context) -> Verdict {
    let id = classic(cx)?;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(register(cx, plain([&ids[0]]))?)
        .await?;
    let request = DeregisterInstancesFromLoadBalancerRequest::new(id.clone(), plain(&ids));
    let outcomes = cx.deregister(request.clone()).await??;
    for (instance, status) in [
        (&ids[0], OutcomeStatus::Changed),
        (&ids[1], OutcomeStatus::AlreadyThere),
    ] {
        for outcome in outcomes_of(&outcomes, instance) {
            ensure_eq!(outcome.status, status, "{instance}");
        }
    }
    let load_balancer = cx.load_balancer()?;
    let waited = load_balancer
        .wait_until_drained(outcomes, &cx.pace())
        .await?;
    waited.into_result()?;
    let outcomes = cx.deregister(request).await??;
    all_are(&outcomes, OutcomeStatus::AlreadyThere)?;
    ensure_eq!(cx.health(&id).await?.instances, [], "what is left");
    Ok(())
}
