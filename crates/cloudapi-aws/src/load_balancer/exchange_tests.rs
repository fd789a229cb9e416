//! Exchanges with a small ELB on loopback.

use super::testing::{API, ARN, FakeElb, WEB, named_targets};
use super::*;
use crate::testing::Server;

const ONE: &str = "i-00000000000000001";
const TWO: &str = "i-00000000000000002";

type Register = RegisterInstancesWithLoadBalancerRequest;
type Deregister = DeregisterInstancesFromLoadBalancerRequest;
type Describe = DescribeLoadBalancerHealthRequest;

fn lines(outcomes: &TargetOutcomes) -> Vec<String> {
    let line = |outcome: &TargetOutcome| {
        let word = |state: Option<&HealthState>| state.map_or("-", HealthState::as_str).to_owned();
        let error = outcome
            .error
            .as_ref()
            .map(|error| format!(" {:?}", error.kind()));
        format!(
            "{} {:?} {}>{}{}",
            target(outcome),
            outcome.status,
            word(outcome.previous_state.as_ref()),
            word(outcome.current_state.as_ref()),
            error.unwrap_or_default()
        )
    };
    outcomes.iter().map(line).collect()
}

fn target(outcome: &TargetOutcome) -> Target {
    let target = Target::new(outcome.instance_id.clone());
    match outcome.port {
        Some(port) => target.with_port(port),
        None => target,
    }
}

fn count(server: &Server, action: &str) -> usize {
    server
        .actions()
        .iter()
        .filter(|called| *called == action)
        .count()
}

#[tokio::test]
async fn health_is_told_of_every_group_with_one_call_each() {
    let elb = FakeElb::with(&[
        (WEB, ONE, 80, "healthy"),
        (WEB, TWO, 80, "unhealthy"),
        (API, ONE, 8080, "healthy"),
        (API, ONE, 9090, "unhealthy"),
    ]);
    let (server, load_balancer) = elb.serve().await;
    let health = load_balancer
        .describe_load_balancer_health(Describe::new("web"))
        .await
        .unwrap();
    assert_eq!(health.load_balancer_id.as_str(), ARN);
    let shown: Vec<_> = health
        .groups
        .iter()
        .flat_map(|group| group.targets.iter().map(move |target| (group, target)))
        .map(|(group, target)| {
            let name = group.name.as_deref().unwrap();
            (
                name,
                target.id(),
                target.state.as_str(),
                target.receives_traffic,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("web", ONE, "Healthy", true),
            ("web", TWO, "Unhealthy", false),
            // A rule forwards to this group, with a weight of 0.
            ("api", ONE, "Healthy", false),
            ("api", ONE, "Unhealthy", false),
        ]
    );
    let summary: Vec<_> = health
        .instances
        .iter()
        .map(|one| (one.instance_id.as_str(), one.state.as_str()))
        .collect();
    assert_eq!(summary, [(ONE, "Unhealthy"), (TWO, "Unhealthy")]);
    assert_eq!(count(&server, "DescribeTargetHealth"), 2);
    let only = load_balancer
        .describe_load_balancer_health(Describe::new(ARN).with_backend_groups(["web"]))
        .await
        .unwrap();
    assert_eq!(only.groups.len(), 1);
    assert_eq!(count(&server, "DescribeTargetHealth"), 3);
    assert_eq!(
        count(&server, "DescribeRules"),
        1,
        "the listener already answers it"
    );
}

#[tokio::test]
async fn registering_leaves_what_is_there_and_ends_a_drain() {
    let elb = FakeElb::with(&[(WEB, ONE, 80, "healthy"), (WEB, TWO, 80, "draining")])
        .set(|world| world.drain_looks = 9);
    let (server, load_balancer) = elb.serve().await;
    let targets = [
        Target::new(ONE),
        Target::new(TWO),
        Target::new(TWO).with_port(81),
    ];
    let request = Register::new("web", targets).with_backend_group("web");
    let outcomes = load_balancer
        .register_instances_with_load_balancer(request)
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [
            format!("{ONE}:80 AlreadyThere Healthy>Healthy"),
            format!("{TWO}:80 Changed Draining>Initial"),
            format!("{TWO}:81 Changed Unused>Initial"),
        ]
    );
    let call = server
        .calls()
        .into_iter()
        .find(|call| call["Action"] == "RegisterTargets");
    assert_eq!(
        named_targets(&call.unwrap()),
        [(TWO.to_owned(), 80), (TWO.to_owned(), 81)]
    );
}

#[tokio::test]
async fn an_instance_that_does_not_run_is_set_apart() {
    let elb = FakeElb::default().set(|world| world.stopped = vec!["i-00000000000000007"]);
    let (server, load_balancer) = elb.serve().await;
    let targets = (0..250).map(|n| Target::new(format!("i-{n:017x}")));
    let outcomes = load_balancer
        .register_instances_with_load_balancer(
            Register::new("web", targets).with_backend_group(API),
        )
        .await
        .unwrap();
    let failed: Vec<String> = lines(&outcomes)
        .into_iter()
        .filter(|line| line.contains("Failed"))
        .collect();
    assert_eq!(
        failed,
        ["i-00000000000000007:8080 Failed Unused>Unused InvalidArgument"]
    );
    assert_eq!(elb.registered().len(), 249);
    let error = outcomes.outcomes[7].error.as_ref().unwrap();
    assert_eq!(error.code(), Some("InvalidTarget"));
    assert_eq!(
        error.operation(),
        Some(Operation::RegisterInstancesWithLoadBalancer)
    );
    assert!(
        count(&server, "RegisterTargets") <= 17,
        "{}",
        count(&server, "RegisterTargets")
    );
}

#[tokio::test]
async fn deregistering_names_each_port() {
    let elb = FakeElb::with(&[
        (WEB, ONE, 80, "healthy"),
        (WEB, ONE, 8080, "unhealthy"),
        (WEB, TWO, 80, "healthy"),
        (API, ONE, 80, "healthy"),
    ])
    .set(|world| world.drain_looks = 9);
    let (server, load_balancer) = elb.serve().await;
    let targets = || [Target::new(ONE), Target::new(TWO).with_port(81)];
    let request = || Deregister::new("web", targets()).with_backend_group("web");
    let outcomes = load_balancer
        .deregister_instances_from_load_balancer(request())
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [
            format!("{ONE}:80 Changed Healthy>Draining"),
            format!("{ONE}:8080 Changed Unhealthy>Draining"),
            format!("{TWO}:81 AlreadyThere Unused>Unused"),
        ]
    );
    let again = load_balancer
        .deregister_instances_from_load_balancer(request())
        .await
        .unwrap();
    assert_eq!(
        lines(&again)[0],
        format!("{ONE}:80 AlreadyThere Draining>Draining")
    );
    assert_eq!(count(&server, "DeregisterTargets"), 1);
}

#[tokio::test]
async fn a_drain_is_waited_for_and_what_is_left_is_said() {
    let elb = FakeElb::with(&[(WEB, ONE, 80, "healthy")]).set(|world| world.drain_looks = 1);
    let (_server, load_balancer) = elb.serve().await;
    let request = |drain| {
        Deregister::new("web", [Target::new(ONE)])
            .with_backend_group("web")
            .with_drain(drain)
    };
    let outcomes = load_balancer
        .deregister_instances_from_load_balancer(request(Duration::from_secs(5)))
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [format!("{ONE}:80 Changed Healthy>Unused")]
    );
    let elb = FakeElb::with(&[(WEB, ONE, 80, "healthy")]).set(|world| world.drain_looks = 99);
    let (_server, load_balancer) = elb.serve().await;
    let outcomes = load_balancer
        .deregister_instances_from_load_balancer(request(Duration::from_millis(50)))
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [format!("{ONE}:80 Changed Healthy>Draining")]
    );
}

#[tokio::test]
async fn throttling_with_status_400_is_repeated() {
    let elb = FakeElb::default().set(|world| world.throttled = 2);
    let (server, load_balancer) = elb.serve().await;
    let request = Register::new(ARN, [Target::new(ONE)]).with_backend_group("web");
    load_balancer
        .register_instances_with_load_balancer(request)
        .await
        .unwrap()
        .into_result()
        .unwrap();
    assert_eq!(count(&server, "DescribeTargetGroups"), 4);
}

#[tokio::test]
async fn what_can_not_be_right_is_refused_before_anything_is_sent() {
    let (server, load_balancer) = FakeElb::default().serve().await;
    for (targets, kind, named) in [
        (vec![], ErrorKind::InvalidArgument, "Targets is empty"),
        (
            vec![Target::new("ins-1a2b3c4d")],
            ErrorKind::InvalidArgument,
            "ins-1a2b3c4d",
        ),
        (
            vec![Target::new(ONE).with_weight(5)],
            ErrorKind::Unsupported,
            "Weight 5",
        ),
        (
            vec![Target::new(ONE).with_weight(101)],
            ErrorKind::InvalidArgument,
            "101",
        ),
    ] {
        let error = load_balancer
            .register_instances_with_load_balancer(Register::new("web", targets))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.message().contains(named), "{error}");
        assert_eq!(error.provider(), Some(Provider::Aws));
    }
    assert!(server.calls().is_empty());
}

#[tokio::test]
async fn nothing_is_changed_in_a_group_that_is_not_meant() {
    let (server, load_balancer) = FakeElb::default().serve().await;
    let other = API.replace("api", "other");
    for (balancer, group, target, kind, words) in [
        (
            "web",
            None,
            ONE,
            ErrorKind::InvalidArgument,
            "several backend groups",
        ),
        (
            "web",
            Some(other.as_str()),
            ONE,
            ErrorKind::InvalidArgument,
            "not a backend group",
        ),
        (
            "web",
            Some("web"),
            "10.0.0.1",
            ErrorKind::InvalidArgument,
            "takes instances",
        ),
        (
            "none",
            None,
            ONE,
            ErrorKind::NotFound,
            "none does not exist",
        ),
    ] {
        let mut request = Register::new(balancer, [Target::new(target)]);
        request.backend_group = group.map(Into::into);
        let error = load_balancer
            .register_instances_with_load_balancer(request)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(words), "{error}");
    }
    assert_eq!(count(&server, "RegisterTargets"), 0);
}

#[cfg(feature = "load-balancer-classic")]
#[tokio::test]
async fn a_classic_load_balancer_has_one_group_of_its_own_name() {
    let elb = FakeElb::with(&[("", ONE, 0, "")]).set(|world| {
        world.classic = Some("old");
        world.stopped = vec!["i-00000000000000007"];
    });
    let (_server, load_balancer) = elb.serve().await;
    let health = load_balancer
        .describe_load_balancer_health(Describe::new("old"))
        .await
        .unwrap();
    assert_eq!(health.groups[0].backend_group_id.as_str(), "old");
    assert!(health.groups[0].targets[0].receives_traffic);
    let ids = [ONE, TWO, "i-00000000000000007"];
    let outcomes = load_balancer
        .register_instances_with_load_balancer(Register::new("old", ids.map(Target::new)))
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [
            format!("{ONE} AlreadyThere Healthy>Healthy"),
            format!("{TWO} Changed Unused>Initial"),
            "i-00000000000000007 Failed Unused>Unused InvalidArgument".to_owned(),
        ]
    );
    let request = Deregister::new("old", [Target::new(ONE), Target::new("i-1a2b3c4d")])
        .with_drain(Duration::from_secs(1));
    let outcomes = load_balancer
        .deregister_instances_from_load_balancer(request)
        .await
        .unwrap();
    assert_eq!(
        lines(&outcomes),
        [
            format!("{ONE} Changed Healthy>Unused"),
            "i-1a2b3c4d AlreadyThere Unused>Unused".to_owned(),
        ]
    );
}

#[cfg(feature = "load-balancer-classic")]
#[tokio::test]
async fn a_name_that_two_kinds_share_is_ambiguous() {
    let (_server, load_balancer) = FakeElb::default()
        .set(|world| world.classic = Some("web"))
        .serve()
        .await;
    let error = load_balancer
        .describe_load_balancer_health(Describe::new("web"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.resources(), [ARN, "web"]);
}
