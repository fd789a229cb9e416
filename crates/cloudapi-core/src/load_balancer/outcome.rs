//! What came of a request, target by target.

use serde::{Serialize, Serializer};

use super::{HealthState, OutcomeStatus, Target};
use crate::compute::{concerns_ids, summarize};
use crate::{BackendGroupId, Error, ErrorKind, InstanceId, LoadBalancerId, Result};

/// What came of registering or deregistering one target.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct TargetOutcome {
    /// The instance, or whatever the target was named by.
    pub instance_id: InstanceId,
    /// Whether it was changed.
    pub status: OutcomeStatus,
    /// Its state in the group before; [`HealthState::Unused`] when it was not registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<HealthState>,
    /// Its state in the group after, as last seen; [`HealthState::Unused`] when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_state: Option<HealthState>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// The group.
    pub backend_group_id: BackendGroupId,
    /// The port; absent where a target has none, and where one was to be deregistered that has no port in the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Its weight after, where the cloud has one and it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
}

impl TargetOutcome {
    /// Makes the outcome of a target without states.
    pub fn new(target: &Target, group: &BackendGroupId, status: OutcomeStatus) -> Self {
        Self {
            instance_id: target.instance_id.clone(),
            status,
            previous_state: None,
            current_state: None,
            error: None,
            backend_group_id: group.clone(),
            port: target.port,
            weight: target.weight,
        }
    }

    /// Sets the state before.
    #[must_use]
    pub fn with_previous_state(mut self, state: Option<HealthState>) -> Self {
        self.previous_state = state;
        self
    }

    /// Sets the state after.
    #[must_use]
    pub fn with_current_state(mut self, state: Option<HealthState>) -> Self {
        self.current_state = state;
        self
    }

    /// Marks it as failed, in the state that it was in before.
    #[must_use]
    pub fn with_failure(mut self, error: Error) -> Self {
        self.status = OutcomeStatus::Failed;
        self.current_state = self.previous_state.clone();
        self.error = Some(error);
        self
    }

    /// The target as text: `i-1:8080`.
    pub(super) fn target(&self) -> Target {
        Target {
            port: self.port,
            ..Target::new(self.instance_id.clone())
        }
    }
}

/// An outcome for each target, in the order asked. In JSON a list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TargetOutcomes {
    /// The load balancer, as the cloud identifies it. Not part of the JSON form.
    pub load_balancer_id: LoadBalancerId,
    /// One outcome for each target.
    pub outcomes: Vec<TargetOutcome>,
}

impl TargetOutcomes {
    /// Gathers the outcomes of a request.
    pub fn new(load_balancer_id: impl Into<LoadBalancerId>, outcomes: Vec<TargetOutcome>) -> Self {
        Self {
            load_balancer_id: load_balancer_id.into(),
            outcomes,
        }
    }

    /// Goes through the outcomes in the order asked.
    pub fn iter(&self) -> std::slice::Iter<'_, TargetOutcome> {
        self.outcomes.iter()
    }

    /// Gives the failures, if there are any, as one error: of the kind that all have, else [`ErrorKind::Other`].
    pub fn failure(&self) -> Option<Error> {
        let named: Vec<String> = self.iter().map(|one| one.target().to_string()).collect();
        let failures = named
            .iter()
            .zip(self)
            .filter_map(|(name, outcome)| Some((name.as_str(), outcome.error.as_ref()?)));
        summarize(self.outcomes.len(), failures)
    }

    /// Takes any failure as a failure of all: for callers who want all or nothing.
    ///
    /// # Errors
    ///
    /// That of [`TargetOutcomes::failure`]; its resources are the targets that failed.
    pub fn into_result(self) -> Result<Self> {
        match self.failure() {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    /// Makes one error of outcomes that all failed for a reason that has nothing to do with the targets: no key, no
    /// permission, no network. For providers.
    ///
    /// # Errors
    ///
    /// That reason; its resources are the instances.
    pub fn or_common_failure(self) -> Result<Self> {
        let of_the_call = |error: &Error| {
            !concerns_ids(error.kind()) || error.kind() == ErrorKind::PermissionDenied
        };
        let mut errors = self.iter().map(|outcome| outcome.error.as_ref());
        let Some(Some(first)) = errors.next() else {
            return Ok(self);
        };
        let common = of_the_call(first)
            && errors.all(|error| error.is_some_and(|error| error.kind() == first.kind()));
        if !common {
            return Ok(self);
        }
        let ids = self.iter().map(|outcome| outcome.instance_id.as_str());
        Err(first.clone().with_resources(ids))
    }
}

impl<'a> IntoIterator for &'a TargetOutcomes {
    type Item = &'a TargetOutcome;
    type IntoIter = std::slice::Iter<'a, TargetOutcome>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for TargetOutcomes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.outcomes.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(id: &str, kind: ErrorKind) -> TargetOutcome {
        let target = Target::new(id).with_port(80);
        TargetOutcome::new(&target, &"g".into(), OutcomeStatus::Changed)
            .with_previous_state(Some(HealthState::Unused))
            .with_failure(Error::new(kind, "no"))
    }

    #[test]
    fn json_is_a_list_in_the_interface_names() {
        let target = Target::new("ins-1").with_port(80).with_weight(0);
        let changed = TargetOutcome::new(&target, &"lbl-1".into(), OutcomeStatus::Changed)
            .with_previous_state(Some(HealthState::Unused))
            .with_current_state(Some(HealthState::Initial));
        let outcomes = TargetOutcomes::new("lb-1", vec![changed]);
        assert_eq!(
            serde_json::to_value(&outcomes).unwrap(),
            serde_json::json!([{"InstanceId": "ins-1", "Status": "Changed", "PreviousState": "Unused",
                "CurrentState": "Initial", "BackendGroupId": "lbl-1", "Port": 80, "Weight": 0}])
        );
    }

    #[test]
    fn failures_name_instance_and_port() {
        let error = TargetOutcomes::new(
            "lb",
            vec![
                failed("i-1", ErrorKind::InvalidArgument),
                failed("i-2", ErrorKind::InvalidArgument),
            ],
        )
        .into_result()
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.resources(), ["i-1:80", "i-2:80"]);
    }

    #[test]
    fn what_concerns_the_call_is_one_error_and_what_concerns_targets_is_not() {
        use ErrorKind as K;
        let of = |kinds: &[ErrorKind]| {
            let outcomes = kinds.iter().map(|kind| failed("i-1", *kind)).collect();
            TargetOutcomes::new("lb", outcomes).or_common_failure()
        };
        let common = of(&[K::PermissionDenied, K::PermissionDenied]).unwrap_err();
        assert_eq!(common.kind(), K::PermissionDenied);
        assert!(of(&[K::Network]).is_err());
        assert!(of(&[K::InvalidArgument, K::InvalidArgument]).is_ok());
        assert!(of(&[K::Network, K::InvalidArgument]).is_ok());
        assert!(of(&[]).is_ok());
    }
}
