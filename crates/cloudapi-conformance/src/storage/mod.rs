//! Objects.

mod access;
mod cancel;
mod changed;
mod content;
mod faults;
mod interrupted;
mod keys;
mod lasting;
mod limits;
mod options;
mod overwrite;
mod progress;
mod refusals;
mod resume;
mod resume_refusals;
mod sources;
mod stage;
mod vendor;

pub use stage::StorageFixture;

use cloudapi_core::Operation;

use crate::case::Case;
use crate::target::Need;

pub(crate) fn cases() -> Vec<Case> {
    [
        sources::cases(),
        options::cases(),
        keys::cases(),
        overwrite::cases(),
        refusals::cases(),
        progress::cases(),
        cancel::cases(),
        changed::cases(),
        resume::cases(),
        resume_refusals::cases(),
        interrupted::cases(),
        faults::cases(),
        lasting::cases(),
        limits::cases(),
        access::cases(),
    ]
    .concat()
    .into_iter()
    .map(|case| {
        case.of(Operation::UploadFile)
            .needs([Need::Buckets, Need::Objects])
    })
    .collect()
}
