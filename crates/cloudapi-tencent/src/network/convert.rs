//! From the vendor's route tables to ours, and back. No calls.

use std::collections::HashMap;
use std::net::IpAddr;

use cloudapi_core::network::{
    Destination, Route, RouteAction, RouteChange, RouteOrigin, RouteSpec, RouteState, RouteTable,
    RouteTarget, RouteTargetKind,
};
use cloudapi_core::{Error, ErrorKind, Native, NativeRecord, Result};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire;

/// A route table as VPC describes it, in the text of its answer.
#[derive(Clone, Debug)]
pub struct VpcRouteTable(Box<RawValue>);

impl VpcRouteTable {
    /// Gives the record's JSON text.
    pub fn json_text(&self) -> &str {
        self.0.get()
    }
}

impl NativeRecord for VpcRouteTable {
    fn to_json(&self) -> Value {
        // The text was part of an answer that was read, so it is JSON.
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

/// The instances that are known by their addresses in a network: (VPC, address) to id.
pub(super) type Owners = HashMap<(String, String), String>;

/// The vendor's words for what routes lead to. Where a kind has two, the first is written.
const GATEWAYS: &[(&str, RouteTargetKind)] = &[
    ("CVM", RouteTargetKind::PublicGateway),
    ("VPN", RouteTargetKind::VpnGateway),
    ("DIRECTCONNECT", RouteTargetKind::DirectConnectGateway),
    ("PEERCONNECTION", RouteTargetKind::Peering),
    ("HAVIP", RouteTargetKind::HaVip),
    ("NAT", RouteTargetKind::NatGateway),
    ("NORMAL_CVM", RouteTargetKind::PrivateAddress),
    ("EIP", RouteTargetKind::ElasticIp),
    ("USER_CCN", RouteTargetKind::CloudConnectNetwork),
    ("CCN", RouteTargetKind::CloudConnectNetwork),
    ("LOCAL_GATEWAY", RouteTargetKind::LocalGateway),
    ("INTRANAT", RouteTargetKind::IntranetNat),
    ("GWLB_ENDPOINT", RouteTargetKind::VpcEndpoint),
];

const NORMAL_CVM: &str = "NORMAL_CVM";

/// A table that was read, with its text.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: String,
    wire: wire::RouteTable,
    raw: Box<RawValue>,
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// `Unavailable` for one without an id or of another form.
    pub(super) fn read(raw: Box<RawValue>) -> Result<Self> {
        let unreadable = |why: &str| {
            Error::new(
                ErrorKind::Unavailable,
                format!("the answer can't be read: {why}"),
            )
        };
        let mut wire: wire::RouteTable = serde_json::from_str(raw.get())
            .map_err(|_| unreadable("a route table has not the form expected"))?;
        let id = wire
            .route_table_id
            .take()
            .filter(|id| !id.is_empty())
            .ok_or_else(|| unreadable("a route table has no id"))?;
        Ok(Self { id, wire, raw })
    }

    /// Gives the network and the addresses of it to which routes lead, for looking up whose they are.
    pub(super) fn next_hops(&self) -> Option<(&str, Vec<&str>)> {
        let vpc = self.wire.vpc_id.as_deref()?;
        let routes = self.wire.route_set.iter().flatten();
        let hops = routes
            .filter(|route| route.gateway_type.as_deref() == Some(NORMAL_CVM))
            .filter_map(|route| {
                route
                    .gateway_id
                    .as_deref()
                    .filter(|address| !address.is_empty())
            });
        let hops: Vec<&str> = hops.collect();
        (!hops.is_empty()).then_some((vpc, hops))
    }

    /// Makes a table of ours.
    pub(super) fn into_table(self, owners: &Owners) -> RouteTable {
        let vpc = self.wire.vpc_id.filter(|vpc| !vpc.is_empty());
        let routes = self.wire.route_set.unwrap_or_default();
        let routes = routes
            .into_iter()
            .map(|wire| route(wire, vpc.as_deref(), owners))
            .collect();
        let mut table = RouteTable::new(self.id).with_routes(routes);
        table.vpc_id = vpc;
        table.name = self.wire.route_table_name.filter(|name| !name.is_empty());
        table.main = self.wire.main.unwrap_or_default();
        let associations = self.wire.association_set.unwrap_or_default();
        table.subnet_ids = associations
            .into_iter()
            .filter_map(|association| association.subnet_id)
            .collect();
        table.subnet_ids.sort();
        table.subnet_ids.dedup();
        let tags = self.wire.tag_set.unwrap_or_default();
        table.tags = tags
            .into_iter()
            .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
            .collect();
        table.native = Some(Native::new(VpcRouteTable(self.raw)));
        table
    }
}

/// Makes a route of ours.
pub(super) fn route(wire: wire::Route, vpc: Option<&str>, owners: &Owners) -> Route {
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let destination = text(wire.destination_cidr_block)
        .or_else(|| text(wire.destination_ipv6_cidr_block))
        .unwrap_or_default();
    let (target, aliases) = target(
        &wire.gateway_type.unwrap_or_default(),
        wire.gateway_id.unwrap_or_default(),
        vpc,
        owners,
    );
    let origin = match wire.route_type.as_deref().unwrap_or_default() {
        "USER" => RouteOrigin::Static,
        "NETD" => RouteOrigin::System,
        "CCN" => RouteOrigin::Propagated,
        other => RouteOrigin::from(other),
    };
    let state = match wire.enabled {
        Some(false) => RouteState::Disabled,
        _ => RouteState::Active,
    };
    let number = wire.route_id.filter(|id| *id != 0).map(|id| id.to_string());
    Route::new(destination, target, origin)
        .with_state(state)
        .with_description(wire.route_description)
        .with_route_id(text(wire.route_item_id).or(number))
        .with_aliases(aliases)
}

/// What a gateway's type and id mean, with the target's other names.
fn target(
    word: &str,
    id: String,
    vpc: Option<&str>,
    owners: &Owners,
) -> (RouteTarget, Vec<RouteTarget>) {
    let known = GATEWAYS
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, kind)| kind.clone());
    match known {
        // A route to a floating address is shown as one to a private NAT gateway.
        Some(RouteTargetKind::IntranetNat) if id.starts_with("havip-") => {
            (RouteTarget::new(RouteTargetKind::HaVip, id), Vec::new())
        }
        Some(RouteTargetKind::PrivateAddress) => {
            let owner = vpc.and_then(|vpc| owners.get(&(vpc.to_owned(), id.clone())));
            let address = RouteTarget::new(RouteTargetKind::PrivateAddress, id);
            match owner {
                Some(owner) => (
                    RouteTarget::new(RouteTargetKind::Instance, owner),
                    vec![address],
                ),
                None => (address, Vec::new()),
            }
        }
        Some(kind) => (RouteTarget::new(kind, id), Vec::new()),
        None => (
            RouteTarget::new(RouteTargetKind::from(word), id),
            Vec::new(),
        ),
    }
}

/// Refuses what this cloud can't route, before anything is sent.
pub(super) fn check(spec: &RouteSpec) -> Result<()> {
    let RouteTarget { kind, id, .. } = &spec.target;
    if let Destination::PrefixList(list) = &spec.destination {
        return Err(Error::unsupported(format!(
            "Tencent Cloud has no routes to prefix lists such as {list}"
        ))
        .with_resources([list.as_ref()]));
    }
    let writable = matches!(kind, RouteTargetKind::Instance | RouteTargetKind::Local)
        || GATEWAYS.iter().any(|(_, known)| known == kind);
    if !writable {
        return Err(Error::unsupported(format!(
            "Tencent Cloud has no routes to a target {kind} (route to {})",
            spec.destination
        ))
        .with_resources([spec.destination.to_string()]));
    }
    let wrong = match kind {
        RouteTargetKind::Instance if !id.starts_with("ins-") => {
            Some("is no id of an instance (ins-…); for an address take PrivateAddress")
        }
        RouteTargetKind::PrivateAddress if id.parse::<IpAddr>().is_err() => Some("is no address"),
        _ => None,
    };
    match wrong {
        Some(why) => Err(Error::invalid_argument(format!(
            "route to {}: the target {id:?} {why}",
            spec.destination
        ))
        .with_resources([id])),
        None => Ok(()),
    }
}

/// Makes the route to send for a change.
///
/// # Errors
///
/// `InvalidState` for an instance whose address is not known.
pub(super) fn new_route(action: RouteAction, change: &RouteChange) -> Result<wire::NewRoute> {
    let mut new = wire::NewRoute::default();
    if action != RouteAction::Created
        && let Some(id) = change
            .before
            .as_ref()
            .and_then(|before| before.route_id.clone())
    {
        match id.parse() {
            Ok(number) => new.route_id = Some(number),
            Err(_) => new.route_item_id = Some(id),
        }
    }
    let Some(after) = &change.after else {
        return Ok(new);
    };
    let destination = Some(after.destination.to_string());
    if after.destination.is_ipv6() {
        new.destination_ipv6_cidr_block = destination;
    } else {
        new.destination_cidr_block = destination;
    }
    let (word, id) = gateway(after)?;
    new.gateway_type = Some(word);
    new.gateway_id = Some(id);
    // What is left out is not reliably kept.
    new.route_description = Some(after.description.clone().unwrap_or_default());
    new.enabled = Some(after.state != RouteState::Disabled);
    Ok(new)
}

/// The gateway's type and id for what a route leads to.
fn gateway(route: &Route) -> Result<(String, String)> {
    let target = &route.target;
    if target.kind == RouteTargetKind::Instance {
        let address = route
            .aliases
            .iter()
            .find(|alias| alias.kind == RouteTargetKind::PrivateAddress);
        let address = address.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidState,
                format!("the private address of {} is not known", target.id),
            )
            .with_certainly_undone(true)
        })?;
        return Ok((NORMAL_CVM.to_owned(), address.id.clone()));
    }
    let word = GATEWAYS
        .iter()
        .find(|(_, kind)| *kind == target.kind)
        .map(|(word, _)| *word);
    Ok((
        word.unwrap_or(target.kind.as_str()).to_owned(),
        target.id.clone(),
    ))
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
