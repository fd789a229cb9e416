//! CreateInstances: what is refused, and what only is checked.

use cloudapi_core::compute::{Billing, CreateInstancesRequest, Disk, UserData};
use cloudapi_core::{ErrorKind, Operation};
use futures_util::FutureExt;

use crate::case::{Case, CaseFuture};
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("compute/create-{name}"), promise, run).of(Operation::CreateInstances)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "refuses-bad-requests-before-sending",
            "A count of 0, a minimum above it, an empty image, a bad token, tag, disk or billing are InvalidArgument naming the field, and nothing is sent.",
            |cx| bad_requests(cx).boxed(),
        ),
        case(
            "takes-sixteen-kilobytes-of-user-data-and-no-more",
            "User data is taken up to 16 KiB before encoding; a byte more is InvalidArgument, and nothing is sent.",
            |cx| user_data(cx).boxed(),
        ),
        case(
            "says-what-does-not-exist",
            "An image that does not exist is NotFound, in the cloud's own code, and nothing is created.",
            |cx| missing_image(cx).boxed(),
        ),
        case(
            "checks-the-network-against-the-subnet",
            "A network that is not the subnet's is InvalidArgument, naming both, and nothing is created.",
            |cx| wrong_network(cx).boxed(),
        ),
        case(
            "refuses-a-network-without-a-subnet",
            "A network alone is refused before anything is sent, since the cloud has no such parameter.",
            |cx| network_alone(cx).boxed(),
        ),
        case(
            "dry-run-creates-nothing",
            "A dry run says so, tells what would be asked for, and creates nothing.",
            |cx| dry_run(cx).boxed(),
        ),
        case(
            "dry-run-gives-the-error-of-the-real-run",
            "A dry run of what would be refused is the same error, by our checks and by the cloud's.",
            |cx| dry_run_refused(cx).boxed(),
        ),
    ]
}

async fn bad_requests(cx: &Context) -> Verdict {
    let fixture = cx.fixture();
    cx.clear_calls();
    for (request, field) in [
        (cx.request().with_count(0), "Count"),
        (cx.request().with_min_count(0), "MinCount"),
        (cx.request().with_count(2).with_min_count(3), "MinCount"),
        (
            CreateInstancesRequest::new("", &fixture.instance_type),
            "ImageId",
        ),
        (
            CreateInstancesRequest::new(&fixture.image_id, ""),
            "InstanceType",
        ),
        (
            cx.request().with_client_token("x".repeat(65)),
            "ClientToken",
        ),
        (cx.request().with_client_token("a b"), "ClientToken"),
        (cx.request().with_tag("", "x"), "Tags"),
        (
            cx.request().with_disk(Disk::boot()).with_disk(Disk::boot()),
            "Disks",
        ),
        (cx.request().with_disk(Disk::data(0)), "Disks"),
        (cx.request().with_billing("Barter".into()), "Billing"),
        (cx.request().with_billing(Billing::Prepaid), "PrepaidMonths"),
        (cx.request().with_prepaid_months(13), "PrepaidMonths"),
    ] {
        for request in [request.clone(), request.with_dry_run(true)] {
            let result = cx.compute()?.create_instances(request).await;
            let error = refused(field, ErrorKind::InvalidArgument, result)?;
            ensure!(
                error.message().contains(field),
                "{field} is not named: {error}"
            );
            ensure_eq!(
                error.operation(),
                Some(Operation::CreateInstances),
                "the error's operation"
            );
        }
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn user_data(cx: &Context) -> Verdict {
    cx.clear_calls();
    let too_much = cx
        .request()
        .with_user_data(vec![b'x'; UserData::MAX_BYTES + 1]);
    let result = cx.compute()?.create_instances(too_much).await;
    let error = refused("16 KiB and a byte", ErrorKind::InvalidArgument, result)?;
    ensure!(
        error.message().contains("16385"),
        "the size is not told: {error}"
    );
    ensure_eq!(cx.calls().len(), 0, "native calls");
    let full = cx.request().with_user_data(vec![b'x'; UserData::MAX_BYTES]);
    cx.launch_as(full).await?;
    Ok(())
}

async fn missing_image(cx: &Context) -> Verdict {
    let mut request = cx.request();
    cx.vendor().missing_image.clone_into(&mut request.image_id);
    let result = cx.compute()?.create_instances(request).await;
    let error = refused("a missing image", ErrorKind::NotFound, result)?;
    ensure!(error.code().is_some(), "the cloud's code is missing");
    ensure!(
        error.request_id().is_some(),
        "the cloud's request id is missing"
    );
    ensure_eq!(cx.settled().await?.len(), 0, "instances");
    Ok(())
}

async fn wrong_network(cx: &Context) -> Verdict {
    let fixture = cx.fixture();
    cx.clear_calls();
    let request = cx.request().with_vpc_id(&fixture.other_vpc_id);
    let result = cx.compute()?.create_instances(request).await;
    let error = refused("another network", ErrorKind::InvalidArgument, result)?;
    for word in [&fixture.other_vpc_id, &fixture.subnet_id] {
        ensure!(
            error.message().contains(word),
            "{word} is not named: {error}"
        );
    }
    ensure_eq!(cx.calls_to("RunInstances"), 0, "calls that would create");
    ensure_eq!(cx.settled().await?.len(), 0, "instances");
    cx.launch_as(cx.request().with_vpc_id(&fixture.vpc_id))
        .await?;
    Ok(())
}

async fn network_alone(cx: &Context) -> Verdict {
    cx.clear_calls();
    let fixture = cx.fixture();
    let mut request = cx
        .request()
        .with_vpc_id(&fixture.vpc_id)
        .with_zone(&fixture.zone);
    request.subnet_id = None;
    let error = match cx.compute()?.create_instances(request).await {
        Err(error) => error,
        Ok(created) => {
            cx.made(&created.instance_ids);
            return Err(Failure::new("a network alone was taken"));
        }
    };
    ensure!(
        matches!(
            error.kind(),
            ErrorKind::Unsupported | ErrorKind::InvalidArgument
        ),
        "expected Unsupported or InvalidArgument, got {error}"
    );
    ensure!(
        error.message().contains("SubnetId"),
        "the way out is not named: {error}"
    );
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn dry_run(cx: &Context) -> Verdict {
    let request = cx.request().with_count(2).with_dry_run(true);
    let answer = cx.compute()?.create_instances(request).await?;
    cx.made(&answer.instance_ids);
    ensure!(
        answer.dry_run && answer.instance_ids.is_empty(),
        "the answer is {answer:?}"
    );
    let would = answer
        .request
        .as_ref()
        .ok_or_else(|| Failure::new("it does not say what it would ask for"))?;
    ensure_eq!(would.count, 2, "the count that it would ask for");
    let json = serde_json::to_value(&answer)?;
    ensure_eq!(json["DryRun"], true, "DryRun in {json}");
    ensure_eq!(cx.settled().await?.len(), 0, "instances");
    Ok(())
}

async fn dry_run_refused(cx: &Context) -> Verdict {
    let mut missing = cx.request();
    cx.vendor().missing_image.clone_into(&mut missing.image_id);
    let wrong = cx.request().with_vpc_id(&cx.fixture().other_vpc_id);
    for request in [missing, wrong] {
        let compute = cx.compute()?;
        let real = compute.create_instances(request.clone()).await.err();
        let dry = compute
            .create_instances(request.with_dry_run(true))
            .await
            .err();
        let kind = |error: Option<cloudapi_core::Error>| error.map(|error| error.kind());
        ensure_eq!(kind(dry), kind(real), "the dry run's error kind");
    }
    ensure_eq!(cx.settled().await?.len(), 0, "instances");
    Ok(())
}
