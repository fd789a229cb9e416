//! DescribeRouteTables: selection, pages, filters.

use super::{tag_values, write_tags};
use crate::aws::filter::Filters;
use crate::aws::xml::Xml;
use crate::aws::{Error, Params, page, stop_if_dry_run};
use crate::compute::ec2::interface_id;
use crate::fixtures::AWS_ACCOUNT;
use crate::network::routes::{Route, RouteTable};
use crate::world::{Region, Scope};

/// A page when nothing is asked for, and the largest.
const LARGEST_PAGE: usize = 100;

const FILTERS: [&str; 20] = [
    "association.gateway-id",
    "association.main",
    "association.route-table-association-id",
    "association.route-table-id",
    "association.subnet-id",
    "owner-id",
    "route-table-id",
    "route.destination-cidr-block",
    "route.destination-ipv6-cidr-block",
    "route.destination-prefix-list-id",
    "route.egress-only-internet-gateway-id",
    "route.gateway-id",
    "route.instance-id",
    "route.nat-gateway-id",
    "route.origin",
    "route.state",
    "route.transit-gateway-id",
    "route.vpc-peering-connection-id",
    "tag-key",
    "vpc-id",
];

pub(super) fn describe_route_tables(
    scope: &mut Scope<'_>,
    params: &Params,
) -> Result<String, Error> {
    let filters = Filters::parse(params, |name| {
        FILTERS.contains(&name) || name.starts_with("tag:")
    })?;
    let ids = params.list("RouteTableId");
    let region = &*scope.region;
    let wanted = params.number("MaxResults");
    let (tables, next_token, first) = if ids.is_empty() {
        let limit = match wanted {
            None => LARGEST_PAGE,
            Some(wanted) => usize::try_from(wanted)
                .ok()
                .filter(|wanted| (5..=LARGEST_PAGE).contains(wanted))
                .ok_or_else(|| {
                    let hint = "Expecting a value between 5 and 100.";
                    Error::value(&wanted.to_string(), "maxResults", hint)
                })?,
        };
        let cap = scope.common.settings.page_cap;
        let limit = cap.map_or(limit, |cap| cap.min(limit));
        let question = &params.to_json()["Filter"];
        let token = params.text("NextToken").filter(|token| !token.is_empty());
        let start = match token {
            None => 0,
            Some(token) => page::read_token(token, question).ok_or_else(|| {
                let message = "The pagination token is invalid or has expired.";
                Error::client("InvalidPaginationToken", message)
            })?,
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let all = &region.network.tables;
        let rest = all.get(start..).unwrap_or_default();
        let page: Vec<&RouteTable> = rest.iter().take(limit).collect();
        // A full page has a token even if nothing is left: the next page is then empty.
        let next = (page.len() == limit).then(|| page::token((start + limit) as u64, question));
        (page, next, token.is_none())
    } else {
        for (name, given) in [
            ("maxResults", wanted.is_some()),
            ("nextToken", params.has("NextToken")),
        ] {
            if given {
                let message = format!(
                    "The parameter routeTableIdSet cannot be used with the parameter {name}"
                );
                return Err(Error::client("InvalidParameterCombination", message));
            }
        }
        let tables: Result<Vec<&RouteTable>, Error> =
            ids.iter().map(|id| find(region, id)).collect();
        (tables?, None, true)
    };
    stop_if_dry_run(params)?;
    let named: Vec<String> = tables.iter().map(|table| table.id.clone()).collect();
    let found = tables
        .into_iter()
        .filter(|table| filters.match_all(|name| values_of(name, region, table)));
    let mut xml = Xml::default();
    xml.list("routeTableSet", found, |xml, table| {
        render(xml, region, table);
    });
    xml.optional("nextToken", next_token.as_deref());
    let looked = |table: &&mut RouteTable| {
        if ids.is_empty() {
            first
        } else {
            named.contains(&table.id)
        }
    };
    scope
        .region
        .network
        .tables
        .iter_mut()
        .filter(looked)
        .for_each(RouteTable::poll);
    Ok(xml.finish())
}

/// The table of this id.
pub(super) fn find<'a>(region: &'a Region, id: &str) -> Result<&'a RouteTable, Error> {
    let hexadecimal = |rest: &str| {
        matches!(rest.len(), 8 | 17)
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    if !id.strip_prefix("rtb-").is_some_and(hexadecimal) {
        let message = format!("Invalid id: \"{id}\" (expecting \"rtb-...\")");
        return Err(Error::client("InvalidRouteTableId.Malformed", message));
    }
    region.network.table(id).ok_or_else(|| {
        let message = format!("The routeTable ID '{id}' does not exist");
        Error::client("InvalidRouteTableID.NotFound", message)
    })
}

fn values_of(name: &str, region: &Region, table: &RouteTable) -> Vec<String> {
    let routes = |value: &dyn Fn(&Route) -> Option<String>| {
        table.shown().iter().filter_map(value).collect::<Vec<_>>()
    };
    let of_kind =
        |kind: &'static str| routes(&|route| (route.kind == kind).then(|| route.target.clone()));
    match name {
        "association.main" => {
            let mut values = Vec::new();
            if table.main {
                values.push("true".to_owned());
            }
            if !table.subnets.is_empty() {
                values.push("false".to_owned());
            }
            values
        }
        "association.subnet-id" => table.subnets.clone(),
        "association.route-table-id" if table.main || !table.subnets.is_empty() => {
            vec![table.id.clone()]
        }
        "association.route-table-association-id" => {
            let main = table.main.then(|| association_id(&table.id));
            let subnets = table.subnets.iter().map(|subnet| association_id(subnet));
            main.into_iter().chain(subnets).collect()
        }
        "owner-id" => vec![AWS_ACCOUNT.to_owned()],
        "route-table-id" => vec![table.id.clone()],
        "route.destination-cidr-block" => {
            routes(&|route| destination(route, "destinationCidrBlock"))
        }
        "route.destination-ipv6-cidr-block" => {
            routes(&|route| destination(route, "destinationIpv6CidrBlock"))
        }
        "route.destination-prefix-list-id" => {
            routes(&|route| destination(route, "destinationPrefixListId"))
        }
        "route.egress-only-internet-gateway-id" => of_kind("EgressOnlyInternetGatewayId"),
        "route.gateway-id" => {
            routes(&|route| (shown_as(&route.kind) == "gatewayId").then(|| route.target.clone()))
        }
        "route.instance-id" => of_kind("InstanceId"),
        "route.nat-gateway-id" => of_kind("NatGatewayId"),
        "route.transit-gateway-id" => of_kind("TransitGatewayId"),
        "route.vpc-peering-connection-id" => of_kind("VpcPeeringConnectionId"),
        "route.origin" => routes(&|route| Some(route.origin.clone())),
        "route.state" => routes(&|route| Some(state(region, route).to_owned())),
        "vpc-id" => vec![table.vpc_id.clone()],
        tag if tag == "tag-key" || tag.starts_with("tag:") => tag_values(&table.tags, tag),
        // No table here is associated with a gateway.
        _ => Vec::new(),
    }
}

fn render(xml: &mut Xml, region: &Region, table: &RouteTable) {
    xml.text("routeTableId", &table.id);
    xml.text("vpcId", &table.vpc_id);
    xml.text("ownerId", AWS_ACCOUNT);
    xml.list("routeSet", table.shown(), |xml, route| {
        let element = destination_element(route);
        xml.text(element, &route.destination);
        // The instance of an interface is shown with it, and the other way round.
        let instance = match route.kind.as_str() {
            "InstanceId" => Some(route.target.clone()),
            "NetworkInterfaceId" => instance_of(region, &route.target),
            _ => None,
        };
        if let Some(instance) = &instance {
            xml.text("instanceId", instance);
            xml.text("instanceOwnerId", AWS_ACCOUNT);
            xml.text("networkInterfaceId", instance.replacen("i-", "eni-", 1));
        } else {
            xml.text(shown_as(&route.kind), &route.target);
        }
        xml.text("state", state(region, route));
        xml.text("origin", &route.origin);
    });
    let main = table.main.then_some(None);
    let associations = main.into_iter().chain(table.subnets.iter().map(Some));
    xml.list("associationSet", associations, |xml, subnet| {
        let of = subnet.unwrap_or(&table.id);
        xml.text("routeTableAssociationId", association_id(of));
        xml.text("routeTableId", &table.id);
        xml.optional("subnetId", subnet);
        xml.text("main", subnet.is_none());
        xml.node("associationState", |xml| xml.text("state", "associated"));
    });
    xml.list("propagatingVgwSet", &table.propagating, |xml, gateway| {
        xml.text("gatewayId", gateway);
    });
    write_tags(xml, &table.tags);
}

fn association_id(of: &str) -> String {
    let digits = crate::auth::sha256_hex(of.as_bytes());
    format!("rtbassoc-{}", &digits[..17])
}

fn destination_element(route: &Route) -> &'static str {
    if route.destination.starts_with("pl-") {
        "destinationPrefixListId"
    } else if route.is_ipv6() {
        "destinationIpv6CidrBlock"
    } else {
        "destinationCidrBlock"
    }
}

fn destination(route: &Route, element: &str) -> Option<String> {
    (destination_element(route) == element).then(|| route.destination.clone())
}

/// The element that shows a target which a parameter set: endpoints show as gateways.
fn shown_as(kind: &str) -> &str {
    match kind {
        "GatewayId" | "VpcEndpointId" | "GatewayEndpoint" => "gatewayId",
        "NatGatewayId" => "natGatewayId",
        "NetworkInterfaceId" => "networkInterfaceId",
        "VpcPeeringConnectionId" => "vpcPeeringConnectionId",
        "TransitGatewayId" => "transitGatewayId",
        "LocalGatewayId" => "localGatewayId",
        "CarrierGatewayId" => "carrierGatewayId",
        "EgressOnlyInternetGatewayId" => "egressOnlyInternetGatewayId",
        "CoreNetworkArn" => "coreNetworkArn",
        "OdbNetworkArn" => "odbNetworkArn",
        // A kind that a test made up.
        other => other,
    }
}

/// `active`, or `blackhole` when the target can't take anything.
pub(crate) fn state(region: &Region, route: &Route) -> &'static str {
    let running = |id: &str| {
        let instance = region.compute.by_id(id);
        instance.is_some_and(|instance| instance.status.state == "running")
    };
    let alive = match route.kind.as_str() {
        "GatewayId" if route.target == "local" => true,
        "InstanceId" => running(&route.target),
        kind => match instance_of(region, &route.target).filter(|_| kind == "NetworkInterfaceId") {
            Some(instance) => running(&instance),
            // What the emulator does not know was put there by a test, and works.
            None => region
                .network
                .gateway(kind, &route.target)
                .is_none_or(|gateway| gateway.available),
        },
    };
    if alive { "active" } else { "blackhole" }
}

/// The instance whose interface this is.
pub(super) fn instance_of(region: &Region, interface: &str) -> Option<String> {
    let id = interface.replacen("eni-", "i-", 1);
    let instance = region.compute.by_id(&id)?;
    (interface_id(instance) == interface).then_some(id)
}
