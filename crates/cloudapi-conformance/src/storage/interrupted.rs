//! Cleaning up, when that is what fails.

use cloudapi_core::ErrorKind;
use futures_util::FutureExt;

use super::content::content;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

const FOR_GOOD: u32 = 10_000;

/// What may strike the removal of parts once.
const PASSING: [FaultKind; 9] = [
    FaultKind::Throttle,
    FaultKind::InternalError,
    FaultKind::Unavailable,
    FaultKind::CutBefore,
    FaultKind::CutAfter,
    FaultKind::TruncatedBody,
    FaultKind::HtmlBody,
    // Half of the parts are removed, then it fails.
    FaultKind::PartialBatch,
    FaultKind::EmptyBody,
];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "storage/upload-removes-its-parts-whatever-strikes-the-removal",
            "After a failure the parts are removed, though the removal itself is struck by any fault that passes.",
            |cx| struck(cx).boxed(),
        )
        .needs([Need::Faults]),
        Case::new(
            "storage/upload-says-what-it-could-not-remove",
            "When the parts can't be removed the error names the upload and says how it is done by hand.",
            |cx| not_removed(cx).boxed(),
        )
        .needs([Need::Faults]),
        Case::new(
            "storage/upload-says-what-wrong-object-it-could-not-remove",
            "When an object that is not what was read can't be removed, the error says that it is still there.",
            |cx| wrong_object(cx).boxed(),
        )
        .needs([Need::Faults]),
        Case::new(
            "storage/upload-leaves-the-object-before-alone-when-it-fails",
            "A failed upload in parts leaves the object that the key had before as it was.",
            |cx| object_before(cx).boxed(),
        )
        .needs([Need::Faults]),
    ]
}

async fn struck(cx: &Context) -> Verdict {
    for kind in PASSING {
        let what = format!("{kind:?} at the removal");
        let controls = cx.controls()?;
        // The first part is there when the second one is refused.
        controls.inject(Fault::new(FaultKind::Denied, "UploadPart").with_part(2));
        controls.inject(Fault::new(kind, "AbortMultipartUpload"));
        let mut request = cx.to_store("removed", content(2 * cx.part()))?;
        request.options.in_flight = 1;
        let result = cx.upload(request).await?;
        refused(&what, ErrorKind::PermissionDenied, result)?;
        controls.clear_faults();
        cx.holds_nothing(&what, "removed").await?;
    }
    Ok(())
}

async fn not_removed(cx: &Context) -> Verdict {
    for kind in [FaultKind::Denied, FaultKind::Unavailable] {
        let what = format!("{kind:?} at every removal");
        let controls = cx.controls()?;
        controls.inject(Fault::new(FaultKind::Denied, "UploadPart").with_part(2));
        controls.inject(Fault::new(kind, "AbortMultipartUpload").with_times(FOR_GOOD));
        let name = format!("left-{kind:?}");
        let mut request = cx.to_store(&name, content(2 * cx.part()))?;
        request.options.in_flight = 1;
        let result = cx.upload(request).await?;
        let error = refused(&what, ErrorKind::PermissionDenied, result)?;
        controls.clear_faults();
        let open = cx.left_open_for(&name).await?;
        let left = open
            .first()
            .ok_or_else(|| Failure::new(format!("{what}: nothing was left")))?;
        ensure_eq!(
            error.resources(),
            std::slice::from_ref(&left.upload_id),
            "{what}: resources"
        );
        let how = cx.cloud_of_objects().how_to_discard;
        ensure!(
            error.message().contains(how) && error.message().contains(&left.upload_id),
            "{what}: {error} does not say how to remove {}",
            left.upload_id
        );
    }
    Ok(())
}

async fn wrong_object(cx: &Context) -> Verdict {
    let controls = cx.controls()?;
    controls.inject(Fault::new(FaultKind::Corrupt, "PutObject"));
    controls.inject(Fault::new(FaultKind::Denied, "DeleteObject").with_times(FOR_GOOD));
    let result = cx.upload(cx.to_store("wrong", content(10))?).await?;
    controls.clear_faults();
    let error = refused("a wrong object", ErrorKind::Other, result)?;
    let key = cx.object_key("wrong")?;
    ensure!(
        error.message().contains("still there"),
        "{error} does not say that it is still there"
    );
    ensure!(
        error.resources().iter().any(|one| one.ends_with(&key)),
        "{error} does not name {key}"
    );
    let found = cx.object("wrong").await?;
    ensure!(found.content != content(10), "the fault did not strike");
    Ok(())
}

async fn object_before(cx: &Context) -> Verdict {
    let before = content(77);
    for (action, kind) in [
        ("UploadPart", FaultKind::Denied),
        ("CompleteMultipartUpload", FaultKind::Denied),
        ("UploadPart", FaultKind::Corrupt),
        ("PutObject", FaultKind::Denied),
    ] {
        let what = format!("{kind:?} at {action}");
        cx.upload(cx.to_store("before", before.clone())?).await??;
        let controls = cx.controls()?;
        controls.inject(Fault::new(kind, action).with_times(FOR_GOOD));
        let size = if action == "PutObject" { 99 } else { 2000 };
        let result = cx.upload(cx.to_store("before", content(size))?).await?;
        controls.clear_faults();
        ensure!(result.is_err(), "{what}: it succeeded");
        cx.holds(&what, "before", &before).await?;
    }
    Ok(())
}
