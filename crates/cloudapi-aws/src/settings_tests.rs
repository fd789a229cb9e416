use std::sync::Arc;

use async_trait::async_trait;
use cloudapi_core::{CloudProvider, CredentialSource, Credentials, ErrorKind, ProvideCredentials};

use super::*;
use crate::Aws;

const KEYS: &str = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n";

/// A home folder with these files, and an environment with these variables beside it.
fn home(files: &[(&str, &str)], variables: &[(&str, &str)]) -> (tempfile::TempDir, ProviderConfig) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".aws")).unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(".aws").join(name), content).unwrap();
    }
    let home = folder.path().to_str().unwrap();
    let variables = variables.iter().copied().chain([("HOME", home)]);
    let environment = Environment::fixed(variables);
    let config = ProviderConfig::new(Provider::Aws).with_environment(environment);
    (folder, config)
}

fn given(config: ProviderConfig) -> ProviderConfig {
    config.with_credentials(Credentials::new("AKIAIOSFODNN7EXAMPLE", "hunter2"))
}

async fn error(config: &ProviderConfig) -> Error {
    let error = Aws::connect(config).await.unwrap_err();
    assert_eq!(error.provider(), Some(Provider::Aws));
    assert!(!format!("{error:?}").contains("hunter2"));
    error
}

#[tokio::test]
async fn the_region_is_looked_for_in_code_then_environment_then_profile() {
    let files = [
        (
            "config",
            "[default]\nregion = eu-west-1\n[profile web]\nregion = eu-west-2\n",
        ),
        ("credentials", &format!("[web]\n{KEYS}")),
    ];
    let variables = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-2"),
    ];
    for (variables, code, profile, expected) in [
        (&variables[..], Some("us-west-1"), None, "us-west-1"),
        (&variables[..], None, Some("web"), "us-east-1"),
        (&variables[1..], None, None, "us-east-2"),
        (&[], None, None, "eu-west-1"),
        (&[("AWS_PROFILE", "web")], None, None, "eu-west-2"),
        (&[("AWS_PROFILE", "other")], None, Some("web"), "eu-west-2"),
    ] {
        let (_folder, mut config) = home(&files, variables);
        config = match profile {
            Some(name) => config.with_credentials(CredentialSource::Profile(name.to_owned())),
            None => given(config),
        };
        config.region = code.map(str::to_owned);
        let aws = Aws::connect(&config).await.unwrap();
        assert_eq!(aws.region(), expected);
    }
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_said_before_any_call() {
    let (_folder, config) = home(&[], &[]);
    for (config, kind, word) in [
        (given(config.clone()), ErrorKind::Config, "AWS_REGION"),
        (
            given(config.clone()).with_region("US East"),
            ErrorKind::Config,
            "US East",
        ),
        (
            given(config.clone())
                .with_region("us-east-1")
                .with_endpoint_url("localhost:1"),
            ErrorKind::Config,
            "endpoint",
        ),
        (
            config
                .clone()
                .with_region("us-east-1")
                .with_credentials(Credentials::new("id", "hunter2 ")),
            ErrorKind::Config,
            "secret",
        ),
        (
            config
                .clone()
                .with_region("us-east-1")
                .with_credentials(CredentialSource::Environment),
            ErrorKind::Config,
            "AWS_ACCESS_KEY_ID",
        ),
        (
            config
                .clone()
                .with_region("us-east-1")
                .with_credentials(CredentialSource::Profile("web".to_owned())),
            ErrorKind::Config,
            "neither",
        ),
        (
            ProviderConfig::new(Provider::Tencent),
            ErrorKind::InvalidArgument,
            "tencent",
        ),
    ] {
        let error = error(&config).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(word), "{word}: {error}");
    }
    let half = [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_REGION", "us-east-1"),
    ];
    let (_folder, config) = home(&[], &half);
    assert!(error(&config).await.message().contains("half a key pair"));
    for file in ["credentials", "config"] {
        let (_folder, config) = home(&[(file, "[default]\nhunter2\n")], &half[1..]);
        let message = error(&config).await.to_string();
        assert!(
            message.contains("line 2") && message.contains(file),
            "{message}"
        );
    }
    let (_folder, config) = home(&[], &[("AWS_REGION", "us-east-1"), ("AWS_PROFILE", "web")]);
    assert!(error(&config).await.message().contains("profile web"));
    let (_folder, config) = home(&[], &[("AWS_CA_BUNDLE", "/nowhere/ca.pem")]);
    let error = error(&given(config).with_region("us-east-1")).await;
    assert!(error.message().contains("AWS_CA_BUNDLE"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_not_needed_may_be_broken() {
    let (_folder, config) = home(&[("credentials", "hunter2"), ("config", "[")], &[]);
    assert!(
        Aws::connect(&given(config).with_region("us-east-1"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_endpoint_is_found_where_the_sdk_finds_it() {
    let files = [(
        "config",
        "[default]\nendpoint_url = http://127.0.0.1:1\nservices = mine\n[services mine]\nec2 =\n  endpoint_url = http://127.0.0.1:2\n",
    )];
    let specific = ("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:3");
    let general = ("AWS_ENDPOINT_URL", "http://127.0.0.1:4");
    let ignored = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    for (variables, code, expected) in [
        (vec![], None, Some("http://127.0.0.1:2")),
        (vec![general], None, Some("http://127.0.0.1:4")),
        (vec![general, specific], None, Some("http://127.0.0.1:3")),
        (
            vec![general, specific],
            Some("http://127.0.0.1:5"),
            Some("http://127.0.0.1:5"),
        ),
        (vec![general, ignored], None, None),
        (
            vec![ignored],
            Some("http://me:hunter2@127.0.0.1:5/x"),
            Some("http://127.0.0.1:5"),
        ),
    ] {
        let (_folder, mut config) = home(&files, &variables);
        config.endpoint_url = code.map(str::to_owned);
        let settings = Settings::load(&given(config).with_region("us-east-1"))
            .await
            .unwrap();
        assert_eq!(settings.endpoint.as_deref(), expected, "{variables:?}");
    }
}

#[derive(Debug)]
struct Own;

#[async_trait]
impl ProvideCredentials for Own {
    async fn credentials(&self) -> Result<Credentials> {
        Err(Error::new(
            ErrorKind::Unauthenticated,
            "the vault is sealed",
        ))
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_had_is_not_a_broken_connection() {
    use cloudapi_core::compute::DescribeInstancesRequest;

    let off = [
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_REGION", "us-east-1"),
    ];
    let (_folder, config) = home(&[], &off);
    let own = CredentialSource::Provider(Arc::new(Own));
    for (config, kind, word) in [
        (
            config.clone(),
            ErrorKind::Config,
            "no credentials found: nothing in the environment",
        ),
        (
            config.with_credentials(own),
            ErrorKind::Unauthenticated,
            "the vault is sealed",
        ),
    ] {
        let compute = Aws::connect(&config).await.unwrap().compute().unwrap();
        let error = compute
            .describe_instances(DescribeInstancesRequest::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(
            error.message().contains(word) && error.is_certainly_undone(),
            "{error}"
        );
    }
}
