//! Tables and requests, and what they mean together.

use super::*;
use crate::network::RouteTarget;

fn target(text: &str) -> RouteTarget {
    let (kind, id) = text.split_once(':').unwrap();
    RouteTarget::new(RouteTargetKind::parse(kind).unwrap(), id)
}

fn route(destination: &str, to: &str, origin: RouteOrigin) -> Route {
    Route::new(destination, target(to), origin)
}

/// One route of each kind.
fn table() -> RouteTable {
    RouteTable::new("rtb-1").with_routes(vec![
        route("10.0.0.0/16", "local:local", RouteOrigin::Local),
        route("0.0.0.0/0", "nat-gateway:nat-1", RouteOrigin::Static)
            .with_description(Some("out".to_owned())),
        route("10.1.0.0/16", "peering:pcx-1", RouteOrigin::Static)
            .with_state(RouteState::Blackhole),
        route("10.2.0.0/16", "peering:pcx-2", RouteOrigin::Static).with_state(RouteState::Disabled),
        route("2001:db8::/32", "instance:i-1", RouteOrigin::Static)
            .with_aliases(vec![target("network-interface:eni-1")]),
        route("10.3.0.0/16", "vpn-gateway:vgw-1", RouteOrigin::Propagated),
        route("10.4.0.0/16", "vpn-gateway:vgw-1", RouteOrigin::Propagated),
        route("10.4.0.0/16", "peering:pcx-1", RouteOrigin::Static),
        route("pl-63a5400a", "vpc-endpoint:vpce-1", RouteOrigin::System),
        route("10.5.0.0/16", "nat-gateway:nat-1", "Mystery".into()),
        route("10.6.0.0/16", "nat-gateway:nat-1", RouteOrigin::Static),
        route("10.6.0.0/16", "nat-gateway:nat-2", RouteOrigin::Static),
    ])
}

fn planned(specs: &[&str], mode: ReplaceMode) -> Result<RoutePlan> {
    let specs: Vec<RouteSpec> = specs.iter().map(|spec| spec.parse().unwrap()).collect();
    plan(&table(), &specs, mode)
}

/// `ACTION DESTINATION BEFORE > AFTER` for each change.
fn lines(plan: &RoutePlan) -> Vec<String> {
    let to = |route: &Option<Route>| {
        route
            .as_ref()
            .map_or("-".to_owned(), |route| route.target.id.clone())
    };
    plan.changes
        .iter()
        .map(|change| {
            let (before, after) = (to(&change.before), to(&change.after));
            format!(
                "{:?} {} {before} > {after}",
                change.action, change.destination
            )
        })
        .collect()
}

#[test]
fn static_routes_are_replaced_and_equal_ones_left() {
    let plan = planned(
        &[
            "0.0.0.0/0=nat-gateway:nat-2",
            "10.1.0.0/16=peering:pcx-1",
            "2001:DB8:0::/32=network-interface:eni-1",
            "10.4.0.0/16=peering:pcx-9",
        ],
        ReplaceMode::Replace,
    )
    .unwrap();
    assert_eq!(
        lines(&plan),
        [
            "Replaced 0.0.0.0/0 nat-1 > nat-2",
            "Unchanged 10.1.0.0/16 pcx-1 > pcx-1",
            "Unchanged 2001:db8::/32 i-1 > i-1",
            "Replaced 10.4.0.0/16 pcx-1 > pcx-9",
        ]
    );
    let current = plan.current();
    assert_eq!(current.len(), plan.previous.len());
    let after = current
        .iter()
        .find(|route| route.destination == "0.0.0.0/0".into())
        .unwrap();
    assert_eq!(
        (after.target.id.as_str(), after.description.as_deref()),
        ("nat-2", Some("out"))
    );
    let propagated = route("10.4.0.0/16", "vpn-gateway:vgw-1", RouteOrigin::Propagated);
    assert!(
        current.contains(&propagated),
        "the propagated route beside it stays"
    );
}

#[test]
fn descriptions_and_being_switched_off_are_kept() {
    let described = |text: &str| {
        RouteSpec::new("0.0.0.0/0", RouteTargetKind::NatGateway, "nat-1").with_description(text)
    };
    for (text, action, expected) in [
        ("out", RouteAction::Unchanged, Some("out")),
        ("way out", RouteAction::Replaced, Some("way out")),
        ("", RouteAction::Replaced, None),
    ] {
        let plan = plan(&table(), &[described(text)], ReplaceMode::Replace).unwrap();
        assert_eq!(plan.changes[0].action, action);
        assert_eq!(
            plan.changes[0]
                .after
                .as_ref()
                .unwrap()
                .description
                .as_deref(),
            expected
        );
    }
    let plan = planned(
        &["10.2.0.0/16=peering:pcx-9", "10.1.0.0/16=peering:pcx-9"],
        ReplaceMode::Replace,
    )
    .unwrap();
    let states: Vec<_> = plan
        .changes
        .iter()
        .map(|change| change.after.clone().unwrap().state)
        .collect();
    assert_eq!(states, [RouteState::Disabled, RouteState::Active]);
}

#[test]
fn what_is_missing_is_named_or_created() {
    let missing = [
        "10.8.0.0/16=peering:pcx-1",
        "0.0.0.0/0=nat-gateway:nat-2",
        "::/0=peering:pcx-1",
    ];
    let error = planned(&missing, ReplaceMode::Replace).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.resources(), ["10.8.0.0/16", "::/0"]);
    assert!(
        error.message().contains("the mode Upsert creates"),
        "{error}"
    );
    let plan = planned(&missing, ReplaceMode::Upsert).unwrap();
    assert_eq!(
        lines(&plan),
        [
            "Created 10.8.0.0/16 - > pcx-1",
            "Replaced 0.0.0.0/0 nat-1 > nat-2",
            "Created ::/0 - > pcx-1",
        ]
    );
    assert_eq!(plan.current().len(), plan.previous.len() + 2);
}

#[test]
fn a_propagated_route_is_not_replaced_but_overridden() {
    let error = planned(&["10.3.0.0/16=peering:pcx-1"], ReplaceMode::Replace).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.resources(), ["10.3.0.0/16"]);
    assert!(
        error
            .message()
            .contains("the mode Upsert creates a static one beside it"),
        "{error}"
    );
    for mode in [ReplaceMode::Upsert, ReplaceMode::Exact] {
        let plan = planned(&["10.3.0.0/16=peering:pcx-1"], mode).unwrap();
        assert_eq!(lines(&plan)[0], "Created 10.3.0.0/16 - > pcx-1");
        let both = plan
            .current()
            .iter()
            .filter(|route| route.destination == "10.3.0.0/16".into())
            .count();
        assert_eq!(both, 2);
    }
}

#[test]
fn what_the_cloud_manages_is_refused_in_every_mode() {
    for mode in [
        ReplaceMode::Replace,
        ReplaceMode::Upsert,
        ReplaceMode::Exact,
    ] {
        for (spec, reason) in [
            ("10.0.0.0/16=nat-gateway:nat-1", "local route"),
            ("pl-63a5400a=nat-gateway:nat-1", "managed by the cloud"),
            ("10.5.0.0/16=nat-gateway:nat-9", "unknown origin Mystery"),
            (
                "10.6.0.0/16=nat-gateway:nat-1",
                "several static routes (NatGateway nat-1, NatGateway nat-2)",
            ),
            ("0.0.0.0/0=local", "can't be set to Local"),
        ] {
            let error = planned(&[spec], mode).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().contains(reason), "{error}");
            assert_eq!(error.resources(), [spec.split_once('=').unwrap().0]);
        }
        let plan = planned(
            &["10.0.0.0/16=local", "pl-63a5400a=vpc-endpoint:vpce-1"],
            mode,
        )
        .unwrap();
        assert!(
            plan.changes[..2]
                .iter()
                .all(|change| change.action == RouteAction::Unchanged)
        );
    }
    assert!(planned(&["10.9.0.0/16=local"], ReplaceMode::Upsert).is_err());
}

#[test]
fn exact_deletes_static_routes_and_no_others() {
    let plan = planned(
        &["0.0.0.0/0=nat-gateway:nat-2", "10.8.0.0/16=peering:pcx-1"],
        ReplaceMode::Exact,
    )
    .unwrap();
    assert_eq!(
        lines(&plan),
        [
            "Replaced 0.0.0.0/0 nat-1 > nat-2",
            "Created 10.8.0.0/16 - > pcx-1",
            "Deleted 10.1.0.0/16 pcx-1 > -",
            "Deleted 10.2.0.0/16 pcx-2 > -",
            "Deleted 10.4.0.0/16 pcx-1 > -",
            "Deleted 10.6.0.0/16 nat-1 > -",
            "Deleted 10.6.0.0/16 nat-2 > -",
            "Deleted 2001:db8::/32 i-1 > -",
        ]
    );
    let untouched = |origin: RouteOrigin, routes: &[Route]| {
        routes.iter().filter(|route| route.origin == origin).count()
    };
    for origin in [
        RouteOrigin::Local,
        RouteOrigin::Propagated,
        RouteOrigin::System,
        "Mystery".into(),
    ] {
        assert_eq!(
            untouched(origin.clone(), &plan.current()),
            untouched(origin, &plan.previous)
        );
    }
    assert_eq!(untouched(RouteOrigin::Static, &plan.current()), 2);
}

#[test]
fn two_interfaces_of_one_instance_are_two_targets() {
    let via = |eni: &str| {
        route("10.0.0.0/8", "instance:i-1", RouteOrigin::Static).with_aliases(vec![
            RouteTarget::new(RouteTargetKind::NetworkInterface, eni),
        ])
    };
    assert!(via("eni-1").does_the_same(&via("eni-1")));
    assert!(!via("eni-1").does_the_same(&via("eni-2")));
    assert!(via("eni-1").does_the_same(&route("10.0.0.0/8", "instance:i-1", RouteOrigin::Static)));
    assert!(!via("eni-1").does_the_same(&route(
        "10.0.0.0/8",
        "network-interface:eni-2",
        RouteOrigin::Static
    )));
}

#[test]
fn a_repair_pairs_what_is_there_with_what_was() {
    let nat = |id: &str| {
        route(
            "10.0.0.0/8",
            &format!("nat-gateway:{id}"),
            RouteOrigin::Static,
        )
    };
    let destination = Destination::from("10.0.0.0/8");
    for (now, wanted, expected) in [
        (vec!["a"], vec!["a"], vec![]),
        (
            vec!["a"],
            vec!["b"],
            vec![(RouteAction::Replaced, "a", "b")],
        ),
        (vec![], vec!["b"], vec![(RouteAction::Created, "", "b")]),
        (vec!["a"], vec![], vec![(RouteAction::Deleted, "a", "")]),
        (
            vec!["b"],
            vec!["a", "b"],
            vec![(RouteAction::Created, "", "a")],
        ),
    ] {
        let table = RouteTable::new("rtb-1").with_routes(now.iter().map(|id| nat(id)).collect());
        let wanted: Vec<Route> = wanted.iter().map(|id| nat(id)).collect();
        let id = |route: &Option<Route>| {
            route
                .as_ref()
                .map(|route| route.target.id.clone())
                .unwrap_or_default()
        };
        let changes = repair(&table, &destination, &wanted);
        let found: Vec<_> = changes
            .iter()
            .map(|change| (change.action, id(&change.before), id(&change.after)))
            .collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(action, a, b)| (action, a.to_owned(), b.to_owned()))
            .collect();
        assert_eq!(found, expected);
    }
}
