use cloudapi_core::{CloudProvider, CredentialSource, ProviderConfig};

use super::super::stand_in::Nearby;
use super::*;
use crate::Aws;
use crate::testing::SECRET;

const END: &str = "2038-01-01T00:00:00Z";

fn answer() -> String {
    format!(
        r#"{{"RoleArn": "arn:aws:iam::1:role/task", "AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "{SECRET}", "Token": "TOKENEXAMPLE", "Expiration": "{END}"}}"#
    )
}

fn of(variables: &[(&str, &str)]) -> Result<Option<Container>> {
    Container::from_environment(&Environment::fixed(variables.iter().copied()))
}

async fn key(variables: &[(&str, &str)]) -> Result<Credentials> {
    of(variables)?.unwrap().credentials().await
}

async fn refusal(variables: &[(&str, &str)]) -> String {
    let error = key(variables).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let told = format!("{error} {error:?}");
    assert!(
        !told.contains(SECRET) && !told.contains("hunter2"),
        "{told}"
    );
    error.to_string()
}

#[tokio::test]
async fn the_endpoint_is_told_the_token() {
    let endpoint = Nearby::start(|_| Some((200, answer()))).await;
    let url = format!("{}/v2/credentials?id=7", endpoint.url);
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let full = (FULL, url.as_str());
    for (variables, written, expected) in [
        (vec![full], "", None),
        (vec![full, (TOKEN, "Basic abc=")], "", Some("Basic abc=")),
        (
            vec![full, (TOKEN_FILE, path)],
            "eyJ.first\n",
            Some("eyJ.first"),
        ),
        (
            vec![full, (TOKEN, "Basic abc="), (TOKEN_FILE, path)],
            "eyJ.second",
            Some("eyJ.second"),
        ),
    ] {
        std::fs::write(path, written).unwrap();
        let found = key(&variables).await.unwrap();
        assert_eq!(found.key_id(), "ASIACONTAINER");
        assert_eq!(found.session_token().unwrap().expose(), "TOKENEXAMPLE");
        assert_eq!(found.origin(), Some("container"));
        assert_eq!(found.expires_at(), timestamp::parse(END));
        let head = endpoint.heads().pop().unwrap();
        assert!(
            head.starts_with("GET /v2/credentials?id=7 HTTP/1.1\r\n"),
            "{head}"
        );
        let told = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("authorization").then_some(value)
        });
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn the_token_file_is_read_anew() {
    let endpoint = Nearby::start(|_| Some((200, answer()))).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let variables = [
        (FULL, endpoint.url.as_str()),
        (TOKEN_FILE, file.path().to_str().unwrap()),
    ];
    let container = of(&variables).unwrap().unwrap();
    for token in ["one", "two"] {
        std::fs::write(file.path(), token).unwrap();
        container.credentials().await.unwrap();
        let head = endpoint.heads().pop().unwrap();
        assert!(head.contains(token), "{head}");
    }
}

#[tokio::test]
async fn it_is_a_part_of_the_chain_in_any_environment() {
    let endpoint = Nearby::start(|_| Some((200, answer()))).await;
    let config = ProviderConfig::new(cloudapi_core::Provider::Aws)
        .with_region("us-east-1")
        .with_endpoint_url("http://127.0.0.1:1")
        .with_environment(Environment::fixed([(FULL, endpoint.url.as_str())]))
        .with_credentials(CredentialSource::Default);
    let mut config = config;
    config.retry.max_attempts = 1;
    let cloud = Aws::connect(&config).await.unwrap();
    let error = cloud.caller_identity().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "a key was found: {error}");
    assert_eq!(endpoint.calls(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_told_unquoted() {
    let refusing = Nearby::start(|_| {
        let body = r#"{"code": "AccessDeniedException", "message": "hunter2"}"#;
        Some((403, body.to_owned()))
    })
    .await;
    let garbled = Nearby::start(|_| Some((200, "hunter2".to_owned()))).await;
    let halved = Nearby::start(|_| {
        let body = format!(r#"{{"AccessKeyId": "A", "SecretAccessKey": "{SECRET}"}}"#);
        Some((200, body))
    })
    .await;
    let url = |nearby: &Nearby| nearby.url.clone();
    for (variables, words) in [
        (
            [(FULL, url(&refusing)), ("X", String::new())],
            "HTTP 403 (AccessDeniedException)",
        ),
        (
            [(FULL, url(&garbled)), ("X", String::new())],
            "not the JSON",
        ),
        ([(FULL, url(&halved)), ("X", String::new())], "lacks a part"),
        (
            [
                (FULL, "http://127.0.0.1:1".to_owned()),
                ("X", String::new()),
            ],
            "can't be reached",
        ),
        (
            [
                (FULL, url(&garbled)),
                (TOKEN, "hunter2\nhunter2".to_owned()),
            ],
            "fit into no header",
        ),
        (
            [
                (FULL, url(&garbled)),
                (TOKEN_FILE, "/nonexistent/token".to_owned()),
            ],
            "/nonexistent/token",
        ),
        (
            [
                (FULL, "http://192.0.2.1/x".to_owned()),
                ("X", String::new()),
            ],
            "over plain HTTP",
        ),
        (
            [
                (FULL, "http://[2001:db8::1]/x".to_owned()),
                ("X", String::new()),
            ],
            "over plain HTTP",
        ),
        (
            [
                (FULL, "ftp://127.0.0.1/hunter2".to_owned()),
                ("X", String::new()),
            ],
            "no endpoint",
        ),
        (
            [(FULL, "/hunter2".to_owned()), ("X", String::new())],
            "no endpoint",
        ),
    ] {
        let variables = variables
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let told = refusal(&variables).await;
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(
        garbled.calls(),
        1,
        "nothing is sent with a token that is none"
    );
}

#[tokio::test]
async fn a_moment_of_weakness_is_overcome() {
    let answers = std::sync::Mutex::new(vec![
        (200, answer()),
        (429, String::new()),
        (500, String::new()),
    ]);
    let endpoint = Nearby::start(move |_| answers.lock().unwrap().pop()).await;
    let found = key(&[(FULL, endpoint.url.as_str())]).await.unwrap();
    assert_eq!(found.key_id(), "ASIACONTAINER");
    assert_eq!(endpoint.calls(), 3);
}

#[tokio::test]
async fn hosts_that_may_be_asked() {
    for (variables, uri) in [
        (
            [(RELATIVE, "/v2/x"), (FULL, "https://elsewhere/")],
            "http://169.254.170.2/v2/x",
        ),
        ([(RELATIVE, "v2/x"), ("X", "")], "http://169.254.170.2/v2/x"),
        (
            [(FULL, "http://169.254.170.23/v1/credentials"), ("X", "")],
            "http://169.254.170.23/v1/credentials",
        ),
        (
            [(FULL, "http://[fd00:ec2::23]/v1"), ("X", "")],
            "http://[fd00:ec2::23]/v1",
        ),
        (
            [(FULL, "http://localhost:9911/"), ("X", "")],
            "http://localhost:9911/",
        ),
        (
            [(FULL, "https://broker.example.com/k"), ("X", "")],
            "https://broker.example.com/k",
        ),
    ] {
        let container = of(&variables).unwrap().unwrap();
        assert_eq!(container.uri.to_string(), uri);
        container.check_host().await.unwrap();
    }
    assert!(of(&[]).unwrap().is_none());
}
