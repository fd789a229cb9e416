//! What can be written with the operations alone.

use std::future::Future;

use super::{DescribeRouteTablesRequest, Network, RouteTable};
use crate::{Error, ErrorKind, Result, RouteTableId};

/// Conveniences on [`Network`], for every implementation.
pub trait NetworkExt: Network {
    /// Finds one route table.
    ///
    /// # Errors
    ///
    /// `NotFound`, and those of [`Network::describe_route_tables`].
    fn describe_route_table(
        &self,
        id: impl Into<RouteTableId> + Send,
    ) -> impl Future<Output = Result<RouteTable>> + Send {
        let id = id.into();
        async move {
            let request = DescribeRouteTablesRequest::new().with_route_table_ids([id.clone()]);
            let found = self.describe_route_tables(request).await?;
            found.into_iter().next().ok_or_else(|| {
                Error::new(ErrorKind::NotFound, format!("{id} does not exist"))
                    .with_provider(self.provider())
                    .with_resources([id.as_str()])
            })
        }
    }
}

impl<N: Network + ?Sized> NetworkExt for N {}
