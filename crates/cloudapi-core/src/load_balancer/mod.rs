//! Load balancers: application, network, gateway and classic ones at AWS, CLB at Tencent Cloud.

mod change;
mod duration;
mod ext;
mod model;
mod outcome;
mod request;
mod target;
mod wait;

use std::fmt;

use async_trait::async_trait;
pub use change::{TargetCalls, run as run_target_calls};
pub use duration::parse_duration;
pub use ext::LoadBalancerExt;
pub use model::{
    BackendGroupHealth, HealthState, InstanceHealth, LoadBalancerHealth, TargetHealth,
    choose_group, route_traffic, summarize_instances,
};
pub use outcome::{TargetOutcome, TargetOutcomes};
pub use request::{
    DeregisterInstancesFromLoadBalancerRequest, DescribeLoadBalancerHealthRequest,
    RegisterInstancesWithLoadBalancerRequest,
};
pub use target::Target;

pub use crate::compute::{OutcomeStatus, WaitOptions};
use crate::{Provider, Result};

/// The three operations on load balancers.
///
/// # What is equal on both clouds
///
/// A load balancer sends traffic to *backend groups*: target groups at AWS, listeners and their domain and URL rules at
/// Tencent Cloud, the balancer itself for the classic kind of AWS. A group has *targets*, each a server and a port. The same
/// server may be in many groups and on many ports; everything here is said per target. Any number of targets, one outcome
/// for each, and being registered (or gone) already is a success that is reported as such.
///
/// Waiting is in [`LoadBalancerExt`].
#[async_trait]
pub trait LoadBalancer: Send + Sync + fmt::Debug {
    /// Tells which cloud this is.
    fn provider(&self) -> Provider;

    /// Tells how every target of a load balancer is, group by group, with a summary for each instance.
    ///
    /// Rests on DescribeTargetHealth of both clouds: one call for each group at AWS, one for all groups at Tencent Cloud.
    /// Classic load balancers: DescribeInstanceHealth (AWS), DescribeClassicalLBHealthStatus (Tencent Cloud).
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown load balancer; `InvalidArgument` for a name that several have, with their ids as
    /// resources, and for a group that is not the load balancer's, with the message listing those that are.
    async fn describe_load_balancer_health(
        &self,
        request: DescribeLoadBalancerHealthRequest,
    ) -> Result<LoadBalancerHealth>;

    /// Puts instances into a backend group. One that is there already is a success, and its weight is left as it is
    /// unless one is given. Returns when the cloud has done it, which is before the targets are healthy: see
    /// [`LoadBalancerExt::wait_until_healthy`].
    ///
    /// Rests on RegisterTargets (AWS), BatchRegisterTargets or RegisterTargets (Tencent Cloud, whose task is followed to its
    /// end). An instance that is being drained is registered again, which ends the drain.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` before any change: no targets, the same target twice, an impossible port, weight or id, a group
    /// that is not the load balancer's, several groups and none named. `Unsupported` for a weight at AWS. Otherwise only
    /// what concerns the whole call; what concerns one target is that target's outcome.
    async fn register_instances_with_load_balancer(
        &self,
        request: RegisterInstancesWithLoadBalancerRequest,
    ) -> Result<TargetOutcomes>;

    /// Takes instances out of a backend group: exactly the targets that are registered, each with its port. A target
    /// without a port is taken out at every port it has, with an outcome for each. One that is not there is a success.
    ///
    /// Rests on DescribeTargetHealth and DeregisterTargets (AWS), on DescribeTargets and BatchDeregisterTargets or
    /// DeregisterTargets (Tencent Cloud). With [`drain`](DeregisterInstancesFromLoadBalancerRequest::drain) Tencent Cloud
    /// gets weight 0 first and the deregistration after that time; AWS drains by the group's own delay, and the call waits
    /// for its end, at most so long: what is still draining then has the current state [`HealthState::Draining`].
    ///
    /// # Errors
    ///
    /// As for [`LoadBalancer::register_instances_with_load_balancer`].
    async fn deregister_instances_from_load_balancer(
        &self,
        request: DeregisterInstancesFromLoadBalancerRequest,
    ) -> Result<TargetOutcomes>;
}
