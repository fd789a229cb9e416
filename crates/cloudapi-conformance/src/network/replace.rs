//! ReplaceRoutes: what is done, what it costs, what is left alone.

use cloudapi_core::network::{
    Destination, ReplaceMode, ReplacedRoutes, Route, RouteAction, RouteSpec, RouteTarget,
    RouteTargetKind,
};
use cloudapi_core::{ErrorKind, Operation};
use futures_util::FutureExt;

use super::stage::{NetworkFixture, differing};
use crate::capability::Capability;
use crate::case::{Case, CaseFuture};
use crate::compute::only;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

pub(super) fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("network/replace-{name}"), promise, run).of(Operation::ReplaceRoutes)
}

/// Destinations that the table has no route for.
pub(super) const NEW: [&str; 2] = ["10.77.0.0/16", "2001:db8:77::/48"];

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "leads-routes-elsewhere",
            "Each destination leads where it was asked to, IPv4 and IPv6 at once; before and after are told, and nothing else changes.",
            |cx| elsewhere(cx).boxed(),
        ),
        case(
            "dry-run-tells-the-plan-and-writes-nothing",
            "A dry run answers the very changes that the real run makes, and changes nothing.",
            |cx| dry_run(cx).boxed(),
        )
        .needs([Need::CallLog, Need::Truth]),
        case(
            "costs-no-write-for-what-is-as-wanted",
            "A route that is as wanted is Unchanged, and costs no write.",
            |cx| unchanged(cx).boxed(),
        )
        .needs([Need::CallLog]),
        case(
            "compares-destinations-as-networks",
            "A destination in another spelling is the same network, in a request and in an answer.",
            |cx| spellings(cx).boxed(),
        ),
        case(
            "names-all-missing-destinations-and-changes-nothing",
            "A destination without a route is NotFound before any change, and each such is named.",
            |cx| missing(cx).boxed(),
        )
        .needs([Need::CallLog]),
        case(
            "upsert-creates-what-is-missing",
            "Upsert creates the routes that are missing, replaces those that are there, and leaves the rest.",
            |cx| upsert(cx).boxed(),
        ),
        case(
            "leads-to-an-instance-and-reads-back-as-one",
            "A route is led to an instance by its id, and is described with that id.",
            |cx| instance(cx).boxed(),
        ),
        case(
            "costs-a-call-for-all-routes-of-a-kind",
            "All replaced routes are one call, and all created and all deleted ones another.",
            |cx| calls(cx).boxed(),
        )
        .with(Capability::RoutesInOneCall)
        .needs([Need::CallLog]),
        case(
            "costs-a-call-for-each-changed-route",
            "Each changed route is one call, and no other is written.",
            |cx| calls(cx).boxed(),
        )
        .without(Capability::RoutesInOneCall)
        .needs([Need::CallLog]),
    ]
}

/// Static routes as text, without the ids that a cloud gives them.
pub(super) fn shown(routes: &[Route]) -> Vec<String> {
    let line = |route: &Route| {
        format!(
            "{} {} {} {} {:?}",
            route.destination, route.target, route.origin, route.state, route.description
        )
    };
    let mut lines: Vec<String> = routes.iter().map(line).collect();
    lines.sort();
    lines
}

/// The change of a destination.
pub(super) fn change_of<'a>(
    answer: &'a ReplacedRoutes,
    destination: &Destination,
) -> Verdict<&'a cloudapi_core::network::RouteChange> {
    let mut changes = answer.changes.iter();
    changes
        .find(|change| change.destination == *destination)
        .ok_or_else(|| Failure::new(format!("there is no change for {destination}")))
}

async fn elsewhere(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let picks = fixture.picks()?;
    let specs = picks.map(|route| fixture.elsewhere(route.destination.clone()));
    let before = cx.table().await?;
    let answer = cx.replace(fixture.request(specs.clone())).await??;
    ensure!(!answer.dry_run, "a real run calls itself a dry run");
    ensure_eq!(
        answer.route_table_id,
        fixture.table.route_table_id,
        "the table"
    );
    ensure_eq!(answer.changes.len(), specs.len(), "changes");
    for (change, (spec, route)) in answer.changes.iter().zip(specs.iter().zip(picks)) {
        let destination = &spec.destination;
        ensure_eq!(change.destination, *destination, "the order of changes");
        ensure_eq!(
            change.action,
            RouteAction::Replaced,
            "the action for {destination}"
        );
        let told = change.before.as_ref().map(|before| &before.target);
        ensure_eq!(told, Some(&route.target), "where {destination} led before");
        let told = change.after.as_ref().map(|after| &after.target);
        ensure_eq!(told, Some(&spec.target), "where {destination} leads after");
    }
    ensure_eq!(
        shown(&answer.previous),
        shown(&before.routes),
        "the routes before"
    );
    let after = cx.table().await?;
    ensure_eq!(
        shown(&answer.current),
        shown(&after.routes),
        "the routes after"
    );
    let changed = |route: &&Route| {
        route.is_static()
            && specs
                .iter()
                .any(|spec| spec.destination == route.destination)
    };
    let rest = |routes: &[Route]| {
        let rest: Vec<Route> = routes.iter().filter(|one| !changed(one)).cloned().collect();
        shown(&rest)
    };
    ensure_eq!(
        rest(&after.routes),
        rest(&before.routes),
        "the other routes"
    );
    Ok(())
}

async fn dry_run(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let [one, two, three] = fixture.picks()?;
    let routes = [
        fixture.elsewhere(one.destination.clone()),
        NetworkFixture::same(two),
        fixture.elsewhere(three.destination.clone()),
        fixture.elsewhere(NEW[0]),
    ];
    let request = fixture.request(routes).with_mode(ReplaceMode::Exact);
    cx.table().await?;
    let before = cx.truth()?;
    cx.clear_calls();
    let plan = cx.replace(request.clone().with_dry_run(true)).await??;
    ensure!(plan.dry_run, "a dry run does not call itself one");
    ensure_eq!(cx.writes(), Vec::<String>::new(), "writes");
    ensure_eq!(cx.truth()?, before, "the table after a dry run");
    let done = cx.replace(request).await??;
    let changes = |answer: &ReplacedRoutes| -> Vec<(Destination, RouteAction)> {
        let changes = answer.changes.iter();
        changes
            .map(|change| (change.destination.clone(), change.action))
            .collect()
    };
    ensure_eq!(changes(&plan), changes(&done), "the changes of the plan");
    ensure_eq!(
        shown(&plan.previous),
        shown(&done.previous),
        "the plan's routes before"
    );
    ensure_eq!(
        shown(&plan.current),
        shown(&done.current),
        "the plan's routes after"
    );
    ensure!(cx.truth()? != before, "the real run changes nothing");
    Ok(())
}

async fn unchanged(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let before = cx.table().await?;
    let same: Vec<RouteSpec> = fixture
        .statics()
        .into_iter()
        .map(NetworkFixture::same)
        .collect();
    for mode in [
        ReplaceMode::Replace,
        ReplaceMode::Upsert,
        ReplaceMode::Exact,
    ] {
        cx.clear_calls();
        let request = fixture.request(same.clone()).with_mode(mode);
        let answer = cx.replace(request).await??;
        for change in &answer.changes {
            let action = change.action;
            ensure_eq!(
                action,
                RouteAction::Unchanged,
                "{mode} of {}",
                change.destination
            );
        }
        ensure_eq!(cx.writes(), Vec::<String>::new(), "writes with {mode}");
        ensure_eq!(
            shown(&answer.current),
            shown(&before.routes),
            "the routes after {mode}"
        );
    }
    let changed = fixture.elsewhere(fixture.picks()?[0].destination.clone());
    let mut mixed = same;
    mixed.retain(|spec| spec.destination != changed.destination);
    mixed.push(changed);
    cx.clear_calls();
    cx.replace(fixture.request(mixed)).await??;
    ensure_eq!(
        cx.writes().len(),
        1,
        "writes for one changed route among many"
    );
    Ok(())
}

/// The same network in a spelling that nobody uses.
fn respelt(destination: &Destination) -> Verdict<String> {
    match destination {
        Destination::Ipv6 {
            address, prefix, ..
        } => {
            let parts = address.segments().map(|part| format!("{part:04X}"));
            Ok(format!("{}/{prefix}", parts.join(":")))
        }
        other => Err(Failure::new(format!("{other} is no IPv6 network"))),
    }
}

async fn spellings(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let route = fixture.picks()?[2];
    let spelling = respelt(&route.destination)?;
    let json = serde_json::json!({
        "RouteTableId": fixture.table.route_table_id,
        "Routes": [{"Destination": spelling, "Target": fixture.ipv6_target}],
    });
    for (expected, led_to) in [
        (RouteAction::Replaced, &fixture.ipv6_target),
        (RouteAction::Unchanged, &fixture.ipv6_target),
    ] {
        cx.table().await?;
        let request = serde_json::from_value(json.clone())?;
        let answer = cx.replace(request).await??;
        let change = only(answer.changes)?;
        ensure_eq!(change.action, expected, "the action for {spelling}");
        ensure_eq!(change.destination, route.destination, "the destination");
        let after = change.after.map(|after| (after.destination, after.target));
        let wanted = Some((route.destination.clone(), led_to.clone()));
        ensure_eq!(after, wanted, "the route after");
    }
    let twice = [&spelling, &route.destination.to_string()];
    let twice = twice.map(|text| fixture.elsewhere(text.as_str()));
    let result = cx.replace(fixture.request(twice)).await?;
    refused(
        "one network in two spellings",
        ErrorKind::InvalidArgument,
        result,
    )?;
    Ok(())
}

async fn missing(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let before = cx.table().await?;
    let known = fixture.picks()?[0].destination.clone();
    let routes = [NEW[0].into(), known, NEW[1].into()];
    let request = fixture.request(routes.map(|one: Destination| fixture.elsewhere(one)));
    cx.clear_calls();
    for request in [request.clone(), request.with_dry_run(true)] {
        let result = cx.replace(request).await?;
        let error = refused("missing destinations", ErrorKind::NotFound, result)?;
        ensure_eq!(error.resources(), NEW, "the error's resources");
    }
    ensure_eq!(cx.writes(), Vec::<String>::new(), "writes");
    ensure_eq!(
        shown(&cx.table().await?.routes),
        shown(&before.routes),
        "the routes after"
    );
    Ok(())
}

async fn upsert(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let known = fixture.picks()?[0];
    let before = cx.table().await?;
    let destinations = [NEW[0].into(), known.destination.clone(), NEW[1].into()];
    let specs = destinations.map(|one| fixture.elsewhere(one));
    let request = fixture
        .request(specs.clone())
        .with_mode(ReplaceMode::Upsert);
    let answer = cx.replace(request.clone()).await??;
    let actions: Vec<RouteAction> = answer.changes.iter().map(|one| one.action).collect();
    let expected = [
        RouteAction::Created,
        RouteAction::Replaced,
        RouteAction::Created,
    ];
    ensure_eq!(actions, expected, "the actions");
    let after = cx.table().await?;
    ensure_eq!(after.routes.len(), before.routes.len() + 2, "routes after");
    for spec in &specs {
        let route = after.static_routes(&spec.destination).next();
        let target = route.map(|route| &route.target);
        ensure_eq!(
            target,
            Some(&spec.target),
            "where {} leads",
            spec.destination
        );
    }
    let again = cx.replace(request).await??;
    let idle = again
        .changes
        .iter()
        .all(|one| one.action == RouteAction::Unchanged);
    ensure!(
        idle,
        "a second time something is changed: {:?}",
        again.changes
    );
    Ok(())
}

async fn instance(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let server = only(cx.launch(1).await?)?;
    let destination = fixture.picks()?[0].destination.clone();
    let target = RouteTarget::new(RouteTargetKind::Instance, server.as_str());
    let spec = RouteSpec::new(destination.clone(), target.kind.clone(), target.id.clone());
    let answer = cx.replace(fixture.request([spec.clone()])).await??;
    let after = change_of(&answer, &destination)?.after.as_ref();
    ensure_eq!(
        after.map(|after| &after.target),
        Some(&target),
        "the route after"
    );
    let found = cx.table().await?;
    let route = found.static_routes(&destination).next();
    ensure_eq!(
        route.map(|route| &route.target),
        Some(&target),
        "what is described"
    );
    let again = cx.replace(fixture.request([spec])).await??;
    let action = change_of(&again, &destination)?.action;
    ensure_eq!(action, RouteAction::Unchanged, "the same once more");
    // The server goes in the end; the route must not be left leading nowhere.
    cx.replace(fixture.request([fixture.elsewhere(destination)]))
        .await??;
    Ok(())
}

async fn calls(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let picks = fixture.picks()?;
    let changed = picks.map(|route| fixture.elsewhere(route.destination.clone()));
    let created = NEW.map(|destination| fixture.elsewhere(destination));
    let deleted = fixture.statics().len() - picks.len();
    cx.table().await?;
    cx.clear_calls();
    let request = fixture.request(changed.into_iter().chain(created));
    cx.replace(request.with_mode(ReplaceMode::Exact)).await??;
    let count = |action: &str| {
        let writes = cx.writes();
        writes.iter().filter(|write| *write == action).count()
    };
    if Capability::RoutesInOneCall.held_by(cx.provider()) {
        for action in ["ReplaceRoutes", "CreateRoutes", "DeleteRoutes"] {
            ensure_eq!(count(action), 1, "calls to {action}");
        }
        ensure_eq!(cx.writes().len(), 3, "writes");
    } else {
        ensure_eq!(count("ReplaceRoute"), picks.len(), "calls to ReplaceRoute");
        ensure_eq!(count("CreateRoute"), NEW.len(), "calls to CreateRoute");
        ensure_eq!(count("DeleteRoute"), deleted, "calls to DeleteRoute");
        ensure_eq!(
            cx.writes().len(),
            picks.len() + NEW.len() + deleted,
            "writes"
        );
    }
    Ok(())
}

/// Checks that only these destinations differ.
pub(super) fn only_these_differ(
    cx: &Context,
    before: &[crate::truth::NativeRoute],
    expected: impl IntoIterator<Item = Destination>,
) -> Verdict {
    let mut expected: Vec<Destination> = expected.into_iter().collect();
    expected.sort();
    let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    ensure_eq!(
        differing(before, &cx.truth()?),
        expected,
        "what is different"
    );
    Ok(())
}
