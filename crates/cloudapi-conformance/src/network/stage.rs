//! The route tables that cases work on, and putting them back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cloudapi_core::network::{
    DescribeRouteTablesRequest, Destination, ReplaceMode, ReplaceRoutesRequest, ReplacedRoutes,
    Route, RouteSpec, RouteTable, RouteTarget,
};
use cloudapi_core::{NetworkExt, Result, RouteTableId};

use crate::context::Context;
use crate::failure::{Failure, Verdict};
use crate::truth::NativeRoute;

/// How many looks in a row a table is given to show what was done: more than any target lags.
const SETTLED_LOOKS: usize = 4;

/// What route tables are there, in one account and region. The target knows it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NetworkFixture {
    /// A table with routes of many kinds, as it is to be described: without the ids of routes. At least four of its routes
    /// are static, and one of those is IPv6.
    pub table: RouteTable,
    /// A network that the table is not of.
    pub other_vpc_id: String,
    /// The main table of the network.
    pub main_table_id: RouteTableId,
    /// A subnet that uses the main table.
    pub main_subnet_id: String,
    /// What IPv4 routes of the table may lead to, and none does.
    pub ipv4_target: RouteTarget,
    /// What IPv6 routes of the table may lead to, and none does.
    pub ipv6_target: RouteTarget,
    /// A table with several static routes to one destination, where that is possible.
    pub shared_destination: Option<(RouteTableId, Destination)>,
}

impl NetworkFixture {
    /// Names a table of many kinds of routes, and what IPv4 and IPv6 routes of it can be changed to.
    pub fn new(table: RouteTable, ipv4_target: RouteTarget, ipv6_target: RouteTarget) -> Self {
        Self {
            table,
            other_vpc_id: String::new(),
            main_table_id: RouteTableId::new(""),
            main_subnet_id: String::new(),
            ipv4_target,
            ipv6_target,
            shared_destination: None,
        }
    }

    /// Sets the network's main table, a subnet that uses it, and another network.
    #[must_use]
    pub fn with_main_table(
        mut self,
        table: impl Into<RouteTableId>,
        subnet: impl Into<String>,
        other_vpc: impl Into<String>,
    ) -> Self {
        self.main_table_id = table.into();
        self.main_subnet_id = subnet.into();
        self.other_vpc_id = other_vpc.into();
        self
    }

    /// Sets a table with several static routes to one destination.
    #[must_use]
    pub fn with_shared_destination(
        mut self,
        table: impl Into<RouteTableId>,
        destination: impl Into<Destination>,
    ) -> Self {
        self.shared_destination = Some((table.into(), destination.into()));
        self
    }

    /// The table's static routes.
    pub(super) fn statics(&self) -> Vec<&Route> {
        let routes = self.table.routes.iter();
        routes.filter(|route| route.is_static()).collect()
    }

    /// The routes that only the cloud may change, and that no static one stands beside.
    pub(super) fn managed(&self) -> Vec<&Route> {
        let routes = self.table.routes.iter();
        routes
            .filter(|route| {
                !route.is_static()
                    && self
                        .table
                        .static_routes(&route.destination)
                        .next()
                        .is_none()
            })
            .collect()
    }

    /// Two static IPv4 routes and one IPv6 route, in that order; plain ones, without anything written about them.
    pub(super) fn picks(&self) -> Verdict<[&Route; 3]> {
        let plain = |route: &&&Route| {
            route.description.is_none() && route.state == cloudapi_core::network::RouteState::Active
        };
        let statics = self.statics();
        let ipv4 = |route: &&&Route| matches!(route.destination, Destination::Ipv4 { .. });
        let mut first = statics.iter().filter(plain).filter(ipv4);
        let mut second = statics
            .iter()
            .filter(plain)
            .filter(|route| route.destination.is_ipv6());
        match (first.next(), first.next(), second.next()) {
            (Some(one), Some(two), Some(three)) => Ok([one, two, three]),
            _ => Err(Failure::new("the table has too few plain static routes")),
        }
    }

    /// The same route, as one asks for it.
    pub(super) fn same(route: &Route) -> RouteSpec {
        RouteSpec::new(
            route.destination.clone(),
            route.target.kind.clone(),
            route.target.id.clone(),
        )
    }

    /// A route to the same destination that leads elsewhere.
    pub(super) fn elsewhere(&self, destination: impl Into<Destination>) -> RouteSpec {
        let destination = destination.into();
        let target = if destination.is_ipv6() {
            &self.ipv6_target
        } else {
            &self.ipv4_target
        };
        RouteSpec::new(destination, target.kind.clone(), target.id.clone())
    }

    /// A request for routes of the table.
    pub(super) fn request(
        &self,
        routes: impl IntoIterator<Item = RouteSpec>,
    ) -> ReplaceRoutesRequest {
        ReplaceRoutesRequest::new(self.table.route_table_id.clone(), routes)
    }
}

/// The tables that a case changed, with their static routes from before.
#[derive(Debug, Default)]
pub(crate) struct TableLedger(Mutex<BTreeMap<RouteTableId, Vec<RouteSpec>>>);

impl Context {
    pub(super) fn routing(&self) -> Verdict<&NetworkFixture> {
        self.world()
            .network()
            .ok_or_else(|| Failure::new("the target promised route tables and has none"))
    }

    /// A request to describe tables, in pages as the world wants them.
    pub(super) fn describe_tables(&self) -> DescribeRouteTablesRequest {
        match self.world().page_size() {
            Some(size) => DescribeRouteTablesRequest::new().with_page_size(size),
            None => DescribeRouteTablesRequest::new(),
        }
    }

    /// The fixture's table, once what lags has come through.
    pub(super) async fn table(&self) -> Verdict<RouteTable> {
        let id = &self.routing()?.table.route_table_id;
        let network = self.network()?;
        for _ in 1..SETTLED_LOOKS {
            network.describe_route_table(id.clone()).await?;
            tokio::time::sleep(self.pace().interval).await;
        }
        Ok(network.describe_route_table(id.clone()).await?)
    }

    /// The routes of the fixture's table as they really are, sorted.
    pub(super) fn truth(&self) -> Verdict<Vec<NativeRoute>> {
        let mut routes = self
            .controls()?
            .routes(&self.routing()?.table.route_table_id);
        routes.sort();
        Ok(routes)
    }

    /// Replaces routes, and sees to it that they are put back in the end.
    pub(super) async fn replace(
        &self,
        request: ReplaceRoutesRequest,
    ) -> Verdict<Result<ReplacedRoutes>> {
        let network = self.network()?;
        if self.world().controls().is_none() && !request.dry_run {
            let id = &request.route_table_id;
            let known = self.tables.lock().contains_key(id);
            if !known && let Ok(table) = network.describe_route_table(id.clone()).await {
                let routes = table.routes.iter().filter(|route| route.is_static());
                let routes = routes.map(NetworkFixture::same).collect();
                self.tables.lock().insert(id.clone(), routes);
            }
        }
        Ok(network.replace_routes(request).await)
    }

    /// The calls that changed something: a dry run's are refused by the cloud.
    pub(super) fn writes(&self) -> Vec<String> {
        let calls = self.calls().into_iter();
        calls
            .filter(|call| !call.action.starts_with("Describe") && call.error_code.is_none())
            .map(|call| call.action)
            .collect()
    }

    /// Puts the tables back that a case changed. A world with controls ends with the case.
    pub(crate) async fn put_tables_back(&self) -> Verdict {
        let changed = std::mem::take(&mut *self.tables.lock());
        for (table, routes) in changed {
            let request =
                ReplaceRoutesRequest::new(table.clone(), routes).with_mode(ReplaceMode::Exact);
            let put_back = self.network()?.replace_routes(request).await;
            put_back.map_err(|error| Failure::new(format!("{table} was left changed: {error}")))?;
        }
        Ok(())
    }
}

impl TableLedger {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<RouteTableId, Vec<RouteSpec>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The destinations whose routes are not the same in both, in the order of destinations.
pub(super) fn differing(before: &[NativeRoute], after: &[NativeRoute]) -> Vec<String> {
    let lacking = |all: &[NativeRoute], known: &[NativeRoute]| {
        let lacking = all.iter().filter(|route| !known.contains(route));
        lacking
            .map(|route| Destination::from(route.destination.as_str()))
            .collect::<Vec<_>>()
    };
    let mut destinations = lacking(before, after);
    destinations.extend(lacking(after, before));
    destinations.sort();
    destinations.dedup();
    destinations.iter().map(ToString::to_string).collect()
}
