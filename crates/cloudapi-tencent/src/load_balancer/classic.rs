//! Load balancers of the classic kind: instances are behind the balancer as a whole, on the ports of its listeners.

use async_trait::async_trait;
use cloudapi_core::load_balancer::{
    BackendGroupHealth, DeregisterInstancesFromLoadBalancerRequest, HealthState,
    LoadBalancerHealth, OutcomeStatus, RegisterInstancesWithLoadBalancerRequest, Target,
    TargetCalls, TargetHealth, TargetOutcome, TargetOutcomes, choose_group, route_traffic,
    run_target_calls,
};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{BackendGroupId, Error, InstanceId, Result};
use futures_util::future::try_join3;

use super::convert::is_address;
use super::write::run_task;
use super::{calls, queue, wire};
use crate::client::Client;

/// How many instances a call takes.
const INSTANCES: usize = 20;

/// One classic load balancer, for the time of an operation.
#[derive(Debug)]
pub(super) struct Classic<'a> {
    pub(super) client: &'a Client,
    pub(super) balancer: &'a wire::Balancer,
    pub(super) deadline: Deadline,
}

impl Classic<'_> {
    fn id(&self) -> &str {
        &self.balancer.id
    }

    fn request(&self) -> wire::DescribeClassical {
        wire::DescribeClassical {
            load_balancer_id: self.id().to_owned(),
        }
    }

    /// The one group has the balancer's own id.
    fn check_group(&self, wanted: Option<&BackendGroupId>) -> Result<()> {
        choose_group(self.id(), &[self.balancer], wanted, |balancer| {
            (&balancer.id, Some(&balancer.name))
        })
        .map(|_| ())
    }

    pub(super) async fn describe(
        &self,
        groups: Option<&[BackendGroupId]>,
    ) -> Result<LoadBalancerHealth> {
        for group in groups.unwrap_or_default() {
            self.check_group(Some(group))?;
        }
        let name = Some(self.balancer.name.clone());
        let group = BackendGroupHealth::new(self.id(), name, self.targets().await?);
        Ok(LoadBalancerHealth::new(self.id(), vec![group]))
    }

    async fn targets(&self) -> Result<Vec<TargetHealth>> {
        let (client, request, deadline) = (self.client, self.request(), self.deadline);
        let (listeners, targets, health) = try_join3(
            calls::read(
                client,
                &calls::DESCRIBE_CLASSICAL_LISTENERS,
                &request,
                deadline,
            ),
            calls::read(
                client,
                &calls::DESCRIBE_CLASSICAL_TARGETS,
                &request,
                deadline,
            ),
            calls::read(
                client,
                &calls::DESCRIBE_CLASSICAL_HEALTH,
                &request,
                deadline,
            ),
        )
        .await?;
        Ok(joined(&listeners, &targets, &health))
    }

    pub(super) async fn register(
        &self,
        request: &RegisterInstancesWithLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        self.check_group(request.backend_group.as_ref())?;
        let _turn = queue::enter(self.client, self.id(), self.deadline).await?;
        let there = self.targets().await?;
        check_targets(&request.targets, &there)?;
        let mut outcomes = Vec::new();
        let mut items = Vec::new();
        for target in &request.targets {
            let found = there.iter().find(|one| means(target, one));
            let asked = request.weight_of(target);
            let mut target = target.clone();
            target.weight = asked.or(found.and_then(|one| one.weight));
            let outcome = self.outcome(&target, found);
            match found {
                None => items.push((outcomes.len(), Item::new(&target, Change::Register))),
                Some(one) if asked.is_some() && asked != one.weight => {
                    let error = Error::unsupported(format!(
                        "the weight of {} is {}, and a classic load balancer's weights can't be changed",
                        target.instance_id,
                        one.weight.unwrap_or_default()
                    ));
                    outcomes.push(outcome.with_failure(error));
                    continue;
                }
                Some(_) => {}
            }
            outcomes.push(outcome);
        }
        self.change(Change::Register, items, outcomes).await
    }

    pub(super) async fn deregister(
        &self,
        request: &DeregisterInstancesFromLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        self.check_group(request.backend_group.as_ref())?;
        if request.drain.is_some() {
            return Err(Error::unsupported(
                "a classic load balancer of Tencent Cloud can't drain: its weights can't be changed",
            ));
        }
        let _turn = queue::enter(self.client, self.id(), self.deadline).await?;
        let there = self.targets().await?;
        check_targets(&request.targets, &there)?;
        let mut outcomes = Vec::new();
        let mut items = Vec::new();
        for target in &request.targets {
            let found = there.iter().find(|one| means(target, one));
            if found.is_some() {
                items.push((outcomes.len(), Item::new(target, Change::Deregister)));
            }
            outcomes.push(self.outcome(target, found));
        }
        self.change(Change::Deregister, items, outcomes).await
    }

    fn outcome(&self, target: &Target, found: Option<&TargetHealth>) -> TargetOutcome {
        let state = found.map_or(HealthState::Unused, |found| found.state.clone());
        TargetOutcome::new(target, &self.id().into(), OutcomeStatus::AlreadyThere)
            .with_previous_state(Some(state.clone()))
            .with_current_state(Some(state))
    }

    /// Changes the items, each of which belongs to the outcome at its index.
    async fn change(
        &self,
        change: Change,
        items: Vec<(usize, Item)>,
        mut outcomes: Vec<TargetOutcome>,
    ) -> Result<TargetOutcomes> {
        let (indices, items): (Vec<usize>, Vec<Item>) = items.into_iter().unzip();
        let results = run_target_calls(self, &items, self.client.retry()).await;
        for (index, result) in indices.into_iter().zip(results) {
            let outcome = &mut outcomes[index];
            match result {
                Ok(()) => {
                    outcome.status = OutcomeStatus::Changed;
                    outcome.current_state = Some(change.leads_to());
                }
                Err(error) => *outcome = outcome.clone().with_failure(error),
            }
        }
        Ok(TargetOutcomes::new(self.id(), outcomes))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Register,
    Deregister,
}

impl Change {
    fn leads_to(self) -> HealthState {
        match self {
            Self::Register => HealthState::Initial,
            Self::Deregister => HealthState::Unused,
        }
    }
}

/// An instance to be changed.
#[derive(Clone, Debug)]
pub(super) struct Item {
    id: String,
    weight: Option<u32>,
    change: Change,
}

impl Item {
    fn new(target: &Target, change: Change) -> Self {
        Self {
            id: target.instance_id.as_str().to_owned(),
            weight: target.weight,
            change,
        }
    }
}

#[async_trait]
impl TargetCalls for Classic<'_> {
    type Target = Item;

    fn targets_per_call(&self) -> usize {
        INSTANCES
    }

    async fn act(&self, items: &[Item]) -> Result<()> {
        let load_balancer_id = self.id().to_owned();
        if items.iter().all(|item| item.change == Change::Register) {
            let target = |item: &Item| wire::ClassicalTargetInfo {
                instance_id: item.id.clone(),
                weight: item.weight,
            };
            let request = wire::RegisterTargetsWithClassicalLb {
                load_balancer_id,
                targets: items.iter().map(target).collect(),
            };
            return run_task(
                self.client,
                &calls::REGISTER_CLASSICAL,
                &request,
                self.deadline,
            )
            .await;
        }
        let request = wire::DeregisterTargetsFromClassicalLb {
            load_balancer_id,
            instance_ids: items.iter().map(|item| item.id.clone()).collect(),
        };
        run_task(
            self.client,
            &calls::DEREGISTER_CLASSICAL,
            &request,
            self.deadline,
        )
        .await
    }

    async fn look(&self, items: &[Item]) -> Result<Option<Vec<bool>>> {
        let action = &calls::DESCRIBE_CLASSICAL_TARGETS;
        let there: wire::ClassicalTargets =
            calls::read(self.client, action, &self.request(), self.deadline).await?;
        let is_there = |id: &String| {
            let mut ids = there.targets.iter().map(|one| one.instance_id.as_ref());
            ids.any(|known| known == Some(id))
        };
        let is_done = |item: &Item| is_there(&item.id) == (item.change == Change::Register);
        Ok(Some(items.iter().map(is_done).collect()))
    }

    fn id<'a>(&self, item: &'a Item) -> &'a str {
        &item.id
    }
}

/// Whether a registered target is the instance that is meant; the port was checked before.
fn means(target: &Target, registered: &TargetHealth) -> bool {
    registered.instance_id.as_ref() == Some(&target.instance_id)
}

/// Refuses what only the other kind of load balancer can do.
fn check_targets(targets: &[Target], there: &[TargetHealth]) -> Result<()> {
    let mut ids: Vec<&InstanceId> = Vec::with_capacity(targets.len());
    for target in targets {
        let id = &target.instance_id;
        if is_address(id.as_str()) {
            return Err(Error::invalid_argument(format!(
                "{id} is an address; a classic load balancer takes instances"
            ))
            .with_resources([id.as_str()]));
        }
        if ids.contains(&id) {
            return Err(Error::invalid_argument(format!(
                "{id} is named twice, and is behind a classic load balancer once for all ports"
            ))
            .with_resources([id.as_str()]));
        }
        ids.push(id);
        let other_port = there.iter().any(|one| one.port != target.port);
        if target.port.is_some() && (other_port || there.is_empty()) {
            return Err(Error::unsupported(format!(
                "{target} names a port; behind a classic load balancer the listeners say the ports"
            ))
            .with_resources([id.as_str()]));
        }
    }
    Ok(())
}

/// Joins the three answers: each instance on each port of the listeners. Health is told by address alone.
fn joined(
    listeners: &wire::ClassicalListeners,
    targets: &wire::ClassicalTargets,
    health: &wire::ClassicalHealthList,
) -> Vec<TargetHealth> {
    let mut ports: Vec<i64> = Vec::new();
    for port in listeners
        .listeners
        .iter()
        .filter_map(|one| one.instance_port)
    {
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    let mut joined = Vec::new();
    for backend in &targets.targets {
        let target = |state| {
            TargetHealth::new(state)
                .with_instance_id(backend.instance_id.as_deref().map(InstanceId::from))
                .with_address(backend.private_ip_addresses.first().cloned())
                .with_weight(backend.weight.and_then(|weight| u32::try_from(weight).ok()))
        };
        for port in &ports {
            let at_port = listeners.listeners.iter();
            let at_port = at_port.filter(|one| one.instance_port == Some(*port));
            let states = at_port.map(|listener| state(listener, backend, &health.health_list));
            let worst = states.max_by_key(badness).unwrap_or(HealthState::Unused);
            joined.push(target(worst).with_port(u16::try_from(*port).ok()));
        }
        if ports.is_empty() {
            joined.push(target(HealthState::Unused));
        }
    }
    route_traffic(&mut joined, true);
    joined
}

fn state(
    listener: &wire::ClassicalListener,
    backend: &wire::Backend,
    health: &[wire::ClassicalHealth],
) -> HealthState {
    if listener.health_switch == Some(0) {
        return HealthState::Unchecked;
    }
    let is_it = |seen: &&wire::ClassicalHealth| {
        let same_address = seen
            .ip
            .as_ref()
            .is_some_and(|ip| backend.private_ip_addresses.contains(ip));
        let same_protocol = match (&seen.protocol, &listener.protocol) {
            (Some(seen), Some(listener)) => seen.eq_ignore_ascii_case(listener),
            _ => true,
        };
        same_address
            && same_protocol
            && seen.port == listener.instance_port
            && (seen.listener_port.is_none() || seen.listener_port == listener.listener_port)
    };
    match health.iter().find(is_it).map(|seen| seen.health_status) {
        Some(Some(1)) => HealthState::Healthy,
        Some(Some(0)) => HealthState::Unhealthy,
        Some(_) => HealthState::Unknown,
        None => HealthState::Initial,
    }
}

/// Two listeners may send to one port: its state is the worse one.
fn badness(state: &HealthState) -> u8 {
    match state {
        HealthState::Healthy => 0,
        HealthState::Unchecked => 1,
        HealthState::Initial => 3,
        HealthState::Unhealthy => 4,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn health_is_joined_by_address_and_listener() {
        let listeners = json!({"Listeners": [
            {"ListenerId": "lbl-1", "ListenerPort": 80, "InstancePort": 8080, "Protocol": "HTTP", "HealthSwitch": 1, "Status": 1},
            {"ListenerId": "lbl-2", "ListenerPort": 81, "InstancePort": 8080, "Protocol": "TCP", "HealthSwitch": 1},
            {"ListenerId": "lbl-3", "ListenerPort": 53, "InstancePort": 53, "Protocol": "UDP", "HealthSwitch": 0}]});
        let targets = json!({"Targets": [
            {"Type": "CVM", "InstanceId": "ins-1", "Weight": 10, "PrivateIpAddresses": ["10.0.0.1"], "RunFlag": 2},
            {"Type": "CVM", "InstanceId": "ins-2", "Weight": 0, "PrivateIpAddresses": ["10.0.0.2"]},
            {"Type": "CVM", "InstanceId": "ins-3", "Weight": 10, "PrivateIpAddresses": ["10.0.0.3"]}]});
        let health = json!({"HealthList": [
            {"IP": "10.0.0.1", "Port": 8080, "ListenerPort": 80, "Protocol": "http", "HealthStatus": 1},
            {"IP": "10.0.0.1", "Port": 8080, "ListenerPort": 81, "Protocol": "tcp", "HealthStatus": 0},
            {"IP": "10.0.0.2", "Port": 8080, "ListenerPort": 80, "Protocol": "http", "HealthStatus": 1},
            {"IP": "10.0.0.2", "Port": 8080, "ListenerPort": 81, "Protocol": "tcp", "HealthStatus": 1}]});
        let joined = joined(
            &serde_json::from_value(listeners).unwrap(),
            &serde_json::from_value(targets).unwrap(),
            &serde_json::from_value(health).unwrap(),
        );
        let shown: Vec<String> = joined
            .iter()
            .map(|one| {
                format!(
                    "{} {:?} {} {}",
                    one.id(),
                    one.port,
                    one.state,
                    one.receives_traffic
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "ins-1 Some(8080) Unhealthy false",
                "ins-1 Some(53) Unchecked true",
                "ins-2 Some(8080) Healthy false",
                "ins-2 Some(53) Unchecked false",
                "ins-3 Some(8080) Initial false",
                "ins-3 Some(53) Unchecked true",
            ]
        );
    }

    #[test]
    fn a_port_is_the_listeners_affair() {
        let mut there = TargetHealth::new(HealthState::Healthy);
        there.instance_id = Some("ins-1".into());
        there.port = Some(80);
        let there = [there];
        assert!(check_targets(&[Target::new("ins-1").with_port(80)], &there).is_ok());
        for (targets, words) in [
            (vec![Target::new("ins-1").with_port(81)], "names a port"),
            (vec![Target::new("10.0.0.1")], "is an address"),
            (
                vec![Target::new("ins-1"), Target::new("ins-1").with_port(80)],
                "named twice",
            ),
        ] {
            let error = check_targets(&targets, &there).unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
    }
}
