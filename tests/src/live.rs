//! An account of your own as a target. What it costs is yours to pay; everything made carries a tag, and a janitor removes
//! what was left.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudapi::compute::{
    DescribeInstancesRequest, DestroyInstancesRequest, InstanceState, WaitOptions,
};
use cloudapi::{CloudProvider, ComputeExt, Filters, InstanceId, Provider, ProviderConfig, Result};
use cloudapi_conformance::{ComputeFixture, Need, TAG, Target, World};

/// A cloud as it is.
#[derive(Clone, Debug)]
pub struct LiveTarget {
    config: ProviderConfig,
    fixture: ComputeFixture,
}

impl LiveTarget {
    /// Uses the account that the settings lead to, and makes servers from this.
    pub fn new(config: ProviderConfig, fixture: ComputeFixture) -> Self {
        Self { config, fixture }
    }

    /// Destroys what carries the tag of this suite, from whatever run, and gives the ids.
    ///
    /// # Errors
    ///
    /// Those of describing and destroying; the ids that are left are the error's resources.
    pub async fn sweep(&self) -> Result<Vec<InstanceId>> {
        let compute = cloudapi::connect(&self.config).await?.compute()?;
        let request =
            DescribeInstancesRequest::new().with_filters(Filters::new().with("tag-key", [TAG]));
        let found = compute.describe_instances(request).await?;
        let left: Vec<InstanceId> = found
            .into_iter()
            .filter(|instance| {
                !matches!(
                    instance.state,
                    InstanceState::Terminating | InstanceState::Terminated
                )
            })
            .map(|instance| instance.instance_id)
            .collect();
        if left.is_empty() {
            return Ok(left);
        }
        let request = DestroyInstancesRequest::new(left.clone())
            .with_disable_protection(true)
            .with_allow_missing(true);
        let outcomes = compute.destroy_instances(request).await?.into_result()?;
        let pace = WaitOptions::default();
        compute
            .wait_until_destroyed(outcomes, true, &pace)
            .await?
            .into_result()?;
        Ok(left)
    }
}

#[async_trait]
impl Target for LiveTarget {
    fn name(&self) -> String {
        "live".to_owned()
    }

    fn provider(&self) -> Provider {
        self.config.provider
    }

    fn lacks(&self, need: Need) -> Option<String> {
        match need {
            Need::Signatures | Need::Tokens | Need::FullPages => None,
            Need::Bulk => Some("hundreds of real instances cost real money".to_owned()),
            Need::RouteTables | Need::LoadBalancers => {
                Some("a live run changes no route tables and no load balancers".to_owned())
            }
            Need::Buckets => Some("a live run stores no objects".to_owned()),
            other => Some(format!("a real cloud lacks {other}")),
        }
    }

    async fn open(&self) -> Result<Box<dyn World>> {
        Ok(Box::new(LiveWorld(self.clone())))
    }
}

#[derive(Debug)]
struct LiveWorld(LiveTarget);

#[async_trait]
impl World for LiveWorld {
    fn config(&self) -> ProviderConfig {
        self.0.config.clone()
    }

    async fn connect(&self, config: ProviderConfig) -> Result<Arc<dyn CloudProvider>> {
        cloudapi::connect(&config).await
    }

    fn compute(&self) -> &ComputeFixture {
        &self.0.fixture
    }

    fn pace(&self) -> WaitOptions {
        WaitOptions::default()
            .with_interval(Duration::from_secs(3))
            .with_timeout(Duration::from_mins(10))
    }
}
