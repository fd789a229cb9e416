//! The vendor's own description of requests, against which tests hold ours.

use std::collections::HashMap;

use serde_json::Value;

use crate::client::Action;

const DATA: &[&str] = &[
    include_str!("../tests/data/requests.txt"),
    include_str!("../tests/data/vpc.txt"),
    include_str!("../tests/data/clb.txt"),
];

/// Members of each object of a service: name, whether required, type.
pub(crate) type Spec = HashMap<(String, String), HashMap<String, (bool, String)>>;

/// What is wrong with an action's request, by the vendor's description.
pub(crate) fn faults(action: &Action, request: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let object = format!("{}Request", action.name);
    check_object(&spec(), action.service, &object, request, &mut found);
    found
}

/// Reads the descriptions.
pub(crate) fn spec() -> Spec {
    let mut spec = Spec::new();
    let lines = DATA.iter().flat_map(|text| text.lines());
    for line in lines.filter(|line| !line.starts_with('#')) {
        let [service, object, member, kind] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let name = member.trim_end_matches('!');
        spec.entry((service.to_owned(), object.to_owned()))
            .or_default()
            .insert(name.to_owned(), (member.ends_with('!'), kind.to_owned()));
    }
    spec
}

fn check_object(spec: &Spec, service: &str, object: &str, value: &Value, found: &mut Vec<String>) {
    let Some(members) = spec.get(&(service.to_owned(), object.to_owned())) else {
        return found.push(format!("{object} is no object of {service}"));
    };
    let Value::Object(given) = value else {
        return found.push(format!("{object} is no JSON object"));
    };
    for (name, (required, _)) in members {
        if *required && !given.contains_key(name) {
            found.push(format!("{object}.{name} is missing"));
        }
    }
    for (name, value) in given {
        match members.get(name) {
            None => found.push(format!("{object}.{name} is unknown")),
            Some((_, kind)) => check(
                spec,
                service,
                &format!("{object}.{name}"),
                kind,
                value,
                found,
            ),
        }
    }
}

fn check(
    spec: &Spec,
    service: &str,
    path: &str,
    kind: &str,
    value: &Value,
    found: &mut Vec<String>,
) {
    let good = match (kind, kind.strip_prefix("list ")) {
        ("string", _) => value.is_string(),
        ("int", _) => value.is_i64() || value.is_u64(),
        ("float", _) => value.is_number(),
        ("bool", _) => value.is_boolean(),
        (_, Some(element)) => match value.as_array() {
            Some(values) => {
                assert!(!values.is_empty(), "{path} is not filled in");
                return values
                    .iter()
                    .for_each(|value| check(spec, service, path, element, value, found));
            }
            None => false,
        },
        (object, None) => return check_object(spec, service, object, value, found),
    };
    if !good {
        found.push(format!("{path} is {value}, not {kind}"));
    }
}
