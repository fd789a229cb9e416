//! More targets than one call takes.

use std::collections::BTreeSet;

use cloudapi_core::load_balancer::{OutcomeStatus, TargetOutcomes};
use cloudapi_core::{InstanceId, Operation};
use futures_util::FutureExt;

use super::stage::{all_are, failed, plain};
use super::vendor::Vendor;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq};
use crate::target::Need;

/// More than a call takes at AWS, and than a plain one does at Tencent Cloud.
const MANY: usize = 250;

pub(super) fn cases() -> Vec<Case> {
    let (register, deregister) = (
        Operation::RegisterInstancesWithLoadBalancer,
        Operation::DeregisterInstancesFromLoadBalancer,
    );
    vec![
        Case::new(
            "load_balancer/register-splits-what-one-call-does-not-take",
            "Any number of targets is registered, in as few calls as the cloud allows, with an outcome for each.",
            |cx| register_many(cx).boxed(),
        )
        .of(register)
        .needs([Need::Fleet, Need::CallLog, Need::Truth]),
        Case::new(
            "load_balancer/register-isolates-bad-ids-among-many",
            "Ids that do not exist among hundreds are the only ones that fail, in few calls.",
            |cx| bad_among_many(cx).boxed(),
        )
        .of(register)
        .needs([Need::Fleet, Need::CallLog, Need::Truth]),
        Case::new(
            "load_balancer/deregister-splits-what-one-call-does-not-take",
            "Any number of targets is deregistered, in as few calls as the cloud allows, with an outcome for each.",
            |cx| deregister_many(cx).boxed(),
        )
        .of(deregister)
        .needs([Need::Fleet, Need::CallLog, Need::Truth]),
    ]
}

/// The calls that changed something, or tried to.
fn changes(cx: &Context) -> Vec<String> {
    let calls = cx.calls().into_iter().map(|call| call.action);
    calls
        .filter(|action| !action.starts_with("Describe"))
        .collect()
}

fn ids_of(outcomes: &TargetOutcomes) -> Vec<InstanceId> {
    let ids = outcomes.iter().map(|outcome| outcome.instance_id.clone());
    ids.collect()
}

/// The ids that really are in the only group.
fn registered(cx: &Context) -> Verdict<BTreeSet<String>> {
    let targets = cx.true_targets(&cx.balancing()?.single_group.id)?;
    Ok(targets.into_iter().map(|target| target.id).collect())
}

fn expected(ids: &[InstanceId]) -> BTreeSet<String> {
    ids.iter().map(ToString::to_string).collect()
}

async fn register_many(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let fleet = cx.controls()?.add_fleet(MANY);
    cx.clear_calls();
    let outcomes = cx.register(fixture.register(plain(&fleet))).await??;
    ensure_eq!(ids_of(&outcomes), fleet, "the ids in order");
    all_are(&outcomes, OutcomeStatus::Changed)?;
    ensure_eq!(registered(cx)?, expected(&fleet), "what is registered");
    let (action, size) = Vendor::of(cx.provider()).register_many;
    ensure_eq!(
        changes(cx),
        vec![action; MANY.div_ceil(size)],
        "the changing calls"
    );
    ensure!(cx.calls().len() < 20, "{} calls in all", cx.calls().len());
    Ok(())
}

async fn bad_among_many(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let fleet = cx.controls()?.add_fleet(MANY);
    let absent = [cx.vendor().absent_id(), cx.vendor().absent_id()];
    let mut asked = fleet.clone();
    asked.insert(7, absent[0].clone());
    asked.insert(131, absent[1].clone());
    cx.clear_calls();
    let outcomes = cx.register(fixture.register(plain(&asked))).await??;
    ensure_eq!(ids_of(&outcomes), asked, "the ids in order");
    for id in &absent {
        failed(&outcomes, id)?;
    }
    let failures = outcomes.iter().filter(|one| one.error.is_some()).count();
    ensure_eq!(failures, absent.len(), "failures");
    ensure_eq!(registered(cx)?, expected(&fleet), "what is registered");
    let calls = changes(cx).len();
    ensure!(calls < 60, "{calls} changing calls");
    Ok(())
}

async fn deregister_many(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let fleet = cx.controls()?.add_fleet(MANY);
    let outcomes = cx.register(fixture.register(plain(&fleet))).await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    cx.health(&fixture.single).await?;
    cx.clear_calls();
    let (kept, taken) = fleet.split_at(10);
    let outcomes = cx.deregister(fixture.deregister(plain(taken))).await??;
    ensure_eq!(ids_of(&outcomes), taken, "the ids in order");
    all_are(&outcomes, OutcomeStatus::Changed)?;
    let (action, size) = Vendor::of(cx.provider()).deregister_many;
    ensure_eq!(
        changes(cx),
        vec![action; taken.len().div_ceil(size)],
        "the changing calls"
    );
    cx.health(&fixture.single).await?;
    cx.health(&fixture.single).await?;
    ensure_eq!(registered(cx)?, expected(kept), "what is left");
    Ok(())
}
