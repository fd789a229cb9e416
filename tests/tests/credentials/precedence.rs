//! Every combination of a key at hand, a profile named in code, the environment, the usual profile and the machine's role.

use cloudapi::{
    CallerIdentity, CredentialChain, CredentialSource, Credentials, Environment, ErrorKind,
    Provider, ProviderConfig, Result,
};
use cloudapi_emulator::{Emulator, Key};
use cloudapi_tests::emulator::config;

use crate::PROVIDERS;
use crate::metadata::Metadata;

/// What is there; each bit is one source.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "every combination is one")]
struct There {
    explicit: bool,
    named_profile: bool,
    environment: bool,
    usual_profile: bool,
    role: bool,
}

impl There {
    fn all() -> impl Iterator<Item = Self> {
        (0..32_u8).map(|bits| Self {
            explicit: bits & 1 != 0,
            named_profile: bits & 2 != 0,
            environment: bits & 4 != 0,
            usual_profile: bits & 8 != 0,
            role: bits & 16 != 0,
        })
    }

    /// How the source of the winner begins; nothing if there is none.
    fn winner(self) -> Option<&'static str> {
        match self {
            Self { explicit: true, .. } => Some("explicit key"),
            Self {
                named_profile: true,
                ..
            } => Some("profile ops ("),
            Self {
                environment: true, ..
            } => Some("environment"),
            Self {
                usual_profile: true,
                ..
            } => Some("profile default ("),
            Self { role: true, .. } => Some("instance role"),
            _ => None,
        }
    }
}

fn settings(
    emulator: &Emulator,
    provider: Provider,
    there: There,
    metadata: &str,
    home: &str,
) -> ProviderConfig {
    let (Key { id, secret, .. }, names, file) = if provider == Provider::Aws {
        (
            emulator.aws_key(),
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
            ["aws_access_key_id", "aws_secret_access_key"],
        )
    } else {
        (
            emulator.tencent_key(),
            ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"],
            ["tencentcloud_secret_id", "tencentcloud_secret_key"],
        )
    };
    let mut text = String::new();
    for (name, is_there) in [
        ("ops", there.named_profile),
        ("default", there.usual_profile),
    ] {
        if is_there {
            text.extend([format!(
                "[{name}]\n{} = {id}\n{} = {secret}\n",
                file[0], file[1]
            )]);
        }
    }
    std::fs::write(format!("{home}/.aws/credentials"), text).unwrap();
    let mut variables = vec![
        ("HOME", home.to_owned()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.to_owned()),
        ("TENCENTCLOUD_METADATA_ENDPOINT", metadata.to_owned()),
    ];
    if there.environment {
        variables.extend([(names[0], id.clone()), (names[1], secret.clone())]);
    }
    let source = match there {
        There { explicit: true, .. } => Credentials::new(id, secret).into(),
        There {
            named_profile: true,
            ..
        } => CredentialSource::Profile("ops".to_owned()),
        _ => CredentialChain::new().into(),
    };
    config(emulator, provider)
        .with_credentials(source)
        .with_environment(Environment::fixed(variables))
}

async fn whoami(config: &ProviderConfig) -> Result<CallerIdentity> {
    cloudapi::connect(config).await?.caller_identity().await
}

#[tokio::test]
async fn the_first_source_that_is_there_wins() {
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let [with_role, without] = [true, false].map(|has| Metadata::start(&emulator, has));
        let (with_role, without) = (with_role.await, without.await);
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        for there in There::all() {
            let metadata = if there.role {
                &with_role.url
            } else {
                &without.url
            };
            let home = home.path().to_str().unwrap();
            let config = settings(&emulator, *provider, there, metadata, home);
            let found = whoami(&config).await;
            match (there.winner(), found) {
                (Some(winner), Ok(identity)) => {
                    assert!(
                        identity.source.starts_with(winner),
                        "{provider} {there:?}: {}",
                        identity.source
                    );
                }
                (None, Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::Config, "{provider}: {error}");
                    for words in [
                        "no credentials found",
                        "the environment",
                        "the profile",
                        "the metadata service",
                        "name a profile",
                    ] {
                        assert!(error.message().contains(words), "{provider}: {error}");
                    }
                }
                (_, found) => panic!("{provider} {there:?}: {found:?}"),
            }
        }
        emulator.stop().await;
    }
}

#[tokio::test]
async fn what_is_named_never_falls_through() {
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let metadata = Metadata::start(&emulator, true).await;
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let there = There {
            explicit: false,
            named_profile: false,
            environment: true,
            usual_profile: true,
            role: true,
        };
        let all = settings(
            &emulator,
            *provider,
            there,
            &metadata.url,
            home.path().to_str().unwrap(),
        );
        for (source, words) in [
            (CredentialSource::Profile("opps".to_owned()), "opps"),
            (Credentials::new("AKIDEXAMPLE", "").into(), "secret"),
            (CredentialSource::Oidc, "OIDC"),
        ] {
            let error = whoami(&all.clone().with_credentials(source))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains(words), "{provider}: {error}");
        }
        assert!(emulator.calls().is_empty());
        emulator.stop().await;
    }
}
