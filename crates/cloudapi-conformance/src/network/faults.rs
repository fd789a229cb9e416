//! DescribeRouteTables under faults, and both operations when it does not end well.

use std::time::{Duration, Instant};

use cloudapi_core::{ErrorKind, Network, Operation, Result, RetryPolicy};
use futures_util::FutureExt;

use super::stage::NetworkFixture;
use crate::case::Case;
use crate::compute::FAULTS;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

/// More than any policy here allows attempts.
const ALWAYS: u32 = 10_000;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, name, words) in FAULTS {
        let case = Case::new(
            format!("network/describe-survives-{name}"),
            format!("DescribeRouteTables ends well after {words}, and nothing is doubled or lost."),
            move |cx| survives(cx, *kind).boxed(),
        );
        cases.push(
            case.of(Operation::DescribeRouteTables)
                .needs([Need::Faults]),
        );
    }
    for (operation, verb) in [
        (Operation::DescribeRouteTables, "describe"),
        (Operation::ReplaceRoutes, "replace"),
    ] {
        let needs = [Need::Faults, Need::CallLog];
        let attempts = Case::new(
            format!("network/{verb}-never-exceeds-its-attempts"),
            "A fault that lasts ends with the right kind after the allowed attempts, which never multiply; putting back has its own.",
            move |cx| attempts(cx, operation).boxed(),
        );
        let deadline = Case::new(
            format!("network/{verb}-ends-at-its-deadline"),
            "The deadline for the whole call holds, as Timeout, whatever the cloud does.",
            move |cx| deadline(cx, operation).boxed(),
        );
        cases.extend([attempts, deadline].map(|case| case.of(operation).needs(needs)));
    }
    cases
}

async fn survives(cx: &Context, kind: FaultKind) -> Verdict {
    let expected = cx.table().await?;
    let network = cx.network()?;
    let all = network
        .describe_route_tables(cx.describe_tables())
        .await?
        .len();
    let by_id = cx
        .describe_tables()
        .with_route_table_ids([expected.route_table_id.clone()]);
    for (request, count) in [(by_id, 1), (cx.describe_tables(), all)] {
        cx.controls()?
            .inject(Fault::new(kind, "DescribeRouteTables"));
        let found = network.describe_route_tables(request).await?;
        ensure_eq!(found.len(), count, "tables");
        let same = found
            .iter()
            .find(|table| table.route_table_id == expected.route_table_id);
        ensure_eq!(
            same.map(|table| &table.routes),
            Some(&expected.routes),
            "routes"
        );
    }
    Ok(())
}

/// Does an operation whose native call is to fail.
async fn attempt(
    network: &dyn Network,
    fixture: &NetworkFixture,
    operation: Operation,
) -> Verdict<Result<()>> {
    if operation == Operation::ReplaceRoutes {
        let spec = fixture.elsewhere(fixture.picks()?[0].destination.clone());
        return Ok(network
            .replace_routes(fixture.request([spec]))
            .await
            .map(drop));
    }
    let ids = [fixture.table.route_table_id.clone()];
    let request = cloudapi_core::network::DescribeRouteTablesRequest::new();
    let request = request.with_route_table_ids(ids);
    Ok(network.describe_route_tables(request).await.map(drop))
}

/// The native call of an operation that matters.
fn action(cx: &Context, operation: Operation) -> &'static str {
    match operation {
        Operation::ReplaceRoutes if cx.provider() == cloudapi_core::Provider::Aws => "ReplaceRoute",
        Operation::ReplaceRoutes => "ReplaceRoutes",
        _ => "DescribeRouteTables",
    }
}

async fn attempts(cx: &Context, operation: Operation) -> Verdict {
    let action = action(cx, operation);
    let fixture = cx.routing()?;
    for (kind, expected) in [
        (FaultKind::Throttle, ErrorKind::RateLimited),
        (FaultKind::Unavailable, ErrorKind::Unavailable),
        (FaultKind::CutBefore, ErrorKind::Network),
        (FaultKind::HtmlBody, ErrorKind::Unavailable),
    ] {
        for allowed in [1, 3] {
            let retry = RetryPolicy::default()
                .with_max_attempts(allowed)
                .with_base_delay(Duration::from_millis(2));
            let cloud = cx.connect(|config| config.with_retry(retry)).await?;
            cx.clear_calls();
            cx.controls()?
                .inject(Fault::new(kind, action).with_times(ALWAYS));
            let what = format!("{kind:?} with {allowed} attempts");
            let result = attempt(&*cloud.network()?, fixture, operation).await?;
            cx.controls()?.clear_faults();
            let error = refused(&what, expected, result)?;
            // A write that may have been done is put back, which is another write with attempts of its own; one that was
            // refused for the rate was not done, so nothing is put back.
            let put_back = operation == Operation::ReplaceRoutes && kind != FaultKind::Throttle;
            let most = allowed as usize * if put_back { 2 } else { 1 };
            let calls = cx.calls_to(action);
            ensure!(calls <= most, "{what}: {calls} calls of {action}");
            ensure!(
                calls >= allowed as usize,
                "{what}: {calls} calls of {action}"
            );
            ensure!(error.is_retryable(), "{what}: {error} is not retryable");
        }
    }
    Ok(())
}

async fn deadline(cx: &Context, operation: Operation) -> Verdict {
    let fixture = cx.routing()?;
    let limit = Duration::from_millis(400);
    for kind in [
        FaultKind::Delay(Duration::from_secs(20)),
        FaultKind::Throttle,
    ] {
        let retry = RetryPolicy::default()
            .with_max_attempts(1000)
            .with_base_delay(Duration::from_millis(20))
            .with_deadline(Some(limit));
        let cloud = cx.connect(|config| config.with_retry(retry)).await?;
        let fault = Fault::new(kind, action(cx, operation)).with_times(ALWAYS);
        cx.controls()?.inject(fault);
        let started = Instant::now();
        let result = attempt(&*cloud.network()?, fixture, operation).await?;
        let took = started.elapsed();
        cx.controls()?.clear_faults();
        refused(&format!("{kind:?}"), ErrorKind::Timeout, result)?;
        let most = Duration::from_secs(5);
        ensure!(
            took < most,
            "{kind:?}: it took {took:?} with a deadline of {limit:?}"
        );
    }
    Ok(())
}
