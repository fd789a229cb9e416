//! What a process took.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::Serialize;

use crate::Result;

/// What a process took, from its start to its end.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Usage {
    /// Seconds that passed.
    pub(crate) wall: f64,
    /// Seconds that its threads worked, in their own code and in the system's.
    pub(crate) cpu: f64,
    /// The most memory that it held at once, in MiB; only where the system tells it.
    pub(crate) peak: Option<f64>,
}

/// Runs a command of this program that writes its [`own_peak`].
pub(crate) fn run(command: &mut Command) -> Result<Usage> {
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let before = time_of_children()?;
    let start = Instant::now();
    let output = command.output()?;
    let wall = start.elapsed().as_secs_f64();
    // Only children that have ended count, so nothing of the server's.
    let cpu = time_of_children()?.saturating_sub(before).as_secs_f64();
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status).into());
    }
    Ok(Usage {
        wall,
        cpu,
        peak: serde_json::from_slice(&output.stdout)?,
    })
}

fn time_of_children() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn duration(time: TimeVal) -> Duration {
    let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
    let micros = u64::try_from(time.tv_usec()).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// The most memory that this process has held so far, in MiB, if the system tells it.
///
/// Not from `getrusage`: what that tells on Linux begins with what the parent held.
pub(crate) fn own_peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}
