//! From EC2's instance to ours. Plain functions: no calls, no clock.

use std::time::SystemTime;

use aws_sdk_ec2::types::{
    self, InstanceLifecycleType, InstanceNetworkInterface, InstancePrivateIpAddress,
    InstanceStateName,
};
use cloudapi_core::compute::{Billing, Instance, InstanceState};
use cloudapi_core::{InstanceId, Native};

use super::record::Record;

/// The tag that is an instance's name.
pub(super) const NAME_TAG: &str = "Name";

/// Converts an instance; nothing if it has no id.
pub(super) fn instance(native: types::Instance) -> Option<Instance> {
    let id = InstanceId::new(native.instance_id()?);
    let mut instance = Instance::new(id, state(native.state()));
    instance.native_state = native_word(native.state());
    instance.state_reason = state_reason(&native);
    instance.instance_type = native.instance_type().map(|word| word.as_str().to_owned());
    instance.image_id = filled(native.image_id());
    instance.zone = native
        .placement()
        .and_then(|placement| filled(placement.availability_zone()));
    instance.vpc_id = filled(native.vpc_id());
    instance.subnet_id = filled(native.subnet_id());
    let interfaces = interfaces(&native);
    instance.private_ip_addresses = private_addresses(&native, &interfaces);
    instance.public_ip_addresses = public_addresses(&native, &interfaces);
    instance.ipv6_addresses = ipv6_addresses(&native, &interfaces);
    instance.security_group_ids = native
        .security_groups()
        .iter()
        .filter_map(|group| filled(group.group_id()))
        .collect();
    instance.security_group_ids.sort();
    instance.key_names = filled(native.key_name()).into_iter().collect();
    instance.billing = Some(billing(native.instance_lifecycle()));
    instance.launch_time = native
        .launch_time()
        .and_then(|time| SystemTime::try_from(*time).ok());
    for tag in native.tags() {
        let (Some(key), value) = (tag.key(), tag.value().unwrap_or_default()) else {
            continue;
        };
        if key == NAME_TAG {
            instance.name = filled(Some(value));
        } else {
            instance.tags.insert(key.to_owned(), value.to_owned());
        }
    }
    instance.native = Some(Native::new(Record::new(native)));
    Some(instance)
}

/// Converts a state: by its word, else by the low byte of its code. The high byte is AWS's own.
pub(super) fn state(native: Option<&types::InstanceState>) -> InstanceState {
    let word = native.and_then(types::InstanceState::name);
    let code = native.and_then(types::InstanceState::code);
    match word {
        Some(InstanceStateName::Pending) => InstanceState::Pending,
        Some(InstanceStateName::Running) => InstanceState::Running,
        Some(InstanceStateName::ShuttingDown) => InstanceState::Terminating,
        Some(InstanceStateName::Terminated) => InstanceState::Terminated,
        Some(InstanceStateName::Stopping) => InstanceState::Stopping,
        Some(InstanceStateName::Stopped) => InstanceState::Stopped,
        word => match code.map(|code| code & 0xff) {
            Some(0) => InstanceState::Pending,
            Some(16) => InstanceState::Running,
            Some(32) => InstanceState::Terminating,
            Some(48) => InstanceState::Terminated,
            Some(64) => InstanceState::Stopping,
            Some(80) => InstanceState::Stopped,
            _ => InstanceState::Other(word.map_or("", InstanceStateName::as_str).into()),
        },
    }
}

/// EC2's word for a state of ours, if EC2 has it.
pub(super) fn native_state(state: &InstanceState) -> Option<&'static str> {
    Some(match state {
        InstanceState::Pending => "pending",
        InstanceState::Running => "running",
        InstanceState::Terminating => "shutting-down",
        InstanceState::Terminated => "terminated",
        InstanceState::Stopping => "stopping",
        InstanceState::Stopped => "stopped",
        _ => return None,
    })
}

fn native_word(native: Option<&types::InstanceState>) -> String {
    native
        .and_then(types::InstanceState::name)
        .map(|word| word.as_str().to_owned())
        .unwrap_or_default()
}

/// `Code: message`; EC2's message mostly begins with the code already.
fn state_reason(native: &types::Instance) -> Option<String> {
    let reason = native.state_reason().and_then(|reason| {
        let (code, message) = (filled(reason.code()), filled(reason.message()));
        match (code, message) {
            (Some(code), Some(message)) if !message.starts_with(&code) => {
                Some(format!("{code}: {message}"))
            }
            (code, message) => message.or(code),
        }
    });
    reason.or_else(|| filled(native.state_transition_reason()))
}

fn billing(lifecycle: Option<&InstanceLifecycleType>) -> Billing {
    match lifecycle {
        None => Billing::OnDemand,
        Some(InstanceLifecycleType::Spot) => Billing::Spot,
        Some(other) => Billing::Other(other.as_str().into()),
    }
}

/// The interfaces, the primary one first.
fn interfaces(native: &types::Instance) -> Vec<&InstanceNetworkInterface> {
    let mut interfaces: Vec<_> = native.network_interfaces().iter().collect();
    interfaces.sort_by_key(|interface| {
        interface
            .attachment()
            .and_then(|attachment| {
                Some((
                    attachment.network_card_index().unwrap_or(0),
                    attachment.device_index()?,
                ))
            })
            .unwrap_or((i32::MAX, i32::MAX))
    });
    interfaces
}

fn private_addresses(
    native: &types::Instance,
    interfaces: &[&InstanceNetworkInterface],
) -> Vec<String> {
    let of_interfaces = interfaces.iter().flat_map(|interface| {
        let listed = addresses(interface).into_iter();
        interface
            .private_ip_address()
            .into_iter()
            .chain(listed.filter_map(InstancePrivateIpAddress::private_ip_address))
    });
    once_each(native.private_ip_address().into_iter().chain(of_interfaces))
}

fn public_addresses(
    native: &types::Instance,
    interfaces: &[&InstanceNetworkInterface],
) -> Vec<String> {
    let of_interfaces = interfaces.iter().flat_map(|interface| {
        let listed = addresses(interface)
            .into_iter()
            .filter_map(InstancePrivateIpAddress::association);
        interface
            .association()
            .into_iter()
            .chain(listed)
            .filter_map(|association| association.public_ip())
    });
    once_each(native.public_ip_address().into_iter().chain(of_interfaces))
}

fn ipv6_addresses(
    native: &types::Instance,
    interfaces: &[&InstanceNetworkInterface],
) -> Vec<String> {
    let of_interfaces = interfaces
        .iter()
        .flat_map(|interface| interface.ipv6_addresses())
        .filter_map(|address| address.ipv6_address());
    once_each(native.ipv6_address().into_iter().chain(of_interfaces))
}

/// An interface's private addresses, the primary one first.
fn addresses(interface: &InstanceNetworkInterface) -> Vec<&InstancePrivateIpAddress> {
    let mut addresses: Vec<_> = interface.private_ip_addresses().iter().collect();
    addresses.sort_by_key(|address| address.primary() != Some(true));
    addresses
}

fn once_each<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if !kept.iter().any(|known| known == text) {
            kept.push(text.to_owned());
        }
    }
    kept
}

fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
