//! Listing: pages, ids, filters, instances behind addresses.

use cloudapi_core::network::{NetworkExt, RouteTargetKind};
use cloudapi_core::{ErrorKind, Filters};

use super::*;

#[tokio::test]
async fn pages_are_text_and_joined_in_order_of_the_ids() {
    let server = MockServer::start().await;
    let none = json!([]);
    let tables: Vec<Value> = ["rtb-c", "rtb-b", "rtb-a"]
        .iter()
        .map(|id| table(id, &none))
        .collect();
    on(
        &server,
        "DescribeRouteTables",
        json!({"Offset": "0", "Limit": "2"}),
        page(&tables[..2], 3),
    )
    .await;
    on(
        &server,
        "DescribeRouteTables",
        json!({"Offset": "1", "Limit": "2"}),
        page(&tables[1..], 3),
    )
    .await;
    let network = network(&server).await;
    let found = ids(&*network, all().with_page_size(2)).await.unwrap();
    assert_eq!(found, ["rtb-a", "rtb-b", "rtb-c"]);
    assert_eq!(asked(&server).await.len(), 2);
}

#[tokio::test]
async fn ids_and_filters_hold_together_though_the_cloud_refuses_that() {
    let server = MockServer::start().await;
    let tables = [table("rtb-1", &json!([])), table("rtb-2", &json!([]))];
    on(
        &server,
        "DescribeRouteTables",
        json!({"RouteTableIds": ["rtb-1", "rtb-2"]}),
        page(&tables, 2),
    )
    .await;
    let network = network(&server).await;
    for (name, value, expected) in [
        ("subnet-id", "subnet-of-rtb-2", vec!["rtb-2"]),
        ("subnet-id", "subnet-of-*", vec!["rtb-1", "rtb-2"]),
        ("name", "other", vec![]),
        ("main", "true", vec!["rtb-1", "rtb-2"]),
    ] {
        let request = all()
            .with_route_table_ids(["rtb-1", "rtb-2"])
            .with_filters(Filters::new().with(name, [value]));
        assert_eq!(
            ids(&*network, request).await.unwrap(),
            expected,
            "{name}={value}"
        );
    }
    assert!(
        asked(&server)
            .await
            .iter()
            .all(|(_, request)| request.get("Filters").is_none())
    );
}

#[tokio::test]
async fn filters_are_sent_as_far_as_the_cloud_has_them_and_in_pieces() {
    let server = MockServer::start().await;
    on(
        &server,
        "DescribeRouteTables",
        json!({}),
        page(&[table("rtb-1", &json!([]))], 1),
    )
    .await;
    let network = network(&server).await;
    let vpcs: Vec<String> = (1..=7).map(|n| format!("vpc-{n}")).collect();
    let filters = Filters::new()
        .with("vpc-id", vpcs)
        .with("name", ["ma*"])
        .with("association.main", ["TRUE"])
        .with("tag:team", ["net"])
        .with("native:next-hop-type", ["NAT"]);
    assert_eq!(
        ids(&*network, all().with_filters(filters)).await.unwrap(),
        [""; 0],
        "the tag is checked here too"
    );
    let sent: Vec<Value> = asked(&server)
        .await
        .into_iter()
        .map(|(_, request)| request["Filters"].clone())
        .collect();
    let expected = |vpcs: &[&str]| {
        json!([{"Name": "next-hop-type", "Values": ["NAT"]}, {"Name": "vpc-id", "Values": vpcs},
            {"Name": "association.main", "Values": ["true"]}, {"Name": "tag:team", "Values": ["net"]}])
    };
    assert_eq!(
        sent,
        [
            expected(&["vpc-1", "vpc-2", "vpc-3", "vpc-4", "vpc-5"]),
            expected(&["vpc-6", "vpc-7"])
        ]
    );
}

#[tokio::test]
async fn missing_ids_are_all_named_or_left_out() {
    let server = MockServer::start().await;
    on(
        &server,
        "DescribeRouteTables",
        json!({"RouteTableIds": ["rtb-1"]}),
        refused("ResourceNotFound"),
    )
    .await;
    let filter =
        json!({"Filters": [{"Name": "route-table-id", "Values": ["rtb-1", "rtb-2", "rtb-3"]}]});
    on(
        &server,
        "DescribeRouteTables",
        filter,
        page(&[table("rtb-2", &json!([]))], 1),
    )
    .await;
    let refusal = json!({"RouteTableIds": ["rtb-1", "rtb-2", "rtb-3"]});
    on(
        &server,
        "DescribeRouteTables",
        refusal,
        refused("ResourceNotFound"),
    )
    .await;
    let network = network(&server).await;
    let three = || all().with_route_table_ids(["rtb-1", "rtb-2", "rtb-3"]);
    let error = ids(&*network, three()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.resources()),
        (
            ErrorKind::NotFound,
            &["rtb-1".to_owned(), "rtb-3".to_owned()][..]
        )
    );
    assert_eq!(
        error.to_string(),
        "tencent DescribeRouteTables: not found: rtb-1, rtb-3 do not exist"
    );
    assert_eq!(
        ids(&*network, three().with_allow_missing(true))
            .await
            .unwrap(),
        ["rtb-2"]
    );
    assert_eq!(
        network
            .describe_route_table("rtb-2")
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Unavailable,
        "no such answer here"
    );
}

#[tokio::test]
async fn addresses_become_instances_with_one_look_at_five() {
    let server = MockServer::start().await;
    let routes: Vec<Value> = (1..=6)
        .map(|n| {
            route(
                &format!("rti-{n}"),
                &format!("10.{n}.0.0/16"),
                ("NORMAL_CVM", &format!("10.0.0.{n}")),
                "USER",
            )
        })
        .collect();
    on(
        &server,
        "DescribeRouteTables",
        json!({}),
        page(&[table("rtb-1", &json!(routes))], 1),
    )
    .await;
    let found = json!({"TotalCount": 1, "InstanceSet": [{"InstanceId": "ins-1", "PrivateIpAddresses": ["10.0.0.1", "10.0.0.99"]}]});
    on(&server, "DescribeInstances", json!({}), ok(found)).await;
    let network = network(&server).await;
    let table = network
        .describe_route_tables(all())
        .await
        .unwrap()
        .remove(0);
    let targets: Vec<String> = table
        .routes
        .iter()
        .take(2)
        .map(|route| route.target.to_string())
        .collect();
    assert_eq!(targets, ["Instance ins-1", "PrivateAddress 10.0.0.2"]);
    let asked = asked(&server).await;
    assert_eq!(asked.len(), 3);
    assert_eq!(
        asked[1].1,
        json!({"Limit": 100, "Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]},
            {"Name": "private-ip-address", "Values": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]}]})
    );
}

#[tokio::test]
async fn without_permission_for_instances_they_stay_addresses() {
    let server = MockServer::start().await;
    let routes = json!([route(
        "rti-1",
        "10.1.0.0/16",
        ("NORMAL_CVM", "10.0.0.1"),
        "USER"
    )]);
    on(
        &server,
        "DescribeRouteTables",
        json!({}),
        page(&[table("rtb-1", &routes)], 1),
    )
    .await;
    on(
        &server,
        "DescribeInstances",
        json!({}),
        refused("UnauthorizedOperation"),
    )
    .await;
    let network = network(&server).await;
    let table = network
        .describe_route_tables(all())
        .await
        .unwrap()
        .remove(0);
    assert_eq!(table.routes[0].target.kind, RouteTargetKind::PrivateAddress);
}
