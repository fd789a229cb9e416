//! Uploads: in one request or in parts, compared with what was read, all or nothing, gone on with after a failure.

use std::path::Path;

use cloudapi::emulator::{Cloud, Emulator, Fault, FaultKind, fixtures};
use cloudapi::storage::{
    Encryption, StorageClass, UploadFileRequest, UploadOptions, UploadOutcome,
};
use cloudapi::{Error, ErrorKind};

use crate::show::{Table, chapter, native_calls, note, step};
use crate::side::Side;
use crate::{Result, Tour};

const SMALL: &str = "site/hello world.html";
const LARGE: &str = "backup.tar";
/// Not a whole number of parts.
const LARGE_BYTES: usize = (18 << 20) + 1;

/// Walks through the operation, on the emulator: the interface makes no buckets, so a real account has none to spare.
pub(crate) async fn walk(tour: &Tour) -> Result {
    let Some(emulator) = &tour.emulator else {
        return Ok(());
    };
    chapter("Uploads (S3 at AWS, COS at Tencent Cloud)");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("backup.tar");
    let content: Vec<u8> = (0..=u8::MAX).cycle().take(LARGE_BYTES).collect();
    std::fs::write(&file, content)?;
    small(tour, emulator).await?;
    taken(tour).await?;
    large(tour, &file).await?;
    all_or_nothing(tour, emulator, &file).await?;
    resume(tour, emulator, &file).await?;
    refusals(tour).await
}

/// The bucket that the emulator has at a cloud.
fn bucket(side: &Side) -> &'static str {
    match side.emulated_cloud() {
        Cloud::Aws => fixtures::AWS_BUCKET,
        Cloud::Tencent => fixtures::TENCENT_BUCKET,
    }
}

/// Some content with properties, for one request.
fn page(side: &Side) -> UploadFileRequest {
    let mut options = UploadOptions::default();
    options.storage_class = Some(StorageClass::InfrequentAccess);
    options.cache_control = Some("max-age=60".to_owned());
    options.encryption = Some(Encryption::Managed);
    options.tags = [("team".to_owned(), "web".to_owned())].into();
    options.metadata = [("owner".to_owned(), "tour".to_owned())].into();
    let content = b"<p>Hello from both clouds".to_vec();
    UploadFileRequest::new(bucket(side), SMALL, content).with_options(options)
}

/// A file in parts, two at once.
fn backup(side: &Side, file: &Path) -> UploadFileRequest {
    let mut options = UploadOptions::default();
    (options.threshold, options.part_size, options.in_flight) = (8 << 20, 5 << 20, 2);
    UploadFileRequest::new(bucket(side), LARGE, file).with_options(options)
}

async fn small(tour: &Tour, emulator: &Emulator) -> Result {
    step(
        tour,
        "UploadFile",
        "bytes at hand, in one request, with properties; the media type is guessed",
    );
    let mut all = Vec::new();
    for side in &tour.sides {
        all.push(side.cloud.storage()?.upload_file(page(side)).await?);
    }
    outcomes(tour, &all);
    let mut table = Table::new([
        "cloud",
        "content-type",
        "cache-control",
        "storage class",
        "metadata",
        "tags",
    ]);
    for side in &tour.sides {
        let world = emulator.world();
        let object = world.object(side.emulated_cloud(), bucket(side), SMALL);
        let object = object.ok_or("nothing was stored")?;
        let header = |name: &str| object.headers.get(name).cloned().unwrap_or_default();
        table.row([
            side.provider.to_string(),
            header("content-type"),
            header("cache-control"),
            object.storage_class,
            format!("{:?}", object.metadata),
            format!("{:?}", object.tags),
        ]);
    }
    table.print();
    native_calls(tour);
    Ok(())
}

async fn taken(tour: &Tour) -> Result {
    step(
        tour,
        "UploadFile",
        "overwrite(false) on a key that is taken: refused, and what is there stays",
    );
    let mut errors = Vec::new();
    for side in &tour.sides {
        let request = page(side).with_overwrite(false);
        let refused = side.cloud.storage()?.upload_file(request).await;
        errors.push(refused.err().ok_or("an object was replaced")?);
    }
    tell(&errors);
    native_calls(tour);
    Ok(())
}

async fn large(tour: &Tour, file: &Path) -> Result {
    step(
        tour,
        "UploadFile",
        "a file of 18 MiB in parts of 5 MiB, two at once: the checksum is of all that was read, and the cloud's own is the same",
    );
    let mut all = Vec::new();
    for side in &tour.sides {
        all.push(
            side.cloud
                .storage()?
                .upload_file(backup(side, file))
                .await?,
        );
    }
    outcomes(tour, &all);
    note(
        "S3 keeps CRC-64/NVME, COS CRC-64/ECMA: each is computed while the file is read once, part by part, and combined.",
    );
    native_calls(tour);
    Ok(())
}

/// Lets the cloud refuse the last part.
fn refuse_last_part(emulator: &Emulator, side: &Side) {
    let denied = FaultKind::ErrorCode {
        status: 403,
        code: "AccessDenied".to_owned(),
        message: "You may not do this.".to_owned(),
    };
    let fault = Fault::new(denied).cloud(side.emulated_cloud());
    emulator.fault(fault.on("UploadPart").part(4));
}

/// The parts that a cloud has of uploads that are not over.
fn parts_left(emulator: &Emulator, side: &Side) -> usize {
    let uploads = emulator.world().open_uploads(side.emulated_cloud());
    uploads.iter().map(|upload| upload.parts.len()).sum()
}

async fn all_or_nothing(tour: &Tour, emulator: &Emulator, file: &Path) -> Result {
    step(
        tour,
        "UploadFile",
        "the cloud refuses the last part: what was sent is removed",
    );
    let mut table = Table::new(["cloud", "kind", "the cloud's code", "parts left"]);
    for side in &tour.sides {
        refuse_last_part(emulator, side);
        let failed = side.cloud.storage()?.upload_file(backup(side, file)).await;
        let error = failed.err().ok_or("a refused part was stored")?;
        table.row([
            side.provider.to_string(),
            error.kind().to_string(),
            error.code().unwrap_or("–").to_owned(),
            parts_left(emulator, side).to_string(),
        ]);
    }
    table.print();
    native_calls(tour);
    Ok(())
}

async fn resume(tour: &Tour, emulator: &Emulator, file: &Path) -> Result {
    step(
        tour,
        "UploadFile",
        "the same with a checkpoint: the parts are kept, and the error says how to go on and how not to",
    );
    let mut errors = Vec::new();
    for side in &tour.sides {
        refuse_last_part(emulator, side);
        let request = backup(side, file).with_checkpoint(checkpoint(side, file));
        let failed = side.cloud.storage()?.upload_file(request).await;
        errors.push(failed.err().ok_or("a refused part was stored")?);
        if parts_left(emulator, side) == 0 {
            return Err("no part was kept".into());
        }
    }
    let folder = file.parent().unwrap_or(file).display().to_string();
    println!();
    for error in &errors {
        // The folder is another one each time.
        note(&error.to_string().replace(&folder, "…"));
    }
    println!();
    native_calls(tour);

    step(
        tour,
        "UploadFile",
        "the same call again: only what is missing is sent",
    );
    let mut all = Vec::new();
    for side in &tour.sides {
        let checkpoint = checkpoint(side, file);
        let request = backup(side, file).with_checkpoint(&checkpoint);
        all.push(side.cloud.storage()?.upload_file(request).await?);
        if checkpoint.exists() || parts_left(emulator, side) > 0 {
            return Err("something was left behind".into());
        }
    }
    outcomes(tour, &all);
    native_calls(tour);
    Ok(())
}

fn checkpoint(side: &Side, file: &Path) -> std::path::PathBuf {
    file.with_file_name(format!("{}.checkpoint", side.provider))
}

async fn refusals(tour: &Tour) -> Result {
    step(
        tour,
        "Errors",
        "what can't be right is refused by name before anything is sent; a bucket that does not exist by the cloud",
    );
    let mut errors = Vec::new();
    for side in &tour.sides {
        let mut bad: Vec<(UploadFileRequest, ErrorKind)> = Vec::new();
        let mut request = page(side);
        request.options.part_size = 1024;
        bad.push((request, ErrorKind::InvalidArgument));
        let mut request = page(side);
        request.options.acl = Some("everybody".to_owned());
        bad.push((request, ErrorKind::InvalidArgument));
        let mut request = page(side);
        request.bucket = format!("no-{}", request.bucket);
        bad.push((request, ErrorKind::NotFound));
        for (request, kind) in bad {
            let refused = side.cloud.storage()?.upload_file(request).await;
            let error = refused.err().ok_or("something that can't be was stored")?;
            if error.kind() != kind {
                return Err(error.into());
            }
            errors.push(error);
        }
    }
    tell(&errors);
    native_calls(tour);
    Ok(())
}

fn tell(errors: &[Error]) {
    println!();
    for error in errors {
        note(&error.to_string());
    }
    println!();
}

fn outcomes(tour: &Tour, all: &[UploadOutcome]) {
    let mut table = Table::new([
        "cloud",
        "Key",
        "Size",
        "Parts",
        "ETag",
        "Algorithm",
        "Checksum",
    ]);
    for (side, stored) in tour.sides.iter().zip(all) {
        let checksum = stored.checksum.as_ref();
        table.row([
            side.provider.to_string(),
            stored.key.clone(),
            stored.size.to_string(),
            stored.parts.to_string(),
            stored.e_tag.clone().unwrap_or_default(),
            checksum.map_or_else(String::new, |checksum| checksum.algorithm.clone()),
            checksum.map_or_else(String::new, |checksum| checksum.value.clone()),
        ]);
    }
    table.print();
}
