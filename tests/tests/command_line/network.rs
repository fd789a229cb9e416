//! The operations on route tables: shapes, exit codes, and what is refused.

use cloudapi::Provider;
use cloudapi_conformance::NetworkFixture;
use cloudapi_emulator::{Fault, FaultKind};
use cloudapi_tests::emulator::network_fixture;
use serde_json::{Value, json};

use crate::support::{PROVIDERS, Shell, keys};

/// A cloud with the table of many kinds of routes.
struct Stage {
    shell: Shell,
    fixture: NetworkFixture,
}

impl Stage {
    async fn new(provider: Provider) -> Self {
        Self {
            shell: Shell::new(provider).await,
            fixture: network_fixture(provider),
        }
    }

    fn table(&self) -> &str {
        self.fixture.table.route_table_id.as_str()
    }

    /// A route to the gateway that is free, in the short form.
    fn to_gateway(&self, destination: &str) -> String {
        format!("{destination}=nat-gateway:{}", self.gateway())
    }

    fn gateway(&self) -> &str {
        &self.fixture.ipv4_target.id
    }

    fn replace(&self, rest: &str) -> String {
        format!("replace-routes --route-table-id {} {rest}", self.table())
    }

    /// The actions that changed something, or tried to.
    fn writes(&self) -> Vec<String> {
        let calls = self.shell.emulator.calls().into_iter();
        calls
            .map(|call| call.action)
            .filter(|action| !action.starts_with("Describe"))
            .collect()
    }

    fn routes(&self) -> Vec<cloudapi_emulator::RouteEntry> {
        self.shell.emulator.world().routes(self.table())
    }
}

/// The route to a destination in a list of routes.
fn route_to<'a>(routes: &'a Value, destination: &str) -> &'a Value {
    let mut routes = routes.as_array().unwrap().iter();
    routes
        .find(|route| route["Destination"] == destination)
        .unwrap_or_else(|| panic!("no route to {destination}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_have_one_shape_on_both_clouds() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let fixture = &stage.fixture;
        let listed = stage
            .shell
            .run(&format!(
                "describe-route-tables --route-table-ids {},{} --filters main=false",
                stage.table(),
                fixture.main_table_id
            ))
            .json();
        let listed = listed.as_array().unwrap();
        assert_eq!(listed.len(), 1, "{provider}: ids and filters both hold");
        let table = &listed[0];
        assert_eq!(table["RouteTableId"], stage.table());
        assert_eq!(table["Name"], "private");
        assert_eq!(table["VpcId"], json!(fixture.table.vpc_id));
        assert_eq!(table["SubnetIds"], json!(fixture.table.subnet_ids));
        assert_eq!(table["Main"], false);
        let way_out = route_to(&table["Routes"], "0.0.0.0/0");
        for member in ["Destination", "Target", "Origin", "State"] {
            assert!(keys(way_out).contains(&member), "{provider}: {way_out}");
        }
        assert_eq!(keys(&way_out["Target"]), ["Id", "Type"]);
        assert_eq!(way_out["Target"]["Type"], "NatGateway");
        assert_eq!(way_out["Origin"], "Static");
        assert_eq!(way_out["State"], "Active");

        let of_subnet = stage
            .shell
            .run(&format!(
                "describe-route-tables --filters subnet-id={} --query [].RouteTableId",
                fixture.main_subnet_id
            ))
            .json();
        assert_eq!(of_subnet, json!([fixture.main_table_id]), "{provider}");
        let seen = stage.shell.run("describe-route-tables --output table");
        assert_eq!(seen.code, 0, "{seen:?}");
        for text in [stage.table(), "NatGateway", "private"] {
            assert!(seen.stdout.contains(text), "{text} in {seen:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_are_replaced_by_words_or_json() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let before = stage.routes();
        let words = format!(
            "--mode upsert --routes {} {}",
            stage.to_gateway("10.1.0.0/16"),
            stage.to_gateway("10.77.0.0/16")
        );
        let dry = stage
            .shell
            .run(&stage.replace(&format!("{words} --dry-run")))
            .json();
        assert_eq!(dry["DryRun"], true, "{provider}: {dry}");
        assert_eq!(stage.routes(), before, "{provider}: a dry run writes");
        let done = stage.shell.run(&stage.replace(&words)).json();
        assert_eq!(
            keys(&done),
            ["Changes", "Current", "DryRun", "Previous", "RouteTableId"]
        );
        assert_eq!(done["DryRun"], false);
        assert_eq!(done["RouteTableId"], stage.table());
        assert_eq!(done["Previous"], dry["Previous"], "{provider}");
        let changes = done["Changes"].as_array().unwrap();
        let told: Vec<(&Value, &Value)> = changes
            .iter()
            .map(|change| (&change["Destination"], &change["Action"]))
            .collect();
        assert_eq!(
            told,
            [
                (&json!("10.1.0.0/16"), &json!("Replaced")),
                (&json!("10.77.0.0/16"), &json!("Created")),
            ],
            "{provider}"
        );
        assert_eq!(changes[0]["Before"]["Target"]["Type"], "Peering");
        assert_eq!(changes[0]["After"]["Target"]["Id"], stage.gateway());
        assert_eq!(changes[1].get("Before"), None);
        let now = route_to(&done["Current"], "10.77.0.0/16");
        assert_eq!(now["Target"]["Type"], "NatGateway", "{provider}");

        // The same as JSON: nothing is left to do.
        let target = json!({"Type": "NatGateway", "Id": stage.gateway()});
        let routes = json!([
            {"Destination": "10.1.0.0/16", "Target": target},
            {"Destination": "10.77.0.0/16", "Target": target},
        ]);
        let routes = routes.to_string().replace(' ', "");
        stage.shell.emulator.clear_calls();
        let again = stage
            .shell
            .run(&stage.replace(&format!("--routes {routes}")))
            .json();
        let idle = again["Changes"].as_array().unwrap().iter();
        assert!(
            idle.clone().all(|change| change["Action"] == "Unchanged"),
            "{provider}: {again}"
        );
        assert_eq!(stage.writes(), Vec::<String>::new(), "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_right_is_refused_before_anything_is_sent() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let to_gateway = |destination: &str| format!("--routes {}", stage.to_gateway(destination));
        let twice = format!(
            "--routes {} {}",
            stage.to_gateway("2001:db8::/32"),
            stage.to_gateway("2001:DB8:0::/32")
        );
        for (routes, named) in [
            (to_gateway("10.0.0.0/33"), "10.0.0.0/33"),
            (to_gateway("10.0.0.0/08"), "10.0.0.0/08"),
            (to_gateway("10.0.0.1/8"), "10.0.0.0/8"),
            (to_gateway("::ffff:10.0.0.0/104"), "::ffff:10.0.0.0/104"),
            (to_gateway("everything"), "everything"),
            (twice, "2001:db8::/32"),
            (
                "--routes 0.0.0.0/0=nat-gatway:nat-1".to_owned(),
                "NatGateway",
            ),
            ("--routes 0.0.0.0/0=nat-gateway".to_owned(), "NatGateway"),
            (
                r#"--routes [{"Destination":"0.0.0.0/0","Target":{"Type":"Wormhole","Id":"w-1"}}]"#
                    .to_owned(),
                "Wormhole",
            ),
            ("--routes".to_owned(), "Routes"),
        ] {
            for more in ["", "--mode exact", "--dry-run"] {
                let answer = stage
                    .shell
                    .run_json(&stage.replace(&format!("{routes} {more}")));
                assert_eq!(answer.code, 4, "{provider}, {routes}: {answer:?}");
                let error = answer.error();
                assert_eq!(error["Kind"], "InvalidArgument", "{answer:?}");
                assert!(answer.stderr.contains(named), "{named:?} in {answer:?}");
                assert!(answer.stdout.is_empty(), "{answer:?}");
            }
        }
        let other = if *provider == Provider::Aws {
            format!(
                "--routes 0.0.0.0/0=ha-vip:havip-1 {}",
                stage.to_gateway("10.1.0.0/16")
            )
        } else {
            format!(
                "--routes 0.0.0.0/0=transit-gateway:tgw-1 {}",
                stage.to_gateway("10.1.0.0/16")
            )
        };
        let answer = stage.shell.run_json(&stage.replace(&other));
        assert_eq!(
            (answer.code, &answer.error()["Kind"]),
            (4, &json!("Unsupported"))
        );
        let malformed = stage
            .shell
            .run_json("describe-route-tables --route-table-ids vpc-1");
        assert_eq!(malformed.code, 4, "{malformed:?}");
        assert_eq!(stage.shell.emulator.calls(), [], "{provider}: native calls");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_code_and_changes_nothing() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let before = stage.routes();
        let absent = if *provider == Provider::Aws {
            "rtb-0fffffffffffffff0"
        } else {
            "rtb-fffffff0"
        };
        let known = stage.to_gateway("10.1.0.0/16");
        let unknown = stage.to_gateway("10.77.0.0/16");
        let table = stage.table();
        let other = format!("--vpc-id {} --routes {known}", stage.fixture.other_vpc_id);
        let managed = stage
            .fixture
            .table
            .routes
            .iter()
            .find(|route| !route.is_static())
            .unwrap();
        let managed = managed.destination.to_string();
        for (line, code, kind, resources) in [
            (
                format!("describe-route-tables --route-table-ids {table} {absent}"),
                3,
                "NotFound",
                json!([absent]),
            ),
            (
                format!("replace-routes --route-table-id {absent} --routes {known}"),
                3,
                "NotFound",
                json!([absent]),
            ),
            (
                stage.replace(&format!("--routes {known} {unknown}")),
                3,
                "NotFound",
                json!(["10.77.0.0/16"]),
            ),
            (stage.replace(&other), 4, "InvalidArgument", json!([table])),
            (
                stage.replace(&format!("--routes {known} {}", stage.to_gateway(&managed))),
                4,
                "InvalidArgument",
                json!([managed]),
            ),
        ] {
            let answer = stage.shell.run_json(&line);
            assert_eq!(answer.code, code, "{provider}, {line}: {answer:?}");
            let error = answer.error();
            assert_eq!(error["Kind"], kind, "{provider}, {line}: {answer:?}");
            assert_eq!(
                error["Resources"], resources,
                "{provider}, {line}: {answer:?}"
            );
        }
        assert_eq!(stage.writes(), Vec::<String>::new(), "{provider}");
        assert_eq!(stage.routes(), before, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_half_way_is_undone_or_told() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider).await;
        let before = stage.routes();
        let kind = FaultKind::ErrorCode {
            status: 403,
            code: "UnauthorizedOperation".to_owned(),
            message: "You may not do this.".to_owned(),
        };
        let [create, replace] = if *provider == Provider::Aws {
            ["CreateRoute", "ReplaceRoute"]
        } else {
            ["CreateRoutes", "ReplaceRoutes"]
        };
        let line = stage.replace(&format!(
            "--mode upsert --routes {} {}",
            stage.to_gateway("10.1.0.0/16"),
            stage.to_gateway("10.77.0.0/16")
        ));
        let emulator = &stage.shell.emulator;
        emulator.fault(Fault::new(kind.clone()).on(create));
        let answer = stage.shell.run_json(&line);
        assert_eq!(answer.code, 5, "{provider}: {answer:?}");
        assert_eq!(answer.error().get("Resources"), None, "{provider}");
        assert_eq!(stage.routes(), before, "{provider}");

        emulator.fault(Fault::new(kind.clone()).on(create));
        emulator.fault(Fault::new(kind).on(replace).after(1).times(100));
        let answer = stage.shell.run_json(&line);
        assert_eq!(answer.code, 5, "{provider}: {answer:?}");
        let error = answer.error();
        assert_eq!(
            error["Resources"],
            json!(["10.1.0.0/16"]),
            "{provider}: {answer:?}"
        );
        assert_ne!(stage.routes(), before, "{provider}");
    }
}
