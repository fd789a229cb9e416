//! The operations on load balancers: shapes, exit codes, what is refused, and two writers at once.

use std::process::Stdio;
use std::time::Duration;

use cloudapi::Provider;
use cloudapi_conformance::LoadBalancerFixture;
use cloudapi_emulator::TargetEntry;
use cloudapi_tests::emulator::load_balancer_fixture;
use serde_json::{Value, json};

use crate::support::{Answer, PROVIDERS, Shell, keys};

const REGISTER: &str = "register-instances-with-load-balancer";
const DEREGISTER: &str = "deregister-instances-from-load-balancer";
const HEALTH: &str = "describe-load-balancer-health";

/// A cloud with servers and a load balancer of one group.
struct Stage {
    shell: Shell,
    fixture: LoadBalancerFixture,
    ids: Vec<String>,
}

impl Stage {
    async fn new(provider: Provider, servers: usize) -> Self {
        let shell = Shell::new(provider).await;
        let ids = shell.fleet(servers);
        Self {
            fixture: load_balancer_fixture(provider),
            shell,
            ids,
        }
    }

    /// An operation on the load balancer of one group, by its name.
    fn line(&self, operation: &str, rest: &str) -> String {
        format!(
            "{operation} --load-balancer-id {} {rest}",
            self.fixture.single_name
        )
    }

    /// What really is behind that load balancer.
    fn targets(&self) -> Vec<TargetEntry> {
        let group = self.fixture.single_group.id.as_str();
        let mut targets = self.shell.emulator.world().targets(group);
        targets.sort_by(|a, b| (&a.id, a.port).cmp(&(&b.id, b.port)));
        targets
    }

    fn writes(&self) -> usize {
        let calls = self.shell.emulator.calls().into_iter();
        calls
            .filter(|call| !call.action.starts_with("Describe"))
            .count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_go_behind_a_load_balancer_and_out_again() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider, 2).await;
        let (one, two) = (&stage.ids[0], &stage.ids[1]);
        let group = stage.fixture.single_group.id.as_str();
        let targets = format!("--targets {one} {two}:8080 --wait");
        let registered = stage.shell.run(&stage.line(REGISTER, &targets)).json();
        let outcomes = registered.as_array().unwrap();
        for (outcome, (id, port)) in outcomes.iter().zip([(one, 80), (two, 8080)]) {
            for (member, value) in [
                ("InstanceId", json!(id)),
                ("Status", json!("Changed")),
                ("PreviousState", json!("Unused")),
                ("CurrentState", json!("Healthy")),
                ("BackendGroupId", json!(group)),
                ("Port", json!(port)),
            ] {
                assert_eq!(outcome[member], value, "{provider}: {member} of {outcome}");
            }
        }
        let again = stage.shell.run(&stage.line(REGISTER, &targets)).json();
        assert_eq!(again[0]["Status"], "AlreadyThere", "{provider}: {again}");
        assert_eq!(again[1]["CurrentState"], "Healthy", "{provider}: {again}");

        let health = stage.shell.run(&stage.line(HEALTH, "")).json();
        assert_eq!(keys(&health), ["Groups", "Instances", "LoadBalancerId"]);
        assert_eq!(health["LoadBalancerId"], stage.fixture.single.as_str());
        let seen = &health["Groups"][0];
        assert_eq!(seen["BackendGroupId"], group);
        assert_eq!(seen["Name"], stage.fixture.single_group.name.as_str());
        let target = &seen["Targets"][0];
        for member in ["InstanceId", "Port", "State", "ReceivesTraffic"] {
            assert!(
                keys(target).contains(&member),
                "{provider}: {member} in {target}"
            );
        }
        assert_eq!(target["ReceivesTraffic"], true, "{provider}: {target}");
        assert_eq!(health["Instances"][0]["State"], "Healthy", "{provider}");
        let table = stage.shell.run(&stage.line(HEALTH, "--output table"));
        for text in [one.as_str(), two, "8080", "Healthy", "yes"] {
            assert!(
                table.stdout.contains(text),
                "{provider}: {text} in {table:?}"
            );
        }

        let out = format!("--targets {one} {two}:9 --wait");
        let deregistered = stage.shell.run(&stage.line(DEREGISTER, &out)).json();
        assert_eq!(
            deregistered[0]["Status"], "Changed",
            "{provider}: {deregistered}"
        );
        assert_eq!(deregistered[0]["CurrentState"], "Unused", "{provider}");
        assert_eq!(deregistered[1]["Status"], "AlreadyThere", "{provider}");
        let left: Vec<(String, Option<u16>)> = stage
            .targets()
            .into_iter()
            .map(|one| (one.id, one.port))
            .collect();
        assert_eq!(left, [(two.clone(), Some(8080))], "{provider}");
        let drained = format!("--targets {two} --drain 100ms --wait");
        let drained = stage.shell.run(&stage.line(DEREGISTER, &drained)).json();
        assert_eq!(drained[0]["Port"], 8080, "{provider}: {drained}");
        assert_eq!(stage.targets(), [], "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_read_from_words_json_and_a_request_alike() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider, 1).await;
        let id = &stage.ids[0];
        let request = stage.shell.home.path().join("request.json");
        let json = json!({
            "LoadBalancerId": stage.fixture.single.as_str(),
            "BackendGroup": stage.fixture.single_group.name,
            "Targets": [{"InstanceId": id, "Port": 81}],
        });
        std::fs::write(&request, json.to_string()).unwrap();
        let whole = format!("{REGISTER} --request {}", request.display());
        let list = format!(r#"--targets [{{"InstanceId":"{id}","Port":81}}]"#);
        for (line, status) in [
            (
                stage.line(REGISTER, &format!("--targets {id}:81")),
                "Changed",
            ),
            (stage.line(REGISTER, &list), "AlreadyThere"),
            (whole, "AlreadyThere"),
        ] {
            let answer = stage.shell.run(&line).json();
            assert_eq!(answer[0]["Status"], status, "{provider}, {line}: {answer}");
            assert_eq!(answer[0]["Port"], 81, "{provider}, {line}: {answer}");
            // Registered targets show once the group was looked at.
            stage.shell.run(&stage.line(HEALTH, "")).json();
        }
    }
}

/// Checks a refusal: its code, its kind, and that it names the value.
#[track_caller]
fn refused(answer: &Answer, code: i32, kind: &str, named: &str) {
    assert_eq!(answer.code, code, "{answer:?}");
    assert_eq!(answer.error()["Kind"], kind, "{answer:?}");
    assert!(answer.stderr.contains(named), "{named:?} in {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_right_is_refused_before_anything_is_sent() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider, 1).await;
        let id = &stage.ids[0];
        let other = if *provider == Provider::Aws {
            "ins-1a2b3c4d"
        } else {
            "i-0123456789abcdef0"
        };
        for operation in [REGISTER, DEREGISTER] {
            for (targets, named) in [
                ("--targets".to_owned(), "Targets"),
                (format!("--targets {id}:0"), "Port is 0"),
                (format!("--targets {id}:65536"), "Port is 65536"),
                (format!("--targets {id}:http"), "Port is http"),
                (
                    format!(r#"--targets [{{"InstanceId":"{id}","Port":65536}}]"#),
                    "Port is 65536",
                ),
                (format!("--targets {id}:80 {id}:80"), "named twice"),
                (format!("--targets {id} {other}"), other),
                ("--targets []".to_owned(), "Targets"),
            ] {
                let answer = stage.shell.run_json(&stage.line(operation, &targets));
                refused(&answer, 4, "InvalidArgument", named);
                assert!(answer.stdout.is_empty(), "{answer:?}");
            }
        }
        for weight in ["--weight 101", "--weight 4294967295"] {
            let line = stage.line(REGISTER, &format!("--targets {id} {weight}"));
            refused(
                &stage.shell.run_json(&line),
                4,
                "InvalidArgument",
                "Weight is",
            );
        }
        let groups = stage.line(HEALTH, "--backend-groups");
        refused(
            &stage.shell.run_json(&groups),
            4,
            "InvalidArgument",
            "BackendGroups",
        );
        assert_eq!(stage.shell.emulator.calls(), [], "{provider}: native calls");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_named_or_the_only_one() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider, 1).await;
        let id = &stage.ids[0];
        let many = &stage.fixture.many;
        let own = &stage.fixture.many_groups[0];
        for operation in [REGISTER, DEREGISTER] {
            let line = format!("{operation} --load-balancer-id {many} --targets {id}");
            let answer = stage.shell.run_json(&line);
            refused(&answer, 4, "InvalidArgument", own.id.as_str());
            let mut listed: Vec<Value> = answer.error()["Resources"].as_array().unwrap().clone();
            listed.sort_by_key(ToString::to_string);
            let mut groups: Vec<Value> = stage
                .fixture
                .many_groups
                .iter()
                .map(|group| json!(group.id.as_str()))
                .collect();
            groups.sort_by_key(ToString::to_string);
            assert_eq!(listed, groups, "{provider}");
            let foreign = stage.fixture.single_group.id.as_str();
            let line = format!("{line} --backend-group {foreign}");
            refused(&stage.shell.run_json(&line), 4, "InvalidArgument", foreign);
        }
        assert_eq!(stage.writes(), 0, "{provider}: changes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_has_its_code() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider, 2).await;
        let (id, absent) = (&stage.ids[0], stage.shell.absent());
        for operation in [REGISTER, DEREGISTER] {
            let line = format!("{operation} --load-balancer-id nothing --targets {id}");
            refused(&stage.shell.run_json(&line), 3, "NotFound", "nothing");
        }
        let line = format!("{HEALTH} --load-balancer-id nothing");
        refused(&stage.shell.run_json(&line), 3, "NotFound", "nothing");

        let line = stage.line(REGISTER, &format!("--targets {absent} {id}"));
        let answer = stage.shell.run_json(&line);
        assert_eq!(answer.code, 9, "{provider}: {answer:?}");
        let outcomes = answer.result();
        assert_eq!(outcomes[0]["Status"], "Failed", "{provider}: {outcomes}");
        assert!(
            outcomes[0]["Error"]["Kind"].is_string(),
            "{provider}: {outcomes}"
        );
        assert_eq!(outcomes[1]["Status"], "Changed", "{provider}: {outcomes}");
        assert_eq!(answer.error()["Resources"], json!([format!("{absent}:80")]));

        let line = stage.line(REGISTER, &format!("--targets {} --weight 20", stage.ids[1]));
        let answer = stage.shell.run_json(&line);
        if *provider == Provider::Aws {
            refused(&answer, 4, "Unsupported", "Weight 20");
        } else {
            assert_eq!(answer.json()[0]["Weight"], 20);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_register_at_once_both_succeed() {
    for provider in PROVIDERS {
        let stage = Stage::new(*provider, 6).await;
        // The first one's task takes a few seconds, so that the second is sure to meet it.
        stage.shell.emulator.set_transition_polls(9);
        let mut processes = Vec::new();
        for ids in stage.ids.chunks(3) {
            let line = stage.line(REGISTER, &format!("--targets {}", ids.join(" ")));
            let mut command = stage.shell.command(line.split_whitespace());
            let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut process = command.spawn().unwrap();
            while stage.writes() == 0 && process.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // What the second one begins is soon over.
            stage.shell.emulator.set_transition_polls(0);
            processes.push(process);
        }
        let ended: Vec<_> = processes
            .into_iter()
            .map(|process| process.wait_with_output().unwrap())
            .collect();
        for output in ended {
            assert!(output.status.success(), "{provider}: {output:?}");
            let outcomes: Value = serde_json::from_slice(&output.stdout).unwrap();
            let mut outcomes = outcomes.as_array().unwrap().iter();
            assert!(
                outcomes.all(|outcome| outcome["Status"] == "Changed"),
                "{provider}: {output:?}"
            );
        }
        let there: Vec<String> = stage.targets().into_iter().map(|one| one.id).collect();
        let mut expected = stage.ids.clone();
        expected.sort();
        assert_eq!(there, expected, "{provider}");
        if *provider == Provider::Tencent {
            let calls = stage.shell.emulator.calls();
            let met = calls.iter().any(|call| call.error_code.is_some());
            assert!(met, "the two did not meet");
        }
    }
}
