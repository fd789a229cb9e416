//! The commands of this workspace: `cargo xtask COMMAND`.
//!
//! Nothing of the library is linked here: each command starts cargo, and then what cargo built. All of them build with
//! `--workspace --all-features`, also when one binary is wanted, so that every command sees the same features and
//! aws-sdk-ec2, which takes minutes, is compiled once for all of them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

mod args;
mod background;
mod bench;
mod ci;
mod conformance;
mod features;
mod fuzz;
mod kills;
mod process;
mod python;
mod sdk_checks;
mod test;
mod totals;
mod tour;
mod tree;

use std::process::ExitCode;

use args::Args;

/// What a step answers; the error is one for people.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  tour [--provider aws|tencent] [--emulator] [--write] [OPTIONS]
                    walk the operations on both clouds side by side, on the embedded emulator; with --provider and
                    without --emulator on your own account, reading only unless --write is given
  test              run all tests and print the totals
  conformance [--provider aws|tencent] [--target emulator|moto|live] [OPTIONS]
                    check what the library promises, on the emulator, on moto (AWS) or on your own account
  kill-uploads [--provider aws|tencent] [--rounds N] [--size-mib N] [--kills-in-a-row N] [--seed N]
                    kill uploads at random moments, go on with them, and tell how much was sent again; 50 of 256 MiB for
                    each cloud unless said
  sdk-checks        check the emulator with the vendors' own Python SDKs
  check-features [--quick]
                    check what each set of cargo features pulls in, and that it compiles; --quick leaves the compiling out
  bench [NAME [OPTIONS]]
                    measure, in a release build; without a name, list what there is to measure
  fuzz [--seconds N] [TARGET...]
                    try the readers of files with what a fuzzer makes up, 20 s each unless told otherwise; needs a
                    nightly toolchain and cargo-fuzz
  ci                everything that a change has to pass";

fn main() -> ExitCode {
    let mut args = Args::new(std::env::args().skip(1));
    let command = args.next_word();
    let done = match command.as_deref() {
        Some("tour") => tour::run(args),
        Some("test") => args.end().map(|()| test::run()),
        Some("conformance") => conformance::run(args),
        Some("kill-uploads") => kills::run(args),
        Some("sdk-checks") => args.end().and_then(|()| sdk_checks::run()),
        Some("check-features") => features::run(args),
        Some("bench") => bench::run(args),
        Some("fuzz") => fuzz::run(args),
        Some("ci") => args.end().map(|()| ci::run()),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => Err(format!("there is no command {other:?}\n\n{USAGE}").into()),
        None => Err(USAGE.into()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}
