//! What holds when it does not end well: attempts, deadlines, kinds.

use std::time::{Duration, Instant};

use cloudapi_core::compute::InstanceOutcomes;
use cloudapi_core::{Compute, Error, ErrorKind, InstanceId, Operation, Result, RetryPolicy};
use futures_util::FutureExt;

use super::batch::Change;
use crate::case::Case;
use crate::context::{Context, native_action};
use crate::failure::{Failure, Verdict, ensure, ensure_eq};
use crate::target::{Fault, FaultKind, Need};

/// More than any policy here allows attempts.
const ALWAYS: u32 = 10_000;

const OPERATIONS: [Operation; 5] = [
    Operation::DescribeInstances,
    Operation::CreateInstances,
    Operation::StartInstances,
    Operation::StopInstances,
    Operation::DestroyInstances,
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for operation in OPERATIONS {
        let verb = operation.as_str().trim_end_matches("Instances");
        let verb = verb.to_lowercase();
        let needs = [Need::Faults, Need::CallLog];
        cases.push(
            Case::new(
                format!("compute/{verb}-never-exceeds-its-attempts"),
                "A fault that lasts ends with the right kind after exactly the allowed attempts, which never multiply.",
                move |cx| attempts(cx, operation).boxed(),
            )
            .of(operation)
            .needs(needs),
        );
        cases.push(
            Case::new(
                format!("compute/{verb}-ends-at-its-deadline"),
                "The deadline for the whole call holds, as Timeout, whatever the cloud does.",
                move |cx| deadline(cx, operation).boxed(),
            )
            .of(operation)
            .needs(needs),
        );
    }
    cases
}

/// Does an operation and takes every failure as one error.
async fn attempt(
    cx: &Context,
    compute: &dyn Compute,
    operation: Operation,
    ids: &[InstanceId],
) -> Result<()> {
    let whole = |outcomes: Result<InstanceOutcomes>| outcomes?.into_result().map(|_| ());
    let ids = ids.iter().cloned();
    match operation {
        Operation::DescribeInstances => compute
            .describe_instances(cx.describe().with_instance_ids(ids))
            .await
            .map(|_| ()),
        Operation::StartInstances => whole(Change::Start.ask(compute, ids, false).await),
        Operation::StopInstances => whole(Change::Stop.ask(compute, ids, false).await),
        Operation::DestroyInstances => whole(Change::Destroy.ask(compute, ids, false).await),
        _ => {
            let created = compute.create_instances(cx.request()).await?;
            cx.made(&created.instance_ids);
            Ok(())
        }
    }
}

/// Instances that an operation can be asked of; none where it needs none.
async fn ready(cx: &Context, operation: Operation) -> Verdict<Vec<InstanceId>> {
    match operation {
        Operation::DescribeInstances => cx.launch(1).await,
        Operation::StartInstances => Change::Start.ready(cx, 1).await,
        Operation::StopInstances => Change::Stop.ready(cx, 1).await,
        Operation::DestroyInstances => Change::Destroy.ready(cx, 1).await,
        _ => Ok(Vec::new()),
    }
}

fn expect_error(what: &str, result: Result<()>) -> Verdict<Error> {
    match result {
        Err(error) => Ok(error),
        Ok(()) => Err(Failure::new(format!("{what}: it succeeded"))),
    }
}

async fn attempts(cx: &Context, operation: Operation) -> Verdict {
    let ids = ready(cx, operation).await?;
    let action = native_action(operation);
    let controls = cx.controls()?;
    for (kind, expected) in [
        (FaultKind::Throttle, ErrorKind::RateLimited),
        (FaultKind::Unavailable, ErrorKind::Unavailable),
        (FaultKind::CutBefore, ErrorKind::Network),
        (FaultKind::HtmlBody, ErrorKind::Unavailable),
    ] {
        for allowed in [1, 3] {
            let retry = RetryPolicy::default()
                .with_max_attempts(allowed)
                .with_base_delay(Duration::from_millis(2));
            let cloud = cx.connect(|config| config.with_retry(retry)).await?;
            cx.clear_calls();
            controls.inject(Fault::new(kind, action).with_times(ALWAYS));
            let what = format!("{kind:?} with {allowed} attempts");
            let result = attempt(cx, &*cloud.compute()?, operation, &ids).await;
            controls.clear_faults();
            let error = expect_error(&what, result)?;
            ensure_eq!(error.kind(), expected, "{what}: the kind of {error}");
            let calls = cx.calls_to(action);
            ensure_eq!(calls, allowed as usize, "{what}: calls");
            ensure!(error.is_retryable(), "{what}: {error} is not retryable");
        }
    }
    Ok(())
}

async fn deadline(cx: &Context, operation: Operation) -> Verdict {
    let ids = ready(cx, operation).await?;
    let limit = Duration::from_millis(400);
    for kind in [
        FaultKind::Delay(Duration::from_secs(20)),
        FaultKind::Throttle,
    ] {
        let retry = RetryPolicy::default()
            .with_max_attempts(1000)
            .with_base_delay(Duration::from_millis(20))
            .with_deadline(Some(limit));
        let cloud = cx.connect(|config| config.with_retry(retry)).await?;
        let controls = cx.controls()?;
        controls.inject(Fault::new(kind, native_action(operation)).with_times(ALWAYS));
        let started = Instant::now();
        let result = attempt(cx, &*cloud.compute()?, operation, &ids).await;
        let took = started.elapsed();
        controls.clear_faults();
        let what = format!("{kind:?}");
        let error = expect_error(&what, result)?;
        ensure_eq!(
            error.kind(),
            ErrorKind::Timeout,
            "{what}: the kind of {error}"
        );
        ensure!(
            took < Duration::from_secs(5),
            "{what}: it took {took:?} with a deadline of {limit:?}"
        );
    }
    Ok(())
}
