//! Everything that a change has to pass, step by step.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::Result;
use crate::process::{cargo, check};
use crate::totals::Totals;
use crate::{bench, features, fuzz, test, tour};

/// Runs all steps, also after one has failed, and ends with `N passed, N failed`; a step that fails counts as a failure.
pub(crate) fn run() -> ExitCode {
    let mut report = Vec::new();
    // aws-sdk-ec2 is type-checked twice and compiled once: clippy and the documentation share the first, being asked for
    // the same features; the sets of features, which have no tests' features in them, the second; tests and tour the code.
    step(&mut report, "formatting", formatting);
    step(&mut report, "what the features pull in", features::quick);
    step(&mut report, "clippy", clippy);
    step(&mut report, "documentation", documentation);
    step(&mut report, "each set of features", features::compile_all);
    let mut totals = Totals::default();
    step(&mut report, "tests", || {
        totals = test::all();
        match totals.failed {
            0 => Ok(()),
            failed => Err(format!("{failed} failed").into()),
        }
    });
    step(&mut report, "the tour", tour::on_emulator);
    // Compiled and linted, not run: a release build of the SDKs takes minutes, and this machine's speed proves nothing.
    step(&mut report, "the benchmarks' code", bench::lint);
    step(&mut report, "fuzzing the readers", fuzz::for_a_minute);

    println!();
    for Step { name, took, error } in &report {
        let result = error.as_deref().map_or("ok", |_| "failed");
        println!("{:>6.1} s  {result:<6}  {name}", took.as_secs_f64());
        if let Some(error) = error {
            println!("{error}");
        }
    }
    println!("\n{}", test::report(&totals));
    let broken = report
        .iter()
        .filter(|step| step.error.is_some() && step.name != "tests")
        .count();
    totals.failed += broken;
    println!("{} passed, {} failed", totals.passed, totals.failed);
    totals.exit_code()
}

struct Step {
    name: &'static str,
    took: Duration,
    error: Option<String>,
}

fn step(report: &mut Vec<Step>, name: &'static str, run: impl FnOnce() -> Result) {
    println!("\n=== {name}");
    let start = Instant::now();
    let error = run().err().map(|error| error.to_string());
    let took = start.elapsed();
    report.push(Step { name, took, error });
}

fn formatting() -> Result {
    check(&mut cargo(["fmt", "--all", "--check"]))
}

fn clippy() -> Result {
    check(&mut cargo([
        "clippy",
        "--workspace",
        "--all-features",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Documents the libraries. The examples are named so that cargo counts dev-dependencies in, as clippy does: else EC2
/// would be checked again with fewer features.
fn documentation() -> Result {
    let mut doc = cargo([
        "doc",
        "--workspace",
        "--all-features",
        "--no-deps",
        "--lib",
        "--examples",
    ]);
    check(doc.env("RUSTDOCFLAGS", "-D warnings"))
}
