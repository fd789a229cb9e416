//! `upload-file`

mod checkpoint;
mod progress;
mod request;
mod source;

use std::path::PathBuf;
use std::pin::pin;

use cloudapi::storage::{Cancel, UploadFileRequest, UploadOutcome};

use self::progress::Bar;
use self::request::Fields;
use crate::arguments::{pairs, size};
use crate::context::Context;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file, `-` for stdin
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// The bucket; at COS with its -APPID
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,

    /// The key, as it is
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// The media type; guessed from the key or the file's name if not said
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,

    /// User metadata: owner=web, or a JSON object
    #[arg(long, value_name = "NAME=VALUE", num_args = 0..)]
    metadata: Option<Vec<String>>,

    /// standard, infrequent-access, archive, deep-archive, intelligent-tiering, or the cloud's own word
    #[arg(long, value_name = "CLASS")]
    storage_class: Option<String>,

    /// A canned ACL in the cloud's own word, such as private or public-read
    #[arg(long, value_name = "ACL")]
    acl: Option<String>,

    /// Cache-Control of later downloads
    #[arg(long, value_name = "TEXT")]
    cache_control: Option<String>,

    /// Content-Disposition of later downloads
    #[arg(long, value_name = "TEXT")]
    content_disposition: Option<String>,

    /// Content-Encoding; the content is sent as it is
    #[arg(long, value_name = "TEXT")]
    content_encoding: Option<String>,

    /// Content-Language
    #[arg(long, value_name = "TEXT")]
    content_language: Option<String>,

    /// Whose key encrypts it: managed (the storage service's) or kms
    #[arg(long, value_name = "WHOSE")]
    encryption: Option<String>,

    /// The key's id, with --encryption kms
    #[arg(long, value_name = "ID")]
    kms_key_id: Option<String>,

    /// Tags: team=web env=prod, or a JSON object
    #[arg(long, value_name = "KEY=VALUE", num_args = 0..)]
    tags: Option<Vec<String>>,

    /// Whether an object of this key may be replaced, true if not said
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    overwrite: Option<bool>,

    /// Fail if there is an object of this key: --overwrite=false
    #[arg(long, conflicts_with = "overwrite")]
    no_overwrite: bool,

    /// Content up to this size goes in one request, 16MiB if not said
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    threshold: Option<u64>,

    /// The size of a part, 8MiB if not said; it grows with the file
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    part_size: Option<u64>,

    /// How many parts are under way at once, 8 if not said
    #[arg(long, value_name = "N")]
    in_flight: Option<usize>,

    /// Note progress in this file, keep the parts after a failure, and go on from there the next time
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,

    /// The same with a file in the user's state folder, named after source and target
    #[arg(long, conflicts_with = "checkpoint")]
    resume: bool,
}

/// Uploads a file.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let resume = args.resume;
    let mut fields = fields(args, context)?;
    if resume {
        let path = checkpoint::path(context.provider(), &fields)?;
        fields.options.checkpoint = Some(path);
    }
    let bar = Bar::new();
    let cancel = Cancel::new();
    // A pipe that nobody writes to is not open yet.
    let source = context.ask(source::open(&fields.file)).await??;
    let request = UploadFileRequest::new(fields.bucket, fields.key, source)
        .with_options(fields.options)
        .with_cancel(cancel.clone())
        .with_progress(bar.follow());
    let storage = context.connect().await?.storage()?;
    let uploaded = until_interrupted(storage.upload_file(request), &cancel, &bar, context).await;
    bar.end();
    Ok(context.print(&uploaded?))
}

fn fields(args: Args, context: &Context) -> Result<Fields, Failure> {
    let map = |flag, words: Option<Vec<String>>| {
        words.map(|words| pairs::parse(flag, &words)).transpose()
    };
    context
        .request()
        .with("File", args.file)
        .with("Bucket", args.bucket)
        .with("Key", args.key)
        .with("ContentType", args.content_type)
        .with("Metadata", map("--metadata", args.metadata)?)
        .with("StorageClass", args.storage_class)
        .with("Acl", args.acl)
        .with("CacheControl", args.cache_control)
        .with("ContentDisposition", args.content_disposition)
        .with("ContentEncoding", args.content_encoding)
        .with("ContentLanguage", args.content_language)
        .with("Encryption", args.encryption)
        .with("KmsKeyId", args.kms_key_id)
        .with("Tags", map("--tags", args.tags)?)
        .with(
            "Overwrite",
            args.no_overwrite.then_some(false).or(args.overwrite),
        )
        .with("Threshold", args.threshold)
        .with("PartSize", args.part_size)
        .with("InFlight", args.in_flight)
        .with("Checkpoint", args.checkpoint)
        .build()
}

/// Waits for the upload. Ctrl-C ends it, and what it sent is removed or kept before the process ends; a second Ctrl-C
/// ends the process at once.
async fn until_interrupted(
    upload: impl Future<Output = cloudapi::Result<UploadOutcome>>,
    cancel: &Cancel,
    bar: &Bar,
    context: &Context,
) -> Result<UploadOutcome, Failure> {
    let mut upload = pin!(upload);
    tokio::select! {
        result = &mut upload => return result.map_err(Failure::from),
        () = context.interrupted() => cancel.cancel(),
    }
    let again = Interrupt::listen()?;
    bar.note("interrupted; cleaning up (again Ctrl-C to leave at once)");
    tokio::select! {
        // It may have been done all the same.
        result = upload => result.map_err(|error| Failure::from(error).by_interruption()),
        () = again.wait() => Err(Failure::interrupted()),
    }
}
