//! The parameters of a call: JSON whose types have to be exactly the specification's.

use serde_json::{Map, Value};

use super::Error;
use crate::schema::{self, Member, Schema, Type};

/// The members of the request's body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Params(Map<String, Value>);

impl Params {
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// The value at a dotted name.
    pub(crate) fn at(&self, name: &str) -> Option<&Value> {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let first = self.0.get(first)?;
        rest.split('.')
            .filter(|part| !part.is_empty())
            .try_fold(first, |node, part| node.get(part))
    }

    /// The text at a dotted name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.at(name)?.as_str()
    }

    /// The number at a dotted name.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.at(name)?.as_i64()
    }

    /// The boolean at a dotted name; absent is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.at(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The texts of the list at a dotted name; absent is empty.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.items(name).iter().filter_map(Value::as_str).collect()
    }

    /// The items of the list at a dotted name; absent is empty.
    pub(crate) fn items(&self, name: &str) -> &[Value] {
        self.at(name)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The whole as text without one member, for comparing two requests.
    pub(crate) fn fingerprint_without(&self, name: &str) -> String {
        let mut rest = self.0.clone();
        rest.remove(name);
        Value::Object(rest).to_string()
    }

    /// Refuses what the action does not take, of the wrong type, or missing.
    pub(crate) fn check(&self, schema: &Schema, action: &str) -> Result<(), Error> {
        check_object(&self.0, schema, action, "")
    }
}

fn check_object(
    members: &Map<String, Value>,
    schema: &Schema,
    object: &str,
    path: &str,
) -> Result<(), Error> {
    let known = schema.object(object).map(Vec::as_slice).unwrap_or_default();
    let full = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for (name, value) in members {
        let Some(member) = schema::find(known, name) else {
            return Err(Error::new(
                "UnknownParameter",
                format!("The parameter `{}` is not recognized.", full(name)),
            ));
        };
        check_member(value, schema, member, &full(name))?;
    }
    let missing = known
        .iter()
        .find(|(name, member)| member.required && !members.contains_key(*name));
    missing.map_or(Ok(()), |(name, _)| Err(Error::missing(&full(name))))
}

fn check_member(value: &Value, schema: &Schema, member: Member, path: &str) -> Result<(), Error> {
    if !member.list {
        return check_value(value, schema, member, path);
    }
    let items = value.as_array().ok_or_else(|| wrong_type(path))?;
    for (at, item) in items.iter().enumerate() {
        check_value(
            item,
            schema,
            schema::Member {
                list: false,
                ..member
            },
            &format!("{path}.{at}"),
        )?;
    }
    Ok(())
}

fn check_value(value: &Value, schema: &Schema, member: Member, path: &str) -> Result<(), Error> {
    let fits = match member.kind {
        Type::Object(object) => {
            return check_object(
                value.as_object().ok_or_else(|| wrong_type(path))?,
                schema,
                object,
                path,
            );
        }
        Type::Text => value.is_string(),
        Type::Int => value.is_i64() || value.is_u64(),
        Type::Float => value.is_number(),
        Type::Bool => value.is_boolean(),
    };
    if fits { Ok(()) } else { Err(wrong_type(path)) }
}

fn wrong_type(path: &str) -> Error {
    Error::new(
        "InvalidParameter",
        format!("The value type of parameter `{path}` is not valid."),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_have_to_be_exactly_right() {
        let cvm = Schema::parse(include_str!("schema/cvm.txt"));
        let vpc = Schema::parse(include_str!("schema/vpc.txt"));
        let code = |schema: &Schema, action: &str, body: Value| {
            let Value::Object(members) = body else {
                panic!("not an object")
            };
            Params::new(members)
                .check(schema, action)
                .map_err(|error| error.code.into_owned())
        };
        let wrong = || Err("InvalidParameter".to_owned());
        assert_eq!(
            code(
                &cvm,
                "DescribeInstances",
                json!({"Limit": 100, "Offset": 0})
            ),
            Ok(())
        );
        assert_eq!(
            code(&cvm, "DescribeInstances", json!({"Limit": "100"})),
            wrong()
        );
        assert_eq!(
            code(&cvm, "DescribeInstances", json!({"Limit": null})),
            wrong()
        );
        assert_eq!(
            code(&cvm, "DescribeInstances", json!({"Limit": 1.5})),
            wrong()
        );
        assert_eq!(
            code(&cvm, "DescribeInstances", json!({"InstanceIds": "ins-1"})),
            wrong()
        );
        assert_eq!(
            code(&cvm, "DescribeInstances", json!({"InstanceIds": [1]})),
            wrong()
        );
        assert_eq!(
            code(&vpc, "DescribeSubnets", json!({"Limit": "100"})),
            Ok(())
        );
        assert_eq!(
            code(&vpc, "DescribeSubnets", json!({"Limit": 100})),
            wrong()
        );
        let unknown = json!({"Filters": [{"Name": "zone", "Values": [], "Operator": "="}]});
        assert_eq!(
            code(&cvm, "DescribeInstances", unknown),
            Err("UnknownParameter".to_owned())
        );
        assert_eq!(
            code(&cvm, "StopInstances", json!({})),
            Err("MissingParameter".to_owned())
        );
    }
}
