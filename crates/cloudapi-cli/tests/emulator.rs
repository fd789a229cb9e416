//! `cloudapi emulator`: as a server for other processes, and for the binary itself.

#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{BINARY, Run, interrupt};

#[test]
fn tells_how_to_reach_it_and_serves_until_ctrl_c() {
    let mut server = Command::new(BINARY)
        .args([
            "emulator",
            "--output",
            "json",
            "--instances",
            "3",
            "--lag",
            "1",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(server.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();

    let output = Command::new(BINARY)
        .env_clear()
        .env(
            "TENCENTCLOUD_ENDPOINT_URL",
            ready["EndpointUrl"].as_str().unwrap(),
        )
        .env(
            "TENCENTCLOUD_REGION",
            ready["Tencent"]["Region"].as_str().unwrap(),
        )
        .env(
            "TENCENTCLOUD_SECRET_ID",
            ready["Tencent"]["SecretId"].as_str().unwrap(),
        )
        .env(
            "TENCENTCLOUD_SECRET_KEY",
            ready["Tencent"]["SecretKey"].as_str().unwrap(),
        )
        .args([
            "describe-instances",
            "--provider",
            "tencent",
            "--query",
            "length(@)",
        ])
        .output()
        .unwrap();
    let run = Run::of(output);
    interrupt(&server);
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert_eq!((run.code, run.stdout.as_str()), (0, "3\n"), "{run:?}");
}

#[test]
fn as_text_it_prints_lines_for_a_shell() {
    let mut server = Command::new(BINARY)
        .args(["emulator", "--output", "text"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(server.stdout.take().unwrap());
    let mut lines = Vec::new();
    while lines.len() < 5 {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        lines.push(line);
    }
    interrupt(&server);
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert!(
        lines[0].starts_with("# Both clouds are at http://127.0.0.1:"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("export AWS_ENDPOINT_URL=http://127.0.0.1:"),
        "{lines:?}"
    );
    assert!(
        lines[4].starts_with("export TENCENTCLOUD_SECRET_ID="),
        "{lines:?}"
    );
}
