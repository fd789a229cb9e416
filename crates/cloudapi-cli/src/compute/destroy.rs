//! `destroy-instances`

use clap::ValueEnum;
use cloudapi::compute::{DestroyInstancesRequest, PrepaidPolicy, unique_ids};
use cloudapi::{CloudProvider, ComputeExt, InstanceId};
use serde::Serialize;

use super::batch;
use crate::arguments::words;
use crate::confirm::confirm;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The instances: several, or parted by commas
    #[arg(long, value_name = "ID", num_args = 0.., value_delimiter = ',')]
    instance_ids: Option<Vec<String>>,

    /// Take termination protection off where it is on
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    disable_protection: Option<bool>,

    /// What to do with prepaid instances, refuse if not said
    #[arg(long, ignore_case = true)]
    prepaid: Option<Prepaid>,

    /// Count an id that the cloud does not know as gone already
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_missing: Option<bool>,

    /// Tell what would be done, and do nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dry_run: Option<bool>,

    /// Don't ask at the terminal
    #[arg(long)]
    yes: bool,

    /// Wait until the instances are gone
    #[arg(long)]
    wait: bool,
}

#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
enum Prepaid {
    /// Leave them alone and fail
    Refuse,
    /// Move them to the recycle bin
    Isolate,
    /// Release them for good
    Release,
}

/// Destroys instances.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let request: DestroyInstancesRequest = context
        .request()
        .with("InstanceIds", words(args.instance_ids))
        .with("DisableProtection", args.disable_protection)
        .with("Prepaid", args.prepaid)
        .with("AllowMissing", args.allow_missing)
        .with("DryRun", args.dry_run)
        .build()?;
    let ids = unique_ids(&request.instance_ids)?;
    let isolated_is_enough = request.prepaid == PrepaidPolicy::Isolate;
    let cloud = context.connect().await?;
    let compute = cloud.compute()?;
    if !args.yes && !request.dry_run {
        confirm(context, &question(&*cloud, &ids)).await?;
    }
    let outcomes = context.call(compute.destroy_instances(request)).await?;
    if !args.wait {
        return Ok(batch::print(&outcomes, context));
    }
    let options = context.wait_options();
    let wait = |outcomes| compute.wait_until_destroyed(outcomes, isolated_is_enough, &options);
    Ok(batch::wait_and_print(outcomes, context, wait).await)
}

fn question(cloud: &dyn CloudProvider, ids: &[InstanceId]) -> String {
    let names: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
    let noun = if ids.len() == 1 {
        "instance"
    } else {
        "instances"
    };
    format!(
        "Destroy {} {noun} at {} in {}: {}?",
        ids.len(),
        cloud.provider(),
        cloud.region(),
        names.join(", ")
    )
}
