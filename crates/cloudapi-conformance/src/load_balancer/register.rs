//! RegisterInstancesWithLoadBalancer.

use cloudapi_core::compute::StopInstancesRequest;
use cloudapi_core::load_balancer::{HealthState, OutcomeStatus, Target, TargetOutcome};
use cloudapi_core::{ComputeExt, ErrorKind, InstanceId, LoadBalancerExt, Operation};
use futures_util::FutureExt;

use super::stage::{all_are, failed, outcomes_of, plain, target_of};
use crate::capability::Capability;
use crate::case::{Case, CaseFuture};
use crate::compute::only;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("load_balancer/register-{name}"), promise, run)
        .of(Operation::RegisterInstancesWithLoadBalancer)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "puts-instances-behind-the-only-group",
            "Each target's outcome is Changed, with group and port, in the order asked; a port left out is the group's.",
            |cx| basic(cx).boxed(),
        ),
        case(
            "is-idempotent",
            "What is registered already is a success that says AlreadyThere, in the state that it is in.",
            |cx| again(cx).boxed(),
        ),
        case(
            "takes-an-instance-at-several-ports",
            "An instance at two ports is two targets, each with its outcome.",
            |cx| ports(cx).boxed(),
        ),
        case(
            "isolates-an-instance-that-does-not-exist",
            "An id that the cloud does not know is that id's failure; the rest is registered.",
            |cx| bad_id(cx).boxed(),
        ),
        case(
            "isolates-a-server-that-does-not-run",
            "A server that does not run can't be registered: its own failure; the rest is registered.",
            |cx| stopped_refused(cx).boxed(),
        )
        .with(Capability::RunningTargetsOnly),
        case(
            "takes-a-server-that-does-not-run",
            "A server that does not run can be registered, and is not healthy.",
            |cx| stopped_taken(cx).boxed(),
        )
        .without(Capability::RunningTargetsOnly),
        case(
            "sets-weights-and-leaves-them-as-they-are",
            "A weight is set, for all or for one; registering again without one leaves it, with another one changes it.",
            |cx| weights(cx).boxed(),
        )
        .with(Capability::TargetWeights)
        .needs([Need::Truth]),
        case(
            "refuses-weights",
            "A weight of a target is Unsupported, and nothing is sent.",
            |cx| no_weights(cx).boxed(),
        )
        .without(Capability::TargetWeights)
        .needs([Need::CallLog]),
        case(
            "ends-the-draining-of-what-is-registered-again",
            "A target that is being drained is registered again, which ends the drain.",
            |cx| draining(cx).boxed(),
        )
        .with(Capability::DrainingState)
        .needs([Need::Lag, Need::Truth]),
        case(
            "takes-at-once-what-was-taken-out",
            "What was deregistered can be registered again at once.",
            |cx| taken_out(cx).boxed(),
        )
        .without(Capability::DrainingState),
    ]
}

async fn basic(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let group = &fixture.single_group;
    let mut ids = cx.launch(3).await?;
    ids.sort();
    ids.reverse();
    let outcomes = cx.register(fixture.register(plain(&ids))).await??;
    ensure_eq!(
        outcomes.load_balancer_id,
        fixture.single,
        "the load balancer"
    );
    let order: Vec<&InstanceId> = outcomes.iter().map(|one| &one.instance_id).collect();
    ensure_eq!(order, ids.iter().collect::<Vec<_>>(), "the order");
    for outcome in &outcomes {
        let id = &outcome.instance_id;
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
        ensure_eq!(
            outcome.previous_state,
            Some(HealthState::Unused),
            "{id} before"
        );
        ensure!(outcome.current_state.is_some(), "{id} has no state after");
        ensure_eq!(outcome.backend_group_id, group.id, "the group of {id}");
        ensure_eq!(outcome.port, Some(group.port), "the port of {id}");
    }
    let waited = cx
        .load_balancer()?
        .wait_until_healthy(outcomes, &cx.pace())
        .await?;
    all_are(&waited, OutcomeStatus::Changed)?;
    let healthy = |one: &TargetOutcome| one.current_state == Some(HealthState::Healthy);
    ensure!(
        waited.iter().all(healthy),
        "not healthy after the wait: {waited:?}"
    );
    Ok(())
}

async fn again(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(fixture.register(plain([&ids[0]])))
        .await?;
    cx.health(&fixture.single).await?;
    let outcomes = cx.register(fixture.register(plain(&ids))).await??;
    for (id, expected) in [
        (&ids[0], OutcomeStatus::AlreadyThere),
        (&ids[1], OutcomeStatus::Changed),
    ] {
        for outcome in outcomes_of(&outcomes, id) {
            ensure_eq!(outcome.status, expected, "{id}");
        }
    }
    let known = outcomes_of(&outcomes, &ids[0]);
    let states = known
        .first()
        .map(|one| (&one.previous_state, &one.current_state));
    let healthy = Some(HealthState::Healthy);
    ensure_eq!(
        states,
        Some((&healthy, &healthy)),
        "the states of {}",
        ids[0]
    );
    Ok(())
}

async fn ports(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let port = fixture.single_group.port;
    let id = only(cx.launch(1).await?)?;
    let targets = [port, port + 1, port + 2].map(|port| Target::new(id.clone()).with_port(port));
    let outcomes = cx
        .register_and_wait(fixture.register(targets.clone()))
        .await?;
    let ports: Vec<Option<u16>> = outcomes.iter().map(|outcome| outcome.port).collect();
    ensure_eq!(
        ports,
        targets.each_ref().map(|target| target.port),
        "the ports"
    );
    let health = cx.health(&fixture.single).await?;
    for target in &targets {
        let seen = target_of(&health, &fixture.single_group.id, target)?;
        ensure_eq!(seen.state, HealthState::Healthy, "the state of {target}");
    }
    // The group's port once more, without naming it.
    let twice = [Target::new(id.clone()), Target::new(id).with_port(port)];
    let result = cx.register(fixture.register(twice)).await?;
    refused(
        "one target in two forms",
        ErrorKind::InvalidArgument,
        result,
    )?;
    Ok(())
}

async fn bad_id(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(2).await?;
    let absent = cx.vendor().absent_id();
    let asked = [&ids[0], &absent, &ids[1]];
    let outcomes = cx.register(fixture.register(plain(asked))).await??;
    let (kind, message) = failed(&outcomes, &absent)?;
    ensure!(
        matches!(kind, ErrorKind::NotFound | ErrorKind::InvalidArgument),
        "the failure of {absent} is {kind:?}: {message}"
    );
    for id in &ids {
        for outcome in outcomes_of(&outcomes, id) {
            ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
        }
    }
    let port = fixture.single_group.port;
    let error = refused("all or nothing", kind, outcomes.into_result())?;
    ensure_eq!(
        error.resources(),
        [format!("{absent}:{port}")],
        "the error's resources"
    );
    let health = cx.health(&fixture.single).await?;
    for id in &ids {
        let target = Target::new(id.clone());
        target_of(&health, &fixture.single_group.id, &target)?;
    }
    Ok(())
}

/// Two servers, the first of which is stopped.
async fn one_stopped(cx: &Context) -> Verdict<Vec<InstanceId>> {
    let ids = cx.launch(2).await?;
    let compute = cx.compute()?;
    let request = StopInstancesRequest::new([ids[0].clone()]);
    let outcomes = compute.stop_instances(request).await?.into_result()?;
    let down = compute.wait_until_stopped(outcomes, &cx.pace()).await?;
    down.into_result()?;
    Ok(ids)
}

async fn stopped_refused(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = one_stopped(cx).await?;
    let outcomes = cx.register(fixture.register(plain(&ids))).await??;
    let (kind, message) = failed(&outcomes, &ids[0])?;
    ensure!(
        matches!(kind, ErrorKind::InvalidState | ErrorKind::InvalidArgument),
        "the failure is {kind:?}: {message}"
    );
    ensure!(
        message.contains(ids[0].as_str()),
        "{} is not in {message}",
        ids[0]
    );
    for outcome in outcomes_of(&outcomes, &ids[1]) {
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{}", ids[1]);
    }
    Ok(())
}

async fn stopped_taken(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = one_stopped(cx).await?;
    let outcomes = cx.register(fixture.register(plain(&ids))).await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    let health = cx.health(&fixture.single).await?;
    let target = Target::new(ids[0].clone());
    let seen = target_of(&health, &fixture.single_group.id, &target)?;
    ensure!(
        seen.state != HealthState::Healthy,
        "a stopped server is healthy"
    );
    Ok(())
}

async fn weights(cx: &Context) -> Verdict {
    use OutcomeStatus::{AlreadyThere, Changed};

    let fixture = cx.balancing()?;
    let ids = cx.launch(3).await?;
    let [one, two, three] = [0, 1, 2].map(|at| Target::new(ids[at].clone()));
    let told = |outcome: &TargetOutcome| (outcome.status, outcome.weight);
    let all = [one.clone(), two.clone().with_weight(0), three.clone()];
    for (targets, weight, expected) in [
        (
            all.clone(),
            Some(20),
            [(Changed, Some(20)), (Changed, Some(0)), (Changed, Some(20))],
        ),
        (
            [one.clone(), two.clone(), three.clone()],
            None,
            [
                (AlreadyThere, Some(20)),
                (AlreadyThere, Some(0)),
                (AlreadyThere, Some(20)),
            ],
        ),
        (
            [
                one.with_weight(100),
                two.with_weight(5),
                three.with_weight(20),
            ],
            None,
            [
                (Changed, Some(100)),
                (Changed, Some(5)),
                (AlreadyThere, Some(20)),
            ],
        ),
    ] {
        let mut request = fixture.register(targets);
        request.weight = weight;
        let outcomes = cx.register(request).await??;
        let found: Vec<_> = outcomes.iter().map(told).collect();
        ensure_eq!(found, expected, "statuses and weights");
        let truth = cx.true_targets(&fixture.single_group.id)?;
        for (id, (_, weight)) in ids.iter().zip(expected) {
            let mut truth = truth.iter();
            let found = truth.find(|target| target.id == id.as_str());
            let weight = weight.map(i64::from);
            ensure_eq!(
                found.and_then(|one| one.weight),
                weight,
                "the weight of {id}"
            );
        }
    }
    Ok(())
}

async fn no_weights(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    cx.clear_calls();
    let own = fixture.register([Target::new(ids[0].clone()).with_weight(10)]);
    let of_all = fixture.register(plain(&ids)).with_weight(0);
    for request in [own, of_all] {
        let error = refused(
            "a weight",
            ErrorKind::Unsupported,
            cx.register(request).await?,
        )?;
        ensure!(error.message().contains("Weight"), "no weight in {error}");
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn draining(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let controls = cx.controls()?;
    let ids = cx.launch(1).await?;
    cx.register_and_wait(fixture.register(plain(&ids))).await?;
    cx.health(&fixture.single).await?;
    controls.set_transition_looks(10_000);
    let outcomes = cx.deregister(fixture.deregister(plain(&ids))).await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    let health = cx.health(&fixture.single).await?;
    let target = Target::new(ids[0].clone());
    let seen = target_of(&health, &fixture.single_group.id, &target)?;
    ensure_eq!(seen.state, HealthState::Draining, "the state before");
    controls.set_transition_looks(1);
    let outcomes = cx.register(fixture.register(plain(&ids))).await??;
    let outcome = only(outcomes.outcomes.clone())?;
    ensure_eq!(outcome.status, OutcomeStatus::Changed, "the status");
    ensure_eq!(
        outcome.previous_state,
        Some(HealthState::Draining),
        "the state before"
    );
    let waited = cx
        .load_balancer()?
        .wait_until_healthy(outcomes, &cx.pace())
        .await?;
    waited.into_result()?;
    ensure_eq!(
        cx.true_targets(&fixture.single_group.id)?.len(),
        1,
        "targets"
    );
    Ok(())
}

async fn taken_out(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(2).await?;
    for _ in 0..2 {
        let outcomes = cx.register(fixture.register(plain(&ids))).await??;
        all_are(&outcomes, OutcomeStatus::Changed)?;
        let outcomes = cx.deregister(fixture.deregister(plain(&ids))).await??;
        all_are(&outcomes, OutcomeStatus::Changed)?;
    }
    Ok(())
}
