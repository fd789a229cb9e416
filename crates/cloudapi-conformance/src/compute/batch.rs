//! Start, stop and destroy: what is alike in all three.

use cloudapi_core::compute::{
    DestroyInstancesRequest, InstanceOutcomes, InstanceState, OutcomeStatus, StartInstancesRequest,
    StopInstancesRequest,
};
use cloudapi_core::{Compute, ComputeExt, Error, ErrorKind, InstanceId, Operation, Result};
use futures_util::FutureExt;

use super::stage::{all_are, failed, only, outcome};
use crate::case::{Case, CaseFuture};
use crate::context::{Context, native_action};
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

/// One of the three changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Start,
    Stop,
    Destroy,
}

impl Change {
    pub(super) const ALL: [Self; 3] = [Self::Start, Self::Stop, Self::Destroy];

    pub(super) fn operation(self) -> Operation {
        match self {
            Self::Start => Operation::StartInstances,
            Self::Stop => Operation::StopInstances,
            Self::Destroy => Operation::DestroyInstances,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Destroy => "destroy",
        }
    }

    /// The state that the change is asked in.
    fn before(self) -> InstanceState {
        match self {
            Self::Start => InstanceState::Stopped,
            Self::Stop | Self::Destroy => InstanceState::Running,
        }
    }

    /// The states that it may lead to at first.
    pub(super) fn after(self) -> &'static [InstanceState] {
        match self {
            Self::Start => &[InstanceState::Pending, InstanceState::Running],
            Self::Stop => &[InstanceState::Stopping, InstanceState::Stopped],
            Self::Destroy => &[InstanceState::Terminating, InstanceState::Terminated],
        }
    }

    pub(super) async fn ask(
        self,
        compute: &dyn Compute,
        ids: impl IntoIterator<Item = InstanceId>,
        dry_run: bool,
    ) -> Result<InstanceOutcomes> {
        match self {
            Self::Start => {
                let request = StartInstancesRequest::new(ids).with_dry_run(dry_run);
                compute.start_instances(request).await
            }
            Self::Stop => {
                let request = StopInstancesRequest::new(ids).with_dry_run(dry_run);
                compute.stop_instances(request).await
            }
            Self::Destroy => {
                let request = DestroyInstancesRequest::new(ids).with_dry_run(dry_run);
                compute.destroy_instances(request).await
            }
        }
    }

    /// Makes instances that the change can be asked of.
    pub(super) async fn ready(self, cx: &Context, count: u32) -> Verdict<Vec<InstanceId>> {
        let ids = cx.launch(count).await?;
        if self == Self::Start {
            stop_and_wait(cx, &ids).await?;
        }
        Ok(ids)
    }

    /// Waits until the change is through.
    pub(super) async fn wait(self, cx: &Context, outcomes: InstanceOutcomes) -> Verdict {
        let (compute, pace) = (cx.compute()?, cx.pace());
        let waited = match self {
            Self::Start => compute.wait_until_running(outcomes, &pace).await?,
            Self::Stop => compute.wait_until_stopped(outcomes, &pace).await?,
            Self::Destroy => compute.wait_until_destroyed(outcomes, false, &pace).await?,
        };
        waited.into_result()?;
        Ok(())
    }
}

/// Stops instances and waits until they are down.
pub(super) async fn stop_and_wait(cx: &Context, ids: &[InstanceId]) -> Verdict {
    let outcomes = Change::Stop
        .ask(&*cx.compute()?, ids.iter().cloned(), false)
        .await?;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    Change::Stop.wait(cx, outcomes).await
}

/// Makes a case for each of the three changes.
fn for_each<F>(name: &str, promise: &str, needs: &[Need], run: F) -> Vec<Case>
where
    F: for<'a> Fn(&'a Context, Change) -> CaseFuture<'a> + Send + Sync + Clone + 'static,
{
    Change::ALL
        .into_iter()
        .map(|change| {
            let run = run.clone();
            let id = format!("compute/{}-{name}", change.word());
            Case::new(id, promise, move |cx| run(cx, change))
                .of(change.operation())
                .needs(needs.iter().copied())
        })
        .collect()
}

pub(super) fn cases() -> Vec<Case> {
    [
        for_each(
            "refuses-an-empty-list-of-ids",
            "An empty list is InvalidArgument, never all of them, and nothing is sent.",
            &[],
            |cx, change| empty_list(cx, change).boxed(),
        ),
        for_each(
            "refuses-malformed-ids-before-sending",
            "One id of impossible shape is InvalidArgument for the whole call, named, and nothing is sent.",
            &[],
            |cx, change| malformed_ids(cx, change).boxed(),
        ),
        for_each(
            "tells-previous-and-current-state",
            "Each id's outcome is Changed, with the state before and the state after, in the order asked.",
            &[],
            |cx, change| states(cx, change).boxed(),
        ),
        for_each(
            "is-idempotent",
            "Asking again, at once or later, is a success that says AlreadyThere.",
            &[],
            |cx, change| again(cx, change).boxed(),
        ),
        for_each(
            "isolates-a-bad-id",
            "An id that the cloud does not know is that id's NotFound; the rest is changed.",
            &[],
            |cx, change| bad_id(cx, change).boxed(),
        ),
        for_each(
            "takes-an-id-twice-as-once",
            "An id that stands twice has one outcome.",
            &[],
            |cx, change| doubled_id(cx, change).boxed(),
        ),
        for_each(
            "dry-run-changes-nothing",
            "A dry run tells for each id what would be done, or the error that the real call would give, and does nothing.",
            &[],
            |cx, change| dry_run(cx, change).boxed(),
        ),
        for_each(
            "costs-a-call-per-full-list-of-ids",
            "N ids cost one changing call for each list of the length that the cloud takes, and none for each instance.",
            &[Need::Fleet, Need::CallLog, Need::FullPages],
            |cx, change| calls_for_ids(cx, change).boxed(),
        ),
        for_each(
            "finishes-a-batch-that-was-half-done",
            "When the cloud fails after half of a batch, every id is changed once and has its outcome.",
            &[Need::Faults],
            |cx, change| half_done(cx, change).boxed(),
        ),
        wrong_states(),
    ]
    .concat()
}

async fn empty_list(cx: &Context, change: Change) -> Verdict {
    cx.clear_calls();
    for dry_run in [false, true] {
        let result = change.ask(&*cx.compute()?, [], dry_run).await;
        refused("an empty list", ErrorKind::InvalidArgument, result)?;
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn malformed_ids(cx: &Context, change: Change) -> Verdict {
    let good = change.ready(cx, 1).await?;
    cx.clear_calls();
    for id in cx.vendor().malformed_ids {
        let ids = good.iter().cloned().chain([InstanceId::from(*id)]);
        let result = change.ask(&*cx.compute()?, ids, false).await;
        let error = refused(id, ErrorKind::InvalidArgument, result)?;
        ensure!(
            error.message().contains(*id),
            "{id:?} is not named: {error}"
        );
        ensure_eq!(
            error.operation(),
            Some(change.operation()),
            "the error's operation"
        );
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    let state = cx.state_of(&good[0]).await?;
    ensure_eq!(state, Some(change.before()), "the good one's state");
    Ok(())
}

async fn states(cx: &Context, change: Change) -> Verdict {
    let mut ids = change.ready(cx, 3).await?;
    ids.sort();
    ids.reverse();
    let outcomes = change.ask(&*cx.compute()?, ids.clone(), false).await?;
    ensure!(!outcomes.dry_run, "a real run calls itself a dry run");
    let order: Vec<&InstanceId> = outcomes
        .iter()
        .map(|outcome| &outcome.instance_id)
        .collect();
    ensure_eq!(order, ids.iter().collect::<Vec<_>>(), "the order");
    for outcome in &outcomes {
        let id = &outcome.instance_id;
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
        ensure_eq!(
            outcome.previous_state,
            Some(change.before()),
            "the state of {id} before"
        );
        let after = outcome
            .current_state
            .as_ref()
            .is_some_and(|state| change.after().contains(state));
        ensure!(
            after,
            "the state of {id} after is {:?}",
            outcome.current_state
        );
    }
    change.wait(cx, outcomes).await?;
    for id in &ids {
        let state = cx.state_of(id).await?;
        let there = match change {
            Change::Start => state == Some(InstanceState::Running),
            Change::Stop => state == Some(InstanceState::Stopped),
            Change::Destroy => state.is_none() || state == Some(InstanceState::Terminated),
        };
        ensure!(there, "{id} is {state:?} in the end");
    }
    Ok(())
}

async fn again(cx: &Context, change: Change) -> Verdict {
    let ids = change.ready(cx, 2).await?;
    let compute = cx.compute()?;
    let first = change.ask(&*compute, ids.clone(), false).await?;
    all_are(&first, OutcomeStatus::Changed)?;
    // At once: on the way there, whatever the cloud shows yet.
    let second = change.ask(&*compute, ids.clone(), false).await?;
    all_are(&second, OutcomeStatus::AlreadyThere)?;
    if change == Change::Destroy {
        // Where nothing is listed once it is gone, a later request is another case.
        return Ok(());
    }
    change.wait(cx, first).await?;
    let third = change.ask(&*compute, ids, false).await?;
    all_are(&third, OutcomeStatus::AlreadyThere)?;
    for outcome in &third {
        ensure_eq!(
            outcome.previous_state,
            outcome.current_state,
            "the states of {}",
            outcome.instance_id
        );
    }
    Ok(())
}

async fn bad_id(cx: &Context, change: Change) -> Verdict {
    let good = change.ready(cx, 3).await?;
    let bad = [cx.vendor().absent_id(), cx.vendor().absent_id()];
    let asked = [&good[..1], &bad[..1], &good[1..], &bad[1..]].concat();
    let outcomes = change.ask(&*cx.compute()?, asked, false).await?;
    ensure_eq!(outcomes.outcomes.len(), 5, "outcomes");
    for id in &bad {
        let message = failed(&outcomes, id, ErrorKind::NotFound)?;
        ensure!(
            message.contains(id.as_str()),
            "{id} is not named: {message}"
        );
    }
    for id in &good {
        let outcome = outcome(&outcomes, id)?;
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
    }
    let summary = outcomes.failure();
    let kind = summary.as_ref().map(Error::kind);
    ensure_eq!(kind, Some(ErrorKind::NotFound), "the failures as one");
    Ok(())
}

async fn doubled_id(cx: &Context, change: Change) -> Verdict {
    let id = only(change.ready(cx, 1).await?)?;
    let outcomes = change
        .ask(&*cx.compute()?, [id.clone(), id.clone()], false)
        .await?;
    ensure_eq!(outcomes.outcomes.len(), 1, "outcomes");
    all_are(&outcomes, OutcomeStatus::Changed)
}

async fn dry_run(cx: &Context, change: Change) -> Verdict {
    let id = only(change.ready(cx, 1).await?)?;
    let absent = cx.vendor().absent_id();
    let outcomes = change
        .ask(&*cx.compute()?, [id.clone(), absent.clone()], true)
        .await?;
    ensure!(outcomes.dry_run, "it does not call itself a dry run");
    let would = outcome(&outcomes, &id)?;
    ensure_eq!(would.status, OutcomeStatus::Changed, "{id}");
    ensure_eq!(
        would.previous_state,
        Some(change.before()),
        "the state of {id} before"
    );
    failed(&outcomes, &absent, ErrorKind::NotFound)?;
    for _ in 0..4 {
        let state = cx.state_of(&id).await?;
        ensure_eq!(state, Some(change.before()), "the state of {id}");
    }
    // There was no reason to change anything; now there is.
    let real = change.ask(&*cx.compute()?, [id], false).await?;
    all_are(&real, OutcomeStatus::Changed)
}

async fn calls_for_ids(cx: &Context, change: Change) -> Verdict {
    let fleet = cx.controls()?.add_fleet(250);
    if change == Change::Start {
        stop_and_wait(cx, &fleet).await?;
    }
    cx.clear_calls();
    let outcomes = change.ask(&*cx.compute()?, fleet.clone(), false).await?;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    let changing = cx.calls_to(native_action(change.operation()));
    ensure_eq!(
        changing,
        cx.vendor().change_calls(fleet.len()),
        "changing calls"
    );
    let looking = cx.calls().len() - changing;
    // A look before and what goes with it, never one for each instance.
    let at_most = 2 * cx.vendor().describe_calls(fleet.len());
    ensure!(looking <= at_most, "{looking} other calls for 250 ids");
    Ok(())
}

async fn half_done(cx: &Context, change: Change) -> Verdict {
    let ids = change.ready(cx, 4).await?;
    let action = native_action(change.operation());
    cx.controls()?
        .inject(Fault::new(FaultKind::PartialBatch, action));
    let outcomes = change.ask(&*cx.compute()?, ids, false).await?;
    ensure_eq!(outcomes.outcomes.len(), 4, "outcomes");
    all_are(&outcomes, OutcomeStatus::Changed)?;
    for outcome in &outcomes {
        ensure!(
            outcome
                .previous_state
                .as_ref()
                .is_none_or(|state| *state == change.before()),
            "{} was {:?} before",
            outcome.instance_id,
            outcome.previous_state
        );
    }
    change.wait(cx, outcomes).await
}

fn wrong_states() -> Vec<Case> {
    let pending = |id: &str, run: fn(&Context) -> CaseFuture<'_>| {
        Case::new(
            id,
            "An instance whose state does not allow the change is that id's InvalidState; the rest is changed.",
            run,
        )
        .needs([Need::Lag, Need::Hands])
    };
    vec![
        pending("compute/stop-isolates-a-wrong-state", |cx| {
            stop_pending(cx).boxed()
        })
        .of(Operation::StopInstances),
        pending("compute/start-isolates-a-wrong-state", |cx| {
            start_stopping(cx).boxed()
        })
        .of(Operation::StartInstances),
    ]
}

async fn stop_pending(cx: &Context) -> Verdict {
    let running = cx.launch(2).await?;
    let pending = cx.launch_pending().await?;
    let asked = [running[0].clone(), pending.clone(), running[1].clone()];
    let outcomes = Change::Stop.ask(&*cx.compute()?, asked, false).await?;
    failed(&outcomes, &pending, ErrorKind::InvalidState)?;
    ensure_eq!(
        outcome(&outcomes, &pending)?.current_state,
        Some(InstanceState::Pending),
        "the pending one's state"
    );
    for id in &running {
        let outcome = outcome(&outcomes, id)?;
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
    }
    Ok(())
}

async fn start_stopping(cx: &Context) -> Verdict {
    let ids = cx.launch(3).await?;
    stop_and_wait(cx, &ids[1..]).await?;
    let controls = cx.controls()?;
    controls.set_transition_looks(10_000);
    let stopping = Change::Stop
        .ask(&*cx.compute()?, [ids[0].clone()], false)
        .await?;
    all_are(&stopping, OutcomeStatus::Changed)?;
    // What lags has to come through, or the cloud shows it running.
    for _ in 0..4 {
        cx.state_of(&ids[0]).await?;
    }
    let outcomes = Change::Start
        .ask(&*cx.compute()?, ids.clone(), false)
        .await?;
    failed(&outcomes, &ids[0], ErrorKind::InvalidState)?;
    for id in &ids[1..] {
        let outcome = outcome(&outcomes, id)?;
        ensure_eq!(outcome.status, OutcomeStatus::Changed, "{id}");
    }
    Ok(())
}
