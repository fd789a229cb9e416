//! Servers: EC2 instances at AWS, CVM instances at Tencent Cloud.

mod batch;
mod ext;
mod filter;
mod model;
mod outcome;
mod request;
mod state;
mod user_data;
mod wait;

use std::fmt;

use async_trait::async_trait;
pub use batch::{BatchCalls, Decision, Seen, Transition, decide, run as run_batch};
pub use ext::ComputeExt;
pub use filter::{InstanceFilter, InstanceFilterName};
pub use model::{Billing, Charging, Instance, LastOperation};
pub use outcome::{CreatedInstances, InstanceOutcome, InstanceOutcomes, OutcomeStatus};
pub use request::{
    CreateInstancesRequest, DescribeInstancesRequest, DestroyInstancesRequest, Disk, PrepaidPolicy,
    StartInstancesRequest, StopInstancesRequest, StopMode, unique_ids,
};
pub use state::InstanceState;
pub use user_data::UserData;
pub use wait::{CreateStatus, CreatedInstance, WaitOptions};

pub(crate) use self::batch::{concerns_ids, leaves_open};
pub(crate) use self::outcome::summarize;
pub(crate) use self::wait::Ticker;

use crate::{BoxStream, Provider, Result};

/// The five operations on servers.
///
/// # What is equal on both clouds
///
/// Any number of ids, filters and values; one outcome for each id; already being in the wanted state is a success that is
/// reported as such; nothing is sent before the request was checked. What a cloud can't do is
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
///
/// Conveniences such as waiting are in [`ComputeExt`].
#[async_trait]
pub trait Compute: Send + Sync + fmt::Debug {
    /// Tells which cloud this is.
    fn provider(&self) -> Provider;

    /// Lists instances lazily, in the order in which the cloud answers, each once.
    ///
    /// Rests on DescribeInstances of EC2 and CVM. Dropping the stream cancels it. Ids that do not exist end the stream
    /// with a `NotFound` that lists them all, unless the request allows them.
    ///
    /// # Errors
    ///
    /// As items: `InvalidArgument` before anything is sent (a malformed id, an unknown or repeated filter), `NotFound`,
    /// and whatever kind the cloud's refusal has.
    fn instances(&self, request: DescribeInstancesRequest) -> BoxStream<'static, Result<Instance>>;

    /// Lists instances, sorted by id.
    ///
    /// Rests on the same calls as [`Compute::instances`].
    ///
    /// # Errors
    ///
    /// The same as those of [`Compute::instances`], and then nothing else.
    async fn describe_instances(&self, request: DescribeInstancesRequest) -> Result<Vec<Instance>>;

    /// Creates instances, exactly once however often the connection breaks, and answers their ids as soon as they are known.
    ///
    /// Rests on RunInstances of EC2 and CVM. Being created is not running yet: see
    /// [`ComputeExt::wait_for_instances`].
    ///
    /// # Errors
    ///
    /// `InvalidArgument` and `Unsupported` before anything is sent; `OutOfCapacity`, `QuotaExceeded`, `NotFound` (image,
    /// subnet, …). When only a part could be created, the error's resources are the ids that were.
    async fn create_instances(&self, request: CreateInstancesRequest) -> Result<CreatedInstances>;

    /// Starts instances. One that runs already, or is about to, is a success.
    ///
    /// Rests on StartInstances of EC2 and CVM.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for an empty list or an id of impossible shape; otherwise only what concerns the whole call (no
    /// key, no permission, no network). What concerns one id is that id's outcome.
    async fn start_instances(&self, request: StartInstancesRequest) -> Result<InstanceOutcomes>;

    /// Stops instances. One that is stopped already, or is about to be, is a success.
    ///
    /// Rests on StopInstances of EC2 and CVM. Whether a stopped instance goes on costing compute is the outcome's `Charging`.
    ///
    /// # Errors
    ///
    /// As for [`Compute::start_instances`]; `Unsupported` for a mode that this cloud lacks.
    async fn stop_instances(&self, request: StopInstancesRequest) -> Result<InstanceOutcomes>;

    /// Destroys instances. One that is gone already is a success only with `allow_missing`, since a wrong id looks the same.
    ///
    /// Rests on TerminateInstances of EC2 and CVM. Termination protection fails that id and is taken off only on request;
    /// a prepaid instance is refused unless the request says what to do with it.
    ///
    /// # Errors
    ///
    /// As for [`Compute::start_instances`].
    async fn destroy_instances(&self, request: DestroyInstancesRequest)
    -> Result<InstanceOutcomes>;
}
