//! What a route is to be: read from a request, checked, and compared with the other routes of the table.

use std::net::Ipv4Addr;

use serde_json::Value;
use time::OffsetDateTime;

use crate::network::routes::RouteTable;
use crate::network::{Cidr, Route};
use crate::tencent::Error;
use crate::world::Region;

/// The kinds of next hop that can be set.
const KINDS: [&str; 12] = [
    "CVM",
    "DIRECTCONNECT",
    "EIP",
    "GWLB_ENDPOINT",
    "HAVIP",
    "INTRANAT",
    "LOCAL_GATEWAY",
    "NAT",
    "NORMAL_CVM",
    "PEERCONNECTION",
    "USER_CCN",
    "VPN",
];

/// The content of a route.
pub(super) struct Content<'a> {
    destination: String,
    kind: &'a str,
    target: &'a str,
    description: &'a str,
    enabled: bool,
}

impl<'a> Content<'a> {
    /// Reads the item at a place of `Routes`. `no_hop` is the minor code for a next hop that does not exist.
    pub(super) fn read(
        region: &Region,
        table: &RouteTable,
        item: &'a Value,
        at: usize,
        no_hop: &str,
    ) -> Result<Self, Error> {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let needed = |name: &str| {
            let found = item.get(name).and_then(Value::as_str);
            found
                .filter(|text| !text.is_empty())
                .ok_or_else(|| Error::missing(&format!("Routes.{at}.{name}")))
        };
        let (ipv4, ipv6) = (
            text("DestinationCidrBlock"),
            text("DestinationIpv6CidrBlock"),
        );
        let destination = match (ipv4.is_empty(), ipv6.is_empty()) {
            (true, true) => {
                return Err(Error::missing(&format!("Routes.{at}.DestinationCidrBlock")));
            }
            (false, false) => {
                let message = "`DestinationCidrBlock` and `DestinationIpv6CidrBlock` cannot be specified together.";
                return Err(Error::new("InvalidParameter.Coexist", message));
            }
            (false, true) => network(ipv4, false)?,
            (true, false) => network(ipv6, true)?,
        };
        let vpc = region
            .network
            .vpcs
            .iter()
            .find(|vpc| vpc.id == table.vpc_id)
            .and_then(|vpc| Cidr::parse(&vpc.cidr));
        if vpc.is_some_and(|vpc| vpc.covers(destination)) {
            let message = format!("`{destination}` lies within the VPC.");
            return Err(Error::new("InvalidParameterValue.VpcCidrConflict", message));
        }
        let (kind, target) = (needed("GatewayType")?, needed("GatewayId")?);
        if !KINDS.contains(&kind) {
            return Err(Error::value(
                &format!("Routes.{at}.GatewayType"),
                &format!("`{kind}` cannot be set."),
            ));
        }
        let exists = match kind {
            "EIP" => target == "0",
            "NORMAL_CVM" => target
                .parse::<Ipv4Addr>()
                .is_ok_and(|address| vpc.is_some_and(|vpc| vpc.holds(address.into()))),
            _ => region.network.gateway(kind, target).is_some_and(|gateway| {
                gateway.available && (gateway.vpc_id.is_empty() || gateway.vpc_id == table.vpc_id)
            }),
        };
        if !exists {
            let message =
                format!("There is no next hop `{target}` of the type `{kind}` in the VPC.");
            return Err(if no_hop.is_empty() {
                Error::new("ResourceNotFound", message)
            } else {
                Error::new(format!("InvalidParameterValue.{no_hop}"), message)
            });
        }
        let enabled = item.get("Enabled").and_then(Value::as_bool).unwrap_or(true);
        Ok(Self {
            destination: destination.to_string(),
            kind,
            target,
            description: text("RouteDescription"),
            enabled,
        })
    }

    /// A route of the account's own, without number and id.
    pub(super) fn into_route(self, created: OffsetDateTime) -> Route {
        Route {
            description: self.description.to_owned(),
            enabled: self.enabled,
            ..Route::new(self.destination, self.kind, self.target, "USER", created)
        }
    }
}

/// A destination, without host bits.
fn network(text: &str, ipv6: bool) -> Result<Cidr, Error> {
    let read = Cidr::parse(text).filter(|cidr| cidr.is_ipv6() == ipv6);
    // An IPv6 network may be written in more than one way.
    let whole = |cidr: &Cidr| {
        let address = text
            .split('/')
            .next()
            .and_then(|address| address.parse().ok());
        address.is_some_and(|address: std::net::IpAddr| {
            cidr.to_string().split('/').next() == Some(&address.to_string())
        })
    };
    read.filter(whole).ok_or_else(|| {
        let message = format!("`{text}` is not a network.");
        Error::new("InvalidParameterValue.Malformed", message)
    })
}

/// What stands against a route in its table.
pub(super) enum Conflict {
    /// The same destination by the same next hop.
    Same,
    /// The same destination in a route that is the system's.
    System,
    /// The same destination in another route of the account's own.
    User,
}

impl Conflict {
    pub(super) fn of<'a>(route: &Route, others: impl Iterator<Item = &'a Route>) -> Option<Self> {
        let mut found = None;
        for other in others.filter(|other| other.destination == route.destination) {
            if other.origin != "USER" {
                found = Some(Self::System);
            } else if (&other.kind, &other.target) == (&route.kind, &route.target) {
                return Some(Self::Same);
            } else if found.is_none() {
                found = Some(Self::User);
            }
        }
        found
    }

    pub(super) fn duplicate(route: &Route) -> Error {
        let message = format!("The route to `{}` is duplicate.", route.destination);
        Error::new("InvalidParameterValue.Duplicate", message)
    }
}
