//! Replacing: calls, undoing, instances, refusals.

use cloudapi_core::network::RouteAction::{Created, Deleted, Replaced};
use cloudapi_core::network::{
    ReplaceMode, ReplaceRoutesRequest, RouteAction, RouteSpec, RouteTargetKind,
};
use cloudapi_core::{ErrorKind, Filters, Operation};

use super::*;

/// The table before the changes of these tests.
fn before() -> Value {
    json!([
        route("rti-1", "10.1.0.0/16", ("NAT", "nat-1"), "USER"),
        route("rti6-2", "2402::/16", ("PEERCONNECTION", "pcx-1"), "USER"),
        route("rti-3", "10.3.0.0/16", ("CCN", "ccn-1"), "CCN"),
        route("rti-4", "10.4.0.0/16", ("NAT", "nat-1"), "USER"),
        route("rti-5", "10.5.0.0/16", ("NAT", "nat-1"), "NETD"),
    ])
}

/// Answers reads of the table: once as it was, then as it is.
async fn reads(server: &MockServer, first: &Value, then: &Value) {
    let read = |routes: &Value| page(&[table("rtb-1", routes)], 1);
    Mock::given(header("x-tc-action", "DescribeRouteTables"))
        .respond_with(read(first))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(server)
        .await;
    on(
        server,
        "DescribeRouteTables",
        json!({"RouteTableIds": ["rtb-1"], "Limit": "100"}),
        read(then),
    )
    .await;
}

fn exact() -> ReplaceRoutesRequest {
    let to =
        |destination: &str, id: &str| RouteSpec::new(destination, RouteTargetKind::NatGateway, id);
    let routes = [
        to("10.1.0.0/16", "nat-2"),
        to("2402:0::/16", "nat-2"),
        to("10.3.0.0/16", "nat-2"),
        to("10.9.0.0/16", "nat-2"),
    ];
    ReplaceRoutesRequest::new("rtb-1", routes).with_mode(ReplaceMode::Exact)
}

fn after() -> Value {
    json!([
        route("rti-1", "10.1.0.0/16", ("NAT", "nat-2"), "USER"),
        route("rti6-2", "2402::/16", ("NAT", "nat-2"), "USER"),
        route("rti-3", "10.3.0.0/16", ("CCN", "ccn-1"), "CCN"),
        {"RouteItemId": "rti-6", "DestinationCidrBlock": "10.3.0.0/16", "GatewayType": "NAT", "GatewayId": "nat-2", "RouteType": "USER"},
        {"RouteItemId": "rti-7", "DestinationCidrBlock": "10.9.0.0/16", "GatewayType": "NAT", "GatewayId": "nat-2", "RouteType": "USER"},
        route("rti-5", "10.5.0.0/16", ("NAT", "nat-1"), "NETD"),
    ])
}

#[tokio::test]
async fn all_routes_of_a_kind_go_in_one_call_by_their_ids() {
    let server = MockServer::start().await;
    reads(&server, &before(), &after()).await;
    on(
        &server,
        "ReplaceRoutes",
        json!({}),
        ok(json!({"OldRouteSet": [], "NewRouteSet": null})),
    )
    .await;
    let created =
        json!({"TotalCount": 2, "RouteTableSet": [{"RouteTableId": "rtb-1", "RouteSet": after()}]});
    on(&server, "CreateRoutes", json!({}), ok(created)).await;
    on(
        &server,
        "DeleteRoutes",
        json!({}),
        ok(json!({"RouteSet": []})),
    )
    .await;
    let network = network(&server).await;
    let answer = network.replace_routes(exact()).await.unwrap();
    let actions: Vec<RouteAction> = answer.changes.iter().map(|change| change.action).collect();
    assert_eq!(actions, [Replaced, Replaced, Created, Created, Deleted]);
    assert_eq!(
        answer.changes[3]
            .after
            .as_ref()
            .unwrap()
            .route_id
            .as_deref(),
        Some("rti-7")
    );
    let asked = asked(&server).await;
    let actions: Vec<&str> = asked.iter().map(|(action, _)| action.as_str()).collect();
    let read = "DescribeRouteTables";
    assert_eq!(
        actions,
        [read, "ReplaceRoutes", "CreateRoutes", "DeleteRoutes", read]
    );
    assert_eq!(
        asked[1].1,
        json!({"RouteTableId": "rtb-1", "Routes": [
            {"RouteItemId": "rti-1", "DestinationCidrBlock": "10.1.0.0/16", "GatewayType": "NAT", "GatewayId": "nat-2",
             "RouteDescription": "d", "Enabled": true},
            {"RouteItemId": "rti6-2", "DestinationIpv6CidrBlock": "2402::/16", "GatewayType": "NAT", "GatewayId": "nat-2",
             "RouteDescription": "d", "Enabled": true}]})
    );
    assert_eq!(
        asked[3].1,
        json!({"RouteTableId": "rtb-1", "Routes": [{"RouteItemId": "rti-4"}]})
    );
}

#[tokio::test]
async fn a_refused_second_call_puts_the_first_back_by_the_same_ids() {
    let server = MockServer::start().await;
    reads(&server, &before(), &before()).await;
    on(&server, "ReplaceRoutes", json!({}), ok(json!({}))).await;
    on(&server, "CreateRoutes", json!({}), refused("LimitExceeded")).await;
    let network = network(&server).await;
    let error = network.replace_routes(exact()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert!(error.resources().is_empty(), "{error}");
    assert!(error.to_string().starts_with(
        "tencent ReplaceRoutes: quota exceeded: No.; what was changed before was put back"
    ));
    let writes: Vec<(String, Value)> = asked(&server)
        .await
        .into_iter()
        .filter(|(action, _)| action != "DescribeRouteTables")
        .collect();
    let targets = |request: &Value| {
        let routes = request["Routes"].as_array().unwrap().iter();
        routes
            .map(|route| format!("{} {}", route["RouteItemId"], route["GatewayId"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(writes.len(), 3);
    assert_eq!(
        targets(&writes[0].1),
        [r#""rti-1" "nat-2""#, r#""rti6-2" "nat-2""#]
    );
    assert_eq!(
        targets(&writes[2].1),
        [r#""rti6-2" "pcx-1""#, r#""rti-1" "nat-1""#]
    );
}

#[tokio::test]
async fn a_lost_answer_is_not_sent_again_when_the_table_shows_it_was_done() {
    let server = MockServer::start().await;
    let to_nat2 = json!([route("rti-1", "10.1.0.0/16", ("NAT", "nat-2"), "USER")]);
    reads(&server, &before(), &to_nat2).await;
    on(
        &server,
        "ReplaceRoutes",
        json!({}),
        ResponseTemplate::new(502),
    )
    .await;
    let network = network(&server).await;
    let spec = RouteSpec::new("10.1.0.0/16", RouteTargetKind::NatGateway, "nat-2");
    let answer = network
        .replace_routes(ReplaceRoutesRequest::new("rtb-1", [spec]))
        .await
        .unwrap();
    assert_eq!(answer.changes[0].action, RouteAction::Replaced);
    let writes = asked(&server)
        .await
        .into_iter()
        .filter(|(action, _)| action == "ReplaceRoutes")
        .count();
    assert_eq!(writes, 1);
}

#[tokio::test]
async fn an_instance_is_sent_as_its_address_and_refused_in_another_network() {
    let server = MockServer::start().await;
    let done = json!([route(
        "rti-1",
        "10.1.0.0/16",
        ("NORMAL_CVM", "10.0.0.7"),
        "USER"
    )]);
    reads(&server, &before(), &done).await;
    let instance = |id: &str, vpc: &str| json!({"InstanceId": id, "PrivateIpAddresses": ["10.0.0.7"], "VirtualPrivateCloud": {"VpcId": vpc}});
    let here = json!({"InstanceSet": [instance("ins-here", "vpc-1")]});
    on(
        &server,
        "DescribeInstances",
        json!({"InstanceIds": ["ins-here"], "Limit": 100}),
        ok(here.clone()),
    )
    .await;
    on(
        &server,
        "DescribeInstances",
        json!({"Filters": [{"Name": "vpc-id"}]}),
        ok(here),
    )
    .await;
    let there = json!({"InstanceSet": [instance("ins-there", "vpc-2")]});
    on(
        &server,
        "DescribeInstances",
        json!({"InstanceIds": ["ins-there"]}),
        ok(there),
    )
    .await;
    on(
        &server,
        "DescribeInstances",
        json!({"InstanceIds": ["ins-gone"]}),
        ok(json!({"InstanceSet": null})),
    )
    .await;
    on(&server, "ReplaceRoutes", json!({}), ok(json!({}))).await;
    let network = network(&server).await;
    let to = |id: &str| {
        ReplaceRoutesRequest::new(
            "rtb-1",
            [RouteSpec::new("10.1.0.0/16", RouteTargetKind::Instance, id)],
        )
    };
    let answer = network.replace_routes(to("ins-here")).await.unwrap();
    let after = answer.changes[0].after.as_ref().unwrap();
    assert_eq!(after.target.to_string(), "Instance ins-here");
    let sent = asked(&server)
        .await
        .into_iter()
        .find(|(action, _)| action == "ReplaceRoutes")
        .unwrap()
        .1;
    assert_eq!(
        (
            &sent["Routes"][0]["GatewayType"],
            &sent["Routes"][0]["GatewayId"]
        ),
        (&json!("NORMAL_CVM"), &json!("10.0.0.7"))
    );
    let error = network.replace_routes(to("ins-there")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error
            .message()
            .contains("ins-there is in vpc-2, the table in vpc-1"),
        "{error}"
    );
    let error = network.replace_routes(to("ins-gone")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.resources()),
        (ErrorKind::NotFound, &["ins-gone".to_owned()][..])
    );
    let again = network.replace_routes(to("ins-here")).await.unwrap();
    assert_eq!(again.changes[0].action, RouteAction::Unchanged);
    let writes = asked(&server)
        .await
        .into_iter()
        .filter(|(action, _)| action == "ReplaceRoutes")
        .count();
    assert_eq!(writes, 1, "what was refused or unchanged was not sent");
}

#[tokio::test]
async fn what_cannot_be_right_is_not_sent() {
    let server = MockServer::start().await;
    let network = network(&server).await;
    let to = |destination: &str, kind: &str, id: &str| {
        ReplaceRoutesRequest::new("rtb-1", [RouteSpec::new(destination, kind.into(), id)])
    };
    for (request, kind, named) in [
        (
            to("10.0.0.0/08", "NatGateway", "nat-1"),
            ErrorKind::InvalidArgument,
            "10.0.0.0/08",
        ),
        (
            to("::ffff:10.0.0.0/104", "NatGateway", "nat-1"),
            ErrorKind::InvalidArgument,
            "::ffff:10.0.0.0/104",
        ),
        (
            to("10.0.0.0/8", "Magic", "x"),
            ErrorKind::InvalidArgument,
            "Magic",
        ),
        (
            to("10.0.0.0/8", "InternetGateway", "igw-1"),
            ErrorKind::Unsupported,
            "InternetGateway",
        ),
        (
            to("10.0.0.0/8", "Instance", "10.0.0.1"),
            ErrorKind::InvalidArgument,
            "10.0.0.1",
        ),
        (
            ReplaceRoutesRequest::new("rtb-1", []),
            ErrorKind::InvalidArgument,
            "Routes",
        ),
    ] {
        let error = network.replace_routes(request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(named), "{error}");
        assert_eq!(error.operation(), Some(Operation::ReplaceRoutes));
    }
    for request in [
        all().with_route_table_ids::<&str>([]),
        all().with_route_table_ids(["vpc-1"]),
        all().with_page_size(0),
        all().with_filters(Filters::new().with("subnet", ["x"])),
    ] {
        assert_eq!(
            ids(&*network, request).await.unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
    }
    assert!(asked(&server).await.is_empty());
}
