//! What holds on which cloud, as tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cloudapi_core::{Operation, Provider};

use crate::capability::Capability;
use crate::report::{Outcome, Report};

impl Report {
    /// Writes the parity table: how many promises of each operation hold on each cloud, where the clouds differ, and every
    /// promise by name.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        let providers = Provider::ALL;
        header(&mut text, "Operation", providers);
        for (operation, promises) in self.by_operation() {
            row(&mut text, &operation, providers, |provider| {
                let held = promises
                    .iter()
                    .map(|promise| self.verdict(promise, provider));
                let (mut passed, mut run) = (0, 0);
                for verdict in held.flatten() {
                    run += usize::from(verdict != Mark::Unconcerned && verdict != Mark::NotRun);
                    passed += usize::from(verdict == Mark::Holds);
                }
                if run == 0 {
                    "–".to_owned()
                } else {
                    format!("{passed} of {run}")
                }
            });
        }
        text.push('\n');
        header(&mut text, "Where they differ", providers);
        for capability in Capability::ALL {
            row(&mut text, capability.describe(), providers, |provider| {
                let word = if capability.held_by(provider) {
                    "yes"
                } else {
                    "no"
                };
                word.to_owned()
            });
        }
        text.push('\n');
        header(&mut text, "Promise", providers);
        for promises in self.by_operation().into_values() {
            for id in promises {
                row(&mut text, &format!("`{id}`"), providers, |provider| {
                    self.verdict(&id, provider)
                        .unwrap_or(Mark::NotRun)
                        .word()
                        .to_owned()
                });
            }
        }
        text
    }

    /// The ids of all promises by operation, in the order of the interface; those about all operations first.
    fn by_operation(&self) -> BTreeMap<OperationRow, Vec<String>> {
        let mut rows: BTreeMap<OperationRow, Vec<String>> = BTreeMap::new();
        for result in self.runs.iter().flat_map(|run| &run.results) {
            let ids = rows
                .entry(OperationRow::of(result.operation.as_deref()))
                .or_default();
            if !ids.contains(&result.id) {
                ids.push(result.id.clone());
            }
        }
        rows
    }

    /// What all runs on a cloud say of a promise; `None` if none had it.
    fn verdict(&self, id: &str, provider: Provider) -> Option<Mark> {
        let runs = self.runs.iter().filter(|run| run.provider == provider);
        let results = runs.flat_map(|run| run.results.iter().filter(|result| result.id == id));
        results
            .map(|result| match result.outcome {
                Outcome::Failed { .. } => Mark::Broken,
                Outcome::Passed => Mark::Holds,
                Outcome::NotApplicable { .. } => Mark::Unconcerned,
                Outcome::Skipped { .. } => Mark::NotRun,
            })
            .max()
    }
}

/// What is known of a promise on a cloud, the more telling the higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    NotRun,
    Unconcerned,
    Holds,
    Broken,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Self::NotRun => "not run",
            Self::Unconcerned => "–",
            Self::Holds => "✓",
            Self::Broken => "✗",
        }
    }
}

/// A row's heading, ordered as the interface orders its operations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OperationRow {
    place: usize,
    name: String,
}

const ORDER: &[Operation] = &[
    Operation::DescribeInstances,
    Operation::CreateInstances,
    Operation::StartInstances,
    Operation::StopInstances,
    Operation::DestroyInstances,
    Operation::DescribeRouteTables,
    Operation::ReplaceRoutes,
    Operation::DescribeLoadBalancerHealth,
    Operation::RegisterInstancesWithLoadBalancer,
    Operation::DeregisterInstancesFromLoadBalancer,
    Operation::UploadFile,
];

impl OperationRow {
    fn of(operation: Option<&str>) -> Self {
        let Some(name) = operation else {
            return Self {
                place: 0,
                name: "all operations".to_owned(),
            };
        };
        let place = ORDER.iter().position(|known| known.as_str() == name);
        Self {
            place: place.map_or(usize::MAX, |place| place + 1),
            name: name.to_owned(),
        }
    }
}

impl std::ops::Deref for OperationRow {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

fn title(provider: Provider) -> &'static str {
    match provider {
        Provider::Aws => "AWS",
        Provider::Tencent => "Tencent Cloud",
        other => other.as_str(),
    }
}

fn header(text: &mut String, first: &str, providers: &[Provider]) {
    row(text, first, providers, |provider| {
        title(provider).to_owned()
    });
    row(text, "---", providers, |_| "---".to_owned());
}

fn row(text: &mut String, first: &str, providers: &[Provider], cell: impl Fn(Provider) -> String) {
    let cells: Vec<String> = providers.iter().map(|provider| cell(*provider)).collect();
    // Writing to a string does not fail.
    let _ = writeln!(text, "| {first} | {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{failed, result, run, skipped};

    #[test]
    fn the_table_counts_by_operation_and_marks_each_promise() {
        let not_applicable = Outcome::NotApplicable {
            reason: "aws lacks it".to_owned(),
        };
        let stop = Some("StopInstances");
        let runs = vec![
            run(
                Provider::Aws,
                vec![
                    result("compute/stop-a", stop, Outcome::Passed),
                    result("compute/stop-b", stop, not_applicable),
                    result("compute/any-c", None, skipped()),
                ],
            ),
            run(
                Provider::Tencent,
                vec![
                    result("compute/stop-a", stop, Outcome::Passed),
                    result("compute/stop-b", stop, failed()),
                    result("compute/any-c", None, Outcome::Passed),
                ],
            ),
        ];
        let table = Report { runs }.to_markdown();
        for line in [
            "| Operation | AWS | Tencent Cloud |",
            "| all operations | – | 1 of 1 |",
            "| StopInstances | 1 of 1 | 1 of 2 |",
            "| hibernation | yes | no |",
            "| `compute/stop-b` | – | ✗ |",
            "| `compute/any-c` | not run | ✓ |",
        ] {
            assert!(table.contains(line), "{line} in\n{table}");
        }
    }
}
