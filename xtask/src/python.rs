//! Python 3 with the vendors' SDKs and moto, in a virtual environment under the target folder.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Result;
use crate::process::{check, root, target_dir};

/// What is installed, each with its exact version.
const REQUIREMENTS: &str = "tests/sdk/requirements.txt";
/// What the environment was made from, kept in it.
const STAMP: &str = "made-from.txt";

/// A virtual environment in which all requirements are installed.
#[derive(Debug)]
pub(crate) struct Python {
    folder: PathBuf,
}

impl Python {
    /// Gives the environment, made anew if Python or the requirements have changed; `None` where there is no Python 3.
    pub(crate) fn ready() -> Result<Option<Self>> {
        let Some((python, version)) = find() else {
            return Ok(None);
        };
        let requirements = std::fs::read_to_string(root().join(REQUIREMENTS))
            .map_err(|error| format!("{REQUIREMENTS} can't be read: {error}"))?;
        let own = Self {
            folder: target_dir()?.join("python"),
        };
        let stamp = own.folder.join(STAMP);
        let made_from = format!("{version}\n{requirements}");
        if std::fs::read_to_string(&stamp).is_ok_and(|text| text == made_from) {
            return Ok(Some(own));
        }
        println!("Installing {REQUIREMENTS} for {version}");
        if own.folder.exists() {
            std::fs::remove_dir_all(&own.folder)?;
        }
        check(Command::new(python).args(["-m", "venv"]).arg(&own.folder)).map_err(|error| {
            format!(
                "{error}\nWhere Python comes without venv, install it: apt-get install python3-venv"
            )
        })?;
        check(
            own.command("python")
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ])
                .args(["--requirement", REQUIREMENTS]),
        )?;
        std::fs::write(stamp, made_from)?;
        Ok(Some(own))
    }

    /// A program of the environment, to be run in the folder of the workspace.
    pub(crate) fn command(&self, program: &str) -> Command {
        let folder = if cfg!(windows) { "Scripts" } else { "bin" };
        let path = self.folder.join(folder).join(program);
        let mut command = Command::new(path.with_extension(std::env::consts::EXE_EXTENSION));
        command
            .current_dir(root())
            .env("PYTHONUNBUFFERED", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// Says why checks that need Python are left out.
pub(crate) const NO_PYTHON: &str = "no Python 3 was found";

/// Finds Python 3 and its version.
fn find() -> Option<(&'static str, String)> {
    ["python3", "python"].into_iter().find_map(|name| {
        let output = Command::new(name)
            .arg("--version")
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let version = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        version.starts_with("Python 3.").then_some((name, version))
    })
}
