//! Listing: pages, ids, filters.

use cloudapi_core::network::NetworkExt;
use cloudapi_core::{ErrorKind, Filters};

use super::*;
use crate::testing::filters;

#[tokio::test]
async fn pages_are_followed_to_the_end_and_nothing_comes_twice() {
    let one = |id: &str| table(id, "vpc-1", &[], false, "");
    let (server, network) =
        world(
            move |params| match params.get("NextToken").map(String::as_str) {
                None => tables(&[one("rtb-c"), one("rtb-a")], Some("t1")),
                Some("t1") => tables(&[], Some("t2")),
                Some(_) => tables(&[one("rtb-a"), one("rtb-b")], None),
            },
        )
        .await;
    assert_eq!(
        ids(&*network, all().with_page_size(1)).await.unwrap(),
        ["rtb-a", "rtb-b", "rtb-c"]
    );
    let sizes: Vec<String> = server
        .calls()
        .iter()
        .map(|call| call["MaxResults"].clone())
        .collect();
    assert_eq!(sizes, ["5", "5", "5"], "the smallest that EC2 takes");
    let (_server, network) = world(|_| tables(&[], Some("same"))).await;
    assert_eq!(
        ids(&*network, all()).await.unwrap_err().kind(),
        ErrorKind::Unavailable
    );
}

#[tokio::test]
async fn ids_go_as_a_filter_beside_others_and_missing_ones_are_all_named() {
    let (server, network) = world(|params| {
        let filters = filters(params);
        let known: Vec<String> = filters["route-table-id"]
            .iter()
            .filter(|id| ["rtb-1", "rtb-2"].contains(&id.as_str()))
            .filter(|id| !filters.contains_key("vpc-id") || id.as_str() == "rtb-1")
            .map(|id| table(id, "vpc-1", &[], id == "rtb-2", ""))
            .collect();
        tables(&known, None)
    })
    .await;
    let request = |ids: &[&str]| all().with_route_table_ids(ids.iter().copied());
    assert_eq!(
        ids(&*network, request(&["rtb-2", "rtb-1", "rtb-2"]))
            .await
            .unwrap(),
        ["rtb-1", "rtb-2"]
    );
    assert_eq!(server.calls().len(), 1);
    let error = ids(&*network, request(&["rtb-9", "rtb-1", "rtb-8"]))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "aws DescribeRouteTables: not found: rtb-9, rtb-8 do not exist"
    );
    assert_eq!(error.resources(), ["rtb-9", "rtb-8"]);
    assert_eq!(
        ids(
            &*network,
            request(&["rtb-9", "rtb-1"]).with_allow_missing(true)
        )
        .await
        .unwrap(),
        ["rtb-1"]
    );
    let vpc = Filters::new().with("vpc-id", ["vpc-1"]);
    assert_eq!(
        ids(
            &*network,
            request(&["rtb-1", "rtb-2"]).with_filters(vpc.clone())
        )
        .await
        .unwrap(),
        ["rtb-1"]
    );
    let error = ids(&*network, request(&["rtb-1", "rtb-9"]).with_filters(vpc))
        .await
        .unwrap_err();
    assert_eq!(error.resources(), ["rtb-9"], "filtered out is not missing");
    for (main, expected) in [("true", ["rtb-2"]), ("false", ["rtb-1"])] {
        let request =
            request(&["rtb-1", "rtb-2"]).with_filters(Filters::new().with("main", [main]));
        assert_eq!(ids(&*network, request).await.unwrap(), expected);
    }
    assert_eq!(
        network
            .describe_route_table("rtb-9")
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn any_number_of_ids_and_values_is_split() {
    let (server, network) = world(|params| {
        let items: Vec<String> = filters(params)
            .remove("route-table-id")
            .unwrap_or_default()
            .iter()
            .map(|id| table(id, "vpc-1", &[], false, ""))
            .collect();
        tables(&items, None)
    })
    .await;
    let many: Vec<String> = (0..450).map(|n| format!("rtb-{n:08}")).collect();
    assert_eq!(
        ids(&*network, all().with_route_table_ids(many.clone()))
            .await
            .unwrap(),
        many
    );
    let sizes: Vec<usize> = server
        .calls()
        .iter()
        .map(|call| filters(call)["route-table-id"].len())
        .collect();
    assert_eq!(sizes, [200, 200, 50]);
    ids(
        &*network,
        all().with_filters(
            Filters::new()
                .with("name", ["web*"])
                .with("tag:Name", ["*b"]),
        ),
    )
    .await
    .unwrap();
    assert_eq!(
        filters(server.calls().last().unwrap())["tag:Name"],
        ["web*"]
    );
}

#[tokio::test]
async fn a_subnet_without_a_table_of_its_own_uses_the_main_one() {
    let (server, network) = world(|params| {
        if params["Action"] == "DescribeSubnets" {
            let found: Vec<String> = filters(params)["subnet-id"]
                .iter()
                .filter(|id| *id != "subnet-9")
                .map(|id| format!("<item><subnetId>{id}</subnetId><vpcId>vpc-1</vpcId></item>"))
                .collect();
            let found = found.concat();
            return Reply::ok(format!(
                "<DescribeSubnetsResponse><subnetSet>{found}</subnetSet></DescribeSubnetsResponse>"
            ));
        }
        let wanted = filters(params).remove("route-table-id");
        let items: Vec<String> = [
            ("rtb-main", vec![], true),
            ("rtb-own", vec!["subnet-own"], false),
            ("rtb-idle", vec![], false),
        ]
        .into_iter()
        .filter(|(id, _, _)| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|other| other == id))
        })
        .map(|(id, subnets, main)| table(id, "vpc-1", &subnets, main, ""))
        .collect();
        tables(&items, None)
    })
    .await;
    for (subnets, expected) in [
        (vec!["subnet-own"], vec!["rtb-own"]),
        (vec!["subnet-1"], vec!["rtb-main"]),
        (vec!["subnet-1", "subnet-own"], vec!["rtb-main", "rtb-own"]),
        (vec!["subnet-9"], vec![]),
    ] {
        let request = all().with_filters(Filters::new().with("subnet-id", subnets.clone()));
        let found = ids(&*network, request.clone()).await;
        assert_eq!(found.unwrap(), expected as Vec<&str>, "{subnets:?}");
    }
    assert_eq!(
        server.actions()[..3],
        [
            "DescribeSubnets",
            "DescribeRouteTables",
            "DescribeRouteTables"
        ]
    );
}
