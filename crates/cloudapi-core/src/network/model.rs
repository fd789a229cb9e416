//! What a route table is, on either cloud.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Destination, RouteTarget};
use crate::open_enum::open_enum;
use crate::{Native, RouteTableId};

open_enum! {
    /// Where a route comes from, which decides whether it may be changed: only a static one may.
    pub enum RouteOrigin {
        /// It came with the network.
        Local = "Local",
        /// Somebody made it.
        Static = "Static",
        /// A gateway, a route server or a Cloud Connect Network brought it.
        Propagated = "Propagated",
        /// The cloud manages it: the route of a gateway endpoint (AWS), of a network probe (Tencent Cloud).
        System = "System",
    }
}

open_enum! {
    /// Whether a route carries traffic.
    pub enum RouteState {
        /// It does.
        Active = "Active",
        /// What it leads to is gone or detached; its traffic is dropped (AWS).
        Blackhole = "Blackhole",
        /// It is switched off (Tencent Cloud).
        Disabled = "Disabled",
    }
}

/// A route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Route {
    /// What traffic it is for. No key: a static and a propagated route may share it, and the static one wins.
    pub destination: Destination,
    /// Where it leads to.
    pub target: RouteTarget,
    /// Where it comes from.
    pub origin: RouteOrigin,
    /// Whether it carries traffic.
    pub state: RouteState,
    /// What somebody wrote about it (Tencent Cloud).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The cloud's id of it (Tencent Cloud): `rti-…`, for IPv6 `rti6-…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_id: Option<String>,
    /// Other names of the same target: the interface of an instance (AWS), the address of an instance (Tencent Cloud).
    /// Not part of the JSON form.
    #[serde(skip)]
    pub aliases: Vec<RouteTarget>,
}

impl Route {
    /// Makes an active route of which nothing else is known.
    pub fn new(
        destination: impl Into<Destination>,
        target: RouteTarget,
        origin: RouteOrigin,
    ) -> Self {
        Self {
            destination: destination.into(),
            target,
            origin,
            state: RouteState::Active,
            description: None,
            route_id: None,
            aliases: Vec::new(),
        }
    }

    /// Sets whether it carries traffic.
    #[must_use]
    pub fn with_state(mut self, state: RouteState) -> Self {
        self.state = state;
        self
    }

    /// Sets what is written about it; an empty text is none.
    #[must_use]
    pub fn with_description(mut self, description: Option<String>) -> Self {
        self.description = description.filter(|text| !text.is_empty());
        self
    }

    /// Sets the cloud's id of it.
    #[must_use]
    pub fn with_route_id(mut self, route_id: Option<String>) -> Self {
        self.route_id = route_id;
        self
    }

    /// Sets the other names of the same target.
    #[must_use]
    pub fn with_aliases(mut self, aliases: Vec<RouteTarget>) -> Self {
        self.aliases = aliases;
        self
    }

    /// Whether it leads to a target, by whichever of its names.
    pub fn leads_to(&self, target: &RouteTarget) -> bool {
        self.target == *target || self.aliases.contains(target)
    }

    /// Whether it leads where another one does. Where both have further names these decide: they are the more exact ones
    /// (two interfaces of one instance).
    fn leads_where(&self, other: &Self) -> bool {
        if self.aliases.is_empty() || other.aliases.is_empty() {
            self.leads_to(&other.target) || other.leads_to(&self.target)
        } else {
            self.aliases
                .iter()
                .any(|alias| other.aliases.contains(alias))
        }
    }

    /// Whether it may be changed.
    pub fn is_static(&self) -> bool {
        self.origin == RouteOrigin::Static
    }

    /// Whether it does the same as another: leads to the same target, is as much switched on, and says the same.
    pub(crate) fn does_the_same(&self, other: &Self) -> bool {
        let disabled = |route: &Self| route.state == RouteState::Disabled;
        self.destination == other.destination
            && self.leads_where(other)
            && self.description == other.description
            && disabled(self) == disabled(other)
    }
}

/// A route table. What a cloud does not say is empty or `None`, and left out of the JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct RouteTable {
    /// The id.
    pub route_table_id: RouteTableId,
    /// The name: the tag `Name` at AWS, the table's name at Tencent Cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// The routes, sorted by destination.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// The subnets that it was given to, sorted. At AWS a subnet that was given none uses the network's main table and is not
    /// listed here; the filter `subnet-id` finds it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnet_ids: Vec<String>,
    /// Whether it is the network's main table.
    #[serde(default)]
    pub main: bool,
    /// Tags. The tag `Name` of AWS is [`RouteTable::name`] and not repeated here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The cloud's own record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Native>,
}

impl RouteTable {
    /// Makes an empty table of which nothing but the id is known.
    pub fn new(route_table_id: impl Into<RouteTableId>) -> Self {
        Self {
            route_table_id: route_table_id.into(),
            name: None,
            vpc_id: None,
            routes: Vec::new(),
            subnet_ids: Vec::new(),
            main: false,
            tags: BTreeMap::new(),
            native: None,
        }
    }

    /// Sets the routes, and sorts them.
    #[must_use]
    pub fn with_routes(mut self, routes: Vec<Route>) -> Self {
        self.routes = routes;
        sort_routes(&mut self.routes);
        self
    }

    /// Gives the static routes for a destination: none or one; several where the cloud spreads traffic over them.
    pub fn static_routes<'a>(
        &'a self,
        destination: &'a Destination,
    ) -> impl Iterator<Item = &'a Route> {
        self.routes
            .iter()
            .filter(move |route| route.is_static() && route.destination == *destination)
    }
}

/// Sorts by destination, then origin and target.
pub(crate) fn sort_routes(routes: &mut [Route]) {
    routes.sort_by(|a, b| {
        (&a.destination, &a.origin, &a.target).cmp(&(&b.destination, &b.origin, &b.target))
    });
}

#[cfg(test)]
mod tests {
    use super::super::RouteTargetKind;
    use super::*;

    #[test]
    fn json_has_the_interface_names() {
        let nat = RouteTarget::new(RouteTargetKind::NatGateway, "nat-1");
        let mut table = RouteTable::new("rtb-1").with_routes(vec![
            Route::new("2001:DB8::/32", nat.clone(), RouteOrigin::Static)
                .with_state(RouteState::Blackhole),
            Route::new("0.0.0.0/0", nat, RouteOrigin::Static)
                .with_description(Some("out".to_owned()))
                .with_route_id(Some("rti-1".to_owned())),
        ]);
        table.vpc_id = Some("vpc-1".to_owned());
        table.main = true;
        let json = serde_json::to_value(&table).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "RouteTableId": "rtb-1", "VpcId": "vpc-1", "Main": true,
                "Routes": [
                    {"Destination": "0.0.0.0/0", "Target": {"Type": "NatGateway", "Id": "nat-1"}, "Origin": "Static",
                     "State": "Active", "Description": "out", "RouteId": "rti-1"},
                    {"Destination": "2001:db8::/32", "Target": {"Type": "NatGateway", "Id": "nat-1"}, "Origin": "Static",
                     "State": "Blackhole"},
                ],
            })
        );
        assert_eq!(serde_json::from_value::<RouteTable>(json).unwrap(), table);
        let plain = serde_json::to_value(RouteTable::new("rtb-2")).unwrap();
        assert_eq!(
            plain,
            serde_json::json!({"RouteTableId": "rtb-2", "Routes": [], "Main": false})
        );
    }
}
