//! Where a checkpoint lies, and what is made of one that is not right.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use cloudapi::Provider;
use cloudapi_emulator::{Fault, FaultKind};
use serde_json::Value;

use crate::shell::{Answer, PROVIDERS};
use crate::stage::{MIB, Stage, content, in_parts};

const SIZE: usize = 16 * MIB;

/// Leaves an upload of four parts half done, and gives its checkpoint.
fn half_done(stage: &Stage) -> PathBuf {
    let checkpoint = stage.path("checkpoint");
    let path = stage.write("file", content(SIZE));
    stage.refuse_part(3);
    let answer = go_on(stage, &path, &checkpoint, &[]);
    assert_eq!(answer.code, 5, "{answer:?}");
    assert!(stage.parts_left() > 0 && checkpoint.exists());
    stage.shell.emulator.clear_calls();
    checkpoint
}

fn go_on(stage: &Stage, path: &Path, checkpoint: &Path, more: &[&str]) -> Answer {
    let checkpoint = checkpoint.display().to_string();
    let more = [&["--checkpoint", &checkpoint, "--output", "json"], more].concat();
    stage.upload(path, &in_parts(&more))
}

/// Checks a refusal: the code, one line with these words, nothing written to the cloud.
#[track_caller]
fn refused(stage: &Stage, answer: &Answer, code: i32, words: &[&str]) -> Value {
    assert_eq!(
        (answer.code, answer.stdout.as_str()),
        (code, ""),
        "{answer:?}"
    );
    assert_eq!(answer.stderr.lines().count(), 1, "{answer:?}");
    let error = answer.error();
    let message = error["Message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "{word}: {answer:?}");
    }
    for action in [
        "PutObject",
        "CreateMultipartUpload",
        "InitiateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
    ] {
        assert_eq!(stage.calls(action), 0, "{action}");
    }
    assert!(stage.object().is_none());
    error
}

fn entries(folder: &Path) -> Vec<String> {
    let Ok(found) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = found.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_keeps_its_file_in_the_state_folder() {
    for provider in PROVIDERS {
        for (variable, value, folder) in [
            ("XDG_STATE_HOME", "state", "state/cloudapi/uploads"),
            ("UNRELATED", "", ".local/state/cloudapi/uploads"),
        ] {
            let stage = Stage::new(*provider).await;
            let folder = stage.path(folder);
            let [one, two] = ["one", "two"].map(|name| stage.write(name, content(SIZE)));
            let run = |path: &Path| {
                let mut command = stage.command(path, &in_parts(&["--resume"]));
                command.env(variable, stage.path(value));
                Answer::of(command)
            };
            for (path, count) in [(&one, 1), (&one, 1), (&two, 2)] {
                stage.refuse_part(3);
                assert_eq!(run(path).code, 5);
                let names = entries(&folder);
                assert_eq!(names.len(), count, "{names:?}");
                let start = format!("{provider}-{}-k.bin-", stage.bucket());
                assert!(
                    names.iter().all(|name| name.starts_with(&start)),
                    "{names:?}"
                );
            }
            assert_eq!(stage.uploads_left(), 2, "{provider}");
            for path in [&one, &two] {
                assert_eq!(run(path).json()["Parts"], 4);
            }
            assert_eq!(entries(&folder), Vec::<String>::new());
            assert_eq!(stage.uploads_left(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_changed_is_refused() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let checkpoint = half_done(&stage);
        let path = stage.path("file");
        let time = std::fs::metadata(&path).unwrap().modified().unwrap();
        let set_time = |time| {
            File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        let discard = if *provider == Provider::Aws {
            "abort-multipart-upload"
        } else {
            "AbortMultipartUpload"
        };
        let refuse = |what: &str| {
            let answer = go_on(&stage, &path, &checkpoint, &[]);
            refused(&stage, &answer, 7, &[what, "to start anew", discard]);
            assert!(checkpoint.exists() && stage.parts_left() > 0);
        };

        stage.write("file", content(SIZE + 1));
        set_time(time);
        refuse("size");
        // Small enough for one request.
        stage.write("file", "small");
        refuse("one request");
        stage.write("file", content(SIZE));
        set_time(time + Duration::from_micros(1));
        refuse("modification time");
        let mut changed = content(SIZE);
        changed[0] ^= 1;
        stage.write("file", changed);
        set_time(time);
        refuse("not what was uploaded");
        // As it was: it goes on.
        stage.write("file", content(SIZE));
        set_time(time);
        assert_eq!(go_on(&stage, &path, &checkpoint, &[]).code, 0);
        assert!(stage.object().unwrap().bytes().unwrap() == content(SIZE));
        assert!(!checkpoint.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_target_or_other_properties_are_refused() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let checkpoint = half_done(&stage);
        let path = stage.path("file");
        for (flags, what) in [
            (["--key", "other"], "key"),
            (["--part-size", "6MiB"], "part size"),
            (["--acl", "private"], "properties"),
        ] {
            let mut command = stage
                .shell
                .command(["upload-file", "--bucket", stage.bucket()]);
            if flags[0] != "--key" {
                command.args(["--key", "k.bin"]);
            }
            if flags[0] != "--part-size" {
                command.args(["--part-size", "5MiB"]);
            }
            command
                .args(["--threshold", "5MiB", "--output", "json"])
                .args(flags);
            command.arg("--checkpoint").arg(&checkpoint).arg(&path);
            refused(&stage, &Answer::of(command), 7, &["another upload", what]);
        }
        // How it is sent may change.
        let answer = go_on(&stage, &path, &checkpoint, &[]);
        assert_eq!(answer.code, 0, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_checkpoint_is_refused_and_left_alone() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let checkpoint = half_done(&stage);
        let path = stage.path("file");
        let good = std::fs::read_to_string(&checkpoint).unwrap();
        let newer = good.replacen("\"Version\":1", "\"Version\":2", 1);
        assert_ne!(newer, good);
        let damaged = good.replacen("{\"Number\":", "{\"Numbe", 1);
        assert_ne!(damaged, good);
        for (text, words) in [
            ("a letter to my bank", "no checkpoint of an upload"),
            ("a letter\nto my bank\n", "no checkpoint of an upload"),
            (newer.as_str(), "has version 2"),
            (damaged.as_str(), "is damaged"),
        ] {
            std::fs::write(&checkpoint, text).unwrap();
            let answer = go_on(&stage, &path, &checkpoint, &[]);
            refused(&stage, &answer, 7, &[words]);
            assert_eq!(std::fs::read_to_string(&checkpoint).unwrap(), text);
        }
        std::fs::write(&checkpoint, [0xff, 0, 0xfe]).unwrap();
        let answer = go_on(&stage, &path, &checkpoint, &[]);
        refused(&stage, &answer, 7, &["no checkpoint of an upload"]);

        // A last line that was cut short is a part to be sent again.
        std::fs::write(&checkpoint, &good[..good.len() - 3]).unwrap();
        assert_eq!(go_on(&stage, &path, &checkpoint, &[]).code, 0);
        assert!(stage.object().unwrap().bytes().unwrap() == content(SIZE));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_checkpoint_is_as_none() {
    for provider in PROVIDERS {
        for length in [0, 9, 60] {
            let stage = Stage::new(*provider).await;
            let checkpoint = half_done(&stage);
            let good = std::fs::read(&checkpoint).unwrap();
            std::fs::write(&checkpoint, &good[..length]).unwrap();
            let answer = go_on(&stage, &stage.path("file"), &checkpoint, &[]);
            assert_eq!(answer.code, 0, "{answer:?}");
            assert!(stage.object().unwrap().bytes().unwrap() == content(SIZE));
            assert!(!checkpoint.exists());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_can_not_be_written_is_refused_before_anything_is_sent() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let path = stage.write("file", content(SIZE));
        let folder = stage.path("folder");
        std::fs::create_dir(&folder).unwrap();
        for bad in [folder.clone(), folder.join("none/checkpoint")] {
            let answer = go_on(&stage, &path, &bad, &[]);
            let error = refused(&stage, &answer, 4, &["can't be written"]);
            assert_eq!(error["Kind"], "Config", "{error}");
        }
        assert_eq!(stage.uploads_left(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_at_a_time_goes_on() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let checkpoint = half_done(&stage);
        let path = stage.path("file");
        // The first one is held up with a part.
        let slow = FaultKind::Delay(Duration::from_mins(10));
        let fault = Fault::new(slow).on("UploadPart").times(4);
        stage.shell.emulator.fault(fault);
        let text = checkpoint.display().to_string();
        let mut first = stage.command(&path, &in_parts(&["--checkpoint", &text]));
        first.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut first = first.spawn().unwrap();
        while stage.calls("UploadPart") == 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
        let before = stage.calls("UploadPart");
        let answer = go_on(&stage, &path, &checkpoint, &[]);
        assert_eq!(
            (answer.code, stage.calls("UploadPart")),
            (7, before),
            "{answer:?}"
        );
        assert!(
            answer.stderr.contains("in use by another process"),
            "{answer:?}"
        );
        first.kill().unwrap();
        first.wait().unwrap();
        stage.shell.emulator.clear_faults();

        // Two at the very same time: one does it; the other is refused, or finds it done.
        let mut both = [0, 1].map(|_| {
            let mut command = stage.command(&path, &in_parts(&["--checkpoint", &text]));
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            Some(command.spawn().unwrap())
        });
        let codes = both.each_mut().map(|child| {
            let output = child.take().unwrap().wait_with_output().unwrap();
            output.status.code().unwrap()
        });
        assert!(codes.contains(&0), "{provider}: {codes:?}");
        assert!(
            codes.iter().all(|code| [0, 7].contains(code)),
            "{provider}: {codes:?}"
        );
        assert!(stage.object().unwrap().bytes().unwrap() == content(SIZE));
        assert_eq!(stage.uploads_left(), 0);
        assert!(!checkpoint.exists());
    }
}
