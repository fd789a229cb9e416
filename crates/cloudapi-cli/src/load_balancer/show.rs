//! Load balancers in columns.

use cloudapi::BackendGroupId;
use cloudapi::load_balancer::{LoadBalancerHealth, TargetHealth, TargetOutcomes};

use crate::output::Report;
use crate::output::grid::Grid;

impl Report for LoadBalancerHealth {
    /// A row for each target. What its instance is over all groups and ports stands beside it, since one bad port is enough.
    fn grid(&self) -> Grid {
        let mut grid = Grid::new([
            "Group", "Target", "Port", "State", "Traffic", "Weight", "Overall", "Reason",
        ]);
        for group in &self.groups {
            let name = group_name(&group.backend_group_id, group.name.as_deref());
            if group.targets.is_empty() {
                let mut cells = vec![String::new(); 8];
                cells[0].clone_from(&name);
                "no targets".clone_into(&mut cells[7]);
                grid.row(cells);
            }
            for target in &group.targets {
                grid.row([
                    name.clone(),
                    target.id().to_owned(),
                    text(target.port),
                    target.state.to_string(),
                    if target.receives_traffic { "yes" } else { "no" }.to_owned(),
                    text(target.weight),
                    overall(self, target),
                    reason(target),
                ]);
            }
        }
        grid
    }
}

/// What the instance of a target is over all groups and ports.
fn overall(health: &LoadBalancerHealth, target: &TargetHealth) -> String {
    let mut instances = health.instances.iter();
    let found =
        instances.find(|instance| target.instance_id.as_ref() == Some(&instance.instance_id));
    text(found.map(|instance| &instance.state))
}

impl Report for TargetOutcomes {
    fn grid(&self) -> Grid {
        let mut grid = Grid::new([
            "InstanceId",
            "Port",
            "Status",
            "Previous",
            "Current",
            "Weight",
            "Group",
            "Error",
        ]);
        for outcome in self {
            let error = outcome.error.as_ref();
            grid.row([
                outcome.instance_id.to_string(),
                text(outcome.port),
                format!("{:?}", outcome.status),
                text(outcome.previous_state.as_ref()),
                text(outcome.current_state.as_ref()),
                text(outcome.weight),
                group_name(&outcome.backend_group_id, None),
                text(error.map(|error| format!("{}: {}", error.kind(), error.message()))),
            ]);
        }
        grid
    }
}

/// An ARN is longer than a line: the name in it says as much. An id that is none stands with its name.
fn group_name(id: &BackendGroupId, name: Option<&str>) -> String {
    let id = id.as_str();
    if let Some((_, rest)) = id.split_once(":targetgroup/") {
        let named = rest.split('/').next();
        return name.or(named).unwrap_or(id).to_owned();
    }
    match name {
        Some(name) if name != id => format!("{id} ({name})"),
        _ => id.to_owned(),
    }
}

fn reason(target: &TargetHealth) -> String {
    match (&target.reason, &target.description) {
        (Some(reason), Some(description)) => format!("{reason}: {description}"),
        (reason, description) => text(reason.as_ref().or(description.as_ref())),
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use cloudapi::load_balancer::{
        BackendGroupHealth, HealthState, OutcomeStatus, Target, TargetOutcome,
    };

    use super::*;

    const GROUP: &str =
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067";

    #[test]
    fn a_bad_target_is_seen_at_a_glance() {
        let target = |port, state: HealthState| {
            TargetHealth::new(state)
                .with_instance_id(Some("ins-1".into()))
                .with_port(Some(port))
        };
        let bad = target(81, HealthState::Unhealthy)
            .with_weight(Some(10))
            .with_reason(Some("Dead".to_owned()), None);
        let mut good = target(80, HealthState::Healthy);
        good.receives_traffic = true;
        let groups = vec![
            BackendGroupHealth::new("lbl-1", Some("TCP:80".to_owned()), vec![good, bad]),
            BackendGroupHealth::new(GROUP, Some("web".to_owned()), vec![]),
        ];
        assert_eq!(
            LoadBalancerHealth::new("lb-1", groups).grid().text(),
            "lbl-1 (TCP:80)\tins-1\t80\tHealthy\tyes\t-\tUnhealthy\t-\n\
             lbl-1 (TCP:80)\tins-1\t81\tUnhealthy\tno\t10\tUnhealthy\tDead\n\
             web\t-\t-\t-\t-\t-\t-\tno targets\n"
        );
    }

    #[test]
    fn an_outcome_names_group_and_port() {
        let target = Target::new("i-1").with_port(8080);
        let outcome = TargetOutcome::new(&target, &GROUP.into(), OutcomeStatus::Changed)
            .with_previous_state(Some(HealthState::Unused))
            .with_current_state(Some(HealthState::Initial));
        assert_eq!(
            TargetOutcomes::new("lb-1", vec![outcome]).grid().text(),
            "i-1\t8080\tChanged\tUnused\tInitial\t-\tweb\t-\n"
        );
    }
}
