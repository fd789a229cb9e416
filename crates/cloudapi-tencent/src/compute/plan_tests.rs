use cloudapi_core::{ErrorKind, Filters};

use super::*;

fn filter(name: &str, values: &[&str]) -> wire::Filter {
    wire::Filter {
        name: name.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

fn lists(lists: &[&[wire::Filter]]) -> Vec<Query> {
    lists
        .iter()
        .map(|list| Query::Filters(list.to_vec()))
        .collect()
}

fn of(filters: Filters) -> Plan {
    plan(&DescribeInstancesRequest::new().with_filters(filters)).unwrap()
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("ins-{n:08}")).collect()
}

#[test]
fn everything_is_one_list() {
    let plan = of(Filters::new());
    assert_eq!(plan.queries, lists(&[&[]]));
    assert!(plan.fallback.is_none() && plan.preselect.is_none());
}

#[test]
fn ids_are_looked_up_a_hundred_at_a_time() {
    let request = DescribeInstancesRequest::new()
        .with_instance_ids(ids(250))
        .with_filters(Filters::new().with("zone", ["ap-guangzhou-3"]));
    let plan = plan(&request).unwrap();
    let sizes: Vec<usize> = plan
        .queries
        .iter()
        .map(|query| match query {
            Query::Ids(ids) => ids.len(),
            Query::Filters(_) => panic!("filters and ids exclude each other"),
        })
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!((plan.ids.len(), plan.filters.len()), (250, 1));
    assert!(plan.preselect.is_none());
}

#[test]
fn a_filter_on_ids_is_a_look_up_unless_it_has_wildcards() {
    let plan = of(Filters::new().with("instance-id", ["ins-1a2b3c4d", "i-0123", "ins-1A2B3C4D"]));
    assert_eq!(
        plan.queries,
        [Query::Ids(vec!["ins-1a2b3c4d".to_owned()])],
        "what can't be an id matches nothing"
    );
    assert!(plan.ids.is_empty(), "and nothing is missing");
    assert!(
        of(Filters::new().with("instance-id", ["i-0123"]))
            .queries
            .is_empty()
    );
    let plan = of(Filters::new().with("instance-id", ["ins-1*"]));
    assert_eq!(plan.queries, lists(&[&[]]));
}

#[test]
fn the_cloud_narrows_what_it_can() {
    let plan = of(Filters::new()
        .with("instance-state", ["running", "launch-failed", "pending"])
        .with("instance-type", ["S5.MEDIUM4"])
        .with("name", ["web-*"])
        .with("tag:role", ["web"])
        .with("private-ip", ["10.0.0.1"]));
    let sent = [
        filter(
            "instance-state",
            &["PENDING", "STARTING", "RUNNING", "LAUNCH_FAILED"],
        ),
        filter("tag:role", &["web"]),
        filter("private-ip-address", &["10.0.0.1"]),
    ];
    assert_eq!(plan.queries, lists(&[&sent]));
    assert_eq!(plan.fallback, Some(lists(&[&[]])));
    assert_eq!(plan.filters.len(), 5, "everything is evaluated here too");
}

#[test]
fn states_by_wildcard_and_states_never_shown() {
    assert_eq!(
        of(Filters::new().with("instance-state", ["*mode*"])).queries,
        lists(&[&[]]),
        "may match a state that we have no word for"
    );
    assert!(
        of(Filters::new().with("instance-state", ["terminated"]))
            .queries
            .is_empty()
    );
    let plan = of(Filters::new().with("instance-state", ["terminated", "RESCUE_MODE"]));
    assert_eq!(
        plan.queries,
        lists(&[&[filter("instance-state", &["RESCUE_MODE"])]])
    );
}

#[test]
fn one_filter_is_split_for_its_values() {
    let plan = of(Filters::new()
        .with("name", ["a", "b", "c", "d", "e", "f", "g"])
        .with("zone", ["1", "2", "3", "4", "5", "6"])
        .with("vpc-id", ["vpc-a1b2c3d4"]));
    let vpc = filter("vpc-id", &["vpc-a1b2c3d4"]);
    assert_eq!(
        plan.queries,
        lists(&[
            &[
                filter("instance-name", &["a", "b", "c", "d", "e"]),
                vpc.clone()
            ],
            &[filter("instance-name", &["f", "g"]), vpc],
        ])
    );
}

#[test]
fn ten_filters_are_the_most() {
    let mut filters = Filters::new();
    for n in 0..12 {
        filters = filters.with(format!("tag:k{n}"), ["v"]);
    }
    let plan = of(filters);
    let [Query::Filters(sent)] = &plan.queries[..] else {
        panic!("one list")
    };
    assert_eq!((sent.len(), plan.filters.len()), (10, 12));

    let mut filters = Filters::new();
    for n in 0..11 {
        filters = filters.with(format!("native:n{n}"), ["v"]);
    }
    let error = plan_error(filters);
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

fn plan_error(filters: Filters) -> Error {
    super::plan(&DescribeInstancesRequest::new().with_filters(filters)).unwrap_err()
}

#[test]
fn the_clouds_own_filters_are_sent_as_they_are() {
    let values = ["1", "2", "3", "4", "5", "6"];
    let plan = of(Filters::new()
        .with("native:project-id", values)
        .with("native:uuid", ["a*"])
        .with("zone", values));
    let uuid = filter("uuid", &["a*"]);
    let native: [&[wire::Filter]; 2] = [
        &[filter("project-id", &values[..5]), uuid.clone()],
        &[filter("project-id", &values[5..]), uuid],
    ];
    assert_eq!(plan.fallback, Some(lists(&native)));
    assert_eq!(plan.queries.len(), 4, "two lists of projects, two of zones");
    assert!(
        plan.filters
            .iter()
            .all(|filter| filter.name == InstanceFilterName::Zone)
    );
}

#[test]
fn ids_and_the_clouds_own_filters_take_two_steps() {
    let of = |count| {
        let request = DescribeInstancesRequest::new()
            .with_instance_ids(ids(count))
            .with_filters(
                Filters::new()
                    .with("native:project-id", ["7"])
                    .with("zone", ["ap-guangzhou-3"]),
            );
        super::plan(&request).unwrap()
    };
    let project = filter("project-id", &["7"]);
    let few = of(1);
    assert_eq!(few.queries, [Query::Ids(ids(1))]);
    assert_eq!(
        few.preselect,
        Some(lists(&[&[
            project.clone(),
            filter("instance-id", &["ins-00000000"])
        ]]))
    );
    assert_eq!(of(6).preselect, Some(lists(&[&[project]])));
}

#[test]
fn a_name_is_not_sent_twice() {
    let plan = of(Filters::new()
        .with("native:zone", ["ap-guangzhou-3"])
        .with("zone", ["ap-guangzhou-4"]));
    assert_eq!(
        plan.queries,
        lists(&[&[filter("zone", &["ap-guangzhou-3"])]])
    );
    assert_eq!(plan.filters.len(), 1);
}

#[test]
fn ids_of_impossible_shape_are_refused_and_all_listed() {
    for good in ["ins-1a2b3c4d", "ins-00000000"] {
        assert!(check_ids(&[good.into()]).is_ok());
    }
    let bad = [
        "i-0123456789abcdef0",
        "ins-1a2b3c4",
        "ins-1a2b3c4de",
        "ins-1A2b3c4d",
        "",
        "ins-1a2b3c4\u{e9}",
    ];
    let error = check_ids(&bad.map(InstanceId::from)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.resources(), bad);
}

#[test]
fn an_empty_value_stays_here() {
    let plan = of(Filters::new().with("tag:team", [""]));
    assert_eq!(plan.queries, lists(&[&[]]));
}
