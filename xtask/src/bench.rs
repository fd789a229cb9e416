//! The benchmarks: a workspace of their own, so that their dependencies touch neither this one's lock file nor its builds.

use std::process::{Command, ExitCode};

use crate::Result;
use crate::args::Args;
use crate::process::{cargo, check, hand_over, target_dir};

const MANIFEST: [&str; 2] = ["--manifest-path", "bench/Cargo.toml"];
const LIST: &str = "\
Benchmarks:

  upload [OPTIONS]  one large file, and many small ones, to a local server: next to other clients and to the least that
                    an upload can cost; --help tells the options";

/// Builds the benchmarks for release and starts one, or lists them.
pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    match args.next_word().as_deref() {
        None => {
            println!("{LIST}");
            Ok(ExitCode::SUCCESS)
        }
        Some("upload") => {
            let mut bench = compiling(["run", "--release"])?;
            hand_over(bench.args(["--", "upload"]).args(args.rest()))
        }
        Some(other) => Err(format!("there is no benchmark {other:?}\n\n{LIST}").into()),
    }
}

/// Checks the code of the benchmarks without building them for release, which takes minutes.
pub(crate) fn lint() -> Result {
    check(cargo(["fmt", "--check"]).args(MANIFEST))?;
    check(compiling(["clippy", "--all-targets"])?.args(["--", "-D", "warnings"]))
}

/// A command of cargo that compiles the benchmarks, and fails when their lock file does not fit. What both workspaces
/// have in common, with the same features, is compiled once.
fn compiling<const N: usize>(words: [&str; N]) -> Result<Command> {
    let mut command = cargo(words);
    command
        .args(MANIFEST)
        .args(["--locked", "--target-dir"])
        .arg(target_dir()?);
    Ok(command)
}
