//! DestroyInstances: what is gone, what is protected, what is paid for.

use cloudapi_core::compute::{
    DestroyInstancesRequest, InstanceOutcomes, InstanceState, OutcomeStatus, PrepaidPolicy,
};
use cloudapi_core::{ComputeExt, ErrorKind, InstanceId, Operation};
use futures_util::FutureExt;

use super::batch::{Change, stop_and_wait};
use super::stage::{all_are, failed, only, outcome};
use crate::capability::Capability;
use crate::case::{Case, CaseFuture};
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("compute/destroy-{name}"), promise, run).of(Operation::DestroyInstances)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "takes-stopped-instances",
            "Stopped instances are destroyed like running ones.",
            |cx| stopped(cx).boxed(),
        ),
        case(
            "can-allow-missing-ids",
            "With AllowMissing an id that the cloud does not know is AlreadyThere.",
            |cx| allow_missing(cx).boxed(),
        ),
        case(
            "of-what-is-gone-is-already-there-while-listed",
            "Where destroyed instances stay listed, destroying one again is AlreadyThere.",
            |cx| gone_but_listed(cx).boxed(),
        )
        .with(Capability::TerminatedListed),
        case(
            "of-what-is-gone-is-not-found-once-unlisted",
            "Where destroyed instances are not listed, destroying one again is NotFound, and AlreadyThere with AllowMissing.",
            |cx| gone_and_unlisted(cx).boxed(),
        )
        .without(Capability::TerminatedListed),
        case(
            "refuses-protected-instances",
            "A protected instance is that id's InvalidState, naming protection, and stays; the rest is destroyed.",
            |cx| protected(cx).boxed(),
        )
        .needs([Need::Hands]),
        case(
            "takes-protection-off-on-request",
            "With DisableProtection a protected instance is destroyed.",
            |cx| unprotect(cx).boxed(),
        )
        .needs([Need::Hands]),
        case(
            "dry-run-leaves-protection-on",
            "A dry run with DisableProtection takes nothing off.",
            |cx| dry_unprotect(cx).boxed(),
        )
        .needs([Need::Hands]),
        case(
            "refuses-prepaid-instances",
            "A prepaid instance is that id's InvalidState unless asked otherwise, and stays; the rest is destroyed.",
            |cx| prepaid_refused(cx).boxed(),
        )
        .with(Capability::Prepaid)
        .needs([Need::Hands]),
        case(
            "isolates-prepaid-instances-on-request",
            "With Prepaid Isolate a prepaid instance goes to the recycle bin and no further.",
            |cx| prepaid_isolated(cx).boxed(),
        )
        .with(Capability::Prepaid)
        .needs([Need::Hands]),
        case(
            "releases-prepaid-instances-on-request",
            "With Prepaid Release a prepaid instance goes for good, through the recycle bin, together with others.",
            |cx| prepaid_released(cx).boxed(),
        )
        .with(Capability::Prepaid)
        .needs([Need::Hands]),
        case(
            "prepaid-policies-are-unsupported",
            "Where the cloud has no prepaid instances, asking what to do with them is Unsupported and nothing is sent.",
            |cx| no_prepaid(cx).boxed(),
        )
        .without(Capability::Prepaid),
    ]
}

async fn destroy(cx: &Context, request: DestroyInstancesRequest) -> Verdict<InstanceOutcomes> {
    Ok(cx.compute()?.destroy_instances(request).await?)
}

async fn stopped(cx: &Context) -> Verdict {
    let ids = cx.launch(2).await?;
    stop_and_wait(cx, &ids).await?;
    let outcomes = destroy(cx, DestroyInstancesRequest::new(ids)).await?;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    for outcome in &outcomes {
        ensure_eq!(
            outcome.previous_state,
            Some(InstanceState::Stopped),
            "the state of {} before",
            outcome.instance_id
        );
    }
    Change::Destroy.wait(cx, outcomes).await
}

async fn allow_missing(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    let absent = cx.vendor().absent_id();
    let request =
        DestroyInstancesRequest::new([absent.clone(), id.clone()]).with_allow_missing(true);
    let outcomes = destroy(cx, request).await?;
    let missing = outcome(&outcomes, &absent)?;
    ensure_eq!(missing.status, OutcomeStatus::AlreadyThere, "{absent}");
    let there = outcome(&outcomes, &id)?;
    ensure_eq!(there.status, OutcomeStatus::Changed, "{id}");
    Ok(())
}

/// Destroys an instance and waits until it is gone.
async fn gone(cx: &Context) -> Verdict<InstanceId> {
    let id = only(cx.launch(1).await?)?;
    let outcomes = destroy(cx, DestroyInstancesRequest::new([id.clone()])).await?;
    Change::Destroy.wait(cx, outcomes).await?;
    Ok(id)
}

async fn gone_but_listed(cx: &Context) -> Verdict {
    let id = gone(cx).await?;
    for allow in [false, true] {
        let request = DestroyInstancesRequest::new([id.clone()]).with_allow_missing(allow);
        let outcomes = destroy(cx, request).await?;
        all_are(&outcomes, OutcomeStatus::AlreadyThere)?;
        let state = only(outcomes.outcomes)?.current_state;
        ensure_eq!(state, Some(InstanceState::Terminated), "the state");
    }
    Ok(())
}

async fn gone_and_unlisted(cx: &Context) -> Verdict {
    let id = gone(cx).await?;
    let outcomes = destroy(cx, DestroyInstancesRequest::new([id.clone()])).await?;
    failed(&outcomes, &id, ErrorKind::NotFound)?;
    let request = DestroyInstancesRequest::new([id]).with_allow_missing(true);
    all_are(&destroy(cx, request).await?, OutcomeStatus::AlreadyThere)
}

/// Three instances of which the middle one is protected.
async fn with_a_protected_one(cx: &Context) -> Verdict<Vec<InstanceId>> {
    let ids = cx.launch(3).await?;
    cx.controls()?.set_protection(&ids[1], true);
    Ok(ids)
}

async fn protected(cx: &Context) -> Verdict {
    let ids = with_a_protected_one(cx).await?;
    let outcomes = destroy(cx, DestroyInstancesRequest::new(ids.clone())).await?;
    let message = failed(&outcomes, &ids[1], ErrorKind::InvalidState)?;
    ensure!(
        message.contains("protect"),
        "protection is not named: {message}"
    );
    for id in [&ids[0], &ids[2]] {
        let outcome = outcome(&outcomes, id)?;
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
    }
    for _ in 0..4 {
        let state = cx.state_of(&ids[1]).await?;
        ensure_eq!(state, Some(InstanceState::Running), "the protected one");
    }
    Ok(())
}

async fn unprotect(cx: &Context) -> Verdict {
    let ids = with_a_protected_one(cx).await?;
    let request = DestroyInstancesRequest::new(ids).with_disable_protection(true);
    let outcomes = destroy(cx, request).await?;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    Change::Destroy.wait(cx, outcomes).await
}

async fn dry_unprotect(cx: &Context) -> Verdict {
    let ids = with_a_protected_one(cx).await?;
    let dry = DestroyInstancesRequest::new(ids.clone())
        .with_disable_protection(true)
        .with_dry_run(true);
    let outcomes = destroy(cx, dry).await?;
    ensure!(outcomes.dry_run, "it does not call itself a dry run");
    let outcomes = destroy(cx, DestroyInstancesRequest::new([ids[1].clone()])).await?;
    failed(&outcomes, &ids[1], ErrorKind::InvalidState)?;
    Ok(())
}

/// Three instances of which the middle one is prepaid.
async fn with_a_prepaid_one(cx: &Context) -> Verdict<Vec<InstanceId>> {
    let ids = cx.launch(3).await?;
    cx.controls()?.set_prepaid(&ids[1]);
    Ok(ids)
}

async fn prepaid_refused(cx: &Context) -> Verdict {
    let ids = with_a_prepaid_one(cx).await?;
    let outcomes = destroy(cx, DestroyInstancesRequest::new(ids.clone())).await?;
    let message = failed(&outcomes, &ids[1], ErrorKind::InvalidState)?;
    ensure!(
        message.to_lowercase().contains("prepaid"),
        "prepaid is not named: {message}"
    );
    for id in [&ids[0], &ids[2]] {
        let outcome = outcome(&outcomes, id)?;
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
    }
    for _ in 0..4 {
        let state = cx.state_of(&ids[1]).await?;
        ensure_eq!(state, Some(InstanceState::Running), "the prepaid one");
    }
    Ok(())
}

async fn prepaid_isolated(cx: &Context) -> Verdict {
    let ids = with_a_prepaid_one(cx).await?;
    let request = DestroyInstancesRequest::new(ids.clone()).with_prepaid(PrepaidPolicy::Isolate);
    let outcomes = destroy(cx, request.clone()).await?;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    let waited = cx
        .compute()?
        .wait_until_destroyed(outcomes, true, &cx.pace())
        .await?
        .into_result()?;
    ensure_eq!(
        outcome(&waited, &ids[1])?.current_state,
        Some(InstanceState::Isolated),
        "the prepaid one's outcome"
    );
    for _ in 0..4 {
        let state = cx.state_of(&ids[1]).await?;
        ensure_eq!(state, Some(InstanceState::Isolated), "the prepaid one");
    }
    let again = DestroyInstancesRequest::new([ids[1].clone()]).with_prepaid(PrepaidPolicy::Isolate);
    all_are(&destroy(cx, again).await?, OutcomeStatus::AlreadyThere)?;
    let state = cx.state_of(&ids[1]).await?;
    ensure_eq!(state, Some(InstanceState::Isolated), "after asking again");
    Ok(())
}

async fn prepaid_released(cx: &Context) -> Verdict {
    let ids = with_a_prepaid_one(cx).await?;
    let request = DestroyInstancesRequest::new(ids.clone()).with_prepaid(PrepaidPolicy::Release);
    let outcomes = destroy(cx, request).await?;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    Change::Destroy.wait(cx, outcomes).await?;
    for id in &ids {
        ensure_eq!(cx.state_of(id).await?, None, "the state of {id}");
    }
    Ok(())
}

async fn no_prepaid(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    cx.clear_calls();
    for policy in [PrepaidPolicy::Isolate, PrepaidPolicy::Release] {
        let request = DestroyInstancesRequest::new([id.clone()]).with_prepaid(policy);
        let result = cx.compute()?.destroy_instances(request).await;
        refused("a prepaid policy", ErrorKind::Unsupported, result)?;
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}
