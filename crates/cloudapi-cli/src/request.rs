//! The request of an operation: what `--request` holds, overridden by flags.

mod merge;

use std::io::Read;
use std::path::Path;

use cloudapi::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use self::merge::Source;
use crate::failure::Failure;

/// The fields of a request, by the interface's names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    source: Option<Source>,
    flags: Vec<(&'static str, Box<RawValue>)>,
}

impl Request {
    /// Reads the file that `--request` names, `-` for stdin.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let (name, bytes) = if path == Path::new("-") {
            let mut bytes = Vec::new();
            let read = std::io::stdin().read_to_end(&mut bytes);
            ("stdin".to_owned(), read.map(|_| bytes))
        } else {
            (path.display().to_string(), std::fs::read(path))
        };
        let bytes = bytes.map_err(|error| {
            Error::invalid_argument(format!("the request can't be read from {name}: {error}"))
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Error::invalid_argument(format!("the request in {name} is not UTF-8 text"))
        })?;
        Ok(Self {
            source: Some(Source::new(name, &text)),
            flags: Vec::new(),
        })
    }

    /// Sets a field, if its flag was given.
    #[must_use]
    pub(crate) fn with(mut self, field: &'static str, value: Option<impl Serialize>) -> Self {
        if let Some(value) = value {
            let value = serde_json::value::to_raw_value(&value)
                .expect("text, numbers, flags and lists of them are always JSON");
            self.flags.push((field, value));
        }
        self
    }

    /// Puts file and flags together.
    pub(crate) fn build<T: DeserializeOwned>(self) -> Result<T, Failure> {
        merge::build(self.source.as_ref(), &self.flags)
    }
}
