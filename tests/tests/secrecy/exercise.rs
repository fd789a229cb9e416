//! Uses a cloud in every way, also those that fail, and gives all that was told about it.

use std::fmt::Write as _;
use std::time::Duration;

use cloudapi::compute::{
    Compute, CreateInstancesRequest, DescribeInstancesRequest, DestroyInstancesRequest,
    StartInstancesRequest, StopInstancesRequest, WaitOptions,
};
use cloudapi::load_balancer::DescribeLoadBalancerHealthRequest;
use cloudapi::network::{DescribeRouteTablesRequest, ReplaceRoutesRequest, RouteSpec};
use cloudapi::storage::{UploadFileRequest, UploadOptions};
use cloudapi::{
    AssumeRole, CloudProvider, ComputeExt, CredentialSource, Credentials, Error, Provider,
    ProviderConfig, Result, RetryPolicy,
};
use cloudapi_emulator::{Emulator, Fault, FaultKind, Key};
use cloudapi_tests::emulator::{
    cloud_of, fixture, load_balancer_fixture, network_fixture, storage_fixture,
};

use crate::WRONG;

/// What a failure may tell: every form of an error, and those of its causes.
fn tell(told: &mut String, error: &Error) {
    let json = cloudapi_json(error);
    let _ = writeln!(told, "{error}\n{error:?}\n{error:#?}\n{json}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = writeln!(told, "{error}\n{error:?}");
        cause = error.source();
    }
}

fn cloudapi_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Uses the cloud with good and bad keys, in peace and with every fault.
pub(crate) async fn everything(emulator: &Emulator, config: &ProviderConfig) -> String {
    let mut told = String::new();
    let cloud = cloud_of(config.provider);
    use_with(&mut told, config).await;
    for Key {
        id,
        secret,
        session_token,
    } in [
        emulator.temporary_key(cloud),
        emulator.expired_key(cloud),
        Key::new("AKIDNOBODYHASTHISKEY", WRONG),
    ] {
        let mut credentials = Credentials::new(id, secret);
        if let Some(token) = session_token {
            credentials = credentials.with_session_token(token);
        }
        use_with(&mut told, &config.clone().with_credentials(credentials)).await;
    }
    for kind in [
        FaultKind::Throttle,
        FaultKind::InternalError,
        FaultKind::CutBefore,
        FaultKind::CutAfter,
        FaultKind::TruncatedBody,
        FaultKind::GarbageBody,
        FaultKind::EmptyBody,
        FaultKind::HtmlBody,
        FaultKind::ExpiredKey,
        FaultKind::ClockSkew,
    ] {
        let retry = RetryPolicy::default()
            .with_max_attempts(2)
            .with_base_delay(Duration::from_millis(1));
        emulator.fault(Fault::new(kind).times(1000));
        use_with(&mut told, &config.clone().with_retry(retry)).await;
        emulator.clear_faults();
    }
    for arn in [
        "arn:aws:iam::123456789012:role/ops",
        "qcs::cam::uin/100000000001:roleName/ops",
        "arn:aws:iam::999999999999:role/foreign",
    ] {
        let role = AssumeRole::new(config.credentials.clone(), arn).with_external_id("x-42");
        use_with(&mut told, &config.clone().with_credentials(role)).await;
    }
    profile_on_disk(&mut told, config).await;
    told
}

async fn use_with(told: &mut String, config: &ProviderConfig) {
    let cloud = match cloudapi::connect(config).await {
        Ok(cloud) => cloud,
        Err(error) => return tell(told, &error),
    };
    match cloud.caller_identity().await {
        Ok(identity) => {
            let _ = writeln!(told, "{identity:#?} {}", cloudapi_json(&identity));
        }
        Err(error) => tell(told, &error),
    }
    let compute = cloud.compute().unwrap();
    let _ = writeln!(told, "{cloud:?} {compute:#?} {config:#?}");
    if let Err(error) = live_and_die(told, &*compute, config).await {
        tell(told, &error);
    }
    let absent = DescribeInstancesRequest::new().with_instance_ids(["i-0000000000000000f"]);
    if let Err(error) = compute.describe_instances(absent).await {
        tell(told, &error);
    }
    note(told, routes(&*cloud, config.provider).await);
    note(told, targets(&*cloud, config.provider).await);
    for length in [9, 6 << 20] {
        note(told, object(&*cloud, config.provider, length).await);
    }
}

/// Keeps what came of it.
fn note(told: &mut String, result: Result<String>) {
    match result {
        Ok(text) => told.push_str(&text),
        Err(error) => tell(told, &error),
    }
}

async fn routes(cloud: &dyn CloudProvider, provider: Provider) -> Result<String> {
    let network = cloud.network()?;
    let fixture = network_fixture(provider);
    let tables = network
        .describe_route_tables(DescribeRouteTablesRequest::new())
        .await?;
    let target = fixture.ipv4_target;
    let route = RouteSpec::new("0.0.0.0/0", target.kind, target.id);
    let request = ReplaceRoutesRequest::new(fixture.table.route_table_id, [route]);
    let replaced = network.replace_routes(request).await?;
    Ok(format!("{network:?} {tables:?} {replaced:?}\n"))
}

async fn targets(cloud: &dyn CloudProvider, provider: Provider) -> Result<String> {
    let load_balancer = cloud.load_balancer()?;
    let id = load_balancer_fixture(provider).single;
    let health = load_balancer
        .describe_load_balancer_health(DescribeLoadBalancerHealthRequest::new(id))
        .await?;
    Ok(format!("{load_balancer:?} {health:?}\n"))
}

/// Stores so many bytes, in parts where they are many.
async fn object(cloud: &dyn CloudProvider, provider: Provider, length: usize) -> Result<String> {
    let storage = cloud.storage()?;
    let mut options = UploadOptions::default();
    options.threshold = 5 << 20;
    options.part_size = 5 << 20;
    let bucket = storage_fixture(provider).bucket;
    let request = UploadFileRequest::new(bucket, "k", vec![0; length]).with_options(options);
    let shown = format!("{request:?}");
    let stored = storage.upload_file(request).await?;
    Ok(format!("{storage:?} {shown} {stored:?}\n"))
}

async fn live_and_die(
    told: &mut String,
    compute: &dyn Compute,
    config: &ProviderConfig,
) -> Result<()> {
    let all = compute
        .describe_instances(DescribeInstancesRequest::new())
        .await;
    if let Err(error) = all {
        tell(told, &error);
    }
    let fixture = fixture(config.provider);
    let request = CreateInstancesRequest::new(fixture.image_id, fixture.instance_type)
        .with_subnet_id(fixture.subnet_id);
    let created = compute.create_instances(request).await?;
    let pace = WaitOptions::default().with_interval(Duration::from_millis(2));
    let ids = created.instance_ids.clone();
    let waited = compute.wait_for_instances(&ids, &pace).await?;
    let _ = writeln!(told, "{created:?} {waited:?} {}", cloudapi_json(&waited));
    let stopped = compute
        .stop_instances(StopInstancesRequest::new(ids.clone()))
        .await?;
    let stopped = compute.wait_until_stopped(stopped, &pace).await?;
    let started = compute
        .start_instances(StartInstancesRequest::new(ids.clone()))
        .await?;
    let gone = compute
        .destroy_instances(DestroyInstancesRequest::new(ids))
        .await?;
    for outcomes in [stopped, started, gone] {
        let _ = writeln!(told, "{outcomes:?} {}", cloudapi_json(&outcomes));
    }
    Ok(())
}

/// A profile with a wrong secret, and a broken one.
async fn profile_on_disk(told: &mut String, config: &ProviderConfig) {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    for content in [
        format!("[ops]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {WRONG}\n"),
        format!("[ops]\naws_access_key_id = AKIDEXAMPLE\n{WRONG}\n"),
        format!("[ops]\naws_secret_access_key = {WRONG}\n"),
    ] {
        std::fs::write(home.path().join(".aws/credentials"), content).unwrap();
        let environment = cloudapi::Environment::fixed([
            ("HOME", home.path().display().to_string()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]);
        let config = config
            .clone()
            .with_credentials(CredentialSource::Profile("ops".to_owned()))
            .with_environment(environment);
        use_with(told, &config).await;
    }
}
