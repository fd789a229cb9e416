//! Putting a JSON object and flags together without losing where a mistake stands.

use std::fmt;

use cloudapi::Error;
use cloudapi::filter::nearest;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::failure::Failure;

/// A file with a JSON object.
#[derive(Clone, Debug)]
pub(super) struct Source {
    name: String,
    text: String,
}

impl Source {
    /// Takes a file's text.
    pub(super) fn new(name: String, text: &str) -> Self {
        // Editors on Windows put a byte order mark there.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        Self { name, text }
    }

    /// Splits the object into its fields, each as it is written.
    fn fields(&self) -> Result<Fields, Failure> {
        serde_json::from_str(&self.text).map_err(|error| at(&self.name, &error))
    }
}

/// Makes a request of a file's fields and flags; flags win.
pub(super) fn build<T: DeserializeOwned>(
    source: Option<&Source>,
    flags: &[(&'static str, Box<RawValue>)],
) -> Result<T, Failure> {
    let fields = source.map_or_else(|| Ok(Fields::default()), Source::fields)?;
    // The file is read on its own first, for the sake of the position in messages. A field that it lacks may be a flag.
    let alone = source.and_then(|source| {
        let error = serde_json::from_str::<T>(&source.text).err()?;
        Some((at(&source.name, &error), missing(&error)))
    });
    let alone = match alone {
        Some((failure, None)) => return Err(failure),
        Some((failure, Some(field))) => Some((failure, field)),
        None => None,
    };
    serde_json::from_str(&together(&fields, flags)).map_err(|error| {
        match (missing(&error), alone) {
            (Some(field), Some((failure, in_file))) if field == in_file => {
                failure.with_advice(&format!("or give {}", flag(&field)))
            }
            (Some(field), None) => Failure::usage(format!(
                "{} is missing; give it, or a request with --request",
                flag(&field)
            )),
            _ => Error::invalid_argument(without_position(&error)).into(),
        }
    })
}

/// Writes one object; raw, since a map would lose a filter that stands twice.
fn together(fields: &Fields, flags: &[(&'static str, Box<RawValue>)]) -> String {
    let is_flag = |name: &str| flags.iter().any(|(flag, _)| *flag == name);
    let from_file = fields
        .0
        .iter()
        .filter(|(name, _)| !is_flag(name))
        .map(|(name, value)| (name.as_str(), value));
    let members: Vec<String> = from_file
        .chain(flags.iter().map(|(name, value)| (*name, value)))
        .map(|(name, value)| format!("{}:{}", serde_json::Value::from(name), value.get()))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Tells where in a file a mistake is, and what may have been meant.
fn at(name: &str, error: &serde_json::Error) -> Failure {
    Error::invalid_argument(format!(
        "the request in {name}, line {} column {}: {}",
        error.line(),
        error.column(),
        without_position(error)
    ))
    .into()
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let said = match text.rfind(" at line ") {
        Some(end) => &text[..end],
        None => &text,
    };
    match meant(said) {
        Some(word) => format!("{said}; did you mean `{word}`?"),
        None => said.to_owned(),
    }
}

/// Finds the known name that is nearest to an unknown one, from a message that holds both.
fn meant(message: &str) -> Option<&str> {
    let is_about_a_name =
        message.starts_with("unknown field `") || message.starts_with("unknown variant `");
    let mut names = message.split('`').skip(1).step_by(2);
    let given = names.next().filter(|_| is_about_a_name)?;
    let known: Vec<&str> = names.collect();
    let lower: Vec<String> = known.iter().map(|name| name.to_ascii_lowercase()).collect();
    let found = nearest(given, lower.iter().map(String::as_str))?;
    let index = lower.iter().position(|name| name == found)?;
    known.get(index).copied()
}

/// The field that is said to be missing.
fn missing(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let rest = text.strip_prefix("missing field `")?;
    Some(rest.split('`').next()?.to_owned())
}

/// The flag of a field: `InstanceIds` is `--instance-ids`.
fn flag(field: &str) -> String {
    let words = field.chars().fold(String::new(), |mut words, letter| {
        if letter.is_ascii_uppercase() {
            words.push('-');
        }
        words.push(letter.to_ascii_lowercase());
        words
    });
    format!("-{words}")
}

/// The members of an object in their order, none twice.
#[derive(Default)]
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> de::Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request as a JSON object, such as {\"InstanceIds\": [\"i-1\"]}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields: Vec<(String, Box<RawValue>)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if fields.iter().any(|(earlier, _)| *earlier == name) {
                return Err(de::Error::custom(format!(
                    "the field `{name}` is given twice"
                )));
            }
            fields.push((name, map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use cloudapi::compute::{
        CreateInstancesRequest, DescribeInstancesRequest, StartInstancesRequest,
    };

    use super::*;

    fn source(text: &str) -> Source {
        Source::new("r.json".to_owned(), text)
    }

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn flags_override_and_complete_the_file() {
        let file = source("{\"ImageId\": \"ami-1\", \"Count\": 2}");
        let flags = [("Count", raw("3")), ("InstanceType", raw("\"t3.micro\""))];
        let request: CreateInstancesRequest = build(Some(&file), &flags).unwrap();
        assert_eq!(
            request,
            CreateInstancesRequest::new("ami-1", "t3.micro").with_count(3)
        );
    }

    #[test]
    fn a_filter_that_stands_twice_stays_twice() {
        let file = source(r#"{"Filters": [{"name": "a", "name": "b"}]}"#);
        let request: DescribeInstancesRequest = build(Some(&file), &[]).unwrap();
        assert_eq!(request.filters.iter().count(), 2);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let message = |text: &str| {
            let failure = build::<StartInstancesRequest>(Some(&source(text)), &[]).unwrap_err();
            assert_eq!(failure.code, 4, "{text}");
            failure.error.message().to_owned()
        };
        let unknown = message("{\n  \"InstanceId\": [\"i-1\"]}");
        assert!(
            unknown.starts_with("the request in r.json, line 2 column"),
            "{unknown}"
        );
        assert!(
            unknown.ends_with("did you mean `InstanceIds`?"),
            "{unknown}"
        );
        let wrong_type = message(r#"{"InstanceIds": "i-1"}"#);
        assert!(
            wrong_type.contains("line 1") && wrong_type.contains("expected a sequence"),
            "{wrong_type}"
        );
        let missing = message(r#"{"DryRun": true}"#);
        assert!(
            missing.contains("missing field `InstanceIds`") && missing.contains("--instance-ids"),
            "{missing}"
        );
        assert!(message("{\"InstanceIds\": [\n").contains("line 2"));
        assert!(message("[]").contains("a request as a JSON object"));
        assert!(message("").contains("EOF"));
        let twice = message(r#"{"DryRun": true, "DryRun": false}"#);
        assert!(twice.contains("`DryRun` is given twice"), "{twice}");
    }

    #[test]
    fn a_missing_flag_is_a_usage_error() {
        let failure = build::<CreateInstancesRequest>(None, &[]).unwrap_err();
        assert_eq!(failure.code, 2);
        assert!(
            failure.error.message().starts_with("--image-id is missing"),
            "{failure:?}"
        );
    }
}
