//! The states of a server, and the words for them.

use crate::filter::nearest;
use crate::open_enum::open_enum;
use crate::{Error, Result};

open_enum! {
    /// The state of an instance, in words for both clouds.
    pub enum InstanceState {
        /// Being created or started.
        Pending = "Pending",
        /// Up.
        Running = "Running",
        /// Going down and up again (Tencent Cloud; EC2 shows no change).
        Rebooting = "Rebooting",
        /// Going down.
        Stopping = "Stopping",
        /// Down, and can be started.
        Stopped = "Stopped",
        /// Being destroyed.
        Terminating = "Terminating",
        /// Destroyed. Tencent Cloud does not list such instances at all.
        Terminated = "Terminated",
        /// Could not be created and never will be (Tencent Cloud; EC2 shows such an instance as terminated, with the reason).
        LaunchFailed = "LaunchFailed",
        /// In Tencent Cloud's recycle bin: no longer usable, not yet destroyed.
        Isolated = "Isolated",
    }
}

/// Each vendor's words for our states, in lower case.
const VENDOR_WORDS: &[(&str, InstanceState)] = &[
    ("shutting-down", InstanceState::Terminating),
    ("starting", InstanceState::Pending),
    ("launch_failed", InstanceState::LaunchFailed),
    ("shutdown", InstanceState::Isolated),
];

/// Tencent Cloud's states that have no word of ours.
const VENDOR_ONLY: &[&str] = &[
    "enter_rescue_mode",
    "rescue_mode",
    "exit_rescue_mode",
    "enter_service_live_migrate",
    "service_live_migrate",
    "exit_service_live_migrate",
];

impl InstanceState {
    /// Whether the state is one on the way to another.
    pub fn is_transitional(&self) -> bool {
        matches!(
            self,
            Self::Pending | Self::Rebooting | Self::Stopping | Self::Terminating
        )
    }

    /// Gives the word as filters write it: `launch-failed`.
    pub fn filter_word(&self) -> String {
        match self {
            Self::LaunchFailed => "launch-failed".to_owned(),
            other => other.as_str().to_ascii_lowercase(),
        }
    }

    /// Reads a filter's word: ours in kebab-case or PascalCase, or a vendor's, in any letter case.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, with the nearest word, for one that is none of these.
    pub fn from_filter_word(word: &str) -> Result<Self> {
        let lower = word.to_ascii_lowercase();
        let ours = || Self::WORDS.iter().map(|known| Self::from(*known));
        if let Some(state) = ours().find(|state| {
            state.filter_word() == lower || state.as_str().to_ascii_lowercase() == lower
        }) {
            return Ok(state);
        }
        if let Some((_, state)) = VENDOR_WORDS.iter().find(|(known, _)| *known == lower) {
            return Ok(state.clone());
        }
        if VENDOR_ONLY.contains(&&*lower) {
            return Ok(Self::Other(word.to_ascii_uppercase().into()));
        }
        let words: Vec<String> = ours().map(|state| state.filter_word()).collect();
        let hint = nearest(word, words.iter().map(String::as_str))
            .map(|near| format!("; did you mean {near:?}?"));
        Err(Error::invalid_argument(format!(
            "unknown instance state {word:?}{}; known are {}, and both clouds' own words",
            hint.unwrap_or_default(),
            words.join(", ")
        ))
        .with_resources([word]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_words_in_any_case_and_both_vendors() {
        for (word, expected) in [
            ("running", InstanceState::Running),
            ("RUNNING", InstanceState::Running),
            ("launch-failed", InstanceState::LaunchFailed),
            ("LaunchFailed", InstanceState::LaunchFailed),
            ("LAUNCH_FAILED", InstanceState::LaunchFailed),
            ("shutting-down", InstanceState::Terminating),
            ("STARTING", InstanceState::Pending),
            ("SHUTDOWN", InstanceState::Isolated),
            ("rescue_mode", InstanceState::Other("RESCUE_MODE".into())),
        ] {
            assert_eq!(
                InstanceState::from_filter_word(word).unwrap(),
                expected,
                "{word}"
            );
        }
        let error = InstanceState::from_filter_word("runing").unwrap_err();
        assert!(
            error.message().contains("did you mean \"running\"?"),
            "{error}"
        );
    }

    #[test]
    fn unknown_words_round_trip() {
        let state: InstanceState = serde_json::from_str("\"RESCUE_MODE\"").unwrap();
        assert_eq!(state, InstanceState::Other("RESCUE_MODE".into()));
        assert_eq!(serde_json::to_string(&state).unwrap(), "\"RESCUE_MODE\"");
    }
}
