//! The command line as a whole.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::context::Context;
use crate::failure::{ErrorStyle, Failure};
use crate::globals::{Format, Globals};
use crate::output::Done;
use crate::{completions, compute, emulator, load_balancer, network, storage, whoami};

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    other
  2    usage
  3    not found
  4    invalid argument, unsupported, configuration
  5    not authenticated, permission denied
  6    rate limited, quota exceeded, out of capacity
  7    wrong state, already exists
  8    timed out, network, unavailable
  9    some of the batch failed (all of them, for the same kind of reason: the code of that kind)
  130  interrupted

Keys are never arguments: they come from the environment and from profile files (see --profile).";

/// AWS and Tencent Cloud with one set of commands.
#[derive(Debug, Parser)]
#[command(name = "cloudapi", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Compute(compute::Command),
    #[command(flatten)]
    Network(network::Command),
    #[command(flatten)]
    LoadBalancer(load_balancer::Command),
    #[command(flatten)]
    Storage(storage::Command),
    /// Tell whose key is in use, where it came from and when it ends.
    Whoami(whoami::Args),
    /// Run both clouds on a local port, for trying things out and for tests, until Ctrl-C.
    Emulator(emulator::Args),
    /// Print a completion script for a shell.
    Completions(completions::Args),
}

impl Cli {
    /// Reads the arguments of this process; the code to exit with when there is nothing to run.
    pub(crate) fn read() -> Result<Self, ExitCode> {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        Self::try_parse_from(&arguments).map_err(|error| refuse(&error, &arguments))
    }

    /// Runs the command.
    pub(crate) async fn run(self) -> Result<Done, Failure> {
        match self.command {
            Command::Compute(command) => command.run(&Context::new(&self.globals)?).await,
            Command::LoadBalancer(command) => command.run(&Context::new(&self.globals)?).await,
            Command::Network(command) => command.run(&Context::new(&self.globals)?).await,
            Command::Storage(command) => command.run(&Context::new(&self.globals)?).await,
            Command::Whoami(args) => whoami::run(args, &Context::new(&self.globals)?).await,
            Command::Emulator(args) => emulator::run(args, &self.globals).await,
            Command::Completions(args) => completions::run(&args, &mut Self::command()),
        }
    }
}

/// Shows help, or what is wrong with the arguments.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let shows_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    let style = ErrorStyle::of(output_named_in(arguments));
    if shows_help || style == ErrorStyle::Line {
        // Nobody may be left to read it (`cloudapi --help | head`).
        let _ = error.print();
        let code = u8::try_from(error.exit_code()).unwrap_or(2);
        return ExitCode::from(code);
    }
    let text = error.to_string();
    let said = text.split("\n\nUsage:").next().unwrap_or(&text);
    let said = said
        .split("\n\nFor more information")
        .next()
        .unwrap_or(said);
    let said = said.trim_start_matches("error:");
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    Failure::usage(line).report(style)
}

/// Finds the output format in arguments that don't parse as a whole.
fn output_named_in(arguments: &[OsString]) -> Option<Format> {
    let texts: Vec<&str> = arguments.iter().filter_map(|text| text.to_str()).collect();
    let value = texts.iter().enumerate().find_map(|(index, text)| {
        match text.strip_prefix("--output")?.strip_prefix('=') {
            Some(value) => Some(value),
            None if *text == "--output" => texts.get(index + 1).copied(),
            None => None,
        }
    })?;
    <Format as clap::ValueEnum>::from_str(value, true).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn finds_the_format_in_broken_arguments() {
        let find = |line: &str| {
            output_named_in(
                &line
                    .split_whitespace()
                    .map(OsString::from)
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            find("cloudapi --nonsense --output json"),
            Some(Format::Json)
        );
        assert_eq!(find("cloudapi --output=yaml x"), Some(Format::Yaml));
        assert_eq!(find("cloudapi --output"), None);
        assert_eq!(find("cloudapi --outputs json"), None);
    }

    #[test]
    fn globals_stand_before_or_after_the_operation() {
        for line in [
            "cloudapi --provider aws --region us-east-1 --timeout 90s -vv describe-instances",
            "cloudapi describe-instances --provider aws --region us-east-1 --timeout 90s -vv",
        ] {
            let globals = Cli::try_parse_from(line.split_whitespace())
                .unwrap()
                .globals;
            assert_eq!(globals.provider.as_deref(), Some("aws"));
            assert_eq!(globals.region.as_deref(), Some("us-east-1"));
            assert_eq!(globals.timeout, Some(std::time::Duration::from_secs(90)));
            assert_eq!(globals.verbose, 2);
        }
    }
}
