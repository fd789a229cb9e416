//! Sources against stand-ins on loopback: the metadata service, STS. A container's endpoint is in `container_tests.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use cloudapi_core::{
    AssumeRole, CallerIdentity, CloudProvider, CredentialChain, CredentialSource, Credentials,
    Environment, ErrorKind, ProvideCredentials, ProviderConfig, Result, timestamp,
};

use super::stand_in::Nearby;
use crate::Aws;
use crate::testing::{KEY_ID, Params, Reply, SECRET, Server, TOKEN};

const ROLE: &str = "arn:aws:iam::123456789012:role/ops";

fn caller() -> Reply {
    Reply::ok(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::123456789012:user/op</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>",
    )
}

fn session(action: &str, id: &str, life: Duration) -> Reply {
    let end = timestamp::format(SystemTime::now() + life).unwrap();
    Reply::ok(format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
         <AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>\
         <Expiration>{end}</Expiration></Credentials></{action}Result></{action}Response>"
    ))
}

fn refusal(code: &str) -> Reply {
    Reply::Http(
        403,
        Vec::new(),
        format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>no</Message></Error><RequestId>x</RequestId></ErrorResponse>"
        ),
    )
}

/// STS: gives numbered keys for roles, and knows every key.
async fn sts() -> Server {
    let number = AtomicUsize::new(0);
    Server::start(move |call| match call["Action"].as_str() {
        "GetCallerIdentity" => caller(),
        action => {
            let number = number.fetch_add(1, Ordering::SeqCst) + 1;
            session(
                action,
                &format!("ASIAEXAMPLE{number}"),
                Duration::from_hours(1),
            )
        }
    })
    .await
}

fn signer(call: &Params) -> &str {
    let header = call.get(":authorization").map_or("", String::as_str);
    let (_, rest) = header.split_once("Credential=").unwrap_or_default();
    rest.split('/').next().unwrap_or_default()
}

fn with(
    server: &Server,
    source: impl Into<CredentialSource>,
    variables: &[(&str, &str)],
) -> ProviderConfig {
    server
        .config()
        .with_credentials(source)
        .with_environment(Environment::fixed(variables.iter().copied()))
}

async fn whoami(config: &ProviderConfig) -> Result<CallerIdentity> {
    Aws::connect(config).await?.caller_identity().await
}

async fn config_error(config: &ProviderConfig) -> String {
    let error = whoami(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let told = format!("{error} {error:?}");
    assert!(
        !told.contains(SECRET) && !told.contains("hunter2"),
        "{told}"
    );
    error.to_string()
}

fn metadata_key(id: &str, life: Duration) -> String {
    let end = timestamp::format(SystemTime::now() + life).unwrap();
    format!(
        r#"{{"Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "Type": "AWS-HMAC", "AccessKeyId": "{id}", "SecretAccessKey": "{SECRET}", "Token": "{TOKEN}", "Expiration": "{end}"}}"#
    )
}

#[tokio::test]
async fn the_role_of_the_machine_is_asked_with_a_token() {
    let server = sts().await;
    let metadata = Nearby::metadata(&[
        ("", "web-role".to_owned()),
        (
            "web-role",
            metadata_key("ASIAINSTANCE", Duration::from_hours(6)),
        ),
    ])
    .await;
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url.as_str())];
    for source in [
        CredentialSource::InstanceRole,
        CredentialSource::Default,
        CredentialChain::new().into(),
    ] {
        let cloud = Aws::connect(&with(&server, source, &variables))
            .await
            .unwrap();
        let before = metadata.calls();
        for _ in 0..3 {
            let identity = cloud.caller_identity().await.unwrap();
            assert_eq!(identity.source, "instance role");
            assert!(identity.expires_at.is_some());
        }
        assert_eq!(metadata.calls() - before, 3, "token, name, key; once");
    }
    assert!(
        server
            .calls()
            .iter()
            .all(|call| signer(call) == "ASIAINSTANCE")
    );
}

#[tokio::test]
async fn a_machine_without_a_role_or_none_at_all_says_so() {
    let server = sts().await;
    let none = Nearby::metadata(&[]).await;
    let closed = "http://127.0.0.1:1";
    for endpoint in [none.url.as_str(), closed] {
        let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)];
        for source in [CredentialSource::InstanceRole, CredentialSource::Default] {
            let told = config_error(&with(&server, source, &variables)).await;
            assert!(told.contains("no credentials found"), "{told}");
        }
    }
    let off = [("AWS_EC2_METADATA_DISABLED", "true")];
    let told = config_error(&with(&server, CredentialSource::InstanceRole, &off)).await;
    assert!(told.contains("AWS_EC2_METADATA_DISABLED"), "{told}");
    assert!(server.calls().is_empty());
}

#[tokio::test]
async fn without_a_token_the_metadata_service_is_asked_nothing() {
    let server = sts().await;
    // Refused, as where the service is switched off; and lost, as in a container that is a hop too far away.
    for answer in [Some((403, String::new())), None] {
        let metadata = Nearby::start(move |_| answer.clone()).await;
        let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url.as_str())];
        let told = config_error(&with(&server, CredentialSource::InstanceRole, &variables)).await;
        assert!(told.contains("the metadata service"), "{told}");
        let heads = metadata.heads();
        let is_put = |head: &String| head.starts_with("PUT /latest/api/token ");
        assert!(!heads.is_empty() && heads.iter().all(is_put), "{heads:?}");
    }
    assert!(server.calls().is_empty());
}

#[tokio::test]
async fn a_role_is_assumed_with_another_key_and_kept() {
    let server = sts().await;
    let assume = AssumeRole::new(Credentials::new(KEY_ID, SECRET), ROLE)
        .with_external_id("x-42")
        .with_session_name("night-shift")
        .with_duration(Duration::from_mins(30));
    let cloud = Aws::connect(&with(&server, assume, &[])).await.unwrap();
    assert!(server.calls().is_empty());
    for _ in 0..2 {
        let identity = cloud.caller_identity().await.unwrap();
        assert_eq!(
            identity.source,
            format!("assumed role {ROLE}, from explicit key")
        );
        assert_eq!(identity.account_id, "123456789012");
        assert!(identity.expires_at.is_some());
    }
    let calls = server.calls();
    assert_eq!(
        server.actions(),
        ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"]
    );
    for (name, value) in [
        ("RoleArn", ROLE),
        ("RoleSessionName", "night-shift"),
        ("ExternalId", "x-42"),
        ("DurationSeconds", "1800"),
    ] {
        assert_eq!(calls[0][name], value);
    }
    assert_eq!(signer(&calls[0]), KEY_ID);
    assert_eq!(signer(&calls[1]), "ASIAEXAMPLE1");
}

#[tokio::test]
async fn what_is_wrong_with_a_role_is_told_apart() {
    let of = |server: &Server, arn: &str| {
        with(
            server,
            AssumeRole::new(Credentials::new(KEY_ID, SECRET), arn),
            &[],
        )
    };
    let server = sts().await;
    let told = config_error(&of(&server, "qcs::cam::uin/1:roleName/x")).await;
    assert!(
        told.contains("no role of AWS") && server.calls().is_empty(),
        "{told}"
    );
    for (code, kind) in [
        ("AccessDenied", ErrorKind::PermissionDenied),
        ("InvalidClientTokenId", ErrorKind::Unauthenticated),
        ("ValidationError", ErrorKind::Config),
    ] {
        let server = Server::start(move |_| refusal(code)).await;
        let error = whoami(&of(&server, ROLE)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(
            error.message().contains(ROLE) && error.code() == Some(code),
            "{error}"
        );
    }
}

fn home(config: &str, credentials: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    std::fs::write(home.path().join(".aws/config"), config).unwrap();
    std::fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
    home
}

#[tokio::test]
async fn profiles_are_taken_at_their_word() {
    let server = sts().await;
    let script = format!(
        r#"echo {{\"Version\": 1, \"AccessKeyId\": \"AKIAPROCESS\", \"SecretAccessKey\": \"{SECRET}\"}}"#
    );
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "WEBTOKENEXAMPLE\n").unwrap();
    let home = home(
        &format!(
            "[profile near]\nrole_arn = {ROLE}\nsource_profile = keys\nexternal_id = x-7\nrole_session_name = near-by\n\
             [profile far]\nrole_arn = {ROLE}-far\nsource_profile = near\n\
             [profile env]\nrole_arn = {ROLE}\ncredential_source = Environment\n\
             [profile web]\nrole_arn = {ROLE}\nweb_identity_token_file = {}\n\
             [profile process]\ncredential_process = {script}\n\
             [profile mfa]\nrole_arn = {ROLE}\nsource_profile = keys\nmfa_serial = arn:x\n\
             [profile bare]\nrole_arn = {ROLE}\n\
             [profile login]\nlogin_session = arn:aws:iam::1:user/me\n\
             [profile odd]\nrole_arn = hunter2\nsource_profile = keys\n\
             [profile astray]\nrole_arn = {ROLE}\nsource_profile = hunter2/hunter2\n\
             [profile a]\nrole_arn = {ROLE}\nsource_profile = b\n[profile b]\nrole_arn = {ROLE}\nsource_profile = a\n",
            token.path().display()
        ),
        &format!(
            "[keys]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n\
             [self]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\nrole_arn = {ROLE}\nsource_profile = self\n"
        ),
    );
    let file = home.path().join(".aws/credentials").display().to_string();
    let settings = home.path().join(".aws/config").display().to_string();
    let of = |name: &str| {
        let variables = [
            ("HOME", home.path().to_str().unwrap()),
            ("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ];
        with(
            &server,
            CredentialSource::Profile(name.to_owned()),
            &variables,
        )
    };
    let near = format!("assumed role {ROLE}, from profile keys ({file})");
    for (name, expected) in [
        ("keys", format!("profile keys ({file})")),
        ("near", near.clone()),
        ("far", format!("assumed role {ROLE}-far, from {near}")),
        (
            "self",
            format!("assumed role {ROLE}, from profile self ({file})"),
        ),
        ("env", format!("assumed role {ROLE}, from environment")),
        (
            "web",
            format!(
                "assumed role {ROLE}, from the OIDC token {}",
                token.path().display()
            ),
        ),
        (
            "process",
            format!("process of profile process ({settings})"),
        ),
    ] {
        let identity = whoami(&of(name)).await.unwrap();
        assert_eq!(identity.source, expected, "{name}");
    }
    let calls = server.calls();
    let near = calls
        .iter()
        .find(|call| call.get("ExternalId").is_some())
        .unwrap();
    assert_eq!(
        (&*near["RoleSessionName"], signer(near)),
        ("near-by", KEY_ID)
    );
    let web = calls
        .iter()
        .find(|call| call.contains_key("WebIdentityToken"))
        .unwrap();
    assert_eq!(
        (&*web["WebIdentityToken"], signer(web)),
        ("WEBTOKENEXAMPLE", "")
    );
    for (name, words) in [
        ("mfa", "mfa_serial"),
        ("bare", "neither source_profile"),
        ("a", "in a circle"),
        ("kees", "did you mean keys?"),
        ("login", "export-credentials --profile login"),
        ("odd", "the profile odd has a role_arn that is no role"),
        ("astray", "the profile astray leads to a source_profile"),
    ] {
        let told = config_error(&of(name)).await;
        assert!(told.contains(words), "{told}");
    }
}

#[tokio::test]
async fn a_token_from_elsewhere_gets_a_role() {
    let server = sts().await;
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "WEBTOKENEXAMPLE").unwrap();
    let path = token.path().to_str().unwrap();
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", path),
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_ROLE_SESSION_NAME", "pod-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    for source in [CredentialSource::Oidc, CredentialSource::Default] {
        let identity = whoami(&with(&server, source, &variables)).await.unwrap();
        assert_eq!(
            identity.source,
            format!("assumed role {ROLE}, from the OIDC token {path}")
        );
    }
    assert_eq!(server.calls()[0]["RoleSessionName"], "pod-1");
    let told = config_error(&with(&server, CredentialSource::Oidc, &variables[..1])).await;
    assert!(told.contains("AWS_ROLE_ARN"), "{told}");
    let told = config_error(&with(&server, CredentialSource::Oidc, &[])).await;
    assert!(told.contains("AWS_WEB_IDENTITY_TOKEN_FILE"), "{told}");
}

#[tokio::test]
async fn keys_that_a_tool_has_renewed_in_the_file_are_read() {
    let server = Server::start(|call| match signer(call) {
        "ASIAGOOD" => caller(),
        _ => refusal("ExpiredToken"),
    })
    .await;
    let write = |home: &tempfile::TempDir, id: &str| {
        let keys = format!(
            "[ops]\naws_access_key_id = {id}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n"
        );
        std::fs::write(home.path().join(".aws/credentials"), keys).unwrap();
    };
    let home = home("", "");
    write(&home, "ASIAOLD");
    let source = CredentialSource::Profile("ops".to_owned());
    let variables = [("HOME", home.path().to_str().unwrap())];
    let cloud = Aws::connect(&with(&server, source, &variables))
        .await
        .unwrap();
    let error = cloud.caller_identity().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    write(&home, "ASIAGOOD");
    cloud.caller_identity().await.unwrap();
}

/// Gives one key after the other, and stays with the last.
#[derive(Debug)]
struct Rotating(AtomicUsize, &'static [&'static str]);

#[async_trait]
impl ProvideCredentials for Rotating {
    async fn credentials(&self) -> Result<Credentials> {
        let asked = self.0.fetch_add(1, Ordering::SeqCst);
        let id = self.1[asked.min(self.1.len() - 1)];
        Ok(Credentials::new(id, SECRET).with_session_token(TOKEN))
    }
}

#[tokio::test]
async fn an_expired_key_is_renewed_once_and_the_call_repeated_once() {
    let server = Server::start(|call| match signer(call) {
        "ASIAGOOD" => caller(),
        _ => refusal("ExpiredToken"),
    })
    .await;
    let run = async |ids: &'static [&'static str]| {
        let source = Arc::new(Rotating(AtomicUsize::new(0), ids));
        let before = server.calls().len();
        let provider: Arc<dyn ProvideCredentials> = source.clone();
        let result = whoami(&with(&server, provider, &[])).await;
        let asked = source.0.load(Ordering::SeqCst);
        (
            result.map_err(|error| error.kind()),
            server.calls().len() - before,
            asked,
        )
    };
    let (result, calls, asked) = run(&["ASIAOLD", "ASIAGOOD"]).await;
    assert!(result.is_ok());
    assert_eq!((calls, asked), (2, 2));
    let (result, calls, asked) = run(&["ASIAOLD", "ASIAOLDER", "ASIAGOOD"]).await;
    assert_eq!(result.unwrap_err(), ErrorKind::Unauthenticated);
    assert_eq!((calls, asked), (2, 2), "once and no more");
    let (result, calls, asked) = run(&["ASIAOLD"]).await;
    assert_eq!(result.unwrap_err(), ErrorKind::Unauthenticated);
    assert_eq!((calls, asked), (1, 2), "the same key is not tried again");
}
