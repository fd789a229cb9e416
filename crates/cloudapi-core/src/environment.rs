//! The process environment, as a value that tests can replace.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where environment variables are read from: the process, or a fixed set.
///
/// Nothing in this project changes the process environment; whoever wants other values passes a fixed set.
#[derive(Clone, Default)]
pub struct Environment(Option<Arc<BTreeMap<String, String>>>);

impl Environment {
    /// Reads the variables of this process.
    pub fn process() -> Self {
        Self(None)
    }

    /// Uses just these variables.
    pub fn fixed<K: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self(Some(Arc::new(
            variables
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )))
    }

    /// Whether this is the environment of the process.
    pub fn is_process(&self) -> bool {
        self.0.is_none()
    }

    /// Gives a variable; one that is blank counts as unset, as at AWS.
    pub fn var(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            None => std::env::var(name).ok(),
            Some(fixed) => fixed.get(name).cloned(),
        };
        value.filter(|value| !value.trim().is_empty())
    }

    /// Gives the home folder: `HOME` (`USERPROFILE` on Windows), in the process as the system tells it.
    pub fn home(&self) -> Option<PathBuf> {
        if self.is_process() {
            return std::env::home_dir();
        }
        self.var("HOME")
            .or_else(|| self.var("USERPROFILE"))
            .map(PathBuf::from)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be keys.
        f.write_str(if self.is_process() {
            "Environment(process)"
        } else {
            "Environment(fixed)"
        })
    }
}
