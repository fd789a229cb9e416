//! Servers: one file for each operation.

mod batch;
mod create;
mod describe;
mod destroy;
mod show;
mod start;
mod stop;

use clap::Subcommand;
use cloudapi::Operation;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, Subcommand)]
#[expect(
    clippy::enum_variant_names,
    reason = "the interface's names, from which those of the commands come"
)]
pub(crate) enum Command {
    /// List servers.
    DescribeInstances(describe::Args),
    /// Create servers, exactly once.
    CreateInstances(Box<create::Args>),
    /// Start stopped servers.
    StartInstances(start::Args),
    /// Stop running servers.
    StopInstances(stop::Args),
    /// Destroy servers for good.
    DestroyInstances(destroy::Args),
}

impl Command {
    /// Runs the operation.
    pub(crate) async fn run(self, context: &Context) -> Result<Done, Failure> {
        let operation = self.operation();
        let done = match self {
            Self::DescribeInstances(args) => describe::run(args, context).await,
            Self::CreateInstances(args) => create::run(*args, context).await,
            Self::StartInstances(args) => start::run(args, context).await,
            Self::StopInstances(args) => stop::run(args, context).await,
            Self::DestroyInstances(args) => destroy::run(args, context).await,
        };
        done.map_err(|failure| failure.about(context.provider(), operation))
    }

    fn operation(&self) -> Operation {
        match self {
            Self::DescribeInstances(_) => Operation::DescribeInstances,
            Self::CreateInstances(_) => Operation::CreateInstances,
            Self::StartInstances(_) => Operation::StartInstances,
            Self::StopInstances(_) => Operation::StopInstances,
            Self::DestroyInstances(_) => Operation::DestroyInstances,
        }
    }
}
