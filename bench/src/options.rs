//! The command line.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

/// Benchmarks of cloudapi.
#[derive(Debug, Parser)]
#[command(name = "cloudapi-bench")]
pub(crate) enum Command {
    /// Upload one large file, and many small ones, to a local server.
    Upload(Options),
    /// Be the server.
    #[command(hide = true)]
    Sink {
        /// What will arrive.
        manifest: PathBuf,
    },
    /// Be one contestant, once.
    #[command(hide = true)]
    Send(Job),
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each contestant runs; the medians are shown.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// The size of the large file, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    pub(crate) size: u64,
    /// The number of small files, of 64 KiB each.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) files: u32,
    /// Just see that everything works: one round of 64 MiB and 64 files.
    #[arg(long, conflicts_with_all = ["rounds", "size", "files"])]
    pub(crate) quick: bool,
    /// Run these contestants only.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<Contestant>,
    /// Run these workloads only.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) workload: Vec<Workload>,
    /// Write every run's figures to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    pub(crate) fn rounds(&self) -> u32 {
        if self.quick { 1 } else { self.rounds }
    }

    /// The size of the large file, in bytes.
    pub(crate) fn size(&self) -> u64 {
        (if self.quick { 64 } else { self.size }) << 20
    }

    pub(crate) fn files(&self) -> u32 {
        if self.quick { 64 } else { self.files }
    }
}

/// One contestant's run.
#[derive(Debug, Args)]
pub(crate) struct Job {
    pub(crate) contestant: Contestant,
    pub(crate) workload: Workload,
    /// What to send.
    pub(crate) manifest: PathBuf,
    /// Where to.
    pub(crate) url: String,
}

/// Who uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    /// reqwest in a loop: no signature, no checksum.
    Floor,
    /// This library to S3, with its defaults.
    CloudapiS3,
    /// This library to COS, with its defaults.
    CloudapiCos,
    /// aws-sdk-s3 as it comes: CRC-32 behind the content, every chunk signed.
    Raw,
    /// aws-sdk-s3 with CRC-64/NVME before the content, which is not signed.
    RawCrc,
    /// object_store as it comes: the content signed, no checksum.
    Store,
    /// object_store with CRC-64/NVME before the content, which is not signed.
    StoreCrc,
}

impl Contestant {
    /// Whether it is this library.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::CloudapiS3 | Self::CloudapiCos)
    }

    /// Whether it uploads what has no known length.
    pub(crate) fn takes_streams(self) -> bool {
        !matches!(self, Self::Floor | Self::Raw | Self::RawCrc)
    }
}

/// What is uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// One large file.
    File,
    /// Many small files, eight at a time.
    Files,
    /// The large file once more, as a stream of unknown length.
    Stream,
}

/// Writes the name as it is given on the command line.
fn write_name(value: &impl ValueEnum, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value.to_possible_value() {
        Some(name) => f.write_str(name.get_name()),
        None => Ok(()),
    }
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(self, f)
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(self, f)
    }
}
