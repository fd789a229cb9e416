//! Keys that end in the middle of work: while many calls are under way, during a wait, during an upload.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloudapi::compute::{
    CreateInstancesRequest, CreateStatus, DescribeInstancesRequest, WaitOptions,
};
use cloudapi::storage::{UploadFileRequest, UploadOptions};
use cloudapi::{
    CloudProvider, ComputeExt, CredentialSource, Credentials, Environment, ProvideCredentials,
    Provider, Result,
};
use cloudapi_emulator::{Emulator, Key, fixtures};
use cloudapi_tests::emulator::{cloud_of, config, fixture};
use tokio::task::JoinSet;

use crate::PROVIDERS;
use crate::metadata::Metadata;

/// Gives the temporary key, and when that is refused the lasting one.
#[derive(Debug)]
struct Supply {
    asked: AtomicUsize,
    keys: [Credentials; 2],
}

impl Supply {
    fn new(emulator: &Emulator, provider: Provider) -> Arc<Self> {
        let lasting = if provider == Provider::Aws {
            emulator.aws_key()
        } else {
            emulator.tencent_key()
        };
        let keys = [emulator.temporary_key(cloud_of(provider)), lasting];
        Arc::new(Self {
            asked: AtomicUsize::new(0),
            keys: keys.map(credentials),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl ProvideCredentials for Supply {
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

fn bucket(provider: Provider) -> &'static str {
    if provider == Provider::Aws {
        fixtures::AWS_BUCKET
    } else {
        fixtures::TENCENT_BUCKET
    }
}

async fn connected(
    emulator: &Emulator,
    provider: Provider,
) -> (Arc<Supply>, Arc<dyn CloudProvider>) {
    let supply = Supply::new(emulator, provider);
    let source: Arc<dyn ProvideCredentials> = supply.clone();
    let config = config(emulator, provider).with_credentials(CredentialSource::Provider(source));
    (supply, cloudapi::connect(&config).await.unwrap())
}

/// How many calls were refused since the record was cleared.
fn refused(emulator: &Emulator) -> usize {
    let calls = emulator.calls();
    calls
        .iter()
        .filter(|call| call.error_code.is_some())
        .count()
}

#[tokio::test]
async fn refused_to_many_calls_at_once_a_key_is_renewed_once() {
    const CALLS: usize = 30;
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let (supply, cloud) = connected(&emulator, *provider).await;
        cloud.caller_identity().await.unwrap();
        emulator.end_temporary_key(cloud_of(*provider));
        emulator.clear_calls();
        let mut calls = JoinSet::new();
        for _ in 0..CALLS {
            let compute = cloud.compute().unwrap();
            calls.spawn(async move {
                compute
                    .describe_instances(DescribeInstancesRequest::new())
                    .await
            });
        }
        for answer in calls.join_all().await {
            answer.unwrap();
        }
        assert_eq!(supply.asked(), 2, "{provider}: one for all");
        let refused = refused(&emulator);
        assert!((1..=CALLS).contains(&refused), "{provider}: {refused}");
        assert_eq!(
            emulator.calls().len(),
            CALLS + refused,
            "{provider}: each refused call is repeated once"
        );
        emulator.stop().await;
    }
}

#[tokio::test]
async fn a_wait_goes_on_with_another_key() {
    for provider in PROVIDERS {
        let emulator = Arc::new(Emulator::start().await.unwrap());
        emulator.set_transition_polls(12);
        let (supply, cloud) = connected(&emulator, *provider).await;
        let compute = cloud.compute().unwrap();
        let fixture = fixture(*provider);
        let request = CreateInstancesRequest::new(fixture.image_id, fixture.instance_type)
            .with_subnet_id(fixture.subnet_id);
        let created = compute.create_instances(request).await.unwrap();
        emulator.clear_calls();
        let ending = {
            let (emulator, cloud) = (Arc::clone(&emulator), cloud_of(*provider));
            tokio::spawn(async move {
                while emulator.calls().len() < 3 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                emulator.end_temporary_key(cloud);
            })
        };
        let pace = WaitOptions::default().with_interval(Duration::from_millis(20));
        let waited = compute
            .wait_for_instances(&created.instance_ids, &pace)
            .await;
        ending.await.unwrap();
        let waited = waited.unwrap();
        assert!(
            waited.iter().all(|one| one.status == CreateStatus::Running),
            "{waited:?}"
        );
        assert_eq!(supply.asked(), 2, "{provider}");
        assert_eq!(
            refused(&emulator),
            1,
            "{provider}: the wait makes one call at a time"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_with_another_key() {
    const PART: u64 = 5 << 20;
    for provider in PROVIDERS {
        let emulator = Arc::new(Emulator::start().await.unwrap());
        let (supply, cloud) = connected(&emulator, *provider).await;
        let content: Vec<u8> = (0..8 * PART).map(|at| (at % 251) as u8).collect();
        let bucket = bucket(*provider);
        let mut options = UploadOptions::default();
        options.part_size = PART;
        options.threshold = PART;
        options.in_flight = 3;
        let ending = (Arc::clone(&emulator), cloud_of(*provider));
        let request = UploadFileRequest::new(bucket, "long", content.clone())
            .with_options(options)
            .with_progress(move |progress| {
                if progress.bytes >= 3 * PART {
                    ending.0.end_temporary_key(ending.1);
                }
            });
        let outcome = cloud.storage().unwrap().upload_file(request).await.unwrap();
        assert_eq!(outcome.parts, 8, "{provider}");
        assert_eq!(supply.asked(), 2, "{provider}");
        let refused = refused(&emulator);
        assert!((1..=3).contains(&refused), "{provider}: {refused}");
        let world = emulator.world();
        let stored = world.object(cloud_of(*provider), bucket, "long").unwrap();
        assert!(
            stored.bytes().unwrap() == content,
            "{provider}: the content"
        );
        assert!(world.open_uploads(cloud_of(*provider)).is_empty());
    }
}

#[tokio::test]
async fn a_key_of_three_seconds_lasts_through_a_longer_wait() {
    let mut clouds = JoinSet::new();
    for provider in PROVIDERS {
        clouds.spawn(async move {
            let emulator = Emulator::start().await.unwrap();
            emulator.set_transition_polls(9);
            let metadata = Metadata::with_life(&emulator, Duration::from_secs(3)).await;
            let variables = [
                ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url.clone()),
                ("TENCENTCLOUD_METADATA_ENDPOINT", metadata.url.clone()),
            ];
            let config = config(&emulator, *provider)
                .with_credentials(CredentialSource::InstanceRole)
                .with_environment(Environment::fixed(variables));
            let cloud = cloudapi::connect(&config).await.unwrap();
            let compute = cloud.compute().unwrap();
            let fixture = fixture(*provider);
            let request = CreateInstancesRequest::new(fixture.image_id, fixture.instance_type)
                .with_subnet_id(fixture.subnet_id);
            let created = compute.create_instances(request).await.unwrap();
            assert_eq!(metadata.keys_given(), 1, "{provider}");
            let pace = WaitOptions::default()
                .with_interval(Duration::from_millis(600))
                .with_max_interval(Duration::from_millis(600));
            let waited = compute
                .wait_for_instances(&created.instance_ids, &pace)
                .await
                .unwrap();
            assert!(
                waited.iter().all(|one| one.status == CreateStatus::Running),
                "{waited:?}"
            );
            assert!(
                metadata.keys_given() >= 2,
                "{provider}: renewed ahead of its end"
            );
            assert_eq!(refused(&emulator), 0, "{provider}");
        });
    }
    clouds.join_all().await;
}
