//! The figures, for people and as JSON.

use clap::ValueEnum;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use serde::{Serialize, Serializer};

use crate::measure::Usage;
use crate::options::{Contestant, Workload};

/// What the large file must not take more of: time and processor time relative to the floor, and memory in MiB.
const GOALS: Goals = Goals {
    wall: 1.05,
    cpu: 1.15,
    peak: 32.0,
};

struct Goals {
    wall: f64,
    cpu: f64,
    peak: f64,
}

/// All that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The size of the large file in bytes.
    pub(crate) size: u64,
    /// The number of small files.
    pub(crate) files: u32,
    /// Processors of this machine.
    pub(crate) cores: usize,
    pub(crate) series: Vec<Series>,
}

/// One contestant's runs with one workload.
#[derive(Debug, Serialize)]
pub(crate) struct Series {
    #[serde(serialize_with = "as_text")]
    pub(crate) workload: Workload,
    #[serde(serialize_with = "as_text")]
    pub(crate) contestant: Contestant,
    /// How many requests a run takes.
    pub(crate) requests: u64,
    pub(crate) runs: Vec<Usage>,
}

fn as_text<T: std::fmt::Display, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl Series {
    pub(crate) fn new(workload: Workload, contestant: Contestant) -> Self {
        Self {
            workload,
            contestant,
            requests: 0,
            runs: Vec::new(),
        }
    }

    fn median(&self, figure: impl Fn(&Usage) -> Option<f64>) -> Option<f64> {
        median(self.runs.iter().filter_map(figure).collect())
    }

    fn medians(&self) -> Medians {
        Medians {
            wall: self.median(|run| Some(run.wall)),
            cpu: self.median(|run| Some(run.cpu)),
            peak: self.median(|run| run.peak),
        }
    }
}

#[derive(Clone, Copy)]
struct Medians {
    wall: Option<f64>,
    cpu: Option<f64>,
    peak: Option<f64>,
}

/// The value in the middle, or between the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (values.len().checked_sub(1)? / 2, values.len() / 2);
    Some(f64::midpoint(values[low], values[high]))
}

/// Writes a table for each workload, and whether the goals are met.
pub(crate) fn print(report: &Report) {
    for workload in Workload::value_variants() {
        let series: Vec<&Series> = report
            .series
            .iter()
            .filter(|series| series.workload == *workload)
            .collect();
        if series.is_empty() {
            continue;
        }
        let mib = report.size >> 20;
        println!(
            "\n{}, median of {}, on {} cores",
            match workload {
                Workload::File => format!("file: {mib} MiB in parts of 8 MiB, 8 at a time"),
                Workload::Files => format!("files: {} of 64 KiB, 8 at a time", report.files),
                Workload::Stream =>
                    format!("stream: {mib} MiB of unknown length, 8 parts of 8 MiB at a time"),
            },
            series
                .iter()
                .map(|series| series.runs.len())
                .max()
                .unwrap_or_default(),
            report.cores
        );
        print_table(&series);
    }
}

fn print_table(all: &[&Series]) {
    let floor = all
        .iter()
        .find(|series| series.contestant == Contestant::Floor);
    let floor = floor.map(|series| series.medians());
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header([
        "", "requests", "wall s", "of floor", "CPU s", "of floor", "peak MiB",
    ]);
    let mut goals = Vec::new();
    for series in all {
        let found = series.medians();
        let of =
            |figure: fn(&Medians) -> Option<f64>| Some(figure(&found)? / figure(floor.as_ref()?)?);
        let (wall, cpu) = (of(|medians| medians.wall), of(|medians| medians.cpu));
        table.add_row([
            series.contestant.to_string(),
            series.requests.to_string(),
            text(found.wall, 3),
            text(wall, 2),
            text(found.cpu, 3),
            text(cpu, 2),
            text(found.peak, 1),
        ]);
        if series.workload == Workload::File && series.contestant.is_ours() {
            goals.push(format!(
                "{}: wall {}, CPU {}, memory {}",
                series.contestant,
                judged(wall, GOALS.wall, "x the floor"),
                judged(cpu, GOALS.cpu, "x the floor"),
                judged(found.peak, GOALS.peak, " MiB")
            ));
        }
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}");
    for goal in goals {
        println!("{goal}");
    }
}

fn text(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.digits$}"))
}

fn judged(figure: Option<f64>, goal: f64, unit: &str) -> String {
    match figure {
        Some(figure) if figure <= goal => format!("within {goal}{unit}"),
        Some(figure) => format!("NOT within {goal}{unit} ({figure:.2})"),
        None => "not known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn goals_are_judged() {
        assert_eq!(judged(Some(1.05), 1.05, "x"), "within 1.05x");
        assert_eq!(judged(Some(1.2), 1.05, "x"), "NOT within 1.05x (1.20)");
    }
}
