//! Waiting until servers are where they were sent: one look for all ids at each tick.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::outcome::summarize;
use super::{
    Compute, CreatedInstances, DescribeInstancesRequest, Instance, InstanceOutcomes, InstanceState,
    OutcomeStatus,
};
use crate::{Error, ErrorKind, InstanceId, Operation, Provider, Result};

/// How long and how often to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitOptions {
    /// How long to wait in all.
    pub timeout: Duration,
    /// The time between the first two looks; it grows by half with each.
    pub interval: Duration,
    /// The longest time between two looks.
    pub max_interval: Duration,
    /// For how long an id that was just created may be unknown to the cloud.
    pub visible_within: Duration,
}

impl Default for WaitOptions {
    /// Ten minutes, looking after 1 s at first and every 15 s in the end; a new id is visible within two minutes.
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(10),
            interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(15),
            visible_within: Duration::from_mins(2),
        }
    }
}

impl WaitOptions {
    /// Sets how long to wait in all.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the time between the first two looks, and the longest one to at least that.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self.max_interval = self.max_interval.max(interval);
        self
    }

    /// Sets the longest time between two looks.
    #[must_use]
    pub fn with_max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = interval;
        self
    }

    /// Sets for how long a new id may be unknown to the cloud.
    #[must_use]
    pub fn with_visible_within(mut self, time: Duration) -> Self {
        self.visible_within = time;
        self
    }
}

/// How a created instance turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CreateStatus {
    /// It runs.
    Running,
    /// It could not be launched and never will be.
    LaunchFailed,
    /// It was neither running nor failed when time ran out.
    TimedOut,
    /// The cloud gave the id but never showed the instance.
    NeverVisible,
}

/// How one created instance turned out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CreatedInstance {
    /// The id.
    pub instance_id: InstanceId,
    /// How it turned out.
    pub status: CreateStatus,
    /// Why, when it does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The instance as last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Instance>,
}

impl CreatedInstance {
    fn new(
        instance_id: InstanceId,
        status: CreateStatus,
        reason: Option<String>,
        instance: Option<Instance>,
    ) -> Self {
        Self {
            instance_id,
            status,
            reason,
            instance,
        }
    }

    fn error(&self) -> Option<Error> {
        let reason = self.reason.as_deref().unwrap_or("no reason was given");
        let kind = match self.status {
            CreateStatus::Running => return None,
            CreateStatus::LaunchFailed => ErrorKind::Other,
            CreateStatus::TimedOut | CreateStatus::NeverVisible => ErrorKind::Timeout,
        };
        Some(
            Error::new(kind, reason)
                .with_operation(Operation::CreateInstances)
                .with_resources([self.instance_id.as_str()]),
        )
    }
}

impl CreatedInstances {
    /// Gives the instances that don't run after waiting, if there are any, as one error.
    pub fn failure(&self) -> Option<Error> {
        let failures: Vec<(&str, Error)> = self
            .instances
            .iter()
            .filter_map(|created| Some((created.instance_id.as_str(), created.error()?)))
            .collect();
        summarize(
            self.instances.len(),
            failures.iter().map(|(id, error)| (*id, error)),
        )
    }
}

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitFor {
    /// Running.
    Running,
    /// Stopped.
    Stopped,
    /// Terminated or no longer listed.
    Gone,
    /// Terminated, no longer listed, or in the recycle bin.
    GoneOrIsolated,
}

/// Time between looks: starts small, grows by half.
pub(crate) struct Ticker {
    next: Duration,
    max: Duration,
    end: Instant,
}

impl Ticker {
    pub(crate) fn new(options: &WaitOptions) -> Self {
        Self {
            next: options.interval,
            max: options.max_interval.max(options.interval),
            end: Instant::now() + options.timeout,
        }
    }

    /// Sleeps until the next look; false when time ran out. The last look is at the very end.
    pub(crate) async fn tick(&mut self) -> bool {
        let now = Instant::now();
        if now >= self.end {
            return false;
        }
        tokio::time::sleep_until((now + self.next).min(self.end)).await;
        self.next = self.next.mul_f32(1.5).min(self.max);
        true
    }
}

/// Looks at all ids in one request. A failure that may pass is no finding; any other ends the wait.
async fn look<C: Compute + ?Sized>(
    compute: &C,
    ids: &[InstanceId],
) -> Result<Option<HashMap<InstanceId, Instance>>> {
    let request = DescribeInstancesRequest::new()
        .with_instance_ids(ids.iter().cloned())
        .with_allow_missing(true);
    match compute.describe_instances(request).await {
        Ok(found) => Ok(Some(
            found
                .into_iter()
                .map(|instance| (instance.instance_id.clone(), instance))
                .collect(),
        )),
        Err(error) if error.is_retryable() => Ok(None),
        Err(error) => Err(error.with_resources(ids.iter().map(InstanceId::as_str))),
    }
}

pub(super) async fn created<C: Compute + ?Sized>(
    compute: &C,
    ids: &[InstanceId],
    options: &WaitOptions,
) -> Result<Vec<CreatedInstance>> {
    let started = Instant::now();
    let mut ticker = Ticker::new(options);
    let mut waiting: Vec<InstanceId> = ids.to_vec();
    let mut last: HashMap<InstanceId, Instance> = HashMap::new();
    let mut done: BTreeMap<InstanceId, CreatedInstance> = BTreeMap::new();
    while !waiting.is_empty() {
        if let Some(mut found) = look(compute, &waiting).await? {
            let invisible_for = started.elapsed();
            waiting.retain(|id| {
                let before = last.get(id);
                let settled = settle_created(
                    id,
                    found.remove(id),
                    before,
                    invisible_for > options.visible_within,
                );
                match settled {
                    Settled::Done(created) => {
                        done.insert(id.clone(), *created);
                        false
                    }
                    Settled::Waiting(seen) => {
                        last.extend(seen.map(|instance| (id.clone(), *instance)));
                        true
                    }
                }
            });
        }
        if waiting.is_empty() || !ticker.tick().await {
            break;
        }
    }
    for id in waiting {
        let created = match last.remove(&id) {
            Some(instance) => {
                let reason = format!("still {} after {:?}", instance.state, options.timeout);
                CreatedInstance::new(
                    id.clone(),
                    CreateStatus::TimedOut,
                    Some(reason),
                    Some(instance),
                )
            }
            None => never_visible(&id),
        };
        done.insert(id, created);
    }
    Ok(ids.iter().filter_map(|id| done.remove(id)).collect())
}

enum Settled {
    Done(Box<CreatedInstance>),
    Waiting(Option<Box<Instance>>),
}

fn settle_created(
    id: &InstanceId,
    now: Option<Instance>,
    before: Option<&Instance>,
    overdue: bool,
) -> Settled {
    let done = |status, reason, instance| {
        Settled::Done(Box::new(CreatedInstance::new(
            id.clone(),
            status,
            reason,
            instance,
        )))
    };
    match (now, before) {
        (Some(instance), _) => match instance.state {
            InstanceState::Running => done(CreateStatus::Running, None, Some(instance)),
            InstanceState::LaunchFailed
            | InstanceState::Terminating
            | InstanceState::Terminated
            | InstanceState::Isolated => {
                let reason = instance
                    .state_reason
                    .clone()
                    .unwrap_or_else(|| format!("it became {}", instance.state));
                done(CreateStatus::LaunchFailed, Some(reason), Some(instance))
            }
            _ => Settled::Waiting(Some(Box::new(instance))),
        },
        (None, Some(seen)) => {
            let reason = format!("it vanished; it was {} when last seen", seen.state);
            done(CreateStatus::LaunchFailed, Some(reason), Some(seen.clone()))
        }
        (None, None) if overdue => Settled::Done(Box::new(never_visible(id))),
        (None, None) => Settled::Waiting(None),
    }
}

fn never_visible(id: &InstanceId) -> CreatedInstance {
    let reason = "the cloud gave this id but has not shown the instance".to_owned();
    CreatedInstance::new(id.clone(), CreateStatus::NeverVisible, Some(reason), None)
}

pub(super) async fn outcomes<C: Compute + ?Sized>(
    compute: &C,
    mut outcomes: InstanceOutcomes,
    wait_for: WaitFor,
    options: &WaitOptions,
) -> Result<InstanceOutcomes> {
    let provider = compute.provider();
    let mut ticker = Ticker::new(options);
    let mut moved: HashSet<InstanceId> = HashSet::new();
    let mut waiting: Vec<usize> = (0..outcomes.outcomes.len())
        .filter(|index| outcomes.outcomes[*index].status != OutcomeStatus::Failed)
        .collect();
    if outcomes.dry_run {
        waiting.clear();
    }
    while !waiting.is_empty() {
        let ids: Vec<InstanceId> = waiting
            .iter()
            .map(|index| outcomes.outcomes[*index].instance_id.clone())
            .collect();
        if let Some(found) = look(compute, &ids).await? {
            waiting.retain(|index| {
                let outcome = &mut outcomes.outcomes[*index];
                let instance = found.get(&outcome.instance_id);
                let progress = progress(
                    wait_for,
                    instance,
                    outcome.request_id.as_deref(),
                    moved.contains(&outcome.instance_id),
                );
                outcome.current_state =
                    instance.map(|instance| instance.state.clone()).or_else(|| {
                        matches!(wait_for, WaitFor::Gone | WaitFor::GoneOrIsolated)
                            .then_some(InstanceState::Terminated)
                    });
                match progress {
                    Progress::Reached => false,
                    Progress::Failed(reason) => {
                        outcome.status = OutcomeStatus::Failed;
                        outcome.error = Some(waited_in_vain(
                            provider,
                            wait_for,
                            &outcome.instance_id,
                            ErrorKind::InvalidState,
                            reason,
                        ));
                        false
                    }
                    Progress::Under { on_the_way } => {
                        if on_the_way {
                            moved.insert(outcome.instance_id.clone());
                        }
                        true
                    }
                }
            });
        }
        if waiting.is_empty() || !ticker.tick().await {
            break;
        }
    }
    for index in waiting {
        let outcome = &mut outcomes.outcomes[index];
        let state = outcome
            .current_state
            .as_ref()
            .map_or("not seen", InstanceState::as_str);
        let reason = format!(
            "{} is still {state} after {:?}",
            outcome.instance_id, options.timeout
        );
        outcome.status = OutcomeStatus::Failed;
        outcome.error = Some(waited_in_vain(
            provider,
            wait_for,
            &outcome.instance_id,
            ErrorKind::Timeout,
            reason,
        ));
    }
    Ok(outcomes)
}

fn waited_in_vain(
    provider: Provider,
    wait_for: WaitFor,
    id: &InstanceId,
    kind: ErrorKind,
    reason: String,
) -> Error {
    let operation = match wait_for {
        WaitFor::Running => Operation::StartInstances,
        WaitFor::Stopped => Operation::StopInstances,
        WaitFor::Gone | WaitFor::GoneOrIsolated => Operation::DestroyInstances,
    };
    Error::new(kind, reason)
        .with_provider(provider)
        .with_operation(operation)
        .with_resources([id.as_str()])
}

enum Progress {
    Reached,
    Under { on_the_way: bool },
    Failed(String),
}

/// Judges one look. `moved` says that it was seen on the way before: being back where it came from is then a failure.
fn progress(
    wait_for: WaitFor,
    instance: Option<&Instance>,
    request_id: Option<&str>,
    moved: bool,
) -> Progress {
    use InstanceState as S;
    let Some(instance) = instance else {
        return match wait_for {
            WaitFor::Gone | WaitFor::GoneOrIsolated => Progress::Reached,
            WaitFor::Running | WaitFor::Stopped => Progress::Under { on_the_way: false },
        };
    };
    let id = &instance.instance_id;
    let reason = || {
        instance
            .state_reason
            .clone()
            .unwrap_or_else(|| "the cloud gives no reason".to_owned())
    };
    // Only the operation that our own call started counts; the last one may be an older one.
    if let (Some(operation), Some(request_id)) = (&instance.last_operation, request_id)
        && operation.failed
        && operation.request_id == request_id
    {
        let message = operation.message.clone().unwrap_or_else(reason);
        return Progress::Failed(format!("{id} is {} again: {message}", instance.state));
    }
    match (wait_for, &instance.state) {
        (WaitFor::Running, S::Running)
        | (WaitFor::Stopped, S::Stopped)
        | (WaitFor::Gone | WaitFor::GoneOrIsolated, S::Terminated)
        | (WaitFor::GoneOrIsolated, S::Isolated) => Progress::Reached,
        (
            WaitFor::Running | WaitFor::Stopped,
            S::Terminating | S::Terminated | S::LaunchFailed | S::Isolated,
        ) => Progress::Failed(format!("{id} is {}: {}", instance.state, reason())),
        (WaitFor::Running, S::Stopped) | (WaitFor::Stopped, S::Running) if moved => {
            Progress::Failed(format!("{id} is {} again: {}", instance.state, reason()))
        }
        (WaitFor::Running, S::Pending) | (WaitFor::Stopped, S::Stopping) => {
            Progress::Under { on_the_way: true }
        }
        _ => Progress::Under { on_the_way: false },
    }
}

#[cfg(test)]
#[path = "wait_tests.rs"]
mod tests;
