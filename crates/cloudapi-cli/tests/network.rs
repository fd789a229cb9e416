//! The operations on route tables, from the command line.

mod support;

use cloudapi::emulator::{Fault, FaultKind, fixtures};
use serde_json::json;

use crate::support::World;

const TABLE: &str = fixtures::TENCENT_PRIVATE_ROUTE_TABLE;
const GATEWAY: &str = fixtures::TENCENT_NAT_GATEWAY_B;

#[test]
fn tables_are_listed_by_id_and_by_filter() {
    let world = World::new();
    let all = world.run("describe-route-tables").json();
    assert_eq!(all.as_array().map(Vec::len), Some(4));
    let subnet = fixtures::TENCENT_SUBNET_B;
    let found = world
        .run(&format!(
            "describe-route-tables --filters subnet-id={subnet} main=false"
        ))
        .json();
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (
            &found[0]["RouteTableId"],
            &found[0]["SubnetIds"],
            &found[0]["Main"]
        ),
        (&json!(TABLE), &json!([subnet]), &json!(false))
    );
    let route = &found[0]["Routes"][0];
    assert_eq!(
        (
            &route["Destination"],
            &route["Target"],
            &route["Description"]
        ),
        (
            &json!("0.0.0.0/0"),
            &json!({"Type": "NatGateway", "Id": fixtures::TENCENT_NAT_GATEWAY}),
            &json!("way out")
        )
    );
    let table = world.run(&format!(
        "describe-route-tables --route-table-ids {TABLE} --output table"
    ));
    assert_eq!(table.code, 0);
    assert!(table.stdout.contains("Propagated"), "{table:?}");
    assert_eq!(
        world
            .run("describe-route-tables --route-table-ids rtb-zzzzzzz1")
            .code,
        3
    );
    assert_eq!(
        world.run("describe-route-tables --filters subnet=x").code,
        4
    );
}

#[test]
fn routes_are_replaced_in_both_spellings_after_a_dry_run() {
    let world = World::new();
    let line =
        format!("replace-routes --route-table-id {TABLE} --routes 0.0.0.0/0=nat-gateway:{GATEWAY}");
    let before = world.emulator.world().routes(TABLE);
    let dry = world.run(&format!("{line} --dry-run --output table"));
    assert_eq!(dry.code, 0);
    assert!(
        dry.stdout.starts_with("Dry run: nothing was changed."),
        "{dry:?}"
    );
    assert_eq!(world.emulator.world().routes(TABLE), before);
    let replaced = world.run(&line).json();
    let change = &replaced["Changes"][0];
    assert_eq!(
        (&change["Action"], &change["After"]["Target"]["Id"]),
        (&json!("Replaced"), &json!(GATEWAY))
    );
    let request = json!({"RouteTableId": TABLE, "Mode": "Upsert", "Routes": [
        {"Destination": "0.0.0.0/0", "Target": {"Type": "NatGateway", "Id": GATEWAY}},
        {"Destination": "10.99.0.0/16", "Target": {"Type": "NatGateway", "Id": GATEWAY}, "Description": "new"}]});
    let upserted = world
        .run_with_stdin("replace-routes --request -", &request.to_string())
        .json();
    let actions: Vec<_> = [0, 1]
        .map(|at| upserted["Changes"][at]["Action"].clone())
        .into();
    assert_eq!(actions, [json!("Unchanged"), json!("Created")]);
    assert_eq!(upserted["Changes"][1]["After"]["Description"], "new");
}

#[test]
fn what_is_refused_has_the_code_of_its_kind_and_names_the_value() {
    let world = World::new();
    for (rest, code, named) in [
        ("--routes 10.0.0.0/08=nat-gateway:nat-1", 4, "10.0.0.0/08"),
        ("--routes 0.0.0.0/0=magic:nat-1", 4, "magic"),
        (
            "--routes 0.0.0.0/0=internet-gateway:igw-1",
            4,
            "InternetGateway",
        ),
        ("--routes 0.0.0.0/0", 2, "DESTINATION=KIND:ID"),
        ("--routes", 4, "Routes"),
        (
            "--routes 0.0.0.0/0=peering:pcx-a1b2c3d4 --vpc-id vpc-x",
            4,
            "vpc-x",
        ),
        (
            "--routes 10.66.0.0/16=peering:pcx-a1b2c3d4",
            3,
            "10.66.0.0/16",
        ),
        ("--routes 172.20.0.0/16=peering:pcx-a1b2c3d4", 4, "Upsert"),
    ] {
        let run = world.run(&format!("replace-routes --route-table-id {TABLE} {rest}"));
        assert_eq!(run.code, code, "{rest}: {run:?}");
        assert!(run.stderr.contains(named), "{rest}: {run:?}");
    }
    let writes = world
        .emulator
        .calls()
        .into_iter()
        .filter(|call| !call.action.starts_with("Describe"));
    assert_eq!(writes.count(), 0);
}

#[test]
fn a_failure_names_what_could_not_be_put_back() {
    let world = World::new();
    let refusal = || FaultKind::ErrorCode {
        status: 200,
        code: "LimitExceeded".to_owned(),
        message: "Full.".to_owned(),
    };
    world
        .emulator
        .fault(Fault::new(refusal()).on("CreateRoutes"));
    world
        .emulator
        .fault(Fault::new(refusal()).on("ReplaceRoutes").after(1).times(9));
    let run = world.run(&format!(
        "replace-routes --route-table-id {TABLE} --mode upsert --routes 0.0.0.0/0=nat-gateway:{GATEWAY} 10.99.0.0/16=nat-gateway:{GATEWAY} --output json"
    ));
    assert_eq!(run.code, 6, "{run:?}");
    assert!(
        run.stderr.contains(r#""Resources":["0.0.0.0/0"]"#),
        "{run:?}"
    );
}
