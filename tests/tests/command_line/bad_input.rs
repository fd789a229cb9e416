//! Bad input gets a clear error before anything is sent.

use std::process::Command;

use cloudapi::Provider;
use cloudapi_emulator::{Fault, FaultKind};

use crate::support::{Answer, PROVIDERS, Shell, variables};

const SECRET: &str = "hunter2hunter2hunter2";

/// Checks a refusal before anything was sent: code 4, these words, nothing on stdout, no secret.
#[track_caller]
fn refused(shell: &Shell, answer: &Answer, words: &[&str]) {
    assert_eq!(answer.code, 4, "{answer:?}");
    for word in words {
        assert!(answer.stderr.contains(word), "{word:?} in {answer:?}");
    }
    assert!(answer.stdout.is_empty(), "{answer:?}");
    assert!(!answer.stderr.contains(SECRET), "{answer:?}");
    assert_eq!(shell.emulator.calls(), [], "native calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_cannot_be_right() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let create = shell.create();
        let large = shell.home.path().join("large");
        std::fs::write(&large, vec![b'x'; 16 * 1024 + 1]).unwrap();
        let large = format!("{create} --user-data-file {}", large.display());
        let (good, other) = if *provider == Provider::Aws {
            ("i-0123456789abcdef0", "ins-1a2b3c4d")
        } else {
            ("ins-1a2b3c4d", "i-0123456789abcdef0")
        };
        for (line, words) in [
            (
                "describe-instances --instance-ids",
                vec!["InstanceIds", "empty"],
            ),
            (
                "start-instances --instance-ids",
                vec!["InstanceIds", "empty"],
            ),
            (
                "stop-instances --instance-ids",
                vec!["InstanceIds", "empty"],
            ),
            (
                "destroy-instances --yes --instance-ids",
                vec!["InstanceIds", "empty"],
            ),
            ("describe-instances --instance-ids bogus", vec!["bogus"]),
            (
                &format!("stop-instances --instance-ids {good} {other}"),
                vec![other],
            ),
            (
                "describe-instances --filters instance-stat=running",
                vec!["instance-stat", "instance-state"],
            ),
            (
                "describe-instances --filters name=a name=b",
                vec!["name", "in one list"],
            ),
            (
                "describe-instances --filters zone=a availability-zone=b",
                vec!["availability-zone", "in one list"],
            ),
            (
                "describe-instances --filters instance-state=runing",
                vec!["runing", "running"],
            ),
            (&format!("{create} --count 0"), vec!["Count"]),
            (
                &format!("{create} --count 2 --min-count 3"),
                vec!["MinCount"],
            ),
            (&large, vec!["UserData", "16385"]),
            ("describe-instances --region Mars", vec!["Mars", "region"]),
            (
                "describe-instances --endpoint-url nowhere",
                vec!["endpoint", "https://HOST"],
            ),
        ] {
            refused(&shell, &shell.run(line), &words);
        }
    }
}

#[cfg(feature = "tencent")]
#[tokio::test(flavor = "multi_thread")]
async fn tencent_needs_the_zone() {
    let shell = Shell::new(Provider::Tencent).await;
    let fixture = shell.fixture();
    let line = format!(
        "create-instances --image-id {} --instance-type {}",
        fixture.image_id, fixture.instance_type
    );
    refused(&shell, &shell.run(&line), &["Zone"]);
    let hibernate = "stop-instances --hibernate --instance-ids ins-1a2b3c4d";
    refused(&shell, &shell.run(hibernate), &["Unsupported", "Hibernate"]);
}

#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread")]
async fn aws_has_nothing_prepaid() {
    let shell = Shell::new(Provider::Aws).await;
    let line = format!("{} --billing prepaid --prepaid-months 1", shell.create());
    refused(&shell, &shell.run(&line), &["Unsupported", "prepaid"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_missing_or_half() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let [key_id, secret, region, _] = variables(*provider);
        let run = |change: &dyn Fn(&mut Command)| {
            let mut command = shell.command(["describe-instances"]);
            change(&mut command);
            Answer::of(command)
        };
        let answer = run(&|command| {
            command.env_remove(region);
        });
        refused(&shell, &answer, &["region"]);
        let answer = run(&|command| {
            command.env_remove(secret);
        });
        refused(&shell, &answer, &[secret]);
        let answer = run(&|command| {
            command.env_remove(key_id).env(secret, SECRET);
        });
        refused(&shell, &answer, &[key_id]);
    }
}

#[cfg(feature = "tencent")]
#[tokio::test(flavor = "multi_thread")]
async fn tencent_without_any_key_names_the_ways() {
    let shell = Shell::new(Provider::Tencent).await;
    let [key_id, secret, ..] = variables(Provider::Tencent);
    let mut command = shell.command(["describe-instances"]);
    command.env_remove(key_id).env_remove(secret);
    refused(&shell, &Answer::of(command), &[key_id, "--profile"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_files_that_cannot_be_used() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let folder = shell.home.path().join(".aws");
        let file = folder.join("credentials");
        let run = || shell.run("describe-instances --profile ops");

        refused(&shell, &run(), &["ops", ".aws/credentials"]);

        std::fs::create_dir(&folder).unwrap();
        std::fs::write(
            &file,
            format!("[ops]\naws_access_key_id = AKIDEXAMPLE\n{SECRET}\n"),
        )
        .unwrap();
        refused(&shell, &run(), &["line 3", ".aws/credentials"]);

        std::fs::write(
            &file,
            format!("[opps]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n"),
        )
        .unwrap();
        refused(&shell, &run(), &["ops", ".aws/credentials"]);

        std::fs::write(&file, format!("[ops]\naws_secret_access_key = {SECRET}\n")).unwrap();
        refused(&shell, &run(), &["ops", "aws_access_key_id"]);

        std::fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
        refused(&shell, &run(), &["UTF-8", ".aws/credentials"]);

        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        refused(&shell, &run(), &["not a file", ".aws/credentials"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_the_shared_file_serves_both_clouds() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let [key_id, secret, ..] = variables(*provider);
        let key = shell.key();
        std::fs::create_dir(shell.home.path().join(".aws")).unwrap();
        std::fs::write(
            shell.home.path().join(".aws/credentials"),
            format!(
                "[ops]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                key.id, key.secret
            ),
        )
        .unwrap();
        let mut command = shell.command(["describe-instances", "--profile", "ops"]);
        command.env(key_id, "AKIDWRONG").env(secret, SECRET);
        let answer = Answer::of(command);
        assert_eq!(answer.json(), serde_json::json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_answers_lose_nothing() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        for kind in [
            FaultKind::GarbageBody,
            FaultKind::TruncatedBody,
            FaultKind::EmptyBody,
            FaultKind::CutAfter,
        ] {
            shell
                .emulator
                .fault(Fault::new(kind.clone()).on("RunInstances").times(1000));
            let token = format!("token-{}", format!("{kind:?}").to_lowercase());
            let line = format!("{} --client-token {token}", shell.create());
            let answer = shell.run_json(&format!("{line} --max-attempts 2"));
            assert_eq!(answer.code, 8, "{provider} {kind:?}: {answer:?}");
            assert!(
                answer.stderr.contains(&token),
                "{provider} {kind:?}: the token that finds it again is not told: {answer:?}"
            );
            shell.emulator.clear_faults();
            let again = shell.run(&line).json();
            let found = shell.run("describe-instances").json();
            let made = found
                .as_array()
                .unwrap()
                .iter()
                .filter(|instance| instance["InstanceId"] == again["InstanceIds"][0]);
            assert_eq!(made.count(), 1, "{provider} {kind:?}");
        }
        let all = shell.run("describe-instances").json();
        assert_eq!(
            all.as_array().unwrap().len(),
            4,
            "{provider}: one for each fault"
        );
    }
}
