//! DeregisterInstancesFromLoadBalancer.

use cloudapi_core::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, HealthState, OutcomeStatus,
    RegisterInstancesWithLoadBalancerRequest, Target, TargetOutcome,
};
use cloudapi_core::{BackendGroupId, InstanceId, LoadBalancerExt, Operation};
use futures_util::FutureExt;

use super::stage::{all_are, outcomes_of, plain, target_of};
use crate::case::{Case, CaseFuture};
use crate::compute::only;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq};
use crate::target::Need;

pub(super) fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("load_balancer/deregister-{name}"), promise, run)
        .of(Operation::DeregisterInstancesFromLoadBalancer)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "takes-instances-out",
            "Each target's outcome is Changed, with group, port and the state before, in the order asked; then it is gone.",
            |cx| basic(cx).boxed(),
        ),
        case(
            "removes-exactly-the-port-that-is-named",
            "Of an instance at several ports only the named one is taken out.",
            |cx| one_port(cx).boxed(),
        ),
        case(
            "without-a-port-removes-every-one",
            "An instance that is named without a port is taken out at each port it has, with an outcome for each.",
            |cx| every_port(cx).boxed(),
        ),
        case(
            "is-idempotent",
            "What is not there is a success that says AlreadyThere, whether it never was, is gone, or is at another port.",
            |cx| again(cx).boxed(),
        ),
        case(
            "leaves-other-groups-alone",
            "Taken out of one group, an instance stays in the others.",
            |cx| other_groups(cx).boxed(),
        ),
        case(
            "costs-no-change-for-what-is-not-there",
            "Deregistering what is not registered changes nothing and costs no changing call.",
            |cx| absent(cx).boxed(),
        )
        .needs([Need::CallLog]),
    ]
}

/// Waits until what was deregistered is gone.
async fn gone(cx: &Context, outcomes: cloudapi_core::load_balancer::TargetOutcomes) -> Verdict {
    let load_balancer = cx.load_balancer()?;
    let waited = load_balancer
        .wait_until_drained(outcomes, &cx.pace())
        .await?;
    let unused = |one: &TargetOutcome| one.current_state == Some(HealthState::Unused);
    ensure!(
        waited.iter().all(unused),
        "not gone after the wait: {waited:?}"
    );
    waited.into_result()?;
    Ok(())
}

/// The ports at which an instance is in the only group, by the answers.
async fn ports_of(cx: &Context, id: &InstanceId) -> Verdict<Vec<Option<u16>>> {
    let fixture = cx.balancing()?;
    let health = cx.health(&fixture.single).await?;
    let target = Target::new(id.clone());
    let found = health.targets(&fixture.single_group.id, &target);
    Ok(found.map(|target| target.port).collect())
}

async fn basic(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let group = &fixture.single_group;
    let mut ids = cx.launch(3).await?;
    ids.sort();
    ids.reverse();
    cx.register_and_wait(fixture.register(plain(&ids))).await?;
    cx.health(&fixture.single).await?;
    let outcomes = cx.deregister(fixture.deregister(plain(&ids))).await??;
    let order: Vec<&InstanceId> = outcomes.iter().map(|one| &one.instance_id).collect();
    ensure_eq!(order, ids.iter().collect::<Vec<_>>(), "the order");
    for outcome in &outcomes {
        let id = &outcome.instance_id;
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
        ensure_eq!(
            outcome.previous_state,
            Some(HealthState::Healthy),
            "{id} before"
        );
        ensure!(
            matches!(
                outcome.current_state,
                Some(HealthState::Draining | HealthState::Unused)
            ),
            "{id} is {:?} after",
            outcome.current_state
        );
        ensure_eq!(outcome.backend_group_id, group.id, "the group of {id}");
        ensure_eq!(outcome.port, Some(group.port), "the port of {id}");
    }
    gone(cx, outcomes).await?;
    let health = cx.health(&fixture.single).await?;
    ensure_eq!(health.instances, [], "what is left");
    Ok(())
}

async fn one_port(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let port = fixture.single_group.port;
    let id = only(cx.launch(1).await?)?;
    let [own, other] = [port, port + 1].map(|port| Target::new(id.clone()).with_port(port));
    cx.register_and_wait(fixture.register([own.clone(), other.clone()]))
        .await?;
    cx.health(&fixture.single).await?;
    for (taken, left) in [(&other, vec![Some(port)]), (&own, vec![])] {
        let outcomes = cx.deregister(fixture.deregister([taken.clone()])).await??;
        all_are(&outcomes, OutcomeStatus::Changed)?;
        let ports: Vec<Option<u16>> = outcomes.iter().map(|one| one.port).collect();
        ensure_eq!(ports, [taken.port], "the ports of the outcomes");
        gone(cx, outcomes).await?;
        ensure_eq!(ports_of(cx, &id).await?, left, "ports left after {taken}");
    }
    Ok(())
}

async fn every_port(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let port = fixture.single_group.port;
    let ids = cx.launch(2).await?;
    let three = [port, port + 1, port + 2].map(|port| Target::new(ids[0].clone()).with_port(port));
    let targets = three.into_iter().chain(plain([&ids[1]]));
    cx.register_and_wait(fixture.register(targets)).await?;
    cx.health(&fixture.single).await?;
    let outcomes = cx.deregister(fixture.deregister(plain(&ids))).await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    let mut ports: Vec<Option<u16>> = outcomes_of(&outcomes, &ids[0])
        .iter()
        .map(|outcome| outcome.port)
        .collect();
    ports.sort_unstable();
    let expected = [port, port + 1, port + 2].map(Some);
    ensure_eq!(ports, expected, "the ports of {}", ids[0]);
    ensure_eq!(
        outcomes_of(&outcomes, &ids[1]).len(),
        1,
        "outcomes of {}",
        ids[1]
    );
    gone(cx, outcomes).await?;
    ensure_eq!(ports_of(cx, &ids[0]).await?, [], "ports left");
    Ok(())
}

async fn again(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let port = fixture.single_group.port;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(fixture.register(plain([&ids[0]])))
        .await?;
    cx.health(&fixture.single).await?;
    let outcomes = cx.deregister(fixture.deregister(plain(&ids))).await??;
    for (id, status) in [
        (&ids[0], OutcomeStatus::Changed),
        (&ids[1], OutcomeStatus::AlreadyThere),
    ] {
        for outcome in outcomes_of(&outcomes, id) {
            ensure_eq!(outcome.status, status, "{id}");
        }
    }
    gone(cx, outcomes).await?;
    let absent = cx.vendor().absent_id();
    let others = [
        Target::new(ids[0].clone()),
        Target::new(ids[1].clone()).with_port(port),
        Target::new(absent),
    ];
    let outcomes = cx.deregister(fixture.deregister(others)).await??;
    all_are(&outcomes, OutcomeStatus::AlreadyThere)?;
    for outcome in &outcomes {
        let states = (&outcome.previous_state, &outcome.current_state);
        let unused = Some(HealthState::Unused);
        ensure_eq!(
            states,
            (&unused, &unused),
            "the states of {}",
            outcome.instance_id
        );
    }
    Ok(())
}

async fn other_groups(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let [first, second] = fixture.pair()?;
    let id = only(cx.launch(1).await?)?;
    for group in [first, second] {
        let many = fixture.many.clone();
        let request = RegisterInstancesWithLoadBalancerRequest::new(many, plain([&id]));
        cx.register_and_wait(request.with_backend_group(group.id.clone()))
            .await?;
    }
    cx.health(&fixture.many).await?;
    let many = fixture.many.clone();
    let request = DeregisterInstancesFromLoadBalancerRequest::new(many, plain([&id]));
    let outcomes = cx
        .deregister(request.with_backend_group(first.id.clone()))
        .await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    gone(cx, outcomes).await?;
    let health = cx.health(&fixture.many).await?;
    let target = Target::new(id);
    let is_in = |group: &BackendGroupId| target_of(&health, group, &target).is_ok();
    ensure!(!is_in(&first.id), "it is still in the first group");
    ensure!(is_in(&second.id), "it is gone from the second group");
    Ok(())
}

async fn absent(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let port = fixture.single_group.port;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(fixture.register(plain([&ids[0]])))
        .await?;
    cx.health(&fixture.single).await?;
    cx.clear_calls();
    let targets = [
        Target::new(ids[0].clone()).with_port(port + 1),
        Target::new(ids[1].clone()),
    ];
    let outcomes = cx.deregister(fixture.deregister(targets)).await??;
    all_are(&outcomes, OutcomeStatus::AlreadyThere)?;
    let changed = cx
        .calls()
        .into_iter()
        .find(|call| !call.action.starts_with("Describe"));
    ensure!(changed.is_none(), "{changed:?} was called");
    ensure_eq!(ports_of(cx, &ids[0]).await?, [Some(port)], "ports left");
    Ok(())
}
