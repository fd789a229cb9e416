//! One typed interface over AWS and Tencent Cloud: the same requests, answers, errors and promises on both.
//!
//! ```no_run
//! use cloudapi::compute::{DescribeInstancesRequest, StopInstancesRequest};
//! use cloudapi::{CloudProvider, CredentialSource, Filters, Provider, ProviderConfig, Result};
//!
//! async fn stop_the_web(cloud: &dyn CloudProvider) -> Result<()> {
//!     let compute = cloud.compute()?;
//!     let web = Filters::new().with("tag:role", ["web"]).with("instance-state", ["running"]);
//!     let running = compute.describe_instances(DescribeInstancesRequest::new().with_filters(web)).await?;
//!     if running.is_empty() {
//!         return Ok(());
//!     }
//!     let ids = running.into_iter().map(|instance| instance.instance_id);
//!     for outcome in &compute.stop_instances(StopInstancesRequest::new(ids)).await? {
//!         println!("{} {}: {:?}", cloud.provider(), outcome.instance_id, outcome.status);
//!     }
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let aws = cloudapi::connect(&ProviderConfig::new(Provider::Aws).with_region("us-east-1")).await?;
//! let tencent = ProviderConfig::new(Provider::Tencent)
//!     .with_region("ap-guangzhou")
//!     .with_credentials(CredentialSource::Environment);
//! let tencent = cloudapi::connect(&tencent).await?;
//! stop_the_web(&*aws).await?;
//! stop_the_web(&*tencent).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! None is on by default, because a cloud's SDK may take minutes to build; without any there are the traits and models.
//!
//! | feature | adds |
//! | --- | --- |
//! | `aws` | all of AWS: `aws-compute`, `aws-network`, `aws-load-balancer`, `aws-storage` |
//! | `aws-load-balancer-classic` | classic load balancers of AWS |
//! | `aws-sso` | keys from AWS IAM Identity Center (`aws sso login`) |
//! | `tencent` | all of Tencent Cloud: `tencent-compute`, `tencent-network`, `tencent-load-balancer`, `tencent-storage` |
//! | `full` | all of the above |
//! | `config-file` | named connections from a TOML or JSON file: the module `config_file` |
//! | `emulator` | both clouds on a local port, for tests without an account: the module `emulator` |
//!
//! A call to something that was not compiled in fails with [`ErrorKind::Unsupported`], naming the feature to add.
//!
//! # Where things are
//!
//! [`connect`] chooses a cloud at run time. To name one in code, use `cloudapi::aws::Aws` or
//! `cloudapi::tencent::Tencent`, which implement [`CloudProvider`]. Servers are in [`compute`], uploads in [`storage`]; keys in [`credentials`];
//! what all operations share is at the top: [`ProviderConfig`], [`Filters`], [`Error`], [`RetryPolicy`].
//!
//! # Without an account
//!
//! With the feature `emulator` both clouds are on a local port:
//!
#![cfg_attr(
    all(
        feature = "emulator",
        feature = "aws-compute",
        feature = "tencent-compute"
    ),
    doc = "```"
)]
#![cfg_attr(
    not(all(
        feature = "emulator",
        feature = "aws-compute",
        feature = "tencent-compute"
    )),
    doc = "```no_run"
)]
//! use cloudapi::compute::{CreateInstancesRequest, WaitOptions};
//! use cloudapi::{ComputeExt, Credentials, Provider, ProviderConfig};
//!
//! # #[cfg(not(feature = "emulator"))]
//! # fn main() {}
//! # #[cfg(feature = "emulator")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use cloudapi::emulator::{Emulator, fixtures};
//!
//! let emulator = Emulator::start().await?;
//! let (aws, tencent) = (emulator.aws_key(), emulator.tencent_key());
//! for (provider, region, zone, image, instance_type, key) in [
//!     (Provider::Aws, "us-east-1", "us-east-1a", fixtures::AWS_IMAGE, "t3.micro", aws),
//!     (Provider::Tencent, "ap-guangzhou", "ap-guangzhou-3", fixtures::TENCENT_IMAGE, "S5.MEDIUM4", tencent),
//! ] {
//!     let config = ProviderConfig::new(provider)
//!         .with_region(region)
//!         .with_endpoint_url(emulator.endpoint_url())
//!         .with_credentials(Credentials::new(key.id, key.secret));
//!     let compute = cloudapi::connect(&config).await?.compute()?;
//!     let request = CreateInstancesRequest::new(image, instance_type).with_zone(zone).with_count(2);
//!     let created = compute.create_instances(request).await?;
//!     let instances = compute.wait_for_instances(&created.instance_ids, &WaitOptions::default()).await?;
//!     assert_eq!(instances.len(), 2);
//! }
//! emulator.stop().await;
//! # Ok(())
//! # }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "config-file")]
pub mod config_file;
mod connect;

#[cfg(feature = "_aws")]
pub use cloudapi_aws as aws;
pub use cloudapi_core::*;
#[cfg(feature = "emulator")]
pub use cloudapi_emulator as emulator;
#[cfg(feature = "_tencent")]
pub use cloudapi_tencent as tencent;
pub use connect::connect;

/// The examples of the project's README, compiled with the tests.
#[cfg(all(doctest, feature = "emulator"))]
mod readme {
    #[doc = include_str!("../../../README.md")]
    mod english {}
    #[doc = include_str!("../../../README.zh-CN.md")]
    mod chinese {}
}
