//! Filters of EC2: names all hold, values are alternatives, `*` and `?` match, `\` escapes.

use super::{Error, Params};

/// The most filter values in one call.
const MOST_VALUES: usize = 200;

/// The filters of a request.
#[derive(Debug)]
pub(crate) struct Filters<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Filters<'a> {
    /// Reads them, and refuses names that `known` does not.
    pub(crate) fn parse(params: &'a Params, known: impl Fn(&str) -> bool) -> Result<Self, Error> {
        let mut filters = Vec::new();
        let mut count = 0;
        for filter in params.items("Filter") {
            let name = filter
                .text("Name")
                .ok_or_else(|| Error::missing("Filter.Name"))?;
            if !known(name) {
                return Err(Error::client(
                    "InvalidParameterValue",
                    format!("The filter '{name}' is invalid"),
                ));
            }
            let values = filter.list("Value");
            if values.is_empty() {
                let message = format!("The filter '{name}' must have at least one value");
                return Err(Error::client("InvalidParameterValue", message));
            }
            count += values.len();
            filters.push((name, values));
        }
        if count > MOST_VALUES {
            let message = format!("The maximum length for a filter value is {MOST_VALUES}");
            return Err(Error::client("FilterLimitExceeded", message));
        }
        Ok(Self(filters))
    }

    /// Whether something has, for each name, one of the values; `values_of` gives what it has.
    pub(crate) fn match_all(&self, mut values_of: impl FnMut(&str) -> Vec<String>) -> bool {
        self.0.iter().all(|(name, patterns)| {
            let has = values_of(name);
            patterns
                .iter()
                .any(|pattern| has.iter().any(|value| matches(pattern, value)))
        })
    }
}

/// Whether a value fits a pattern.
pub(crate) fn matches(pattern: &str, value: &str) -> bool {
    let pattern = tokens(pattern);
    let value: Vec<char> = value.chars().collect();
    let (mut at, mut seen) = (0, 0);
    let mut restart = None;
    while seen < value.len() {
        match pattern.get(at) {
            Some(Token::Any) => {
                restart = Some((at, seen));
                at += 1;
            }
            Some(Token::One) => (at, seen) = (at + 1, seen + 1),
            Some(Token::Char(char)) if *char == value[seen] => (at, seen) = (at + 1, seen + 1),
            // The last `*` has to take one more.
            _ => match restart {
                Some((star, from)) => {
                    restart = Some((star, from + 1));
                    (at, seen) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|token| *token == Token::Any)
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Char(char),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut chars = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(char) = chars.next() {
        tokens.push(match char {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Char(chars.next().unwrap_or('\\')),
            plain => Token::Char(plain),
        });
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_vendor_says() {
        for (pattern, value, fits) in [
            ("web", "web", true),
            ("web", "Web", false),
            ("web*", "web-1", true),
            ("*b*1", "web-1-1", true),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("", "", true),
            ("*", "", true),
            (r"\*amazon\?\\", r"*amazon?\", true),
            (r"\*", "x", false),
            ("?", "中", true),
            ("a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, value), fits, "{pattern} {value}");
        }
    }

    #[test]
    fn two_hundred_values_are_the_limit() {
        let form = |count: usize| {
            (1..=count).fold("Filter.1.Name=vpc-id".to_owned(), |form, at| {
                format!("{form}&Filter.1.Value.{at}=v")
            })
        };
        let code = |form: String| {
            let params = Params::parse(form.as_bytes());
            Filters::parse(&params, |name| name == "vpc-id")
                .map(|_| ())
                .map_err(|error| error.code)
        };
        assert_eq!(code(form(200)), Ok(()));
        assert_eq!(code(form(201)), Err("FilterLimitExceeded".into()));
        assert_eq!(
            code("Filter.1.Name=vpc&Filter.1.Value.1=v".to_owned()),
            Err("InvalidParameterValue".into())
        );
        assert_eq!(
            code("Filter.1.Name=vpc-id".to_owned()),
            Err("InvalidParameterValue".into())
        );
    }
}
