use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials as SdkCredentials;
use aws_credential_types::provider::{
    self, ProvideCredentials as SdkProvideCredentials, SharedCredentialsProvider, future,
};
use aws_smithy_runtime_api::client::http::{HttpClient, SharedHttpClient, http_client_fn};
use aws_types::sdk_config::Builder;
use aws_types::service_config::LoadServiceConfig;
use cloudapi_core::compute::DescribeInstancesRequest;
use cloudapi_core::{
    AssumeRole, CloudProvider, Credentials, Environment, ErrorKind, Provider, RetryPolicy,
};

use super::*;
use crate::Aws;
use crate::testing::{KEY_ID, Params, Reply, SECRET, Server, TOKEN, described};

fn fixed(id: &str) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(SdkCredentials::new(id, SECRET, None, None, "test"))
}

fn given(server: &Server) -> Builder {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(&server.url)
        .credentials_provider(fixed(KEY_ID))
}

fn ours() -> ProviderConfig {
    ProviderConfig::new(Provider::Aws)
        .with_environment(Environment::fixed([(
            "AWS_ENDPOINT_URL",
            "http://127.0.0.1:1",
        )]))
        .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(1)))
}

/// Key and region that a call was signed with.
fn signed_with(call: &Params) -> (&str, &str) {
    let (_, scope) = call[":authorization"].split_once("Credential=").unwrap();
    let mut parts = scope.split('/');
    (parts.next().unwrap(), parts.nth(1).unwrap())
}

/// A client that counts the connectors that it is asked for.
fn counting(asked: &Arc<AtomicUsize>) -> SharedHttpClient {
    let (client, asked) = (http::client(&ours(), true).unwrap(), Arc::clone(asked));
    http_client_fn(move |settings, components| {
        asked.fetch_add(1, Ordering::SeqCst);
        client.http_connector(settings, components)
    })
}

async fn describe(aws: &Aws) -> Result<usize> {
    let compute = aws.compute()?;
    let found = compute.describe_instances(DescribeInstancesRequest::new());
    found.await.map(|found| found.len())
}

#[tokio::test]
async fn region_endpoint_keys_and_connections_are_the_callers() {
    let server = Server::start(|_| described(&["i-0123456789abcdef0"], None)).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let sdk = given(&server).http_client(counting(&asked)).build();
    let aws = Aws::with_sdk_config(&sdk, &ours()).unwrap();
    assert!(server.calls().is_empty());
    assert_eq!(aws.region(), "eu-west-1");
    assert_eq!(describe(&aws).await.unwrap(), 1);
    assert_eq!(signed_with(&server.calls()[0]), (KEY_ID, "eu-west-1"));
    assert!(asked.load(Ordering::SeqCst) > 0);
}

#[tokio::test]
async fn what_our_configuration_names_goes_first() {
    let server = Server::start(|call| match call["Action"].as_str() {
        "AssumeRole" => Reply::ok(format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>\
             <Expiration>2038-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )),
        _ => described(&[], None),
    })
    .await;
    let sdk = given(&server).build();
    let elsewhere = given(&server).endpoint_url("http://127.0.0.1:1").build();
    let role = AssumeRole::new(
        CredentialSource::Default,
        "arn:aws:iam::123456789012:role/ops",
    );
    for (sdk, config, signers) in [
        (
            &elsewhere,
            ours().with_endpoint_url(&server.url),
            &[(KEY_ID, "eu-west-1")][..],
        ),
        (
            &sdk,
            ours().with_region("us-west-2"),
            &[(KEY_ID, "us-west-2")],
        ),
        (
            &sdk,
            ours().with_credentials(Credentials::new("AKIAOTHEREXAMPLE", SECRET)),
            &[("AKIAOTHEREXAMPLE", "eu-west-1")],
        ),
        (
            &sdk,
            ours().with_credentials(role),
            &[(KEY_ID, "eu-west-1"), ("ASIAEXAMPLE", "eu-west-1")],
        ),
    ] {
        let before = server.calls().len();
        let aws = Aws::with_sdk_config(sdk, &config).unwrap();
        describe(&aws).await.unwrap();
        let calls = server.calls();
        let found: Vec<_> = calls[before..].iter().map(signed_with).collect();
        assert_eq!(found, signers);
    }
}

#[tokio::test]
async fn attempts_do_not_multiply() {
    let server = Server::start(|_| Reply::error(503, "Unavailable", "no")).await;
    let sdk = given(&server)
        .retry_config(RetryConfig::standard().with_max_attempts(5))
        .build();
    let mut config = ours();
    config.retry.max_attempts = 2;
    let aws = Aws::with_sdk_config(&sdk, &config).unwrap();
    let error = describe(&aws).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(server.calls().len(), 2);
}

/// Gives one key after the other, none of them with an end.
#[derive(Debug)]
struct Rotating(Arc<AtomicUsize>);

impl SdkProvideCredentials for Rotating {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let id = format!("ASIAEXAMPLE{number}");
        let found: provider::Result = Ok(SdkCredentials::new(
            id,
            SECRET,
            Some(TOKEN.to_owned()),
            None,
            "test",
        ));
        future::ProvideCredentials::ready(found)
    }
}

#[tokio::test]
async fn keys_are_held_and_renewed_when_they_are_refused() {
    let server = Server::start(|call| match signed_with(call).0 {
        "ASIAEXAMPLE1" => Reply::error(400, "RequestExpired", "no"),
        _ => described(&[], None),
    })
    .await;
    let asked = Arc::new(AtomicUsize::new(0));
    let provider = SharedCredentialsProvider::new(Rotating(Arc::clone(&asked)));
    let sdk = given(&server).credentials_provider(provider).build();
    let aws = Aws::with_sdk_config(&sdk, &ours()).unwrap();
    for _ in 0..3 {
        describe(&aws).await.unwrap();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(server.calls().len(), 4);
}

#[test]
fn limits_that_the_sdk_leaves_open_are_ours() {
    let theirs = TimeoutConfig::builder()
        .read_timeout(Duration::from_secs(7))
        .disable_operation_attempt_timeout()
        .build();
    let sdk = SdkConfig::builder().timeout_config(theirs).build();
    let limits = time_limits(&sdk, &ours());
    assert_eq!(limits.read_timeout(), Some(Duration::from_secs(7)));
    assert_eq!(limits.operation_attempt_timeout(), None);
    assert_eq!(limits.connect_timeout(), Some(Duration::from_secs(5)));
}

#[derive(Debug)]
struct ForS3;

impl LoadServiceConfig for ForS3 {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let is_it = key.service_id() == "S3" && key.env() == ENDPOINT_VARIABLE;
        is_it.then(|| "http://127.0.0.1:3".to_owned())
    }
}

#[test]
fn the_endpoint_is_that_of_the_sdks_clients() {
    let of_all = "http://127.0.0.1:2";
    let sdk = SdkConfig::builder()
        .service_config(ForS3)
        .endpoint_url(of_all)
        .build();
    let found = |sdk: &SdkConfig, service| endpoint(sdk, &ours(), service).unwrap().unwrap();
    assert_eq!(found(&sdk, "S3"), "http://127.0.0.1:3");
    assert_eq!(found(&sdk, "EC2"), of_all);
    let mut sdk = sdk.into_builder();
    sdk.insert_origin("endpoint_url", Origin::shared_config());
    assert_eq!(found(&sdk.build(), "S3"), of_all);
}

#[test]
fn what_is_missing_is_said() {
    let bare = || {
        SdkConfig::builder()
            .region(Region::new("eu-west-1"))
            .credentials_provider(fixed(KEY_ID))
    };
    let mut without_keys = bare();
    without_keys.set_credentials_provider(None);
    let mut without_region = bare();
    without_region.set_region(None::<Region>);
    let asked = Arc::default();
    for (sdk, config, kind, words) in [
        (
            without_region,
            ours(),
            ErrorKind::Config,
            "the SdkConfig has none",
        ),
        (
            without_keys,
            ours(),
            ErrorKind::Config,
            "no credentials provider",
        ),
        (
            bare().http_client(counting(&asked)),
            ours().with_ca_bundle("/etc/ca.pem"),
            ErrorKind::Config,
            "an HTTP client of its own",
        ),
        (
            bare().endpoint_url("localhost"),
            ours(),
            ErrorKind::Config,
            "endpoint",
        ),
        (
            bare(),
            ProviderConfig::new(Provider::Tencent),
            ErrorKind::InvalidArgument,
            "tencent",
        ),
    ] {
        let error = Aws::with_sdk_config(&sdk.build(), &config).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.provider(), Some(Provider::Aws));
        assert!(error.message().contains(words), "{error}");
    }
}
