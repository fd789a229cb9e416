//! AWS and Tencent Cloud on one local port, for tests without a cloud.
//!
//! The emulator speaks the wire protocols of both clouds over one in-memory world. It verifies signatures with code of its
//! own, keeps the vendors' limits and words, takes its time over state changes, and fails on demand. The vendors' own SDKs
//! work against it unmodified: point them at [`Emulator::endpoint_url`] and give them [`Emulator::aws_key`] or
//! [`Emulator::tencent_key`].
//!
//! ```
//! use cloudapi_emulator::{Cloud, Emulator, Fault, FaultKind};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), std::io::Error> {
//! let emulator = Emulator::builder().with_lag(2).with_seed(7).start().await?;
//!
//! // Ten servers that run already, and a first DescribeInstances that is throttled.
//! let ids = emulator.add_instances(Cloud::Aws, 10);
//! emulator.fault(Fault::new(FaultKind::Throttle).on("DescribeInstances").cloud(Cloud::Aws));
//!
//! // Point a client of either cloud at `emulator.endpoint_url()`, with `emulator.aws_key()` or `emulator.tencent_key()`.
//! assert_eq!(ids.len(), 10);
//! assert!(emulator.endpoint_url().starts_with("http://127.0.0.1:"));
//!
//! // What was called, and how it was answered.
//! assert!(emulator.calls().is_empty());
//! emulator.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What is served
//!
//! | cloud | service | actions |
//! | --- | --- | --- |
//! | AWS | EC2 2016-11-15 | DescribeInstances, DescribeInstanceStatus, RunInstances, StartInstances, StopInstances, RebootInstances, TerminateInstances, ModifyInstanceAttribute and DescribeInstanceAttribute (`disableApiTermination`, `disableApiStop`), CreateTags, DeleteTags, DescribeTags, DescribeSubnets, DescribeVpcs, DescribeRouteTables, CreateRoute, ReplaceRoute, DeleteRoute, DescribeSecurityGroups, DescribeKeyPairs, DescribeImages, DescribeAvailabilityZones, DescribeRegions |
//! | AWS | ELB 2015-12-01 | DescribeLoadBalancers, DescribeTargetGroups, DescribeListeners, DescribeRules, DescribeTargetHealth, RegisterTargets, DeregisterTargets, DescribeTargetGroupAttributes, ModifyTargetGroupAttributes (`deregistration_delay.timeout_seconds`) |
//! | AWS | ELB 2012-06-01 | DescribeLoadBalancers, DescribeInstanceHealth, RegisterInstancesWithLoadBalancer, DeregisterInstancesFromLoadBalancer |
//! | AWS | STS 2011-06-15 | GetCallerIdentity |
//! | Tencent Cloud | CVM 2017-03-12 | DescribeInstances, DescribeInstancesStatus, RunInstances, StartInstances, StopInstances, RebootInstances, TerminateInstances, ModifyInstancesAttribute, DescribeZones, DescribeRegions, DescribeImages |
//! | Tencent Cloud | VPC 2017-03-12 | DescribeVpcs, DescribeSubnets, DescribeRouteTables, CreateRoutes, ReplaceRoutes, DeleteRoutes, EnableRoutes, DisableRoutes |
//! | Tencent Cloud | CLB 2018-03-17 | DescribeLoadBalancers, DescribeListeners, DescribeTargets, DescribeTargetHealth, RegisterTargets, DeregisterTargets, BatchRegisterTargets, BatchDeregisterTargets, ModifyTargetWeight, DescribeTaskStatus; for classic ones RegisterTargetsWithClassicalLB, DeregisterTargetsFromClassicalLB, DescribeClassicalLBTargets, DescribeClassicalLBListeners, DescribeClassicalLBHealthStatus |
//! | Tencent Cloud | STS 2018-08-13 | GetCallerIdentity |
//!
//! | AWS | S3 | PutObject, GetObject, HeadObject, DeleteObject, GetObjectTagging, CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload, ListParts, ListMultipartUploads, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation, GetBucketVersioning, PutBucketVersioning, ListBuckets, ListObjectsV2, ListObjects, ListObjectVersions |
//! | Tencent Cloud | COS | PutObject, GetObject, HeadObject, DeleteObject, GetObjectTagging, InitiateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload, ListParts, ListMultipartUploads, PutBucket, HeadBucket, DeleteBucket, GetBucket, GetService |
//!
//! Anything else is answered with the vendor's "unknown action". Regions are separate worlds; each begins with the content
//! listed in [`fixtures`]: no servers, but networks with route tables of every kind of route, and load balancers of every
//! kind, which are not made through the interface.
//!
//! # Time
//!
//! Nothing happens by time alone, so that a test waits for nothing and means the same on a slow machine. A state such as
//! `pending` lasts for a number of looks ([`EmulatorBuilder::with_transition_polls`]), a change shows after a number of
//! looks ([`EmulatorBuilder::with_lag`]). A look is a describe call that names the instance, or the first page of a list
//! in its region. Routes of EC2 and targets of ELB lag in the same way, with looks at their table or group; Tencent Cloud
//! shows changes of both at once. Terminated EC2 instances stay listed for an hour of the emulator's clock
//! ([`Emulator::set_clock_offset`]).
//!
//! A new target is `initial` (ELB), `OutOfService` (classic ELB) or `Unknown` (CLB) and a leaving one `draining` for as many
//! looks at its health as a state lasts. Changes to a CLB are tasks, which are under way for as many looks: those of
//! DescribeTaskStatus, changes that are refused because of them, and reads of the targets and their health.
//!
//! # Storage
//!
//! Buckets are addressed by path (`/bucket/key`), by a host below the emulator's own (`bucket.localhost:PORT`,
//! `bucket.127.0.0.1:PORT`), by the vendor's host names in `Host` while the connection is to the emulator, and by names of
//! one's own ([`World::add_domain`]). Contents are streamed to a temporary file, which goes with the emulator.
//!
//! What is uploaded is compared with all that the client says about it: sizes, the SHA-256 or the chunk signatures of the
//! body, `Content-MD5`, S3's `x-amz-checksum-…` as header or trailer, sizes and checksums of parts and of the whole in
//! CompleteMultipartUpload. S3 keeps a CRC-64/NVME where no other checksum was asked for, COS always its CRC-64. The ETag is
//! the MD5, of parts the MD5 of theirs. A client that sends nothing for 20 seconds is told `RequestTimeout`.
//!
//! [`FaultKind`] has kinds that only uploads know, and [`Fault::part`] names the part that they strike. A [`Call`] has `Bucket`,
//! `Key`, `PartNumber`, `UploadId`, `ContentLength` (of the content, without the chunks' heads), `Query` and `Headers` as its
//! parameters. [`World::object`] and [`World::open_uploads`] tell what is really there.
//!
//! # Where the vendors say nothing
//!
//! Some behaviour is documented nowhere. The emulator takes the stricter or plainer reading:
//!
//! - EC2: starting a pending instance changes nothing, stopping one is refused; an id given twice counts once; a list is
//!   cut into pages before its filters apply, and a full last page has a token to an empty one.
//! - CVM: the default page of 20 holds for ids as well; lists come in the order of creation; a client token used again
//!   with other parameters is `InvalidParameterCombination`; ids with filters are `InvalidParameter`; `STOP_CHARGING`
//!   takes effect for instances paid by the hour only; a failed launch is listed for an hour.
//! - EC2 route tables: ids with a page size are refused; IPv4 and IPv6 routes have a limit of 50 each.
//! - VPC: a description left out of ReplaceRoutes is emptied and a disabled route enabled; a next hop that does not exist is
//!   `InvalidParameterValue.RouteNextHopInvalid` for CreateRoutes and `ResourceNotFound` for ReplaceRoutes, where a server is
//!   any address of the VPC; two routes may share a destination only if they did from the first.
//! - CLB: registering what is registered sets its weight, to 10 if none is given (see [`World::refuse_registered_targets`]);
//!   an instance that does not exist or is in another VPC is `InvalidParameter`; in a batch such a target, and one to
//!   deregister that is not registered, fails its listener; unknown listeners in describe calls are refused.
//! - ELB: an address outside the VPC needs a zone; a stopped instance can't be registered, but stays registered as `unused`.
//! - S3: a completed upload is answered again for an hour, as long as its object is there; parts of an upload that was created
//!   without an algorithm may have any checksum, those of one with an algorithm need that one; while it works on a Complete,
//!   S3 sends white space after the XML declaration, COS instead of one. Half an AbortMultipartUpload
//!   ([`FaultKind::PartialBatch`]) leaves half of the parts.
//! - COS: the `Host` may be signed with or without its port, as the vendor's SDKs differ; a completed upload is
//!   `NoSuchUpload`; a key with a slash at its beginning is `InvalidArgument`; a signature whose time is over is `AccessDenied`,
//!   one whose time has not begun `RequestTimeTooSkewed`.
//! - Signatures in the query of a URL are not known: such a request counts as not signed.
//! - Headers of both clouds' own that the emulator does not know are refused rather than ignored.
//! - Filters of EC2 about things that the emulator does not have are refused like unknown ones.
//!
//! # On its own
//!
//! When another process is to use it, the emulator is controlled over the same port, from the same machine, in JSON:
//!
//! | request | does |
//! | --- | --- |
//! | `POST /_emulator/faults` | queues a [`Fault`]: `{"Kind": "Throttle", "Cloud": "Aws", "Action": "RunInstances", "Times": 1, "After": 0}`, `{"Kind": {"CutBody": 100000}, "Action": "UploadPart", "Part": 3}` |
//! | `DELETE /_emulator/faults` | drops the faults |
//! | `GET /_emulator/calls` | the [`Call`]s: `{"Calls": […]}` |
//! | `DELETE /_emulator/calls` | forgets them |
//! | `POST /_emulator/settings` | any of `{"Lag": 0, "TransitionPolls": 1, "PageCap": 0, "ClockOffsetSeconds": 0}`; a cap of 0 is none |
//! | `POST /_emulator/instances` | adds running instances: `{"Cloud": "Tencent", "Count": 100}`, answers `{"InstanceIds": […]}` |
//! | `GET /_emulator/routes/TABLE` | the [`RouteEntry`]s of a route table as they really are: `{"Routes": […]}` |
//! | `POST /_emulator/routes/TABLE` | adds a route of any kind: `{"Destination": "10.9.0.0/16", "Type": "NAT", "Target": "nat-a1b2c3d4"}` |
//! | `POST /_emulator/gateways` | takes away what routes lead to: `{"Id": "nat-0a1b2c3d4e5f60718", "Available": false}` |
//! | `GET /_emulator/targets/GROUP` | the [`TargetEntry`]s of a group as they really are: `{"Targets": […]}` |
//! | `POST /_emulator/health` | puts targets into a state: `{"Group": "web-http", "Id": "i-…", "Port": 80, "State": "unhealthy"}` |
//! | `POST /_emulator/holds` | keeps a CLB busy: `{"LoadBalancerId": "lb-a1b2c3d4", "Polls": 2}` |
//! | `POST /_emulator/object` | an object as it really is, with its SHA-256 (an [`ObjectEntry`]): `{"Cloud": "Aws", "Bucket": "cloudapi-demo", "Key": "a/b"}` |
//! | `GET /_emulator/uploads` | the [`UploadEntry`]s that are neither completed nor aborted: `{"Uploads": […]}` |
//! | `POST /_emulator/reset` | makes the world as new |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod fixtures;

mod auth;
mod aws;
mod clock;
mod compute;
mod control;
mod emulator;
mod exchange;
mod fault;
mod identity;
mod keys;
mod load_balancer;
mod network;
mod random;
mod record;
mod rest;
mod schema;
mod server;
mod storage;
mod tencent;
mod world;

pub use emulator::{Emulator, EmulatorBuilder};
pub use fault::{Fault, FaultKind};
pub use keys::{Cloud, Key};
pub use record::Call;
pub use storage::{ObjectEntry, PartEntry, UploadEntry};
pub use world::{RouteEntry, TargetEntry, World};
