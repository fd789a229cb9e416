//! The little that is needed of command lines.

use std::collections::VecDeque;

use crate::Result;

/// The words after the command that were not taken yet.
#[derive(Debug)]
pub(crate) struct Args(VecDeque<String>);

impl Args {
    pub(crate) fn new(words: impl IntoIterator<Item = String>) -> Self {
        Self(words.into_iter().collect())
    }

    /// Takes the next word.
    pub(crate) fn next_word(&mut self) -> Option<String> {
        self.0.pop_front()
    }

    /// Takes a flag wherever it stands, and says whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() < before
    }

    /// Takes an option with its value, written `--name value` or `--name=value`; one of `allowed`.
    pub(crate) fn one_of(&mut self, name: &str, allowed: &[&str]) -> Result<Option<String>> {
        let Some(value) = self.option(name)? else {
            return Ok(None);
        };
        if allowed.contains(&value.as_str()) {
            return Ok(Some(value));
        }
        Err(format!("{name} is one of {}, not {value:?}", allowed.join(", ")).into())
    }

    /// Takes an option with its value, whatever that is.
    pub(crate) fn option(&mut self, name: &str) -> Result<Option<String>> {
        let is_it = |word: &String| {
            word == name
                || word
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('='))
        };
        let Some(at) = self.0.iter().position(is_it) else {
            return Ok(None);
        };
        let word = self.0.remove(at).unwrap_or_default();
        let value = match word.split_once('=') {
            Some((_, value)) => Some(value.to_owned()),
            None => self.0.remove(at),
        };
        match value {
            Some(value) if self.0.iter().any(is_it) => {
                Err(format!("{name} is given twice; the first is {value:?}").into())
            }
            Some(value) => Ok(Some(value)),
            None => Err(format!("{name} needs a value").into()),
        }
    }

    /// Takes all that is left, to be passed on.
    pub(crate) fn rest(self) -> Vec<String> {
        self.0.into()
    }

    /// Refuses what is left.
    pub(crate) fn end(self) -> Result {
        match self.0.front() {
            None => Ok(()),
            Some(word) => Err(format!("{word:?} is not understood; see cargo xtask help").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_and_flags_are_taken_wherever_they_stand() {
        let mut given = args("--write --provider=aws --region x --emulator");
        assert_eq!(
            given.one_of("--provider", &["aws"]).unwrap().as_deref(),
            Some("aws")
        );
        assert!(given.flag("--emulator") && !given.flag("--emulator"));
        assert_eq!(given.rest(), ["--write", "--region", "x"]);
        let mut given = args("--target moto");
        assert_eq!(
            given.one_of("--target", &["moto"]).unwrap().as_deref(),
            Some("moto")
        );
        assert!(given.end().is_ok());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |line: &str| {
            args(line)
                .one_of("--provider", &["aws", "tencent"])
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refused("--provider azure"),
            "--provider is one of aws, tencent, not \"azure\""
        );
        assert_eq!(refused("--provider"), "--provider needs a value");
        assert!(refused("--provider aws --provider=tencent").contains("twice"));
        assert!(args("--fast").end().is_err());
    }
}
