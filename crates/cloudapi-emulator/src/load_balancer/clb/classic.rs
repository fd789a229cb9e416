//! Classic CLBs, whose targets are instances without ports.

use serde_json::{Value, json};

use super::health::of_target;
use super::model::{Change, Step};
use super::request::{self, Named, find_listener};
use super::{balancer, begin, refuse_if_busy};
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// The most targets in one call.
const MOST_TARGETS: usize = 20;

pub(super) fn register(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let id = id(params);
    balancer(scope, id, false)?;
    let items = params.items("Targets");
    let named: Vec<Named<'_>> = items
        .iter()
        .map(|item| Named {
            weight: item.get("Weight").and_then(Value::as_i64),
            ..instance(item.get("InstanceId").and_then(Value::as_str))
        })
        .collect();
    for (at, one) in named.iter().enumerate() {
        request::check_weight(&format!("Targets.{at}.Weight"), one.weight)?;
    }
    perform(scope, id, "Targets", &named, |scope, one| {
        let clb = &scope.region.balancers.clb;
        let found = clb.balancer(id).ok_or_else(|| super::not_found(id))?;
        one.bind(scope, &found.vpc_id, &found.classic, &key())
    })
}

pub(super) fn deregister(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let id = id(params);
    balancer(scope, id, false)?;
    let ids = params.list("InstanceIds");
    let named: Vec<Named<'_>> = ids.iter().map(|id| instance(Some(id))).collect();
    perform(scope, id, "InstanceIds", &named, |scope, one| {
        let clb = &scope.region.balancers.clb;
        let found = clb.balancer(id).ok_or_else(|| super::not_found(id))?;
        one.change(&found.classic, &key(), Step::Unbind)
    })
}

pub(super) fn listeners(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let balancer = balancer(scope, id(params), false)?;
    let ids = params.list("ListenerIds");
    for id in &ids {
        find_listener(balancer, id)?;
    }
    let (protocol, port) = (params.text("Protocol"), params.number("ListenerPort"));
    let found = balancer.listeners.iter().filter(|listener| {
        (ids.is_empty() || ids.contains(&listener.id.as_str()))
            && protocol.is_none_or(|protocol| protocol == listener.protocol)
            && port.is_none_or(|port| port == listener.port)
            && params.number("Status").is_none_or(|status| status == 1)
    });
    let shown = found.map(|listener| {
        json!({
            "ListenerId": listener.id,
            "ListenerPort": listener.port,
            "InstancePort": listener.instance_port,
            "ListenerName": listener.name,
            // In small letters here, as the service has it.
            "Protocol": listener.protocol.to_lowercase(),
            "SessionExpire": 0,
            "HealthSwitch": i64::from(listener.checks),
            "TimeOut": 2,
            "IntervalTime": 5,
            "HealthNum": 3,
            "UnhealthNum": 3,
            "HttpHash": "",
            "HttpCode": 31,
            "HttpCheckPath": "",
            "SSLMode": "",
            "CertId": "",
            "CertCaId": "",
            "Status": 1,
        })
    });
    Ok(json!({ "Listeners": shown.collect::<Vec<_>>() }))
}

pub(super) fn targets(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let id = id(params);
    balancer(scope, id, false)?;
    let region = &*scope.region;
    let clb = &region.balancers.clb;
    let found = clb.balancer(id).ok_or_else(|| super::not_found(id))?;
    let shown: Vec<Value> = found
        .classic
        .targets
        .iter()
        .map(|target| {
            let instance = region.compute.by_id(&target.instance_id);
            json!({
                "Type": "CVM",
                "InstanceId": target.instance_id,
                "Weight": target.weight,
                "PublicIpAddresses": instance.and_then(|it| it.public_ip.as_ref()).into_iter().collect::<Vec<_>>(),
                "PrivateIpAddresses": [target.address],
                "InstanceName": instance.map(|it| &it.name),
                "RunFlag": instance.map_or(5, |it| run_flag(&it.status.state)),
            })
        })
        .collect();
    scope.region.balancers.clb.pass(id, false);
    Ok(json!({ "Targets": shown }))
}

pub(super) fn health(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let id = id(params);
    let found = balancer(scope, id, false)?;
    let listener = params.text("ListenerId");
    if let Some(listener) = listener {
        find_listener(found, listener)?;
    }
    let region = &*scope.region;
    let clb = &region.balancers.clb;
    let found = clb.balancer(id).ok_or_else(|| super::not_found(id))?;
    let mut shown = Vec::new();
    for of in &found.listeners {
        if listener.is_some_and(|wanted| wanted != of.id) {
            continue;
        }
        for target in &found.classic.targets {
            shown.push(json!({
                "IP": target.address,
                "Port": of.instance_port,
                "ListenerPort": of.port,
                "Protocol": of.protocol,
                "HealthStatus": i64::from(of_target(region, target) == "Alive"),
            }));
        }
    }
    let clb = &mut scope.region.balancers.clb;
    clb.poll_health(|balancer, location| balancer.id == id && location.is_empty());
    clb.pass(id, false);
    Ok(json!({ "HealthList": shown }))
}

fn id(params: &Params) -> &str {
    params.text("LoadBalancerId").unwrap_or_default()
}

/// The place that all listeners share.
fn key() -> (String, String) {
    (String::new(), String::new())
}

/// An instance, whose port the listeners know.
fn instance(id: Option<&str>) -> Named<'_> {
    Named {
        instance: id,
        address: None,
        port: 0,
        weight: None,
        tag: "",
    }
}

fn perform(
    scope: &mut Scope<'_>,
    id: &str,
    list: &str,
    named: &[Named<'_>],
    change: impl Fn(&Scope<'_>, &Named<'_>) -> Result<Change, Error>,
) -> Result<Value, Error> {
    if named.is_empty() {
        return Err(Error::missing(list));
    }
    if named.len() > MOST_TARGETS {
        return Err(request::too_long(list, MOST_TARGETS));
    }
    for (at, one) in named.iter().enumerate() {
        if named[..at]
            .iter()
            .any(|other| other.instance == one.instance)
        {
            return Err(request::duplicate(one));
        }
    }
    refuse_if_busy(scope, id)?;
    let changes: Result<Vec<Change>, Error> = named.iter().map(|one| change(scope, one)).collect();
    begin(scope, id, changes?)
}

/// The number for the state of an instance.
fn run_flag(state: &str) -> i64 {
    match state {
        "RUNNING" => 2,
        "PENDING" => 3,
        "STOPPED" => 4,
        "SHUTDOWN" => 5,
        "TERMINATING" => 6,
        "REBOOTING" => 7,
        "STARTING" => 8,
        "STOPPING" => 9,
        _ => 1,
    }
}
