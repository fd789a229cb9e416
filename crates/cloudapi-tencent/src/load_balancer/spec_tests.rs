//! Every request and every answer against the vendor's own description of them.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::calls;
use super::wire::*;
use crate::client::Action;
use crate::spec::{faults, spec};

/// Holds a request, with every member set, against the action's description.
fn check(action: &Action, request: &impl serde::Serialize) {
    let none: [String; 0] = [];
    assert_eq!(faults(action, &json!(request)), none, "{}", action.name);
}

fn text() -> String {
    "text".to_owned()
}

#[test]
fn requests_have_the_service_s_names_and_types() {
    let some_text = || Some(text());
    let some_texts = || Some(vec![text()]);
    let balancers = DescribeLoadBalancers {
        load_balancer_ids: some_texts(),
        load_balancer_name: some_text(),
        offset: Some(0),
        limit: Some(100),
    };
    check(&calls::DESCRIBE_LOAD_BALANCERS, &balancers);
    let listeners = DescribeListeners {
        load_balancer_id: text(),
        listener_ids: some_texts(),
    };
    check(&calls::DESCRIBE_LISTENERS, &listeners);
    check(&calls::DESCRIBE_TARGETS, &listeners);
    let health = DescribeTargetHealth {
        load_balancer_ids: vec![text()],
        listener_ids: some_texts(),
    };
    check(&calls::DESCRIBE_TARGET_HEALTH, &health);
    let single = ChangeTargets {
        load_balancer_id: text(),
        listener_id: text(),
        location_id: some_text(),
        targets: vec![Target {
            port: 80,
            instance_id: some_text(),
            eni_ip: some_text(),
            weight: Some(10),
        }],
    };
    for action in [
        &calls::REGISTER_TARGETS,
        &calls::DEREGISTER_TARGETS,
        &calls::MODIFY_TARGET_WEIGHT,
    ] {
        check(action, &single);
    }
    let batch = BatchTargets {
        load_balancer_id: text(),
        targets: vec![BatchTarget {
            listener_id: text(),
            port: 80,
            instance_id: some_text(),
            eni_ip: some_text(),
            weight: Some(10),
            location_id: some_text(),
        }],
    };
    check(&calls::BATCH_REGISTER_TARGETS, &batch);
    check(&calls::BATCH_DEREGISTER_TARGETS, &batch);
    check(
        &calls::DESCRIBE_TASK_STATUS,
        &DescribeTaskStatus { task_id: text() },
    );
    let classic = RegisterTargetsWithClassicalLb {
        load_balancer_id: text(),
        targets: vec![ClassicalTargetInfo {
            instance_id: text(),
            weight: Some(10),
        }],
    };
    check(&calls::REGISTER_CLASSICAL, &classic);
    let classic = DeregisterTargetsFromClassicalLb {
        load_balancer_id: text(),
        instance_ids: vec![text()],
    };
    check(&calls::DEREGISTER_CLASSICAL, &classic);
    let classic = DescribeClassical {
        load_balancer_id: text(),
    };
    for action in [
        &calls::DESCRIBE_CLASSICAL_LISTENERS,
        &calls::DESCRIBE_CLASSICAL_TARGETS,
        &calls::DESCRIBE_CLASSICAL_HEALTH,
    ] {
        check(action, &classic);
    }
}

#[test]
fn what_is_absent_is_left_out() {
    assert_eq!(
        json!(ChangeTargets {
            load_balancer_id: text(),
            listener_id: text(),
            ..ChangeTargets::default()
        }),
        json!({"LoadBalancerId": "text", "ListenerId": "text", "Targets": []})
    );
}

fn members(object: &str) -> Map<String, Value> {
    let spec = spec();
    let members = &spec[&("clb".to_owned(), object.to_owned())];
    members
        .iter()
        .map(|(name, (_, kind))| (name.clone(), json!(kind)))
        .collect()
}

/// An answer with every member that the service's description has.
fn sample(object: &str) -> Value {
    let value = |kind: &str| match kind {
        "string" => json!("text"),
        "int" => json!(1),
        "bool" => json!(true),
        object => sample(object),
    };
    let mut members = members(object);
    for member in members.values_mut() {
        let kind = member.as_str().unwrap();
        *member = match kind.strip_prefix("list ") {
            Some(element) => json!([value(element)]),
            None => value(kind),
        };
    }
    Value::Object(members)
}

/// A member of ours that the service does not have stays empty, and shows.
fn read<T: DeserializeOwned + std::fmt::Debug>(object: &str) {
    let answer: T = serde_json::from_value(sample(object)).unwrap();
    let shown = format!("{answer:?}");
    for empty in ["None", "[]", "\"\"", ": 0"] {
        assert!(!shown.contains(empty), "{object}: {shown}");
    }
}

#[test]
fn answers_have_the_service_s_names_and_types() {
    read::<Balancers>("DescribeLoadBalancersResponse");
    read::<Listeners>("DescribeListenersResponse");
    read::<Targets>("DescribeTargetsResponse");
    read::<Health>("DescribeTargetHealthResponse");
    read::<Accepted>("BatchRegisterTargetsResponse");
    read::<Accepted>("BatchDeregisterTargetsResponse");
    read::<TaskStatus>("DescribeTaskStatusResponse");
    read::<ClassicalListeners>("DescribeClassicalLBListenersResponse");
    read::<ClassicalHealthList>("DescribeClassicalLBHealthStatusResponse");
    let targets: ClassicalTargets =
        serde_json::from_value(sample("DescribeClassicalLBTargetsResponse")).unwrap();
    assert_eq!(targets.targets[0].instance_id, Some(text()));
    assert_eq!(targets.targets[0].private_ip_addresses, [text()]);
    assert_eq!(targets.targets[0].weight, Some(1));
}

#[test]
fn any_member_may_be_null_or_absent() {
    let nulls = |object: &str| {
        let mut members = members(object);
        members
            .values_mut()
            .for_each(|member| *member = Value::Null);
        Value::Object(members)
    };
    for answer in [nulls("DescribeListenersResponse"), json!({})] {
        assert_eq!(
            serde_json::from_value::<Listeners>(answer).unwrap(),
            Listeners::default()
        );
    }
    assert_eq!(
        serde_json::from_value::<Listener>(nulls("Listener")).unwrap(),
        Listener::default()
    );
    assert_eq!(
        serde_json::from_value::<Backend>(nulls("Backend")).unwrap(),
        Backend::default()
    );
    assert_eq!(
        serde_json::from_value::<TargetHealth>(nulls("TargetHealth")).unwrap(),
        TargetHealth::default()
    );
}
