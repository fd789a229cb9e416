//! CreateInstances: what is made, exactly once.

use std::collections::BTreeSet;

use cloudapi_core::compute::{Billing, CreateInstancesRequest, Disk};
use cloudapi_core::{ComputeExt, ErrorKind, InstanceId, Operation};
use futures_util::FutureExt;

use super::describe::ids_of;
use super::stage::only;
use crate::capability::Capability;
use crate::case::{Case, CaseFuture};
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

/// More than one call takes, at the cloud that takes the fewest.
const MORE_THAN_A_CALL: u32 = 501;

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("compute/create-{name}"), promise, run).of(Operation::CreateInstances)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "answers-ids-and-token",
            "The answer is the ids, as many as asked for, and the client token, made up if none was given.",
            |cx| ids_and_token(cx).boxed(),
        ),
        case(
            "takes-every-option",
            "Groups, key pair, user data, disks, a public address and tags are taken, and what shows in a record shows.",
            |cx| every_option(cx).boxed(),
        ),
        case(
            "with-the-same-token-creates-once",
            "The same request with the same token gives the same instances and no more.",
            |cx| same_token(cx).boxed(),
        )
        .needs([Need::Tokens]),
        case(
            "without-a-token-creates-anew",
            "The same request twice without a token is two requests.",
            |cx| without_token(cx).boxed(),
        ),
        case(
            "with-a-lost-answer-creates-once",
            "A connection lost after the cloud accepted does not create twice, however often it is lost.",
            |cx| lost_answer(cx).boxed(),
        )
        .needs([Need::Faults]),
        case(
            "splits-what-a-call-does-not-take",
            "More than one call takes is split, without a gap or a double, and repeating it with its token repeats nothing.",
            |cx| split(cx).boxed(),
        )
        .needs([Need::Bulk, Need::Tokens]),
        case(
            "names-what-a-half-done-request-made",
            "When only a part could be created, the error's resources are exactly the ids that were.",
            |cx| half_done(cx).boxed(),
        )
        .needs([Need::Bulk, Need::Launches]),
        case(
            "takes-what-there-is-down-to-the-minimum",
            "With MinCount fewer than Count are a success when that is what the cloud has.",
            |cx| minimum(cx).boxed(),
        )
        .needs([Need::Launches]),
        case(
            "is-all-or-nothing-without-a-minimum",
            "Without MinCount too few is OutOfCapacity and nothing is created.",
            |cx| all_or_nothing(cx).boxed(),
        )
        .needs([Need::Launches]),
        case(
            "does-not-repeat-a-lack-of-capacity",
            "OutOfCapacity is reported after one call, whatever HTTP status it came with.",
            |cx| capacity_once(cx).boxed(),
        )
        .needs([Need::Launches, Need::CallLog]),
        case(
            "finds-the-zone-of-the-subnet",
            "A subnet is enough: its zone need not be named.",
            |cx| zone_of_subnet(cx).boxed(),
        ),
        case(
            "without-zone-or-subnet-leaves-the-choice-to-the-cloud",
            "Where the cloud can choose, neither zone nor subnet is needed.",
            |cx| no_zone(cx).boxed(),
        )
        .with(Capability::ZoneOptional),
        case(
            "without-zone-or-subnet-is-refused-before-sending",
            "Where the cloud needs the zone, its lack is InvalidArgument and nothing is sent.",
            |cx| zone_needed(cx).boxed(),
        )
        .without(Capability::ZoneOptional),
        case(
            "buys-spare-capacity",
            "Billing Spot is taken and shows in the record.",
            |cx| spot(cx).boxed(),
        ),
        case(
            "buys-prepaid",
            "Where the cloud has it, Billing Prepaid with its months is taken and shows in the record, with the end of the time.",
            |cx| prepaid(cx).boxed(),
        )
        .with(Capability::Prepaid)
        .needs([Need::Bulk]),
        case(
            "prepaid-is-unsupported",
            "Where the cloud has no prepaid instances, asking for one is Unsupported and nothing is sent.",
            |cx| no_prepaid(cx).boxed(),
        )
        .without(Capability::Prepaid),
    ]
}

async fn ids_and_token(cx: &Context) -> Verdict {
    let created = cx
        .compute()?
        .create_instances(cx.request().with_count(3))
        .await?;
    cx.made(&created.instance_ids);
    let unique: BTreeSet<&InstanceId> = created.instance_ids.iter().collect();
    ensure_eq!(unique.len(), 3, "ids");
    ensure!(!created.client_token.is_empty(), "the token is empty");
    ensure!(!created.dry_run, "a real run calls itself a dry run");
    let json = serde_json::to_value(&created)?;
    ensure_eq!(
        json["InstanceIds"].as_array().map(Vec::len),
        Some(3),
        "InstanceIds in {json}"
    );
    ensure_eq!(
        json["ClientToken"],
        created.client_token.as_str(),
        "ClientToken in {json}"
    );
    let token = format!("token-{}", cx.run());
    let created = cx
        .compute()?
        .create_instances(cx.request().with_client_token(&token))
        .await?;
    cx.made(&created.instance_ids);
    ensure_eq!(created.client_token, token, "the token given");
    Ok(())
}

async fn every_option(cx: &Context) -> Verdict {
    let fixture = cx.fixture();
    let mut request = cx
        .request()
        .with_zone(&fixture.zone)
        .with_vpc_id(&fixture.vpc_id)
        .with_security_group_ids([&fixture.security_group_id])
        .with_user_data("#!/bin/sh\necho hello\n")
        .with_disk(Disk::boot().with_size_gib(50))
        .with_disk(Disk::data(20).with_delete_with_instance(true))
        .with_public_address(true)
        .with_tag("owner", "ops");
    if let Some(key) = &fixture.key_name {
        request = request.with_key_names([key]);
    }
    let id = only(cx.launch_as(request).await?)?;
    let found = cx.compute()?.describe_instance(id).await?;
    ensure_eq!(
        found.security_group_ids,
        std::slice::from_ref(&fixture.security_group_id),
        "SecurityGroupIds"
    );
    ensure!(
        !found.public_ip_addresses.is_empty(),
        "it has no public address"
    );
    ensure_eq!(
        found.tags.get("owner").map(String::as_str),
        Some("ops"),
        "the tag owner"
    );
    if let Some(key) = &fixture.key_name {
        ensure_eq!(found.key_names, std::slice::from_ref(key), "KeyNames");
    }
    let private = cx.request().with_public_address(false);
    let id = only(cx.launch_as(private).await?)?;
    let found = cx.compute()?.describe_instance(id).await?;
    ensure!(
        found.public_ip_addresses.is_empty(),
        "it has a public address that was not wanted"
    );
    Ok(())
}

async fn same_token(cx: &Context) -> Verdict {
    let compute = cx.compute()?;
    let request = cx
        .request()
        .with_count(2)
        .with_client_token(format!("again-{}", cx.run()));
    let mut first = compute
        .create_instances(request.clone())
        .await?
        .instance_ids;
    cx.made(&first);
    let mut second = compute.create_instances(request).await?.instance_ids;
    cx.made(&second);
    first.sort();
    second.sort();
    ensure_eq!(second, first, "the ids of the second request");
    ensure_eq!(ids_of(&cx.settled().await?), first, "what there is");
    Ok(())
}

async fn without_token(cx: &Context) -> Verdict {
    let compute = cx.compute()?;
    let first = compute.create_instances(cx.request()).await?;
    cx.made(&first.instance_ids);
    let second = compute.create_instances(cx.request()).await?;
    cx.made(&second.instance_ids);
    ensure!(
        first.client_token != second.client_token,
        "two requests share a token"
    );
    ensure_eq!(cx.settled().await?.len(), 2, "instances");
    Ok(())
}

async fn lost_answer(cx: &Context) -> Verdict {
    cx.controls()?
        .inject(Fault::new(FaultKind::CutAfter, "RunInstances").with_times(3));
    let mut ids = cx
        .compute()?
        .create_instances(cx.request().with_count(2))
        .await?
        .instance_ids;
    cx.made(&ids);
    ids.sort();
    ensure_eq!(ids.len(), 2, "ids");
    ensure_eq!(ids_of(&cx.settled().await?), ids, "what there is");
    Ok(())
}

async fn split(cx: &Context) -> Verdict {
    let request = cx
        .request()
        .with_count(MORE_THAN_A_CALL)
        .with_client_token(format!("many-{}", cx.run()));
    let compute = cx.compute()?;
    let first = compute.create_instances(request.clone()).await?;
    let unique: BTreeSet<InstanceId> = first.instance_ids.iter().cloned().collect();
    ensure_eq!(unique.len(), 501, "ids");
    ensure_eq!(
        first.client_token,
        format!("many-{}", cx.run()),
        "the token"
    );
    let second = compute.create_instances(request).await?;
    let again: BTreeSet<InstanceId> = second.instance_ids.into_iter().collect();
    ensure_eq!(again, unique, "the ids of the same request");
    ensure_eq!(cx.settled().await?.len(), 501, "instances");
    Ok(())
}

async fn half_done(cx: &Context) -> Verdict {
    let controls = cx.controls()?;
    controls.limit_capacity(&cx.fixture().instance_type, 500);
    let request = cx.request().with_count(MORE_THAN_A_CALL);
    let result = cx.compute()?.create_instances(request).await;
    let error = refused("one more than there is", ErrorKind::OutOfCapacity, result)?;
    let mut named: Vec<InstanceId> = error
        .resources()
        .iter()
        .map(|id| InstanceId::from(id.as_str()))
        .collect();
    named.sort();
    ensure_eq!(
        named,
        ids_of(&cx.settled().await?),
        "the error's resources against what there is"
    );
    Ok(())
}

async fn minimum(cx: &Context) -> Verdict {
    cx.controls()?
        .limit_capacity(&cx.fixture().instance_type, 3);
    let request = cx.request().with_count(5).with_min_count(2);
    let mut ids = cx.compute()?.create_instances(request).await?.instance_ids;
    cx.made(&ids);
    ids.sort();
    ensure_eq!(ids.len(), 3, "ids");
    ensure_eq!(ids_of(&cx.settled().await?), ids, "what there is");
    Ok(())
}

async fn all_or_nothing(cx: &Context) -> Verdict {
    cx.controls()?
        .limit_capacity(&cx.fixture().instance_type, 2);
    for request in [
        cx.request().with_count(3),
        cx.request().with_count(5).with_min_count(3),
    ] {
        let result = cx.compute()?.create_instances(request).await;
        let error = refused("too few", ErrorKind::OutOfCapacity, result)?;
        ensure!(error.code().is_some(), "the cloud's code is missing");
        ensure_eq!(
            error.operation(),
            Some(Operation::CreateInstances),
            "the error's operation"
        );
    }
    ensure_eq!(cx.settled().await?.len(), 0, "instances");
    Ok(())
}

async fn capacity_once(cx: &Context) -> Verdict {
    cx.controls()?
        .limit_capacity(&cx.fixture().instance_type, 0);
    cx.clear_calls();
    let result = cx.compute()?.create_instances(cx.request()).await;
    let error = refused("none left", ErrorKind::OutOfCapacity, result)?;
    ensure!(!error.is_retryable(), "it calls itself retryable");
    ensure_eq!(cx.calls_to("RunInstances"), 1, "calls");
    Ok(())
}

async fn zone_of_subnet(cx: &Context) -> Verdict {
    let request = cx.request();
    ensure!(request.zone.is_none(), "the request names a zone");
    let id = only(cx.launch_as(request).await?)?;
    let found = cx.compute()?.describe_instance(id).await?;
    ensure_eq!(
        found.zone.as_deref(),
        Some(cx.fixture().zone.as_str()),
        "Zone"
    );
    Ok(())
}

fn bare(cx: &Context) -> CreateInstancesRequest {
    let mut request = cx.request();
    request.subnet_id = None;
    request
}

async fn no_zone(cx: &Context) -> Verdict {
    let id = only(cx.launch_as(bare(cx)).await?)?;
    let found = cx.compute()?.describe_instance(id).await?;
    ensure!(found.zone.is_some(), "it has no zone");
    Ok(())
}

async fn zone_needed(cx: &Context) -> Verdict {
    cx.clear_calls();
    let result = cx.compute()?.create_instances(bare(cx)).await;
    let error = refused("no zone", ErrorKind::InvalidArgument, result)?;
    ensure!(
        error.message().contains("Zone"),
        "Zone is not named: {error}"
    );
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn spot(cx: &Context) -> Verdict {
    let id = only(
        cx.launch_as(cx.request().with_billing(Billing::Spot))
            .await?,
    )?;
    let found = cx.compute()?.describe_instance(id).await?;
    ensure_eq!(found.billing, Some(Billing::Spot), "Billing");
    Ok(())
}

async fn prepaid(cx: &Context) -> Verdict {
    let id = only(cx.launch_as(cx.request().with_prepaid_months(1)).await?)?;
    let found = cx.compute()?.describe_instance(id).await?;
    ensure_eq!(found.billing, Some(Billing::Prepaid), "Billing");
    ensure!(
        found.expires_at > found.launch_time,
        "ExpiresAt is {:?}",
        found.expires_at
    );
    Ok(())
}

async fn no_prepaid(cx: &Context) -> Verdict {
    cx.clear_calls();
    let result = cx
        .compute()?
        .create_instances(cx.request().with_prepaid_months(1))
        .await;
    let error = refused("prepaid", ErrorKind::Unsupported, result)?;
    ensure_eq!(
        error.provider(),
        Some(cx.provider()),
        "the error's provider"
    );
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}
