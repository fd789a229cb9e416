//! What an upload costs with this library, with other clients, and at the least: `cargo xtask bench upload`.
//!
//! The program starts itself again for each part: once as the server, and once for each measured run, so that a run's
//! processor time and memory are those of a whole process.

mod contestant;
mod manifest;
mod measure;
mod options;
mod report;
mod rounds;
mod sink;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use self::manifest::Manifest;
use self::options::Command;

/// The error is one for people.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Upload(options) => rounds::run(&options),
        Command::Sink { manifest } => read(&manifest).and_then(sink::run),
        Command::Send(job) => {
            read(&job.manifest).and_then(|manifest| contestant::run(&job, manifest))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &Path) -> Result<Manifest> {
    Manifest::read(path)
}
