//! Waiting against scripted looks, with the clock paused.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;

use super::super::{
    BackendGroupHealth, DeregisterInstancesFromLoadBalancerRequest,
    RegisterInstancesWithLoadBalancerRequest, Target,
};
use super::*;
use crate::Provider;

/// Answers look after look from a script; the last one stays.
#[derive(Debug)]
struct Script {
    looks: Mutex<Vec<Result<Vec<BackendGroupHealth>>>>,
    asked: Mutex<Vec<usize>>,
}

impl Script {
    fn new(looks: Vec<Result<Vec<BackendGroupHealth>>>) -> Self {
        Self {
            looks: Mutex::new(looks),
            asked: Mutex::default(),
        }
    }
}

#[async_trait]
impl LoadBalancer for Script {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    async fn describe_load_balancer_health(
        &self,
        request: DescribeLoadBalancerHealthRequest,
    ) -> Result<LoadBalancerHealth> {
        let groups = request
            .backend_groups
            .expect("a wait looks at its groups only");
        self.asked.lock().unwrap().push(groups.len());
        let mut looks = self.looks.lock().unwrap();
        let look = if looks.len() > 1 {
            looks.remove(0)
        } else {
            looks[0].clone()
        };
        Ok(LoadBalancerHealth::new(request.load_balancer_id, look?))
    }

    async fn register_instances_with_load_balancer(
        &self,
        _: RegisterInstancesWithLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        Err(Error::unsupported("a script"))
    }

    async fn deregister_instances_from_load_balancer(
        &self,
        _: DeregisterInstancesFromLoadBalancerRequest,
    ) -> Result<TargetOutcomes> {
        Err(Error::unsupported("a script"))
    }
}

fn group(id: &str, targets: &[(&str, u16, HealthState)]) -> BackendGroupHealth {
    let targets = targets.iter().map(|(id, port, state)| TargetHealth {
        instance_id: Some((*id).into()),
        port: Some(*port),
        reason: (*state == HealthState::Unhealthy).then(|| "Target.Timeout".to_owned()),
        ..TargetHealth::new(state.clone())
    });
    BackendGroupHealth::new(id, None, targets.collect())
}

fn asked(targets: &[(&str, &str, u16)]) -> TargetOutcomes {
    let outcomes = targets.iter().map(|(group, id, port)| {
        let target = Target::new(*id).with_port(*port);
        TargetOutcome::new(&target, &(*group).into(), OutcomeStatus::Changed)
    });
    TargetOutcomes::new("lb", outcomes.collect())
}

async fn wait(script: &Script, wait_for: WaitFor, asked: TargetOutcomes) -> Vec<String> {
    let options = WaitOptions::default().with_timeout(Duration::from_mins(1));
    let outcomes = outcomes(script, asked, wait_for, &options).await.unwrap();
    let line = |outcome: &TargetOutcome| {
        let state = outcome
            .current_state
            .as_ref()
            .map_or("-", HealthState::as_str);
        let error = outcome
            .error
            .as_ref()
            .map(|error| format!(" {}", error.message()));
        format!("{:?} {state}{}", outcome.status, error.unwrap_or_default())
    };
    outcomes.iter().map(line).collect()
}

#[tokio::test(start_paused = true)]
async fn healthy_means_at_every_group_and_port() {
    use HealthState as S;
    let script = Script::new(vec![
        Ok(vec![group("a", &[]), group("b", &[("i-1", 81, S::Unused)])]),
        Err(Error::new(ErrorKind::Unavailable, "hiccup")),
        Ok(vec![
            group("a", &[("i-1", 80, S::Healthy), ("i-1", 9, S::Unhealthy)]),
            group("b", &[("i-1", 81, S::Initial), ("i-2", 81, S::Unchecked)]),
        ]),
        Ok(vec![group("b", &[("i-1", 81, S::Healthy)])]),
    ]);
    let targets = [("a", "i-1", 80), ("b", "i-1", 81), ("b", "i-2", 81)];
    let ends = wait(&script, WaitFor::Healthy, asked(&targets)).await;
    assert_eq!(
        ends,
        ["Changed Healthy", "Changed Healthy", "Changed Unchecked"]
    );
    assert_eq!(*script.asked.lock().unwrap(), [2, 2, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn what_stays_unhealthy_fails_with_the_cloud_s_reason() {
    use HealthState as S;
    let script = Script::new(vec![Ok(vec![group("a", &[("i-1", 80, S::Unhealthy)])])]);
    let ends = wait(
        &script,
        WaitFor::Healthy,
        asked(&[("a", "i-1", 80), ("a", "i-2", 80)]),
    )
    .await;
    assert_eq!(
        ends,
        [
            "Failed Unhealthy i-1:80 is still Unhealthy (Target.Timeout) in a after 60s",
            "Failed Unused i-2:80 is still Unused in a after 60s",
        ]
    );
    assert!(script.asked.lock().unwrap().len() < 14, "looks grow apart");
}

#[tokio::test(start_paused = true)]
async fn drained_means_gone_from_every_group_and_port() {
    use HealthState as S;
    let draining = || {
        Ok(vec![group(
            "a",
            &[("i-1", 80, S::Draining), ("i-1", 81, S::Draining)],
        )])
    };
    let script = Script::new(vec![
        draining(),
        Ok(vec![group("a", &[("i-1", 81, S::Draining)])]),
        Ok(vec![group("a", &[("i-1", 9, S::Healthy)])]),
    ]);
    let targets = [("a", "i-1", 80), ("a", "i-1", 81)];
    let ends = wait(&script, WaitFor::Drained, asked(&targets)).await;
    assert_eq!(ends, ["Changed Unused", "Changed Unused"]);
    let script = Script::new(vec![draining()]);
    let ends = wait(&script, WaitFor::DrainedOrTimeUp, asked(&targets)).await;
    assert_eq!(ends, ["Changed Draining", "Changed Draining"]);
    let ends = wait(&script, WaitFor::Drained, asked(&targets[..1])).await;
    assert_eq!(
        ends,
        ["Failed Draining i-1:80 is still Draining in a after 60s"]
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_port_every_port_is_meant() {
    use HealthState as S;
    let script = Script::new(vec![
        Ok(vec![group(
            "a",
            &[("i-1", 80, S::Healthy), ("i-1", 81, S::Initial)],
        )]),
        Ok(vec![group(
            "a",
            &[("i-1", 80, S::Healthy), ("i-1", 81, S::Healthy)],
        )]),
    ]);
    let outcome = TargetOutcome::new(&Target::new("i-1"), &"a".into(), OutcomeStatus::Changed);
    let asked = TargetOutcomes::new("lb", vec![outcome]);
    let ends = wait(&script, WaitFor::Healthy, asked).await;
    assert_eq!(ends, ["Changed Healthy"]);
    assert_eq!(script.asked.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_stays_ends_the_wait() {
    let script = Script::new(vec![Err(Error::new(ErrorKind::PermissionDenied, "no"))]);
    let result = outcomes(
        &script,
        asked(&[("a", "i-1", 80)]),
        WaitFor::Healthy,
        &WaitOptions::default(),
    )
    .await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
}
