//! `whoami`, where the key comes from, and named connections.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use cloudapi::emulator::fixtures::TENCENT_ACCOUNT;

use crate::support::{Run, World};

fn role(name: &str) -> String {
    format!("qcs::cam::uin/{TENCENT_ACCOUNT}:roleName/{name}")
}

/// A home folder with these files.
fn home(files: &[(&str, String)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    home
}

/// The binary without the key in its environment.
fn run_at(world: &World, home: &Path, line: &str, variables: &[(&str, &str)]) -> Run {
    let mut command = world.command(line);
    command
        .env_remove("TENCENTCLOUD_SECRET_ID")
        .env_remove("TENCENTCLOUD_SECRET_KEY")
        .env("HOME", home)
        .envs(variables.iter().copied());
    Run::of(command.output().unwrap())
}

fn profile(world: &World, name: &str) -> String {
    let key = world.emulator.tencent_key();
    format!(
        "[{name}]\ntencentcloud_secret_id = {}\ntencentcloud_secret_key = {}\n",
        key.id, key.secret
    )
}

#[test]
fn whoami_tells_source_and_end_and_never_the_secret() {
    let world = World::new();
    let run = world.run("whoami --output json");
    let identity = run.json();
    assert_eq!(identity["Provider"], "tencent");
    assert_eq!(identity["AccountId"], TENCENT_ACCOUNT);
    assert_eq!(identity["Source"], "environment");
    assert!(identity.get("ExpiresAt").is_none());
    for part in ["UserId", "Arn"] {
        assert!(identity[part].is_string(), "{identity}");
    }
    let secret = world.emulator.tencent_key().secret;
    for format in ["json", "yaml", "table", "text"] {
        let run = world.run(&format!("whoami -vv --output {format}"));
        assert_eq!(run.code, 0, "{run:?}");
        assert!(
            !run.stdout.contains(&secret) && !run.stderr.contains(&secret),
            "{run:?}"
        );
    }
    let line = format!(
        "whoami --output json --role-arn {} --external-id 7",
        role("ops")
    );
    let identity = world.run(&line).json();
    assert_eq!(
        identity["Source"],
        format!("assumed role {}, from environment", role("ops"))
    );
    assert!(
        identity["ExpiresAt"].as_str().unwrap().ends_with('Z'),
        "{identity}"
    );
}

#[test]
fn sources_by_flag_and_variable() {
    let world = World::new();
    let home = home(&[(".aws/credentials", profile(&world, "ops"))]);
    let file = home.path().join(".aws/credentials");
    let expected = format!("profile ops ({})", file.display());
    for (line, variables) in [
        ("whoami --profile ops", &[][..]),
        ("whoami --credential-source profile --profile ops", &[]),
        ("whoami --credential-source chain --profile ops", &[]),
        (
            "whoami --credential-source profile",
            &[("AWS_PROFILE", "ops")],
        ),
        ("whoami", &[("AWS_PROFILE", "ops")]),
        (
            "whoami",
            &[
                ("AWS_PROFILE", "ops"),
                ("CLOUDAPI_CREDENTIAL_SOURCE", "chain"),
            ],
        ),
    ] {
        let line = format!("{line} --output json");
        let identity = run_at(&world, home.path(), &line, variables).json();
        assert_eq!(identity["Source"], expected, "{line}");
    }
    let closed = ("TENCENTCLOUD_METADATA_ENDPOINT", "http://127.0.0.1:1");
    for (line, words) in [
        ("whoami", "--profile"),
        (
            "whoami --credential-source environment",
            "TENCENTCLOUD_SECRET_ID",
        ),
        ("whoami --credential-source oidc", "TKE_ROLE_ARN"),
        ("whoami --credential-source cvm-role", "metadata service"),
        ("whoami --credential-source chain", "no credentials found"),
        ("whoami --profile opps", "opps"),
    ] {
        let run = run_at(
            &world,
            home.path(),
            &format!("{line} --output json"),
            &[closed],
        );
        assert_eq!(run.code, 4, "{line}: {run:?}");
        let error = run.error();
        assert_eq!(error["Kind"], "Config", "{error}");
        assert!(
            error["Message"].as_str().unwrap().contains(words),
            "{error}"
        );
        assert_eq!(error["Operation"], "CallerIdentity");
    }
    assert!(
        world
            .emulator
            .calls()
            .iter()
            .all(|call| call.action == "GetCallerIdentity")
    );
}

#[test]
fn an_unknown_profile_is_said_before_a_missing_region() {
    let world = World::new();
    let mut command = std::process::Command::new(support::BINARY);
    command.env_clear().env("HOME", home(&[]).path()).args([
        "--provider",
        "tencent",
        "--profile",
        "nobody",
        "whoami",
    ]);
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.code, 4);
    assert!(
        run.stderr.contains("profiles") && !run.stderr.contains("region"),
        "{run:?}"
    );
    drop(world);
}

#[test]
fn a_connection_gives_cloud_region_and_key() {
    let world = World::new();
    let endpoint = world.emulator.endpoint_url();
    let home = home(&[
        (".aws/credentials", profile(&world, "ops")),
        (
            ".config/cloudapi/config.toml",
            format!(
                "[connections.prod-cn]\nprovider = \"tencent\"\nregion = \"ap-shanghai\"\nprofile = \"ops\"\nendpoint_url = \"{endpoint}\"\n"
            ),
        ),
        (
            "bad.json",
            r#"{"connections": {"c": {"provider": "aws", "secret_key": "hunter2hunter2"}}}"#
                .to_owned(),
        ),
    ]);
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(support::BINARY);
        command
            .env_clear()
            .env("HOME", home.path())
            .env("TENCENTCLOUD_REGION", "ap-tokyo")
            .env("TENCENTCLOUD_SECRET_ID", "AKIDOTHER")
            .env("TENCENTCLOUD_SECRET_KEY", "other")
            .args(arguments)
            .args(["--output", "json"]);
        Run::of(command.output().unwrap())
    };
    if cfg!(not(any(windows, target_os = "macos"))) {
        let identity = run(&["--connection", "prod-cn", "whoami"]).json();
        assert!(
            identity["Source"]
                .as_str()
                .unwrap()
                .starts_with("profile ops"),
            "{identity}"
        );
        let calls = world.emulator.calls();
        assert_eq!(calls[0].region, "ap-shanghai");
    }
    let bad = home.path().join("bad.json");
    let answer = run(&[
        "--connection",
        "c",
        "--config",
        bad.to_str().unwrap(),
        "whoami",
    ]);
    assert_eq!(answer.code, 4);
    assert!(
        answer.stderr.contains("secret_key") && !answer.stderr.contains("hunter2"),
        "{answer:?}"
    );
    let answer = run(&["--connection", "c", "whoami"]);
    assert_eq!(answer.code, 4, "{answer:?}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_warned_of_once() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    let home = home(&[(".aws/credentials", profile(&world, "ops"))]);
    let file = home.path().join(".aws/credentials");
    let warnings = |mode: u32, line: &str| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let run = run_at(&world, home.path(), line, &[]);
        assert_eq!(run.code, 0, "{run:?}");
        let warnings = run
            .stderr
            .lines()
            .filter(|line| line.starts_with("warning: "));
        warnings.map(str::to_owned).collect::<Vec<_>>()
    };
    let told = warnings(0o644, "describe-instances --profile ops --output table");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(file.to_str().unwrap()), "{told:?}");
    assert!(warnings(0o600, "whoami --profile ops --output table").is_empty());
    assert!(
        warnings(0o644, "whoami --profile ops --output json").is_empty(),
        "where errors are JSON, nothing else is on stderr"
    );
}
