//! `describe-route-tables`

use cloudapi::network::DescribeRouteTablesRequest;

use crate::arguments::{filters, words};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these tables: several, or parted by commas
    #[arg(long, value_name = "ID", num_args = 0.., value_delimiter = ',')]
    route_table_ids: Option<Vec<String>>,

    /// Only what meets all of these: vpc-id=vpc-1 main=true, or JSON such as [{"subnet-id": "subnet-1"}]
    #[arg(long, value_name = "NAME=VALUE,…", num_args = 1..)]
    filters: Option<Vec<String>>,

    /// Leave out ids that do not exist, instead of failing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_missing: Option<bool>,

    /// How many a native page holds; changes the number of calls, never the answer
    #[arg(long, value_name = "N")]
    page_size: Option<u32>,
}

/// Lists route tables.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let filters = args.filters.as_deref().map(filters::parse).transpose()?;
    let request: DescribeRouteTablesRequest = context
        .request()
        .with("RouteTableIds", words(args.route_table_ids))
        .with("Filters", filters)
        .with("AllowMissing", args.allow_missing)
        .with("PageSize", args.page_size)
        .build()?;
    let network = context.connect().await?.network()?;
    let tables = context.call(network.describe_route_tables(request)).await?;
    Ok(context.print(&tables))
}
