//! A promise that can be checked.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use cloudapi_core::{Operation, Provider};

use crate::capability::Capability;
use crate::context::Context;
use crate::failure::Verdict;
use crate::target::{Need, Target};

pub(crate) type CaseFuture<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

type Run = Arc<dyn for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync>;

/// One promise, checked in the same way on every cloud.
#[derive(Clone)]
pub struct Case {
    id: String,
    promise: String,
    operation: Option<Operation>,
    capability: Option<(Capability, bool)>,
    needs: Vec<Need>,
    run: Run,
}

impl Case {
    /// Makes a case. The id begins with the family: `compute/stop-is-idempotent`.
    pub(crate) fn new<F>(id: impl Into<String>, promise: impl Into<String>, run: F) -> Self
    where
        F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
    {
        Self {
            id: id.into(),
            promise: promise.into(),
            operation: None,
            capability: None,
            needs: Vec::new(),
            run: Arc::new(run),
        }
    }

    /// Counts it to this operation in the report; without one it is about all of them.
    pub(crate) fn of(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Runs it only where the target gives this.
    pub(crate) fn needs(mut self, needs: impl IntoIterator<Item = Need>) -> Self {
        self.needs.extend(needs);
        self
    }

    /// Runs it only on clouds that can do this.
    pub(crate) fn with(mut self, capability: Capability) -> Self {
        self.capability = Some((capability, true));
        self
    }

    /// Runs it only on clouds that can't do this.
    pub(crate) fn without(mut self, capability: Capability) -> Self {
        self.capability = Some((capability, false));
        self
    }

    /// The id: family and a sentence fragment.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The promise in a sentence.
    pub fn promise(&self) -> &str {
        &self.promise
    }

    /// The family: `compute`.
    pub fn family(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// The operation that it is about; `None` for all of them.
    pub fn operation(&self) -> Option<Operation> {
        self.operation
    }

    /// The capability that it is about, and whether it is the side that has it.
    pub fn capability(&self) -> Option<(Capability, bool)> {
        self.capability
    }

    /// Says why the case does not concern a cloud; `None` if it does.
    pub fn does_not_concern(&self, provider: Provider) -> Option<String> {
        let (capability, wanted) = self.capability?;
        let reason = match (wanted, capability.held_by(provider)) {
            (true, false) => format!("{provider} lacks {capability}"),
            (false, true) => format!("{provider} has {capability}"),
            (true, true) | (false, false) => return None,
        };
        Some(reason)
    }

    /// Says why the case can't be run on a target; `None` if it can.
    pub fn cannot_run_on(&self, target: &dyn Target) -> Option<String> {
        self.needs
            .iter()
            .find_map(|need| target.lacks(*need))
            .or_else(|| target.excuses(&self.id))
    }

    pub(crate) fn check<'a>(&self, context: &'a Context) -> CaseFuture<'a> {
        (self.run)(context)
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("id", &self.id)
            .field("needs", &self.needs)
            .field("capability", &self.capability)
            .finish_non_exhaustive()
    }
}
