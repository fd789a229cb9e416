//! The binary, run against an emulator in this process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use cloudapi::emulator::{Emulator, EmulatorBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cloudapi");

/// An emulator, and an empty home folder for the binary.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    home: TempDir,
    _runtime: Runtime,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(change: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder) -> Self {
        let runtime = Runtime::new().unwrap();
        let emulator = runtime
            .block_on(change(Emulator::builder()).start())
            .unwrap();
        Self {
            emulator,
            home: tempfile::tempdir().unwrap(),
            _runtime: runtime,
        }
    }

    /// The binary with Tencent Cloud's key in its environment, and nothing else of this process's.
    pub(crate) fn command(&self, line: &str) -> Command {
        let key = self.emulator.tencent_key();
        let mut command = Command::new(BINARY);
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("TENCENTCLOUD_SECRET_ID", key.id)
            .env("TENCENTCLOUD_SECRET_KEY", key.secret)
            .env("CLOUDAPI_PROVIDER", "tencent")
            .args(["--region", "ap-guangzhou", "--endpoint-url"])
            .arg(self.emulator.endpoint_url())
            .args(line.split_whitespace())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Run {
        Run::of(self.command(line).output().unwrap())
    }

    pub(crate) fn run_with_stdin(&self, line: &str, stdin: &str) -> Run {
        let mut child = self
            .command(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(stdin.as_bytes()).unwrap();
        drop(pipe);
        Run::of(child.wait_with_output().unwrap())
    }

    pub(crate) fn spawn(&self, line: &str) -> Child {
        self.command(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The result, after a success.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.result()
    }

    /// The result, whatever failed beside it.
    pub(crate) fn result(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error of stderr, which is nothing else.
    pub(crate) fn error(&self) -> Value {
        let value: Value =
            serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        value["Error"].clone()
    }
}

/// Sends Ctrl-C to a process that this test started.
#[cfg(unix)]
pub(crate) fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}
