//! Servers and outcomes as tables, the clouds below each other.

use cloudapi::Provider;
use cloudapi::compute::{Instance, InstanceOutcomes, InstanceState};

use crate::Tour;
use crate::show::{Table, note};

/// So many rows of a long list are shown.
const ROWS: usize = 10;

pub(super) fn instances(tour: &Tour, found: &[Vec<Instance>]) {
    let mut table = Table::new([
        "cloud",
        "InstanceId",
        "Name",
        "State",
        "NativeState",
        "InstanceType",
        "Zone",
        "PrivateIp",
        "Billing",
    ]);
    for (side, instances) in tour.sides.iter().zip(found) {
        for instance in instances.iter().take(ROWS) {
            let instance = instance.clone();
            table.row([
                side.provider.to_string(),
                instance.instance_id.to_string(),
                instance.name.unwrap_or_default(),
                instance.state.to_string(),
                instance.native_state,
                instance.instance_type.unwrap_or_default(),
                instance.zone.unwrap_or_default(),
                instance
                    .private_ip_addresses
                    .first()
                    .cloned()
                    .unwrap_or_default(),
                instance
                    .billing
                    .map(|billing| billing.to_string())
                    .unwrap_or_default(),
            ]);
        }
    }
    table.print();
    for (side, instances) in tour.sides.iter().zip(found) {
        if instances.len() > ROWS {
            note(&format!(
                "{}: {} in all, the first {ROWS} are shown",
                side.provider,
                instances.len()
            ));
        } else if instances.is_empty() {
            note(&format!("{}: none", side.provider));
        }
    }
}

/// Where fields of ours come from: paths in the clouds' own records, AWS first.
const ORIGINS: &[(&str, &str, &str)] = &[
    ("State", "/State/Name", "/InstanceState"),
    ("Zone", "/Placement/AvailabilityZone", "/Placement/Zone"),
    (
        "PrivateIpAddresses",
        "/PrivateIpAddress",
        "/PrivateIpAddresses/0",
    ),
    ("Billing", "/InstanceLifecycle", "/InstanceChargeType"),
    ("LaunchTime", "/LaunchTime", "/CreatedTime"),
    ("Tags", "/Tags/0", "/Tags/0"),
];

/// Shows the same fields in each cloud's own record.
pub(super) fn native(tour: &Tour, found: &[Vec<Instance>]) {
    println!();
    note("the same in each cloud's own record, which every instance carries as Native:");
    let heads = tour
        .sides
        .iter()
        .map(|side| format!("{} native", side.provider));
    let mut table = Table::new(std::iter::once("field".to_owned()).chain(heads));
    for (field, aws, tencent) in ORIGINS {
        let cells = tour.sides.iter().zip(found).map(|(side, instances)| {
            let path = if side.provider == Provider::Aws {
                aws
            } else {
                tencent
            };
            let native = instances
                .first()
                .and_then(|instance| instance.native.as_ref());
            let value = native.map(cloudapi::Native::to_json);
            let value = value.as_ref().and_then(|value| value.pointer(path));
            let name = path.trim_start_matches('/').replace('/', ".");
            value.map_or_else(
                || format!("{name} (absent)"),
                |value| format!("{name} = {value}"),
            )
        });
        table.row(std::iter::once((*field).to_owned()).chain(cells));
    }
    table.print();
}

pub(super) fn outcomes(tour: &Tour, all: &[InstanceOutcomes]) {
    let mut table = Table::new([
        "cloud",
        "InstanceId",
        "Status",
        "PreviousState",
        "CurrentState",
        "Charging",
        "Error",
    ]);
    let state =
        |state: &Option<InstanceState>| state.as_ref().map(ToString::to_string).unwrap_or_default();
    for (side, outcomes) in tour.sides.iter().zip(all) {
        for outcome in outcomes {
            let charging = outcome.charging.as_ref().map(ToString::to_string);
            let error = outcome.error.as_ref();
            table.row([
                side.provider.to_string(),
                outcome.instance_id.to_string(),
                format!("{:?}", outcome.status),
                state(&outcome.previous_state),
                state(&outcome.current_state),
                charging.unwrap_or_default(),
                error
                    .map(|error| error.kind().to_string())
                    .unwrap_or_default(),
            ]);
        }
    }
    table.print();
}
