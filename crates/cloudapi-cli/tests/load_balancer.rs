//! The operations on load balancers, from the command line.

mod support;

use cloudapi::emulator::fixtures;
use serde_json::{Value, json};

use crate::support::World;

const UNKNOWN: &str = "ins-zzzzzzz1";

/// Two running instances.
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn two(world: &World) -> [String; 2] {
    let create =
        "create-instances --image-id img-a1b2c3d4 --instance-type S5.MEDIUM4 --zone ap-guangzhou-3";
    let subnet = fixtures::TENCENT_SUBNET;
    let line = format!("{create} --subnet-id {subnet} --count 2 --wait");
    let created = world.run(&line).json();
    let id = |n: usize| created["InstanceIds"][n].as_str().unwrap().to_owned();
    [id(0), id(1)]
}

/// Instance, port, status and current state of each outcome.
fn outcomes(value: &Value) -> Vec<[Value; 4]> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    let fields = ["InstanceId", "Port", "Status", "CurrentState"];
    list.iter()
        .map(|outcome| fields.map(|field| outcome[field].clone()))
        .collect()
}

#[test]
fn instances_go_behind_a_load_balancer_and_out_again() {
    let world = World::new();
    let [one, two] = two(&world);
    let registered = world
        .run(&format!(
            "register-instances-with-load-balancer --load-balancer-id single --targets {one} {two}:8080 --weight 20 --wait"
        ))
        .json();
    let expected =
        |port, status: &str, state: &str, id: &str| [json!(id), port, json!(status), json!(state)];
    assert_eq!(
        outcomes(&registered),
        [
            expected(json!(80), "Changed", "Healthy", &one),
            expected(json!(8080), "Changed", "Healthy", &two),
        ]
    );
    let health = world
        .run("describe-load-balancer-health --load-balancer-id single")
        .json();
    let group = &health["Groups"][0];
    assert_eq!(group["BackendGroupId"], fixtures::TENCENT_SINGLE_LISTENER);
    assert_eq!(group["Targets"][0]["Weight"], 20);
    assert_eq!(group["Targets"][1]["ReceivesTraffic"], true);
    assert_eq!(health["Instances"][0]["State"], "Healthy");
    let table = world.run("describe-load-balancer-health --load-balancer-id single --output table");
    assert_eq!(table.code, 0);
    assert!(table.stdout.contains("TCP:80"), "{table:?}");
    let out = format!(
        "deregister-instances-from-load-balancer --load-balancer-id single --targets {one} {two}:9 --drain 0.1s --wait"
    );
    assert_eq!(
        outcomes(&world.run(&out).json()),
        [
            expected(json!(80), "Changed", "Unused", &one),
            expected(json!(9), "AlreadyThere", "Unused", &two),
        ]
    );
}

#[test]
fn a_bad_instance_does_not_sink_the_good_one() {
    let world = World::new();
    let [one, _] = two(&world);
    let run = world.run(&format!(
        "register-instances-with-load-balancer --load-balancer-id single --targets {UNKNOWN} {one}"
    ));
    assert_eq!(run.code, 9, "{run:?}");
    let statuses: Vec<Value> = outcomes(&run.result())
        .into_iter()
        .map(|[_, _, status, _]| status)
        .collect();
    assert_eq!(statuses, ["Failed", "Changed"]);
}

#[test]
fn what_can_not_be_right_is_refused_before_anything_is_sent() {
    let world = World::new();
    for (line, named) in [
        ("--load-balancer-id single --targets", "Targets is empty"),
        (
            "--load-balancer-id single --targets ins-1:65536",
            "Port is 65536",
        ),
        ("--load-balancer-id single --targets ins-1:0", "Port is 0"),
        (
            "--load-balancer-id single --targets ins-1 --weight 101",
            "Weight is 101",
        ),
        (
            "--load-balancer-id single --targets i-1a2b3c4d",
            "i-1a2b3c4d",
        ),
    ] {
        let run = world.run(&format!("register-instances-with-load-balancer {line}"));
        assert_eq!(run.code, 4, "{run:?}");
        assert!(run.stderr.contains(named), "{run:?}");
    }
    assert!(world.emulator.calls().is_empty());
    let run = world.run(&format!(
        "register-instances-with-load-balancer --load-balancer-id {} --targets ins-1",
        fixtures::TENCENT_LOAD_BALANCER
    ));
    assert_eq!(run.code, 4, "{run:?}");
    assert!(
        run.stderr.contains("several backend groups") && run.stderr.contains("www.example.com/api"),
        "{run:?}"
    );
}
