//! What is refused: by the command line, by the library, by the cloud; with which code.

use cloudapi_emulator::{Fault, FaultKind};

use crate::shell::{Answer, PROVIDERS, variables};
use crate::stage::{KEY, MIB, Stage, content, in_parts};

/// Checks a failure: the code and the kind, one JSON object on stderr, nothing on stdout.
#[track_caller]
fn failed(answer: &Answer, code: i32, kind: &str) {
    assert_eq!(
        (answer.code, answer.stdout.as_str()),
        (code, ""),
        "{answer:?}"
    );
    let error = answer.error();
    assert_eq!(error["Kind"], kind, "{answer:?}");
    assert_eq!(error["Operation"], "UploadFile", "{answer:?}");
    assert!(error["Provider"].is_string(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_that_can_not_be_right() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let path = stage.write("file", "x");
        for (flags, code, words) in [
            (&["--part-size", "8mega"][..], 2, "is no size"),
            (&["--in-flight", "many"], 2, "--in-flight"),
            (&["--overwrite=maybe"], 2, "--overwrite"),
            (&["--no-overwrite", "--overwrite"], 2, "--no-overwrite"),
            (&["--resume", "--checkpoint", "c"], 2, "--checkpoint"),
            (&["--metadata", "owner"], 2, "--metadata"),
            (&["--no-such-flag"], 2, "--no-such-flag"),
            (&["--timeout", "soon"], 2, "--timeout"),
            (&["--max-attempts", "0"], 2, "--max-attempts"),
            (&["--part-size", "1KiB"], 4, "PartSize is 1024"),
            (&["--part-size", "6GiB"], 4, "PartSize"),
            (&["--in-flight", "0"], 4, "InFlight is 0"),
            (&["--encryption", "none"], 4, "Encryption \"none\""),
            (&["--kms-key-id", "k"], 4, "KmsKeyId goes with"),
            (&["--acl", "everybody"], 4, "Acl \"everybody\""),
            (&["--metadata", "a b=c"], 4, "Metadata has the name"),
            (&["--cache-control", "ä"], 4, "CacheControl"),
        ] {
            let answer = stage.upload(&path, &[flags, &["--output", "text"]].concat());
            assert_eq!(
                (answer.code, answer.stdout.as_str()),
                (code, ""),
                "{flags:?}: {answer:?}"
            );
            assert!(answer.stderr.contains(words), "{words}: {answer:?}");
        }
        // An unknown flag is never taken for the file.
        let line = format!(
            "upload-file --dry-run --bucket {} --key {KEY} {}",
            stage.bucket(),
            path.display()
        );
        let answer = stage.shell.run(&line);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains("'--dry-run'"), "{answer:?}");
        for missing in ["--bucket", "--key"] {
            let mut words = vec!["upload-file", "--bucket", "b", "--key", "k", "f"];
            let at = words.iter().position(|word| *word == missing).unwrap();
            words.drain(at..at + 2);
            let answer = stage.shell.run(&words.join(" "));
            assert_eq!(answer.code, 2, "{answer:?}");
            assert!(answer.stderr.contains(missing), "{answer:?}");
        }
        assert!(stage.shell.emulator.calls().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cloud_refuses_has_its_code() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let [key_id, secret, ..] = variables(*provider);
        for length in [3, 12 * MIB] {
            let path = stage.write("file", content(length));
            let flags = in_parts(&["--output", "json", "--max-attempts", "2"]);
            let run = |change: &dyn Fn(&mut std::process::Command)| {
                let mut command = stage.command(&path, &flags);
                change(&mut command);
                Answer::of(command)
            };
            let answer = run(&|command| {
                command.env_remove(key_id).env_remove(secret);
            });
            failed(&answer, 4, "Config");
            let answer = run(&|command| {
                command.env(secret, "hunter2hunter2");
            });
            failed(&answer, 5, "Unauthenticated");
            assert!(!answer.stderr.contains("hunter2"), "{answer:?}");
            let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", closed.local_addr().unwrap());
            drop(closed);
            let answer = run(&|command| {
                command.args(["--endpoint-url", &url]);
            });
            failed(&answer, 8, "Network");

            let bucket = format!("no-{}", stage.bucket());
            let mut words = vec!["upload-file", "--bucket", &bucket, "--key", KEY];
            words.extend(&flags);
            let mut command = stage.shell.command(words);
            command.arg(&path);
            let answer = Answer::of(command);
            failed(&answer, 3, "NotFound");
            assert_eq!(answer.error()["Resources"][0], bucket.as_str());

            for kind in [FaultKind::Unavailable, FaultKind::Throttle] {
                let code = if kind == FaultKind::Throttle { 6 } else { 8 };
                stage.shell.emulator.fault(Fault::new(kind).times(100));
                let answer = run(&|_| {});
                assert_eq!(answer.code, code, "{answer:?}");
                stage.shell.emulator.clear_faults();
            }
            let slow = FaultKind::Delay(std::time::Duration::from_mins(10));
            stage.shell.emulator.fault(Fault::new(slow));
            let answer = run(&|command| {
                command.args(["--timeout", "1s"]);
            });
            failed(&answer, 8, "Timeout");
            stage.shell.emulator.clear_faults();
            assert!(stage.object().is_none());
            assert_eq!(stage.parts_left(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_taken_stays_as_it_is() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let first = stage.write("first", "first");
        stage.upload(&first, &["--no-overwrite"]).json();
        for length in [3, 12 * MIB] {
            let path = stage.write("file", content(length));
            for flag in ["--no-overwrite", "--overwrite=false"] {
                let answer = stage.upload(&path, &in_parts(&[flag, "--output", "json"]));
                failed(&answer, 7, "AlreadyExists");
                let object = format!("{}/{KEY}", stage.bucket());
                let error = answer.error();
                assert_eq!(error["Resources"][0], object.as_str());
                assert_eq!(error["Message"], format!("{object} exists already"));
            }
            assert_eq!(stage.object().unwrap().bytes().unwrap(), b"first");
            assert_eq!(stage.uploads_left(), 0);
        }
        let path = stage.write("file", content(3));
        stage.upload(&path, &["--overwrite"]).json();
        assert_eq!(stage.object().unwrap().bytes().unwrap(), content(3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_said_at_the_loudest() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let path = stage.write("file", content(12 * MIB));
        let answer = stage.upload(&path, &in_parts(&["-vvv"]));
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(answer.stderr.contains("UploadPart"), "{}", answer.stderr);
        let key = stage.shell.key();
        for secret in [key.secret.as_str(), "Signature=", "q-signature="] {
            let at = answer.stderr.find(secret);
            let shown = at.map(|at| &answer.stderr[at..(at + 60).min(answer.stderr.len())]);
            assert!(
                shown.is_none_or(|shown| shown.contains("redacted")),
                "{provider}: {shown:?}"
            );
        }
    }
}
