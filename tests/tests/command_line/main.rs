//! The command line on both clouds: the same commands, shapes, exit codes and refusals.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has nothing better to do"
)]

mod bad_input;
mod exit_codes;
mod load_balancer;
mod network;
mod shapes;
mod support;
