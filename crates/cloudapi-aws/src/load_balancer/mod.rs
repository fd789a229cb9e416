//! Load balancers: application, network and gateway ones, and the classic kind where it is built in.

mod change;
#[cfg(feature = "load-balancer-classic")]
mod classic;
#[cfg(not(feature = "load-balancer-classic"))]
#[path = "classic_not_built.rs"]
mod classic;
mod convert;
#[cfg(test)]
mod exchange_tests;
mod read;
#[cfg(test)]
mod testing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use cloudapi_core::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, DescribeLoadBalancerHealthRequest, HealthState,
    LoadBalancer, LoadBalancerExt, LoadBalancerHealth, OutcomeStatus,
    RegisterInstancesWithLoadBalancerRequest, Target, TargetOutcome, TargetOutcomes, WaitOptions,
};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{BackendGroupId, Error, ErrorKind, Operation, Provider, Result};

use crate::calls::{Call, Calls};
use crate::settings::Settings;
use crate::whole::WholeAnswers;

/// How many targets one call gets; no limit is documented, and every size up to this one is in wide use.
const TARGETS_PER_CALL: usize = 100;

/// Elastic Load Balancing in one region.
#[derive(Clone)]
pub(crate) struct Elb {
    client: Client,
    calls: Calls,
    max_in_flight: usize,
    /// Who knows the classic load balancers, which share names with no other kind's calls.
    classic: Option<Arc<dyn Classic>>,
}

/// The classic kind, as the others see it.
#[async_trait]
trait Classic: LoadBalancer {
    /// Whether there is a classic load balancer of this name.
    async fn has(&self, name: &str, operation: Operation) -> Result<bool>;
}

impl Elb {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            client: Client::from_conf(
                aws_sdk_elasticloadbalancingv2::config::Builder::from(&settings.sdk)
                    .interceptor(WholeAnswers)
                    .build(),
            ),
            calls: Calls::new("ELB", "elasticloadbalancing", settings),
            max_in_flight: settings.max_in_flight,
            classic: classic::connect(settings),
        }
    }

    /// Starts the clock of an operation.
    fn scope(&self, operation: Operation) -> Scope<'_> {
        Scope {
            elb: self,
            operation,
            deadline: self.calls.retry().start(),
        }
    }
}

impl fmt::Debug for Elb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elb").finish_non_exhaustive()
    }
}

/// One operation of the interface while it is under way.
#[derive(Clone, Copy)]
struct Scope<'a> {
    elb: &'a Elb,
    operation: Operation,
    deadline: Deadline,
}

impl Scope<'_> {
    fn call(&self, action: &'static str) -> Call {
        Call {
            operation: self.operation,
            action,
            deadline: self.deadline,
        }
    }
}

/// Which load balancer is meant.
enum Found {
    /// One of the current kinds, by its ARN.
    Current(String),
    /// A classic one, by its name.
    Classic(Arc<dyn Classic>, String),
}

#[async_trait]
impl LoadBalancer for Elb {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    async fn describe_load_balancer_health(
        &self,
        mut request: DescribeLoadBalancerHealthRequest,
    ) -> Result<LoadBalancerHealth> {
        let scope = self.scope(Operation::DescribeLoadBalancerHealth);
        let run = async {
            request.check()?;
            match scope.find(&request.load_balancer_id).await? {
                Found::Current(arn) => scope.health(&arn, request.backend_groups.as_deref()).await,
                Found::Classic(classic, name) => {
                    request.load_balancer_id = name.into();
                    classic.describe_load_balancer_health(request).await
                }
            }
        };
        run.await.map_err(named(scope.operation))
    }

    async fn register_instances_with_load_balancer(
        &self,
        mut request: RegisterInstancesWithLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        let scope = self.scope(Operation::RegisterInstancesWithLoadBalancer);
        let run = async {
            check_register(&request)?;
            match scope.find(&request.load_balancer_id).await? {
                Found::Current(arn) => change::register(scope, &arn, &request).await,
                Found::Classic(classic, name) => {
                    request.load_balancer_id = name.into();
                    classic.register_instances_with_load_balancer(request).await
                }
            }
        };
        finish(run.await, scope.operation)
    }

    async fn deregister_instances_from_load_balancer(
        &self,
        mut request: DeregisterInstancesFromLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        let scope = self.scope(Operation::DeregisterInstancesFromLoadBalancer);
        let run = async {
            request.check()?;
            convert::check_shapes(&request.targets)?;
            match scope.find(&request.load_balancer_id).await? {
                Found::Current(arn) => {
                    let outcomes = change::deregister(scope, &arn, &request).await?;
                    Ok(drained(self, outcomes, request.drain, scope.deadline).await)
                }
                Found::Classic(classic, name) => {
                    request.load_balancer_id = name.into();
                    classic
                        .deregister_instances_from_load_balancer(request)
                        .await
                }
            }
        };
        finish(run.await, scope.operation)
    }
}

/// Checks what needs no call: above all that no target is given a weight.
fn check_register(request: &RegisterInstancesWithLoadBalancerRequest) -> Result<()> {
    request.check()?;
    convert::check_shapes(&request.targets)?;
    let mut weights = request.targets.iter();
    match weights.find_map(|target| Some((target, request.weight_of(target)?))) {
        Some((target, weight)) => Err(Error::unsupported(format!(
            "a target has no weight at AWS, only its group has one in a listener's action: Weight {weight} of {target}"
        ))
        .with_resources([target.instance_id.as_str()])),
        None => Ok(()),
    }
}

/// Completes an error with the cloud and the operation.
fn named(operation: Operation) -> impl Fn(Error) -> Error {
    move |error| error.with_provider(Provider::Aws).with_operation(operation)
}

/// Completes every error, and makes one of what concerns the call as a whole.
fn finish(result: Result<TargetOutcomes>, operation: Operation) -> Result<TargetOutcomes> {
    let mut outcomes = result.map_err(named(operation))?;
    for outcome in &mut outcomes.outcomes {
        let id = outcome.instance_id.as_str();
        let error = outcome.error.take().map(named(operation));
        outcome.error = error.map(|error| error.with_resources([id]));
    }
    outcomes.or_common_failure()
}

/// Waits for the end of the draining, at most so long. The deregistration is done by now, so a look that fails changes
/// nothing of the outcomes.
async fn drained<L: LoadBalancer>(
    load_balancer: &L,
    outcomes: TargetOutcomes,
    time: Option<Duration>,
    deadline: Deadline,
) -> TargetOutcomes {
    let Some(time) = time else {
        return outcomes;
    };
    let time = deadline.remaining().map_or(time, |left| time.min(left));
    let options = WaitOptions::default().with_timeout(time);
    match load_balancer.watch_drain(outcomes.clone(), &options).await {
        Ok(watched) => watched,
        Err(error) => {
            tracing::debug!(%error, "the end of the draining can't be seen");
            outcomes
        }
    }
}

/// A target's outcome as far as it is known before anything is sent, and what is still to be done for it.
struct Planned<T> {
    outcome: TargetOutcome,
    step: Option<T>,
}

impl<T> Planned<T> {
    /// Plans for a target in a state; `HealthState::Unused` for one that is not registered.
    fn new(target: &Target, group: &BackendGroupId, state: HealthState, step: Option<T>) -> Self {
        let status = match step {
            Some(_) => OutcomeStatus::Changed,
            None => OutcomeStatus::AlreadyThere,
        };
        Self {
            outcome: TargetOutcome::new(target, group, status)
                .with_previous_state(Some(state.clone()))
                .with_current_state(Some(state)),
            step,
        }
    }
}

/// Parts the plan into what is to be done, with its place among the outcomes, and the outcomes.
fn parted<T>(planned: Vec<Planned<T>>) -> (Vec<usize>, Vec<T>, Vec<TargetOutcome>) {
    let (mut places, mut steps, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    for one in planned {
        if let Some(step) = one.step {
            places.push(outcomes.len());
            steps.push(step);
        }
        outcomes.push(one.outcome);
    }
    (places, steps, outcomes)
}

/// Writes the results into the outcomes at their places.
fn settle(
    outcomes: &mut [TargetOutcome],
    places: &[usize],
    results: Vec<Result<()>>,
    leads_to: &HealthState,
) {
    for (place, result) in places.iter().zip(results) {
        let outcome = &mut outcomes[*place];
        match result {
            Ok(()) => outcome.current_state = Some(leads_to.clone()),
            Err(error) => *outcome = outcome.clone().with_failure(error),
        }
    }
}

fn not_found(load_balancer: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("the load balancer {load_balancer} does not exist"),
    )
    .with_resources([load_balancer])
}
