//! What a server is, on either cloud.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::InstanceState;
use crate::open_enum::open_enum;
use crate::{InstanceId, Native, timestamp};

open_enum! {
    /// How an instance is paid for.
    pub enum Billing {
        /// By the time it runs.
        OnDemand = "OnDemand",
        /// Spare capacity that the cloud may take back.
        Spot = "Spot",
        /// For months in advance (Tencent Cloud).
        Prepaid = "Prepaid",
    }
}

open_enum! {
    /// Whether a stopped instance goes on costing compute. Disks and addresses are charged in either case.
    pub enum Charging {
        /// No compute charge while stopped.
        Stopped = "Stopped",
        /// The compute charge continues.
        Continues = "Continues",
    }
}

/// A server. What a cloud does not say is empty or `None`, and left out of the JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Instance {
    /// The id.
    pub instance_id: InstanceId,
    /// The name: the tag `Name` at AWS, the instance's name at Tencent Cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The state in words for both clouds.
    pub state: InstanceState,
    /// The state in the cloud's own word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub native_state: String,
    /// Why it is in this state, above all why it could not be launched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<String>,
    /// The instance type, such as `t3.micro` or `S5.MEDIUM4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// The image that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// The zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// The subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// Private IPv4 addresses, the primary one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private_ip_addresses: Vec<String>,
    /// Public IPv4 addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_ip_addresses: Vec<String>,
    /// IPv6 addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ipv6_addresses: Vec<String>,
    /// Security groups, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_group_ids: Vec<String>,
    /// Key pairs that may log in: names at AWS, ids (`skey-…`) at Tencent Cloud.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_names: Vec<String>,
    /// How it is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// When it was launched (AWS: the latest start; Tencent Cloud: the creation).
    #[serde(
        default,
        with = "timestamp::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub launch_time: Option<SystemTime>,
    /// When the prepaid time ends (Tencent Cloud).
    #[serde(
        default,
        with = "timestamp::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<SystemTime>,
    /// Tags. The tag `Name` of AWS is [`Instance::name`] and not repeated here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The cloud's own record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Native>,
    /// The last operation on it, where the cloud tells (Tencent Cloud). Not part of the JSON form.
    #[serde(skip)]
    pub last_operation: Option<LastOperation>,
}

impl Instance {
    /// Makes an instance of which nothing but the id and the state is known.
    pub fn new(instance_id: impl Into<InstanceId>, state: InstanceState) -> Self {
        Self {
            instance_id: instance_id.into(),
            name: None,
            state,
            native_state: String::new(),
            state_reason: None,
            instance_type: None,
            image_id: None,
            zone: None,
            vpc_id: None,
            subnet_id: None,
            private_ip_addresses: Vec::new(),
            public_ip_addresses: Vec::new(),
            ipv6_addresses: Vec::new(),
            security_group_ids: Vec::new(),
            key_names: Vec::new(),
            billing: None,
            launch_time: None,
            expires_at: None,
            tags: BTreeMap::new(),
            native: None,
            last_operation: None,
        }
    }
}

/// The last operation on an instance, for telling whether it was ours and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastOperation {
    /// The request id of the call that started it.
    pub request_id: String,
    /// Whether it failed.
    pub failed: bool,
    /// The cloud's message when it failed.
    pub message: Option<String>,
}

impl LastOperation {
    /// Makes the record of an operation.
    pub fn new(request_id: impl Into<String>, failed: bool, message: Option<String>) -> Self {
        Self {
            request_id: request_id.into(),
            failed,
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_leaves_out_what_is_unknown_and_round_trips() {
        let mut instance = Instance::new("i-1", InstanceState::Running);
        assert_eq!(
            serde_json::to_string(&instance).unwrap(),
            r#"{"InstanceId":"i-1","State":"Running"}"#
        );
        instance.private_ip_addresses = vec!["10.0.0.1".to_owned()];
        instance.launch_time = timestamp::parse("2026-01-31T08:00:00Z");
        instance.tags.insert("team".to_owned(), "web".to_owned());
        instance.native = Some(Native::new(serde_json::json!({"CPU": 2})));
        let json = serde_json::to_value(&instance).unwrap();
        assert_eq!(json["LaunchTime"], "2026-01-31T08:00:00Z");
        assert_eq!(json["Native"]["CPU"], 2);
        assert_eq!(json["Tags"]["team"], "web");
        assert_eq!(serde_json::from_value::<Instance>(json).unwrap(), instance);
    }
}
