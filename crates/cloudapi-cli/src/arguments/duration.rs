//! Durations: `90s`, `5m`, `1h30m`, `500ms`; a bare number is seconds.

use std::time::Duration;

const UNITS: &[(&str, f64)] = &[
    ("ms", 0.001),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
    ("d", 86400.0),
];

/// Reads a duration longer than nothing.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let seconds = seconds(text).ok_or_else(|| {
        "it is written as 90s, 5m, 1h or 500ms; a bare number is seconds".to_owned()
    })?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if duration.is_zero() => Err("it must be longer than nothing".to_owned()),
        Ok(duration) => Ok(duration),
        Err(_) => Err("it is too long".to_owned()),
    }
}

fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    if is_number(text) {
        return text.parse().ok();
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let unit_at = rest.find(|letter: char| !is_digit(letter))?;
        let (number, after) = rest.split_at(unit_at);
        let unit_end = after.find(is_digit).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if !is_number(number) {
            return None;
        }
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit() || letter == '.'
}

fn is_number(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit()) && text.chars().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_bare_seconds() {
        for (text, millis) in [
            ("90s", 90_000),
            ("90", 90_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1.5s", 1_500),
            ("0.25", 250),
            ("1d", 86_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            " ",
            "s",
            "m5",
            "5x",
            "5 m",
            "-5s",
            "+5",
            "0",
            "0s",
            "1.2.3",
            ".5s",
            "1e9",
            "inf",
            "NaN",
            "5mm",
            "1h30",
            "99999999999999999999h",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
