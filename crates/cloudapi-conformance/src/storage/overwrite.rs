//! Not replacing what is there.

use cloudapi_core::ErrorKind;
use futures_util::FutureExt;
use futures_util::future::join_all;

use super::content::content;
use super::stage::{THRESHOLD, same_content};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

/// How many write the same key at once.
const RIVALS: u64 = 4;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "storage/upload-without-overwriting-stores-under-a-free-key",
            "Told not to overwrite, an upload to a free key goes through.",
            |cx| free(cx).boxed(),
        ),
        Case::new(
            "storage/upload-without-overwriting-leaves-what-is-there",
            "Told not to overwrite, an upload to a taken key is AlreadyExists; the object is unchanged and no parts are left.",
            |cx| taken(cx).boxed(),
        ),
        Case::new(
            "storage/upload-without-overwriting-lets-one-of-several-win",
            "Of several at once that are told not to overwrite one wins, and its content is stored; the others are AlreadyExists.",
            |cx| racing(cx).boxed(),
        ),
        Case::new(
            "storage/upload-without-overwriting-does-not-trip-over-itself",
            "Told not to overwrite, an upload whose answer was lost finds its own object and is a success.",
            |cx| own_object(cx).boxed(),
        )
        .needs([Need::Faults]),
    ]
}

async fn free(cx: &Context) -> Verdict {
    for size in [THRESHOLD, THRESHOLD + 1] {
        let (name, bytes) = (format!("free-{size}"), content(size));
        let request = cx.to_store(&name, bytes.clone())?.with_overwrite(false);
        cx.upload(request).await??;
        cx.holds("a free key", &name, &bytes).await?;
    }
    Ok(())
}

async fn taken(cx: &Context) -> Verdict {
    let before = content(7);
    cx.upload(cx.to_store("taken", before.clone())?).await??;
    for size in [0, THRESHOLD, THRESHOLD + 1, cx.part() + 1] {
        let what = format!("{size} bytes to a taken key");
        cx.clear_calls();
        let request = cx.to_store("taken", content(size))?.with_overwrite(false);
        let result = cx.upload(request).await?;
        refused(&what, ErrorKind::AlreadyExists, result)?;
        // Content in one request may go out to be refused; that of parts is better kept here.
        ensure_eq!(cx.calls_to("UploadPart"), 0, "{what}: parts sent");
        cx.holds(&what, "taken", &before).await?;
    }
    Ok(())
}

async fn racing(cx: &Context) -> Verdict {
    for size in [THRESHOLD - RIVALS, THRESHOLD + 1] {
        let name = format!("race-{size}");
        let mut contents = Vec::new();
        let mut uploads = Vec::new();
        for rival in 0..RIVALS {
            let bytes = content(size + rival);
            let request = cx.to_store(&name, bytes.clone())?.with_overwrite(false);
            contents.push(bytes);
            uploads.push(cx.upload(request));
        }
        let mut winners = Vec::new();
        for (result, bytes) in join_all(uploads).await.into_iter().zip(&contents) {
            match result? {
                Ok(_) => winners.push(bytes),
                lost => {
                    refused("a rival", ErrorKind::AlreadyExists, lost)?;
                }
            }
        }
        let &[winner] = &winners[..] else {
            return Err(Failure::new(format!("{} won the race", winners.len())));
        };
        cx.holds("the race", &name, winner).await?;
    }
    Ok(())
}

async fn own_object(cx: &Context) -> Verdict {
    for (size, action) in [
        (THRESHOLD, "PutObject"),
        (THRESHOLD + 1, "CompleteMultipartUpload"),
    ] {
        for kind in [FaultKind::CutAfter, FaultKind::TruncatedBody] {
            let what = format!("{kind:?} at {action}");
            let (name, bytes) = (format!("own-{size}-{kind:?}"), content(size));
            cx.controls()?.inject(Fault::new(kind, action));
            let request = cx.to_store(&name, bytes.clone())?.with_overwrite(false);
            let outcome = cx.upload(request).await?;
            let outcome = outcome.map_err(|error| Failure::new(format!("{what}: {error}")))?;
            ensure_eq!(outcome.size, size, "{what}: the size");
            let object = cx.holds(&what, &name, &bytes).await?;
            same_content(&what, &object.content, &bytes)?;
            ensure!(outcome.e_tag == Some(object.e_tag), "{what}: the ETag");
        }
    }
    Ok(())
}
