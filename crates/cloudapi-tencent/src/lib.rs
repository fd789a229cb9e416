//! Tencent Cloud (腾讯云) behind the interface of cloudapi.
//!
//! [`Tencent::connect`] gives a [`CloudProvider`](cloudapi_core::CloudProvider), which hands out the services that were
//! compiled in:
//!
//! ```no_run
//! # #[cfg(feature = "compute")]
//! # async fn example() -> cloudapi_core::Result<()> {
//! use cloudapi_core::compute::DescribeInstancesRequest;
//! use cloudapi_core::{CloudProvider, CredentialSource, Filters, Provider, ProviderConfig};
//! use cloudapi_tencent::Tencent;
//!
//! let config = ProviderConfig::new(Provider::Tencent)
//!     .with_region("ap-guangzhou")
//!     .with_credentials(CredentialSource::Environment);
//! let compute = Tencent::connect(&config).await?.compute()?;
//! let filters = Filters::new().with("instance-state", ["running"]).with("tag:role", ["web", "db"]);
//! for instance in compute.describe_instances(DescribeInstancesRequest::new().with_filters(filters)).await? {
//!     println!("{} {}", instance.instance_id, instance.state);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Operations and the cloud's actions
//!
//! | operation | actions | native limits, hidden | what differs |
//! | --- | --- | --- | --- |
//! | DescribeInstances | CVM DescribeInstances | 100 ids or 10 filters of 5 values a call, never both; pages of 100 by offset; 40 calls a second | Pages are read side by side, and again when the list moved meanwhile. Wildcards, the filters `instance-type`, `image-id` and `key-name`, and what exceeds the limits are evaluated here. A destroyed instance is not listed at all. |
//! | CreateInstances | VPC DescribeSubnets (with a subnet), CVM RunInstances | 500 instances a call; 10 calls a second | A zone is needed unless a subnet tells it. Names of several get 1 to n appended. `MinCount` works for some accounts only. A token is made for each call: `TOKEN-1`, `TOKEN-2`, … |
//! | StartInstances | CVM DescribeInstances, StartInstances | 100 ids a call | |
//! | StopInstances | CVM DescribeInstances, StopInstances | 100 ids a call | Graceful is `SOFT`, force is `HARD`; there is no hibernation. Compute is charged on unless `stop_charging` is asked for and possible. |
//! | DestroyInstances | CVM DescribeInstances, TerminateInstances, ModifyInstancesAttribute (with `disable_protection`) | 100 ids of one way of paying a call | Only what is running, stopped or isolated can be destroyed. A prepaid instance goes into the recycle bin first; releasing it takes a second call after that. |
//! | DescribeRouteTables | VPC DescribeRouteTables; CVM DescribeInstances for the servers behind addresses | 100 ids or filters a call, never both; pages of 100 by offset, as text | The filter `subnet-id`, wildcards and what exceeds the limits are evaluated here. The VPC's local route is not listed. A server is shown for an address that it has, else the address; without the permission to look at servers always the address. |
//! | ReplaceRoutes | VPC DescribeRouteTables, ReplaceRoutes, CreateRoutes, DeleteRoutes; CVM DescribeInstances | all routes of a kind in one call, by their ids; 100 calls a second | Description and switched-on state are sent along unchanged. A server is routed to by its first private address. There are no routes to internet gateways, interfaces or prefix lists. |
//! | DescribeLoadBalancerHealth | CLB DescribeLoadBalancers, DescribeListeners, DescribeTargets, DescribeTargetHealth; classic: DescribeClassicalLBListeners, DescribeClassicalLBTargets, DescribeClassicalLBHealthStatus | 20 listeners a filter; names by part only | `Unknown` is Initial, `Close` is Unchecked. Health of the classic kind is told by address and joined here. |
//! | RegisterInstancesWithLoadBalancer | the same reads, RegisterTargets, above 20 targets BatchRegisterTargets, ModifyTargetWeight, DescribeTaskStatus; classic: RegisterTargetsWithClassicalLB | 20 or 500 targets a call, one task at a time | Changes to one load balancer are queued in this process, and offered again for five minutes while another writer keeps it busy. Outside a VPC there are no batches. |
//! | DeregisterInstancesFromLoadBalancer | the same reads, DeregisterTargets, above 20 targets BatchDeregisterTargets, ModifyTargetWeight with `drain`, DescribeTaskStatus; classic: DeregisterTargetsFromClassicalLB | the same | A call that is given up during the drain leaves the targets with a weight of 0. The classic kind can't drain. |
//! | UploadFile | COS PutObject; InitiateMultipartUpload, UploadPart, CompleteMultipartUpload, HeadObject where an answer tells no checksum, ListParts and AbortMultipartUpload | parts of 1 MiB to 5 GiB, 10 000 of them; keys of 850 bytes | The bucket's name ends with the account's number. A key has no leading slash and is neither `.` nor `..`. Without overwriting, an object is looked for first; in a bucket that keeps versions, or once did, COS itself does not refuse to replace one. |
//!
//! CVM refuses a whole call for one bad id and answers no states, so the changing operations look first, send only what
//! can be changed, and look again when an answer was lost: no change is repeated blindly.
//!
//! # Credentials and region
//!
//! A source must be named; see [`CredentialSource`](cloudapi_core::CredentialSource):
//!
//! | source | where the key comes from |
//! | --- | --- |
//! | `Environment` | `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY` and `TENCENTCLOUD_TOKEN` (or `TENCENTCLOUD_SECURITY_TOKEN`); with `TENCENTCLOUD_ROLE_ARN` the role that this key takes on, in a session named by `TENCENTCLOUD_ROLE_SESSION_NAME` |
//! | `Profile` | the first of the files below that has keys under the name, or the role that the profile stands for |
//! | `InstanceRole` | the role of this CVM, from the metadata service (`TENCENTCLOUD_METADATA_ENDPOINT` moves it) |
//! | `Oidc` | the role of a TKE cluster's pod: `TKE_REGION`, `TKE_PROVIDER_ID`, `TKE_WEB_IDENTITY_TOKEN_FILE`, `TKE_ROLE_ARN` |
//! | `Chain` | environment, profile, instance role, OIDC, in this order |
//! | `AssumeRole` | a role that the key of any of these takes on, by STS |
//!
//! | file | keys | moved by |
//! | --- | --- | --- |
//! | `~/.aws/credentials` | `tencentcloud_secret_id`, `tencentcloud_secret_key`, `tencentcloud_token`, else `aws_access_key_id`, `aws_secret_access_key`, `aws_session_token` | `AWS_SHARED_CREDENTIALS_FILE` |
//! | `~/.tencentcloud/credentials` | `secret_id`, `secret_key` | `TENCENTCLOUD_CREDENTIALS_FILE` |
//! | `~/.tccli/NAME.credential` | `secretId`, `secretKey`, `token`, `expiresAt`; `role-arn`, `role-session-name`; `type` `cvm-role` | |
//!
//! A profile in `~/.aws/credentials` or `~/.aws/config` may stand for a role: `role_arn` (`qcs::cam::…`) with
//! `source_profile`, `credential_source` (`Environment`, `CvmRole`) or keys of its own, and `external_id`,
//! `role_session_name`, `duration_seconds`.
//!
//! Keys are held until five minutes before their end, or for the last tenth of a shorter life, and then renewed by one
//! call for all who wait; if that fails, the old key is used until its end. A key that the cloud takes for expired is asked
//! for anew once, and the call repeated.
//!
//! The region is the configuration's, else `TENCENTCLOUD_REGION`, else the profile's (`tencentcloud_region` or `region` in
//! `~/.aws/credentials` or `~/.aws/config`; tccli's). Calls go to `SERVICE.tencentcloudapi.com`, in finance regions to
//! `SERVICE.REGION.tencentcloudapi.com`, or to the configuration's endpoint or `TENCENTCLOUD_ENDPOINT_URL`, where
//! `{service}` and `{region}` are filled in: `https://{service}.intl.tencentcloudapi.com` is the international site.
//!
//! Objects are at `BUCKET.cos.REGION.myqcloud.com`, or at the configuration's endpoint, `TENCENTCLOUD_ENDPOINT_URL_COS` or
//! `TENCENTCLOUD_ENDPOINT_URL` (unless that has a `{service}`), where `{bucket}` and `{region}` are filled in
//! (`https://{bucket}.cos.accelerate.myqcloud.com`); without `{bucket}` in it the bucket is the first part of the path. A
//! custom domain stands for one bucket and names it, in `TENCENTCLOUD_ENDPOINT_URL_COS`:
//! `https://files.example.com/?bucket=backup-1250000000`.
//!
//! # Features
//!
//! `compute` (CVM), `network` (VPC), `load-balancer` (CLB). None is on by default; without any, [`Client`] calls actions of API 3.0 directly.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
#[cfg(feature = "compute")]
mod compute;
mod credentials;
mod error;
#[cfg(feature = "load-balancer")]
mod load_balancer;
#[cfg(feature = "network")]
mod network;
mod provider;
mod sign;
#[cfg(test)]
#[cfg(any(feature = "compute", feature = "network", feature = "load-balancer"))]
mod spec;
#[cfg(feature = "storage")]
mod storage;

pub use client::{Action, Answer, Client};
#[cfg(feature = "compute")]
pub use compute::CvmInstance;
pub use error::TencentError;
#[cfg(feature = "network")]
pub use network::VpcRouteTable;
pub use provider::Tencent;
