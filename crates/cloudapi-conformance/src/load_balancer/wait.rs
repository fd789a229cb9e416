//! Waiting until targets are healthy or gone.

use std::time::Duration;

use cloudapi_core::load_balancer::{HealthState, OutcomeStatus, Target, WaitOptions};
use cloudapi_core::{ErrorKind, LoadBalancerExt, Operation};
use futures_util::FutureExt;

use super::stage::{failed, outcomes_of, plain};
use super::vendor::Vendor;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq};
use crate::target::Need;

pub(super) fn cases() -> Vec<Case> {
    let (register, deregister) = (
        Operation::RegisterInstancesWithLoadBalancer,
        Operation::DeregisterInstancesFromLoadBalancer,
    );
    vec![
        Case::new(
            "load_balancer/register-waits-at-every-port",
            "The wait ends when a target is healthy at each port; what is not in time is that target's Timeout, with the reason.",
            |cx| at_every_port(cx).boxed(),
        )
        .of(register)
        .needs([Need::Health]),
        Case::new(
            "load_balancer/register-waits-with-one-health-call-a-look",
            "A look while waiting is one health call for each group, however many the targets.",
            |cx| looks(cx).boxed(),
        )
        .of(register)
        .needs([Need::CallLog, Need::Fleet, Need::Lag]),
        Case::new(
            "load_balancer/register-waits-for-nothing-that-failed",
            "What could not be registered is not waited for, and keeps its failure.",
            |cx| not_for_failures(cx).boxed(),
        )
        .of(register),
        Case::new(
            "load_balancer/deregister-waits-until-all-are-gone",
            "The wait for the end of draining ends when the last target is gone, and says Unused for each.",
            |cx| until_gone(cx).boxed(),
        )
        .of(deregister)
        .needs([Need::Lag]),
    ]
}

fn short(cx: &Context) -> WaitOptions {
    cx.pace().with_timeout(Duration::from_millis(500))
}

async fn at_every_port(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let port = fixture.single_group.port;
    let ids = cx.launch(2).await?;
    let bad = Target::new(ids[0].clone()).with_port(port + 1);
    let targets = [
        Target::new(ids[0].clone()).with_port(port),
        bad.clone(),
        Target::new(ids[1].clone()),
    ];
    let outcomes = cx.register_and_wait(fixture.register(targets)).await?;
    let vendor = Vendor::of(cx.provider());
    let group = &fixture.single_group.id;
    cx.controls()?.set_health(group, &bad, vendor.unhealthy);
    let load_balancer = cx.load_balancer()?;
    let waited = load_balancer
        .wait_until_healthy(outcomes, &short(cx))
        .await?;
    for outcome in &waited {
        let name = format!("{}:{:?}", outcome.instance_id, outcome.port);
        if outcome.port == bad.port {
            let error = outcome.error.as_ref();
            let kind = error.map(cloudapi_core::Error::kind);
            ensure_eq!(kind, Some(ErrorKind::Timeout), "the failure of {name}");
            let message = error.map(ToString::to_string).unwrap_or_default();
            for word in ["Unhealthy", group.as_str(), &bad.to_string()] {
                ensure!(message.contains(word), "{word} is not in {message}");
            }
            let state = &outcome.current_state;
            ensure_eq!(*state, Some(HealthState::Unhealthy), "the state of {name}");
        } else {
            ensure!(
                outcome.error.is_none(),
                "{name} failed: {:?}",
                outcome.error
            );
            let state = &outcome.current_state;
            ensure_eq!(*state, Some(HealthState::Healthy), "the state of {name}");
        }
    }
    Ok(())
}

async fn looks(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let fleet = cx.controls()?.add_fleet(50);
    cx.controls()?.set_transition_looks(4);
    let outcomes = cx.register(fixture.register(plain(&fleet))).await??;
    cx.clear_calls();
    let load_balancer = cx.load_balancer()?;
    let waited = load_balancer
        .wait_until_healthy(outcomes, &cx.pace())
        .await?;
    waited.into_result()?;
    let looks = cx.calls_to("DescribeTargetHealth");
    // Four looks at the first checks, some more where answers lag.
    ensure!(
        (1..=9).contains(&looks),
        "{looks} health calls for 50 targets"
    );
    Ok(())
}

async fn not_for_failures(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    let absent = cx.vendor().absent_id();
    let targets = plain([&ids[0], &absent]);
    let outcomes = cx.register(fixture.register(targets)).await??;
    let (kind, message) = failed(&outcomes, &absent)?;
    let load_balancer = cx.load_balancer()?;
    let waited = load_balancer
        .wait_until_healthy(outcomes, &cx.pace())
        .await?;
    ensure_eq!(
        failed(&waited, &absent)?,
        (kind, message),
        "the failure after the wait"
    );
    for outcome in outcomes_of(&waited, &ids[0]) {
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{}", ids[0]);
        ensure_eq!(
            outcome.current_state,
            Some(HealthState::Healthy),
            "{}",
            ids[0]
        );
    }
    Ok(())
}

async fn until_gone(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(fixture.register(plain(&ids))).await?;
    cx.health(&fixture.single).await?;
    cx.controls()?.set_transition_looks(5);
    let outcomes = cx.deregister(fixture.deregister(plain(&ids))).await??;
    let load_balancer = cx.load_balancer()?;
    let waited = load_balancer
        .wait_until_drained(outcomes, &cx.pace())
        .await?;
    for outcome in &waited {
        let id = &outcome.instance_id;
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
        ensure_eq!(outcome.current_state, Some(HealthState::Unused), "{id}");
    }
    let health = cx.health(&fixture.single).await?;
    ensure_eq!(health.instances, [], "what is left");
    Ok(())
}
