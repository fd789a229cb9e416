//! How one gets connected, on both clouds: where the key comes from and how it is renewed, which hosts are called, whose
//! certificates are trusted, how long it may take.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has nothing better to do"
)]

mod certificates;
mod command_line;
mod files;
mod hosts;
mod limits;
mod metadata;
mod precedence;
mod readers;
mod renewal;

use cloudapi::Provider;

/// The clouds that this build has.
const PROVIDERS: &[Provider] = &[
    #[cfg(feature = "aws")]
    Provider::Aws,
    #[cfg(feature = "tencent")]
    Provider::Tencent,
];
