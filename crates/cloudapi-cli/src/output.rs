//! Writing results.

pub(crate) mod grid;
mod query;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use self::grid::Grid;
use self::query::Query;
use crate::failure::Failure;
use crate::globals::Format;

/// A result: its JSON form is the library's, its columns are for people.
pub(crate) trait Report: Serialize {
    /// Gives the columns.
    fn grid(&self) -> Grid;
}

/// Writes results in one format.
#[derive(Debug)]
pub(crate) struct Printer {
    format: Format,
    query: Option<Query>,
}

impl Printer {
    /// Takes `--output` and `--query`.
    pub(crate) fn new(format: Option<Format>, query: Option<&str>) -> Result<Self, Failure> {
        Ok(Self {
            format: chosen(format),
            query: query.map(Query::new).transpose()?,
        })
    }

    /// Writes a result to be printed. A query that can't be answered does not hide it: all of it is printed then.
    pub(crate) fn print(&self, result: &impl Report) -> Done {
        let Some(query) = &self.query else {
            return Done::of(self.write(result, || result.grid()));
        };
        match query.search(result) {
            Ok(found) => Done::of(self.write(&found, || Grid::of(&found))),
            Err(failure) => {
                let advice = "the whole result is on stdout";
                Done::of(json(result)).with_failure(Some(failure.with_advice(advice)))
            }
        }
    }

    fn write(
        &self,
        value: &impl Serialize,
        grid: impl FnOnce() -> Grid,
    ) -> Result<String, Failure> {
        match self.format {
            Format::Json => json(value),
            Format::Yaml => serde_saphyr::to_string(value)
                .map_err(|error| Failure::other(format!("the result can't be YAML: {error}"))),
            Format::Table => Ok(grid().table()),
            Format::Text => Ok(grid().text()),
        }
    }
}

/// The format asked for, else the one for who reads stdout.
pub(crate) fn chosen(format: Option<Format>) -> Format {
    format.unwrap_or_else(|| {
        if io::stdout().is_terminal() {
            Format::Table
        } else {
            Format::Json
        }
    })
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Failure::other(format!("the result can't be JSON: {error}")))
}

/// What an operation came to.
#[derive(Debug)]
#[must_use]
pub(crate) struct Done {
    output: String,
    failure: Option<Failure>,
}

impl Done {
    /// Takes what is to be printed.
    pub(crate) fn of(output: Result<String, Failure>) -> Self {
        match output {
            Ok(output) => Self {
                output,
                failure: None,
            },
            Err(failure) => Self {
                output: String::new(),
                failure: Some(failure),
            },
        }
    }

    /// Adds what failed, if something did.
    pub(crate) fn with_failure(mut self, failure: Option<Failure>) -> Self {
        self.failure = failure.or(self.failure);
        self
    }

    /// Prints the result, and gives what failed.
    pub(crate) fn write(self) -> Option<Failure> {
        match to_stdout(&self.output) {
            Ok(()) => self.failure,
            Err(error) => {
                // What was done must not be lost with a full disk.
                let _ = writeln!(io::stderr(), "{}", self.output.trim_end());
                let lost =
                    Failure::other(format!("the result can't be written to stdout: {error}"));
                Some(self.failure.unwrap_or(lost))
            }
        }
    }
}

/// Writes lines to stdout. That nobody reads them to their end is no failure.
pub(crate) fn to_stdout(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| {
        if !text.is_empty() && !text.ends_with('\n') {
            stdout.write_all(b"\n")?;
        }
        stdout.flush()
    });
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Takes out what would move a terminal's cursor or break a line: names and messages come from the cloud.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
