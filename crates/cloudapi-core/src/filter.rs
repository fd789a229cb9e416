//! Filters in the interface's form: `[{"tag:role": ["web", "db"], "instance-state": "running"}]`.
//!
//! All names must hold; the values of one name are alternatives; `*` matches any run of characters, `?` exactly one, and
//! a backslash takes the next character as it is. Matching is case-sensitive.

mod json;
mod pattern;

pub use pattern::Pattern;

use crate::{Error, Result};

/// One condition: a name and its alternatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The filter's name, such as `instance-state` or `tag:role`.
    pub name: String,
    /// The values of which one must match.
    pub values: Vec<String>,
}

/// Conditions that must all hold.
///
/// # Examples
///
/// ```
/// use cloudapi_core::Filters;
///
/// let filters = Filters::new().with("instance-state", ["running"]).with("tag:role", ["web", "db"]);
/// let same: Filters = serde_json::from_str(r#"[{"instance-state": "running", "tag:role": ["web", "db"]}]"#)?;
/// assert_eq!(filters, same);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters(Vec<Filter>);

impl Filters {
    /// Makes a set without conditions: everything matches.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition.
    #[must_use]
    pub fn with<S: Into<String>>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        self.0.push(Filter {
            name: name.into(),
            values: values.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// Gives the conditions in the order given.
    pub fn iter(&self) -> std::slice::Iter<'_, Filter> {
        self.0.iter()
    }

    /// Whether there is no condition.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Filters {
    type Item = &'a Filter;
    type IntoIter = std::slice::Iter<'a, Filter>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Filter> for Filters {
    fn from_iter<I: IntoIterator<Item = Filter>>(filters: I) -> Self {
        Self(filters.into_iter().collect())
    }
}

/// One checked condition: what it looks at, in canonical form, and its alternatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion<N> {
    /// What it looks at.
    pub name: N,
    /// The alternatives.
    pub values: Vec<Pattern>,
}

impl<N> Criterion<N> {
    /// Gives the values if none has a wildcard.
    pub fn literals(&self) -> Option<Vec<String>> {
        self.values.iter().map(Pattern::literal).collect()
    }
}

/// Checks the conditions of a request: each has values, and no name stands twice, also by an alias.
pub(crate) fn parse_all<N: PartialEq>(
    filters: &Filters,
    parse_name: impl Fn(&str) -> Result<N>,
    parse_values: impl Fn(&N, &[String]) -> Result<Vec<Pattern>>,
) -> Result<Vec<Criterion<N>>> {
    let mut parsed: Vec<Criterion<N>> = Vec::new();
    for given in filters {
        check_values(given)?;
        let name = parse_name(&given.name)?;
        if parsed.iter().any(|earlier| earlier.name == name) {
            return Err(repeated_name(&given.name));
        }
        let values = parse_values(&name, &given.values)?;
        parsed.push(Criterion { name, values });
    }
    Ok(parsed)
}

/// The filter names that one operation knows: canonical name first, then its aliases.
pub(crate) type Names<T> = &'static [(T, &'static str, &'static [&'static str])];

/// Finds a fixed name or one of its aliases.
pub(crate) fn find_name<T: Clone>(names: Names<T>, name: &str) -> Option<T> {
    names
        .iter()
        .find(|(_, canonical, aliases)| *canonical == name || aliases.contains(&name))
        .map(|(found, _, _)| found.clone())
}

/// Makes the error for a name that nothing knows, with the nearest that is known.
pub(crate) fn unknown_name<T>(names: Names<T>, name: &str) -> Error {
    let known = names
        .iter()
        .flat_map(|(_, canonical, aliases)| std::iter::once(canonical).chain(aliases.iter()));
    let nearest = nearest(name, known.copied().chain(["tag:KEY"]));
    let list = names
        .iter()
        .map(|(_, canonical, _)| *canonical)
        .collect::<Vec<_>>()
        .join(", ");
    Error::invalid_argument(format!(
        "unknown filter {name:?}{}; known are {list}, tag:KEY, and native:NAME for the cloud's own",
        nearest
            .map(|nearest| format!("; did you mean {nearest:?}?"))
            .unwrap_or_default()
    ))
    .with_resources([name])
}

/// Gives the known word that is most like the given one, if one is like it at all.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('_', "-");
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, candidate), candidate))
        .filter(|(score, _)| *score > 0.7)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Checks what holds for every condition: it has values, and its canonical name stands only once.
fn check_values(filter: &Filter) -> Result<()> {
    if filter.values.is_empty() {
        return Err(
            Error::invalid_argument(format!("filter {:?} has no value", filter.name))
                .with_resources([&filter.name]),
        );
    }
    Ok(())
}

/// Makes the error for a name that stands twice.
fn repeated_name(name: &str) -> Error {
    Error::invalid_argument(format!(
        "filter {name:?} is given twice; put its values in one list, which matches any of them"
    ))
    .with_resources([name])
}
