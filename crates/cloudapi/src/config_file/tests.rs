use std::time::Duration;

use cloudapi_core::{CredentialSource, ErrorKind, Provider};

use super::*;

fn toml(text: &str) -> Result<ConfigFile> {
    ConfigFile::parse(Path::new("/etc/c.toml"), text)
}

fn json(text: &str) -> Result<ConfigFile> {
    ConfigFile::parse(Path::new("/etc/c.json"), text)
}

fn refusal(result: Result<ConfigFile>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let told = format!("{error} {error:?}");
    assert!(!told.contains("hunter2"), "{told}");
    error.to_string()
}

#[test]
fn both_forms_give_the_same() {
    let text = "# connections\r\n[connections.prod-cn]\r\nprovider = \"tencent\"\r\nregion = \"ap-shanghai\"\r\nprofile = \"ops\"\r\n\
        timeout = \"5m\"\r\nread_timeout = 7\r\nmax_attempts = 3\r\n\r\n[connections.us]\r\nprovider = 'aws'\r\n";
    let same = r#"{"connections": {"prod-cn": {"provider": "tencent", "region": "ap-shanghai", "profile": "ops",
        "timeout": "5m", "read_timeout": 7, "max_attempts": 3}, "us": {"provider": "aws"}}}"#;
    for file in [toml(text), toml(&format!("\u{feff}{text}")), json(same)] {
        let file = file.unwrap();
        assert_eq!(file.names().collect::<Vec<_>>(), ["prod-cn", "us"]);
        let config = file.connection("prod-cn").unwrap();
        assert_eq!(config.provider, Provider::Tencent);
        assert_eq!(config.region.as_deref(), Some("ap-shanghai"));
        assert!(matches!(config.credentials, CredentialSource::Profile(name) if name == "ops"));
        assert_eq!(config.retry.deadline, Some(Duration::from_mins(5)));
        assert_eq!(config.timeouts.read, Duration::from_secs(7));
        assert_eq!(config.retry.max_attempts, 3);
        let config = file.connection("us").unwrap();
        assert!(matches!(config.credentials, CredentialSource::Default) && config.region.is_none());
        let error = file.connection("prod-ch").unwrap_err();
        assert!(error.message().contains("did you mean prod-cn?"), "{error}");
    }
    assert_eq!(toml("").unwrap().names().count(), 0);
}

#[test]
fn sources_and_roles() {
    let source = |lines: &str| {
        let text = format!("[connections.c]\nprovider = \"aws\"\n{lines}\n");
        toml(&text).map(|file| file.connection("c").unwrap().credentials)
    };
    for (name, expected) in [
        ("environment", "Environment"),
        ("cvm-role", "InstanceRole"),
        ("oidc", "Oidc"),
        ("chain", "Chain("),
        ("profile", "Profile(\"default\")"),
    ] {
        let source = source(&format!("credential_source = \"{name}\"")).unwrap();
        assert!(format!("{source:?}").starts_with(expected), "{source:?}");
    }
    let source_of_role =
        source("profile = \"ops\"\nrole_arn = \"arn:x\"\nexternal_id = \"7\"").unwrap();
    let CredentialSource::AssumeRole(role) = source_of_role else {
        panic!("{source_of_role:?}");
    };
    assert_eq!(
        (role.role_arn.as_str(), role.external_id.as_deref()),
        ("arn:x", Some("7"))
    );
    assert!(matches!(role.base, CredentialSource::Profile(name) if name == "ops"));
    for (lines, words) in [
        ("credential_source = \"hunter2\"", "line 3"),
        (
            "credential_source = \"oidc\"\nprofile = \"hunter2\"",
            "line 4",
        ),
        ("external_id = \"hunter2\"", "without `role_arn`"),
    ] {
        let error = source(lines).unwrap_err().to_string();
        assert!(
            error.contains(words) && !error.contains("hunter2"),
            "{error}"
        );
    }
}

#[test]
fn keys_are_refused_with_advice() {
    for name in [
        "secret_key",
        "secret-id",
        "SecretKey",
        "aws_secret_access_key",
        "access_key_id",
        "session_token",
        "password",
    ] {
        let text = format!("[connections.c]\nprovider = \"aws\"\n{name} = \"hunter2\"\n");
        let told = refusal(toml(&text));
        for words in [
            "/etc/c.toml, line 3",
            name,
            "profile = \"NAME\"",
            "environment",
        ] {
            assert!(told.contains(words), "{told}");
        }
        let same =
            format!(r#"{{"connections": {{"c": {{"provider": "aws", "{name}": "hunter2"}}}}}}"#);
        assert!(refusal(json(&same)).contains(name));
    }
}

#[test]
fn each_fault_is_one_line_with_file_and_line_that_quotes_nothing() {
    for (text, words) in [
        ("hunter2", "line 1: this is no TOML"),
        ("[connections.c]\nprovider = hunter2\n", "line 2"),
        (
            "[connections.c]\nprovider = \"hunter2\"\n",
            "line 2: `provider`",
        ),
        (
            "[connections.c]\nregion = \"us-east-1\"\n",
            "line 1: the connection \"c\" lacks `provider`",
        ),
        (
            "[connections.c]\nprovider = \"aws\"\nregoin = \"hunter2\"\n",
            "did you mean `region`?",
        ),
        (
            "[connections.c]\nprovider = \"aws\"\n\"hunter2/hunter2\" = 1\n",
            "line 3",
        ),
        (
            "[connections.c]\nprovider = \"aws\"\nregion = \"Hunter hunter2\"\n",
            "line 3: `region`",
        ),
        (
            "[connections.c]\nprovider = \"aws\"\nregion = 7\n",
            "is no text",
        ),
        (
            "[connections.c]\nprovider = \"aws\"\nregion = \"\"\n",
            "is empty",
        ),
        (
            "[connections.c]\nprovider = \"aws\"\nendpoint_url = \"https://me:hunter2@h\"\n",
            "line 3",
        ),
        (
            "[connections.c]\nprovider = \"aws\"\ntimeout = \"hunter2\"\n",
            "line 3",
        ),
        (
            "[connections.c]\nprovider = \"aws\"\nmax_attempts = 0\n",
            "line 3",
        ),
        (
            "[connection.c]\nprovider = \"aws\"\n",
            "did you mean `connections`?",
        ),
        ("connections = \"hunter2\"", "no table"),
        ("connections.c = \"hunter2\"", "no table"),
        (
            "[connections.c]\nprovider = \"aws\"\n[connections.c]\nprovider = \"aws\"\n",
            "line 3",
        ),
    ] {
        let told = refusal(toml(text));
        assert!(
            told.contains("/etc/c.toml") && told.contains(words),
            "{text:?}: {told}"
        );
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    for text in [
        "hunter2",
        "[\"hunter2\"]",
        "{\"connections\": hunter2}",
        "{\"connections\": {\"c\": \"hunter2\"}}",
    ] {
        assert!(refusal(json(text)).contains("/etc/c.json, line 1: "));
    }
    for (setting, words) in [
        (
            "\"regio\": \"x\"",
            "line 5: the connection \"c\" has the unknown setting `regio`",
        ),
        (
            "\"secret_key\": \"hunter2\"",
            "line 5: the connection \"c\" has `secret_key`",
        ),
        ("\"region\": hunter2", "line 5: this is no JSON"),
    ] {
        let text = format!(
            "{{\n  \"connections\": {{\n    \"c\": {{\n      \"provider\": \"aws\",\n      {setting}\n    }}\n  }}\n}}\n"
        );
        let told = refusal(json(&text));
        assert!(told.contains(&format!("/etc/c.json, {words}")), "{told}");
    }
    let deep = "{\"connections\":".repeat(100_000);
    assert!(refusal(json(&deep)).contains("this is no JSON"));
    let deep = format!("{deep}1{}", "}".repeat(100_000));
    assert!(json(&deep).is_err());
}

#[test]
fn connections_keep_the_order_of_the_file() {
    let names = |file: Result<ConfigFile>| {
        let file = file.unwrap();
        file.names().map(str::to_owned).collect::<Vec<_>>()
    };
    let connection = "{\"provider\": \"aws\"}";
    let text = format!("{{\"connections\": {{\"b\": {connection}, \"a\": {connection}}}}}");
    assert_eq!(names(json(&text)), ["b", "a"]);
}

#[test]
fn files_that_are_none_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    assert!(refusal(ConfigFile::read(&path)).contains("does not exist"));
    assert!(refusal(ConfigFile::read(folder.path())).contains("is not a file"));
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(refusal(ConfigFile::read(&path)).contains("UTF-8"));
}

#[test]
fn the_file_is_found() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("cfg/cloudapi");
    std::fs::create_dir_all(&folder).unwrap();
    let config = home.path().join("cfg");
    let variables = [("XDG_CONFIG_HOME", config.to_str().unwrap())];
    let found = || ConfigFile::find(&Environment::fixed(variables));
    assert_eq!(found(), None);
    std::fs::write(folder.join("config.json"), "{}").unwrap();
    assert_eq!(found(), Some(folder.join("config.json")));
    std::fs::write(folder.join("config.toml"), "").unwrap();
    assert_eq!(found(), Some(folder.join("config.toml")));
    let given = Environment::fixed([variables[0], ("CLOUDAPI_CONFIG", "/x.json")]);
    assert_eq!(ConfigFile::find(&given), Some(PathBuf::from("/x.json")));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic_or_quote(
        text in "[\\[\\]{}=\"'.,:# \n\ra-z0-9]{0,60}",
        name in "(provider|region|secret_key|timeout|x)",
        secret in "[A-Z]{12}",
    ) {
        for text in [
            format!("{text}\n{secret}\n"),
            format!("[connections.c]\nprovider = \"aws\"\n{name} = \"{secret}\"\n{text}"),
            format!("{{\"connections\": {{\"c\": {{\"{name}\": \"{secret}\"}}}}}}{text}"),
        ] {
            for result in [toml(&text), json(&text)] {
                if let Err(error) = result {
                    let told = format!("{error} {error:?}");
                    proptest::prop_assert!(!told.contains(&secret), "{}", told);
                }
            }
        }
    }
}
