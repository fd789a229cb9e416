//! What starting, stopping and destroying have in common.

use std::future::Future;

use cloudapi::ErrorKind;
use cloudapi::compute::InstanceOutcomes;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

/// Prints outcomes; what failed among them decides how the process ends.
pub(super) fn print(outcomes: &InstanceOutcomes, context: &Context) -> Done {
    context.print(outcomes).with_failure(failure(outcomes))
}

/// Waits and prints how things are then; how they were before, when waiting itself fails.
pub(super) async fn wait_and_print<F>(
    outcomes: InstanceOutcomes,
    context: &Context,
    wait: impl FnOnce(InstanceOutcomes) -> F,
) -> Done
where
    F: Future<Output = cloudapi::Result<InstanceOutcomes>>,
{
    let before = outcomes.clone();
    match context.call(wait(outcomes)).await {
        Ok(outcomes) => print(&outcomes, context),
        Err(mut failure) => {
            let ids = before.iter().map(|outcome| outcome.instance_id.as_str());
            failure.error = failure.error.with_resources(ids);
            context.print(&before).with_failure(Some(failure))
        }
    }
}

fn failure(outcomes: &InstanceOutcomes) -> Option<Failure> {
    let kinds: Vec<ErrorKind> = outcomes
        .iter()
        .filter_map(|outcome| Some(outcome.error.as_ref()?.kind()))
        .collect();
    let error = outcomes.failure()?;
    Some(Failure::batch(error, outcomes.outcomes.len(), &kinds))
}
