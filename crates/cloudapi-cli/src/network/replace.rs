//! `replace-routes`

use clap::ValueEnum;
use cloudapi::ErrorKind;
use cloudapi::network::ReplaceRoutesRequest;
use serde::Serialize;

use crate::arguments::routes;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The table
    #[arg(long, value_name = "ID")]
    route_table_id: Option<String>,

    /// The network that the table must belong to, as a guard against the wrong table
    #[arg(long, value_name = "ID")]
    vpc_id: Option<String>,

    /// Where routes are to lead: 0.0.0.0/0=nat-gateway:nat-1, several, or JSON such as
    /// [{"Destination": "0.0.0.0/0", "Target": {"Type": "NatGateway", "Id": "nat-1"}}]
    #[arg(long, value_name = "DESTINATION=KIND:ID", num_args = 0..)]
    routes: Option<Vec<String>>,

    /// What becomes of missing and of unnamed routes, replace if not said
    #[arg(long, ignore_case = true)]
    mode: Option<Mode>,

    /// Tell what would be changed, and change nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dry_run: Option<bool>,
}

#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
enum Mode {
    /// Each destination must have a route; the others stay
    Replace,
    /// Missing routes are created; the others stay
    Upsert,
    /// The table's own static routes become these: missing ones are created, the others deleted
    Exact,
}

/// Replaces routes.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let routes = args.routes.as_deref().map(routes::parse).transpose()?;
    let request: ReplaceRoutesRequest = context
        .request()
        .with("RouteTableId", args.route_table_id)
        .with("VpcId", args.vpc_id)
        .with("Routes", routes)
        .with("Mode", args.mode)
        .with("DryRun", args.dry_run)
        .build()?;
    let (table, dry_run) = (request.route_table_id.clone(), request.dry_run);
    let network = context.connect().await?.network()?;
    let replaced = context
        .call(network.replace_routes(request))
        .await
        .map_err(|failure| {
            let cut_short =
                failure.is_interruption() || failure.error.kind() == ErrorKind::Timeout;
            if dry_run || !cut_short {
                return failure;
            }
            failure.with_advice(&format!(
                "{table} may be changed in part: the same command again does the rest, describe-route-tables --route-table-ids {table} shows it"
            ))
        })?;
    Ok(context.print(&replaced))
}
