//! CVM's actions on servers.

mod catalog;
mod change;
mod checks;
mod describe;
mod launch;

use super::{Compute, Instance};
use crate::tencent::{Error, Handler};

/// This family's actions.
pub(crate) const ACTIONS: &[(&str, Handler)] = &[
    ("DescribeImages", catalog::describe_images),
    ("DescribeInstances", describe::describe_instances),
    (
        "DescribeInstancesStatus",
        describe::describe_instances_status,
    ),
    ("DescribeRegions", catalog::describe_regions),
    ("DescribeZones", catalog::describe_zones),
    ("ModifyInstancesAttribute", change::modify_attribute),
    ("RebootInstances", change::reboot),
    ("RunInstances", launch::run),
    ("StartInstances", change::start),
    ("StopInstances", change::stop),
    ("TerminateInstances", change::terminate),
];

/// The most ids in one call.
const MOST_IDS: usize = 100;

/// The numbers of the instances that a change names, each once; one that is malformed or missing fails all.
fn resolve(compute: &Compute, ids: &[&str]) -> Result<Vec<u64>, Error> {
    if ids.is_empty() {
        return Err(Error::missing("InstanceIds"));
    }
    check_ids(ids)?;
    let mut numbers = Vec::with_capacity(ids.len());
    for id in ids {
        let number = compute.number(id).ok_or_else(|| not_found(id))?;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// Their number and their shape: `ins-` and eight of `[0-9a-z]`.
fn check_ids(ids: &[&str]) -> Result<(), Error> {
    if ids.len() > MOST_IDS {
        let message = format!("The number of `InstanceIds` exceeds the limit of {MOST_IDS}.");
        return Err(Error::new("InvalidParameterValue.LimitExceeded", message));
    }
    match ids.iter().find(|id| !is_id(id, "ins-")) {
        Some(id) => {
            let message = format!("The specified instance ID `{id}` is malformed.");
            Err(Error::new("InvalidInstanceId.Malformed", message))
        }
        None => Ok(()),
    }
}

fn is_id(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == 8
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    })
}

fn not_found(id: &str) -> Error {
    Error::new(
        "InvalidInstanceId.NotFound",
        format!("The specified instance ID `{id}` does not exist."),
    )
}

/// The refusal for the state that an instance is in: `STOPPED` is `UnsupportedOperation.InstanceStateStopped`.
fn wrong_state(instance: &Instance) -> Error {
    let state = &instance.status.state;
    let word = state.split('_').fold(String::new(), |mut word, part| {
        let mut letters = part.chars();
        word.extend(letters.next());
        word + &letters.as_str().to_lowercase()
    });
    let message = format!(
        "The operation is not supported for instance `{}` in the state `{state}`.",
        instance.id
    );
    Error::new(format!("UnsupportedOperation.InstanceState{word}"), message)
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::compute::Status;

    #[test]
    fn the_refusal_names_the_state() {
        for (state, code) in [
            ("STOPPED", "UnsupportedOperation.InstanceStateStopped"),
            (
                "LAUNCH_FAILED",
                "UnsupportedOperation.InstanceStateLaunchFailed",
            ),
            (
                "ENTER_SERVICE_LIVE_MIGRATE",
                "UnsupportedOperation.InstanceStateEnterServiceLiveMigrate",
            ),
        ] {
            let mut instance = Instance::new("ins-00000001", OffsetDateTime::UNIX_EPOCH);
            instance.status = Status::new(state);
            assert_eq!(wrong_state(&instance).code, code);
        }
    }
}
