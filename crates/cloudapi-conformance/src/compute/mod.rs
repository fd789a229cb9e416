//! Servers.

mod batch;
mod create;
mod create_checks;
mod describe;
mod destroy;
mod faults;
mod filters;
mod limits;
mod paging;
mod stage;
mod stop;
mod vendor;
mod wait;

pub(crate) use faults::FAULTS;
pub use stage::ComputeFixture;
pub(crate) use stage::{Ledger, only};

use crate::case::Case;

pub(crate) fn cases() -> Vec<Case> {
    [
        describe::cases(),
        filters::cases(),
        paging::cases(),
        create::cases(),
        create_checks::cases(),
        wait::cases(),
        batch::cases(),
        stop::cases(),
        destroy::cases(),
        faults::cases(),
        limits::cases(),
    ]
    .concat()
}
