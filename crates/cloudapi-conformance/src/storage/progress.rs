//! How far an upload is, as it is told.

use std::sync::{Arc, Mutex, PoisonError};

use cloudapi_core::storage::{Progress, UploadSource};
use futures_util::FutureExt;

use super::content::{content, reader};
use super::stage::{File, THRESHOLD};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq};
use crate::target::{Fault, FaultKind, Need};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "storage/upload-tells-its-progress",
            "Progress begins at nothing, never goes back, counts acknowledged bytes and parts, and ends with all of both.",
            |cx| told(cx).boxed(),
        ),
        Case::new(
            "storage/upload-counts-a-repeated-part-once",
            "A part that had to be sent again counts once in the progress.",
            |cx| repeated(cx).boxed(),
        )
        .needs([Need::Faults]),
    ]
}

/// Uploads, and gives all that was told.
async fn listen(cx: &Context, what: &str, source: UploadSource) -> Verdict<Vec<Progress>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let request = cx.to_store("progress", source)?.with_progress(move |one| {
        let mut told = listener.lock().unwrap_or_else(PoisonError::into_inner);
        told.push(one);
    });
    cx.upload(request).await??;
    let told = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    ensure!(!told.is_empty(), "{what}: nothing was told");
    for (before, after) in told.iter().zip(&told[1..]) {
        ensure!(
            before.bytes <= after.bytes && before.parts <= after.parts,
            "{what}: from {before:?} back to {after:?}"
        );
    }
    Ok(told)
}

fn ends(told: &[Progress]) -> Verdict<(&Progress, &Progress)> {
    match told {
        [first, .., last] => Ok((first, last)),
        _ => Err(Failure::new("less than a beginning and an end was told")),
    }
}

async fn told(cx: &Context) -> Verdict {
    for (size, parts) in [
        (0, 1),
        (THRESHOLD, 1),
        (THRESHOLD + 1, 1),
        (2 * cx.part() + 1, 3),
    ] {
        let bytes = content(size);
        let file = File::new(&bytes)?;
        for (what, source) in [
            ("a file", file.source()),
            ("bytes", bytes.clone().into()),
            ("a reader", reader(bytes.clone())),
        ] {
            let what = format!("{size} bytes from {what}");
            // The size of what fits into one request is known once it was read.
            let known = size <= THRESHOLD || !matches!(source, UploadSource::Reader(_));
            let told = listen(cx, &what, source).await?;
            let (first, last) = ends(&told)?;
            ensure_eq!((first.bytes, first.parts), (0, 0), "{what}: at first");
            ensure_eq!((last.bytes, last.parts), (size, parts), "{what}: at last");
            let total = known.then_some(size);
            let totals = told.iter().filter(|one| one.total != total).count();
            ensure_eq!(totals, 0, "{what}: other totals than {total:?}");
            let reports = told.len();
            ensure_eq!(reports, parts as usize + 1, "{what}: how often");
        }
    }
    Ok(())
}

async fn repeated(cx: &Context) -> Verdict {
    let size = 2 * cx.part() + 1;
    for part in [1, 3] {
        let fault = Fault::new(FaultKind::CutAfter, "UploadPart");
        cx.controls()?.inject(fault.with_part(part));
        let what = format!("part {part} twice");
        let told = listen(cx, &what, content(size).into()).await?;
        let (_, last) = ends(&told)?;
        ensure_eq!((last.bytes, last.parts), (size, 3), "{what}");
    }
    Ok(())
}
