//! Lengths of time as people and JSON write them.

use std::time::Duration;

use crate::{Error, Result};

const UNITS: &[(&str, f64)] = &[
    ("ms", 0.001),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
    ("d", 86400.0),
];

/// Reads a length of time: `30s`, `5m`, `1h30m`, `500ms`; a bare number is seconds.
///
/// # Errors
///
/// `InvalidArgument`, naming the text.
pub fn parse_duration(text: &str) -> Result<Duration> {
    seconds(text.trim())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| {
            Error::invalid_argument(format!(
                "{text:?} is no length of time; examples are 30s, 5m and 500ms, and a bare number is seconds"
            ))
        })
}

fn seconds(text: &str) -> Option<f64> {
    let is_digit = |letter: char| letter.is_ascii_digit() || letter == '.';
    if text.chars().all(is_digit) {
        return text.parse().ok();
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|letter| !is_digit(letter))?);
        let (unit, after) = after.split_at(after.find(is_digit).unwrap_or(after.len()));
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    Some(total)
}

/// `with` module for an optional length of time: read as a number of seconds or as text, written as a number of seconds.
pub(super) mod option {
    use std::time::Duration;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Seconds(f64),
        Text(String),
    }

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(in super::super) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            None => serializer.serialize_none(),
            Some(duration) if duration.subsec_nanos() == 0 => {
                serializer.serialize_u64(duration.as_secs())
            }
            Some(duration) => serializer.serialize_f64(duration.as_secs_f64()),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = match Option::<Written>::deserialize(deserializer)? {
            None => return Ok(None),
            Some(Written::Seconds(seconds)) => seconds.to_string(),
            Some(Written::Text(text)) => text,
        };
        super::parse_duration(&text)
            .map(Some)
            .map_err(|error| D::Error::custom(error.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units_and_bare_seconds() {
        for (text, millis) in [
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("90", 90_000),
            ("1.5s", 1500),
            ("0", 0),
        ] {
            assert_eq!(
                parse_duration(text).unwrap(),
                Duration::from_millis(millis),
                "{text}"
            );
        }
        for bad in ["", "s", "-5s", "5 m", "1x", "1h30", "1e400h", "soon"] {
            let error = parse_duration(bad).unwrap_err();
            assert!(error.message().contains(&format!("{bad:?}")), "{error}");
        }
    }
}
