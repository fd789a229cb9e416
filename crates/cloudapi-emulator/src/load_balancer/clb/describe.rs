//! DescribeLoadBalancers, DescribeListeners and DescribeTargets.

use serde_json::{Value, json};

use super::balancer;
use super::model::{Balancer, Listener, Place, Target};
use super::request::{find_listener, too_long};
use crate::clock;
use crate::tencent::filter::Filters;
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// The most CLBs named in one call.
const MOST_BALANCERS: usize = 20;
/// The most listeners named in one call of DescribeListeners.
const MOST_LISTENERS: usize = 100;
/// The most listeners named in one call of DescribeTargets.
const MOST_LISTENERS_OF_TARGETS: usize = 20;
/// The most values of one filter.
const MOST_VALUES: usize = 100;

pub(super) fn load_balancers(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let ids = params.list("LoadBalancerIds");
    if ids.len() > MOST_BALANCERS {
        return Err(too_long("LoadBalancerIds", MOST_BALANCERS));
    }
    let unknown = "InvalidParameter.InvalidFilter";
    let filters = Filters::parse_up_to(params, unknown, MOST_VALUES, |name| {
        matches!(name, "charge-type" | "tag-key" | "vpc-id") || name.starts_with("tag:")
    })?;
    for name in ["Domain", "BackendPublicIps", "SecurityGroup", "MasterZone"] {
        if params.at(name).is_some() {
            return Err(Error::value(name, "There is nothing to compare it with."));
        }
    }
    let fits = |balancer: &&Balancer| {
        let text = |name: &str, fits: &dyn Fn(&str) -> bool| params.text(name).is_none_or(fits);
        let lists = |name: &str, has: &dyn Fn(&str) -> bool| {
            let wanted = params.list(name);
            wanted.is_empty() || wanted.into_iter().any(has)
        };
        let targets = || balancer.places().flat_map(|place| &place.targets);
        let bound = i64::from(targets().next().is_some());
        (ids.is_empty() || ids.contains(&balancer.id.as_str()))
            && params
                .number("Forward")
                .is_none_or(|forward| forward == i64::from(balancer.forward))
            && params
                .number("WithRs")
                .is_none_or(|with| with == -1 || with == bound)
            && params
                .number("ProjectId")
                .is_none_or(|project| project == 0)
            && text("LoadBalancerType", &|kind| kind == "OPEN")
            && text("LoadBalancerName", &|name| balancer.name.contains(name))
            && text("VpcId", &|vpc| balancer.vpc_id == vpc)
            && text("SearchKey", &|key| {
                [&balancer.id, &balancer.name, &balancer.address]
                    .into_iter()
                    .any(|text| text.contains(key))
            })
            && lists("LoadBalancerVips", &|vip| balancer.address == vip)
            && lists("BackendPrivateIps", &|ip| {
                targets().any(|target| target.address == ip)
            })
            && filters.match_all(|name, value| match name {
                "charge-type" => value == "POSTPAID_BY_HOUR",
                "vpc-id" => balancer.vpc_id == value,
                // They have no tags.
                _ => false,
            })
    };
    let mut found: Vec<&Balancer> = scope
        .region
        .balancers
        .clb
        .balancers
        .iter()
        .filter(fits)
        .collect();
    if params.text("OrderBy") == Some("LoadBalancerName") {
        found.sort_by(|one, two| one.name.cmp(&two.name));
    }
    // The newest first, unless asked otherwise.
    if params.number("OrderType") != Some(0) {
        found.reverse();
    }
    let number = |name: &str, default| {
        usize::try_from(params.number(name).unwrap_or(default)).map_err(|_| {
            Error::new(
                "InvalidParameterValue.Range",
                format!("`{name}` is out of range."),
            )
        })
    };
    let (offset, limit) = (number("Offset", 0)?, number("Limit", 20)?);
    if !(1..=100).contains(&limit) {
        let message = "`Limit` has to be 1 to 100.";
        return Err(Error::new("InvalidParameterValue.Range", message));
    }
    let page: Vec<Value> = found
        .iter()
        .skip(offset)
        .take(limit)
        .map(|balancer| render_balancer(balancer))
        .collect();
    Ok(json!({ "TotalCount": found.len(), "LoadBalancerSet": page }))
}

fn render_balancer(balancer: &Balancer) -> Value {
    let created = clock::beijing(balancer.created);
    json!({
        "LoadBalancerId": balancer.id,
        "LoadBalancerName": balancer.name,
        "LoadBalancerType": "OPEN",
        "Forward": i64::from(balancer.forward),
        "Domain": "",
        "LoadBalancerVips": [balancer.address],
        "Status": 1,
        "CreateTime": created,
        "StatusTime": created,
        "ProjectId": 0,
        "VpcId": balancer.vpc_id,
        "OpenBgp": 0,
        "Snat": false,
        "Isolation": 0,
        "Log": null,
        "SubnetId": "",
        "Tags": [],
        "SecureGroups": [],
        "TargetRegionInfo": { "Region": "", "VpcId": balancer.vpc_id },
        "AnycastZone": "",
        "AddressIPVersion": "ipv4",
        "VipIsp": "BGP",
        "MasterZone": null,
        "BackupZoneSet": null,
        "IsolatedTime": null,
        "ExpireTime": null,
        "ChargeType": "POSTPAID_BY_HOUR",
        "NetworkAttributes": { "InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR", "InternetMaxBandwidthOut": 10 },
        "PrepaidAttributes": null,
        "AddressIPv6": null,
        "Zones": null,
    })
}

pub(super) fn listeners(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let balancer = balancer(
        scope,
        params.text("LoadBalancerId").unwrap_or_default(),
        true,
    )?;
    let found = select(balancer, params, MOST_LISTENERS)?;
    let shown: Vec<Value> = found
        .iter()
        .map(|listener| {
            let rules = listener.has_rules().then(|| {
                let rules = listener.places.iter();
                rules
                    .map(|place| render_rule(listener, place))
                    .collect::<Vec<_>>()
            });
            json!({
                "ListenerId": listener.id,
                "ListenerName": listener.name,
                "Protocol": listener.protocol,
                "Port": listener.port,
                "EndPort": 0,
                "Certificate": null,
                "HealthCheck": health_check(listener),
                "Scheduler": if listener.has_rules() { Value::Null } else { Value::from("WRR") },
                "SessionExpireTime": 0,
                "SniSwitch": 0,
                "Rules": rules,
                "CreateTime": clock::beijing(balancer.created),
                "TargetType": "NODE",
                "TargetGroup": null,
                "SessionType": "NORMAL",
                "TargetGroupList": null,
            })
        })
        .collect();
    Ok(json!({ "TotalCount": shown.len(), "Listeners": shown }))
}

fn render_rule(listener: &Listener, place: &Place) -> Value {
    let (domain, url) = place.rule.unwrap_or_default();
    json!({
        "LocationId": place.location,
        "Domain": domain,
        "Domains": [domain],
        "Url": url,
        "ListenerId": listener.id,
        "SessionExpireTime": 0,
        "HealthCheck": health_check(listener),
        "Certificate": null,
        "Scheduler": "WRR",
        "RewriteTarget": { "TargetListenerId": null, "TargetLocationId": null },
        "DefaultServer": false,
        "Http2": false,
        "ForwardType": "HTTP",
        "TargetType": "NODE",
        "TargetGroup": null,
    })
}

fn health_check(listener: &Listener) -> Value {
    json!({ "HealthSwitch": i64::from(listener.checks), "TimeOut": 2, "IntervalTime": 5, "HealthNum": 3, "UnHealthNum": 3 })
}

pub(super) fn targets(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let id = params.text("LoadBalancerId").unwrap_or_default();
    balancer(scope, id, true)?;
    let unknown = "InvalidParameter.InvalidFilter";
    let filters = Filters::parse_up_to(params, unknown, MOST_VALUES, |name| {
        matches!(name, "location-id" | "private-ip-address" | "tag")
    })?;
    let region = &*scope.region;
    let clb = &region.balancers.clb;
    let found = clb.balancer(id).ok_or_else(|| super::not_found(id))?;
    let found = select(found, params, MOST_LISTENERS_OF_TARGETS)?;
    let backends = |place: &Place| -> Vec<Value> {
        let fits = |target: &&Target| {
            filters.match_all(|name, value| match name {
                "location-id" => place.rule.is_some() && place.location == value,
                "private-ip-address" => target.address == value,
                _ => target.tag == value,
            })
        };
        let targets = place.targets.iter().filter(fits);
        targets
            .map(|target| {
                let instance = region.compute.by_id(&target.instance_id);
                json!({
                    "Type": if target.by_address { "ENI" } else { "CVM" },
                    "InstanceId": target.instance_id,
                    "Port": target.port,
                    "Weight": target.weight,
                    "PublicIpAddresses": instance.and_then(|it| it.public_ip.as_ref()).map(|ip| vec![ip]),
                    "PrivateIpAddresses": [target.address],
                    "InstanceName": instance.map(|it| &it.name),
                    "RegisteredTime": clock::beijing(target.registered),
                    "EniId": null,
                    "Tag": target.tag,
                    "Zone": instance.map(|it| &it.zone),
                })
            })
            .collect()
    };
    let shown: Vec<Value> = found
        .iter()
        .map(|listener| {
            let rules = listener.places.iter().map(|place| {
                let (domain, url) = place.rule.unwrap_or_default();
                json!({
                    "LocationId": place.location,
                    "Domain": domain,
                    "Url": url,
                    "Targets": backends(place),
                    "FunctionTargets": [],
                })
            });
            let rules = listener.has_rules().then(|| rules.collect::<Vec<_>>());
            let own = listener.places.first().filter(|_| !listener.has_rules());
            json!({
                "ListenerId": listener.id,
                "Protocol": listener.protocol,
                "Port": listener.port,
                "EndPort": 0,
                "Rules": rules,
                "Targets": own.map(backends),
            })
        })
        .collect();
    scope.region.balancers.clb.pass(id, false);
    Ok(json!({ "Listeners": shown }))
}

/// The listeners that a call asks for.
fn select<'a>(
    balancer: &'a Balancer,
    params: &Params,
    most: usize,
) -> Result<Vec<&'a Listener>, Error> {
    let ids = params.list("ListenerIds");
    if ids.len() > most {
        return Err(too_long("ListenerIds", most));
    }
    for id in &ids {
        find_listener(balancer, id)?;
    }
    let (protocol, port) = (params.text("Protocol"), params.number("Port"));
    let found = balancer.listeners.iter().filter(|listener| {
        (ids.is_empty() || ids.contains(&listener.id.as_str()))
            && protocol.is_none_or(|protocol| protocol == listener.protocol)
            && port.is_none_or(|port| port == listener.port)
    });
    Ok(found.collect())
}
