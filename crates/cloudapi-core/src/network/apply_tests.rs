//! Replacing routes in a table of a few lines: every fault after every write.

#[path = "apply_fake.rs"]
mod fake;

use fake::{Cloud, Fault, nat};

use super::*;
use crate::network::RouteTargetKind;

/// Replaces three routes, creates two and deletes two; one is unchanged.
fn request(mode: ReplaceMode) -> ReplaceRoutesRequest {
    let spec =
        |destination: &str, id: &str| RouteSpec::new(destination, RouteTargetKind::NatGateway, id);
    let mut routes = vec![
        spec("10.1.0.0/16", "new-1"),
        spec("10.2.0.0/16", "new-2"),
        spec("10.3.0.0/16", "new-3"),
    ];
    if mode != ReplaceMode::Replace {
        routes.extend([spec("10.4.0.0/16", "new-4"), spec("10.5.0.0/16", "new-5")]);
    }
    ReplaceRoutesRequest::new("rtb-1", routes).with_mode(mode)
}

const BEFORE: [&str; 5] = [
    "10.1.0.0/16 old-1 ",
    "10.2.0.0/16 old-2 ",
    "10.3.0.0/16 old-3 third",
    "10.8.0.0/16 gone-8 ",
    "10.9.0.0/16 gone-9 ",
];

const AFTER: [&str; 5] = [
    "10.1.0.0/16 new-1 ",
    "10.2.0.0/16 new-2 ",
    "10.3.0.0/16 new-3 third",
    "10.4.0.0/16 new-4 ",
    "10.5.0.0/16 new-5 ",
];

/// Writes of the whole request without faults.
fn writes(per_call: usize) -> u32 {
    if per_call == 1 { 7 } else { 3 }
}

async fn replace(cloud: &Cloud, mode: ReplaceMode) -> Result<ReplacedRoutes> {
    run(cloud, &request(mode), &RetryPolicy::default()).await
}

/// The destinations whose route is not what it was.
fn differing(cloud: &Cloud) -> Vec<String> {
    let now = cloud.routes();
    let mut names: Vec<String> = BEFORE
        .iter()
        .filter(|line| !now.iter().any(|other| other == *line))
        .chain(
            now.iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .iter()
                .filter(|line| !BEFORE.contains(*line)),
        )
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[tokio::test(start_paused = true)]
async fn replaces_then_creates_then_deletes() {
    let single = Cloud::new(1);
    let answer = replace(&single, ReplaceMode::Exact).await.unwrap();
    assert_eq!(single.routes(), AFTER);
    assert_eq!(
        single.log(),
        [
            "Replaced 10.1.0.0/16",
            "Replaced 10.2.0.0/16",
            "Replaced 10.3.0.0/16",
            "Created 10.4.0.0/16",
            "Created 10.5.0.0/16",
            "Deleted 10.8.0.0/16",
            "Deleted 10.9.0.0/16",
        ]
    );
    assert_eq!(
        (
            answer.previous.len(),
            answer.current.len(),
            answer.changes.len()
        ),
        (5, 5, 7)
    );
    let batched = Cloud::new(100);
    let answer = replace(&batched, ReplaceMode::Exact).await.unwrap();
    assert_eq!(batched.routes(), AFTER);
    assert_eq!(
        batched.log(),
        [
            "Replaced 10.1.0.0/16 10.2.0.0/16 10.3.0.0/16",
            "Created 10.4.0.0/16 10.5.0.0/16",
            "Deleted 10.8.0.0/16 10.9.0.0/16",
        ]
    );
    let created = answer.changes[3].after.as_ref().unwrap();
    assert_eq!(
        created.route_id.as_deref(),
        Some("rti-101"),
        "read back from the cloud"
    );
}

#[tokio::test(start_paused = true)]
async fn unchanged_routes_cost_no_write_and_the_second_time_all_are() {
    for per_call in [1, 100] {
        let cloud = Cloud::new(per_call);
        replace(&cloud, ReplaceMode::Exact).await.unwrap();
        let (writes, reads) = (cloud.log().len(), cloud.world.lock().unwrap().reads);
        let again = replace(&cloud, ReplaceMode::Exact).await.unwrap();
        assert!(
            again
                .changes
                .iter()
                .all(|change| change.action == RouteAction::Unchanged)
        );
        assert_eq!(again.previous, again.current);
        assert_eq!(
            (cloud.log().len(), cloud.world.lock().unwrap().reads),
            (writes, reads + 1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_tells_the_same_and_writes_nothing() {
    for (per_call, mode) in [
        (1, ReplaceMode::Exact),
        (100, ReplaceMode::Exact),
        (1, ReplaceMode::Replace),
    ] {
        let cloud = Cloud::new(per_call);
        let dry = run(
            &cloud,
            &request(mode).with_dry_run(true),
            &RetryPolicy::default(),
        )
        .await
        .unwrap();
        assert!(dry.dry_run && cloud.log().is_empty());
        assert_eq!(cloud.routes(), BEFORE);
        let real = replace(&Cloud::new(per_call), mode).await.unwrap();
        let targets = |routes: &[Route]| {
            routes
                .iter()
                .map(|route| (route.destination.clone(), route.target.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(targets(&dry.current), targets(&real.current));
        let actions = |answer: &ReplacedRoutes| {
            answer
                .changes
                .iter()
                .map(|change| change.action)
                .collect::<Vec<_>>()
        };
        assert_eq!(actions(&dry), actions(&real));
    }
}

#[tokio::test(start_paused = true)]
async fn the_wrong_network_and_a_missing_route_change_nothing() {
    let cloud = Cloud::new(1);
    let wrong = request(ReplaceMode::Exact).with_vpc_id("vpc-2");
    let error = run(&cloud, &wrong, &RetryPolicy::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error
            .message()
            .contains("rtb-1 belongs to vpc-1, not to vpc-2"),
        "{error}"
    );
    let mut missing = request(ReplaceMode::Replace);
    missing
        .routes
        .push("10.7.0.0/16=nat-gateway:nat-7".parse().unwrap());
    let error = run(&cloud, &missing, &RetryPolicy::default())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.resources()),
        (ErrorKind::NotFound, &["10.7.0.0/16".to_owned()][..])
    );
    assert!(cloud.log().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_any_write_leaves_the_table_as_it_was() {
    for per_call in [1, 100] {
        for lag in [0, 2, 20] {
            for k in 1..=writes(per_call) {
                let cloud = Cloud::new(per_call)
                    .with_lag(lag)
                    .with_fault(move |write, _| (write == k).then_some(Fault::Refused));
                let error = replace(&cloud, ReplaceMode::Exact).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::PermissionDenied);
                assert_eq!(
                    cloud.routes(),
                    BEFORE,
                    "write {k} of {per_call}, lag {lag}: {error}"
                );
                if lag < 20 {
                    assert!(
                        error.resources().is_empty(),
                        "write {k} of {per_call}, lag {lag}: {error}"
                    );
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_after() {
    for per_call in [1, 100] {
        for lag in [0, 1, 3] {
            for fault in [Fault::LostBefore, Fault::LostAfter] {
                for k in 1..=writes(per_call) {
                    let cloud = Cloud::new(per_call)
                        .with_lag(lag)
                        .with_fault(move |write, _| (write == k).then_some(fault));
                    let answer = replace(&cloud, ReplaceMode::Exact).await.unwrap();
                    assert_eq!(
                        cloud.routes(),
                        AFTER,
                        "write {k} of {per_call}, lag {lag}, {fault:?}"
                    );
                    assert_eq!(answer.current.len(), AFTER.len());
                    if lag == 0 {
                        let sent = u32::try_from(cloud.log().len()).unwrap();
                        let repeated = u32::from(fault == Fault::LostBefore);
                        assert_eq!(
                            sent,
                            writes(per_call) + repeated,
                            "what was done is not sent again"
                        );
                    }
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn when_every_answer_is_lost_the_table_is_as_it_was_or_said_not_to_be() {
    for per_call in [1, 100] {
        for k in 1..=writes(per_call) {
            // From the k-th write on nothing gets through for as long as attempts last.
            let cloud = Cloud::new(per_call).with_fault(move |write, _| {
                (k..k + 5).contains(&write).then_some(Fault::LostBefore)
            });
            let error = replace(&cloud, ReplaceMode::Exact).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Network);
            assert_eq!(cloud.routes(), BEFORE, "{error}");
            assert!(error.resources().is_empty(), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_put_back_is_named_exactly() {
    for per_call in [1, 100] {
        for lag in [0, 2] {
            for k in 1..=writes(per_call) {
                let cloud = Cloud::new(per_call)
                    .with_lag(lag)
                    .with_fault(move |write, _| (write >= k).then_some(Fault::Refused));
                let error = replace(&cloud, ReplaceMode::Exact).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::PermissionDenied);
                assert_eq!(
                    error.resources(),
                    differing(&cloud),
                    "write {k} of {per_call}, lag {lag}: {error}"
                );
                assert_eq!(error.resources().is_empty(), k == 1);
                if k > 1 {
                    assert!(error.message().contains(
                        "10.1.0.0/16 leads to NatGateway new-1 instead of NatGateway old-1"
                    ));
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_stuck_route_does_not_keep_the_others_from_being_put_back() {
    for action in [
        RouteAction::Created,
        RouteAction::Deleted,
        RouteAction::Replaced,
    ] {
        // The last deletion fails; then, of putting back, one kind of write never works.
        let cloud = Cloud::new(1).with_fault(move |write, kind| {
            (write == 7 || (write > 7 && kind == action)).then_some(Fault::Refused)
        });
        let error = replace(&cloud, ReplaceMode::Exact).await.unwrap_err();
        assert_eq!(error.resources(), differing(&cloud), "{error}");
        let expected: &[&str] = match action {
            RouteAction::Created => &["10.8.0.0/16"],
            RouteAction::Deleted => &["10.4.0.0/16", "10.5.0.0/16"],
            _ => &["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"],
        };
        assert_eq!(error.resources(), expected, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn putting_back_is_tried_again_and_outlives_the_deadline() {
    // The third write's answer is lost as the time runs out; the first attempt to put back is lost too.
    let cloud = Cloud::new(1).with_fault(|write, _| match write {
        3 => Some(Fault::LostAfter),
        4 => Some(Fault::LostBefore),
        _ => None,
    });
    let retry = RetryPolicy::default()
        .with_base_delay(Duration::from_secs(40))
        .with_deadline(Some(Duration::from_nanos(1)));
    let error = run(
        &cloud,
        &request(ReplaceMode::Exact),
        &retry.clone().with_max_attempts(9),
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(cloud.routes(), BEFORE, "{error}");
    assert!(error.resources().is_empty(), "{error}");
    let patient = RetryPolicy::default()
        .with_max_attempts(1)
        .with_deadline(Some(Duration::from_mins(1)));
    let cloud = Cloud::new(1).with_fault(|write, _| (write == 3).then_some(Fault::LostAfter));
    let error = run(&cloud, &request(ReplaceMode::Exact), &patient)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(
        cloud.routes(),
        BEFORE,
        "what may have been done is undone: {error}"
    );
    assert!(error.resources().is_empty(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_blind_end_says_so() {
    let mut cloud = Cloud::new(1).with_fault(|write, _| (write >= 3).then_some(Fault::Refused));
    cloud.read_fault = Box::new(|read| read > 1);
    let error = replace(&cloud, ReplaceMode::Exact).await.unwrap_err();
    assert_eq!(error.resources(), differing(&cloud));
    assert!(
        error
            .message()
            .contains("the last look at the table failed"),
        "{error}"
    );
    // Done is done, even if it can't be looked at.
    let mut cloud = Cloud::new(1);
    cloud.read_fault = Box::new(|read| read > 1);
    let answer = replace(&cloud, ReplaceMode::Exact).await.unwrap();
    assert_eq!(
        (cloud.routes(), answer.current.len()),
        (AFTER.map(str::to_owned).to_vec(), 5)
    );
}

#[tokio::test(start_paused = true)]
async fn a_table_that_changed_meanwhile_is_planned_anew() {
    for per_call in [1, 100] {
        // The first look is from before somebody made 10.4.0.0/16 and deleted 10.1.0.0/16 and 10.9.0.0/16.
        let cloud = Cloud::new(per_call).with_lag(1);
        {
            let mut world = cloud.world.lock().unwrap();
            let before = world.routes.clone();
            world.shown.push((1, before));
            world
                .routes
                .retain(|route| !["old-1", "gone-9"].contains(&route.target.id.as_str()));
            world.routes.push(
                nat("10.4.0.0/16", "theirs")
                    .with_route_id((per_call > 1).then(|| "rti-77".to_owned())),
            );
        }
        replace(&cloud, ReplaceMode::Exact).await.unwrap();
        assert_eq!(cloud.routes(), AFTER, "{:?}", cloud.log());
    }
    let cloud = Cloud::new(1);
    {
        let mut world = cloud.world.lock().unwrap();
        let before = world.routes.clone();
        world.shown.push((1, before));
        world.routes.retain(|route| route.target.id != "old-2");
    }
    let error = replace(&cloud, ReplaceMode::Replace).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.resources().is_empty(), "{error}");
    assert_eq!(cloud.routes()[0], BEFORE[0], "the first route is put back");
}

#[tokio::test(start_paused = true)]
async fn a_route_that_is_said_to_be_gone_but_stays_is_no_success() {
    let cloud = Cloud::new(1).with_fault(|write, _| (write == 6).then_some(Fault::Unknown));
    let error = replace(&cloud, ReplaceMode::Exact).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(cloud.routes(), BEFORE, "{error}");
    assert!(error.resources().is_empty(), "{error}");
}
