//! Changing the targets of a group, task by task.

use std::time::Duration;

use async_trait::async_trait;
use cloudapi_core::load_balancer::TargetCalls;
use cloudapi_core::retry::Deadline;
use cloudapi_core::{Error, ErrorKind, Result};
use tokio::time::Instant;

use super::calls;
use super::convert::{Group, registered};
use super::plan::{Change, Item};
use super::wire;
use crate::client::{Action, Client};

/// For how long a change is offered again while another writer keeps the load balancer busy.
const PATIENCE: Duration = Duration::from_mins(5);
/// The time between two such offers, beside the client's own repetitions.
const BUSY_DELAY: Duration = Duration::from_secs(2);
/// For how long a task is followed; they take seconds.
const TASK_TIMEOUT: Duration = Duration::from_mins(10);
/// The time between two looks at a task: the first, and the longest.
const TASK_POLL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How many targets a call of the batch kind takes.
const BATCH: usize = 500;
/// How many targets a plain call takes.
const SINGLE: usize = 20;

/// Changes targets of one group in one way.
///
/// More than 20 targets are registered and deregistered by the batch calls, which take 500: a load balancer does one task
/// at a time, and each takes seconds. Those calls know load balancers in a VPC only, and tell of a failure no code but that
/// a listener failed, in an answer that is otherwise a success. Hence 20 targets and less, where one plain call will do, and
/// load balancers outside a VPC get the plain calls: the search for a bad target ends in those, with a code.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) client: &'a Client,
    pub(super) load_balancer_id: &'a str,
    pub(super) in_vpc: bool,
    pub(super) group: &'a Group,
    pub(super) change: Change,
    pub(super) deadline: Deadline,
}

impl Writer<'_> {
    fn has_batches(&self) -> bool {
        self.in_vpc && matches!(self.change, Change::Register | Change::Deregister)
    }

    /// The weight that is sent: none where it is not set.
    fn weight(&self, item: &Item) -> Option<u32> {
        match self.change {
            Change::Register | Change::Weigh => item.weight,
            Change::Drain => Some(0),
            Change::Deregister => None,
        }
    }

    fn batch(&self, items: &[Item]) -> wire::BatchTargets {
        let target = |item: &Item| {
            let (instance_id, eni_ip) = names(item);
            wire::BatchTarget {
                listener_id: self.group.listener_id.clone(),
                location_id: self.group.location_id.clone(),
                port: item.key.port,
                instance_id,
                eni_ip,
                weight: self.weight(item),
            }
        };
        wire::BatchTargets {
            load_balancer_id: self.load_balancer_id.to_owned(),
            targets: items.iter().map(target).collect(),
        }
    }

    fn single(&self, items: &[Item]) -> wire::ChangeTargets {
        let target = |item: &Item| {
            let (instance_id, eni_ip) = names(item);
            wire::Target {
                port: item.key.port,
                instance_id,
                eni_ip,
                weight: self.weight(item),
            }
        };
        wire::ChangeTargets {
            load_balancer_id: self.load_balancer_id.to_owned(),
            listener_id: self.group.listener_id.clone(),
            location_id: self.group.location_id.clone(),
            targets: items.iter().map(target).collect(),
        }
    }
}

/// Exactly one of instance and address.
fn names(item: &Item) -> (Option<String>, Option<String>) {
    let id = Some(item.key.id.clone());
    if item.key.by_address {
        (None, id)
    } else {
        (id, None)
    }
}

#[async_trait]
impl TargetCalls for Writer<'_> {
    type Target = Item;

    fn targets_per_call(&self) -> usize {
        if self.has_batches() { BATCH } else { SINGLE }
    }

    async fn act(&self, items: &[Item]) -> Result<()> {
        let (client, deadline) = (self.client, self.deadline);
        if items.len() > SINGLE {
            let action = match self.change {
                Change::Register => &calls::BATCH_REGISTER_TARGETS,
                _ => &calls::BATCH_DEREGISTER_TARGETS,
            };
            return run_task(client, action, &self.batch(items), deadline).await;
        }
        let action = match self.change {
            Change::Register => &calls::REGISTER_TARGETS,
            Change::Weigh | Change::Drain => &calls::MODIFY_TARGET_WEIGHT,
            Change::Deregister => &calls::DEREGISTER_TARGETS,
        };
        run_task(client, action, &self.single(items), deadline).await
    }

    async fn look(&self, items: &[Item]) -> Result<Option<Vec<bool>>> {
        let request = wire::DescribeListeners {
            load_balancer_id: self.load_balancer_id.to_owned(),
            listener_ids: Some(vec![self.group.listener_id.clone()]),
        };
        let targets: wire::Targets = calls::read(
            self.client,
            &calls::DESCRIBE_TARGETS,
            &request,
            self.deadline,
        )
        .await?;
        let there = registered(self.group, &targets);
        let is_done = |item: &Item| {
            let found = there.iter().find(|one| item.key.is(one));
            let has_weight =
                |weight: Option<u32>| found.is_some_and(|one| one.health.weight == weight);
            match self.change {
                Change::Register => {
                    found.is_some() && (item.weight.is_none() || has_weight(item.weight))
                }
                Change::Weigh => has_weight(item.weight),
                Change::Drain => found.is_none() || has_weight(Some(0)),
                Change::Deregister => found.is_none(),
            }
        };
        Ok(Some(items.iter().map(is_done).collect()))
    }

    fn concerns_targets(&self, refusal: &Error) -> bool {
        !matches!(
            refusal.code(),
            Some(
                "InvalidParameter.LBIdNotFound"
                    | "InvalidParameter.ListenerIdNotFound"
                    | "InvalidParameter.LocationNotFound"
            )
        )
    }

    fn id<'a>(&self, item: &'a Item) -> &'a str {
        &item.key.id
    }
}

/// Starts a task and follows it to its end.
///
/// # Errors
///
/// The refusal; the task's own message when it fails; `Timeout` when another writer keeps the load balancer busy for too
/// long, or the task does not end.
pub(super) async fn run_task(
    client: &Client,
    action: &Action,
    request: &(impl serde::Serialize + Sync),
    deadline: Deadline,
) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    let answer = loop {
        let error = match client
            .call::<_, wire::Accepted>(action, request, deadline)
            .await
        {
            Ok(answer) => break answer,
            Err(error) => error,
        };
        // Of the wrong states only this one passes by itself.
        let is_busy = error.kind() == ErrorKind::InvalidState && error.is_retryable();
        if !is_busy {
            return Err(error);
        }
        if Instant::now() >= until {
            return Err(error
                .with_kind(ErrorKind::Timeout)
                .with_certainly_undone(true));
        }
        deadline.sleep(BUSY_DELAY, error).await?;
    };
    let Some(task_id) = answer.request_id else {
        return Err(Error::new(
            ErrorKind::Unavailable,
            "the answer names no task, so whether the change was done is not known",
        ));
    };
    let refused = &answer.response.fail_listener_id_set;
    if !refused.is_empty() {
        // What there is besides keeps the load balancer busy until its task ends; how it ends says nothing here.
        let _ = follow(client, &task_id, deadline).await;
        let message = answer
            .response
            .message
            .filter(|message| !message.is_empty());
        let message = message.unwrap_or_else(|| format!("it failed for {}", refused.join(", ")));
        return Err(Error::new(ErrorKind::Other, message).with_request_id(task_id));
    }
    follow(client, &task_id, deadline).await
}

/// Follows a task to its end.
async fn follow(client: &Client, task_id: &str, deadline: Deadline) -> Result<()> {
    let until = Instant::now() + TASK_TIMEOUT;
    let mut delay = TASK_POLL.0;
    let request = wire::DescribeTaskStatus {
        task_id: task_id.to_owned(),
    };
    let unknown = |why: String| {
        Error::new(
            ErrorKind::Timeout,
            format!("the cloud took the change on, but whether it was done is not known: {why}"),
        )
        .with_request_id(task_id)
    };
    loop {
        let status: Result<wire::TaskStatus> =
            calls::read(client, &calls::DESCRIBE_TASK_STATUS, &request, deadline).await;
        match status {
            Ok(wire::TaskStatus {
                status: Some(0), ..
            }) => return Ok(()),
            Ok(wire::TaskStatus {
                status: Some(1),
                message,
            }) => {
                let message = message.filter(|message| !message.is_empty());
                let message = message.unwrap_or_else(|| "the cloud gives no reason".to_owned());
                return Err(
                    Error::new(ErrorKind::Other, format!("the task failed: {message}"))
                        .with_request_id(task_id),
                );
            }
            Err(error) if !error.is_retryable() => {
                return Err(unknown(error.to_string()).with_source(error));
            }
            Ok(_) | Err(_) if Instant::now() >= until => {
                return Err(unknown(format!("it still runs after {TASK_TIMEOUT:?}")));
            }
            Ok(_) | Err(_) => {}
        }
        deadline
            .sleep(delay, unknown("it still runs".to_owned()))
            .await?;
        delay = (delay * 2).min(TASK_POLL.1);
    }
}
