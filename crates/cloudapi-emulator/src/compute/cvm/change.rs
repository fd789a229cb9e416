//! Start, stop, reboot, terminate, and the attributes that can be set: refused for one, nothing is done for any.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{resolve, wrong_state};
use crate::compute::model::Operation;
use crate::compute::{End, Instance, Status};
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// Where an operation takes an instance.
struct Path {
    through: Cow<'static, str>,
    end: Finish,
}

enum Finish {
    State(Cow<'static, str>),
    Gone,
}

pub(super) fn start(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let path = || Path {
        through: "STARTING".into(),
        end: Finish::State("RUNNING".into()),
    };
    perform(
        scope,
        params,
        "StartInstances",
        &["STOPPED"],
        |_| path(),
        |_, status| status.charging_stopped = false,
    )
}

pub(super) fn stop(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    check_stop_type(params, "ForceStop")?;
    let mode = params.text("StoppedMode").unwrap_or("KEEP_CHARGING");
    if !matches!(mode, "KEEP_CHARGING" | "STOP_CHARGING") {
        return Err(Error::value(
            "StoppedMode",
            "It has to be KEEP_CHARGING or STOP_CHARGING.",
        ));
    }
    let path = || Path {
        through: "STOPPING".into(),
        end: Finish::State("STOPPED".into()),
    };
    // Only what is paid by the hour can be stopped without being charged for; a prepaid one goes on as it was paid.
    let set = |instance: &Instance, status: &mut Status| {
        let hourly = instance.charge_type == "POSTPAID_BY_HOUR";
        status.charging_stopped = mode == "STOP_CHARGING" && hourly;
    };
    perform(
        scope,
        params,
        "StopInstances",
        &["RUNNING"],
        |_| path(),
        set,
    )
}

pub(super) fn reboot(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    check_stop_type(params, "ForceReboot")?;
    let path = || Path {
        through: "REBOOTING".into(),
        end: Finish::State("RUNNING".into()),
    };
    perform(
        scope,
        params,
        "RebootInstances",
        &["RUNNING"],
        |_| path(),
        |_, _| {},
    )
}

pub(super) fn terminate(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let numbers = resolve(&scope.region.compute, &params.list("InstanceIds"))?;
    let instances: Vec<&Instance> = numbers
        .iter()
        .filter_map(|number| scope.region.compute.get(*number))
        .collect();
    if let Some(protected) = instances.iter().find(|instance| instance.protected) {
        let message = format!(
            "The instance `{}` is protected from termination.",
            protected.id
        );
        return Err(Error::new(
            "UnsupportedOperation.InstancesProtected",
            message,
        ));
    }
    if instances
        .windows(2)
        .any(|pair| pair[0].charge_type != pair[1].charge_type)
    {
        let message = "Instances of different charge types cannot be terminated together.";
        return Err(Error::new(
            "UnsupportedOperation.InstanceMixedPricingModel",
            message,
        ));
    }
    let path = |instance: &Instance| {
        // The first call takes a prepaid instance to the recycle bin, where the second finds it.
        if instance.charge_type == "PREPAID" && !instance.status.isolated {
            Path {
                through: "SHUTDOWN".into(),
                end: Finish::State("SHUTDOWN".into()),
            }
        } else {
            Path {
                through: "TERMINATING".into(),
                end: Finish::Gone,
            }
        }
    };
    perform(
        scope,
        params,
        "TerminateInstances",
        &["RUNNING", "STOPPED", "SHUTDOWN"],
        path,
        |_, status| {
            status.isolated = status.isolated || status.state == "SHUTDOWN";
        },
    )
}

pub(super) fn modify_attribute(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let ids = params.list("InstanceIds");
    resolve(&scope.region.compute, &ids)?;
    let name = params.text("InstanceName");
    let protect = params.at("DisableApiTermination").and_then(Value::as_bool);
    if name.is_none() && protect.is_none() {
        return Err(Error::missing("InstanceName"));
    }
    if name.is_some_and(|name| name.chars().count() > 128) {
        return Err(Error::new(
            "InvalidInstanceName.TooLong",
            "The instance name is longer than 128 characters.",
        ));
    }
    for id in ids {
        scope.region.compute.edit(id, |instance| {
            if let Some(name) = name {
                name.clone_into(&mut instance.name);
            }
            instance.protected = protect.unwrap_or(instance.protected);
        });
    }
    Ok(json!({}))
}

fn check_stop_type(params: &Params, old: &str) -> Result<(), Error> {
    let Some(kind) = params.text("StopType") else {
        return Ok(());
    };
    if !matches!(kind, "SOFT" | "SOFT_FIRST" | "HARD") {
        return Err(Error::value(
            "StopType",
            "It has to be SOFT, SOFT_FIRST or HARD.",
        ));
    }
    if params.at(old).is_some() {
        let message = format!("`StopType` and `{old}` cannot be specified together.");
        return Err(Error::new("InvalidParameterCombination", message));
    }
    Ok(())
}

/// Looks whether all may go, then lets all go.
fn perform(
    scope: &mut Scope<'_>,
    params: &Params,
    name: &'static str,
    from: &[&str],
    path: impl Fn(&Instance) -> Path,
    adjust: impl Fn(&Instance, &mut Status),
) -> Result<Value, Error> {
    let mut numbers = resolve(&scope.region.compute, &params.list("InstanceIds"))?;
    for instance in numbers
        .iter()
        .filter_map(|number| scope.region.compute.get(*number))
    {
        if !from.contains(&&*instance.status.state) {
            return Err(wrong_state(instance));
        }
        if instance
            .status
            .operation
            .as_ref()
            .is_some_and(|operation| operation.state == "OPERATING")
        {
            let message = format!("The instance `{}` is being operated on.", instance.id);
            return Err(Error::new(
                "OperationDenied.InstanceOperationInProgress",
                message,
            ));
        }
    }
    if scope.half {
        numbers.truncate(numbers.len() / 2);
    }
    let operation = |state| {
        Some(Operation {
            name,
            state,
            request_id: scope.request_id.to_owned(),
            error: None,
        })
    };
    for number in numbers {
        let Some(instance) = scope.region.compute.get(number) else {
            continue;
        };
        let Path { through, end } = path(instance);
        let mut status = Status {
            state: through,
            operation: operation("OPERATING"),
            ..instance.status.clone()
        };
        adjust(instance, &mut status);
        let end = match end {
            Finish::Gone => End::Gone,
            Finish::State(state) => End::Becomes(Status {
                state,
                operation: operation("SUCCESS"),
                ..status.clone()
            }),
        };
        scope
            .region
            .compute
            .change(scope.common.settings, number, status, Some(end));
    }
    if scope.half {
        Err(Error::internal("cvm"))
    } else {
        Ok(json!({}))
    }
}
