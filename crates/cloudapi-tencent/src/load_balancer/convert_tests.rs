//! Tables of what CLB says and what it means.

use serde_json::json;

use super::*;

fn listeners() -> Vec<wire::Listener> {
    let answer: wire::Listeners = serde_json::from_value(json!({"TotalCount": 3, "Listeners": [
        {"ListenerId": "lbl-4", "ListenerName": "tcp", "Protocol": "TCP", "Port": 80, "Rules": null, "TargetType": null},
        {"ListenerId": "lbl-7", "Protocol": "HTTPS", "Port": 443, "TargetType": "NODE", "Rules": [
            {"LocationId": "loc-1", "Domain": "example.com", "Url": "/", "TargetType": "NODE"},
            {"LocationId": "loc-2", "Domain": "example.com", "Url": "/api", "TargetType": "TARGETGROUP"}]},
        {"ListenerId": "lbl-u", "Protocol": "UDP", "Port": 53, "TargetType": "TARGETGROUP-V2"},
        {"ListenerId": "lbl-e", "Protocol": "HTTP", "Port": 81, "Rules": []}]}))
    .unwrap();
    answer.listeners
}

#[test]
fn listeners_and_rules_are_groups() {
    let groups = groups(&listeners());
    let shown: Vec<_> = groups
        .iter()
        .map(|group| {
            (
                group.id.as_str(),
                group.name.as_str(),
                group.port,
                group.is_shared,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("lbl-4", "TCP:80", Some(80), false),
            ("lbl-7/loc-1", "example.com/", Some(443), false),
            ("lbl-7/loc-2", "example.com/api", Some(443), true),
            ("lbl-u", "UDP:53", Some(53), true),
        ]
    );
}

#[test]
fn a_group_is_named_by_listener_rule_or_name() {
    let groups = groups(&listeners());
    let choose = |wanted: Option<&str>| {
        choose("lb-1", &groups, wanted.map(BackendGroupId::from).as_ref())
            .map(|group| group.id.to_string())
    };
    for (wanted, expected) in [
        ("lbl-4", "lbl-4"),
        ("TCP:80", "lbl-4"),
        ("lbl-7/loc-2", "lbl-7/loc-2"),
        ("loc-1", "lbl-7/loc-1"),
        ("example.com/api", "lbl-7/loc-2"),
    ] {
        assert_eq!(choose(Some(wanted)).unwrap(), expected);
    }
    let error = choose(Some("lbl-7")).unwrap_err();
    assert_eq!(error.resources(), ["lbl-7/loc-1", "lbl-7/loc-2"]);
    assert!(error.message().contains("lbl-7 has several"), "{error}");
    assert_eq!(choose(None).unwrap_err().resources().len(), 4);
    let error = choose(Some("lbl-9")).unwrap_err();
    assert!(
        error
            .message()
            .contains("lbl-9 is not a backend group of lb-1"),
        "{error}"
    );
}

#[test]
fn every_word_of_the_checks_has_its_state() {
    use HealthState as S;
    for (answer, state, reason) in [
        (
            json!({"HealthStatus": true, "HealthStatusDetail": "Alive"}),
            S::Healthy,
            None,
        ),
        (
            json!({"HealthStatus": false, "HealthStatusDetail": "Dead"}),
            S::Unhealthy,
            Some("Dead"),
        ),
        (
            json!({"HealthStatus": false, "HealthStatusDetail": "Unknown"}),
            S::Initial,
            Some("Unknown"),
        ),
        (
            json!({"HealthStatus": true, "HealthStatusDetail": "Close"}),
            S::Unchecked,
            Some("Close"),
        ),
        (
            json!({"HealthStatus": false, "HealthStatusDetial": "Dead"}),
            S::Unhealthy,
            Some("Dead"),
        ),
        (
            json!({"HealthStatusDetail": "Alive", "HealthStatusDetial": "Dead"}),
            S::Healthy,
            None,
        ),
        (
            json!({"HealthStatusDetail": "Resting"}),
            S::Other("Resting".into()),
            Some("Resting"),
        ),
        (json!({"HealthStatus": false}), S::Unknown, None),
        (
            json!({"HealthStatus": true, "HealthStatusDetail": null}),
            S::Unknown,
            None,
        ),
    ] {
        let seen: wire::TargetHealth = serde_json::from_value(answer.clone()).unwrap();
        assert_eq!(
            super::state(&seen),
            (state, reason.map(str::to_owned)),
            "{answer}"
        );
    }
}

/// Targets and health of one layer 4 listener and one with two rules.
fn answers() -> (wire::Targets, wire::Health) {
    let targets = json!({"Listeners": [
        {"ListenerId": "lbl-4", "Protocol": "TCP", "Port": 80, "Rules": null, "Targets": [
            {"Type": "CVM", "InstanceId": "ins-1", "Port": 8080, "Weight": 10, "PrivateIpAddresses": ["10.0.0.1"],
             "PublicIpAddresses": null},
            {"Type": "CVM", "InstanceId": "ins-1", "Port": 8081, "Weight": 0, "PrivateIpAddresses": ["10.0.0.1"]},
            {"Type": "CVM", "InstanceId": "ins-2", "Port": 8080, "Weight": 10, "PrivateIpAddresses": ["10.0.0.2"]},
            {"Type": "eni", "InstanceId": "ins-2", "Port": 8080, "Weight": 10, "PrivateIpAddresses": ["10.0.9.2"]}]},
        {"ListenerId": "lbl-7", "Protocol": "HTTPS", "Port": 443, "Targets": null, "Rules": [
            {"LocationId": "loc-1", "Domain": "example.com", "Url": "/", "Targets": null},
            {"LocationId": "loc-2", "Domain": "example.com", "Url": "/api", "Targets": [
                {"Type": "CVM", "InstanceId": "ins-3", "Port": 90, "Weight": 10, "PrivateIpAddresses": ["10.0.0.3"]}]}]}]});
    let health = json!({"LoadBalancers": [{"LoadBalancerId": "lb-1", "LoadBalancerName": "web", "Listeners": [
        {"ListenerId": "lbl-4", "Protocol": "TCP", "Port": 80, "Rules": [
            {"LocationId": "loc-synthetic", "Domain": null, "Url": null, "Targets": [
                {"IP": "10.0.0.1", "Port": 8080, "TargetId": "ins-1", "HealthStatus": true, "HealthStatusDetail": "Alive", "Weight": 10},
                {"IP": "10.0.0.1", "Port": 8081, "TargetId": "ins-1", "HealthStatus": true, "HealthStatusDetail": "Alive", "Weight": 0},
                {"IP": "10.0.9.2", "Port": 8080, "TargetId": "ins-2", "HealthStatus": false, "HealthStatusDetail": "Dead", "Weight": 10}]}]},
        {"ListenerId": "lbl-7", "Protocol": "HTTPS", "Port": 443, "Rules": [
            {"LocationId": "loc-1", "Domain": "example.com", "Url": "/", "Targets": []},
            {"LocationId": "loc-2", "Domain": "example.com", "Url": "/api", "Targets": [
                {"IP": "10.0.0.3", "Port": 90, "TargetId": "ins-3", "HealthStatus": false, "HealthStatusDetail": "Dead", "Weight": 10}]}]}]}]});
    (
        serde_json::from_value(targets).unwrap(),
        serde_json::from_value(health).unwrap(),
    )
}

fn shown(group: &Group) -> Vec<String> {
    let (targets, health) = answers();
    let joined = with_health(group, registered(group, &targets), &health);
    let line = |target: &TargetHealth| {
        format!(
            "{} {} {} {}",
            target.id(),
            target.port.unwrap_or_default(),
            target.state,
            target.receives_traffic
        )
    };
    group_health(group, joined)
        .targets
        .iter()
        .map(line)
        .collect()
}

#[test]
fn targets_and_their_health_are_joined_for_each_group() {
    let groups = groups(&listeners());
    assert_eq!(
        shown(&groups[0]),
        [
            "ins-1 8080 Healthy true",
            "ins-1 8081 Healthy false",
            "ins-2 8080 Initial false",
            "ins-2 8080 Unhealthy false",
        ],
        "a weight of 0 gets no traffic though it is healthy; what was not checked yet is initial"
    );
    assert!(shown(&groups[1]).is_empty());
    assert_eq!(
        shown(&groups[2]),
        ["ins-3 90 Unhealthy true"],
        "with none healthy all get traffic"
    );
    assert!(shown(&groups[3]).is_empty());
}

#[test]
fn an_interface_is_known_by_its_address() {
    let (targets, _) = answers();
    let registered = registered(&groups(&listeners())[0], &targets);
    let by_address: Vec<_> = registered
        .iter()
        .map(|one| (one.health.address.as_deref(), one.by_address))
        .collect();
    assert_eq!(by_address[2], (Some("10.0.0.2"), false));
    assert_eq!(by_address[3], (Some("10.0.9.2"), true));
}

#[test]
fn targets_of_a_shared_group_are_seen_by_their_checks() {
    let groups = groups(&listeners());
    let (_, health) = answers();
    let joined = with_health(&groups[2], Vec::new(), &health);
    assert_eq!(joined[0].health.instance_id, Some("ins-3".into()));
    assert_eq!(joined[0].health.weight, Some(10));
}

#[test]
fn ids_have_a_shape() {
    for good in ["ins-1a2b3c4d", "10.0.0.1", "2001:db8::1"] {
        assert!(check_id(&good.into()).is_ok(), "{good}");
    }
    for bad in [
        "i-0123456789abcdef0",
        "ins-",
        "ins-A",
        "web",
        "10.0.0.300",
        "10.0.0.1:80",
    ] {
        let error = check_id(&bad.into()).unwrap_err();
        assert!(error.message().contains(bad), "{error}");
    }
}
