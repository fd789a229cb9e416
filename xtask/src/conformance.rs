//! The conformance suite against the emulator, moto or a live account.

use std::process::{Command, ExitCode};

use crate::Result;
use crate::args::Args;
use crate::background::Server;
use crate::process::{Stream, Target, built, end, hand_over, watch, without_own_clouds};
use crate::python::{NO_PYTHON, Python};
use crate::totals::Totals;

const RUNNER: Target = Target::Bin("conformance");

/// Runs the suite; what is not understood here is passed on to the runner.
pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    let provider = args.one_of("--provider", &["aws", "tencent"])?;
    let target = args.one_of("--target", &["emulator", "moto", "live"])?;
    let rest = args.rest();
    if target.as_deref() == Some("moto") {
        if provider.as_deref() == Some("tencent") {
            return Err("moto speaks for AWS only; --target emulator has both clouds".into());
        }
        let python = Python::ready()?.ok_or(NO_PYTHON)?;
        let (_moto, mut runner) = on_moto(&python)?;
        return end(runner.args(rest));
    }
    let target = target.as_deref().unwrap_or("emulator");
    let mut runner = built(RUNNER)?;
    runner.args(["--target", target]);
    if let Some(provider) = provider {
        runner.args(["--provider", &provider]);
    }
    if target == "emulator" {
        without_own_clouds(&mut runner)?;
    }
    hand_over(runner.args(rest))
}

/// Runs the AWS cases on moto.
pub(crate) fn moto_totals(python: &Python) -> Result<Totals> {
    let (_moto, mut runner) = on_moto(python)?;
    let mut totals = Totals::default();
    let status = watch(&mut runner, Stream::Stdout, |line| {
        totals.see_conformance(line);
    })?;
    Ok(totals.end(status.success()))
}

/// Starts moto, and gives the command that runs the AWS cases on it; it stops when the server is dropped.
fn on_moto(python: &Python) -> Result<(Server, Command)> {
    let mut runner = built(RUNNER)?;
    let mut moto = python.command("moto_server");
    moto.args(["-H", "127.0.0.1", "-p", "0"]);
    let moto = Server::start(without_own_clouds(&mut moto)?, Stream::Stderr)?;
    runner.args(["--provider", "aws", "--target", "moto"]);
    without_own_clouds(runner.args(["--endpoint-url", moto.url()]))?;
    Ok((moto, runner))
}
