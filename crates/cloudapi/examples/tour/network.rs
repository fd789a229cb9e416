//! Route tables: read, changed without a gap, and put back when a change fails half-way.

use cloudapi::NetworkExt;
use cloudapi::emulator::{Cloud, Fault, FaultKind, fixtures};
use cloudapi::network::{
    DescribeRouteTablesRequest, ReplaceMode, ReplaceRoutesRequest, ReplacedRoutes, Route,
    RouteSpec, RouteTable, RouteTarget, RouteTargetKind,
};
use cloudapi::{ErrorKind, Filters, Network};

use crate::show::{Table, chapter, native_calls, note, step};
use crate::side::Side;
use crate::{Result, Tour};

/// What of the emulator's the chapter works with.
struct Routing {
    /// A table with a route of each kind.
    table: &'static str,
    /// A subnet that uses its network's main table.
    subnet: &'static str,
    /// Where routes are led to.
    gateway: &'static str,
    /// A write that fails after another one of the request.
    failing: Fault,
}

impl Routing {
    fn of(side: &Side) -> Self {
        let denied = FaultKind::ErrorCode {
            status: 403,
            code: "UnauthorizedOperation".to_owned(),
            message: "You may not do this.".to_owned(),
        };
        let cloud = side.emulated_cloud();
        let denied = Fault::new(denied).cloud(cloud);
        match cloud {
            Cloud::Aws => Self {
                table: fixtures::AWS_PRIVATE_ROUTE_TABLE,
                subnet: fixtures::AWS_SUBNET,
                gateway: fixtures::AWS_NAT_GATEWAY_B,
                failing: denied.on("CreateRoute"),
            },
            Cloud::Tencent => Self {
                table: fixtures::TENCENT_PRIVATE_ROUTE_TABLE,
                subnet: fixtures::TENCENT_SUBNET,
                gateway: fixtures::TENCENT_NAT_GATEWAY_B,
                failing: denied.on("CreateRoutes"),
            },
        }
    }

    /// A route to the second gateway.
    fn to_gateway(&self, destination: &str) -> RouteSpec {
        RouteSpec::new(destination, RouteTargetKind::NatGateway, self.gateway)
    }

    /// Two routes that there are, and one that there is not.
    fn request(&self) -> ReplaceRoutesRequest {
        let routes = ["0.0.0.0/0", "10.1.0.0/16", "10.77.0.0/16"];
        let routes = routes.map(|destination| self.to_gateway(destination));
        ReplaceRoutesRequest::new(self.table, routes).with_mode(ReplaceMode::Upsert)
    }
}

/// Walks through both operations; reads only, where there is no emulator.
pub(crate) async fn walk(tour: &Tour) -> Result {
    if tour.emulator.is_none() {
        return look(tour).await;
    }
    chapter("Route tables (VPC)");
    read(tour).await?;
    main_table(tour).await?;
    replace(tour, true).await?;
    fail_half_way(tour).await?;
    replace(tour, false).await?;
    replace_again(tour).await?;
    refusals(tour).await
}

/// Reads only.
pub(crate) async fn look(tour: &Tour) -> Result {
    chapter("Route tables, reading only");
    step(
        tour,
        "DescribeRouteTables",
        "the main tables of all networks",
    );
    let filters = Filters::new().with("main", ["true"]);
    let request = DescribeRouteTablesRequest::new().with_filters(filters);
    let mut all = Vec::new();
    for side in &tour.sides {
        let network = side.cloud.network()?;
        all.push(network.describe_route_tables(request.clone()).await?);
    }
    tables(tour, &all);
    Ok(())
}

async fn read(tour: &Tour) -> Result {
    step(
        tour,
        "DescribeRouteTables",
        "a table with every kind of route: whose target is gone, what is switched off and what the cloud manages stays visible",
    );
    let mut table = Table::new([
        "cloud",
        "Destination",
        "Target",
        "Origin",
        "State",
        "Description",
    ]);
    for side in &tour.sides {
        let network = side.cloud.network()?;
        let found = network
            .describe_route_table(Routing::of(side).table)
            .await?;
        for route in found.routes {
            table.row([
                side.provider.to_string(),
                route.destination.to_string(),
                route.target.to_string(),
                route.origin.to_string(),
                route.state.to_string(),
                route.description.unwrap_or_default(),
            ]);
        }
    }
    table.print();
    native_calls(tour);
    Ok(())
}

async fn main_table(tour: &Tour) -> Result {
    step(
        tour,
        "DescribeRouteTables",
        "Filters [{\"subnet-id\": …}] of a subnet that was given no table of its own: its network's main one",
    );
    let mut all = Vec::new();
    for side in &tour.sides {
        let filters = Filters::new().with("subnet-id", [Routing::of(side).subnet]);
        let request = DescribeRouteTablesRequest::new().with_filters(filters);
        all.push(side.cloud.network()?.describe_route_tables(request).await?);
    }
    tables(tour, &all);
    native_calls(tour);
    Ok(())
}

async fn replace(tour: &Tour, dry_run: bool) -> Result {
    let what = if dry_run {
        "a dry run: the plan, and nothing is written"
    } else {
        "two routes led elsewhere without a gap, a missing one made (Upsert)"
    };
    step(tour, "ReplaceRoutes", what);
    let mut answers = Vec::new();
    for side in &tour.sides {
        let request = Routing::of(side).request().with_dry_run(dry_run);
        answers.push(side.cloud.network()?.replace_routes(request).await?);
    }
    changes(tour, &answers);
    if !dry_run {
        note("EC2 changes one route a call; Tencent Cloud's VPC all that are replaced in one.");
    }
    native_calls(tour);
    Ok(())
}

async fn replace_again(tour: &Tour) -> Result {
    step(
        tour,
        "ReplaceRoutes",
        "the same once more: as wanted already, so nothing is written",
    );
    let mut answers = Vec::new();
    for side in &tour.sides {
        let request = Routing::of(side).request();
        answers.push(side.cloud.network()?.replace_routes(request).await?);
    }
    changes(tour, &answers);
    native_calls(tour);
    Ok(())
}

async fn fail_half_way(tour: &Tour) -> Result {
    let Some(emulator) = &tour.emulator else {
        return Ok(());
    };
    step(
        tour,
        "ReplaceRoutes",
        "the cloud refuses the last of three routes: the others are put back",
    );
    let mut table = Table::new(["cloud", "kind", "the cloud's code", "what differs now"]);
    for side in &tour.sides {
        let routing = Routing::of(side);
        let network = side.cloud.network()?;
        let before = routes(&*network, routing.table).await?;
        emulator.fault(routing.failing.clone());
        let refused = network.replace_routes(routing.request()).await;
        let error = refused.err().ok_or("a refused change was made")?;
        let after = routes(&*network, routing.table).await?;
        let differs = if before == after {
            "nothing"
        } else {
            "something"
        };
        table.row([
            side.provider.to_string(),
            error.kind().to_string(),
            error.code().unwrap_or("–").to_owned(),
            differs.to_owned(),
        ]);
    }
    table.print();
    native_calls(tour);
    Ok(())
}

async fn refusals(tour: &Tour) -> Result {
    step(
        tour,
        "Errors",
        "what is no network, what leads nowhere and what only the cloud may change is refused by name, before any change",
    );
    let mut lines = Vec::new();
    for side in &tour.sides {
        let routing = Routing::of(side);
        let network = side.cloud.network()?;
        let found = network.describe_route_table(routing.table).await?;
        let managed = found.routes.iter().find(|route| !route.is_static());
        let managed = managed.map(|route| route.destination.to_string());
        let mut bad = vec![
            routing.to_gateway("10.0.0.1/8"),
            routing.to_gateway("::ffff:10.0.0.0/104"),
            RouteSpec::new("0.0.0.0/0", RouteTargetKind::from("NatGatway"), "nat-1"),
        ];
        bad.extend(managed.map(|destination| routing.to_gateway(&destination)));
        for spec in bad {
            let request = ReplaceRoutesRequest::new(routing.table, [spec]);
            let error = network.replace_routes(request).await.err();
            let error = error.ok_or("something that can't be was not refused")?;
            if error.kind() != ErrorKind::InvalidArgument {
                return Err(error.into());
            }
            lines.push(error.to_string());
        }
    }
    println!();
    for line in lines {
        note(&line);
    }
    println!();
    native_calls(tour);
    Ok(())
}

/// The routes of a table as text.
async fn routes(network: &dyn Network, table: &str) -> Result<Vec<(String, RouteTarget)>> {
    let found = network.describe_route_table(table).await?;
    let routes = found.routes.into_iter();
    Ok(routes
        .map(|route| (route.destination.to_string(), route.target))
        .collect())
}

fn tables(tour: &Tour, all: &[Vec<RouteTable>]) {
    let mut table = Table::new(["cloud", "RouteTableId", "Name", "VpcId", "Main", "routes"]);
    for (side, found) in tour.sides.iter().zip(all) {
        for one in found {
            table.row([
                side.provider.to_string(),
                one.route_table_id.to_string(),
                one.name.clone().unwrap_or_default(),
                one.vpc_id.clone().unwrap_or_default(),
                one.main.to_string(),
                one.routes.len().to_string(),
            ]);
        }
    }
    table.print();
}

fn changes(tour: &Tour, answers: &[ReplacedRoutes]) {
    let mut table = Table::new(["cloud", "Destination", "Action", "before", "after"]);
    let target = |route: &Option<Route>| {
        route
            .as_ref()
            .map(|route| route.target.to_string())
            .unwrap_or_default()
    };
    for (side, answer) in tour.sides.iter().zip(answers) {
        for change in &answer.changes {
            table.row([
                side.provider.to_string(),
                change.destination.to_string(),
                format!("{:?}", change.action),
                target(&change.before),
                target(&change.after),
            ]);
        }
    }
    table.print();
}
