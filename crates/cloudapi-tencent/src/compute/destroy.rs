//! Destroying: protection, and the two steps of what is paid for in advance.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cloudapi_core::compute::{
    BatchCalls, Billing, Decision, DestroyInstancesRequest, InstanceState, PrepaidPolicy, Seen,
    Transition, decide,
};
use cloudapi_core::{Error, ErrorKind, InstanceId, Operation, Result};

use super::batch::{Looks, texts, transitions};
use super::plan::IDS_PER_CALL;
use super::wire::{
    MODIFY_INSTANCES_ATTRIBUTE, ModifyInstancesAttributeRequest, TERMINATE_INSTANCES,
    TerminateInstancesRequest,
};

// One call takes instances of one way of paying only.
const ON_DEMAND: u8 = 0;
const SPOT: u8 = 1;
const ON_DEDICATED_HOST: u8 = 2;
const ON_DEDICATED_CLUSTER: u8 = 3;
const OTHER: u8 = 4;
/// Prepaid, into the recycle bin and no further.
const ISOLATE: u8 = 5;
/// Prepaid, into the recycle bin and out of it.
const RELEASE: u8 = 6;
/// Prepaid and in the recycle bin already.
const RELEASE_ISOLATED: u8 = 7;

/// How long an instance may take into the recycle bin, when the operation has no limit of its own.
const ISOLATED_WITHIN: Duration = Duration::from_mins(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// TerminateInstances.
#[derive(Debug)]
pub(super) struct Destroy {
    looks: Looks,
    disable_protection: bool,
    prepaid: PrepaidPolicy,
    allow_missing: bool,
    /// Instances in a call whose answer was lost: when they are gone, that was us.
    lost: Mutex<HashSet<InstanceId>>,
}

impl Destroy {
    pub(super) fn new(looks: Looks, request: &DestroyInstancesRequest) -> Self {
        Self {
            looks,
            disable_protection: request.disable_protection,
            prepaid: request.prepaid,
            allow_missing: request.allow_missing,
            lost: Mutex::default(),
        }
    }

    fn is_lost(&self, id: &InstanceId) -> bool {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.contains(id)
    }

    fn decide_prepaid(&self, id: &InstanceId, state: &InstanceState) -> Decision {
        let isolated = *state == InstanceState::Isolated;
        match self.prepaid {
            PrepaidPolicy::Isolate if isolated => Decision::AlreadyThere,
            // A second call would not isolate but release it for good, and a look may show an old state.
            PrepaidPolicy::Isolate if self.is_lost(id) => Decision::Fail(
                Error::new(
                    ErrorKind::Unavailable,
                    format!(
                        "{id} was to be isolated, the answer was lost, and it is still {state}; not repeated, since that \
                         could release it for good: look at it again, then call again"
                    ),
                )
                .with_resources([id.as_str()]),
            ),
            PrepaidPolicy::Isolate => Decision::Act(ISOLATE),
            PrepaidPolicy::Release if isolated => Decision::Act(RELEASE_ISOLATED),
            PrepaidPolicy::Release => Decision::Act(RELEASE),
            _ => refused(
                id,
                "is prepaid: say whether to isolate it or to release it for good (prepaid: Isolate or Release)",
            ),
        }
    }

    async fn terminate(&self, ids: &[InstanceId]) -> Result<Option<String>> {
        let request = TerminateInstancesRequest {
            instance_ids: &texts(ids),
        };
        let result = self.looks.change(&TERMINATE_INSTANCES, &request).await;
        match result {
            Err(error) if error.code() == Some(PROTECTED) && self.disable_protection => {
                // Protection that the look did not show.
                self.unprotect(ids).await?;
                self.looks.change(&TERMINATE_INSTANCES, &request).await
            }
            result => result,
        }
        .inspect_err(|error| {
            if leaves_open(error) {
                let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
                lost.extend(ids.iter().cloned());
            }
        })
    }

    async fn unprotect(&self, ids: &[InstanceId]) -> Result<()> {
        let request = ModifyInstancesAttributeRequest {
            instance_ids: &texts(ids),
            disable_api_termination: false,
        };
        self.looks
            .change(&MODIFY_INSTANCES_ATTRIBUTE, &request)
            .await?;
        Ok(())
    }

    /// Waits until the instances are in the recycle bin with nothing under way, which the second call needs. Gives those
    /// that are there; the others vanished.
    async fn isolated(&self, ids: &[InstanceId]) -> Result<Vec<InstanceId>> {
        let mut pause = self.looks.client().retry().base_delay.min(LONGEST_PAUSE);
        let mut waited = Duration::ZERO;
        loop {
            let now = self.looks.look(ids).await?;
            let ready = |id: &InstanceId| {
                self.looks
                    .last(id)
                    .is_none_or(|look| look.state == InstanceState::Isolated && !look.operating)
            };
            let late: Vec<&str> = ids
                .iter()
                .filter(|id| !ready(id))
                .map(InstanceId::as_str)
                .collect();
            if late.is_empty() {
                return Ok(ids
                    .iter()
                    .filter(|id| now.contains_key(*id))
                    .cloned()
                    .collect());
            }
            let overdue = Error::new(
                ErrorKind::Timeout,
                format!(
                    "{} did not reach the recycle bin in time, hence not released; call again to release",
                    late.join(", ")
                ),
            )
            // What was done is known, so there is nothing to look for.
            .with_certainly_undone(true);
            if waited >= ISOLATED_WITHIN {
                return Err(overdue);
            }
            self.looks
                .deadline()
                .sleep(pause, overdue.clone())
                .await
                .map_err(|_| overdue)?;
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

#[async_trait]
impl BatchCalls for Destroy {
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
        let Some(seen) = seen else {
            return if self.allow_missing || self.is_lost(id) {
                Decision::AlreadyThere
            } else {
                decide(Operation::DestroyInstances, id, None)
            };
        };
        match &seen.state {
            InstanceState::Terminating | InstanceState::Terminated => Decision::AlreadyThere,
            state @ (InstanceState::Pending
            | InstanceState::Rebooting
            | InstanceState::Stopping
            | InstanceState::LaunchFailed) => refused(
                id,
                &format!("is {state}; CVM destroys what is running, stopped or isolated"),
            ),
            _ if seen.protected == Some(true) && !self.disable_protection => refused(
                id,
                "has termination protection (DisableApiTermination); take it off or say so (disable_protection)",
            ),
            state => match &seen.billing {
                Some(Billing::Prepaid) => self.decide_prepaid(id, state),
                Some(Billing::OnDemand) => Decision::Act(ON_DEMAND),
                Some(Billing::Spot) => Decision::Act(SPOT),
                Some(other) if other.as_str() == "CDHPAID" => Decision::Act(ON_DEDICATED_HOST),
                Some(other) if other.as_str() == "CDCPAID" => Decision::Act(ON_DEDICATED_CLUSTER),
                _ => Decision::Act(OTHER),
            },
        }
    }

    async fn act(&self, group: u8, ids: &[InstanceId]) -> Result<Vec<Transition>> {
        if self.disable_protection {
            let protected: Vec<InstanceId> = ids
                .iter()
                .filter(|id| self.looks.last(id).is_some_and(|look| look.protected))
                .cloned()
                .collect();
            if !protected.is_empty() {
                self.unprotect(&protected).await?;
            }
        }
        let mut request_id = self.terminate(ids).await?;
        if group == RELEASE {
            let isolated = self.isolated(ids).await?;
            if !isolated.is_empty() {
                request_id = self.terminate(&isolated).await?;
            }
        }
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

    fn leads_to(&self, group: u8) -> InstanceState {
        if group == ISOLATE {
            InstanceState::Isolated
        } else {
            InstanceState::Terminating
        }
    }
}

fn refused(id: &InstanceId, why: &str) -> Decision {
    Decision::Fail(
        Error::new(ErrorKind::InvalidState, format!("{id} {why}")).with_resources([id.as_str()]),
    )
}

/// The refusal of what is protected.
const PROTECTED: &str = "UnsupportedOperation.InstancesProtected";

/// Whether the failure leaves open what the cloud did.
fn leaves_open(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Unavailable
    ) && !error.is_certainly_undone()
}
