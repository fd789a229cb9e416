//! Registering and deregistering, target by target: the key is the id together with the port.

use std::collections::HashSet;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealthDescription};
use cloudapi_core::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, HealthState,
    RegisterInstancesWithLoadBalancerRequest, Target, TargetCalls, TargetOutcomes,
    run_target_calls,
};
use cloudapi_core::{Error, Result};

use super::convert::{self, Group};
use super::read::choose;
use super::{Planned, Scope, TARGETS_PER_CALL, parted, settle};

/// Registers what is not registered, or about to be taken out: registering again ends a drain.
pub(super) async fn register(
    scope: Scope<'_>,
    arn: &str,
    request: &RegisterInstancesWithLoadBalancerRequest,
) -> Result<TargetOutcomes> {
    let groups = scope.groups(arn).await?;
    let group = choose(arn, &groups, request.backend_group.as_ref())?;
    request
        .targets
        .iter()
        .try_for_each(|target| group.check(target))?;
    let there = scope.targets(&group.arn).await?;
    let planned = plan_register(group, &there, &request.targets)?;
    let change = Change::new(scope, group, true);
    Ok(change.run(arn, planned, &HealthState::Initial).await)
}

/// Deregisters exactly the registered targets that are meant. Without its port a target would not be touched, and an
/// unknown one is no error, so what is there is read first.
pub(super) async fn deregister(
    scope: Scope<'_>,
    arn: &str,
    request: &DeregisterInstancesFromLoadBalancerRequest,
) -> Result<TargetOutcomes> {
    let groups = scope.groups(arn).await?;
    let group = choose(arn, &groups, request.backend_group.as_ref())?;
    request
        .targets
        .iter()
        .try_for_each(|target| group.check(target))?;
    let there = scope.targets(&group.arn).await?;
    let planned = plan_deregister(group, &there, &request.targets);
    let change = Change::new(scope, group, false);
    Ok(change.run(arn, planned, &HealthState::Draining).await)
}

fn plan_register(
    group: &Group,
    there: &[TargetHealthDescription],
    targets: &[Target],
) -> Result<Vec<Planned<TargetDescription>>> {
    let mut known = HashSet::new();
    let mut planned = Vec::with_capacity(targets.len());
    for target in targets {
        let id = target.instance_id.as_str();
        let port = target.port.or(group.port);
        if !known.insert((id, port)) {
            let port = port.unwrap_or_default();
            return Err(Error::invalid_argument(format!(
                "{} is named twice: {port} is the group's port",
                target.clone().with_port(port)
            ))
            .with_resources([id]));
        }
        let mut exact = target.clone();
        exact.port = port;
        let mut registered = there.iter();
        let state = registered.find_map(|one| {
            let health = convert::target_health(group, one)?;
            exact.means(&health).then_some(health.state)
        });
        let step = matches!(state, None | Some(HealthState::Draining)).then(|| {
            TargetDescription::builder()
                .id(id)
                .set_port(port.map(i32::from))
                .build()
        });
        let state = state.unwrap_or(HealthState::Unused);
        planned.push(Planned::new(&exact, &group.id(), state, step));
    }
    Ok(planned)
}

fn plan_deregister(
    group: &Group,
    there: &[TargetHealthDescription],
    targets: &[Target],
) -> Vec<Planned<TargetDescription>> {
    let mut planned = Vec::new();
    for target in targets {
        let before = planned.len();
        for one in there {
            let Some(health) = convert::target_health(group, one) else {
                continue;
            };
            if !target.means(&health) {
                continue;
            }
            let mut exact = target.clone();
            exact.port = health.port;
            // What drains already needs no call, and keeps its place in the wait.
            let step = one
                .target
                .clone()
                .filter(|_| health.state != HealthState::Draining);
            planned.push(Planned::new(&exact, &group.id(), health.state, step));
        }
        if planned.len() == before {
            planned.push(Planned::new(target, &group.id(), HealthState::Unused, None));
        }
    }
    planned
}

/// Changes targets of one group. Both calls are harmless twice and done for all of their targets or none.
struct Change<'a> {
    scope: Scope<'a>,
    group: &'a Group,
    registers: bool,
}

impl<'a> Change<'a> {
    fn new(scope: Scope<'a>, group: &'a Group, registers: bool) -> Self {
        Self {
            scope,
            group,
            registers,
        }
    }

    async fn run(
        self,
        arn: &str,
        planned: Vec<Planned<TargetDescription>>,
        leads_to: &HealthState,
    ) -> TargetOutcomes {
        let (places, steps, mut outcomes) = parted(planned);
        let retry = self.scope.elb.calls.retry();
        let results = run_target_calls(&self, &steps, retry).await;
        settle(&mut outcomes, &places, results, leads_to);
        TargetOutcomes::new(arn, outcomes)
    }
}

#[async_trait]
impl TargetCalls for Change<'_> {
    type Target = TargetDescription;

    fn targets_per_call(&self) -> usize {
        TARGETS_PER_CALL
    }

    async fn act(&self, targets: &[TargetDescription]) -> Result<()> {
        let (client, calls) = (&self.scope.elb.client, &self.scope.elb.calls);
        let (group, targets) = (&self.group.arn, Some(targets.to_vec()));
        if self.registers {
            let send = || {
                let request = client.register_targets().target_group_arn(group);
                request.set_targets(targets.clone()).send()
            };
            let call = self.scope.call("RegisterTargets");
            calls.call(call, send, |_| Ok(())).await?;
        } else {
            let send = || {
                let request = client.deregister_targets().target_group_arn(group);
                request.set_targets(targets.clone()).send()
            };
            let call = self.scope.call("DeregisterTargets");
            calls.call(call, send, |_| Ok(())).await?;
        }
        Ok(())
    }

    fn concerns_targets(&self, refusal: &Error) -> bool {
        refusal.code() != Some("TargetGroupNotFound")
    }

    fn id<'b>(&self, target: &'b TargetDescription) -> &'b str {
        target.id().unwrap_or_default()
    }
}
