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
//! | AWS | EC2 2016-11-15 | DescribeInstances, DescribeInstanceStatus, RunInstances, StartInstances, StopInstances, RebootInstances, TerminateInstances, ModifyInstanceAttribute and DescribeInstanceAttribute (`disableApiTermination`, `disableApiStop`), CreateTags, DeleteTags, DescribeTags, DescribeSubnets, DescribeVpcs, DescribeSecurityGroups, DescribeKeyPairs, DescribeImages, DescribeAvailabilityZones, DescribeRegions |
//! | AWS | STS 2011-06-15 | GetCallerIdentity |
//! | Tencent Cloud | CVM 2017-03-12 | DescribeInstances, DescribeInstancesStatus, RunInstances, StartInstances, StopInstances, RebootInstances, TerminateInstances, ModifyInstancesAttribute, DescribeZones, DescribeRegions, DescribeImages |
//! | Tencent Cloud | VPC 2017-03-12 | DescribeVpcs, DescribeSubnets |
//! | Tencent Cloud | STS 2018-08-13 | GetCallerIdentity |
//!
//! Anything else is answered with the vendor's "unknown action". Regions are separate worlds; each begins with the content
//! listed in [`fixtures`].
//!
//! # Time
//!
//! Nothing happens by time alone, so that a test waits for nothing and means the same on a slow machine. A state such as
//! `pending` lasts for a number of looks ([`EmulatorBuilder::with_transition_polls`]), a change shows after a number of
//! looks ([`EmulatorBuilder::with_lag`]). A look is a describe call that names the instance, or the first page of a list
//! in its region. Terminated EC2 instances stay listed for an hour of the emulator's clock
//! ([`Emulator::set_clock_offset`]).
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
//! - Filters of EC2 about things that the emulator does not have are refused like unknown ones.
//!
//! # On its own
//!
//! When another process is to use it, the emulator is controlled over the same port, from the same machine, in JSON:
//!
//! | request | does |
//! | --- | --- |
//! | `POST /_emulator/faults` | queues a [`Fault`]: `{"Kind": "Throttle", "Cloud": "Aws", "Action": "RunInstances", "Times": 1, "After": 0}` |
//! | `DELETE /_emulator/faults` | drops the faults |
//! | `GET /_emulator/calls` | the [`Call`]s: `{"Calls": […]}` |
//! | `DELETE /_emulator/calls` | forgets them |
//! | `POST /_emulator/settings` | any of `{"Lag": 0, "TransitionPolls": 1, "PageCap": 0, "ClockOffsetSeconds": 0}`; a cap of 0 is none |
//! | `POST /_emulator/instances` | adds running instances: `{"Cloud": "Tencent", "Count": 100}`, answers `{"InstanceIds": […]}` |
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
mod network;
mod random;
mod record;
mod rest;
mod schema;
mod server;
mod tencent;
mod world;

pub use emulator::{Emulator, EmulatorBuilder};
pub use fault::{Fault, FaultKind};
pub use keys::{Cloud, Key};
pub use record::Call;
pub use world::World;
