//! Changing the routes of one table: all of one kind in one call, by the ids of the routes.

use async_trait::async_trait;
use cloudapi_core::network::{
    Route, RouteAction, RouteCalls, RouteChange, RouteSpec, RouteTable, RouteTarget,
    RouteTargetKind,
};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{Error, ErrorKind, Result, RouteTableId};

use super::convert::{self, Owners};
use super::{describe, wire};
use crate::client::{Action, Client};

/// More routes than any table holds: the quota is 50 if nobody raised it.
const ROUTES_PER_CALL: usize = 1000;
/// The most instances in one call.
const MOST_INSTANCES: usize = 100;

/// The routes of one table.
pub(super) struct Routes {
    pub(super) client: Client,
    pub(super) table: RouteTableId,
}

#[async_trait]
impl RouteCalls for Routes {
    fn routes_per_call(&self) -> usize {
        ROUTES_PER_CALL
    }

    fn check(&self, routes: &[RouteSpec]) -> Result<()> {
        routes.iter().try_for_each(convert::check)
    }

    async fn read(&self, deadline: Deadline) -> Result<RouteTable> {
        describe::read_table(&self.client, &self.table, deadline).await
    }

    /// Finds the addresses of the instances that routes are to lead to.
    async fn prepare(
        &self,
        table: &RouteTable,
        mut routes: Vec<RouteSpec>,
        deadline: Deadline,
    ) -> Result<Vec<RouteSpec>> {
        let ids: Vec<String> = routes
            .iter()
            .filter_map(instance_of)
            .map(str::to_owned)
            .collect();
        let mut found = Vec::new();
        for ids in ids.chunks(MOST_INSTANCES) {
            let request = wire::DescribeInstancesRequest {
                instance_ids: ids.to_vec(),
                limit: 100,
                ..wire::DescribeInstancesRequest::default()
            };
            found.extend(describe::instances(&self.client, &request, deadline).await?);
        }
        let find = |id: &str| {
            found
                .iter()
                .find(|instance| instance.instance_id.as_deref() == Some(id))
        };
        let missing: Vec<&String> = ids.iter().filter(|id| find(id).is_none()).collect();
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|id| id.as_str()).collect();
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("no such instances to route to: {}", names.join(", ")),
            )
            .with_resources(names));
        }
        for spec in &mut routes {
            let Some(instance) = instance_of(spec).and_then(find) else {
                continue;
            };
            let address = address_in(instance, table).map_err(|why| {
                Error::invalid_argument(format!("route to {}: {why}", spec.destination))
            })?;
            spec.aliases = vec![RouteTarget::new(RouteTargetKind::PrivateAddress, address)];
        }
        Ok(routes)
    }

    async fn apply(
        &self,
        action: RouteAction,
        changes: &[RouteChange],
        deadline: Deadline,
    ) -> Result<Vec<Route>> {
        match action {
            RouteAction::Replaced => {
                let request = self.request(action, changes)?;
                let answer: wire::ReplaceRoutesResponse =
                    self.send(&wire::REPLACE_ROUTES, &request, deadline).await?;
                Ok(routes(answer.new_route_set.unwrap_or_default()))
            }
            RouteAction::Created => {
                let request = self.request(action, changes)?;
                let answer: wire::CreateRoutesResponse =
                    self.send(&wire::CREATE_ROUTES, &request, deadline).await?;
                let tables = answer.route_table_set.unwrap_or_default();
                let created = tables
                    .into_iter()
                    .flat_map(|table| table.route_set.unwrap_or_default());
                Ok(routes(created.collect()))
            }
            RouteAction::Deleted => self.delete(changes, deadline).await,
            _ => Ok(Vec::new()),
        }
    }
}

impl Routes {
    async fn delete(&self, changes: &[RouteChange], deadline: Deadline) -> Result<Vec<Route>> {
        let mut changes = changes.to_vec();
        let has_id = |change: &RouteChange| {
            change
                .before
                .as_ref()
                .is_some_and(|before| before.route_id.is_some())
        };
        if !changes.iter().all(has_id) {
            // Made by a call whose answer, with the ids in it, was lost.
            let table = self.read(deadline).await?;
            for before in changes
                .iter_mut()
                .filter_map(|change| change.before.as_mut())
            {
                if before.route_id.is_none() {
                    let known = table.static_routes(&before.destination).find(|route| {
                        route.leads_to(&before.target)
                            || before.aliases.iter().any(|alias| route.leads_to(alias))
                    });
                    before.route_id = known.and_then(|route| route.route_id.clone());
                }
            }
            changes.retain(has_id);
            if changes.is_empty() {
                return Err(Error::new(ErrorKind::NotFound, "the routes are not there")
                    .with_certainly_undone(true));
            }
        }
        let request = self.request(RouteAction::Deleted, &changes)?;
        let _: wire::Nothing = self.send(&wire::DELETE_ROUTES, &request, deadline).await?;
        Ok(Vec::new())
    }

    fn request(
        &self,
        action: RouteAction,
        changes: &[RouteChange],
    ) -> Result<wire::ChangeRoutesRequest> {
        let routes = changes
            .iter()
            .map(|change| convert::new_route(action, change));
        Ok(wire::ChangeRoutesRequest {
            route_table_id: self.table.to_string(),
            routes: routes.collect::<Result<_>>()?,
        })
    }

    async fn send<A: serde::de::DeserializeOwned>(
        &self,
        action: &Action,
        request: &wire::ChangeRoutesRequest,
        deadline: Deadline,
    ) -> Result<A> {
        Ok(self.client.call(action, request, deadline).await?.response)
    }
}

/// Whose addresses they lead to is of no interest here.
fn routes(routes: Vec<wire::Route>) -> Vec<Route> {
    routes
        .into_iter()
        .map(|route| convert::route(route, None, &Owners::new()))
        .collect()
}

fn instance_of(spec: &RouteSpec) -> Option<&str> {
    (spec.target.kind == RouteTargetKind::Instance).then_some(spec.target.id.as_str())
}

/// The address by which a table's routes lead to an instance, or why they can't.
fn address_in<'a>(instance: &'a wire::Instance, table: &RouteTable) -> Result<&'a str, String> {
    let id = instance.instance_id.as_deref().unwrap_or_default();
    let vpc = instance
        .virtual_private_cloud
        .as_ref()
        .and_then(|vpc| vpc.vpc_id.as_deref());
    match (vpc, table.vpc_id.as_deref()) {
        (Some(vpc), Some(wanted)) if vpc != wanted => {
            return Err(format!("{id} is in {vpc}, the table in {wanted}"));
        }
        _ => {}
    }
    let addresses = instance.private_ip_addresses.as_deref().unwrap_or_default();
    addresses
        .first()
        .map(String::as_str)
        .ok_or_else(|| format!("{id} has no private address yet"))
}
