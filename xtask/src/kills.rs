//! Uploads that are killed and gone on with, at full size.

use std::process::ExitCode;

use crate::Result;
use crate::args::Args;
use crate::process::{Target, built, hand_over, without_own_clouds};

/// Builds the command line and what kills it, and starts the latter.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    built(Target::Bin("cloudapi"))?;
    let mut killer = built(Target::Bin("kill_uploads"))?;
    hand_over(without_own_clouds(&mut killer)?.args(args.rest()))
}
