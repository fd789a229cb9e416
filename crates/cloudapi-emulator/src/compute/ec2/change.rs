//! StartInstances, StopInstances, RebootInstances, TerminateInstances: one bad id or state, and nothing is done.

use std::collections::HashSet;

use super::{render, resolve};
use crate::aws::xml::Xml;
use crate::aws::{Error, Params, stop_if_dry_run};
use crate::compute::{End, Instance, Status};
use crate::world::Scope;

/// The most ids that TerminateInstances takes.
const MOST_IDS: usize = 1000;

/// What is to become of an instance: the state it goes to, and the one that this ends in; `None` leaves it.
type Step = Option<(Status, Option<End>)>;

pub(super) fn start(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    perform(scope, params, "started", |instance| {
        match &*instance.status.state {
            "pending" | "running" => Ok(None),
            "stopped" => Ok(Some((
                Status::new("pending"),
                Some(End::Becomes(Status::new("running"))),
            ))),
            _ => Err(()),
        }
    })
}

pub(super) fn stop(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let hibernate = params.flag("Hibernate");
    let ids = params.list("InstanceId");
    let numbers = resolve(&scope.region.compute, &ids, |_| true)?;
    for instance in numbers
        .iter()
        .filter_map(|number| scope.region.compute.get(*number))
    {
        let id = &instance.id;
        if instance.stop_protected {
            let message = format!(
                "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
            );
            return Err(Error::client("OperationNotPermitted", message));
        }
        if hibernate && !instance.hibernation {
            let message = format!(
                "Unsupported hibernation configuration: instance '{id}' was not launched with hibernation enabled"
            );
            return Err(Error::client("UnsupportedOperation", message));
        }
        if instance.charge_type == "spot" {
            let message = format!(
                "You can't stop the Spot Instance '{id}' because it is associated with a one-time Spot Instance request."
            );
            return Err(Error::client("UnsupportedOperation", message));
        }
    }
    let code = if hibernate {
        "Client.UserInitiatedHibernate"
    } else {
        "Client.UserInitiatedShutdown"
    };
    perform(scope, params, "stopped", |instance| {
        match &*instance.status.state {
            "stopping" | "stopped" => Ok(None),
            "running" => {
                let with_reason = |state: &'static str| Status {
                    reason: Some(by_user(code)),
                    ..Status::new(state)
                };
                Ok(Some((
                    with_reason("stopping"),
                    Some(End::Becomes(with_reason("stopped"))),
                )))
            }
            _ => Err(()),
        }
    })
}

pub(super) fn reboot(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    resolve(&scope.region.compute, &params.list("InstanceId"), |_| true)?;
    stop_if_dry_run(params)?;
    // No state changes, and instances that have ended are passed over.
    let mut xml = Xml::default();
    xml.text("return", true);
    Ok(xml.finish())
}

pub(super) fn terminate(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let ids = params.list("InstanceId");
    if ids.len() > MOST_IDS {
        let message = format!("At most {MOST_IDS} instances can be terminated in one request");
        return Err(Error::client("InvalidParameterValue", message));
    }
    let numbers = resolve(&scope.region.compute, &ids, |_| true)?;
    let instances = numbers
        .iter()
        .filter_map(|number| scope.region.compute.get(*number));
    let protected: Vec<&Instance> = instances.filter(|instance| instance.protected).collect();
    let zones: HashSet<String> = protected
        .iter()
        .map(|instance| instance.zone.clone())
        .collect();
    let refusal = protected.first().map(|instance| {
        let message = format!(
            "The instance '{}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
            instance.id
        );
        Error::client("OperationNotPermitted", message)
    });
    let now = scope.now;
    let answer = perform(scope, params, "terminated", |instance| {
        if zones.contains(&instance.zone) {
            return Ok(None);
        }
        let with_reason = |state: &'static str| Status {
            reason: Some(by_user("Client.UserInitiatedShutdown")),
            ..Status::new(state)
        };
        let end = Status {
            ended: Some(now),
            ..with_reason("terminated")
        };
        Ok(match &*instance.status.state {
            "shutting-down" | "terminated" => None,
            "stopped" => Some((end, None)),
            _ => Some((with_reason("shutting-down"), Some(End::Becomes(end)))),
        })
    })?;
    // Instances in zones without a protected one have gone all the same.
    refusal.map_or(Ok(answer), Err)
}

/// Decides for all, then does it for all.
fn perform(
    scope: &mut Scope<'_>,
    params: &Params,
    done: &str,
    decide: impl Fn(&Instance) -> Result<Step, ()>,
) -> Result<String, Error> {
    let ids = params.list("InstanceId");
    let numbers = resolve(&scope.region.compute, &ids, |_| true)?;
    let mut steps = Vec::with_capacity(numbers.len());
    for number in numbers {
        let Some(instance) = scope.region.compute.get(number) else {
            continue;
        };
        let step = decide(instance).map_err(|()| {
            let message = format!(
                "The instance '{}' is not in a state from which it can be {done}.",
                instance.id
            );
            Error::client("IncorrectInstanceState", message)
        })?;
        steps.push((number, step));
    }
    stop_if_dry_run(params)?;
    let all = steps.len();
    if scope.half {
        steps.truncate(all / 2);
    }
    let mut changes = Vec::with_capacity(all);
    for (number, step) in steps {
        let Some(instance) = scope.region.compute.get(number) else {
            continue;
        };
        let (id, previous) = (instance.id.clone(), instance.status.state.clone());
        let current = step
            .as_ref()
            .map_or_else(|| previous.clone(), |(status, _)| status.state.clone());
        if let Some((status, end)) = step {
            scope
                .region
                .compute
                .change(scope.common.settings, number, status, end);
        }
        changes.push((id, current, previous));
    }
    if scope.half {
        return Err(Error::internal());
    }
    let mut xml = Xml::default();
    xml.list("instancesSet", changes, |xml, (id, current, previous)| {
        xml.text("instanceId", id);
        render::state(xml, "currentState", &current);
        render::state(xml, "previousState", &previous);
    });
    Ok(xml.finish())
}

fn by_user(code: &str) -> (String, String) {
    let what = if code.ends_with("Hibernate") {
        "hibernate"
    } else {
        "shutdown"
    };
    (code.to_owned(), format!("{code}: User initiated {what}"))
}
