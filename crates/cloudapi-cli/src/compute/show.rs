//! Servers in columns.

use cloudapi::compute::{CreatedInstances, Instance, InstanceOutcomes, InstanceState};
use cloudapi::timestamp;

use crate::output::Report;
use crate::output::grid::Grid;

const DRY_RUN: &str = "Dry run: nothing was changed.";

impl Report for Vec<Instance> {
    fn grid(&self) -> Grid {
        let mut grid = Grid::new([
            "InstanceId",
            "Name",
            "State",
            "Type",
            "Zone",
            "Private IP",
            "Public IP",
            "Billing",
            "Launched",
        ]);
        for instance in self {
            grid.row([
                instance.instance_id.to_string(),
                text(instance.name.as_ref()),
                instance.state.to_string(),
                text(instance.instance_type.as_ref()),
                text(instance.zone.as_ref()),
                instance.private_ip_addresses.join(","),
                instance.public_ip_addresses.join(","),
                text(instance.billing.as_ref()),
                text(instance.launch_time.and_then(timestamp::format)),
            ]);
        }
        grid
    }
}

impl Report for InstanceOutcomes {
    fn grid(&self) -> Grid {
        let mut grid = Grid::new([
            "InstanceId",
            "Status",
            "Previous",
            "Current",
            "Charging",
            "Error",
        ]);
        if self.dry_run {
            grid = grid.with_note(DRY_RUN);
        }
        for outcome in self {
            grid.row([
                outcome.instance_id.to_string(),
                format!("{:?}", outcome.status),
                text(outcome.previous_state.as_ref()),
                text(outcome.current_state.as_ref()),
                text(outcome.charging.as_ref()),
                text(
                    outcome
                        .error
                        .as_ref()
                        .map(|error| format!("{}: {}", error.kind(), error.message())),
                ),
            ]);
        }
        grid
    }
}

impl Report for CreatedInstances {
    fn grid(&self) -> Grid {
        if self.dry_run {
            return planned(self);
        }
        if self.instances.is_empty() {
            let mut grid = Grid::new(["InstanceId", "ClientToken"]);
            for id in &self.instance_ids {
                grid.row([id.to_string(), self.client_token.clone()]);
            }
            return grid;
        }
        let mut grid = Grid::new([
            "InstanceId",
            "Status",
            "State",
            "Type",
            "Zone",
            "Private IP",
            "Public IP",
            "Reason",
        ]);
        for created in &self.instances {
            let of = |field: fn(&Instance) -> String| text(created.instance.as_ref().map(field));
            grid.row([
                created.instance_id.to_string(),
                format!("{:?}", created.status),
                of(|instance| InstanceState::to_string(&instance.state)),
                of(|instance| text(instance.instance_type.as_ref())),
                of(|instance| text(instance.zone.as_ref())),
                of(|instance| instance.private_ip_addresses.join(",")),
                of(|instance| instance.public_ip_addresses.join(",")),
                text(created.reason.as_ref()),
            ]);
        }
        grid
    }
}

/// Shows a dry run of a creation: what would be asked for.
fn planned(created: &CreatedInstances) -> Grid {
    let request = created
        .request
        .as_ref()
        .and_then(|request| serde_json::to_value(request).ok())
        .unwrap_or_default();
    Grid::of(&request).with_note(DRY_RUN)
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use cloudapi::compute::{InstanceOutcome, OutcomeStatus};
    use cloudapi::{Error, ErrorKind};

    use super::*;

    #[test]
    fn unknown_cells_are_dashes_in_text() {
        let mut instance = Instance::new("i-1", InstanceState::Running);
        instance.private_ip_addresses = vec!["10.0.0.1".to_owned(), "10.0.0.2".to_owned()];
        assert_eq!(
            vec![instance].grid().text(),
            "i-1\t-\tRunning\t-\t-\t10.0.0.1,10.0.0.2\t-\t-\t-\n"
        );
    }

    #[test]
    fn an_outcome_shows_its_error() {
        let failed =
            InstanceOutcome::failed("i-1".into(), Error::new(ErrorKind::NotFound, "none such"));
        let changed = InstanceOutcome::new("i-2".into(), OutcomeStatus::Changed)
            .with_current_state(Some(InstanceState::Stopping));
        let grid = InstanceOutcomes::new(vec![failed, changed])
            .with_dry_run(true)
            .grid();
        assert_eq!(
            grid.text(),
            "i-1\tFailed\t-\t-\t-\tnot found: none such\ni-2\tChanged\t-\tStopping\t-\t-\n"
        );
        assert!(grid.table().starts_with(DRY_RUN));
    }
}
