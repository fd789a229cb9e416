//! The operations on servers, from the command line.

mod support;

use std::process::Stdio;

use cloudapi::emulator::{Cloud, Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{Run, World};

const CREATE: &str =
    "create-instances --image-id img-a1b2c3d4 --instance-type S5.MEDIUM4 --zone ap-guangzhou-3";
const UNKNOWN: &str = "ins-zzzzzzz1";

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn ids(value: &Value) -> Vec<String> {
    let list = value.as_array().unwrap();
    list.iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_server_lives_and_dies() {
    let world = World::new();
    let created = world
        .run(&format!(
            "{CREATE} --count 2 --name web --tags team=web env=prod --disks boot:50:CLOUD_PREMIUM 100:CLOUD_PREMIUM --wait"
        ))
        .json();
    let made = ids(&created["InstanceIds"]);
    assert_eq!(made.len(), 2);
    assert!(
        created["ClientToken"]
            .as_str()
            .is_some_and(|token| !token.is_empty())
    );
    for instance in created["Instances"].as_array().unwrap() {
        assert_eq!(instance["Status"], "Running");
        assert_eq!(instance["Instance"]["Tags"]["team"], "web");
    }
    let [first, second] = [&made[0], &made[1]];

    let listed = world
        .run("describe-instances --filters tag:team=web,db instance-state=running")
        .json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[0]["InstanceType"], "S5.MEDIUM4");

    let stopped = world
        .run(&format!(
            "stop-instances --instance-ids {first} {second} --stop-charging --wait"
        ))
        .json();
    for (outcome, id) in stopped.as_array().unwrap().iter().zip(&made) {
        assert_eq!(outcome["InstanceId"], json!(id));
        assert_eq!(outcome["Status"], "Changed");
        assert_eq!(outcome["PreviousState"], "Running");
        assert_eq!(outcome["CurrentState"], "Stopped");
        assert!(outcome["Charging"].is_string());
    }
    let again = world
        .run(&format!("stop-instances --instance-ids {first},{second}"))
        .json();
    assert_eq!(again[0]["Status"], "AlreadyThere");

    let started = world
        .run(&format!("start-instances --instance-ids {first} --wait"))
        .json();
    assert_eq!(started[0]["CurrentState"], "Running");

    let dry = world
        .run(&format!(
            "destroy-instances --instance-ids {first} --dry-run"
        ))
        .json();
    assert_eq!(dry["DryRun"], true);
    assert_eq!(dry["Instances"][0]["InstanceId"], json!(first));

    let destroyed = world
        .run(&format!(
            "destroy-instances --instance-ids {first} --instance-ids {second} --wait"
        ))
        .json();
    assert_eq!(destroyed[1]["CurrentState"], "Terminated");
    assert_eq!(world.run("describe-instances").json(), json!([]));
}

#[test]
fn flags_override_the_request_and_complete_it() {
    let world = World::new();
    let request = r#"{"ImageId": "img-a1b2c3d4", "Zone": "ap-guangzhou-3", "Count": 5, "DryRun": true, "Tags": {"a": "b"}}"#;
    let line = "create-instances --request - --instance-type S5.MEDIUM4 --count 3";
    let dry = world.run_with_stdin(line, request).json();
    assert_eq!(dry["DryRun"], true);
    assert_eq!(dry["Request"]["Count"], 3);
    assert_eq!(dry["Request"]["Tags"]["a"], "b");
    let made = world
        .run_with_stdin(&format!("{line} --dry-run=false"), request)
        .json();
    assert_eq!(ids(&made["InstanceIds"]).len(), 3);
}

#[test]
fn a_bad_request_is_refused_with_its_place_and_nothing_is_sent() {
    let world = World::new();
    for (request, word) in [
        (
            "{\n\"InstanceIds\": [\"ins-1\"],\n\"Forse\": true}",
            "line 3",
        ),
        ("{\"InstanceIds\": [\"ins-1\"", "line 1"),
        ("{\"InstanceIds\": []}", "empty"),
        ("[]", "JSON object"),
    ] {
        let run = world.run_with_stdin("stop-instances --request -", request);
        assert_eq!(run.code, 4, "{run:?}");
        let error = run.error();
        assert_eq!(error["Kind"], "InvalidArgument");
        assert_eq!(error["Operation"], "StopInstances");
        assert!(error["Message"].as_str().unwrap().contains(word), "{run:?}");
        assert_eq!(run.stdout, "");
    }
    assert!(world.emulator.calls().is_empty());
}

#[test]
fn exit_codes_tell_the_kind() {
    let world = World::new();
    let id = world.emulator.add_instances(Cloud::Tencent, 1).remove(0);
    for (line, code, kind) in [
        (
            format!("describe-instances --instance-ids {UNKNOWN}"),
            3,
            "NotFound",
        ),
        (
            format!("start-instances --instance-ids {UNKNOWN}"),
            3,
            "NotFound",
        ),
        (
            "describe-instances --instance-ids i-0123456789abcdef0".to_owned(),
            4,
            "InvalidArgument",
        ),
        (
            "describe-instances --filters colour=red".to_owned(),
            4,
            "InvalidArgument",
        ),
        (
            "start-instances --instance-ids".to_owned(),
            4,
            "InvalidArgument",
        ),
        (
            format!("stop-instances --hibernate --instance-ids {id}"),
            4,
            "Unsupported",
        ),
        (format!("{CREATE} --count 0"), 4, "InvalidArgument"),
        (
            "describe-instances --profile nobody".to_owned(),
            4,
            "Config",
        ),
        (
            "describe-instances --endpoint-url http://127.0.0.1:1 --max-attempts 1".to_owned(),
            8,
            "Network",
        ),
        (
            "describe-instances --nonsense".to_owned(),
            2,
            "InvalidArgument",
        ),
        (
            "describe-instances --query [".to_owned(),
            2,
            "InvalidArgument",
        ),
        ("start-instances".to_owned(), 2, "InvalidArgument"),
    ] {
        let run = world.run(&line);
        assert_eq!(run.code, code, "{line}: {run:?}");
        assert_eq!(run.error()["Kind"], kind, "{line}");
    }
    world
        .emulator
        .fault(Fault::new(FaultKind::Throttle).times(10));
    let run = world.run("describe-instances --max-attempts 2");
    assert_eq!(
        (run.code, run.error()["Retryable"].clone()),
        (6, json!(true)),
        "{run:?}"
    );
    world.emulator.clear_faults();
    let mut command = world.command("describe-instances");
    let run = Run::of(
        command
            .env("TENCENTCLOUD_SECRET_KEY", "wrong")
            .output()
            .unwrap(),
    );
    assert_eq!(run.code, 5, "{run:?}");
    let mut command = world.command("describe-instances");
    let run = Run::of(command.env_remove("CLOUDAPI_PROVIDER").output().unwrap());
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.error()["Message"]
            .as_str()
            .unwrap()
            .contains("--provider")
    );
}

#[test]
fn a_bad_id_does_not_sink_the_rest() {
    let world = World::new();
    let id = world.emulator.add_instances(Cloud::Tencent, 1).remove(0);
    let run = world.run(&format!("stop-instances --instance-ids {UNKNOWN} {id}"));
    assert_eq!(run.code, 9, "{run:?}");
    let outcomes = run.result();
    assert_eq!(outcomes[0]["Status"], "Failed");
    assert_eq!(outcomes[0]["Error"]["Kind"], "NotFound");
    assert_eq!(outcomes[1]["Status"], "Changed");
    assert_eq!(run.error()["Resources"], json!([UNKNOWN]));
}

#[test]
fn formats() {
    let world = World::new();
    let added = world.emulator.add_instances(Cloud::Tencent, 2);
    let text = world.run("describe-instances --output text");
    assert_eq!(text.stdout.lines().count(), 2);
    assert!(
        text.stdout
            .lines()
            .all(|line| line.split('\t').count() == 9),
        "{text:?}"
    );
    let table = world.run("describe-instances --output TABLE");
    assert!(
        table.stdout.contains("Private IP") && table.stdout.contains(&added[0]),
        "{table:?}"
    );
    let yaml = world.run("describe-instances --output yaml --query [].{Id:InstanceId,State:State}");
    assert!(yaml.stdout.contains("State: Running"), "{yaml:?}");
    let mut sorted = added.clone();
    sorted.sort();
    let query = world.run("--output text --query [].InstanceId describe-instances");
    assert_eq!(query.stdout, format!("{}\n{}\n", sorted[0], sorted[1]));
    let line = world.run(&format!(
        "describe-instances --output text --instance-ids {UNKNOWN}"
    ));
    assert!(
        line.stderr
            .starts_with("error: tencent DescribeInstances: not found: "),
        "{line:?}"
    );
    assert_eq!(line.stderr.lines().count(), 1);
}

#[test]
fn a_query_that_does_not_fit_hides_nothing() {
    let world = World::new();
    let run = world.run(&format!("{CREATE} --query keys(InstanceIds)"));
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(ids(&run.result()["InstanceIds"]).len(), 1);
    let run = world.run(&format!("{CREATE} --query kees(@)"));
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert_eq!(
        world.run("describe-instances --query length(@)").stdout,
        "1\n"
    );
}

#[test]
fn a_time_out_never_hides_ids() {
    let world = World::with(|builder| builder.with_transition_polls(1_000_000));
    let run = world.run(&format!("{CREATE} --count 2 --wait --timeout 2s"));
    assert_eq!(run.code, 8, "{run:?}");
    let result = run.result();
    assert_eq!(ids(&result["InstanceIds"]).len(), 2);
    assert_eq!(result["Instances"][0]["Status"], "TimedOut");
    assert_eq!(run.error()["Kind"], "Timeout");
}

#[test]
fn when_it_is_unclear_what_was_created_the_token_is_told() {
    let world = World::new();
    let delay = FaultKind::Delay(std::time::Duration::from_secs(30));
    world
        .emulator
        .fault(Fault::new(delay).on("RunInstances").times(9));
    let run = world.run(&format!("{CREATE} --client-token once-only --timeout 1s"));
    assert_eq!(run.code, 8, "{run:?}");
    let error = run.error();
    assert!(
        error["Message"]
            .as_str()
            .unwrap()
            .contains("--client-token once-only"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_waiting_prints_what_was_created() {
    let world = World::with(|builder| builder.with_transition_polls(1_000_000));
    let child = world.spawn(&format!("{CREATE} --wait"));
    // It waits once it looks at what it created.
    while !world
        .emulator
        .calls()
        .iter()
        .any(|call| call.action == "DescribeInstances")
    {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    support::interrupt(&child);
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, 130, "{run:?}");
    let made = ids(&run.result()["InstanceIds"]);
    assert_eq!(run.error()["Resources"], json!(made));
}

#[test]
fn nobody_reading_to_the_end_is_no_failure() {
    let world = World::new();
    world.emulator.add_instances(Cloud::Tencent, 300);
    let mut child = world
        .command("describe-instances")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_most_detailed_log_has_no_secret() {
    let world = World::new();
    let run = world.run(&format!("{CREATE} --wait -vvvv"));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("RunInstances"), "{run:?}");
    let secret = world.emulator.tencent_key().secret;
    for word in [secret.as_str(), "Signature", "TC3-HMAC"] {
        assert!(!run.stderr.contains(word), "{word}");
    }
}

#[test]
fn a_half_pair_of_keys_is_a_config_error() {
    let world = World::new();
    let mut command = world.command("describe-instances");
    let run = Run::of(
        command
            .env_remove("TENCENTCLOUD_SECRET_KEY")
            .output()
            .unwrap(),
    );
    assert_eq!(run.code, 4, "{run:?}");
    assert_eq!(run.error()["Kind"], "Config");
    let mut command = world.command("describe-instances");
    command
        .env_remove("TENCENTCLOUD_SECRET_KEY")
        .env_remove("TENCENTCLOUD_SECRET_ID");
    let run = Run::of(command.output().unwrap());
    assert_eq!(
        (run.code, run.error()["Kind"].clone()),
        (4, json!("Config")),
        "{run:?}"
    );
}
