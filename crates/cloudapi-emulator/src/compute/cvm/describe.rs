//! DescribeInstances and DescribeInstancesStatus.

use serde_json::{Value, json};

use super::check_ids;
use crate::clock;
use crate::compute::{Compute, Instance, Status};
use crate::network::vpc::{tag_fits, tag_set};
use crate::tencent::filter::Filters;
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// A page when nothing is asked for.
const DEFAULT_LIMIT: i64 = 20;
/// The largest page.
const MOST: i64 = 100;

pub(super) fn describe_instances(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let filters = Filters::parse(params, "InvalidFilter", is_filter)?;
    if !filters.is_empty() && !params.list("InstanceIds").is_empty() {
        let message = "`InstanceIds` and `Filters` cannot be specified at the same time.";
        return Err(Error::new("InvalidParameter", message));
    }
    let (total, page) = select(scope, params, |instance, status| {
        filters.match_all(|name, value| fulfils(instance, status, name, value))
    })?;
    let compute = &scope.region.compute;
    let set: Vec<Value> = shown(compute, &page)
        .map(|(instance, status)| render(compute, instance, status))
        .collect();
    look(&mut scope.region.compute, params, &page);
    Ok(json!({ "TotalCount": total, "InstanceSet": set }))
}

pub(super) fn describe_instances_status(
    scope: &mut Scope<'_>,
    params: &Params,
) -> Result<Value, Error> {
    let (total, page) = select(scope, params, |_, _| true)?;
    let set: Vec<Value> = shown(&scope.region.compute, &page)
        .map(|(instance, status)| json!({ "InstanceId": instance.id, "InstanceState": status.state }))
        .collect();
    look(&mut scope.region.compute, params, &page);
    Ok(json!({ "TotalCount": total, "InstanceStatusSet": set }))
}

/// How many there are, and the numbers of those on the page. An empty list of ids is no list: all are meant.
fn select(
    scope: &mut Scope<'_>,
    params: &Params,
    fits: impl Fn(&Instance, &Status) -> bool,
) -> Result<(usize, Vec<u64>), Error> {
    let compute = &mut scope.region.compute;
    compute.purge(scope.now);
    let ids = params.list("InstanceIds");
    check_ids(&ids)?;
    let offset = params.number("Offset").unwrap_or_default();
    let offset =
        usize::try_from(offset).map_err(|_| Error::value("Offset", "It must not be negative."))?;
    let limit = params.number("Limit").unwrap_or(DEFAULT_LIMIT);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|_| (1..=MOST).contains(&limit))
        .ok_or_else(|| {
            Error::new(
                "InvalidParameterValue.LimitExceeded",
                format!("The value of `Limit` has to be 1 to {MOST}."),
            )
        })?;
    let is_shown = |instance: &Instance| {
        instance
            .shown()
            .is_some_and(|status| fits(instance, status))
    };
    let mut total = 0;
    let mut page = Vec::new();
    let mut take = |number: u64| {
        if (offset..offset.saturating_add(limit)).contains(&total) {
            page.push(number);
        }
        total += 1;
    };
    if ids.is_empty() {
        compute
            .starting_at(0)
            .filter(|(_, instance)| is_shown(instance))
            .for_each(|(number, _)| take(number));
    } else {
        let mut numbers: Vec<u64> = ids.iter().filter_map(|id| compute.number(id)).collect();
        // Not the order asked for.
        numbers.sort_unstable();
        numbers.dedup();
        numbers
            .into_iter()
            .filter(|number| compute.get(*number).is_some_and(is_shown))
            .for_each(take);
    }
    Ok((total, page))
}

fn shown<'a>(
    compute: &'a Compute,
    page: &'a [u64],
) -> impl Iterator<Item = (&'a Instance, &'a Status)> {
    let instances = page.iter().filter_map(|number| compute.get(*number));
    instances.filter_map(|instance| Some((instance, instance.shown()?)))
}

/// A call that names ids looks at those that it shows and at those that do not show yet; the first page of a list looks
/// at all.
fn look(compute: &mut Compute, params: &Params, page: &[u64]) {
    let ids = params.list("InstanceIds");
    if !ids.is_empty() {
        for number in ids
            .iter()
            .filter_map(|id| compute.number(id))
            .collect::<Vec<_>>()
        {
            let hidden = compute
                .get(number)
                .is_some_and(|instance| instance.shown().is_none());
            if hidden || page.contains(&number) {
                compute.poll(number);
            }
        }
    } else if params.number("Offset").unwrap_or_default() == 0 {
        compute.poll_all();
    }
}

fn is_filter(name: &str) -> bool {
    const NAMES: [&str; 19] = [
        "creation-end-time",
        "creation-start-time",
        "dedicated-cluster-id",
        "host-id",
        "instance-charge-type",
        "instance-id",
        "instance-name",
        "instance-state",
        "ipv6-address",
        "private-ip-address",
        "project-id",
        "public-ip-address",
        "security-group-id",
        "subnet-id",
        "tag-key",
        "tag-value",
        "uuid",
        "vpc-id",
        "zone",
    ];
    NAMES.contains(&name) || name.strip_prefix("tag:").is_some_and(|key| !key.is_empty())
}

fn fulfils(instance: &Instance, status: &Status, name: &str, value: &str) -> bool {
    match name {
        "creation-end-time" => plain_time(instance).as_str() <= value,
        "creation-start-time" => plain_time(instance).as_str() >= value,
        "instance-charge-type" => instance.charge_type == value,
        "instance-id" => instance.id == value,
        "instance-name" => instance.name == value,
        "instance-state" => status.state == value,
        "private-ip-address" => instance.private_ips.iter().any(|ip| ip == value),
        "project-id" => instance.project_id.to_string() == value,
        "public-ip-address" => instance.public_ip.as_deref() == Some(value),
        "security-group-id" => instance.groups.iter().any(|(id, _)| id == value),
        "subnet-id" => instance.subnet_id == value,
        "tag-value" => instance.tags.iter().any(|(_, found)| found == value),
        "uuid" => instance.uuid == value,
        "vpc-id" => instance.vpc_id == value,
        "zone" => instance.zone == value,
        tag if tag == "tag-key" || tag.starts_with("tag:") => tag_fits(&instance.tags, tag, value),
        // Nothing here has an IPv6 address, a host or a cluster of its own.
        _ => false,
    }
}

fn plain_time(instance: &Instance) -> String {
    clock::iso(instance.created)
        .replace('T', " ")
        .replace('Z', "")
}

fn render(compute: &Compute, instance: &Instance, status: &Status) -> Value {
    let operation = status.operation.as_ref();
    let image = compute
        .images
        .iter()
        .find(|image| image.id == instance.image_id);
    let windows = image.is_some_and(|image| image.windows);
    let disk = |disk: &crate::compute::model::Disk| json!({ "DiskType": disk.kind, "DiskId": disk.id, "DiskSize": disk.size_gib });
    let data_disks = instance.disks.iter().skip(1).map(|data| {
        let mut shape = disk(data);
        shape["DeleteWithInstance"] = Value::from(data.delete_with_instance);
        shape
    });
    let stopped = status.state == "STOPPED";
    json!({
        "Placement": { "Zone": instance.zone, "ProjectId": instance.project_id, "HostId": null },
        "InstanceId": instance.id,
        "InstanceType": instance.instance_type,
        "CPU": instance.cpu,
        "Memory": instance.memory_gib,
        "RestrictState": if status.isolated { "PROTECTIVELY_ISOLATED" } else { "NORMAL" },
        "InstanceName": instance.name,
        "InstanceChargeType": instance.charge_type,
        "SystemDisk": instance.disks.first().map(disk),
        "DataDisks": data_disks.collect::<Vec<_>>(),
        "PrivateIpAddresses": instance.private_ips,
        "PublicIpAddresses": instance.public_ip.as_ref().map(|ip| vec![ip]),
        "InternetAccessible": {
            "InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR",
            "InternetMaxBandwidthOut": instance.bandwidth_mbps,
        },
        "VirtualPrivateCloud": { "VpcId": instance.vpc_id, "SubnetId": instance.subnet_id, "AsVpcGateway": false },
        "ImageId": instance.image_id,
        "RenewFlag": instance.renew_flag,
        "CreatedTime": clock::iso(instance.created),
        "ExpiredTime": instance.expires.map(clock::iso),
        "OsName": image.map(|image| image.os_name),
        "SecurityGroupIds": instance.groups.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        "LoginSettings": { "KeyIds": if instance.key_names.is_empty() { None } else { Some(&instance.key_names) } },
        "InstanceState": status.state,
        "Tags": tag_set(&instance.tags),
        "StopChargingMode": match (stopped, status.charging_stopped) {
            (true, true) => "STOP_CHARGING",
            (true, false) => "KEEP_CHARGING",
            (false, _) => "NOT_APPLICABLE",
        },
        "Uuid": instance.uuid,
        "LatestOperation": operation.map(|operation| operation.name),
        "LatestOperationState": operation.map(|operation| operation.state),
        "LatestOperationRequestId": operation.map(|operation| &operation.request_id),
        "LatestOperationErrorMsg": operation.and_then(|operation| operation.error.as_ref()),
        "DisasterRecoverGroupId": "",
        "IPv6Addresses": null,
        "CamRoleName": "",
        "HpcClusterId": "",
        "IsolatedSource": if status.isolated { "MANMADE" } else { "NOTISOLATED" },
        "GPUInfo": null,
        "LicenseType": null,
        "DisableApiTermination": instance.protected,
        "HostName": instance.host_name,
        "DefaultLoginUser": if windows { "Administrator" } else { "root" },
        "DefaultLoginPort": if windows { 3389 } else { 22 },
    })
}
