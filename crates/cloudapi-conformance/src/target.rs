//! What a suite is run against.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudapi_core::compute::WaitOptions;
use cloudapi_core::load_balancer::Target as BackendTarget;
use cloudapi_core::{
    BackendGroupId, CloudProvider, Credentials, InstanceId, LoadBalancerId, Provider,
    ProviderConfig, Result, RouteTableId,
};

use crate::compute::ComputeFixture;
use crate::load_balancer::LoadBalancerFixture;
use crate::network::NetworkFixture;
use crate::storage::StorageFixture;
use crate::truth::{NativeObject, NativeRoute, NativeTarget, NativeUpload};

/// A cloud, or something that stands in for one, that cases can be run against. Implement it to run the suite against your
/// own provider or your own stand-in.
#[async_trait]
pub trait Target: Send + Sync + fmt::Debug {
    /// Names it in reports: `emulator`, `moto`, `live`.
    fn name(&self) -> String;

    /// Tells which cloud it is.
    fn provider(&self) -> Provider;

    /// Says why it can't give what a case needs; `None` if it can.
    fn lacks(&self, need: Need) -> Option<String>;

    /// Says why it can't carry a certain case although it has what the case needs; `None` if it can.
    fn excuses(&self, case_id: &str) -> Option<String> {
        let _ = case_id;
        None
    }

    /// Gives a world for one case: a new one, or the one world that there is.
    ///
    /// # Errors
    ///
    /// It can't be reached or set up.
    async fn open(&self) -> Result<Box<dyn World>>;
}

/// The surroundings of one case.
#[async_trait]
pub trait World: Send + Sync + fmt::Debug {
    /// Gives the settings to connect with, key and endpoint included. Cases change a copy where they need other ones.
    fn config(&self) -> ProviderConfig;

    /// Connects with such settings.
    ///
    /// # Errors
    ///
    /// Those of the provider.
    async fn connect(&self, config: ProviderConfig) -> Result<Arc<dyn CloudProvider>>;

    /// Gives what servers can be made from.
    fn compute(&self) -> &ComputeFixture;

    /// Gives the route tables that there are; `None` where there are none to change.
    fn network(&self) -> Option<&NetworkFixture> {
        None
    }

    /// Gives the load balancers that there are; `None` where there are none to change.
    fn load_balancer(&self) -> Option<&LoadBalancerFixture> {
        None
    }

    /// Gives the bucket that objects may be stored in; `None` where there is none.
    fn storage(&self) -> Option<&StorageFixture> {
        None
    }

    /// Looks at an object of the fixture's bucket past the interface; `None` where there is none of this key.
    ///
    /// # Errors
    ///
    /// It can't be looked at.
    async fn object(&self, key: &str) -> Result<Option<NativeObject>> {
        let _ = key;
        Ok(None)
    }

    /// Lists the uploads in parts to the fixture's bucket that are neither completed nor aborted.
    ///
    /// # Errors
    ///
    /// They can't be listed.
    async fn open_uploads(&self) -> Result<Vec<NativeUpload>> {
        Ok(Vec::new())
    }

    /// Gives how often and how long to look when waiting.
    fn pace(&self) -> WaitOptions;

    /// Gives the page size to ask for; `None` for the provider's own.
    fn page_size(&self) -> Option<u32> {
        None
    }

    /// Gives the means to make things happen that no interface offers; `None` where there are none.
    fn controls(&self) -> Option<&dyn Controls> {
        None
    }

    /// Ends the world, if it was made for the case.
    async fn close(self: Box<Self>) {}
}

/// What a case needs beyond the cloud's own interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Need {
    /// [`Controls::inject`]: faults on demand.
    Faults,
    /// [`Controls::calls`]: a record of the native calls.
    CallLog,
    /// [`Controls::add_fleet`]: many instances at once, for nothing.
    Fleet,
    /// Making hundreds of instances through the interface, for nothing.
    Bulk,
    /// Changing instances past the interface: state, protection, billing, vanishing.
    Hands,
    /// [`Controls::fail_next_launch`] and [`Controls::limit_capacity`].
    Launches,
    /// [`Controls::set_lag`] and [`Controls::set_transition_looks`].
    Lag,
    /// [`Controls::set_clock_offset`].
    Clock,
    /// [`Controls::key`] and its temporary and expired companions.
    Keys,
    /// Verified signatures: a wrong key is refused.
    Signatures,
    /// Client tokens that are honoured.
    Tokens,
    /// Pages as large as the cloud allows.
    FullPages,
    /// [`World::network`]: route tables to change, with routes of every kind.
    RouteTables,
    /// [`World::load_balancer`]: load balancers to change, of every kind.
    LoadBalancers,
    /// [`Controls::routes`] and [`Controls::targets`]: what is really there, whatever answers say.
    Truth,
    /// [`Controls::add_route`]: routes that no interface can make.
    OddRoutes,
    /// [`Controls::set_health`], [`Controls::hold`]: health, and another writer.
    Health,
    /// [`World::storage`]: a bucket to store objects in.
    Buckets,
    /// [`World::object`] and [`World::open_uploads`]: what is really stored, and what was left half-way.
    Objects,
    /// Checksums that are kept with objects, and told.
    Checksums,
}

impl Need {
    /// Every need, in the order of declaration.
    pub const ALL: &'static [Self] = &[
        Self::Faults,
        Self::CallLog,
        Self::Fleet,
        Self::Bulk,
        Self::Hands,
        Self::Launches,
        Self::Lag,
        Self::Clock,
        Self::Keys,
        Self::Signatures,
        Self::Tokens,
        Self::FullPages,
        Self::RouteTables,
        Self::LoadBalancers,
        Self::Truth,
        Self::OddRoutes,
        Self::Health,
        Self::Buckets,
        Self::Objects,
        Self::Checksums,
    ];

    /// Says in a few words what it is.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Faults => "faults on demand",
            Self::CallLog => "a record of the native calls",
            Self::Fleet => "thousands of instances for nothing",
            Self::Bulk => "hundreds of new instances for nothing",
            Self::Hands => "instances that are changed past the interface",
            Self::Launches => "launches that fail on demand",
            Self::Lag => "answers that lag on demand",
            Self::Clock => "a server clock that can be set",
            Self::Keys => "temporary and expired keys",
            Self::Signatures => "verified signatures",
            Self::Tokens => "honoured client tokens",
            Self::FullPages => "pages of full size",
            Self::RouteTables => "route tables that may be changed",
            Self::LoadBalancers => "load balancers that may be changed",
            Self::Truth => "a look behind the answers",
            Self::OddRoutes => "routes that no interface can make",
            Self::Health => "health and other writers on demand",
            Self::Buckets => "a bucket that may be written to",
            Self::Objects => "a look at stored objects",
            Self::Checksums => "checksums of objects",
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.describe())
    }
}

/// The means to make things happen that no interface offers. A target that has only some of them says so in
/// [`Target::lacks`]; its other methods are then not called.
pub trait Controls: Send + Sync + fmt::Debug {
    /// Queues a fault.
    fn inject(&self, fault: Fault);

    /// Drops the faults that have not struck yet.
    fn clear_faults(&self);

    /// Gives the native calls so far, oldest first.
    fn calls(&self) -> Vec<Call>;

    /// Forgets the calls so far.
    fn clear_calls(&self);

    /// Adds running instances that are visible at once.
    fn add_fleet(&self, count: usize) -> Vec<InstanceId>;

    /// Puts an instance into a state, in the cloud's own word, to stay.
    fn set_state(&self, id: &InstanceId, native_state: &str);

    /// Sets or lifts termination protection.
    fn set_protection(&self, id: &InstanceId, protected: bool);

    /// Makes an instance one that is paid for in advance.
    fn set_prepaid(&self, id: &InstanceId);

    /// Takes an instance away without a trace.
    fn remove(&self, id: &InstanceId);

    /// Makes the next launch fail after it was accepted, for this reason.
    fn fail_next_launch(&self, reason: &str);

    /// Limits how many more instances of a type can be launched.
    fn limit_capacity(&self, instance_type: &str, left: u64);

    /// Shows changes from now on only after an instance was looked at so many times.
    fn set_lag(&self, looks: u32);

    /// Keeps instances in a passing state for so many looks from now on.
    fn set_transition_looks(&self, looks: u32);

    /// Gives the routes of a table as they really are.
    fn routes(&self, table: &RouteTableId) -> Vec<NativeRoute>;

    /// Adds a route of any kind to a table.
    fn add_route(&self, table: &RouteTableId, route: NativeRoute);

    /// Gives the targets of a backend group as they really are.
    fn targets(&self, group: &BackendGroupId) -> Vec<NativeTarget>;

    /// Puts a target into a state of health, in the cloud's own word, to stay; without a port the instance at all its ports.
    fn set_health(&self, group: &BackendGroupId, target: &BackendTarget, native_state: &str);

    /// Keeps a load balancer busy as another writer would: so many changes to it are refused.
    fn hold(&self, load_balancer: &LoadBalancerId, changes: u32);

    /// Sets the server's clock so many seconds ahead of the real one, or behind it.
    fn set_clock_offset(&self, seconds: i64);

    /// Gives the lasting key.
    fn key(&self) -> Credentials;

    /// Gives a temporary key with its token.
    fn temporary_key(&self) -> Credentials;

    /// Gives a temporary key whose time is over, with its token.
    fn expired_key(&self) -> Credentials;
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The cloud's "too many requests".
    Throttle,
    /// The cloud's internal error.
    InternalError,
    /// The service is unavailable for the moment.
    Unavailable,
    /// The answer is right but takes this much longer.
    Delay(Duration),
    /// The connection is closed before anything happens.
    CutBefore,
    /// The call takes effect, then the connection is closed without an answer.
    CutAfter,
    /// The call takes effect; half of the answer arrives.
    TruncatedBody,
    /// The call takes effect; the answer is status 200 and not the protocol.
    GarbageBody,
    /// The call takes effect; the answer is status 200 without a body.
    EmptyBody,
    /// A gateway answers status 502 with a page of HTML, and nothing happens.
    HtmlBody,
    /// The first half of the ids takes effect, then the call fails.
    PartialBatch,
    /// The key is refused because its time is over.
    ExpiredKey,
    /// The key may not do this.
    Denied,
    /// The call is accepted, but the task that it begins fails, for a reason that contains [`TASK_FAILURE`].
    FailedTask,
    /// The connection is closed when so many bytes of the request's body have been read, or at its end if it has fewer, and
    /// nothing happens. Like the kinds below, of calls on objects.
    CutBody(u64),
    /// A bit of what is stored changes after the check of what was sent; the answer has the checksum of what is stored.
    Corrupt,
    /// The call takes effect; the checksum in the answer is not that of what is stored.
    WrongChecksum,
    /// The end of an upload in parts: white space comes before the right answer.
    WhiteSpace,
    /// The end of an upload in parts: status 200 and white space, then an internal error as the body. Nothing happens.
    LateError,
}

/// What a failed task gives as its reason.
pub const TASK_FAILURE: &str = "the backend is out of order";

/// A fault to come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// The native action that it strikes, as on the wire: `RunInstances`.
    pub action: String,
    /// How many calls it strikes.
    pub times: u32,
    /// How many calls of the action pass before.
    pub after: u32,
    /// The number of the part that the call is about; `None` for any, and for calls that are about none.
    pub part: Option<u16>,
}

impl Fault {
    /// Makes a fault that strikes the next call of an action.
    pub fn new(kind: FaultKind, action: impl Into<String>) -> Self {
        Self {
            kind,
            action: action.into(),
            times: 1,
            after: 0,
            part: None,
        }
    }

    /// Strikes so many calls.
    #[must_use]
    pub fn with_times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Lets so many calls of the action pass before.
    #[must_use]
    pub fn with_after(mut self, after: u32) -> Self {
        self.after = after;
        self
    }

    /// Strikes calls about this part only.
    #[must_use]
    pub fn with_part(mut self, number: u16) -> Self {
        self.part = Some(number);
        self
    }
}

/// A native call, as the target saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// The action as on the wire.
    pub action: String,
    /// How many calls were under way when it came, itself included.
    pub in_flight: usize,
    /// The cloud's error code, when it was refused.
    pub error_code: Option<String>,
}

impl Call {
    /// Makes the record of a call.
    pub fn new(action: impl Into<String>, in_flight: usize, error_code: Option<String>) -> Self {
        Self {
            action: action.into(),
            in_flight,
            error_code,
        }
    }
}
