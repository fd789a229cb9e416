//! `emulator`, not compiled in.

use cloudapi::Error;

use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

#[expect(
    clippy::unused_async,
    reason = "the same signature as with the emulator compiled in"
)]
pub(crate) async fn run(_: Args, _: &Globals) -> Result<Done, Failure> {
    let message = "this build has no emulator; enable the cargo feature `emulator`";
    Err(Error::unsupported(message).into())
}
