//! moto as a target: a stand-in for AWS by other people, without controls.

mod load_balancer;
mod network;
mod storage;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudapi::compute::WaitOptions;
use cloudapi::{
    CloudProvider, Credentials, Environment, Provider, ProviderConfig, Result, RetryPolicy,
};
use cloudapi_conformance::{
    ComputeFixture, LoadBalancerFixture, NativeObject, NativeUpload, Need, NetworkFixture,
    StorageFixture, Target, World,
};

use self::storage::Objects;
use self::wire::{Wire, element};

/// An image that every moto server has.
const IMAGE: &str = "ami-12c6146b";
const ZONE: &str = "us-east-1a";
const OTHER_ZONE: &str = "us-east-1b";

/// Cases that moto can't carry although it has what they need, and what it does instead.
const EXCUSES: &[(&str, &str)] = &[
    ("compute/create-says-what-does-not-exist", NO_IMAGE_CHECK),
    (
        "compute/create-dry-run-gives-the-error-of-the-real-run",
        NO_IMAGE_CHECK,
    ),
    ("compute/create-takes-every-option", NO_GROUPS),
    ("compute/describe-filters-by-every-portable-name", NO_GROUPS),
    (
        "compute/describe-filters-match-wildcards",
        "matches wildcards in tags only",
    ),
    ("compute/start-is-idempotent", ALWAYS_A_CHANGE),
    ("compute/stop-is-idempotent", ALWAYS_A_CHANGE),
    ("compute/destroy-is-idempotent", ALWAYS_A_CHANGE),
    (
        "compute/destroy-of-what-is-gone-is-already-there-while-listed",
        ALWAYS_A_CHANGE,
    ),
    (
        "compute/stop-to-hibernate-is-the-clouds-to-refuse",
        "hibernates whatever it is asked to",
    ),
    (
        "network/describe-keeps-routes-visible-that-carry-nothing",
        "has no route whose target is gone",
    ),
    (
        "network/replace-upsert-creates-a-static-route-beside-a-propagated-one",
        "propagates no routes",
    ),
    (
        "load_balancer/describe-tells-unchecked-from-unhealthy",
        "calls targets healthy that nobody checks",
    ),
    (
        "load_balancer/describe-lists-every-target-and-port",
        ONE_PORT,
    ),
    (
        "load_balancer/register-takes-an-instance-at-several-ports",
        ONE_PORT,
    ),
    (
        "load_balancer/deregister-removes-exactly-the-port-that-is-named",
        ONE_PORT,
    ),
    (
        "load_balancer/deregister-without-a-port-removes-every-one",
        ONE_PORT,
    ),
    (
        "load_balancer/register-isolates-an-instance-that-does-not-exist",
        NO_INSTANCE_CHECK,
    ),
    (
        "load_balancer/register-waits-for-nothing-that-failed",
        NO_INSTANCE_CHECK,
    ),
    (
        "load_balancer/register-with-a-classic-one-keeps-the-same-promises",
        NO_INSTANCE_CHECK,
    ),
];

const NO_IMAGE_CHECK: &str = "launches images that do not exist";
const NO_GROUPS: &str = "does not show the groups of an interface as those of its instance";
const NO_INSTANCE_CHECK: &str = "registers instances that do not exist";
const ONE_PORT: &str = "keeps an instance at one port of a group only";
const ALWAYS_A_CHANGE: &str = "answers a change of state also where there was none";

fn excuses() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    EXCUSES.iter().chain(storage::EXCUSES)
}

/// AWS in a running moto server.
#[derive(Clone, Debug)]
pub struct MotoTarget {
    endpoint_url: String,
    fixtures: Arc<Fixtures>,
    objects: Objects,
}

#[derive(Debug)]
struct Fixtures {
    compute: ComputeFixture,
    network: NetworkFixture,
    load_balancer: LoadBalancerFixture,
}

impl MotoTarget {
    /// Uses the server at this URL: looks up its default network, and makes another one with a table of routes, a key
    /// pair, load balancers and a bucket.
    ///
    /// # Errors
    ///
    /// `Network` when it can't be reached, `Unavailable` when it answers something else than AWS does.
    pub async fn new(endpoint_url: impl Into<String>) -> Result<Self> {
        let endpoint_url = endpoint_url.into();
        let wire = Wire(&endpoint_url);
        let (vpc, subnet) = default_subnet(wire, ZONE).await?;
        let (_, other_subnet) = default_subnet(wire, OTHER_ZONE).await?;
        let of_vpc = [
            ("Filter.1.Name", "vpc-id"),
            ("Filter.1.Value.1", vpc.as_str()),
        ];
        let groups = wire.ec2("DescribeSecurityGroups", &of_vpc).await?;
        let group = element(&groups, "groupId")?;
        let made = wire
            .ec2("CreateVpc", &[("CidrBlock", "10.9.0.0/16")])
            .await?;
        let other = element(&made, "vpcId")?;
        // A server may serve several runs, and names are taken once.
        let run = std::process::id();
        let key_name = format!("conformance-{run}");
        wire.ec2("CreateKeyPair", &[("KeyName", &key_name)]).await?;
        let compute = ComputeFixture::new(IMAGE, "t3.micro")
            .with_network(ZONE, &vpc, &subnet, group)
            .with_other_vpc(&other)
            .with_key_name(key_name);
        let fixtures = Fixtures {
            compute,
            network: network::fixture(wire, &other).await?,
            load_balancer: load_balancer::fixture(wire, run, &vpc, [&subnet, &other_subnet])
                .await?,
        };
        Ok(Self {
            objects: Objects::new(&endpoint_url).await?,
            endpoint_url,
            fixtures: Arc::new(fixtures),
        })
    }
}

/// The subnet of the default network in a zone, and that network.
async fn default_subnet(wire: Wire<'_>, zone: &str) -> Result<(String, String)> {
    let filters = [
        ("Filter.1.Name", "availability-zone"),
        ("Filter.1.Value.1", zone),
        ("Filter.2.Name", "default-for-az"),
        ("Filter.2.Value.1", "true"),
    ];
    let subnets = wire.ec2("DescribeSubnets", &filters).await?;
    Ok((element(&subnets, "vpcId")?, element(&subnets, "subnetId")?))
}

#[async_trait]
impl Target for MotoTarget {
    fn name(&self) -> String {
        "moto".to_owned()
    }

    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn lacks(&self, need: Need) -> Option<String> {
        let reason = match need {
            Need::RouteTables | Need::LoadBalancers | Need::Buckets | Need::Objects => return None,
            Need::Signatures => "moto verifies no signature",
            Need::Tokens => "moto ignores client tokens",
            Need::Bulk => "moto takes a time that grows with the square of its instances",
            other => return Some(format!("moto lacks {other}")),
        };
        Some(reason.to_owned())
    }

    fn excuses(&self, case_id: &str) -> Option<String> {
        let excuse = excuses().find(|(id, _)| *id == case_id);
        excuse.map(|(_, reason)| format!("moto {reason}"))
    }

    async fn open(&self) -> Result<Box<dyn World>> {
        Ok(Box::new(MotoWorld(self.clone())))
    }
}

#[derive(Debug)]
struct MotoWorld(MotoTarget);

#[async_trait]
impl World for MotoWorld {
    fn config(&self) -> ProviderConfig {
        ProviderConfig::new(Provider::Aws)
            .with_region("us-east-1")
            .with_endpoint_url(&self.0.endpoint_url)
            .with_credentials(Credentials::new(
                "AKIAIOSFODNN7EXAMPLE",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            ))
            .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(2)))
            .with_environment(Environment::fixed([("AWS_EC2_METADATA_DISABLED", "true")]))
    }

    async fn connect(&self, config: ProviderConfig) -> Result<Arc<dyn CloudProvider>> {
        cloudapi::connect(&config).await
    }

    fn compute(&self) -> &ComputeFixture {
        &self.0.fixtures.compute
    }

    fn network(&self) -> Option<&NetworkFixture> {
        Some(&self.0.fixtures.network)
    }

    fn load_balancer(&self) -> Option<&LoadBalancerFixture> {
        Some(&self.0.fixtures.load_balancer)
    }

    fn storage(&self) -> Option<&StorageFixture> {
        Some(&self.0.objects.fixture)
    }

    async fn object(&self, key: &str) -> Result<Option<NativeObject>> {
        self.0.objects.object(key).await
    }

    async fn open_uploads(&self) -> Result<Vec<NativeUpload>> {
        self.0.objects.open_uploads().await
    }

    fn pace(&self) -> WaitOptions {
        WaitOptions::default()
            .with_interval(Duration::from_millis(20))
            .with_max_interval(Duration::from_millis(100))
            .with_timeout(Duration::from_secs(30))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excuses_name_cases_that_there_are() {
        let cases = cloudapi_conformance::cases();
        for (id, _) in excuses() {
            assert!(cases.iter().any(|case| case.id() == *id), "{id}");
        }
    }
}
