//! Kills uploads at random moments, goes on with them, and tells how much was sent again.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use cloudapi::Provider;
use cloudapi_emulator::Emulator;
use cloudapi_tests::kills::{self, Plan};

/// Kills uploads (SIGKILL) at random moments, goes on with them, and tells how much was sent again
#[derive(Parser)]
struct Args {
    /// This cloud only: aws or tencent
    #[arg(long)]
    provider: Option<Provider>,

    /// How many uploads for each cloud
    #[arg(long, default_value_t = 50)]
    rounds: u32,

    /// The size of the file
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    size_mib: u64,

    /// How often one upload is killed at most; once at least
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    kills_in_a_row: u32,

    /// What all that is random comes from; chosen if not said
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// The binary `cloudapi`; the one beside this program if not said
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let binary = match args.binary {
        Some(binary) => binary,
        None => std::env::current_exe()?
            .with_file_name(format!("cloudapi{}", std::env::consts::EXE_SUFFIX)),
    };
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let asked = args.provider.as_ref();
    for provider in asked.map_or(Provider::ALL, std::slice::from_ref) {
        let plan = Plan {
            provider: *provider,
            rounds: args.rounds,
            size: args.size_mib << 20,
            part_size: 8 << 20,
            in_flight: 8,
            kills_in_a_row: args.kills_in_a_row,
            seed,
        };
        let emulator = Emulator::start().await?;
        // The emulator goes on answering on the other threads of the runtime.
        let figures = tokio::task::block_in_place(|| kills::run(&binary, &emulator, &plan));
        let figures = figures.map_err(|error| format!("{provider}, seed {seed}: {error}"))?;
        println!("{provider}: {} MiB: {figures}", args.size_mib);
        emulator.stop().await;
    }
    Ok(())
}
