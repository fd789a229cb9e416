//! Tables of what ELB says and what it means.

use super::*;

fn group(kind: types::TargetTypeEnum) -> Group {
    Group {
        arn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
            .to_owned(),
        name: Some("web".to_owned()),
        port: Some(80),
        kind,
    }
}

fn described(id: &str, state: &str, reason: Option<&str>) -> types::TargetHealthDescription {
    let health = types::TargetHealth::builder()
        .state(state.into())
        .set_reason(reason.map(Into::into));
    types::TargetHealthDescription::builder()
        .target(
            types::TargetDescription::builder()
                .id(id)
                .port(8080)
                .build(),
        )
        .target_health(health.build())
        .build()
}

#[test]
fn every_state_and_reason_has_its_word() {
    use HealthState as S;
    for (native, reason, expected) in [
        ("healthy", None, S::Healthy),
        ("initial", Some("Elb.RegistrationInProgress"), S::Initial),
        ("initial", Some("Elb.InitialHealthChecking"), S::Initial),
        (
            "unhealthy",
            Some("Target.ResponseCodeMismatch"),
            S::Unhealthy,
        ),
        ("unhealthy", Some("Target.Timeout"), S::Unhealthy),
        ("unhealthy", Some("Target.FailedHealthChecks"), S::Unhealthy),
        ("unhealthy", Some("Elb.InternalError"), S::Unhealthy),
        (
            "unhealthy.draining",
            Some("Target.DeregistrationInProgress"),
            S::Draining,
        ),
        (
            "draining",
            Some("Target.DeregistrationInProgress"),
            S::Draining,
        ),
        ("unused", Some("Target.NotRegistered"), S::Unused),
        ("unused", Some("Target.NotInUse"), S::Unused),
        ("unused", Some("Target.InvalidState"), S::Unused),
        ("unused", Some("Target.IpUnusable"), S::Unused),
        (
            "unavailable",
            Some("Target.HealthCheckDisabled"),
            S::Unchecked,
        ),
        ("unavailable", Some("Elb.InternalError"), S::Unknown),
        (
            "hibernating",
            Some("Target.Tired"),
            S::Other("hibernating".into()),
        ),
    ] {
        let group = group(types::TargetTypeEnum::Instance);
        let health = target_health(&group, &described("i-1", native, reason)).unwrap();
        assert_eq!(health.state, expected, "{native} {reason:?}");
        assert_eq!(health.reason.as_deref(), reason);
    }
}

#[test]
fn what_is_no_instance_is_an_address() {
    for (kind, is_instance) in [
        ("instance", true),
        ("ip", false),
        ("lambda", false),
        ("alb", false),
    ] {
        let health = target_health(&group(kind.into()), &described("x", "healthy", None)).unwrap();
        assert_eq!(health.instance_id.is_some(), is_instance, "{kind}");
        assert_eq!((health.id(), health.port), ("x", Some(8080)));
    }
}

fn traffic(states: &[&str], in_use: bool) -> Vec<bool> {
    let targets: Vec<_> = states
        .iter()
        .enumerate()
        .map(|(n, state)| described(&format!("i-{n}"), state, None))
        .collect();
    let health = group_health(&group(types::TargetTypeEnum::Instance), &targets, in_use);
    health
        .targets
        .iter()
        .map(|target| target.receives_traffic)
        .collect()
}

#[test]
fn traffic_goes_to_the_healthy_and_to_all_when_none_is() {
    assert_eq!(
        traffic(
            &["healthy", "unhealthy", "initial", "draining", "unused"],
            true
        ),
        [true, false, false, false, false]
    );
    assert_eq!(
        traffic(
            &["unhealthy", "initial", "unhealthy.draining", "unused"],
            true
        ),
        [true, true, false, false]
    );
    assert_eq!(traffic(&["healthy", "unhealthy"], false), [false, false]);
}

#[test]
fn a_weight_of_zero_forwards_nothing() {
    let tuple = |arn: &str, weight: Option<i32>| {
        types::TargetGroupTuple::builder()
            .target_group_arn(arn)
            .set_weight(weight)
            .build()
    };
    let config = types::ForwardActionConfig::builder()
        .target_groups(tuple("blue", Some(0)))
        .target_groups(tuple("green", Some(100)))
        .target_groups(tuple("plain", None))
        .build();
    let none = types::ForwardActionConfig::builder()
        .target_groups(tuple("off", Some(0)))
        .build();
    let actions = [
        types::Action::builder()
            .r#type("forward".into())
            .forward_config(config)
            .build(),
        types::Action::builder().target_group_arn("single").build(),
        // A single group is named in both places.
        types::Action::builder()
            .target_group_arn("off")
            .forward_config(none)
            .build(),
        types::Action::builder().r#type("redirect".into()).build(),
    ];
    let mut weighted: Vec<String> = weighted(actions.iter()).into_iter().collect();
    weighted.sort();
    assert_eq!(weighted, ["green", "plain", "single"]);
}

#[test]
fn arns_tell_the_kind() {
    let arn = |rest: &str| format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:{rest}");
    for kind in ["app", "net", "gwy"] {
        let arn = arn(&format!("loadbalancer/{kind}/web/50dc6c495c0c9188"));
        assert_eq!(name_of_arn(&arn), Some(ArnName::Current));
        assert_eq!(is_application(&arn), kind == "app");
    }
    assert_eq!(
        name_of_arn(&arn("loadbalancer/web")),
        Some(ArnName::Classic("web"))
    );
    for bad in [
        arn("loadbalancer/"),
        arn("loadbalancer/app/web"),
        arn("targetgroup/web/73e2d6bc24d8a067"),
        "arn:aws:s3:::loadbalancer/web".to_owned(),
        "arn:".to_owned(),
    ] {
        assert_eq!(name_of_arn(&bad), None, "{bad}");
    }
}

#[test]
fn a_target_must_be_what_the_group_takes() {
    let alb =
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188";
    let lambda = "arn:aws:lambda:us-east-1:123456789012:function:f";
    for (kind, good, bad) in [
        ("instance", "i-0123456789abcdef0", "10.0.0.1"),
        ("ip", "10.0.0.1", "i-0123456789abcdef0"),
        ("lambda", lambda, alb),
        ("alb", alb, lambda),
    ] {
        let group = group(kind.into());
        assert!(group.check(&Target::new(good)).is_ok(), "{kind}");
        let error = group.check(&Target::new(bad)).unwrap_err();
        assert!(error.message().contains(bad), "{error}");
        assert!(check_shapes(&[Target::new(good), Target::new(bad)]).is_ok());
    }
    let with_port = Target::new(lambda).with_port(80);
    assert!(
        group(types::TargetTypeEnum::Lambda)
            .check(&with_port)
            .is_err()
    );
    let error = check_shapes(&[Target::new("ins-1a2b3c4d"), Target::new("web")]).unwrap_err();
    assert_eq!(error.resources(), ["ins-1a2b3c4d", "web"]);
}
