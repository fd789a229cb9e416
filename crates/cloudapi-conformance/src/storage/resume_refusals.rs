//! A checkpoint that does not fit is refused, and one whose upload is gone is no obstacle.

use std::path::Path;

use cloudapi_core::ErrorKind;
use cloudapi_core::storage::UploadFileRequest;
use futures_util::FutureExt;

use super::content::content;
use super::resume::Resumable;
use super::stage::File;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

pub(super) fn cases() -> Vec<Case> {
    let needs = [Need::Faults, Need::CallLog];
    let cases = [
        Case::new(
            "storage/upload-with-a-checkpoint-refuses-a-changed-file",
            "A file of another size or another time of change is InvalidState; nothing is sent, and the parts are kept.",
            |cx| changed_file(cx).boxed(),
        ),
        Case::new(
            "storage/upload-with-a-checkpoint-finds-a-change-under-the-same-size-and-time",
            "Parts already sent are read again: other content under the same size and time is InvalidState, never a mixture.",
            |cx| other_content(cx).boxed(),
        ),
        Case::new(
            "storage/upload-with-a-checkpoint-refuses-another-upload",
            "Another file, key, part size or property of the object is InvalidState, saying what differs; the parts are kept.",
            |cx| another_upload(cx).boxed(),
        ),
        Case::new(
            "storage/upload-refuses-a-checkpoint-that-is-none",
            "A file that is no checkpoint is refused and left as it is.",
            |cx| no_checkpoint(cx).boxed(),
        ),
        Case::new(
            "storage/upload-with-a-checkpoint-of-a-lost-upload-begins-anew",
            "When the cloud knows the upload no more, and the object is not it, all parts are sent.",
            |cx| lost_upload(cx).boxed(),
        ),
        Case::new(
            "storage/upload-with-a-checkpoint-finds-that-it-was-done",
            "When the call before was ended just after the object was made, that is found out, and nothing is sent.",
            |cx| found_done(cx).boxed(),
        ),
        Case::new(
            "storage/upload-with-a-checkpoint-survives-a-line-cut-short",
            "A checkpoint whose last line was cut by a crash is good for all the lines before it.",
            |cx| cut_line(cx).boxed(),
        ),
        Case::new(
            "storage/upload-with-a-checkpoint-in-use-is-refused",
            "While an upload writes a checkpoint, another one that names the same file is refused.",
            |cx| in_use(cx).boxed(),
        ),
    ];
    cases.map(|case| case.needs(needs)).into()
}

/// Checks that a request is refused, nothing is sent, and the first part is kept.
async fn is_refused(
    cx: &Context,
    what: &str,
    resumable: &Resumable,
    request: UploadFileRequest,
) -> Verdict<String> {
    let note = std::fs::read(&resumable.checkpoint)?;
    cx.clear_calls();
    let error = refused(what, ErrorKind::InvalidState, cx.upload(request).await?)?;
    ensure_eq!(cx.calls_with_content(), 0, "{what}: content sent");
    resumable.keeps(cx, what, 1).await?;
    ensure_eq!(
        std::fs::read(&resumable.checkpoint)?.len(),
        note.len(),
        "{what}: bytes of the checkpoint"
    );
    ensure!(
        !error.is_retryable(),
        "{what}: {error} is said to be passing"
    );
    Ok(error.message().to_owned())
}

async fn changed_file(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    resumable.fail_at(cx, 2).await?;
    let path = &resumable.file.path;
    let time = std::fs::metadata(path)?.modified()?;
    let mut longer = resumable.bytes.clone();
    longer.push(0);
    std::fs::write(path, longer)?;
    set_modified(path, time)?;
    let what = "another size";
    let message = is_refused(cx, what, &resumable, resumable.request(cx)?).await?;
    ensure!(message.contains("size"), "{what}: {message}");
    std::fs::write(path, &resumable.bytes)?;
    set_modified(path, time + std::time::Duration::from_secs(2))?;
    let what = "another time";
    let message = is_refused(cx, what, &resumable, resumable.request(cx)?).await?;
    ensure!(message.contains("time"), "{what}: {message}");
    // As it was, it is the same upload again.
    set_modified(path, time)?;
    resumable.goes_on(cx, "put back", 2).await
}

async fn other_content(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    resumable.fail_at(cx, 2).await?;
    let path = &resumable.file.path;
    let time = std::fs::metadata(path)?.modified()?;
    let mut other = resumable.bytes.clone();
    other[10] ^= 1;
    std::fs::write(path, other)?;
    set_modified(path, time)?;
    is_refused(cx, "other content", &resumable, resumable.request(cx)?).await?;
    std::fs::write(path, &resumable.bytes)?;
    set_modified(path, time)?;
    resumable.goes_on(cx, "put back", 2).await
}

fn set_modified(path: &Path, time: std::time::SystemTime) -> Verdict {
    let file = std::fs::File::options().write(true).open(path)?;
    Ok(file.set_modified(time)?)
}

async fn another_upload(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    resumable.fail_at(cx, 2).await?;
    let other = File::new(&resumable.bytes)?;
    let mut requests = Vec::new();
    let mut request = resumable.request(cx)?;
    request.source = other.source();
    requests.push(("file", request));
    let mut request = resumable.request(cx)?;
    request.key.push('x');
    requests.push(("key", request));
    let mut request = resumable.request(cx)?;
    request.options.part_size += 1;
    requests.push(("part size", request));
    let mut request = resumable.request(cx)?;
    request.options.content_type = Some("text/plain".to_owned());
    requests.push(("properties", request));
    let request = resumable.request(cx)?.with_overwrite(false);
    requests.push(("properties", request));
    for (what, request) in requests {
        let message = is_refused(cx, what, &resumable, request).await?;
        ensure!(message.contains(what), "{what}: {message}");
    }
    resumable.goes_on(cx, "after all refusals", 2).await
}

async fn no_checkpoint(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    for text in ["my diary\n", "{}\n", "[1, 2]\nmore\n"] {
        std::fs::write(&resumable.checkpoint, text)?;
        cx.clear_calls();
        let result = resumable.send(cx).await?;
        let error = refused(text, ErrorKind::InvalidState, result)?;
        ensure!(
            !error.message().contains(text.trim()),
            "{error} quotes the file"
        );
        let left = std::fs::read_to_string(&resumable.checkpoint)?;
        ensure_eq!(left, text, "what is in the file");
        ensure_eq!(cx.calls_with_content(), 0, "content sent");
        cx.holds_nothing(text, "resumed").await?;
    }
    Ok(())
}

/// Gives the checkpoint back after the upload that it tells of was done.
async fn done_but_not_noted(cx: &Context, resumable: &Resumable, last: u16) -> Verdict {
    resumable.fail_at(cx, last).await?;
    let note = std::fs::read(&resumable.checkpoint)?;
    let parts = usize::from(4 - last);
    resumable.goes_on(cx, "the first time", parts).await?;
    std::fs::write(&resumable.checkpoint, note)?;
    Ok(())
}

async fn lost_upload(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    done_but_not_noted(cx, &resumable, 2).await?;
    cx.upload(cx.to_store("resumed", content(5))?).await??;
    resumable.goes_on(cx, "a lost upload", 3).await
}

async fn found_done(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    let fault =
        crate::target::Fault::new(crate::target::FaultKind::Denied, "CompleteMultipartUpload");
    cx.controls()?.inject(fault);
    let result = resumable.send(cx).await?;
    refused("denied at the end", ErrorKind::PermissionDenied, result)?;
    let note = std::fs::read(&resumable.checkpoint)?;
    resumable.goes_on(cx, "the first time", 0).await?;
    std::fs::write(&resumable.checkpoint, note)?;
    resumable.goes_on(cx, "found done", 0).await?;
    ensure_eq!(cx.calls_to("CompleteMultipartUpload"), 0, "ends asked for");
    Ok(())
}

async fn cut_line(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    resumable.fail_at(cx, 3).await?;
    let note = std::fs::read(&resumable.checkpoint)?;
    std::fs::write(&resumable.checkpoint, &note[..note.len() - 5])?;
    resumable.goes_on(cx, "a line cut short", 2).await
}

async fn in_use(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    resumable.fail_at(cx, 2).await?;
    let delay = crate::target::FaultKind::Delay(std::time::Duration::from_millis(300));
    cx.controls()?
        .inject(crate::target::Fault::new(delay, "UploadPart"));
    let (first, second) = tokio::join!(resumable.send(cx), async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        resumable.send(cx).await
    });
    let error = refused("the second", ErrorKind::InvalidState, second?)?;
    ensure!(error.message().contains("in use"), "{error}");
    let outcome = first??;
    resumable.is_done(cx, "the first", &outcome).await
}
