//! Objects: one file for each operation.

mod show;
mod upload;

use clap::Subcommand;
use cloudapi::Operation;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Store a file or stdin as an object: in parallel parts, verified, resumable.
    UploadFile(Box<upload::Args>),
}

impl Command {
    /// Runs the operation.
    pub(crate) async fn run(self, context: &Context) -> Result<Done, Failure> {
        let done = match self {
            Self::UploadFile(args) => upload::run(*args, context).await,
        };
        done.map_err(|failure| failure.about(context.provider(), Operation::UploadFile))
    }
}
