//! Replacing routes with a fault at every write, held against what the emulator's table really is afterwards.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers are part of the tests, which are to fail"
)]

use std::sync::Arc;

use cloudapi::network::{
    Destination, NetworkExt, ReplaceMode, ReplaceRoutesRequest, RouteAction, RouteSpec,
    RouteTargetKind,
};
use cloudapi::{ErrorKind, Network, Provider};
use cloudapi_emulator::{Emulator, Fault, FaultKind, RouteEntry, fixtures};
use cloudapi_tests::emulator::{cloud_of, config};

/// A cloud with a table of many kinds of routes.
struct Stage {
    provider: Provider,
    emulator: Emulator,
    network: Arc<dyn Network>,
    table: &'static str,
    /// Where changed and new routes lead.
    gateway: &'static str,
    /// Two routes to delete, one of them IPv6.
    unwanted: [&'static str; 2],
    /// Two routes to lead elsewhere.
    changed: [&'static str; 2],
}

/// Two routes to make.
const CREATED: [&str; 2] = ["10.77.0.0/16", "10.78.0.0/16"];

impl Stage {
    async fn open(provider: Provider, lag: u32) -> Self {
        let emulator = Emulator::builder().with_lag(lag).start().await.unwrap();
        let cloud = cloudapi::connect(&config(&emulator, provider))
            .await
            .unwrap();
        let network = cloud.network().unwrap();
        let (table, gateway, unwanted) = if provider == Provider::Aws {
            let unwanted = ["10.2.0.0/16", "::/0"];
            (
                fixtures::AWS_PRIVATE_ROUTE_TABLE,
                fixtures::AWS_NAT_GATEWAY_B,
                unwanted,
            )
        } else {
            let unwanted = ["192.168.0.0/16", "2402:4e00:2000::/48"];
            (
                fixtures::TENCENT_PRIVATE_ROUTE_TABLE,
                fixtures::TENCENT_NAT_GATEWAY_B,
                unwanted,
            )
        };
        Self {
            provider,
            emulator,
            network,
            table,
            gateway,
            unwanted,
            changed: ["0.0.0.0/0", "10.1.0.0/16"],
        }
    }

    /// All static routes as they are described, two of them changed, two left out, two added.
    async fn request(&self) -> ReplaceRoutesRequest {
        let table = self.network.describe_route_table(self.table).await.unwrap();
        let is_one_of = |routes: &[&str], destination: &Destination| {
            routes
                .iter()
                .any(|route| *destination == Destination::from(*route))
        };
        let to_gateway = |destination: &str| {
            RouteSpec::new(destination, RouteTargetKind::NatGateway, self.gateway)
        };
        let kept = table
            .routes
            .into_iter()
            .filter(|route| route.is_static() && !is_one_of(&self.unwanted, &route.destination))
            .map(|route| {
                if is_one_of(&self.changed, &route.destination) {
                    return to_gateway(&route.destination.to_string());
                }
                RouteSpec::new(route.destination, route.target.kind, route.target.id)
            });
        let routes: Vec<RouteSpec> = kept.chain(CREATED.map(to_gateway)).collect();
        ReplaceRoutesRequest::new(self.table, routes).with_mode(ReplaceMode::Exact)
    }

    /// What the table really holds, whatever answers say; without the ids, which a route made again does not keep.
    fn truth(&self) -> Vec<RouteEntry> {
        let mut routes = self.emulator.world().routes(self.table);
        for route in &mut routes {
            route.route_item_id.clear();
        }
        routes.sort_by(|a, b| {
            (&a.destination, &a.origin, &a.target).cmp(&(&b.destination, &b.origin, &b.target))
        });
        routes
    }

    /// The writes of the request in order: the action, and how many of the same come before.
    fn writes(&self) -> Vec<(&'static str, u32)> {
        if self.provider == Provider::Aws {
            let actions = ["ReplaceRoute", "CreateRoute", "DeleteRoute"];
            actions
                .into_iter()
                .flat_map(|action| [(action, 0), (action, 1)])
                .collect()
        } else {
            ["ReplaceRoutes", "CreateRoutes", "DeleteRoutes"]
                .map(|action| (action, 0))
                .to_vec()
        }
    }

    /// Strikes a write; with `for_good` all later ones too, also those that put things back.
    fn strike(&self, write: usize, kind: &FaultKind, for_good: bool) {
        let cloud = cloud_of(self.provider);
        let writes = self.writes();
        let (action, before) = writes[write];
        let fault = |action, after| {
            Fault::new(kind.clone())
                .on(action)
                .cloud(cloud)
                .after(after)
        };
        if !for_good {
            return self.emulator.fault(fault(action, before));
        }
        let mut actions: Vec<&str> = writes.iter().map(|(action, _)| *action).collect();
        actions.dedup();
        for action in actions {
            let passed = writes[..write]
                .iter()
                .filter(|(earlier, _)| *earlier == action)
                .count();
            self.emulator
                .fault(fault(action, u32::try_from(passed).unwrap()).times(1000));
        }
    }
}

fn refusal() -> FaultKind {
    FaultKind::ErrorCode {
        status: 403,
        code: "UnauthorizedOperation".to_owned(),
        message: "You may not do this.".to_owned(),
    }
}

/// The destinations whose routes are not the same in both.
fn differing(before: &[RouteEntry], after: &[RouteEntry]) -> Vec<String> {
    let lacking = |all: &[RouteEntry], known: &[RouteEntry]| {
        let lacking = all.iter().filter(|route| !known.contains(route));
        lacking
            .map(|route| Destination::from(route.destination.as_str()))
            .collect::<Vec<_>>()
    };
    let mut destinations = lacking(before, after);
    destinations.extend(lacking(after, before));
    destinations.sort();
    destinations.dedup();
    destinations.iter().map(ToString::to_string).collect()
}

const CLOUDS: [Provider; 2] = [Provider::Aws, Provider::Tencent];

#[tokio::test]
async fn the_table_becomes_what_was_asked_for_and_nothing_else_is_touched() {
    for provider in CLOUDS {
        for lag in [0, 2] {
            let stage = Stage::open(provider, lag).await;
            let before = stage.truth();
            let request = stage.request().await;
            let dry = stage
                .network
                .replace_routes(request.clone().with_dry_run(true))
                .await
                .unwrap();
            assert_eq!(
                stage.truth(),
                before,
                "{provider}: a dry run changes nothing"
            );
            let answer = stage.network.replace_routes(request.clone()).await.unwrap();
            let changed: Vec<&str> = [&stage.changed[..], &CREATED, &stage.unwanted].concat();
            let mut expected: Vec<Destination> =
                changed.into_iter().map(Destination::from).collect();
            expected.sort();
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(differing(&before, &stage.truth()), expected, "{provider}");
            let targets = |routes: &[cloudapi::network::Route]| {
                routes
                    .iter()
                    .map(|route| (route.destination.clone(), route.target.clone()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                targets(&dry.current),
                targets(&answer.current),
                "{provider}"
            );
            let (calls, after) = (stage.emulator.calls().len(), stage.truth());
            let again = stage.network.replace_routes(request).await.unwrap();
            assert!(
                again
                    .changes
                    .iter()
                    .all(|change| change.action == RouteAction::Unchanged)
            );
            let more = stage.emulator.calls().split_off(calls);
            let reads = more.iter().all(|call| call.action.starts_with("Describe"));
            assert!(
                reads && stage.truth() == after,
                "{provider}: unchanged routes cost no write"
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_at_any_write_leaves_the_table_as_it_was() {
    for provider in CLOUDS {
        for lag in [0, 2] {
            for write in 0..Stage::open(provider, lag).await.writes().len() {
                let stage = Stage::open(provider, lag).await;
                let before = stage.truth();
                let request = stage.request().await;
                stage.strike(write, &refusal(), false);
                let error = stage.network.replace_routes(request).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
                assert_eq!(
                    stage.truth(),
                    before,
                    "{provider}, write {write}, lag {lag}: {error}"
                );
                assert!(
                    error.resources().is_empty(),
                    "{provider}, write {write}, lag {lag}: {error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_passes_by_itself_at_any_write_is_not_seen() {
    for provider in CLOUDS {
        for kind in [
            FaultKind::Throttle,
            FaultKind::InternalError,
            FaultKind::Unavailable,
            FaultKind::CutBefore,
            FaultKind::CutAfter,
            FaultKind::TruncatedBody,
            FaultKind::GarbageBody,
            FaultKind::EmptyBody,
            FaultKind::HtmlBody,
        ] {
            for write in 0..Stage::open(provider, 0).await.writes().len() {
                let stage = Stage::open(provider, u32::try_from(write % 3).unwrap()).await;
                let request = stage.request().await;
                stage.strike(write, &kind, false);
                let answer = stage.network.replace_routes(request).await;
                let answer = answer
                    .unwrap_or_else(|error| panic!("{provider}, {kind:?} at {write}: {error}"));
                assert_eq!(
                    answer.current.len(),
                    stage.truth().len(),
                    "{provider}, {kind:?} at {write}"
                );
                for destination in stage.unwanted {
                    assert!(
                        !stage
                            .truth()
                            .iter()
                            .any(|route| route.destination == destination)
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn what_can_not_be_put_back_is_named_exactly() {
    for provider in CLOUDS {
        for kind in [refusal(), FaultKind::CutBefore, FaultKind::Throttle] {
            for write in 0..Stage::open(provider, 0).await.writes().len() {
                let stage = Stage::open(provider, 0).await;
                let before = stage.truth();
                let request = stage.request().await;
                stage.strike(write, &kind, true);
                let error = stage.network.replace_routes(request).await.unwrap_err();
                let expected = differing(&before, &stage.truth());
                assert_eq!(
                    error.resources(),
                    expected,
                    "{provider}, {kind:?} at {write}: {error}"
                );
                assert_eq!(
                    expected.is_empty(),
                    write == 0,
                    "{provider}, {kind:?} at {write}"
                );
            }
        }
    }
}
