//! A provider that talks to an emulator.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::sync::Arc;
use std::time::Duration;

use cloudapi_core::{
    CloudProvider, Compute, Credentials, Environment, Provider, ProviderConfig, RetryPolicy,
};
use cloudapi_emulator::{Cloud, Emulator, Fault, FaultKind};
use cloudapi_tencent::Tencent;

/// A configuration for a server of one's own.
pub(crate) fn config(url: &str, id: &str, secret: &str) -> ProviderConfig {
    ProviderConfig::new(Provider::Tencent)
        .with_region(cloudapi_emulator::fixtures::TENCENT_REGION)
        .with_credentials(Credentials::new(id, secret))
        .with_environment(Environment::fixed::<&str, &str>([]))
        .with_endpoint_url(url)
        .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(2)))
}

/// The operations on servers, against an emulator.
pub(crate) async fn compute(emulator: &Emulator) -> Arc<dyn Compute> {
    let key = emulator.tencent_key();
    let config = config(&emulator.endpoint_url(), &key.id, &key.secret);
    Tencent::connect(&config).await.unwrap().compute().unwrap()
}

/// How often an action was called.
pub(crate) fn count(emulator: &Emulator, action: &str) -> usize {
    emulator
        .calls()
        .iter()
        .filter(|call| call.action == action)
        .count()
}

/// A fault at an action of this cloud.
pub(crate) fn fault(kind: FaultKind, action: &str) -> Fault {
    Fault::new(kind).on(action).cloud(Cloud::Tencent)
}

/// Looks at an instance, which is what makes time pass in the emulator.
pub(crate) async fn look(compute: &dyn Compute, id: &str) {
    let request = cloudapi_core::compute::DescribeInstancesRequest::new()
        .with_instance_ids([id])
        .with_allow_missing(true);
    compute.describe_instances(request).await.unwrap();
}
