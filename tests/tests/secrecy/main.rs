//! No secret, token or signature gets out: not in logs at the most detailed level, not in errors, not in `Debug`.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has nothing better to do"
)]

mod capture;
mod exercise;
mod wiretap;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudapi::config_file::ConfigFile;
use cloudapi::credentials::CachedCredentials;
use cloudapi::credentials::ini::Ini;
use cloudapi::{
    AssumeRole, CredentialSource, Credentials, Environment, ProvideCredentials, Provider,
    ProviderConfig, Result, Secret,
};
use cloudapi_emulator::{Emulator, Key};
use cloudapi_tests::emulator::{cloud_of, config};

use capture::Captured;
use wiretap::Wiretap;

/// A secret that no emulator knows.
const WRONG: &str = "WrongSecretEXAMPLE0123456789abcdefghijk";

const PROVIDERS: &[Provider] = &[
    #[cfg(feature = "aws")]
    Provider::Aws,
    #[cfg(feature = "tencent")]
    Provider::Tencent,
];

/// Everything about a cloud's keys that must not be seen.
fn secrets(emulator: &Emulator, provider: Provider) -> Vec<String> {
    let cloud = cloud_of(provider);
    let lasting = if provider == Provider::Aws {
        emulator.aws_key()
    } else {
        emulator.tencent_key()
    };
    let keys = [
        lasting,
        emulator.temporary_key(cloud),
        emulator.expired_key(cloud),
    ];
    let parts = keys.into_iter().flat_map(
        |Key {
             secret,
             session_token,
             ..
         }| [Some(secret), session_token],
    );
    parts.flatten().chain([WRONG.to_owned()]).collect()
}

/// Checks that a text has none of these.
#[track_caller]
fn is_silent(what: &str, text: &str, hidden: &[String]) {
    for secret in hidden {
        if let Some(at) = text.find(secret.as_str()) {
            let line = text[..at].rfind('\n').map_or(0, |start| start + 1);
            let shown: String = text[line..at].chars().take(300).collect();
            panic!(
                "{what} shows a secret of {} bytes after: {shown}",
                secret.len()
            );
        }
    }
}

/// One test, since a log is captured for the whole process.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged_or_told() {
    let captured = Captured::start();
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let wiretap = Wiretap::start(emulator.address()).await;
        let hidden = secrets(&emulator, *provider);
        let connect_to = config(&emulator, *provider).with_endpoint_url(wiretap.endpoint_url());
        let told = exercise::everything(&emulator, &connect_to).await;
        // What the connections still have to say.
        tokio::time::sleep(Duration::from_millis(50)).await;

        let log = captured.text();
        assert!(log.contains("TRACE"), "nothing was logged in detail");
        assert!(told.len() > 1000, "too little was told: {told}");
        let signatures = wiretap.signatures();
        assert!(
            signatures.len() > 10,
            "{provider}: only {} signatures were sent",
            signatures.len()
        );
        for (what, text) in [("the log", &log), ("what was told", &told)] {
            is_silent(&format!("{provider}: {what}"), text, &hidden);
            is_silent(&format!("{provider}: {what}"), text, &signatures);
        }
        emulator.stop().await;
    }
}

#[test]
fn settings_and_panics_show_no_secret() {
    let credentials = Credentials::new("AKIDEXAMPLE", WRONG).with_session_token("t0kent0ken");
    let hidden = [WRONG.to_owned(), "t0kent0ken".to_owned()];
    let source = CredentialSource::from(credentials.clone());
    for provider in PROVIDERS {
        let config = ProviderConfig::new(*provider).with_credentials(source.clone());
        let shown = format!("{config:?} {config:#?} {credentials:?} {source:#?}");
        assert!(shown.contains("AKIDEXAMPLE"), "the key's id is no secret");
        is_silent("Debug", &shown, &hidden);

        let panic = std::panic::catch_unwind(AssertUnwindSafe(|| {
            panic!("can't go on with {config:?}");
        }));
        let message = panic
            .expect_err("it panics")
            .downcast_ref::<String>()
            .cloned()
            .unwrap_or_default();
        assert!(message.contains("AKIDEXAMPLE"), "{message}");
        is_silent("a panic", &message, &hidden);
    }
}

/// A source of keys that has one.
#[derive(Debug)]
struct Always(Credentials);

#[async_trait]
impl ProvideCredentials for Always {
    async fn credentials(&self) -> Result<Credentials> {
        Ok(self.0.clone())
    }
}

#[tokio::test]
async fn whatever_holds_a_key_shows_no_secret() {
    let credentials = Credentials::new("AKIDEXAMPLE", WRONG).with_session_token("t0kent0ken");
    let hidden = [WRONG.to_owned(), "t0kent0ken".to_owned()];
    let cache = CachedCredentials::new(Arc::new(Always(credentials.clone())));
    cache.credentials().await.unwrap();
    let role = AssumeRole::new(credentials.clone(), "arn:aws:iam::123456789012:role/ops");
    let text = format!("[ops]\naws_secret_access_key = {WRONG}\naws_session_token = t0kent0ken\n");
    let ini = Ini::parse(&text).unwrap();
    let environment = Environment::fixed([("AWS_SECRET_ACCESS_KEY", WRONG)]);
    let key = Key::new("AKIDEXAMPLE", WRONG);
    let mut shown = format!(
        "{credentials:#?} {cache:#?} {role:#?} {ini:#?} {environment:#?} {key:#?} {:?}",
        Secret::from(WRONG.to_owned())
    );

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    for (content, is_right) in [
        (
            "[connections.a]\nprovider = \"aws\"\nprofile = \"ops\"\n".to_owned(),
            true,
        ),
        (
            format!("[connections.a]\nprovider = \"aws\"\nsecret_access_key = \"{WRONG}\"\n"),
            false,
        ),
        (format!("[connections.a]\nprovider = \"{WRONG}\"\n"), false),
    ] {
        std::fs::write(&file, content).unwrap();
        let read = ConfigFile::read(&file);
        assert_eq!(read.is_ok(), is_right, "{read:?}");
        shown.extend([format!("{read:#?}")]);
    }
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let arn = match provider {
            Provider::Tencent => "qcs::cam::uin/100000000001:roleName/ops",
            _ => "arn:aws:iam::123456789012:role/ops",
        };
        let role = AssumeRole::new(credentials.clone(), arn);
        let connected = config(&emulator, *provider).with_credentials(role);
        let cloud = cloudapi::connect(&connected).await.unwrap();
        shown.extend([format!("{cloud:#?} {emulator:#?}")]);
        emulator.stop().await;
    }
    assert!(shown.contains("AKIDEXAMPLE"), "the key's id is no secret");
    is_silent("Debug", &shown, &hidden);
}

#[test]
#[should_panic(expected = "the log shows a secret of 39 bytes after: TRACE signing with ")]
fn a_planted_secret_is_found() {
    let log = format!("TRACE all is well\nTRACE signing with {WRONG} now\n");
    is_silent("the log", &log, &[WRONG.to_owned()]);
}
