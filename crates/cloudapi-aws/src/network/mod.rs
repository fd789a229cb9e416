//! Route tables: VPC, which is part of EC2's API.

mod convert;
mod describe;
mod record;
mod replace;

use std::fmt;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use cloudapi_core::network::{
    DescribeRouteTablesRequest, ReplaceRoutesRequest, ReplacedRoutes, RouteTable, run_replace,
};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{BoxStream, Error, Network, Operation, Provider, Result};
use futures_util::TryStreamExt;
use tokio::sync::OnceCell;

use crate::calls::{Call, Calls};
use crate::settings::Settings;
use crate::whole::WholeAnswers;

/// VPC in one region.
#[derive(Clone)]
pub(crate) struct Vpc {
    client: Client,
    calls: Calls,
}

impl Vpc {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            client: Client::from_conf(
                aws_sdk_ec2::config::Builder::from(&settings.sdk)
                    .interceptor(WholeAnswers)
                    .build(),
            ),
            calls: Calls::new("EC2", "ec2", settings),
        }
    }

    /// Starts the clock of an operation.
    fn scope(&self, operation: Operation) -> Scope {
        Scope {
            vpc: self.clone(),
            operation,
            deadline: self.calls.retry().start(),
        }
    }
}

/// One operation of the interface while it is under way.
#[derive(Clone)]
struct Scope {
    vpc: Vpc,
    operation: Operation,
    deadline: Deadline,
}

impl Scope {
    fn call(&self, action: &'static str) -> Call {
        Call {
            operation: self.operation,
            action,
            deadline: self.deadline,
        }
    }

    /// The same with another time limit.
    fn until(&self, deadline: Deadline) -> Self {
        Self {
            deadline,
            ..self.clone()
        }
    }
}

impl fmt::Debug for Vpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vpc").finish_non_exhaustive()
    }
}

#[async_trait]
impl Network for Vpc {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn route_tables(
        &self,
        request: DescribeRouteTablesRequest,
    ) -> BoxStream<'static, Result<RouteTable>> {
        Box::pin(
            describe::stream(self.clone(), request).map_err(named(Operation::DescribeRouteTables)),
        )
    }

    async fn describe_route_tables(
        &self,
        request: DescribeRouteTablesRequest,
    ) -> Result<Vec<RouteTable>> {
        let mut tables: Vec<RouteTable> = self.route_tables(request).try_collect().await?;
        tables.sort_by(|a, b| a.route_table_id.cmp(&b.route_table_id));
        Ok(tables)
    }

    async fn replace_routes(&self, request: ReplaceRoutesRequest) -> Result<ReplacedRoutes> {
        let routes = replace::Routes {
            scope: self.scope(Operation::ReplaceRoutes),
            table: request.route_table_id.clone(),
            knows_dry_runs: OnceCell::new(),
        };
        let done = run_replace(&routes, &request, self.calls.retry()).await;
        done.map_err(named(Operation::ReplaceRoutes))
    }
}

/// Completes an error with the cloud and the operation.
fn named(operation: Operation) -> impl Fn(Error) -> Error {
    move |error| error.with_provider(Provider::Aws).with_operation(operation)
}

#[cfg(test)]
mod tests;
