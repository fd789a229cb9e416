//! Runs the conformance suite and reports: `conformance --provider tencent --filter 'compute/stop-*'`.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]
#![expect(clippy::print_stderr, reason = "a program for the terminal")]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use cloudapi::{CredentialSource, Provider, ProviderConfig};
use cloudapi_conformance::{
    Case, ComputeFixture, Outcome, Report, RunOptions, RunReport, Target, cases, run, select,
};
use cloudapi_tests::emulator::{EmulatorTarget, Variant};
use cloudapi_tests::live::LiveTarget;
use cloudapi_tests::moto::MotoTarget;

/// Check what cloudapi promises, on the emulator, on moto, or on your own account.
#[derive(Debug, Parser)]
#[command(name = "conformance")]
struct Cli {
    /// The cloud; both unless given
    #[arg(long, value_parser = ["aws", "tencent"])]
    provider: Option<String>,
    /// What to run against
    #[arg(long, value_enum, default_value_t = TargetName::Emulator)]
    target: TargetName,
    /// Where moto listens
    #[arg(long, value_name = "URL", required_if_eq("target", "moto"))]
    endpoint_url: Option<String>,
    /// In what way the emulator is made difficult; every way unless given
    #[arg(long, value_enum)]
    variant: Option<VariantName>,
    /// Only these cases: parts of ids, or patterns with `*` for whole ids
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    filter: Vec<String>,
    /// Write a report there: JSON, or the parity table for a name that ends in `.md`
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How many cases run side by side on the emulator
    #[arg(long, value_name = "N", default_value_t = 4)]
    parallel: usize,
    /// Print the cases and what they promise, and run none
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    live: Live,
}

/// What the live target needs to know.
#[derive(Debug, Args)]
#[command(next_help_heading = "Live target")]
struct Live {
    /// Say that you know: servers are created on your account, dozens of the smallest type, each for a few minutes
    #[arg(long)]
    yes_really_cost_money: bool,
    /// Only destroy what earlier runs left behind
    #[arg(long)]
    sweep: bool,
    /// The region
    #[arg(long)]
    region: Option<String>,
    /// The profile that holds the key; else the environment, or at AWS the default chain
    #[arg(long)]
    profile: Option<String>,
    /// An image
    #[arg(long)]
    image: Option<String>,
    /// An instance type, the cheapest
    #[arg(long)]
    instance_type: Option<String>,
    /// A zone
    #[arg(long)]
    zone: Option<String>,
    /// A network
    #[arg(long)]
    vpc: Option<String>,
    /// A subnet of it in the zone
    #[arg(long)]
    subnet: Option<String>,
    /// A security group of the network
    #[arg(long)]
    security_group: Option<String>,
    /// Another network
    #[arg(long)]
    other_vpc: Option<String>,
    /// A key pair
    #[arg(long)]
    key_name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TargetName {
    Emulator,
    Moto,
    Live,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VariantName {
    Plain,
    SinglePages,
    Lagging,
}

impl From<VariantName> for Variant {
    fn from(name: VariantName) -> Self {
        match name {
            VariantName::Plain => Self::Plain,
            VariantName::SinglePages => Self::SinglePages,
            VariantName::Lagging => Self::Lagging,
        }
    }
}

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match execute(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(cli: Cli) -> Result {
    let chosen = select(&cli.filter);
    if chosen.is_empty() {
        return Err(format!(
            "no case matches {}; --list prints all {}",
            cli.filter.join(" "),
            cases().len()
        )
        .into());
    }
    if cli.list {
        for case in &chosen {
            println!("{:60} {}", case.id(), case.promise());
        }
        return Ok(());
    }
    let providers = match &cli.provider {
        Some(name) => vec![name.parse::<Provider>()?],
        None => Provider::ALL.to_vec(),
    };
    let report = match cli.target {
        TargetName::Emulator => on_emulator(&cli, &providers, &chosen).await,
        TargetName::Moto => on_moto(&cli, &providers, &chosen).await?,
        TargetName::Live => match on_live(&cli, &providers, &chosen).await? {
            Some(report) => report,
            None => return Ok(()),
        },
    };
    write(&cli, &report)?;
    Ok(report.check()?)
}

async fn on_emulator(cli: &Cli, providers: &[Provider], chosen: &[Case]) -> Report {
    let variants = match cli.variant {
        Some(name) => vec![Variant::from(name)],
        None => Variant::ALL.to_vec(),
    };
    let mut report = Report::default();
    for provider in providers {
        for variant in &variants {
            let options = options(cli.parallel).with_variant(variant.name());
            let target = EmulatorTarget::new(*provider, *variant);
            let idle = |case: &Case| {
                case.does_not_concern(*provider).is_some() || case.cannot_run_on(&target).is_some()
            };
            // Unless it was asked for, a variant that makes no difference to any of the cases is left out.
            if cli.variant.is_none() && *variant != Variant::Plain && chosen.iter().all(idle) {
                continue;
            }
            report
                .runs
                .push(run_and_tell(&target, chosen, &options).await);
        }
    }
    report
}

async fn on_moto(cli: &Cli, providers: &[Provider], chosen: &[Case]) -> Result<Report> {
    if cli.provider.is_some() && providers != [Provider::Aws] {
        return Err("moto speaks for AWS only".into());
    }
    let endpoint_url = cli.endpoint_url.as_deref().unwrap_or_default();
    let target = MotoTarget::new(endpoint_url).await?;
    let run = run_and_tell(&target, chosen, &options(1)).await;
    Ok(Report { runs: vec![run] })
}

/// Runs on an account; `None` when only the sweeping was asked for.
async fn on_live(cli: &Cli, providers: &[Provider], chosen: &[Case]) -> Result<Option<Report>> {
    let &[provider] = providers else {
        return Err("a live run is for one cloud: add --provider".into());
    };
    if !cli.live.yes_really_cost_money && !cli.live.sweep {
        return Err("a live run creates servers that cost money, dozens of them for a few minutes each, one after \
            the other; everything carries the tag cloudapi-conformance and is destroyed afterwards. Add \
            --yes-really-cost-money to go on"
            .into());
    }
    let target = LiveTarget::new(live_config(&cli.live, provider), live_fixture(&cli.live)?);
    if cli.live.sweep {
        tell_swept(&target).await?;
        return Ok(None);
    }
    let options = options(1).with_case_timeout(Duration::from_mins(30));
    let interrupted = tokio::signal::ctrl_c();
    let run = tokio::select! {
        run = run_and_tell(&target, chosen, &options) => Some(run),
        _ = interrupted => None,
    };
    tell_swept(&target).await?;
    match run {
        Some(run) => Ok(Some(Report { runs: vec![run] })),
        None => Err("interrupted; what was left has been destroyed".into()),
    }
}

fn live_config(live: &Live, provider: Provider) -> ProviderConfig {
    let mut config = ProviderConfig::new(provider);
    config.region.clone_from(&live.region);
    config.with_credentials(match &live.profile {
        Some(profile) => CredentialSource::Profile(profile.clone()),
        None if provider == Provider::Aws => CredentialSource::Default,
        None => CredentialSource::Environment,
    })
}

fn live_fixture(live: &Live) -> Result<ComputeFixture> {
    if live.sweep {
        return Ok(ComputeFixture::new("", ""));
    }
    let need = |flag: &str, value: &Option<String>| {
        value
            .clone()
            .ok_or_else(|| format!("a live run needs --{flag}"))
    };
    let mut fixture = ComputeFixture::new(
        need("image", &live.image)?,
        need("instance-type", &live.instance_type)?,
    )
    .with_network(
        need("zone", &live.zone)?,
        need("vpc", &live.vpc)?,
        need("subnet", &live.subnet)?,
        need("security-group", &live.security_group)?,
    )
    .with_other_vpc(need("other-vpc", &live.other_vpc)?);
    if let Some(key) = &live.key_name {
        fixture = fixture.with_key_name(key);
    }
    Ok(fixture)
}

async fn tell_swept(target: &LiveTarget) -> Result {
    let swept = target.sweep().await?;
    let ids: Vec<&str> = swept.iter().map(cloudapi::InstanceId::as_str).collect();
    println!("{} left behind and destroyed {}", ids.len(), ids.join(" "));
    Ok(())
}

fn options(parallel: usize) -> RunOptions {
    RunOptions::default()
        .with_parallel(parallel)
        .with_on_result(|result| {
            // What does not concern a cloud is in its table, and no news.
            if !matches!(result.outcome, Outcome::NotApplicable { .. }) {
                println!("{result}");
            }
        })
}

async fn run_and_tell(target: &dyn Target, chosen: &[Case], options: &RunOptions) -> RunReport {
    let report = run(target, chosen, options).await;
    println!("{report}\n");
    report
}

fn write(cli: &Cli, report: &Report) -> Result {
    let Some(path) = &cli.report else {
        return Ok(());
    };
    let markdown = path.extension().is_some_and(|extension| extension == "md");
    let text = if markdown {
        report.to_markdown()
    } else {
        report.to_json()?
    };
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}
