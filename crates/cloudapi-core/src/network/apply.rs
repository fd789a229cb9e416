//! Doing what was planned, for every cloud alike: in order, without a gap, and back again when it fails half-way.
//!
//! A provider says how to read the table and how one call changes routes; what is here decides what to do when a call is
//! refused, or its answer lost:
//!
//! - first existing routes are replaced, then missing ones created, then (with `Exact`) the others deleted, so that no
//!   destination is ever without its route;
//! - a call whose answer was lost is followed by a look at the table: only what is not as wanted is sent again;
//! - a call that is refused because the table is no longer as it was when planned is planned anew;
//! - any other refusal is the end: what was done is undone, see [`undo`](super::undo).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use async_trait::async_trait;

use super::plan::{find, revise};
use super::undo::{self, Undo};
use super::{
    Destination, ReplaceMode, ReplaceRoutesRequest, ReplacedRoutes, Route, RouteAction,
    RouteChange, RoutePlan, RouteSpec, RouteTable, plan,
};
use crate::retry::Deadline;
use crate::{Error, ErrorKind, Result, RetryPolicy};

/// How often the table is looked at for changes to show, since a cloud may answer a read from before them.
pub(crate) const LOOKS: u32 = 5;

/// How often a change is planned anew because the table is not as it was.
const REVISIONS: u32 = 2;

/// How one cloud reads and changes the routes of one table.
#[async_trait]
pub trait RouteCalls: Send + Sync {
    /// How many routes one call changes at most.
    fn routes_per_call(&self) -> usize;

    /// Refuses what this cloud can't do, before anything is sent.
    fn check(&self, routes: &[RouteSpec]) -> Result<()>;

    /// Reads the table.
    async fn read(&self, deadline: Deadline) -> Result<RouteTable>;

    /// Looks up what must be known of the targets, and adds their other names.
    async fn prepare(
        &self,
        table: &RouteTable,
        routes: Vec<RouteSpec>,
        deadline: Deadline,
    ) -> Result<Vec<RouteSpec>> {
        let _ = (table, deadline);
        Ok(routes)
    }

    /// Asks the cloud whether it would do changes of one kind, without doing them.
    async fn try_out(
        &self,
        action: RouteAction,
        changes: &[RouteChange],
        deadline: Deadline,
    ) -> Result<()> {
        let _ = (action, changes, deadline);
        Ok(())
    }

    /// Does changes of one kind in one call, all or none: replaces, creates or deletes. Sends again only what the cloud
    /// certainly did not do. Answers the routes that there are now, as far as the cloud tells them.
    ///
    /// A refusal is `NotFound` for a route that is not there, `AlreadyExists` for one that is.
    async fn apply(
        &self,
        action: RouteAction,
        changes: &[RouteChange],
        deadline: Deadline,
    ) -> Result<Vec<Route>>;
}

/// Does what a request asks for, or with `dry_run` tells what it would do.
///
/// # Errors
///
/// Those of [`ReplaceRoutesRequest::check`], of [`RouteCalls::check`], of [`plan`], and what the cloud refuses; before the
/// first write nothing is changed. A failure after it names as its resources exactly the destinations that differ from
/// before, and its message says how; none when all were put back.
pub async fn run(
    calls: &dyn RouteCalls,
    request: &ReplaceRoutesRequest,
    retry: &RetryPolicy,
) -> Result<ReplacedRoutes> {
    let routes = request.check()?;
    calls.check(&routes)?;
    let deadline = retry.start();
    let table = calls.read(deadline).await?;
    check_vpc(request, &table)?;
    let routes = calls.prepare(&table, routes, deadline).await?;
    let plan = plan(&table, &routes, request.mode)?;
    let steps = steps(&plan.changes, calls.routes_per_call(), 0, 0);
    if request.dry_run {
        let mut tried = None;
        for step in steps {
            if tried.replace(step.action) != Some(step.action) {
                calls.try_out(step.action, &step.changes, deadline).await?;
            }
        }
        return Ok(plan.into_dry_run(&table));
    }
    let mut run = Run {
        calls,
        retry,
        deadline,
        mode: request.mode,
        done: Vec::new(),
        expected: undo::expected(&table, &plan.changes),
    };
    let mut queue = VecDeque::from(steps);
    while let Some(step) = queue.pop_front() {
        match run.write(step).await {
            Ok(rest) => rest
                .into_iter()
                .rev()
                .for_each(|step| queue.push_front(step)),
            Err(failure) => return Err(run.give_up(failure).await),
        }
    }
    let current = run.current(&plan).await;
    Ok(answer(&table, plan, current))
}

fn check_vpc(request: &ReplaceRoutesRequest, table: &RouteTable) -> Result<()> {
    match &request.vpc_id {
        Some(wanted) if table.vpc_id.as_ref() != Some(wanted) => {
            Err(Error::invalid_argument(format!(
                "{} belongs to {}, not to {wanted}",
                table.route_table_id,
                table.vpc_id.as_deref().unwrap_or("no known network")
            ))
            .with_resources([table.route_table_id.as_str()]))
        }
        _ => Ok(()),
    }
}

fn answer(table: &RouteTable, plan: RoutePlan, current: Vec<Route>) -> ReplacedRoutes {
    let mut changes = plan.changes;
    for after in changes
        .iter_mut()
        .filter_map(|change| change.after.as_mut())
    {
        if let Some(seen) = current
            .iter()
            .find(|route| route.is_static() && route.does_the_same(after))
        {
            *after = seen.clone();
        }
    }
    ReplacedRoutes {
        route_table_id: table.route_table_id.clone(),
        dry_run: false,
        changes,
        previous: plan.previous,
        current,
    }
}

/// Changes of one kind that go into one call.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) action: RouteAction,
    pub(crate) changes: Vec<RouteChange>,
    /// How often a call for these ended with its effect unknown.
    lost: u32,
    revisions: u32,
}

/// Sorts changes into calls, in the order in which no destination is ever without its route.
pub(crate) fn steps(
    changes: &[RouteChange],
    per_call: usize,
    lost: u32,
    revisions: u32,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for action in [
        RouteAction::Replaced,
        RouteAction::Created,
        RouteAction::Deleted,
    ] {
        let of_kind: Vec<RouteChange> = changes
            .iter()
            .filter(|change| change.action == action)
            .cloned()
            .collect();
        steps.extend(of_kind.chunks(per_call.max(1)).map(|changes| Step {
            action,
            changes: changes.to_vec(),
            lost,
            revisions,
        }));
    }
    steps
}

/// Whether a failure leaves open what the cloud did.
pub(crate) fn leaves_open(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Unavailable
    ) && !error.is_certainly_undone()
}

/// Whether a refusal says that the change is there already.
pub(crate) fn is_there_already(action: RouteAction, error: &Error) -> bool {
    matches!(
        (action, error.kind()),
        (RouteAction::Created, ErrorKind::AlreadyExists)
            | (RouteAction::Deleted, ErrorKind::NotFound)
    )
}

/// The wait before look or attempt number `n`, from 1.
pub(crate) fn pause(retry: &RetryPolicy, n: u32) -> Duration {
    retry
        .base_delay
        .saturating_mul(2_u32.saturating_pow(n.saturating_sub(1)))
        .min(retry.max_delay)
}

/// Why no further change is made.
struct Failure {
    error: Error,
    /// The call that failed.
    step: Step,
    /// Whether that call may have had its effect all the same.
    open: bool,
}

struct Run<'a> {
    calls: &'a dyn RouteCalls,
    retry: &'a RetryPolicy,
    deadline: Deadline,
    mode: ReplaceMode,
    /// What was done, in order.
    done: Vec<Step>,
    /// The static routes that each destination had before we touched it.
    expected: BTreeMap<Destination, Vec<Route>>,
}

impl Run<'_> {
    /// Does one step; gives what is left of it.
    async fn write(&mut self, step: Step) -> Result<Vec<Step>, Failure> {
        let error = match self
            .calls
            .apply(step.action, &step.changes, self.deadline)
            .await
        {
            Ok(routes) => {
                self.record(step, &routes);
                return Ok(Vec::new());
            }
            Err(error) => error,
        };
        if leaves_open(&error) {
            return self.look_after_loss(step, error).await;
        }
        let absent_route =
            step.action == RouteAction::Replaced && error.kind() == ErrorKind::NotFound;
        let stale = absent_route || is_there_already(step.action, &error);
        if stale && step.revisions < REVISIONS {
            return self.look_after_refusal(step, error).await;
        }
        // A failure that says nothing of what was done is not taken for a refusal.
        let unclear = error.kind() == ErrorKind::Other && !error.is_certainly_undone();
        let open = step.lost > 0 || unclear;
        Err(Failure { error, step, open })
    }

    /// Notes what was done, with what the cloud said of the routes.
    fn record(&mut self, mut step: Step, routes: &[Route]) {
        for after in step
            .changes
            .iter_mut()
            .filter_map(|change| change.after.as_mut())
        {
            if let Some(told) = routes
                .iter()
                .find(|route| route.destination == after.destination)
            {
                after.route_id.clone_from(&told.route_id);
            }
        }
        self.done.push(step);
    }

    async fn look_after_loss(&mut self, step: Step, error: Error) -> Result<Vec<Step>, Failure> {
        let lost = step.lost + 1;
        let open = true;
        if lost >= self.retry.max_attempts {
            return Err(Failure { error, step, open });
        }
        if let Err(error) = self
            .deadline
            .sleep(self.retry.delay(lost, &error), error.clone())
            .await
        {
            return Err(Failure { error, step, open });
        }
        let Ok(table) = self.calls.read(self.deadline).await else {
            return Err(Failure { error, step, open });
        };
        let Ok(rest) = revise(&table, &step.changes, self.mode) else {
            return Err(Failure { error, step, open });
        };
        let (done, rest) = split(&step, rest);
        if !done.changes.is_empty() {
            self.record(done, &table.routes);
        }
        Ok(steps(
            &rest,
            self.calls.routes_per_call(),
            lost,
            step.revisions,
        ))
    }

    async fn look_after_refusal(&mut self, step: Step, error: Error) -> Result<Vec<Step>, Failure> {
        let open = step.lost > 0;
        let is_there = is_there_already(step.action, &error);
        let mut look = 1;
        let (table, rest) = loop {
            let Ok(table) = self.calls.read(self.deadline).await else {
                return Err(Failure { error, step, open });
            };
            let rest = match revise(&table, &step.changes, self.mode) {
                Ok(rest) => rest,
                // The route is gone, and this mode does not create.
                Err(error) => return Err(Failure { error, step, open }),
            };
            if !is_there || look >= LOOKS || !is_as_before(&step, &rest) {
                break (table, rest);
            }
            tokio::time::sleep(pause(self.retry, look)).await;
            look += 1;
        };
        if is_as_before(&step, &rest) {
            if open && is_there && step.action == RouteAction::Created {
                // Ours, by the call whose answer was lost, though the table does not show it yet.
                self.record(step, &table.routes);
                return Ok(Vec::new());
            }
            return Err(Failure { error, step, open });
        }
        let (done, rest) = split(&step, rest);
        if open && !done.changes.is_empty() {
            self.record(done, &table.routes);
        }
        if !open {
            // Somebody else changed these: what they are now is what they are put back to.
            self.expected.extend(undo::expected(&table, &step.changes));
        }
        Ok(steps(
            &rest,
            self.calls.routes_per_call(),
            step.lost,
            step.revisions + 1,
        ))
    }

    async fn give_up(self, failure: Failure) -> Error {
        let mut undo = Undo::new(self.calls, self.retry, self.expected);
        let lone = failure.step.changes.len() == 1 && !failure.open;
        let mut steps = self.done;
        if lone && steps.is_empty() {
            return failure.error.with_resources::<_, String>([]);
        }
        undo.touch(&failure.step);
        if failure.open {
            steps.push(failure.step);
        }
        undo.run(steps, failure.error).await
    }

    /// All routes as they are now, looked at until the changes show; what the plan says if they don't in time.
    async fn current(&self, plan: &RoutePlan) -> Vec<Route> {
        let changed = || self.done.iter().flat_map(|step| &step.changes);
        if self.done.is_empty() {
            return plan.current();
        }
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(pause(self.retry, look)).await;
            }
            let Ok(table) = self.calls.read(self.deadline).await else {
                break;
            };
            let shows = |change: &RouteChange| match (&change.before, &change.after) {
                (_, Some(after)) => find(&table, after).is_some(),
                (Some(before), None) => find(&table, before).is_none(),
                (None, None) => true,
            };
            if changed().all(shows) {
                return table.routes;
            }
        }
        plan.current()
    }
}

/// Whether the table is as it was when the step was planned.
fn is_as_before(step: &Step, revised: &[Option<RouteChange>]) -> bool {
    let same = |(change, again): (&RouteChange, &Option<RouteChange>)| {
        again
            .as_ref()
            .is_some_and(|again| again.action == change.action)
    };
    step.changes.iter().zip(revised).all(same)
}

/// Parts what is as wanted from what is left to do.
fn split(step: &Step, revised: Vec<Option<RouteChange>>) -> (Step, Vec<RouteChange>) {
    let mut done = Step {
        changes: Vec::new(),
        ..step.clone()
    };
    let mut rest = Vec::new();
    for (change, left) in step.changes.iter().zip(revised) {
        match left {
            None => done.changes.push(change.clone()),
            Some(left) => rest.push(left),
        }
    }
    (done, rest)
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
