//! The run of all contestants: one after the other, round by round.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use tempfile::TempDir;

use crate::Result;
use crate::manifest::{Manifest, SMALL_SIZE};
use crate::measure::{self, Usage};
use crate::options::{Contestant, Options, Workload};
use crate::report::{self, Report, Series};
use crate::sink::Tally;

/// Whether Ctrl-C was pressed.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Runs everything and shows the figures.
pub(crate) fn run(options: &Options) -> Result {
    let folder = in_memory()?;
    // It ends the children, and thereby this, which still removes the folder.
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))?;
    eprintln!(
        "making {} MiB and {} files",
        options.size() >> 20,
        options.files()
    );
    let manifest = Manifest::make(folder.path(), options.size(), options.files())?;
    let mut sink = Sink::start(folder.path())?;
    let mut report = Report {
        size: options.size(),
        files: options.files(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        series: Vec::new(),
    };
    for workload in Workload::value_variants() {
        if options.workload.is_empty() || options.workload.contains(workload) {
            let contestants = contestants(options, *workload);
            let expected = expected(*workload, &manifest);
            report.series.extend(rounds(
                options,
                *workload,
                &contestants,
                &expected,
                &mut sink,
            )?);
        }
    }
    report::print(&report);
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}

/// Who takes part.
fn contestants(options: &Options, workload: Workload) -> Vec<Contestant> {
    let all = Contestant::value_variants().iter().copied();
    let asked = |one: &Contestant| options.only.is_empty() || options.only.contains(one);
    let able = |one: &Contestant| workload != Workload::Stream || one.takes_streams();
    all.filter(asked).filter(able).collect()
}

/// A folder that is kept in memory where the system has one, so that no disk is measured.
fn in_memory() -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("cloudapi-bench-");
    let shared = Path::new("/dev/shm");
    Ok(if shared.is_dir() {
        builder.tempdir_in(shared)?
    } else {
        builder.tempdir()?
    })
}

/// What has to arrive at each run.
fn expected(workload: Workload, manifest: &Manifest) -> Tally {
    match workload {
        Workload::File | Workload::Stream => Tally {
            bytes: manifest.large.size,
            pieces: manifest.large.parts.len() as u64,
            begun: 1,
            completed: 1,
            ..Tally::default()
        },
        Workload::Files => Tally {
            bytes: (manifest.small.len() * SMALL_SIZE) as u64,
            pieces: manifest.small.len() as u64,
            ..Tally::default()
        },
    }
}

fn rounds(
    options: &Options,
    workload: Workload,
    contestants: &[Contestant],
    expected: &Tally,
    sink: &mut Sink,
) -> Result<Vec<Series>> {
    let mut all: Vec<Series> = contestants
        .iter()
        .map(|contestant| Series::new(workload, *contestant))
        .collect();
    for round in 1..=options.rounds() {
        eprintln!("{workload}: round {round} of {}", options.rounds());
        for series in &mut all {
            if INTERRUPTED.load(Ordering::Relaxed) {
                return Err("interrupted".into());
            }
            let run = sink.measure(series.contestant, workload);
            let tally = sink.tally()?;
            let wrong = |what: String| format!("{} with {workload}: {what}", series.contestant);
            let usage = run.map_err(|error| wrong(format!("{error}; {:?}", tally.faults)))?;
            series.requests = tally.requests;
            let tally = Tally {
                requests: 0,
                ..tally
            };
            if tally != *expected {
                return Err(wrong(format!("{tally:?} arrived, not {expected:?}")).into());
            }
            series.runs.push(usage);
        }
    }
    Ok(all)
}

/// The server. It ends when this is dropped.
struct Sink {
    program: PathBuf,
    manifest: PathBuf,
    child: Child,
    /// Closed to end it.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Sink {
    fn start(folder: &Path) -> Result<Self> {
        let program = std::env::current_exe()?;
        let manifest = Manifest::path(folder);
        let mut child = Command::new(&program)
            .arg("sink")
            .arg(&manifest)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut sink = Self {
            program,
            manifest,
            child,
            input,
            output: BufReader::new(output),
            url: String::new(),
        };
        let line = sink.line()?;
        line.trim().clone_into(&mut sink.url);
        Ok(sink)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("the server ended".into());
        }
        Ok(line)
    }

    /// What arrived since the last time.
    fn tally(&mut self) -> Result<Tally> {
        let mut input = self.input.as_ref().ok_or("the server has no input")?;
        input.write_all(b"tally\n")?;
        Ok(serde_json::from_str(&self.line()?)?)
    }

    /// Lets a contestant upload, with nothing of the environment: no proxies, no keys.
    fn measure(&self, contestant: Contestant, workload: Workload) -> Result<Usage> {
        measure::run(
            Command::new(&self.program)
                .arg("send")
                .args([contestant.to_string(), workload.to_string()])
                .arg(&self.manifest)
                .arg(&self.url)
                .env_clear(),
        )
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.input.take());
        // It may have ended already.
        let _ = self.child.wait();
    }
}
