//! What came of a run, for people and for programs.

use std::fmt;
use std::time::Duration;

use cloudapi_core::Provider;
use serde::{Deserialize, Serialize};

use crate::case::Case;

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "Status", rename_all_fields = "PascalCase")]
#[non_exhaustive]
pub enum Outcome {
    /// The promise holds.
    Passed,
    /// It does not.
    Failed {
        /// What was otherwise.
        message: String,
    },
    /// The target can't carry the case.
    Skipped {
        /// What it lacks.
        reason: String,
    },
    /// The case is about what this cloud does not have, or does have.
    NotApplicable {
        /// Which capability it is about.
        reason: String,
    },
}

/// What came of a case, with its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CaseResult {
    /// The case's id.
    pub id: String,
    /// The promise in a sentence.
    pub promise: String,
    /// The operation that it is about; `None` for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long it took.
    pub seconds: f64,
}

impl CaseResult {
    pub(crate) fn new(case: &Case, outcome: Outcome, took: Duration) -> Self {
        Self {
            id: case.id().to_owned(),
            promise: case.promise().to_owned(),
            operation: case.operation().map(|operation| operation.to_string()),
            outcome,
            seconds: took.as_secs_f64(),
        }
    }
}

/// One line: mark, id, time or reason.
impl fmt::Display for CaseResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Passed => write!(f, "ok      {} ({:.2} s)", self.id, self.seconds),
            Outcome::Failed { message } => write!(f, "FAILED  {}: {message}", self.id),
            Outcome::Skipped { reason } => write!(f, "skipped {}: {reason}", self.id),
            Outcome::NotApplicable { reason } => write!(f, "n/a     {}: {reason}", self.id),
        }
    }
}

/// One run: a cloud on a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct RunReport {
    /// The target's name.
    pub target: String,
    /// The variant's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The cloud.
    pub provider: Provider,
    /// How long it took.
    pub seconds: f64,
    /// What came of each case, in the order of the cases.
    pub results: Vec<CaseResult>,
}

impl RunReport {
    /// Says what was run: `tencent on emulator, page size 1`.
    pub fn title(&self) -> String {
        let variant = self.variant.as_deref();
        let variant = variant.map(|name| format!(", {name}")).unwrap_or_default();
        format!("{} on {}{variant}", self.provider, self.target)
    }

    /// Gives the results that failed.
    pub fn failures(&self) -> impl Iterator<Item = &CaseResult> {
        self.results
            .iter()
            .filter(|result| matches!(result.outcome, Outcome::Failed { .. }))
    }

    /// Counts passed, failed, skipped and not applicable results.
    pub fn totals(&self) -> [usize; 4] {
        let mut totals = [0; 4];
        for result in &self.results {
            let place = match result.outcome {
                Outcome::Passed => 0,
                Outcome::Failed { .. } => 1,
                Outcome::Skipped { .. } => 2,
                Outcome::NotApplicable { .. } => 3,
            };
            totals[place] += 1;
        }
        totals
    }

    /// Tells whether all is well.
    ///
    /// # Errors
    ///
    /// Something failed, or nothing was executed; the text says which.
    pub fn check(&self) -> Result<(), String> {
        let [passed, failed, ..] = self.totals();
        if failed > 0 {
            let failures: Vec<String> = self.failures().map(ToString::to_string).collect();
            return Err(format!(
                "{}: {failed} failed\n{}",
                self.title(),
                failures.join("\n")
            ));
        }
        if passed == 0 {
            return Err(format!("{}: nothing was executed", self.title()));
        }
        Ok(())
    }
}

/// Totals in a line, failures and skips below.
impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [passed, failed, skipped, other] = self.totals();
        write!(
            f,
            "{}: {passed} passed, {failed} failed, {skipped} skipped, {other} not applicable ({:.1} s)",
            self.title(),
            self.seconds
        )?;
        let told = self.results.iter().filter(|result| {
            matches!(
                result.outcome,
                Outcome::Failed { .. } | Outcome::Skipped { .. }
            )
        });
        for result in told {
            write!(f, "\n  {result}")?;
        }
        Ok(())
    }
}

/// Several runs together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Report {
    /// The runs.
    pub runs: Vec<RunReport>,
}

impl Report {
    /// Tells whether all is well in every run.
    ///
    /// # Errors
    ///
    /// As for [`RunReport::check`]; also when there is no run at all.
    pub fn check(&self) -> Result<(), String> {
        if self.runs.is_empty() {
            return Err("nothing was executed".to_owned());
        }
        let failures: Vec<String> = self
            .runs
            .iter()
            .filter_map(|run| run.check().err())
            .collect();
        if failures.is_empty() {
            Ok(())
        } else {
            Err(failures.join("\n"))
        }
    }

    /// Writes the report as JSON: a list of runs.
    ///
    /// # Errors
    ///
    /// None that is known; a report is text and numbers.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn result(id: &str, operation: Option<&str>, outcome: Outcome) -> CaseResult {
        CaseResult {
            id: id.to_owned(),
            promise: "It holds.".to_owned(),
            operation: operation.map(ToOwned::to_owned),
            outcome,
            seconds: 0.5,
        }
    }

    pub(crate) fn run(provider: Provider, results: Vec<CaseResult>) -> RunReport {
        RunReport {
            target: "emulator".to_owned(),
            variant: None,
            provider,
            seconds: 1.0,
            results,
        }
    }

    pub(crate) fn skipped() -> Outcome {
        Outcome::Skipped {
            reason: "no faults".to_owned(),
        }
    }

    pub(crate) fn failed() -> Outcome {
        Outcome::Failed {
            message: "twice".to_owned(),
        }
    }

    #[test]
    fn a_run_that_executes_nothing_fails() {
        assert!(
            Report::default()
                .check()
                .unwrap_err()
                .contains("nothing was executed")
        );
        let only_skips = run(Provider::Aws, vec![result("a/b-c", None, skipped())]);
        assert!(
            only_skips
                .check()
                .unwrap_err()
                .contains("nothing was executed")
        );
        assert!(only_skips.to_string().contains("skipped a/b-c: no faults"));
        assert!(
            run(Provider::Aws, vec![result("a/b-c", None, Outcome::Passed)])
                .check()
                .is_ok()
        );
    }

    #[test]
    fn one_failure_fails_the_whole_report() {
        let good = run(Provider::Aws, vec![result("a/b-c", None, Outcome::Passed)]);
        let bad = run(
            Provider::Tencent,
            vec![
                result("a/b-c", None, Outcome::Passed),
                result("a/d-e", None, failed()),
            ],
        );
        let error = Report {
            runs: vec![good, bad],
        }
        .check()
        .unwrap_err();
        assert!(error.contains("tencent on emulator: 1 failed"), "{error}");
        assert!(error.contains("FAILED  a/d-e: twice"), "{error}");
    }

    #[test]
    fn reports_round_trip_as_json() {
        let report = Report {
            runs: vec![run(Provider::Aws, vec![result("a/b-c", None, failed())])],
        };
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json[0]["Results"][0]["Status"], "Failed");
        assert_eq!(json[0]["Results"][0]["Message"], "twice");
        assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
    }
}
