//! Walks the operations on AWS and Tencent Cloud side by side: `cargo xtask tour`.
//!
//! On the built-in emulator it needs no account. With `--provider aws` and without `--emulator` it visits a real account,
//! where it only reads unless `--write` is given; then it creates one small server, and destroys it in the end.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example's output"
)]

mod compute;
mod load_balancer;
mod network;
mod options;
mod show;
mod side;
mod storage;

use std::error::Error;
use std::process::ExitCode;
use std::time::SystemTime;

use cloudapi::Provider;
use cloudapi::compute::WaitOptions;
use cloudapi::emulator::Emulator;
use options::Options;
use show::Table;
use side::Side;

/// What a chapter answers.
type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// The clouds to visit, and how.
struct Tour {
    /// One or both clouds.
    sides: Vec<Side>,
    /// The emulator, unless real accounts are visited.
    emulator: Option<Emulator>,
    /// Marks what this run makes, so that all of it can be found again.
    run: String,
    /// How long and how often to look while waiting.
    wait: WaitOptions,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match walk().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe tour ends here. {error}");
            ExitCode::FAILURE
        }
    }
}

async fn walk() -> Result {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", options::USAGE);
            return Ok(());
        }
        Err(error) => return Err(format!("{error}\n\n{}", options::USAGE).into()),
    };
    let tour = Tour::begin(&options).await?;
    tour.introduce();

    if tour.emulator.is_none() && !options.write {
        compute::look(&tour).await?;
        return network::look(&tour).await;
    }
    let chapters = async {
        compute::walk(&tour).await?;
        network::walk(&tour).await?;
        load_balancer::walk(&tour).await?;
        storage::walk(&tour).await
    };
    let walked = tokio::select! {
        walked = chapters => walked,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            Err("interrupted".into())
        }
    };
    if walked.is_err()
        && let Err(error) = compute::clean_up(&tour).await
    {
        eprintln!(
            "\nWhat the tour made could not be destroyed; it has the tag {}={}. {error}",
            compute::RUN_TAG,
            tour.run
        );
    }
    walked?;
    tour.end().await;
    Ok(())
}

impl Tour {
    async fn begin(options: &Options) -> Result<Self> {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let emulator = if options.emulator {
            Some(Emulator::start().await?)
        } else {
            None
        };
        let providers = options
            .provider
            .as_ref()
            .map_or(Provider::ALL, std::slice::from_ref);
        let mut sides = Vec::new();
        for provider in providers {
            sides.push(match &emulator {
                Some(emulator) => Side::emulated(*provider, emulator).await?,
                None => Side::live(*provider, options).await?,
            });
        }
        Ok(Self {
            sides,
            run: format!("tour-{:x}", since_epoch.as_millis()),
            wait: match &emulator {
                Some(_) => side::quick_wait(),
                None => WaitOptions::default(),
            },
            emulator,
        })
    }

    fn introduce(&self) {
        match &self.emulator {
            Some(emulator) => println!(
                "cloudapi tour: the same calls on each cloud, answered by the emulator at {}",
                emulator.endpoint_url()
            ),
            None => println!("cloudapi tour: your own account"),
        }
        let mut table = Table::new(["cloud", "region"]);
        for side in &self.sides {
            table.row([side.provider.to_string(), side.cloud.region().to_owned()]);
        }
        table.print();
    }

    async fn end(self) {
        println!(
            "\nThat was the tour. The same requests, answers and errors, whichever the cloud."
        );
        if let Some(emulator) = self.emulator {
            emulator.stop().await;
        }
    }
}
