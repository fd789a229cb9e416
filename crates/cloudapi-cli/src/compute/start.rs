//! `start-instances`

use cloudapi::ComputeExt;
use cloudapi::compute::StartInstancesRequest;

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

    /// Tell what would be done, and do nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dry_run: Option<bool>,

    /// Wait until the instances run
    #[arg(long)]
    wait: bool,
}

/// Starts instances.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let request: StartInstancesRequest = context
        .request()
        .with("InstanceIds", words(args.instance_ids))
        .with("DryRun", args.dry_run)
        .build()?;
    let compute = context.connect().await?.compute()?;
    let outcomes = context.call(compute.start_instances(request)).await?;
    if !args.wait {
        return Ok(batch::print(&outcomes, context));
    }
    let options = context.wait_options();
    let wait = |outcomes| compute.wait_until_running(outcomes, &options);
    Ok(batch::wait_and_print(outcomes, context, wait).await)
}
