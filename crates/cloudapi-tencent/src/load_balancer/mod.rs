//! Load balancers: CLB, the current kind and the classic one.

mod calls;
mod classic;
mod convert;
#[cfg(test)]
mod exchange_tests;
mod lookup;
mod plan;
mod queue;
#[cfg(test)]
mod spec_tests;
#[cfg(test)]
mod testing;
mod wire;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use cloudapi_core::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, DescribeLoadBalancerHealthRequest, HealthState,
    LoadBalancer, LoadBalancerHealth, RegisterInstancesWithLoadBalancerRequest, TargetOutcomes,
    run_target_calls,
};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{BackendGroupId, Error, Operation, Provider, Result};
use futures_util::future::try_join;

use self::classic::Classic;
use self::convert::{Group, Registered};
use self::plan::{Change, Planned};
use self::write::Writer;
use crate::client::Client;

/// How many listeners DescribeTargets takes as a filter; with more, all are read.
const LISTENERS: usize = 20;

/// The operations on load balancers at CLB.
#[derive(Clone, Debug)]
pub(crate) struct TencentLoadBalancer {
    client: Client,
}

#[async_trait]
impl LoadBalancer for TencentLoadBalancer {
    fn provider(&self) -> Provider {
        Provider::Tencent
    }

    async fn describe_load_balancer_health(
        &self,
        request: DescribeLoadBalancerHealthRequest,
    ) -> Result<LoadBalancerHealth> {
        let result = self.describe(&request).await;
        result.map_err(|error| named(error, Operation::DescribeLoadBalancerHealth))
    }

    async fn register_instances_with_load_balancer(
        &self,
        request: RegisterInstancesWithLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        let result = self.register(&request).await;
        finish(result, Operation::RegisterInstancesWithLoadBalancer)
    }

    async fn deregister_instances_from_load_balancer(
        &self,
        request: DeregisterInstancesFromLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        let result = self.deregister(&request).await;
        finish(result, Operation::DeregisterInstancesFromLoadBalancer)
    }
}

fn named(error: Error, operation: Operation) -> Error {
    error
        .with_provider(Provider::Tencent)
        .with_operation(operation)
}

/// Names cloud and operation in every error, and makes one of what concerns the call as a whole.
fn finish(result: Result<TargetOutcomes>, operation: Operation) -> Result<TargetOutcomes> {
    let mut outcomes = result.map_err(|error| named(error, operation))?;
    for outcome in &mut outcomes.outcomes {
        let id = outcome.instance_id.as_str();
        let name = |error: Error| named(error, operation).with_resources([id]);
        outcome.error = outcome.error.take().map(name);
    }
    outcomes.or_common_failure()
}

impl TencentLoadBalancer {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    async fn find(
        &self,
        id: &cloudapi_core::LoadBalancerId,
        deadline: Deadline,
    ) -> Result<wire::Balancer> {
        lookup::find(&self.client, id, deadline).await
    }

    /// The classic load balancer, if it is one: its calls refuse the current kind, and the other way round.
    fn classic<'a>(
        &'a self,
        balancer: &'a wire::Balancer,
        deadline: Deadline,
    ) -> Option<Classic<'a>> {
        (balancer.forward == Some(0)).then_some(Classic {
            client: &self.client,
            balancer,
            deadline,
        })
    }

    async fn describe(
        &self,
        request: &DescribeLoadBalancerHealthRequest,
    ) -> Result<LoadBalancerHealth> {
        request.check()?;
        let deadline = self.client.start();
        let balancer = self.find(&request.load_balancer_id, deadline).await?;
        if let Some(classic) = self.classic(&balancer, deadline) {
            return classic.describe(request.backend_groups.as_deref()).await;
        }
        let id = &balancer.id;
        let mut groups = self.groups(id, deadline).await?;
        if let Some(wanted) = &request.backend_groups {
            let mut chosen: Vec<Group> = Vec::with_capacity(wanted.len());
            for wanted in wanted {
                let group = convert::choose(id, &groups, Some(wanted))?;
                if !chosen.contains(&group) {
                    chosen.push(group);
                }
            }
            groups = chosen;
        }
        let targets = self.targets(id, &groups, deadline).await?;
        let health = groups.iter().zip(targets);
        let health = health.map(|(group, targets)| convert::group_health(group, targets));
        Ok(LoadBalancerHealth::new(id.as_str(), health.collect()))
    }

    async fn groups(&self, load_balancer: &str, deadline: Deadline) -> Result<Vec<Group>> {
        let request = wire::DescribeListeners {
            load_balancer_id: load_balancer.to_owned(),
            listener_ids: None,
        };
        let listeners: wire::Listeners =
            calls::read(&self.client, &calls::DESCRIBE_LISTENERS, &request, deadline).await?;
        Ok(convert::groups(&listeners.listeners))
    }

    /// Reads what is registered in groups and how it is, in two calls for all of them.
    async fn targets(
        &self,
        load_balancer: &str,
        groups: &[Group],
        deadline: Deadline,
    ) -> Result<Vec<Vec<Registered>>> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let mut listener_ids: Vec<String> = Vec::new();
        for group in groups {
            if !listener_ids.contains(&group.listener_id) {
                listener_ids.push(group.listener_id.clone());
            }
        }
        let listener_ids = Some(listener_ids).filter(|ids| ids.len() <= LISTENERS);
        let of_targets = wire::DescribeListeners {
            load_balancer_id: load_balancer.to_owned(),
            listener_ids: listener_ids.clone(),
        };
        let of_health = wire::DescribeTargetHealth {
            load_balancer_ids: vec![load_balancer.to_owned()],
            listener_ids,
        };
        let (targets, health): (wire::Targets, wire::Health) = try_join(
            calls::read(
                &self.client,
                &calls::DESCRIBE_TARGETS,
                &of_targets,
                deadline,
            ),
            calls::read(
                &self.client,
                &calls::DESCRIBE_TARGET_HEALTH,
                &of_health,
                deadline,
            ),
        )
        .await?;
        let joined = groups.iter().map(|group| {
            convert::with_health(group, convert::registered(group, &targets), &health)
        });
        Ok(joined.collect())
    }

    /// Picks the group to be changed.
    async fn group(
        &self,
        load_balancer: &str,
        wanted: Option<&BackendGroupId>,
        deadline: Deadline,
    ) -> Result<Group> {
        let groups = self.groups(load_balancer, deadline).await?;
        let group = convert::choose(load_balancer, &groups, wanted)?;
        if group.is_shared {
            return Err(Error::unsupported(format!(
                "{} ({}) sends to a target group that listeners share; change that group's targets instead",
                group.id, group.name
            ))
            .with_resources([group.id.as_str()]));
        }
        Ok(group)
    }

    async fn group_targets(
        &self,
        load_balancer: &str,
        group: &Group,
        deadline: Deadline,
    ) -> Result<Vec<Registered>> {
        let groups = std::slice::from_ref(group);
        let targets = self.targets(load_balancer, groups, deadline).await?;
        Ok(targets.into_iter().flatten().collect())
    }

    async fn register(
        &self,
        request: &RegisterInstancesWithLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        request.check()?;
        for target in &request.targets {
            convert::check_id(&target.instance_id)?;
        }
        let deadline = self.client.start();
        let balancer = self.find(&request.load_balancer_id, deadline).await?;
        if let Some(classic) = self.classic(&balancer, deadline) {
            return classic.register(request).await;
        }
        let id = &balancer.id;
        let group = self
            .group(id, request.backend_group.as_ref(), deadline)
            .await?;
        let _turn = queue::enter(&self.client, id, deadline).await?;
        let there = self.group_targets(id, &group, deadline).await?;
        let mut planned = plan::register(&group, &there, request)?;
        let mut writer = self.writer(&balancer, &group, deadline);
        for change in [Change::Register, Change::Weigh] {
            writer.change = change;
            writer.run(&mut planned).await;
        }
        Ok(outcomes(id, planned))
    }

    async fn deregister(
        &self,
        request: &DeregisterInstancesFromLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        request.check()?;
        for target in &request.targets {
            convert::check_id(&target.instance_id)?;
        }
        let deadline = self.client.start();
        let balancer = self.find(&request.load_balancer_id, deadline).await?;
        if let Some(classic) = self.classic(&balancer, deadline) {
            return classic.deregister(request).await;
        }
        let id = &balancer.id;
        let group = self
            .group(id, request.backend_group.as_ref(), deadline)
            .await?;
        let mut turn = Some(queue::enter(&self.client, id, deadline).await?);
        let there = self.group_targets(id, &group, deadline).await?;
        let mut planned = plan::deregister(&group.id, &there, request);
        let mut writer = self.writer(&balancer, &group, deadline);
        if let Some(time) = request.drain {
            check_time(time, deadline)?;
            if writer.drain(&mut planned).await {
                // Others may change the load balancer meanwhile.
                turn = None;
                tokio::time::sleep(time).await;
            }
        }
        if turn.is_none() {
            turn = Some(queue::enter(&self.client, id, deadline).await?);
        }
        writer.change = Change::Deregister;
        writer.run(&mut planned).await;
        drop(turn);
        Ok(outcomes(id, planned))
    }

    fn writer<'a>(
        &'a self,
        balancer: &'a wire::Balancer,
        group: &'a Group,
        deadline: Deadline,
    ) -> Writer<'a> {
        Writer {
            client: &self.client,
            load_balancer_id: &balancer.id,
            in_vpc: balancer.vpc_id.as_ref().is_some_and(|vpc| !vpc.is_empty()),
            group,
            change: Change::Register,
            deadline,
        }
    }
}

/// A drain that can't end in time would leave the targets with a weight of 0.
fn check_time(drain: Duration, deadline: Deadline) -> Result<()> {
    match deadline.remaining() {
        Some(left) if left <= drain => Err(Error::invalid_argument(format!(
            "Drain is {drain:?}, and the time limit of the whole call leaves only {left:?}"
        ))),
        _ => Ok(()),
    }
}

impl Writer<'_> {
    /// Does what is planned of this writer's kind of change, and settles the outcomes.
    async fn run(&self, planned: &mut [Planned]) {
        let is_ours = |one: &Planned| {
            one.step
                .as_ref()
                .is_some_and(|(change, _)| *change == self.change)
        };
        let indices: Vec<usize> = (0..planned.len())
            .filter(|index| is_ours(&planned[*index]))
            .collect();
        let items: Vec<_> = indices
            .iter()
            .filter_map(|index| planned[*index].step.take().map(|(_, item)| item))
            .collect();
        let results = run_target_calls(self, &items, self.client.retry()).await;
        for (index, result) in indices.into_iter().zip(results) {
            let outcome = &mut planned[index].outcome;
            match result {
                Ok(()) => match self.change {
                    Change::Register => outcome.current_state = Some(HealthState::Initial),
                    Change::Deregister => outcome.current_state = Some(HealthState::Unused),
                    Change::Weigh | Change::Drain => {}
                },
                Err(error) => *outcome = outcome.clone().with_failure(error),
            }
        }
    }

    /// Gives what is to be taken out a weight of 0, and says whether there is something to wait for. What can't be given
    /// one is not taken out either: that would cut its connections.
    async fn drain(&mut self, planned: &mut [Planned]) -> bool {
        self.change = Change::Drain;
        let indices: Vec<usize> = (0..planned.len())
            .filter(|index| planned[*index].step.is_some())
            .collect();
        let has_traffic = |index: &&usize| {
            let item = planned[**index].step.as_ref().map(|(_, item)| item);
            item.is_some_and(|item| item.weight != Some(0))
        };
        let weighed: Vec<usize> = indices.iter().filter(has_traffic).copied().collect();
        let items: Vec<_> = weighed
            .iter()
            .filter_map(|index| planned[*index].step.as_ref().map(|(_, item)| item.clone()))
            .collect();
        let results = run_target_calls(self, &items, self.client.retry()).await;
        for (index, result) in weighed.into_iter().zip(results) {
            if let Err(error) = result {
                let planned = &mut planned[index];
                planned.step = None;
                planned.outcome = planned.outcome.clone().with_failure(error);
            }
        }
        indices.iter().any(|index| planned[*index].step.is_some())
    }
}

fn outcomes(load_balancer: &str, planned: Vec<Planned>) -> TargetOutcomes {
    let outcomes = planned.into_iter().map(|one| one.outcome);
    TargetOutcomes::new(load_balancer, outcomes.collect())
}
