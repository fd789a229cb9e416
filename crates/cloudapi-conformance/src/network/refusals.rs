//! ReplaceRoutes refuses what can't be right, before anything is sent where that needs no look.

use cloudapi_core::network::{
    Destination, ReplaceMode, ReplaceRoutesRequest, RouteSpec, RouteTarget, RouteTargetKind,
};
use cloudapi_core::{ErrorKind, Operation};
use futures_util::FutureExt;

use super::describe::absent_ids;
use super::replace::case;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "refuses-what-is-no-destination-before-sending",
            "A malformed network, host bits, leading zeros, IPv4 as IPv6: InvalidArgument naming the text, and nothing is sent.",
            |cx| destinations(cx).boxed(),
        ),
        case(
            "refuses-what-is-no-target-before-sending",
            "An unknown kind of target, a target without an id: InvalidArgument naming it, and nothing is sent.",
            |cx| targets(cx).boxed(),
        ),
        case(
            "refuses-targets-of-the-other-cloud",
            "A kind of target that this cloud has no routes to is Unsupported, and nothing is sent.",
            |cx| foreign_targets(cx).boxed(),
        ),
        case(
            "refuses-empty-and-repeated-destinations",
            "No routes at all, or one destination twice in whatever spelling: InvalidArgument, and nothing is sent.",
            |cx| lists(cx).boxed(),
        ),
        case(
            "refuses-a-table-of-another-network",
            "A table that is not of the network that was named is InvalidArgument, naming both, and nothing is changed.",
            |cx| other_network(cx).boxed(),
        )
        .needs([Need::CallLog]),
        case(
            "says-which-table-does-not-exist",
            "A table that does not exist is NotFound, named.",
            |cx| absent_table(cx).boxed(),
        ),
        case(
            "says-what-the-cloud-refuses",
            "A target that does not exist is an error of the cloud's, and the table is as before.",
            |cx| absent_target(cx).boxed(),
        )
        .needs([Need::Truth]),
    ]
}

/// Checks that a request is refused without a call, and that the message names the value.
async fn refuse(
    cx: &Context,
    kind: ErrorKind,
    request: ReplaceRoutesRequest,
    named: &str,
) -> Verdict {
    for mode in [
        ReplaceMode::Replace,
        ReplaceMode::Upsert,
        ReplaceMode::Exact,
    ] {
        for dry_run in [false, true] {
            cx.clear_calls();
            let request = request.clone().with_mode(mode).with_dry_run(dry_run);
            let result = cx.network()?.replace_routes(request).await;
            let error = refused(named, kind, result)?;
            ensure!(
                error.message().contains(named),
                "{named:?} is not named: {error}"
            );
            ensure_eq!(
                error.operation(),
                Some(Operation::ReplaceRoutes),
                "the operation"
            );
            ensure_eq!(error.provider(), Some(cx.provider()), "the provider");
            ensure_eq!(cx.calls().len(), 0, "native calls for {named}");
        }
    }
    Ok(())
}

async fn destinations(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    for bad in [
        "10.0.0.0/08",
        "010.0.0.0/8",
        "10.0.0.1/8",
        "2001:db8::1/32",
        "::ffff:10.0.0.0/104",
        "10.0.0.0/33",
        "2001:db8::/129",
        "10.0.0.0",
        "10.0.0/8",
        "0.0.0.0/",
        "10.0.0.0/-1",
        "everything",
        "",
    ] {
        let json = serde_json::json!({
            "RouteTableId": fixture.table.route_table_id,
            "Routes": [
                {"Destination": fixture.picks()?[0].destination, "Target": fixture.ipv4_target},
                {"Destination": bad, "Target": fixture.ipv4_target},
            ],
        });
        let request = serde_json::from_value(json)?;
        refuse(cx, ErrorKind::InvalidArgument, request, &format!("{bad:?}")).await?;
    }
    Ok(())
}

async fn targets(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let destination = &fixture.picks()?[0].destination;
    let spec =
        |kind: &str, id: &str| RouteSpec::new(destination.clone(), RouteTargetKind::from(kind), id);
    for (bad, named) in [
        (spec("NatGatway", "nat-1a2b3c4d"), "NatGateway?"),
        (spec("Wormhole", "wh-1"), "\"Wormhole\""),
        (spec("", "nat-1a2b3c4d"), "\"\""),
        (spec("NatGateway", ""), "NatGateway"),
        (spec("Peering", " "), "Peering"),
    ] {
        refuse(
            cx,
            ErrorKind::InvalidArgument,
            fixture.request([bad]),
            named,
        )
        .await?;
    }
    Ok(())
}

/// A target that this cloud has no routes to.
fn foreign(cx: &Context) -> RouteTarget {
    if cx.provider() == cloudapi_core::Provider::Aws {
        RouteTarget::new(RouteTargetKind::HaVip, "havip-1a2b3c4d")
    } else {
        RouteTarget::new(RouteTargetKind::TransitGateway, "tgw-0123456789abcdef0")
    }
}

async fn foreign_targets(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let RouteTarget { kind, id, .. } = foreign(cx);
    let named = kind.to_string();
    let destination = fixture.picks()?[0].destination.clone();
    let request = fixture.request([RouteSpec::new(destination, kind, id)]);
    refuse(cx, ErrorKind::Unsupported, request, &named).await
}

async fn lists(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    refuse(
        cx,
        ErrorKind::InvalidArgument,
        fixture.request([]),
        "Routes",
    )
    .await?;
    for [one, two] in [
        ["10.1.0.0/16", "10.1.0.0/16"],
        ["2001:db8::/32", "2001:DB8:0::/32"],
    ] {
        let twice = [one, two].map(|text| fixture.elsewhere(text));
        refuse(cx, ErrorKind::InvalidArgument, fixture.request(twice), one).await?;
    }
    for bad in ["", "rtb-", "vpc-1a2b3c4d"] {
        let request = ReplaceRoutesRequest::new(bad, [fixture.elsewhere("10.1.0.0/16")]);
        refuse(cx, ErrorKind::InvalidArgument, request, &format!("{bad:?}")).await?;
    }
    Ok(())
}

async fn other_network(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    cx.clear_calls();
    let spec = fixture.elsewhere(fixture.picks()?[0].destination.clone());
    let right = fixture.table.vpc_id.clone().unwrap_or_default();
    let request = fixture.request([spec]).with_vpc_id(&fixture.other_vpc_id);
    for dry_run in [false, true] {
        let result = cx.replace(request.clone().with_dry_run(dry_run)).await?;
        let error = refused("another network", ErrorKind::InvalidArgument, result)?;
        for named in [&right, &fixture.other_vpc_id] {
            ensure!(
                error.message().contains(named),
                "{named} is not named: {error}"
            );
        }
    }
    ensure_eq!(cx.writes(), Vec::<String>::new(), "writes");
    cx.replace(request.with_vpc_id(right)).await??;
    Ok(())
}

async fn absent_table(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let [absent, _] = absent_ids(cx.provider());
    let request = ReplaceRoutesRequest::new(absent.clone(), [fixture.elsewhere("0.0.0.0/0")]);
    let error = refused(
        "a missing table",
        ErrorKind::NotFound,
        cx.replace(request).await?,
    )?;
    ensure_eq!(
        error.resources(),
        [absent.as_str()],
        "the error's resources"
    );
    Ok(())
}

async fn absent_target(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let before = cx.truth()?;
    let id = if cx.provider() == cloudapi_core::Provider::Aws {
        "nat-0ffffffffffffffff"
    } else {
        "nat-ffffffff"
    };
    let nowhere =
        |destination: Destination| RouteSpec::new(destination, RouteTargetKind::NatGateway, id);
    let [one, two, _] = fixture.picks()?;
    let routes = [
        fixture.elsewhere(one.destination.clone()),
        nowhere(two.destination.clone()),
    ];
    let Err(error) = cx.replace(fixture.request(routes)).await? else {
        ensure!(false, "a route to {id} was accepted");
        return Ok(());
    };
    ensure!(
        error.code().is_some(),
        "the cloud's code is missing: {error}"
    );
    ensure!(error.message().contains(id), "{id} is not named: {error}");
    ensure_eq!(
        error.resources(),
        <[String; 0]>::default(),
        "what is different"
    );
    cx.table().await?;
    ensure_eq!(cx.truth()?, before, "the table");
    Ok(())
}
