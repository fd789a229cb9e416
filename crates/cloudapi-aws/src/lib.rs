//! AWS behind the interface of cloudapi: EC2 on the AWS SDK for Rust.
//!
//! [`Aws::connect`] gives a [`CloudProvider`](cloudapi_core::CloudProvider); its services are behind the cargo features
//! `compute`, `network`, `load-balancer`, `load-balancer-classic` and `storage`, of which none is on by default.
//!
//! # Which calls stand behind which operation
//!
//! | operation | EC2 | limits that are hidden |
//! | --- | --- | --- |
//! | DescribeInstances | DescribeInstances | 1000 ids and 200 filter values a call, 1000 instances a page |
//! | CreateInstances | RunInstances; DescribeImages with disks, DescribeSubnets with a network | |
//! | StartInstances | StartInstances, DescribeInstances after a refusal | 1000 ids a call, one bad id refuses all |
//! | StopInstances | StopInstances, DescribeInstances after a refusal | the same |
//! | DestroyInstances | TerminateInstances, DescribeInstances after a refusal, ModifyInstanceAttribute to take protection off | the same |
//! | DescribeRouteTables | DescribeRouteTables; DescribeSubnets with the filter `subnet-id` | 200 filter values a call, 100 tables a page |
//! | ReplaceRoutes | DescribeRouteTables, ReplaceRoute, CreateRoute, DeleteRoute | one route a call; undone in reverse when one fails |
//! | DescribeLoadBalancerHealth | ELB v2 DescribeLoadBalancers (by name), DescribeTargetGroups, DescribeTargetHealth, DescribeListeners, DescribeRules where the listeners leave open who forwards; classic: DescribeLoadBalancers, DescribeInstanceHealth | one group a call, side by side |
//! | RegisterInstancesWithLoadBalancer | the same reads, RegisterTargets; classic: RegisterInstancesWithLoadBalancer | 100 targets a call, one bad target refuses all |
//! | DeregisterInstancesFromLoadBalancer | the same reads, DeregisterTargets with each registered port; classic: DeregisterInstancesFromLoadBalancer | the same |
//! | UploadFile | S3 PutObject; CreateMultipartUpload, UploadPart, CompleteMultipartUpload, HeadObject where an answer tells no checksum, ListParts and AbortMultipartUpload | parts of 5 MiB to 5 GiB, 10 000 of them; keys of 1024 bytes |
//!
//! # What differs from the SDK
//!
//! - The SDK's own retries are off. [`RetryPolicy`](cloudapi_core::RetryPolicy) alone repeats calls, so attempts never
//!   multiply; a wrong clock is corrected from the answer's date and the call repeated once beside that.
//! - A profile that was named is never replaced by another source, and what is wrong with a credentials file is said
//!   before the first call. Finding no key at all is a `Config` error.
//! - Keys are renewed ahead of their end by one call for all who wait; if that fails the old key is used until its end.
//!   A key that AWS takes for expired is asked for anew once, and the call repeated.
//! - Roles that a profile or the configuration names are taken on by calls that go where all others go.
//! - The region is never asked from the metadata service.
//! - Content goes to S3 unsigned, with its CRC-64/NVME in a header or, of a file, behind it: read once, and judged by S3
//!   part by part and as a whole. A bucket comes into the host's name, or into the path where an endpoint is an address or
//!   a name without a dot. `AWS_REQUEST_CHECKSUM_CALCULATION=when_required` sends no checksums, for stand-ins that know none.
//! - The SDK's logs are kept out of the caller's `tracing` subscriber; there is one debug event for each native call,
//!   without bodies or headers.
//!
//! Errors keep the SDK's own, such as `aws_sdk_ec2::operation::describe_instances::DescribeInstancesError`, for
//! [`Error::native`](cloudapi_core::Error::native); instances keep `aws_sdk_ec2::types::Instance` and route tables
//! `aws_sdk_ec2::types::RouteTable` for [`Native::downcast_ref`](cloudapi_core::Native::downcast_ref).
#![cfg_attr(docsrs, feature(doc_cfg))]

mod calls;
#[cfg(feature = "compute")]
mod compute;
#[cfg(any(feature = "compute", feature = "network"))]
mod condition;
mod credentials;
mod error;
mod http;
#[cfg(feature = "load-balancer")]
mod load_balancer;
#[cfg(feature = "network")]
mod network;
mod profile;
mod provider;
mod settings;
mod silence;
#[cfg(feature = "storage")]
mod storage;
#[cfg(test)]
#[cfg(any(feature = "compute", feature = "network", feature = "load-balancer"))]
#[cfg_attr(
    not(feature = "compute"),
    allow(dead_code, reason = "each service's tests use a part of it")
)]
mod testing;
mod whole;

pub use provider::Aws;
