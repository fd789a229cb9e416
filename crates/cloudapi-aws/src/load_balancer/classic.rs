//! Classic load balancers: instances are behind the balancer as a whole, on the ports of its listeners.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancing::Client;
use aws_sdk_elasticloadbalancing::operation::describe_instance_health::DescribeInstanceHealthOutput;
use aws_sdk_elasticloadbalancing::types;
use cloudapi_core::load_balancer::{
    BackendGroupHealth, DeregisterInstancesFromLoadBalancerRequest,
    DescribeLoadBalancerHealthRequest, HealthState, LoadBalancer, LoadBalancerHealth,
    RegisterInstancesWithLoadBalancerRequest, Target, TargetCalls, TargetHealth, TargetOutcomes,
    choose_group, route_traffic, run_target_calls,
};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{
    BackendGroupId, Error, ErrorKind, InstanceId, LoadBalancerId, Operation, Provider, Result,
};

use super::convert::is_instance_id;
use super::read::has;
use super::{
    Classic, Planned, TARGETS_PER_CALL, check_register, drained, finish, named, not_found, parted,
    settle,
};
use crate::calls::{Call, Calls};
use crate::settings::Settings;
use crate::whole::WholeAnswers;

/// What is said of an instance that is being taken out, in whatever state. There is no code for it.
const DRAINING: &str = "Instance deregistration currently in progress.";
/// What is said of an instance that is not behind the load balancer.
const NOT_REGISTERED: &str = "Instance is not currently registered with the LoadBalancer.";

/// Gives the classic kind.
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the cargo feature there is none"
)]
pub(super) fn connect(settings: &Settings) -> Option<Arc<dyn Classic>> {
    Some(Arc::new(ClassicElb::new(settings)))
}

/// The classic kind of Elastic Load Balancing in one region.
#[derive(Clone)]
struct ClassicElb {
    client: Client,
    calls: Calls,
}

impl fmt::Debug for ClassicElb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClassicElb").finish_non_exhaustive()
    }
}

#[async_trait]
impl Classic for ClassicElb {
    async fn has(&self, name: &str, operation: Operation) -> Result<bool> {
        let call = self.call(operation, "DescribeLoadBalancers", self.start());
        let send = || {
            let request = self.client.describe_load_balancers();
            request.load_balancer_names(name).send()
        };
        match self.calls.call(call, send, |_| Ok(())).await {
            Ok(found) => Ok(!found.value.load_balancer_descriptions().is_empty()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl LoadBalancer for ClassicElb {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    async fn describe_load_balancer_health(
        &self,
        request: DescribeLoadBalancerHealthRequest,
    ) -> Result<LoadBalancerHealth> {
        let operation = Operation::DescribeLoadBalancerHealth;
        self.describe(&request, operation)
            .await
            .map_err(named(operation))
    }

    async fn register_instances_with_load_balancer(
        &self,
        request: RegisterInstancesWithLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        let operation = Operation::RegisterInstancesWithLoadBalancer;
        let run = async {
            check_register(&request)?;
            let balancer = &request.load_balancer_id;
            check_group(balancer, request.backend_group.as_ref())?;
            check_targets(&request.targets)?;
            let change = self.change(balancer, operation, true);
            let there = self.instances(balancer, operation, change.deadline).await?;
            Ok(change.run(&there, &request.targets).await)
        };
        finish(run.await, operation)
    }

    async fn deregister_instances_from_load_balancer(
        &self,
        request: DeregisterInstancesFromLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        let operation = Operation::DeregisterInstancesFromLoadBalancer;
        let run = async {
            request.check()?;
            let balancer = &request.load_balancer_id;
            check_group(balancer, request.backend_group.as_ref())?;
            check_targets(&request.targets)?;
            let change = self.change(balancer, operation, false);
            let deadline = change.deadline;
            let there = self.instances(balancer, operation, deadline).await?;
            let outcomes = change.run(&there, &request.targets).await;
            Ok(drained(self, outcomes, request.drain, deadline).await)
        };
        finish(run.await, operation)
    }
}

impl ClassicElb {
    fn new(settings: &Settings) -> Self {
        Self {
            client: Client::from_conf(
                aws_sdk_elasticloadbalancing::config::Builder::from(&settings.sdk)
                    .interceptor(WholeAnswers)
                    .build(),
            ),
            calls: Calls::new("classic ELB", "elasticloadbalancing", settings),
        }
    }

    fn start(&self) -> Deadline {
        self.calls.retry().start()
    }

    fn call(&self, operation: Operation, action: &'static str, deadline: Deadline) -> Call {
        let _ = self;
        Call {
            operation,
            action,
            deadline,
        }
    }

    fn change<'a>(
        &'a self,
        balancer: &'a LoadBalancerId,
        operation: Operation,
        registers: bool,
    ) -> Change<'a> {
        Change {
            elb: self,
            balancer,
            operation,
            registers,
            deadline: self.start(),
        }
    }

    async fn describe(
        &self,
        request: &DescribeLoadBalancerHealthRequest,
        operation: Operation,
    ) -> Result<LoadBalancerHealth> {
        request.check()?;
        let balancer = &request.load_balancer_id;
        for group in request.backend_groups.as_deref().unwrap_or_default() {
            check_group(balancer, Some(group))?;
        }
        let instances = self.instances(balancer, operation, self.start()).await?;
        let name = balancer.as_str();
        let group = BackendGroupHealth::new(name, Some(name.to_owned()), instances);
        Ok(LoadBalancerHealth::new(name, vec![group]))
    }

    /// Every instance behind the load balancer, in one call.
    async fn instances(
        &self,
        balancer: &LoadBalancerId,
        operation: Operation,
        deadline: Deadline,
    ) -> Result<Vec<TargetHealth>> {
        let name = balancer.as_str();
        let call = self.call(operation, "DescribeInstanceHealth", deadline);
        let send = || {
            let request = self.client.describe_instance_health();
            request.load_balancer_name(name).send()
        };
        let check = |answer: &DescribeInstanceHealthOutput| {
            has(answer.instance_states.as_ref(), "InstanceStates")
        };
        let answer = match self.calls.call(call, send, check).await {
            Ok(answer) => answer.value,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(not_found(name)),
            Err(error) => return Err(error),
        };
        let mut instances: Vec<TargetHealth> =
            answer.instance_states().iter().filter_map(health).collect();
        // Without a healthy instance this kind answers 503.
        route_traffic(&mut instances, false);
        Ok(instances)
    }
}

/// The one group has the balancer's own id.
fn check_group(balancer: &LoadBalancerId, wanted: Option<&BackendGroupId>) -> Result<()> {
    fn id_and_name<'a>(balancer: &'a &LoadBalancerId) -> (&'a str, Option<&'a str>) {
        (balancer.as_str(), None)
    }
    choose_group(balancer.as_str(), &[balancer], wanted, id_and_name).map(|_| ())
}

/// Refuses what only the other kinds of load balancers can do.
fn check_targets(targets: &[Target]) -> Result<()> {
    for target in targets {
        let id = target.instance_id.as_str();
        if !is_instance_id(id) {
            return Err(Error::invalid_argument(format!(
                "a classic load balancer takes EC2 instances (i-…), and {id} is none"
            ))
            .with_resources([id]));
        }
        if target.port.is_some() {
            return Err(Error::unsupported(format!(
                "{target} names a port; behind a classic load balancer the listeners say the ports"
            ))
            .with_resources([id]));
        }
    }
    Ok(())
}

fn health(seen: &types::InstanceState) -> Option<TargetHealth> {
    let said = |text: Option<&str>| text.filter(|text| *text != "N/A").map(str::to_owned);
    let state = match (seen.description(), seen.state(), seen.reason_code()) {
        (Some(DRAINING), _, _) => HealthState::Draining,
        (Some(NOT_REGISTERED), _, _) => HealthState::Unused,
        (_, Some("InService"), _) => HealthState::Healthy,
        (_, Some("OutOfService"), Some("ELB")) => HealthState::Initial,
        (_, Some("OutOfService"), _) => HealthState::Unhealthy,
        (_, Some("Unknown") | None, _) => HealthState::Unknown,
        (_, Some(other), _) => HealthState::from(other),
    };
    Some(
        TargetHealth::new(state)
            .with_instance_id(Some(InstanceId::new(seen.instance_id()?)))
            .with_reason(said(seen.reason_code()), said(seen.description())),
    )
}

/// Changes what is behind one load balancer. Both calls are harmless twice.
struct Change<'a> {
    elb: &'a ClassicElb,
    balancer: &'a LoadBalancerId,
    operation: Operation,
    registers: bool,
    deadline: Deadline,
}

impl Change<'_> {
    fn plan(&self, there: &[TargetHealth], targets: &[Target]) -> Vec<Planned<InstanceId>> {
        let group = BackendGroupId::new(self.balancer.as_str());
        let plan = |target: &Target| {
            let known = there.iter().find(|known| target.means(known));
            let state = known.map_or(HealthState::Unused, |known| known.state.clone());
            let is_there = !matches!(state, HealthState::Unused | HealthState::Draining);
            let step = (is_there != self.registers).then(|| target.instance_id.clone());
            // What drains already needs no second deregistration.
            let step = step.filter(|_| self.registers || state != HealthState::Draining);
            Planned::new(target, &group, state, step)
        };
        targets.iter().map(plan).collect()
    }

    async fn run(self, there: &[TargetHealth], targets: &[Target]) -> TargetOutcomes {
        let (places, steps, mut outcomes) = parted(self.plan(there, targets));
        let results = run_target_calls(&self, &steps, self.elb.calls.retry()).await;
        let leads_to = if self.registers {
            HealthState::Initial
        } else {
            HealthState::Draining
        };
        settle(&mut outcomes, &places, results, &leads_to);
        TargetOutcomes::new(self.balancer.as_str(), outcomes)
    }
}

#[async_trait]
impl TargetCalls for Change<'_> {
    type Target = InstanceId;

    fn targets_per_call(&self) -> usize {
        TARGETS_PER_CALL
    }

    async fn act(&self, ids: &[InstanceId]) -> Result<()> {
        let (client, name) = (&self.elb.client, self.balancer.as_str());
        let instance =
            |id: &InstanceId| types::Instance::builder().instance_id(id.as_str()).build();
        let instances = Some(ids.iter().map(instance).collect::<Vec<_>>());
        if self.registers {
            let send = || {
                let request = client.register_instances_with_load_balancer();
                let request = request.load_balancer_name(name);
                request.set_instances(instances.clone()).send()
            };
            let action = "RegisterInstancesWithLoadBalancer";
            let call = self.elb.call(self.operation, action, self.deadline);
            self.elb.calls.call(call, send, |_| Ok(())).await?;
        } else {
            let send = || {
                let request = client.deregister_instances_from_load_balancer();
                let request = request.load_balancer_name(name);
                request.set_instances(instances.clone()).send()
            };
            let action = "DeregisterInstancesFromLoadBalancer";
            let call = self.elb.call(self.operation, action, self.deadline);
            self.elb.calls.call(call, send, |_| Ok(())).await?;
        }
        Ok(())
    }

    fn concerns_targets(&self, refusal: &Error) -> bool {
        refusal.code() != Some("LoadBalancerNotFound")
    }

    fn id<'a>(&self, id: &'a InstanceId) -> &'a str {
        id.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_reason_has_its_word() {
        use HealthState as S;
        let unhealthy = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.";
        for (state, reason, description, expected) in [
            ("InService", "N/A", "N/A", S::Healthy),
            (
                "OutOfService",
                "ELB",
                "Instance registration is still in progress.",
                S::Initial,
            ),
            ("OutOfService", "Instance", unhealthy, S::Unhealthy),
            (
                "OutOfService",
                "Instance",
                "Instance is in stopped state.",
                S::Unhealthy,
            ),
            ("OutOfService", "Instance", NOT_REGISTERED, S::Unused),
            ("InService", "N/A", DRAINING, S::Draining),
            ("OutOfService", "ELB", DRAINING, S::Draining),
            ("Unknown", "ELB", "A transient error occurred.", S::Unknown),
            ("Dozing", "N/A", "N/A", S::Other("Dozing".into())),
        ] {
            let seen = types::InstanceState::builder()
                .instance_id("i-1a2b3c4d")
                .state(state)
                .reason_code(reason)
                .description(description)
                .build();
            let health = health(&seen).unwrap();
            assert_eq!(health.state, expected, "{state} {reason} {description}");
            assert_eq!(health.reason.is_none(), reason == "N/A");
        }
    }

    #[test]
    fn ports_and_addresses_are_for_the_other_kinds() {
        assert!(check_targets(&[Target::new("i-1a2b3c4d")]).is_ok());
        let error = check_targets(&[Target::new("i-1a2b3c4d").with_port(80)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(check_targets(&[Target::new("10.0.0.1")]).is_err());
    }
}
