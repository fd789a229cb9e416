//! EC2: subnets, VPCs, security groups, route tables.

mod change;
mod tables;
mod target;

pub(crate) use tables::state as route_state;

use crate::aws::filter::Filters;
use crate::aws::xml::Xml;
use crate::aws::{Error, Handler, Params, stop_if_dry_run};
use crate::fixtures::AWS_ACCOUNT;
use crate::world::Scope;

/// This family's actions.
pub(crate) const ACTIONS: &[(&str, Handler)] = &[
    ("CreateRoute", change::create_route),
    ("DeleteRoute", change::delete_route),
    ("DescribeRouteTables", tables::describe_route_tables),
    ("DescribeSecurityGroups", describe_security_groups),
    ("DescribeSubnets", describe_subnets),
    ("DescribeVpcs", describe_vpcs),
    ("ReplaceRoute", change::replace_route),
];

fn describe_subnets(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let ids = params.list("SubnetId");
    let names = [
        "availability-zone",
        "cidr-block",
        "default-for-az",
        "state",
        "subnet-id",
        "tag-key",
        "vpc-id",
    ];
    let filters = Filters::parse(params, |name| {
        names.contains(&name) || name.starts_with("tag:")
    })?;
    let network = &scope.region.network;
    let missing = ids.iter().copied().find(|id| network.subnet(id).is_none());
    if let Some(missing) = missing {
        return Err(not_found("InvalidSubnetID", "subnet", missing));
    }
    stop_if_dry_run(params)?;
    let found = network
        .subnets
        .iter()
        .filter(|subnet| ids.is_empty() || ids.contains(&subnet.id.as_str()));
    let found = found.filter(|subnet| {
        filters.match_all(|name| match name {
            "availability-zone" => vec![subnet.zone.clone()],
            "cidr-block" => vec![subnet.cidr()],
            "default-for-az" => vec![subnet.is_default.to_string()],
            "state" => vec!["available".to_owned()],
            "subnet-id" => vec![subnet.id.clone()],
            "vpc-id" => vec![subnet.vpc_id.clone()],
            tag => tag_values(&subnet.tags, tag),
        })
    });
    let mut xml = Xml::default();
    xml.list("subnetSet", found, |xml, subnet| {
        xml.text("subnetId", &subnet.id);
        xml.text(
            "subnetArn",
            format!(
                "arn:aws:ec2:{}:{AWS_ACCOUNT}:subnet/{}",
                scope.region.name, subnet.id
            ),
        );
        xml.text("state", "available");
        xml.text("ownerId", AWS_ACCOUNT);
        xml.text("vpcId", &subnet.vpc_id);
        xml.text("cidrBlock", subnet.cidr());
        xml.text("availableIpAddressCount", subnet.available());
        xml.text("availabilityZone", &subnet.zone);
        xml.text("defaultForAz", subnet.is_default);
        xml.text("mapPublicIpOnLaunch", false);
        xml.text("assignIpv6AddressOnCreation", false);
        write_tags(xml, &subnet.tags);
    });
    Ok(xml.finish())
}

fn describe_vpcs(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let ids = params.list("VpcId");
    let names = [
        "cidr",
        "cidr-block-association.cidr-block",
        "is-default",
        "isDefault",
        "state",
        "tag-key",
        "vpc-id",
    ];
    let filters = Filters::parse(params, |name| {
        names.contains(&name) || name.starts_with("tag:")
    })?;
    let vpcs = &scope.region.network.vpcs;
    let missing = ids
        .iter()
        .copied()
        .find(|id| !vpcs.iter().any(|vpc| vpc.id == *id));
    if let Some(missing) = missing {
        return Err(not_found("InvalidVpcID", "vpc", missing));
    }
    stop_if_dry_run(params)?;
    let found = vpcs
        .iter()
        .filter(|vpc| ids.is_empty() || ids.contains(&vpc.id.as_str()));
    let found = found.filter(|vpc| {
        filters.match_all(|name| match name {
            "cidr" | "cidr-block-association.cidr-block" => vec![vpc.cidr.clone()],
            "is-default" | "isDefault" => vec![vpc.is_default.to_string()],
            "state" => vec!["available".to_owned()],
            "vpc-id" => vec![vpc.id.clone()],
            tag => tag_values(&vpc.tags, tag),
        })
    });
    let mut xml = Xml::default();
    xml.list("vpcSet", found, |xml, vpc| {
        xml.text("vpcId", &vpc.id);
        xml.text("ownerId", AWS_ACCOUNT);
        xml.text("state", "available");
        xml.text("cidrBlock", &vpc.cidr);
        xml.text("instanceTenancy", "default");
        xml.text("isDefault", vpc.is_default);
        xml.list("ipv6CidrBlockAssociationSet", &vpc.ipv6, |xml, block| {
            xml.text(
                "associationId",
                vpc.id.replacen("vpc-", "vpc-cidr-assoc-", 1),
            );
            xml.text("ipv6CidrBlock", block);
            xml.node("ipv6CidrBlockState", |xml| xml.text("state", "associated"));
        });
        write_tags(xml, &vpc.tags);
    });
    Ok(xml.finish())
}

fn describe_security_groups(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let (ids, names) = (params.list("GroupId"), params.list("GroupName"));
    let known = ["group-id", "group-name", "vpc-id"];
    let filters = Filters::parse(params, |name| known.contains(&name))?;
    let groups = &scope.region.network.groups;
    if let Some(missing) = ids
        .iter()
        .find(|id| !groups.iter().any(|group| group.id == **id))
    {
        let message = format!("The security group '{missing}' does not exist");
        return Err(Error::client("InvalidGroup.NotFound", message));
    }
    stop_if_dry_run(params)?;
    let found = groups.iter().filter(|group| {
        (ids.is_empty() || ids.contains(&group.id.as_str()))
            && (names.is_empty() || names.contains(&group.name.as_str()))
            && filters.match_all(|name| match name {
                "group-id" => vec![group.id.clone()],
                "group-name" => vec![group.name.clone()],
                _ => vec![group.vpc_id.clone()],
            })
    });
    let mut xml = Xml::default();
    xml.list("securityGroupInfo", found, |xml, group| {
        xml.text("ownerId", AWS_ACCOUNT);
        xml.text("groupId", &group.id);
        xml.text("groupName", &group.name);
        xml.text("groupDescription", &group.name);
        xml.text("vpcId", &group.vpc_id);
    });
    Ok(xml.finish())
}

/// What `tag:KEY` or `tag-key` finds.
pub(crate) fn tag_values(tags: &[(String, String)], filter: &str) -> Vec<String> {
    match filter.strip_prefix("tag:") {
        Some(wanted) => tags
            .iter()
            .filter(|(key, _)| key == wanted)
            .map(|(_, value)| value.clone())
            .collect(),
        None => tags.iter().map(|(key, _)| key.clone()).collect(),
    }
}

/// `tagSet`.
pub(crate) fn write_tags(xml: &mut Xml, tags: &[(String, String)]) {
    xml.list("tagSet", tags, |xml, (key, value)| {
        xml.text("key", key);
        xml.text("value", value);
    });
}

fn not_found(code: &'static str, what: &str, id: &str) -> Error {
    Error::new(
        400,
        format!("{code}.NotFound"),
        format!("The {what} ID '{id}' does not exist"),
    )
}
