//! How the targets of a load balancer are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Target;
use crate::open_enum::open_enum;
use crate::{BackendGroupId, Error, InstanceId, LoadBalancerId, Result};

open_enum! {
    /// The state of a target, in words for both clouds.
    pub enum HealthState {
        /// The checks succeed.
        Healthy = "Healthy",
        /// The checks fail.
        Unhealthy = "Unhealthy",
        /// Being registered, or not checked often enough yet.
        Initial = "Initial",
        /// Being taken out: no new connections, the open ones may end (AWS).
        Draining = "Draining",
        /// Not in use: not registered, or its instance is stopped, or its zone or group is not enabled (AWS).
        Unused = "Unused",
        /// Not checked: the checks are switched off, or the listener is stopped.
        Unchecked = "Unchecked",
        /// The cloud can't tell.
        Unknown = "Unknown",
    }
}

impl HealthState {
    /// How bad a state is for the summary of an instance; 0 is healthy.
    fn badness(&self) -> u8 {
        match self {
            Self::Healthy => 0,
            Self::Unchecked => 1,
            Self::Unknown | Self::Other(_) => 2,
            Self::Unused => 3,
            Self::Initial => 4,
            Self::Draining => 5,
            Self::Unhealthy => 6,
        }
    }
}

/// How one target is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct TargetHealth {
    /// The instance; absent for a target that is only an address, a function or another load balancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<InstanceId>,
    /// The private address, where the cloud tells it; for a function or a load balancer as the target, its ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The port that gets the traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Its share of the traffic, where targets have one (Tencent Cloud, 0 to 100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// The state in words for both clouds.
    pub state: HealthState,
    /// Why, in the cloud's own word: `Target.ResponseCodeMismatch`, `Dead`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, in the cloud's own sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the cloud sends it new traffic now. Not the same as healthy: a weight of 0 means no, and where all are
    /// unhealthy AWS sends to all of them.
    pub receives_traffic: bool,
}

impl TargetHealth {
    /// Makes the finding of a state; nothing else is known, and it gets no traffic.
    pub fn new(state: HealthState) -> Self {
        Self {
            instance_id: None,
            address: None,
            port: None,
            weight: None,
            state,
            reason: None,
            description: None,
            receives_traffic: false,
        }
    }

    /// Sets the instance.
    #[must_use]
    pub fn with_instance_id(mut self, id: Option<InstanceId>) -> Self {
        self.instance_id = id;
        self
    }

    /// Sets the address.
    #[must_use]
    pub fn with_address(mut self, address: Option<String>) -> Self {
        self.address = address;
        self
    }

    /// Sets the port.
    #[must_use]
    pub fn with_port(mut self, port: Option<u16>) -> Self {
        self.port = port;
        self
    }

    /// Sets its share of the traffic.
    #[must_use]
    pub fn with_weight(mut self, weight: Option<u32>) -> Self {
        self.weight = weight;
        self
    }

    /// Sets why it is in its state, in the cloud's own word and sentence.
    #[must_use]
    pub fn with_reason(mut self, reason: Option<String>, description: Option<String>) -> Self {
        self.reason = reason;
        self.description = description;
        self
    }

    /// What identifies it: the instance, else the address.
    pub fn id(&self) -> &str {
        let instance = self.instance_id.as_ref().map(InstanceId::as_str);
        instance.or(self.address.as_deref()).unwrap_or_default()
    }
}

/// How the targets of one backend group are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct BackendGroupHealth {
    /// The group: the ARN of a target group, the name of a classic load balancer (AWS); `lbl-…`, or for a rule of a layer 7
    /// listener `lbl-…/loc-…` (Tencent Cloud).
    pub backend_group_id: BackendGroupId,
    /// Its name: the target group's; protocol and port, or domain and URL, of the listener or rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The targets, sorted by id and port.
    #[serde(default)]
    pub targets: Vec<TargetHealth>,
}

impl BackendGroupHealth {
    /// Gathers the targets of a group, and sorts them.
    pub fn new(
        backend_group_id: impl Into<BackendGroupId>,
        name: Option<String>,
        mut targets: Vec<TargetHealth>,
    ) -> Self {
        targets.sort_by(|a, b| (a.id(), a.port).cmp(&(b.id(), b.port)));
        Self {
            backend_group_id: backend_group_id.into(),
            name,
            targets,
        }
    }
}

/// How one instance is, over all groups and ports that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct InstanceHealth {
    /// The instance.
    pub instance_id: InstanceId,
    /// Healthy only if it is so everywhere; else the worst that was found.
    pub state: HealthState,
}

/// How the targets of a load balancer are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct LoadBalancerHealth {
    /// The load balancer: an ARN, or the name of a classic one, at AWS; `lb-…` at Tencent Cloud.
    pub load_balancer_id: LoadBalancerId,
    /// Its backend groups, or those that were asked for.
    #[serde(default)]
    pub groups: Vec<BackendGroupHealth>,
    /// A summary for each instance in these groups, sorted by id.
    #[serde(default)]
    pub instances: Vec<InstanceHealth>,
}

impl LoadBalancerHealth {
    /// Gathers the groups, and sums up for each instance.
    pub fn new(
        load_balancer_id: impl Into<LoadBalancerId>,
        groups: Vec<BackendGroupHealth>,
    ) -> Self {
        Self {
            load_balancer_id: load_balancer_id.into(),
            instances: summarize_instances(&groups),
            groups,
        }
    }

    /// Finds what a target of a group means: one target, or without a port all of the instance.
    pub fn targets<'a>(
        &'a self,
        group: &'a BackendGroupId,
        target: &'a Target,
    ) -> impl Iterator<Item = &'a TargetHealth> {
        self.groups
            .iter()
            .filter(|known| known.backend_group_id == *group)
            .flat_map(|group| &group.targets)
            .filter(|known| target.means(known))
    }
}

/// Gives the worst of several targets, by the order of [`summarize_instances`].
pub(super) fn worst<'a>(
    targets: impl Iterator<Item = &'a TargetHealth>,
) -> Option<&'a TargetHealth> {
    targets.max_by_key(|target| target.state.badness())
}

/// Sums up over groups and ports: an instance is Healthy only if it is so everywhere, else the worst found counts, from
/// Unhealthy over Draining, Initial, Unused and Unknown to Unchecked.
pub fn summarize_instances(groups: &[BackendGroupHealth]) -> Vec<InstanceHealth> {
    let mut worst: BTreeMap<&InstanceId, &HealthState> = BTreeMap::new();
    for target in groups.iter().flat_map(|group| &group.targets) {
        let Some(id) = &target.instance_id else {
            continue;
        };
        let known = worst.entry(id).or_insert(&target.state);
        if target.state.badness() > known.badness() {
            *known = &target.state;
        }
    }
    worst
        .into_iter()
        .map(|(id, state)| InstanceHealth {
            instance_id: id.clone(),
            state: state.clone(),
        })
        .collect()
}

/// Says of each target of one group whether it receives traffic: it has a weight, if weights there are, and is healthy or
/// not checked at all. With `opens_when_none_is_healthy`, as in all kinds but the classic one of AWS, the others get it
/// when the checks of some fail and no target is left that passes them.
pub fn route_traffic(targets: &mut [TargetHealth], opens_when_none_is_healthy: bool) {
    use HealthState as S;
    let has_weight = |target: &TargetHealth| target.weight != Some(0);
    let any = |targets: &[TargetHealth], states: &[HealthState]| {
        let mut in_rotation = targets.iter().filter(|target| has_weight(target));
        in_rotation.any(|target| states.contains(&target.state))
    };
    let is_open = opens_when_none_is_healthy
        && any(targets, &[S::Unhealthy])
        && !any(targets, &[S::Healthy, S::Unchecked]);
    for target in targets {
        let state_allows = match target.state {
            S::Healthy | S::Unchecked => true,
            S::Unhealthy | S::Initial => is_open,
            _ => false,
        };
        target.receives_traffic = state_allows && has_weight(target);
    }
}

/// Picks the backend group that a request means: the named one, by id or name, or the only one there is.
///
/// # Errors
///
/// `InvalidArgument` for a name that no group, or more than one, has, and for several groups without a name; the message
/// and the resources list the choices.
pub fn choose_group<'a, G>(
    load_balancer: &str,
    groups: &'a [G],
    wanted: Option<&BackendGroupId>,
    id_and_name: impl Fn(&G) -> (&str, Option<&str>),
) -> Result<&'a G> {
    let choices = |message: String, among: &[&G]| {
        let named = |group: &&G| match id_and_name(group) {
            (id, Some(name)) => format!("{id} ({name})"),
            (id, None) => id.to_owned(),
        };
        let listed: Vec<String> = among.iter().map(named).collect();
        Error::invalid_argument(format!("{message}: {}", listed.join(", ")))
            .with_resources(among.iter().map(|group| id_and_name(group).0))
    };
    let all: Vec<&G> = groups.iter().collect();
    if all.is_empty() {
        return Err(Error::invalid_argument(format!(
            "{load_balancer} has no backend group"
        )));
    }
    let Some(wanted) = wanted.map(BackendGroupId::as_str) else {
        return match all[..] {
            [only] => Ok(only),
            _ => Err(choices(
                format!("{load_balancer} has several backend groups; name one of them"),
                &all,
            )),
        };
    };
    if let Some(group) = all.iter().find(|group| id_and_name(group).0 == wanted) {
        return Ok(group);
    }
    let named: Vec<&G> = all
        .iter()
        .copied()
        .filter(|group| id_and_name(group).1 == Some(wanted))
        .collect();
    match named[..] {
        [only] => Ok(only),
        [] => Err(choices(
            format!("{wanted} is not a backend group of {load_balancer}, which has"),
            &all,
        )),
        _ => Err(choices(
            format!("several backend groups of {load_balancer} are named {wanted}"),
            &named,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(id: &str, port: u16, state: HealthState) -> TargetHealth {
        TargetHealth {
            instance_id: Some(id.into()),
            port: Some(port),
            ..TargetHealth::new(state)
        }
    }

    #[test]
    fn an_instance_is_as_well_as_at_its_worst_group_and_port() {
        use HealthState as S;
        let order = [
            S::Unhealthy,
            S::Draining,
            S::Initial,
            S::Unused,
            S::Unknown,
            S::Unchecked,
            S::Healthy,
        ];
        for (place, worse) in order.iter().enumerate() {
            for better in &order[place..] {
                let groups = [
                    BackendGroupHealth::new("a", None, vec![target("i-1", 80, better.clone())]),
                    BackendGroupHealth::new(
                        "b",
                        None,
                        vec![
                            target("i-1", 8080, worse.clone()),
                            target("i-0", 1, S::Healthy),
                        ],
                    ),
                ];
                let summary = summarize_instances(&groups);
                assert_eq!(summary[0].instance_id.as_str(), "i-0");
                assert_eq!(summary[1].state, *worse, "{worse} with {better}");
            }
        }
        let odd = [BackendGroupHealth::new(
            "a",
            None,
            vec![
                target("i-1", 1, "Resting".into()),
                target("i-1", 2, S::Healthy),
                TargetHealth::new(S::Unhealthy),
            ],
        )];
        assert_eq!(summarize_instances(&odd)[0].state.as_str(), "Resting");
    }

    #[test]
    fn traffic_follows_health_and_weight_and_fails_open() {
        use HealthState as S;
        let received = |states: &[(HealthState, u32)], opens: bool| {
            let target = |(state, weight): &(HealthState, u32)| TargetHealth {
                weight: Some(*weight),
                ..TargetHealth::new(state.clone())
            };
            let mut targets: Vec<TargetHealth> = states.iter().map(target).collect();
            route_traffic(&mut targets, opens);
            let received = targets.iter().map(|target| target.receives_traffic);
            received.collect::<Vec<_>>()
        };
        let mixed = [
            (S::Healthy, 10),
            (S::Healthy, 0),
            (S::Unchecked, 10),
            (S::Unhealthy, 10),
            (S::Initial, 10),
            (S::Draining, 10),
        ];
        assert_eq!(
            received(&mixed, true),
            [true, false, true, false, false, false]
        );
        let all_bad = [
            (S::Unhealthy, 10),
            (S::Unhealthy, 0),
            (S::Initial, 10),
            (S::Draining, 10),
            (S::Healthy, 0),
        ];
        assert_eq!(
            received(&all_bad, true),
            [true, false, true, false, false],
            "none in rotation is healthy"
        );
        assert_eq!(received(&all_bad, false), [false; 5]);
        assert_eq!(
            received(&[(S::Initial, 10)], true),
            [false],
            "no check failed yet"
        );
    }

    #[test]
    fn a_group_is_named_or_the_only_one() {
        type Group = (&'static str, &'static str);
        fn id_and_name(group: &Group) -> (&str, Option<&str>) {
            (group.0, Some(group.1))
        }
        let one = [("g1", "web")];
        let three = [("g1", "web"), ("g2", "api"), ("g3", "api")];
        let choose = |groups: &[Group], wanted: Option<&str>| {
            let wanted = wanted.map(BackendGroupId::from);
            choose_group("lb", groups, wanted.as_ref(), id_and_name).map(|group| group.0)
        };
        assert_eq!(choose(&one, None).unwrap(), "g1");
        assert_eq!(choose(&three, Some("g3")).unwrap(), "g3");
        assert_eq!(choose(&three, Some("web")).unwrap(), "g1");
        let error = choose(&three, None).unwrap_err();
        assert_eq!(error.resources(), ["g1", "g2", "g3"]);
        assert!(error.message().contains("g2 (api)"), "{error}");
        assert_eq!(
            choose(&three, Some("api")).unwrap_err().resources(),
            ["g2", "g3"]
        );
        assert!(
            choose(&one, Some("g9"))
                .unwrap_err()
                .message()
                .contains("g9 is not a backend group of lb, which has: g1 (web)")
        );
        assert!(
            choose(&[], None)
                .unwrap_err()
                .message()
                .contains("no backend group")
        );
    }

    #[test]
    fn json_is_in_the_interface_names() {
        let mut dead = target("ins-1", 8080, HealthState::Unhealthy);
        dead.weight = Some(10);
        dead.reason = Some("Dead".to_owned());
        let health =
            LoadBalancerHealth::new("lb-1", vec![BackendGroupHealth::new("g", None, vec![dead])]);
        let json = serde_json::to_value(&health).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"LoadBalancerId": "lb-1",
                "Groups": [{"BackendGroupId": "g", "Targets": [{"InstanceId": "ins-1", "Port": 8080, "Weight": 10,
                    "State": "Unhealthy", "Reason": "Dead", "ReceivesTraffic": false}]}],
                "Instances": [{"InstanceId": "ins-1", "State": "Unhealthy"}]})
        );
        assert_eq!(
            serde_json::from_value::<LoadBalancerHealth>(json).unwrap(),
            health
        );
    }
}
