//! CreateInstances: RunInstances, once however often it is sent.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_ec2::operation::run_instances::RunInstancesOutput;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    BlockDeviceMapping, EbsBlockDevice, Image, InstanceMarketOptionsRequest,
    InstanceNetworkInterfaceSpecification, InstanceType, MarketType, Placement, ResourceType,
    Subnet, Tag, TagSpecification, VolumeType,
};
use cloudapi_core::compute::{Billing, CreateInstancesRequest, CreatedInstances, Disk, UserData};
use cloudapi_core::{Error, ErrorKind, InstanceId, Result};
use uuid::Uuid;

use super::Scope;
use super::convert::NAME_TAG;
use crate::error;

/// Tags that a resource can have, and the characters of their keys and values.
const MOST_TAGS: usize = 50;
const LONGEST_TAG_KEY: usize = 128;
const LONGEST_TAG_VALUE: usize = 256;

/// Names for data disks that every virtualisation type takes: what EC2 recommends, then what it allows beside that.
const DEVICE_LETTERS: std::ops::RangeInclusive<char> = 'f'..='p';
const FURTHER_DEVICE_LETTERS: std::ops::RangeInclusive<char> = 'a'..='z';

pub(super) async fn run(
    scope: Scope<'_>,
    mut request: CreateInstancesRequest,
) -> Result<CreatedInstances> {
    request.check()?;
    let tags = check(&request)?;
    let token = request
        .client_token
        .get_or_insert_with(|| Uuid::new_v4().to_string())
        .clone();
    if let (Some(vpc), Some(subnet)) = (request.vpc_id.clone(), request.subnet_id.clone()) {
        let found = look_up_subnet(scope, &subnet).await?;
        check_subnet(&request, &vpc, &found)?;
        request.zone = request.zone.or(found.availability_zone);
    }
    let devices = if request.disks.is_empty() {
        Vec::new()
    } else {
        let image = look_up_image(scope, &request.image_id).await?;
        devices(&request.disks, &image)?
    };
    let call = prepare(scope, &request, tags, devices)?;
    let sent = scope
        .ec2
        .calls
        .call(
            scope.call("RunInstances"),
            || call.clone().send(),
            check_answer,
        )
        .await;
    match sent {
        Ok(answer) => Ok(CreatedInstances::new(ids(&answer.value), token)),
        Err(error) if request.dry_run && error.code() == Some("DryRunOperation") => {
            Ok(CreatedInstances::dry_run(token, request))
        }
        Err(error) => Err(error),
    }
}

/// Checks what only EC2 asks for, and gives the tags, the name among them.
fn check(request: &CreateInstancesRequest) -> Result<BTreeMap<String, String>> {
    if request.vpc_id.is_some() && request.subnet_id.is_none() {
        return Err(Error::unsupported(
            "EC2 takes no network without a subnet; give SubnetId, which tells the network",
        ));
    }
    if request.key_names.len() > 1 {
        return Err(Error::unsupported(format!(
            "EC2 takes one key pair for an instance, and KeyNames has {}",
            request.key_names.len()
        )));
    }
    if request.billing == Some(Billing::Prepaid) {
        return Err(Error::unsupported(
            "EC2 has no prepaid instances; Billing is OnDemand or Spot",
        ));
    }
    if request.count > i32::MAX.unsigned_abs() {
        return Err(Error::invalid_argument(format!(
            "Count is {}; no account may have so many",
            request.count
        )));
    }
    check_tags(request)
}

fn check_tags(request: &CreateInstancesRequest) -> Result<BTreeMap<String, String>> {
    let mut tags = request.tags.clone();
    if let Some(name) = &request.name {
        let earlier = tags.insert(NAME_TAG.to_owned(), name.clone());
        if earlier.is_some_and(|earlier| earlier != *name) {
            return Err(Error::invalid_argument(
                "Name and the tag Name differ; at AWS they are the same thing, so give one of them",
            ));
        }
    }
    if tags.len() > MOST_TAGS {
        return Err(Error::invalid_argument(format!(
            "Tags has {}, the name included; EC2 takes {MOST_TAGS}",
            tags.len()
        )));
    }
    for (key, value) in &tags {
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::invalid_argument(format!(
                "the tag {key:?} begins with aws:, which is AWS's own"
            )));
        }
        if key.chars().count() > LONGEST_TAG_KEY || value.chars().count() > LONGEST_TAG_VALUE {
            return Err(Error::invalid_argument(format!(
                "the tag {key:?} is too long; a key has {LONGEST_TAG_KEY} characters at most, a value {LONGEST_TAG_VALUE}"
            )));
        }
    }
    Ok(tags)
}

async fn look_up_subnet(scope: Scope<'_>, id: &str) -> Result<Subnet> {
    let answer = scope
        .ec2
        .calls
        .call(
            scope.call("DescribeSubnets"),
            || scope.ec2.client.describe_subnets().subnet_ids(id).send(),
            |_| Ok(()),
        )
        .await?;
    let subnets = answer.value.subnets.unwrap_or_default();
    subnets
        .into_iter()
        .next()
        .ok_or_else(|| not_found(format!("the subnet {id}"), id))
}

fn check_subnet(request: &CreateInstancesRequest, vpc: &str, subnet: &Subnet) -> Result<()> {
    let id = request.subnet_id.as_deref().unwrap_or_default();
    let real = subnet.vpc_id().unwrap_or_default();
    if real != vpc {
        return Err(Error::invalid_argument(format!(
            "the subnet {id} is in the network {real}, not in {vpc}"
        ))
        .with_resources([id, vpc]));
    }
    match (&request.zone, subnet.availability_zone()) {
        (Some(asked), Some(real)) if asked != real => Err(Error::invalid_argument(format!(
            "the subnet {id} is in the zone {real}, not in {asked}"
        ))
        .with_resources([id])),
        _ => Ok(()),
    }
}

/// Looks at the image: a disk's settings go with a device name, and the image says which are taken.
async fn look_up_image(scope: Scope<'_>, id: &str) -> Result<Image> {
    let answer = scope
        .ec2
        .calls
        .call(
            scope.call("DescribeImages"),
            || scope.ec2.client.describe_images().image_ids(id).send(),
            |_| Ok(()),
        )
        .await?;
    let images = answer.value.images.unwrap_or_default();
    images
        .into_iter()
        .next()
        .ok_or_else(|| not_found(format!("the image {id}"), id))
}

fn not_found(what: String, id: &str) -> Error {
    Error::new(ErrorKind::NotFound, what + " does not exist").with_resources([id])
}

fn devices(disks: &[Disk], image: &Image) -> Result<Vec<BlockDeviceMapping>> {
    let root = image.root_device_name();
    let taken: HashSet<&str> = image
        .block_device_mappings()
        .iter()
        .filter_map(|mapping| mapping.device_name())
        .chain(root)
        .collect();
    let near = DEVICE_LETTERS.map(|letter| format!("/dev/sd{letter}"));
    let far = FURTHER_DEVICE_LETTERS.map(|letter| format!("/dev/xvdb{letter}"));
    let mut free = near
        .chain(far)
        .filter(|name| !taken.contains(name.as_str()));
    disks
        .iter()
        .map(|disk| {
            let name = if disk.boot {
                root.map(str::to_owned).ok_or_else(|| {
                    Error::invalid_argument(format!(
                        "the image {} has no boot disk that could be set",
                        image.image_id().unwrap_or_default()
                    ))
                })?
            } else {
                free.next().ok_or_else(|| {
                    Error::invalid_argument("Disks has more than EC2 has names for")
                })?
            };
            device(disk, name)
        })
        .collect()
}

fn device(disk: &Disk, name: String) -> Result<BlockDeviceMapping> {
    let size = disk
        .size_gib
        .map(|size| {
            i32::try_from(size)
                .map_err(|_| Error::invalid_argument(format!("Disks has a disk of {size} GiB")))
        })
        .transpose()?;
    let ebs = EbsBlockDevice::builder()
        .set_volume_size(size)
        .set_volume_type(disk.disk_type.as_deref().map(VolumeType::from))
        .set_delete_on_termination(disk.delete_with_instance);
    Ok(BlockDeviceMapping::builder()
        .device_name(name)
        .ebs(ebs.build())
        .build())
}

fn prepare(
    scope: Scope<'_>,
    request: &CreateInstancesRequest,
    tags: BTreeMap<String, String>,
    devices: Vec<BlockDeviceMapping>,
) -> Result<RunInstancesFluentBuilder> {
    let number = |count: u32| {
        i32::try_from(count).map_err(|_| Error::invalid_argument("Count is too large"))
    };
    let placement = request
        .zone
        .as_ref()
        .map(|zone| Placement::builder().availability_zone(zone).build());
    let spot = (request.billing == Some(Billing::Spot)).then(|| {
        InstanceMarketOptionsRequest::builder()
            .market_type(MarketType::Spot)
            .build()
    });
    let mut call = scope
        .ec2
        .client
        .run_instances()
        .image_id(&request.image_id)
        .instance_type(InstanceType::from(request.instance_type.as_str()))
        .min_count(number(request.required_count())?)
        .max_count(number(request.count)?)
        .set_client_token(request.client_token.clone())
        .set_dry_run(request.dry_run.then_some(true))
        .set_key_name(request.key_names.first().cloned())
        .set_user_data(request.user_data.as_ref().map(UserData::to_base64))
        .set_placement(placement)
        .set_instance_market_options(spot)
        .set_block_device_mappings(some_if_filled(devices))
        .set_tag_specifications(some_if_filled(tag_specifications(tags)));
    let groups = some_if_filled(request.security_group_ids.clone());
    match request.public_address {
        // An interface of its own excludes subnet and groups beside it.
        Some(public) => {
            let interface = InstanceNetworkInterfaceSpecification::builder()
                .device_index(0)
                .associate_public_ip_address(public)
                .delete_on_termination(true)
                .set_subnet_id(request.subnet_id.clone())
                .set_groups(groups);
            call = call.network_interfaces(interface.build());
        }
        None => {
            call = call
                .set_subnet_id(request.subnet_id.clone())
                .set_security_group_ids(groups);
        }
    }
    Ok(call)
}

/// Tags go on the instances and on their disks, so that what a disk costs is found under the same tags.
fn tag_specifications(tags: BTreeMap<String, String>) -> Vec<TagSpecification> {
    let tags: Vec<Tag> = tags
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect();
    if tags.is_empty() {
        return Vec::new();
    }
    [ResourceType::Instance, ResourceType::Volume]
        .map(|resource| {
            TagSpecification::builder()
                .resource_type(resource)
                .set_tags(Some(tags.clone()))
                .build()
        })
        .into()
}

/// An empty list would be sent as no list, but the SDK's own defaults hold only without one.
fn some_if_filled<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// An answer names every instance that it is about; with the same token it can be had again.
fn check_answer(answer: &RunInstancesOutput) -> Result<()> {
    let instances = answer.instances();
    if instances.is_empty() || instances.iter().any(|one| one.instance_id().is_none()) {
        return Err(error::incomplete("not every instance's id is in it"));
    }
    Ok(())
}

fn ids(answer: &RunInstancesOutput) -> Vec<InstanceId> {
    answer
        .instances()
        .iter()
        .filter_map(|instance| instance.instance_id().map(InstanceId::new))
        .collect()
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
