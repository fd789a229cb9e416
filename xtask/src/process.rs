//! Starting cargo and what it built.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use crate::Result;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// The folder that cargo puts debug builds in: the one that this program was started from.
fn profile_dir() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().ok_or("this program has no folder")?.to_owned())
}

/// The target folder of cargo, for files that are made and may be thrown away.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let profile = profile_dir()?;
    Ok(profile
        .parent()
        .ok_or("this program is in no target folder")?
        .to_owned())
}

/// The same cargo that started this program, in the folder of the workspace.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    // These describe this package, and would describe the wrong one to build scripts that look at them.
    command.env_remove("CARGO_MANIFEST_DIR");
    command
}

/// What cargo can build for us to start.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Bin(&'static str),
    Example(&'static str),
}

/// Builds a binary or an example and gives the command that starts it.
pub(crate) fn built(target: Target) -> Result<Command> {
    let (flag, name) = match target {
        Target::Bin(name) => ("--bin", name),
        Target::Example(name) => ("--example", name),
    };
    let mut build = cargo(["build", "--workspace", "--all-features", flag, name]);
    if let Target::Bin(_) = target {
        // An example makes cargo count dev-dependencies in, as a test run does: the same features, hence one EC2.
        build.args(["--example", SMALL_EXAMPLE]);
    }
    check(&mut build)?;
    let folder = match target {
        Target::Bin(_) => profile_dir()?,
        Target::Example(_) => profile_dir()?.join("examples"),
    };
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(path);
    command.current_dir(root());
    Ok(command)
}

/// The example that costs least to build along with a binary: the stand-alone emulator.
pub(crate) const SMALL_EXAMPLE: &str = "serve";

/// Runs a command to its end, and fails if it does.
pub(crate) fn check(command: &mut Command) -> Result {
    let status = command
        .status()
        .map_err(|error| could_not_start(command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{} ended with {status}", describe(command)).into())
}

/// Runs a command that speaks for itself, and passes its exit code on.
pub(crate) fn end(command: &mut Command) -> Result<ExitCode> {
    let status = command
        .status()
        .map_err(|error| could_not_start(command, &error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Becomes a command, where the system can do that: after Ctrl-C the prompt is not back before the command has cleaned up
/// behind itself.
#[cfg(unix)]
pub(crate) fn hand_over(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(could_not_start(command, &error).into())
}

/// Becomes a command, as far as the system can do that.
#[cfg(not(unix))]
pub(crate) fn hand_over(command: &mut Command) -> Result<ExitCode> {
    end(command)
}

/// Runs a command to its end and gives what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| could_not_start(command, &error))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", describe(command), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Which of a command's two outputs is read along.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// Runs a command to its end, showing what it writes and handing each line of one of its outputs to `see`.
pub(crate) fn watch(
    command: &mut Command,
    stream: Stream,
    mut see: impl FnMut(&str),
) -> Result<ExitStatus> {
    match stream {
        Stream::Stdout => command.stdout(Stdio::piped()),
        Stream::Stderr => command.stderr(Stdio::piped()),
    };
    let mut child = command
        .spawn()
        .map_err(|error| could_not_start(command, &error))?;
    let lines: Option<Box<dyn Read>> = match stream {
        Stream::Stdout => child
            .stdout
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read>),
        Stream::Stderr => child
            .stderr
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read>),
    };
    for line in lines.into_iter().flat_map(lossy_lines) {
        println!("{line}");
        see(&line);
    }
    Ok(child.wait()?)
}

/// Gives the lines of an output, up to its end or to where it can't be read; bytes that are no text are replaced.
pub(crate) fn lossy_lines(pipe: impl Read) -> impl Iterator<Item = String> {
    BufReader::new(pipe)
        .split(b'\n')
        .map_while(std::result::Result::ok)
        .map(|line| {
            String::from_utf8_lossy(&line)
                .trim_end_matches('\r')
                .to_owned()
        })
}

/// Keeps the user's own cloud settings and proxies away from a command that has to do with local servers only.
pub(crate) fn without_own_clouds(command: &mut Command) -> Result<&mut Command> {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().into_owned();
        if ["AWS_", "TENCENTCLOUD_", "CLOUDAPI_"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    let nowhere = target_dir()?.join("no-such-file");
    Ok(command
        .env("AWS_CONFIG_FILE", &nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env("no_proxy", "127.0.0.1,localhost"))
}

pub(crate) fn could_not_start(command: &Command, error: &std::io::Error) -> String {
    format!("{} can't be started: {error}", describe(command))
}

/// Writes a command as one would type it.
pub(crate) fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_stem().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_described_as_typed() {
        let mut command = Command::new("/somewhere/bin/cargo");
        command.args(["test", "--workspace"]);
        assert_eq!(describe(&command), "cargo test --workspace");
    }

    #[test]
    fn lines_survive_what_is_no_text() {
        let lines: Vec<String> = lossy_lines(&b"one\r\n\xfftwo\nthree"[..]).collect();
        assert_eq!(lines, ["one", "\u{fffd}two", "three"]);
    }
}
