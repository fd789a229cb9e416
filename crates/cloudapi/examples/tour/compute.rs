//! Servers: from nothing to running, stopped, started, gone.

mod tables;

use cloudapi::compute::{
    ComputeExt, CreateInstancesRequest, DescribeInstancesRequest, DestroyInstancesRequest,
    Instance, StartInstancesRequest, StopInstancesRequest,
};
use cloudapi::{Filters, InstanceId};

use crate::show::{Table, chapter, native_calls, note, step};
use crate::side::Side;
use crate::{Result, Tour};

/// The tag that marks what a run makes.
pub(crate) const RUN_TAG: &str = "cloudapi-tour";
/// So many instances are there before the tour creates its own, on the emulator.
const FLEET: usize = 250;

/// Walks through all operations.
pub(crate) async fn walk(tour: &Tour) -> Result {
    chapter("Servers (EC2 at AWS, CVM at Tencent Cloud)");
    list_a_fleet(tour).await?;
    create_dry(tour).await?;
    let mine = create(tour).await?;
    wait_until_running(tour, &mine).await?;
    find(tour).await?;
    stop(tour, &mine).await?;
    start(tour, &mine).await?;
    refusals(tour).await?;
    destroy(tour, &mine).await
}

/// Reads only.
pub(crate) async fn look(tour: &Tour) -> Result {
    chapter("Servers, reading only");
    step(tour, "DescribeInstances", "everything in the region");
    let mut all = Vec::new();
    for side in &tour.sides {
        all.push(
            side.compute
                .describe_instances(DescribeInstancesRequest::new())
                .await?,
        );
    }
    tables::instances(tour, &all);
    step(tour, "DescribeInstances", "what is running, by filter");
    let running = Filters::new().with("instance-state", ["running"]);
    let mut found = Vec::new();
    for side in &tour.sides {
        let request = DescribeInstancesRequest::new().with_filters(running.clone());
        found.push(side.compute.describe_instances(request).await?);
    }
    tables::instances(tour, &found);
    if tour.sides.iter().any(|side| side.server.is_some()) {
        create_dry(tour).await?;
    }
    refusals(tour).await?;
    note(
        "With --write, --image-id and --instance-type the tour also creates, stops, starts and destroys a server.",
    );
    Ok(())
}

/// Destroys what this run has made, found by its tag.
pub(crate) async fn clean_up(tour: &Tour) -> Result {
    for side in &tour.sides {
        let states = ["pending", "running", "stopping", "stopped"];
        let filters = mine(tour).with("instance-state", states);
        let request = DescribeInstancesRequest::new().with_filters(filters);
        let left = side.compute.describe_instances(request).await?;
        if left.is_empty() {
            continue;
        }
        let ids: Vec<InstanceId> = left
            .into_iter()
            .map(|instance| instance.instance_id)
            .collect();
        println!(
            "\nDestroying what the tour has made at {}: {}",
            side.provider,
            join(&ids)
        );
        let request = DestroyInstancesRequest::new(ids);
        side.compute
            .destroy_instances(request)
            .await?
            .into_result()?;
    }
    Ok(())
}

async fn list_a_fleet(tour: &Tour) -> Result {
    let Some(emulator) = &tour.emulator else {
        return Ok(());
    };
    for side in &tour.sides {
        emulator.add_instances(side.emulated_cloud(), FLEET);
    }
    step(
        tour,
        "DescribeInstances",
        &format!("the {FLEET} servers that are there already, each once and sorted by id"),
    );
    let mut table = Table::new(["cloud", "servers", "first", "last"]);
    for side in &tour.sides {
        let fleet = side
            .compute
            .describe_instances(DescribeInstancesRequest::new())
            .await?;
        let id = |instance: Option<&Instance>| instance.map(|one| one.instance_id.to_string());
        table.row([
            side.provider.to_string(),
            fleet.len().to_string(),
            id(fleet.first()).unwrap_or_default(),
            id(fleet.last()).unwrap_or_default(),
        ]);
    }
    table.print();
    note("EC2 gives up to 1000 a page, CVM 100: its pages are fetched side by side.");
    native_calls(tour);
    Ok(())
}

async fn create_dry(tour: &Tour) -> Result {
    step(
        tour,
        "CreateInstances",
        "a dry run, with every check of ours and of the cloud",
    );
    let mut table = Table::new([
        "cloud",
        "DryRun",
        "Count",
        "InstanceType",
        "Zone",
        "InstanceIds",
    ]);
    for (side, request) in wanted(tour) {
        let answer = side
            .compute
            .create_instances(request.with_dry_run(true))
            .await?;
        let request = answer.request.as_ref();
        table.row([
            side.provider.to_string(),
            answer.dry_run.to_string(),
            request
                .map(|would| would.count.to_string())
                .unwrap_or_default(),
            request
                .map(|would| would.instance_type.clone())
                .unwrap_or_default(),
            request
                .and_then(|would| would.zone.clone())
                .unwrap_or_default(),
            join(&answer.instance_ids),
        ]);
    }
    table.print();
    native_calls(tour);
    Ok(())
}

async fn create(tour: &Tour) -> Result<Vec<Vec<InstanceId>>> {
    step(
        tour,
        "CreateInstances",
        "asked twice with one token, as after a lost connection: created once",
    );
    let mut table = Table::new(["cloud", "asked", "ClientToken", "InstanceIds"]);
    let mut ids = Vec::new();
    for (side, request) in wanted(tour) {
        let request = request.with_client_token(&tour.run);
        let first = side.compute.create_instances(request.clone()).await?;
        let again = side.compute.create_instances(request).await?;
        for (asked, answer) in [("first", &first), ("again", &again)] {
            table.row([
                side.provider.to_string(),
                asked.to_owned(),
                answer.client_token.clone(),
                join(&answer.instance_ids),
            ]);
        }
        ids.push(first.instance_ids);
    }
    table.print();
    native_calls(tour);
    Ok(ids)
}

async fn wait_until_running(tour: &Tour, mine: &[Vec<InstanceId>]) -> Result {
    step(
        tour,
        "wait_for_instances",
        "until each runs, or the reason why it can't",
    );
    let mut table = Table::new(["cloud", "InstanceId", "Status", "Reason"]);
    for (side, ids) in tour.sides.iter().zip(mine) {
        for created in side.compute.wait_for_instances(ids, &tour.wait).await? {
            table.row([
                side.provider.to_string(),
                created.instance_id.to_string(),
                format!("{:?}", created.status),
                created.reason.unwrap_or_default(),
            ]);
        }
    }
    table.print();
    note("One look serves all ids, however many.");
    native_calls(tour);
    Ok(())
}

async fn find(tour: &Tour) -> Result {
    let shown = r#"[{"tag:role": ["web", "db"], "name": "tour-*", "instance-state": "running"}]"#;
    step(tour, "DescribeInstances", &format!("Filters {shown}"));
    let filters = mine(tour)
        .with("tag:role", ["web", "db"])
        .with("name", ["tour-*"])
        .with("instance-state", ["running"]);
    let mut found = Vec::new();
    for side in &tour.sides {
        let request = DescribeInstancesRequest::new().with_filters(filters.clone());
        found.push(side.compute.describe_instances(request).await?);
    }
    tables::instances(tour, &found);
    native_calls(tour);
    tables::native(tour, &found);
    Ok(())
}

async fn stop(tour: &Tour, mine: &[Vec<InstanceId>]) -> Result {
    step(
        tour,
        "StopInstances",
        "without compute charge, and with an id that does not exist: it does not sink the rest",
    );
    let mut all = Vec::new();
    for (side, ids) in tour.sides.iter().zip(mine) {
        let ids = ids.iter().cloned().chain([side.unknown_id.into()]);
        let request = StopInstancesRequest::new(ids).with_stop_charging(true);
        let outcomes = side.compute.stop_instances(request).await?;
        all.push(
            side.compute
                .wait_until_stopped(outcomes, &tour.wait)
                .await?,
        );
    }
    tables::outcomes(tour, &all);
    native_calls(tour);
    Ok(())
}

async fn start(tour: &Tour, mine: &[Vec<InstanceId>]) -> Result {
    step(
        tour,
        "StartInstances",
        "and again, when they run already: a success, reported as such",
    );
    let mut all = Vec::new();
    for (side, ids) in tour.sides.iter().zip(mine) {
        let request = || StartInstancesRequest::new(ids.clone());
        let outcomes = side.compute.start_instances(request()).await?;
        let mut outcomes = side
            .compute
            .wait_until_running(outcomes, &tour.wait)
            .await?;
        let again = side.compute.start_instances(request()).await?;
        outcomes.outcomes.extend(again.outcomes);
        all.push(outcomes);
    }
    tables::outcomes(tour, &all);
    native_calls(tour);
    Ok(())
}

async fn refusals(tour: &Tour) -> Result {
    step(
        tour,
        "Errors",
        "a misspelt filter is refused before anything is sent; what the cloud refuses comes in one form",
    );
    let mut table = Table::new(["cloud", "kind", "the cloud's code", "resources"]);
    let mut lines = Vec::new();
    for side in &tour.sides {
        for error in refused(side).await {
            let error = error
                .err()
                .ok_or("something that can't be was not refused")?;
            table.row([
                side.provider.to_string(),
                error.kind().to_string(),
                error.code().unwrap_or("–").to_owned(),
                error.resources().join(" "),
            ]);
            lines.push(error.to_string());
        }
    }
    table.print();
    for line in lines {
        note(&line);
    }
    println!();
    native_calls(tour);
    Ok(())
}

/// Asks for what can't be: a filter that no cloud has, an instance and an image that do not exist.
async fn refused(side: &Side) -> Vec<cloudapi::Result<()>> {
    let compute = &side.compute;
    let misspelt = Filters::new().with("instance-stat", ["running"]);
    let misspelt = DescribeInstancesRequest::new().with_filters(misspelt);
    let unknown = DescribeInstancesRequest::new().with_instance_ids([side.unknown_id]);
    let mut answers = vec![
        compute.describe_instances(misspelt).await.map(drop),
        compute.describe_instances(unknown).await.map(drop),
    ];
    if let Some(mut server) = side.server.clone() {
        side.unknown_image.clone_into(&mut server.image_id);
        let answer = compute.create_instances(server.with_dry_run(true)).await;
        answers.push(answer.map(drop));
    }
    answers
}

async fn destroy(tour: &Tour, mine: &[Vec<InstanceId>]) -> Result {
    step(
        tour,
        "DestroyInstances",
        "until they are gone: terminated, or no longer listed",
    );
    let mut all = Vec::new();
    for (side, ids) in tour.sides.iter().zip(mine) {
        let request = DestroyInstancesRequest::new(ids.clone());
        let outcomes = side
            .compute
            .destroy_instances(request)
            .await?
            .into_result()?;
        let gone = side
            .compute
            .wait_until_destroyed(outcomes, false, &tour.wait)
            .await?;
        all.push(gone.into_result()?);
    }
    tables::outcomes(tour, &all);
    native_calls(tour);
    Ok(())
}

/// What to create on each side.
fn wanted(tour: &Tour) -> impl Iterator<Item = (&Side, CreateInstancesRequest)> {
    tour.sides.iter().filter_map(|side| {
        let request = side.server.clone()?;
        let request = request.with_name("tour-web").with_tag("role", "web");
        Some((side, request.with_tag(RUN_TAG, &tour.run)))
    })
}

/// The filter for what this run has made.
fn mine(tour: &Tour) -> Filters {
    Filters::new().with(format!("tag:{RUN_TAG}"), [&tour.run])
}

fn join(ids: &[InstanceId]) -> String {
    let ids: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
    ids.join(" ")
}
