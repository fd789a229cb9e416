//! Servers: EC2 and CVM.

pub(crate) mod cvm;
pub(crate) mod ec2;
pub(crate) mod model;
mod transitions;

pub(crate) use model::{Compute, Instance, Status};
pub(crate) use transitions::End;

use crate::network::Subnet;
use crate::world::Scope;
use crate::{Cloud, fixtures};

/// Why a launch gets fewer instances than it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shortage {
    /// There are no more of the type.
    SoldOut,
    /// There is no more room in the subnet.
    Addresses,
}

/// Sets instances aside for a launch and says how many it gets: between `least` and `asked`, by what is left of the type.
/// Only half of what was asked for, if a fault has it so and that is enough.
fn reserve(
    scope: &mut Scope<'_>,
    template: &Instance,
    least: usize,
    asked: usize,
) -> Result<usize, Shortage> {
    let kind = (scope.region.compute.cloud, template.instance_type.clone());
    let limit = scope.common.capacity.get_mut(&kind);
    let left = limit
        .as_ref()
        .map_or(asked, |left| usize::try_from(**left).unwrap_or(usize::MAX));
    let wanted = if scope.half {
        least.max(asked / 2)
    } else {
        asked
    };
    let count = wanted.min(left);
    if count < least {
        return Err(Shortage::SoldOut);
    }
    let room = scope
        .region
        .network
        .subnet(&template.subnet_id)
        .map_or(0, Subnet::available);
    if usize::try_from(room).unwrap_or(usize::MAX) < count {
        return Err(Shortage::Addresses);
    }
    if let Some(limit) = limit {
        *limit = limit.saturating_sub(count as u64);
    }
    Ok(count)
}

/// Takes an address of a subnet: the one asked for, which was found to be free, or any.
fn take_address(scope: &mut Scope<'_>, subnet_id: &str, asked: Option<&str>) -> Vec<String> {
    let Some(subnet) = scope.region.network.subnet_mut(subnet_id) else {
        return Vec::new();
    };
    match asked {
        Some(address) => {
            subnet.claim(address);
            vec![address.to_owned()]
        }
        None => subnet.allocate().into_iter().collect(),
    }
}

/// Adds running instances that are visible at once, spread over the default VPC's subnets.
pub(crate) fn add_fleet(scope: &mut Scope<'_>, count: usize) -> Vec<String> {
    let cloud = scope.region.compute.cloud;
    let (prefix, instance_type, image, group) = match cloud {
        Cloud::Aws => (
            "i-",
            "t3.micro",
            fixtures::AWS_IMAGE,
            (fixtures::AWS_SECURITY_GROUP, "default"),
        ),
        Cloud::Tencent => (
            "ins-",
            "S5.MEDIUM4",
            fixtures::TENCENT_IMAGE,
            (fixtures::TENCENT_SECURITY_GROUP, "default"),
        ),
    };
    let mut ids = Vec::with_capacity(count);
    let mut reservation = String::new();
    for index in 0..count {
        // The cloud answers by reservations; twenty a launch is as good a number as any.
        if index % 20 == 0 {
            reservation = scope.common.random.aws_id("r-");
        }
        let id = match cloud {
            Cloud::Aws => scope.common.random.aws_id(prefix),
            Cloud::Tencent => scope.common.random.tencent_id(prefix),
        };
        let released = std::mem::take(&mut scope.region.compute.released);
        scope.region.network.take_back(released);
        let Some((subnet, address)) = scope.region.network.roomiest() else {
            break;
        };
        let mut instance = Instance::new(&id, scope.now);
        instance.reservation_id.clone_from(&reservation);
        instance.launch_index = index % 20;
        instance.name = format!("fleet-{index}");
        instance.tags = vec![
            ("Name".to_owned(), instance.name.clone()),
            ("fleet".to_owned(), "emulator".to_owned()),
        ];
        instance.set_type(instance_type);
        image.clone_into(&mut instance.image_id);
        instance.zone.clone_from(&subnet.zone);
        instance.vpc_id.clone_from(&subnet.vpc_id);
        instance.subnet_id.clone_from(&subnet.id);
        instance.private_ips = vec![address];
        instance.groups = vec![(group.0.to_owned(), group.1.to_owned())];
        instance.uuid = scope.common.random.uuid();
        if cloud == Cloud::Tencent {
            "POSTPAID_BY_HOUR".clone_into(&mut instance.charge_type);
        }
        instance.status = Status::new(if cloud == Cloud::Aws {
            "running"
        } else {
            "RUNNING"
        });
        scope.region.compute.put(instance);
        ids.push(id);
    }
    ids
}
