//! The emulator as its users see it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::fault::{Fault, Faults};
use crate::keys::{Key, KeyRing};
use crate::record::{Call, Record};
use crate::storage::Storage;
use crate::world::{Everything, Settings, World};
use crate::{Cloud, server};

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) aws_keys: KeyRing,
    pub(crate) tencent_keys: KeyRing,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) max_in_flight: AtomicUsize,
    world: Mutex<Everything>,
    faults: Mutex<Faults>,
    record: Mutex<Record>,
    pub(crate) storage: Storage,
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, Everything> {
        lock(&self.world)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.world().common.settings);
    }

    pub(crate) fn request_id(&self) -> String {
        self.world().common.random.uuid()
    }
}

/// A call that panicked leaves nothing half-written that would be worse than refusing all calls after it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Settings for an [`Emulator`], from [`Emulator::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct EmulatorBuilder {
    settings: Settings,
    seed: u64,
    address: String,
    aws_keys: KeyRing,
    tencent_keys: KeyRing,
    capacity: Vec<(Cloud, String, u64)>,
}

impl EmulatorBuilder {
    /// Shows a change only after the instance was looked at so many times (default 0): each describe call that would
    /// list it counts as one. A new instance is not there, a changed one has its old state until then. Changes to routes of
    /// EC2 and to the targets of ELB lag in the same way.
    pub fn with_lag(mut self, polls: u32) -> Self {
        self.settings.lag = polls;
        self
    }

    /// Keeps an instance in a passing state (`pending`, `STOPPING`) for so many looks, default 1; with 0 it is never seen
    /// in one. Nothing passes by time alone. Targets of load balancers (`initial`, `draining`, `Unknown`) and the tasks of CLB
    /// last as long.
    pub fn with_transition_polls(mut self, polls: u32) -> Self {
        self.settings.transition_polls = polls;
        self
    }

    /// Cuts the lists of EC2, ELB, S3 and COS into pages of at most this many items although more were asked for, with a token for the
    /// next (default: no cut). Instances named by id come in one answer, which has no pages. CVM honours `Limit` as the real one does.
    pub fn with_page_cap(mut self, instances: usize) -> Self {
        self.settings.page_cap = Some(instances.max(1));
        self
    }

    /// Chooses the ids that are made up; the same seed and calls give the same ids.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Listens on this address, default `127.0.0.1:0` (any free port of the loopback interface).
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// Takes this as the AWS key instead of the vendor's documented example.
    pub fn with_aws_key(mut self, key: Key) -> Self {
        self.aws_keys.lasting.key = key;
        self
    }

    /// Takes this as the Tencent Cloud key instead of the vendor's documented example.
    pub fn with_tencent_key(mut self, key: Key) -> Self {
        self.tencent_keys.lasting.key = key;
        self
    }

    /// Limits how many instances of a type can be launched, as [`World::with_capacity`] does later.
    pub fn with_capacity(
        mut self,
        cloud: Cloud,
        instance_type: impl Into<String>,
        count: u64,
    ) -> Self {
        self.capacity.push((cloud, instance_type.into(), count));
        self
    }

    /// Starts listening, in the background of the current Tokio runtime.
    ///
    /// # Errors
    /// The address can't be understood or listened on.
    pub async fn start(self) -> Result<Emulator, std::io::Error> {
        let listener = TcpListener::bind(&self.address).await?;
        let address = listener.local_addr()?;
        let mut everything = Everything::new(self.settings, self.seed);
        everything.common.capacity.extend(
            self.capacity
                .into_iter()
                .map(|(cloud, kind, left)| ((cloud, kind), left)),
        );
        let shared = Arc::new(Shared {
            clock: Clock::default(),
            aws_keys: self.aws_keys,
            tencent_keys: self.tencent_keys,
            in_flight: AtomicUsize::new(0),
            max_in_flight: AtomicUsize::new(0),
            world: Mutex::new(everything),
            faults: Mutex::new(Faults::default()),
            record: Mutex::new(Record::default()),
            storage: Storage::new()?,
        });
        let task = tokio::spawn(server::listen(listener, Arc::clone(&shared)));
        Ok(Emulator {
            shared,
            address,
            task,
        })
    }
}

/// Two clouds on one local port. It stops when dropped.
///
/// See the [crate's documentation](crate) for an example and for what is served.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Emulator {
    /// Settings to start from.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            settings: Settings {
                lag: 0,
                transition_polls: 1,
                page_cap: None,
            },
            seed: 1,
            address: "127.0.0.1:0".to_owned(),
            aws_keys: KeyRing::of(Cloud::Aws),
            tencent_keys: KeyRing::of(Cloud::Tencent),
            capacity: Vec::new(),
        }
    }

    /// Starts with the default settings on a free port of the loopback interface.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start() -> Result<Self, std::io::Error> {
        Self::builder().start().await
    }

    /// Where to point clients of either cloud: `http://127.0.0.1:PORT`.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The lasting AWS key: AWS's documented example unless the builder was given another.
    pub fn aws_key(&self) -> Key {
        self.shared.aws_keys.lasting.key.clone()
    }

    /// The lasting Tencent Cloud key: an example in the documented shape unless the builder was given another.
    pub fn tencent_key(&self) -> Key {
        self.shared.tencent_keys.lasting.key.clone()
    }

    /// A temporary key, refused without its session token.
    pub fn temporary_key(&self, cloud: Cloud) -> Key {
        self.ring(cloud).temporary.key.clone()
    }

    /// A temporary key whose time is over: calls with it are refused with the cloud's code for that.
    pub fn expired_key(&self, cloud: Cloud) -> Key {
        self.ring(cloud).expired.key.clone()
    }

    /// Ends the time of the temporary key: from now on calls with it are refused with the cloud's code for that.
    pub fn end_temporary_key(&self, cloud: Cloud) {
        self.ring(cloud).temporary.end();
    }

    /// Queues a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults().add(fault);
    }

    /// Drops the faults that have not struck yet.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// The calls seen so far, oldest first; at most the last 100 000.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.record().calls()
    }

    /// Forgets the calls seen so far, and the most that were under way at once.
    pub fn clear_calls(&self) {
        self.shared.record().clear();
        self.shared.max_in_flight.store(0, Ordering::SeqCst);
    }

    /// The most calls that were under way at once.
    pub fn max_in_flight(&self) -> usize {
        self.shared.max_in_flight.load(Ordering::SeqCst)
    }

    /// Sets the server's clock so many seconds ahead of (or, negative, behind) the real one; the `Date` header of the
    /// answers shows it, and signatures are judged by it.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.shared.clock.set_offset(seconds);
    }

    /// Changes what [`EmulatorBuilder::with_lag`] set, for changes from now on.
    pub fn set_lag(&self, polls: u32) {
        self.shared.set(|settings| settings.lag = polls);
    }

    /// Changes what [`EmulatorBuilder::with_transition_polls`] set, for changes from now on.
    pub fn set_transition_polls(&self, polls: u32) {
        self.shared
            .set(|settings| settings.transition_polls = polls);
    }

    /// Changes what [`EmulatorBuilder::with_page_cap`] set; `None` lifts it.
    pub fn set_page_cap(&self, instances: impl Into<Option<usize>>) {
        let cap = instances.into().map(|cap| cap.max(1));
        self.shared.set(|settings| settings.page_cap = cap);
    }

    /// Adds `count` running instances to the cloud's default region at once, and gives their ids.
    pub fn add_instances(&self, cloud: Cloud, count: usize) -> Vec<String> {
        self.world().add_instances(cloud, count)
    }

    /// Moves the world by hand.
    pub fn world(&self) -> World<'_> {
        World::new(&self.shared)
    }

    /// Forgets instances, limits, faults and calls: the world is as new. Settings and the clock stay.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Stops listening and closes all connections.
    pub async fn stop(mut self) {
        self.task.abort();
        // The task was cancelled, which is what was wanted.
        let _ = (&mut self.task).await;
    }

    fn ring(&self, cloud: Cloud) -> &KeyRing {
        self.shared.ring(cloud)
    }
}

impl Shared {
    pub(crate) fn reset(&self) {
        self.world().reset();
        self.storage.reset();
        self.faults().clear();
        self.record().clear();
        self.max_in_flight.store(0, Ordering::SeqCst);
    }

    pub(crate) fn ring(&self, cloud: Cloud) -> &KeyRing {
        match cloud {
            Cloud::Aws => &self.aws_keys,
            Cloud::Tencent => &self.tencent_keys,
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}
