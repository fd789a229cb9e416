//! Route tables: one file for each operation.

mod describe;
mod replace;
mod show;

use clap::Subcommand;
use cloudapi::Operation;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List route tables with their routes.
    DescribeRouteTables(describe::Args),
    /// Make routes of a table lead elsewhere, without a gap; all or none.
    ReplaceRoutes(replace::Args),
}

impl Command {
    /// Runs the operation.
    pub(crate) async fn run(self, context: &Context) -> Result<Done, Failure> {
        let operation = self.operation();
        let done = match self {
            Self::DescribeRouteTables(args) => describe::run(args, context).await,
            Self::ReplaceRoutes(args) => replace::run(args, context).await,
        };
        done.map_err(|failure| failure.about(context.provider(), operation))
    }

    fn operation(&self) -> Operation {
        match self {
            Self::DescribeRouteTables(_) => Operation::DescribeRouteTables,
            Self::ReplaceRoutes(_) => Operation::ReplaceRoutes,
        }
    }
}
