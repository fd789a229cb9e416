//! Ctrl-C and the polite kill.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cloudapi::Provider;
use cloudapi_emulator::{Fault, FaultKind};

use crate::shell::{Answer, PROVIDERS};
use crate::stage::{KEY, MIB, Stage, content, in_parts};

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status().unwrap();
    assert!(sent.success());
}

fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn ended(child: Child) -> Answer {
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Interrupts an upload of four parts when two are there and one never ends.
fn interrupt(stage: &Stage, name: &str, more: &[&str]) -> Answer {
    let path = stage.write("file", content(20 * MIB));
    let slow = FaultKind::Delay(Duration::from_mins(10));
    let fault = Fault::new(slow).on("UploadPart").part(3);
    stage.shell.emulator.fault(fault);
    let child = spawn(stage.command(&path, &in_parts(more)));
    while stage.parts_left() < 3 {
        pause();
    }
    signal(&child, name);
    ended(child)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_checkpoint_nothing_stays() {
    for provider in PROVIDERS {
        for name in ["-INT", "-TERM"] {
            let stage = Stage::new(*provider).await;
            let answer = interrupt(&stage, name, &["--output", "json"]);
            assert_eq!(
                (answer.code, answer.stdout.as_str()),
                (130, ""),
                "{answer:?}"
            );
            assert_eq!(answer.error()["Code"], "Cancelled", "{answer:?}");
            assert_eq!(stage.uploads_left(), 0, "{provider} {name}");
            assert!(stage.object().is_none());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_checkpoint_it_says_how_to_go_on_and_how_not_to() {
    for provider in PROVIDERS {
        for (name, own_file) in [("-INT", true), ("-INT", false), ("-TERM", false)] {
            let stage = Stage::new(*provider).await;
            let checkpoint = stage.path("checkpoint").display().to_string();
            let more = if own_file {
                vec!["--output", "text", "--checkpoint", checkpoint.as_str()]
            } else {
                vec!["--output", "text", "--resume"]
            };
            let answer = interrupt(&stage, name, &more);
            assert_eq!(
                (answer.code, answer.stdout.as_str()),
                (130, ""),
                "{answer:?}"
            );
            assert_eq!(answer.stderr.lines().count(), 1, "{answer:?}");
            let discard = if *provider == Provider::Aws {
                "aws s3api abort-multipart-upload --bucket"
            } else {
                "AbortMultipartUpload"
            };
            for words in [
                "interrupted",
                "parts are kept",
                "goes on from there",
                "remove that file",
                discard,
                KEY,
            ] {
                assert!(answer.stderr.contains(words), "{words}: {answer:?}");
            }
            assert!(stage.object().is_none());
            let kept = stage.parts_left();
            assert!(kept >= 3, "{provider}: {kept} parts");

            stage.shell.emulator.clear_faults();
            stage.shell.emulator.clear_calls();
            let path = stage.path("file");
            let stored = stage.upload(&path, &in_parts(&more));
            assert_eq!(stored.code, 0, "{stored:?}");
            // The one that never ended, and one whose answer was not noted.
            assert!(stage.calls("UploadPart") <= 2, "{provider}");
            assert!(stage.object().unwrap().bytes().unwrap() == content(20 * MIB));
            assert_eq!(stage.uploads_left(), 0);
            assert!(!stage.path("checkpoint").exists());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interruption_does_not_wait_for_the_clean_up() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let never = FaultKind::Delay(Duration::from_mins(10));
        stage
            .shell
            .emulator
            .fault(Fault::new(never.clone()).on("AbortMultipartUpload"));
        let path = stage.write("file", content(20 * MIB));
        stage
            .shell
            .emulator
            .fault(Fault::new(never).on("UploadPart").part(3));
        let child = spawn(stage.command(&path, &in_parts(&[])));
        while stage.parts_left() < 3 {
            pause();
        }
        signal(&child, "-INT");
        while stage.calls("AbortMultipartUpload") == 0 {
            pause();
        }
        signal(&child, "-INT");
        assert_eq!(ended(child).code, 130, "{provider}");
    }
}

/// Whether a process has its own way with Ctrl-C; until then it dies of it.
#[cfg(target_os = "linux")]
fn listens(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
    caught & (1 << (2 - 1)) != 0
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_that_nobody_writes_to_can_be_left() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let pipe = stage.path("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let child = spawn(stage.command(&pipe, &[]));
        while !listens(&child) {
            pause();
        }
        signal(&child, "-INT");
        assert_eq!(ended(child).code, 130, "{provider}");
        assert!(stage.shell.emulator.calls().is_empty());
    }
}
