//! The emulator as a target: a new world for each case, with company in it, and every control.

mod load_balancer;
mod network;
mod storage;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudapi::compute::WaitOptions;
use cloudapi::load_balancer::Target as BackendTarget;
use cloudapi::{
    BackendGroupId, CloudProvider, Credentials, Environment, Error, ErrorKind, InstanceId,
    LoadBalancerId, Provider, ProviderConfig, Result, RetryPolicy, RouteTableId,
};
use cloudapi_conformance::{
    Call, ComputeFixture, Controls, Fault, FaultKind, LoadBalancerFixture, NativeObject,
    NativeRoute, NativeTarget, NativeUpload, Need, NetworkFixture, StorageFixture, TASK_FAILURE,
    Target, World,
};
use cloudapi_emulator::{Cloud, Emulator, Key, fixtures};
pub use load_balancer::load_balancer_fixture;
pub use network::network_fixture;
pub use storage::storage_fixture;

/// How many instances are there beside those of a case.
const COMPANY: usize = 3;

/// In what way the emulator is made difficult.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Not at all.
    Plain,
    /// Every page holds one instance.
    SinglePages,
    /// Changes show after two looks.
    Lagging,
}

impl Variant {
    /// Every variant.
    pub const ALL: [Self; 3] = [Self::Plain, Self::SinglePages, Self::Lagging];

    /// Names it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::SinglePages => "page size 1",
            Self::Lagging => "lag of 2 looks",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One cloud of the emulator.
#[derive(Clone, Copy, Debug)]
pub struct EmulatorTarget {
    provider: Provider,
    variant: Variant,
}

impl EmulatorTarget {
    /// Runs the cases of a cloud in a variant.
    pub fn new(provider: Provider, variant: Variant) -> Self {
        Self { provider, variant }
    }
}

#[async_trait]
impl Target for EmulatorTarget {
    fn name(&self) -> String {
        "emulator".to_owned()
    }

    fn provider(&self) -> Provider {
        self.provider
    }

    fn lacks(&self, need: Need) -> Option<String> {
        let single = self.variant == Variant::SinglePages;
        match need {
            Need::FullPages if single => Some("pages of one are no full pages".to_owned()),
            Need::Bulk if single => {
                Some("hundreds of instances in pages of one take minutes".to_owned())
            }
            Need::Buckets if self.variant == Variant::Lagging => {
                Some("objects show at once on both clouds, nothing lags".to_owned())
            }
            _ => None,
        }
    }

    async fn open(&self) -> Result<Box<dyn World>> {
        let mut builder = Emulator::builder();
        match self.variant {
            Variant::Plain => {}
            Variant::SinglePages => builder = builder.with_page_cap(1),
            Variant::Lagging => builder = builder.with_lag(2),
        }
        let emulator = builder
            .start()
            .await
            .map_err(|error| Error::new(ErrorKind::Network, format!("no emulator: {error}")))?;
        let cloud = cloud_of(self.provider);
        emulator.add_instances(cloud, COMPANY);
        Ok(Box::new(EmulatorWorld {
            emulator,
            cloud,
            provider: self.provider,
            variant: self.variant,
            fixture: fixture(self.provider),
            network: network_fixture(self.provider),
            load_balancer: load_balancer_fixture(self.provider),
            storage: storage_fixture(self.provider),
        }))
    }
}

/// The emulator's word for a cloud.
pub fn cloud_of(provider: Provider) -> Cloud {
    if provider == Provider::Aws {
        Cloud::Aws
    } else {
        Cloud::Tencent
    }
}

/// Settings that reach a cloud of an emulator, with retries that don't keep a test waiting and nothing of this machine's
/// environment.
pub fn config(emulator: &Emulator, provider: Provider) -> ProviderConfig {
    let (region, key) = match cloud_of(provider) {
        Cloud::Aws => (fixtures::AWS_REGION, emulator.aws_key()),
        Cloud::Tencent => (fixtures::TENCENT_REGION, emulator.tencent_key()),
    };
    ProviderConfig::new(provider)
        .with_region(region)
        .with_endpoint_url(emulator.endpoint_url())
        .with_credentials(credentials(key))
        .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(2)))
        .with_environment(Environment::fixed([("AWS_EC2_METADATA_DISABLED", "true")]))
}

/// What servers can be made from in the emulator.
pub fn fixture(provider: Provider) -> ComputeFixture {
    match cloud_of(provider) {
        Cloud::Aws => {
            let [zone, ..] = fixtures::aws_zones(fixtures::AWS_REGION);
            ComputeFixture::new(fixtures::AWS_IMAGE, "t3.micro")
                .with_network(
                    zone,
                    fixtures::AWS_VPC,
                    fixtures::AWS_SUBNET,
                    fixtures::AWS_WEB_SECURITY_GROUP,
                )
                .with_other_vpc(fixtures::AWS_OTHER_VPC)
                .with_key_name(fixtures::AWS_KEY_PAIR)
        }
        Cloud::Tencent => {
            let [zone, ..] = fixtures::tencent_zones(fixtures::TENCENT_REGION);
            ComputeFixture::new(fixtures::TENCENT_IMAGE, "S5.MEDIUM4")
                .with_network(
                    zone,
                    fixtures::TENCENT_VPC,
                    fixtures::TENCENT_SUBNET,
                    fixtures::TENCENT_WEB_SECURITY_GROUP,
                )
                .with_other_vpc(fixtures::TENCENT_OTHER_VPC)
                .with_key_name(fixtures::TENCENT_KEY_PAIR)
        }
    }
}

fn credentials(key: Key) -> Credentials {
    let credentials = Credentials::new(key.id, key.secret);
    match key.session_token {
        Some(token) => credentials.with_session_token(token),
        None => credentials,
    }
}

#[derive(Debug)]
struct EmulatorWorld {
    emulator: Emulator,
    cloud: Cloud,
    provider: Provider,
    variant: Variant,
    fixture: ComputeFixture,
    network: NetworkFixture,
    load_balancer: LoadBalancerFixture,
    storage: StorageFixture,
}

#[async_trait]
impl World for EmulatorWorld {
    fn config(&self) -> ProviderConfig {
        config(&self.emulator, self.provider)
    }

    async fn connect(&self, config: ProviderConfig) -> Result<Arc<dyn CloudProvider>> {
        cloudapi::connect(&config).await
    }

    fn compute(&self) -> &ComputeFixture {
        &self.fixture
    }

    fn network(&self) -> Option<&NetworkFixture> {
        Some(&self.network)
    }

    fn load_balancer(&self) -> Option<&LoadBalancerFixture> {
        Some(&self.load_balancer)
    }

    fn storage(&self) -> Option<&StorageFixture> {
        Some(&self.storage)
    }

    async fn object(&self, key: &str) -> Result<Option<NativeObject>> {
        let (world, bucket) = (self.emulator.world(), &self.storage.bucket);
        storage::object(world, self.cloud, bucket, key)
    }

    async fn open_uploads(&self) -> Result<Vec<NativeUpload>> {
        let (world, bucket) = (self.emulator.world(), &self.storage.bucket);
        Ok(storage::open_uploads(world, self.cloud, bucket))
    }

    fn pace(&self) -> WaitOptions {
        WaitOptions::default()
            .with_interval(Duration::from_millis(5))
            .with_max_interval(Duration::from_millis(20))
            .with_timeout(Duration::from_secs(20))
            .with_visible_within(Duration::from_secs(10))
    }

    fn page_size(&self) -> Option<u32> {
        // The emulator cuts the pages of EC2, which takes no less than five; CVM takes the one that is asked for.
        (self.variant == Variant::SinglePages).then_some(1)
    }

    fn controls(&self) -> Option<&dyn Controls> {
        Some(self)
    }

    async fn close(self: Box<Self>) {
        self.emulator.stop().await;
    }
}

impl Controls for EmulatorWorld {
    fn inject(&self, fault: Fault) {
        use cloudapi_emulator::{Fault as Theirs, FaultKind as Kind};

        let kind = match fault.kind {
            FaultKind::Throttle => Kind::Throttle,
            FaultKind::InternalError => Kind::InternalError,
            FaultKind::Unavailable => Kind::Unavailable,
            FaultKind::Delay(delay) => Kind::Delay(delay),
            FaultKind::CutBefore => Kind::CutBefore,
            FaultKind::CutAfter => Kind::CutAfter,
            FaultKind::TruncatedBody => Kind::TruncatedBody,
            FaultKind::GarbageBody => Kind::GarbageBody,
            FaultKind::EmptyBody => Kind::EmptyBody,
            FaultKind::HtmlBody => Kind::HtmlBody,
            FaultKind::PartialBatch => Kind::PartialBatch,
            FaultKind::ExpiredKey => Kind::ExpiredKey,
            FaultKind::Denied => Kind::ErrorCode {
                status: 403,
                code: if storage::is_of_objects(&fault.action) {
                    "AccessDenied".to_owned()
                } else {
                    "UnauthorizedOperation".to_owned()
                },
                message: "You may not do this.".to_owned(),
            },
            FaultKind::FailedTask => Kind::FailedTask(TASK_FAILURE.to_owned()),
            FaultKind::CutBody(bytes) => Kind::CutBody(bytes),
            FaultKind::Corrupt => Kind::Corrupt,
            FaultKind::WrongChecksum => Kind::WrongChecksum,
            FaultKind::WhiteSpace => Kind::WhiteSpace,
            FaultKind::LateError => Kind::LateError {
                code: "InternalError".to_owned(),
                message: "We encountered an internal error. Please try again.".to_owned(),
            },
            other => unreachable!("the emulator has no fault {other:?}"),
        };
        let theirs = Theirs::new(kind).on(fault.action).cloud(self.cloud);
        let theirs = theirs.times(fault.times).after(fault.after);
        self.emulator.fault(match fault.part {
            Some(number) => theirs.part(number),
            None => theirs,
        });
    }

    fn clear_faults(&self) {
        self.emulator.clear_faults();
    }

    fn calls(&self) -> Vec<Call> {
        let calls = self.emulator.calls().into_iter();
        calls
            .map(|call| Call::new(call.action, call.in_flight, call.error_code))
            .collect()
    }

    fn clear_calls(&self) {
        self.emulator.clear_calls();
    }

    fn add_fleet(&self, count: usize) -> Vec<InstanceId> {
        let ids = self.emulator.add_instances(self.cloud, count);
        ids.into_iter().map(InstanceId::from).collect()
    }

    fn set_state(&self, id: &InstanceId, native_state: &str) {
        self.emulator
            .world()
            .set_instance_state(id.as_str(), native_state);
    }

    fn set_protection(&self, id: &InstanceId, protected: bool) {
        self.emulator.world().set_protection(id.as_str(), protected);
    }

    fn set_prepaid(&self, id: &InstanceId) {
        self.emulator
            .world()
            .set_charge_type(id.as_str(), "PREPAID");
    }

    fn remove(&self, id: &InstanceId) {
        self.emulator.world().remove_instance(id.as_str());
    }

    fn fail_next_launch(&self, reason: &str) {
        self.emulator.world().fail_next_launch(self.cloud, reason);
    }

    fn limit_capacity(&self, instance_type: &str, left: u64) {
        self.emulator
            .world()
            .with_capacity(self.cloud, instance_type, left);
    }

    fn set_lag(&self, looks: u32) {
        self.emulator.set_lag(looks);
    }

    fn set_transition_looks(&self, looks: u32) {
        self.emulator.set_transition_polls(looks);
    }

    fn routes(&self, table: &RouteTableId) -> Vec<NativeRoute> {
        network::routes(self.emulator.world(), table)
    }

    fn add_route(&self, table: &RouteTableId, route: NativeRoute) {
        let world = self.emulator.world();
        world.add_route(table.as_str(), network::entry(route));
    }

    fn targets(&self, group: &BackendGroupId) -> Vec<NativeTarget> {
        load_balancer::targets(self.emulator.world(), group)
    }

    fn set_health(&self, group: &BackendGroupId, target: &BackendTarget, native_state: &str) {
        self.emulator.world().set_target_health(
            load_balancer::place(group),
            target.instance_id.as_str(),
            target.port,
            native_state,
        );
    }

    fn hold(&self, load_balancer: &LoadBalancerId, changes: u32) {
        let world = self.emulator.world();
        world.hold_load_balancer(load_balancer.as_str(), changes);
    }

    fn set_clock_offset(&self, seconds: i64) {
        self.emulator.set_clock_offset(seconds);
    }

    fn key(&self) -> Credentials {
        credentials(match self.cloud {
            Cloud::Aws => self.emulator.aws_key(),
            Cloud::Tencent => self.emulator.tencent_key(),
        })
    }

    fn temporary_key(&self) -> Credentials {
        credentials(self.emulator.temporary_key(self.cloud))
    }

    fn expired_key(&self) -> Credentials {
        credentials(self.emulator.expired_key(self.cloud))
    }
}
