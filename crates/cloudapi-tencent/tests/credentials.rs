//! Sources of keys against stand-ins on loopback: the metadata service, STS, OIDC; and renewing in the middle of work.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudapi_core::{
    AssumeRole, CallerIdentity, ChainLink, CloudProvider, CredentialChain, CredentialSource,
    Credentials, Environment, ErrorKind, ProvideCredentials, ProviderConfig, Result,
};
use cloudapi_emulator::{Cloud, Emulator, FaultKind, Key, fixtures::TENCENT_ACCOUNT};
use cloudapi_tencent::Tencent;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::common::{count, fault};

const METADATA: &str = "/latest/meta-data/cam/security-credentials/";

fn role(name: &str) -> String {
    format!("qcs::cam::uin/{TENCENT_ACCOUNT}:roleName/{name}")
}

fn key(emulator: &Emulator) -> Credentials {
    let key = emulator.tencent_key();
    Credentials::new(key.id, key.secret)
}

/// A configuration for the emulator with just these variables.
fn config(
    emulator: &Emulator,
    source: impl Into<CredentialSource>,
    variables: &[(&str, &str)],
) -> ProviderConfig {
    common::config(&emulator.endpoint_url(), "", "")
        .with_credentials(source)
        .with_environment(Environment::fixed(variables.iter().copied()))
}

async fn whoami(config: &ProviderConfig) -> Result<CallerIdentity> {
    Tencent::connect(config).await?.caller_identity().await
}

async fn refusal(config: &ProviderConfig) -> String {
    let error = whoami(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(
        !format!("{error} {error:?}").contains("SecretKey"),
        "{error}"
    );
    error.to_string()
}

/// A metadata service with a role whose key lasts so long.
async fn metadata(key: &Key, life: Duration) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path(METADATA))
        .respond_with(ResponseTemplate::new(200).set_body_string("ops-role\n"))
        .mount(&server)
        .await;
    let end = SystemTime::now() + life;
    let body = serde_json::json!({
        "TmpSecretId": key.id, "TmpSecretKey": key.secret, "Token": key.session_token,
        "ExpiredTime": end.duration_since(UNIX_EPOCH).unwrap().as_secs(),
        "Expiration": "2026-01-01T00:00:00Z", "Code": "Success",
    });
    Mock::given(path(format!("{METADATA}ops-role")))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    server
}

async fn asked(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn the_role_of_the_machine_is_asked_for_once() {
    let emulator = Emulator::start().await.unwrap();
    let server = metadata(
        &emulator.temporary_key(Cloud::Tencent),
        Duration::from_hours(2),
    )
    .await;
    let variables = [("TENCENTCLOUD_METADATA_ENDPOINT", server.uri())];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let config = config(&emulator, CredentialSource::InstanceRole, &variables);
    let cloud = Tencent::connect(&config).await.unwrap();
    assert_eq!(asked(&server).await, 0, "connecting asks for nothing");
    for _ in 0..3 {
        let identity = cloud.caller_identity().await.unwrap();
        assert_eq!(identity.source, "instance role ops-role");
        assert_eq!(identity.account_id, TENCENT_ACCOUNT);
        assert!(identity.expires_at.is_some());
    }
    assert_eq!(asked(&server).await, 2);
}

#[tokio::test]
async fn a_machine_without_a_role_says_so_and_is_passed_over_in_a_chain() {
    let emulator = Emulator::start().await.unwrap();
    let none = MockServer::start().await;
    let broken = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string("SecretKey/../x"))
        .mount(&broken)
        .await;
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for (endpoint, named, chained) in [
        (none.uri(), "no role is attached", "no credentials found"),
        (closed, "does not answer", "no credentials found"),
        (
            broken.uri(),
            "names a role that is none",
            "names a role that is none",
        ),
    ] {
        let variables = [("TENCENTCLOUD_METADATA_ENDPOINT", endpoint.as_str())];
        let config = config(&emulator, CredentialSource::InstanceRole, &variables);
        let told = refusal(&config).await;
        assert!(told.contains(named), "{told}");
        let told = refusal(&config.with_credentials(CredentialChain::new())).await;
        assert!(told.contains(chained), "{told}");
    }
    assert!(emulator.calls().is_empty());
}

#[tokio::test]
async fn what_the_metadata_service_answers_is_never_quoted() {
    let emulator = Emulator::start().await.unwrap();
    for body in [
        "SecretKeyEXAMPLE",
        r#"{"TmpSecretKey": "SecretKeyEXAMPLE", "Code": "Success"}"#,
        r#"{"TmpSecretId": 1, "TmpSecretKey": "SecretKeyEXAMPLE"}"#,
        r#"{"TmpSecretId": "a", "TmpSecretKey": "SecretKeyEXAMPLE ", "Token": "t"}"#,
        r#"{"Code": "SecretKeyFailed"}"#,
    ] {
        let server = MockServer::start().await;
        Mock::given(path(METADATA))
            .respond_with(ResponseTemplate::new(200).set_body_string("ops-role"))
            .mount(&server)
            .await;
        Mock::given(path(format!("{METADATA}ops-role")))
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .mount(&server)
            .await;
        let uri = server.uri();
        let variables = [("TENCENTCLOUD_METADATA_ENDPOINT", uri.as_str())];
        let told = refusal(&config(
            &emulator,
            CredentialSource::InstanceRole,
            &variables,
        ))
        .await;
        assert!(told.contains("the metadata service"), "{told}");
    }
}

#[tokio::test]
async fn a_key_of_three_seconds_is_renewed_while_work_goes_on() {
    let emulator = Emulator::start().await.unwrap();
    let server = metadata(
        &emulator.temporary_key(Cloud::Tencent),
        Duration::from_secs(3),
    )
    .await;
    let uri = server.uri();
    let variables = [("TENCENTCLOUD_METADATA_ENDPOINT", uri.as_str())];
    let config = config(&emulator, CredentialSource::InstanceRole, &variables);
    let cloud = Tencent::connect(&config).await.unwrap();
    cloud.caller_identity().await.unwrap();
    assert_eq!(asked(&server).await, 2);
    tokio::time::sleep(Duration::from_secs(3)).await;
    cloud.caller_identity().await.unwrap();
    assert_eq!(asked(&server).await, 4);
}

#[tokio::test]
async fn a_role_is_assumed_with_another_key() {
    let emulator = Emulator::start().await.unwrap();
    let assume = AssumeRole::new(key(&emulator), role("ops"))
        .with_external_id("x-42")
        .with_session_name("night-shift")
        .with_duration(Duration::from_mins(30));
    let config = config(&emulator, assume, &[]);
    let cloud = Tencent::connect(&config).await.unwrap();
    assert!(emulator.calls().is_empty());
    for _ in 0..2 {
        let identity = cloud.caller_identity().await.unwrap();
        assert!(identity.user_id.ends_with(":night-shift"), "{identity:?}");
        assert_eq!(
            identity.source,
            format!("assumed role {}, from explicit key", role("ops"))
        );
        let left = identity
            .expires_at
            .unwrap()
            .duration_since(SystemTime::now());
        assert!(left.unwrap() <= Duration::from_mins(30));
    }
    let calls = emulator.calls();
    let assumed: Vec<_> = calls
        .iter()
        .filter(|call| call.action == "AssumeRole")
        .collect();
    assert_eq!(assumed.len(), 1);
    assert_eq!(assumed[0].parameters["ExternalId"], "x-42");
    assert_eq!(assumed[0].parameters["DurationSeconds"], 1800);
}

#[tokio::test]
async fn what_is_wrong_with_a_role_is_told_apart() {
    let emulator = Emulator::start().await.unwrap();
    let of = |arn: &str, key: Credentials| config(&emulator, AssumeRole::new(key, arn), &[]);
    let told = refusal(&of("arn:aws:iam::1:role/x", key(&emulator))).await;
    assert!(told.contains("no role of Tencent Cloud"), "{told}");
    assert!(emulator.calls().is_empty());

    let foreign = "qcs::cam::uin/100000000099:roleName/x";
    let error = whoami(&of(foreign, key(&emulator))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(
        error.message().contains(foreign) && error.code().is_some(),
        "{error}"
    );

    let wrong = Credentials::new(key(&emulator).key_id(), "SecretKeyWRONG");
    let error = whoami(&of(&role("ops"), wrong)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{error:?}").contains("SecretKeyWRONG"));
}

struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, String)]) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = home.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

#[tokio::test]
async fn roles_that_profiles_name_are_assumed() {
    let emulator = Emulator::start().await.unwrap();
    let Key { id, secret, .. } = emulator.tencent_key();
    let home = Home::new(&[
        (
            ".aws/credentials",
            format!(
                "[keys]\ntencentcloud_secret_id = {id}\ntencentcloud_secret_key = {secret}\n\
                 [near]\nrole_arn = {}\nsource_profile = keys\n\
                 [self]\ntencentcloud_secret_id = {id}\ntencentcloud_secret_key = {secret}\nrole_arn = {}\n\
                 [a]\nrole_arn = {}\nsource_profile = b\n[b]\nrole_arn = {}\nsource_profile = a\n\
                 [lost]\nrole_arn = {}\nsource_profile = nobody\n",
                role("near"),
                role("self"),
                role("x"),
                role("x"),
                role("x")
            ),
        ),
        (
            ".aws/config",
            format!(
                "[profile far]\nrole_arn = {}\nsource_profile = near\nexternal_id = x-7\nrole_session_name = far-off\n\
                 [profile env]\nrole_arn = {}\ncredential_source = Environment\n",
                role("far"),
                role("env")
            ),
        ),
        (
            ".tccli/cli.credential",
            format!(
                r#"{{"secretId": "{id}", "secretKey": "{secret}", "role-arn": "{}", "role-session-name": "cli-session"}}"#,
                role("cli")
            ),
        ),
    ]);
    let of = |profile: &str| {
        let variables = [
            ("HOME", home.path().to_str().unwrap()),
            ("TENCENTCLOUD_SECRET_ID", &id),
            ("TENCENTCLOUD_SECRET_KEY", &secret),
        ];
        config(
            &emulator,
            CredentialSource::Profile(profile.to_owned()),
            &variables,
        )
    };
    for (profile, source, session) in [
        (
            "near",
            format!("assumed role {}, from profile keys (", role("near")),
            "cloudapi",
        ),
        (
            "self",
            format!("assumed role {}, from profile self (", role("self")),
            "cloudapi",
        ),
        (
            "far",
            format!(
                "assumed role {}, from assumed role {}, from profile keys (",
                role("far"),
                role("near")
            ),
            "far-off",
        ),
        (
            "env",
            format!("assumed role {}, from environment", role("env")),
            "cloudapi",
        ),
        (
            "cli",
            format!("assumed role {}, from profile cli (", role("cli")),
            "cli-session",
        ),
    ] {
        let identity = whoami(&of(profile)).await.unwrap();
        assert!(
            identity.source.starts_with(&source),
            "{profile}: {identity:?}"
        );
        assert!(
            identity.user_id.ends_with(&format!(":{session}")),
            "{identity:?}"
        );
    }
    let external = emulator
        .calls()
        .into_iter()
        .find(|call| call.parameters["ExternalId"] == "x-7");
    assert!(external.is_some());
    let told = refusal(&of("a")).await;
    assert!(told.contains("in a circle"), "{told}");
    let told = refusal(&of("lost")).await;
    assert!(told.contains("nobody"), "{told}");
}

#[tokio::test]
async fn the_environment_can_name_a_role_too() {
    let emulator = Emulator::start().await.unwrap();
    let Key { id, secret, .. } = emulator.tencent_key();
    let arn = role("env");
    let variables = [
        ("TENCENTCLOUD_SECRET_ID", id.as_str()),
        ("TENCENTCLOUD_SECRET_KEY", &secret),
        ("TENCENTCLOUD_ROLE_ARN", &arn),
        ("TENCENTCLOUD_ROLE_SESSION_NAME", "from-env"),
    ];
    let config = config(&emulator, CredentialSource::Environment, &variables);
    let identity = whoami(&config).await.unwrap();
    assert_eq!(
        identity.source,
        format!("assumed role {arn}, from environment")
    );
    assert!(identity.user_id.ends_with(":from-env"));
}

#[tokio::test]
async fn a_cluster_vouches_for_its_pods() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::new(&[("token", "eyJhbGciOi.EXAMPLE.TOKEN\n".to_owned())]);
    let (file, arn) = (home.path().join("token").display().to_string(), role("pod"));
    let variables = [
        ("TKE_REGION", "ap-guangzhou"),
        ("TKE_PROVIDER_ID", "tke-1"),
        ("TKE_WEB_IDENTITY_TOKEN_FILE", &file),
        ("TKE_ROLE_ARN", &arn),
    ];
    let chain = CredentialChain::new().without(ChainLink::InstanceRole);
    for source in [CredentialSource::Oidc, chain.clone().into()] {
        let identity = whoami(&config(&emulator, source, &variables))
            .await
            .unwrap();
        assert_eq!(
            identity.source,
            format!("assumed role {arn}, from the OIDC token {file}")
        );
        assert!(identity.expires_at.is_some());
    }
    let call = emulator
        .calls()
        .into_iter()
        .find(|call| call.action == "AssumeRoleWithWebIdentity");
    assert_eq!(
        call.unwrap().parameters["WebIdentityToken"],
        "eyJhbGciOi.EXAMPLE.TOKEN"
    );

    for source in [CredentialSource::Oidc, chain.into()] {
        let told = refusal(&config(&emulator, source, &variables[..3])).await;
        assert!(told.contains("TKE_ROLE_ARN"), "{told}");
    }
    let told = refusal(&config(&emulator, CredentialSource::Oidc, &[])).await;
    assert!(told.contains("TKE_PROVIDER_ID"), "{told}");
    let mut gone = variables;
    gone[2].1 = "/nonexistent/token";
    let told = refusal(&config(&emulator, CredentialSource::Oidc, &gone)).await;
    assert!(told.contains("/nonexistent/token"), "{told}");
}

/// Gives another key each time.
#[derive(Debug)]
struct Rotating {
    asked: AtomicUsize,
    keys: [Credentials; 2],
}

#[async_trait::async_trait]
impl ProvideCredentials for Rotating {
    async fn credentials(&self) -> Result<Credentials> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.keys[asked.min(1)].clone())
    }
}

fn credentials(key: Key) -> Credentials {
    let credentials = Credentials::new(key.id, key.secret);
    match key.session_token {
        Some(token) => credentials.with_session_token(token),
        None => credentials,
    }
}

#[tokio::test]
async fn an_expired_key_is_renewed_once_and_the_call_repeated_once() {
    let emulator = Emulator::start().await.unwrap();
    let expired = credentials(emulator.expired_key(Cloud::Tencent));
    let good = credentials(emulator.temporary_key(Cloud::Tencent));
    let rotating = Arc::new(Rotating {
        asked: AtomicUsize::new(0),
        keys: [expired.clone(), good],
    });
    let source = CredentialSource::Provider(rotating.clone());
    whoami(&config(&emulator, source, &[])).await.unwrap();
    assert_eq!(count(&emulator, "GetCallerIdentity"), 2);
    assert_eq!(rotating.asked.load(Ordering::SeqCst), 2);

    emulator.clear_calls();
    let error = whoami(&config(&emulator, expired, &[])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(
        count(&emulator, "GetCallerIdentity"),
        1,
        "a key that does not change is tried once"
    );

    emulator.clear_calls();
    emulator.fault(fault(FaultKind::ExpiredKey, "GetCallerIdentity").times(10));
    let assume = AssumeRole::new(key(&emulator), role("ops"));
    let error = whoami(&config(&emulator, assume, &[])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(count(&emulator, "GetCallerIdentity"), 1);
    assert_eq!(
        count(&emulator, "AssumeRole"),
        2,
        "asked anew, and got the same key"
    );
}
