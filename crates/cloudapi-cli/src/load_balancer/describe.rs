//! `describe-load-balancer-health`

use cloudapi::load_balancer::DescribeLoadBalancerHealthRequest;

use crate::arguments::words;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The load balancer: id, ARN or name
    #[arg(long, value_name = "ID")]
    load_balancer_id: Option<String>,

    /// Only these backend groups, by id or name: several, or parted by commas
    #[arg(long, value_name = "ID", num_args = 0.., value_delimiter = ',')]
    backend_groups: Option<Vec<String>>,
}

/// Tells how the targets are.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let request: DescribeLoadBalancerHealthRequest = context
        .request()
        .with("LoadBalancerId", args.load_balancer_id)
        .with("BackendGroups", words(args.backend_groups))
        .build()?;
    let load_balancer = context.connect().await?.load_balancer()?;
    let health = load_balancer.describe_load_balancer_health(request);
    Ok(context.print(&context.call(health).await?))
}
