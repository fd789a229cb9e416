//! Profiles that log in through IAM Identity Center, which this build leaves out.

use cloudapi_core::{Error, Result};

/// Refuses such a profile, with the ways out.
pub(super) fn check(profile: &str) -> Result<()> {
    Err(Error::config(format!(
        "the profile {profile} logs in through IAM Identity Center (SSO), which this build leaves out; enable the cargo \
         feature `aws-sso`, or use a profile with `credential_process = aws configure export-credentials --profile {profile} \
         --format process`"
    )))
}
