//! CLB's records as the interface's: pure functions.

use std::net::IpAddr;

use cloudapi_core::load_balancer::{
    BackendGroupHealth, HealthState, TargetHealth, choose_group, route_traffic,
};
use cloudapi_core::{BackendGroupId, Error, InstanceId, Result};

use super::wire;

/// A backend group: a layer 4 listener, or a rule of a layer 7 one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// `lbl-…`, or `lbl-…/loc-…`.
    pub(super) id: BackendGroupId,
    pub(super) listener_id: String,
    pub(super) location_id: Option<String>,
    /// Protocol and port, or domain and URL.
    pub(super) name: String,
    /// The listener's port.
    pub(super) port: Option<u16>,
    /// Whether the targets belong to a group that several listeners share, which changes in other ways.
    pub(super) is_shared: bool,
}

/// A target that is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Registered {
    pub(super) health: TargetHealth,
    /// Whether the cloud knows it by its address instead of by its instance.
    pub(super) by_address: bool,
}

/// What a load balancer's listeners send traffic to.
pub(super) fn groups(listeners: &[wire::Listener]) -> Vec<Group> {
    let mut groups = Vec::new();
    for listener in listeners {
        let shared = |target_type: Option<&String>| {
            target_type.is_some_and(|kind| kind.to_ascii_uppercase().starts_with("TARGETGROUP"))
        };
        let group = Group {
            id: listener.id.as_str().into(),
            listener_id: listener.id.clone(),
            location_id: None,
            name: match listener.port {
                Some(port) => format!("{}:{port}", listener.protocol),
                None => listener.protocol.clone(),
            },
            port: listener.port.and_then(port),
            is_shared: shared(listener.target_type.as_ref()),
        };
        if !is_layer_7(&listener.protocol) {
            groups.push(group);
            continue;
        }
        groups.extend(listener.rules.iter().map(|rule| {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            Group {
                id: format!("{}/{}", listener.id, rule.location_id).into(),
                location_id: Some(rule.location_id.clone()),
                name: part(&rule.domain) + &part(&rule.url),
                is_shared: group.is_shared || shared(rule.target_type.as_ref()),
                ..group.clone()
            }
        }));
    }
    groups
}

fn is_layer_7(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case("HTTP") || protocol.eq_ignore_ascii_case("HTTPS")
}

fn port(port: i64) -> Option<u16> {
    u16::try_from(port).ok().filter(|port| *port > 0)
}

/// Picks the group that a request means: `lbl-…`, `lbl-…/loc-…`, `loc-…`, a name, or the only one.
///
/// # Errors
///
/// `InvalidArgument`, listing the choices.
pub(super) fn choose(
    load_balancer: &str,
    groups: &[Group],
    wanted: Option<&BackendGroupId>,
) -> Result<Group> {
    fn id_and_name(group: &Group) -> (&str, Option<&str>) {
        (group.id.as_str(), Some(&group.name))
    }
    if let Some(part) = wanted.map(BackendGroupId::as_str) {
        let is_part = |group: &&Group| {
            group.listener_id == part || group.location_id.as_deref() == Some(part)
        };
        let of_part: Vec<Group> = groups.iter().filter(is_part).cloned().collect();
        if !of_part.is_empty() {
            return choose_group(part, &of_part, None, id_and_name).cloned();
        }
    }
    choose_group(load_balancer, groups, wanted, id_and_name).cloned()
}

/// What is registered in a group; how it is, is not known yet.
pub(super) fn registered(group: &Group, targets: &wire::Targets) -> Vec<Registered> {
    let listeners = targets.listeners.iter();
    let of_group = listeners.filter(|listener| listener.listener_id == group.listener_id);
    let backends = of_group.flat_map(|listener| match &group.location_id {
        None => listener.targets.iter().collect::<Vec<_>>(),
        Some(location) => listener
            .rules
            .iter()
            .filter(|rule| rule.location_id == *location)
            .flat_map(|rule| &rule.targets)
            .collect(),
    });
    backends.map(backend).collect()
}

fn backend(backend: &wire::Backend) -> Registered {
    let instance_id = non_empty(backend.instance_id.as_ref()).map(InstanceId::from);
    let is_server = backend
        .kind
        .as_deref()
        .is_none_or(|kind| kind.eq_ignore_ascii_case("CVM"));
    Registered {
        by_address: !is_server || instance_id.is_none(),
        health: TargetHealth::new(HealthState::Initial)
            .with_instance_id(instance_id)
            .with_address(backend.private_ip_addresses.first().cloned())
            .with_port(backend.port.and_then(port))
            .with_weight(backend.weight.and_then(weight)),
    }
}

fn non_empty(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

fn weight(weight: i64) -> Option<u32> {
    u32::try_from(weight).ok()
}

/// Adds to what is registered in a group how it is. What the checks know of and the list of targets does not (it belongs to
/// a shared group) is added; what the checks don't know of yet stays initial.
pub(super) fn with_health(
    group: &Group,
    mut registered: Vec<Registered>,
    health: &wire::Health,
) -> Vec<Registered> {
    let listeners = health
        .load_balancers
        .iter()
        .flat_map(|balancer| &balancer.listeners)
        .filter(|listener| listener.listener_id == group.listener_id);
    // A layer 4 listener has one rule here too, of an id that is its own nowhere else.
    let rules = listeners
        .flat_map(|listener| &listener.rules)
        .filter(|rule| {
            group.location_id.is_none() || group.location_id.as_deref() == Some(&rule.location_id)
        });
    for seen in rules.flat_map(|rule| &rule.targets) {
        let (state, reason) = state(seen);
        let instance = non_empty(seen.target_id.as_ref());
        let address = non_empty(seen.ip.as_ref());
        let seen_port = seen.port.and_then(port);
        let known = registered.iter_mut().find(|known| {
            let known = &known.health;
            let same_address = address.is_some() && known.address.as_deref() == address;
            let same_instance = instance.is_some()
                && known.instance_id.as_ref().map(InstanceId::as_str) == instance
                && (address.is_none() || known.address.is_none());
            known.port == seen_port && (same_address || same_instance)
        });
        if let Some(known) = known {
            known.health.state = state;
            known.health.reason = reason;
            continue;
        }
        registered.push(Registered {
            by_address: instance.is_none(),
            health: TargetHealth::new(state)
                .with_instance_id(instance.map(InstanceId::from))
                .with_address(address.map(str::to_owned))
                .with_port(seen_port)
                .with_weight(seen.weight.and_then(weight))
                .with_reason(reason, None),
        });
    }
    registered
}

/// The state, and the cloud's word for it where that says more. The boolean beside it is never asked: it is false for
/// what was not checked yet as for what is down.
fn state(seen: &wire::TargetHealth) -> (HealthState, Option<String>) {
    let detail = non_empty(seen.health_status_detail.as_ref())
        .or_else(|| non_empty(seen.health_status_detial.as_ref()));
    let state = match detail {
        Some("Alive") => return (HealthState::Healthy, None),
        Some("Dead") => HealthState::Unhealthy,
        Some("Unknown") => HealthState::Initial,
        Some("Close") => HealthState::Unchecked,
        Some(other) => HealthState::from(other),
        None => HealthState::Unknown,
    };
    (state, detail.map(str::to_owned))
}

/// Makes the answer for a group.
pub(super) fn group_health(group: &Group, registered: Vec<Registered>) -> BackendGroupHealth {
    let mut targets: Vec<TargetHealth> = registered.into_iter().map(|one| one.health).collect();
    route_traffic(&mut targets, true);
    BackendGroupHealth::new(group.id.clone(), Some(group.name.clone()), targets)
}

/// Checks the shape of what a target is named by.
///
/// # Errors
///
/// `InvalidArgument`, naming it.
pub(super) fn check_id(id: &InstanceId) -> Result<()> {
    let text = id.as_str();
    let is_instance = text.strip_prefix("ins-").is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if is_instance || is_address(text) {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "{text:?} is neither an instance id (ins-1a2b3c4d) nor a private address"
    ))
    .with_resources([text]))
}

pub(super) fn is_address(id: &str) -> bool {
    id.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
