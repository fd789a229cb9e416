//! Each fault once in each operation: it ends well, and nothing is doubled or lost.

use std::time::Duration;

use cloudapi_core::compute::OutcomeStatus;
use cloudapi_core::{InstanceId, Operation};
use futures_util::FutureExt;

use super::batch::Change;
use super::describe::ids_of;
use super::stage::all_are;
use crate::case::Case;
use crate::context::{Context, native_action};
use crate::failure::{Verdict, ensure, ensure_eq};
use crate::target::{Fault, FaultKind, Need};

/// How often a call is sent at most, as connected by default.
const MAX_ATTEMPTS: usize = 5;

/// What a sound client gets over: the fault, its name in ids, and in words.
pub(crate) const FAULTS: &[(FaultKind, &str, &str)] = &[
    (FaultKind::Throttle, "throttling", "being throttled once"),
    (
        FaultKind::InternalError,
        "an-internal-error",
        "an internal error of the cloud",
    ),
    (
        FaultKind::Unavailable,
        "unavailability",
        "a moment of unavailability",
    ),
    (
        FaultKind::Delay(Duration::from_millis(150)),
        "a-delay",
        "a late answer",
    ),
    (
        FaultKind::CutBefore,
        "a-cut-before",
        "a connection cut before the effect",
    ),
    (
        FaultKind::CutAfter,
        "a-cut-after",
        "a connection cut after the effect",
    ),
    (
        FaultKind::TruncatedBody,
        "half-an-answer",
        "an answer that breaks off",
    ),
    (
        FaultKind::GarbageBody,
        "garbage",
        "an answer that is not the protocol",
    ),
    (
        FaultKind::EmptyBody,
        "an-empty-answer",
        "an answer without a body",
    ),
    (
        FaultKind::HtmlBody,
        "a-gateways-page",
        "a gateway's page of HTML",
    ),
];

pub(super) fn cases() -> Vec<Case> {
    let operations = [
        Operation::DescribeInstances,
        Operation::CreateInstances,
        Operation::StartInstances,
        Operation::StopInstances,
        Operation::DestroyInstances,
    ];
    let mut cases = Vec::new();
    for operation in operations {
        for (kind, name, words) in FAULTS {
            let verb = operation.as_str().trim_end_matches("Instances");
            let id = format!("compute/{}-survives-{name}", verb.to_lowercase());
            let promise =
                format!("{operation} ends well after {words}, and nothing is doubled or lost.");
            let case = Case::new(id, promise, move |cx| {
                survives(cx, operation, *kind).boxed()
            })
            .of(operation)
            .needs([Need::Faults, Need::CallLog]);
            cases.push(case);
        }
    }
    cases
}

async fn survives(cx: &Context, operation: Operation, kind: FaultKind) -> Verdict {
    match operation {
        Operation::DescribeInstances => describe_survives(cx, kind).await,
        Operation::StartInstances => change_survives(cx, Change::Start, kind).await,
        Operation::StopInstances => change_survives(cx, Change::Stop, kind).await,
        Operation::DestroyInstances => change_survives(cx, Change::Destroy, kind).await,
        _ => create_survives(cx, kind).await,
    }
}

fn inject(cx: &Context, kind: FaultKind, operation: Operation) -> Verdict {
    cx.clear_calls();
    cx.controls()?
        .inject(Fault::new(kind, native_action(operation)));
    Ok(())
}

/// How many calls one fault makes of one.
fn calls_with(kind: FaultKind) -> usize {
    if matches!(kind, FaultKind::Delay(_)) {
        1
    } else {
        2
    }
}

async fn describe_survives(cx: &Context, kind: FaultKind) -> Verdict {
    let mut ids = cx.launch(3).await?;
    ids.sort();
    let requests = [cx.describe().with_instance_ids(ids.clone()), cx.mine()];
    for request in requests {
        inject(cx, kind, Operation::DescribeInstances)?;
        let found = cx.compute()?.describe_instances(request).await?;
        ensure_eq!(ids_of(&found), ids, "what is found");
    }
    Ok(())
}

async fn create_survives(cx: &Context, kind: FaultKind) -> Verdict {
    inject(cx, kind, Operation::CreateInstances)?;
    let request = cx.request().with_count(2);
    let mut ids = cx.compute()?.create_instances(request).await?.instance_ids;
    cx.made(&ids);
    ids.sort();
    ensure_eq!(ids.len(), 2, "ids");
    ensure_eq!(cx.calls_to("RunInstances"), calls_with(kind), "calls");
    ensure_eq!(ids_of(&cx.settled().await?), ids, "what there is");
    Ok(())
}

async fn change_survives(cx: &Context, change: Change, kind: FaultKind) -> Verdict {
    let ids: Vec<InstanceId> = change.ready(cx, 3).await?;
    inject(cx, kind, change.operation())?;
    let outcomes = change.ask(&*cx.compute()?, ids.clone(), false).await?;
    ensure_eq!(outcomes.outcomes.len(), 3, "outcomes");
    all_are(&outcomes, OutcomeStatus::Changed)?;
    for outcome in &outcomes {
        let own_doing = outcome
            .previous_state
            .as_ref()
            .is_some_and(|state| change.after().contains(state));
        ensure!(
            !own_doing,
            "{} is said to have been {:?} before",
            outcome.instance_id,
            outcome.previous_state
        );
    }
    let action = native_action(change.operation());
    let calls = cx.calls();
    let changing = calls.iter().filter(|call| call.action == action);
    // Where answers lag, the cloud may have to refuse a call for what is on its way already.
    let taken = changing.clone().filter(|call| call.error_code.is_none());
    ensure!(
        taken.clone().count() <= calls_with(kind),
        "{} changing calls had their effect",
        taken.count()
    );
    ensure!(
        changing.clone().count() <= MAX_ATTEMPTS,
        "{} changing calls",
        changing.count()
    );
    change.wait(cx, outcomes).await
}
