//! CLB 2018-03-17.

mod batch;
mod change;
mod classic;
mod content;
mod describe;
pub(crate) mod health;
pub(crate) mod model;
mod request;

use serde_json::{Value, json};

use crate::tencent::{Error, Handler, Params};
use crate::world::Scope;
use model::{Balancer, Change};

/// This family's actions.
pub(crate) const ACTIONS: &[(&str, Handler)] = &[
    ("BatchDeregisterTargets", batch::deregister),
    ("BatchRegisterTargets", batch::register),
    ("DeregisterTargets", change::deregister),
    ("DeregisterTargetsFromClassicalLB", classic::deregister),
    ("DescribeClassicalLBHealthStatus", classic::health),
    ("DescribeClassicalLBListeners", classic::listeners),
    ("DescribeClassicalLBTargets", classic::targets),
    ("DescribeListeners", describe::listeners),
    ("DescribeLoadBalancers", describe::load_balancers),
    ("DescribeTargetHealth", health::describe),
    ("DescribeTargets", describe::targets),
    ("DescribeTaskStatus", task_status),
    ("ModifyTargetWeight", change::modify_weight),
    ("RegisterTargets", change::register),
    ("RegisterTargetsWithClassicalLB", classic::register),
];

fn task_status(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let id = params
        .text("TaskId")
        .ok_or_else(|| Error::missing("TaskId"))?;
    let outcome = scope.region.balancers.clb.look_at_task(id);
    let (balancer, outcome) = outcome.ok_or_else(|| {
        Error::new(
            "InvalidParameter",
            format!("The task `{id}` does not exist."),
        )
    })?;
    let (status, message) = match outcome {
        None => (2, None),
        Some(Ok(())) => (0, None),
        Some(Err(reason)) => (1, Some(reason)),
    };
    Ok(json!({ "Status": status, "LoadBalancerIds": [balancer], "Message": message }))
}

/// The CLB of this id, after targets whose instance is gone were forgotten. `forward` is the kind that the action is for.
fn balancer<'a>(scope: &'a mut Scope<'_>, id: &str, forward: bool) -> Result<&'a Balancer, Error> {
    let region = &mut *scope.region;
    let compute = &region.compute;
    let clb = &mut region.balancers.clb;
    clb.purge(|id| compute.by_id(id).is_some());
    let found = clb.balancer(id).ok_or_else(|| not_found(id))?;
    if found.forward != forward {
        let message = if forward {
            format!(
                "The load balancer `{id}` is a classic one, which this action does not support."
            )
        } else {
            format!("The load balancer `{id}` is not a classic one.")
        };
        return Err(Error::new("UnsupportedOperation", message));
    }
    Ok(found)
}

fn not_found(id: &str) -> Error {
    Error::new(
        "InvalidParameter.LBIdNotFound",
        format!("The load balancer `{id}` does not exist."),
    )
}

/// Refuses while another change to the CLB is under way, and lets time pass for it.
fn refuse_if_busy(scope: &mut Scope<'_>, id: &str) -> Result<(), Error> {
    let clb = &mut scope.region.balancers.clb;
    if !clb.is_busy(id) {
        return Ok(());
    }
    clb.pass(id, true);
    Err(Error::new(
        "FailedOperation.ResourceInOperating",
        format!("Your load balancer `{id}` is being operated on, try again later."),
    ))
}

/// Begins the task that makes the changes, named by the request id.
fn begin(scope: &mut Scope<'_>, id: &str, mut changes: Vec<Change>) -> Result<Value, Error> {
    let settings = scope.common.settings;
    let clb = &mut scope.region.balancers.clb;
    if scope.half {
        changes.truncate(changes.len() / 2);
        clb.begin(scope.request_id, id, 0, changes, None);
        return Err(Error::internal("clb"));
    }
    let failure = scope.task_failure.take();
    let polls = settings.transition_polls;
    clb.begin(scope.request_id, id, polls, changes, failure);
    Ok(json!({}))
}
