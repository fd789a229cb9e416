use std::time::Duration;

use cloudapi_core::{ErrorKind, Filters};
use futures_util::StreamExt;

use super::{A, B, C, all, ids, without_b, world};
use crate::testing::{Reply, described, filters, list};

#[tokio::test]
async fn pages_are_followed_to_the_end_and_nothing_comes_twice() {
    let (server, compute) = world(|params| match params.get("NextToken").map(String::as_str) {
        None => described(&[C, A], Some("t1")),
        Some("t1") => described(&[], Some("t2")),
        Some("t2") => described(&[A, B], Some("")),
        Some(other) => panic!("{other}"),
    })
    .await;
    let found = compute
        .describe_instances(all().with_page_size(2))
        .await
        .unwrap();
    assert_eq!(ids(&found), [A, B, C]);
    let calls = server.calls();
    assert_eq!(calls.len(), 3);
    assert!(
        calls.iter().all(|call| call["MaxResults"] == "5"),
        "at least 5 a page"
    );
    let streamed: Vec<_> = compute
        .instances(all())
        .map(|item| item.unwrap().instance_id.to_string())
        .collect()
        .await;
    assert_eq!(streamed, [C, A, B], "in the cloud's order");
    assert_eq!(server.calls()[3]["MaxResults"], "1000");
}

#[tokio::test]
async fn a_token_that_comes_again_is_an_error() {
    let (server, compute) = world(|_| described(&[A], Some("t"))).await;
    let error = compute.describe_instances(all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn the_next_page_is_under_way_while_this_one_is_read_and_a_dropped_stream_ends_it() {
    let (server, compute) = world(|params| {
        let page: usize = params
            .get("NextToken")
            .map_or(0, |token| token.parse().unwrap());
        described(&[&format!("i-{page:08x}")], Some(&(page + 1).to_string()))
    })
    .await;
    let mut stream = compute.instances(all());
    assert_eq!(server.calls().len(), 0, "lazy");
    stream.next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let ahead = server.calls().len();
    assert!((2..=4).contains(&ahead), "{ahead}");
    stream.next().await.unwrap().unwrap();
    drop(stream);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let calls = server.calls().len();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.calls().len(), calls);
}

#[tokio::test]
async fn ids_are_sent_a_thousand_at_a_time_and_without_a_page_size() {
    let (server, compute) = world(|params| {
        let ids = list(params, "InstanceId");
        described(&ids.iter().map(String::as_str).collect::<Vec<_>>(), None)
    })
    .await;
    let wanted: Vec<String> = (0..2500).map(|at| format!("i-{at:017x}")).collect();
    let found = compute
        .describe_instances(
            all()
                .with_instance_ids(wanted.iter().map(String::as_str))
                .with_page_size(7),
        )
        .await
        .unwrap();
    assert_eq!(ids(&found), wanted);
    let sizes: Vec<usize> = server
        .calls()
        .iter()
        .map(|call| list(call, "InstanceId").len())
        .collect();
    assert_eq!(sizes, [1000, 1000, 500]);
    assert!(
        server
            .calls()
            .iter()
            .all(|call| !call.contains_key("MaxResults"))
    );
}

#[tokio::test]
async fn missing_ids_are_all_named_or_left_out() {
    let (_server, compute) = world(without_b).await;
    let asked = || all().with_instance_ids([A, B, C]);
    let error = compute.describe_instances(asked()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.resources(), [B]);
    assert!(
        error
            .to_string()
            .starts_with("aws DescribeInstances: not found:"),
        "{error}"
    );
    let found = compute
        .describe_instances(asked().with_allow_missing(true))
        .await
        .unwrap();
    assert_eq!(ids(&found), [A, C]);
    let filters = Filters::new()
        .with("instance-type", ["t3.micro"])
        .with("instance-id", ["i-*a", "i-*b"]);
    let found = compute
        .describe_instances(asked().with_allow_missing(true).with_filters(filters))
        .await
        .unwrap();
    assert_eq!(ids(&found), [A]);
    let only = compute
        .describe_instances(all().with_instance_ids([B]))
        .await
        .unwrap_err();
    assert_eq!(only.resources(), [B]);
}

#[tokio::test]
async fn filters_with_many_values_are_spread_and_addresses_are_held_against_all_interfaces() {
    let (server, compute) = world(|params| {
        if filters(params)
            .keys()
            .any(|name| name.starts_with("network-interface"))
        {
            return Reply::Http(500, Vec::new(), "<html>no such filter</html>".to_owned());
        }
        described(&[A, B], None)
    })
    .await;
    let names: Vec<String> = (0..450).map(|at| format!("n{at}")).collect();
    let found = compute
        .describe_instances(all().with_filters(Filters::new().with("name", names)))
        .await
        .unwrap();
    assert_eq!(ids(&found), [A, B], "found by several calls, given once");
    let sizes: Vec<usize> = server
        .calls()
        .iter()
        .map(|call| filters(call)["tag:Name"].len())
        .collect();
    assert_eq!(sizes, [200, 200, 50]);
    let none = compute
        .describe_instances(all().with_filters(Filters::new().with("private-ip", ["10.9.9.9"])))
        .await
        .unwrap();
    assert!(none.is_empty());
    assert_eq!(
        server.calls().len(),
        5,
        "one call with the filter, one without"
    );
}
