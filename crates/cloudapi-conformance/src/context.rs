//! What a case works with: a connection, the world's controls, and what has to be cleaned up.
//!
//! Each family adds its own helpers in an `impl Context` in its folder, and a ledger of what it made as a field here.

use std::sync::Arc;

use cloudapi_core::{
    CloudProvider, Compute, LoadBalancer, Network, Operation, Provider, ProviderConfig, Result,
    Storage,
};

use crate::compute::Ledger;
use crate::failure::{Failure, Verdict};
use crate::network::TableLedger;
use crate::target::{Call, Controls, World};

/// The tag on everything that a case makes; its value tells the case's run.
pub const TAG: &str = "cloudapi-conformance";

/// What a case works with.
#[derive(Debug)]
pub(crate) struct Context {
    world: Box<dyn World>,
    cloud: Arc<dyn CloudProvider>,
    run: String,
    pub(crate) servers: Ledger,
    pub(crate) tables: TableLedger,
}

impl Context {
    /// Connects to a world.
    pub(crate) async fn new(world: Box<dyn World>) -> Result<Self> {
        let cloud = world.connect(world.config()).await?;
        let run = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
        Ok(Self {
            world,
            cloud,
            run,
            servers: Ledger::default(),
            tables: TableLedger::default(),
        })
    }

    pub(crate) fn provider(&self) -> Provider {
        self.cloud.provider()
    }

    pub(crate) fn world(&self) -> &dyn World {
        &*self.world
    }

    /// The value of [`TAG`] for this run of the case.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    pub(crate) fn compute(&self) -> Verdict<Arc<dyn Compute>> {
        Ok(self.cloud.compute()?)
    }

    pub(crate) fn network(&self) -> Verdict<Arc<dyn Network>> {
        Ok(self.cloud.network()?)
    }

    pub(crate) fn load_balancer(&self) -> Verdict<Arc<dyn LoadBalancer>> {
        Ok(self.cloud.load_balancer()?)
    }

    pub(crate) fn storage(&self) -> Verdict<Arc<dyn Storage>> {
        Ok(self.cloud.storage()?)
    }

    /// Connects once more, with changed settings.
    pub(crate) async fn connect(
        &self,
        change: impl FnOnce(ProviderConfig) -> ProviderConfig,
    ) -> Result<Arc<dyn CloudProvider>> {
        self.world.connect(change(self.world.config())).await
    }

    /// The controls, for a case that declared what it needs of them.
    pub(crate) fn controls(&self) -> Verdict<&dyn Controls> {
        self.world
            .controls()
            .ok_or_else(|| Failure::new("the target promised controls and has none"))
    }

    /// The native calls since the record was cleared; none where the target keeps no record.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.world
            .controls()
            .map(Controls::calls)
            .unwrap_or_default()
    }

    pub(crate) fn clear_calls(&self) {
        if let Some(controls) = self.world.controls() {
            controls.clear_calls();
        }
    }

    /// How often an action was called since the record was cleared.
    pub(crate) fn calls_to(&self, action: &str) -> usize {
        self.calls()
            .iter()
            .filter(|call| call.action == action)
            .count()
    }

    /// Removes what the case made. Gives what could not be removed.
    pub(crate) async fn clean_up(&self) -> Verdict {
        if let Some(controls) = self.world.controls() {
            controls.clear_faults();
            controls.set_clock_offset(0);
        }
        self.put_tables_back().await?;
        self.clean_up_targets().await?;
        self.clean_up_servers().await
    }

    /// Ends the world.
    pub(crate) async fn close(self) {
        self.world.close().await;
    }
}

/// The native action behind an operation on servers, which both clouds name alike.
pub(crate) fn native_action(operation: Operation) -> &'static str {
    match operation {
        Operation::CreateInstances => "RunInstances",
        Operation::DestroyInstances => "TerminateInstances",
        other => other.as_str(),
    }
}
