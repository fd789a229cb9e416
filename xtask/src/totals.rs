//! How many tests passed, failed and were skipped, read from what test programs print.

use std::fmt;
use std::process::ExitCode;

/// The totals of one or several test programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    /// What was skipped, and why.
    pub(crate) skips: Vec<Skip>,
}

/// A test that was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skip {
    pub(crate) what: String,
    pub(crate) why: String,
}

impl Skip {
    fn new(what: &str, why: &str) -> Self {
        Self {
            what: what.to_owned(),
            why: why.to_owned(),
        }
    }
}

impl Totals {
    /// Counts a thing that was not run.
    pub(crate) fn skip(&mut self, what: &str, why: &str) {
        self.skipped += 1;
        self.skips.push(Skip::new(what, why));
    }

    /// Adds those of another program.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.skips.extend(other.skips);
    }

    /// Takes a program's exit into account: one that fails without a failed test (it did not compile, it crashed) counts
    /// as a failure, and so does one that ran nothing.
    pub(crate) fn end(mut self, success: bool) -> Self {
        let ran_nothing = self.passed + self.failed == 0;
        if self.failed == 0 && (!success || ran_nothing) {
            self.failed = 1;
        }
        self
    }

    /// The exit code of a command that has printed them.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    /// Reads a line of `cargo test`.
    pub(crate) fn see_cargo_test(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            let count = |what| count_before(counts, what).unwrap_or(0);
            self.passed += count(" passed");
            self.failed += count(" failed");
            self.skipped += count(" ignored");
        } else if let Some((name, why)) = line
            .strip_prefix("test ")
            .and_then(|test| test.split_once(" ... ignored"))
        {
            let why = why.trim_start_matches(", ");
            let why = if why.is_empty() { "ignored" } else { why };
            self.skips.push(Skip::new(name, why));
        }
    }

    /// Reads a line of Python's `unittest -v`.
    pub(crate) fn see_unittest(&mut self, line: &str) {
        if let Some(count) = line
            .strip_prefix("Ran ")
            .and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok())
        {
            self.passed += count;
        } else if line == "OK" || line.starts_with("OK (") || line.starts_with("FAILED (") {
            let count = |what| count_after(line, what).unwrap_or(0);
            let failed = count("failures=") + count("errors=") + count("unexpected successes=");
            self.failed += failed;
            self.skipped += count("skipped=");
            self.passed = self.passed.saturating_sub(failed + count("skipped="));
        } else if let Some((name, why)) = line.split_once(" ... skipped ") {
            let name = name.split_whitespace().next().unwrap_or(name);
            self.skips
                .push(Skip::new(name, why.trim_matches(['\'', '"'])));
        }
    }

    /// Reads a line of the conformance runner: `aws on moto: 41 passed, 0 failed, 1 skipped, …` once for each run, and
    /// `skipped ID: REASON`, which may stand in the list of cases and in the report below it.
    pub(crate) fn see_conformance(&mut self, line: &str) {
        let line = line.trim();
        let counts = line
            .split_once(": ")
            .filter(|(run, _)| run.contains(" on "))
            .and_then(|(_, counts)| {
                let count = |what| count_before(counts, what);
                Some((count(" passed")?, count(" failed")?, count(" skipped")?))
            });
        if let Some((passed, failed, skipped)) = counts {
            self.passed += passed;
            self.failed += failed;
            self.skipped += skipped;
        } else if let Some((case, why)) = line
            .strip_prefix("skipped ")
            .and_then(|skip| skip.split_once(": "))
        {
            let skip = Skip::new(case, why);
            if !self.skips.contains(&skip) {
                self.skips.push(skip);
            }
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
            ..
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Reads the number in front of a word: 3 in `ok. 3 passed; 0 failed`.
fn count_before(line: &str, what: &str) -> Option<usize> {
    let end = line.find(what)?;
    line[..end].rsplit(' ').next()?.parse().ok()
}

/// Reads the number behind a word: 3 in `FAILED (failures=3)`.
fn count_after(line: &str, what: &str) -> Option<usize> {
    let rest = &line[line.find(what)? + what.len()..];
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str, see: fn(&mut Totals, &str)) -> Totals {
        let mut totals = Totals::default();
        for line in output.lines() {
            see(&mut totals, line);
        }
        totals
    }

    #[test]
    fn cargo_test_is_added_up_over_its_programs() {
        let totals = read(
            "running 3 tests\n\
             test retry::tests::waits ... ok\n\
             test live::needs_a_key ... ignored, needs an account\n\
             test other ... ignored\n\
             test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
             \n\
             test result: ok. 30 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out; finished in 1.20s\n",
            Totals::see_cargo_test,
        );
        assert_eq!(totals.to_string(), "42 passed, 1 failed, 2 skipped");
        assert_eq!(
            totals.skips,
            [
                Skip::new("live::needs_a_key", "needs an account"),
                Skip::new("other", "ignored")
            ]
        );
    }

    #[test]
    fn unittest_counts_what_ran_less_what_did_not_pass() {
        let good = read(
            "test_paging (test_ec2.Describe.test_paging) ... ok\n\
             test_prepaid (test_cvm.Destroy.test_prepaid) ... skipped 'not in this region'\n\
             ----------\n\
             Ran 12 tests in 1.234s\n\
             \n\
             OK (skipped=1)\n",
            Totals::see_unittest,
        );
        assert_eq!(good.to_string(), "11 passed, 0 failed, 1 skipped");
        assert_eq!(
            good.skips,
            [Skip::new("test_prepaid", "not in this region")]
        );
        let bad = read(
            "Ran 9 tests in 0.1s\n\nFAILED (failures=2, errors=1, skipped=3)",
            Totals::see_unittest,
        );
        assert_eq!(bad.to_string(), "3 passed, 3 failed, 3 skipped");
        assert_eq!(
            read("Ran 1 test in 0.1s\n\nOK", Totals::see_unittest).passed,
            1
        );
    }

    #[test]
    fn conformance_tells_its_totals_for_each_run_and_a_skip_once() {
        let totals = read(
            "ok      compute/stop-is-idempotent (0.02 s)\n\
             skipped compute/hibernate: moto has no hibernation\n\
             FAILED  compute/x: 1 passed, 2 on the way\n\
             aws on moto: 41 passed, 1 failed, 1 skipped, 7 not applicable (1.2 s)\n  \
             skipped compute/hibernate: moto has no hibernation\n\
             aws on moto, page size 1: 40 passed, 0 failed, 0 skipped, 7 not applicable (1.2 s)\n",
            Totals::see_conformance,
        );
        assert_eq!(totals.to_string(), "81 passed, 1 failed, 1 skipped");
        assert_eq!(
            totals.skips,
            [Skip::new("compute/hibernate", "moto has no hibernation")]
        );
    }

    #[test]
    fn a_program_that_fails_or_runs_nothing_is_a_failure() {
        let passed = |passed| Totals {
            passed,
            ..Totals::default()
        };
        assert_eq!(passed(3).end(true).failed, 0);
        assert_eq!(passed(3).end(false).failed, 1);
        assert_eq!(passed(0).end(true).failed, 1);
    }
}
