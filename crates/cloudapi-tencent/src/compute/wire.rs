//! Requests and answers of CVM and VPC in the vendor's own names and types.
//!
//! Requests leave out what is absent: the cloud refuses `null` and unknown members. Answers take every member as possibly
//! absent or `null`, whatever its page says.
#![expect(clippy::struct_field_names, reason = "the vendor's own names")]

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::client::Action;

const CVM: (&str, &str) = ("cvm", "2017-03-12");
const VPC: (&str, &str) = ("vpc", "2017-03-12");

pub(super) const DESCRIBE_INSTANCES: Action = Action::read(CVM.0, CVM.1, "DescribeInstances");
/// Always sent with a client token, hence repeatable.
pub(super) const RUN_INSTANCES: Action = Action::write(CVM.0, CVM.1, "RunInstances").repeatable();
pub(super) const START_INSTANCES: Action = Action::write(CVM.0, CVM.1, "StartInstances");
pub(super) const STOP_INSTANCES: Action = Action::write(CVM.0, CVM.1, "StopInstances");
pub(super) const TERMINATE_INSTANCES: Action = Action::write(CVM.0, CVM.1, "TerminateInstances");
/// Sets values, hence repeatable.
pub(super) const MODIFY_INSTANCES_ATTRIBUTE: Action =
    Action::write(CVM.0, CVM.1, "ModifyInstancesAttribute").repeatable();
pub(super) const DESCRIBE_SUBNETS: Action = Action::read(VPC.0, VPC.1, "DescribeSubnets");

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Filter {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// Ids or filters, never both: the cloud refuses that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeInstancesRequest {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) instance_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) filters: Vec<Filter>,
    pub(super) offset: usize,
    /// Left out it is 20, also for ids.
    pub(super) limit: usize,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RunInstancesRequest {
    pub(super) instance_charge_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instance_charge_prepaid: Option<InstanceChargePrepaid>,
    pub(super) placement: NewPlacement,
    pub(super) instance_type: String,
    pub(super) image_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system_disk: Option<SystemDisk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) data_disks: Vec<DataDisk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) virtual_private_cloud: Option<NewVirtualPrivateCloud>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) internet_accessible: Option<InternetAccessible>,
    pub(super) instance_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instance_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) login_settings: Option<NewLoginSettings>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) security_group_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_token: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tag_specification: Vec<TagSpecification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dry_run: Option<bool>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InstanceChargePrepaid {
    /// Months.
    pub(super) period: u32,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewPlacement {
    pub(super) zone: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SystemDisk {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disk_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disk_size: Option<u32>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataDisk {
    pub(super) disk_size: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disk_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delete_with_instance: Option<bool>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewVirtualPrivateCloud {
    pub(super) vpc_id: String,
    pub(super) subnet_id: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InternetAccessible {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) internet_charge_type: Option<&'static str>,
    /// Mbit/s.
    pub(super) internet_max_bandwidth_out: u32,
    pub(super) public_ip_assigned: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewLoginSettings {
    pub(super) key_ids: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagSpecification {
    pub(super) resource_type: &'static str,
    pub(super) tags: Vec<NewTag>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewTag {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartInstancesRequest<'a> {
    pub(super) instance_ids: &'a [&'a str],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StopInstancesRequest<'a> {
    pub(super) instance_ids: &'a [&'a str],
    pub(super) stop_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stopped_mode: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TerminateInstancesRequest<'a> {
    pub(super) instance_ids: &'a [&'a str],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ModifyInstancesAttributeRequest<'a> {
    pub(super) instance_ids: &'a [&'a str],
    pub(super) disable_api_termination: bool,
}

/// Here the numbers of paging are text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeSubnetsRequest<'a> {
    pub(super) subnet_ids: &'a [&'a str],
    pub(super) offset: &'static str,
    pub(super) limit: &'static str,
}

/// Instances unread: each is read on its own, and its text kept as the native record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeInstancesResponse {
    pub(super) total_count: Option<u64>,
    pub(super) instance_set: Option<Vec<Box<RawValue>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RunInstancesResponse {
    pub(super) instance_id_set: Option<Vec<String>>,
}

/// The answer of an action that says no more than its request id.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeSubnetsResponse {
    pub(super) subnet_set: Option<Vec<Subnet>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Subnet {
    pub(super) subnet_id: Option<String>,
    pub(super) vpc_id: Option<String>,
    pub(super) zone: Option<String>,
}

/// The members of an instance that we have a use for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Instance {
    pub(super) instance_id: Option<String>,
    pub(super) instance_name: Option<String>,
    pub(super) instance_state: Option<String>,
    pub(super) instance_type: Option<String>,
    pub(super) image_id: Option<String>,
    pub(super) placement: Option<Placement>,
    pub(super) virtual_private_cloud: Option<VirtualPrivateCloud>,
    pub(super) private_ip_addresses: Option<Vec<String>>,
    pub(super) public_ip_addresses: Option<Vec<String>>,
    #[serde(rename = "IPv6Addresses")]
    pub(super) ipv6_addresses: Option<Vec<String>>,
    pub(super) security_group_ids: Option<Vec<String>>,
    pub(super) login_settings: Option<LoginSettings>,
    pub(super) instance_charge_type: Option<String>,
    pub(super) created_time: Option<String>,
    pub(super) expired_time: Option<String>,
    pub(super) tags: Option<Vec<Tag>>,
    pub(super) stop_charging_mode: Option<String>,
    pub(super) disable_api_termination: Option<bool>,
    pub(super) latest_operation_state: Option<String>,
    pub(super) latest_operation_request_id: Option<String>,
    pub(super) latest_operation_error_msg: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Placement {
    pub(super) zone: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VirtualPrivateCloud {
    pub(super) vpc_id: Option<String>,
    pub(super) subnet_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LoginSettings {
    pub(super) key_ids: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
