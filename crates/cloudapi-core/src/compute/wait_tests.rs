//! Waiting against scripted looks, with the clock paused.

use std::sync::Mutex;

use async_trait::async_trait;

use super::super::{
    CreateInstancesRequest, DestroyInstancesRequest, InstanceOutcome, LastOperation,
    StartInstancesRequest, StopInstancesRequest,
};
use super::*;
use crate::BoxStream;

/// Answers look after look from a script; the last one stays.
#[derive(Debug)]
struct Script {
    looks: Mutex<Vec<Result<Vec<Instance>>>>,
    count: Mutex<usize>,
}

impl Script {
    fn new(looks: Vec<Result<Vec<Instance>>>) -> Self {
        Self {
            looks: Mutex::new(looks),
            count: Mutex::new(0),
        }
    }

    fn looks(&self) -> usize {
        *self.count.lock().unwrap()
    }
}

#[async_trait]
impl Compute for Script {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn instances(&self, _: DescribeInstancesRequest) -> BoxStream<'static, Result<Instance>> {
        Box::pin(futures_util::stream::empty())
    }

    async fn describe_instances(&self, request: DescribeInstancesRequest) -> Result<Vec<Instance>> {
        *self.count.lock().unwrap() += 1;
        let ids = request.instance_ids.expect("a wait looks at ids only");
        let mut looks = self.looks.lock().unwrap();
        let look = if looks.len() > 1 {
            looks.remove(0)
        } else {
            looks[0].clone()
        };
        look.map(|found| {
            found
                .into_iter()
                .filter(|instance| ids.contains(&instance.instance_id))
                .collect()
        })
    }

    async fn create_instances(&self, _: CreateInstancesRequest) -> Result<CreatedInstances> {
        Err(Error::unsupported("a script"))
    }

    async fn start_instances(&self, _: StartInstancesRequest) -> Result<InstanceOutcomes> {
        Err(Error::unsupported("a script"))
    }

    async fn stop_instances(&self, _: StopInstancesRequest) -> Result<InstanceOutcomes> {
        Err(Error::unsupported("a script"))
    }

    async fn destroy_instances(&self, _: DestroyInstancesRequest) -> Result<InstanceOutcomes> {
        Err(Error::unsupported("a script"))
    }
}

fn at(id: &str, state: InstanceState) -> Instance {
    Instance::new(id, state)
}

fn because(mut instance: Instance, reason: &str) -> Instance {
    instance.state_reason = Some(reason.to_owned());
    instance
}

async fn create(
    script: &Script,
    ids: &[&str],
    timeout: u64,
) -> Vec<(CreateStatus, Option<String>)> {
    let ids: Vec<InstanceId> = ids.iter().map(|id| InstanceId::new(*id)).collect();
    let options = WaitOptions::default().with_timeout(Duration::from_secs(timeout));
    let created = created(script, &ids, &options).await.unwrap();
    assert_eq!(
        created
            .iter()
            .map(|one| &one.instance_id)
            .collect::<Vec<_>>(),
        ids.iter().collect::<Vec<_>>()
    );
    created
        .into_iter()
        .map(|one| (one.status, one.reason))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn each_created_instance_has_its_own_end() {
    let script = Script::new(vec![
        Ok(vec![]),
        Err(Error::new(ErrorKind::Unavailable, "hiccup")),
        Ok(vec![
            at("a", InstanceState::Pending),
            because(at("b", InstanceState::LaunchFailed), "sold out"),
        ]),
        Ok(vec![
            at("a", InstanceState::Running),
            at("c", InstanceState::Pending),
        ]),
        Ok(vec![because(
            at("c", InstanceState::Terminated),
            "Server.InternalError",
        )]),
    ]);
    let started = Instant::now();
    let ends = create(&script, &["a", "b", "c", "d"], 600).await;
    assert_eq!(
        ends,
        [
            (CreateStatus::Running, None),
            (CreateStatus::LaunchFailed, Some("sold out".to_owned())),
            (
                CreateStatus::LaunchFailed,
                Some("Server.InternalError".to_owned())
            ),
            (
                CreateStatus::NeverVisible,
                Some("the cloud gave this id but has not shown the instance".to_owned())
            ),
        ]
    );
    let spent = started.elapsed().as_secs();
    assert!(
        (120..150).contains(&spent),
        "an id that never shows is given up after two minutes, not ten: {spent} s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_launch_ends_at_once_and_a_time_out_keeps_the_last_state() {
    let script = Script::new(vec![Ok(vec![because(
        at("a", InstanceState::LaunchFailed),
        "no",
    )])]);
    let started = Instant::now();
    create(&script, &["a"], 600).await;
    assert_eq!(started.elapsed(), Duration::ZERO);
    let script = Script::new(vec![Ok(vec![at("a", InstanceState::Pending)])]);
    let ends = create(&script, &["a"], 30).await;
    assert_eq!(
        ends,
        [(
            CreateStatus::TimedOut,
            Some("still Pending after 30s".to_owned())
        )]
    );
    assert!(script.looks() < 12, "looks grow apart: {}", script.looks());
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_and_vanished_did_not_launch() {
    let script = Script::new(vec![Ok(vec![at("a", InstanceState::Pending)]), Ok(vec![])]);
    let ends = create(&script, &["a"], 600).await;
    assert_eq!(ends[0].0, CreateStatus::LaunchFailed);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_stays_names_the_ids() {
    let script = Script::new(vec![Err(Error::new(ErrorKind::PermissionDenied, "no"))]);
    let ids = [InstanceId::new("a"), InstanceId::new("b")];
    let error = created(&script, &ids, &WaitOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.resources(), ["a", "b"]);
}

fn changed(id: &str, request_id: &str) -> InstanceOutcome {
    let mut outcome = InstanceOutcome::new(id.into(), OutcomeStatus::Changed);
    outcome.request_id = Some(request_id.to_owned());
    outcome
}

async fn wait(
    script: &Script,
    wait_for: WaitFor,
    asked: Vec<InstanceOutcome>,
) -> Vec<(OutcomeStatus, String, String)> {
    let options = WaitOptions::default().with_timeout(Duration::from_mins(1));
    let outcomes = outcomes(script, InstanceOutcomes::new(asked), wait_for, &options)
        .await
        .unwrap();
    outcomes
        .iter()
        .map(|outcome| {
            let state = outcome
                .current_state
                .as_ref()
                .map_or("-", InstanceState::as_str)
                .to_owned();
            (
                outcome.status,
                state,
                outcome
                    .error
                    .as_ref()
                    .map(Error::to_string)
                    .unwrap_or_default(),
            )
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn gone_is_terminated_or_no_longer_listed() {
    let script = Script::new(vec![
        Ok(vec![
            at("a", InstanceState::Terminating),
            at("b", InstanceState::Terminating),
        ]),
        Ok(vec![at("a", InstanceState::Terminated)]),
    ]);
    let ends = wait(
        &script,
        WaitFor::Gone,
        vec![changed("a", "r"), changed("b", "r")],
    )
    .await;
    assert!(
        ends.iter()
            .all(|(status, state, _)| *status == OutcomeStatus::Changed && state == "Terminated"),
        "{ends:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn only_our_own_failed_operation_counts() {
    let stale = |request: &str| {
        let mut instance = at("a", InstanceState::Running);
        instance.last_operation = Some(LastOperation::new(
            request,
            true,
            Some("guest hung".to_owned()),
        ));
        instance
    };
    let script = Script::new(vec![
        Ok(vec![stale("older")]),
        Ok(vec![at("a", InstanceState::Stopped)]),
    ]);
    assert_eq!(
        wait(&script, WaitFor::Stopped, vec![changed("a", "ours")]).await[0].0,
        OutcomeStatus::Changed
    );
    let script = Script::new(vec![Ok(vec![stale("older")]), Ok(vec![stale("ours")])]);
    let ends = wait(&script, WaitFor::Stopped, vec![changed("a", "ours")]).await;
    assert_eq!(ends[0].0, OutcomeStatus::Failed);
    assert!(ends[0].2.contains("guest hung"), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn back_where_it_came_from_is_a_failure_and_still_there_a_time_out() {
    let script = Script::new(vec![
        Ok(vec![at("a", InstanceState::Stopped)]),
        Ok(vec![at("a", InstanceState::Pending)]),
        Ok(vec![because(
            at("a", InstanceState::Stopped),
            "Server.InsufficientInstanceCapacity",
        )]),
    ]);
    let ends = wait(&script, WaitFor::Running, vec![changed("a", "r")]).await;
    assert!(
        ends[0].2.contains("Server.InsufficientInstanceCapacity"),
        "{ends:?}"
    );
    let script = Script::new(vec![Ok(vec![at("a", InstanceState::Stopping)])]);
    let ends = wait(&script, WaitFor::Stopped, vec![changed("a", "r")]).await;
    assert_eq!(
        ends[0].2,
        "aws StopInstances: timed out: a is still Stopping after 60s"
    );
}
