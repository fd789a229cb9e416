//! What RunInstances is given, read and checked piece by piece.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use time::Duration;

use super::is_id;
use crate::compute::Instance;
use crate::compute::model::Disk;
use crate::fixtures::TENCENT_IMAGE;
use crate::network::Subnet;
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// The most bytes of user data, before it is encoded.
const MOST_USER_DATA: usize = 16 * 1024;
/// The most data disks.
const MOST_DISKS: usize = 21;

pub(super) fn image<'a>(scope: &Scope<'_>, params: &'a Params) -> Result<&'a str, Error> {
    let id = params
        .text("ImageId")
        .ok_or_else(|| Error::missing("ImageId"))?;
    if !is_id(id, "img-") {
        let message = format!("The image ID `{id}` is malformed: it looks like `{TENCENT_IMAGE}`.");
        return Err(Error::new("InvalidImageId.Malformed", message));
    }
    if !scope
        .region
        .compute
        .images
        .iter()
        .any(|image| image.id == id)
    {
        return Err(Error::new(
            "InvalidImageId.NotFound",
            format!("The image `{id}` does not exist."),
        ));
    }
    Ok(id)
}

/// `S5.MEDIUM4`: capitals and digits on both sides of a point.
pub(super) fn is_type(instance_type: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let size = |size: &str| part(size) && !size.bytes().any(|byte| byte.is_ascii_lowercase());
    instance_type
        .split_once('.')
        .is_some_and(|(family, rest)| part(family) && size(rest))
}

pub(super) fn counts(params: &Params) -> Result<(usize, usize), Error> {
    let range = |name: &str, message: &str| {
        Error::new("InvalidParameterValue.Range", format!("`{name}` {message}"))
    };
    let count = params.number("InstanceCount").unwrap_or(1);
    let count = usize::try_from(count)
        .ok()
        .filter(|count| (1..=500).contains(count))
        .ok_or_else(|| range("InstanceCount", "has to be 1 to 500."))?;
    let Some(min) = params.number("MinCount") else {
        return Ok((count, count));
    };
    let min = usize::try_from(min)
        .ok()
        .filter(|min| (1..=count).contains(min))
        .ok_or_else(|| {
            let message = "`MinCount` has to be 1 to `InstanceCount`.";
            Error::new("InvalidParameterValue.InvalidParameterMinCount", message)
        })?;
    Ok((min, count))
}

pub(super) fn check_user_data(params: &Params) -> Result<(), Error> {
    let Some(encoded) = params.text("UserData") else {
        return Ok(());
    };
    let invalid =
        |message: &str| Error::new("InvalidParameterValue.InvalidUserDataFormat", message);
    let plain = STANDARD
        .decode(encoded)
        .map_err(|_| invalid("`UserData` is not encoded in base64."))?;
    if plain.len() > MOST_USER_DATA {
        return Err(invalid("`UserData` is larger than 16 KB."));
    }
    Ok(())
}

pub(super) fn subnet<'a>(
    scope: &'a Scope<'_>,
    params: &Params,
    zone: &str,
) -> Result<&'a Subnet, Error> {
    let network = &scope.region.network;
    let Some(id) = params.text("VirtualPrivateCloud.SubnetId") else {
        // A zone without a default subnet gets one from the service; here another zone's stands in for it.
        let found = network
            .default_subnet(Some(zone))
            .or_else(|| network.default_subnet(None));
        return found.ok_or_else(|| {
            Error::new(
                "InvalidParameterValue.SubnetNotExist",
                "There is no default subnet.",
            )
        });
    };
    let vpc_id = params.text("VirtualPrivateCloud.VpcId").unwrap_or_default();
    if !network.vpcs.iter().any(|vpc| vpc.id == vpc_id) {
        return Err(Error::new(
            "InvalidParameterValue.VpcIdNotExist",
            format!("The VPC `{vpc_id}` does not exist."),
        ));
    }
    let subnet = network.subnet(id).ok_or_else(|| {
        Error::new(
            "InvalidParameterValue.SubnetNotExist",
            format!("The subnet `{id}` does not exist."),
        )
    })?;
    if subnet.vpc_id != vpc_id {
        let message = format!("The subnet `{id}` is not in the VPC `{vpc_id}`.");
        return Err(Error::new(
            "InvalidParameterValue.VpcIdSubnetIdNotMatch",
            message,
        ));
    }
    if subnet.zone != zone {
        let message = format!("The subnet `{id}` is not in the zone `{zone}`.");
        return Err(Error::new(
            "InvalidParameterValue.SubnetIdZoneIdNotMatch",
            message,
        ));
    }
    Ok(subnet)
}

/// How the instances are paid for.
pub(super) fn charge(template: &mut Instance, params: &Params) -> Result<(), Error> {
    let charge_type = params
        .text("InstanceChargeType")
        .unwrap_or("POSTPAID_BY_HOUR");
    charge_type.clone_into(&mut template.charge_type);
    match charge_type {
        // Without InstanceMarketOptions, spot capacity is bid for at the current fixed discount.
        "POSTPAID_BY_HOUR" | "CDHPAID" | "CDCPAID" | "SPOTPAID" => {}
        "PREPAID" => {
            let months = params
                .number("InstanceChargePrepaid.Period")
                .ok_or_else(|| Error::missing("InstanceChargePrepaid"))?;
            if !matches!(months, 1..=12 | 24 | 36 | 48 | 60) {
                return Err(Error::new(
                    "InvalidPeriod",
                    format!("The period of {months} months is not offered."),
                ));
            }
            template.expires = Some(template.created + Duration::days(30 * months));
            let flag = params
                .text("InstanceChargePrepaid.RenewFlag")
                .unwrap_or("NOTIFY_AND_MANUAL_RENEW");
            template.renew_flag = Some(flag.to_owned());
        }
        _ => return Err(Error::value("InstanceChargeType", "")),
    }
    Ok(())
}

pub(super) fn groups(scope: &Scope<'_>, params: &Params) -> Result<Vec<(String, String)>, Error> {
    let network = &scope.region.network;
    let ids = params.list("SecurityGroupIds");
    if ids.is_empty() {
        let default = network
            .groups
            .iter()
            .filter(|group| group.name == "default")
            .take(1);
        return Ok(default
            .map(|group| (group.id.clone(), group.name.clone()))
            .collect());
    }
    ids.into_iter()
        .map(|id| {
            let group = network.group(id).ok_or_else(|| {
                Error::new(
                    "InvalidSecurityGroupId.NotFound",
                    format!("The security group `{id}` does not exist."),
                )
            })?;
            Ok((group.id.clone(), group.name.clone()))
        })
        .collect()
}

pub(super) fn key_pairs(scope: &Scope<'_>, params: &Params) -> Result<Vec<String>, Error> {
    let ids = params.list("LoginSettings.KeyIds");
    if !ids.is_empty() && params.text("LoginSettings.Password").is_some() {
        let message = "`Password` and `KeyIds` cannot be specified together.";
        return Err(Error::new("InvalidParameterCombination", message));
    }
    if let Some(missing) = ids.iter().find(|id| {
        !scope
            .region
            .compute
            .key_pairs
            .iter()
            .any(|pair| pair.id == **id)
    }) {
        return Err(Error::new(
            "InvalidKeyPairId.NotFound",
            format!("The key pair `{missing}` does not exist."),
        ));
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

pub(super) fn tags(params: &Params) -> Result<Vec<(String, String)>, Error> {
    let text = |tag: &Value, name: &str| {
        tag.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut tags: Vec<(String, String)> = Vec::new();
    for specification in params.items("TagSpecification") {
        if specification.get("ResourceType").and_then(Value::as_str) != Some("instance") {
            return Err(Error::value(
                "TagSpecification.ResourceType",
                "It has to be `instance`.",
            ));
        }
        for tag in specification
            .get("Tags")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            let (key, value) = (text(tag, "Key"), text(tag, "Value"));
            if tags.iter().any(|(known, _)| *known == key) {
                let message = format!("The tag `{key}` is specified twice.");
                return Err(Error::new("InvalidParameterValue.DuplicateTags", message));
            }
            tags.push((key, value));
        }
    }
    Ok(tags)
}

/// The boot disk, then the data disks.
pub(super) fn disks(params: &Params) -> Result<Vec<Disk>, Error> {
    let data = params.items("DataDisks");
    if data.len() > MOST_DISKS {
        let message = format!("There are more than {MOST_DISKS} data disks.");
        return Err(Error::new("InvalidParameterValue.LimitExceeded", message));
    }
    let disk = |shape: Option<&Value>, default: i64| Disk {
        id: String::new(),
        device: String::new(),
        kind: shape
            .and_then(|shape| shape.get("DiskType"))
            .and_then(Value::as_str)
            .unwrap_or("CLOUD_PREMIUM")
            .to_owned(),
        size_gib: shape
            .and_then(|shape| shape.get("DiskSize"))
            .and_then(Value::as_i64)
            .unwrap_or(default),
        delete_with_instance: shape
            .and_then(|shape| shape.get("DeleteWithInstance"))
            .and_then(Value::as_bool)
            .unwrap_or(true),
    };
    let boot = disk(params.at("SystemDisk"), 50);
    Ok(std::iter::once(boot)
        .chain(data.iter().map(|shape| disk(Some(shape), 0)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_a_family_and_a_size() {
        for (name, fits) in [
            ("S5.MEDIUM4", true),
            ("SA2.2XLARGE16", true),
            ("t3.micro", false),
            ("S5", false),
            ("S5.", false),
        ] {
            assert_eq!(is_type(name), fits, "{name}");
        }
    }
}
