//! ReplaceRoutes in its modes: what goes, and what is never touched.

use cloudapi_core::ErrorKind;
use cloudapi_core::network::{
    Destination, ReplaceMode, Route, RouteAction, RouteOrigin, RouteSpec, RouteTargetKind,
};
use futures_util::FutureExt;

use super::replace::{NEW, case, change_of, only_these_differ};
use super::stage::NetworkFixture;
use crate::capability::Capability;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::Need;
use crate::truth::NativeRoute;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "exact-makes-the-static-routes-those-of-the-request",
            "Exact creates what is missing and deletes what was not named, among the static routes only.",
            |cx| exact(cx).boxed(),
        )
        .needs([Need::Truth]),
        case(
            "never-touches-what-the-cloud-manages",
            "Local and system routes are refused in every mode, named, before any change.",
            |cx| managed(cx).boxed(),
        )
        .needs([Need::Truth]),
        case(
            "refuses-what-only-a-propagated-route-has",
            "A destination that only a propagated route has is refused in Replace, with advice, before any change.",
            |cx| propagated(cx).boxed(),
        )
        .needs([Need::Truth]),
        case(
            "upsert-creates-a-static-route-beside-a-propagated-one",
            "Upsert creates a static route beside a propagated one, which stays.",
            |cx| beside_propagated(cx).boxed(),
        )
        .with(Capability::StaticBesidePropagated),
        case(
            "upsert-beside-a-propagated-route-is-the-clouds-to-refuse",
            "A static route beside a propagated one is refused in the cloud's words, and the table is as before.",
            |cx| not_beside_propagated(cx).boxed(),
        )
        .without(Capability::StaticBesidePropagated)
        .needs([Need::Truth]),
        case(
            "refuses-a-destination-of-several-routes",
            "Where several static routes have one destination, it names none of them: refused, with all their targets.",
            |cx| shared(cx).boxed(),
        )
        .with(Capability::SharedDestinations),
        case(
            "finds-one-static-route-for-a-destination",
            "No destination has more than one static route.",
            |cx| not_shared(cx).boxed(),
        )
        .without(Capability::SharedDestinations),
        case(
            "takes-prefix-lists-as-destinations",
            "A route to a prefix list is replaced like any other.",
            |cx| prefix_list(cx).boxed(),
        )
        .with(Capability::PrefixLists),
        case(
            "refuses-prefix-lists",
            "A prefix list as the destination is Unsupported, and nothing is sent.",
            |cx| no_prefix_list(cx).boxed(),
        )
        .without(Capability::PrefixLists),
    ]
}

async fn exact(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let [kept, changed, _] = fixture.picks()?;
    cx.table().await?;
    let before = cx.truth()?;
    let routes = [
        NetworkFixture::same(kept),
        fixture.elsewhere(changed.destination.clone()),
        fixture.elsewhere(NEW[0]),
    ];
    let request = fixture.request(routes).with_mode(ReplaceMode::Exact);
    let answer = cx.replace(request).await??;
    let asked = |destination: &Destination| {
        [&kept.destination, &changed.destination].contains(&destination)
    };
    let deleted: Vec<Destination> = fixture
        .statics()
        .into_iter()
        .map(|route| route.destination.clone())
        .filter(|destination| !asked(destination))
        .collect();
    for (destination, action) in [
        (&kept.destination, RouteAction::Unchanged),
        (&changed.destination, RouteAction::Replaced),
        (&NEW[0].into(), RouteAction::Created),
    ]
    .into_iter()
    .chain(deleted.iter().map(|one| (one, RouteAction::Deleted)))
    {
        let change = change_of(&answer, destination)?;
        ensure_eq!(change.action, action, "the action for {destination}");
        let gone = action == RouteAction::Deleted;
        ensure_eq!(
            change.after.is_none(),
            gone,
            "no route after to {destination}"
        );
    }
    ensure_eq!(answer.changes.len(), 3 + deleted.len(), "changes");
    let different = [changed.destination.clone(), NEW[0].into()];
    only_these_differ(cx, &before, deleted.into_iter().chain(different))?;
    let statics = answer.current.iter().filter(|route| route.is_static());
    ensure_eq!(statics.count(), 3, "static routes after");
    others_are_as_before(cx, &before)
}

/// Checks that what is not static is as it was.
fn others_are_as_before(cx: &Context, before: &[NativeRoute]) -> Verdict {
    let fixture = cx.routing()?;
    let others = |routes: &[NativeRoute]| -> Vec<NativeRoute> {
        let is_managed = |route: &&NativeRoute| {
            let destination = Destination::from(route.destination.as_str());
            fixture
                .managed()
                .iter()
                .any(|one| one.destination == destination)
        };
        routes.iter().filter(is_managed).cloned().collect()
    };
    ensure_eq!(
        others(&cx.truth()?),
        others(before),
        "what the cloud manages"
    );
    Ok(())
}

const MODES: [ReplaceMode; 3] = [
    ReplaceMode::Replace,
    ReplaceMode::Upsert,
    ReplaceMode::Exact,
];

async fn managed(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let managed = fixture.managed();
    let managed = managed
        .iter()
        .filter(|route| route.origin != RouteOrigin::Propagated);
    let before = cx.truth()?;
    let good = fixture.elsewhere(fixture.picks()?[0].destination.clone());
    let mut seen = 0;
    for route in managed {
        seen += 1;
        for mode in MODES {
            let bad = fixture.elsewhere(route.destination.clone());
            let request = fixture.request([good.clone(), bad]).with_mode(mode);
            let what = format!(
                "{mode} of the {} route to {}",
                route.origin, route.destination
            );
            let result = cx.replace(request).await?;
            let error = refused(&what, ErrorKind::InvalidArgument, result)?;
            let expected = [route.destination.to_string()];
            ensure_eq!(error.resources(), expected, "{what}: the error's resources");
            ensure_eq!(cx.truth()?, before, "{what}: the table");
        }
    }
    ensure!(seen > 0, "there is no such route to look at");
    let first = fixture.picks()?[0].destination.clone();
    let local = RouteSpec::new(first, RouteTargetKind::Local, "");
    let result = cx.replace(fixture.request([local])).await?;
    refused("a route set to Local", ErrorKind::InvalidArgument, result)?;
    ensure_eq!(cx.truth()?, before, "the table in the end");
    Ok(())
}

/// A route that only the cloud may change, since a gateway brought it.
fn propagated_route(fixture: &NetworkFixture) -> Verdict<&Route> {
    let mut managed = fixture.managed().into_iter();
    managed
        .find(|route| route.origin == RouteOrigin::Propagated)
        .ok_or_else(|| Failure::new("there is no propagated route to look at"))
}

async fn propagated(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let destination = &propagated_route(fixture)?.destination;
    let before = cx.truth()?;
    let spec = fixture.elsewhere(destination.clone());
    let result = cx.replace(fixture.request([spec])).await?;
    let error = refused("a propagated route", ErrorKind::InvalidArgument, result)?;
    ensure_eq!(
        error.resources(),
        [destination.to_string()],
        "the error's resources"
    );
    ensure!(error.message().contains("Upsert"), "no advice in {error}");
    ensure_eq!(cx.truth()?, before, "the table");
    Ok(())
}

async fn beside_propagated(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let destination = &propagated_route(fixture)?.destination;
    let spec = fixture.elsewhere(destination.clone());
    let request = fixture
        .request([spec.clone()])
        .with_mode(ReplaceMode::Upsert);
    let answer = cx.replace(request).await??;
    let action = change_of(&answer, destination)?.action;
    ensure_eq!(action, RouteAction::Created, "the action for {destination}");
    let table = cx.table().await?;
    let own = table.static_routes(destination).next();
    ensure_eq!(
        own.map(|own| &own.target),
        Some(&spec.target),
        "the static route"
    );
    let still = table
        .routes
        .iter()
        .any(|one| one.origin == RouteOrigin::Propagated && one.destination == *destination);
    ensure!(still, "the propagated route to {destination} is gone");
    Ok(())
}

async fn not_beside_propagated(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let destination = propagated_route(fixture)?.destination.clone();
    let first = fixture.picks()?[0].destination.clone();
    let before = cx.truth()?;
    let routes = [first, destination].map(|one| fixture.elsewhere(one));
    let request = fixture.request(routes).with_mode(ReplaceMode::Upsert);
    let error = refused(
        "a route beside",
        ErrorKind::Unsupported,
        cx.replace(request).await?,
    )?;
    ensure!(
        error.code().is_some(),
        "the cloud's code is missing: {error}"
    );
    ensure_eq!(
        error.resources(),
        <[String; 0]>::default(),
        "what is different"
    );
    ensure_eq!(cx.truth()?, before, "the table");
    Ok(())
}

async fn shared(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let Some((table, destination)) = &fixture.shared_destination else {
        return Err(Failure::new("the fixture has no shared destination"));
    };
    let before = cx.controls()?.routes(table);
    for mode in MODES {
        let spec = fixture.elsewhere(destination.clone());
        let request = cloudapi_core::network::ReplaceRoutesRequest::new(table.clone(), [spec]);
        let result = cx.replace(request.with_mode(mode)).await?;
        let error = refused("a shared destination", ErrorKind::InvalidArgument, result)?;
        ensure_eq!(
            error.resources(),
            [destination.to_string()],
            "the error's resources"
        );
        for route in &before {
            ensure!(
                error.message().contains(&route.target),
                "{} is not named in {error}",
                route.target
            );
        }
    }
    ensure_eq!(cx.controls()?.routes(table), before, "the table");
    Ok(())
}

async fn not_shared(cx: &Context) -> Verdict {
    let tables = cx
        .network()?
        .describe_route_tables(cx.describe_tables())
        .await?;
    for table in &tables {
        for route in table.routes.iter().filter(|route| route.is_static()) {
            let count = table.static_routes(&route.destination).count();
            ensure_eq!(count, 1, "static routes to {}", route.destination);
        }
    }
    Ok(())
}

async fn prefix_list(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let statics = fixture.statics();
    let route = statics
        .iter()
        .find(|route| matches!(route.destination, Destination::PrefixList(_)))
        .ok_or_else(|| Failure::new("there is no route to a prefix list"))?;
    let spec = fixture.elsewhere(route.destination.clone());
    let answer = cx.replace(fixture.request([spec.clone()])).await??;
    let change = change_of(&answer, &route.destination)?;
    ensure_eq!(change.action, RouteAction::Replaced, "the action");
    let found = cx.table().await?;
    let now = found.static_routes(&route.destination).next();
    ensure_eq!(
        now.map(|now| &now.target),
        Some(&spec.target),
        "where it leads"
    );
    Ok(())
}

async fn no_prefix_list(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    cx.clear_calls();
    let list = "pl-0a1b2c3d";
    for mode in MODES {
        let request = fixture.request([fixture.elsewhere(list)]).with_mode(mode);
        let result = cx.replace(request).await?;
        let error = refused("a prefix list", ErrorKind::Unsupported, result)?;
        ensure!(
            error.message().contains(list),
            "{list} is not named: {error}"
        );
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}
