//! The vendors' own Python SDKs against the stand-alone emulator.

use std::process::ExitCode;

use crate::Result;
use crate::background::Server;
use crate::process::{SMALL_EXAMPLE, Stream, Target, built, watch, without_own_clouds};
use crate::python::{NO_PYTHON, Python};
use crate::totals::Totals;

/// Runs the checks and prints the totals.
pub(crate) fn run() -> Result<ExitCode> {
    let python = Python::ready()?.ok_or(NO_PYTHON)?;
    let totals = totals(&python)?;
    println!("{totals}");
    Ok(totals.exit_code())
}

/// Runs the checks of `tests/sdk` against an emulator of their own.
pub(crate) fn totals(python: &Python) -> Result<Totals> {
    let mut emulator = built(Target::Example(SMALL_EXAMPLE))?;
    let emulator = Server::start(&mut emulator, Stream::Stdout)?;
    let mut tests = python.command("python");
    tests.args(["-m", "unittest", "discover", "-v", "-s", "tests/sdk"]);
    let mut totals = Totals::default();
    let status = watch(
        without_own_clouds(&mut tests)?.env("CLOUDAPI_EMULATOR_URL", emulator.url()),
        Stream::Stderr,
        |line| totals.see_unittest(line),
    )?;
    Ok(totals.end(status.success()))
}
