//! `deregister-instances-from-load-balancer`

use std::time::Duration;

use cloudapi::LoadBalancerExt;
use cloudapi::load_balancer::DeregisterInstancesFromLoadBalancerRequest;

use super::outcomes;
use crate::arguments::{duration, targets};
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

    /// The instances: i-1:8080 for one port, i-2 for every port that it has, or JSON
    #[arg(long, value_name = "ID[:PORT]", num_args = 0..)]
    targets: Option<Vec<String>>,

    /// Let open connections end for so long: 30s, 5m. Tencent Cloud: no new ones meanwhile. AWS drains by the group's own
    /// delay; its end is waited for, at most so long
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    drain: Option<Duration>,

    /// Wait until the targets are gone
    #[arg(long)]
    wait: bool,
}

/// Takes instances from behind a load balancer.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let targets = args.targets.as_deref().map(targets::parse).transpose()?;
    let request: DeregisterInstancesFromLoadBalancerRequest = context
        .request()
        .with("LoadBalancerId", args.load_balancer_id)
        .with("BackendGroup", args.backend_group)
        .with("Targets", targets)
        .with("Drain", args.drain.map(|drain| drain.as_secs_f64()))
        .build()?;
    let load_balancer = context.connect().await?.load_balancer()?;
    let deregistered = load_balancer.deregister_instances_from_load_balancer(request);
    let deregistered = context.call(deregistered).await?;
    if !args.wait {
        return Ok(outcomes::print(&deregistered, context));
    }
    let options = context.wait_options();
    let wait = |outcomes| load_balancer.wait_until_drained(outcomes, &options);
    Ok(outcomes::wait_and_print(deregistered, context, wait).await)
}
