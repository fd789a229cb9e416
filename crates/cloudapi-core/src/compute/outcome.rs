//! What came of a request, id by id.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{Charging, CreateInstancesRequest, CreatedInstance, InstanceState};
use crate::{Error, ErrorKind, InstanceId, Result};

/// What came of a request for one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum OutcomeStatus {
    /// It was changed, or in a dry run would be.
    Changed,
    /// It was in the wanted state, or on the way there, before the request.
    AlreadyThere,
    /// It was not changed; the outcome's error says why.
    Failed,
}

/// What came of starting, stopping or destroying one instance.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct InstanceOutcome {
    /// The instance.
    pub instance_id: InstanceId,
    /// Whether it was changed.
    pub status: OutcomeStatus,
    /// Its state before, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<InstanceState>,
    /// Its state after, as last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_state: Option<InstanceState>,
    /// After a stop: whether compute is charged on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charging: Option<Charging>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// The request id of the call that changed it, for telling its operation from others. Not part of the JSON form.
    #[serde(skip)]
    pub request_id: Option<String>,
}

impl InstanceOutcome {
    /// Makes an outcome without states.
    pub fn new(instance_id: InstanceId, status: OutcomeStatus) -> Self {
        Self {
            instance_id,
            status,
            previous_state: None,
            current_state: None,
            charging: None,
            error: None,
            request_id: None,
        }
    }

    /// Makes the outcome of an id that was not changed.
    pub fn failed(instance_id: InstanceId, error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::new(instance_id, OutcomeStatus::Failed)
        }
    }

    /// Sets the state before.
    #[must_use]
    pub fn with_previous_state(mut self, state: Option<InstanceState>) -> Self {
        self.previous_state = state;
        self
    }

    /// Sets the state after.
    #[must_use]
    pub fn with_current_state(mut self, state: Option<InstanceState>) -> Self {
        self.current_state = state;
        self
    }

    /// Sets whether compute is charged on.
    #[must_use]
    pub fn with_charging(mut self, charging: Option<Charging>) -> Self {
        self.charging = charging;
        self
    }
}

/// An outcome for each id, in the order asked.
///
/// In JSON a list; after a dry run `{"DryRun": true, "Instances": […]}`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct InstanceOutcomes {
    /// Whether nothing was done, and the outcomes tell what would be.
    pub dry_run: bool,
    /// One outcome for each id.
    pub outcomes: Vec<InstanceOutcome>,
}

impl InstanceOutcomes {
    /// Gathers the outcomes of a request.
    pub fn new(outcomes: Vec<InstanceOutcome>) -> Self {
        Self {
            dry_run: false,
            outcomes,
        }
    }

    /// Marks that nothing was done.
    #[must_use]
    pub fn with_dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Goes through the outcomes in the order asked.
    pub fn iter(&self) -> std::slice::Iter<'_, InstanceOutcome> {
        self.outcomes.iter()
    }

    /// Finds the outcome of an id.
    pub fn get(&self, id: &str) -> Option<&InstanceOutcome> {
        self.iter()
            .find(|outcome| outcome.instance_id.as_str() == id)
    }

    /// Gives the failures, if there are any, as one error: of the kind that all have, else [`ErrorKind::Other`].
    pub fn failure(&self) -> Option<Error> {
        summarize(
            self.outcomes.len(),
            self.iter().filter_map(|outcome| {
                Some((outcome.instance_id.as_str(), outcome.error.as_ref()?))
            }),
        )
    }

    /// Takes any failure as a failure of all: for callers who want all or nothing.
    ///
    /// # Errors
    ///
    /// That of [`InstanceOutcomes::failure`]; its resources are the ids that failed.
    pub fn into_result(self) -> Result<Self> {
        match self.failure() {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }
}

impl<'a> IntoIterator for &'a InstanceOutcomes {
    type Item = &'a InstanceOutcome;
    type IntoIter = std::slice::Iter<'a, InstanceOutcome>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for InstanceOutcomes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.dry_run {
            return self.outcomes.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("DryRun", &true)?;
        map.serialize_entry("Instances", &self.outcomes)?;
        map.end()
    }
}

/// Makes one error of the failures among `total` outcomes.
pub(crate) fn summarize<'a>(
    total: usize,
    failures: impl Iterator<Item = (&'a str, &'a Error)>,
) -> Option<Error> {
    let failures: Vec<_> = failures.collect();
    let (_, first) = failures.first()?;
    if failures.len() == 1 && total == 1 {
        return Some((*first).clone());
    }
    let same_kind = failures
        .iter()
        .all(|(_, error)| error.kind() == first.kind());
    let kind = if same_kind {
        first.kind()
    } else {
        ErrorKind::Other
    };
    let details = failures
        .iter()
        .map(|(id, error)| format!("{id}: {error}"))
        .collect::<Vec<_>>()
        .join("; ");
    let mut summary = Error::new(
        kind,
        format!("{} of {total} failed: {details}", failures.len()),
    )
    .with_resources(failures.iter().map(|(id, _)| *id))
    .with_retryable(failures.iter().all(|(_, error)| error.is_retryable()));
    if let Some(provider) = first.provider() {
        summary = summary.with_provider(provider);
    }
    if let Some(operation) = first.operation() {
        summary = summary.with_operation(operation);
    }
    Some(summary)
}

/// What was created.
///
/// In JSON `{"InstanceIds", "ClientToken"}`, after waiting also `"Instances"`; after a dry run
/// `{"DryRun": true, "ClientToken", "Request"}`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CreatedInstances {
    /// Whether nothing was created, because only a check was asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instance_ids: Vec<InstanceId>,
    /// The token under which they were created: the same request with it gives the same instances.
    pub client_token: String,
    /// After a dry run: what would be asked for, with what was looked up filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<CreateInstancesRequest>,
    /// After waiting: how each is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<CreatedInstance>,
}

impl CreatedInstances {
    /// Tells which ids were created under which token.
    pub fn new(instance_ids: Vec<InstanceId>, client_token: impl Into<String>) -> Self {
        Self {
            dry_run: false,
            instance_ids,
            client_token: client_token.into(),
            request: None,
            instances: Vec::new(),
        }
    }

    /// Tells what would be created.
    pub fn dry_run(client_token: impl Into<String>, request: CreateInstancesRequest) -> Self {
        Self {
            dry_run: true,
            request: Some(request),
            ..Self::new(Vec::new(), client_token)
        }
    }

    /// Adds how each is, after waiting.
    #[must_use]
    pub fn with_instances(mut self, instances: Vec<CreatedInstance>) -> Self {
        self.instances = instances;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_a_list_and_a_dry_run_says_so() {
        let outcome = InstanceOutcome::new("i-1".into(), OutcomeStatus::Changed)
            .with_previous_state(Some(InstanceState::Running))
            .with_current_state(Some(InstanceState::Stopping))
            .with_charging(Some(Charging::Stopped));
        let outcomes = InstanceOutcomes::new(vec![outcome]);
        let list = serde_json::json!([{"InstanceId": "i-1", "Status": "Changed", "PreviousState": "Running",
            "CurrentState": "Stopping", "Charging": "Stopped"}]);
        assert_eq!(serde_json::to_value(&outcomes).unwrap(), list);
        let dry = serde_json::to_value(outcomes.with_dry_run(true)).unwrap();
        assert_eq!(dry, serde_json::json!({"DryRun": true, "Instances": list}));
    }

    #[test]
    fn failures_become_one_error_of_the_kind_they_share() {
        let not_found = |id: &str| {
            InstanceOutcome::failed(
                id.into(),
                Error::new(ErrorKind::NotFound, "no such instance"),
            )
        };
        let good = InstanceOutcome::new("i-1".into(), OutcomeStatus::Changed);
        assert!(
            InstanceOutcomes::new(vec![good.clone()])
                .into_result()
                .is_ok()
        );
        let error = InstanceOutcomes::new(vec![good, not_found("i-2"), not_found("i-3")])
            .into_result()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.resources(), ["i-2", "i-3"]);
        assert!(
            error
                .message()
                .starts_with("2 of 3 failed: i-2: not found: no such instance"),
            "{error}"
        );
        let mixed =
            InstanceOutcome::failed("i-4".into(), Error::new(ErrorKind::InvalidState, "pending"));
        assert_eq!(
            InstanceOutcomes::new(vec![not_found("i-2"), mixed])
                .failure()
                .unwrap()
                .kind(),
            ErrorKind::Other
        );
    }
}
