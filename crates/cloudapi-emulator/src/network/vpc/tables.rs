//! DescribeRouteTables.

use serde_json::{Value, json};

use super::{page, selection, tag_fits, tag_set};
use crate::clock;
use crate::network::routes::{Route, RouteTable};
use crate::tencent::{Error, Params};
use crate::world::Scope;

pub(super) fn describe_route_tables(
    scope: &mut Scope<'_>,
    params: &Params,
) -> Result<Value, Error> {
    let names = [
        "association.main",
        "next-hop-type",
        "route-table-id",
        "route-table-name",
        "tag-key",
        "visible",
        "vpc-id",
    ];
    let (ids, filters) = selection(params, "RouteTableIds", &names)?;
    if filters.has("next-hop-type") && !(filters.has("route-table-id") && filters.has("vpc-id")) {
        return Err(Error::value(
            "Filters",
            "`next-hop-type` needs `route-table-id` and `vpc-id` beside it.",
        ));
    }
    for id in &ids {
        find(scope, id)?;
    }
    let network = &scope.region.network;
    let found: Vec<&RouteTable> = network
        .tables
        .iter()
        .filter(|table| ids.is_empty() || ids.contains(&table.id.as_str()))
        .filter(|table| {
            filters.match_all(|name, value| match name {
                "association.main" => table.main.to_string() == value,
                "next-hop-type" => table.routes.iter().any(|route| route.kind == value),
                "route-table-id" => table.id == value,
                "route-table-name" => table.name == value,
                "visible" => value == "true",
                "vpc-id" => table.vpc_id == value,
                tag => tag_fits(&table.tags, tag, value),
            })
        })
        .collect();
    let with_routes = params.at("NeedRouterInfo").and_then(Value::as_bool) != Some(false);
    let created = clock::beijing(network.created);
    let page: Vec<Value> = page(params, &found)?
        .iter()
        .map(|table| {
            let routes = table.routes.iter().filter(|_| with_routes);
            render(
                table,
                routes.map(|route| render_route(&table.id, route)),
                &created,
            )
        })
        .collect();
    Ok(json!({ "TotalCount": found.len(), "RouteTableSet": page }))
}

/// The table of this id.
pub(super) fn find<'a>(scope: &'a Scope<'_>, id: &str) -> Result<&'a RouteTable, Error> {
    let plain = |rest: &str| {
        rest.len() == 8
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    };
    if !id.strip_prefix("rtb-").is_some_and(plain) {
        let message = format!("The route table ID `{id}` is malformed.");
        return Err(Error::new("InvalidRouteTableId.Malformed", message));
    }
    scope
        .region
        .network
        .table(id)
        .ok_or_else(|| super::not_found(id))
}

/// A table with some routes.
pub(super) fn render(
    table: &RouteTable,
    routes: impl Iterator<Item = Value>,
    created: &str,
) -> Value {
    let associations = table
        .subnets
        .iter()
        .map(|subnet| json!({ "SubnetId": subnet, "RouteTableId": table.id }));
    json!({
        "VpcId": table.vpc_id,
        "RouteTableId": table.id,
        "RouteTableName": table.name,
        "AssociationSet": associations.collect::<Vec<_>>(),
        "RouteSet": routes.collect::<Vec<_>>(),
        "Main": table.main,
        "CreatedTime": created,
        "TagSet": tag_set(&table.tags),
        "LocalCidrForCcn": [],
    })
}

pub(super) fn render_route(table_id: &str, route: &Route) -> Value {
    let (ipv4, ipv6) = if route.is_ipv6() {
        ("", route.destination.as_str())
    } else {
        (route.destination.as_str(), "")
    };
    json!({
        "DestinationCidrBlock": ipv4,
        "DestinationIpv6CidrBlock": ipv6,
        "GatewayType": route.kind,
        "GatewayId": route.target,
        "RouteId": route.number,
        "RouteItemId": route.item,
        "RouteDescription": route.description,
        "Enabled": route.enabled,
        "RouteType": route.origin,
        "RouteTableId": table_id,
        "PublishedToVbc": false,
        "CreatedTime": clock::beijing(route.created),
        "CdcId": "",
    })
}
