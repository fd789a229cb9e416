//! RegisterTargets, DeregisterTargets, and the one attribute that can be set.

use std::net::IpAddr;

use super::describe::write_attributes;
use super::model::{Group, Target};
use super::{check_arn, group, invalid};
use crate::aws::{Error, Params};
use crate::load_balancer::Phase;
use crate::network::Cidr;
use crate::world::{Region, Scope};

/// The most targets of a group.
const MOST_TARGETS: usize = 1000;

/// A target as the request names it.
struct Named {
    id: String,
    port: Option<i64>,
    zone: Option<String>,
}

pub(super) fn register(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let group = group(scope, params)?;
    let mut named = read(group, params)?;
    check(scope.region, group, &mut named)?;
    let most = if matches!(group.kind, "lambda" | "alb") {
        1
    } else {
        MOST_TARGETS
    };
    let fresh = named.iter().filter(|wanted| {
        let there = |target: &Target| target.id == wanted.id && target.port == wanted.port;
        !group.targets.iter().any(there)
    });
    if group.targets.len() + fresh.count() > most {
        let message = format!(
            "You have exceeded the maximum number of targets: {most} for the target group '{}'",
            group.name
        );
        return Err(Error::client("TooManyTargets", message));
    }
    let polls = scope.common.settings.transition_polls;
    change(scope, params, named, |targets, wanted| {
        let there = |target: &&mut Target| target.id == wanted.id && target.port == wanted.port;
        match targets.iter_mut().find(there) {
            // One that was leaving stays; any other is left as it is.
            Some(target) => {
                if target.phase.is_draining() {
                    target.phase = Phase::begin(polls, "healthy");
                }
            }
            None => targets.push(Target {
                id: wanted.id,
                port: wanted.port,
                zone: wanted.zone,
                phase: Phase::begin(polls, "healthy"),
            }),
        }
    })
}

pub(super) fn deregister(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let group = group(scope, params)?;
    let named = read(group, params)?;
    let drains = group.kind != "lambda" && group.delay != "0";
    let polls = if drains {
        scope.common.settings.transition_polls
    } else {
        0
    };
    // One that is not there, or is there on another port, is passed over.
    change(scope, params, named, |targets, wanted| {
        targets.retain_mut(|target| {
            let meant = target.id == wanted.id && target.port == wanted.port;
            if meant && !target.phase.is_draining() {
                target.phase = Phase::Draining(polls);
            }
            !meant || target.phase != Phase::Draining(0)
        });
    })
}

pub(super) fn modify_attributes(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let arn = group(scope, params)?.arn.clone();
    let items = params.items("Attributes");
    let mut delay = None;
    for item in items {
        let (key, value) = (item.text("Key"), item.text("Value"));
        let seconds = value
            .and_then(|value| value.parse::<u32>().ok())
            .filter(|seconds| *seconds <= 3600);
        let (Some("deregistration_delay.timeout_seconds"), Some(seconds)) = (key, seconds) else {
            let key = key.unwrap_or_default();
            let message = format!("The attribute '{key}' cannot be set to this value");
            return Err(Error::client("InvalidConfigurationRequest", message));
        };
        delay = Some(seconds.to_string());
    }
    let group = scope.region.balancers.v2.group_mut(&arn);
    Ok(group.map_or_else(String::new, |group| {
        group.delay = delay.unwrap_or_else(|| group.delay.clone());
        write_attributes(group)
    }))
}

/// The targets of the request; the group's port where none is given.
fn read(group: &Group, params: &Params) -> Result<Vec<Named>, Error> {
    let items = params.items("Targets");
    if items.is_empty() {
        return Err(invalid(
            "1 validation error detected: Value '[]' at 'targets' failed to satisfy constraint: \
             Member must have length greater than or equal to 1",
        ));
    }
    items
        .into_iter()
        .map(|item| {
            let id = item.text("Id").filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| invalid("A target must have an 'id'"))?;
            let port = item.number("Port");
            if let Some(port) = port.filter(|port| !(1..=65535).contains(port)) {
                return Err(invalid(format!(
                    "1 validation error detected: Value '{port}' at 'targets.member.port' failed to satisfy \
                     constraint: Member must have value between 1 and 65535"
                )));
            }
            if port.is_some() && group.kind == "lambda" {
                return Err(invalid(
                    "You cannot specify a port for a Lambda function target",
                ));
            }
            Ok(Named {
                id: id.to_owned(),
                port: port.or(group.port),
                zone: item.text("AvailabilityZone").map(str::to_owned),
            })
        })
        .collect()
}

/// Whether the targets can be registered: one that can't fails all.
fn check(region: &Region, group: &Group, named: &mut [Named]) -> Result<(), Error> {
    let refused = |message: String| Err(Error::client("InvalidTarget", message));
    let vpc = group.vpc_id.as_deref().unwrap_or_default();
    let list = |ids: &[&str]| ids.join("', '");
    match group.kind {
        "instance" => {
            let instances: Vec<_> = named
                .iter()
                .map(|wanted| (wanted.id.as_str(), region.compute.by_id(&wanted.id)))
                .collect();
            let which = |unfit: &dyn Fn(&crate::compute::Instance) -> bool| -> Vec<&str> {
                instances
                    .iter()
                    .filter(|(_, instance)| instance.is_some_and(unfit))
                    .map(|(id, _)| *id)
                    .collect()
            };
            let unknown: Vec<&str> = instances
                .iter()
                .filter(|(_, instance)| instance.is_none())
                .map(|(id, _)| *id)
                .collect();
            if !unknown.is_empty() {
                return refused(format!(
                    "The following targets do not exist: '{}'",
                    list(&unknown)
                ));
            }
            let elsewhere = which(&|instance| instance.vpc_id != vpc);
            if !elsewhere.is_empty() {
                return refused(format!(
                    "The following targets are not in the target group VPC '{vpc}': '{}'",
                    list(&elsewhere)
                ));
            }
            let idle = which(&|instance| instance.status.state != "running");
            if !idle.is_empty() {
                return refused(format!(
                    "The following targets are not in a running state and cannot be registered: '{}'",
                    list(&idle)
                ));
            }
        }
        "ip" => {
            for wanted in named {
                check_address(region, vpc, wanted)?;
            }
        }
        "lambda" => {
            let plain = |wanted: &&Named| !wanted.id.starts_with("arn:aws:lambda:");
            if let Some(wanted) = named.iter().find(plain) {
                return refused(format!("'{}' is not a Lambda function", wanted.id));
            }
        }
        _ => {
            for wanted in named {
                check_arn(&wanted.id, "loadbalancer/app/", "load balancer")?;
                let all = &region.balancers.v2.balancers;
                if !all.iter().any(|balancer| balancer.arn == wanted.id) {
                    return refused(format!("The load balancer '{}' does not exist", wanted.id));
                }
                if wanted.port != group.port {
                    return refused("The port has to be that of the target group".to_owned());
                }
            }
        }
    }
    Ok(())
}

/// An address is in a subnet, whose zone it gets, or is said to be anywhere.
fn check_address(region: &Region, vpc: &str, wanted: &mut Named) -> Result<(), Error> {
    let address: IpAddr = wanted.id.parse().map_err(|_| {
        invalid(format!(
            "The IP address '{}' is not a valid IP address",
            wanted.id
        ))
    })?;
    let subnets = region.network.subnets.iter();
    let subnet = subnets
        .filter(|subnet| subnet.vpc_id == vpc)
        .find(|subnet| Cidr::parse(&subnet.cidr()).is_some_and(|cidr| cidr.holds(address)));
    match subnet {
        Some(subnet) => wanted.zone = Some(subnet.zone.clone()),
        None if wanted.zone.is_none() => {
            return Err(invalid(format!(
                "The Availability Zone is required for IP address '{address}' because it is not in the VPC"
            )));
        }
        None => {}
    }
    Ok(())
}

fn change(
    scope: &mut Scope<'_>,
    params: &Params,
    mut named: Vec<Named>,
    each: impl Fn(&mut Vec<Target>, Named),
) -> Result<String, Error> {
    if scope.half {
        named.truncate(named.len() / 2);
    }
    let lag = scope.common.settings.lag;
    let arn = params.text("TargetGroupArn").unwrap_or_default();
    if let Some(group) = scope.region.balancers.v2.group_mut(arn) {
        group.change(lag, |targets| {
            for wanted in named {
                each(targets, wanted);
            }
        });
    }
    if scope.half {
        return Err(Error::new(
            500,
            "InternalFailure",
            "An internal error has occurred",
        ));
    }
    Ok(String::new())
}
