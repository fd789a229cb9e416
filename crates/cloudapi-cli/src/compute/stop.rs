//! `stop-instances`

use clap::ValueEnum;
use cloudapi::ComputeExt;
use cloudapi::compute::StopInstancesRequest;
use serde::Serialize;

use super::batch;
use crate::arguments::words;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The instances: several, or parted by commas
    #[arg(long, value_name = "ID", num_args = 0.., value_delimiter = ',')]
    instance_ids: Option<Vec<String>>,

    /// How they are stopped, graceful if not said
    #[arg(long, ignore_case = true)]
    mode: Option<Mode>,

    /// The same as --mode force
    #[arg(long, conflicts_with_all = ["mode", "hibernate"])]
    force: bool,

    /// The same as --mode hibernate
    #[arg(long, conflicts_with = "mode")]
    hibernate: bool,

    /// Ask for no compute charge while stopped; the result says what really happened
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    stop_charging: Option<bool>,

    /// Tell what would be done, and do nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dry_run: Option<bool>,

    /// Wait until the instances are down
    #[arg(long)]
    wait: bool,
}

#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
enum Mode {
    /// The guest shuts down
    Graceful,
    /// The power is cut, without asking the guest
    Force,
    /// Memory is saved to disk (AWS)
    Hibernate,
}

/// Stops instances.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let mode = match (args.force, args.hibernate) {
        (true, _) => Some(Mode::Force),
        (_, true) => Some(Mode::Hibernate),
        (false, false) => args.mode,
    };
    let request: StopInstancesRequest = context
        .request()
        .with("InstanceIds", words(args.instance_ids))
        .with("Mode", mode)
        .with("StopCharging", args.stop_charging)
        .with("DryRun", args.dry_run)
        .build()?;
    let compute = context.connect().await?.compute()?;
    let outcomes = context.call(compute.stop_instances(request)).await?;
    if !args.wait {
        return Ok(batch::print(&outcomes, context));
    }
    let options = context.wait_options();
    let wait = |outcomes| compute.wait_until_stopped(outcomes, &options);
    Ok(batch::wait_and_print(outcomes, context, wait).await)
}
