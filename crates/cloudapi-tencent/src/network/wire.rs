//! Requests and answers about route tables in the vendor's own names and types, and the look at CVM's instances that they
//! need.
//!
//! Requests leave out what is absent: the cloud refuses `null` and unknown members. Answers take every member as possibly
//! absent or `null`, whatever its page says.

#![expect(
    clippy::struct_field_names,
    reason = "the fields have the names that the vendor gives them"
)]

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::client::Action;

const VPC: (&str, &str) = ("vpc", "2017-03-12");

pub(super) const DESCRIBE_ROUTE_TABLES: Action = Action::read(VPC.0, VPC.1, "DescribeRouteTables");
// Whether a lost one was done is seen in the table, so none of the writes is sent again blindly.
pub(super) const REPLACE_ROUTES: Action = Action::write(VPC.0, VPC.1, "ReplaceRoutes");
pub(super) const CREATE_ROUTES: Action = Action::write(VPC.0, VPC.1, "CreateRoutes");
pub(super) const DELETE_ROUTES: Action = Action::write(VPC.0, VPC.1, "DeleteRoutes");
pub(super) const DESCRIBE_INSTANCES: Action =
    Action::read("cvm", "2017-03-12", "DescribeInstances");

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Filter {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// Ids or filters, never both: the cloud refuses that. The numbers of paging are text here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeRouteTablesRequest {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) route_table_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) filters: Vec<Filter>,
    pub(super) offset: String,
    /// Left out it is 20, also for ids.
    pub(super) limit: String,
}

/// ReplaceRoutes, CreateRoutes and DeleteRoutes, which take the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeRoutesRequest {
    pub(super) route_table_id: String,
    pub(super) routes: Vec<NewRoute>,
}

/// A route as it is sent: with an id where one is changed, with contents where there are to be some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewRoute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route_item_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) destination_cidr_block: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) destination_ipv6_cidr_block: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gateway_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gateway_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeInstancesRequest {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) instance_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) filters: Vec<Filter>,
    /// Left out it is 20, also for ids. A number, as CVM has it.
    pub(super) limit: u32,
}

/// Tables unread: each is read on its own, and its text kept as the native record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeRouteTablesResponse {
    pub(super) total_count: Option<u64>,
    pub(super) route_table_set: Option<Vec<Box<RawValue>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReplaceRoutesResponse {
    pub(super) new_route_set: Option<Vec<Route>>,
}

/// Its tables hold the new routes alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateRoutesResponse {
    pub(super) route_table_set: Option<Vec<RouteTable>>,
}

/// The answer of an action of which nothing more is needed.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// The members of a table that we have a use for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RouteTable {
    pub(super) route_table_id: Option<String>,
    pub(super) route_table_name: Option<String>,
    pub(super) vpc_id: Option<String>,
    pub(super) main: Option<bool>,
    pub(super) association_set: Option<Vec<Association>>,
    pub(super) route_set: Option<Vec<Route>>,
    pub(super) tag_set: Option<Vec<Tag>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Association {
    pub(super) subnet_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Route {
    /// 0 for every IPv6 route.
    pub(super) route_id: Option<u64>,
    pub(super) route_item_id: Option<String>,
    pub(super) destination_cidr_block: Option<String>,
    pub(super) destination_ipv6_cidr_block: Option<String>,
    pub(super) gateway_type: Option<String>,
    pub(super) gateway_id: Option<String>,
    pub(super) route_description: Option<String>,
    pub(super) enabled: Option<bool>,
    pub(super) route_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeInstancesResponse {
    pub(super) instance_set: Option<Vec<Instance>>,
}

/// The members of an instance that routes have a use for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Instance {
    pub(super) instance_id: Option<String>,
    pub(super) virtual_private_cloud: Option<VirtualPrivateCloud>,
    pub(super) private_ip_addresses: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VirtualPrivateCloud {
    pub(super) vpc_id: Option<String>,
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
