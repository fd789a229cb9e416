//! Route tables of VPC.

mod convert;
mod describe;
mod pages;
mod replace;
mod wire;

use async_trait::async_trait;
use cloudapi_core::network::{
    DescribeRouteTablesRequest, ReplaceRoutesRequest, ReplacedRoutes, RouteTable, run_replace,
};
use cloudapi_core::{BoxStream, Network, Operation, Provider, Result};
pub use convert::VpcRouteTable;
use futures_util::TryStreamExt;

use crate::client::Client;

/// The operations on route tables, on VPC.
#[derive(Clone, Debug)]
pub(crate) struct Vpc {
    client: Client,
}

impl Vpc {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Network for Vpc {
    fn provider(&self) -> Provider {
        Provider::Tencent
    }

    fn route_tables(
        &self,
        request: DescribeRouteTablesRequest,
    ) -> BoxStream<'static, Result<RouteTable>> {
        describe::route_tables(self.client.clone(), request)
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
            client: self.client.clone(),
            table: request.route_table_id.clone(),
        };
        run_replace(&routes, &request, self.client.retry())
            .await
            .map_err(|error| {
                error
                    .with_provider(Provider::Tencent)
                    .with_operation(Operation::ReplaceRoutes)
            })
    }
}

#[cfg(test)]
mod tests;
