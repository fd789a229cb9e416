//! What TOML and JSON have in common, with the lines where it stands.

use std::collections::BTreeMap;
use std::path::Path;

use cloudapi_core::Error;
use serde_json::error::Category;
use serde_json::value::RawValue;
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

/// How deep objects are looked into: deeper than any setting is.
const DEEPEST: usize = 4;

/// The members of a JSON object, not read further yet: so the place of each in the text is known.
type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Reads JSON. The reader's own words quote the text, hence they are not used.
pub(super) fn from_json(text: &str) -> Result<Table, Fault> {
    let members = serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => Fault::new(Some(1), "this is no JSON object"),
        _ => Fault::new(Some(error.line()), "this is no JSON"),
    })?;
    of_json(text, members, 1)
}

fn of_json(text: &str, members: Members<'_>, depth: usize) -> Result<Table, Fault> {
    let place = |raw: &str| raw.as_ptr().addr() - text.as_ptr().addr();
    let mut members: Vec<(String, &str)> = members
        .into_iter()
        .map(|(name, raw)| (name, raw.get()))
        .collect();
    members.sort_by_key(|(_, raw)| place(raw));
    let entries = members.into_iter().map(|(name, raw)| {
        let line = text
            .get(..place(raw))
            .map(|before| before.matches('\n').count() + 1);
        let broken = |_| Fault::new(line, "this is no JSON");
        let node = match raw.as_bytes().first() {
            Some(b'"') => Node::Text(serde_json::from_str(raw).map_err(broken)?),
            Some(b'{') if depth < DEEPEST => {
                let members = serde_json::from_str(raw).map_err(broken)?;
                Node::Table(of_json(text, members, depth + 1)?)
            }
            _ => raw.parse().map_or(Node::Other, Node::Number),
        };
        Ok(Entry { name, line, node })
    });
    Ok(Table(entries.collect::<Result<_, _>>()?))
}
