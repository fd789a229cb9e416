//! Starting and stopping: what is particular to CVM. One outcome per id is made of it by the batch engine of the core.
//!
//! CVM refuses a whole call for one bad id, also for one that is already there, and answers no states. So the states are
//! read before, and again whenever an answer was lost: no change is ever repeated without a look.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use cloudapi_core::compute::{
    BatchCalls, Billing, Charging, Decision, InstanceState, Seen, StopInstancesRequest, StopMode,
    Transition, decide,
};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{Error, InstanceId, Operation, Result};
use serde::Serialize;

use super::convert::{self, Record};
use super::plan::IDS_PER_CALL;
use super::wire::{
    Nothing, START_INSTANCES, STOP_INSTANCES, StartInstancesRequest,
    StopInstancesRequest as WireStop,
};
use super::{describe, wire};
use crate::client::{Action, Client};

/// Looks at instances for one operation, and remembers what it saw last.
#[derive(Debug)]
pub(super) struct Looks {
    client: Client,
    deadline: Deadline,
    last: Mutex<HashMap<InstanceId, Look>>,
}

/// What the last look at an instance showed, as far as the operations decide by it.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) state: InstanceState,
    pub(super) billing: Option<Billing>,
    pub(super) protected: bool,
    /// Whether an operation on it is under way.
    pub(super) operating: bool,
    charging: Option<Charging>,
}

impl Look {
    fn at(record: &Record) -> Self {
        let wire: &wire::Instance = &record.wire;
        let native_state = wire.instance_state.as_deref().unwrap_or_default();
        Self {
            state: convert::state(native_state),
            billing: wire.instance_charge_type.as_deref().map(convert::billing),
            protected: wire.disable_api_termination == Some(true),
            operating: wire.latest_operation_state.as_deref() == Some("OPERATING"),
            charging: convert::charging(wire),
        }
    }
}

impl Looks {
    pub(super) fn new(client: Client) -> Self {
        Self {
            deadline: client.start(),
            client,
            last: Mutex::default(),
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Looks at the instances; one that does not exist is absent.
    pub(super) async fn look(&self, ids: &[InstanceId]) -> Result<HashMap<InstanceId, Seen>> {
        let found = describe::by_id(&self.client, self.deadline, ids).await?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = HashMap::with_capacity(found.len());
        for id in ids {
            let Some(record) = found.get(id) else {
                last.remove(id);
                continue;
            };
            let look = Look::at(record);
            let finding = Seen::new(look.state.clone())
                .with_billing(look.billing.clone())
                .with_charging(look.charging.clone())
                .with_protected(Some(look.protected));
            seen.insert(id.clone(), finding);
            last.insert(id.clone(), look);
        }
        Ok(seen)
    }

    /// What was seen of an instance last.
    pub(super) fn last(&self, id: &InstanceId) -> Option<Look> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.get(id).cloned()
    }

    /// Calls an action that changes something, and gives its request id.
    pub(super) async fn change<Q: Serialize>(
        &self,
        action: &Action,
        request: &Q,
    ) -> Result<Option<String>> {
        let answer = self
            .client
            .call::<_, Nothing>(action, request, self.deadline);
        Ok(answer.await?.request_id)
    }
}

/// The ids as requests take them.
pub(super) fn texts(ids: &[InstanceId]) -> Vec<&str> {
    ids.iter().map(InstanceId::as_str).collect()
}

/// The same transition for all ids of a call.
pub(super) fn transitions(
    ids: &[InstanceId],
    current: &InstanceState,
    request_id: Option<&str>,
) -> Vec<Transition> {
    ids.iter()
        .map(|id| {
            let mut transition = Transition::new(id.clone(), Some(current.clone()));
            transition.request_id = request_id.map(str::to_owned);
            transition
        })
        .collect()
}

/// StartInstances.
#[derive(Debug)]
pub(super) struct Start {
    looks: Looks,
}

impl Start {
    pub(super) fn new(looks: Looks) -> Self {
        Self { looks }
    }
}

#[async_trait]
impl BatchCalls for Start {
    fn ids_per_call(&self) -> usize {
        IDS_PER_CALL
    }

    fn reads_first(&self) -> bool {
        true
    }

    async fn read(&self, ids: &[InstanceId]) -> Result<HashMap<InstanceId, Seen>> {
        self.looks.look(ids).await
    }

    fn decide(&self, id: &InstanceId, seen: Option<&Seen>) -> Decision {
        decide(Operation::StartInstances, id, seen)
    }

    async fn act(&self, group: u8, ids: &[InstanceId]) -> Result<Vec<Transition>> {
        let request = StartInstancesRequest {
            instance_ids: &texts(ids),
        };
        let request_id = self.looks.change(&START_INSTANCES, &request).await?;
        Ok(transitions(
            ids,
            &self.leads_to(group),
            request_id.as_deref(),
        ))
    }

    // The action has no dry run of its own; what the look tells is all there is.
    async fn check(&self, _group: u8, _ids: &[InstanceId]) -> Result<()> {
        Ok(())
    }

    fn leads_to(&self, _group: u8) -> InstanceState {
        InstanceState::Pending
    }
}

/// Stopped with the charge going on.
const PLAIN: u8 = 0;
/// Stopped with a wish for no charge.
const WITHOUT_CHARGE: u8 = 1;

/// StopInstances.
#[derive(Debug)]
pub(super) struct Stop {
    looks: Looks,
    how: &'static str,
    uncharged: bool,
}

impl Stop {
    /// # Errors
    ///
    /// `Unsupported` for a mode that CVM lacks.
    pub(super) fn new(looks: Looks, request: &StopInstancesRequest) -> Result<Self> {
        let how = match request.mode {
            StopMode::Graceful => "SOFT",
            StopMode::Force => "HARD",
            mode => {
                return Err(Error::unsupported(format!(
                    "Tencent Cloud can't stop an instance in the mode {mode:?}; it has Graceful and Force"
                )));
            }
        };
        Ok(Self {
            looks,
            how,
            uncharged: request.stop_charging,
        })
    }

    async fn stop(&self, ids: &[InstanceId], group: u8) -> Result<Option<String>> {
        let request = WireStop {
            instance_ids: &texts(ids),
            stop_type: self.how,
            stopped_mode: (group == WITHOUT_CHARGE).then_some("STOP_CHARGING"),
        };
        self.looks.change(&STOP_INSTANCES, &request).await
    }

    /// Reads back what the cloud made of the wish. While an instance is on the way down its record may not tell yet; then
    /// that the cloud took the wish is what is known.
    async fn without_charge(&self, transitions: &mut [Transition]) {
        let ids: Vec<InstanceId> = transitions
            .iter()
            .map(|transition| transition.instance_id.clone())
            .collect();
        let Ok(now) = self.looks.look(&ids).await else {
            return;
        };
        for transition in transitions {
            let told = now
                .get(&transition.instance_id)
                .and_then(|seen| seen.charging.clone());
            transition.charging = Some(told.unwrap_or(Charging::Stopped));
        }
    }
}

#[async_trait]
impl BatchCalls for Stop {
    fn ids_per_call(&self) -> usize {
        IDS_PER_CALL
    }

    fn reads_first(&self) -> bool {
        true
    }

    async fn read(&self, ids: &[InstanceId]) -> Result<HashMap<InstanceId, Seen>> {
        self.looks.look(ids).await
    }

    fn decide(&self, id: &InstanceId, seen: Option<&Seen>) -> Decision {
        match decide(Operation::StopInstances, id, seen) {
            // Only what is paid by the hour can go without charge; in one call with others it would be refused.
            Decision::Act(_)
                if self.uncharged
                    && seen.is_some_and(|seen| seen.billing == Some(Billing::OnDemand)) =>
            {
                Decision::Act(WITHOUT_CHARGE)
            }
            decision => decision,
        }
    }

    async fn act(&self, group: u8, ids: &[InstanceId]) -> Result<Vec<Transition>> {
        let (request_id, group) = match self.stop(ids, group).await {
            // One of several: the batch finds out which. A single one is stopped all the same, and its outcome tells that
            // the charge goes on.
            Err(error) if group == WITHOUT_CHARGE && ids.len() == 1 && needs_charge(&error) => {
                (self.stop(ids, PLAIN).await?, PLAIN)
            }
            result => (result?, group),
        };
        let mut transitions = transitions(ids, &self.leads_to(group), request_id.as_deref());
        if group == WITHOUT_CHARGE {
            self.without_charge(&mut transitions).await;
        } else {
            for transition in &mut transitions {
                transition.charging = Some(Charging::Continues);
            }
        }
        Ok(transitions)
    }

    async fn check(&self, _group: u8, _ids: &[InstanceId]) -> Result<()> {
        Ok(())
    }

    fn leads_to(&self, _group: u8) -> InstanceState {
        InstanceState::Stopping
    }
}

/// Whether the cloud can't stop this instance without charge: `…StoppedModeStopCharging`, `…StopChargingSameFamily`.
fn needs_charge(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        code.strip_prefix("UnsupportedOperation.")
            .is_some_and(|minor| {
                minor == "StoppedModeStopCharging" || minor.ends_with("StopChargingSameFamily")
            })
    })
}

#[cfg(test)]
mod tests {
    use cloudapi_core::ErrorKind;

    use super::*;

    #[test]
    fn both_refusals_of_going_without_charge() {
        let of = |code: &str| needs_charge(&Error::new(ErrorKind::Unsupported, "").with_code(code));
        assert!(of("UnsupportedOperation.StoppedModeStopCharging"));
        assert!(of("UnsupportedOperation.StoppedModeStopChargingSameFamily"));
        assert!(of("UnsupportedOperation.StopChargingSameFamily"));
        assert!(!of("UnsupportedOperation.InstanceStateStopped"));
    }
}
