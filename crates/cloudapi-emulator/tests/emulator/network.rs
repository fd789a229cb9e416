//! Route tables: what the world's methods do to them, and how faults strike.

use cloudapi_emulator::{Cloud, Emulator, Fault, FaultKind, RouteEntry, fixtures};
use serde_json::json;

use crate::client::{ec2, vpc};

/// Destination, kind, target and state of the routes to a destination.
fn to(emulator: &Emulator, table: &str, destination: &str) -> Vec<(String, String, String)> {
    let routes = emulator.world().routes(table).into_iter();
    routes
        .filter(|route| route.destination == destination)
        .map(|route| (route.kind, route.target, route.state))
        .collect()
}

#[tokio::test]
async fn the_truth_is_ahead_of_what_shows() {
    let emulator = Emulator::builder().with_lag(1).start().await.unwrap();
    let table = fixtures::AWS_PRIVATE_ROUTE_TABLE;
    let replace = [
        ("RouteTableId", table),
        ("DestinationCidrBlock", "0.0.0.0/0"),
        ("NatGatewayId", fixtures::AWS_NAT_GATEWAY_B),
    ];
    let answer = ec2(&emulator, "ReplaceRoute", &replace).await.unwrap();
    assert_eq!(answer.text("return"), "true");
    let truth = to(&emulator, table, "0.0.0.0/0");
    assert_eq!(
        truth,
        [(
            "NatGatewayId".to_owned(),
            fixtures::AWS_NAT_GATEWAY_B.to_owned(),
            "active".to_owned()
        )]
    );
    let params = [("RouteTableId.1", table)];
    for expected in [fixtures::AWS_NAT_GATEWAY, fixtures::AWS_NAT_GATEWAY_B] {
        let shown = ec2(&emulator, "DescribeRouteTables", &params).await;
        let shown = shown.unwrap().all("natGatewayId");
        assert_eq!(shown[0], expected);
    }
}

#[tokio::test]
async fn routes_of_any_kind_can_be_added() {
    let emulator = Emulator::start().await.unwrap();
    let world = emulator.world();
    let added = RouteEntry::new("100.64.0.1/10", "OdbNetworkArn", "arn:x");
    let id = world.add_route(fixtures::AWS_ROUTE_TABLE, added);
    assert_eq!(id.as_deref(), Some("100.64.0.0/10"));
    let tables = ec2(&emulator, "DescribeRouteTables", &[]).await.unwrap();
    assert_eq!(tables.all("odbNetworkArn"), ["arn:x"]);

    let added = RouteEntry::new("2402:4e00:9::/48", "CCN", fixtures::TENCENT_CCN)
        .with_origin("CCN")
        .with_description("learned")
        .disabled();
    let id = world.add_route(fixtures::TENCENT_OTHER_ROUTE_TABLE, added);
    let route = &world.routes(fixtures::TENCENT_OTHER_ROUTE_TABLE)[0];
    assert_eq!(Some(&route.route_item_id), id.as_ref());
    assert!(route.route_item_id.starts_with("rti6-"));
    assert_eq!(
        (
            route.state.as_str(),
            route.origin.as_str(),
            route.description.as_str()
        ),
        ("disabled", "CCN", "learned")
    );
    let none = world.add_route("rtb-00000000", RouteEntry::new("9.0.0.0/8", "NAT", "x"));
    assert_eq!(none, None);
    assert!(world.routes("rtb-00000000").is_empty());
}

#[tokio::test]
async fn a_gateway_that_goes_leaves_a_black_hole() {
    let emulator = Emulator::start().await.unwrap();
    let table = fixtures::AWS_PRIVATE_ROUTE_TABLE;
    assert_eq!(to(&emulator, table, "203.0.113.0/24")[0].2, "blackhole");
    assert_eq!(to(&emulator, table, "10.1.0.0/16")[0].2, "active");
    let world = emulator.world();
    assert!(world.set_gateway_available(fixtures::AWS_PEERING, false));
    assert_eq!(to(&emulator, table, "10.1.0.0/16")[0].2, "blackhole");
    assert!(!world.set_gateway_available("pcx-none", false));
}

#[tokio::test]
async fn a_call_cut_before_does_nothing_and_one_cut_after_everything() {
    let emulator = Emulator::start().await.unwrap();
    let table = fixtures::TENCENT_PRIVATE_ROUTE_TABLE;
    let item = |destination: &str| {
        let routes = emulator.world().routes(table).into_iter();
        let mut found = routes.filter(|route| route.destination == destination);
        found.next().unwrap().route_item_id
    };
    let destinations = ["0.0.0.0/0", "10.1.0.0/16"];
    let routes = destinations.map(|destination| {
        json!({
            "RouteItemId": item(destination),
            "DestinationCidrBlock": destination,
            "GatewayType": "NAT",
            "GatewayId": fixtures::TENCENT_NAT_GATEWAY_B,
        })
    });
    let body = json!({ "RouteTableId": table, "Routes": routes });
    let replaced = || {
        let routes = emulator.world().routes(table).into_iter();
        routes
            .filter(|route| route.target == fixtures::TENCENT_NAT_GATEWAY_B)
            .count()
    };
    for (kind, done) in [
        (FaultKind::CutBefore, 0),
        (FaultKind::PartialBatch, 1),
        (FaultKind::CutAfter, 2),
    ] {
        emulator.fault(
            Fault::new(kind.clone())
                .on("ReplaceRoutes")
                .cloud(Cloud::Tencent),
        );
        vpc(&emulator, "ReplaceRoutes", body.clone()).await;
        assert_eq!(replaced(), done, "{kind:?}");
    }
}
