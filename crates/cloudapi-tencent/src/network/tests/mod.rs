//! Exchanges with a cloud that answers what a test wrote down.

mod describe;
mod replace;

use std::time::Duration;

use cloudapi_core::{
    CloudProvider, Credentials, Environment, Network, Provider, ProviderConfig, Result, RetryPolicy,
};
use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::DescribeRouteTablesRequest;
use crate::Tencent;

async fn network(server: &MockServer) -> std::sync::Arc<dyn Network> {
    let key = Credentials::new(
        "AKIDEXAMPLE0123456789abcdefghijklmn",
        "SecretKeyEXAMPLE0123456789abcdef",
    );
    let config = ProviderConfig::new(Provider::Tencent)
        .with_region("ap-guangzhou")
        .with_credentials(key)
        .with_endpoint_url(server.uri())
        .with_environment(Environment::fixed::<&str, &str>([]))
        .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(1)));
    Tencent::connect(&config).await.unwrap().network().unwrap()
}

fn ok(response: Value) -> ResponseTemplate {
    let mut response = response;
    response["RequestId"] = json!("7f2a");
    ResponseTemplate::new(200).set_body_json(json!({"Response": response}))
}

fn refused(code: &str) -> ResponseTemplate {
    ok(json!({"Error": {"Code": code, "Message": "No."}}))
}

/// Answers an action that is asked with these members, any number of times.
async fn on(server: &MockServer, action: &str, with: Value, answer: ResponseTemplate) {
    Mock::given(header("x-tc-action", action))
        .and(body_partial_json(with))
        .respond_with(answer)
        .mount(server)
        .await;
}

/// What was asked, in order: the action and the request.
async fn asked(server: &MockServer) -> Vec<(String, Value)> {
    let read = |request: Request| {
        let action = request.headers["x-tc-action"].to_str().unwrap().to_owned();
        (action, serde_json::from_slice(&request.body).unwrap())
    };
    server
        .received_requests()
        .await
        .unwrap()
        .into_iter()
        .map(read)
        .collect()
}

fn route(item: &str, destination: &str, gateway: (&str, &str), kind: &str) -> Value {
    let v6 = destination.contains(':');
    json!({"RouteId": u32::from(!v6), "RouteItemId": item, "GatewayType": gateway.0, "GatewayId": gateway.1,
        "DestinationCidrBlock": if v6 { "" } else { destination }, "DestinationIpv6CidrBlock": if v6 { destination } else { "" },
        "RouteDescription": "d", "Enabled": true, "RouteType": kind})
}

fn table(id: &str, routes: &Value) -> Value {
    json!({"RouteTableId": id, "RouteTableName": "main", "VpcId": "vpc-1", "Main": true, "RouteSet": routes,
        "AssociationSet": [{"SubnetId": format!("subnet-of-{id}")}], "TagSet": []})
}

fn page(tables: &[Value], total: usize) -> ResponseTemplate {
    ok(json!({"TotalCount": total, "RouteTableSet": tables}))
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
