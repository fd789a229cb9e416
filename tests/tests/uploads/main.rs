//! Uploads through the command line and the library, on both clouds: killed, interrupted, gone on with, refused, over bad
//! lines.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has nothing better to do"
)]

mod checkpoint;
#[cfg(unix)]
mod interrupted;
mod kills;
mod line;
mod properties;
mod refused;
#[path = "../command_line/support.rs"]
#[expect(dead_code, reason = "a part of it is for other operations")]
mod shell;
mod source;
mod stage;
