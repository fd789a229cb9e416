//! Targets as requests name them.

use std::net::IpAddr;

use serde_json::Value;

use super::model::{Balancer, Change, Listener, Place, Step, Target};
use crate::load_balancer::Phase;
use crate::network::Cidr;
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// The weight of a target that is registered without one.
pub(super) const DEFAULT_WEIGHT: i64 = 10;

/// A target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) instance: Option<&'a str>,
    pub(super) address: Option<&'a str>,
    pub(super) port: i64,
    pub(super) weight: Option<i64>,
    pub(super) tag: &'a str,
}

/// Reads a list of targets; `most` is how many may be in it.
pub(super) fn read(params: &Params, most: usize) -> Result<Vec<Named<'_>>, Error> {
    let items = params.items("Targets");
    if items.is_empty() {
        return Err(Error::missing("Targets"));
    }
    if items.len() > most {
        return Err(too_long("Targets", most));
    }
    items
        .iter()
        .enumerate()
        .map(|(at, item)| read_one(at, item))
        .collect()
}

fn read_one(at: usize, item: &Value) -> Result<Named<'_>, Error> {
    let text = |name: &str| {
        let found = item.get(name).and_then(Value::as_str);
        found.filter(|text| !text.is_empty())
    };
    let (instance, address) = (text("InstanceId"), text("EniIp"));
    if instance.is_some() == address.is_some() {
        let message =
            format!("Exactly one of `InstanceId` and `EniIp` has to be given in `Targets.{at}`.");
        return Err(Error::new("InvalidParameter", message));
    }
    let port = item.get("Port").and_then(Value::as_i64).unwrap_or_default();
    if !(1..=65535).contains(&port) {
        return Err(range(&format!("Targets.{at}.Port"), "1 to 65535"));
    }
    let weight = item.get("Weight").and_then(Value::as_i64);
    check_weight(&format!("Targets.{at}.Weight"), weight)?;
    Ok(Named {
        instance,
        address,
        port,
        weight,
        tag: text("Tag").unwrap_or_default(),
    })
}

pub(super) fn check_weight(name: &str, weight: Option<i64>) -> Result<(), Error> {
    match weight {
        Some(weight) if !(0..=100).contains(&weight) => Err(range(name, "0 to 100")),
        _ => Ok(()),
    }
}

fn range(name: &str, bounds: &str) -> Error {
    Error::new(
        "InvalidParameterValue.Range",
        format!("`{name}` has to be {bounds}."),
    )
}

pub(super) fn too_long(name: &str, most: usize) -> Error {
    Error::new(
        "InvalidParameterValue.Length",
        format!("`{name}` has more than {most} values."),
    )
}

/// The same target twice in one list.
pub(super) fn duplicate(named: &Named<'_>) -> Error {
    let name = named.instance.or(named.address).unwrap_or_default();
    let message = format!("The target `{name}:{}` is duplicate.", named.port);
    Error::new("InvalidParameterValue.Duplicate", message)
}

pub(super) fn find_listener<'a>(balancer: &'a Balancer, id: &str) -> Result<&'a Listener, Error> {
    balancer.listener(id).ok_or_else(|| {
        let message = format!("The listener `{id}` does not exist.");
        Error::new("InvalidParameter.ListenerIdNotFound", message)
    })
}

/// The place of a listener: the rule by its id, or else by domain and URL; at layer 4 the listener's own.
pub(super) fn find_place<'a>(
    listener: &'a Listener,
    location: Option<&str>,
    rule: Option<(&str, &str)>,
) -> Result<&'a Place, Error> {
    let location = location.filter(|id| !id.is_empty());
    let found = match (listener.has_rules(), location, rule) {
        (true, Some(id), _) => listener.places.iter().find(|it| it.location == id),
        (true, None, Some(rule)) => listener.places.iter().find(|it| it.rule == Some(rule)),
        (true, None, None) => return Err(Error::missing("LocationId")),
        (false, None, _) => listener.places.first(),
        // The id that stands for a listener without rules is no rule's.
        (false, Some(_), _) => None,
    };
    found.ok_or_else(|| {
        let message = format!(
            "The rule `{}` of the listener `{}` does not exist.",
            location.unwrap_or_default(),
            listener.id
        );
        Error::new("InvalidParameter.LocationNotFound", message)
    })
}

impl Named<'_> {
    fn is(&self, target: &Target) -> bool {
        target.port == self.port
            && match self.instance {
                Some(id) => target.instance_id == id && !target.by_address,
                None => Some(target.address.as_str()) == self.address,
            }
    }

    /// The change that binds it to a place: it has to exist in the CLB's VPC.
    pub(super) fn bind(
        &self,
        scope: &Scope<'_>,
        vpc_id: &str,
        place: &Place,
        key: &(String, String),
    ) -> Result<Change, Error> {
        let refused = |message: String| Error::new("InvalidParameter", message);
        let compute = &scope.region.compute;
        let (instance_id, address) = if let Some(id) = self.instance {
            let instance = compute
                .by_id(id)
                .ok_or_else(|| refused(format!("The instance `{id}` is not found.")))?;
            if instance.vpc_id != vpc_id {
                return Err(refused(format!(
                    "The instance `{id}` is not in the VPC `{vpc_id}` of the load balancer."
                )));
            }
            let address = instance.private_ips.first().cloned().unwrap_or_default();
            (id.to_owned(), address)
        } else {
            let text = self.address.unwrap_or_default();
            let vpc = scope.region.network.vpcs.iter().find(|it| it.id == vpc_id);
            let vpc = vpc.and_then(|vpc| Cidr::parse(&vpc.cidr));
            let parsed: Option<IpAddr> = text.parse().ok();
            if !parsed.is_some_and(|ip| vpc.is_some_and(|vpc| vpc.holds(ip))) {
                return Err(refused(format!("The IP `{text}` is not found.")));
            }
            let owner = compute
                .starting_at(0)
                .map(|(_, instance)| instance)
                .find(|it| it.vpc_id == vpc_id && it.private_ips.iter().any(|ip| ip == text));
            let owner = owner.map(|it| it.id.clone()).unwrap_or_default();
            (owner, text.to_owned())
        };
        let bound = place.targets.iter().any(|target| self.is(target));
        if bound && scope.region.balancers.clb.refuses_registered {
            return Err(duplicate(self));
        }
        let target = Target {
            instance_id,
            address: address.clone(),
            by_address: self.address.is_some(),
            port: self.port,
            weight: self.weight.unwrap_or(DEFAULT_WEIGHT),
            tag: self.tag.to_owned(),
            phase: Phase::begin(scope.common.settings.transition_polls, "Alive"),
            registered: scope.now,
        };
        Ok(Change {
            place: key.clone(),
            address,
            port: self.port,
            step: Step::Bind(Box::new(target)),
        })
    }

    /// A change to it where it is bound.
    pub(super) fn change(
        &self,
        place: &Place,
        key: &(String, String),
        step: Step,
    ) -> Result<Change, Error> {
        let found = place.targets.iter().find(|target| self.is(target));
        let target = found.ok_or_else(|| {
            let name = self.instance.or(self.address).unwrap_or_default();
            let message = format!("The target `{name}:{}` is not registered.", self.port);
            Error::new("InvalidParameter", message)
        })?;
        Ok(Change {
            place: key.clone(),
            address: target.address.clone(),
            port: target.port,
            step,
        })
    }
}
