//! CreateRoute, ReplaceRoute and DeleteRoute.

use super::tables;
use super::target::{Target, target};
use crate::aws::xml::Xml;
use crate::aws::{Error, Params, stop_if_dry_run};
use crate::network::routes::{Route, RouteTable};
use crate::network::{Cidr, Network};
use crate::world::Scope;

/// The most static routes of a table, for IPv4 and IPv6 apart.
const MOST_ROUTES: usize = 50;

/// Static routes have this origin; it is the only kind that can be changed.
const STATIC: &str = "CreateRoute";
const LOCAL: &str = "CreateRouteTable";

pub(super) fn create_route(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let id = table_id(params)?;
    let table = tables::find(scope.region, id)?;
    let destination = canonical(params, &scope.region.network)?;
    let target = target(scope.region, table, params, &destination, false)?;
    let same = |route: &&Route| {
        route.destination == destination && matches!(route.origin.as_str(), STATIC | LOCAL)
    };
    if table.routes.iter().any(|route| same(&route)) {
        let message = format!("The route identified by {destination} already exists.");
        return Err(Error::client("RouteAlreadyExists", message));
    }
    check_inside(&scope.region.network, table, &destination, &target)?;
    let ipv6 = destination.contains(':');
    let count = table
        .routes
        .iter()
        .filter(|route| route.origin == STATIC && route.is_ipv6() == ipv6)
        .count();
    if count >= MOST_ROUTES {
        let message =
            format!("The maximum number of routes in the route table '{id}' has been reached.");
        return Err(Error::client("RouteLimitExceeded", message));
    }
    let route = Route::new(destination, target.kind, &target.id, STATIC, scope.now);
    apply(scope, params, |routes| routes.push(route))
}

pub(super) fn replace_route(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let table = tables::find(scope.region, table_id(params)?)?;
    let destination = given(params)?.1.to_owned();
    let target = target(scope.region, table, params, &destination, true)?;
    let of = |origin: &str| {
        table
            .routes
            .iter()
            .position(|route| route.origin == origin && route.destination == destination)
    };
    let local = of(LOCAL);
    if target.id == "local" && target.kind == "GatewayId" && local.is_none() {
        let message = format!("The route {destination} is not the local route of the route table.");
        return Err(Error::client("InvalidParameterValue", message));
    }
    if let Some(at) = local {
        check_inside(&scope.region.network, table, &destination, &target)?;
        return replace_at(scope, params, at, &target);
    }
    let at = of(STATIC).ok_or_else(|| {
        let message = format!(
            "There is no route defined for '{destination}' in the route table. Use CreateRoute instead."
        );
        Error::client("InvalidParameterValue", message)
    })?;
    refuse_endpoint(&table.routes[at])?;
    check_inside(&scope.region.network, table, &destination, &target)?;
    replace_at(scope, params, at, &target)
}

pub(super) fn delete_route(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let id = table_id(params)?;
    let table = tables::find(scope.region, id)?;
    let (element, destination) = given(params)?;
    let of = |origin: &str| {
        table
            .routes
            .iter()
            .position(|route| route.origin == origin && route.destination == destination)
    };
    if of(LOCAL).is_some() {
        let message = format!("cannot remove local route {destination} in route table {id}");
        return Err(Error::client("InvalidParameterValue", message));
    }
    let at = of(STATIC).ok_or_else(|| {
        let message = format!("no route with {element} {destination} in route table {id}");
        Error::client("InvalidRoute.NotFound", message)
    })?;
    refuse_endpoint(&table.routes[at])?;
    apply(scope, params, |routes| {
        routes.remove(at);
    })
}

fn table_id(params: &Params) -> Result<&str, Error> {
    params
        .text("RouteTableId")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Error::missing("routeTableId"))
}

fn replace_at(
    scope: &mut Scope<'_>,
    params: &Params,
    at: usize,
    target: &Target,
) -> Result<String, Error> {
    apply(scope, params, |routes| {
        if let Some(route) = routes.get_mut(at) {
            target.kind.clone_into(&mut route.kind);
            route.target.clone_from(&target.id);
        }
    })
}

/// Changes the table, unless the call is a dry run.
fn apply(
    scope: &mut Scope<'_>,
    params: &Params,
    change: impl FnOnce(&mut Vec<Route>),
) -> Result<String, Error> {
    stop_if_dry_run(params)?;
    // Half of one route is none.
    if scope.half {
        return Err(Error::internal());
    }
    let lag = scope.common.settings.lag;
    if let Some(table) = params
        .text("RouteTableId")
        .and_then(|id| scope.region.network.table_mut(id))
    {
        table.change(lag, change);
    }
    let mut xml = Xml::default();
    xml.text("return", true);
    Ok(xml.finish())
}

/// The one destination that was given, as it was written, and what it is called in messages.
fn given(params: &Params) -> Result<(&'static str, &str), Error> {
    let names = [
        ("DestinationCidrBlock", "destination-cidr-block"),
        ("DestinationIpv6CidrBlock", "destination-ipv6-cidr-block"),
        ("DestinationPrefixListId", "destination-prefix-list-id"),
    ];
    let found: Vec<_> = names
        .into_iter()
        .filter_map(|(name, element)| Some((name, element, params.text(name)?)))
        .collect();
    match found[..] {
        [(name, element, text)] => {
            let fits = match name {
                "DestinationCidrBlock" => Cidr::parse(text).is_some_and(|cidr| !cidr.is_ipv6()),
                "DestinationIpv6CidrBlock" => Cidr::parse(text).is_some_and(Cidr::is_ipv6),
                _ => text.starts_with("pl-"),
            };
            if fits {
                return Ok((element, text));
            }
            let message = format!(
                "Value ({text}) for parameter {} is invalid. This is not a valid CIDR block.",
                name.replacen('D', "d", 1)
            );
            Err(Error::client("InvalidParameterValue", message))
        }
        [] => Err(Error::missing("destinationCidrBlock")),
        _ => Err(Error::client(
            "InvalidParameterCombination",
            "Only one of destinationCidrBlock, destinationIpv6CidrBlock and destinationPrefixListId can be specified",
        )),
    }
}

/// The destination as it is stored: without host bits, IPv6 in its short form.
fn canonical(params: &Params, network: &Network) -> Result<String, Error> {
    let (_, text) = given(params)?;
    if text.starts_with("pl-") && !network.prefix_lists.contains(&text) {
        let message = format!("The prefix list ID '{text}' does not exist");
        return Err(Error::client("InvalidPrefixListID.NotFound", message));
    }
    Ok(Cidr::parse(text).map_or_else(|| text.to_owned(), |cidr| cidr.to_string()))
}

/// What is inside the VPC may be led to a few kinds of target only.
fn check_inside(
    network: &Network,
    table: &RouteTable,
    destination: &str,
    target: &Target,
) -> Result<(), Error> {
    let inside = Cidr::parse(destination).is_some_and(|cidr| {
        network
            .vpcs
            .iter()
            .filter(|vpc| vpc.id == table.vpc_id)
            .flat_map(|vpc| [Some(vpc.cidr.as_str()), vpc.ipv6.as_deref()])
            .flatten()
            .any(|block| Cidr::parse(block).is_some_and(|block| block.covers(cidr)))
    });
    let fits = matches!(
        target.kind,
        "NetworkInterfaceId" | "InstanceId" | "NatGatewayId" | "VpcEndpointId"
    ) || target.id == "local";
    if inside && !fits {
        let message = format!(
            "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. \
             This route can target only an interface or an instance."
        );
        return Err(Error::client("InvalidParameterValue", message));
    }
    Ok(())
}

fn refuse_endpoint(route: &Route) -> Result<(), Error> {
    if route.kind != "GatewayEndpoint" {
        return Ok(());
    }
    let message = format!(
        "The route for {} is managed by the VPC endpoint {}. Use ModifyVpcEndpoint instead.",
        route.destination, route.target
    );
    Err(Error::client("InvalidParameterValue", message))
}
