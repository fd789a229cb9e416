//! `register-instances-with-load-balancer`

use cloudapi::LoadBalancerExt;
use cloudapi::load_balancer::RegisterInstancesWithLoadBalancerRequest;

use super::outcomes;
use crate::arguments::targets;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The load balancer: id, ARN or name
    #[arg(long, value_name = "ID")]
    load_balancer_id: Option<String>,

    /// The backend group: a target group's ARN or name, a listener (lbl-…) or its rule (lbl-…/loc-…); may be left out
    /// where there is only one
    #[arg(long, value_name = "ID")]
    backend_group: Option<String>,

    /// The instances, each with its port if that is not the group's: i-1:8080 i-2, or JSON
    #[arg(long, value_name = "ID[:PORT]", num_args = 0..)]
    targets: Option<Vec<String>>,

    /// The weight, 0 to 100, of all targets that have none of their own (Tencent Cloud)
    #[arg(long, value_name = "N")]
    weight: Option<u32>,

    /// Wait until the targets are healthy
    #[arg(long)]
    wait: bool,
}

/// Puts instances behind a load balancer.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let targets = args.targets.as_deref().map(targets::parse).transpose()?;
    let request: RegisterInstancesWithLoadBalancerRequest = context
        .request()
        .with("LoadBalancerId", args.load_balancer_id)
        .with("BackendGroup", args.backend_group)
        .with("Targets", targets)
        .with("Weight", args.weight)
        .build()?;
    let load_balancer = context.connect().await?.load_balancer()?;
    let registered = load_balancer.register_instances_with_load_balancer(request);
    let registered = context.call(registered).await?;
    if !args.wait {
        return Ok(outcomes::print(&registered, context));
    }
    let options = context.wait_options();
    let wait = |outcomes| load_balancer.wait_until_healthy(outcomes, &options);
    Ok(outcomes::wait_and_print(registered, context, wait).await)
}
