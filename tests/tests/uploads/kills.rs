//! Killed (SIGKILL) at a random moment, again and again, and gone on with: `cargo xtask kill-uploads` does it at full size.

use cloudapi_emulator::Emulator;
use cloudapi_tests::kills::{self, Plan};

use crate::shell::{PROVIDERS, binary};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_upload_goes_on_with_what_was_not_noted() {
    let seed = fastrand::u64(..);
    for provider in PROVIDERS {
        let plan = Plan {
            provider: *provider,
            rounds: 4,
            size: 64 << 20,
            part_size: 5 << 20,
            in_flight: 3,
            kills_in_a_row: 3,
            seed,
        };
        let emulator = Emulator::start().await.unwrap();
        let figures = kills::run(&binary(), &emulator, &plan)
            .unwrap_or_else(|error| panic!("{provider}, seed {seed}: {error}"));
        assert_eq!(figures.rounds, 4, "{provider}, seed {seed}: {figures}");
        assert!(figures.kills >= 4, "{provider}, seed {seed}: {figures}");
        assert!(
            figures.again <= figures.under_way,
            "{provider}, seed {seed}: {figures}"
        );
    }
}
