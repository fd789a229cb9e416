//! Targets: JSON, or words such as `i-1:8080` and `i-2`.

use cloudapi::Error;
use cloudapi::load_balancer::Target;

use super::is_json;
use crate::failure::Failure;

/// Reads the words of `--targets`, each JSON (a list or one object) or `ID[:PORT]`, several parted by commas too.
pub(crate) fn parse(words: &[String]) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for word in words {
        if is_list(word) {
            let more: Vec<Target> = serde_json::from_str(word).map_err(|error| invalid(&error))?;
            targets.extend(more);
        } else if is_json(word) && !word.trim_start().starts_with('[') {
            targets.push(serde_json::from_str(word).map_err(|error| invalid(&error))?);
        } else {
            let parts = word.split(',').map(str::trim);
            for part in parts.filter(|part| !part.is_empty()) {
                targets.push(part.parse::<Target>()?);
            }
        }
    }
    Ok(targets)
}

/// A bracket also begins an IPv6 address with a port.
fn is_list(word: &str) -> bool {
    let inside = word.trim_start().strip_prefix('[').map(str::trim_start);
    inside.is_some_and(|inside| inside.is_empty() || inside.starts_with(['{', ']']))
}

fn invalid(error: &serde_json::Error) -> Failure {
    Error::invalid_argument(format!("--targets: {error}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Vec<Target>, Failure> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        parse(&words)
    }

    #[test]
    fn words_and_json_say_the_same() {
        let expected = [
            Target::new("i-1").with_port(8080),
            Target::new("i-2"),
            Target::new("2001:db8::1").with_port(80),
        ];
        for words in [
            &["i-1:8080", "i-2", "[2001:db8::1]:80"][..],
            &["i-1:8080,i-2", "", "[2001:db8::1]:80,"][..],
            &[
                r#"[{"InstanceId": "i-1", "Port": 8080}, {"InstanceId": "i-2"}]"#,
                r#"{"InstanceId": "2001:db8::1", "Port": 80}"#,
            ][..],
        ] {
            assert_eq!(parsed(words).unwrap(), expected, "{words:?}");
        }
        assert!(parsed(&["[]"]).unwrap().is_empty());
    }

    #[test]
    fn an_impossible_port_is_named() {
        for (word, named) in [
            ("i-1:0", "Port is 0"),
            ("i-1:65536", "Port is 65536"),
            (r#"[{"InstanceId": "i-1", "Port": 65536}]"#, "Port is 65536"),
            (r#"{"InstanceId": "i-1", "Prot": 1}"#, "Prot"),
        ] {
            let failure = parsed(&[word]).unwrap_err();
            assert!(failure.error.message().contains(named), "{failure:?}");
            assert_eq!(failure.code, 4);
        }
    }
}
