//! The actions of CLB that are called.

use cloudapi_core::Result;
use cloudapi_core::retry::Deadline;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{Action, Client};

const SERVICE: &str = "clb";
const VERSION: &str = "2018-03-17";

const fn reads(name: &'static str) -> Action {
    Action::read(SERVICE, VERSION, name)
}

const fn writes(name: &'static str) -> Action {
    Action::write(SERVICE, VERSION, name)
}

pub(super) const DESCRIBE_LOAD_BALANCERS: Action = reads("DescribeLoadBalancers");
pub(super) const DESCRIBE_LISTENERS: Action = reads("DescribeListeners");
pub(super) const DESCRIBE_TARGETS: Action = reads("DescribeTargets");
pub(super) const DESCRIBE_TARGET_HEALTH: Action = reads("DescribeTargetHealth");
pub(super) const DESCRIBE_TASK_STATUS: Action = reads("DescribeTaskStatus");
pub(super) const REGISTER_TARGETS: Action = writes("RegisterTargets");
pub(super) const BATCH_REGISTER_TARGETS: Action = writes("BatchRegisterTargets");
pub(super) const DEREGISTER_TARGETS: Action = writes("DeregisterTargets");
pub(super) const BATCH_DEREGISTER_TARGETS: Action = writes("BatchDeregisterTargets");
pub(super) const MODIFY_TARGET_WEIGHT: Action = writes("ModifyTargetWeight");

pub(super) const DESCRIBE_CLASSICAL_LISTENERS: Action = reads("DescribeClassicalLBListeners");
pub(super) const DESCRIBE_CLASSICAL_TARGETS: Action = reads("DescribeClassicalLBTargets");
pub(super) const DESCRIBE_CLASSICAL_HEALTH: Action = reads("DescribeClassicalLBHealthStatus");
pub(super) const REGISTER_CLASSICAL: Action = writes("RegisterTargetsWithClassicalLB");
pub(super) const DEREGISTER_CLASSICAL: Action = writes("DeregisterTargetsFromClassicalLB");

/// Calls an action of which only the answer's members matter.
pub(super) async fn read<A: DeserializeOwned>(
    client: &Client,
    action: &Action,
    request: &(impl Serialize + Sync),
    deadline: Deadline,
) -> Result<A> {
    let answer = client.call(action, request, deadline).await?;
    Ok(answer.response)
}
