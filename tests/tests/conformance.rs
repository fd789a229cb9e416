//! Both clouds keep their promises on the emulator, in every variant.
#![cfg(any(feature = "aws", feature = "tencent"))]
#![expect(
    clippy::print_stdout,
    reason = "the totals and the skips are worth seeing"
)]

use cloudapi::Provider;
use cloudapi_conformance::{RunOptions, cases, run};
use cloudapi_tests::emulator::{EmulatorTarget, Variant};

async fn holds(provider: Provider, variant: Variant) {
    let target = EmulatorTarget::new(provider, variant);
    let options = RunOptions::default()
        .with_parallel(4)
        .with_variant(variant.name());
    let report = run(&target, &cases(), &options).await;
    println!("{report}");
    if let Err(failures) = report.check() {
        panic!("{failures}");
    }
}

macro_rules! on_emulator {
    ($feature:literal, $cloud:ident, $provider:expr) => {
        #[cfg(feature = $feature)]
        mod $cloud {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn keeps_its_promises() {
                holds($provider, Variant::Plain).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn keeps_its_promises_in_pages_of_one() {
                holds($provider, Variant::SinglePages).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn keeps_its_promises_when_answers_lag() {
                holds($provider, Variant::Lagging).await;
            }
        }
    };
}

on_emulator!("aws", aws, Provider::Aws);
on_emulator!("tencent", tencent, Provider::Tencent);
