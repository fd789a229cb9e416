//! What went wrong, how it is told, and the exit code.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use cloudapi::{Error, ErrorKind, Operation, Provider};
use serde::Serialize;

use crate::globals::Format;
use crate::output::printable;

/// An error and the code that the process ends with.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) code: u8,
}

/// The code for a call that can't be understood.
const USAGE: u8 = 2;
/// The code when a part of a batch failed.
const PARTIAL: u8 = 9;
/// The code after Ctrl-C, as shells know it.
const INTERRUPTED: u8 = 130;

impl Failure {
    /// Arguments that can't be understood.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            error: Error::invalid_argument(message),
            code: USAGE,
        }
    }

    /// What has no kind.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Other, message).into()
    }

    /// Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self {
            error: Error::new(ErrorKind::Other, "interrupted"),
            code: INTERRUPTED,
        }
    }

    /// The same, ended by Ctrl-C.
    pub(crate) fn by_interruption(mut self) -> Self {
        self.code = INTERRUPTED;
        self
    }

    /// The failures among `total` outcomes: `error` sums them up, `kinds` are theirs one by one.
    pub(crate) fn batch(error: Error, total: usize, kinds: &[ErrorKind]) -> Self {
        let code = match kinds.split_first() {
            Some((first, rest))
                if kinds.len() == total && rest.iter().all(|kind| code(*kind) == code(*first)) =>
            {
                code(*first)
            }
            _ => PARTIAL,
        };
        Self { error, code }
    }

    /// Names the cloud and the operation, unless the error does itself.
    pub(crate) fn about(mut self, provider: Provider, operation: Operation) -> Self {
        self.error = self.error.with_provider(provider).with_operation(operation);
        self
    }

    /// Whether it was Ctrl-C.
    pub(crate) fn is_interruption(&self) -> bool {
        self.code == INTERRUPTED
    }

    /// Adds advice to the message.
    pub(crate) fn with_advice(mut self, advice: &str) -> Self {
        let message = format!("{}; {advice}", self.error.message());
        self.error = self.error.with_message(message);
        self
    }

    /// Tells it on stderr, and gives the exit code.
    pub(crate) fn report(&self, style: ErrorStyle) -> ExitCode {
        let line = match style {
            ErrorStyle::Json => self.json(),
            ErrorStyle::Line => self.line(),
        };
        // Without stderr there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "{line}");
        ExitCode::from(self.code)
    }

    /// An object in the library's form.
    fn json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Object<'a> {
            error: &'a Error,
        }
        let object = Object { error: &self.error };
        serde_json::to_string(&object).unwrap_or_else(|_| self.line())
    }

    /// One line, with the resources that the message does not name itself.
    fn line(&self) -> String {
        let message = match self.code {
            // There is no cloud in it yet.
            USAGE => self.error.message().to_owned(),
            _ => self.error.to_string(),
        };
        let unnamed: Vec<&str> = self
            .error
            .resources()
            .iter()
            .map(String::as_str)
            .filter(|resource| !message.contains(resource))
            .collect();
        let line = if unnamed.is_empty() {
            format!("error: {message}")
        } else {
            format!("error: {message} [{}]", unnamed.join(", "))
        };
        printable(&line)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: code(error.kind()),
            error,
        }
    }
}

/// The exit code of a kind.
fn code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::NotFound => 3,
        ErrorKind::InvalidArgument | ErrorKind::Unsupported | ErrorKind::Config => 4,
        ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => 5,
        ErrorKind::RateLimited | ErrorKind::QuotaExceeded | ErrorKind::OutOfCapacity => 6,
        ErrorKind::InvalidState | ErrorKind::AlreadyExists => 7,
        ErrorKind::Timeout | ErrorKind::Network | ErrorKind::Unavailable => 8,
        _ => 1,
    }
}

/// How errors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorStyle {
    /// A line for people.
    Line,
    /// A JSON object for programs.
    Json,
}

impl ErrorStyle {
    /// JSON where it was asked for, and where neither result nor errors are seen by a person.
    pub(crate) fn of(asked: Option<Format>) -> Self {
        let nobody_looks = || !std::io::stdout().is_terminal() && !std::io::stderr().is_terminal();
        match asked {
            Some(Format::Json) => Self::Json,
            None if nobody_looks() => Self::Json,
            _ => Self::Line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_code() {
        for (kind, expected) in [
            (ErrorKind::InvalidArgument, 4),
            (ErrorKind::Unsupported, 4),
            (ErrorKind::Config, 4),
            (ErrorKind::Unauthenticated, 5),
            (ErrorKind::PermissionDenied, 5),
            (ErrorKind::NotFound, 3),
            (ErrorKind::AlreadyExists, 7),
            (ErrorKind::InvalidState, 7),
            (ErrorKind::RateLimited, 6),
            (ErrorKind::QuotaExceeded, 6),
            (ErrorKind::OutOfCapacity, 6),
            (ErrorKind::Timeout, 8),
            (ErrorKind::Network, 8),
            (ErrorKind::Unavailable, 8),
            (ErrorKind::Other, 1),
        ] {
            assert_eq!(
                Failure::from(Error::new(kind, "x")).code,
                expected,
                "{kind:?}"
            );
        }
        assert_eq!(Failure::usage("x").code, 2);
        assert_eq!(Failure::interrupted().code, 130);
    }

    #[test]
    fn a_batch_ends_with_nine_unless_all_failed_alike() {
        use ErrorKind::{InvalidState, Network, NotFound, Timeout};
        let code = |total, kinds: &[ErrorKind]| {
            Failure::batch(Error::new(ErrorKind::Other, "x"), total, kinds).code
        };
        assert_eq!(code(2, &[NotFound]), 9);
        assert_eq!(code(2, &[NotFound, NotFound]), 3);
        assert_eq!(code(2, &[NotFound, InvalidState]), 9);
        assert_eq!(code(2, &[Timeout, Network]), 8);
        assert_eq!(code(1, &[InvalidState]), 7);
    }

    #[test]
    fn the_line_names_every_resource_once() {
        let error = Error::new(ErrorKind::OutOfCapacity, "no more; ins-1 was created")
            .with_resources(["ins-1", "ins-2"]);
        assert_eq!(
            Failure::from(error).line(),
            "error: out of capacity: no more; ins-1 was created [ins-2]"
        );
    }
}
