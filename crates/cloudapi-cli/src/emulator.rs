//! `emulator`: both clouds on a local port.

use cloudapi::emulator::{Cloud, Emulator, Key, fixtures};
use serde::Serialize;

use crate::failure::Failure;
use crate::globals::{Format, Globals};
use crate::interrupt::Interrupt;
use crate::output::{self, Done};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The port; any free one if 0
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: std::net::IpAddr,

    /// Show a change only after so many looks at an instance
    #[arg(long, value_name = "LOOKS", default_value_t = 0)]
    lag: u32,

    /// Keep an instance in a passing state for so many looks
    #[arg(long, value_name = "LOOKS", default_value_t = 1)]
    transition_polls: u32,

    /// Cut the pages of EC2 to so many instances
    #[arg(long, value_name = "N")]
    page_cap: Option<usize>,

    /// Choose the ids that are made up
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Add so many running instances to each cloud
    #[arg(long, value_name = "N", default_value_t = 0)]
    instances: usize,
}

/// Where and with which keys to reach it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Ready {
    endpoint_url: String,
    aws: AwsAccess,
    tencent: TencentAccess,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AwsAccess {
    region: &'static str,
    bucket: &'static str,
    access_key_id: String,
    secret_access_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TencentAccess {
    region: &'static str,
    bucket: &'static str,
    secret_id: String,
    secret_key: String,
}

/// Runs the emulator until Ctrl-C.
pub(crate) async fn run(args: Args, globals: &Globals) -> Result<Done, Failure> {
    let interrupt = Interrupt::listen()?;
    let address = std::net::SocketAddr::new(args.host, args.port);
    let mut builder = Emulator::builder()
        .with_address(address.to_string())
        .with_lag(args.lag)
        .with_transition_polls(args.transition_polls);
    if let Some(cap) = args.page_cap {
        builder = builder.with_page_cap(cap);
    }
    if let Some(seed) = args.seed {
        builder = builder.with_seed(seed);
    }
    let emulator = builder
        .start()
        .await
        .map_err(|error| Failure::other(format!("{address} can't be listened on: {error}")))?;
    for cloud in [Cloud::Aws, Cloud::Tencent] {
        emulator.add_instances(cloud, args.instances);
    }
    let text = Ready::of(&emulator).write(output::chosen(globals.output))?;
    output::to_stdout(&text)
        .map_err(|error| Failure::other(format!("stdout can't be written to: {error}")))?;
    interrupt.wait().await;
    emulator.stop().await;
    Ok(Done::of(Ok(String::new())))
}

impl Ready {
    /// The keys are the vendors' documented examples, which is why they may be shown.
    fn of(emulator: &Emulator) -> Self {
        let Key { id, secret, .. } = emulator.aws_key();
        let aws = AwsAccess {
            region: fixtures::AWS_REGION,
            bucket: fixtures::AWS_BUCKET,
            access_key_id: id,
            secret_access_key: secret,
        };
        let Key { id, secret, .. } = emulator.tencent_key();
        let tencent = TencentAccess {
            region: fixtures::TENCENT_REGION,
            bucket: fixtures::TENCENT_BUCKET,
            secret_id: id,
            secret_key: secret,
        };
        Self {
            endpoint_url: emulator.endpoint_url(),
            aws,
            tencent,
        }
    }

    /// JSON in one line, so that a program can read it while the emulator runs; else lines for a shell.
    fn write(&self, format: Format) -> Result<String, Failure> {
        match format {
            Format::Json => serde_json::to_string(self)
                .map_err(|error| Failure::other(format!("the result can't be JSON: {error}"))),
            Format::Yaml => serde_saphyr::to_string(self)
                .map_err(|error| Failure::other(format!("the result can't be YAML: {error}"))),
            Format::Table | Format::Text => Ok(self.shell()),
        }
    }

    fn shell(&self) -> String {
        let Self {
            endpoint_url,
            aws,
            tencent,
        } = self;
        format!(
            "# Both clouds are at {endpoint_url} until Ctrl-C. In another shell:\n\
             export AWS_ENDPOINT_URL={endpoint_url} AWS_REGION={}\n\
             export AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}\n\
             export TENCENTCLOUD_ENDPOINT_URL={endpoint_url} TENCENTCLOUD_REGION={}\n\
             export TENCENTCLOUD_SECRET_ID={} TENCENTCLOUD_SECRET_KEY={}\n\
             cloudapi describe-instances --provider aws\n\
             cloudapi describe-instances --provider tencent\n\
             cloudapi upload-file --provider aws --bucket {} --key hello FILE\n\
             cloudapi upload-file --provider tencent --bucket {} --key hello FILE\n",
            aws.region,
            aws.access_key_id,
            aws.secret_access_key,
            tencent.region,
            tencent.secret_id,
            tencent.secret_key,
            aws.bucket,
            tencent.bucket
        )
    }
}
