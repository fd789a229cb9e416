//! Route tables, the same data for both clouds; kinds of targets and origins are in the cloud's own words.

use time::OffsetDateTime;

use super::Network;

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// A network, or the id of a prefix list at EC2.
    pub(crate) destination: String,
    /// EC2: the parameter that sets it, such as `NatGatewayId`. Tencent Cloud: the gateway type, such as `NAT`.
    pub(crate) kind: String,
    /// The target's id; at Tencent Cloud an address where the next hop is a server.
    pub(crate) target: String,
    /// EC2: `CreateRouteTable`, `CreateRoute`, `EnableVgwRoutePropagation`. Tencent Cloud: `USER`, `NETD`, `CCN`.
    pub(crate) origin: String,
    pub(crate) description: String,
    pub(crate) enabled: bool,
    /// Tencent Cloud's number for an IPv4 route; 0 for an IPv6 one.
    pub(crate) number: u64,
    /// Tencent Cloud's id.
    pub(crate) item: String,
    pub(crate) created: OffsetDateTime,
}

/// A route table.
#[derive(Debug, Clone)]
pub(crate) struct RouteTable {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) vpc_id: String,
    pub(crate) main: bool,
    /// The subnets that name it; at EC2 others use the main one without being listed.
    pub(crate) subnets: Vec<String>,
    /// Gateways that propagate routes to it, at EC2.
    pub(crate) propagating: Vec<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) routes: Vec<Route>,
    /// The routes from before a change, while it does not show, and for how many more looks it does not.
    stale: Option<(Vec<Route>, u32)>,
}

/// What a route may lead to.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    /// As in [`Route::kind`].
    pub(crate) kind: &'static str,
    pub(crate) id: &'static str,
    /// The VPC it is attached to; empty for one that any VPC can reach.
    pub(crate) vpc_id: &'static str,
    /// False when it was deleted or detached.
    pub(crate) available: bool,
}

impl Route {
    pub(crate) fn new(
        destination: impl Into<String>,
        kind: &str,
        target: &str,
        origin: &str,
        created: OffsetDateTime,
    ) -> Self {
        Self {
            destination: destination.into(),
            kind: kind.to_owned(),
            target: target.to_owned(),
            origin: origin.to_owned(),
            description: String::new(),
            enabled: true,
            number: 0,
            item: String::new(),
            created,
        }
    }

    pub(crate) fn is_ipv6(&self) -> bool {
        self.destination.contains(':')
    }
}

impl RouteTable {
    pub(crate) fn new(id: &str, name: &str, vpc_id: &str, main: bool, subnets: &[&str]) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            vpc_id: vpc_id.to_owned(),
            main,
            subnets: subnets.iter().map(|id| (*id).to_owned()).collect(),
            propagating: Vec::new(),
            tags: vec![("Name".to_owned(), name.to_owned())],
            routes: Vec::new(),
            stale: None,
        }
    }

    /// What a describe call shows.
    pub(crate) fn shown(&self) -> &[Route] {
        self.stale
            .as_ref()
            .map_or(self.routes.as_slice(), |(routes, _)| routes)
    }

    /// Changes the routes; what was there before shows for so many looks.
    pub(crate) fn change(&mut self, lag: u32, change: impl FnOnce(&mut Vec<Route>)) {
        if lag > 0 {
            let before = match self.stale.take() {
                Some((routes, _)) => routes,
                None => self.routes.clone(),
            };
            self.stale = Some((before, lag));
        }
        change(&mut self.routes);
    }

    /// A look, after the table was shown.
    pub(crate) fn poll(&mut self) {
        if let Some((_, polls)) = &mut self.stale {
            *polls = polls.saturating_sub(1);
            if *polls == 0 {
                self.stale = None;
            }
        }
    }
}

impl Network {
    pub(crate) fn table(&self, id: &str) -> Option<&RouteTable> {
        self.tables.iter().find(|table| table.id == id)
    }

    pub(crate) fn table_mut(&mut self, id: &str) -> Option<&mut RouteTable> {
        self.tables.iter_mut().find(|table| table.id == id)
    }

    pub(crate) fn gateway(&self, kind: &str, id: &str) -> Option<&Gateway> {
        self.gateways
            .iter()
            .find(|gateway| gateway.kind == kind && gateway.id == id)
    }

    /// The table that a subnet uses: its own, or its VPC's main one.
    pub(crate) fn table_of(&self, subnet_id: &str) -> Option<&RouteTable> {
        let own = self
            .tables
            .iter()
            .find(|table| table.subnets.iter().any(|id| id == subnet_id));
        own.or_else(|| {
            let vpc = &self.subnet(subnet_id)?.vpc_id;
            self.tables
                .iter()
                .find(|table| table.main && table.vpc_id == *vpc)
        })
    }

    /// A number and an id for a new route at Tencent Cloud.
    pub(crate) fn next_route(&mut self, ipv6: bool, item: &str) -> (u64, String) {
        if ipv6 {
            return (0, item.replacen("rti-", "rti6-", 1));
        }
        self.next_number += 1;
        (self.next_number, item.to_owned())
    }
}
