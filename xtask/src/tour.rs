//! The tour: an example of the library that walks its operations.

use std::process::ExitCode;

use crate::Result;
use crate::args::Args;
use crate::process::{Target, built, check, hand_over, without_own_clouds};

const TOUR: Target = Target::Example("tour");

/// Builds the tour and starts it, on the emulator unless a cloud is named for a visit to a real account.
pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    let provider = args.one_of("--provider", &["aws", "tencent"])?;
    let emulator = args.flag("--emulator") || provider.is_none();
    let mut tour = built(TOUR)?;
    if let Some(provider) = provider {
        tour.args(["--provider", &provider]);
    }
    if emulator {
        without_own_clouds(&mut tour)?.arg("--emulator");
    }
    hand_over(tour.args(args.rest()))
}

/// Walks the whole tour on the emulator, and fails where it does.
pub(crate) fn on_emulator() -> Result {
    let mut tour = built(TOUR)?;
    check(without_own_clouds(&mut tour)?.arg("--emulator"))
}
