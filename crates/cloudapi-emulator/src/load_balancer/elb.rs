//! Elastic Load Balancing 2012-06-01: classic load balancers, which know instances by id and no ports of theirs.

use time::OffsetDateTime;

use super::Phase;
use super::elbv2::paged;
use crate::aws::xml::Xml;
use crate::aws::{Error, Handler, Params};
use crate::clock;
use crate::fixtures;
use crate::world::{Region, Scope, TargetEntry};

/// This family's actions.
pub(crate) const ACTIONS: &[(&str, Handler)] = &[
    ("DeregisterInstancesFromLoadBalancer", deregister),
    ("DescribeInstanceHealth", describe_health),
    ("DescribeLoadBalancers", describe),
    ("RegisterInstancesWithLoadBalancer", register),
];

/// A classic load balancer.
#[derive(Debug)]
pub(crate) struct Balancer {
    pub(crate) name: String,
    vpc_id: String,
    /// Zone and subnet.
    zones: Vec<(String, String)>,
    /// Its port, and the instances'.
    listeners: Vec<(i64, i64)>,
    instances: Vec<(String, Phase)>,
    created: OffsetDateTime,
}

impl Balancer {
    pub(crate) fn new(region: &str, created: OffsetDateTime) -> Self {
        let [a, b, _] = fixtures::aws_zones(region);
        Self {
            name: fixtures::AWS_CLASSIC_LOAD_BALANCER.to_owned(),
            vpc_id: fixtures::AWS_VPC.to_owned(),
            zones: vec![
                (a, fixtures::AWS_SUBNET.to_owned()),
                (b, fixtures::AWS_SUBNET_B.to_owned()),
            ],
            listeners: vec![(80, 8080), (443, 8443)],
            instances: Vec::new(),
            created,
        }
    }

    pub(crate) fn phases_of(&mut self, id: &str) -> Vec<&mut Phase> {
        self.instances
            .iter_mut()
            .filter(|(found, _)| found == id)
            .map(|(_, phase)| phase)
            .collect()
    }

    /// The instances as they really are.
    pub(crate) fn entries(&self, region: &Region) -> Vec<TargetEntry> {
        self.instances
            .iter()
            .map(|(id, _)| TargetEntry {
                id: id.clone(),
                port: None,
                weight: None,
                state: self.health(region, id).0.to_owned(),
            })
            .collect()
    }

    fn registered(&self) -> impl Iterator<Item = &str> {
        self.instances
            .iter()
            .filter(|(_, phase)| !phase.is_draining())
            .map(|(id, _)| id.as_str())
    }

    /// State, reason code, description.
    fn health(&self, region: &Region, id: &str) -> (&str, &'static str, &'static str) {
        let found = self.instances.iter().find(|(found, _)| found == id);
        let Some((_, phase)) = found else {
            return (
                "OutOfService",
                "Instance",
                "Instance is not currently registered with the LoadBalancer.",
            );
        };
        if phase.is_draining() {
            let description = "Instance deregistration currently in progress.";
            return ("InService", "N/A", description);
        }
        let state = region.compute.by_id(id).map(|it| &*it.status.state);
        match (state, phase) {
            (Some("pending"), _) => ("OutOfService", "Instance", "Instance is in pending state."),
            (Some("stopping" | "stopped"), _) => {
                ("OutOfService", "Instance", "Instance is in stopped state.")
            }
            (_, Phase::Initial(_)) => (
                "OutOfService",
                "ELB",
                "Instance registration is still in progress.",
            ),
            (_, Phase::Settled(state)) => match &**state {
                "InService" => ("InService", "N/A", "N/A"),
                "Unknown" => (
                    "Unknown",
                    "ELB",
                    "A transient error occurred. Please try again later.",
                ),
                other => (
                    other,
                    "Instance",
                    "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
                ),
            },
            (_, Phase::Draining(_)) => ("InService", "N/A", "N/A"),
        }
    }
}

fn describe(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let names = params.list("LoadBalancerNames");
    let all = &scope.region.balancers.classic;
    for name in &names {
        find(scope, name)?;
    }
    let found: Vec<&Balancer> = all
        .iter()
        .filter(|balancer| names.is_empty() || names.contains(&balancer.name.as_str()))
        .collect();
    let (found, next) = paged(scope, params, found)?;
    let mut xml = Xml::default();
    xml.members("LoadBalancerDescriptions", found, |xml, balancer| {
        xml.text("LoadBalancerName", &balancer.name);
        let host = format!(
            "{}-1234567890.{}.elb.amazonaws.com",
            balancer.name, scope.region.name
        );
        xml.text("DNSName", host);
        xml.members(
            "ListenerDescriptions",
            &balancer.listeners,
            |xml, (port, to)| {
                xml.node("Listener", |xml| {
                    xml.text("Protocol", "TCP");
                    xml.text("LoadBalancerPort", port);
                    xml.text("InstanceProtocol", "TCP");
                    xml.text("InstancePort", to);
                });
                xml.node("PolicyNames", |_| {});
            },
        );
        xml.texts(
            "AvailabilityZones",
            balancer.zones.iter().map(|(zone, _)| zone),
        );
        xml.texts("Subnets", balancer.zones.iter().map(|(_, subnet)| subnet));
        xml.text("VPCId", &balancer.vpc_id);
        write_instances(xml, balancer);
        xml.node("HealthCheck", |xml| {
            xml.text("Target", "TCP:8080");
            xml.text("Interval", 30);
            xml.text("Timeout", 5);
            xml.text("UnhealthyThreshold", 2);
            xml.text("HealthyThreshold", 10);
        });
        xml.texts("SecurityGroups", [fixtures::AWS_SECURITY_GROUP]);
        xml.text("CreatedTime", clock::iso_millis(balancer.created));
        xml.text("Scheme", "internet-facing");
    });
    xml.optional("NextMarker", next);
    Ok(xml.finish())
}

fn describe_health(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let balancer = named(scope, params)?;
    let name = balancer.name.clone();
    let asked = instances(params);
    let region = &*scope.region;
    if let Some(unknown) = asked.iter().find(|id| region.compute.by_id(id).is_none()) {
        return Err(no_instance(unknown));
    }
    let all = balancer.instances.iter().map(|(id, _)| id.clone());
    let shown: Vec<String> = if asked.is_empty() {
        all.filter(|id| is_listed(region, id)).collect()
    } else {
        asked.clone()
    };
    let mut xml = Xml::default();
    xml.members("InstanceStates", &shown, |xml, id| {
        let (state, reason, description) = balancer.health(region, id);
        xml.text("InstanceId", id);
        xml.text("State", state);
        xml.text("ReasonCode", reason);
        xml.text("Description", description);
    });
    let mut classic = scope.region.balancers.classic.iter_mut();
    if let Some(balancer) = classic.find(|it| it.name == name) {
        balancer
            .instances
            .retain_mut(|(id, phase)| !shown.contains(id) || phase.poll("InService"));
    }
    Ok(xml.finish())
}

fn register(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let balancer = named(scope, params)?;
    for id in some_instances(params)? {
        let instance = scope.region.compute.by_id(&id);
        let instance = instance
            .filter(|it| it.status.state != "terminated")
            .ok_or_else(|| no_instance(&id))?;
        if instance.vpc_id != balancer.vpc_id {
            let message = format!("EC2 instance '{id}' is not in the same VPC as ELB.");
            return Err(Error::client("InvalidInstance", message));
        }
    }
    let polls = scope.common.settings.transition_polls;
    change(scope, params, |instances, id| {
        match instances.iter_mut().find(|(found, _)| *found == id) {
            Some((_, phase)) => {
                if phase.is_draining() {
                    *phase = Phase::begin(polls, "InService");
                }
            }
            None => instances.push((id, Phase::begin(polls, "InService"))),
        }
    })
}

fn deregister(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    named(scope, params)?;
    for id in some_instances(params)? {
        if scope.region.compute.by_id(&id).is_none() {
            return Err(no_instance(&id));
        }
    }
    let polls = scope.common.settings.transition_polls;
    change(scope, params, |instances, id| {
        instances.retain_mut(|(found, phase)| {
            let meant = *found == id;
            if meant && !phase.is_draining() {
                *phase = Phase::Draining(polls);
            }
            !meant || *phase != Phase::Draining(0)
        });
    })
}

/// Changes what is registered, and answers with all that is registered then.
fn change(
    scope: &mut Scope<'_>,
    params: &Params,
    each: impl Fn(&mut Vec<(String, Phase)>, String),
) -> Result<String, Error> {
    let mut ids = instances(params);
    if scope.half {
        ids.truncate(ids.len() / 2);
    }
    let name = params.text("LoadBalancerName").unwrap_or_default();
    let mut classic = scope.region.balancers.classic.iter_mut();
    let mut xml = Xml::default();
    if let Some(balancer) = classic.find(|it| it.name == name) {
        for id in ids {
            each(&mut balancer.instances, id);
        }
        write_instances(&mut xml, balancer);
    }
    if scope.half {
        let message = "An internal error has occurred";
        return Err(Error::new(500, "InternalFailure", message));
    }
    Ok(xml.finish())
}

fn write_instances(xml: &mut Xml, balancer: &Balancer) {
    xml.members("Instances", balancer.registered(), |xml, id| {
        xml.text("InstanceId", id);
    });
}

fn named<'a>(scope: &'a Scope<'_>, params: &Params) -> Result<&'a Balancer, Error> {
    find(scope, params.text("LoadBalancerName").unwrap_or_default())
}

fn find<'a>(scope: &'a Scope<'_>, name: &str) -> Result<&'a Balancer, Error> {
    let all = &scope.region.balancers.classic;
    all.iter().find(|it| it.name == name).ok_or_else(|| {
        let message = format!("There is no ACTIVE Load Balancer named '{name}'");
        Error::client("LoadBalancerNotFound", message)
    })
}

fn instances(params: &Params) -> Vec<String> {
    let items = params.items("Instances").into_iter();
    items
        .filter_map(|item| item.text("InstanceId"))
        .map(str::to_owned)
        .collect()
}

fn some_instances(params: &Params) -> Result<Vec<String>, Error> {
    let ids = instances(params);
    if ids.is_empty() {
        return Err(Error::client(
            "ValidationError",
            "At least one instance must be specified",
        ));
    }
    Ok(ids)
}

/// Terminated instances are left out.
fn is_listed(region: &Region, id: &str) -> bool {
    let instance = region.compute.by_id(id);
    instance.is_some_and(|it| it.status.state != "terminated")
}

fn no_instance(id: &str) -> Error {
    let message = format!("Could not find EC2 instance {id}.");
    Error::client("InvalidInstance", message)
}
