//! The example of a rolling deploy on both clouds: it goes through, and stops where something goes wrong.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has nothing better to do"
)]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use cloudapi::Provider;
use cloudapi::load_balancer::{RegisterInstancesWithLoadBalancerRequest, Target};
use cloudapi_emulator::{Cloud, Emulator, Fault, FaultKind, TargetEntry, fixtures};
use cloudapi_tests::emulator::{cloud_of, config};

/// The clouds that this build has.
const PROVIDERS: &[Provider] = &[
    #[cfg(feature = "aws")]
    Provider::Aws,
    #[cfg(feature = "tencent")]
    Provider::Tencent,
];

/// A load balancer with servers behind it.
struct Stage {
    provider: Provider,
    emulator: Emulator,
    ids: Vec<String>,
}

/// How a deploy ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Stage {
    async fn open(provider: Provider, servers: usize) -> Self {
        let emulator = Emulator::start().await.unwrap();
        let ids = emulator.add_instances(cloud_of(provider), servers);
        let stage = Self {
            provider,
            emulator,
            ids,
        };
        let cloud = cloudapi::connect(&config(&stage.emulator, provider))
            .await
            .unwrap();
        let targets = stage.ids.iter().map(|id| Target::new(id.as_str()));
        let mut request = RegisterInstancesWithLoadBalancerRequest::new("single", targets);
        // Two ports and, where there is one, a weight: all of it has to be as it was.
        request
            .targets
            .push(Target::new(stage.ids[0].as_str()).with_port(8080));
        if provider == Provider::Tencent {
            request = request.with_weight(25);
        }
        let load_balancer = cloud.load_balancer().unwrap();
        let outcomes = load_balancer
            .register_instances_with_load_balancer(request)
            .await
            .unwrap();
        outcomes.into_result().unwrap();
        // The first checks take a look.
        for target in stage.targets() {
            let world = stage.emulator.world();
            let [well, _] = stage.words();
            world.set_target_health(stage.group(), &target.id, target.port, well);
        }
        stage
    }

    fn cloud(&self) -> Cloud {
        cloud_of(self.provider)
    }

    fn group(&self) -> &'static str {
        if self.provider == Provider::Aws {
            fixtures::AWS_SINGLE_GROUP
        } else {
            fixtures::TENCENT_SINGLE_LISTENER
        }
    }

    /// The cloud's words for healthy and unhealthy.
    fn words(&self) -> [&'static str; 2] {
        match self.cloud() {
            Cloud::Aws => ["healthy", "unhealthy"],
            Cloud::Tencent => ["Alive", "Dead"],
        }
    }

    /// What is behind the load balancer, in a stable order.
    fn targets(&self) -> Vec<TargetEntry> {
        let mut targets = self.emulator.world().targets(self.group());
        targets.sort_by(|a, b| (&a.id, a.port).cmp(&(&b.id, b.port)));
        targets
    }

    /// Runs the example for all servers.
    async fn deploy(&self) -> Ended {
        self.deploy_within("20s").await
    }

    /// Runs the example for all servers, each step of it within such a time.
    async fn deploy_within(&self, timeout: &str) -> Ended {
        let (region, key) = match self.cloud() {
            Cloud::Aws => (fixtures::AWS_REGION, self.emulator.aws_key()),
            Cloud::Tencent => (fixtures::TENCENT_REGION, self.emulator.tencent_key()),
        };
        let [id, secret] = match self.cloud() {
            Cloud::Aws => ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
            Cloud::Tencent => ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"],
        };
        // A wait at Tencent Cloud, the most that is waited at AWS.
        let drain = match self.cloud() {
            Cloud::Aws => "20s",
            Cloud::Tencent => "100ms",
        };
        let mut command = Command::new(example());
        command
            .env_clear()
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env(id, key.id)
            .env(secret, key.secret)
            .args(["--provider", self.provider.as_str(), "--region", region])
            .args(["--endpoint-url", &self.emulator.endpoint_url()])
            .args(["--load-balancer", "single", "--drain", drain])
            .args(["--timeout", timeout, "--poll", "50ms"])
            .args(&self.ids)
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = output.await.unwrap();
        Ended {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn refuse(&self, action: &str, after: u32) {
        let kind = FaultKind::ErrorCode {
            status: 403,
            code: "UnauthorizedOperation".to_owned(),
            message: "You may not do this.".to_owned(),
        };
        let fault = Fault::new(kind).on(action).cloud(self.cloud());
        self.emulator.fault(fault.after(after));
    }

    /// The calls of an action, as the cloud has seen them.
    fn calls(&self, action: &str) -> usize {
        let calls = self.emulator.calls();
        calls.iter().filter(|call| call.action == action).count()
    }
}

/// The example that this workspace's build put beside the test programs.
fn example() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().and_then(|deps| deps.parent()).unwrap();
    let name = format!("rolling_deploy{}", std::env::consts::EXE_SUFFIX);
    let path = folder.join("examples").join(name);
    assert!(
        path.exists(),
        "{} is not built; a test run of the whole workspace makes it",
        path.display()
    );
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_is_renewed_and_back_as_it_was() {
    for provider in PROVIDERS {
        let stage = Stage::open(*provider, 3).await;
        let before = stage.targets();
        assert_eq!(before.len(), 4, "{before:?}");
        stage.emulator.clear_calls();
        let ended = stage.deploy().await;
        assert_eq!(ended.code, 0, "{provider}: {ended:?}");
        assert_eq!(stage.targets(), before, "{provider}");
        for action in [
            "StopInstances",
            "StartInstances",
            "RegisterTargets",
            "DeregisterTargets",
        ] {
            assert_eq!(stage.calls(action), 3, "{provider}: {action}");
        }
        for id in &stage.ids {
            assert!(ended.stdout.contains(&format!("{id}: done")), "{ended:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_does_not_stop_it() {
    for provider in PROVIDERS {
        let stage = Stage::open(*provider, 2).await;
        let before = stage.targets();
        for kind in [
            FaultKind::Throttle,
            FaultKind::Unavailable,
            FaultKind::CutAfter,
        ] {
            for action in [
                "DescribeInstances",
                "StopInstances",
                "StartInstances",
                "DescribeTargetHealth",
                "RegisterTargets",
                "DeregisterTargets",
            ] {
                let fault = Fault::new(kind.clone()).on(action).cloud(stage.cloud());
                stage.emulator.fault(fault.after(1));
            }
            let ended = stage.deploy().await;
            assert_eq!(ended.code, 0, "{provider}, {kind:?}: {ended:?}");
            assert_eq!(stage.targets(), before, "{provider}, {kind:?}");
            stage.emulator.clear_faults();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_at_the_first_failure_and_tells_how_everything_is() {
    for provider in PROVIDERS {
        for (action, step, server, behind) in [
            ("DeregisterTargets", "taking it out", "Running", true),
            ("StopInstances", "stopping it", "Running", false),
            ("StartInstances", "starting it", "Stopped", false),
            ("RegisterTargets", "putting it behind", "Running", false),
        ] {
            let stage = Stage::open(*provider, 3).await;
            stage.emulator.clear_calls();
            stage.refuse(action, 1);
            let ended = stage.deploy().await;
            let [one, two, three] = [0, 1, 2].map(|at| stage.ids[at].as_str());
            assert_eq!(ended.code, 1, "{provider}, {action}: {ended:?}");
            let health = if behind {
                "Healthy at port 80"
            } else {
                "not behind the load balancer"
            };
            for line in [
                format!("stopped at {two}, {step}"),
                "You may not do this.".to_owned(),
                format!("{one}: done; Running, Healthy at port 80, Healthy at port 8080"),
                format!("{two}: not done; {server}, {health}"),
                format!("{three}: not begun; Running, Healthy at port 80"),
            ] {
                assert!(
                    ended.stderr.contains(&line),
                    "{provider}, {action}: {line} in {ended:?}"
                );
            }
            let there: Vec<String> = stage.targets().into_iter().map(|one| one.id).collect();
            assert_eq!(
                there.contains(&two.to_owned()),
                behind,
                "{provider}, {action}"
            );
            let others = there.iter().filter(|id| *id == one || *id == three).count();
            assert_eq!(others, 3, "{provider}, {action}: {there:?}");
            assert!(
                stage.calls("StopInstances") <= 2,
                "{provider}: the third was touched"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_get_healthy_stops_it() {
    for provider in PROVIDERS {
        let stage = Stage::open(*provider, 3).await;
        let two = stage.ids[1].clone();
        let [_, unhealthy] = stage.words();
        let spoil = async {
            loop {
                let world = stage.emulator.world();
                world.set_target_health(stage.group(), &two, None, unhealthy);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let ended = tokio::select! {
            ended = stage.deploy_within("2s") => ended,
            () = spoil => unreachable!("it goes on for ever"),
        };
        assert_eq!(ended.code, 1, "{provider}: {ended:?}");
        for line in [
            format!("stopped at {two}, putting it behind the load balancer"),
            "still Unhealthy".to_owned(),
            format!("{two}: not done; Running, Unhealthy at port 80"),
            format!("{}: not begun; Running, Healthy at port 80", stage.ids[2]),
        ] {
            assert!(
                ended.stderr.contains(&line),
                "{provider}: {line} in {ended:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_server_that_serves_is_not_taken_out() {
    for provider in PROVIDERS {
        let stage = Stage::open(*provider, 1).await;
        let before = stage.targets();
        stage.emulator.clear_calls();
        let ended = stage.deploy().await;
        assert_eq!(ended.code, 1, "{provider}: {ended:?}");
        assert!(ended.stderr.contains("no other server"), "{ended:?}");
        assert_eq!(stage.targets(), before, "{provider}");
        for action in ["StopInstances", "DeregisterTargets", "ModifyTargetWeight"] {
            assert_eq!(stage.calls(action), 0, "{provider}: {action}");
        }
    }
}
