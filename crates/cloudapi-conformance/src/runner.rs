//! Choosing cases and running them.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use cloudapi_core::filter::Pattern;
use futures_util::{FutureExt, StreamExt, stream};

use crate::case::Case;
use crate::cases;
use crate::context::Context;
use crate::report::{CaseResult, Outcome, RunReport};
use crate::target::Target;

type OnResult = Box<dyn Fn(&CaseResult) + Send + Sync>;

/// How cases are run.
pub struct RunOptions {
    /// How many cases run side by side. More than one only on targets that open a world for each.
    pub parallel: usize,
    /// How long a case may take, cleaning up not included.
    pub case_timeout: Duration,
    /// Names the run in the report, beside the target: `page size 1`.
    pub variant: Option<String>,
    on_result: Option<OnResult>,
}

impl Default for RunOptions {
    /// One after the other, two minutes each.
    fn default() -> Self {
        Self {
            parallel: 1,
            case_timeout: Duration::from_mins(2),
            variant: None,
            on_result: None,
        }
    }
}

impl RunOptions {
    /// Runs so many cases side by side, at least 1.
    #[must_use]
    pub fn with_parallel(mut self, cases: usize) -> Self {
        self.parallel = cases.max(1);
        self
    }

    /// Sets how long a case may take.
    #[must_use]
    pub fn with_case_timeout(mut self, timeout: Duration) -> Self {
        self.case_timeout = timeout;
        self
    }

    /// Names the run.
    #[must_use]
    pub fn with_variant(mut self, variant: impl Into<String>) -> Self {
        self.variant = Some(variant.into());
        self
    }

    /// Calls this with each result as it comes.
    #[must_use]
    pub fn with_on_result(
        mut self,
        on_result: impl Fn(&CaseResult) + Send + Sync + 'static,
    ) -> Self {
        self.on_result = Some(Box::new(on_result));
        self
    }
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("parallel", &self.parallel)
            .field("case_timeout", &self.case_timeout)
            .field("variant", &self.variant)
            .finish_non_exhaustive()
    }
}

/// Chooses cases by their ids: those that match any of the patterns, all if there is none. A pattern with `*` or `?`
/// matches the whole id, one without any part of it: `compute`, `compute/stop-*`.
pub fn select(patterns: &[String]) -> Vec<Case> {
    let chosen = |case: &Case| {
        patterns.iter().any(|text| {
            let pattern = Pattern::new(text.as_str());
            match pattern.literal() {
                Some(part) => case.id().contains(&part),
                None => pattern.matches(case.id()),
            }
        })
    };
    let mut cases = cases();
    if !patterns.is_empty() {
        cases.retain(chosen);
    }
    cases
}

/// Runs cases on a target.
///
/// A case that fails, panics, takes too long, or leaves something behind is reported as failed; the others go on.
pub async fn run(target: &dyn Target, cases: &[Case], options: &RunOptions) -> RunReport {
    let started = Instant::now();
    let results = stream::iter(cases.iter().enumerate())
        .map(|(index, case)| async move {
            let result = run_one(target, case, options).await;
            if let Some(on_result) = &options.on_result {
                on_result(&result);
            }
            (index, result)
        })
        .buffer_unordered(options.parallel.max(1));
    let mut results: Vec<(usize, CaseResult)> = results.collect().await;
    results.sort_by_key(|(index, _)| *index);
    RunReport {
        target: target.name(),
        variant: options.variant.clone(),
        provider: target.provider(),
        seconds: started.elapsed().as_secs_f64(),
        results: results.into_iter().map(|(_, result)| result).collect(),
    }
}

async fn run_one(target: &dyn Target, case: &Case, options: &RunOptions) -> CaseResult {
    let started = Instant::now();
    let outcome = if let Some(reason) = case.does_not_concern(target.provider()) {
        Outcome::NotApplicable { reason }
    } else if let Some(reason) = case.cannot_run_on(target) {
        Outcome::Skipped { reason }
    } else {
        match execute(target, case, options.case_timeout).await {
            Ok(()) => Outcome::Passed,
            Err(message) => Outcome::Failed { message },
        }
    };
    CaseResult::new(case, outcome, started.elapsed())
}

async fn execute(target: &dyn Target, case: &Case, limit: Duration) -> Result<(), String> {
    let world = target
        .open()
        .await
        .map_err(|error| format!("the target can't be opened: {error}"))?;
    let context = Context::new(world)
        .await
        .map_err(|error| format!("connecting failed: {error}"))?;
    let checked =
        tokio::time::timeout(limit, AssertUnwindSafe(case.check(&context)).catch_unwind());
    let verdict = match checked.await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(failure))) => Err(failure.to_string()),
        Ok(Err(panic)) => Err(format!("panicked: {}", panic_text(&*panic))),
        Err(_) => Err(format!("not done after {limit:?}")),
    };
    let cleaned = tokio::time::timeout(limit, context.clean_up()).await;
    context.close().await;
    verdict?;
    match cleaned {
        Ok(Ok(())) => Ok(()),
        Ok(Err(failure)) => Err(format!("cleaning up: {failure}")),
        Err(_) => Err(format!("cleaning up was not done after {limit:?}")),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_by_part_or_as_a_whole() {
        let chosen = |patterns: &[&str]| {
            select(&patterns.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&[]).len(), cases().len());
        let stops = chosen(&["compute/stop-*"]);
        assert!(
            !stops.is_empty()
                && stops
                    .iter()
                    .all(|case| case.id().starts_with("compute/stop-"))
        );
        assert!(chosen(&["stop-"]).len() >= stops.len());
        assert!(
            chosen(&["stop-*"]).is_empty(),
            "a pattern matches the whole id"
        );
        assert!(chosen(&["no-such-case"]).is_empty());
    }
}
