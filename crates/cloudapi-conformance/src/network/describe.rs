//! DescribeRouteTables: ids, records, every kind of route.

use cloudapi_core::network::{
    DescribeRouteTablesRequest, Destination, Route, RouteOrigin, RouteState, RouteTable,
};
use cloudapi_core::{ErrorKind, NetworkExt, Operation, Provider, RouteTableId};
use futures_util::{FutureExt, TryStreamExt};

use crate::case::{Case, CaseFuture};
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;
use crate::truth::NativeRoute;

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("network/describe-{name}"), promise, run).of(Operation::DescribeRouteTables)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "gives-every-kind-of-route",
            "Each route has its destination, target, origin, state and description, whatever kind it is of.",
            |cx| every_route(cx).boxed(),
        ),
        case(
            "gives-name-network-subnets-and-main",
            "A table has its name, its network and the subnets that it was given to; only the main table is called main.",
            |cx| fields(cx).boxed(),
        ),
        case(
            "keeps-routes-visible-that-carry-nothing",
            "A route whose target is gone, or that is switched off, is listed and says so.",
            |cx| idle_routes(cx).boxed(),
        ),
        case(
            "keeps-an-unknown-target-as-text",
            "A kind of target that nobody has heard of does not fail the read and is kept as the cloud's word.",
            |cx| unknown_target(cx).boxed(),
        )
        .needs([Need::OddRoutes]),
        case(
            "keeps-the-vendors-record",
            "The cloud's own record of a table is kept behind the model, in the cloud's own names.",
            |cx| native_record(cx).boxed(),
        ),
        case(
            "round-trips-as-json",
            "Tables serialise under the interface's names and read back unchanged.",
            |cx| round_trip(cx).boxed(),
        ),
        case(
            "lists-sorted-and-each-once",
            "The list is sorted by id and has each table once, however often its id was asked for; routes are sorted too.",
            |cx| sorted_and_unique(cx).boxed(),
        ),
        case(
            "streams-what-it-lists",
            "The stream gives each table once, and the same ones as the list.",
            |cx| stream_and_list(cx).boxed(),
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
            "Tables that do not exist are NotFound, and the error lists every one of them and no other.",
            |cx| missing_ids(cx).boxed(),
        ),
        case(
            "can-allow-missing-ids",
            "With AllowMissing the tables that exist are answered, also when none does.",
            |cx| allow_missing(cx).boxed(),
        ),
    ]
}

/// Ids of possible shape that no table has.
pub(super) fn absent_ids(provider: Provider) -> [RouteTableId; 2] {
    let ids = if provider == Provider::Aws {
        ["rtb-0fffffffffffffff0", "rtb-0fffffffffffffff1"]
    } else {
        ["rtb-fffffff0", "rtb-fffffff1"]
    };
    ids.map(RouteTableId::from)
}

async fn every_route(cx: &Context) -> Verdict {
    let expected = &cx.routing()?.table;
    let found = cx.table().await?;
    let missing = |route: &&Route| {
        !found.routes.iter().any(|seen| {
            (&seen.destination, &seen.target, &seen.origin)
                == (&route.destination, &route.target, &route.origin)
                && (&seen.state, &seen.description) == (&route.state, &route.description)
        })
    };
    if let Some(route) = expected.routes.iter().find(missing) {
        let seen = found.static_routes(&route.destination).next();
        ensure!(
            false,
            "{} to {} is not described; the static route to there is {seen:?}",
            route.destination,
            route.target
        );
    }
    ensure_eq!(found.routes.len(), expected.routes.len(), "routes");
    Ok(())
}

async fn fields(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let (expected, found) = (&fixture.table, cx.table().await?);
    ensure_eq!(found.route_table_id, expected.route_table_id, "the id");
    ensure_eq!(found.name, expected.name, "Name");
    ensure_eq!(found.vpc_id, expected.vpc_id, "VpcId");
    ensure_eq!(found.subnet_ids, expected.subnet_ids, "SubnetIds");
    let all = cx
        .network()?
        .describe_route_tables(cx.describe_tables())
        .await?;
    let of_network = all.iter().filter(|table| table.vpc_id == expected.vpc_id);
    for table in of_network {
        let expected = table.route_table_id == fixture.main_table_id;
        ensure_eq!(table.main, expected, "Main of {}", table.route_table_id);
    }
    Ok(())
}

async fn idle_routes(cx: &Context) -> Verdict {
    let expected = &cx.routing()?.table.routes;
    let found = cx.table().await?;
    let mut idle = 0;
    for route in expected
        .iter()
        .filter(|route| route.state != RouteState::Active)
    {
        idle += 1;
        let seen = found.static_routes(&route.destination).next();
        ensure_eq!(
            seen.map(|seen| (&seen.state, &seen.target)),
            Some((&route.state, &route.target)),
            "the route to {}",
            route.destination
        );
    }
    ensure!(idle > 0, "there is no such route to look at");
    Ok(())
}

async fn unknown_target(cx: &Context) -> Verdict {
    let table = &cx.routing()?.table.route_table_id;
    let (kind, id) = if cx.provider() == Provider::Aws {
        (
            "OdbNetworkArn",
            "arn:aws:odb:us-east-1:123456789012:odb-network/odbnet_1a2b3c4d5e",
        )
    } else {
        ("WORMHOLE", "wh-1a2b3c4d")
    };
    let odd = NativeRoute::new("10.99.0.0/16", kind, id);
    cx.controls()?.add_route(table, odd);
    let found = cx.table().await?;
    let destination = Destination::from("10.99.0.0/16");
    let route = found
        .routes
        .iter()
        .find(|one| one.destination == destination);
    ensure_eq!(
        route.map(|route| (route.target.kind.as_str(), route.target.id.as_str())),
        Some((kind, id)),
        "the target"
    );
    let json = serde_json::to_string(&found.routes)?;
    let read: Vec<Route> = serde_json::from_str(&json)?;
    ensure!(
        read.iter().any(|route| route.target.kind.as_str() == kind),
        "the kind is lost in JSON: {json}"
    );
    Ok(())
}

async fn native_record(cx: &Context) -> Verdict {
    let found = cx.table().await?;
    let Some(native) = &found.native else {
        ensure!(false, "there is no native record");
        return Ok(());
    };
    let json = serde_json::to_value(native)?;
    ensure_eq!(
        json["RouteTableId"].as_str(),
        Some(found.route_table_id.as_str()),
        "RouteTableId of the native record"
    );
    ensure_eq!(
        json["VpcId"].as_str(),
        found.vpc_id.as_deref(),
        "VpcId of the native record"
    );
    Ok(())
}

async fn round_trip(cx: &Context) -> Verdict {
    let mut found = cx.table().await?;
    let json = serde_json::to_value(&found)?;
    for member in [
        "RouteTableId",
        "Name",
        "VpcId",
        "Routes",
        "SubnetIds",
        "Main",
    ] {
        ensure!(json.get(member).is_some(), "{member} is missing in {json}");
    }
    for member in ["Destination", "Target", "Origin", "State"] {
        let route = &json["Routes"][0];
        ensure!(
            route.get(member).is_some(),
            "{member} is missing in {route}"
        );
    }
    let mut read: RouteTable = serde_json::from_value(json)?;
    (found.native, read.native) = (None, None);
    for route in &mut found.routes {
        route.aliases.clear();
    }
    ensure_eq!(read, found, "what is read back");
    Ok(())
}

async fn sorted_and_unique(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let (one, two) = (&fixture.table.route_table_id, &fixture.main_table_id);
    let asked = [one, two, one].map(Clone::clone);
    let request = cx.describe_tables().with_route_table_ids(asked);
    let network = cx.network()?;
    for request in [request, cx.describe_tables()] {
        let found = network.describe_route_tables(request.clone()).await?;
        let ids: Vec<&RouteTableId> = found.iter().map(|table| &table.route_table_id).collect();
        ensure!(
            ids.windows(2).all(|pair| pair[0] < pair[1]),
            "not sorted, or one twice: {ids:?}"
        );
        if request.route_table_ids.is_some() {
            ensure_eq!(ids.len(), 2, "tables for three ids, two of them equal");
        }
        for table in &found {
            let sorted = table.routes.is_sorted_by_key(|route| &route.destination);
            ensure!(
                sorted,
                "the routes of {} are not sorted",
                table.route_table_id
            );
        }
    }
    Ok(())
}

async fn stream_and_list(cx: &Context) -> Verdict {
    let network = cx.network()?;
    let listed = network.describe_route_tables(cx.describe_tables()).await?;
    let mut streamed: Vec<RouteTable> = network
        .route_tables(cx.describe_tables())
        .try_collect()
        .await?;
    streamed.sort_by(|a, b| a.route_table_id.cmp(&b.route_table_id));
    let ids = |tables: &[RouteTable]| -> Vec<RouteTableId> {
        let ids = tables.iter().map(|table| table.route_table_id.clone());
        ids.collect()
    };
    ensure_eq!(ids(&streamed), ids(&listed), "what is streamed");
    ensure!(listed.len() > 1, "there is only one table");
    let statics = |tables: &[RouteTable]| {
        let routes = tables.iter().flat_map(|table| &table.routes);
        routes
            .filter(|route| route.origin == RouteOrigin::Static)
            .count()
    };
    ensure_eq!(statics(&streamed), statics(&listed), "static routes");
    Ok(())
}

async fn empty_list(cx: &Context) -> Verdict {
    cx.clear_calls();
    let request = DescribeRouteTablesRequest::new().with_route_table_ids::<RouteTableId>([]);
    let result = cx.network()?.describe_route_tables(request).await;
    refused("an empty list", ErrorKind::InvalidArgument, result)?;
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn malformed_ids(cx: &Context) -> Verdict {
    let good = &cx.routing()?.table.route_table_id;
    cx.clear_calls();
    for bad in ["rtb-", "rtb-!", "vpc-1a2b3c4d", "bogus", " "] {
        let ids = [good.clone(), RouteTableId::from(bad)];
        let request = DescribeRouteTablesRequest::new().with_route_table_ids(ids);
        let result = cx.network()?.describe_route_tables(request).await;
        let error = refused(bad, ErrorKind::InvalidArgument, result)?;
        ensure!(
            error.message().contains(bad),
            "{bad:?} is not named: {error}"
        );
        ensure_eq!(
            error.operation(),
            Some(Operation::DescribeRouteTables),
            "the error's operation"
        );
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn missing_ids(cx: &Context) -> Verdict {
    let good = &cx.routing()?.table.route_table_id;
    let absent = absent_ids(cx.provider());
    let ids = [absent[0].clone(), good.clone(), absent[1].clone()];
    let request = cx.describe_tables().with_route_table_ids(ids);
    let result = cx.network()?.describe_route_tables(request).await;
    let error = refused("missing tables", ErrorKind::NotFound, result)?;
    let mut named = error.resources().to_vec();
    named.sort();
    let expected = absent.each_ref().map(RouteTableId::as_str);
    ensure_eq!(named, expected, "the error's resources");
    let result = cx.network()?.describe_route_table(absent[0].clone()).await;
    refused("asking for one", ErrorKind::NotFound, result)?;
    Ok(())
}

async fn allow_missing(cx: &Context) -> Verdict {
    let good = &cx.routing()?.table.route_table_id;
    let absent = absent_ids(cx.provider());
    let with_good = [absent[0].clone(), good.clone()];
    for (ids, expected) in [(with_good.to_vec(), 1), (absent.to_vec(), 0)] {
        let request = cx
            .describe_tables()
            .with_route_table_ids(ids)
            .with_allow_missing(true);
        let found = cx.network()?.describe_route_tables(request).await?;
        ensure_eq!(found.len(), expected, "tables");
        ensure!(
            found.iter().all(|table| table.route_table_id == *good),
            "another table was answered"
        );
    }
    Ok(())
}
