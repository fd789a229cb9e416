//! Routes and targets as they really are, to compare with what a client was told, and switches for both.

use serde::{Deserialize, Serialize};

use super::{Region, World};
use crate::load_balancer;
use crate::network::ec2::route_state;
use crate::network::{Cidr, Route};

/// A route, in the cloud's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct RouteEntry {
    /// A network, or the id of a prefix list at AWS.
    pub destination: String,
    /// AWS: the parameter of CreateRoute that sets it, such as `NatGatewayId` (`GatewayEndpoint` for a route that a
    /// gateway endpoint manages). Tencent Cloud: the gateway type, such as `NAT`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The target's id; the address of the next hop where that is a server of Tencent Cloud's.
    pub target: String,
    /// AWS: `CreateRouteTable` (local), `CreateRoute` (static), `EnableVgwRoutePropagation`. Tencent Cloud: `USER`, `NETD`,
    /// `CCN`. Empty when adding one: a static one, or the account's own.
    #[serde(default)]
    pub origin: String,
    /// AWS: `active` or `blackhole`. Tencent Cloud: `enabled` or `disabled`. When adding one, only `disabled` counts.
    #[serde(default)]
    pub state: String,
    /// The description, at Tencent Cloud.
    #[serde(default)]
    pub description: String,
    /// The id of the route, at Tencent Cloud; made up when adding one.
    #[serde(default)]
    pub route_item_id: String,
}

impl RouteEntry {
    /// An enabled route of the account's own, to add with [`World::add_route`].
    pub fn new(
        destination: impl Into<String>,
        kind: impl Into<String>,
        target: impl Into<String>,
    ) -> Self {
        Self {
            destination: destination.into(),
            kind: kind.into(),
            target: target.into(),
            origin: String::new(),
            state: String::new(),
            description: String::new(),
            route_item_id: String::new(),
        }
    }

    /// Sets how it came to be, in the cloud's own word: `EnableVgwRoutePropagation`, `CCN`.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = origin.into();
        self
    }

    /// Sets the description, which Tencent Cloud has.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Makes it a disabled one, which Tencent Cloud has.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        "disabled".clone_into(&mut self.state);
        self
    }
}

/// A target of a group, in the cloud's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct TargetEntry {
    /// The instance, else the address, function or load balancer.
    pub id: String,
    /// The port, where targets have one.
    pub port: Option<u16>,
    /// The weight, at Tencent Cloud.
    pub weight: Option<i64>,
    /// The health, in the cloud's word: `healthy`, `InService`, `Alive`.
    pub state: String,
}

impl World<'_> {
    /// The routes of a table in the cloud's default region, as they really are: a lagging answer may not show a change yet.
    /// Empty when there is no such table.
    pub fn routes(&self, route_table_id: &str) -> Vec<RouteEntry> {
        self.with_table_region(route_table_id, |region| {
            let table = region.network.table(route_table_id);
            table.map_or_else(Vec::new, |table| {
                let routes = table.routes.iter();
                routes.map(|route| entry(region, route)).collect()
            })
        })
    }

    /// Adds a route of any kind, also one that the cloud's interface would refuse, and gives its id at Tencent Cloud (at AWS
    /// its destination). `None` when there is no such table.
    pub fn add_route(&self, route_table_id: &str, entry: RouteEntry) -> Option<String> {
        let now = self.shared.clock.now();
        let mut everything = self.lock();
        let item = everything.common.random.tencent_id("rti-");
        let region = everything.default_region_of(route_table_id, now);
        let tencent = region.compute.cloud == crate::Cloud::Tencent;
        region.network.table(route_table_id)?;
        let origin = match (entry.origin.as_str(), tencent) {
            ("", true) => "USER",
            ("", false) => "CreateRoute",
            (origin, _) => origin,
        };
        let destination =
            Cidr::parse(&entry.destination).map_or(entry.destination, |cidr| cidr.to_string());
        let mut route = Route::new(destination, &entry.kind, &entry.target, origin, now);
        route.description = entry.description;
        route.enabled = entry.state != "disabled";
        if tencent {
            (route.number, route.item) = region.network.next_route(route.is_ipv6(), &item);
        }
        let id = if tencent {
            route.item.clone()
        } else {
            route.destination.clone()
        };
        let table = region.network.table_mut(route_table_id)?;
        table.change(0, |routes| routes.push(route));
        Some(id)
    }

    /// Takes away what routes lead to, or brings it back: at AWS its routes are then shown as `blackhole`. Says whether there
    /// is such a gateway, interface, endpoint or connection.
    pub fn set_gateway_available(&self, id: &str, available: bool) -> bool {
        let now = self.shared.clock.now();
        let mut everything = self.lock();
        everything.make_default_regions(now);
        let gateways = everything.regions.values_mut().flat_map(|region| {
            let gateways = region.network.gateways.iter_mut();
            gateways.filter(|gateway| gateway.id == id)
        });
        gateways
            .map(|gateway| gateway.available = available)
            .count()
            > 0
    }

    /// The targets of a group, as they really are: at AWS a target group by ARN or name or a classic load balancer by name,
    /// at Tencent Cloud a listener, a rule or a classic CLB by id. Empty when there is no such group.
    pub fn targets(&self, group: &str) -> Vec<TargetEntry> {
        let now = self.shared.clock.now();
        let mut everything = self.lock();
        everything.make_default_regions(now);
        let mut found = everything
            .regions
            .values()
            .filter_map(|region| load_balancer::entries(region, group));
        found.next().unwrap_or_default()
    }

    /// Puts targets of a group into a state to stay, in the cloud's own word: `healthy`, `unhealthy`, `initial`, `unavailable`
    /// (AWS); `InService`, `OutOfService`, `Unknown` (classic ELB); `Alive`, `Dead`, `Unknown` (CLB). The group is named as for
    /// [`targets`](Self::targets), the target by instance, address or ARN; without a port, all its ports are meant. Says how
    /// many there were. A stopped instance, an unused group and a listener that checks nothing keep their words.
    pub fn set_target_health(
        &self,
        group: &str,
        id: &str,
        port: impl Into<Option<u16>>,
        state: &str,
    ) -> usize {
        let port = port.into();
        let now = self.shared.clock.now();
        let mut everything = self.lock();
        everything.make_default_regions(now);
        let regions = everything.regions.values_mut();
        regions
            .map(|region| region.balancers.set_health(group, id, port, state))
            .sum()
    }

    /// Keeps a CLB busy as another writer would: so many changes to it are refused with
    /// `FailedOperation.ResourceInOperating`. Says whether there is such a CLB.
    pub fn hold_load_balancer(&self, id: &str, polls: u32) -> bool {
        let now = self.shared.clock.now();
        let mut everything = self.lock();
        let task = everything.common.random.uuid();
        let region = everything.default_region(crate::Cloud::Tencent, now);
        let clb = &mut region.balancers.clb;
        let found = clb.balancer(id).is_some();
        if found {
            clb.begin(&task, id, polls, Vec::new(), None);
        }
        found
    }

    /// Makes CLB refuse to register what is registered already (`InvalidParameterValue.Duplicate`), or, as at first, take it
    /// as a change of the weight: the vendor documents neither.
    pub fn refuse_registered_targets(&self, refuse: bool) {
        let now = self.shared.clock.now();
        let mut everything = self.lock();
        let region = everything.default_region(crate::Cloud::Tencent, now);
        region.balancers.clb.refuses_registered = refuse;
    }

    fn with_table_region<T>(self, id: &str, read: impl FnOnce(&Region) -> T) -> T {
        let now = self.shared.clock.now();
        let mut everything = self.lock();
        read(everything.default_region_of(id, now))
    }
}

fn entry(region: &Region, route: &Route) -> RouteEntry {
    let state = match (region.compute.cloud, route.enabled) {
        (crate::Cloud::Aws, _) => route_state(region, route),
        (crate::Cloud::Tencent, true) => "enabled",
        (crate::Cloud::Tencent, false) => "disabled",
    };
    RouteEntry {
        destination: route.destination.clone(),
        kind: route.kind.clone(),
        target: route.target.clone(),
        origin: route.origin.clone(),
        state: state.to_owned(),
        description: route.description.clone(),
        route_item_id: route.item.clone(),
    }
}
