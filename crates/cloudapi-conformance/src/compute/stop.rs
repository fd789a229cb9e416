//! StopInstances: modes and charging.

use cloudapi_core::compute::{
    Charging, InstanceOutcome, InstanceState, OutcomeStatus, StopInstancesRequest, StopMode,
};
use cloudapi_core::{ComputeExt, ErrorKind, Operation};
use futures_util::FutureExt;

use super::batch::Change;
use super::stage::{all_are, only};
use crate::capability::Capability;
use crate::case::{Case, CaseFuture};
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("compute/stop-{name}"), promise, run).of(Operation::StopInstances)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "by-force-stops-too",
            "A forced stop ends stopped.",
            |cx| force(cx).boxed(),
        ),
        case(
            "to-hibernate-is-the-clouds-to-refuse",
            "Where the cloud can hibernate, an instance that was not made for it fails by itself and runs on.",
            |cx| hibernate(cx).boxed(),
        )
        .with(Capability::Hibernation),
        case(
            "to-hibernate-is-unsupported",
            "Where the cloud can't hibernate, asking for it is Unsupported and nothing is sent.",
            |cx| no_hibernation(cx).boxed(),
        )
        .without(Capability::Hibernation),
        case(
            "tells-whether-charging-ends",
            "Asked to end the compute charge, a stop tells that it ended.",
            |cx| charging_ends(cx).boxed(),
        ),
        case(
            "leaves-charging-at-the-clouds-default",
            "Where charging is a choice, a stop that does not ask tells that the charge continues.",
            |cx| charging_continues(cx).boxed(),
        )
        .with(Capability::ChargingChoice),
        case(
            "never-charges-where-there-is-no-choice",
            "Where a stopped instance is never charged, every stop tells that the charge ended.",
            |cx| never_charged(cx).boxed(),
        )
        .without(Capability::ChargingChoice),
        case(
            "tells-that-prepaid-is-charged-on",
            "Asked to end the charge of a prepaid instance, a stop never claims that it did.",
            |cx| prepaid_charged(cx).boxed(),
        )
        .with(Capability::Prepaid)
        .needs([Need::Hands]),
    ]
}

async fn force(cx: &Context) -> Verdict {
    let ids = cx.launch(1).await?;
    let request = StopInstancesRequest::new(ids.clone()).with_mode(StopMode::Force);
    let outcomes = cx.compute()?.stop_instances(request).await?;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    Change::Stop.wait(cx, outcomes).await?;
    let state = cx.state_of(&ids[0]).await?;
    ensure_eq!(state, Some(InstanceState::Stopped), "the state");
    Ok(())
}

async fn hibernate(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    let request = StopInstancesRequest::new([id.clone()]).with_mode(StopMode::Hibernate);
    let outcomes = cx.compute()?.stop_instances(request).await?;
    let outcome = only(outcomes.outcomes)?;
    ensure_eq!(outcome.status, OutcomeStatus::Failed, "the outcome");
    let kind = outcome.error.as_ref().map(cloudapi_core::Error::kind);
    ensure!(
        matches!(
            kind,
            Some(ErrorKind::Unsupported | ErrorKind::InvalidState | ErrorKind::InvalidArgument)
        ),
        "the error is {:?}",
        outcome.error
    );
    let state = cx.state_of(&id).await?;
    ensure_eq!(state, Some(InstanceState::Running), "the state");
    Ok(())
}

async fn no_hibernation(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    cx.clear_calls();
    let request = StopInstancesRequest::new([id]).with_mode(StopMode::Hibernate);
    let result = cx.compute()?.stop_instances(request).await;
    let error = refused("hibernation", ErrorKind::Unsupported, result)?;
    ensure_eq!(
        error.provider(),
        Some(cx.provider()),
        "the error's provider"
    );
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn stop(cx: &Context, stop_charging: bool) -> Verdict<InstanceOutcome> {
    let ids = cx.launch(1).await?;
    let request = StopInstancesRequest::new(ids).with_stop_charging(stop_charging);
    let outcomes = cx.compute()?.stop_instances(request).await?;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    let waited = cx
        .compute()?
        .wait_until_stopped(outcomes, &cx.pace())
        .await?;
    only(waited.into_result()?.outcomes)
}

async fn charging_ends(cx: &Context) -> Verdict {
    let outcome = stop(cx, true).await?;
    ensure_eq!(outcome.charging, Some(Charging::Stopped), "Charging");
    Ok(())
}

async fn charging_continues(cx: &Context) -> Verdict {
    let outcome = stop(cx, false).await?;
    ensure_eq!(outcome.charging, Some(Charging::Continues), "Charging");
    Ok(())
}

async fn never_charged(cx: &Context) -> Verdict {
    let outcome = stop(cx, false).await?;
    ensure_eq!(outcome.charging, Some(Charging::Stopped), "Charging");
    Ok(())
}

async fn prepaid_charged(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    cx.controls()?.set_prepaid(&id);
    let request = StopInstancesRequest::new([id]).with_stop_charging(true);
    let outcomes = cx.compute()?.stop_instances(request).await?;
    let outcome = only(outcomes.outcomes)?;
    match outcome.status {
        OutcomeStatus::Failed => ensure!(outcome.error.is_some(), "a failure without an error"),
        _ => ensure_eq!(outcome.charging, Some(Charging::Continues), "Charging"),
    }
    Ok(())
}
