//! `completions`: a script for a shell.

use clap_complete::Shell;

use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Writes the script.
pub(crate) fn run(args: &Args, command: &mut clap::Command) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "cloudapi", &mut script);
    let script = String::from_utf8(script)
        .map_err(|_| Failure::other("the completion script is not UTF-8 text"))?;
    Ok(Done::of(Ok(script)))
}
