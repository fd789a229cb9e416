//! Route tables: those of a VPC at AWS and of a VPC (私有网络) at Tencent Cloud.

mod apply;
mod destination;
mod ext;
mod filter;
mod model;
mod outcome;
mod plan;
mod request;
mod target;
mod undo;

use std::fmt;

pub use apply::{RouteCalls, run as run_replace};
use async_trait::async_trait;
pub use destination::Destination;
pub use ext::NetworkExt;
pub use filter::{RouteTableFilter, RouteTableFilterName};
pub use model::{Route, RouteOrigin, RouteState, RouteTable};
pub use outcome::{ReplacedRoutes, RouteAction, RouteChange};
pub use plan::{RoutePlan, plan};
pub use request::{DescribeRouteTablesRequest, ReplaceMode, ReplaceRoutesRequest, RouteSpec};
pub use target::{RouteTarget, RouteTargetKind};

use crate::{BoxStream, Provider, Result};

/// The operations on route tables.
///
/// # What is equal on both clouds
///
/// Any number of ids, filters and values, given together; routes by destination, which is compared as a network; only
/// static routes are ever changed; a change leaves no gap in which a destination has no route; a failure half-way puts the
/// earlier changes back. What a cloud can't do is [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
///
/// Conveniences are in [`NetworkExt`].
#[async_trait]
pub trait Network: Send + Sync + fmt::Debug {
    /// Tells which cloud this is.
    fn provider(&self) -> Provider;

    /// Lists route tables lazily, in the order in which the cloud answers, each once.
    ///
    /// Rests on DescribeRouteTables of EC2 and of Tencent Cloud's VPC; with the filter `subnet-id` at AWS also on
    /// DescribeSubnets, for subnets that use their network's main table without being listed there; at Tencent Cloud on
    /// CVM's DescribeInstances, for the servers that routes lead to. Dropping the stream cancels it. Ids that do not exist
    /// end the stream with a `NotFound` that lists them all, unless the request allows them.
    ///
    /// # Errors
    ///
    /// As items: `InvalidArgument` before anything is sent (a malformed id, an unknown or repeated filter), `NotFound`,
    /// and whatever kind the cloud's refusal has.
    fn route_tables(
        &self,
        request: DescribeRouteTablesRequest,
    ) -> BoxStream<'static, Result<RouteTable>>;

    /// Lists route tables, sorted by id.
    ///
    /// Rests on the same calls as [`Network::route_tables`].
    ///
    /// # Errors
    ///
    /// The same as those of [`Network::route_tables`], and then nothing else.
    async fn describe_route_tables(
        &self,
        request: DescribeRouteTablesRequest,
    ) -> Result<Vec<RouteTable>>;

    /// Makes routes of a table lead elsewhere; with [`ReplaceMode::Upsert`] and [`ReplaceMode::Exact`] also creates and
    /// deletes. A route that is as wanted costs no write.
    ///
    /// Rests on ReplaceRoute, CreateRoute and DeleteRoute of EC2, one route a call; on ReplaceRoutes, CreateRoutes and
    /// DeleteRoutes of Tencent Cloud's VPC, all routes in one call each. Dropping the future half-way leaves done what was
    /// done: nothing is put back then.
    ///
    /// # Errors
    ///
    /// Before any change: `InvalidArgument`, naming the value (no network, an unknown kind of target, a destination twice,
    /// a table of another network, a route that only the cloud may change); `NotFound` for a missing table, and with
    /// [`ReplaceMode::Replace`] for destinations without a route; `Unsupported` for a target that this cloud lacks. After
    /// a change: whatever the cloud's refusal is, once the earlier changes were put back; the error's resources are exactly
    /// the destinations that could not be, and its message says how they differ.
    async fn replace_routes(&self, request: ReplaceRoutesRequest) -> Result<ReplacedRoutes>;
}
