//! Changing the routes of one table: one route a call, by its destination.

use async_trait::async_trait;
use aws_sdk_ec2::operation::create_route::CreateRouteError;
use aws_sdk_ec2::operation::delete_route::DeleteRouteError;
use aws_sdk_ec2::operation::describe_route_tables::DescribeRouteTablesError;
use aws_sdk_ec2::operation::replace_route::ReplaceRouteError;
use cloudapi_core::network::{
    Destination, Route, RouteAction, RouteCalls, RouteChange, RouteSpec, RouteTable,
};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{Error, ErrorKind, Result, RouteTableId};
use tokio::sync::OnceCell;

use super::convert::{self, Parameter};
use super::{Scope, describe};
use crate::calls::Call;

/// How EC2 says that a dry run would have gone through.
const WOULD_SUCCEED: &str = "DryRunOperation";
/// What EC2 says when it should say that a route was not found.
const NO_ROUTE: (&str, &str) = ("InvalidParameterValue", "no route defined");

/// The routes of one table.
pub(super) struct Routes {
    pub(super) scope: Scope,
    pub(super) table: RouteTableId,
    /// Whether the server does nothing in a dry run.
    pub(super) knows_dry_runs: OnceCell<bool>,
}

#[async_trait]
impl RouteCalls for Routes {
    fn routes_per_call(&self) -> usize {
        1
    }

    fn check(&self, routes: &[RouteSpec]) -> Result<()> {
        routes.iter().try_for_each(convert::check)
    }

    async fn read(&self, deadline: Deadline) -> Result<RouteTable> {
        describe::read_table(&self.scope.until(deadline), &self.table).await
    }

    /// The first change stands for all of its kind: they need the same permission.
    async fn try_out(
        &self,
        action: RouteAction,
        changes: &[RouteChange],
        deadline: Deadline,
    ) -> Result<()> {
        let Some(change) = changes.first().filter(|_| action != RouteAction::Unchanged) else {
            return Ok(());
        };
        let knows = self
            .knows_dry_runs
            .get_or_try_init(|| self.ask_for_dry_runs(deadline))
            .await?;
        if !knows {
            return Ok(());
        }
        match self.send(action, change, true, deadline).await {
            Err(error) if error.code() == Some(WOULD_SUCCEED) => Ok(()),
            other => other,
        }
    }

    async fn apply(
        &self,
        action: RouteAction,
        changes: &[RouteChange],
        deadline: Deadline,
    ) -> Result<Vec<Route>> {
        for change in changes {
            self.send(action, change, false, deadline).await?;
        }
        Ok(Vec::new())
    }
}

/// Sets where a route comes from and leads to on any of the SDK's builders.
macro_rules! fill {
    ($builder:expr, $destination:expr) => {
        match $destination {
            Destination::PrefixList(id) => $builder.destination_prefix_list_id(id.as_ref()),
            Destination::Ipv6 { .. } => {
                $builder.destination_ipv6_cidr_block($destination.to_string())
            }
            _ => $builder.destination_cidr_block($destination.to_string()),
        }
    };
    ($builder:expr, $destination:expr, $target:expr) => {{
        let builder = fill!($builder, $destination);
        let (parameter, id) = $target;
        match parameter {
            Parameter::Gateway => builder.gateway_id(id),
            Parameter::NatGateway => builder.nat_gateway_id(id),
            Parameter::Instance => builder.instance_id(id),
            Parameter::NetworkInterface => builder.network_interface_id(id),
            Parameter::Peering => builder.vpc_peering_connection_id(id),
            Parameter::TransitGateway => builder.transit_gateway_id(id),
            Parameter::LocalGateway => builder.local_gateway_id(id),
            Parameter::CarrierGateway => builder.carrier_gateway_id(id),
            Parameter::EgressOnlyInternetGateway => builder.egress_only_internet_gateway_id(id),
            Parameter::VpcEndpoint => builder.vpc_endpoint_id(id),
            Parameter::CoreNetwork => builder.core_network_arn(id),
            Parameter::OdbNetwork => builder.odb_network_arn(id),
        }
    }};
}

impl Routes {
    async fn send(
        &self,
        action: RouteAction,
        change: &RouteChange,
        dry_run: bool,
        deadline: Deadline,
    ) -> Result<()> {
        let (client, calls) = (&self.scope.vpc.client, &self.scope.vpc.calls);
        let (table, destination) = (self.table.as_str(), &change.destination);
        let (retry, dry_run) = (calls.retry(), dry_run.then_some(true));
        let scope = self.scope.until(deadline);
        let judge = |error| judged(action, error);
        let sent = match (action, &change.after) {
            (RouteAction::Replaced, Some(after)) => {
                let target = convert::named_target(after)?;
                let send = || {
                    fill!(
                        client
                            .replace_route()
                            .route_table_id(table)
                            .set_dry_run(dry_run),
                        destination,
                        target
                    )
                    .send()
                };
                let call = scope.call("ReplaceRoute");
                calls
                    .call_with::<_, ReplaceRouteError, _>(retry, call, send, |_| Ok(()), judge)
                    .await
                    .map(|_| ())
            }
            (RouteAction::Created, Some(after)) => {
                let target = convert::named_target(after)?;
                let send = || {
                    fill!(
                        client
                            .create_route()
                            .route_table_id(table)
                            .set_dry_run(dry_run),
                        destination,
                        target
                    )
                    .send()
                };
                let call = scope.call("CreateRoute");
                calls
                    .call_with::<_, CreateRouteError, _>(retry, call, send, |_| Ok(()), judge)
                    .await
                    .map(|_| ())
            }
            (RouteAction::Deleted, None) => {
                let send = || {
                    fill!(
                        client
                            .delete_route()
                            .route_table_id(table)
                            .set_dry_run(dry_run),
                        destination
                    )
                    .send()
                };
                let call = scope.call("DeleteRoute");
                calls
                    .call_with::<_, DeleteRouteError, _>(retry, call, send, |_| Ok(()), judge)
                    .await
                    .map(|_| ())
            }
            _ => Ok(()),
        };
        // What was not to be repeated blindly may be worth another try of the whole.
        sent.map_err(|error| {
            let retryable = error.kind().is_retryable();
            error.with_retryable(retryable)
        })
    }

    /// Asks by a read: a server that ignores dry runs would change routes in one.
    async fn ask_for_dry_runs(&self, deadline: Deadline) -> Result<bool> {
        let (client, calls) = (&self.scope.vpc.client, &self.scope.vpc.calls);
        let send = || {
            client
                .describe_route_tables()
                .route_table_ids(self.table.as_str())
                .dry_run(true)
                .send()
        };
        let call: Call = self.scope.until(deadline).call("DescribeRouteTables");
        match calls
            .call::<_, DescribeRouteTablesError, _>(call, send, |_| Ok(()))
            .await
        {
            Ok(_) => Ok(false),
            Err(error) if error.code() == Some(WOULD_SUCCEED) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Puts a failure right: what it is, and that it is not repeated unless nothing was done. The table is looked at instead.
fn judged(action: RouteAction, error: Error) -> Error {
    let (code, words) = NO_ROUTE;
    let error = if action == RouteAction::Replaced
        && error.code() == Some(code)
        && error.message().contains(words)
    {
        error.with_kind(ErrorKind::NotFound)
    } else {
        error
    };
    let undone = error.is_certainly_undone();
    let retryable = error.is_retryable() && undone;
    error.with_retryable(retryable)
}
