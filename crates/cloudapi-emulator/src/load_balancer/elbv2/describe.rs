//! Load balancers, target groups, listeners and rules as the service shows them.

use super::model::{Action, Balancer, Group, Listener};
use super::{check_arn, group, invalid, missing, paged};
use crate::aws::xml::Xml;
use crate::aws::{Error, Params};
use crate::clock;
use crate::fixtures::{AWS_SECURITY_GROUP, suffix};
use crate::world::Scope;

/// The most load balancers named in one call.
const MOST_NAMED: usize = 20;

pub(super) fn load_balancers(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let (arns, names) = (params.list("LoadBalancerArns"), params.list("Names"));
    if !arns.is_empty() && !names.is_empty() {
        return Err(invalid(
            "Load balancer names and load balancer ARNs cannot be specified at the same time",
        ));
    }
    if arns.len().max(names.len()) > MOST_NAMED {
        return Err(invalid(format!(
            "At most {MOST_NAMED} load balancers can be specified"
        )));
    }
    for arn in &arns {
        check_arn(arn, "loadbalancer/", "load balancer")?;
    }
    let all = &scope.region.balancers.v2.balancers;
    if arns
        .iter()
        .any(|arn| !all.iter().any(|balancer| balancer.arn == *arn))
    {
        return Err(missing("LoadBalancer", "load balancers"));
    }
    let unknown: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !all.iter().any(|balancer| balancer.name == *name))
        .collect();
    if !unknown.is_empty() {
        let message = format!("Load balancers '[{}]' not found", unknown.join(", "));
        return Err(Error::client("LoadBalancerNotFound", message));
    }
    let found: Vec<&Balancer> = all
        .iter()
        .filter(|balancer| {
            arns.is_empty() && names.is_empty()
                || arns.contains(&balancer.arn.as_str())
                || names.contains(&balancer.name.as_str())
        })
        .collect();
    let (found, next) = paged(scope, params, found)?;
    let mut xml = Xml::default();
    xml.members("LoadBalancers", found, |xml, balancer| {
        let tail = suffix(&balancer.name);
        let host = format!(
            "{}-{}.{}.elb.amazonaws.com",
            balancer.name,
            &tail[..10],
            scope.region.name
        );
        xml.text("LoadBalancerArn", &balancer.arn);
        xml.text("DNSName", host);
        xml.text("CanonicalHostedZoneId", "Z2P70J7EXAMPLE");
        xml.text("CreatedTime", clock::iso_millis(balancer.created));
        xml.text("LoadBalancerName", &balancer.name);
        if balancer.kind != "gateway" {
            xml.text("Scheme", "internet-facing");
        }
        xml.text("VpcId", &balancer.vpc_id);
        xml.node("State", |xml| xml.text("Code", "active"));
        xml.text("Type", balancer.kind);
        xml.members(
            "AvailabilityZones",
            &balancer.zones,
            |xml, (zone, subnet)| {
                xml.text("ZoneName", zone);
                xml.text("SubnetId", subnet);
                xml.node("LoadBalancerAddresses", |_| {});
            },
        );
        if balancer.kind == "application" {
            xml.texts("SecurityGroups", [AWS_SECURITY_GROUP]);
        }
        xml.text("IpAddressType", "ipv4");
    });
    xml.optional("NextMarker", next);
    Ok(xml.finish())
}

pub(super) fn target_groups(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let balancer = params.text("LoadBalancerArn");
    let (arns, names) = (params.list("TargetGroupArns"), params.list("Names"));
    let ways = [balancer.is_some(), !arns.is_empty(), !names.is_empty()];
    if ways.into_iter().filter(|given| *given).count() > 1 {
        return Err(invalid(
            "Only one of a load balancer ARN, target group ARNs and target group names can be specified",
        ));
    }
    let v2 = &scope.region.balancers.v2;
    if let Some(arn) = balancer {
        check_balancer(scope, arn)?;
    }
    for arn in &arns {
        check_arn(arn, "targetgroup/", "target group")?;
    }
    let known = |wanted: &&str| v2.group(wanted).is_some();
    if !arns.iter().chain(&names).all(known) {
        return Err(missing("TargetGroup", "target groups"));
    }
    let found: Vec<(&Group, Vec<&str>)> = v2
        .groups
        .iter()
        .map(|group| {
            let users = v2.users_of(&group.arn);
            (group, users.into_iter().map(|it| it.arn.as_str()).collect())
        })
        .filter(|(group, users): &(&Group, Vec<&str>)| match balancer {
            Some(arn) => users.contains(&arn),
            None => {
                arns.is_empty() && names.is_empty()
                    || arns.contains(&group.arn.as_str())
                    || names.contains(&group.name.as_str())
            }
        })
        .collect();
    let (found, next) = paged(scope, params, found)?;
    let mut xml = Xml::default();
    xml.members("TargetGroups", found, |xml, (group, users)| {
        let lambda = group.kind == "lambda";
        xml.text("TargetGroupArn", &group.arn);
        xml.text("TargetGroupName", &group.name);
        xml.optional("Protocol", group.protocol);
        xml.optional("Port", group.port);
        xml.optional("VpcId", group.vpc_id.as_ref());
        if !lambda {
            let check = if matches!(group.protocol, Some("HTTP")) {
                "HTTP"
            } else {
                "TCP"
            };
            xml.text("HealthCheckProtocol", check);
            xml.text("HealthCheckPort", "traffic-port");
        }
        xml.text("HealthCheckEnabled", !lambda);
        xml.text("HealthCheckIntervalSeconds", 30);
        xml.text("HealthCheckTimeoutSeconds", 5);
        xml.text("HealthyThresholdCount", 5);
        xml.text("UnhealthyThresholdCount", 2);
        if matches!(group.protocol, Some("HTTP")) {
            xml.text("HealthCheckPath", "/");
            xml.node("Matcher", |xml| xml.text("HttpCode", "200"));
            xml.text("ProtocolVersion", "HTTP1");
        }
        xml.texts("LoadBalancerArns", users);
        xml.text("TargetType", group.kind);
        xml.text("IpAddressType", "ipv4");
    });
    xml.optional("NextMarker", next);
    Ok(xml.finish())
}

pub(super) fn listeners(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let arns = params.list("ListenerArns");
    let balancer = params.text("LoadBalancerArn");
    let all = &scope.region.balancers.v2.listeners;
    let found: Vec<&Listener> = match (balancer, arns.is_empty()) {
        (Some(arn), true) => {
            check_balancer(scope, arn)?;
            all.iter()
                .filter(|listener| listener.balancer == arn)
                .collect()
        }
        (None, false) => {
            for arn in &arns {
                check_arn(arn, "listener/", "listener")?;
            }
            let found = arns.iter().map(|arn| find_listener(scope, arn));
            found.collect::<Result<_, Error>>()?
        }
        (None, true) => {
            return Err(invalid(
                "You must specify either listener ARNs or a load balancer ARN",
            ));
        }
        (Some(_), false) => {
            return Err(invalid(
                "A load balancer ARN and listener ARNs cannot be specified at the same time",
            ));
        }
    };
    let (found, next) = paged(scope, params, found)?;
    let mut xml = Xml::default();
    xml.members("Listeners", found, |xml, listener| {
        xml.text("ListenerArn", &listener.arn);
        xml.text("LoadBalancerArn", &listener.balancer);
        xml.optional("Port", listener.port);
        xml.optional("Protocol", listener.protocol);
        actions(xml, "DefaultActions", &listener.action);
    });
    xml.optional("NextMarker", next);
    Ok(xml.finish())
}

/// A rule as it is shown: the default one has neither a number nor a condition.
struct Shown<'a> {
    arn: String,
    priority: Option<u32>,
    path: Option<&'static str>,
    action: &'a Action,
}

pub(super) fn rules(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let arns = params.list("RuleArns");
    let listener = params.text("ListenerArn");
    let found: Vec<Shown<'_>> = match (listener, arns.is_empty()) {
        (Some(arn), true) => {
            check_arn(arn, "listener/", "listener")?;
            rules_of(find_listener(scope, arn)?)
        }
        (None, false) => {
            let all = &scope.region.balancers.v2.listeners;
            let mut rules: Vec<Shown<'_>> = all.iter().flat_map(rules_of).collect();
            if !arns
                .iter()
                .all(|arn| rules.iter().any(|rule| rule.arn == *arn))
            {
                return Err(missing("Rule", "rules"));
            }
            rules.retain(|rule| arns.contains(&rule.arn.as_str()));
            rules
        }
        _ => {
            return Err(invalid(
                "You must specify either rule ARNs or a listener ARN, and not both",
            ));
        }
    };
    let (found, next) = paged(scope, params, found)?;
    let mut xml = Xml::default();
    xml.members("Rules", found, |xml, rule| {
        xml.text("RuleArn", &rule.arn);
        let priority = rule.priority.map(|number| number.to_string());
        xml.text("Priority", priority.as_deref().unwrap_or("default"));
        xml.members("Conditions", rule.path, |xml, path| {
            xml.text("Field", "path-pattern");
            xml.texts("Values", [path]);
            xml.node("PathPatternConfig", |xml| xml.texts("Values", [path]));
        });
        actions(xml, "Actions", rule.action);
        xml.text("IsDefault", rule.priority.is_none());
    });
    xml.optional("NextMarker", next);
    Ok(xml.finish())
}

pub(super) fn attributes(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let group = group(scope, params)?;
    Ok(write_attributes(group))
}

/// The attributes that the emulator knows.
pub(super) fn write_attributes(group: &Group) -> String {
    let mut xml = Xml::default();
    let known = [
        ("deregistration_delay.timeout_seconds", group.delay.as_str()),
        ("stickiness.enabled", "false"),
    ];
    // A function is not drained.
    let known = known.iter().skip(usize::from(group.kind == "lambda"));
    xml.members("Attributes", known, |xml, (key, value)| {
        xml.text("Key", key);
        xml.text("Value", value);
    });
    xml.finish()
}

fn check_balancer(scope: &Scope<'_>, arn: &str) -> Result<(), Error> {
    check_arn(arn, "loadbalancer/", "load balancer")?;
    let all = &scope.region.balancers.v2.balancers;
    if all.iter().any(|balancer| balancer.arn == arn) {
        Ok(())
    } else {
        Err(missing("LoadBalancer", "load balancers"))
    }
}

fn find_listener<'a>(scope: &'a Scope<'_>, arn: &str) -> Result<&'a Listener, Error> {
    let all = &scope.region.balancers.v2.listeners;
    all.iter()
        .find(|listener| listener.arn == arn)
        .ok_or_else(|| missing("Listener", "listeners"))
}

fn rules_of(listener: &Listener) -> Vec<Shown<'_>> {
    let own = listener.rules.iter().map(|rule| Shown {
        arn: rule.arn.clone(),
        priority: Some(rule.priority),
        path: Some(rule.path),
        action: &rule.action,
    });
    let arn = listener.arn.replacen(":listener/", ":listener-rule/", 1);
    let default = Shown {
        arn: format!("{arn}/{}", suffix(&listener.arn)),
        priority: None,
        path: None,
        action: &listener.action,
    };
    own.chain([default]).collect()
}

fn actions(xml: &mut Xml, name: &str, action: &Action) {
    xml.members(name, [action], |xml, action| match action {
        Action::Forward(groups) => {
            xml.text("Type", "forward");
            xml.text("Order", 1);
            // The short form stands beside the long one when there is one group.
            if let [(arn, _)] = &groups[..] {
                xml.text("TargetGroupArn", arn);
            }
            xml.node("ForwardConfig", |xml| {
                xml.members("TargetGroups", groups, |xml, (arn, weight)| {
                    xml.text("TargetGroupArn", arn);
                    xml.text("Weight", weight);
                });
                xml.node("TargetGroupStickinessConfig", |xml| {
                    xml.text("Enabled", false);
                });
            });
        }
        Action::Redirect => {
            xml.text("Type", "redirect");
            xml.text("Order", 1);
            xml.node("RedirectConfig", |xml| {
                xml.text("Protocol", "HTTPS");
                xml.text("Port", "443");
                xml.text("StatusCode", "HTTP_301");
            });
        }
        Action::FixedResponse => {
            xml.text("Type", "fixed-response");
            xml.text("Order", 1);
            xml.node("FixedResponseConfig", |xml| {
                xml.text("StatusCode", "404");
            });
        }
    });
}
