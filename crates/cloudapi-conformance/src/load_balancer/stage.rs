//! The load balancers that cases work on, and taking out what they put in.

use cloudapi_core::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, DescribeLoadBalancerHealthRequest, HealthState,
    LoadBalancerHealth, OutcomeStatus, RegisterInstancesWithLoadBalancerRequest, Target,
    TargetHealth, TargetOutcome, TargetOutcomes,
};
use cloudapi_core::{
    BackendGroupId, ErrorKind, InstanceId, LoadBalancerExt, LoadBalancerId, Result,
};

use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure};
use crate::truth::NativeTarget;

/// How many looks in a row a load balancer is given to show what was done: more than any target lags.
const SETTLED_LOOKS: usize = 4;

/// A backend group of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupFixture {
    /// Its id.
    pub id: BackendGroupId,
    /// Its name.
    pub name: String,
    /// The port of a target that is registered without one.
    pub port: u16,
    /// Whether it takes instances.
    pub takes_instances: bool,
    /// Whether traffic is sent to it: a forward may give it the weight 0.
    pub in_use: bool,
    /// Whether its targets are checked.
    pub checked: bool,
}

impl GroupFixture {
    /// Describes a group of instances that is in use and checked.
    pub fn new(id: impl Into<BackendGroupId>, name: impl Into<String>, port: u16) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            port,
            takes_instances: true,
            in_use: true,
            checked: true,
        }
    }

    /// Says that it takes something else than instances.
    #[must_use]
    pub fn without_instances(mut self) -> Self {
        self.takes_instances = false;
        self
    }

    /// Says that no traffic is sent to it.
    #[must_use]
    pub fn not_in_use(mut self) -> Self {
        self.in_use = false;
        self
    }

    /// Says that its targets are not checked.
    #[must_use]
    pub fn not_checked(mut self) -> Self {
        self.checked = false;
        self
    }
}

/// What load balancers are there, in one account and region, with what behind them. The target knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadBalancerFixture {
    /// One with a single group, and nothing behind it.
    pub single: LoadBalancerId,
    /// Its name.
    pub single_name: String,
    /// Its group.
    pub single_group: GroupFixture,
    /// One with several groups, at least two of which take instances, are in use and are checked.
    pub many: LoadBalancerId,
    /// Its groups, all of them.
    pub many_groups: Vec<GroupFixture>,
    /// A classic one, if there is one.
    pub classic: Option<LoadBalancerId>,
    /// A name that several have, with their ids, where that is possible.
    pub shared_name: Option<(String, Vec<LoadBalancerId>)>,
}

impl LoadBalancerFixture {
    /// Names a load balancer with one group by id and name, and one with several groups.
    pub fn new(
        single: impl Into<LoadBalancerId>,
        single_name: impl Into<String>,
        single_group: GroupFixture,
        many: impl Into<LoadBalancerId>,
        many_groups: Vec<GroupFixture>,
    ) -> Self {
        Self {
            single: single.into(),
            single_name: single_name.into(),
            single_group,
            many: many.into(),
            many_groups,
            classic: None,
            shared_name: None,
        }
    }

    /// Names a classic load balancer.
    #[must_use]
    pub fn with_classic(mut self, id: impl Into<LoadBalancerId>) -> Self {
        self.classic = Some(id.into());
        self
    }

    /// Names load balancers that have one name.
    #[must_use]
    pub fn with_shared_name<I: Into<LoadBalancerId>>(
        mut self,
        name: impl Into<String>,
        ids: impl IntoIterator<Item = I>,
    ) -> Self {
        let ids = ids.into_iter().map(Into::into).collect();
        self.shared_name = Some((name.into(), ids));
        self
    }

    /// Two groups of the second balancer that instances can be in, with traffic and checks.
    pub(super) fn pair(&self) -> Verdict<[&GroupFixture; 2]> {
        let mut plain = self
            .many_groups
            .iter()
            .filter(|group| group.takes_instances && group.in_use && group.checked);
        match (plain.next(), plain.next()) {
            (Some(one), Some(two)) => Ok([one, two]),
            _ => Err(Failure::new("the load balancer has too few plain groups")),
        }
    }

    /// A request to register with the only group of the first balancer.
    pub(super) fn register(
        &self,
        targets: impl IntoIterator<Item = Target>,
    ) -> RegisterInstancesWithLoadBalancerRequest {
        RegisterInstancesWithLoadBalancerRequest::new(self.single.clone(), targets)
    }

    /// A request to deregister from the only group of the first balancer.
    pub(super) fn deregister(
        &self,
        targets: impl IntoIterator<Item = Target>,
    ) -> DeregisterInstancesFromLoadBalancerRequest {
        DeregisterInstancesFromLoadBalancerRequest::new(self.single.clone(), targets)
    }
}

/// Targets without ports.
pub(super) fn plain<'a>(ids: impl IntoIterator<Item = &'a InstanceId>) -> Vec<Target> {
    ids.into_iter().map(|id| Target::new(id.clone())).collect()
}

impl Context {
    pub(super) fn balancing(&self) -> Verdict<&LoadBalancerFixture> {
        self.world()
            .load_balancer()
            .ok_or_else(|| Failure::new("the target promised load balancers and has none"))
    }

    pub(super) async fn register(
        &self,
        request: RegisterInstancesWithLoadBalancerRequest,
    ) -> Verdict<Result<TargetOutcomes>> {
        let load_balancer = self.load_balancer()?;
        Ok(load_balancer
            .register_instances_with_load_balancer(request)
            .await)
    }

    pub(super) async fn deregister(
        &self,
        request: DeregisterInstancesFromLoadBalancerRequest,
    ) -> Verdict<Result<TargetOutcomes>> {
        let load_balancer = self.load_balancer()?;
        Ok(load_balancer
            .deregister_instances_from_load_balancer(request)
            .await)
    }

    /// Registers, and waits until all is healthy.
    pub(super) async fn register_and_wait(
        &self,
        request: RegisterInstancesWithLoadBalancerRequest,
    ) -> Verdict<TargetOutcomes> {
        let outcomes = self.register(request).await??.into_result()?;
        let waited = self
            .load_balancer()?
            .wait_until_healthy(outcomes, &self.pace())
            .await?;
        Ok(waited.into_result()?)
    }

    /// How the targets of a load balancer are, once what lags has come through.
    pub(super) async fn health(&self, id: &LoadBalancerId) -> Verdict<LoadBalancerHealth> {
        let load_balancer = self.load_balancer()?;
        let request = DescribeLoadBalancerHealthRequest::new(id.clone());
        for _ in 1..SETTLED_LOOKS {
            load_balancer
                .describe_load_balancer_health(request.clone())
                .await?;
            tokio::time::sleep(self.pace().interval).await;
        }
        Ok(load_balancer.describe_load_balancer_health(request).await?)
    }

    /// The targets of a group as they really are, sorted.
    pub(super) fn true_targets(&self, group: &BackendGroupId) -> Verdict<Vec<NativeTarget>> {
        let mut targets = self.controls()?.targets(group);
        targets.sort();
        Ok(targets)
    }

    /// Takes the servers of a case out of the fixture's load balancers. A world with controls ends with the case.
    pub(crate) async fn clean_up_targets(&self) -> Verdict {
        let made = self.servers.all();
        let Some(fixture) = self.world().load_balancer() else {
            return Ok(());
        };
        if made.is_empty() || self.world().controls().is_some() {
            return Ok(());
        }
        let load_balancer = self.load_balancer()?;
        let balancers = [
            Some(&fixture.single),
            Some(&fixture.many),
            fixture.classic.as_ref(),
        ];
        for id in balancers.into_iter().flatten() {
            let request = DescribeLoadBalancerHealthRequest::new(id.clone());
            let health = load_balancer.describe_load_balancer_health(request).await?;
            for group in &health.groups {
                let behind = group
                    .targets
                    .iter()
                    .filter_map(|one| one.instance_id.as_ref());
                let mut ours: Vec<&InstanceId> = behind.filter(|id| made.contains(*id)).collect();
                ours.dedup();
                if ours.is_empty() {
                    continue;
                }
                let request =
                    DeregisterInstancesFromLoadBalancerRequest::new(id.clone(), plain(ours))
                        .with_backend_group(group.backend_group_id.clone());
                let outcomes = load_balancer
                    .deregister_instances_from_load_balancer(request)
                    .await?;
                outcomes.into_result()?;
            }
        }
        Ok(())
    }
}

/// Takes what is said of one target in a group.
pub(super) fn target_of<'a>(
    health: &'a LoadBalancerHealth,
    group: &'a BackendGroupId,
    target: &'a Target,
) -> Verdict<&'a TargetHealth> {
    let mut found = health.targets(group, target);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Failure::new(format!("{target} is not in {group}"))),
        _ => Err(Failure::new(format!("{target} is in {group} twice"))),
    }
}

/// The summary of an instance.
pub(super) fn summary(health: &LoadBalancerHealth, id: &InstanceId) -> Verdict<HealthState> {
    let mut instances = health.instances.iter();
    let found = instances.find(|instance| instance.instance_id == *id);
    found
        .map(|instance| instance.state.clone())
        .ok_or_else(|| Failure::new(format!("{id} has no summary")))
}

/// Takes the outcomes of an id.
pub(super) fn outcomes_of<'a>(
    outcomes: &'a TargetOutcomes,
    id: &InstanceId,
) -> Vec<&'a TargetOutcome> {
    let outcomes = outcomes.iter();
    outcomes
        .filter(|outcome| outcome.instance_id == *id)
        .collect()
}

/// Checks that every target has this status.
pub(super) fn all_are(outcomes: &TargetOutcomes, status: OutcomeStatus) -> Verdict {
    for outcome in outcomes {
        ensure!(
            outcome.status == status,
            "{} at {:?}: expected {status:?}, found {:?} with {:?}",
            outcome.instance_id,
            outcome.port,
            outcome.status,
            outcome.error
        );
    }
    Ok(())
}

/// Checks that an id's outcome is a failure, and gives its kind and message.
pub(super) fn failed(outcomes: &TargetOutcomes, id: &InstanceId) -> Verdict<(ErrorKind, String)> {
    match outcomes_of(outcomes, id)[..] {
        [outcome] => match (&outcome.error, outcome.status) {
            (Some(error), OutcomeStatus::Failed) => Ok((error.kind(), error.to_string())),
            (error, status) => Err(Failure::new(format!(
                "{id}: expected a failure, found {status:?} with {error:?}"
            ))),
        },
        ref others => Err(Failure::new(format!("{id} has {} outcomes", others.len()))),
    }
}
