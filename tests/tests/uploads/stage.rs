//! A shell with a bucket, and files to put into it.

use std::path::{Path, PathBuf};
use std::process::Command;

use cloudapi::Provider;
use cloudapi_emulator::{Fault, FaultKind, ObjectEntry, fixtures};
use cloudapi_tests::emulator::cloud_of;

use crate::shell::{Answer, Shell};

pub(crate) const MIB: usize = 1 << 20;

/// The key that everything is stored under.
pub(crate) const KEY: &str = "k.bin";

/// A cloud with a bucket, and a folder of files.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) shell: Shell,
}

impl Stage {
    pub(crate) async fn new(provider: Provider) -> Self {
        Self {
            shell: Shell::new(provider).await,
        }
    }

    pub(crate) fn provider(&self) -> Provider {
        self.shell.provider
    }

    pub(crate) fn bucket(&self) -> &'static str {
        if self.provider() == Provider::Aws {
            fixtures::AWS_BUCKET
        } else {
            fixtures::TENCENT_BUCKET
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.shell.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The command that uploads a file with more flags.
    pub(crate) fn command(&self, file: &Path, more: &[&str]) -> Command {
        let mut command =
            self.shell
                .command(["upload-file", "--bucket", self.bucket(), "--key", KEY]);
        command.arg(file).args(more);
        command
    }

    /// Uploads a file with more flags.
    pub(crate) fn upload(&self, file: &Path, more: &[&str]) -> Answer {
        Answer::of(self.command(file, more))
    }

    /// The object as the cloud has it.
    pub(crate) fn object(&self) -> Option<ObjectEntry> {
        let world = self.shell.emulator.world();
        world.object(cloud_of(self.provider()), self.bucket(), KEY)
    }

    /// How many parts there are of uploads that are not over.
    pub(crate) fn parts_left(&self) -> usize {
        let world = self.shell.emulator.world();
        let uploads = world.open_uploads(cloud_of(self.provider()));
        uploads.iter().map(|upload| upload.parts.len()).sum()
    }

    /// How many uploads are not over.
    pub(crate) fn uploads_left(&self) -> usize {
        let world = self.shell.emulator.world();
        world.open_uploads(cloud_of(self.provider())).len()
    }

    /// How often a call was made.
    pub(crate) fn calls(&self, action: &str) -> usize {
        let calls = self.shell.emulator.calls();
        calls.iter().filter(|call| call.action == action).count()
    }

    /// Refuses a part once.
    pub(crate) fn refuse_part(&self, part: u16) {
        let denied = FaultKind::ErrorCode {
            status: 403,
            code: "AccessDenied".to_owned(),
            message: "Access Denied".to_owned(),
        };
        let fault = Fault::new(denied).on("UploadPart").part(part);
        self.shell.emulator.fault(fault);
    }
}

/// Content in which no two parts are alike.
pub(crate) fn content(length: usize) -> Vec<u8> {
    let mut content = vec![0; length];
    fastrand::Rng::with_seed(length as u64).fill(&mut content);
    content
}

/// Flags that cut a file into parts of the least size that both clouds take.
pub(crate) const IN_PARTS: [&str; 6] = [
    "--part-size",
    "5MiB",
    "--threshold",
    "5MiB",
    "--in-flight",
    "2",
];

/// The flags for parts, and more.
pub(crate) fn in_parts<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&IN_PARTS, more].concat()
}
