//! Filters to and from JSON: a list of maps from a name to one value or a list of values.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Filter, Filters};

/// Writes a list with one map for each condition, so that the order is kept.
impl Serialize for Filters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match &*self.values {
            [value] => map.serialize_entry(&self.name, value)?,
            values => map.serialize_entry(&self.name, values)?,
        }
        map.end()
    }
}

/// Reads a list of maps, or one map alone. A name that stands twice is kept twice, for the operation to refuse.
impl<'de> Deserialize<'de> for Filters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FiltersVisitor)
    }
}

struct FiltersVisitor;

impl<'de> Visitor<'de> for FiltersVisitor {
    type Value = Filters;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"filters such as [{"instance-state": "running", "tag:role": ["web", "db"]}]"#)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Filters, A::Error> {
        let mut filters = Vec::new();
        while let Some(OneMap(more)) = list.next_element()? {
            filters.extend(more);
        }
        Ok(Filters(filters))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Filters, A::Error> {
        read_map(map).map(Filters)
    }
}

struct OneMap(Vec<Filter>);

impl<'de> Deserialize<'de> for OneMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneMapVisitor;
        impl<'de> Visitor<'de> for OneMapVisitor {
            type Value = OneMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    r#"a map from filter names to values, such as {"instance-state": "running"}"#,
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneMap, A::Error> {
                read_map(map).map(OneMap)
            }
        }
        deserializer.deserialize_map(OneMapVisitor)
    }
}

fn read_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Vec<Filter>, A::Error> {
    let mut filters = Vec::new();
    while let Some((name, Values(values))) = map.next_entry::<String, Values>()? {
        filters.push(Filter { name, values });
    }
    Ok(filters)
}

struct Values(Vec<String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            One(Scalar),
            Many(Vec<Scalar>),
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Scalar {
            Text(String),
            Flag(bool),
            Number(serde_json::Number),
        }
        let text = |scalar: Scalar| match scalar {
            Scalar::Text(text) => text,
            Scalar::Flag(flag) => flag.to_string(),
            Scalar::Number(number) => number.to_string(),
        };
        match OneOrMany::deserialize(deserializer) {
            Ok(OneOrMany::One(scalar)) => Ok(Self(vec![text(scalar)])),
            Ok(OneOrMany::Many(scalars)) => Ok(Self(scalars.into_iter().map(text).collect())),
            Err(_) => Err(de::Error::custom(
                "a filter's value is a string or a list of strings",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<(String, Vec<String>)>, String> {
        serde_json::from_str::<Filters>(json)
            .map(|filters| {
                filters
                    .0
                    .into_iter()
                    .map(|filter| (filter.name, filter.values))
                    .collect()
            })
            .map_err(|error| error.to_string())
    }

    fn pair(name: &str, values: &[&str]) -> (String, Vec<String>) {
        (
            name.to_owned(),
            values.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn reads_lists_of_maps_and_a_map_alone() {
        let both = vec![pair("a", &["1"]), pair("b", &["2", "3"])];
        assert_eq!(read(r#"[{"a": "1", "b": ["2", "3"]}]"#), Ok(both.clone()));
        assert_eq!(read(r#"[{"a": "1"}, {"b": ["2", "3"]}]"#), Ok(both.clone()));
        assert_eq!(read(r#"{"a": "1", "b": ["2", "3"]}"#), Ok(both));
        assert_eq!(
            read(r#"[{"main": true, "n": 5}]"#),
            Ok(vec![pair("main", &["true"]), pair("n", &["5"])])
        );
        assert_eq!(read("[]"), Ok(vec![]));
    }

    #[test]
    fn keeps_a_name_that_stands_twice() {
        assert_eq!(
            read(r#"[{"a": "1", "a": "2"}]"#),
            Ok(vec![pair("a", &["1"]), pair("a", &["2"])])
        );
    }

    #[test]
    fn says_what_a_filter_looks_like() {
        assert!(
            read(r#"[{"a": {"b": "c"}}]"#)
                .unwrap_err()
                .starts_with("a filter's value is a string or a list of strings")
        );
        assert!(
            read(r#""a=b""#)
                .unwrap_err()
                .contains("expected filters such as")
        );
        assert!(
            read(r#"["a"]"#)
                .unwrap_err()
                .contains("expected a map from filter names to values")
        );
    }

    #[test]
    fn round_trips() {
        let filters = Filters::new().with("a", ["1"]).with("b", ["2", "3"]);
        let json = serde_json::to_string(&filters).unwrap();
        assert_eq!(json, r#"[{"a":"1"},{"b":["2","3"]}]"#);
        assert_eq!(serde_json::from_str::<Filters>(&json).unwrap(), filters);
    }
}
