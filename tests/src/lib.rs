//! What the conformance suite is run against and the runner itself (`conformance`), and uploads that are killed
//! (`kill_uploads`). The tests that span the crates are beside this library in `tests/`.

pub mod emulator;
pub mod kills;
pub mod live;
pub mod moto;
