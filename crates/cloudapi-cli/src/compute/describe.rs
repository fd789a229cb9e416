//! `describe-instances`

use cloudapi::compute::DescribeInstancesRequest;

use crate::arguments::{filters, words};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these instances: several, or parted by commas
    #[arg(long, value_name = "ID", num_args = 0.., value_delimiter = ',')]
    instance_ids: Option<Vec<String>>,

    /// Only what meets all of these: tag:role=web,db instance-state=running, or JSON such as [{"name": "web-*"}]
    #[arg(long, value_name = "NAME=VALUE,…", num_args = 1..)]
    filters: Option<Vec<String>>,

    /// Leave out ids that do not exist, instead of failing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_missing: Option<bool>,

    /// How many a native page holds; changes the number of calls, never the answer
    #[arg(long, value_name = "N")]
    page_size: Option<u32>,
}

/// Lists instances.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let filters = args.filters.as_deref().map(filters::parse).transpose()?;
    let request: DescribeInstancesRequest = context
        .request()
        .with("InstanceIds", words(args.instance_ids))
        .with("Filters", filters)
        .with("AllowMissing", args.allow_missing)
        .with("PageSize", args.page_size)
        .build()?;
    let compute = context.connect().await?.compute()?;
    let instances = context.call(compute.describe_instances(request)).await?;
    Ok(context.print(&instances))
}
