//! `whoami`

use cloudapi::{CallerIdentity, Operation, timestamp};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::grid::Grid;
use crate::output::{Done, Report};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Tells whose key is in use.
pub(crate) async fn run(_args: Args, context: &Context) -> Result<Done, Failure> {
    let about = |failure: Failure| failure.about(context.provider(), Operation::CallerIdentity);
    let cloud = context.connect().await.map_err(about)?;
    let identity = context.call(cloud.caller_identity()).await.map_err(about)?;
    Ok(context.print(&identity))
}

impl Report for CallerIdentity {
    fn grid(&self) -> Grid {
        let mut grid = Grid::new(["Field", "Value"]);
        let expires = self.expires_at.and_then(timestamp::format);
        for (name, value) in [
            ("Provider", self.provider.to_string()),
            ("AccountId", self.account_id.clone()),
            ("UserId", self.user_id.clone()),
            ("Arn", self.arn.clone()),
            ("Source", self.source.clone()),
            ("ExpiresAt", expires.unwrap_or_else(|| "never".to_owned())),
        ] {
            grid.row([name.to_owned(), value]);
        }
        grid
    }
}
