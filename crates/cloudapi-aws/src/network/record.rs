//! EC2's own record behind a route table, and its JSON as the AWS command line prints it.

use std::any::Any;

use aws_sdk_ec2::types::{
    PropagatingVgw, Route, RouteOrigin, RouteState, RouteTable, RouteTableAssociation,
    RouteTableAssociationState, RouteTableAssociationStateCode, Tag,
};
use cloudapi_core::NativeRecord;
use serde_json::{Map, Value};

/// A route table as EC2 described it.
///
/// Behind [`Native`](cloudapi_core::Native) it is found as `aws_sdk_ec2::types::RouteTable`.
pub(super) struct Record(RouteTable);

impl Record {
    pub(super) fn new(table: RouteTable) -> Self {
        Self(table)
    }
}

impl NativeRecord for Record {
    fn to_json(&self) -> Value {
        table(&self.0)
    }

    fn value(&self) -> Option<&dyn Any> {
        Some(&self.0)
    }
}

/// Makes an object of what the cloud did not leave out.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

fn text(text: Option<&str>) -> Option<Value> {
    text.map(Value::from)
}

fn list<T>(items: Option<&Vec<T>>, item: impl Fn(&T) -> Value) -> Option<Value> {
    items.map(|items| items.iter().map(item).collect())
}

fn table(table: &RouteTable) -> Value {
    object([
        (
            "Associations",
            list(table.associations.as_ref(), association),
        ),
        (
            "PropagatingVgws",
            list(table.propagating_vgws.as_ref(), propagating),
        ),
        ("RouteTableId", text(table.route_table_id())),
        ("Routes", list(table.routes.as_ref(), route)),
        ("Tags", list(table.tags.as_ref(), tag)),
        ("VpcId", text(table.vpc_id())),
        ("OwnerId", text(table.owner_id())),
    ])
}

fn association(association: &RouteTableAssociation) -> Value {
    object([
        ("Main", association.main().map(Value::from)),
        (
            "RouteTableAssociationId",
            text(association.route_table_association_id()),
        ),
        ("RouteTableId", text(association.route_table_id())),
        ("SubnetId", text(association.subnet_id())),
        ("GatewayId", text(association.gateway_id())),
        (
            "AssociationState",
            association.association_state().map(state),
        ),
    ])
}

fn state(state: &RouteTableAssociationState) -> Value {
    object([
        (
            "State",
            text(state.state().map(RouteTableAssociationStateCode::as_str)),
        ),
        ("StatusMessage", text(state.status_message())),
    ])
}

fn propagating(gateway: &PropagatingVgw) -> Value {
    object([("GatewayId", text(gateway.gateway_id()))])
}

fn tag(tag: &Tag) -> Value {
    object([("Key", text(tag.key())), ("Value", text(tag.value()))])
}

fn route(route: &Route) -> Value {
    object([
        ("DestinationCidrBlock", text(route.destination_cidr_block())),
        (
            "DestinationIpv6CidrBlock",
            text(route.destination_ipv6_cidr_block()),
        ),
        (
            "DestinationPrefixListId",
            text(route.destination_prefix_list_id()),
        ),
        (
            "EgressOnlyInternetGatewayId",
            text(route.egress_only_internet_gateway_id()),
        ),
        ("GatewayId", text(route.gateway_id())),
        ("InstanceId", text(route.instance_id())),
        ("InstanceOwnerId", text(route.instance_owner_id())),
        ("NatGatewayId", text(route.nat_gateway_id())),
        ("TransitGatewayId", text(route.transit_gateway_id())),
        ("LocalGatewayId", text(route.local_gateway_id())),
        ("CarrierGatewayId", text(route.carrier_gateway_id())),
        ("NetworkInterfaceId", text(route.network_interface_id())),
        ("Origin", text(route.origin().map(RouteOrigin::as_str))),
        ("State", text(route.state().map(RouteState::as_str))),
        (
            "VpcPeeringConnectionId",
            text(route.vpc_peering_connection_id()),
        ),
        ("CoreNetworkArn", text(route.core_network_arn())),
        ("OdbNetworkArn", text(route.odb_network_arn())),
        ("IpAddress", text(route.ip_address())),
    ])
}
