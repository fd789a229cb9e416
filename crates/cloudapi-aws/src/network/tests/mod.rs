//! One exchange at a time, against a server that is told what to answer.

mod describe;
mod replace;

use std::sync::Arc;

use cloudapi_core::{CloudProvider, Network, Result};

use super::DescribeRouteTablesRequest;
use crate::Aws;
use crate::testing::{Params, Reply, Server};

async fn world(
    answer: impl Fn(&Params) -> Reply + Send + Sync + 'static,
) -> (Server, Arc<dyn Network>) {
    let server = Server::start(answer).await;
    let network = Aws::connect(&server.config())
        .await
        .unwrap()
        .network()
        .unwrap();
    (server, network)
}

const LOCAL: &str = "<item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state><origin>CreateRouteTable</origin></item>";

fn static_route(destination: &str, nat: &str) -> String {
    let field = if destination.contains(':') {
        "destinationIpv6CidrBlock"
    } else {
        "destinationCidrBlock"
    };
    format!(
        "<item><{field}>{destination}</{field}><natGatewayId>{nat}</natGatewayId><state>active</state><origin>CreateRoute</origin></item>"
    )
}

fn table(id: &str, vpc: &str, subnets: &[&str], main: bool, routes: &str) -> String {
    let associations: Vec<String> = subnets
        .iter()
        .map(|subnet| format!("<item><subnetId>{subnet}</subnetId><main>false</main></item>"))
        .chain(main.then(|| "<item><main>true</main></item>".to_owned()))
        .collect();
    let associations = associations.concat();
    format!(
        "<item><routeTableId>{id}</routeTableId><vpcId>{vpc}</vpcId><routeSet>{LOCAL}{routes}</routeSet><associationSet>{associations}</associationSet><tagSet/></item>"
    )
}

fn tables(items: &[String], token: Option<&str>) -> Reply {
    let token = token
        .map(|token| format!("<nextToken>{token}</nextToken>"))
        .unwrap_or_default();
    Reply::ok(format!(
        "<DescribeRouteTablesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><routeTableSet>{}</routeTableSet>{token}</DescribeRouteTablesResponse>",
        items.concat()
    ))
}

fn done(action: &str) -> Reply {
    Reply::ok(format!(
        "<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><return>true</return></{action}Response>"
    ))
}

async fn ids(network: &dyn Network, request: DescribeRouteTablesRequest) -> Result<Vec<String>> {
    let tables = network.describe_route_tables(request).await?;
    Ok(tables
        .into_iter()
        .map(|table| table.route_table_id.into())
        .collect())
}

fn all() -> DescribeRouteTablesRequest {
    DescribeRouteTablesRequest::new()
}
