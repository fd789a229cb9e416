//! Sizes in bytes: `8MiB`, `16M`, `5GiB`; a bare number is bytes.

/// Reads a size. `K`, `M`, `G`, `T`, with or without `iB`, count by 1024; `KB` and so on by 1000.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1000,
        "mb" => 1000_u64.pow(2),
        "gb" => 1000_u64.pow(3),
        "tb" => 1000_u64.pow(4),
        _ => {
            return Err(format!(
                "{text:?} is no size; examples are 8MiB, 5GiB, 8388608"
            ));
        }
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| format!("{text:?} is no size; examples are 8MiB, 5GiB, 8388608"))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_with_and_without_units() {
        for (text, expected) in [
            ("8388608", Ok(8 << 20)),
            ("8MiB", Ok(8 << 20)),
            ("8 m", Ok(8 << 20)),
            ("5GiB", Ok(5 << 30)),
            ("1T", Ok(1 << 40)),
            ("16kb", Ok(16_000)),
            ("0", Ok(0)),
            ("", Err(())),
            ("MiB", Err(())),
            ("-1", Err(())),
            ("1.5G", Err(())),
            ("8mega", Err(())),
            ("99999999999T", Err(())),
        ] {
            assert_eq!(parse(text).map_err(|_| ()), expected, "{text}");
        }
    }
}
