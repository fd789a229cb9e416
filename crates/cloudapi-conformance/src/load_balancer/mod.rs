//! Load balancers.

mod classic;
mod deregister;
mod describe;
mod drain;
mod faults;
mod groups;
mod limits;
mod many;
mod refusals;
mod register;
mod stage;
mod tasks;
mod traffic;
mod vendor;
mod wait;

pub use stage::{GroupFixture, LoadBalancerFixture};

use crate::case::Case;
use crate::target::Need;

pub(crate) fn cases() -> Vec<Case> {
    [
        describe::cases(),
        traffic::cases(),
        groups::cases(),
        register::cases(),
        deregister::cases(),
        drain::cases(),
        refusals::cases(),
        many::cases(),
        tasks::cases(),
        wait::cases(),
        classic::cases(),
        faults::cases(),
        limits::cases(),
    ]
    .concat()
    .into_iter()
    .map(|case| case.needs([Need::LoadBalancers]))
    .collect()
}
