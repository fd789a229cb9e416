//! One outcome for each id, out of clouds that refuse a whole call for one bad id.
//!
//! Written once for start, stop and destroy on both clouds. A provider says how to look, how to act and what a state
//! means; what is here keeps the good ids going:
//!
//! - a call that is refused is followed by a look at its ids: those that are missing or in the wrong state get their
//!   outcome, the rest is tried again, and where a look tells nothing the call is halved;
//! - a call whose answer was lost is followed by a look too: what moved was changed, only the rest is repeated.

use std::collections::{HashMap, VecDeque};

use async_trait::async_trait;

use super::{Billing, Charging, InstanceOutcome, InstanceOutcomes, InstanceState, OutcomeStatus};
use crate::{Error, ErrorKind, InstanceId, Operation, Result, RetryPolicy};

/// Refused calls in a row, without a success or a finding between, after which the rest is given up.
const FRUITLESS_CALLS: u32 = 64;

/// What a look at an instance tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Seen {
    /// Its state.
    pub state: InstanceState,
    /// How it is paid for.
    pub billing: Option<Billing>,
    /// Whether it is charged while stopped.
    pub charging: Option<Charging>,
    /// Whether it is protected from being destroyed; `None` where a look does not tell.
    pub protected: Option<bool>,
}

impl Seen {
    /// Makes the finding of a state.
    pub fn new(state: InstanceState) -> Self {
        Self {
            state,
            billing: None,
            charging: None,
            protected: None,
        }
    }

    /// Sets how it is paid for.
    #[must_use]
    pub fn with_billing(mut self, billing: Option<Billing>) -> Self {
        self.billing = billing;
        self
    }

    /// Sets whether it is charged while stopped.
    #[must_use]
    pub fn with_charging(mut self, charging: Option<Charging>) -> Self {
        self.charging = charging;
        self
    }

    /// Sets whether it is protected.
    #[must_use]
    pub fn with_protected(mut self, protected: Option<bool>) -> Self {
        self.protected = protected;
        self
    }
}

/// What is to be done with one instance.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Act on it, in one call with others of the same group only.
    Act(u8),
    /// It is where it is wanted.
    AlreadyThere,
    /// It can't be done.
    Fail(Error),
}

/// What the cloud said of one instance in answer to an action.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Transition {
    /// The instance.
    pub instance_id: InstanceId,
    /// Its state before, if the cloud says.
    pub previous: Option<InstanceState>,
    /// Its state now.
    pub current: Option<InstanceState>,
    /// Whether it is charged while stopped.
    pub charging: Option<Charging>,
    /// The request id of the call.
    pub request_id: Option<String>,
    /// Whether the call was repeated after a lost answer: its "before" may then be our own doing.
    pub repeated: bool,
}

impl Transition {
    /// Makes a transition into a state.
    pub fn new(instance_id: InstanceId, current: Option<InstanceState>) -> Self {
        Self {
            instance_id,
            previous: None,
            current,
            charging: None,
            request_id: None,
            repeated: false,
        }
    }
}

/// How one cloud does one of the batch operations.
#[async_trait]
pub trait BatchCalls: Send + Sync {
    /// How many ids one call takes.
    fn ids_per_call(&self) -> usize;

    /// Whether to look before acting: where the cloud refuses what is already there, or tells no previous state. Such a
    /// cloud's actions are also never repeated blindly.
    fn reads_first(&self) -> bool;

    /// Looks at the instances; one that does not exist is absent from the answer.
    async fn read(&self, ids: &[InstanceId]) -> Result<HashMap<InstanceId, Seen>>;

    /// Decides for one instance.
    fn decide(&self, id: &InstanceId, seen: Option<&Seen>) -> Decision;

    /// Acts on instances of one group, all or none.
    async fn act(&self, group: u8, ids: &[InstanceId]) -> Result<Vec<Transition>>;

    /// Asks the cloud whether it would act, without acting.
    async fn check(&self, group: u8, ids: &[InstanceId]) -> Result<()>;

    /// The state that acting on the group leads to at first.
    fn leads_to(&self, group: u8) -> InstanceState;

    /// Whether a refused call may have acted on some of its ids all the same.
    fn may_have_acted(&self, error: &Error) -> bool {
        let _ = error;
        false
    }
}

/// Decides by state alone, as both clouds do.
pub fn decide(operation: Operation, id: &InstanceId, seen: Option<&Seen>) -> Decision {
    use InstanceState as S;
    let Some(seen) = seen else {
        return Decision::Fail(
            Error::new(ErrorKind::NotFound, format!("{id} does not exist"))
                .with_resources([id.as_str()]),
        );
    };
    match (operation, &seen.state) {
        (Operation::StartInstances, S::Running | S::Pending | S::Rebooting)
        | (Operation::StopInstances, S::Stopped | S::Stopping)
        | (Operation::DestroyInstances, S::Terminated | S::Terminating) => Decision::AlreadyThere,
        (Operation::StartInstances, S::Stopped | S::Other(_))
        | (Operation::StopInstances, S::Running | S::Rebooting | S::Other(_))
        | (Operation::DestroyInstances, _) => Decision::Act(0),
        (_, state) => Decision::Fail(
            Error::new(
                ErrorKind::InvalidState,
                format!("{id} is {state}, which does not allow it"),
            )
            .with_resources([id.as_str()]),
        ),
    }
}

/// Does a batch operation, or with `dry_run` tells what it would do.
///
/// # Errors
///
/// Only what concerns every id alike and left all of them unchanged.
pub async fn run(
    calls: &dyn BatchCalls,
    ids: &[InstanceId],
    retry: &RetryPolicy,
    dry_run: bool,
) -> Result<InstanceOutcomes> {
    let mut run = Run {
        calls,
        retry,
        seen: HashMap::new(),
        outcomes: HashMap::new(),
        queue: VecDeque::new(),
        fruitless: 0,
    };
    if dry_run || calls.reads_first() {
        run.seen = calls.read(ids).await?;
        run.sort_by_decision(ids, 0, false);
    } else {
        run.enqueue(0, ids, 0);
    }
    while let Some(work) = run.queue.pop_front() {
        if dry_run {
            run.check(&work).await;
        } else {
            run.act(work).await;
        }
    }
    let mut outcomes: Vec<InstanceOutcome> = Vec::with_capacity(ids.len());
    outcomes.extend(ids.iter().filter_map(|id| run.outcomes.remove(id)));
    match common_failure(&outcomes) {
        Some(error) => Err(error),
        None => Ok(InstanceOutcomes::new(outcomes).with_dry_run(dry_run)),
    }
}

/// The error of a call that left every id unchanged for a reason that has nothing to do with the ids.
fn common_failure(outcomes: &[InstanceOutcome]) -> Option<Error> {
    let of_the_call =
        |error: &Error| !concerns_ids(error.kind()) || error.kind() == ErrorKind::PermissionDenied;
    let mut errors = outcomes
        .iter()
        .map(|outcome| outcome.error.as_ref().filter(|error| of_the_call(error)));
    let first = errors.next()??;
    errors
        .all(|error| error.is_some_and(|error| error.kind() == first.kind()))
        .then(|| {
            first
                .clone()
                .with_resources(outcomes.iter().map(|outcome| outcome.instance_id.as_str()))
        })
}

/// Whether a refusal of this kind may be owed to some of the ids only.
pub(crate) fn concerns_ids(kind: ErrorKind) -> bool {
    !matches!(
        kind,
        ErrorKind::Unauthenticated
            | ErrorKind::Config
            | ErrorKind::RateLimited
            | ErrorKind::Network
            | ErrorKind::Timeout
            | ErrorKind::Unavailable
    )
}

/// Whether a failure of this kind leaves open what the cloud did.
pub(crate) fn leaves_open(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Unavailable
    ) && !error.is_certainly_undone()
}

struct Work {
    group: u8,
    ids: Vec<InstanceId>,
    /// How often a call for these ids ended with its effect unknown.
    lost: u32,
}

struct Run<'a> {
    calls: &'a dyn BatchCalls,
    retry: &'a RetryPolicy,
    seen: HashMap<InstanceId, Seen>,
    outcomes: HashMap<InstanceId, InstanceOutcome>,
    queue: VecDeque<Work>,
    fruitless: u32,
}

impl Run<'_> {
    fn enqueue(&mut self, group: u8, ids: &[InstanceId], lost: u32) {
        for chunk in ids.chunks(self.calls.ids_per_call().max(1)) {
            self.queue.push_back(Work {
                group,
                ids: chunk.to_vec(),
                lost,
            });
        }
    }

    /// Gives each id its outcome or a place in the queue, by what was seen last. `acted` says that the ids were in a call
    /// that may have had its effect. Returns how many got an outcome.
    fn sort_by_decision(&mut self, ids: &[InstanceId], lost: u32, acted: bool) -> usize {
        let mut groups: Vec<(u8, Vec<InstanceId>)> = Vec::new();
        let mut settled = 0;
        for id in ids {
            let seen = self.seen.get(id);
            match self.calls.decide(id, seen) {
                Decision::Act(group) => {
                    match groups.iter_mut().find(|(known, _)| *known == group) {
                        Some((_, members)) => members.push(id.clone()),
                        None => groups.push((group, vec![id.clone()])),
                    }
                }
                Decision::AlreadyThere => {
                    settled += 1;
                    let state = seen.map(|seen| seen.state.clone());
                    let status = if acted {
                        OutcomeStatus::Changed
                    } else {
                        OutcomeStatus::AlreadyThere
                    };
                    let outcome = InstanceOutcome::new(id.clone(), status)
                        .with_previous_state(if acted { None } else { state.clone() })
                        .with_current_state(state)
                        .with_charging(seen.and_then(|seen| seen.charging.clone()));
                    self.outcomes.insert(id.clone(), outcome);
                }
                Decision::Fail(error) => {
                    settled += 1;
                    let state = seen.map(|seen| seen.state.clone());
                    let outcome = InstanceOutcome::failed(id.clone(), error)
                        .with_previous_state(state.clone())
                        .with_current_state(state);
                    self.outcomes.insert(id.clone(), outcome);
                }
            }
        }
        groups.sort_by_key(|(group, _)| *group);
        for (group, members) in groups {
            self.enqueue(group, &members, lost);
        }
        settled
    }

    async fn check(&mut self, work: &Work) {
        match self.calls.check(work.group, &work.ids).await {
            Ok(()) => {
                for id in &work.ids {
                    let outcome = InstanceOutcome::new(id.clone(), OutcomeStatus::Changed)
                        .with_previous_state(self.seen.get(id).map(|seen| seen.state.clone()))
                        .with_current_state(Some(self.calls.leads_to(work.group)));
                    self.outcomes.insert(id.clone(), outcome);
                }
            }
            Err(error) => self.fail(&work.ids, &error),
        }
    }

    async fn act(&mut self, work: Work) {
        let error = match self.calls.act(work.group, &work.ids).await {
            Ok(transitions) => return self.succeed(&work.ids, transitions),
            Err(error) => error,
        };
        if leaves_open(&error) {
            self.look_after_loss(work, error).await;
        } else if !concerns_ids(error.kind()) {
            self.fail(&work.ids, &error);
            // The next call would meet the same; nothing is gained by sending it.
            for rest in std::mem::take(&mut self.queue) {
                self.fail(&rest.ids, &error);
            }
        } else {
            self.look_after_refusal(work, error).await;
        }
    }

    fn succeed(&mut self, ids: &[InstanceId], transitions: Vec<Transition>) {
        self.fruitless = 0;
        for transition in transitions {
            let unchanged =
                transition.previous.is_some() && transition.previous == transition.current;
            let before = self
                .seen
                .get(&transition.instance_id)
                .map(|seen| seen.state.clone());
            let (status, previous) = match (unchanged, transition.repeated) {
                (true, false) => (OutcomeStatus::AlreadyThere, transition.previous),
                (true, true) => (OutcomeStatus::Changed, before),
                (false, _) => (OutcomeStatus::Changed, transition.previous.or(before)),
            };
            let mut outcome = InstanceOutcome::new(transition.instance_id.clone(), status)
                .with_previous_state(previous)
                .with_current_state(transition.current)
                .with_charging(transition.charging);
            outcome.request_id = transition.request_id;
            self.outcomes.insert(transition.instance_id, outcome);
        }
        for id in ids {
            if !self.outcomes.contains_key(id) {
                let error = Error::new(
                    ErrorKind::Unavailable,
                    format!("the cloud's answer does not mention {id}"),
                );
                self.outcomes
                    .insert(id.clone(), InstanceOutcome::failed(id.clone(), error));
            }
        }
    }

    fn fail(&mut self, ids: &[InstanceId], error: &Error) {
        for id in ids {
            let state = self.seen.get(id).map(|seen| seen.state.clone());
            let outcome =
                InstanceOutcome::failed(id.clone(), error.clone().with_resources([id.as_str()]))
                    .with_previous_state(state.clone())
                    .with_current_state(state);
            self.outcomes.insert(id.clone(), outcome);
        }
    }

    async fn look_after_loss(&mut self, work: Work, error: Error) {
        if !self.calls.reads_first() || work.lost + 1 >= self.retry.max_attempts {
            return self.fail(&work.ids, &error);
        }
        tokio::time::sleep(self.retry.delay(work.lost + 1, &error)).await;
        match self.calls.read(&work.ids).await {
            Ok(now) => {
                let before: HashMap<_, _> = work
                    .ids
                    .iter()
                    .filter_map(|id| Some((id.clone(), self.seen.get(id)?.state.clone())))
                    .collect();
                for id in &work.ids {
                    match now.get(id) {
                        Some(seen) => self.seen.insert(id.clone(), seen.clone()),
                        None => self.seen.remove(id),
                    };
                }
                self.sort_by_decision(&work.ids, work.lost + 1, true);
                for (id, state) in before {
                    if let Some(outcome) = self.outcomes.get_mut(&id) {
                        outcome.previous_state = Some(state);
                    }
                }
            }
            Err(_) => self.fail(&work.ids, &error),
        }
    }

    async fn look_after_refusal(&mut self, work: Work, error: Error) {
        self.fruitless += 1;
        let Ok(now) = self.calls.read(&work.ids).await else {
            return self.fail(&work.ids, &error);
        };
        for id in &work.ids {
            match now.get(id) {
                Some(seen) => self.seen.insert(id.clone(), seen.clone()),
                None => self.seen.remove(id),
            };
        }
        let queued = self.queue.len();
        let acted = work.lost > 0 || self.calls.may_have_acted(&error);
        if self.sort_by_decision(&work.ids, work.lost, acted) > 0 {
            self.fruitless = 0;
            return;
        }
        // Nothing was found out: every id looks fine, yet the call was refused.
        self.queue.truncate(queued);
        if work.ids.len() == 1 || self.fruitless >= FRUITLESS_CALLS {
            return self.fail(&work.ids, &error);
        }
        let (left, right) = work.ids.split_at(work.ids.len() / 2);
        for half in [right, left] {
            self.queue.push_front(Work {
                group: work.group,
                ids: half.to_vec(),
                lost: work.lost,
            });
        }
    }
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
