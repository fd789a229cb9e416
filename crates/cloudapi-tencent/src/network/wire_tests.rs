//! Every request, filled in wholly, against the vendor's own description of it.

use serde_json::{Value, json};

use super::*;
use crate::spec::faults;

fn text() -> String {
    "text".to_owned()
}

/// Every request with every member set; a new member does not compile until it is set here too.
fn requests() -> Vec<(Action, Value)> {
    let filters = || {
        vec![Filter {
            name: text(),
            values: vec![text()],
        }]
    };
    let change = ChangeRoutesRequest {
        route_table_id: text(),
        routes: vec![NewRoute {
            route_item_id: Some(text()),
            route_id: Some(u64::MAX),
            destination_cidr_block: Some(text()),
            destination_ipv6_cidr_block: Some(text()),
            gateway_type: Some(text()),
            gateway_id: Some(text()),
            route_description: Some(text()),
            enabled: Some(false),
        }],
    };
    let describe = DescribeRouteTablesRequest {
        route_table_ids: vec![text()],
        filters: filters(),
        offset: "0".to_owned(),
        limit: "100".to_owned(),
    };
    let instances = DescribeInstancesRequest {
        instance_ids: vec![text()],
        filters: filters(),
        limit: 100,
    };
    let change = serde_json::to_value(change).unwrap();
    vec![
        (
            DESCRIBE_ROUTE_TABLES,
            serde_json::to_value(describe).unwrap(),
        ),
        (REPLACE_ROUTES, change.clone()),
        (CREATE_ROUTES, change.clone()),
        (DELETE_ROUTES, change),
        (DESCRIBE_INSTANCES, serde_json::to_value(instances).unwrap()),
    ]
}

#[test]
fn requests_are_as_the_vendor_describes_them() {
    for (action, request) in requests() {
        assert_eq!(
            faults(&action, &request),
            Vec::<String>::new(),
            "{}",
            action.name
        );
    }
}

#[test]
fn the_check_finds_numbers_for_text_and_unknown_members() {
    for (action, request, expected) in [
        (
            DESCRIBE_ROUTE_TABLES,
            json!({"Limit": 100}),
            "DescribeRouteTablesRequest.Limit is 100, not string",
        ),
        (
            REPLACE_ROUTES,
            json!({"Routes": [{"RouteId": "7"}]}),
            "Route.RouteId is \"7\", not int",
        ),
        (
            DELETE_ROUTES,
            json!({"RouteTableId": "x", "RouteIds": [1]}),
            "DeleteRoutesRequest.RouteIds is unknown",
        ),
    ] {
        let faults = faults(&action, &request);
        assert!(faults.iter().any(|fault| fault == expected), "{faults:?}");
    }
}

#[test]
fn what_is_absent_is_left_out() {
    let request = DescribeRouteTablesRequest {
        offset: "0".to_owned(),
        limit: "100".to_owned(),
        ..DescribeRouteTablesRequest::default()
    };
    assert_eq!(
        serde_json::to_value(request).unwrap(),
        json!({"Offset": "0", "Limit": "100"})
    );
    assert_eq!(
        serde_json::to_value(NewRoute::default()).unwrap(),
        json!({})
    );
}
