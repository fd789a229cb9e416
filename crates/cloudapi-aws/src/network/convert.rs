//! From EC2's route tables to ours, and back. Plain functions: no calls, no clock.

use aws_sdk_ec2::types::{self, RouteTableAssociation, RouteTableAssociationStateCode};
use cloudapi_core::network::{
    Destination, Route, RouteOrigin, RouteSpec, RouteState, RouteTable, RouteTarget,
    RouteTargetKind,
};
use cloudapi_core::{Error, Native, Result};

use super::record::Record;

/// The tag that is a table's name.
const NAME_TAG: &str = "Name";

/// Converts a table; nothing if it has no id.
pub(super) fn table(native: types::RouteTable) -> Option<RouteTable> {
    let id = native.route_table_id()?.to_owned();
    let mut table = RouteTable::new(id).with_routes(native.routes().iter().map(route).collect());
    table.vpc_id = filled(native.vpc_id());
    let associations = || {
        native
            .associations()
            .iter()
            .filter(|association| is_in_force(association))
    };
    table.main = associations().any(|association| association.main() == Some(true));
    table.subnet_ids = associations()
        .filter_map(|association| filled(association.subnet_id()))
        .collect();
    table.subnet_ids.sort();
    table.subnet_ids.dedup();
    for tag in native.tags() {
        let (Some(key), value) = (tag.key(), tag.value().unwrap_or_default()) else {
            continue;
        };
        if key == NAME_TAG {
            table.name = filled(Some(value));
        } else {
            table.tags.insert(key.to_owned(), value.to_owned());
        }
    }
    table.native = Some(Native::new(Record::new(native)));
    Some(table)
}

/// Whether an association is not about to end, or at an end.
fn is_in_force(association: &RouteTableAssociation) -> bool {
    let state = association
        .association_state()
        .and_then(|state| state.state());
    !matches!(
        state,
        Some(
            RouteTableAssociationStateCode::Disassociating
                | RouteTableAssociationStateCode::Disassociated
                | RouteTableAssociationStateCode::Failed
        )
    )
}

fn route(native: &types::Route) -> Route {
    let destination = [
        native.destination_cidr_block(),
        native.destination_ipv6_cidr_block(),
        native.destination_prefix_list_id(),
    ];
    let destination =
        Destination::from(destination.into_iter().flatten().next().unwrap_or_default());
    let (target, aliases) = target(native);
    let origin = match native
        .origin()
        .map(types::RouteOrigin::as_str)
        .unwrap_or_default()
    {
        "CreateRouteTable" => RouteOrigin::Local,
        // The route of a gateway endpoint comes and goes with the endpoint, though EC2 says it was created like any.
        "CreateRoute" if is_of_gateway_endpoint(&destination, native) => RouteOrigin::System,
        "CreateRoute" => RouteOrigin::Static,
        "EnableVgwRoutePropagation" | "Advertisement" => RouteOrigin::Propagated,
        other => RouteOrigin::from(other),
    };
    let state = match native.state().map(types::RouteState::as_str) {
        Some("active") | None => RouteState::Active,
        Some("blackhole") => RouteState::Blackhole,
        Some(other) => RouteState::from(other),
    };
    Route::new(destination, target, origin)
        .with_state(state)
        .with_aliases(aliases)
}

fn is_of_gateway_endpoint(destination: &Destination, native: &types::Route) -> bool {
    matches!(destination, Destination::PrefixList(_))
        && native
            .gateway_id()
            .is_some_and(|id| id.starts_with("vpce-"))
}

/// What a route leads to, with the target's other names. An instance comes with its interface.
fn target(native: &types::Route) -> (RouteTarget, Vec<RouteTarget>) {
    use RouteTargetKind as K;
    let interface = native
        .network_interface_id()
        .map(|id| RouteTarget::new(K::NetworkInterface, id));
    let words = [
        (K::Instance, native.instance_id()),
        (K::NetworkInterface, native.network_interface_id()),
        (K::NatGateway, native.nat_gateway_id()),
        (K::Peering, native.vpc_peering_connection_id()),
        (K::TransitGateway, native.transit_gateway_id()),
        (K::LocalGateway, native.local_gateway_id()),
        (K::CarrierGateway, native.carrier_gateway_id()),
        (
            K::EgressOnlyInternetGateway,
            native.egress_only_internet_gateway_id(),
        ),
        (K::CoreNetwork, native.core_network_arn()),
        (K::Other(ODB_NETWORK.into()), native.odb_network_arn()),
        (
            gateway_kind(native.gateway_id().unwrap_or_default()),
            native.gateway_id(),
        ),
        (K::Other("IpAddress".into()), native.ip_address()),
    ];
    let found = words
        .into_iter()
        .find_map(|(kind, id)| Some(RouteTarget::new(kind, id.filter(|id| !id.is_empty())?)));
    let target = found.unwrap_or_else(|| RouteTarget::new(K::Other("Unknown".into()), ""));
    let aliases = if target.kind == K::Instance {
        interface.into_iter().collect()
    } else {
        Vec::new()
    };
    (target, aliases)
}

const ODB_NETWORK: &str = "OdbNetworkArn";
const GATEWAY: &str = "GatewayId";

/// One field holds gateways of several kinds; the id tells which.
fn gateway_kind(id: &str) -> RouteTargetKind {
    match id.split_once('-').map_or(id, |(prefix, _)| prefix) {
        "local" => RouteTargetKind::Local,
        "igw" => RouteTargetKind::InternetGateway,
        "vgw" => RouteTargetKind::VpnGateway,
        "vpce" => RouteTargetKind::VpcEndpoint,
        _ => RouteTargetKind::Other(GATEWAY.into()),
    }
}

/// The parameter of EC2 by which a target is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    Gateway,
    NatGateway,
    Instance,
    NetworkInterface,
    Peering,
    TransitGateway,
    LocalGateway,
    CarrierGateway,
    EgressOnlyInternetGateway,
    VpcEndpoint,
    CoreNetwork,
    OdbNetwork,
}

/// Gives the parameter for a kind of target; nothing for one that EC2 has no routes to.
fn parameter(kind: &RouteTargetKind) -> Option<Parameter> {
    use RouteTargetKind as K;
    Some(match kind {
        K::InternetGateway | K::VpnGateway => Parameter::Gateway,
        K::NatGateway => Parameter::NatGateway,
        K::Instance => Parameter::Instance,
        K::NetworkInterface => Parameter::NetworkInterface,
        K::Peering => Parameter::Peering,
        K::TransitGateway => Parameter::TransitGateway,
        K::LocalGateway => Parameter::LocalGateway,
        K::CarrierGateway => Parameter::CarrierGateway,
        K::EgressOnlyInternetGateway => Parameter::EgressOnlyInternetGateway,
        K::VpcEndpoint => Parameter::VpcEndpoint,
        K::CoreNetwork => Parameter::CoreNetwork,
        // Read, and hence to be put back.
        K::Other(word) if word.as_ref() == ODB_NETWORK => Parameter::OdbNetwork,
        K::Other(word) if word.as_ref() == GATEWAY => Parameter::Gateway,
        _ => return None,
    })
}

/// Gives the parameter and its value for where a route is to lead.
///
/// # Errors
///
/// `Unsupported` for a target that EC2 has no routes to.
pub(super) fn named_target(route: &Route) -> Result<(Parameter, &str)> {
    // The interface is the more exact name, and the only one for an instance with several.
    let interface = route
        .aliases
        .iter()
        .find(|alias| alias.kind == RouteTargetKind::NetworkInterface);
    let target = interface.unwrap_or(&route.target);
    match parameter(&target.kind) {
        Some(parameter) => Ok((parameter, &target.id)),
        None => Err(unsupported(&target.kind, &route.destination)),
    }
}

fn unsupported(kind: &RouteTargetKind, destination: &Destination) -> Error {
    Error::unsupported(format!(
        "AWS has no routes to a target {kind} (route to {destination})"
    ))
    .with_resources([destination.to_string()])
    .with_certainly_undone(true)
}

/// Refuses what EC2 can't route, before anything is sent.
pub(super) fn check(spec: &RouteSpec) -> Result<()> {
    let (kind, id, destination) = (
        &spec.target.kind,
        spec.target.id.as_str(),
        &spec.destination,
    );
    if spec
        .description
        .as_ref()
        .is_some_and(|text| !text.is_empty())
    {
        return Err(Error::unsupported(format!(
            "AWS keeps no description with a route (route to {destination})"
        ))
        .with_resources([destination.to_string()]));
    }
    if *kind != RouteTargetKind::Local && parameter(kind).is_none() {
        return Err(unsupported(kind, destination));
    }
    let is_ipv4 = matches!(destination, Destination::Ipv4 { .. });
    let wrong = match kind {
        RouteTargetKind::InternetGateway if !id.starts_with("igw-") => {
            Some(format!("{id:?} is no internet gateway (igw-…)"))
        }
        RouteTargetKind::VpnGateway if !id.starts_with("vgw-") => {
            Some(format!("{id:?} is no VPN gateway (vgw-…)"))
        }
        RouteTargetKind::EgressOnlyInternetGateway if is_ipv4 => {
            Some(format!("{id} is for IPv6 only"))
        }
        RouteTargetKind::CarrierGateway if destination.is_ipv6() => {
            Some(format!("{id} is for IPv4 only"))
        }
        _ => None,
    };
    match wrong {
        Some(why) => Err(
            Error::invalid_argument(format!("route to {destination}: {why}")).with_resources([id]),
        ),
        None => Ok(()),
    }
}

fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
