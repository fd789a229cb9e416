//! The target that a route is given.

use super::tables::instance_of;
use crate::aws::{Error, Params};
use crate::network::routes::RouteTable;
use crate::world::Region;

/// A target: the parameter that named it, and its id.
pub(super) struct Target {
    pub(super) kind: &'static str,
    pub(super) id: String,
}

/// The parameters that name targets, the codes for one that does not exist, and what messages call it.
const KINDS: [(&str, &str, &str); 12] = [
    ("GatewayId", "InvalidGatewayID.NotFound", "gateway"),
    (
        "NatGatewayId",
        "InvalidNatGatewayID.NotFound",
        "nat-gateway",
    ),
    ("InstanceId", "InvalidInstanceID.NotFound", "instance"),
    (
        "NetworkInterfaceId",
        "InvalidNetworkInterfaceID.NotFound",
        "networkInterface",
    ),
    (
        "VpcPeeringConnectionId",
        "InvalidVpcPeeringConnectionID.NotFound",
        "vpcPeeringConnection",
    ),
    (
        "TransitGatewayId",
        "InvalidTransitGatewayID.NotFound",
        "transitGateway",
    ),
    (
        "LocalGatewayId",
        "InvalidLocalGatewayID.NotFound",
        "localGateway",
    ),
    (
        "CarrierGatewayId",
        "InvalidCarrierGatewayID.NotFound",
        "carrierGateway",
    ),
    (
        "EgressOnlyInternetGatewayId",
        "InvalidGatewayID.NotFound",
        "egressOnlyInternetGateway",
    ),
    (
        "VpcEndpointId",
        "InvalidVpcEndpointId.NotFound",
        "vpcEndpoint",
    ),
    (
        "CoreNetworkArn",
        "InvalidCoreNetworkArn.NotFound",
        "coreNetwork",
    ),
    (
        "OdbNetworkArn",
        "InvalidOdbNetworkArn.NotFound",
        "odbNetwork",
    ),
];

/// The one target that was given, if it exists and fits the table and the destination. Only a replacement may name the
/// local target.
pub(super) fn target(
    region: &Region,
    table: &RouteTable,
    params: &Params,
    destination: &str,
    replaces: bool,
) -> Result<Target, Error> {
    let local = replaces && params.flag("LocalTarget");
    let given: Vec<_> = KINDS
        .into_iter()
        .filter_map(|kind| Some((kind, params.text(kind.0)?)))
        .collect();
    if given.len() + usize::from(local) > 1 {
        let message = "Only one target of the route can be specified";
        return Err(Error::client("InvalidParameterCombination", message));
    }
    if local {
        return Ok(Target {
            kind: "GatewayId",
            id: "local".to_owned(),
        });
    }
    let Some(((kind, code, word), id)) = given.into_iter().next() else {
        let message = "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
                       vpcPeeringConnectionId, vpcEndpointId, egressOnlyInternetGatewayId, transitGatewayId, \
                       localGatewayId, carrierGatewayId, instanceId, coreNetworkArn, odbNetworkArn";
        return Err(Error::client("MissingParameter", message));
    };
    let network = match kind {
        "InstanceId" => vpc_of_instance(region, id),
        "NetworkInterfaceId" => match instance_of(region, id) {
            Some(instance) => vpc_of_instance(region, &instance),
            None => vpc_of_gateway(region, kind, id),
        },
        _ => vpc_of_gateway(region, kind, id),
    };
    let network = network.ok_or_else(|| {
        let message = format!("The {word} ID '{id}' does not exist");
        Error::client(code, message)
    })?;
    if !network.is_empty() && network != table.vpc_id {
        let message = format!(
            "route table {} and network gateway {id} belong to different networks",
            table.id
        );
        return Err(Error::client("InvalidParameterValue", message));
    }
    let ipv6 = destination.contains(':');
    let wrong = match kind {
        "EgressOnlyInternetGatewayId" => !ipv6,
        "CarrierGatewayId" => ipv6,
        // The one IPv6 network that is translated.
        "NatGatewayId" => ipv6 && destination != "64:ff9b::/96",
        _ => false,
    };
    if wrong {
        let message = format!("The {word} {id} cannot be the target of a route to {destination}");
        return Err(Error::client("InvalidParameterValue", message));
    }
    Ok(Target {
        kind,
        id: id.to_owned(),
    })
}

/// The VPC of an instance that has not ended.
fn vpc_of_instance(region: &Region, id: &str) -> Option<String> {
    let instance = region.compute.by_id(id)?;
    (instance.status.state != "terminated").then(|| instance.vpc_id.clone())
}

/// The VPC of a gateway that is there; empty for one that any VPC can reach.
fn vpc_of_gateway(region: &Region, kind: &str, id: &str) -> Option<String> {
    let gateway = region.network.gateway(kind, id)?;
    gateway.available.then(|| gateway.vpc_id.to_owned())
}
