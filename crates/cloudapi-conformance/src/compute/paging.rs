//! DescribeInstances: pages, fleets, and what moves meanwhile.

use std::collections::{BTreeSet, HashSet};

use cloudapi_core::{InstanceId, Operation};
use futures_util::{FutureExt, StreamExt, TryStreamExt};

use super::describe::ids_of;
use crate::case::{Case, CaseFuture};
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq};
use crate::target::Need;

/// The most calls that may be under way at once, as connected by default.
const MAX_IN_FLIGHT: usize = 8;

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("compute/describe-{name}"), promise, run).of(Operation::DescribeInstances)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "answers-alike-at-any-page-size",
            "The page size changes the number of calls, never the answer.",
            |cx| page_sizes(cx).boxed(),
        )
        .needs([Need::Fleet]),
        case(
            "is-complete-for-ten-thousand",
            "10 000 instances are listed completely, each once, with no more calls than pages and at most eight at a time.",
            |cx| ten_thousand(cx).boxed(),
        )
        .needs([Need::Fleet, Need::CallLog, Need::FullPages]),
        case(
            "costs-a-call-per-full-list-of-ids",
            "N ids cost one call for each list of the length that the cloud takes, and none for each instance.",
            |cx| calls_for_ids(cx).boxed(),
        )
        .needs([Need::Fleet, Need::CallLog, Need::FullPages]),
        case(
            "loses-nothing-when-others-vanish-meanwhile",
            "Instances that vanish while pages are read neither hide nor double any other.",
            |cx| vanishing(cx).boxed(),
        )
        .needs([Need::Fleet, Need::Hands]),
        case(
            "stops-when-the-stream-is-dropped",
            "Dropping the stream ends the reading of pages.",
            |cx| dropped_stream(cx).boxed(),
        )
        .needs([Need::Fleet, Need::CallLog]),
    ]
}

async fn page_sizes(cx: &Context) -> Verdict {
    let fleet: BTreeSet<InstanceId> = cx.controls()?.add_fleet(37).into_iter().collect();
    let compute = cx.compute()?;
    for size in [1, 5, 7, 37, 100, 100_000] {
        let all = compute
            .describe_instances(cx.describe().with_page_size(size))
            .await?;
        let ids = ids_of(&all);
        let unique: BTreeSet<InstanceId> = ids.iter().cloned().collect();
        ensure_eq!(ids.len(), unique.len(), "instances in pages of {size}");
        ensure!(fleet.is_subset(&unique), "pages of {size} lose some");
        let some = cx
            .describe()
            .with_page_size(size)
            .with_instance_ids(fleet.clone());
        let some = compute.describe_instances(some).await?;
        ensure_eq!(
            some.len(),
            fleet.len(),
            "instances by id in pages of {size}"
        );
    }
    Ok(())
}

async fn ten_thousand(cx: &Context) -> Verdict {
    let fleet: HashSet<InstanceId> = cx.controls()?.add_fleet(10_000).into_iter().collect();
    cx.clear_calls();
    let listed = ids_of(&cx.compute()?.describe_instances(cx.describe()).await?);
    let calls = cx.calls();
    ensure!(
        listed.windows(2).all(|pair| pair[0] < pair[1]),
        "the list is not sorted, or has one twice"
    );
    let found: HashSet<&InstanceId> = listed.iter().collect();
    let lost = fleet.iter().filter(|id| !found.contains(id)).count();
    ensure_eq!(lost, 0, "instances lost");
    let pages = listed.len().div_ceil(cx.vendor().page);
    // A last full page may be followed by an empty one.
    ensure!(
        calls.len() <= pages + 1,
        "{} calls for {pages} pages",
        calls.len()
    );
    let at_once = calls.iter().map(|call| call.in_flight).max().unwrap_or(0);
    ensure!(at_once <= MAX_IN_FLIGHT, "{at_once} calls at a time");
    Ok(())
}

async fn calls_for_ids(cx: &Context) -> Verdict {
    let fleet = cx.controls()?.add_fleet(2_050);
    for count in [1, 100, 101, 250, 1000, 1001, 2050] {
        cx.clear_calls();
        let request = cx.describe().with_instance_ids(fleet[..count].to_vec());
        let found = cx.compute()?.describe_instances(request).await?;
        ensure_eq!(found.len(), count, "instances");
        let calls = cx.calls();
        ensure_eq!(
            calls.len(),
            cx.vendor().describe_calls(count),
            "calls for {count} ids"
        );
        let at_once = calls.iter().map(|call| call.in_flight).max().unwrap_or(0);
        ensure!(at_once <= MAX_IN_FLIGHT, "{at_once} calls at a time");
    }
    Ok(())
}

async fn vanishing(cx: &Context) -> Verdict {
    let controls = cx.controls()?;
    let fleet = controls.add_fleet(120);
    let mut stream = cx.compute()?.instances(cx.describe().with_page_size(10));
    let first = stream
        .try_next()
        .await?
        .ok_or_else(|| Failure::new("the stream is empty"))?;
    // Those at the front shift everything behind them.
    let gone: HashSet<InstanceId> = fleet[..25].iter().cloned().collect();
    for id in &gone {
        controls.remove(id);
    }
    let mut seen = vec![first.instance_id];
    while let Some(instance) = stream.try_next().await? {
        seen.push(instance.instance_id);
    }
    let unique: HashSet<&InstanceId> = seen.iter().collect();
    ensure_eq!(seen.len(), unique.len(), "instances in the stream");
    let lost: Vec<&InstanceId> = fleet
        .iter()
        .filter(|id| !gone.contains(*id) && !unique.contains(id))
        .collect();
    ensure!(lost.is_empty(), "lost while others vanished: {lost:?}");
    Ok(())
}

async fn dropped_stream(cx: &Context) -> Verdict {
    cx.controls()?.add_fleet(400);
    cx.clear_calls();
    let mut stream = cx.compute()?.instances(cx.describe().with_page_size(5));
    ensure!(
        stream.next().await.is_some_and(|first| first.is_ok()),
        "the stream has no first instance"
    );
    drop(stream);
    // What was on its way may still arrive.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let then = cx.calls().len();
    ensure!(
        then <= 2 * MAX_IN_FLIGHT + 1,
        "{then} calls for one instance"
    );
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    ensure_eq!(cx.calls().len(), then, "calls after the stream was dropped");
    Ok(())
}
