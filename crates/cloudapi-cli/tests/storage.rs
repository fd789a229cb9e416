//! Uploads, from the command line.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};

use cloudapi::emulator::{Cloud, Fault, FaultKind, ObjectEntry, fixtures};
use serde_json::json;

use crate::support::World;

const BUCKET: &str = fixtures::TENCENT_BUCKET;
const MIB: usize = 1 << 20;

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| u8::try_from(n * 7 % 251).unwrap())
        .collect()
}

fn object(world: &World, key: &str) -> Option<ObjectEntry> {
    world.emulator.world().object(Cloud::Tencent, BUCKET, key)
}

fn parts_left(world: &World) -> usize {
    let uploads = world.emulator.world().open_uploads(Cloud::Tencent);
    uploads.iter().map(|upload| upload.parts.len()).sum()
}

/// The command for a file of several parts of 1 MiB.
fn in_parts(path: &Path, more: &str) -> String {
    format!(
        "upload-file --bucket {BUCKET} --key k.bin --part-size 1MiB --threshold 1MiB --in-flight 2 {more} {}",
        path.display()
    )
}

#[test]
fn a_file_is_stored_with_its_properties() {
    let (world, files) = (World::new(), Files::new());
    let path = files.write("page.html", b"hello cos");
    let stored = world
        .run(&format!(
            "upload-file {} --bucket {BUCKET} --key dir/page --metadata owner=web --storage-class infrequent-access \
             --acl private --cache-control no-cache --encryption managed --tags team=web env=prod",
            path.display()
        ))
        .json();
    let found = object(&world, "dir/page").unwrap();
    assert_eq!(
        stored,
        json!({"Bucket": BUCKET, "Key": "dir/page", "Size": 9, "Parts": 1, "ETag": found.e_tag,
            "Checksum": {"Algorithm": "CRC64ECMA", "Value": "13242225731321912570"}})
    );
    assert_eq!(found.bytes().unwrap(), b"hello cos");
    assert_eq!(found.headers["content-type"], "text/html");
    assert_eq!(found.headers["cache-control"], "no-cache");
    assert_eq!(found.metadata["owner"], "web");
    assert_eq!(
        (found.storage_class.as_str(), found.acl.as_str()),
        ("STANDARD_IA", "private")
    );
    assert_eq!(found.tags.len(), 2);
    let table = world.run(&format!(
        "upload-file --output table --bucket {BUCKET} --key dir/page {}",
        path.display()
    ));
    assert!(
        table.stdout.contains("CRC64ECMA 13242225731321912570"),
        "{table:?}"
    );
    assert_eq!(table.stderr, "");
}

#[test]
fn a_large_file_and_stdin_go_in_parts() {
    let (world, files) = (World::new(), Files::new());
    let content = content(3 * MIB + 5);
    let path = files.write("large", &content);
    let stored = world.run(&in_parts(&path, "")).json();
    assert_eq!(
        (&stored["Parts"], &stored["Size"]),
        (&json!(4), &json!(content.len()))
    );
    assert!(object(&world, "k.bin").unwrap().bytes().unwrap() == content);
    let text = "0123456789abcdef".repeat(MIB / 8);
    let piped = world
        .run_with_stdin(&in_parts(Path::new("-"), ""), &text)
        .json();
    assert_eq!(piped["Parts"], 2);
    assert!(object(&world, "k.bin").unwrap().bytes().unwrap() == text.as_bytes());
}

#[test]
fn what_is_wrong_ends_with_its_code() {
    let (world, files) = (World::new(), Files::new());
    let path = files.write("f", b"x");
    let path = path.display();
    assert_eq!(
        world
            .run(&format!("upload-file --bucket {BUCKET} --key k {path}"))
            .code,
        0
    );
    for (line, code) in [
        (format!("upload-file --key k {path}"), 2),
        (format!("upload-file --bucket {BUCKET} --key k"), 2),
        (
            format!("upload-file --bucket {BUCKET} --key k --part-size 8mega {path}"),
            2,
        ),
        (
            format!("upload-file --bucket {BUCKET} --key k {path}-absent"),
            3,
        ),
        (
            format!("upload-file --bucket none-1250000000 --key k {path}"),
            3,
        ),
        (format!("upload-file --bucket plain --key k {path}"), 4),
        (
            format!("upload-file --bucket {BUCKET} --key k --acl public-read-write {path}"),
            4,
        ),
        (
            format!("upload-file --bucket {BUCKET} --key k --overwrite=false {path}"),
            7,
        ),
    ] {
        let run = world.run(&line);
        assert_eq!(run.code, code, "{line}: {run:?}");
        assert_eq!(run.stdout, "", "{line}");
    }
}

#[test]
fn a_request_file_holds_every_field() {
    let (world, files) = (World::new(), Files::new());
    let path = files.write("f", b"x");
    let request = json!({"Bucket": BUCKET, "Key": "k", "File": path, "ContentType": "a/b", "Metadata": {"a": "b"}});
    let request = files.write("request.json", request.to_string().as_bytes());
    let request = request.display();
    world
        .run(&format!(
            "upload-file --request {request} --content-type c/d"
        ))
        .json();
    let found = object(&world, "k").unwrap();
    assert_eq!(found.headers["content-type"], "c/d");
    assert_eq!(found.metadata["a"], "b");
}

#[test]
fn a_failed_upload_leaves_nothing_unless_it_is_to_be_resumed() {
    let (world, files) = (World::new(), Files::new());
    let path = files.write("large", &content(4 * MIB));
    let fail = || {
        let denied = FaultKind::ErrorCode {
            status: 403,
            code: "AccessDenied".to_owned(),
            message: "no".to_owned(),
        };
        world
            .emulator
            .fault(Fault::new(denied).on("UploadPart").part(4));
    };
    fail();
    assert_eq!(world.run(&in_parts(&path, "")).code, 5);
    assert_eq!(parts_left(&world), 0);
    fail();
    let failed = world.run(&in_parts(&path, "--resume"));
    assert_eq!(failed.code, 5);
    let said = failed.error()["Message"].as_str().unwrap().to_owned();
    assert!(said.contains("parts are kept"), "{said}");
    let kept = parts_left(&world);
    assert!(kept > 0);
    world.emulator.clear_calls();
    world.run(&in_parts(&path, "--resume")).json();
    let sent = world.emulator.calls();
    let sent = sent
        .iter()
        .filter(|call| call.action == "UploadPart")
        .count();
    assert!(sent <= 4 - kept + 1, "{sent} sent with {kept} kept");
    assert!(object(&world, "k.bin").unwrap().bytes().unwrap() == content(4 * MIB));
    assert_eq!(parts_left(&world), 0);
}

#[cfg(unix)]
#[test]
fn interrupting_cleans_up_before_it_ends() {
    for (more, keeps) in [("", false), ("--checkpoint", true)] {
        let (world, files) = (World::new(), Files::new());
        let path = files.write("large", &content(4 * MIB));
        let checkpoint = files.path("checkpoint");
        let more = if keeps {
            format!("{more} {}", checkpoint.display())
        } else {
            String::new()
        };
        let slow = FaultKind::Delay(std::time::Duration::from_secs(30));
        world
            .emulator
            .fault(Fault::new(slow).on("UploadPart").part(4));
        let child = world.spawn(&in_parts(&path, &more));
        while parts_left(&world) < 3 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        support::interrupt(&child);
        let run = support::Run::of(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (130, ""), "{run:?}");
        assert_eq!(parts_left(&world) > 0, keeps, "{run:?}");
        assert_eq!(checkpoint.exists(), keeps);
        assert!(object(&world, "k.bin").is_none());
    }
}
