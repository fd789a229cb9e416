//! The binary `cloudapi`, run on a cloud of an emulator.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use cloudapi::{InstanceId, Provider};
use cloudapi_conformance::ComputeFixture;
use cloudapi_emulator::{Emulator, Key};
use cloudapi_tests::emulator::{cloud_of, fixture};
use serde_json::Value;
use tempfile::TempDir;

/// The clouds that this build has.
pub(crate) const PROVIDERS: &[Provider] = &[
    #[cfg(feature = "aws")]
    Provider::Aws,
    #[cfg(feature = "tencent")]
    Provider::Tencent,
];

/// A cloud of an emulator and an empty home folder.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) provider: Provider,
    pub(crate) emulator: Emulator,
    pub(crate) home: TempDir,
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The variables of a cloud's own tools: key id, secret, region, endpoint.
pub(crate) fn variables(provider: Provider) -> [&'static str; 4] {
    if provider == Provider::Aws {
        [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_REGION",
            "AWS_ENDPOINT_URL",
        ]
    } else {
        [
            "TENCENTCLOUD_SECRET_ID",
            "TENCENTCLOUD_SECRET_KEY",
            "TENCENTCLOUD_REGION",
            "TENCENTCLOUD_ENDPOINT_URL",
        ]
    }
}

impl Shell {
    pub(crate) async fn new(provider: Provider) -> Self {
        Self {
            provider,
            emulator: Emulator::start().await.unwrap(),
            home: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn key(&self) -> Key {
        if self.provider == Provider::Aws {
            self.emulator.aws_key()
        } else {
            self.emulator.tencent_key()
        }
    }

    pub(crate) fn region(&self) -> &'static str {
        if self.provider == Provider::Aws {
            "us-east-1"
        } else {
            "ap-guangzhou"
        }
    }

    pub(crate) fn fixture(&self) -> ComputeFixture {
        fixture(self.provider)
    }

    /// The binary with the cloud, the region, the endpoint and the key in its environment, and nothing of this process's.
    pub(crate) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let [key_id, secret, region, endpoint] = variables(self.provider);
        let key = self.key();
        let mut command = Command::new(binary());
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("CLOUDAPI_PROVIDER", self.provider.as_str())
            .env(key_id, key.id)
            .env(secret, key.secret)
            .env(region, self.region())
            .env(endpoint, self.emulator.endpoint_url())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs a line of words without blanks in them.
    pub(crate) fn run(&self, line: &str) -> Answer {
        Answer::of(self.command(line.split_whitespace()))
    }

    /// Runs a line with `--output json`, so that a failure is JSON too.
    pub(crate) fn run_json(&self, line: &str) -> Answer {
        let words = line.split_whitespace().chain(["--output", "json"]);
        Answer::of(self.command(words))
    }

    /// Makes running servers past the interface.
    pub(crate) fn fleet(&self, count: usize) -> Vec<String> {
        self.emulator.add_instances(cloud_of(self.provider), count)
    }

    /// An id of possible shape that nothing has.
    pub(crate) fn absent(&self) -> InstanceId {
        InstanceId::from(if self.provider == Provider::Aws {
            "i-0000000000000000f"
        } else {
            "ins-0000000f"
        })
    }

    /// The flags that creating needs.
    pub(crate) fn create(&self) -> String {
        let fixture = self.fixture();
        format!(
            "create-instances --image-id {} --instance-type {} --subnet-id {}",
            fixture.image_id, fixture.instance_type, fixture.subnet_id
        )
    }
}

impl Answer {
    pub(crate) fn of(mut command: Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The result, after a success.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.result()
    }

    /// The result, whatever failed beside it.
    pub(crate) fn result(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error object on stderr, which has nothing else.
    pub(crate) fn error(&self) -> Value {
        let whole: Value =
            serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(keys(&whole), ["Error"], "{self:?}");
        whole["Error"].clone()
    }
}

/// The member names of an object, sorted.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("no object: {value}"));
    object.keys().map(String::as_str).collect()
}

/// The binary that this workspace's build put beside the test programs.
pub(crate) fn binary() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().and_then(|deps| deps.parent()).unwrap();
    let path = folder.join(format!("cloudapi{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not built; `cargo build -p cloudapi-cli` makes it, and so does a test run of the whole workspace",
        path.display()
    );
    path
}
