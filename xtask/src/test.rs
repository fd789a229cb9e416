//! All tests, and how many there were.

use std::collections::BTreeMap;
use std::process::ExitCode;

use crate::Result;
use crate::process::{Stream, cargo, watch};
use crate::python::{NO_PYTHON, Python};
use crate::totals::Totals;
use crate::{conformance, sdk_checks};

/// Runs all tests and prints the totals in the last line.
pub(crate) fn run() -> ExitCode {
    let totals = all();
    println!("\n{}", report(&totals));
    totals.exit_code()
}

/// How many tests that were skipped for one reason are named in the report.
const NAMES_SHOWN: usize = 4;

type PythonCheck = fn(&Python) -> Result<Totals>;

/// Runs the workspace's tests (the conformance suite on the emulator is among them), then what needs Python 3. One part
/// failing does not keep the others from running.
pub(crate) fn all() -> Totals {
    let mut totals = Totals::default();
    heading("cargo test");
    add(&mut totals, "cargo test", cargo_test());
    let python_checks: [(&str, PythonCheck); 2] = [
        (
            "the vendors' Python SDKs on the emulator",
            sdk_checks::totals,
        ),
        ("conformance of AWS on moto", conformance::moto_totals),
    ];
    match Python::ready() {
        Ok(Some(python)) => {
            for (name, run) in python_checks {
                heading(name);
                add(&mut totals, name, run(&python));
            }
        }
        Ok(None) => {
            for (name, _) in python_checks {
                totals.skip(name, NO_PYTHON);
            }
        }
        Err(error) => add(&mut totals, "the Python environment", Err(error)),
    }
    totals
}

/// Lists what was skipped by its reason, and ends with the totals.
pub(crate) fn report(totals: &Totals) -> String {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for skip in &totals.skips {
        reasons.entry(&skip.why).or_default().push(&skip.what);
    }
    let lines = reasons.into_iter().map(|(why, what)| {
        let names = if what.len() > NAMES_SHOWN {
            "(each is named above)".to_owned()
        } else {
            what.join(", ")
        };
        format!("{} skipped: {why}: {names}\n", what.len())
    });
    format!("{}{totals}", lines.collect::<String>())
}

fn cargo_test() -> Result<Totals> {
    let mut totals = Totals::default();
    let status = watch(
        &mut cargo(["test", "--workspace", "--all-features", "--no-fail-fast"]),
        Stream::Stdout,
        |line| totals.see_cargo_test(line),
    )?;
    Ok(totals.end(status.success()))
}

fn add(totals: &mut Totals, what: &str, part: Result<Totals>) {
    match part {
        Ok(part) => totals.add(part),
        Err(error) => {
            println!("{what}: {error}");
            totals.failed += 1;
        }
    }
}

fn heading(text: &str) {
    println!("\n== {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_ends_with_the_totals() {
        let mut totals = Totals::default();
        add(
            &mut totals,
            "one",
            Ok(Totals {
                passed: 7,
                ..Totals::default()
            }),
        );
        add(&mut totals, "two", Err("it broke".into()));
        totals.skip("moto", "no Python 3 was found");
        for case in ["a", "b", "c", "d", "e"] {
            totals.skip(case, "without faults");
        }
        assert_eq!(
            report(&totals),
            "1 skipped: no Python 3 was found: moto\n\
             5 skipped: without faults: (each is named above)\n\
             7 passed, 1 failed, 6 skipped"
        );
    }
}
