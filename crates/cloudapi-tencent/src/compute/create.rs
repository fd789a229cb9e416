//! Creating instances: what is looked up, split, and never done twice.

use std::fmt::Write;

use cloudapi_core::compute::{Billing, CreateInstancesRequest, CreatedInstances, UserData};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{Error, ErrorKind, InstanceId, Result};
use uuid::Uuid;

use super::wire::{
    DESCRIBE_SUBNETS, DataDisk, DescribeSubnetsRequest, DescribeSubnetsResponse,
    InstanceChargePrepaid, InternetAccessible, NewLoginSettings, NewPlacement, NewTag,
    NewVirtualPrivateCloud, RUN_INSTANCES, RunInstancesRequest, RunInstancesResponse, Subnet,
    SystemDisk, TagSpecification,
};
use crate::client::Client;

/// Instances that one call creates.
const COUNT_PER_CALL: u32 = 500;
const DATA_DISKS: usize = 21;
const NAME_CHARACTERS: usize = 128;
const TOKEN_CHARACTERS: usize = 64;
/// Mbit/s of a public address.
const BANDWIDTH: u32 = 100;
/// What a dry run that found nothing wrong used to answer; today's answer is a success without ids.
const DRY_RUN_PASSED: &str = "DryRunOperation";

/// Creates instances.
pub(super) async fn create(
    client: &Client,
    request: CreateInstancesRequest,
) -> Result<CreatedInstances> {
    check(&request)?;
    let deadline = client.start();
    let request = with_network(client, deadline, request).await?;
    let token = request
        .client_token
        .clone()
        .unwrap_or_else(|| Uuid::new_v4().to_string());
    if request.dry_run {
        let first = parts(&request, &token).next();
        if let Some((_, part)) = first {
            check_with_cloud(client, deadline, part).await?;
        }
        return Ok(CreatedInstances::dry_run(token, request));
    }
    let mut created: Vec<InstanceId> = Vec::new();
    for (later, mut part) in parts(&request, &token) {
        let done = u32::try_from(created.len()).unwrap_or(u32::MAX);
        part.min_count = min_count(&request, part.instance_count, done, later);
        let answer = client
            .call::<_, RunInstancesResponse>(&RUN_INSTANCES, &part, deadline)
            .await;
        match answer {
            Ok(answer) => created.extend(
                answer
                    .response
                    .instance_id_set
                    .unwrap_or_default()
                    .into_iter()
                    .map(InstanceId::from),
            ),
            Err(error) => return stopped(&request, &token, created, error),
        }
    }
    if created.len() < request.required_count() as usize {
        let error = Error::new(ErrorKind::Unavailable, "the cloud answered too few ids")
            .with_retryable(false);
        return stopped(&request, &token, created, error);
    }
    Ok(CreatedInstances::new(created, token))
}

/// What came of a request that ended before everything was created: enough is a success.
fn stopped(
    request: &CreateInstancesRequest,
    token: &str,
    created: Vec<InstanceId>,
    error: Error,
) -> Result<CreatedInstances> {
    if !created.is_empty() && created.len() >= request.required_count() as usize {
        tracing::debug!(%error, created = created.len(), count = request.count, "created fewer than asked for, but enough");
        return Ok(CreatedInstances::new(created, token));
    }
    if created.is_empty() && error.is_certainly_undone() {
        return Err(error);
    }
    // Whoever reads this must be able to find out what exists, and to go on.
    let mut message = error.message().trim_end_matches('.').to_owned();
    if !created.is_empty() {
        let _ = write!(
            message,
            "; {} of {} were created",
            created.len(),
            request.count
        );
    }
    let _ = write!(
        message,
        "; the same request with the client token {token} creates nothing twice and gives the ids"
    );
    Err(error
        .with_message(message)
        .with_resources(created.iter().map(InstanceId::as_str)))
}

/// Checks what needs no cloud.
fn check(request: &CreateInstancesRequest) -> Result<()> {
    request.check()?;
    let bad = |message: String| Err(Error::invalid_argument(message));
    match (&request.zone, &request.vpc_id, &request.subnet_id) {
        (_, Some(_), None) => {
            return Err(Error::unsupported(
                "VpcId without SubnetId: CVM puts an instance into a subnet; name the subnet",
            ));
        }
        (None, None, None) => {
            return bad("Zone is missing; CVM needs it, unless SubnetId tells it".to_owned());
        }
        _ => {}
    }
    let data_disks = request.disks.iter().filter(|disk| !disk.boot).count();
    if data_disks > DATA_DISKS {
        return bad(format!(
            "Disks has {data_disks} data disks, CVM takes {DATA_DISKS}"
        ));
    }
    if request
        .disks
        .iter()
        .any(|disk| disk.boot && disk.delete_with_instance == Some(false))
    {
        return Err(Error::unsupported(
            "DeleteWithInstance false on the boot disk: CVM always deletes it with the instance",
        ));
    }
    if let Some(name) = &request.name
        && name.chars().count() > NAME_CHARACTERS
    {
        return bad(format!(
            "Name has {} characters, CVM takes {NAME_CHARACTERS}",
            name.chars().count()
        ));
    }
    let calls = request.count.div_ceil(COUNT_PER_CALL);
    if let Some(token) = &request.client_token
        && calls > 1
        && part_token(token, calls, calls).len() > TOKEN_CHARACTERS
    {
        return bad(format!(
            "ClientToken is too long for {calls} calls, each of which has its own made from it; take at most 60 characters"
        ));
    }
    Ok(())
}

/// Looks the subnet up, whose zone and network the cloud wants to be told, and checks what was given against them.
async fn with_network(
    client: &Client,
    deadline: Deadline,
    mut request: CreateInstancesRequest,
) -> Result<CreateInstancesRequest> {
    let Some(id) = request.subnet_id.clone() else {
        return Ok(request);
    };
    let ask = DescribeSubnetsRequest {
        subnet_ids: &[&id],
        offset: "0",
        limit: "1",
    };
    let not_found = || {
        Error::new(
            ErrorKind::NotFound,
            format!("the subnet {id} does not exist"),
        )
        .with_resources([&id])
    };
    let answer = client
        .call::<_, DescribeSubnetsResponse>(&DESCRIBE_SUBNETS, &ask, deadline)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => error
                .with_message(format!("the subnet {id} does not exist"))
                .with_resources([&id]),
            _ => error,
        })?;
    let subnet: Subnet = answer
        .response
        .subnet_set
        .unwrap_or_default()
        .into_iter()
        .find(|subnet| subnet.subnet_id.as_deref() == Some(&*id))
        .ok_or_else(not_found)?;
    for (name, given, actual) in [
        ("VpcId", &mut request.vpc_id, subnet.vpc_id),
        ("Zone", &mut request.zone, subnet.zone),
    ] {
        let actual = actual.filter(|actual| !actual.is_empty()).ok_or_else(|| {
            Error::new(
                ErrorKind::Unavailable,
                format!("the cloud does not tell the {name} of the subnet {id}"),
            )
        })?;
        if let Some(given) = given
            && *given != actual
        {
            return Err(Error::invalid_argument(format!(
                "{name} is {given}, but the subnet {id} is in {actual}"
            ))
            .with_resources([&id]));
        }
        *given = Some(actual);
    }
    Ok(request)
}

/// Has the cloud check a call. A dry run has no token, so that the token stays free for the call that creates.
async fn check_with_cloud(
    client: &Client,
    deadline: Deadline,
    mut part: RunInstancesRequest,
) -> Result<()> {
    part.dry_run = Some(true);
    part.client_token = None;
    let answer = client
        .call::<_, RunInstancesResponse>(&RUN_INSTANCES, &part, deadline)
        .await;
    match answer {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(DRY_RUN_PASSED) => Ok(()),
        Err(error) => Err(error),
    }
}

fn part_token(token: &str, part: u32, parts: u32) -> String {
    if parts == 1 {
        token.to_owned()
    } else {
        format!("{token}-{part}")
    }
}

/// The calls that make up a request, each with how many instances are left for the calls after it.
fn parts(
    request: &CreateInstancesRequest,
    token: &str,
) -> impl Iterator<Item = (u32, RunInstancesRequest)> {
    let calls = request.count.div_ceil(COUNT_PER_CALL);
    (0..calls).map(move |index| {
        let before = index * COUNT_PER_CALL;
        let count = (request.count - before).min(COUNT_PER_CALL);
        let mut part = run_instances(request);
        part.instance_count = count;
        part.client_token = Some(part_token(token, index + 1, calls));
        if calls > 1 {
            part.instance_name = request.name.as_deref().map(|name| part_name(name, before));
        }
        (request.count - before - count, part)
    })
}

/// How many a call must create at least, so that the whole can still reach what is required.
fn min_count(request: &CreateInstancesRequest, count: u32, done: u32, later: u32) -> Option<u32> {
    request.min_count?;
    let needed = request
        .required_count()
        .saturating_sub(done)
        .saturating_sub(later)
        .clamp(1, count);
    // The same as none, which accounts without partial delivery may send too.
    (needed < count).then_some(needed)
}

/// The name for a call that begins after so many instances: the cloud numbers those of each call anew, hence a pattern
/// (`web-{R:501}`) that goes on where the call before ended.
fn part_name(name: &str, before: u32) -> String {
    let mut result = String::with_capacity(name.len() + 8);
    let (mut rest, mut patterns) = (name, 0);
    while let Some(at) = rest.find("{R:") {
        let (head, tail) = rest.split_at(at + 3);
        result.push_str(head);
        let digits = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        match tail[..digits].parse::<u64>() {
            Ok(start) if tail[digits..].starts_with(['}', ',']) => {
                let _ = write!(result, "{}", start.saturating_add(u64::from(before)));
                patterns += 1;
            }
            _ => result.push_str(&tail[..digits]),
        }
        rest = &tail[digits..];
    }
    result.push_str(rest);
    if patterns == 0 {
        let _ = write!(result, "{{R:{}}}", u64::from(before) + 1);
    }
    result
}

/// A request in the vendor's words, but for what differs from call to call.
fn run_instances(request: &CreateInstancesRequest) -> RunInstancesRequest {
    let system_disk = request.disks.iter().find(|disk| disk.boot);
    let data_disks = request.disks.iter().filter(|disk| !disk.boot);
    let tags: Vec<NewTag> = request
        .tags
        .iter()
        .map(|(key, value)| NewTag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect();
    RunInstancesRequest {
        instance_charge_type: match request.billing {
            Some(Billing::Prepaid) => "PREPAID",
            Some(Billing::Spot) => "SPOTPAID",
            _ => "POSTPAID_BY_HOUR",
        },
        instance_charge_prepaid: request
            .prepaid_months
            .map(|period| InstanceChargePrepaid { period }),
        placement: NewPlacement {
            zone: request.zone.clone().unwrap_or_default(),
        },
        instance_type: request.instance_type.clone(),
        image_id: request.image_id.clone(),
        system_disk: system_disk.map(|disk| SystemDisk {
            disk_type: disk.disk_type.clone(),
            disk_size: disk.size_gib,
        }),
        data_disks: data_disks
            .map(|disk| DataDisk {
                disk_size: disk.size_gib.unwrap_or_default(),
                disk_type: disk.disk_type.clone(),
                delete_with_instance: disk.delete_with_instance,
            })
            .collect(),
        virtual_private_cloud: request
            .vpc_id
            .clone()
            .zip(request.subnet_id.clone())
            .map(|(vpc_id, subnet_id)| NewVirtualPrivateCloud { vpc_id, subnet_id }),
        internet_accessible: request.public_address.map(|public| InternetAccessible {
            internet_charge_type: public.then_some("TRAFFIC_POSTPAID_BY_HOUR"),
            internet_max_bandwidth_out: if public { BANDWIDTH } else { 0 },
            public_ip_assigned: public,
        }),
        instance_count: request.count,
        min_count: None,
        instance_name: request.name.clone(),
        login_settings: (!request.key_names.is_empty()).then(|| NewLoginSettings {
            key_ids: request.key_names.clone(),
        }),
        security_group_ids: request.security_group_ids.clone(),
        client_token: None,
        tag_specification: if tags.is_empty() {
            Vec::new()
        } else {
            vec![TagSpecification {
                resource_type: "instance",
                tags,
            }]
        },
        user_data: request.user_data.as_ref().map(UserData::to_base64),
        dry_run: None,
    }
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
