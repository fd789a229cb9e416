//! An upload that is ended from outside leaves nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudapi_core::storage::{Cancel, UploadFileRequest};
use cloudapi_core::{Error, ErrorKind};
use futures_util::FutureExt;
use tokio::sync::Notify;

use super::content::{content, reader};
use super::stage::{File, THRESHOLD};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

/// Longer than any case may take, so that only an end from outside ends a call in time.
const LONG: Duration = Duration::from_secs(100);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "storage/upload-that-is-cancelled-leaves-nothing",
            "When the switch is thrown the call returns once all parts are removed; there is no object.",
            |cx| cancelled(cx).boxed(),
        ),
        Case::new(
            "storage/upload-that-is-cancelled-before-it-begins-sends-nothing",
            "A switch thrown beforehand ends the call before anything is sent.",
            |cx| cancelled_before(cx).boxed(),
        ),
        Case::new(
            "storage/upload-that-is-dropped-leaves-nothing",
            "When the future is dropped in the middle the parts are removed in the background; there is no object.",
            |cx| dropped(cx).boxed(),
        ),
        Case::new(
            "storage/upload-that-hangs-can-be-cancelled",
            "Whatever the cloud keeps the call waiting for, the switch ends it at once, and nothing is left.",
            |cx| hanging(cx).boxed(),
        )
        .needs([Need::Faults]),
        Case::new(
            "storage/upload-that-is-dropped-while-it-begins-leaves-nothing",
            "A multipart upload that the cloud begins after the caller has left is removed too.",
            |cx| dropped_at_the_beginning(cx).boxed(),
        )
        .needs([Need::Faults, Need::CallLog]),
    ]
}

fn is_cancelled(what: &str, error: &Error) -> Verdict {
    ensure_eq!(
        error.code(),
        Some("Cancelled"),
        "{what}: the code of {error}"
    );
    ensure!(
        !error.is_retryable(),
        "{what}: {error} is said to be passing"
    );
    Ok(())
}

/// A request that runs this once a part is there.
fn then(request: UploadFileRequest, act: impl Fn() + Send + Sync + 'static) -> UploadFileRequest {
    request.with_progress(move |progress| {
        if progress.parts > 0 {
            act();
        }
    })
}

async fn cancelled(cx: &Context) -> Verdict {
    let bytes = content(3 * cx.part());
    let file = File::new(&bytes)?;
    for (what, source) in [
        ("a file", file.source()),
        ("bytes", bytes.clone().into()),
        ("a reader", reader(bytes.clone())),
    ] {
        let cancel = Cancel::new();
        let switch = cancel.clone();
        let mut request = cx.to_store("cancelled", source)?.with_cancel(cancel);
        request.options.in_flight = 1;
        let request = then(request, move || switch.cancel());
        let error = refused(what, ErrorKind::Other, cx.upload(request).await?)?;
        is_cancelled(what, &error)?;
        cx.holds_nothing(what, "cancelled").await?;
    }
    Ok(())
}

async fn cancelled_before(cx: &Context) -> Verdict {
    for size in [THRESHOLD, THRESHOLD + 1] {
        let what = format!("{size} bytes");
        let cancel = Cancel::new();
        cancel.cancel();
        cx.clear_calls();
        let request = cx.to_store("cancelled", content(size))?;
        let result = cx.upload(request.with_cancel(cancel)).await?;
        is_cancelled(&what, &refused(&what, ErrorKind::Other, result)?)?;
        ensure_eq!(cx.calls().len(), 0, "{what}: calls");
        cx.holds_nothing_soon(&what, "cancelled").await?;
    }
    Ok(())
}

async fn dropped(cx: &Context) -> Verdict {
    let bytes = content(3 * cx.part());
    let file = File::new(&bytes)?;
    for (what, source) in [
        ("a file", file.source()),
        ("bytes", bytes.clone().into()),
        ("a reader", reader(bytes.clone())),
    ] {
        let arrived = Arc::new(Notify::new());
        let waiting = Arc::clone(&arrived);
        let mut request = cx.to_store("dropped", source)?;
        request.options.in_flight = 1;
        let request = then(request, move || arrived.notify_one());
        tokio::select! {
            result = cx.upload(request) => {
                return Err(Failure::new(format!("{what}: it ended first: {result:?}")));
            }
            () = waiting.notified() => {}
        }
        cx.holds_nothing_soon(what, "dropped").await?;
    }
    Ok(())
}

async fn hanging(cx: &Context) -> Verdict {
    for (size, action) in [
        (THRESHOLD, "PutObject"),
        (THRESHOLD + 1, cx.cloud_of_objects().create),
        (THRESHOLD + 1, "UploadPart"),
        (THRESHOLD + 1, "CompleteMultipartUpload"),
    ] {
        let what = format!("a hanging {action}");
        cx.controls()?
            .inject(Fault::new(FaultKind::Delay(LONG), action));
        let cancel = Cancel::new();
        let request = cx.to_store("hanging", content(size))?;
        let upload = cx.upload(request.with_cancel(cancel.clone()));
        let throw = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            cancel.cancel();
        };
        let started = Instant::now();
        let (result, ()) = tokio::join!(upload, throw);
        let error = refused(&what, ErrorKind::Other, result?)?;
        is_cancelled(&what, &error)?;
        let took = started.elapsed();
        ensure!(took < LONG / 5, "{what}: it took {took:?} to be cancelled");
        cx.controls()?.clear_faults();
        cx.holds_nothing(&what, "hanging").await?;
    }
    Ok(())
}

async fn dropped_at_the_beginning(cx: &Context) -> Verdict {
    let create = cx.cloud_of_objects().create;
    let delay = Duration::from_millis(200);
    cx.controls()?
        .inject(Fault::new(FaultKind::Delay(delay), create));
    cx.clear_calls();
    let request = cx.to_store("dropped", content(THRESHOLD + 1))?;
    let left = tokio::time::timeout(delay / 2, cx.upload(request)).await;
    ensure!(left.is_err(), "it ended before it was dropped");
    let started = Instant::now();
    while cx.calls_to("AbortMultipartUpload") == 0 && started.elapsed() < cx.pace().timeout {
        tokio::time::sleep(cx.pace().interval).await;
    }
    ensure_eq!(cx.calls_to(create), 1, "uploads begun");
    ensure_eq!(cx.calls_to("AbortMultipartUpload"), 1, "uploads removed");
    cx.holds_nothing_soon("dropped while it began", "dropped")
        .await
}
