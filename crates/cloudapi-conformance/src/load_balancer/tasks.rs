//! Changes that take their time at the cloud, and other writers.

use cloudapi_core::load_balancer::{OutcomeStatus, Target};
use cloudapi_core::{LoadBalancer, Operation};
use futures_util::FutureExt;

use super::stage::{all_are, failed, plain};
use crate::capability::Capability;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq};
use crate::target::{Fault, FaultKind, Need, TASK_FAILURE};

pub(super) fn cases() -> Vec<Case> {
    let (register, deregister) = (
        Operation::RegisterInstancesWithLoadBalancer,
        Operation::DeregisterInstancesFromLoadBalancer,
    );
    vec![
        Case::new(
            "load_balancer/register-is-done-when-it-returns",
            "When the call returns the targets are registered, and taken out when that call does.",
            |cx| done(cx).boxed(),
        )
        .of(register)
        .needs([Need::Truth]),
        Case::new(
            "load_balancer/register-tells-why-a-task-failed",
            "A change that the cloud took on and then failed is a failure with the cloud's message.",
            |cx| failed_task(cx, true).boxed(),
        )
        .of(register)
        .with(Capability::Tasks)
        .needs([Need::Faults, Need::Truth]),
        Case::new(
            "load_balancer/deregister-tells-why-a-task-failed",
            "A change that the cloud took on and then failed is a failure with the cloud's message.",
            |cx| failed_task(cx, false).boxed(),
        )
        .of(deregister)
        .with(Capability::Tasks)
        .needs([Need::Faults, Need::Truth]),
        Case::new(
            "load_balancer/register-needs-one-call-and-no-task",
            "A change is one call, and there is nothing to follow after it.",
            |cx| one_call(cx).boxed(),
        )
        .of(register)
        .without(Capability::Tasks)
        .needs([Need::CallLog]),
        Case::new(
            "load_balancer/register-waits-for-another-writer",
            "While another writer keeps the load balancer busy the change is offered again, and succeeds.",
            |cx| busy(cx).boxed(),
        )
        .of(register)
        .with(Capability::Tasks)
        .needs([Need::Health, Need::CallLog, Need::Truth]),
        Case::new(
            "load_balancer/register-by-two-writers-at-once-succeeds-for-both",
            "Two connections that change one load balancer at once both succeed, and nothing is lost.",
            |cx| two_writers(cx).boxed(),
        )
        .of(register)
        .needs([Need::Truth]),
    ]
}

/// The ids that really are in the only group.
fn registered(cx: &Context) -> Verdict<Vec<String>> {
    let targets = cx.true_targets(&cx.balancing()?.single_group.id)?;
    let there = targets
        .into_iter()
        .filter(|target| target.state != "draining");
    Ok(there.map(|target| target.id).collect())
}

async fn done(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let mut ids = cx.launch(2).await?;
    ids.sort();
    cx.register(fixture.register(plain(&ids)))
        .await??
        .into_result()?;
    let expected: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ensure_eq!(
        registered(cx)?,
        expected,
        "what is registered when the call returns"
    );
    cx.health(&fixture.single).await?;
    let outcomes = cx.deregister(fixture.deregister(plain(&ids))).await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    ensure_eq!(
        registered(cx)?,
        Vec::<String>::new(),
        "what is registered after that"
    );
    Ok(())
}

async fn failed_task(cx: &Context, registers: bool) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    if !registers {
        cx.register_and_wait(fixture.register(plain(&ids))).await?;
    }
    let before = cx.true_targets(&fixture.single_group.id)?;
    let (action, outcomes) = if registers {
        let action = "RegisterTargets";
        let fault = Fault::new(FaultKind::FailedTask, action).with_times(100);
        cx.controls()?.inject(fault);
        (action, cx.register(fixture.register(plain(&ids))).await??)
    } else {
        let action = "DeregisterTargets";
        let fault = Fault::new(FaultKind::FailedTask, action).with_times(100);
        cx.controls()?.inject(fault);
        (
            action,
            cx.deregister(fixture.deregister(plain(&ids))).await??,
        )
    };
    cx.controls()?.clear_faults();
    let (_, message) = failed(&outcomes, &ids[0])?;
    ensure!(
        message.contains(TASK_FAILURE),
        "{action}: the cloud's reason is not in {message}"
    );
    ensure_eq!(
        cx.true_targets(&fixture.single_group.id)?,
        before,
        "{action}: the targets"
    );
    Ok(())
}

async fn one_call(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(3).await?;
    cx.clear_calls();
    cx.register(fixture.register(plain(&ids)))
        .await??
        .into_result()?;
    let calls = cx.calls();
    let changing = calls
        .iter()
        .filter(|call| !call.action.starts_with("Describe"));
    ensure_eq!(changing.count(), 1, "changing calls");
    let last = calls.last().map(|call| call.action.as_str());
    ensure_eq!(last, Some("RegisterTargets"), "the last call");
    Ok(())
}

async fn busy(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    cx.clear_calls();
    cx.controls()?.hold(&fixture.single, 3);
    let outcomes = cx.register(fixture.register(plain(&ids))).await??;
    all_are(&outcomes, OutcomeStatus::Changed)?;
    let calls = cx.calls();
    let refused = calls.iter().filter(|call| call.error_code.is_some());
    ensure_eq!(refused.count(), 3, "refused calls");
    ensure_eq!(registered(cx)?, [ids[0].to_string()], "what is registered");
    Ok(())
}

async fn two_writers(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let port = fixture.single_group.port;
    let mut ids = cx.launch(4).await?;
    ids.sort();
    let one = cx.connect(|config| config).await?.load_balancer()?;
    let two = cx.connect(|config| config).await?.load_balancer()?;
    let register = |writer: std::sync::Arc<dyn LoadBalancer>, at: usize| {
        let targets = [&ids[at], &ids[at + 1]].map(|id| Target::new(id.clone()).with_port(port));
        let request = fixture.register(targets);
        async move { writer.register_instances_with_load_balancer(request).await }
    };
    let (first, second) = futures_util::future::join(register(one, 0), register(two, 2)).await;
    for outcomes in [first?, second?] {
        all_are(&outcomes, OutcomeStatus::Changed)?;
    }
    let expected: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ensure_eq!(registered(cx)?, expected, "what is registered");
    Ok(())
}
