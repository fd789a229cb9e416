//! The form that EC2 and the query services take: dotted names with numbers for lists.

use std::collections::BTreeMap;

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::{Dialect, Error};
use crate::schema::{self, Schema, Type};

/// Names go no deeper than this, so that a hostile one can't exhaust the stack.
const DEEPEST: usize = 16;

/// Parameters as a tree: `Filter.1.Value.2` is the value at `Filter`, `1`, `Value`, `2`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params {
    value: Option<String>,
    members: BTreeMap<String, Params>,
}

impl Params {
    /// Reads a form.
    pub(crate) fn parse(body: &[u8]) -> Self {
        let mut root = Self::default();
        for pair in body
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            let at = pair
                .iter()
                .position(|byte| *byte == b'=')
                .unwrap_or(pair.len());
            let name = decode(&pair[..at]);
            let value = decode(pair.get(at + 1..).unwrap_or_default());
            let leaf = name.splitn(DEEPEST, '.').fold(&mut root, |node, part| {
                node.members.entry(part.to_owned()).or_default()
            });
            leaf.value = Some(value);
        }
        root
    }

    /// The text at a dotted name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.at(name)?.value.as_deref()
    }

    /// Whether the boolean at a dotted name is true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The number at a dotted name; what is none has been refused before.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// The texts of the list at a dotted name, in their order.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.items(name)
            .into_iter()
            .filter_map(|item| item.value.as_deref())
            .collect()
    }

    /// The objects of the list at a dotted name, in their order.
    pub(crate) fn items(&self, name: &str) -> Vec<&Self> {
        self.at(name).map(Self::numbered).unwrap_or_default()
    }

    /// Whether anything stands under a dotted name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.at(name).is_some()
    }

    /// The tree without the names that say what is called, for the record and for comparing two requests.
    pub(crate) fn to_json(&self) -> Value {
        let mut whole = self.json();
        if let Value::Object(members) = &mut whole {
            members.remove("Action");
            members.remove("Version");
        }
        whole
    }

    fn at(&self, name: &str) -> Option<&Self> {
        name.split('.')
            .try_fold(self, |node, part| node.members.get(part))
    }

    /// The members by their numbers; query services put `member` between the name and the number.
    fn numbered(&self) -> Vec<&Self> {
        let within = self.members.get("member").unwrap_or(self);
        let numbers = within
            .members
            .iter()
            .filter_map(|(name, item)| Some((name.parse::<u64>().ok()?, item)));
        let mut items: Vec<(u64, &Self)> = numbers.collect();
        items.sort_by_key(|(number, _)| *number);
        items.into_iter().map(|(_, item)| item).collect()
    }

    /// How many values or objects stand in a list, numbered or not.
    fn width(&self) -> usize {
        let within = self.members.get("member").unwrap_or(self);
        let bare = within.value.as_ref().is_some_and(|value| !value.is_empty());
        within.members.len() + usize::from(bare)
    }

    fn json(&self) -> Value {
        if self.members.is_empty() {
            return self.value.as_deref().map_or(Value::Null, Value::from);
        }
        let items = self.numbered();
        if !items.is_empty() {
            return items.into_iter().map(Self::json).collect();
        }
        let members: Map<String, Value> = self
            .members
            .iter()
            .map(|(name, node)| (name.clone(), node.json()))
            .collect();
        Value::Object(members)
    }
}

fn decode(text: &[u8]) -> String {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    String::from_utf8_lossy(&percent_decode(&spaced).collect::<Vec<u8>>()).into_owned()
}

/// Refuses parameters that the action does not have, of the wrong type, or missing.
pub(crate) fn check(
    params: &Params,
    schema: &Schema,
    action: &str,
    dialect: Dialect,
) -> Result<(), Error> {
    let Some(object) = schema.object(action) else {
        return Ok(());
    };
    for (name, member) in object {
        if member.required && !params.members.contains_key(*name) {
            return Err(missing(name, dialect));
        }
    }
    check_object(params, schema, action, "", dialect)
}

/// EC2 has a code for what is missing; the others call it a value that is none.
fn missing(name: &str, dialect: Dialect) -> Error {
    if dialect == Dialect::Ec2 {
        return Error::missing(name);
    }
    let name = name.replacen(|_: char| true, &name[..1].to_lowercase(), 1);
    let message = format!(
        "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
    );
    Error::client("ValidationError", message)
}

fn check_object(
    node: &Params,
    schema: &Schema,
    object: &str,
    path: &str,
    dialect: Dialect,
) -> Result<(), Error> {
    let members = schema.object(object).map(Vec::as_slice).unwrap_or_default();
    for (name, inner) in &node.members {
        if path.is_empty() && (name == "Action" || name == "Version") {
            continue;
        }
        let full = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let Some(member) = schema::find(members, name) else {
            let message = format!("The parameter {full} is not recognized");
            let code = if dialect == Dialect::Ec2 {
                "UnknownParameter"
            } else {
                "MalformedInput"
            };
            return Err(Error::client(code, message));
        };
        let leaves = if member.list {
            inner.numbered()
        } else {
            vec![inner]
        };
        // A list that is not numbered would be taken for none, which means everything.
        if member.list && leaves.len() != inner.width() {
            let message = format!("The parameter {full} is not a numbered list");
            return Err(Error::client("InvalidParameterValue", message));
        }
        for leaf in leaves {
            check_leaf(leaf, schema, member, &full, dialect)?;
        }
    }
    Ok(())
}

fn check_leaf(
    leaf: &Params,
    schema: &Schema,
    member: schema::Member,
    path: &str,
    dialect: Dialect,
) -> Result<(), Error> {
    let text = leaf.value.as_deref().unwrap_or_default();
    let fits = match member.kind {
        Type::Object(object) => return check_object(leaf, schema, object, path, dialect),
        Type::Text => leaf.members.is_empty(),
        Type::Int => text.parse::<i64>().is_ok(),
        Type::Float => text.parse::<f64>().is_ok(),
        Type::Bool => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
    };
    if fits {
        Ok(())
    } else {
        Err(Error::value(text, path, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_lists_and_objects() {
        let form = b"Action=X&Filter.10.Name=b&Filter.2.Name=tag%3AA+b&Filter.2.Value.1=%E4%B8%AD&Ids.member.1=i-1&Empty=&Flag=true";
        let params = Params::parse(form);
        let names: Vec<_> = params
            .items("Filter")
            .iter()
            .map(|filter| filter.text("Name").unwrap())
            .collect();
        assert_eq!(names, ["tag:A b", "b"]);
        assert_eq!(params.items("Filter")[0].list("Value"), ["中"]);
        assert_eq!(params.list("Ids"), ["i-1"]);
        assert_eq!(params.text("Empty"), Some(""));
        assert!(params.flag("Flag") && !params.flag("Empty"));
        let deep = Params::parse("a.".repeat(1_000_000).as_bytes());
        assert_eq!(deep.to_json().to_string().matches('{').count(), DEEPEST);
        assert_eq!(params.to_json()["Filter"][0]["Value"][0], "中");
    }

    #[test]
    fn what_the_action_does_not_take_is_refused() {
        let schema = Schema::parse(include_str!("schema/ec2.txt"));
        let code = |form: &str| {
            check(
                &Params::parse(form.as_bytes()),
                &schema,
                "StopInstances",
                Dialect::Ec2,
            )
            .map_err(|error| error.code)
        };
        assert_eq!(
            code("Action=StopInstances&InstanceId.1=i-1&Force=true"),
            Ok(())
        );
        let unnumbered = Err("InvalidParameterValue".into());
        assert_eq!(code("InstanceId=i-1"), unnumbered);
        assert_eq!(code("InstanceId.a=i-1&InstanceId.1=i-2"), unnumbered);
        assert_eq!(
            code("InstanceId.1=i-1&Fore=true"),
            Err("UnknownParameter".into())
        );
        assert_eq!(
            code("InstanceId.1=i-1&Force=yes"),
            Err("InvalidParameterValue".into())
        );
        assert_eq!(code("Force=true"), Err("MissingParameter".into()));
    }
}
