//! Every source at every size arrives whole, and the outcome says what was stored.

use cloudapi_core::ErrorKind;
use cloudapi_core::storage::{UploadOutcome, UploadSource};
use futures_util::FutureExt;

use super::content::{Trickle, content, reader};
use super::stage::{File, THRESHOLD};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::Need;
use crate::truth::NativeObject;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "storage/upload-stores-every-source-at-every-size",
            "A file, bytes and a reader of unknown length arrive whole, empty ones included, on both sides of the threshold.",
            |cx| every_size(cx).boxed(),
        ),
        Case::new(
            "storage/upload-sends-large-content-in-parts",
            "Above the threshold content goes in parts of the size asked for and arrives in order, with a last part of one byte too.",
            |cx| in_parts(cx).boxed(),
        ),
        Case::new(
            "storage/upload-reads-a-reader-that-trickles",
            "A reader may give a little at a time: the parts are full all the same.",
            |cx| trickle(cx).boxed(),
        ),
        Case::new(
            "storage/upload-of-a-reader-that-fails-leaves-nothing",
            "A reader that breaks off ends the upload with its error, and no object and no parts are left.",
            |cx| broken_reader(cx).boxed(),
        ),
        Case::new(
            "storage/upload-tells-the-checksum-of-the-content",
            "The checksum in the outcome is that of the content by the vendors' own examples, in the cloud's spelling.",
            |cx| known_checksums(cx).boxed(),
        )
        .needs([Need::Checksums]),
        Case::new(
            "storage/upload-tells-one-checksum-however-the-content-is-sent",
            "The checksum is that of the whole content, in one request or in parts, from every source.",
            |cx| whole_checksums(cx).boxed(),
        )
        .needs([Need::Checksums]),
        Case::new(
            "storage/upload-replaces-what-is-there",
            "Unless told otherwise an upload replaces the object of its key, in one request and in parts.",
            |cx| replaces(cx).boxed(),
        ),
        Case::new(
            "storage/upload-sends-small-content-in-one-call",
            "What goes in one request takes one call to the cloud, and not a look more.",
            |cx| one_call(cx).boxed(),
        )
        .needs([Need::CallLog]),
        Case::new(
            "storage/upload-needs-no-more-calls-than-parts",
            "An upload in parts takes a call to begin, one for each part, and one to end.",
            |cx| calls_of_parts(cx).boxed(),
        )
        .needs([Need::CallLog]),
    ]
}

/// The content from each source there is.
fn sources(file: &File, bytes: &[u8]) -> [(&'static str, UploadSource); 3] {
    [
        ("file", file.source()),
        ("bytes", bytes.to_vec().into()),
        ("reader", reader(bytes.to_vec())),
    ]
}

/// Checks what an outcome says against what is stored. `parts` is 0 for one request.
fn outcome_is_true(
    cx: &Context,
    what: &str,
    outcome: &UploadOutcome,
    object: &NativeObject,
    parts: u32,
) -> Verdict {
    ensure_eq!(outcome.bucket, cx.storing()?.bucket, "{what}: the bucket");
    ensure!(
        outcome.key.contains(cx.run()),
        "{what}: the key is {:?}",
        outcome.key
    );
    let size = object.content.len() as u64;
    ensure_eq!(outcome.size, size, "{what}: the size");
    ensure_eq!(outcome.parts, parts.max(1), "{what}: the parts");
    ensure_eq!(object.parts, parts, "{what}: the parts that came");
    // Some stand-ins keep none.
    if outcome.checksum.is_some() {
        checksum_is_true(cx, what, outcome, &object.content)?;
    }
    let e_tag = Some(object.e_tag.as_str());
    ensure_eq!(outcome.e_tag.as_deref(), e_tag, "{what}: the ETag");
    ensure!(
        !object.e_tag.contains('"'),
        "{what}: quotes in {}",
        object.e_tag
    );
    let tail = (parts > 0).then(|| parts.to_string());
    ensure_eq!(
        object.e_tag.split_once('-').map(|(_, count)| count),
        tail.as_deref(),
        "{what}: the ETag's number of parts"
    );
    ensure_eq!(outcome.version_id, None, "{what}: the version");
    Ok(())
}

fn checksum_is_true(cx: &Context, what: &str, outcome: &UploadOutcome, bytes: &[u8]) -> Verdict {
    let checksum = outcome.checksum.as_ref();
    let checksum = checksum.ok_or_else(|| Failure::new(format!("{what}: no checksum")))?;
    ensure_eq!(
        format!("{} {}", checksum.algorithm, checksum.value),
        cx.cloud_of_objects().checksum(bytes),
        "{what}: the checksum"
    );
    Ok(())
}

async fn every_size(cx: &Context) -> Verdict {
    for size in [0, 1, THRESHOLD - 1, THRESHOLD, THRESHOLD + 1] {
        let bytes = content(size);
        let file = File::new(&bytes)?;
        for (name, source) in sources(&file, &bytes) {
            let what = format!("{size} bytes from a {name}");
            let request = cx.to_store(name, source)?;
            let outcome = cx.upload(request).await??;
            let object = cx.holds(&what, name, &bytes).await?;
            let parts = u32::from(size > THRESHOLD);
            outcome_is_true(cx, &what, &outcome, &object, parts)?;
        }
    }
    Ok(())
}

async fn in_parts(cx: &Context) -> Verdict {
    let part = cx.part();
    for (size, parts) in [
        (part, 1),
        (part + 1, 2),
        (2 * part, 2),
        (3 * part - 1, 3),
        (3 * part + 1, 4),
    ] {
        let bytes = content(size);
        let file = File::new(&bytes)?;
        for (name, source) in sources(&file, &bytes) {
            let what = format!("{size} bytes from a {name}");
            let request = cx.to_store(name, source)?;
            let outcome = cx.upload(request).await??;
            let object = cx.holds(&what, name, &bytes).await?;
            outcome_is_true(cx, &what, &outcome, &object, parts)?;
        }
    }
    Ok(())
}

async fn trickle(cx: &Context) -> Verdict {
    for (size, parts) in [(THRESHOLD, 0), (2 * cx.part() + 1, 3)] {
        let bytes = content(size);
        let source = Trickle::new(bytes.clone(), 50_000).source();
        let outcome = cx.upload(cx.to_store("trickle", source)?).await??;
        let object = cx.holds("a trickle", "trickle", &bytes).await?;
        outcome_is_true(cx, "a trickle", &outcome, &object, parts)?;
    }
    Ok(())
}

async fn broken_reader(cx: &Context) -> Verdict {
    for size in [0, THRESHOLD - 1, THRESHOLD + 1, cx.part() + 1] {
        let what = format!("broken off after {size} bytes");
        let source = Trickle::new(content(size), 50_000).failing().source();
        let result = cx.upload(cx.to_store("broken", source)?).await?;
        let error = refused(&what, ErrorKind::Other, result)?;
        ensure!(
            error.message().contains("the source broke off"),
            "{what}: the reader's own words are missing in {error}"
        );
        ensure!(
            !error.is_retryable(),
            "{what}: {error} is said to be passing"
        );
        cx.holds_nothing(&what, "broken").await?;
    }
    Ok(())
}

async fn known_checksums(cx: &Context) -> Verdict {
    for (text, value) in cx.cloud_of_objects().known {
        let request = cx.to_store("known", text.as_bytes().to_vec())?;
        let outcome = cx.upload(request).await??;
        let checksum = outcome.checksum.map(|checksum| checksum.value);
        ensure_eq!(
            checksum.as_deref(),
            Some(*value),
            "the checksum of {text:?}"
        );
    }
    Ok(())
}

async fn whole_checksums(cx: &Context) -> Verdict {
    let part = cx.part();
    for size in [0, 1, THRESHOLD, THRESHOLD + 1, part + 1, 2 * part] {
        let bytes = content(size);
        let file = File::new(&bytes)?;
        for (name, source) in sources(&file, &bytes) {
            let outcome = cx.upload(cx.to_store(name, source)?).await??;
            let what = format!("{size} bytes from a {name}");
            checksum_is_true(cx, &what, &outcome, &bytes)?;
        }
    }
    Ok(())
}

async fn replaces(cx: &Context) -> Verdict {
    for size in [5, THRESHOLD + 1, 0, THRESHOLD + 2, THRESHOLD + 3, 7] {
        let bytes = content(size);
        let request = cx.to_store("again", bytes.clone())?;
        cx.upload(request).await??;
        cx.holds(&format!("{size} bytes"), "again", &bytes).await?;
    }
    Ok(())
}

async fn one_call(cx: &Context) -> Verdict {
    cx.clear_calls();
    let request = cx.to_store("small", content(THRESHOLD))?;
    cx.upload(request).await??;
    ensure_eq!(cx.calls_to("PutObject"), 1, "puts");
    ensure_eq!(cx.calls().len(), 1, "calls");
    Ok(())
}

async fn calls_of_parts(cx: &Context) -> Verdict {
    cx.clear_calls();
    let request = cx.to_store("large", content(cx.part() + 1))?;
    cx.upload(request).await??;
    let create = cx.cloud_of_objects().create;
    for (action, times) in [
        (create, 1),
        ("UploadPart", 2),
        ("CompleteMultipartUpload", 1),
    ] {
        ensure_eq!(cx.calls_to(action), times, "{action}");
    }
    ensure_eq!(cx.calls().len(), 4, "calls");
    Ok(())
}
