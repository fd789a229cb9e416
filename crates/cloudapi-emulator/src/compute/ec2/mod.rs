//! EC2's actions on servers.

mod attributes;
mod catalog;
mod change;
mod checks;
mod describe;
mod launch;
mod render;

use std::collections::HashSet;

pub(crate) use render::interface_id;

use super::{Compute, Instance};
use crate::aws::{Error, Handler};

/// This family's actions.
pub(crate) const ACTIONS: &[(&str, Handler)] = &[
    ("CreateTags", attributes::create_tags),
    ("DeleteTags", attributes::delete_tags),
    (
        "DescribeAvailabilityZones",
        catalog::describe_availability_zones,
    ),
    ("DescribeImages", catalog::describe_images),
    ("DescribeInstanceAttribute", attributes::describe),
    ("DescribeInstanceStatus", describe::describe_instance_status),
    ("DescribeInstances", describe::describe_instances),
    ("DescribeKeyPairs", catalog::describe_key_pairs),
    ("DescribeRegions", catalog::describe_regions),
    ("DescribeTags", attributes::describe_tags),
    ("ModifyInstanceAttribute", attributes::modify),
    ("RebootInstances", change::reboot),
    ("RunInstances", launch::run),
    ("StartInstances", change::start),
    ("StopInstances", change::stop),
    ("TerminateInstances", change::terminate),
];

/// The low byte of a state's code; for a state that EC2 does not have (yet), one that it does not have either.
pub(crate) fn state_code(state: &str) -> u16 {
    match state {
        "pending" => 0,
        "running" => 16,
        "shutting-down" => 32,
        "terminated" => 48,
        "stopping" => 64,
        "stopped" => 80,
        _ => 96,
    }
}

/// The numbers of instances named by id, each once, in the order named. A malformed id is told before a missing one, and
/// all missing ones are told at once. `there` says which instances count as being there.
fn resolve(
    compute: &Compute,
    ids: &[&str],
    there: impl Fn(&Instance) -> bool,
) -> Result<Vec<u64>, Error> {
    if let Some(malformed) = ids.iter().find(|id| !is_id(id, "i-")) {
        return Err(Error::client(
            "InvalidInstanceID.Malformed",
            format!("Invalid id: \"{malformed}\""),
        ));
    }
    let mut seen = HashSet::new();
    let mut numbers = Vec::with_capacity(ids.len());
    let mut missing = Vec::new();
    for id in ids {
        if !seen.insert(*id) {
            continue;
        }
        match compute
            .number(id)
            .filter(|number| compute.get(*number).is_some_and(&there))
        {
            Some(number) => numbers.push(number),
            None => missing.push(*id),
        }
    }
    match missing[..] {
        [] => Ok(numbers),
        [one] => Err(Error::client(
            "InvalidInstanceID.NotFound",
            format!("The instance ID '{one}' does not exist"),
        )),
        _ => {
            let message = format!("The instance IDs '{}' do not exist", missing.join(", "));
            Err(Error::client("InvalidInstanceID.NotFound", message))
        }
    }
}

/// The prefix and 8 or 17 hexadecimal digits.
fn is_id(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|rest| {
        matches!(rest.len(), 8 | 17)
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}
