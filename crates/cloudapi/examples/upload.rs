//! Uploads a file with its progress, and goes on where it was when it is called again after a failure or Ctrl-C. The same
//! code on both clouds.
//!
//! ```text
//! cargo run --features aws,tencent --example upload -- \
//!     --provider aws --region us-east-1 --bucket backups --key db/monday.tar monday.tar
//! ```
//!
//! The key comes from the environment at Tencent Cloud, and from wherever the AWS CLI finds it at AWS. Progress is noted
//! beside the file, in `FILE.upload`, until all of it is stored. With `--endpoint-url` it goes to an emulator
//! (`cloudapi emulator`) instead.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example's output"
)]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use cloudapi::storage::{Cancel, Progress, UploadFileRequest, UploadOutcome};
use cloudapi::{CredentialSource, Provider, ProviderConfig};

const USAGE: &str = "\
upload --provider aws|tencent --bucket BUCKET --key KEY [options] FILE

  --region REGION     else that of the environment or, at AWS, of the profile
  --endpoint-url URL  an emulator instead of the cloud";

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// What was asked for.
struct Options {
    provider: Provider,
    region: Option<String>,
    endpoint_url: Option<String>,
    bucket: String,
    key: String,
    file: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match upload(options).await {
        Ok(stored) => {
            let checksum = stored.checksum.as_ref();
            let checksum = checksum.map_or_else(String::new, |checksum| {
                format!(", {} {}", checksum.algorithm, checksum.value)
            });
            println!(
                "{}/{}: {} bytes in {} parts{checksum}",
                stored.bucket, stored.key, stored.size, stored.parts
            );
            ExitCode::SUCCESS
        }
        // It says how to go on, and how to discard what was sent.
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn upload(options: Options) -> Result<UploadOutcome> {
    let mut config = ProviderConfig::new(options.provider);
    config.region = options.region;
    config.endpoint_url = options.endpoint_url;
    if options.provider == Provider::Tencent {
        config = config.with_credentials(CredentialSource::Environment);
    }
    let storage = cloudapi::connect(&config).await?.storage()?;

    let mut checkpoint = options.file.clone().into_os_string();
    checkpoint.push(".upload");
    let cancel = Cancel::new();
    let request = UploadFileRequest::new(options.bucket, options.key, options.file)
        .with_checkpoint(checkpoint)
        .with_cancel(cancel.clone())
        .with_progress(show);
    let mut uploading = storage.upload_file(request);
    tokio::select! {
        stored = &mut uploading => return Ok(stored?),
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    // The call returns when no part is under way any more.
    cancel.cancel();
    Ok(uploading.await?)
}

/// Shows what the cloud has acknowledged.
fn show(progress: Progress) {
    match progress.total {
        Some(total) => {
            let percent = (progress.bytes * 100).checked_div(total).unwrap_or(100);
            eprintln!("{percent:>3} %, {} parts", progress.parts);
        }
        None => eprintln!("{} bytes, {} parts", progress.bytes, progress.parts),
    }
}

impl Options {
    fn parse(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let (mut provider, mut region, mut endpoint_url) = (None, None, None);
        let (mut bucket, mut key, mut file) = (None, None, None);
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let place = match word.as_str() {
                "--provider" => &mut provider,
                "--region" => &mut region,
                "--endpoint-url" => &mut endpoint_url,
                "--bucket" => &mut bucket,
                "--key" => &mut key,
                _ if word.starts_with('-') || file.is_some() => {
                    return Err(format!("{word:?} is not understood").into());
                }
                _ => {
                    file = Some(PathBuf::from(word));
                    continue;
                }
            };
            let value = words.next();
            *place = Some(value.ok_or_else(|| format!("{word} needs a value"))?);
        }
        let provider = provider.ok_or("name a cloud with --provider")?;
        Ok(Self {
            provider: provider.parse()?,
            region,
            endpoint_url,
            bucket: bucket.ok_or("name a bucket with --bucket")?,
            key: key.ok_or("name a key with --key")?,
            file: file.ok_or("name a file")?,
        })
    }
}
