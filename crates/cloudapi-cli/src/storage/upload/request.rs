//! The request of an upload as JSON: where to, what, and the object's properties in one object.

use std::path::PathBuf;

use cloudapi::storage::UploadOptions;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What `--request` and the flags say.
#[derive(Debug, PartialEq)]
pub(super) struct Fields {
    pub(super) file: PathBuf,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) options: UploadOptions,
}

// By hand, since `#[serde(flatten)]` would let unknown fields pass.
impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let mut take = |name: &'static str| {
            let value = fields.remove(name);
            value.ok_or_else(|| D::Error::missing_field(name))
        };
        let (bucket, key, file) = (take("Bucket")?, take("Key")?, take("File")?);
        Ok(Self {
            bucket: read(bucket)?,
            key: read(key)?,
            file: read(file)?,
            options: read(Value::Object(fields))?,
        })
    }
}

fn read<T: serde::de::DeserializeOwned, E: serde::de::Error>(value: Value) -> Result<T, E> {
    serde_json::from_value(value).map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_holds_all_and_nothing_unknown() {
        let fields: Fields = serde_json::from_str(
            r#"{"Bucket": "b", "Key": "k", "File": "-", "Overwrite": false, "Tags": {"a": "b"}}"#,
        )
        .unwrap();
        assert_eq!((fields.bucket.as_str(), fields.key.as_str()), ("b", "k"));
        assert!(!fields.options.overwrite);
        assert_eq!(fields.options.tags["a"], "b");
        for (bad, words) in [
            (r#"{"Key": "k", "File": "-"}"#, "missing field `Bucket`"),
            (r#"{"Bucket": "b", "Key": "k"}"#, "missing field `File`"),
            (
                r#"{"Bucket": "b", "Key": "k", "File": "f", "Tag": {}}"#,
                "unknown field `Tag`",
            ),
            (r#"{"Bucket": 1, "Key": "k", "File": "f"}"#, "invalid type"),
        ] {
            let error = serde_json::from_str::<Fields>(bad).unwrap_err().to_string();
            assert!(error.starts_with(words), "{error}");
        }
    }
}
