//! What TOML and JSON have in common, with the lines where it stands.

use std::path::Path;

use cloudapi_core::Error;
use toml::de::{DeTable, DeValue};

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    Number(i64),
    Table(Table),
    /// What no setting is: lists, dates, fractions, true and false, nothing.
    Other,
}

/// Settings in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub(super) Vec<Entry>);

/// A setting and its line, where that is known.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) line: Option<usize>,
    pub(super) node: Node,
}

/// What is wrong, and in which line.
#[derive(Debug)]
pub(super) struct Fault {
    line: Option<usize>,
    what: String,
}

impl Fault {
    pub(super) fn new(line: Option<usize>, what: impl Into<String>) -> Self {
        Self {
            line,
            what: what.into(),
        }
    }

    /// Makes the error.
    pub(super) fn in_file(self, path: &Path) -> Error {
        let line = self.line.map(|line| format!(", line {line}"));
        let (path, line) = (path.display().to_string(), line.unwrap_or_default());
        Error::config(format!("the file {path}{line}: {}", self.what)).with_resources([path])
    }
}

/// Reads TOML. The reader's own words quote the text, hence they are not used.
pub(super) fn from_toml(text: &str) -> Result<Table, Fault> {
    let line_at = |at: usize| {
        text.get(..at)
            .map(|before| before.matches('\n').count() + 1)
    };
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().and_then(|span| line_at(span.start));
        Fault::new(line, "this is no TOML")
    })?;
    Ok(of_toml(table.get_ref(), &line_at))
}

fn of_toml(table: &DeTable<'_>, line_at: &impl Fn(usize) -> Option<usize>) -> Table {
    let mut entries: Vec<(usize, Entry)> = table
        .iter()
        .map(|(name, value)| {
            let at = name.span().start;
            let node = match value.get_ref() {
                DeValue::String(text) => Node::Text(text.to_string()),
                DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                    .map_or(Node::Other, Node::Number),
                DeValue::Table(table) => Node::Table(of_toml(table, line_at)),
                _ => Node::Other,
            };
            let entry = Entry {
                name: name.get_ref().to_string(),
                line: line_at(at),
                node,
            };
            (at, entry)
        })
        .collect();
    entries.sort_by_key(|(at, _)| *at);
    Table(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// Reads JSON. It tells lines for bad syntax only.
pub(super) fn from_json(text: &str) -> Result<Table, Fault> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Fault::new(Some(error.line()), "this is no JSON"))?;
    match of_json(value) {
        Node::Table(table) => Ok(table),
        _ => Err(Fault::new(Some(1), "this is no JSON object")),
    }
}

fn of_json(value: serde_json::Value) -> Node {
    use serde_json::Value;

    match value {
        Value::String(text) => Node::Text(text),
        Value::Number(number) => number.as_i64().map_or(Node::Other, Node::Number),
        Value::Object(members) => Node::Table(Table(
            members
                .into_iter()
                .map(|(name, value)| Entry {
                    name,
                    line: None,
                    node: of_json(value),
                })
                .collect(),
        )),
        _ => Node::Other,
    }
}
