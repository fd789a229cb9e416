//! What can be uploaded, and what can not.

use std::io::Write;
use std::process::Stdio;

use crate::shell::{Answer, PROVIDERS};
use crate::stage::{MIB, Stage, content, in_parts};

#[tokio::test(flavor = "multi_thread")]
async fn stdin_of_any_length_is_stored() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        for (length, parts) in [(0, 1), (1, 1), (5 * MIB, 1), (12 * MIB, 3)] {
            let mut command = stage.command("-".as_ref(), &in_parts(&[]));
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut pipe = child.stdin.take().unwrap();
            pipe.write_all(&content(length)).unwrap();
            drop(pipe);
            let output = child.wait_with_output().unwrap();
            let answer = Answer {
                code: output.status.code().unwrap(),
                stdout: String::from_utf8(output.stdout).unwrap(),
                stderr: String::from_utf8(output.stderr).unwrap(),
            };
            let stored = answer.json();
            assert_eq!(
                (&stored["Parts"], &stored["Size"]),
                (&parts.into(), &length.into())
            );
            assert!(stage.object().unwrap().bytes().unwrap() == content(length));
            assert_eq!(answer.stderr, "", "no progress bar off a terminal");
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_with_a_name_is_stored() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let pipe = stage.path("pipe");
        let made = std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap();
        assert!(made.success());
        let writer = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::write(pipe, content(12 * MIB)).unwrap()
        });
        assert_eq!(stage.upload(&pipe, &in_parts(&[])).json()["Parts"], 3);
        writer.join().unwrap();
        assert!(stage.object().unwrap().bytes().unwrap() == content(12 * MIB));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_is_an_object() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let path = stage.write("empty", "");
        let stored = stage.upload(&path, &["--resume"]).json();
        assert_eq!((&stored["Size"], &stored["Parts"]), (&0.into(), &1.into()));
        assert_eq!(stage.object().unwrap().size, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_content_is_refused_before_anything_is_sent() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let folder = stage.path("folder");
        std::fs::create_dir(&folder).unwrap();
        let missing = stage.path("missing");
        for (path, code, kind, words) in [
            (missing.as_path(), 3, "NotFound", "missing can't be read"),
            (
                folder.as_path(),
                4,
                "InvalidArgument",
                "folder is not a file",
            ),
        ] {
            for more in [&[][..], &["--resume"][..]] {
                let answer = stage.upload(path, &[more, &["--output", "json"]].concat());
                assert_eq!(
                    (answer.code, answer.stdout.as_str()),
                    (code, ""),
                    "{answer:?}"
                );
                let error = answer.error();
                assert_eq!(
                    (&error["Kind"], &error["Operation"]),
                    (&kind.into(), &"UploadFile".into())
                );
                assert!(
                    error["Message"].as_str().unwrap().contains(words),
                    "{error}"
                );
            }
        }
        let answer = stage.upload("-".as_ref(), &["--resume", "--output", "text"]);
        assert_eq!(answer.code, 4, "{answer:?}");
        assert!(
            answer.stderr.contains("goes with a file only"),
            "{answer:?}"
        );
        assert!(stage.shell.emulator.calls().is_empty());
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_read_is_5() {
    use std::os::unix::fs::PermissionsExt;
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        for length in [3, 12 * MIB] {
            let path = stage.write("locked", content(length));
            let nobody = std::fs::Permissions::from_mode(0o000);
            std::fs::set_permissions(&path, nobody).unwrap();
            let answer = stage.upload(&path, &in_parts(&["--output", "text"]));
            // The superuser may read everything.
            let readable = std::fs::File::open(&path).is_ok();
            assert_eq!(answer.code, if readable { 0 } else { 5 }, "{answer:?}");
            assert!(readable || answer.stderr.contains("locked"), "{answer:?}");
            assert_eq!(stage.uploads_left(), 0);
            std::fs::remove_file(&path).unwrap();
        }
    }
}
