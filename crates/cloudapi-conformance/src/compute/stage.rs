//! Making servers for a case, and removing them.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use cloudapi_core::compute::{
    CreateInstancesRequest, CreateStatus, DescribeInstancesRequest, DestroyInstancesRequest,
    Instance, InstanceOutcome, InstanceOutcomes, InstanceState, OutcomeStatus, PrepaidPolicy,
    WaitOptions,
};
use cloudapi_core::{ComputeExt, ErrorKind, Filters, InstanceId};

use super::vendor::Vendor;
use crate::Capability;
use crate::context::{Context, TAG};
use crate::failure::{Failure, Verdict, ensure};

/// How many looks in a row must agree before a list counts as settled: more than any target lags.
const SETTLED_LOOKS: usize = 4;

/// What can servers be made from, in one account and region. The target knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComputeFixture {
    /// An image.
    pub image_id: String,
    /// A type that can be had.
    pub instance_type: String,
    /// A zone.
    pub zone: String,
    /// A network.
    pub vpc_id: String,
    /// A subnet of it, in the zone.
    pub subnet_id: String,
    /// Another network, which the subnet is not of.
    pub other_vpc_id: String,
    /// A security group of the network.
    pub security_group_id: String,
    /// A key pair as `KeyNames` takes it, if there is one.
    pub key_name: Option<String>,
}

impl ComputeFixture {
    /// Names what is needed at least.
    pub fn new(image_id: impl Into<String>, instance_type: impl Into<String>) -> Self {
        Self {
            image_id: image_id.into(),
            instance_type: instance_type.into(),
            zone: String::new(),
            vpc_id: String::new(),
            subnet_id: String::new(),
            other_vpc_id: String::new(),
            security_group_id: String::new(),
            key_name: None,
        }
    }

    /// Sets the zone, and a network with a subnet in that zone and a security group.
    #[must_use]
    pub fn with_network(
        mut self,
        zone: impl Into<String>,
        vpc: impl Into<String>,
        subnet: impl Into<String>,
        security_group: impl Into<String>,
    ) -> Self {
        self.zone = zone.into();
        self.vpc_id = vpc.into();
        self.subnet_id = subnet.into();
        self.security_group_id = security_group.into();
        self
    }

    /// Sets another network.
    #[must_use]
    pub fn with_other_vpc(mut self, vpc: impl Into<String>) -> Self {
        self.other_vpc_id = vpc.into();
        self
    }

    /// Sets a key pair.
    #[must_use]
    pub fn with_key_name(mut self, key: impl Into<String>) -> Self {
        self.key_name = Some(key.into());
        self
    }
}

/// The servers that a case made, for removing them.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<BTreeSet<InstanceId>>);

impl Ledger {
    fn add<'a>(&self, ids: impl IntoIterator<Item = &'a InstanceId>) {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.extend(ids.into_iter().cloned());
    }

    pub(crate) fn all(&self) -> BTreeSet<InstanceId> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Context {
    pub(crate) fn fixture(&self) -> &ComputeFixture {
        self.world().compute()
    }

    pub(crate) fn vendor(&self) -> &'static Vendor {
        Vendor::of(self.provider())
    }

    pub(crate) fn pace(&self) -> WaitOptions {
        self.world().pace()
    }

    /// A request for servers that carry this run's tag.
    pub(crate) fn request(&self) -> CreateInstancesRequest {
        let fixture = self.fixture();
        CreateInstancesRequest::new(&fixture.image_id, &fixture.instance_type)
            .with_subnet_id(&fixture.subnet_id)
            .with_name(format!("conformance-{}", self.run()))
            .with_tag(TAG, self.run())
    }

    /// A request to describe, in pages as the world wants them.
    pub(crate) fn describe(&self) -> DescribeInstancesRequest {
        match self.world().page_size() {
            Some(size) => DescribeInstancesRequest::new().with_page_size(size),
            None => DescribeInstancesRequest::new(),
        }
    }

    /// A request to describe this run's servers.
    pub(crate) fn mine(&self) -> DescribeInstancesRequest {
        self.describe()
            .with_filters(Filters::new().with(format!("tag:{TAG}"), [self.run()]))
    }

    /// Notes what a case made by itself.
    pub(crate) fn made<'a>(&self, ids: impl IntoIterator<Item = &'a InstanceId>) {
        self.servers.add(ids);
    }

    /// Makes servers and waits until they run.
    pub(crate) async fn launch(&self, count: u32) -> Verdict<Vec<InstanceId>> {
        self.launch_as(self.request().with_count(count)).await
    }

    /// Makes what is asked for and waits until it runs.
    pub(crate) async fn launch_as(
        &self,
        request: CreateInstancesRequest,
    ) -> Verdict<Vec<InstanceId>> {
        let compute = self.compute()?;
        let ids = compute.create_instances(request).await?.instance_ids;
        self.made(&ids);
        for created in compute.wait_for_instances(&ids, &self.pace()).await? {
            ensure!(
                created.status == CreateStatus::Running,
                "{} did not start: {:?}, {:?}",
                created.instance_id,
                created.status,
                created.reason
            );
        }
        Ok(ids)
    }

    /// Makes a server and leaves it pending.
    pub(crate) async fn launch_pending(&self) -> Verdict<InstanceId> {
        self.controls()?.set_transition_looks(10_000);
        let created = self.compute()?.create_instances(self.request()).await?;
        self.made(&created.instance_ids);
        let id = only(created.instance_ids)?;
        let options = self.pace().with_timeout(self.pace().interval * 8);
        let seen = self
            .compute()?
            .wait_for_instances(std::slice::from_ref(&id), &options)
            .await?;
        let state = only(seen)?.instance.map(|instance| instance.state);
        ensure!(
            state == Some(InstanceState::Pending),
            "{id} should be pending and is {state:?}"
        );
        Ok(id)
    }

    /// Gives this run's servers that are neither gone nor going, once what lags has come through.
    pub(crate) async fn settled(&self) -> Verdict<Vec<Instance>> {
        let compute = self.compute()?;
        let mut found = Vec::new();
        for look in 0..SETTLED_LOOKS {
            if look > 0 {
                tokio::time::sleep(self.pace().interval).await;
            }
            found = compute.describe_instances(self.mine()).await?;
        }
        self.made(found.iter().map(|instance| &instance.instance_id));
        found.retain(|instance| {
            !matches!(
                instance.state,
                InstanceState::Terminating | InstanceState::Terminated
            )
        });
        Ok(found)
    }

    /// Gives the state of one server; `None` when it is no longer listed.
    pub(crate) async fn state_of(&self, id: &InstanceId) -> Verdict<Option<InstanceState>> {
        let request = self
            .describe()
            .with_instance_ids([id.clone()])
            .with_allow_missing(true);
        let found = self.compute()?.describe_instances(request).await?;
        Ok(found.into_iter().next().map(|instance| instance.state))
    }

    /// Destroys what the case made, and what carries its tag all the same.
    pub(crate) async fn clean_up_servers(&self) -> Verdict {
        let made = self.servers.all();
        let compute = self.compute()?;
        let tagged = compute.describe_instances(self.mine()).await?;
        let mut ids = made;
        ids.extend(
            tagged
                .into_iter()
                .filter(|found| found.state != InstanceState::Terminated)
                .map(|found| found.instance_id),
        );
        if ids.is_empty() {
            return Ok(());
        }
        let request = destroy_for_good(self, ids);
        let outcomes = compute.destroy_instances(request).await;
        // A world with controls ends with the case, and may hold what was put into a state that nothing leads out of.
        if self.world().controls().is_some() {
            return Ok(());
        }
        outcomes?
            .into_result()
            .map(|_| ())
            .map_err(|error| Failure::new(format!("left behind: {error}")))
    }
}

/// A request that destroys whatever stands in the way.
fn destroy_for_good(
    cx: &Context,
    ids: impl IntoIterator<Item = InstanceId>,
) -> DestroyInstancesRequest {
    let request = DestroyInstancesRequest::new(ids)
        .with_disable_protection(true)
        .with_allow_missing(true);
    if Capability::Prepaid.held_by(cx.provider()) {
        request.with_prepaid(PrepaidPolicy::Release)
    } else {
        request
    }
}

/// Takes the one element of a list.
pub(crate) fn only<T>(list: Vec<T>) -> Verdict<T> {
    let count = list.len();
    match list.into_iter().next() {
        Some(element) if count == 1 => Ok(element),
        _ => Err(Failure::new(format!("expected one element, found {count}"))),
    }
}

/// Takes the outcome of an id that must be in the batch.
pub(crate) fn outcome<'a>(
    outcomes: &'a InstanceOutcomes,
    id: &InstanceId,
) -> Verdict<&'a InstanceOutcome> {
    outcomes
        .get(id.as_str())
        .ok_or_else(|| Failure::new(format!("{id} has no outcome")))
}

/// Checks that an id's outcome is a failure of this kind, and gives its message.
pub(crate) fn failed(
    outcomes: &InstanceOutcomes,
    id: &InstanceId,
    kind: ErrorKind,
) -> Verdict<String> {
    let outcome = outcome(outcomes, id)?;
    match (&outcome.error, outcome.status) {
        (Some(error), OutcomeStatus::Failed) if error.kind() == kind => Ok(error.to_string()),
        (error, status) => Err(Failure::new(format!(
            "{id}: expected a failure of kind {kind:?}, found {status:?} with {error:?}"
        ))),
    }
}

/// Checks that every id has this status.
pub(crate) fn all_are(outcomes: &InstanceOutcomes, status: OutcomeStatus) -> Verdict {
    for outcome in outcomes {
        ensure!(
            outcome.status == status,
            "{}: expected {status:?}, found {:?} with {:?}",
            outcome.instance_id,
            outcome.status,
            outcome.error
        );
    }
    Ok(())
}
