//! DescribeTargetHealth.

use super::model::{Group, Target};
use super::{group, invalid};
use crate::aws::xml::Xml;
use crate::aws::{Error, Params};
use crate::load_balancer::Phase;
use crate::world::{Region, Scope, TargetEntry};

/// State, reason and description; the last two are absent where all is well.
type Health<'a> = (&'a str, Option<&'static str>, Option<String>);

pub(super) fn describe(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let group = group(scope, params)?;
    let arn = group.arn.clone();
    let asked: Vec<(String, Option<i64>)> = params
        .items("Targets")
        .into_iter()
        .map(|item| {
            let id = item.text("Id").filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| invalid("Value at 'targets' is missing an 'id'"))?;
            Ok((id.to_owned(), item.number("Port").or(group.port)))
        })
        .collect::<Result<_, Error>>()?;
    let region = &*scope.region;
    let mut xml = Xml::default();
    let show = |xml: &mut Xml, target: &Target, health: Health<'_>| {
        let (state, reason, description) = health;
        xml.node("Target", |xml| {
            xml.text("Id", &target.id);
            xml.optional("Port", target.port);
            xml.optional("AvailabilityZone", target.zone.as_ref());
        });
        xml.optional("HealthCheckPort", target.port);
        xml.node("TargetHealth", |xml| {
            xml.text("State", state);
            xml.optional("Reason", reason);
            xml.optional("Description", description);
        });
    };
    let shown = group.shown();
    if asked.is_empty() {
        xml.members(
            "TargetHealthDescriptions",
            shown.iter().filter(|target| is_known(region, target)),
            |xml, target| show(xml, target, health(region, group, target)),
        );
    } else {
        xml.members("TargetHealthDescriptions", &asked, |xml, (id, port)| {
            let found = shown
                .iter()
                .find(|target| target.id == *id && target.port == *port);
            if let Some(target) = found {
                show(xml, target, health(region, group, target));
            } else {
                let target = Target {
                    id: id.clone(),
                    port: *port,
                    zone: None,
                    phase: Phase::Settled("unused".into()),
                };
                let description = "Target is not registered to the target group".to_owned();
                let health = ("unused", Some("Target.NotRegistered"), Some(description));
                show(xml, &target, health);
            }
        });
    }
    if let Some(group) = scope.region.balancers.v2.group_mut(&arn) {
        group.poll(|target| {
            asked.is_empty()
                || asked
                    .iter()
                    .any(|(id, port)| target.id == *id && target.port == *port)
        });
    }
    Ok(xml.finish())
}

/// The targets as they really are.
pub(crate) fn entries(region: &Region, group: &Group) -> Vec<TargetEntry> {
    group
        .targets
        .iter()
        .filter(|target| is_known(region, target))
        .map(|target| TargetEntry {
            id: target.id.clone(),
            port: target.port.and_then(|port| u16::try_from(port).ok()),
            weight: None,
            state: health(region, group, target).0.to_owned(),
        })
        .collect()
}

/// Instances that are no longer listed have left their groups.
fn is_known(region: &Region, target: &Target) -> bool {
    !target.id.starts_with("i-") || region.compute.by_id(&target.id).is_some()
}

fn health<'a>(region: &Region, group: &Group, target: &'a Target) -> Health<'a> {
    let unused = |reason, description: &str| ("unused", Some(reason), Some(description.to_owned()));
    if target.phase.is_draining() {
        let description = "Target deregistration is in progress".to_owned();
        return (
            "draining",
            Some("Target.DeregistrationInProgress"),
            Some(description),
        );
    }
    let users = region.balancers.v2.users_of(&group.arn);
    if users.is_empty() {
        return unused(
            "Target.NotInUse",
            "Target group is not configured to receive traffic from the load balancer",
        );
    }
    let instance = region.compute.by_id(&target.id);
    if let Some(instance) = instance {
        let state = &*instance.status.state;
        if matches!(
            state,
            "stopping" | "stopped" | "shutting-down" | "terminated"
        ) {
            let word = if state.starts_with("sto") {
                "stopped"
            } else {
                "terminated"
            };
            let description = format!("Target is in the {word} state");
            return unused("Target.InvalidState", &description);
        }
    }
    let zone = instance.map(|instance| instance.zone.as_str());
    let zone = zone.or(target.zone.as_deref());
    let enabled = |zone: &str| {
        zone == "all"
            || users
                .iter()
                .any(|balancer| balancer.zones.iter().any(|(enabled, _)| enabled == zone))
    };
    if zone.is_some_and(|zone| !enabled(zone)) {
        return unused(
            "Target.NotInUse",
            "Target is in an Availability Zone that is not enabled for the load balancer",
        );
    }
    if group.kind == "lambda" {
        let description = "Health checks are not enabled for this target".to_owned();
        return (
            "unavailable",
            Some("Target.HealthCheckDisabled"),
            Some(description),
        );
    }
    match &target.phase {
        Phase::Settled(state) => {
            let (reason, description) = words(state);
            (state, reason, description.map(str::to_owned))
        }
        Phase::Initial(_) | Phase::Draining(_) => {
            let (reason, description) = words("initial");
            ("initial", reason, description.map(str::to_owned))
        }
    }
}

/// Why a target is in a state, where that is put by hand or is the first one.
fn words(state: &str) -> (Option<&'static str>, Option<&'static str>) {
    match state {
        "initial" => (
            Some("Elb.RegistrationInProgress"),
            Some("Target registration is in progress"),
        ),
        "unhealthy" | "unhealthy.draining" => (
            Some("Target.FailedHealthChecks"),
            Some("Health checks failed"),
        ),
        "draining" => (
            Some("Target.DeregistrationInProgress"),
            Some("Target deregistration is in progress"),
        ),
        "unavailable" => (Some("Elb.InternalError"), Some("Internal error")),
        "unused" => (
            Some("Target.IpUnusable"),
            Some("The target cannot be used as a target"),
        ),
        _ => (None, None),
    }
}
