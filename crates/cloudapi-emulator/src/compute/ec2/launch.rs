//! RunInstances.

use super::checks::{
    check_user_data, counts, disks, groups, refuse_beside_interface, subnet, tags,
};
use super::{is_id, render};
use crate::Cloud;
use crate::auth::sha256_hex;
use crate::aws::xml::Xml;
use crate::aws::{Error, Params, stop_if_dry_run};
use crate::compute::model::{Disk, Launch};
use crate::compute::{End, Instance, Shortage, Status, reserve, take_address};
use crate::network::NoAddress;
use crate::world::Scope;

pub(super) fn run(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let token = params.text("ClientToken").unwrap_or_default();
    if token.len() > 64 {
        return Err(Error::client(
            "InvalidParameterValue",
            "The client token is longer than 64 ASCII characters",
        ));
    }
    let fingerprint = fingerprint(params);
    if let Some(launch) = scope
        .region
        .compute
        .launches
        .get(token)
        .filter(|_| !token.is_empty())
    {
        if launch.fingerprint != fingerprint {
            let message = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
            return Err(Error::client("IdempotentParameterMismatch", message));
        }
        return Ok(answer(scope, &launch.clone()));
    }
    let released = std::mem::take(&mut scope.region.compute.released);
    scope.region.network.take_back(released);
    let order = Order::read(scope, params)?;
    stop_if_dry_run(params)?;
    let launch = order.fulfil(scope, token, fingerprint)?;
    if !token.is_empty() {
        scope
            .region
            .compute
            .launches
            .insert(token.to_owned(), launch.clone());
    }
    Ok(answer(scope, &launch))
}

/// What the token has to stand for again.
fn fingerprint(params: &Params) -> String {
    let mut asked = params.to_json();
    if let Some(members) = asked.as_object_mut() {
        members.remove("ClientToken");
    }
    sha256_hex(asked.to_string().as_bytes())
}

fn answer(scope: &Scope<'_>, launch: &Launch) -> String {
    let compute = &scope.region.compute;
    let instances: Vec<(&Instance, &Status)> = launch
        .ids
        .iter()
        .filter_map(|id| compute.by_id(id))
        .map(|instance| (instance, &instance.status))
        .collect();
    let mut xml = Xml::default();
    if instances.is_empty() {
        xml.text("reservationId", &launch.reservation_id);
        xml.list("instancesSet", instances, |_, _| {});
    } else {
        render::reservation(&mut xml, &instances, &scope.region.name);
    }
    xml.finish()
}

/// A launch that was found to be in order.
struct Order {
    min: usize,
    max: usize,
    template: Instance,
    disks: Vec<Disk>,
    public_address: bool,
    /// An address asked for by name.
    private_ip: Option<String>,
}

impl Order {
    fn read(scope: &Scope<'_>, params: &Params) -> Result<Self, Error> {
        let (min, max) = counts(params)?;
        if params.has("LaunchTemplate") {
            return Err(Error::client(
                "InvalidLaunchTemplateId.NotFound",
                "The specified launch template does not exist",
            ));
        }
        let image_id = params
            .text("ImageId")
            .ok_or_else(|| Error::missing("ImageId"))?;
        if !is_id(image_id, "ami-") {
            return Err(Error::client(
                "InvalidAMIID.Malformed",
                format!("Invalid id: \"{image_id}\""),
            ));
        }
        let compute = &scope.region.compute;
        if !compute.images.iter().any(|image| image.id == image_id) {
            let message = format!("The image id '[{image_id}]' does not exist");
            return Err(Error::client("InvalidAMIID.NotFound", message));
        }
        let instance_type = params.text("InstanceType").unwrap_or("m1.small");
        if !instance_type
            .split_once('.')
            .is_some_and(|(family, size)| !family.is_empty() && !size.is_empty())
        {
            return Err(Error::client(
                "InvalidParameterValue",
                format!("Invalid value '{instance_type}' for InstanceType."),
            ));
        }
        check_user_data(params)?;
        let key_names: Vec<String> = params
            .text("KeyName")
            .map(str::to_owned)
            .into_iter()
            .collect();
        if let Some(missing) = key_names
            .iter()
            .find(|name| !compute.key_pairs.iter().any(|pair| pair.name == **name))
        {
            return Err(Error::client(
                "InvalidKeyPair.NotFound",
                format!("The key pair '{missing}' does not exist"),
            ));
        }
        let interface = params.items("NetworkInterface").first().copied();
        if interface.is_some() {
            refuse_beside_interface(params)?;
        }
        let of_network = interface.unwrap_or(params);
        let subnet = subnet(scope, params, of_network.text("SubnetId"))?;
        let groups = groups(scope, of_network, params, &subnet.vpc_id)?;
        let tags = tags(params)?;

        let mut template = Instance::new("", scope.now);
        template.set_type(instance_type);
        image_id.clone_into(&mut template.image_id);
        template.zone.clone_from(&subnet.zone);
        template.vpc_id.clone_from(&subnet.vpc_id);
        template.subnet_id.clone_from(&subnet.id);
        template.groups = groups;
        template.key_names = key_names;
        template.tags = tags;
        template.protected = params.flag("DisableApiTermination");
        template.stop_protected = params.flag("DisableApiStop");
        template.hibernation = params.flag("HibernationOptions.Configured");
        if params.text("InstanceMarketOptions.MarketType") == Some("spot") {
            "spot".clone_into(&mut template.charge_type);
        }
        let private_ip = of_network.text("PrivateIpAddress").map(str::to_owned);
        if private_ip.is_some() && max > 1 {
            let message = "The parameter PrivateIpAddress cannot be used when launching more than one instance";
            return Err(Error::client("InvalidParameterCombination", message));
        }
        match private_ip
            .as_deref()
            .map_or(Ok(()), |address| subnet.check(address))
        {
            Err(NoAddress::Outside) => {
                let message = "Address does not fall within the subnet's address range";
                return Err(Error::client("InvalidParameterValue", message));
            }
            Err(NoAddress::Taken) => {
                return Err(Error::client(
                    "InvalidIPAddress.InUse",
                    "Address is in use.",
                ));
            }
            Ok(()) => {}
        }
        let public_address = of_network.flag("AssociatePublicIpAddress");
        Ok(Self {
            min,
            max,
            template,
            disks: disks(params),
            public_address,
            private_ip,
        })
    }

    fn fulfil(
        self,
        scope: &mut Scope<'_>,
        token: &str,
        fingerprint: String,
    ) -> Result<Launch, Error> {
        let (asked, least) = (self.max, self.min);
        let count = reserve(scope, &self.template, least, asked).map_err(|shortage| match shortage {
            Shortage::SoldOut => {
                let message = format!(
                    "We currently do not have sufficient {} capacity in the Availability Zone you requested ({}).",
                    self.template.instance_type, self.template.zone
                );
                Error::new(500, "InsufficientInstanceCapacity", message)
            }
            Shortage::Addresses => {
                let subnet = &self.template.subnet_id;
                let message = format!("There are not enough free addresses in subnet '{subnet}'");
                Error::client("InsufficientFreeAddressesInSubnet", message)
            }
        })?;
        let failure = scope
            .common
            .failing_launches
            .get_mut(&Cloud::Aws)
            .and_then(std::collections::VecDeque::pop_front);
        let reservation_id = scope.common.random.aws_id("r-");
        let mut ids = Vec::with_capacity(count);
        for index in 0..count {
            let mut instance = self.template.clone();
            instance.id = scope.common.random.aws_id("i-");
            instance.reservation_id.clone_from(&reservation_id);
            instance.launch_index = index;
            token.clone_into(&mut instance.client_token);
            instance.status = Status::new("pending");
            let address = self.private_ip.as_deref();
            instance.private_ips = take_address(scope, &instance.subnet_id, address);
            if self.public_address {
                let [_, _, one, two, three, ..] = scope.common.random.next().to_be_bytes();
                instance.public_ip = Some(format!("198.18.{}.{}", one ^ three, two));
            }
            instance.disks = self
                .disks
                .iter()
                .map(|disk| Disk {
                    id: scope.common.random.aws_id("vol-"),
                    ..disk.clone()
                })
                .collect();
            let end = match &failure {
                None => Status::new("running"),
                Some(code) => Status {
                    reason: Some((
                        code.clone(),
                        format!("{code}: the instance could not be launched"),
                    )),
                    ended: Some(scope.now),
                    ..Status::new("terminated")
                },
            };
            ids.push(instance.id.clone());
            scope
                .region
                .compute
                .launch(scope.common.settings, instance, End::Becomes(end));
        }
        Ok(Launch {
            fingerprint,
            reservation_id,
            ids,
        })
    }
}
