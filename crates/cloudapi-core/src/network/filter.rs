//! The portable filters on route tables, and what they mean.

use super::RouteTable;
use crate::filter::{self, Criterion, Pattern};
use crate::{Error, Filters, Result};

/// What a filter on route tables looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteTableFilterName {
    /// `route-table-id`
    RouteTableId,
    /// `vpc-id`
    VpcId,
    /// `subnet-id`: the table that a subnet uses, be it the network's main one because the subnet was given none.
    SubnetId,
    /// `name`
    Name,
    /// `main`: `true` or `false`.
    Main,
    /// `tag:KEY`
    Tag(String),
    /// `tag-key`
    TagKey,
    /// `native:NAME`: the cloud's own filter, passed on as it is.
    Native(String),
}

/// The names without a parameter; the aliases are the spellings of both clouds.
const NAMES: filter::Names<RouteTableFilterName> = &[
    (
        RouteTableFilterName::RouteTableId,
        "route-table-id",
        &["association.route-table-id"],
    ),
    (RouteTableFilterName::VpcId, "vpc-id", &[]),
    (
        RouteTableFilterName::SubnetId,
        "subnet-id",
        &["association.subnet-id"],
    ),
    (RouteTableFilterName::Name, "name", &["route-table-name"]),
    (RouteTableFilterName::Main, "main", &["association.main"]),
    (RouteTableFilterName::TagKey, "tag-key", &[]),
];

/// One checked condition on route tables. The values of `main` are `true` or `false`.
pub type RouteTableFilter = Criterion<RouteTableFilterName>;

impl RouteTableFilter {
    /// Checks the conditions of a request and gives them in canonical form.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a name that is unknown (with the nearest that is known) or stands twice, also by an alias, for
    /// a condition without values, and for a value of `main` that is neither `true` nor `false`.
    pub fn parse_all(filters: &Filters) -> Result<Vec<Self>> {
        filter::parse_all(filters, parse_name, |name, values| match name {
            RouteTableFilterName::Main => main_values(values),
            _ => Ok(values.iter().map(Pattern::new).collect()),
        })
    }

    /// Whether a table meets the condition, as far as the table itself tells: `subnet-id` holds for the subnets that it was
    /// given to. A native condition can't be told here and counts as met.
    pub fn matches(&self, table: &RouteTable) -> bool {
        let any = |text: &str| self.values.iter().any(|pattern| pattern.matches(text));
        let maybe = |text: &Option<String>| text.as_deref().is_some_and(any);
        match &self.name {
            RouteTableFilterName::RouteTableId => any(table.route_table_id.as_str()),
            RouteTableFilterName::VpcId => maybe(&table.vpc_id),
            RouteTableFilterName::SubnetId => table.subnet_ids.iter().any(|subnet| any(subnet)),
            RouteTableFilterName::Name => maybe(&table.name),
            RouteTableFilterName::Main => any(if table.main { "true" } else { "false" }),
            RouteTableFilterName::Tag(key) => table.tags.get(key).is_some_and(|value| any(value)),
            RouteTableFilterName::TagKey => table.tags.keys().any(|key| any(key)),
            RouteTableFilterName::Native(_) => true,
        }
    }
}

fn parse_name(name: &str) -> Result<RouteTableFilterName> {
    if let Some(found) = filter::find_name(NAMES, name) {
        return Ok(found);
    }
    match name.split_once(':') {
        Some(("tag", key)) if !key.is_empty() => Ok(RouteTableFilterName::Tag(key.to_owned())),
        Some(("native", native)) if !native.is_empty() => {
            Ok(RouteTableFilterName::Native(native.to_owned()))
        }
        _ => Err(filter::unknown_name(NAMES, name)),
    }
}

fn main_values(words: &[String]) -> Result<Vec<Pattern>> {
    words
        .iter()
        .map(|word| match word.to_ascii_lowercase().as_str() {
            known @ ("true" | "false") => Ok(Pattern::new(known)),
            _ => Err(Error::invalid_argument(format!(
                "the filter main takes true or false, not {word:?}"
            ))
            .with_resources([word])),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn matches(filters: &Filters) -> bool {
        let mut table = RouteTable::new("rtb-1");
        table.name = Some("public".to_owned());
        table.vpc_id = Some("vpc-1".to_owned());
        table.subnet_ids = vec!["subnet-1".to_owned(), "subnet-2".to_owned()];
        table.tags.insert("team".to_owned(), "net".to_owned());
        RouteTableFilter::parse_all(filters)
            .unwrap()
            .iter()
            .all(|filter| filter.matches(&table))
    }

    #[test]
    fn every_name_holds_and_values_are_alternatives() {
        for (name, value, expected) in [
            ("route-table-id", "rtb-1", true),
            ("route-table-id", "rtb-?", true),
            ("route-table-id", "rtb-2", false),
            ("vpc-id", "vpc-1", true),
            ("vpc-id", "vpc-2", false),
            ("subnet-id", "subnet-2", true),
            ("association.subnet-id", "subnet-3", false),
            ("name", "pub*", true),
            ("route-table-name", "private", false),
            ("main", "FALSE", true),
            ("association.main", "true", false),
            ("tag:team", "net", true),
            ("tag:team", "web", false),
            ("tag:role", "*", false),
            ("tag-key", "team", true),
            ("native:route.state", "blackhole", true),
        ] {
            assert_eq!(
                matches(&Filters::new().with(name, [value])),
                expected,
                "{name}={value}"
            );
        }
        assert!(matches(
            &Filters::new()
                .with("name", ["x", "public"])
                .with("vpc-id", ["vpc-1"])
        ));
        assert!(!matches(
            &Filters::new()
                .with("name", ["public"])
                .with("vpc-id", ["vpc-2"])
        ));
    }

    #[test]
    fn names_and_values_that_cannot_be_right_are_refused() {
        for (filters, advice) in [
            (
                Filters::new().with("subnet", ["x"]),
                "did you mean \"subnet-id\"?",
            ),
            (Filters::new().with("main", ["yes"]), "true or false"),
            (
                Filters::new()
                    .with("main", ["true"])
                    .with("association.main", ["true"]),
                "in one list",
            ),
            (Filters::new().with::<&str>("name", []), "has no value"),
            (Filters::new().with("native:", ["x"]), "unknown filter"),
        ] {
            let error = RouteTableFilter::parse_all(&filters).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().contains(advice), "{error}");
        }
    }
}
