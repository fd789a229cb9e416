//! Waiting until targets are healthy or gone: one look for all groups concerned at each tick.

use super::model::worst;
use super::{
    DescribeLoadBalancerHealthRequest, HealthState, LoadBalancer, LoadBalancerHealth,
    OutcomeStatus, TargetHealth, TargetOutcome, TargetOutcomes, WaitOptions,
};
use crate::compute::Ticker;
use crate::{BackendGroupId, Error, ErrorKind, LoadBalancerId, Operation, Result};

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitFor {
    /// Healthy, or not checked at all.
    Healthy,
    /// No longer in the group.
    Drained,
    /// The same, but time running out is no failure.
    DrainedOrTimeUp,
}

impl WaitFor {
    fn is_reached(self, target: Option<&TargetHealth>) -> bool {
        use HealthState as S;
        match (self, target.map(|target| &target.state)) {
            (Self::Healthy, state) => matches!(state, Some(S::Healthy | S::Unchecked)),
            (_, state) => state.is_none(),
        }
    }

    fn operation(self) -> Operation {
        match self {
            Self::Healthy => Operation::RegisterInstancesWithLoadBalancer,
            Self::Drained | Self::DrainedOrTimeUp => Operation::DeregisterInstancesFromLoadBalancer,
        }
    }
}

pub(super) async fn outcomes<L: LoadBalancer + ?Sized>(
    load_balancer: &L,
    mut outcomes: TargetOutcomes,
    wait_for: WaitFor,
    options: &WaitOptions,
) -> Result<TargetOutcomes> {
    let mut ticker = Ticker::new(options);
    let mut waiting: Vec<usize> = (0..outcomes.outcomes.len())
        .filter(|index| outcomes.outcomes[*index].status != OutcomeStatus::Failed)
        .collect();
    let mut reasons: Vec<Option<String>> = vec![None; outcomes.outcomes.len()];
    while !waiting.is_empty() {
        let mut groups: Vec<&BackendGroupId> = Vec::new();
        for index in &waiting {
            let group = &outcomes.outcomes[*index].backend_group_id;
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        if let Some(health) = look(load_balancer, &outcomes.load_balancer_id, &groups).await? {
            waiting.retain(|index| {
                let outcome = &mut outcomes.outcomes[*index];
                // Without a port all of the instance's are meant: as long as one is not there, none is.
                let target = outcome.target();
                let meant = health.targets(&outcome.backend_group_id, &target);
                let found = worst(meant.filter(|found| {
                    wait_for == WaitFor::Healthy || found.state != HealthState::Unused
                }));
                outcome.current_state =
                    Some(found.map_or(HealthState::Unused, |found| found.state.clone()));
                reasons[*index] = found.and_then(reason);
                !wait_for.is_reached(found)
            });
        }
        if waiting.is_empty() || !ticker.tick().await {
            break;
        }
    }
    if wait_for != WaitFor::DrainedOrTimeUp {
        for index in waiting {
            let outcome = &mut outcomes.outcomes[index];
            let error = waited_in_vain(outcome, reasons[index].as_deref(), wait_for, options)
                .with_provider(load_balancer.provider());
            outcome.status = OutcomeStatus::Failed;
            outcome.error = Some(error);
        }
    }
    Ok(outcomes)
}

/// Looks at the groups in one request. A failure that may pass is no finding; any other ends the wait.
async fn look<L: LoadBalancer + ?Sized>(
    load_balancer: &L,
    id: &LoadBalancerId,
    groups: &[&BackendGroupId],
) -> Result<Option<LoadBalancerHealth>> {
    let request = DescribeLoadBalancerHealthRequest::new(id.clone())
        .with_backend_groups(groups.iter().copied().cloned());
    match load_balancer.describe_load_balancer_health(request).await {
        Ok(health) => Ok(Some(health)),
        Err(error) if error.is_retryable() => Ok(None),
        Err(error) => Err(error),
    }
}

fn reason(target: &TargetHealth) -> Option<String> {
    match (&target.reason, &target.description) {
        (Some(reason), Some(description)) => Some(format!("{reason}: {description}")),
        (reason, description) => reason.clone().or_else(|| description.clone()),
    }
}

fn waited_in_vain(
    outcome: &TargetOutcome,
    reason: Option<&str>,
    wait_for: WaitFor,
    options: &WaitOptions,
) -> Error {
    let target = outcome.target();
    let state = outcome
        .current_state
        .as_ref()
        .map_or("not seen", HealthState::as_str);
    let because = reason.map(|reason| format!(" ({reason})"));
    let message = format!(
        "{target} is still {state}{} in {} after {:?}",
        because.unwrap_or_default(),
        outcome.backend_group_id,
        options.timeout
    );
    Error::new(ErrorKind::Timeout, message)
        .with_operation(wait_for.operation())
        .with_resources([target.to_string()])
}

#[cfg(test)]
#[path = "wait_tests.rs"]
mod tests;
