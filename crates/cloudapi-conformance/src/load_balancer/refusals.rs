//! Registering and deregistering refuse what can't be right, before anything is sent.

use cloudapi_core::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, DescribeLoadBalancerHealthRequest,
    RegisterInstancesWithLoadBalancerRequest, Target,
};
use cloudapi_core::{BackendGroupId, ErrorKind, InstanceId, Operation};
use futures_util::FutureExt;

use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (operation, verb) in [
        (Operation::RegisterInstancesWithLoadBalancer, "register"),
        (Operation::DeregisterInstancesFromLoadBalancer, "deregister"),
    ] {
        cases.push(
            Case::new(
                format!("load_balancer/{verb}-refuses-bad-targets-before-sending"),
                "No targets, malformed ids, port 0, a target twice: InvalidArgument naming the value, and nothing is sent.",
                move |cx| targets(cx, operation).boxed(),
            )
            .of(operation),
        );
        cases.push(
            Case::new(
                format!("load_balancer/{verb}-refuses-empty-names-before-sending"),
                "An empty load balancer or group is InvalidArgument, never any or all, and nothing is sent.",
                move |cx| names(cx, operation).boxed(),
            )
            .of(operation),
        );
    }
    let register = Operation::RegisterInstancesWithLoadBalancer;
    let weight = Case::new(
        "load_balancer/register-refuses-a-weight-over-100-before-sending",
        "A weight over 100 is InvalidArgument, named, and nothing is sent.",
        |cx| weight(cx).boxed(),
    );
    cases.push(weight.of(register));
    let deregister = Operation::DeregisterInstancesFromLoadBalancer;
    let mixed = Case::new(
        "load_balancer/deregister-refuses-what-contradicts-itself",
        "An instance both with a port and without one, and a weight, is InvalidArgument, and nothing is sent.",
        |cx| contradictions(cx).boxed(),
    );
    cases.push(mixed.of(deregister));
    cases
}

/// A request as JSON, which both operations read alike.
fn json(cx: &Context, targets: &serde_json::Value) -> Verdict<serde_json::Value> {
    let single = cx.balancing()?.single.as_str();
    Ok(serde_json::json!({"LoadBalancerId": single, "Targets": targets}))
}

/// Asks, and takes the refusal: of reading the request, or of the operation before any call.
async fn refusal(
    cx: &Context,
    operation: Operation,
    request: serde_json::Value,
) -> Verdict<String> {
    cx.clear_calls();
    let what = request.to_string();
    let result = if operation == Operation::RegisterInstancesWithLoadBalancer {
        match serde_json::from_value::<RegisterInstancesWithLoadBalancerRequest>(request) {
            Ok(request) => cx.register(request).await?,
            Err(error) => return Ok(error.to_string()),
        }
    } else {
        match serde_json::from_value::<DeregisterInstancesFromLoadBalancerRequest>(request) {
            Ok(request) => cx.deregister(request).await?,
            Err(error) => return Ok(error.to_string()),
        }
    };
    let error = refused(&what, ErrorKind::InvalidArgument, result)?;
    ensure_eq!(error.operation(), Some(operation), "the error's operation");
    ensure_eq!(
        error.provider(),
        Some(cx.provider()),
        "the error's provider"
    );
    ensure_eq!(cx.calls().len(), 0, "native calls for {what}");
    Ok(error.message().to_owned())
}

async fn targets(cx: &Context, operation: Operation) -> Verdict {
    let good = cx.vendor().absent_id();
    let target = |id: &str, port: i64| serde_json::json!({"InstanceId": id, "Port": port});
    for (targets, named) in [
        (serde_json::json!([]), "Targets"),
        (serde_json::json!([target(good.as_str(), 0)]), "Port is 0"),
        (
            serde_json::json!([target(good.as_str(), 65536)]),
            "Port is 65536",
        ),
        (serde_json::json!([target(good.as_str(), -1)]), "Port is -1"),
        (
            serde_json::json!([target(good.as_str(), 80), target(good.as_str(), 80)]),
            "named twice",
        ),
        (serde_json::json!([{"InstanceId": ""}]), "InstanceId"),
    ] {
        let message = refusal(cx, operation, json(cx, &targets)?).await?;
        ensure!(message.contains(named), "{named:?} is not in {message}");
    }
    for bad in cx
        .vendor()
        .malformed_ids
        .iter()
        .filter(|id| !id.trim().is_empty())
    {
        let targets = serde_json::json!([{"InstanceId": good.as_str()}, {"InstanceId": bad}]);
        let message = refusal(cx, operation, json(cx, &targets)?).await?;
        ensure!(message.contains(bad), "{bad:?} is not in {message}");
    }
    Ok(())
}

async fn names(cx: &Context, operation: Operation) -> Verdict {
    let good = cx.vendor().absent_id();
    let targets = serde_json::json!([{"InstanceId": good.as_str()}]);
    for (member, value) in [
        ("LoadBalancerId", ""),
        ("LoadBalancerId", " "),
        ("BackendGroup", ""),
        ("BackendGroup", " "),
    ] {
        let mut request = json(cx, &targets)?;
        request[member] = value.into();
        let message = refusal(cx, operation, request).await?;
        ensure!(message.contains("empty"), "{member} {value:?}: {message}");
    }
    let request = DescribeLoadBalancerHealthRequest::new(" ");
    let single = cx.balancing()?.single.clone();
    let empty_group = DescribeLoadBalancerHealthRequest::new(single)
        .with_backend_groups([BackendGroupId::from("")]);
    for request in [request, empty_group] {
        let load_balancer = cx.load_balancer()?;
        let result = load_balancer.describe_load_balancer_health(request).await;
        refused("an empty name", ErrorKind::InvalidArgument, result)?;
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

fn one(id: InstanceId) -> [Target; 1] {
    [Target::new(id)]
}

async fn weight(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let good = cx.vendor().absent_id();
    cx.clear_calls();
    for weight in [101, u32::MAX] {
        let own = fixture.register(one(good.clone()).map(|target| target.with_weight(weight)));
        let of_all = fixture.register(one(good.clone())).with_weight(weight);
        for request in [own, of_all] {
            let result = cx.register(request).await?;
            let error = refused("a weight", ErrorKind::InvalidArgument, result)?;
            let named = format!("Weight is {weight}");
            ensure!(
                error.message().contains(&named),
                "{named} is not in {error}"
            );
        }
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn contradictions(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let good = cx.vendor().absent_id();
    cx.clear_calls();
    let both = [
        Target::new(good.clone()),
        Target::new(good.clone()).with_port(80),
    ];
    let weighted = [Target::new(good.clone()).with_weight(10)];
    for request in [fixture.deregister(both), fixture.deregister(weighted)] {
        let result = cx.deregister(request).await?;
        let error = refused("a contradiction", ErrorKind::InvalidArgument, result)?;
        ensure!(
            error.message().contains(good.as_str()),
            "{good} is not in {error}"
        );
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}
