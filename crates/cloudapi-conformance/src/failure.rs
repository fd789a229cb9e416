//! Why a case does not hold.

use std::fmt;

use cloudapi_core::{Error, ErrorKind, Result};

/// What a case found to be otherwise than promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure(String);

/// What a case comes to.
pub(crate) type Verdict<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(format!("unexpected error: {error}"))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("unexpected JSON error: {error}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(format!("unexpected I/O error: {error}"))
    }
}

/// Takes a result that must be an error of this kind, and gives the error.
pub(crate) fn refused<T>(what: &str, kind: ErrorKind, result: Result<T>) -> Verdict<Error> {
    match result {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => Err(Failure(format!("{what}: expected {kind:?}, got {error}"))),
        Ok(_) => Err(Failure(format!(
            "{what}: expected {kind:?}, but it succeeded"
        ))),
    }
}

/// Fails the case unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::failure::Failure::new(format!($($message)+)));
        }
    };
}

/// Fails the case unless both are equal; the message says of what.
macro_rules! ensure_eq {
    ($found:expr, $expected:expr, $($what:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) => {
                if *found != *expected {
                    return Err($crate::failure::Failure::new(format!(
                        "{}: expected {expected:?}, found {found:?}",
                        format_args!($($what)+)
                    )));
                }
            }
        }
    };
}

pub(crate) use {ensure, ensure_eq};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_kind_and_a_success_are_both_told() {
        let not_found = || Error::new(ErrorKind::NotFound, "gone");
        assert!(refused::<()>("look", ErrorKind::NotFound, Err(not_found())).is_ok());
        let other = refused::<()>("look", ErrorKind::Network, Err(not_found())).unwrap_err();
        assert_eq!(
            other.to_string(),
            "look: expected Network, got not found: gone"
        );
        let success = refused("look", ErrorKind::Network, Ok(())).unwrap_err();
        assert_eq!(
            success.to_string(),
            "look: expected Network, but it succeeded"
        );
    }

    #[test]
    fn differences_show_both_sides() {
        fn differ() -> Verdict {
            ensure_eq!(1 + 1, 3, "the sum of {} and 1", 1);
            Ok(())
        }
        assert_eq!(
            differ().unwrap_err().to_string(),
            "the sum of 1 and 1: expected 3, found 2"
        );
    }
}
