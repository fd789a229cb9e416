//! Replacing: order, faults, plans that got old, dry runs.

use std::sync::Mutex;

use cloudapi_core::network::RouteAction::{Created, Deleted, Replaced, Unchanged};
use cloudapi_core::network::{
    ReplaceMode, ReplaceRoutesRequest, ReplacedRoutes, RouteAction, RouteSpec, RouteTargetKind,
};
use cloudapi_core::{ErrorKind, Filters, Operation};

use super::*;
use crate::testing::list;

type Routes = Vec<(String, String)>;

/// What the n-th write (from 1) is answered instead, and whether it is done all the same.
type Faults = Box<dyn Fn(usize, &mut Routes) -> Option<(bool, Reply)> + Send + Sync>;

/// EC2's route table of a few lines: routes by destination, one change a call.
struct Ec2 {
    routes: Mutex<Routes>,
    faults: Faults,
    writes: Mutex<usize>,
}

impl Ec2 {
    fn answer(&self, params: &Params) -> Reply {
        let action = params["Action"].clone();
        if params.get("DryRun").is_some_and(|flag| flag == "true") {
            return Reply::error(
                412,
                "DryRunOperation",
                "Request would have succeeded, but DryRun flag is set.",
            );
        }
        if action == "DescribeRouteTables" {
            let routes: String = self
                .routes
                .lock()
                .unwrap()
                .iter()
                .map(|(to, nat)| static_route(to, nat))
                .collect();
            return tables(&[table("rtb-1", "vpc-1", &[], true, &routes)], None);
        }
        let fault = {
            let mut writes = self.writes.lock().unwrap();
            *writes += 1;
            (self.faults)(*writes, &mut self.routes.lock().unwrap())
        };
        match fault {
            Some((false, reply)) => reply,
            Some((true, reply)) => {
                self.change(&action, params);
                reply
            }
            None => self.change(&action, params),
        }
    }

    fn change(&self, action: &str, params: &Params) -> Reply {
        let to = params
            .get("DestinationCidrBlock")
            .or(params.get("DestinationIpv6CidrBlock"))
            .unwrap()
            .clone();
        let mut routes = self.routes.lock().unwrap();
        let at = routes.iter().position(|(known, _)| *known == to);
        match (action, at) {
            ("ReplaceRoute", Some(at)) => routes[at].1.clone_from(&params["NatGatewayId"]),
            ("ReplaceRoute", None) => {
                let message = format!(
                    "There is no route defined for '{to}' in the route table. Use CreateRoute instead."
                );
                return Reply::error(400, "InvalidParameterValue", &message);
            }
            ("CreateRoute", Some(_)) => return Reply::error(400, "RouteAlreadyExists", "exists"),
            ("CreateRoute", None) => routes.push((to, params["NatGatewayId"].clone())),
            ("DeleteRoute", Some(at)) => drop(routes.remove(at)),
            _ => return Reply::error(400, "InvalidRoute.NotFound", "no route"),
        }
        done(action)
    }
}

const BEFORE: [(&str, &str); 3] = [
    ("0.0.0.0/0", "nat-1"),
    ("10.1.0.0/16", "nat-1"),
    ("2001:db8::/32", "nat-1"),
];

async fn vpc(faults: Faults) -> (Server, Arc<dyn Network>, Arc<Ec2>) {
    let routes = BEFORE
        .iter()
        .map(|(to, nat)| ((*to).to_owned(), (*nat).to_owned()))
        .collect();
    let ec2 = Arc::new(Ec2 {
        routes: Mutex::new(routes),
        faults,
        writes: Mutex::new(0),
    });
    let answering = Arc::clone(&ec2);
    let (server, network) = world(move |params| answering.answer(params)).await;
    (server, network, ec2)
}

fn state(ec2: &Ec2) -> Vec<(String, String)> {
    let mut routes = ec2.routes.lock().unwrap().clone();
    routes.sort();
    routes
}

fn before() -> Vec<(String, String)> {
    BEFORE
        .iter()
        .map(|(to, nat)| ((*to).to_owned(), (*nat).to_owned()))
        .collect()
}

/// Replaces two routes, leaves none as it is, creates one, deletes one.
fn exact() -> ReplaceRoutesRequest {
    let to = |destination: &str| RouteSpec::new(destination, RouteTargetKind::NatGateway, "nat-2");
    ReplaceRoutesRequest::new(
        "rtb-1",
        [to("0.0.0.0/0"), to("2001:DB8:0::/32"), to("10.2.0.0/16")],
    )
    .with_mode(ReplaceMode::Exact)
}

fn writes(server: &Server) -> Vec<String> {
    let actions = server
        .actions()
        .into_iter()
        .filter(|action| !action.starts_with("Describe"));
    actions.map(|action| action.replace("Route", "")).collect()
}

#[tokio::test]
async fn routes_are_replaced_without_a_gap_and_then_left_alone() {
    let (server, network, ec2) = vpc(Box::new(|_, _| None)).await;
    let answer = network.replace_routes(exact()).await.unwrap();
    let actions = |answer: &ReplacedRoutes| {
        answer
            .changes
            .iter()
            .map(|change| change.action)
            .collect::<Vec<RouteAction>>()
    };
    assert_eq!(actions(&answer), [Replaced, Replaced, Created, Deleted]);
    assert_eq!((answer.previous.len(), answer.current.len()), (4, 4));
    assert_eq!(writes(&server), ["Replace", "Replace", "Create", "Delete"]);
    let sent = &server.calls()[2];
    assert_eq!(sent["DestinationIpv6CidrBlock"], "2001:db8::/32");
    assert_eq!(
        (&*sent["NatGatewayId"], sent.contains_key("GatewayId")),
        ("nat-2", false)
    );
    assert_eq!(
        state(&ec2)
            .iter()
            .map(|(to, _)| to.as_str())
            .collect::<Vec<_>>(),
        ["0.0.0.0/0", "10.2.0.0/16", "2001:db8::/32"]
    );
    let again = network.replace_routes(exact()).await.unwrap();
    assert_eq!(actions(&again), [Unchanged; 3]);
    assert_eq!(writes(&server).len(), 4, "unchanged routes cost no write");
}

#[tokio::test]
async fn a_failure_at_any_write_puts_all_back() {
    for k in 1..=4 {
        for lost in [false, true] {
            let (server, network, ec2) = vpc(Box::new(move |write, _| {
                let refused =
                    || Reply::error(403, "UnauthorizedOperation", "You are not authorized.");
                (write == k).then(|| {
                    if lost {
                        (true, Reply::Cut)
                    } else {
                        (false, refused())
                    }
                })
            }))
            .await;
            let result = network.replace_routes(exact()).await;
            if lost {
                assert_eq!(result.unwrap().changes.len(), 4);
                assert_eq!(
                    writes(&server).len(),
                    4,
                    "a look tells that write {k} was done"
                );
                continue;
            }
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            assert!(error.resources().is_empty(), "{error}");
            assert_eq!(state(&ec2), before(), "write {k}: {error}");
        }
    }
}

#[tokio::test]
async fn what_could_not_be_put_back_is_named_exactly() {
    for k in 2..=4 {
        let (_server, network, ec2) = vpc(Box::new(move |write, _| {
            (write >= k).then(|| {
                (
                    false,
                    Reply::error(400, "InvalidNatGatewayID.NotFound", "no such gateway"),
                )
            })
        }))
        .await;
        let error = network.replace_routes(exact()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let now = state(&ec2);
        let differs = |to: &str| {
            now.iter().find(|(known, _)| known == to)
                != before().iter().find(|(known, _)| known == to)
        };
        let expected: Vec<&str> = ["0.0.0.0/0", "10.1.0.0/16", "10.2.0.0/16", "2001:db8::/32"]
            .into_iter()
            .filter(|to| differs(to))
            .collect();
        assert_eq!(error.resources(), expected, "write {k}: {error}");
        assert!(
            error
                .message()
                .contains("0.0.0.0/0 leads to NatGateway nat-2 instead of NatGateway nat-1"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn throttling_is_waited_out_and_attempts_do_not_multiply() {
    let throttled = |times: usize| -> Faults {
        Box::new(move |write, _| {
            (write <= times).then(|| {
                (
                    false,
                    Reply::error(503, "RequestLimitExceeded", "slow down"),
                )
            })
        })
    };
    let (server, network, _) = vpc(throttled(2)).await;
    network.replace_routes(exact()).await.unwrap();
    assert_eq!(writes(&server).len(), 6);
    let (server, network, ec2) = vpc(throttled(usize::MAX)).await;
    let error = network.replace_routes(exact()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::RateLimited, true)
    );
    assert_eq!((writes(&server).len(), state(&ec2)), (5, before()));
}

#[tokio::test]
async fn a_table_that_changed_meanwhile_is_planned_anew() {
    // Between the look and the first write somebody deletes the default route and creates 10.2.0.0/16.
    let meanwhile = || -> Faults {
        Box::new(|write, routes| {
            if write == 1 {
                routes.retain(|(to, _)| to != "0.0.0.0/0");
                routes.push(("10.2.0.0/16".to_owned(), "theirs".to_owned()));
            }
            None
        })
    };
    let (server, network, ec2) = vpc(meanwhile()).await;
    network.replace_routes(exact()).await.unwrap();
    let wanted =
        ["0.0.0.0/0", "10.2.0.0/16", "2001:db8::/32"].map(|to| (to.to_owned(), "nat-2".to_owned()));
    assert_eq!(state(&ec2), wanted);
    assert_eq!(
        writes(&server),
        [
            "Replace", "Create", "Replace", "Create", "Replace", "Delete"
        ]
    );
    let (_server, network, ec2) = vpc(meanwhile()).await;
    let mut request = exact();
    request.mode = ReplaceMode::Replace;
    request.routes.pop();
    let error = network.replace_routes(request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.resources().len()),
        (ErrorKind::NotFound, 0),
        "{error}"
    );
    assert!(state(&ec2).contains(&("2001:db8::/32".to_owned(), "nat-1".to_owned())));
}

#[tokio::test]
async fn a_dry_run_asks_the_cloud_and_changes_nothing() {
    let (server, network, ec2) = vpc(Box::new(|_, _| None)).await;
    let answer = network
        .replace_routes(exact().with_dry_run(true))
        .await
        .unwrap();
    assert!(answer.dry_run);
    assert_eq!(state(&ec2), before());
    assert_eq!(
        writes(&server),
        ["Replace", "Create", "Delete"],
        "one of a kind"
    );
    assert!(
        server
            .calls()
            .iter()
            .skip(1)
            .all(|call| call["DryRun"] == "true")
    );
    // A server that ignores the flag is not asked to do what it would then do.
    let routes = static_route("0.0.0.0/0", "nat-1");
    let (server, network) =
        world(move |_| tables(&[table("rtb-1", "vpc-1", &[], true, &routes)], None)).await;
    let spec = RouteSpec::new("0.0.0.0/0", RouteTargetKind::NatGateway, "nat-2");
    network
        .replace_routes(ReplaceRoutesRequest::new("rtb-1", [spec]).with_dry_run(true))
        .await
        .unwrap();
    assert!(writes(&server).is_empty());
    let (_server, network) =
        world(
            |params| match (params["Action"].as_str(), params.get("DryRun")) {
                (_, None) => tables(
                    &[table(
                        "rtb-1",
                        "vpc-1",
                        &[],
                        true,
                        &static_route("0.0.0.0/0", "nat-1"),
                    )],
                    None,
                ),
                ("DescribeRouteTables", _) => {
                    Reply::error(412, "DryRunOperation", "would have succeeded")
                }
                _ => Reply::error(403, "UnauthorizedOperation", "You are not authorized."),
            },
        )
        .await;
    let spec = RouteSpec::new("0.0.0.0/0", RouteTargetKind::NatGateway, "nat-2");
    let error = network
        .replace_routes(ReplaceRoutesRequest::new("rtb-1", [spec]).with_dry_run(true))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn what_cannot_be_right_is_not_sent() {
    let (server, network, _) = vpc(Box::new(|_, _| None)).await;
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
            to("10.0.0.1/8", "NatGateway", "nat-1"),
            ErrorKind::InvalidArgument,
            "10.0.0.1/8",
        ),
        (
            to("10.0.0.0/8", "Magic", "x"),
            ErrorKind::InvalidArgument,
            "Magic",
        ),
        (
            to("10.0.0.0/8", "HaVip", "havip-1"),
            ErrorKind::Unsupported,
            "HaVip",
        ),
        (
            to("10.0.0.0/8", "InternetGateway", "vgw-1"),
            ErrorKind::InvalidArgument,
            "vgw-1",
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
    assert!(server.calls().is_empty());
    let wrong = to("0.0.0.0/0", "NatGateway", "nat-2").with_vpc_id("vpc-2");
    let error = network.replace_routes(wrong).await.unwrap_err();
    assert!(
        error
            .message()
            .contains("rtb-1 belongs to vpc-1, not to vpc-2"),
        "{error}"
    );
    let missing = to("10.7.0.0/16", "NatGateway", "nat-2");
    let error = network.replace_routes(missing).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.resources()),
        (ErrorKind::NotFound, &["10.7.0.0/16".to_owned()][..])
    );
    assert!(writes(&server).is_empty());
    let list = Filters::new().with("subnet", ["x"]);
    assert_eq!(
        ids(&*network, all().with_filters(list))
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::InvalidArgument
    );
    assert_eq!(list_of(&server), Vec::<String>::new());
}

/// The ids that were asked for by the parameter of their own.
fn list_of(server: &Server) -> Vec<String> {
    let asked = server
        .calls()
        .iter()
        .flat_map(|call| list(call, "RouteTableId"))
        .collect::<Vec<_>>();
    asked.into_iter().filter(|id| id != "rtb-1").collect()
}
