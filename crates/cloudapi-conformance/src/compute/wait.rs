//! Waiting for what was created.

use std::time::{Duration, Instant};

use cloudapi_core::compute::{CreateStatus, CreatedInstance, InstanceState};
use cloudapi_core::{ComputeExt, InstanceId, Operation};
use futures_util::FutureExt;

use super::describe::REASON;
use super::stage::only;
use crate::case::{Case, CaseFuture};
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq};
use crate::target::{Fault, FaultKind, Need};

/// Longer than any wait here should take, so that one that ends early is told from one that ran out.
const LONG: Duration = Duration::from_mins(1);

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("compute/create-wait-{name}"), promise, run).of(Operation::CreateInstances)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "ends-when-they-run",
            "Waiting tells each instance that runs, with its record.",
            |cx| running(cx).boxed(),
        ),
        case(
            "bears-with-what-is-not-visible-yet",
            "An id that the cloud does not show yet is waited for, not called missing.",
            |cx| not_visible_yet(cx).boxed(),
        )
        .needs([Need::Lag]),
        case(
            "ends-at-once-when-the-launch-failed",
            "A failed launch is told with its reason at once, not when time runs out.",
            |cx| launch_failed(cx).boxed(),
        )
        .needs([Need::Launches]),
        case(
            "says-never-visible",
            "An id that the cloud never shows is told as such.",
            |cx| never_visible(cx).boxed(),
        )
        .needs([Need::Hands]),
        case(
            "tells-the-last-state-when-time-runs-out",
            "When time runs out, the ids are still there, with the last state seen.",
            |cx| timed_out(cx).boxed(),
        )
        .needs([Need::Lag]),
        case(
            "ends-for-each-id",
            "In one wait each instance has its own end, in the order asked.",
            |cx| each_its_own(cx).boxed(),
        )
        .needs([Need::Launches, Need::Hands]),
        case(
            "costs-a-call-a-tick",
            "Waiting for twenty costs as many calls as waiting for one.",
            |cx| call_a_tick(cx).boxed(),
        )
        .needs([Need::Lag, Need::CallLog, Need::FullPages]),
        case(
            "survives-faults-in-between",
            "A look that fails in passing does not end the wait.",
            |cx| faults_between(cx).boxed(),
        )
        .needs([Need::Faults]),
    ]
}

async fn create(cx: &Context, count: u32) -> Verdict<Vec<InstanceId>> {
    let request = cx.request().with_count(count);
    let ids = cx.compute()?.create_instances(request).await?.instance_ids;
    cx.made(&ids);
    Ok(ids)
}

async fn wait(cx: &Context, ids: &[InstanceId]) -> Verdict<Vec<CreatedInstance>> {
    let options = cx.pace().with_timeout(LONG);
    let started = Instant::now();
    let created = cx.compute()?.wait_for_instances(ids, &options).await?;
    ensure!(
        started.elapsed() < LONG / 2,
        "the wait took {:?}",
        started.elapsed()
    );
    Ok(created)
}

async fn running(cx: &Context) -> Verdict {
    let ids = create(cx, 3).await?;
    // A live cloud takes its time; this wait may take all of it.
    let created = cx.compute()?.wait_for_instances(&ids, &cx.pace()).await?;
    ensure_eq!(created.len(), 3, "ends of waiting");
    for (id, created) in ids.iter().zip(&created) {
        ensure_eq!(created.instance_id, *id, "the order");
        ensure_eq!(created.status, CreateStatus::Running, "{id}");
        let state = created.instance.as_ref().map(|instance| &instance.state);
        ensure_eq!(state, Some(&InstanceState::Running), "the record of {id}");
    }
    Ok(())
}

async fn not_visible_yet(cx: &Context) -> Verdict {
    cx.controls()?.set_lag(4);
    let ids = create(cx, 2).await?;
    for created in wait(cx, &ids).await? {
        ensure_eq!(
            created.status,
            CreateStatus::Running,
            "{}",
            created.instance_id
        );
    }
    Ok(())
}

async fn launch_failed(cx: &Context) -> Verdict {
    cx.controls()?.fail_next_launch(REASON);
    let ids = create(cx, 2).await?;
    for created in wait(cx, &ids).await? {
        ensure_eq!(
            created.status,
            CreateStatus::LaunchFailed,
            "{}",
            created.instance_id
        );
        let reason = created.reason.unwrap_or_default();
        ensure!(reason.contains(REASON), "the reason is {reason:?}");
    }
    Ok(())
}

async fn never_visible(cx: &Context) -> Verdict {
    let ids = create(cx, 2).await?;
    cx.controls()?.remove(&ids[0]);
    let options = cx
        .pace()
        .with_timeout(LONG)
        .with_visible_within(Duration::from_millis(200));
    let started = Instant::now();
    let created = cx.compute()?.wait_for_instances(&ids, &options).await?;
    ensure_eq!(created[0].status, CreateStatus::NeverVisible, "the first");
    ensure_eq!(created[1].status, CreateStatus::Running, "the second");
    ensure!(
        started.elapsed() < LONG / 2,
        "it took {:?}",
        started.elapsed()
    );
    Ok(())
}

async fn timed_out(cx: &Context) -> Verdict {
    cx.controls()?.set_transition_looks(10_000);
    let ids = create(cx, 2).await?;
    let options = cx.pace().with_timeout(Duration::from_millis(300));
    let created = cx.compute()?.wait_for_instances(&ids, &options).await?;
    ensure_eq!(created.len(), 2, "ends of waiting");
    for (id, created) in ids.iter().zip(created) {
        ensure_eq!(created.instance_id, *id, "the order");
        ensure_eq!(created.status, CreateStatus::TimedOut, "{id}");
        let state = created.instance.map(|instance| instance.state);
        ensure_eq!(
            state,
            Some(InstanceState::Pending),
            "the last state of {id}"
        );
    }
    Ok(())
}

async fn each_its_own(cx: &Context) -> Verdict {
    let controls = cx.controls()?;
    controls.fail_next_launch(REASON);
    let failed = only(create(cx, 1).await?)?;
    let runs = only(create(cx, 1).await?)?;
    let gone = only(create(cx, 1).await?)?;
    controls.remove(&gone);
    let options = cx
        .pace()
        .with_timeout(LONG)
        .with_visible_within(Duration::from_millis(200));
    let created = cx
        .compute()?
        .wait_for_instances(&[gone.clone(), failed.clone(), runs.clone()], &options)
        .await?;
    let ends: Vec<(InstanceId, CreateStatus)> = created
        .into_iter()
        .map(|created| (created.instance_id, created.status))
        .collect();
    ensure_eq!(
        ends,
        [
            (gone, CreateStatus::NeverVisible),
            (failed, CreateStatus::LaunchFailed),
            (runs, CreateStatus::Running)
        ],
        "the ends"
    );
    Ok(())
}

async fn call_a_tick(cx: &Context) -> Verdict {
    cx.controls()?.set_transition_looks(3);
    let mut costs = Vec::new();
    for count in [1, 20] {
        let ids = create(cx, count).await?;
        cx.clear_calls();
        wait(cx, &ids).await?;
        costs.push(cx.calls().len());
    }
    ensure!(costs[0] >= 3, "the wait had only {} looks", costs[0]);
    ensure_eq!(costs[1], costs[0], "calls to wait for twenty");
    Ok(())
}

async fn faults_between(cx: &Context) -> Verdict {
    let ids = create(cx, 2).await?;
    let controls = cx.controls()?;
    // More than one call is repeated: the look itself fails, and the next one has to do.
    controls.inject(Fault::new(FaultKind::Unavailable, "DescribeInstances").with_times(7));
    let created = wait(cx, &ids).await?;
    let all_run = created
        .iter()
        .all(|created| created.status == CreateStatus::Running);
    if all_run {
        Ok(())
    } else {
        Err(Failure::new(format!("{created:?}")))
    }
}
