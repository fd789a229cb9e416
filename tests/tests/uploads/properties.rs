//! What was asked for is what the cloud has, and what is told of it.

use std::path::Path;

use serde_json::{Value, json};

use cloudapi::Provider;
use cloudapi_emulator::Cloud;

use crate::shell::{Answer, PROVIDERS, keys};
use crate::stage::{KEY, MIB, Stage, content, in_parts};

/// Flags for every property, as words.
const PROPERTIES: [&str; 23] = [
    "--content-type",
    "text/x-web; charset=utf-8",
    "--metadata",
    "owner=web team",
    "Stage=prod",
    "--storage-class",
    "infrequent-access",
    "--acl",
    "public-read",
    "--cache-control",
    "max-age=60, public",
    "--content-disposition",
    "attachment; filename=\"a b.txt\"",
    "--content-encoding",
    "identity",
    "--content-language",
    "de, en",
    "--encryption",
    "managed",
    "--tags",
    "team=web & more",
    "env=",
    "--no-overwrite",
];

/// The same as a request.
fn request(stage: &Stage, file: &str) -> Value {
    json!({
        "Bucket": stage.bucket(),
        "Key": KEY,
        "File": stage.path(file),
        "ContentType": "text/x-web; charset=utf-8",
        "Metadata": {"owner": "web team", "Stage": "prod"},
        "StorageClass": "infrequent-access",
        "Acl": "public-read",
        "CacheControl": "max-age=60, public",
        "ContentDisposition": "attachment; filename=\"a b.txt\"",
        "ContentEncoding": "identity",
        "ContentLanguage": "de, en",
        "Encryption": "managed",
        "Tags": {"team": "web & more", "env": ""},
        "Overwrite": false,
        "PartSize": 5 * MIB,
        "Threshold": 5 * MIB,
        "InFlight": 2,
    })
}

#[track_caller]
fn has_all(stage: &Stage, parts: usize) {
    let found = stage.object().unwrap();
    assert_eq!(found.parts, parts);
    let encryption = if stage.provider() == Provider::Aws {
        "x-amz-server-side-encryption"
    } else {
        "x-cos-server-side-encryption"
    };
    for (name, value) in [
        ("content-type", "text/x-web; charset=utf-8"),
        ("cache-control", "max-age=60, public"),
        ("content-disposition", "attachment; filename=\"a b.txt\""),
        ("content-encoding", "identity"),
        ("content-language", "de, en"),
        (encryption, "AES256"),
    ] {
        let header = found.headers.get(name).map(String::as_str);
        assert_eq!(header, Some(value), "{name}: {:?}", found.headers);
    }
    let metadata = json!(found.metadata);
    assert_eq!(metadata, json!({"owner": "web team", "stage": "prod"}));
    assert_eq!(json!(found.tags), json!({"team": "web & more", "env": ""}));
    assert_eq!(found.storage_class, "STANDARD_IA");
    assert_eq!(found.acl, "public-read");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_property_arrives_by_flag_and_by_request() {
    for provider in PROVIDERS {
        for (length, parts, told) in [(9, 0, 1), (12 * MIB, 3, 3)] {
            let stage = Stage::new(*provider).await;
            let path = stage.write("file.html", content(length));
            let stored = stage.upload(&path, &in_parts(&PROPERTIES)).json();
            assert_eq!(stored["Parts"], told, "{provider}: {stored}");
            has_all(&stage, parts);

            stage.shell.emulator.reset();
            let request = request(&stage, "file.html").to_string();
            let request = stage.write("request.json", request).display().to_string();
            let run = stage.shell.run(&format!("upload-file --request {request}"));
            assert_eq!(run.json(), stored, "{provider}");
            has_all(&stage, parts);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_domain_of_cos_stands_for_its_bucket() {
    let stage = Stage::new(Provider::Tencent).await;
    let emulator = &stage.shell.emulator;
    emulator
        .world()
        .add_domain(Cloud::Tencent, "localhost", stage.bucket());
    let port = emulator.address().port();
    let upload = |path: &Path, bucket: &str| {
        let url = format!("http://localhost:{port}/?bucket={bucket}");
        let mut command = stage.command(path, &in_parts(&[]));
        command.env("TENCENTCLOUD_ENDPOINT_URL_COS", url);
        Answer::of(command)
    };
    for length in [9, 12 * MIB] {
        let path = stage.write("file", content(length));
        let stored = upload(&path, stage.bucket());
        assert_eq!(stored.json()["Size"], length);
        assert_eq!(stage.object().unwrap().size, length as u64);
    }
    emulator.clear_calls();
    let path = stage.write("file", content(9));
    let refused = upload(&path, "other-1250000000");
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(emulator.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_is_alike_in_every_format() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let path = stage.write("file", content(12 * MIB));
        let of = |more: &[&str]| {
            let answer = stage.upload(&path, &in_parts(more));
            assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer:?}");
            answer
        };
        let stored = of(&[]).json();
        assert_eq!(
            keys(&stored),
            ["Bucket", "Checksum", "ETag", "Key", "Parts", "Size"]
        );
        assert_eq!(keys(&stored["Checksum"]), ["Algorithm", "Value"]);
        let algorithm = if *provider == Provider::Aws {
            "CRC64NVME"
        } else {
            "CRC64ECMA"
        };
        assert_eq!(stored["Checksum"]["Algorithm"], algorithm);
        assert_eq!(
            (&stored["Size"], &stored["Parts"]),
            (&json!(12 * MIB), &json!(3))
        );
        let object = stage.object().unwrap();
        assert_eq!(stored["ETag"], object.e_tag);
        let checksum = stored["Checksum"]["Value"].as_str().unwrap();
        assert!(object.checksum.ends_with(checksum), "{stored}");

        for format in ["yaml", "table", "text"] {
            let shown = of(&["--output", format]).stdout;
            for value in [stage.bucket(), KEY, checksum, "12582912", &object.e_tag] {
                assert!(shown.contains(value), "{format}: {value} in {shown}");
            }
        }
        let queried = of(&["--query", "Checksum.Value", "--output", "text"]);
        assert_eq!(queried.stdout, format!("{checksum}\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_the_customer_encrypts_where_it_is_named() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let path = stage.write("file", "x");
        let flags = ["--encryption", "kms", "--kms-key-id", "key-1"];
        stage.upload(&path, &flags).json();
        let headers = stage.object().unwrap().headers;
        assert!(
            headers.values().any(|value| value.ends_with("key-1")),
            "{headers:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_is_sent_is_what_was_asked() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let path = stage.write("file", content(18 * MIB));
        for (flags, parts) in [
            (&["--threshold", "18MiB"][..], 1),
            (&["--threshold", "17M", "--part-size", "6MiB"], 3),
            (&[], 3),
        ] {
            stage.shell.emulator.clear_calls();
            assert_eq!(
                stage.upload(&path, flags).json()["Parts"],
                parts,
                "{flags:?}"
            );
        }
        let flags = ["--part-size", "5MiB", "--in-flight", "1"];
        stage.shell.emulator.clear_calls();
        stage.upload(&path, &flags).json();
        assert_eq!(stage.shell.emulator.max_in_flight(), 1, "{provider}");
    }
}
