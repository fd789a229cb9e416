//! Exchanges with a small CLB on loopback.

use std::time::Duration;

use cloudapi_core::ErrorKind;
use cloudapi_core::load_balancer::{LoadBalancerExt, OutcomeStatus, Target, WaitOptions};

use super::testing::{Clb, serve};
use super::*;

type Register = RegisterInstancesWithLoadBalancerRequest;
type Deregister = DeregisterInstancesFromLoadBalancerRequest;

fn lines(outcomes: &TargetOutcomes) -> Vec<String> {
    let line = |outcome: &cloudapi_core::load_balancer::TargetOutcome| {
        let word = |state: &Option<HealthState>| {
            state.as_ref().map_or("-", HealthState::as_str).to_owned()
        };
        let error = outcome
            .error
            .as_ref()
            .map(|error| format!(" {}", error.message()));
        format!(
            "{}:{} {:?} {}>{}{}",
            outcome.instance_id,
            outcome
                .port
                .map_or_else(String::new, |port| port.to_string()),
            outcome.status,
            word(&outcome.previous_state),
            word(&outcome.current_state),
            error.unwrap_or_default()
        )
    };
    outcomes.iter().map(line).collect()
}

#[tokio::test]
async fn registering_is_a_task_that_is_followed_to_its_end() {
    let clb = Clb::with(&[("lbl-4", "", "ins-1", 80, 30)]).set(|world| world.task_looks = 1);
    let (_server, load_balancer) = serve(&clb).await;
    let request = Register::new(
        "web",
        [
            Target::new("ins-1"),
            Target::new("ins-2"),
            Target::new("ins-2").with_port(90),
        ],
    )
    .with_backend_group("lbl-4");
    let outcomes = load_balancer
        .register_instances_with_load_balancer(request)
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [
            "ins-1:80 AlreadyThere Healthy>Healthy",
            "ins-2:80 Changed Unused>Initial",
            "ins-2:90 Changed Unused>Initial",
        ]
    );
    assert_eq!(
        outcomes.outcomes[0].weight,
        Some(30),
        "its weight is left as it is"
    );
    assert_eq!(clb.writes(), [("RegisterTargets".to_owned(), 2)]);
    assert_eq!(clb.count("DescribeTaskStatus"), 2);
    let healthy = load_balancer
        .wait_until_healthy(outcomes, &WaitOptions::default())
        .await
        .unwrap();
    assert!(healthy.failure().is_none());
    assert_eq!(
        healthy.outcomes[2].current_state,
        Some(HealthState::Healthy)
    );
}

#[tokio::test]
async fn a_weight_is_changed_only_when_one_is_given() {
    let clb = Clb::with(&[
        ("lbl-7", "loc-1", "ins-1", 81, 30),
        ("lbl-7", "loc-1", "ins-2", 81, 5),
    ]);
    let (_server, load_balancer) = serve(&clb).await;
    let targets = [Target::new("ins-1").with_weight(0), Target::new("ins-2")];
    let request = Register::new("lb-web1", targets)
        .with_backend_group("lbl-7/loc-1")
        .with_weight(5);
    let outcomes = load_balancer
        .register_instances_with_load_balancer(request)
        .await
        .unwrap();
    assert_eq!(outcomes.outcomes[0].status, OutcomeStatus::Changed);
    assert_eq!(outcomes.outcomes[1].status, OutcomeStatus::AlreadyThere);
    assert_eq!(clb.writes(), [("ModifyTargetWeight".to_owned(), 1)]);
    assert_eq!(
        clb.registered(),
        [("ins-1".to_owned(), 81, 0), ("ins-2".to_owned(), 81, 5)]
    );
}

#[tokio::test]
async fn a_partial_failure_in_a_success_is_isolated_to_the_bad_instance() {
    let clb = Clb::with(&[]).set(|world| world.foreign = vec!["ins-7"]);
    let (_server, load_balancer) = serve(&clb).await;
    let targets = (0..50).map(|n| Target::new(format!("ins-{n}")));
    let outcomes = load_balancer
        .register_instances_with_load_balancer(
            Register::new("web", targets).with_backend_group("lbl-4"),
        )
        .await
        .unwrap();
    assert_eq!(clb.registered().len(), 49);
    let failed: Vec<String> = lines(&outcomes)
        .into_iter()
        .filter(|line| line.contains("Failed"))
        .collect();
    assert_eq!(
        failed,
        ["ins-7:80 Failed Unused>Unused some are not in the VPC"]
    );
    let error = outcomes.failure().unwrap();
    assert_eq!(error.resources(), ["ins-7:80"]);
    let error = outcomes.outcomes[7].error.as_ref().unwrap();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    let writes = clb.writes();
    assert_eq!(writes[0], ("BatchRegisterTargets".to_owned(), 50));
    assert!(
        writes.contains(&("RegisterTargets".to_owned(), 1)),
        "{writes:?}"
    );
    assert_eq!(
        error.operation(),
        Some(Operation::RegisterInstancesWithLoadBalancer)
    );
}

#[tokio::test]
async fn a_failed_task_tells_the_cloud_s_message() {
    let clb = Clb::with(&[]).set(|world| world.failing_tasks = ["quota of targets reached"].into());
    let (_server, load_balancer) = serve(&clb).await;
    let request = Register::new("web", [Target::new("ins-1")]).with_backend_group("lbl-4");
    let outcomes = load_balancer
        .register_instances_with_load_balancer(request)
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        ["ins-1:80 Failed Unused>Unused the task failed: quota of targets reached"]
    );
    let error = outcomes.failure().unwrap();
    assert_eq!(error.request_id(), Some("7f2a"), "which is the task's id");
}

#[tokio::test]
async fn another_writer_is_waited_for() {
    let clb = Clb::with(&[]).set(|world| world.busy = 1);
    let (_server, load_balancer) = serve(&clb).await;
    let request = Register::new("web", [Target::new("ins-1")]).with_backend_group("lbl-4");
    load_balancer
        .register_instances_with_load_balancer(request)
        .await
        .unwrap()
        .into_result()
        .unwrap();
    assert_eq!(clb.writes().len(), 2);
}

#[tokio::test]
async fn changes_to_one_load_balancer_wait_for_each_other() {
    let clb = Clb::with(&[]).set(|world| world.task_looks = 1);
    let (_server, load_balancer) = serve(&clb).await;
    let register = |id: &str, group: &str| {
        let request = Register::new("web", [Target::new(id)]).with_backend_group(group);
        load_balancer.register_instances_with_load_balancer(request)
    };
    let (first, second) = try_join(register("ins-1", "lbl-4"), register("ins-2", "lbl-7"))
        .await
        .unwrap();
    assert!(first.failure().is_none() && second.failure().is_none());
    assert_eq!(clb.registered().len(), 2);
    assert!(!clb.0.lock().unwrap().overlapped);
}

#[tokio::test]
async fn after_a_lost_answer_comes_a_look() {
    let clb = Clb::with(&[]).set(|world| world.lost = 1);
    let (_server, load_balancer) = serve(&clb).await;
    let request = Register::new("web", [Target::new("ins-1")]).with_backend_group("lbl-4");
    let outcomes = load_balancer
        .register_instances_with_load_balancer(request)
        .await
        .unwrap();
    assert_eq!(lines(&outcomes), ["ins-1:80 Changed Unused>Initial"]);
    assert_eq!(
        clb.writes().len(),
        1,
        "it was done, so it is not sent again"
    );
}

#[tokio::test]
async fn deregistering_names_exactly_what_is_registered() {
    let clb = Clb::with(&[
        ("lbl-4", "", "ins-1", 80, 10),
        ("lbl-4", "", "ins-1", 8080, 10),
        ("lbl-4", "", "ins-2", 80, 10),
        ("lbl-7", "loc-1", "ins-1", 80, 10),
    ]);
    let (_server, load_balancer) = serve(&clb).await;
    let targets = [
        Target::new("ins-1"),
        Target::new("ins-2").with_port(81),
        Target::new("ins-9"),
    ];
    let outcomes = load_balancer
        .deregister_instances_from_load_balancer(
            Deregister::new("web", targets).with_backend_group("lbl-4"),
        )
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [
            "ins-1:80 Changed Healthy>Unused",
            "ins-1:8080 Changed Healthy>Unused",
            "ins-2:81 AlreadyThere Unused>Unused",
            "ins-9: AlreadyThere Unused>Unused",
        ]
    );
    assert_eq!(
        clb.registered(),
        [("ins-2".to_owned(), 80, 10), ("ins-1".to_owned(), 80, 10)]
    );
    let drained = load_balancer
        .wait_until_drained(outcomes, &WaitOptions::default())
        .await
        .unwrap();
    assert!(drained.failure().is_none());
}

#[tokio::test]
async fn a_drain_takes_the_weight_first() {
    let clb = Clb::with(&[
        ("lbl-4", "", "ins-1", 80, 10),
        ("lbl-4", "", "ins-2", 80, 10),
    ]);
    let (_server, load_balancer) = serve(&clb).await;
    let drain = Duration::from_millis(300);
    let request = Deregister::new("web", [Target::new("ins-1")])
        .with_backend_group("lbl-4")
        .with_drain(drain);
    let started = std::time::Instant::now();
    let outcomes = load_balancer
        .deregister_instances_from_load_balancer(request)
        .await
        .unwrap();
    assert!(started.elapsed() >= drain);
    assert_eq!(lines(&outcomes), ["ins-1:80 Changed Healthy>Unused"]);
    let writes = ["ModifyTargetWeight", "DeregisterTargets"];
    assert_eq!(clb.writes(), writes.map(|action| (action.to_owned(), 1)));
    assert_eq!(clb.registered(), [("ins-2".to_owned(), 80, 10)]);
}

#[tokio::test]
async fn outside_a_vpc_the_plain_calls_take_twenty_at_a_time() {
    let clb = Clb::with(&[]).set(|world| world.outside_vpc = true);
    let (_server, load_balancer) = serve(&clb).await;
    let targets = || (0..45).map(|n| Target::new(format!("ins-{n}")));
    let request = Register::new("web", targets()).with_backend_group("lbl-4");
    load_balancer
        .register_instances_with_load_balancer(request)
        .await
        .unwrap()
        .into_result()
        .unwrap();
    let sizes: Vec<usize> = clb.writes().into_iter().map(|call| call.1).collect();
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(clb.count("RegisterTargets"), 3);
    let request = Deregister::new("web", targets()).with_backend_group("lbl-4");
    load_balancer
        .deregister_instances_from_load_balancer(request)
        .await
        .unwrap()
        .into_result()
        .unwrap();
    assert!(clb.registered().is_empty());
}

#[tokio::test]
async fn health_of_all_groups_costs_the_same_few_calls() {
    let clb = Clb::with(&[
        ("lbl-4", "", "ins-1", 80, 10),
        ("lbl-7", "loc-1", "ins-1", 81, 0),
    ]);
    let (_server, load_balancer) = serve(&clb).await;
    let request = DescribeLoadBalancerHealthRequest::new("lb-web1");
    let health = load_balancer
        .describe_load_balancer_health(request)
        .await
        .unwrap();
    let shown: Vec<_> = health
        .groups
        .iter()
        .map(|group| {
            (
                group.backend_group_id.as_str(),
                group.targets[0].receives_traffic,
            )
        })
        .collect();
    assert_eq!(shown, [("lbl-4", true), ("lbl-7/loc-1", false)]);
    assert_eq!(health.instances.len(), 1);
    let calls = clb.0.lock().unwrap().calls.len();
    assert_eq!(calls, 4);
    let request = DescribeLoadBalancerHealthRequest::new("lb-web1").with_backend_groups(["loc-1"]);
    let health = load_balancer
        .describe_load_balancer_health(request)
        .await
        .unwrap();
    assert_eq!(health.groups.len(), 1);
}

#[tokio::test]
async fn what_can_not_be_right_is_refused_before_anything_is_sent() {
    let clb = Clb::default();
    let (_server, load_balancer) = serve(&clb).await;
    let register = |targets: Vec<Target>| {
        load_balancer.register_instances_with_load_balancer(Register::new("web", targets))
    };
    for (targets, named) in [
        (vec![], "Targets is empty"),
        (
            vec![Target::new("i-0123456789abcdef0")],
            "i-0123456789abcdef0",
        ),
        (vec![Target::new("ins-1").with_weight(101)], "101"),
        (vec![Target::new("ins-1").with_port(0)], "Port is 0"),
    ] {
        let error = register(targets).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(named), "{error}");
        assert_eq!(error.provider(), Some(Provider::Tencent));
    }
    assert!(clb.0.lock().unwrap().calls.is_empty());
}

#[tokio::test]
async fn nothing_is_written_for_an_unknown_or_ambiguous_group() {
    let clb = Clb::default();
    let (_server, load_balancer) = serve(&clb).await;
    let request = || Register::new("web", [Target::new("ins-1")]);
    for (request, kind, words) in [
        (
            request(),
            ErrorKind::InvalidArgument,
            "several backend groups",
        ),
        (
            request().with_backend_group("lbl-9"),
            ErrorKind::InvalidArgument,
            "lbl-9 is not a backend group of lb-web1",
        ),
        (
            Register::new("nobody", [Target::new("ins-1")]),
            ErrorKind::NotFound,
            "nobody does not exist",
        ),
    ] {
        let error = load_balancer
            .register_instances_with_load_balancer(request)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.message().contains(words), "{error}");
    }
    assert!(clb.writes().is_empty());
}

#[tokio::test]
async fn what_vanished_meanwhile_needs_no_deregistration() {
    let clb = Clb::with(&[
        ("lbl-4", "", "ins-1", 80, 10),
        ("lbl-4", "", "ins-2", 80, 10),
    ])
    .set(|world| world.vanishing = Some("ins-1"));
    let (_server, load_balancer) = serve(&clb).await;
    let request = Deregister::new("web", [Target::new("ins-1"), Target::new("ins-2")])
        .with_backend_group("lbl-4")
        .with_drain(Duration::from_millis(1));
    let outcomes = load_balancer
        .deregister_instances_from_load_balancer(request)
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [
            "ins-1:80 Changed Healthy>Unused",
            "ins-2:80 Changed Healthy>Unused"
        ],
        "InvalidParameter is a success only because a look shows that it is gone"
    );
    assert!(clb.registered().is_empty());
}

#[tokio::test]
async fn a_classic_load_balancer_has_calls_of_its_own() {
    let clb = Clb::with(&[("", "", "ins-1", 0, 10)]).set(|world| world.classic = true);
    let (_server, load_balancer) = serve(&clb).await;
    let health = load_balancer
        .describe_load_balancer_health(DescribeLoadBalancerHealthRequest::new("web"))
        .await
        .unwrap();
    assert_eq!(health.groups[0].backend_group_id.as_str(), "lb-web1");
    assert_eq!(health.groups[0].targets[0].state, HealthState::Healthy);
    let targets = [Target::new("ins-1"), Target::new("ins-22")];
    let outcomes = load_balancer
        .register_instances_with_load_balancer(Register::new("web", targets.clone()))
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [
            "ins-1: AlreadyThere Healthy>Healthy",
            "ins-22: Changed Unused>Initial"
        ]
    );
    let outcomes = load_balancer
        .deregister_instances_from_load_balancer(Deregister::new("web", targets.clone()))
        .await
        .unwrap();
    assert_eq!(lines(&outcomes)[1], "ins-22: Changed Healthy>Unused");
    assert!(clb.registered().is_empty());
    assert_eq!(
        clb.writes(),
        [
            ("RegisterTargetsWithClassicalLB".to_owned(), 1),
            ("DeregisterTargetsFromClassicalLB".to_owned(), 2)
        ]
    );
    let drain = Deregister::new("web", targets).with_drain(Duration::from_secs(1));
    let error = load_balancer
        .deregister_instances_from_load_balancer(drain)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
