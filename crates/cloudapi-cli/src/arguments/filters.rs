//! Filters: JSON, or words such as `tag:role=web,db`.

use cloudapi::{Error, Filter, Filters};

use super::is_json;
use crate::failure::Failure;

/// Reads the words of `--filters`, each JSON or `NAME=VALUE[,VALUE…]`.
pub(crate) fn parse(words: &[String]) -> Result<Filters, Failure> {
    let mut filters: Vec<Filter> = Vec::new();
    for word in words {
        if is_json(word) {
            let more: Filters = serde_json::from_str(word)
                .map_err(|error| Error::invalid_argument(format!("--filters: {error}")))?;
            filters.extend(more.iter().cloned());
        } else {
            filters.extend(short(word)?.iter().cloned());
        }
    }
    Ok(filters.into_iter().collect())
}

fn short(word: &str) -> Result<Filters, Failure> {
    match word.split_once('=') {
        Some((name, values)) if !name.trim().is_empty() => {
            Ok(Filters::new().with(name.trim(), values.split(',')))
        }
        _ => Err(Failure::usage(format!(
            "--filters {word:?} is neither NAME=VALUE,VALUE nor JSON such as [{{\"instance-state\": \"running\"}}]"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Filters, Failure> {
        parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn words_and_json_give_the_same() {
        let expected = Filters::new()
            .with("tag:role", ["web", "db"])
            .with("instance-state", ["running"]);
        let words = read(&["tag:role=web,db", "instance-state=running"]).unwrap();
        assert_eq!(words, expected);
        let json =
            read(&[r#"[{"tag:role": ["web", "db"], "instance-state": "running"}]"#]).unwrap();
        assert_eq!(json, expected);
        let mixed = read(&["tag:role=web,db", r#"{"instance-state": "running"}"#]).unwrap();
        assert_eq!(mixed, expected);
    }

    #[test]
    fn the_first_equals_sign_parts_and_a_value_may_be_empty() {
        assert_eq!(
            read(&["tag:a=b=c"]).unwrap(),
            Filters::new().with("tag:a", ["b=c"])
        );
        assert_eq!(
            read(&["tag:a="]).unwrap(),
            Filters::new().with("tag:a", [""])
        );
    }

    #[test]
    fn a_word_without_value_is_usage_and_bad_json_an_invalid_argument() {
        assert_eq!(read(&["running"]).unwrap_err().code, 2);
        assert_eq!(read(&["=x"]).unwrap_err().code, 2);
        assert_eq!(read(&[r#"[{"name": {"a": 1}}]"#]).unwrap_err().code, 4);
        assert_eq!(read(&["[{"]).unwrap_err().code, 4);
    }
}
