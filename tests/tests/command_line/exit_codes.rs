//! What a command ends with.

use cloudapi_emulator::{Fault, FaultKind};
use cloudapi_tests::emulator::cloud_of;

use crate::support::{Answer, PROVIDERS, Shell, variables};

/// Checks a refusal: the code, the kind on stderr, the operation, nothing on stdout.
#[track_caller]
fn refused(answer: &Answer, code: i32, kind: &str) {
    assert_eq!(answer.code, code, "{answer:?}");
    let error = answer.error();
    assert_eq!(error["Kind"], kind, "{answer:?}");
    assert!(error["Operation"].is_string(), "{answer:?}");
    assert!(error["Provider"].is_string(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_is_2() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        for line in [
            "",
            "no-such-command",
            "describe-instances --no-such-flag",
            "describe-instances --timeout soon",
        ] {
            let answer = shell.run(line);
            assert_eq!(answer.code, 2, "{line}: {answer:?}");
            assert!(answer.stdout.is_empty(), "{line}: {answer:?}");
        }
        let mut command = shell.command(["describe-instances"]);
        command.env_remove("CLOUDAPI_PROVIDER");
        let answer = Answer::of(command);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains("--provider"), "{answer:?}");
        assert!(shell.emulator.calls().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_found_is_3() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let absent = shell.absent();
        let answer = shell.run_json(&format!("describe-instances --instance-ids {absent}"));
        refused(&answer, 3, "NotFound");
        assert_eq!(answer.error()["Resources"][0], absent.as_str());
        assert!(answer.stdout.is_empty(), "{answer:?}");
        for command in [
            "start-instances",
            "stop-instances",
            "destroy-instances --yes",
        ] {
            let answer = shell.run_json(&format!("{command} --instance-ids {absent}"));
            refused(&answer, 3, "NotFound");
            assert_eq!(answer.result()[0]["Error"]["Kind"], "NotFound");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_keys_are_5() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let [_, secret, ..] = variables(*provider);
        let mut command = shell.command(["describe-instances", "--output", "json"]);
        command.env(secret, "hunter2hunter2");
        let answer = Answer::of(command);
        refused(&answer, 5, "Unauthenticated");
        assert!(answer.error()["Code"].is_string(), "{answer:?}");
        assert!(answer.error()["RequestId"].is_string(), "{answer:?}");
        assert!(!answer.stderr.contains("hunter2"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_6() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let throttle = Fault::new(FaultKind::Throttle).on("DescribeInstances");
        shell.emulator.fault(throttle);
        let answer = shell.run_json("describe-instances --max-attempts 1");
        refused(&answer, 6, "RateLimited");
        assert_eq!(answer.error()["Retryable"], true, "{answer:?}");

        let fixture = shell.fixture();
        shell
            .emulator
            .world()
            .with_capacity(cloud_of(*provider), &fixture.instance_type, 0);
        let answer = shell.run_json(&shell.create());
        refused(&answer, 6, "OutOfCapacity");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_states_are_7() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let id = shell.fleet(1).remove(0);
        shell.emulator.world().set_protection(&id, true);
        let answer = shell.run_json(&format!("destroy-instances --yes --instance-ids {id}"));
        refused(&answer, 7, "InvalidState");
        assert!(answer.stderr.contains("protect"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_8() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let closed = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let answer = shell.run_json(&format!(
            "describe-instances --max-attempts 2 --endpoint-url http://{closed}"
        ));
        refused(&answer, 8, "Network");

        for kind in [
            FaultKind::GarbageBody,
            FaultKind::EmptyBody,
            FaultKind::HtmlBody,
        ] {
            shell
                .emulator
                .fault(Fault::new(kind.clone()).on("DescribeInstances"));
            let answer = shell.run_json("describe-instances --max-attempts 1");
            refused(&answer, 8, "Unavailable");
        }

        shell
            .emulator
            .fault(Fault::new(FaultKind::Throttle).times(1000));
        let answer = shell.run_json("describe-instances --timeout 1 --max-attempts 1000");
        refused(&answer, 8, "Timeout");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_batch_is_9() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let id = shell.fleet(1).remove(0);
        let absent = shell.absent();
        let answer = shell.run_json(&format!("stop-instances --instance-ids {absent} {id}"));
        refused(&answer, 9, "NotFound");
        let outcomes = answer.result();
        assert_eq!(outcomes[0]["Status"], "Failed", "{outcomes}");
        assert_eq!(outcomes[1]["Status"], "Changed", "{outcomes}");
    }
}
