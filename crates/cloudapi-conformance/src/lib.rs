//! What cloudapi promises on every cloud, as cases that run against any provider.
//!
//! A case is one promise, named as a sentence fragment (`compute/stop-is-idempotent`), written once, and run on each cloud
//! through the public traits alone. It tolerates company, and removes what it made. Where the clouds differ
//! ([`Capability`]) there is a case for each side. What a case needs beyond the cloud's own interface ([`Need`]) not every
//! [`Target`] has; such a case is then skipped, and the report says why. A run that executes nothing fails.
//!
//! ```no_run
//! # async fn demo(target: &dyn cloudapi_conformance::Target) -> Result<(), String> {
//! use cloudapi_conformance::{RunOptions, run, select};
//!
//! let cases = select(&["compute/stop-*".to_owned()]);
//! let report = run(target, &cases, &RunOptions::default()).await;
//! println!("{report}");
//! report.check()
//! # }
//! ```
//!
//! # Adding a family
//!
//! A folder named after the family, with `cases() -> Vec<Case>`, an `impl Context` with what its cases make, a field in
//! `Context` for what has to be removed afterwards, and a line in [`cases`].
#![cfg_attr(docsrs, feature(doc_cfg))]

mod capability;
mod case;
mod compute;
mod connect;
mod context;
mod failure;
mod load_balancer;
mod network;
mod parity;
mod report;
mod runner;
mod storage;
mod target;
mod truth;

pub use capability::Capability;
pub use case::Case;
pub use compute::ComputeFixture;
pub use context::TAG;
pub use load_balancer::{GroupFixture, LoadBalancerFixture};
pub use network::NetworkFixture;
pub use report::{CaseResult, Outcome, Report, RunReport};
pub use runner::{RunOptions, run, select};
pub use storage::StorageFixture;
pub use target::{Call, Controls, Fault, FaultKind, Need, TASK_FAILURE, Target, World};
pub use truth::{NativeObject, NativeRoute, NativeTarget, NativeUpload};

/// Gives every case, family by family.
pub fn cases() -> Vec<Case> {
    let mut cases = connect::cases();
    cases.extend(compute::cases());
    cases.extend(network::cases());
    cases.extend(load_balancer::cases());
    cases.extend(storage::cases());
    cases
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cloudapi_core::Provider;

    use super::*;

    #[test]
    fn ids_are_unique_sentence_fragments_in_a_family() {
        let mut seen = BTreeSet::new();
        for case in cases() {
            assert!(seen.insert(case.id().to_owned()), "{} twice", case.id());
            let (family, fragment) = case.id().split_once('/').unwrap();
            let families = ["connect", "compute", "network", "load_balancer", "storage"];
            assert!(families.contains(&family), "{}", case.id());
            let plain =
                |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
            assert!(
                fragment.chars().all(plain) && fragment.contains('-'),
                "{}",
                case.id()
            );
            assert!(
                case.promise().ends_with('.'),
                "{}: {}",
                case.id(),
                case.promise()
            );
        }
        assert!(seen.len() > 100, "{}", seen.len());
    }

    #[test]
    fn each_capability_has_a_case_for_each_side() {
        for capability in Capability::ALL {
            for side in [true, false] {
                let found = cases()
                    .iter()
                    .any(|case| case.capability() == Some((*capability, side)));
                assert!(found, "{capability:?} lacks its case for {side}");
            }
            let holders = Provider::ALL
                .iter()
                .filter(|provider| capability.held_by(**provider))
                .count();
            assert_eq!(holders, 1, "{capability:?} is no difference");
        }
    }
}
