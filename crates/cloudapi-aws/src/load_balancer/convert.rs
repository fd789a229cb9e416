//! From ELB's records to ours: pure functions.

use std::collections::HashSet;
use std::net::IpAddr;

use aws_sdk_elasticloadbalancingv2::types;
use cloudapi_core::load_balancer::{
    BackendGroupHealth, HealthState, Target, TargetHealth, route_traffic,
};
use cloudapi_core::{BackendGroupId, Error, Result};

/// A target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) arn: String,
    pub(super) name: Option<String>,
    /// The port that a target gets which has none of its own.
    pub(super) port: Option<u16>,
    pub(super) kind: types::TargetTypeEnum,
}

impl Group {
    pub(super) fn new(group: &types::TargetGroup) -> Option<Self> {
        Some(Self {
            arn: group.target_group_arn()?.to_owned(),
            name: group.target_group_name().map(str::to_owned),
            port: group.port().and_then(port),
            kind: group
                .target_type()
                .cloned()
                .unwrap_or(types::TargetTypeEnum::Instance),
        })
    }

    pub(super) fn id(&self) -> BackendGroupId {
        self.arn.as_str().into()
    }

    /// Checks that a target is what this group takes.
    pub(super) fn check(&self, target: &Target) -> Result<()> {
        use types::TargetTypeEnum as Kind;
        let id = target.instance_id.as_str();
        let group = self.name.as_deref().unwrap_or(&self.arn);
        let (fits, takes) = match self.kind {
            Kind::Instance => (is_instance_id(id), "instances (i-…)"),
            Kind::Ip => (is_address(id), "addresses"),
            Kind::Lambda => (
                is_arn_of(id, "lambda", "function:"),
                "functions, by their ARN",
            ),
            Kind::Alb => (
                is_arn_of(id, "elasticloadbalancing", "loadbalancer/app/"),
                "application load balancers, by their ARN",
            ),
            _ => (true, "another kind of targets"),
        };
        if !fits {
            return Err(Error::invalid_argument(format!(
                "the group {group} takes {takes}, and {id} is none"
            ))
            .with_resources([id]));
        }
        if let Some(port) = target.port.filter(|_| self.kind == Kind::Lambda) {
            return Err(Error::invalid_argument(format!(
                "a function has no port: leave {port} of {id} out"
            ))
            .with_resources([id]));
        }
        Ok(())
    }
}

fn port(port: i32) -> Option<u16> {
    u16::try_from(port).ok().filter(|port| *port > 0)
}

/// Checks the form of what targets are named by, whatever the group.
///
/// # Errors
///
/// `InvalidArgument`, naming all that can be no target.
pub(super) fn check_shapes(targets: &[Target]) -> Result<()> {
    let ids = targets.iter().map(|target| target.instance_id.as_str());
    let bad: Vec<&str> = ids
        .filter(|id| !is_instance_id(id) && !is_address(id) && !id.starts_with("arn:"))
        .collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "{} can be no target, which is an EC2 instance (i- and 8 or 17 hexadecimal digits), an address or an ARN",
        bad.join(", ")
    ))
    .with_resources(bad))
}

pub(super) fn is_instance_id(id: &str) -> bool {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    id.strip_prefix("i-")
        .is_some_and(|digits| matches!(digits.len(), 8 | 17) && digits.bytes().all(is_digit))
}

fn is_address(id: &str) -> bool {
    id.parse::<IpAddr>().is_ok()
}

fn is_arn_of(id: &str, service: &str, resource: &str) -> bool {
    let parts: Vec<&str> = id.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, of, _, _, rest] if of == service && rest.starts_with(resource))
}

/// What the ARN of a load balancer tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ArnName<'a> {
    /// It is of one of the current kinds.
    Current,
    /// It is a classic one of this name.
    Classic(&'a str),
}

/// Reads a load balancer's ARN: `…:loadbalancer/app/NAME/ID`, also `net` and `gwy`; `…:loadbalancer/NAME` is classic.
pub(super) fn name_of_arn(arn: &str) -> Option<ArnName<'_>> {
    if !is_arn_of(arn, "elasticloadbalancing", "loadbalancer/") {
        return None;
    }
    let (_, rest) = arn.split_once(":loadbalancer/")?;
    let parts: Vec<&str> = rest.split('/').collect();
    match parts[..] {
        ["app" | "net" | "gwy", name, id] if !name.is_empty() && !id.is_empty() => {
            Some(ArnName::Current)
        }
        [name] if !name.is_empty() => Some(ArnName::Classic(name)),
        _ => None,
    }
}

/// Whether it is an application load balancer: only those have rules.
pub(super) fn is_application(arn: &str) -> bool {
    arn.contains(":loadbalancer/app/")
}

/// The groups that actions forward to, a weight of 0 excepted.
pub(super) fn weighted<'a>(actions: impl Iterator<Item = &'a types::Action>) -> HashSet<String> {
    let mut groups = HashSet::new();
    for action in actions {
        match action.forward_config() {
            Some(config) if !config.target_groups().is_empty() => {
                let weighted = config.target_groups().iter();
                let weighted = weighted.filter(|group| group.weight() != Some(0));
                groups.extend(weighted.filter_map(|group| group.target_group_arn.clone()));
            }
            _ => groups.extend(action.target_group_arn.clone()),
        }
    }
    groups
}

/// Makes the answer for a group. Where no action forwards to it, or only with a weight of 0, nothing gets traffic.
pub(super) fn group_health(
    group: &Group,
    targets: &[types::TargetHealthDescription],
    in_use: bool,
) -> BackendGroupHealth {
    let mut targets: Vec<TargetHealth> = targets
        .iter()
        .filter_map(|target| target_health(group, target))
        .collect();
    if in_use {
        route_traffic(&mut targets, true);
    }
    BackendGroupHealth::new(group.id(), group.name.clone(), targets)
}

pub(super) fn target_health(
    group: &Group,
    described: &types::TargetHealthDescription,
) -> Option<TargetHealth> {
    let target = described.target()?;
    let id = target.id()?.to_owned();
    let health = described.target_health();
    let state = health.map_or(HealthState::Unknown, state);
    let reason = health.and_then(|health| Some(health.reason()?.as_str().to_owned()));
    let description = health.and_then(|health| health.description.clone());
    let described = TargetHealth::new(state)
        .with_port(target.port().and_then(port))
        .with_reason(reason, description);
    Some(if group.kind == types::TargetTypeEnum::Instance {
        described.with_instance_id(Some(id.into()))
    } else {
        described.with_address(Some(id))
    })
}

fn state(health: &types::TargetHealth) -> HealthState {
    use types::TargetHealthReasonEnum as Reason;
    use types::TargetHealthStateEnum as State;
    match health.state() {
        Some(State::Healthy) => HealthState::Healthy,
        Some(State::Unhealthy) => HealthState::Unhealthy,
        Some(State::Initial) => HealthState::Initial,
        Some(State::Draining | State::UnhealthyDraining) => HealthState::Draining,
        Some(State::Unused) => HealthState::Unused,
        Some(State::Unavailable) if health.reason() == Some(&Reason::HealthCheckDisabled) => {
            HealthState::Unchecked
        }
        Some(State::Unavailable) | None => HealthState::Unknown,
        Some(other) => HealthState::from(other.as_str()),
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
