//! DeregisterInstancesFromLoadBalancer that lets open connections end.

use std::time::{Duration, Instant};

use cloudapi_core::load_balancer::{HealthState, OutcomeStatus, Target};
use futures_util::FutureExt;

use super::deregister::case;
use super::stage::{all_are, plain};
use crate::capability::Capability;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq};
use crate::target::Need;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "drains-by-weight-zero-and-a-wait",
            "Draining gives the targets weight 0, waits so long, and then takes them out.",
            |cx| by_weight(cx).boxed(),
        )
        .without(Capability::DrainingState)
        .needs([Need::CallLog, Need::Truth]),
        case(
            "drains-what-has-no-traffic-without-changing-it",
            "What has weight 0 already keeps it while it is drained.",
            |cx| idle(cx).boxed(),
        )
        .without(Capability::DrainingState)
        .needs([Need::CallLog]),
        case(
            "drains-by-the-groups-own-delay",
            "Draining waits until the cloud is done with it, and never changes the group's delay.",
            |cx| by_cloud(cx).boxed(),
        )
        .with(Capability::DrainingState)
        .needs([Need::CallLog, Need::Truth]),
        case(
            "says-what-still-drains-when-the-time-is-over",
            "What the cloud still drains when the time is over is no failure: its current state says so.",
            |cx| still(cx).boxed(),
        )
        .with(Capability::DrainingState)
        .needs([Need::Lag]),
        case(
            "does-not-wait-for-what-is-not-there",
            "Draining what is not registered takes no time.",
            |cx| nothing(cx).boxed(),
        ),
    ]
}

async fn by_weight(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(fixture.register(plain(&ids))).await?;
    cx.clear_calls();
    let time = Duration::from_millis(300);
    let request = fixture.deregister(plain([&ids[0]])).with_drain(time);
    let started = Instant::now();
    let drained = tokio::spawn({
        let load_balancer = cx.load_balancer()?;
        async move {
            load_balancer
                .deregister_instances_from_load_balancer(request)
                .await
        }
    });
    // While it drains, its weight is seen to be 0 before it is gone.
    let mut seen_idle = false;
    while !drained.is_finished() {
        let targets = cx.true_targets(&fixture.single_group.id)?;
        let ours = targets.iter().find(|one| one.id == ids[0].as_str());
        seen_idle |= ours.is_some_and(|one| one.weight == Some(0));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let joined = drained.await.map_err(|error| {
        crate::failure::Failure::new(format!("the deregistration ended: {error}"))
    })?;
    let outcomes = joined?;
    ensure!(started.elapsed() >= time, "it took {:?}", started.elapsed());
    all_are(&outcomes, OutcomeStatus::Changed)?;
    ensure!(seen_idle, "its weight was never 0");
    let order: Vec<String> = cx
        .calls()
        .into_iter()
        .map(|call| call.action)
        .filter(|action| !action.starts_with("Describe"))
        .collect();
    ensure_eq!(
        order,
        ["ModifyTargetWeight", "DeregisterTargets"],
        "the changes"
    );
    let left = cx.true_targets(&fixture.single_group.id)?;
    let left: Vec<&str> = left.iter().map(|one| one.id.as_str()).collect();
    ensure_eq!(left, [ids[1].as_str()], "what is left");
    Ok(())
}

async fn idle(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    let target = Target::new(ids[0].clone()).with_weight(0);
    cx.register_and_wait(fixture.register([target])).await?;
    cx.clear_calls();
    let request = fixture.deregister(plain(&ids));
    let outcomes = cx
        .deregister(request.with_drain(Duration::from_millis(50)))
        .await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    ensure_eq!(
        cx.calls_to("ModifyTargetWeight"),
        0,
        "changes of the weight"
    );
    ensure_eq!(cx.calls_to("DeregisterTargets"), 1, "deregistrations");
    Ok(())
}

async fn by_cloud(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(2).await?;
    cx.register_and_wait(fixture.register(plain(&ids))).await?;
    cx.health(&fixture.single).await?;
    cx.clear_calls();
    let request = fixture.deregister(plain(&ids));
    let outcomes = cx
        .deregister(request.with_drain(Duration::from_secs(30)))
        .await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    for outcome in &outcomes {
        let id = &outcome.instance_id;
        ensure_eq!(
            outcome.current_state,
            Some(HealthState::Unused),
            "{id} after"
        );
    }
    ensure_eq!(
        cx.true_targets(&fixture.single_group.id)?,
        [],
        "what is left"
    );
    ensure_eq!(
        cx.calls_to("ModifyTargetGroupAttributes"),
        0,
        "changes of the group"
    );
    ensure_eq!(cx.calls_to("DeregisterTargets"), 1, "deregistrations");
    Ok(())
}

async fn still(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    cx.register_and_wait(fixture.register(plain(&ids))).await?;
    cx.health(&fixture.single).await?;
    cx.controls()?.set_transition_looks(10_000);
    let started = Instant::now();
    let request = fixture.deregister(plain(&ids));
    let time = Duration::from_millis(2500);
    let outcomes = cx.deregister(request.with_drain(time)).await??;
    ensure!(
        started.elapsed() < time * 2,
        "it took {:?}",
        started.elapsed()
    );
    all_are(&outcomes, OutcomeStatus::Changed)?;
    for outcome in &outcomes {
        let state = &outcome.current_state;
        ensure_eq!(*state, Some(HealthState::Draining), "the state after");
    }
    Ok(())
}

async fn nothing(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    let started = Instant::now();
    let request = fixture.deregister(plain(&ids));
    let outcomes = cx
        .deregister(request.with_drain(Duration::from_mins(1)))
        .await??;
    all_are(&outcomes, OutcomeStatus::AlreadyThere)?;
    let took = started.elapsed();
    ensure!(took < Duration::from_secs(30), "it took {took:?}");
    Ok(())
}
