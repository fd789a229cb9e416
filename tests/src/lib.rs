//! What the conformance suite is run against, and the runner itself (`conformance`). The tests that span the crates are
//! beside this library in `tests/`.

pub mod emulator;
pub mod live;
pub mod moto;
