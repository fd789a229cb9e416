//! Which backend group is meant: named by id or name, or the only one.

use cloudapi_core::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, OutcomeStatus,
    RegisterInstancesWithLoadBalancerRequest, TargetOutcomes,
};
use cloudapi_core::{BackendGroupId, ErrorKind, InstanceId, Operation, Result};
use futures_util::FutureExt;

use super::stage::{all_are, plain};
use crate::case::Case;
use crate::compute::only;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

const OPERATIONS: [(Operation, &str); 2] = [
    (Operation::RegisterInstancesWithLoadBalancer, "register"),
    (Operation::DeregisterInstancesFromLoadBalancer, "deregister"),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (operation, verb) in OPERATIONS {
        cases.push(
            Case::new(
                format!("load_balancer/{verb}-lists-the-groups-when-none-is-named"),
                "Several groups and none named is InvalidArgument, with all of them; nothing is changed.",
                move |cx| ambiguous(cx, operation).boxed(),
            )
            .of(operation)
            .needs([Need::CallLog]),
        );
        cases.push(
            Case::new(
                format!("load_balancer/{verb}-refuses-a-group-that-is-not-the-load-balancers"),
                "A group of another load balancer, and one that does not exist, is InvalidArgument; nothing is changed.",
                move |cx| foreign(cx, operation).boxed(),
            )
            .of(operation)
            .needs([Need::CallLog]),
        );
    }
    let by_name = Case::new(
        "load_balancer/register-takes-each-group-by-id-and-by-name",
        "Every group that takes instances can be named by its id and by its name.",
        |cx| each_group(cx).boxed(),
    );
    cases.push(by_name.of(Operation::RegisterInstancesWithLoadBalancer));
    cases
}

async fn ask(
    cx: &Context,
    operation: Operation,
    ids: &[InstanceId],
    group: Option<&BackendGroupId>,
) -> Verdict<Result<TargetOutcomes>> {
    let many = cx.balancing()?.many.clone();
    if operation == Operation::RegisterInstancesWithLoadBalancer {
        let mut request = RegisterInstancesWithLoadBalancerRequest::new(many, plain(ids));
        request.backend_group = group.cloned();
        return cx.register(request).await;
    }
    let mut request = DeregisterInstancesFromLoadBalancerRequest::new(many, plain(ids));
    request.backend_group = group.cloned();
    cx.deregister(request).await
}

fn ensure_no_change(cx: &Context) -> Verdict {
    let changed = cx
        .calls()
        .into_iter()
        .find(|call| !call.action.starts_with("Describe"));
    ensure!(changed.is_none(), "{changed:?} was called");
    Ok(())
}

async fn ambiguous(cx: &Context, operation: Operation) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    cx.clear_calls();
    let result = ask(cx, operation, &ids, None).await?;
    let error = refused("no group named", ErrorKind::InvalidArgument, result)?;
    let mut listed = error.resources().to_vec();
    listed.sort();
    let mut expected: Vec<&str> = fixture
        .many_groups
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    expected.sort_unstable();
    ensure_eq!(listed, expected, "the error's resources");
    for group in &fixture.many_groups {
        for name in [group.id.as_str(), &group.name] {
            ensure!(error.message().contains(name), "{name} is not in {error}");
        }
    }
    ensure_eq!(error.operation(), Some(operation), "the error's operation");
    ensure_no_change(cx)
}

async fn foreign(cx: &Context, operation: Operation) -> Verdict {
    let fixture = cx.balancing()?;
    let ids = cx.launch(1).await?;
    cx.clear_calls();
    for group in [&fixture.single_group.id, &"no-such-group".into()] {
        let result = ask(cx, operation, &ids, Some(group)).await?;
        let error = refused(group.as_str(), ErrorKind::InvalidArgument, result)?;
        ensure!(
            error.message().contains(group.as_str()),
            "{group} is not in {error}"
        );
        let some = fixture.many_groups[0].id.as_str();
        ensure!(error.message().contains(some), "no choices in {error}");
    }
    ensure_no_change(cx)
}

async fn each_group(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let id = only(cx.launch(1).await?)?;
    let groups = fixture
        .many_groups
        .iter()
        .filter(|group| group.takes_instances);
    for group in groups {
        let name = BackendGroupId::from(group.name.as_str());
        for (operation, named) in [
            (Operation::RegisterInstancesWithLoadBalancer, &group.id),
            (Operation::DeregisterInstancesFromLoadBalancer, &name),
        ] {
            cx.health(&fixture.many).await?;
            let ids = std::slice::from_ref(&id);
            let outcomes = ask(cx, operation, ids, Some(named)).await??;
            all_are(&outcomes, OutcomeStatus::Changed)?;
            let outcome = only(outcomes.outcomes)?;
            ensure_eq!(outcome.backend_group_id, group.id, "the group of {named}");
            ensure_eq!(outcome.port, Some(group.port), "the port in {named}");
        }
    }
    Ok(())
}
