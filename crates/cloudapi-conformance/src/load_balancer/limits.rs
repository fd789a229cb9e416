//! What holds when it does not end well: attempts, deadlines, kinds.

use std::time::{Duration, Instant};

use cloudapi_core::load_balancer::{DescribeLoadBalancerHealthRequest, TargetOutcomes};
use cloudapi_core::{ErrorKind, InstanceId, LoadBalancer, Operation, Result, RetryPolicy};
use futures_util::FutureExt;

use super::stage::{LoadBalancerFixture, plain};
use super::vendor::native_action;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

/// More than any policy here allows attempts.
const ALWAYS: u32 = 10_000;

const OPERATIONS: [(Operation, &str); 3] = [
    (Operation::DescribeLoadBalancerHealth, "describe"),
    (Operation::RegisterInstancesWithLoadBalancer, "register"),
    (Operation::DeregisterInstancesFromLoadBalancer, "deregister"),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (operation, verb) in OPERATIONS {
        let needs = [Need::Faults, Need::CallLog];
        let attempts = Case::new(
            format!("load_balancer/{verb}-never-exceeds-its-attempts"),
            "A fault that lasts ends with the right kind after exactly the allowed attempts, which never multiply.",
            move |cx| attempts(cx, operation).boxed(),
        );
        let deadline = Case::new(
            format!("load_balancer/{verb}-ends-at-its-deadline"),
            "The deadline for the whole call holds, as Timeout, whatever the cloud does.",
            move |cx| deadline(cx, operation).boxed(),
        );
        cases.extend([attempts, deadline].map(|case| case.of(operation).needs(needs)));
    }
    cases
}

/// Does an operation and takes every failure as one error.
async fn attempt(
    load_balancer: &dyn LoadBalancer,
    fixture: &LoadBalancerFixture,
    operation: Operation,
    ids: &[InstanceId],
) -> Result<()> {
    let whole = |outcomes: Result<TargetOutcomes>| outcomes?.into_result().map(drop);
    match operation {
        Operation::RegisterInstancesWithLoadBalancer => {
            let request = fixture.register(plain(ids));
            whole(
                load_balancer
                    .register_instances_with_load_balancer(request)
                    .await,
            )
        }
        Operation::DeregisterInstancesFromLoadBalancer => {
            let request = fixture.deregister(plain(ids));
            whole(
                load_balancer
                    .deregister_instances_from_load_balancer(request)
                    .await,
            )
        }
        _ => {
            let request = DescribeLoadBalancerHealthRequest::new(fixture.single.clone());
            let health = load_balancer.describe_load_balancer_health(request).await;
            health.map(drop)
        }
    }
}

/// Servers that an operation can be asked of.
async fn ready(cx: &Context, operation: Operation) -> Verdict<Vec<InstanceId>> {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    if operation == Operation::DeregisterInstancesFromLoadBalancer {
        cx.register_and_wait(fixture.register(plain(&ids))).await?;
        cx.health(&fixture.single).await?;
    }
    Ok(ids)
}

async fn attempts(cx: &Context, operation: Operation) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = ready(cx, operation).await?;
    let action = native_action(operation);
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
            cx.controls()?
                .inject(Fault::new(kind, action).with_times(ALWAYS));
            let what = format!("{kind:?} with {allowed} attempts");
            let result = attempt(&*cloud.load_balancer()?, fixture, operation, &ids).await;
            cx.controls()?.clear_faults();
            let error = refused(&what, expected, result)?;
            ensure_eq!(cx.calls_to(action), allowed as usize, "{what}: calls");
            ensure!(error.is_retryable(), "{what}: {error} is not retryable");
        }
    }
    Ok(())
}

async fn deadline(cx: &Context, operation: Operation) -> Verdict {
    let fixture = cx.balancing()?;
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
        let fault = Fault::new(kind, native_action(operation)).with_times(ALWAYS);
        cx.controls()?.inject(fault);
        let started = Instant::now();
        let result = attempt(&*cloud.load_balancer()?, fixture, operation, &ids).await;
        let took = started.elapsed();
        cx.controls()?.clear_faults();
        refused(&format!("{kind:?}"), ErrorKind::Timeout, result)?;
        let most = Duration::from_secs(5);
        ensure!(
            took < most,
            "{kind:?}: it took {took:?} with a deadline of {limit:?}"
        );
    }
    Ok(())
}
