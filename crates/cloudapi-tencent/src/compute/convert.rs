//! From the vendor's record of an instance to ours. No calls, no clock.

use std::time::SystemTime;

use cloudapi_core::compute::{Billing, Charging, Instance, InstanceState, LastOperation};
use cloudapi_core::{Error, ErrorKind, InstanceId, Native, NativeRecord, Result, timestamp};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire;

/// What the cloud calls an instance that nobody named.
const UNNAMED: &str = "未命名";

/// An instance as CVM describes it, in the text of its answer.
#[derive(Clone, Debug)]
pub struct CvmInstance(Box<RawValue>);

impl CvmInstance {
    /// Gives the record's JSON text.
    pub fn json_text(&self) -> &str {
        self.0.get()
    }
}

impl NativeRecord for CvmInstance {
    fn to_json(&self) -> Value {
        // The text was part of an answer that was read, so it is JSON.
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

/// A record that was read, with its text.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: InstanceId,
    pub(super) wire: wire::Instance,
    raw: Box<RawValue>,
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// `Unavailable` for one without an id or of another form.
    pub(super) fn read(raw: Box<RawValue>) -> Result<Self> {
        let unreadable = |why: &str| {
            Error::new(
                ErrorKind::Unavailable,
                format!("the answer can't be read: {why}"),
            )
        };
        let mut wire: wire::Instance = serde_json::from_str(raw.get())
            .map_err(|_| unreadable("an instance has not the form expected"))?;
        let id = wire
            .instance_id
            .take()
            .filter(|id| !id.is_empty())
            .ok_or_else(|| unreadable("an instance has no id"))?;
        Ok(Self {
            id: id.into(),
            wire,
            raw,
        })
    }
}

/// Makes our instance of a record.
pub(super) fn instance(record: Record) -> Instance {
    let wire = record.wire;
    let last_operation = last_operation(&wire);
    let state_reason = state_reason(&wire);
    let native_state = wire.instance_state.unwrap_or_default();
    let mut instance = Instance::new(record.id, state(&native_state));
    instance.native_state = native_state;
    instance.state_reason = state_reason;
    instance.last_operation = last_operation;
    // An instance without a name is shown under this word; to us it has none, as at the other cloud.
    instance.name = text(wire.instance_name).filter(|name| name != UNNAMED);
    instance.instance_type = text(wire.instance_type);
    instance.image_id = text(wire.image_id);
    instance.zone = wire.placement.and_then(|placement| text(placement.zone));
    if let Some(network) = wire.virtual_private_cloud {
        instance.vpc_id = text(network.vpc_id);
        instance.subnet_id = text(network.subnet_id);
    }
    instance.private_ip_addresses = wire.private_ip_addresses.unwrap_or_default();
    instance.public_ip_addresses = wire.public_ip_addresses.unwrap_or_default();
    instance.ipv6_addresses = wire.ipv6_addresses.unwrap_or_default();
    instance.security_group_ids = wire.security_group_ids.unwrap_or_default();
    instance.security_group_ids.sort_unstable();
    instance.key_names = wire
        .login_settings
        .and_then(|settings| settings.key_ids)
        .unwrap_or_default();
    instance.billing = wire.instance_charge_type.as_deref().map(billing);
    instance.launch_time = wire.created_time.as_deref().and_then(time);
    instance.expires_at = wire.expired_time.as_deref().and_then(time);
    instance.tags = wire
        .tags
        .unwrap_or_default()
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
        .collect();
    instance.native = Some(Native::new(CvmInstance(record.raw)));
    instance
}

/// The state in words for both clouds; the cloud's own word where there is none.
pub(super) fn state(native: &str) -> InstanceState {
    match native {
        "PENDING" | "STARTING" => InstanceState::Pending,
        "RUNNING" => InstanceState::Running,
        "REBOOTING" => InstanceState::Rebooting,
        "STOPPING" => InstanceState::Stopping,
        "STOPPED" => InstanceState::Stopped,
        "TERMINATING" => InstanceState::Terminating,
        "LAUNCH_FAILED" => InstanceState::LaunchFailed,
        "SHUTDOWN" => InstanceState::Isolated,
        other => InstanceState::Other(other.into()),
    }
}

/// The cloud's words for a state of ours; none for one that it never shows.
pub(super) fn native_states(state: &InstanceState) -> Vec<String> {
    let words: &[&str] = match state {
        InstanceState::Pending => &["PENDING", "STARTING"],
        InstanceState::Running => &["RUNNING"],
        InstanceState::Rebooting => &["REBOOTING"],
        InstanceState::Stopping => &["STOPPING"],
        InstanceState::Stopped => &["STOPPED"],
        InstanceState::Terminating => &["TERMINATING"],
        InstanceState::LaunchFailed => &["LAUNCH_FAILED"],
        InstanceState::Isolated => &["SHUTDOWN"],
        InstanceState::Other(word) => return vec![word.to_string()],
        _ => &[],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// How it is paid for; a dedicated host's instances keep the cloud's word.
pub(super) fn billing(native: &str) -> Billing {
    match native {
        "POSTPAID_BY_HOUR" => Billing::OnDemand,
        "SPOTPAID" => Billing::Spot,
        "PREPAID" => Billing::Prepaid,
        other => Billing::Other(other.into()),
    }
}

/// Whether compute is charged while it is stopped; `None` while the record does not tell.
pub(super) fn charging(wire: &wire::Instance) -> Option<Charging> {
    let stopped = wire.instance_state.as_deref() == Some("STOPPED");
    match wire.stop_charging_mode.as_deref() {
        Some("STOP_CHARGING") => Some(Charging::Stopped),
        Some("KEEP_CHARGING") => Some(Charging::Continues),
        // "Not applicable" is said of what is not stopped, and of what is stopped and charged in any case.
        _ if stopped => Some(Charging::Continues),
        _ => None,
    }
}

fn failed(wire: &wire::Instance) -> bool {
    wire.latest_operation_state.as_deref() == Some("FAILED")
}

fn state_reason(wire: &wire::Instance) -> Option<String> {
    let launch_failed = wire.instance_state.as_deref() == Some("LAUNCH_FAILED");
    if failed(wire) || launch_failed {
        text(wire.latest_operation_error_msg.clone())
    } else {
        None
    }
}

fn last_operation(wire: &wire::Instance) -> Option<LastOperation> {
    let request_id = text(wire.latest_operation_request_id.clone())?;
    let failed = failed(wire);
    let message = text(wire.latest_operation_error_msg.clone()).filter(|_| failed);
    Some(LastOperation::new(request_id, failed, message))
}

fn text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Reads ISO 8601, also without seconds, which some records have.
fn time(text: &str) -> Option<SystemTime> {
    timestamp::parse(text).or_else(|| {
        let minutes = text.strip_suffix('Z').filter(|head| head.len() == 16)?;
        timestamp::parse(&format!("{minutes}:00Z"))
    })
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
