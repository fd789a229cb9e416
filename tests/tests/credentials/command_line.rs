//! `cloudapi whoami`, with what surrounds the process.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use cloudapi::Provider;
use cloudapi_emulator::{Emulator, Key};
use serde_json::Value;

use crate::PROVIDERS;
use crate::metadata::Metadata;

pub(crate) fn binary() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().and_then(std::path::Path::parent).unwrap();
    folder.join(format!("cloudapi{}", std::env::consts::EXE_SUFFIX))
}

pub(crate) fn region(provider: Provider) -> &'static str {
    if provider == Provider::Aws {
        "us-east-1"
    } else {
        "ap-guangzhou"
    }
}

/// Runs `whoami` with these variables alone; the code, stdout or the error.
fn whoami(
    provider: Provider,
    emulator: &Emulator,
    line: &str,
    variables: &[(&str, &str)],
) -> (i32, Value) {
    let output = Command::new(binary())
        .env_clear()
        .envs(variables.iter().copied())
        .args([
            "whoami",
            "--output",
            "json",
            "--provider",
            provider.as_str(),
            "--region",
            region(provider),
        ])
        .args(["--endpoint-url", &emulator.endpoint_url()])
        .args(line.split_whitespace())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let code = output.status.code().unwrap();
    let text = if code == 0 {
        output.stdout
    } else {
        output.stderr
    };
    let value: Value = serde_json::from_slice(&text).unwrap();
    (
        code,
        if code == 0 {
            value
        } else {
            value["Error"].clone()
        },
    )
}

fn role(provider: Provider) -> &'static str {
    if provider == Provider::Aws {
        "arn:aws:iam::123456789012:role/ops"
    } else {
        "qcs::cam::uin/100000000001:roleName/ops"
    }
}

pub(crate) fn key(emulator: &Emulator, provider: Provider) -> [(&'static str, String); 2] {
    if provider == Provider::Aws {
        let Key { id, secret, .. } = emulator.aws_key();
        [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)]
    } else {
        let Key { id, secret, .. } = emulator.tencent_key();
        [
            ("TENCENTCLOUD_SECRET_ID", id),
            ("TENCENTCLOUD_SECRET_KEY", secret),
        ]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_goes_on_top_of_every_key() {
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let key = key(&emulator, *provider);
        let variables = key.each_ref().map(|(name, value)| (*name, value.as_str()));
        let (code, identity) = whoami(*provider, &emulator, "", &variables);
        assert_eq!(
            (code, &identity["Source"]),
            (0, &Value::from("environment"))
        );
        assert!(identity.get("ExpiresAt").is_none());
        let line = format!("--role-arn {} --external-id x-42", role(*provider));
        let (code, identity) = whoami(*provider, &emulator, &line, &variables);
        let source = format!("assumed role {}, from environment", role(*provider));
        assert_eq!(
            (code, &identity["Source"]),
            (0, &Value::from(source)),
            "{identity}"
        );
        assert!(identity["ExpiresAt"].is_string() && identity["Arn"].is_string());
        let call = emulator
            .calls()
            .into_iter()
            .find(|call| call.action == "AssumeRole");
        assert_eq!(call.unwrap().parameters["ExternalId"], "x-42");
        emulator.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_has_a_role_or_not() {
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let [with_role, without] = [true, false].map(|has| Metadata::start(&emulator, has));
        let (with_role, without) = (with_role.await, without.await);
        for (metadata, expected) in [(&with_role, 0), (&without, 4)] {
            let variables = [
                ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url.as_str()),
                ("TENCENTCLOUD_METADATA_ENDPOINT", &metadata.url),
            ];
            for line in ["--credential-source cvm-role", "--credential-source chain"] {
                let (code, told) = whoami(*provider, &emulator, line, &variables);
                assert_eq!(code, expected, "{provider} {line}: {told}");
                if code == 0 {
                    let source = told["Source"].as_str().unwrap();
                    assert!(source.starts_with("instance role"), "{source}");
                    assert_eq!(told["ExpiresAt"], "2038-01-01T00:00:00Z");
                } else {
                    assert_eq!(told["Kind"], "Config", "{told}");
                }
            }
        }
        emulator.stop().await;
    }
}

#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread")]
async fn a_container_has_a_key() {
    let emulator = Emulator::start().await.unwrap();
    let container = Metadata::start(&emulator, true).await;
    let url = format!("{}/container", container.url);
    let variables = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str())];
    let (code, identity) = whoami(Provider::Aws, &emulator, "", &variables);
    assert_eq!(
        (code, &identity["Source"]),
        (0, &Value::from("container")),
        "{identity}"
    );
    assert_eq!(identity["ExpiresAt"], "2038-01-01T00:00:00Z");
    emulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_at_all_is_4_on_both_clouds() {
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let variables = [
            ("HOME", home.path().to_str().unwrap()),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        let (code, error) = whoami(*provider, &emulator, "", &variables);
        assert_eq!(
            (code, &error["Kind"]),
            (4, &Value::from("Config")),
            "{error}"
        );
        let message = error["Message"].as_str().unwrap();
        assert!(message.starts_with("no credentials found"), "{message}");
        assert!(emulator.calls().is_empty());
        emulator.stop().await;
    }
}
