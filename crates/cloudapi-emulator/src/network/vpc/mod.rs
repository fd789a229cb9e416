//! VPC of Tencent Cloud: subnets, VPCs, route tables.

mod change;
mod content;
mod tables;

use serde_json::{Value, json};

use super::{Subnet, Vpc};
use crate::clock;
use crate::tencent::filter::Filters;
use crate::tencent::{Error, Handler, Params};
use crate::world::Scope;

/// This family's actions.
pub(crate) const ACTIONS: &[(&str, Handler)] = &[
    ("CreateRoutes", change::create_routes),
    ("DeleteRoutes", change::delete_routes),
    ("DescribeRouteTables", tables::describe_route_tables),
    ("DescribeSubnets", describe_subnets),
    ("DescribeVpcs", describe_vpcs),
    ("DisableRoutes", change::disable_routes),
    ("EnableRoutes", change::enable_routes),
    ("ReplaceRoutes", change::replace_routes),
];

/// The most ids in one call.
const MOST_IDS: usize = 100;

fn describe_subnets(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let names = [
        "cidr-block",
        "is-default",
        "subnet-id",
        "subnet-name",
        "tag-key",
        "vpc-id",
        "zone",
    ];
    let (ids, filters) = selection(params, "SubnetIds", &names)?;
    let network = &scope.region.network;
    if let Some(missing) = ids.iter().find(|id| network.subnet(id).is_none()) {
        return Err(not_found(missing));
    }
    let found: Vec<&Subnet> = network
        .subnets
        .iter()
        .filter(|subnet| ids.is_empty() || ids.contains(&subnet.id.as_str()))
        .filter(|subnet| {
            filters.match_all(|name, value| match name {
                "cidr-block" => subnet.cidr() == value,
                "is-default" => subnet.is_default.to_string() == value,
                "subnet-id" => subnet.id == value,
                "subnet-name" => subnet.name == value,
                "vpc-id" => subnet.vpc_id == value,
                "zone" => subnet.zone == value,
                tag => tag_fits(&subnet.tags, tag, value),
            })
        })
        .collect();
    let created = clock::beijing(network.created);
    let page = page(params, &found)?.iter().map(|subnet| {
        json!({
            "VpcId": subnet.vpc_id,
            "SubnetId": subnet.id,
            "SubnetName": subnet.name,
            "CidrBlock": subnet.cidr(),
            "IsDefault": subnet.is_default,
            "EnableBroadcast": false,
            "Zone": subnet.zone,
            "RouteTableId": network.table_of(&subnet.id).map(|table| &table.id),
            "CreatedTime": created,
            "AvailableIpAddressCount": subnet.available(),
            "Ipv6CidrBlock": "",
            "NetworkAclId": "",
            "IsRemoteVpcSnat": false,
            "TotalIpAddressCount": subnet.total(),
            "TagSet": tag_set(&subnet.tags),
        })
    });
    Ok(json!({ "TotalCount": found.len(), "SubnetSet": page.collect::<Vec<_>>() }))
}

fn describe_vpcs(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let names = ["cidr-block", "is-default", "tag-key", "vpc-id", "vpc-name"];
    let (ids, filters) = selection(params, "VpcIds", &names)?;
    let network = &scope.region.network;
    if let Some(missing) = ids
        .iter()
        .find(|id| !network.vpcs.iter().any(|vpc| vpc.id == **id))
    {
        return Err(not_found(missing));
    }
    let found: Vec<&Vpc> = network
        .vpcs
        .iter()
        .filter(|vpc| ids.is_empty() || ids.contains(&vpc.id.as_str()))
        .filter(|vpc| {
            filters.match_all(|name, value| match name {
                "cidr-block" => vpc.cidr == value,
                "is-default" => vpc.is_default.to_string() == value,
                "vpc-id" => vpc.id == value,
                // The only filter here that is documented to match parts of a name.
                "vpc-name" => vpc.name.contains(value),
                tag => tag_fits(&vpc.tags, tag, value),
            })
        })
        .collect();
    let created = clock::beijing(network.created);
    let page = page(params, &found)?.iter().map(|vpc| {
        json!({
            "VpcName": vpc.name,
            "VpcId": vpc.id,
            "CidrBlock": vpc.cidr,
            "IsDefault": vpc.is_default,
            "EnableMulticast": false,
            "CreatedTime": created,
            "DnsServerSet": ["183.60.83.19", "183.60.82.98"],
            "EnableDhcp": true,
            "Ipv6CidrBlock": "",
            "TagSet": tag_set(&vpc.tags),
        })
    });
    Ok(json!({ "TotalCount": found.len(), "VpcSet": page.collect::<Vec<_>>() }))
}

/// The ids or the filters: this service refuses both together.
fn selection<'a>(
    params: &'a Params,
    ids: &str,
    names: &[&str],
) -> Result<(Vec<&'a str>, Filters<'a>), Error> {
    let unknown = "InvalidParameter.FilterInvalidKey";
    let filters = Filters::parse(params, unknown, |name| {
        names.contains(&name) || name.starts_with("tag:")
    })?;
    let list = params.list(ids);
    if !list.is_empty() && !filters.is_empty() {
        let message = format!("`{ids}` and `Filters` cannot be specified together.");
        return Err(Error::new("InvalidParameter.Coexist", message));
    }
    if list.len() > MOST_IDS {
        let message = format!("`{ids}` has more than {MOST_IDS} values.");
        return Err(Error::new("InvalidParameterValue.LimitExceeded", message));
    }
    Ok((list, filters))
}

/// The page asked for; offset and limit are texts in this service.
fn page<'a, T>(params: &Params, all: &'a [T]) -> Result<&'a [T], Error> {
    let number = |name: &str, default: usize| match params.text(name) {
        None => Ok(default),
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| Error::value(name, "It has to be a number, as text.")),
    };
    let (offset, limit) = (number("Offset", 0)?, number("Limit", 20)?);
    if !(1..=100).contains(&limit) {
        return Err(Error::new(
            "InvalidParameterValue.LimitExceeded",
            "The value of `Limit` has to be 1 to 100.",
        ));
    }
    let rest = all.get(offset..).unwrap_or_default();
    Ok(&rest[..rest.len().min(limit)])
}

/// Whether one value of `tag-key` or `tag:KEY` is fulfilled.
pub(crate) fn tag_fits(tags: &[(String, String)], filter: &str, wanted: &str) -> bool {
    match filter.strip_prefix("tag:") {
        Some(key) => tags
            .iter()
            .any(|(found, value)| found == key && value == wanted),
        None => tags.iter().any(|(found, _)| found == wanted),
    }
}

/// `[{Key, Value}]`.
pub(crate) fn tag_set(tags: &[(String, String)]) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

fn not_found(id: &str) -> Error {
    Error::new(
        "ResourceNotFound",
        format!("The resource `{id}` does not exist."),
    )
}
