//! What can't be right is refused before anything is sent.

use std::path::PathBuf;

use cloudapi_core::ErrorKind;
use cloudapi_core::storage::{Encryption, UploadFileRequest};
use futures_util::FutureExt;

use super::content::{content, reader};
use super::stage::{File, THRESHOLD};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "storage/upload-refuses-bad-options-before-it-sends-anything",
            "Options that can't be right are InvalidArgument, naming the option, without a call.",
            |cx| options(cx).boxed(),
        ),
        Case::new(
            "storage/upload-refuses-a-bad-target-before-it-sends-anything",
            "A bucket or key that is empty or impossible is InvalidArgument, without a call.",
            |cx| target(cx).boxed(),
        ),
        Case::new(
            "storage/upload-refuses-what-is-no-file",
            "A file that is not there is NotFound, naming it, and a folder is InvalidArgument; without a call.",
            |cx| no_file(cx).boxed(),
        ),
        Case::new(
            "storage/upload-takes-options-at-their-limits",
            "Ten tags, 2 KB of metadata, the longest tag and the smallest part are taken.",
            |cx| at_the_limits(cx).boxed(),
        ),
        Case::new(
            "storage/upload-to-no-bucket-is-not-found",
            "A bucket that is not there is NotFound, naming it, in one request and in parts.",
            |cx| no_bucket(cx).boxed(),
        ),
    ]
}

/// Checks that a request is refused and nothing was sent.
async fn is_refused(
    cx: &Context,
    what: &str,
    kind: ErrorKind,
    request: UploadFileRequest,
    word: &str,
) -> Verdict {
    cx.clear_calls();
    let error = refused(what, kind, cx.upload(request).await?)?;
    ensure!(
        error.message().contains(word),
        "{what}: {error} does not name {word:?}"
    );
    ensure_eq!(
        error.operation(),
        Some(cloudapi_core::Operation::UploadFile),
        "{what}: the operation"
    );
    ensure_eq!(cx.calls().len(), 0, "{what}: calls");
    Ok(())
}

async fn options(cx: &Context) -> Verdict {
    type Change = fn(&mut UploadFileRequest);
    let changes: [(&str, Change); 14] = [
        ("InFlight", |request| request.options.in_flight = 0),
        ("PartSize", |request| request.options.part_size -= 1),
        ("PartSize", |request| request.options.part_size = 0),
        ("PartSize", |request| request.options.part_size = u64::MAX),
        ("KmsKeyId", |request| {
            request.options.kms_key_id = Some("k".to_owned());
        }),
        ("KmsKeyId", |request| {
            request.options.kms_key_id = Some("k".to_owned());
            request.options.encryption = Some(Encryption::Managed);
        }),
        ("Encryption", |request| {
            request.options.encryption = Some(Encryption::from("rot13"));
        }),
        ("Tags", |request| {
            let tags = (0..11).map(|number| (number.to_string(), String::new()));
            request.options.tags = tags.collect();
        }),
        ("tag", |request| {
            request.options.tags = [("x".repeat(129), String::new())].into();
        }),
        ("tag", |request| {
            request.options.tags = [(String::new(), "x".to_owned())].into();
        }),
        ("Metadata", |request| {
            request.options.metadata = [("a".to_owned(), "x".repeat(2048))].into();
        }),
        ("Metadata", |request| {
            let metadata = ["a", "A"].map(|name| (name.to_owned(), "x".to_owned()));
            request.options.metadata = metadata.into();
        }),
        ("CacheControl", |request| {
            request.options.cache_control = Some("a\r\nx-evil: 1".to_owned());
        }),
        ("Acl", |request| {
            request.options.acl = Some("everybody-and-his-dog".to_owned());
        }),
    ];
    for (number, (word, change)) in changes.into_iter().enumerate() {
        for size in [5, THRESHOLD + 1] {
            let mut request = cx.to_store("refused", content(size))?;
            change(&mut request);
            let what = format!("{word}, number {number}");
            is_refused(cx, &what, ErrorKind::InvalidArgument, request, word).await?;
        }
    }
    for source in [content(5).into(), reader(content(5))] {
        let checkpoint = std::env::temp_dir().join("no-checkpoint");
        let request = cx.to_store("refused", source)?.with_checkpoint(&checkpoint);
        let (what, kind) = ("a checkpoint without a file", ErrorKind::InvalidArgument);
        is_refused(cx, what, kind, request, "Checkpoint").await?;
        ensure!(!checkpoint.exists(), "{what}: it was made");
    }
    cx.holds_nothing("refused", "refused").await
}

async fn target(cx: &Context) -> Verdict {
    let bucket = cx.storing()?.bucket.as_str();
    for (bucket, key, word) in [
        ("", "k", "Bucket"),
        (" ", "k", "Bucket"),
        (bucket, "", "Key"),
    ] {
        let request = UploadFileRequest::new(bucket, key, content(5));
        let what = format!("{key:?} in {bucket:?}");
        is_refused(cx, &what, ErrorKind::InvalidArgument, request, word).await?;
    }
    Ok(())
}

async fn no_file(cx: &Context) -> Verdict {
    let file = File::new(&content(5))?;
    let missing = file.beside("missing");
    let folder: PathBuf = file.beside("");
    for (path, kind, word) in [
        (missing, ErrorKind::NotFound, "missing"),
        (folder, ErrorKind::InvalidArgument, "not a file"),
    ] {
        let what = format!("{word:?}");
        let request = cx.to_store("refused", path)?;
        is_refused(cx, &what, kind, request, word).await?;
    }
    cx.holds_nothing("no file", "refused").await
}

async fn at_the_limits(cx: &Context) -> Verdict {
    for size in [5, THRESHOLD + 1] {
        let bytes = content(size);
        let mut request = cx.to_store("limits", bytes.clone())?;
        let tags = (0..9).map(|number| (number.to_string(), "x".repeat(255)));
        request.options.tags = tags.chain([("x".repeat(127), String::new())]).collect();
        request.options.metadata = [("abc".to_owned(), "x".repeat(2045))].into();
        request.options.part_size = cx.part();
        request.options.in_flight = 1;
        cx.upload(request).await??;
        let object = cx.holds("at the limits", "limits", &bytes).await?;
        ensure_eq!(object.tags.len(), 10, "tags");
        let metadata = object.metadata.get("abc").map(String::len);
        ensure_eq!(metadata, Some(2045), "bytes of metadata");
    }
    Ok(())
}

async fn no_bucket(cx: &Context) -> Verdict {
    let absent = cx.storing()?.absent_bucket.as_str();
    for size in [0, THRESHOLD, THRESHOLD + 1] {
        for overwrite in [true, false] {
            let key = cx.object_key("absent")?;
            let request = UploadFileRequest::new(absent, key, content(size))
                .with_options(cx.small_parts())
                .with_overwrite(overwrite);
            let what = format!("{size} bytes to no bucket, overwriting {overwrite}");
            refused(&what, ErrorKind::NotFound, cx.upload(request).await?)?;
        }
    }
    Ok(())
}
