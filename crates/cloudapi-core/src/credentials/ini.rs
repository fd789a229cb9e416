//! The dialect of `~/.aws/credentials` and `~/.aws/config`: sections of `key = value` lines.
//!
//! Read leniently where the AWS CLI is lenient (comments, byte order mark, CRLF, a section that stands twice, indented
//! nested settings) and strictly where a slip would lose a setting. No message ever quotes what is in the file, since
//! that may be a key.

use std::collections::BTreeMap;

use zeroize::Zeroize;

use super::Secret;

/// A file's sections.
#[derive(Clone, Debug, Default)]
pub struct Ini {
    sections: BTreeMap<String, Section>,
}

/// A section's settings, keys in lower case.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The line of its heading, from 1.
    pub line: usize,
    settings: BTreeMap<String, Setting>,
}

#[derive(Clone, Debug)]
struct Setting {
    line: usize,
    value: Secret,
}

/// A line that is not of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Ini {
    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// The first line that is neither blank, comment, heading nor setting.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut ini = Self::default();
        let mut section: Option<String> = None;
        let mut may_nest = false;
        for (index, raw) in text
            .strip_prefix('\u{feff}')
            .unwrap_or(text)
            .lines()
            .enumerate()
        {
            let line = index + 1;
            let error = |what| SyntaxError { line, what };
            let trimmed = raw.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if let Some(rest) = trimmed.strip_prefix('[') {
                let (name, after) = rest
                    .split_once(']')
                    .ok_or_else(|| error("the heading has no closing bracket"))?;
                if !after.trim().is_empty() && !after.trim_start().starts_with(['#', ';']) {
                    return Err(error("something follows the heading"));
                }
                let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
                if name.is_empty() {
                    return Err(error("the heading is empty"));
                }
                ini.sections.entry(name.clone()).or_default().line = line;
                section = Some(name);
                may_nest = false;
                continue;
            }
            // Indented lines below a setting are nested settings of other tools' concern.
            if may_nest && raw.starts_with([' ', '\t']) {
                continue;
            }
            let (key, value) = trimmed
                .split_once('=')
                .ok_or_else(|| error("neither a heading nor a setting (no `=`)"))?;
            let key = key.trim().to_ascii_lowercase();
            if key.is_empty() {
                return Err(error("a setting without a name"));
            }
            let name = section
                .as_ref()
                .ok_or_else(|| error("a setting before the first heading"))?;
            let value = Secret::from(without_comment(value).trim());
            may_nest = true;
            ini.sections
                .entry(name.clone())
                .or_default()
                .settings
                .insert(key, Setting { line, value });
        }
        Ok(ini)
    }

    /// Finds a section by its whole heading.
    pub fn section(&self, heading: &str) -> Option<&Section> {
        self.sections.get(heading)
    }

    /// Gives the headings in order.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }
}

impl Section {
    /// Gives a setting's value, if it is there and not empty.
    pub fn get(&self, key: &str) -> Option<&Secret> {
        self.settings
            .get(key)
            .map(|setting| &setting.value)
            .filter(|value| !value.expose().is_empty())
    }

    /// Gives the line of a setting, from 1, also when its value is empty.
    pub fn line_of(&self, key: &str) -> Option<usize> {
        self.settings.get(key).map(|setting| setting.line)
    }
}

/// Cuts off ` # …` and ` ; …`, as the AWS CLI does.
fn without_comment(value: &str) -> &str {
    let bytes = value.as_bytes();
    let start = (1..bytes.len())
        .find(|at| matches!(bytes[*at], b'#' | b';') && bytes[at - 1].is_ascii_whitespace());
    start.map_or(value, |at| &value[..at])
}

/// Wipes a file's text once it was read.
pub fn wipe(mut text: String) {
    text.zeroize();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, section: &str, key: &str) -> Option<String> {
        Ini::parse(text)
            .unwrap()
            .section(section)?
            .get(key)
            .map(|value| value.expose().to_owned())
    }

    #[test]
    fn reads_what_the_aws_cli_reads() {
        for (text, section, key, expected) in [
            ("[a]\nk = v", "a", "k", Some("v")),
            ("\u{feff}[a]\r\nk=v\r\n", "a", "k", Some("v")),
            ("# c\n; c\n[a] # c\nK = v # c", "a", "k", Some("v")),
            ("[a]\nk = a#b;c=d ", "a", "k", Some("a#b;c=d")),
            ("[profile  x]\nk = v", "profile x", "k", Some("v")),
            ("[a]\nk = 1\n[b]\nk = 2\n[a]\nj = 3", "a", "k", Some("1")),
            ("[a]\nk = 1\n[b]\nk = 2\n[a]\nk = 3", "a", "k", Some("3")),
            ("[a]\ns3 =\n  k = 9\nk = v", "a", "k", Some("v")),
            ("[a]\nk =", "a", "k", None),
            ("", "a", "k", None),
        ] {
            assert_eq!(value(text, section, key).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn errors_have_their_line_and_quote_nothing() {
        for (text, line) in [
            ("[a", 1),
            ("[a]\n\nhunter2", 3),
            ("k = hunter2", 1),
            ("[a]\n= hunter2", 2),
            ("[]", 1),
            ("[a] b", 1),
        ] {
            let error = Ini::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text:?}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_never_quotes(text in "[\\[\\]=#; \tk\r\n\u{feff}]{0,40}", secret in "[A-Z]{12}") {
            if let Err(error) = Ini::parse(&format!("{text}\n{secret}\n")) {
                proptest::prop_assert!(!error.to_string().contains(&secret));
            }
        }
    }
}
