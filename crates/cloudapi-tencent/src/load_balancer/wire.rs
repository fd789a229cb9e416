//! What is sent to and read from CLB 2018-03-17, in its own field names.
//!
//! Requests leave out what is not asked for: the service knows no `null`. Answers are read leniently: any member may be
//! absent or `null`, lists too.

use serde::{Deserialize, Deserializer, Serialize};

/// Reads `null` as the default.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! requests {
    ($( $(#[$meta:meta])* $name:ident { $( $field:ident: $type:ty, )* $(? $optional:ident: $optional_type:ty, )* } )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "PascalCase")]
        pub(super) struct $name {
            $( pub(super) $field: $type, )*
            $( #[serde(skip_serializing_if = "Option::is_none")] pub(super) $optional: Option<$optional_type>, )*
        }
    )+ };
}

requests! {
    DescribeLoadBalancers {
        ? load_balancer_ids: Vec<String>,
        ? load_balancer_name: String,
        ? offset: u64,
        ? limit: u64,
    }
    /// Also DescribeTargets, which takes the same.
    DescribeListeners {
        load_balancer_id: String,
        ? listener_ids: Vec<String>,
    }
    DescribeTargetHealth {
        load_balancer_ids: Vec<String>,
        ? listener_ids: Vec<String>,
    }
    /// RegisterTargets, DeregisterTargets and ModifyTargetWeight.
    ChangeTargets {
        load_balancer_id: String,
        listener_id: String,
        targets: Vec<Target>,
        ? location_id: String,
    }
    Target {
        port: u16,
        ? instance_id: String,
        ? eni_ip: String,
        ? weight: u32,
    }
    /// BatchRegisterTargets and BatchDeregisterTargets.
    BatchTargets {
        load_balancer_id: String,
        targets: Vec<BatchTarget>,
    }
    BatchTarget {
        listener_id: String,
        port: u16,
        ? instance_id: String,
        ? eni_ip: String,
        ? weight: u32,
        ? location_id: String,
    }
    DescribeTaskStatus {
        task_id: String,
    }
    RegisterTargetsWithClassicalLb {
        load_balancer_id: String,
        targets: Vec<ClassicalTargetInfo>,
    }
    ClassicalTargetInfo {
        instance_id: String,
        ? weight: u32,
    }
    DeregisterTargetsFromClassicalLb {
        load_balancer_id: String,
        instance_ids: Vec<String>,
    }
    /// The reads of a classic load balancer: its listeners, targets and their health.
    DescribeClassical {
        load_balancer_id: String,
    }
}

macro_rules! answers {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty, )* } )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(default, rename_all = "PascalCase")]
        pub(super) struct $name {
            $( $(#[$field_meta])* #[serde(deserialize_with = "lenient")] pub(super) $field: $type, )*
        }
    )+ };
}

answers! {
    Balancers {
        total_count: u64,
        load_balancer_set: Vec<Balancer>,
    }
    Balancer {
        #[serde(rename = "LoadBalancerId")]
        id: String,
        #[serde(rename = "LoadBalancerName")]
        name: String,
        /// 1 for the current kind, 0 for the classic one.
        forward: Option<u64>,
        /// Absent for one outside a VPC.
        vpc_id: Option<String>,
    }
    Listeners {
        listeners: Vec<Listener>,
    }
    Listener {
        #[serde(rename = "ListenerId")]
        id: String,
        protocol: String,
        port: Option<i64>,
        rules: Vec<Rule>,
        /// `NODE`, or `TARGETGROUP` where the targets belong to a group that listeners share.
        target_type: Option<String>,
    }
    Rule {
        location_id: String,
        domain: Option<String>,
        url: Option<String>,
        target_type: Option<String>,
    }
    Targets {
        listeners: Vec<ListenerTargets>,
    }
    ListenerTargets {
        listener_id: String,
        targets: Vec<Backend>,
        rules: Vec<RuleTargets>,
    }
    RuleTargets {
        location_id: String,
        targets: Vec<Backend>,
    }
    Backend {
        /// CVM for an instance; ENI and others are known by their address.
        #[serde(rename = "Type")]
        kind: Option<String>,
        instance_id: Option<String>,
        port: Option<i64>,
        weight: Option<i64>,
        private_ip_addresses: Vec<String>,
    }
    Health {
        load_balancers: Vec<LoadBalancerHealth>,
    }
    LoadBalancerHealth {
        load_balancer_id: String,
        listeners: Vec<ListenerHealth>,
    }
    ListenerHealth {
        listener_id: String,
        rules: Vec<RuleHealth>,
    }
    RuleHealth {
        location_id: String,
        targets: Vec<TargetHealth>,
    }
    TargetHealth {
        #[serde(rename = "IP")]
        ip: Option<String>,
        port: Option<i64>,
        target_id: Option<String>,
        /// Alive, Dead, Unknown or Close. What the boolean beside it says is less: false also before the first check.
        health_status_detail: Option<String>,
        /// The same under its old, misspelt name.
        health_status_detial: Option<String>,
        weight: Option<i64>,
    }
    /// The answer of whatever starts a task; the request id, which is the task's, is beside it.
    Accepted {
        fail_listener_id_set: Vec<String>,
        message: Option<String>,
    }
    TaskStatus {
        /// 0 for success, 1 for failure, 2 while it runs.
        status: Option<i64>,
        message: Option<String>,
    }
    ClassicalListeners {
        listeners: Vec<ClassicalListener>,
    }
    ClassicalListener {
        listener_port: Option<i64>,
        instance_port: Option<i64>,
        protocol: Option<String>,
        /// 0 when the checks are switched off.
        health_switch: Option<i64>,
    }
    ClassicalTargets {
        targets: Vec<Backend>,
    }
    ClassicalHealthList {
        health_list: Vec<ClassicalHealth>,
    }
    ClassicalHealth {
        #[serde(rename = "IP")]
        ip: Option<String>,
        port: Option<i64>,
        listener_port: Option<i64>,
        protocol: Option<String>,
        health_status: Option<i64>,
    }
}
