//! What is to be done with each target, from what is asked for and what is registered: pure functions.

use std::collections::HashSet;

use cloudapi_core::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, HealthState, OutcomeStatus,
    RegisterInstancesWithLoadBalancerRequest, Target, TargetOutcome,
};
use cloudapi_core::{BackendGroupId, Error, InstanceId, Result};

use super::convert::{Group, Registered, is_address};

/// How a target is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Put it into the group.
    Register,
    /// Give it another weight.
    Weigh,
    /// Give it a weight of 0, before it is taken out.
    Drain,
    /// Take it out.
    Deregister,
}

/// By what the cloud knows a target of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The instance, or the address.
    pub(super) id: String,
    pub(super) by_address: bool,
    pub(super) port: u16,
}

impl Key {
    pub(super) fn is(&self, registered: &Registered) -> bool {
        self.by_address == registered.by_address
            && self.id == key_id(registered)
            && Some(self.port).filter(|port| *port > 0) == registered.health.port
    }
}

/// The instance, or the address where the cloud knows it by that.
fn key_id(registered: &Registered) -> &str {
    let health = &registered.health;
    let instance = health.instance_id.as_ref().map(InstanceId::as_str);
    let address = health.address.as_deref();
    let (first, second) = if registered.by_address {
        (address, instance)
    } else {
        (instance, address)
    };
    first.or(second).unwrap_or_default()
}

/// A target as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) key: Key,
    pub(super) weight: Option<u32>,
}

/// A target's outcome as far as it is known, and what is still to be done for it.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) outcome: TargetOutcome,
    pub(super) step: Option<(Change, Item)>,
}

/// Plans a registration: what is there already stays, or gets its new weight.
///
/// # Errors
///
/// `InvalidArgument` for a target without a port where the listener has none, and for one that is named twice once its
/// port is known.
pub(super) fn register(
    group: &Group,
    registered: &[Registered],
    request: &RegisterInstancesWithLoadBalancerRequest,
) -> Result<Vec<Planned>> {
    let mut known = HashSet::new();
    let mut planned = Vec::with_capacity(request.targets.len());
    for target in &request.targets {
        let id = target.instance_id.as_str();
        let refuse = |message| Error::invalid_argument(message).with_resources([id]);
        let port = target.port.or(group.port).ok_or_else(|| {
            refuse(format!(
                "{id} needs a port: the listener {} has none",
                group.id
            ))
        })?;
        if !known.insert((id, port)) {
            let twice = target.clone().with_port(port);
            return Err(refuse(format!(
                "{twice} is named twice: {port} is the listener's port"
            )));
        }
        let weight = request.weight_of(target);
        let item = Item {
            key: Key {
                id: id.to_owned(),
                by_address: is_address(id),
                port,
            },
            weight,
        };
        let there = registered.iter().find(|one| item.key.is(one));
        let mut target = target.clone().with_port(port);
        target.weight = weight.or(there.and_then(|there| there.health.weight));
        let state = there.map_or(HealthState::Unused, |there| there.health.state.clone());
        let is_new_weight = |there: &Registered| weight.is_some() && there.health.weight != weight;
        let step = match there {
            None => Some(Change::Register),
            Some(there) if is_new_weight(there) => Some(Change::Weigh),
            Some(_) => None,
        };
        planned.push(Planned {
            outcome: base(&target, &group.id, step, state),
            step: step.map(|change| (change, item)),
        });
    }
    Ok(planned)
}

/// Plans a deregistration: exactly the registered targets that are meant, one after the other.
pub(super) fn deregister(
    group: &BackendGroupId,
    registered: &[Registered],
    request: &DeregisterInstancesFromLoadBalancerRequest,
) -> Vec<Planned> {
    let mut planned = Vec::new();
    for target in &request.targets {
        let before = planned.len();
        for there in registered.iter().filter(|one| target.means(&one.health)) {
            let exact = Target::new(target.instance_id.clone());
            let exact = match there.health.port {
                Some(port) => exact.with_port(port),
                None => exact,
            };
            let item = Item {
                key: Key {
                    id: key_id(there).to_owned(),
                    by_address: there.by_address,
                    port: there.health.port.unwrap_or_default(),
                },
                weight: there.health.weight,
            };
            let step = Some(Change::Deregister);
            let mut outcome = base(&exact, group, step, there.health.state.clone());
            outcome.weight = there.health.weight;
            planned.push(Planned {
                outcome,
                step: Some((Change::Deregister, item)),
            });
        }
        if planned.len() == before {
            planned.push(Planned {
                outcome: base(target, group, None, HealthState::Unused),
                step: None,
            });
        }
    }
    planned
}

fn base(
    target: &Target,
    group: &BackendGroupId,
    step: Option<Change>,
    state: HealthState,
) -> TargetOutcome {
    let status = match step {
        Some(_) => OutcomeStatus::Changed,
        None => OutcomeStatus::AlreadyThere,
    };
    TargetOutcome::new(target, group, status)
        .with_previous_state(Some(state.clone()))
        .with_current_state(Some(state))
}

#[cfg(test)]
mod tests {
    use cloudapi_core::load_balancer::TargetHealth;

    use super::*;

    fn group() -> Group {
        Group {
            id: "lbl-1".into(),
            listener_id: "lbl-1".to_owned(),
            location_id: None,
            name: "TCP:80".to_owned(),
            port: Some(80),
            is_shared: false,
        }
    }

    fn there(id: &str, address: &str, port: u16, by_address: bool) -> Registered {
        let mut health = TargetHealth::new(HealthState::Healthy);
        health.instance_id = Some(id.into());
        health.address = Some(address.to_owned());
        health.port = Some(port);
        health.weight = Some(10);
        Registered { health, by_address }
    }

    fn shown(planned: &[Planned]) -> Vec<String> {
        let line = |one: &Planned| {
            let outcome = &one.outcome;
            let step = one.step.as_ref().map(|(change, item)| {
                format!(
                    "{change:?} {}:{} {:?}",
                    item.key.id, item.key.port, item.weight
                )
            });
            format!(
                "{} {:?} {:?} | {}",
                outcome.instance_id,
                outcome.port,
                outcome.status,
                step.unwrap_or_default()
            )
        };
        planned.iter().map(line).collect()
    }

    #[test]
    fn registering_leaves_what_is_there_and_changes_weights_only_when_asked() {
        let registered = [
            there("ins-1", "10.0.0.1", 80, false),
            there("ins-2", "10.0.0.2", 80, false),
            there("ins-3", "10.0.9.3", 80, true),
        ];
        let request = RegisterInstancesWithLoadBalancerRequest::new(
            "lb",
            [
                Target::new("ins-1"),
                Target::new("ins-1").with_port(81),
                Target::new("ins-2").with_weight(10),
                Target::new("ins-2").with_port(80).with_weight(0),
            ],
        );
        let error = register(&group(), &registered, &request).unwrap_err();
        assert!(
            error.message().contains("ins-2:80 is named twice"),
            "{error}"
        );
        let mut request = request;
        request.targets[2] = Target::new("10.0.9.3").with_weight(10);
        request.targets.push(Target::new("ins-3"));
        assert_eq!(
            shown(&register(&group(), &registered, &request).unwrap()),
            [
                "ins-1 Some(80) AlreadyThere | ",
                "ins-1 Some(81) Changed | Register ins-1:81 None",
                "10.0.9.3 Some(80) AlreadyThere | ",
                "ins-2 Some(80) Changed | Weigh ins-2:80 Some(0)",
                "ins-3 Some(80) Changed | Register ins-3:80 None",
            ],
            "an interface of ins-3 is not its primary one"
        );
        let no_port = Group {
            port: None,
            ..group()
        };
        let error = register(&no_port, &registered, &request).unwrap_err();
        assert!(error.message().contains("needs a port"), "{error}");
    }

    #[test]
    fn deregistering_names_the_registered_pairs_exactly() {
        let registered = [
            there("ins-1", "10.0.0.1", 80, false),
            there("ins-1", "10.0.0.1", 81, false),
            there("ins-1", "10.0.9.1", 80, true),
            there("ins-2", "10.0.0.2", 80, false),
        ];
        let request = DeregisterInstancesFromLoadBalancerRequest::new(
            "lb",
            [
                Target::new("ins-1"),
                Target::new("ins-2").with_port(81),
                Target::new("ins-9"),
            ],
        );
        assert_eq!(
            shown(&deregister(&group().id, &registered, &request)),
            [
                "ins-1 Some(80) Changed | Deregister ins-1:80 Some(10)",
                "ins-1 Some(81) Changed | Deregister ins-1:81 Some(10)",
                "ins-1 Some(80) Changed | Deregister 10.0.9.1:80 Some(10)",
                "ins-2 Some(81) AlreadyThere | ",
                "ins-9 None AlreadyThere | ",
            ]
        );
    }
}
