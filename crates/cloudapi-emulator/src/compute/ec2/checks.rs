//! What RunInstances is given, read and checked piece by piece.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::aws::{Error, Params};
use crate::compute::model::Disk;
use crate::fixtures::aws_zones;
use crate::network::Subnet;
use crate::world::Scope;

/// The most bytes of user data, before it is encoded.
const MOST_USER_DATA: usize = 16 * 1024;
/// The most tags of one resource.
const MOST_TAGS: usize = 50;

type Pairs = Vec<(String, String)>;

pub(super) fn counts(params: &Params) -> Result<(usize, usize), Error> {
    let count = |name: &str| {
        let asked = params.number(name).ok_or_else(|| Error::missing(name))?;
        usize::try_from(asked).ok().filter(|count| *count > 0).ok_or_else(|| {
            let message = format!("Value ({asked}) for parameter {name} is invalid. Expecting a value of 1 or more.");
            Error::client("InvalidParameterValue", message)
        })
    };
    let (min, max) = (count("MinCount")?, count("MaxCount")?);
    if min > max {
        let message = "Maximum instance count must not be smaller than minimum instance count";
        return Err(Error::client("InvalidParameterValue", message));
    }
    Ok((min, max))
}

pub(super) fn check_user_data(params: &Params) -> Result<(), Error> {
    let Some(encoded) = params.text("UserData") else {
        return Ok(());
    };
    let plain = STANDARD.decode(encoded).map_err(|_| {
        Error::client(
            "InvalidUserData.Malformed",
            "Invalid BASE64 encoding of user data.",
        )
    })?;
    if plain.len() > MOST_USER_DATA {
        let message = format!("User data is limited to {MOST_USER_DATA} bytes");
        return Err(Error::client("InvalidParameterValue", message));
    }
    Ok(())
}

/// A network interface names the subnet and the groups itself.
pub(super) fn refuse_beside_interface(params: &Params) -> Result<(), Error> {
    for (name, what) in [
        ("SubnetId", "an instance-level subnet ID"),
        ("SecurityGroupId", "instance-level security groups"),
        ("SecurityGroup", "instance-level security groups"),
        ("PrivateIpAddress", "an instance-level private IP address"),
    ] {
        if params.has(name) {
            let message =
                format!("Network interfaces and {what} may not be specified on the same request");
            return Err(Error::client("InvalidParameterCombination", message));
        }
    }
    Ok(())
}

pub(super) fn subnet<'a>(
    scope: &'a Scope<'_>,
    params: &Params,
    id: Option<&str>,
) -> Result<&'a Subnet, Error> {
    let network = &scope.region.network;
    let zone = params.text("Placement.AvailabilityZone");
    if let Some(zone) = zone.filter(|zone| {
        !aws_zones(&scope.region.name)
            .iter()
            .any(|known| known == zone)
    }) {
        return Err(Error::client(
            "InvalidParameterValue",
            format!("Invalid availability zone: [{zone}]"),
        ));
    }
    let Some(id) = id else {
        return network.default_subnet(zone).ok_or_else(|| {
            let message = "No default subnet for the availability zone. Please specify a subnet.";
            Error::client("MissingInput", message)
        });
    };
    let subnet = network.subnet(id).ok_or_else(|| {
        Error::client(
            "InvalidSubnetID.NotFound",
            format!("The subnet ID '{id}' does not exist"),
        )
    })?;
    if zone.is_some_and(|zone| zone != subnet.zone) {
        let message = format!("The subnet '{id}' is not in the availability zone asked for");
        return Err(Error::client("InvalidParameterValue", message));
    }
    Ok(subnet)
}

pub(super) fn groups(
    scope: &Scope<'_>,
    of_network: &Params,
    params: &Params,
    vpc_id: &str,
) -> Result<Pairs, Error> {
    let network = &scope.region.network;
    let mut chosen = Vec::new();
    for id in of_network.list("SecurityGroupId") {
        let group = network.group(id).ok_or_else(|| {
            Error::client(
                "InvalidGroup.NotFound",
                format!("The security group '{id}' does not exist"),
            )
        })?;
        if group.vpc_id != vpc_id {
            let message =
                format!("Security group {id} and the subnet belong to different networks.");
            return Err(Error::client("InvalidParameter", message));
        }
        chosen.push((group.id.clone(), group.name.clone()));
    }
    for name in params.list("SecurityGroup") {
        let group = network
            .groups
            .iter()
            .find(|group| group.name == name && group.vpc_id == vpc_id)
            .ok_or_else(|| {
                Error::client(
                    "InvalidGroup.NotFound",
                    format!("The security group '{name}' does not exist"),
                )
            })?;
        chosen.push((group.id.clone(), group.name.clone()));
    }
    if chosen.is_empty() {
        let default = network
            .groups
            .iter()
            .find(|group| group.name == "default" && group.vpc_id == vpc_id);
        chosen.extend(default.map(|group| (group.id.clone(), group.name.clone())));
    }
    Ok(chosen)
}

pub(super) fn tags(params: &Params) -> Result<Pairs, Error> {
    let mut of_instance = Vec::new();
    for specification in params.items("TagSpecification") {
        let kind = specification.text("ResourceType").unwrap_or_default();
        if !matches!(
            kind,
            "instance" | "volume" | "network-interface" | "spot-instances-request"
        ) {
            let message =
                format!("'{kind}' is not a valid taggable resource type for this operation.");
            return Err(Error::client("InvalidParameterValue", message));
        }
        let tags = specification
            .items("Tag")
            .into_iter()
            .map(|tag| {
                (
                    tag.text("Key").unwrap_or_default().to_owned(),
                    tag.text("Value").unwrap_or_default().to_owned(),
                )
            })
            .collect::<Pairs>();
        check_tags(&tags)?;
        if kind == "instance" {
            of_instance = tags;
        }
    }
    Ok(of_instance)
}

/// The rules for tags that are set.
pub(super) fn check_tags(tags: &[(String, String)]) -> Result<(), Error> {
    if tags.len() > MOST_TAGS {
        return Err(Error::client(
            "TagLimitExceeded",
            format!("More than {MOST_TAGS} tags are not allowed"),
        ));
    }
    for (at, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > 127 || value.chars().count() > 255 {
            return Err(Error::client(
                "InvalidParameterValue",
                format!("Tag '{key}' is empty or too long."),
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            let message = "Tag keys starting with 'aws:' are reserved for internal use";
            return Err(Error::client("InvalidParameterValue", message));
        }
        if tags[..at].iter().any(|(earlier, _)| earlier == key) {
            return Err(Error::client(
                "InvalidParameterValue",
                format!("Duplicate tag key '{key}' specified."),
            ));
        }
    }
    Ok(())
}

/// The boot disk, and what the block devices add or change.
pub(super) fn disks(params: &Params) -> Vec<Disk> {
    let boot = Disk {
        id: String::new(),
        device: "/dev/xvda".to_owned(),
        kind: "gp3".to_owned(),
        size_gib: 8,
        delete_with_instance: true,
    };
    let mut disks = vec![boot.clone()];
    for device in params
        .items("BlockDeviceMapping")
        .into_iter()
        .filter(|device| device.has("Ebs"))
    {
        let name = device.text("DeviceName").unwrap_or_default();
        let disk = Disk {
            device: name.to_owned(),
            kind: device.text("Ebs.VolumeType").unwrap_or("gp3").to_owned(),
            size_gib: device.number("Ebs.VolumeSize").unwrap_or(8),
            delete_with_instance: device.text("Ebs.DeleteOnTermination") != Some("false"),
            ..boot.clone()
        };
        match disks.iter_mut().find(|known| known.device == name) {
            Some(known) => *known = disk,
            None => disks.push(disk),
        }
    }
    disks
}
