//! Maps from names to values: JSON, or words such as `team=web`.

use std::collections::BTreeMap;

use cloudapi::Error;

use super::is_json;
use crate::failure::Failure;

/// Reads the words of a flag, each `KEY=VALUE` or a JSON object; no key twice.
pub(crate) fn parse(flag: &str, words: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut pairs = BTreeMap::new();
    for word in words {
        let more: Vec<(String, String)> = if is_json(word) {
            let object: BTreeMap<String, String> = serde_json::from_str(word)
                .map_err(|error| Error::invalid_argument(format!("{flag}: {error}")))?;
            object.into_iter().collect()
        } else {
            let (key, value) = word.split_once('=').ok_or_else(|| {
                Failure::usage(format!(
                    "{flag} {word:?} is neither KEY=VALUE nor a JSON object"
                ))
            })?;
            vec![(key.to_owned(), value.to_owned())]
        };
        for (key, value) in more {
            if pairs.contains_key(&key) {
                return Err(Failure::usage(format!("{flag} has {key:?} twice")));
            }
            pairs.insert(key, value);
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Vec<(String, String)>, u8> {
        parse(
            "--tags",
            &words.iter().map(ToString::to_string).collect::<Vec<_>>(),
        )
        .map(|pairs| pairs.into_iter().collect())
        .map_err(|failure| failure.code)
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn words_and_objects() {
        assert_eq!(
            read(&["team=web", "env=a=b"]),
            Ok(pairs(&[("env", "a=b"), ("team", "web")]))
        );
        assert_eq!(
            read(&[r#"{"team": "web"}"#, "empty="]),
            Ok(pairs(&[("empty", ""), ("team", "web")]))
        );
    }

    #[test]
    fn what_is_no_pair_or_stands_twice_is_refused() {
        assert_eq!(read(&["team"]), Err(2));
        assert_eq!(read(&["a=1", "a=2"]), Err(2));
        assert_eq!(read(&["{"]), Err(4));
    }
}
