//! `cloudapi`: AWS and Tencent Cloud with one set of commands.

mod arguments;
mod cli;
mod completions;
mod compute;
mod confirm;
mod connection;
mod context;
mod credentials;
#[cfg(feature = "emulator")]
mod emulator;
#[cfg(not(feature = "emulator"))]
#[path = "emulator_absent.rs"]
mod emulator;
mod failure;
mod globals;
mod interrupt;
mod load_balancer;
mod logging;
mod network;
mod output;
mod request;
mod storage;
mod whoami;

use std::process::ExitCode;

use crate::cli::Cli;
use crate::failure::{ErrorStyle, Failure};
use crate::output::Done;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let style = ErrorStyle::of(cli.globals.output);
    logging::start(cli.globals.verbose, style);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            return finish(
                Err(Failure::other(format!("no runtime can be had: {error}"))),
                style,
            );
        }
    };
    let outcome = runtime.block_on(cli.run());
    let code = finish(outcome, style);
    // A read of the terminal may still be under way; it is not waited for.
    runtime.shutdown_background();
    code
}

/// Writes the result to stdout, what failed to stderr, and gives the exit code.
fn finish(outcome: Result<Done, Failure>, style: ErrorStyle) -> ExitCode {
    let failure = match outcome {
        Ok(done) => done.write(),
        Err(failure) => Some(failure),
    };
    failure.map_or(ExitCode::SUCCESS, |failure| failure.report(style))
}
