//! One of the clouds on the tour.

use std::sync::Arc;
use std::time::Duration;

use cloudapi::compute::{CreateInstancesRequest, WaitOptions};
use cloudapi::emulator::{Cloud, Emulator, fixtures};
use cloudapi::{
    CloudProvider, Compute, CredentialSource, Credentials, Environment, Provider, ProviderConfig,
};

use crate::Result;
use crate::options::Options;

/// A cloud that is connected to, and what to ask it for.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) provider: Provider,
    pub(crate) cloud: Arc<dyn CloudProvider>,
    pub(crate) compute: Arc<dyn Compute>,
    /// What to create; `None` where only reading is wanted.
    pub(crate) server: Option<CreateInstancesRequest>,
    /// An id of the right form that no instance has.
    pub(crate) unknown_id: &'static str,
    /// An id of the right form that no image has.
    pub(crate) unknown_image: &'static str,
}

impl Side {
    /// Connects to the emulator, whatever the user's own settings are.
    pub(crate) async fn emulated(provider: Provider, emulator: &Emulator) -> Result<Self> {
        let (key, region, server) = if provider == Provider::Aws {
            let server = CreateInstancesRequest::new(fixtures::AWS_IMAGE, "t3.micro")
                .with_subnet_id(fixtures::AWS_SUBNET)
                .with_count(2);
            (emulator.aws_key(), fixtures::AWS_REGION, server)
        } else {
            let server = CreateInstancesRequest::new(fixtures::TENCENT_IMAGE, "S5.MEDIUM4")
                .with_subnet_id(fixtures::TENCENT_SUBNET)
                .with_count(2);
            (emulator.tencent_key(), fixtures::TENCENT_REGION, server)
        };
        let config = ProviderConfig::new(provider)
            .with_region(region)
            .with_endpoint_url(emulator.endpoint_url())
            .with_credentials(Credentials::new(key.id, key.secret))
            .with_environment(Environment::fixed::<String, String>([]));
        Self::connect(&config, Some(server)).await
    }

    /// Connects to a real account, with the user's own settings.
    pub(crate) async fn live(provider: Provider, options: &Options) -> Result<Self> {
        let mut config = ProviderConfig::new(provider);
        config.region.clone_from(&options.region);
        if let Some(profile) = &options.profile {
            config = config.with_credentials(CredentialSource::Profile(profile.clone()));
        } else if provider == Provider::Tencent {
            config = config.with_credentials(CredentialSource::Environment);
        }
        let server = options
            .image_id
            .as_ref()
            .zip(options.instance_type.as_ref());
        let server = server.map(|(image, instance_type)| {
            let mut server = CreateInstancesRequest::new(image, instance_type);
            server.zone.clone_from(&options.zone);
            server.subnet_id.clone_from(&options.subnet_id);
            server
        });
        Self::connect(&config, server).await
    }

    async fn connect(
        config: &ProviderConfig,
        server: Option<CreateInstancesRequest>,
    ) -> Result<Self> {
        let cloud = cloudapi::connect(config).await?;
        let (unknown_id, unknown_image) = match config.provider {
            Provider::Aws => ("i-00000000000000bad", "ami-00000000000000bad"),
            _ => ("ins-00000bad", "img-00000bad"),
        };
        Ok(Self {
            provider: config.provider,
            compute: cloud.compute()?,
            cloud,
            server,
            unknown_id,
            unknown_image,
        })
    }

    /// The emulator's name for this cloud.
    pub(crate) fn emulated_cloud(&self) -> Cloud {
        match self.provider {
            Provider::Aws => Cloud::Aws,
            _ => Cloud::Tencent,
        }
    }
}

/// Looks often and not for long: an emulator takes no time.
pub(crate) fn quick_wait() -> WaitOptions {
    WaitOptions::default()
        .with_timeout(Duration::from_secs(30))
        .with_interval(Duration::from_millis(20))
        .with_max_interval(Duration::from_millis(20))
}
