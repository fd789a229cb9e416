//! DescribeInstances: ids, records, states, order.

use std::time::{Duration, SystemTime};

use cloudapi_core::compute::{Billing, DescribeInstancesRequest, Instance, InstanceState};
use cloudapi_core::{ComputeExt, ErrorKind, Filters, InstanceId, Operation};
use futures_util::{FutureExt, TryStreamExt};

use super::stage::only;
use crate::case::{Case, CaseFuture};
use crate::context::{Context, TAG};
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("compute/describe-{name}"), promise, run).of(Operation::DescribeInstances)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "gives-every-portable-field",
            "A record has state, type, image, zone, network, addresses, groups, name, tags, billing and launch time.",
            |cx| portable_fields(cx).boxed(),
        ),
        case(
            "keeps-the-vendors-record",
            "The cloud's own record is kept behind the model, in the cloud's own names.",
            |cx| native_record(cx).boxed(),
        ),
        case(
            "round-trips-as-json",
            "Records serialise under the interface's names and read back unchanged.",
            |cx| round_trip(cx).boxed(),
        ),
        case(
            "refuses-an-empty-list-of-ids",
            "An empty list of ids is InvalidArgument and never means all.",
            |cx| empty_list(cx).boxed(),
        ),
        case(
            "refuses-malformed-ids-before-sending",
            "An id of impossible shape is InvalidArgument, named, and nothing is sent.",
            |cx| malformed_ids(cx).boxed(),
        ),
        case(
            "names-all-missing-ids",
            "Ids that do not exist are NotFound, and the error lists every one of them and no other.",
            |cx| missing_ids(cx).boxed(),
        ),
        case(
            "can-allow-missing-ids",
            "With AllowMissing the ids that exist are answered, also when none does.",
            |cx| allow_missing(cx).boxed(),
        ),
        case(
            "finds-one-or-says-not-found",
            "Asking for one instance gives it or NotFound.",
            |cx| find_one(cx).boxed(),
        ),
        case(
            "lists-sorted-and-each-once",
            "The list is sorted by id and has each instance once, however often its id was asked for.",
            |cx| sorted_and_unique(cx).boxed(),
        ),
        case(
            "streams-what-it-lists",
            "The stream gives each instance once, and the same ones as the list.",
            |cx| stream_and_list(cx).boxed(),
        ),
        case(
            "maps-every-documented-state",
            "Every documented native state has its word, with the cloud's own beside it.",
            |cx| documented_states(cx).boxed(),
        )
        .needs([Need::Hands]),
        case(
            "keeps-an-unknown-state-as-text",
            "A state that nobody has heard of does not fail the read and is kept as the cloud's word.",
            |cx| unknown_state(cx).boxed(),
        )
        .needs([Need::Hands]),
        case(
            "gives-the-reason-of-a-failed-launch",
            "An instance that could not be launched has the cloud's reason in its record.",
            |cx| launch_reason(cx).boxed(),
        )
        .needs([Need::Launches]),
    ]
}

async fn portable_fields(cx: &Context) -> Verdict {
    let fixture = cx.fixture();
    let before = SystemTime::now();
    let request = cx
        .request()
        .with_security_group_ids([&fixture.security_group_id])
        .with_tag("team", "网站 & co");
    let name = request.name.clone();
    let id = only(cx.launch_as(request).await?)?;
    let found = cx.compute()?.describe_instance(id.clone()).await?;
    ensure_eq!(found.instance_id, id, "InstanceId");
    ensure_eq!(found.name, name, "Name");
    ensure_eq!(found.state, InstanceState::Running, "State");
    ensure!(!found.native_state.is_empty(), "NativeState is empty");
    ensure_eq!(
        found.instance_type.as_deref(),
        Some(fixture.instance_type.as_str()),
        "InstanceType"
    );
    ensure_eq!(
        found.image_id.as_deref(),
        Some(fixture.image_id.as_str()),
        "ImageId"
    );
    ensure_eq!(found.zone.as_deref(), Some(fixture.zone.as_str()), "Zone");
    ensure_eq!(
        found.vpc_id.as_deref(),
        Some(fixture.vpc_id.as_str()),
        "VpcId"
    );
    ensure_eq!(
        found.subnet_id.as_deref(),
        Some(fixture.subnet_id.as_str()),
        "SubnetId"
    );
    ensure!(
        found
            .private_ip_addresses
            .iter()
            .any(|address| address.parse::<std::net::Ipv4Addr>().is_ok()),
        "PrivateIpAddresses: {:?}",
        found.private_ip_addresses
    );
    ensure_eq!(
        found.security_group_ids,
        std::slice::from_ref(&fixture.security_group_id),
        "SecurityGroupIds"
    );
    ensure_eq!(found.billing, Some(Billing::OnDemand), "Billing");
    ensure_eq!(
        found.tags.get(TAG).map(String::as_str),
        Some(cx.run()),
        "our tag"
    );
    ensure_eq!(
        found.tags.get("team").map(String::as_str),
        Some("网站 & co"),
        "the tag team"
    );
    ensure!(
        !found.tags.contains_key("Name"),
        "the name is repeated as a tag"
    );
    let launched = found.launch_time.unwrap_or(SystemTime::UNIX_EPOCH);
    let distance = launched
        .duration_since(before)
        .or_else(|_| before.duration_since(launched));
    ensure!(
        distance.is_ok_and(|distance| distance < Duration::from_mins(15)),
        "LaunchTime is {:?}",
        found.launch_time
    );
    Ok(())
}

async fn native_record(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    let found = cx.compute()?.describe_instance(id.clone()).await?;
    let native = found
        .native
        .map(|native| native.to_json())
        .unwrap_or_default();
    ensure_eq!(
        native[cx.vendor().native_id].as_str(),
        Some(id.as_str()),
        "the id in the vendor's record {native}"
    );
    Ok(())
}

async fn round_trip(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    let found = cx.compute()?.describe_instance(id.clone()).await?;
    let json = serde_json::to_value(&found)?;
    ensure_eq!(json["InstanceId"], id.as_str(), "InstanceId in {json}");
    ensure_eq!(json["State"], "Running", "State in {json}");
    let mut back: Instance = serde_json::from_value(json)?;
    // What is not part of the JSON form can't come back.
    back.last_operation.clone_from(&found.last_operation);
    ensure_eq!(back, found, "the record read back");
    Ok(())
}

async fn empty_list(cx: &Context) -> Verdict {
    cx.clear_calls();
    let request = DescribeInstancesRequest::new().with_instance_ids::<InstanceId>([]);
    let listed = cx.compute()?.describe_instances(request.clone()).await;
    refused("the list", ErrorKind::InvalidArgument, listed)?;
    let streamed: Result<Vec<_>, _> = cx.compute()?.instances(request).try_collect().await;
    refused("the stream", ErrorKind::InvalidArgument, streamed)?;
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn malformed_ids(cx: &Context) -> Verdict {
    cx.clear_calls();
    for id in cx.vendor().malformed_ids {
        let request = cx
            .describe()
            .with_instance_ids([cx.vendor().absent_id(), InstanceId::from(*id)])
            .with_allow_missing(true);
        let result = cx.compute()?.describe_instances(request).await;
        let error = refused(id, ErrorKind::InvalidArgument, result)?;
        ensure!(
            error.message().contains(*id),
            "{id:?} is not named: {error}"
        );
        ensure_eq!(
            error.operation(),
            Some(Operation::DescribeInstances),
            "the error's operation"
        );
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn missing_ids(cx: &Context) -> Verdict {
    let here = cx.launch(2).await?;
    let mut missing = [
        cx.vendor().absent_id(),
        cx.vendor().absent_id(),
        cx.vendor().absent_id(),
    ];
    let asked = [&missing[..1], &here[..], &missing[1..]].concat();
    let result = cx
        .compute()?
        .describe_instances(cx.describe().with_instance_ids(asked.clone()))
        .await;
    let error = refused("three missing ids", ErrorKind::NotFound, result)?;
    let mut named: Vec<&str> = error.resources().iter().map(String::as_str).collect();
    named.sort_unstable();
    missing.sort();
    let missing: Vec<&str> = missing.iter().map(InstanceId::as_str).collect();
    ensure_eq!(named, missing, "the error's resources");
    for id in &missing {
        ensure!(error.message().contains(id), "{id} is not named: {error}");
    }
    let streamed: Result<Vec<_>, _> = cx
        .compute()?
        .instances(cx.describe().with_instance_ids(asked))
        .try_collect()
        .await;
    refused("the stream", ErrorKind::NotFound, streamed)?;
    Ok(())
}

async fn allow_missing(cx: &Context) -> Verdict {
    let here = only(cx.launch(1).await?)?;
    let compute = cx.compute()?;
    let ask = |ids: Vec<InstanceId>| {
        compute.describe_instances(
            cx.describe()
                .with_instance_ids(ids)
                .with_allow_missing(true),
        )
    };
    let found = ask(vec![cx.vendor().absent_id(), here.clone()]).await?;
    ensure_eq!(only(found)?.instance_id, here, "the one that exists");
    let none = ask(vec![cx.vendor().absent_id(), cx.vendor().absent_id()]).await?;
    ensure_eq!(none.len(), 0, "instances found for ids that do not exist");
    Ok(())
}

async fn find_one(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    let found = cx.compute()?.describe_instance(id.clone()).await?;
    ensure_eq!(found.instance_id, id, "the id");
    let absent = cx.vendor().absent_id();
    let result = cx.compute()?.describe_instance(absent.clone()).await;
    let error = refused("an absent id", ErrorKind::NotFound, result)?;
    ensure_eq!(
        error.resources(),
        [absent.as_str()],
        "the error's resources"
    );
    ensure_eq!(
        error.provider(),
        Some(cx.provider()),
        "the error's provider"
    );
    Ok(())
}

async fn sorted_and_unique(cx: &Context) -> Verdict {
    let mut ids = cx.launch(5).await?;
    ids.sort();
    let asked = ids.iter().rev().chain(&ids).cloned();
    let by_ids = cx
        .compute()?
        .describe_instances(cx.describe().with_instance_ids(asked))
        .await?;
    ensure_eq!(ids_of(&by_ids), ids, "the list by ids");
    let by_tag = cx.compute()?.describe_instances(cx.mine()).await?;
    ensure_eq!(ids_of(&by_tag), ids, "the list by tag");
    let all = ids_of(&cx.compute()?.describe_instances(cx.describe()).await?);
    ensure!(
        all.windows(2).all(|pair| pair[0] < pair[1]),
        "the list of all is not sorted, or has one twice: {all:?}"
    );
    ensure!(
        ids.iter().all(|id| all.contains(id)),
        "the list of all lacks some of {ids:?}"
    );
    Ok(())
}

async fn stream_and_list(cx: &Context) -> Verdict {
    let mut ids = cx.launch(4).await?;
    ids.sort();
    for request in [
        cx.mine(),
        cx.describe().with_instance_ids(ids.clone()),
        cx.describe()
            .with_instance_ids(ids.iter().chain(&ids).cloned()),
    ] {
        let mut streamed: Vec<Instance> = cx
            .compute()?
            .instances(request.clone())
            .try_collect()
            .await?;
        streamed.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
        ensure_eq!(ids_of(&streamed), ids, "the stream");
        let listed = cx.compute()?.describe_instances(request).await?;
        ensure_eq!(listed, streamed, "the list");
    }
    Ok(())
}

async fn documented_states(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    for (native, expected) in cx.vendor().states {
        cx.controls()?.set_state(&id, native);
        let found = cx.compute()?.describe_instance(id.clone()).await?;
        ensure_eq!(found.state, InstanceState::from(*expected), "{native}");
        ensure_eq!(found.native_state, *native, "the native state");
    }
    Ok(())
}

async fn unknown_state(cx: &Context) -> Verdict {
    let ids = cx.launch(2).await?;
    cx.controls()?.set_state(&ids[0], cx.vendor().odd_state);
    let found = cx.compute()?.describe_instances(cx.mine()).await?;
    ensure_eq!(found.len(), 2, "instances");
    let odd = cx.compute()?.describe_instance(ids[0].clone()).await?;
    let word = cx.vendor().odd_state;
    ensure_eq!(odd.state, InstanceState::Other(word.into()), "the state");
    ensure_eq!(odd.native_state, word, "the native state");
    let running = cx.mine().with_filters(
        Filters::new()
            .with(format!("tag:{TAG}"), [cx.run()])
            .with("instance-state", ["running"]),
    );
    let running = cx.compute()?.describe_instances(running).await?;
    ensure_eq!(ids_of(&running), [ids[1].clone()], "what is running");
    Ok(())
}

async fn launch_reason(cx: &Context) -> Verdict {
    cx.controls()?.fail_next_launch(REASON);
    let created = cx.compute()?.create_instances(cx.request()).await?;
    cx.made(&created.instance_ids);
    let id = only(created.instance_ids)?;
    cx.compute()?
        .wait_for_instances(std::slice::from_ref(&id), &cx.pace())
        .await?;
    let found = cx.compute()?.describe_instance(id).await?;
    ensure!(
        matches!(
            found.state,
            InstanceState::LaunchFailed | InstanceState::Terminated
        ),
        "the state is {:?}",
        found.state
    );
    let reason = found.state_reason.unwrap_or_default();
    ensure!(reason.contains(REASON), "the reason is {reason:?}");
    Ok(())
}

/// The reason of a failed launch, in a word that both clouds take.
pub(super) const REASON: &str = "Server.InternalError";

/// The ids of a list, in its order.
pub(super) fn ids_of(instances: &[Instance]) -> Vec<InstanceId> {
    instances
        .iter()
        .map(|instance| instance.instance_id.clone())
        .collect()
}
