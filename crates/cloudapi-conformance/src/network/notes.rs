//! What a route says beside where it leads: a description, and whether it is switched on.

use cloudapi_core::ErrorKind;
use cloudapi_core::network::{RouteAction, RouteState};
use futures_util::FutureExt;

use super::replace::{case, change_of};
use super::stage::NetworkFixture;
use crate::capability::Capability;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure_eq, refused};
use crate::target::Need;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "keeps-descriptions-and-what-is-switched-off",
            "A route that is led elsewhere keeps its description, and stays switched off if it was.",
            |cx| kept(cx).boxed(),
        )
        .with(Capability::RouteNotes),
        case(
            "sets-and-removes-descriptions",
            "A description is set, changed and removed when asked, and nothing but that counts as a change.",
            |cx| set(cx).boxed(),
        )
        .with(Capability::RouteNotes),
        case(
            "refuses-descriptions",
            "A description is Unsupported, and nothing is sent.",
            |cx| none(cx).boxed(),
        )
        .without(Capability::RouteNotes)
        .needs([Need::CallLog]),
    ]
}

async fn kept(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let statics = fixture.statics();
    let find = |what: &str, fits: &dyn Fn(&NetworkFixture, usize) -> bool| {
        let found = (0..statics.len()).find(|at| fits(fixture, *at));
        found.ok_or_else(|| Failure::new(format!("there is no {what} route")))
    };
    let described = find("described", &|_, at| {
        statics[at].description.is_some() && statics[at].state == RouteState::Active
    })?;
    let disabled = find("disabled", &|_, at| {
        statics[at].state == RouteState::Disabled
    })?;
    let routes = [described, disabled].map(|at| statics[at]);
    let request = routes.map(|route| fixture.elsewhere(route.destination.clone()));
    let answer = cx.replace(fixture.request(request)).await??;
    let table = cx.table().await?;
    for route in routes {
        let destination = &route.destination;
        let change = change_of(&answer, destination)?;
        ensure_eq!(
            change.action,
            RouteAction::Replaced,
            "the action for {destination}"
        );
        let now = table.static_routes(destination).next();
        let now = now.map(|now| (&now.description, &now.state, &now.target));
        let expected = Some((&route.description, &route.state, &fixture.ipv4_target));
        ensure_eq!(now, expected, "the route to {destination}");
    }
    Ok(())
}

async fn set(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let route = fixture.picks()?[0];
    for (text, action) in [
        ("出口 & out", RouteAction::Replaced),
        ("出口 & out", RouteAction::Unchanged),
        ("out", RouteAction::Replaced),
        ("", RouteAction::Replaced),
        ("", RouteAction::Unchanged),
    ] {
        let spec = NetworkFixture::same(route).with_description(text);
        let answer = cx.replace(fixture.request([spec])).await??;
        let change = change_of(&answer, &route.destination)?;
        ensure_eq!(change.action, action, "the action for {text:?}");
        let table = cx.table().await?;
        let now = table.static_routes(&route.destination).next();
        let now = now.map(|now| now.description.clone().unwrap_or_default());
        ensure_eq!(now.as_deref(), Some(text), "the description");
    }
    Ok(())
}

async fn none(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    cx.clear_calls();
    let spec = NetworkFixture::same(fixture.picks()?[0]).with_description("out");
    let result = cx.replace(fixture.request([spec])).await?;
    refused("a description", ErrorKind::Unsupported, result)?;
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}
