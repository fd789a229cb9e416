//! StartInstances, StopInstances, DestroyInstances: EC2 refuses a whole call for one bad id.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, InstanceStateChange};
use cloudapi_core::compute::{
    BatchCalls, Charging, Decision, DestroyInstancesRequest, InstanceOutcomes, InstanceState,
    PrepaidPolicy, Seen, StartInstancesRequest, StopInstancesRequest, StopMode, Transition, decide,
    run_batch, unique_ids,
};
use cloudapi_core::{Error, ErrorKind, InstanceId, Result};

use super::{IDS_PER_CALL, Scope, check_ids, convert, describe, is_instance_id, named};
use crate::calls::Answer;
use crate::error;

/// What a refusal for protection is called.
const PROTECTED: &str = "OperationNotPermitted";
/// How EC2 says that a dry run would have gone through.
const WOULD_SUCCEED: &str = "DryRunOperation";

pub(super) async fn start(
    scope: Scope<'_>,
    request: &StartInstancesRequest,
) -> Result<InstanceOutcomes> {
    run(scope, Action::Start, &request.instance_ids, request.dry_run).await
}

pub(super) async fn stop(
    scope: Scope<'_>,
    request: &StopInstancesRequest,
) -> Result<InstanceOutcomes> {
    let action = Action::Stop(request.mode);
    run(scope, action, &request.instance_ids, request.dry_run).await
}

pub(super) async fn destroy(
    scope: Scope<'_>,
    request: &DestroyInstancesRequest,
) -> Result<InstanceOutcomes> {
    if request.prepaid != PrepaidPolicy::Refuse {
        return Err(named(scope.operation)(Error::unsupported(
            "EC2 has no prepaid instances; leave Prepaid out",
        )));
    }
    let action = Action::Destroy {
        allow_missing: request.allow_missing,
        disable_protection: request.disable_protection,
    };
    run(scope, action, &request.instance_ids, request.dry_run).await
}

async fn run(
    scope: Scope<'_>,
    action: Action,
    ids: &[InstanceId],
    dry_run: bool,
) -> Result<InstanceOutcomes> {
    let name = named(scope.operation);
    let checked = unique_ids(ids).and_then(|ids| check_ids(&ids).map(|()| ids));
    let ids = checked.map_err(&name)?;
    let batch = Batch {
        scope,
        action,
        protected: Mutex::default(),
    };
    let mut outcomes = run_batch(&batch, &ids, scope.ec2.calls.retry(), dry_run)
        .await
        .map_err(&name)?;
    for outcome in &mut outcomes.outcomes {
        outcome.error = outcome.error.take().map(&name);
    }
    Ok(outcomes)
}

#[derive(Clone, Copy)]
enum Action {
    Start,
    Stop(StopMode),
    Destroy {
        allow_missing: bool,
        disable_protection: bool,
    },
}

struct Batch<'a> {
    scope: Scope<'a>,
    action: Action,
    /// What EC2 named as protected when it refused a call.
    protected: Mutex<HashMap<InstanceId, Error>>,
}

#[async_trait]
impl BatchCalls for Batch<'_> {
    fn ids_per_call(&self) -> usize {
        IDS_PER_CALL
    }

    /// EC2 takes what is already there for a success and tells the state before.
    fn reads_first(&self) -> bool {
        false
    }

    async fn read(&self, ids: &[InstanceId]) -> Result<HashMap<InstanceId, Seen>> {
        let found = describe::find(self.scope, ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, instance)| {
                let seen =
                    Seen::new(convert::state(instance.state())).with_charging(self.charging());
                (id, seen)
            })
            .collect())
    }

    fn decide(&self, id: &InstanceId, seen: Option<&Seen>) -> Decision {
        if seen.is_none()
            && matches!(
                self.action,
                Action::Destroy {
                    allow_missing: true,
                    ..
                }
            )
        {
            return Decision::AlreadyThere;
        }
        match decide(self.scope.operation, id, seen) {
            Decision::Act(group) => match self.protected().get(id) {
                Some(error) => Decision::Fail(error.clone()),
                None => Decision::Act(group),
            },
            other => other,
        }
    }

    async fn act(&self, _group: u8, ids: &[InstanceId]) -> Result<Vec<Transition>> {
        let mut again = false;
        let mut disabled = HashSet::new();
        loop {
            let error = match self.change(ids, false).await {
                Ok(answer) => {
                    let repeated = again || answer.repeated;
                    return Ok(self.transitions(answer, repeated));
                }
                Err(error) if error.code() == Some(PROTECTED) => error,
                Err(error) => return Err(error),
            };
            let named = named_ids(&error, ids);
            let may_disable = matches!(
                self.action,
                Action::Destroy {
                    disable_protection: true,
                    ..
                }
            );
            if !may_disable {
                for id in named {
                    let error = self.protection_error(&error, id.as_str());
                    self.protected().insert(id, error);
                }
                return Err(self.protection_error(&error, "an instance"));
            }
            let on: Vec<InstanceId> = named
                .into_iter()
                .filter(|id| disabled.insert(id.clone()))
                .collect();
            if on.is_empty() {
                return Err(self.protection_error(&error, "an instance"));
            }
            for id in &on {
                self.take_protection_off(id).await?;
            }
            // Those in other zones are being terminated already: their state before is our own doing.
            again = true;
        }
    }

    async fn check(&self, _group: u8, ids: &[InstanceId]) -> Result<()> {
        match self.change(ids, true).await {
            Err(error) if error.code() == Some(WOULD_SUCCEED) => Ok(()),
            Err(error) if error.code() == Some(PROTECTED) => {
                Err(self.protection_error(&error, "an instance"))
            }
            other => other.map(|_| ()),
        }
    }

    fn leads_to(&self, _group: u8) -> InstanceState {
        match self.action {
            Action::Start => InstanceState::Pending,
            Action::Stop(_) => InstanceState::Stopping,
            Action::Destroy { .. } => InstanceState::Terminating,
        }
    }

    /// TerminateInstances spares the zone of a protected instance and terminates those in others.
    fn may_have_acted(&self, error: &Error) -> bool {
        matches!(self.action, Action::Destroy { .. }) && error.code() == Some(PROTECTED)
    }
}

impl Batch<'_> {
    fn protected(&self) -> std::sync::MutexGuard<'_, HashMap<InstanceId, Error>> {
        self.protected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// EC2 charges no compute for an instance that is not running.
    fn charging(&self) -> Option<Charging> {
        matches!(self.action, Action::Stop(_)).then_some(Charging::Stopped)
    }

    /// Makes the call, or has EC2 check it.
    async fn change(&self, ids: &[InstanceId], dry_run: bool) -> Result<Answer<Changes>> {
        let client = &self.scope.ec2.client;
        let calls = &self.scope.ec2.calls;
        let dry_run = dry_run.then_some(true);
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let incomplete = || error::incomplete("no list of instances");
        match self.action {
            Action::Start => {
                let send = || {
                    let call = client.start_instances().set_dry_run(dry_run);
                    call.set_instance_ids(Some(ids.clone())).send()
                };
                let answer = calls
                    .call(self.scope.call("StartInstances"), send, |answer| {
                        answer
                            .starting_instances
                            .as_ref()
                            .map(|_| ())
                            .ok_or_else(incomplete)
                    })
                    .await?;
                Ok(answer.map(|answer| answer.starting_instances.unwrap_or_default()))
            }
            Action::Stop(mode) => {
                let send = || {
                    let call = client.stop_instances().set_dry_run(dry_run);
                    call.set_instance_ids(Some(ids.clone()))
                        .set_force((mode == StopMode::Force).then_some(true))
                        .set_hibernate((mode == StopMode::Hibernate).then_some(true))
                        .send()
                };
                let answer = calls
                    .call(self.scope.call("StopInstances"), send, |answer| {
                        answer
                            .stopping_instances
                            .as_ref()
                            .map(|_| ())
                            .ok_or_else(incomplete)
                    })
                    .await?;
                Ok(answer.map(|answer| answer.stopping_instances.unwrap_or_default()))
            }
            Action::Destroy { .. } => {
                let send = || {
                    let call = client.terminate_instances().set_dry_run(dry_run);
                    call.set_instance_ids(Some(ids.clone())).send()
                };
                let answer = calls
                    .call(self.scope.call("TerminateInstances"), send, |answer| {
                        answer
                            .terminating_instances
                            .as_ref()
                            .map(|_| ())
                            .ok_or_else(incomplete)
                    })
                    .await?;
                Ok(answer.map(|answer| answer.terminating_instances.unwrap_or_default()))
            }
        }
    }

    async fn take_protection_off(&self, id: &InstanceId) -> Result<()> {
        let send = || {
            self.scope
                .ec2
                .client
                .modify_instance_attribute()
                .instance_id(id.as_str())
                .disable_api_termination(AttributeBooleanValue::builder().value(false).build())
                .send()
        };
        self.scope
            .ec2
            .calls
            .call(self.scope.call("ModifyInstanceAttribute"), send, |_| Ok(()))
            .await
            .map(|_| ())
    }

    fn transitions(&self, answer: Answer<Changes>, repeated: bool) -> Vec<Transition> {
        answer
            .value
            .into_iter()
            .filter_map(|change| {
                let state = |state: Option<&_>| state.map(|state| convert::state(Some(state)));
                let id = InstanceId::new(change.instance_id()?);
                let mut transition = Transition::new(id, state(change.current_state()));
                transition.previous = state(change.previous_state());
                transition.charging = self.charging();
                transition.request_id.clone_from(&answer.request_id);
                transition.repeated = repeated;
                Some(transition)
            })
            .collect()
    }

    fn protection_error(&self, refusal: &Error, who: &str) -> Error {
        let message = match self.action {
            Action::Destroy { .. } => format!(
                "{who} has termination protection on; take it off, or ask for that with DisableProtection"
            ),
            Action::Stop(_) => {
                format!("{who} has stop protection on (disableApiStop); take it off first")
            }
            Action::Start => refusal.message().to_owned(),
        };
        refusal
            .clone()
            .with_kind(ErrorKind::InvalidState)
            .with_message(message)
    }
}

type Changes = Vec<InstanceStateChange>;

/// The instances that EC2's refusal names, of those that were asked for; the only one, if there was one.
fn named_ids(refusal: &Error, ids: &[InstanceId]) -> Vec<InstanceId> {
    if let [only] = ids {
        return vec![only.clone()];
    }
    let named: HashSet<&str> = refusal
        .message()
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| is_instance_id(word))
        .collect();
    ids.iter()
        .filter(|id| named.contains(id.as_str()))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_says_who_is_protected() {
        let refusal = Error::new(
            ErrorKind::InvalidState,
            "The instance 'i-0123456789abcdef0' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
        );
        let [a, b]: [InstanceId; 2] = ["i-0123456789abcdef0".into(), "i-1a2b3c4d".into()];
        assert_eq!(named_ids(&refusal, &[b.clone(), a.clone()]), [a]);
        assert_eq!(named_ids(&refusal, std::slice::from_ref(&b)), [b]);
    }
}
