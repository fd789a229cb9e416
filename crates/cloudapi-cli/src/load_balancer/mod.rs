//! Load balancers: one file for each operation.

mod deregister;
mod describe;
mod outcomes;
mod register;
mod show;

use clap::Subcommand;
use cloudapi::Operation;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell how the targets of a load balancer are, and which of them get traffic.
    DescribeLoadBalancerHealth(describe::Args),
    /// Put servers behind a load balancer.
    RegisterInstancesWithLoadBalancer(register::Args),
    /// Take servers from behind a load balancer.
    DeregisterInstancesFromLoadBalancer(deregister::Args),
}

impl Command {
    /// Runs the operation.
    pub(crate) async fn run(self, context: &Context) -> Result<Done, Failure> {
        let operation = self.operation();
        let done = match self {
            Self::DescribeLoadBalancerHealth(args) => describe::run(args, context).await,
            Self::RegisterInstancesWithLoadBalancer(args) => register::run(args, context).await,
            Self::DeregisterInstancesFromLoadBalancer(args) => deregister::run(args, context).await,
        };
        done.map_err(|failure| failure.about(context.provider(), operation))
    }

    fn operation(&self) -> Operation {
        match self {
            Self::DescribeLoadBalancerHealth(_) => Operation::DescribeLoadBalancerHealth,
            Self::RegisterInstancesWithLoadBalancer(_) => {
                Operation::RegisterInstancesWithLoadBalancer
            }
            Self::DeregisterInstancesFromLoadBalancer(_) => {
                Operation::DeregisterInstancesFromLoadBalancer
            }
        }
    }
}
