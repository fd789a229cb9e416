//! What is fixed for each cloud: words of health, names of calls.

use cloudapi_core::load_balancer::HealthState;
use cloudapi_core::{Operation, Provider};

/// Facts about a cloud's calls on load balancers.
#[derive(Debug)]
pub(super) struct Vendor {
    /// Every word of health that a checked target may have, and ours for it.
    pub(super) states: &'static [(&'static str, HealthState)],
    /// A word of health that nobody has heard of.
    pub(super) odd_state: &'static str,
    /// The word for a target whose checks succeed.
    pub(super) healthy: &'static str,
    /// The word for a target whose checks fail.
    pub(super) unhealthy: &'static str,
    /// The call that registers many, and how many targets it takes.
    pub(super) register_many: (&'static str, usize),
    /// The call that deregisters many, and how many targets it takes.
    pub(super) deregister_many: (&'static str, usize),
    /// A load balancer of possible shape that does not exist.
    pub(super) absent: &'static str,
}

static AWS: Vendor = Vendor {
    states: &[
        ("healthy", HealthState::Healthy),
        ("unhealthy", HealthState::Unhealthy),
        ("initial", HealthState::Initial),
        ("draining", HealthState::Draining),
        ("unhealthy.draining", HealthState::Draining),
        ("unused", HealthState::Unused),
        ("unavailable", HealthState::Unknown),
    ],
    odd_state: "dozing",
    healthy: "healthy",
    unhealthy: "unhealthy",
    register_many: ("RegisterTargets", 100),
    deregister_many: ("DeregisterTargets", 100),
    absent: "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/gone/0123456789abcdef",
};

static TENCENT: Vendor = Vendor {
    states: &[
        ("Alive", HealthState::Healthy),
        ("Dead", HealthState::Unhealthy),
        ("Unknown", HealthState::Initial),
    ],
    odd_state: "Dozing",
    healthy: "Alive",
    unhealthy: "Dead",
    register_many: ("BatchRegisterTargets", 500),
    deregister_many: ("BatchDeregisterTargets", 500),
    absent: "lb-ffffffff",
};

impl Vendor {
    /// The facts about a cloud.
    pub(super) fn of(provider: Provider) -> &'static Self {
        if provider == Provider::Aws {
            &AWS
        } else {
            &TENCENT
        }
    }
}

/// The native call that an operation on few targets rests on, which both clouds name alike.
pub(super) fn native_action(operation: Operation) -> &'static str {
    match operation {
        Operation::RegisterInstancesWithLoadBalancer => "RegisterTargets",
        Operation::DeregisterInstancesFromLoadBalancer => "DeregisterTargets",
        _ => "DescribeTargetHealth",
    }
}
