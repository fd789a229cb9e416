//! Profiles that log in through IAM Identity Center, which this build can read.

use cloudapi_core::Result;

/// Checks that such a profile can be used.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature as where it is not built"
)]
pub(super) fn check(_profile: &str) -> Result<()> {
    Ok(())
}
