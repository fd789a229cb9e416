//! The fuzz targets, where a nightly toolchain and cargo-fuzz are there.

use std::process::{Command, ExitCode, Stdio};

use crate::Result;
use crate::args::Args;
use crate::process::{check, root};

/// The targets in `fuzz/fuzz_targets`.
const TARGETS: [&str; 3] = ["connections", "ini", "profiles"];
/// How long each is tried unless it is said: a minute for all of them.
const SECONDS: u64 = 20;

/// Why nothing was tried.
pub(crate) const NOT_HERE: &str = "fuzzing needs a nightly toolchain (rustup toolchain install nightly) and cargo-fuzz (cargo install cargo-fuzz)";

/// Tries the targets that are named, or all of them.
pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    let seconds = match args.option("--seconds")? {
        Some(text) => text
            .parse()
            .map_err(|_| format!("--seconds is a number, not {text:?}"))?,
        None => SECONDS,
    };
    let named = args.rest();
    if let Some(unknown) = named.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        return Err(format!(
            "there is no target {unknown:?}; there are {}",
            TARGETS.join(", ")
        )
        .into());
    }
    if !is_ready() {
        return Err(NOT_HERE.into());
    }
    let is_meant = |target: &&str| named.is_empty() || named.iter().any(|name| name == *target);
    for target in TARGETS.into_iter().filter(is_meant) {
        fuzz(target, seconds)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Tries all targets for a minute together; says so where that can't be done, since the same properties are tried by the
/// tests too, with what is made at random.
pub(crate) fn for_a_minute() -> Result {
    if !is_ready() {
        println!("skipped: {NOT_HERE}");
        return Ok(());
    }
    TARGETS.iter().try_for_each(|target| fuzz(target, SECONDS))
}

/// Whether the tools are there. They are started through rustup, since it is another toolchain than this one.
fn is_ready() -> bool {
    let mut version = nightly(["fuzz", "--version"]);
    let status = version.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn fuzz(target: &str, seconds: u64) -> Result {
    println!("Fuzzing {target} for {seconds} s");
    let (found, seeds) = (
        format!("fuzz/corpus/{target}"),
        format!("fuzz/seeds/{target}"),
    );
    std::fs::create_dir_all(root().join(&found))?;
    let mut command = nightly(["fuzz", "run", target, &found, &seeds, "--"]);
    command.arg(format!("-max_total_time={seconds}"));
    check(command.args([
        "-dict=fuzz/settings.dict",
        "-max_len=4096",
        "-print_final_stats=1",
        "-verbosity=0",
    ]))
}

fn nightly<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]).args(args);
    // What the toolchain that runs this set would be taken for the other's.
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_MANIFEST_DIR"] {
        command.env_remove(name);
    }
    command.current_dir(root());
    command
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_targets_are_those_of_the_folder_and_have_seeds() {
        let names = |folder: &str| -> BTreeSet<String> {
            let entries = std::fs::read_dir(root().join(folder)).unwrap();
            entries
                .map(|entry| {
                    let path = entry.unwrap().path();
                    path.file_stem().unwrap().to_str().unwrap().to_owned()
                })
                .collect()
        };
        let expected: BTreeSet<String> = TARGETS.map(str::to_owned).into();
        assert_eq!(names("fuzz/fuzz_targets"), expected);
        assert_eq!(names("fuzz/seeds"), expected);
    }
}
