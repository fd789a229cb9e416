//! RunInstances.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::checks::{
    charge, check_user_data, counts, disks, groups, image, is_type, key_pairs, subnet, tags,
};
use crate::Cloud;
use crate::compute::model::{Disk, Launch, Operation};
use crate::compute::{End, Instance, Shortage, Status, reserve, take_address};
use crate::fixtures::tencent_zones;
use crate::network::NoAddress;
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// What an instance is called that was given no name.
const UNNAMED: &str = "未命名";

pub(super) fn run(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let token = params.text("ClientToken").unwrap_or_default();
    if token.len() > 64 {
        return Err(Error::new(
            "InvalidClientToken.TooLong",
            "`ClientToken` is longer than 64 characters.",
        ));
    }
    let fingerprint = params.fingerprint_without("ClientToken");
    if let Some(launch) = scope
        .region
        .compute
        .launches
        .get(token)
        .filter(|_| !token.is_empty())
    {
        if launch.fingerprint != fingerprint {
            let message = "The `ClientToken` was used for a request with other parameters.";
            return Err(Error::new("InvalidParameterCombination", message));
        }
        return Ok(json!({ "InstanceIdSet": launch.ids }));
    }
    let released = std::mem::take(&mut scope.region.compute.released);
    scope.region.network.take_back(released);
    let order = Order::read(scope, params)?;
    if params.flag("DryRun") {
        return Ok(json!({}));
    }
    let ids = order.fulfil(scope)?;
    if !token.is_empty() {
        let launch = Launch {
            fingerprint,
            reservation_id: String::new(),
            ids: ids.clone(),
        };
        scope
            .region
            .compute
            .launches
            .insert(token.to_owned(), launch);
    }
    Ok(json!({ "InstanceIdSet": ids }))
}

/// A launch that was found to be in order.
struct Order {
    min: usize,
    count: usize,
    name: String,
    template: Instance,
    disks: Vec<Disk>,
    addresses: Vec<String>,
    public_address: bool,
}

impl Order {
    fn read(scope: &Scope<'_>, params: &Params) -> Result<Self, Error> {
        if params.at("LaunchTemplate").is_some() {
            let message = "The specified launch template does not exist.";
            return Err(Error::new(
                "InvalidParameterValue.LaunchTemplateIdNotExisted",
                message,
            ));
        }
        let zone = params
            .text("Placement.Zone")
            .ok_or_else(|| Error::missing("Placement"))?;
        if !tencent_zones(&scope.region.name)
            .iter()
            .any(|known| known == zone)
        {
            let message = format!(
                "The zone `{zone}` does not match the region `{}`.",
                scope.region.name
            );
            return Err(Error::new("InvalidZone.MismatchRegion", message));
        }
        let image_id = image(scope, params)?;
        let instance_type = params.text("InstanceType").unwrap_or("S5.SMALL1");
        if !is_type(instance_type) {
            let message = format!("The instance type `{instance_type}` is malformed.");
            return Err(Error::new("InvalidInstanceType.Malformed", message));
        }
        let (min, count) = counts(params)?;
        let name = params
            .text("InstanceName")
            .filter(|name| !name.is_empty())
            .unwrap_or(UNNAMED);
        if name.chars().count() > 128 {
            return Err(Error::new(
                "InvalidInstanceName.TooLong",
                "The instance name is longer than 128 characters.",
            ));
        }
        check_user_data(params)?;
        let subnet = subnet(scope, params, zone)?;
        let addresses: Vec<String> = params
            .list("VirtualPrivateCloud.PrivateIpAddresses")
            .into_iter()
            .map(str::to_owned)
            .collect();
        if !addresses.is_empty() && addresses.len() != count {
            let message = "The number of `PrivateIpAddresses` has to be that of the instances.";
            return Err(Error::new("InvalidParameterCombination", message));
        }
        for address in &addresses {
            let (code, what) = match subnet.check(address) {
                Ok(()) => continue,
                Err(NoAddress::Outside) => ("VpcAddrNotInSubNet", "is not in the subnet"),
                Err(NoAddress::Taken) => ("VpcIpIsUsed", "is in use"),
            };
            return Err(Error::new(code, format!("The address `{address}` {what}.")));
        }

        let mut template = Instance::new("", scope.now);
        charge(&mut template, params)?;
        template.set_type(instance_type);
        image_id.clone_into(&mut template.image_id);
        zone.clone_into(&mut template.zone);
        template.vpc_id.clone_from(&subnet.vpc_id);
        template.subnet_id.clone_from(&subnet.id);
        template.groups = groups(scope, params)?;
        template.key_names = key_pairs(scope, params)?;
        template.tags = tags(params)?;
        template.project_id = params.number("Placement.ProjectId").unwrap_or_default();
        template.protected = params.flag("DisableApiTermination");
        params
            .text("HostName")
            .unwrap_or_default()
            .clone_into(&mut template.host_name);
        template.bandwidth_mbps = params
            .number("InternetAccessible.InternetMaxBandwidthOut")
            .unwrap_or_default();
        let public_address =
            params.flag("InternetAccessible.PublicIpAssigned") && template.bandwidth_mbps > 0;
        Ok(Self {
            min,
            count,
            name: name.to_owned(),
            template,
            disks: disks(params)?,
            addresses,
            public_address,
        })
    }

    fn fulfil(self, scope: &mut Scope<'_>) -> Result<Vec<String>, Error> {
        let (asked, least) = (self.count, self.min);
        let count =
            reserve(scope, &self.template, least, asked).map_err(|shortage| match shortage {
                Shortage::SoldOut => {
                    let kind = &self.template.instance_type;
                    let message = format!("The instance type `{kind}` is sold out.");
                    Error::new("ResourcesSoldOut.SpecifiedInstanceType", message)
                }
                Shortage::Addresses => Error::new(
                    "FailedOperation.NoAvailableIpAddressCountInSubnet",
                    "There are not enough free addresses in the subnet.",
                ),
            })?;
        let failure = scope
            .common
            .failing_launches
            .get_mut(&Cloud::Tencent)
            .and_then(VecDeque::pop_front);
        let operation = |state, error| {
            Some(Operation {
                name: "RunInstances",
                state,
                request_id: scope.request_id.to_owned(),
                error,
            })
        };
        let mut ids = Vec::with_capacity(count);
        for index in 0..count {
            let mut instance = self.template.clone();
            instance.id = scope.common.random.tencent_id("ins-");
            instance.uuid = scope.common.random.uuid();
            instance.name = numbered(&self.name, index, self.count);
            if instance.host_name.is_empty() {
                instance.host_name.clone_from(&instance.id);
            }
            let address = self.addresses.get(index).map(String::as_str);
            instance.private_ips = take_address(scope, &instance.subnet_id, address);
            if self.public_address {
                let [_, _, one, two, three, ..] = scope.common.random.next().to_be_bytes();
                instance.public_ip = Some(format!("198.19.{}.{}", one ^ three, two));
            }
            instance.disks = self
                .disks
                .iter()
                .map(|disk| Disk {
                    id: scope.common.random.tencent_id("disk-"),
                    ..disk.clone()
                })
                .collect();
            instance.status = Status {
                operation: operation("OPERATING", None),
                ..Status::new("PENDING")
            };
            let end = match &failure {
                None => Status {
                    operation: operation("SUCCESS", None),
                    ..Status::new("RUNNING")
                },
                Some(reason) => Status {
                    operation: operation("FAILED", Some(reason.clone())),
                    ended: Some(scope.now),
                    ..Status::new("LAUNCH_FAILED")
                },
            };
            ids.push(instance.id.clone());
            scope
                .region
                .compute
                .launch(scope.common.settings, instance, End::Becomes(end));
        }
        Ok(ids)
    }
}

/// `web` becomes `web1`, `web2` when several are made; `{R:3}` counts from 3, `{R:3,F:2}` with two digits.
fn numbered(name: &str, index: usize, count: usize) -> String {
    let pattern = name.find("{R:").and_then(|start| {
        let end = start + name[start..].find('}')?;
        let inside = &name[start + 3..end];
        let (first, digits) = match inside.split_once(",F:") {
            Some((first, digits)) => (
                first.parse::<usize>().ok()?,
                digits.parse::<usize>().ok()?.min(16),
            ),
            None => (inside.parse::<usize>().ok()?, 0),
        };
        Some((start, end, first, digits))
    });
    match pattern {
        Some((start, end, first, digits)) => {
            let number = first.saturating_add(index);
            format!("{}{number:0digits$}{}", &name[..start], &name[end + 1..])
        }
        None if count > 1 && name != UNNAMED => format!("{name}{}", index + 1),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_as_documented() {
        for (name, index, count, expected) in [
            ("web", 0, 1, "web"),
            ("web", 0, 2, "web1"),
            ("web", 1, 2, "web2"),
            ("web{R:3}", 0, 1, "web3"),
            ("web{R:3}-x", 1, 2, "web4-x"),
            ("web{R:3,F:4}", 0, 2, "web0003"),
            (UNNAMED, 1, 2, UNNAMED),
            ("web{R:x}", 1, 2, "web{R:x}2"),
        ] {
            assert_eq!(numbered(name, index, count), expected);
        }
    }
}
