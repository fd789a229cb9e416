//! Going on from a checkpoint.

use std::time::Duration;

use cloudapi_core::storage::{Cancel, UploadFileRequest, UploadOutcome};
use cloudapi_core::{Error, ErrorKind, Result};
use futures_util::FutureExt;

use super::content::content;
use super::stage::{File, THRESHOLD};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

pub(super) fn cases() -> Vec<Case> {
    let needs = [Need::Faults, Need::CallLog];
    vec![
        Case::new(
            "storage/upload-with-a-checkpoint-says-how-to-go-on",
            "A failure with a checkpoint keeps the parts, and says how to go on and how to discard them.",
            |cx| says_how(cx).boxed(),
        )
        .needs(needs),
        Case::new(
            "storage/upload-with-a-checkpoint-sends-only-what-is-missing",
            "The same call after a failure sends only the missing parts, and removes the checkpoint when it is done.",
            |cx| only_missing(cx).boxed(),
        )
        .needs(needs),
        Case::new(
            "storage/upload-with-a-checkpoint-goes-on-as-often-as-it-fails",
            "Each further call goes on where the last one ended; nothing is sent twice.",
            |cx| step_by_step(cx).boxed(),
        )
        .needs(needs),
        Case::new(
            "storage/upload-with-a-checkpoint-goes-on-after-it-was-cancelled",
            "An upload that was cancelled keeps its parts for going on.",
            |cx| after_cancelling(cx).boxed(),
        )
        .needs([Need::CallLog]),
        Case::new(
            "storage/upload-with-a-checkpoint-goes-on-after-it-was-dropped",
            "An upload whose future was dropped keeps the parts that were acknowledged for going on.",
            |cx| after_dropping(cx).boxed(),
        )
        .needs([Need::CallLog]),
        Case::new(
            "storage/upload-with-a-checkpoint-may-be-sent-otherwise",
            "How many parts are under way at once may change between two calls.",
            |cx| sent_otherwise(cx).boxed(),
        )
        .needs(needs),
        Case::new(
            "storage/upload-with-a-checkpoint-goes-on-at-the-end",
            "When only the end failed, the same call sends no part again.",
            |cx| only_the_end(cx).boxed(),
        )
        .needs(needs),
        Case::new(
            "storage/upload-with-a-checkpoint-in-one-request-leaves-none",
            "What goes in one request needs no checkpoint and leaves none.",
            |cx| in_one_request(cx).boxed(),
        ),
    ]
}

/// A file of three parts, the last one of one byte, and where its checkpoint is.
pub(super) struct Resumable {
    pub(super) bytes: Vec<u8>,
    pub(super) file: File,
    pub(super) checkpoint: std::path::PathBuf,
}

impl Resumable {
    pub(super) fn new(cx: &Context) -> Verdict<Self> {
        let bytes = content(2 * cx.part() + 1);
        let file = File::new(&bytes)?;
        let checkpoint = file.beside("checkpoint");
        Ok(Self {
            bytes,
            file,
            checkpoint,
        })
    }

    /// The upload, one part after the other.
    pub(super) fn request(&self, cx: &Context) -> Verdict<UploadFileRequest> {
        let mut request = cx.to_store("resumed", self.file.source())?;
        request.options.in_flight = 1;
        Ok(request.with_checkpoint(&self.checkpoint))
    }

    pub(super) async fn send(&self, cx: &Context) -> Verdict<Result<UploadOutcome>> {
        cx.upload(self.request(cx)?).await
    }

    /// Lets the upload fail at a part; those before it are there.
    pub(super) async fn fail_at(&self, cx: &Context, part: u16) -> Verdict<Error> {
        let fault = Fault::new(FaultKind::Denied, "UploadPart");
        cx.controls()?.inject(fault.with_part(part));
        let what = format!("denied at part {part}");
        let error = refused(&what, ErrorKind::PermissionDenied, self.send(cx).await?)?;
        self.keeps(cx, &what, part - 1).await?;
        Ok(error)
    }

    /// Checks that the first parts are kept, and nothing is stored.
    pub(super) async fn keeps(&self, cx: &Context, what: &str, parts: u16) -> Verdict {
        let open = cx.left_open().await?;
        let numbers: Vec<u32> = open
            .iter()
            .flat_map(|upload| upload.parts.iter().map(|(number, _)| *number))
            .collect();
        let expected: Vec<u32> = (1..=u32::from(parts)).collect();
        ensure_eq!(open.len(), 1, "{what}: uploads kept");
        ensure_eq!(numbers, expected, "{what}: parts kept");
        ensure!(self.checkpoint.exists(), "{what}: there is no checkpoint");
        let stored = cx.stored("resumed").await?;
        ensure!(stored.is_none(), "{what}: there is an object");
        Ok(())
    }

    /// Uploads again, and checks how many parts are sent, and that all is as if nothing had happened.
    pub(super) async fn goes_on(&self, cx: &Context, what: &str, parts: usize) -> Verdict {
        self.goes_on_with(cx, what, parts, self.request(cx)?).await
    }

    async fn goes_on_with(
        &self,
        cx: &Context,
        what: &str,
        parts: usize,
        request: UploadFileRequest,
    ) -> Verdict {
        cx.clear_calls();
        let outcome = cx.upload(request).await??;
        ensure_eq!(cx.calls_to("UploadPart"), parts, "{what}: parts sent");
        ensure_eq!(
            cx.calls_to(cx.cloud_of_objects().create),
            usize::from(parts == 3),
            "{what}: uploads begun"
        );
        self.is_done(cx, what, &outcome).await
    }

    /// The same once calls that nobody waits for have ended; a part may have been there already.
    async fn goes_on_quietly(&self, cx: &Context, what: &str, most: usize) -> Verdict {
        tokio::time::sleep(Duration::from_millis(500)).await;
        cx.clear_calls();
        let outcome = self.send(cx).await??;
        let (sent, create) = (cx.calls_to("UploadPart"), cx.cloud_of_objects().create);
        ensure!(sent <= most, "{what}: {sent} parts were sent again");
        ensure_eq!(cx.calls_to(create), 0, "{what}: uploads begun");
        self.is_done(cx, what, &outcome).await
    }

    pub(super) async fn is_done(
        &self,
        cx: &Context,
        what: &str,
        outcome: &UploadOutcome,
    ) -> Verdict {
        let object = cx.holds(what, "resumed", &self.bytes).await?;
        ensure_eq!(
            (outcome.size, outcome.parts),
            (self.bytes.len() as u64, 3),
            "{what}: size and parts"
        );
        let checksum = outcome.checksum.as_ref();
        let checksum = checksum.map(|sum| format!("{} {}", sum.algorithm, sum.value));
        let expected = cx.cloud_of_objects().checksum(&self.bytes);
        ensure_eq!(checksum, Some(expected), "{what}: the checksum");
        ensure_eq!(
            outcome.e_tag.as_ref(),
            Some(&object.e_tag),
            "{what}: the ETag"
        );
        ensure!(!self.checkpoint.exists(), "{what}: the checkpoint is left");
        Ok(())
    }
}

async fn says_how(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    let error = resumable.fail_at(cx, 2).await?;
    let upload = cx.left_open().await?.remove(0).upload_id;
    ensure_eq!(
        error.resources(),
        std::slice::from_ref(&upload),
        "the resources"
    );
    let checkpoint = resumable.checkpoint.display().to_string();
    for word in [
        checkpoint.as_str(),
        cx.cloud_of_objects().how_to_discard,
        &upload,
        "part 2",
    ] {
        ensure!(error.message().contains(word), "{word:?} is not in {error}");
    }
    let note = std::fs::read_to_string(&resumable.checkpoint)?;
    ensure!(note.contains(&upload), "the checkpoint has no upload");
    Ok(())
}

async fn only_missing(cx: &Context) -> Verdict {
    for part in [1, 2, 3] {
        let resumable = Resumable::new(cx)?;
        // What is there already is no reason to think that it was done.
        cx.upload(cx.to_store("resumed", content(0))?).await??;
        let what = format!("after part {part} failed");
        let fault = Fault::new(FaultKind::Denied, "UploadPart");
        cx.controls()?.inject(fault.with_part(part));
        let result = resumable.send(cx).await?;
        refused(&what, ErrorKind::PermissionDenied, result)?;
        cx.clear_calls();
        let outcome = resumable.send(cx).await??;
        let sent = cx.calls_to("UploadPart");
        ensure_eq!(sent, 4 - usize::from(part), "{what}: parts sent");
        let create = cx.cloud_of_objects().create;
        ensure_eq!(cx.calls_to(create), 0, "{what}: uploads begun");
        resumable.is_done(cx, &what, &outcome).await?;
    }
    Ok(())
}

async fn step_by_step(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    for part in [2, 3] {
        resumable.fail_at(cx, part).await?;
    }
    resumable.goes_on(cx, "after two failures", 1).await
}

async fn after_cancelling(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    let cancel = Cancel::new();
    let switch = cancel.clone();
    let request = resumable.request(cx)?.with_cancel(cancel);
    let request = request.with_progress(move |progress| {
        if progress.parts == 2 {
            switch.cancel();
        }
    });
    let result = cx.upload(request).await?;
    let error = refused("cancelled", ErrorKind::Other, result)?;
    ensure_eq!(error.code(), Some("Cancelled"), "the code of {error}");
    let kept = cx.left_open().await?;
    let parts: Vec<(u32, u64)> = kept.into_iter().flat_map(|upload| upload.parts).collect();
    let numbers: Vec<u32> = parts.iter().map(|(number, _)| *number).collect();
    // The third one may have got through just before.
    ensure!(numbers.starts_with(&[1, 2]), "parts {numbers:?} are kept");
    resumable
        .goes_on_quietly(cx, "after it was cancelled", 1)
        .await
}

async fn after_dropping(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    let arrived = std::sync::Arc::new(tokio::sync::Notify::new());
    let tell = std::sync::Arc::clone(&arrived);
    let request = resumable.request(cx)?.with_progress(move |progress| {
        if progress.parts == 1 {
            tell.notify_one();
        }
    });
    tokio::select! {
        biased;
        () = arrived.notified() => {}
        result = cx.upload(request) => {
            ensure!(result?.is_ok(), "it failed before it was dropped");
        }
    }
    ensure!(resumable.checkpoint.exists(), "there is no checkpoint");
    resumable
        .goes_on_quietly(cx, "after it was dropped", 2)
        .await
}

async fn sent_otherwise(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    resumable.fail_at(cx, 2).await?;
    let mut request = resumable.request(cx)?;
    request.options.in_flight = 4;
    let what = "sent otherwise";
    resumable.goes_on_with(cx, what, 2, request).await
}

async fn only_the_end(cx: &Context) -> Verdict {
    let resumable = Resumable::new(cx)?;
    let fault = Fault::new(FaultKind::Denied, "CompleteMultipartUpload");
    cx.controls()?.inject(fault);
    let result = resumable.send(cx).await?;
    refused("denied at the end", ErrorKind::PermissionDenied, result)?;
    resumable.keeps(cx, "denied at the end", 3).await?;
    resumable.goes_on(cx, "after the end failed", 0).await
}

async fn in_one_request(cx: &Context) -> Verdict {
    let bytes = content(THRESHOLD);
    let file = File::new(&bytes)?;
    let checkpoint = file.beside("checkpoint");
    let request = cx.to_store("small", file.source())?;
    cx.upload(request.with_checkpoint(&checkpoint)).await??;
    ensure!(!checkpoint.exists(), "a checkpoint is left");
    cx.holds("in one request", "small", &bytes).await?;
    Ok(())
}
