//! Where the key comes from, on both clouds: which source wins, and what the command line says of it.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has nothing better to do"
)]

mod command_line;
mod metadata;
mod precedence;

use cloudapi::Provider;

/// The clouds that this build has.
const PROVIDERS: &[Provider] = &[
    #[cfg(feature = "aws")]
    Provider::Aws,
    #[cfg(feature = "tencent")]
    Provider::Tencent,
];
