//! What is asked for, and the checks that need no cloud.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::target::bad_port;
use super::{Target, duration};
use crate::{BackendGroupId, Error, LoadBalancerId, Result};

const MAX_WEIGHT: u32 = 100;

/// Whose targets to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct DescribeLoadBalancerHealthRequest {
    /// The load balancer: id, ARN or name.
    pub load_balancer_id: LoadBalancerId,
    /// Only these backend groups, by id or name; `None` for all. An empty list is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_groups: Option<Vec<BackendGroupId>>,
}

impl DescribeLoadBalancerHealthRequest {
    /// Asks for all groups of a load balancer.
    pub fn new(load_balancer_id: impl Into<LoadBalancerId>) -> Self {
        Self {
            load_balancer_id: load_balancer_id.into(),
            backend_groups: None,
        }
    }

    /// Asks for these groups only.
    #[must_use]
    pub fn with_backend_groups<G: Into<BackendGroupId>>(
        mut self,
        groups: impl IntoIterator<Item = G>,
    ) -> Self {
        self.backend_groups = Some(groups.into_iter().map(Into::into).collect());
        self
    }

    /// Checks what needs no cloud.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the field.
    pub fn check(&self) -> Result<()> {
        check_load_balancer(&self.load_balancer_id)?;
        match self.backend_groups.as_deref() {
            Some([]) => Err(Error::invalid_argument(
                "BackendGroups is an empty list; leave it out to look at every group",
            )),
            groups => groups
                .unwrap_or_default()
                .iter()
                .try_for_each(|group| check_group(Some(group))),
        }
    }
}

/// What to put behind a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct RegisterInstancesWithLoadBalancerRequest {
    /// The load balancer: id, ARN or name.
    pub load_balancer_id: LoadBalancerId,
    /// The backend group, by id or name; may be left out where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_group: Option<BackendGroupId>,
    /// The targets; at least one, each once.
    pub targets: Vec<Target>,
    /// The weight, 0 to 100, of all targets that have none of their own (Tencent Cloud). Without any, a new target gets the
    /// cloud's default (10) and a registered one keeps its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
}

impl RegisterInstancesWithLoadBalancerRequest {
    /// Asks to put targets behind a load balancer that has one backend group.
    pub fn new(
        load_balancer_id: impl Into<LoadBalancerId>,
        targets: impl IntoIterator<Item = Target>,
    ) -> Self {
        Self {
            load_balancer_id: load_balancer_id.into(),
            backend_group: None,
            targets: targets.into_iter().collect(),
            weight: None,
        }
    }

    /// Names the backend group.
    #[must_use]
    pub fn with_backend_group(mut self, group: impl Into<BackendGroupId>) -> Self {
        self.backend_group = Some(group.into());
        self
    }

    /// Sets the weight of all targets that have none of their own.
    #[must_use]
    pub fn with_weight(mut self, weight: u32) -> Self {
        self.weight = Some(weight);
        self
    }

    /// The weight that is asked for a target, if any is.
    pub fn weight_of(&self, target: &Target) -> Option<u32> {
        target.weight.or(self.weight)
    }

    /// Checks what needs no cloud.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the field and the value.
    pub fn check(&self) -> Result<()> {
        check_load_balancer(&self.load_balancer_id)?;
        check_group(self.backend_group.as_ref())?;
        check_targets(&self.targets)?;
        let weights = self.targets.iter().map(|target| target.weight);
        match weights
            .chain([self.weight])
            .flatten()
            .find(|weight| *weight > MAX_WEIGHT)
        {
            Some(weight) => Err(Error::invalid_argument(format!(
                "Weight is {weight}; it is 0 to {MAX_WEIGHT}"
            ))),
            None => Ok(()),
        }
    }
}

/// What to take from behind a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct DeregisterInstancesFromLoadBalancerRequest {
    /// The load balancer: id, ARN or name.
    pub load_balancer_id: LoadBalancerId,
    /// The backend group, by id or name; may be left out where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_group: Option<BackendGroupId>,
    /// The targets; at least one, each once.
    pub targets: Vec<Target>,
    /// Let open connections end for so long. Tencent Cloud: weight 0, this wait, then the deregistration. AWS, which drains
    /// by the group's own delay: the wait for its end, at most so long. In JSON seconds, or text such as `"30s"`.
    #[serde(
        default,
        with = "duration::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub drain: Option<Duration>,
}

impl DeregisterInstancesFromLoadBalancerRequest {
    /// Asks to take targets from behind a load balancer that has one backend group.
    pub fn new(
        load_balancer_id: impl Into<LoadBalancerId>,
        targets: impl IntoIterator<Item = Target>,
    ) -> Self {
        Self {
            load_balancer_id: load_balancer_id.into(),
            backend_group: None,
            targets: targets.into_iter().collect(),
            drain: None,
        }
    }

    /// Names the backend group.
    #[must_use]
    pub fn with_backend_group(mut self, group: impl Into<BackendGroupId>) -> Self {
        self.backend_group = Some(group.into());
        self
    }

    /// Lets open connections end for so long.
    #[must_use]
    pub fn with_drain(mut self, time: Duration) -> Self {
        self.drain = Some(time);
        self
    }

    /// Checks what needs no cloud.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the field and the value.
    pub fn check(&self) -> Result<()> {
        check_load_balancer(&self.load_balancer_id)?;
        check_group(self.backend_group.as_ref())?;
        check_targets(&self.targets)?;
        for whole in self.targets.iter().filter(|target| target.port.is_none()) {
            let id = &whole.instance_id;
            let same_id = self
                .targets
                .iter()
                .filter(|target| target.instance_id == *id);
            if same_id.count() > 1 {
                return Err(Error::invalid_argument(format!(
                    "{id} is named with a port and without one, which means every port"
                ))
                .with_resources([id.as_str()]));
            }
        }
        match self.targets.iter().find(|target| target.weight.is_some()) {
            Some(target) => Err(Error::invalid_argument(format!(
                "Weight of {target} means nothing when it is deregistered; leave it out"
            ))
            .with_resources([target.instance_id.as_str()])),
            None => Ok(()),
        }
    }
}

fn check_load_balancer(id: &LoadBalancerId) -> Result<()> {
    if id.as_str().trim().is_empty() {
        return Err(Error::invalid_argument("LoadBalancerId is empty"));
    }
    Ok(())
}

fn check_group(group: Option<&BackendGroupId>) -> Result<()> {
    match group {
        Some(group) if group.as_str().trim().is_empty() => Err(Error::invalid_argument(
            "the backend group's name is empty; leave it out where there is only one",
        )),
        _ => Ok(()),
    }
}

fn check_targets(targets: &[Target]) -> Result<()> {
    if targets.is_empty() {
        return Err(Error::invalid_argument(
            "Targets is empty; name at least one target",
        ));
    }
    // Each id with the ports that it was named with.
    let mut known: HashMap<&str, Vec<Option<u16>>> = HashMap::with_capacity(targets.len());
    for target in targets {
        let id = target.instance_id.as_str();
        let refuse = |message: String| Err(Error::invalid_argument(message).with_resources([id]));
        if id.trim().is_empty() {
            return refuse("InstanceId is empty".to_owned());
        }
        if target.port == Some(0) {
            return Err(bad_port(0));
        }
        let ports = known.entry(id).or_default();
        if ports.contains(&target.port) {
            return refuse(format!("{target} is named twice"));
        }
        ports.push(target.port);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_read_the_interface_names_and_refuse_others() {
        let request: RegisterInstancesWithLoadBalancerRequest = serde_json::from_str(
            r#"{"LoadBalancerId": "lb-1", "BackendGroup": "lbl-1/loc-1", "Weight": 20,
                "Targets": [{"InstanceId": "ins-1", "Port": 8080, "Weight": 0}, {"InstanceId": "ins-2"}]}"#,
        )
        .unwrap();
        let weights = request.targets.iter().map(|one| request.weight_of(one));
        assert_eq!(weights.collect::<Vec<_>>(), [Some(0), Some(20)]);
        for (drain, seconds) in [(r#""30s""#, 30), ("45", 45), (r#""2m""#, 120)] {
            let request: DeregisterInstancesFromLoadBalancerRequest = serde_json::from_str(
                &format!(
                    r#"{{"LoadBalancerId": "lb-1", "Targets": [{{"InstanceId": "ins-1"}}], "Drain": {drain}}}"#
                ),
            )
            .unwrap();
            assert_eq!(request.drain, Some(Duration::from_secs(seconds)));
            let json = serde_json::to_value(&request).unwrap();
            assert_eq!(json["Drain"], seconds);
            assert_eq!(
                serde_json::from_value::<DeregisterInstancesFromLoadBalancerRequest>(json).unwrap(),
                request
            );
        }
        assert!(
            serde_json::from_str::<DescribeLoadBalancerHealthRequest>(
                r#"{"LoadBalancerId": "lb-1", "Group": "x"}"#
            )
            .is_err()
        );
    }

    #[test]
    fn what_can_not_be_right_is_refused_and_named() {
        type Register = RegisterInstancesWithLoadBalancerRequest;
        type Deregister = DeregisterInstancesFromLoadBalancerRequest;
        type Describe = DescribeLoadBalancerHealthRequest;
        let one = || [Target::new("i-1")];
        assert!(Register::new("lb", one()).with_weight(100).check().is_ok());
        assert!(
            Register::new("lb", [Target::new("i-1"), Target::new("i-1").with_port(80)])
                .check()
                .is_ok()
        );
        for (result, named) in [
            (Register::new(" ", one()).check(), "LoadBalancerId"),
            (Register::new("lb", []).check(), "Targets is empty"),
            (Deregister::new("lb", []).check(), "Targets is empty"),
            (
                Register::new("lb", one()).with_backend_group("").check(),
                "backend group",
            ),
            (
                Register::new("lb", [Target::new("i-1").with_port(0)]).check(),
                "Port is 0",
            ),
            (
                Register::new("lb", [Target::new("i-1").with_weight(101)]).check(),
                "Weight is 101",
            ),
            (
                Register::new("lb", one()).with_weight(200).check(),
                "Weight is 200",
            ),
            (
                Register::new("lb", [Target::new("")]).check(),
                "InstanceId is empty",
            ),
            (
                Register::new("lb", [Target::new("i-1"), Target::new("i-1")]).check(),
                "i-1 is named twice",
            ),
            (
                Deregister::new("lb", vec![Target::new("i-1").with_port(80); 2]).check(),
                "i-1:80 is named twice",
            ),
            (
                Deregister::new("lb", [Target::new("i-1"), Target::new("i-1").with_port(80)])
                    .check(),
                "every port",
            ),
            (
                Deregister::new("lb", [Target::new("i-1").with_weight(1)]).check(),
                "Weight of i-1",
            ),
            (
                Describe::new("lb").with_backend_groups::<&str>([]).check(),
                "BackendGroups",
            ),
        ] {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
            assert!(error.message().contains(named), "{named}: {error}");
        }
    }
}
