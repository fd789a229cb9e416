//! DescribeTargetHealth.

use serde_json::{Value, json};

use super::balancer;
use super::model::{Listener, Place, Target};
use super::request::too_long;
use crate::load_balancer::Phase;
use crate::tencent::{Error, Params};
use crate::world::{Region, Scope, TargetEntry};

/// The most CLBs in one call.
const MOST_BALANCERS: usize = 30;

pub(super) fn describe(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let ids = params.list("LoadBalancerIds");
    if ids.is_empty() {
        return Err(Error::missing("LoadBalancerIds"));
    }
    if ids.len() > MOST_BALANCERS {
        return Err(too_long("LoadBalancerIds", MOST_BALANCERS));
    }
    for id in &ids {
        balancer(scope, id, true)?;
    }
    let (listeners, locations) = (params.list("ListenerIds"), params.list("LocationIds"));
    let among = |list: &[&str], id: &str| list.is_empty() || list.contains(&id);
    let region = &*scope.region;
    let balancers = region.balancers.clb.balancers.iter();
    let shown: Vec<Value> = balancers
        .filter(|balancer| ids.contains(&balancer.id.as_str()))
        .map(|balancer| {
            let found = balancer
                .listeners
                .iter()
                .filter(|listener| among(&listeners, &listener.id));
            let found = found.map(|listener| {
                let places = listener.places.iter();
                let rules = places
                    .filter(|place| among(&locations, &place.location))
                    .map(|place| render(region, listener, place));
                json!({
                    "ListenerId": listener.id,
                    "ListenerName": listener.name,
                    "Protocol": listener.protocol,
                    "Port": listener.port,
                    "Rules": rules.collect::<Vec<_>>(),
                })
            });
            json!({
                "LoadBalancerId": balancer.id,
                "LoadBalancerName": balancer.name,
                "Listeners": found.collect::<Vec<_>>(),
            })
        })
        .collect();
    let clb = &mut scope.region.balancers.clb;
    clb.poll_health(|balancer, location| {
        let of = |listener: &&Listener| {
            among(&listeners, &listener.id)
                && listener.places.iter().any(|it| it.location == location)
        };
        ids.contains(&balancer.id.as_str())
            && among(&locations, location)
            && balancer.listeners.iter().any(|listener| of(&listener))
    });
    for id in ids {
        clb.pass(id, false);
    }
    Ok(json!({ "LoadBalancers": shown }))
}

/// A rule, or a listener of layer 4 as if it were one.
fn render(region: &Region, listener: &Listener, place: &Place) -> Value {
    let targets = place.targets.iter().map(|target| {
        let detail = detail(region, listener, target);
        json!({
            "IP": target.address,
            "Port": target.port,
            "HealthStatus": detail == "Alive",
            "TargetId": target.instance_id,
            "HealthStatusDetail": detail,
            // The misspelt twin is the service's.
            "HealthStatusDetial": detail,
            "TargetGroupId": null,
            "Weight": target.weight,
        })
    });
    json!({
        "LocationId": place.location,
        "Domain": place.rule.map(|(domain, _)| domain),
        "Url": place.rule.map(|(_, url)| url),
        "RuleId": null,
        "Targets": targets.collect::<Vec<_>>(),
    })
}

/// The targets of a listener, rule or classic CLB by its id, as they really are.
pub(crate) fn entries(region: &Region, group: &str) -> Option<Vec<TargetEntry>> {
    let mut found = false;
    let mut entries = Vec::new();
    let clb = &region.balancers.clb;
    for balancer in &clb.balancers {
        for listener in &balancer.listeners {
            for place in &listener.places {
                if balancer.forward && (listener.id == group || place.location == group) {
                    found = true;
                    entries.extend(
                        place
                            .targets
                            .iter()
                            .map(|target| entry(target, detail(region, listener, target))),
                    );
                }
            }
        }
        if !balancer.forward && balancer.id == group {
            found = true;
            let classic = balancer.classic.targets.iter();
            entries.extend(classic.map(|target| entry(target, of_target(region, target))));
        }
    }
    let gone = |entry: &TargetEntry| {
        entry.id.starts_with("ins-") && region.compute.by_id(&entry.id).is_none()
    };
    entries.retain(|entry| !gone(entry));
    found.then_some(entries)
}

fn entry(target: &Target, state: &str) -> TargetEntry {
    let id = if target.instance_id.is_empty() {
        &target.address
    } else {
        &target.instance_id
    };
    TargetEntry {
        id: id.clone(),
        port: u16::try_from(target.port).ok().filter(|port| *port > 0),
        weight: Some(target.weight),
        state: state.to_owned(),
    }
}

/// `Alive`, `Dead`, `Unknown` before the first checks are done, `Close` where nothing is checked.
fn detail<'a>(region: &Region, listener: &Listener, target: &'a Target) -> &'a str {
    if listener.checks {
        of_target(region, target)
    } else {
        "Close"
    }
}

/// The health of a target that is checked.
pub(super) fn of_target<'a>(region: &Region, target: &'a Target) -> &'a str {
    let instance = region.compute.by_id(&target.instance_id);
    if instance.is_some_and(|it| it.status.state != "RUNNING") {
        return "Dead";
    }
    match &target.phase {
        Phase::Settled(state) => state,
        Phase::Initial(_) | Phase::Draining(_) => "Unknown",
    }
}
