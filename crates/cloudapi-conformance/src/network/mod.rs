//! Route tables.

mod describe;
mod exact;
mod faults;
mod filters;
mod half_way;
mod notes;
mod refusals;
mod replace;
mod stage;

pub use stage::NetworkFixture;
pub(crate) use stage::TableLedger;

use crate::case::Case;
use crate::target::Need;

pub(crate) fn cases() -> Vec<Case> {
    [
        describe::cases(),
        filters::cases(),
        replace::cases(),
        exact::cases(),
        refusals::cases(),
        notes::cases(),
        half_way::cases(),
        faults::cases(),
    ]
    .concat()
    .into_iter()
    .map(|case| case.needs([Need::RouteTables]))
    .collect()
}
