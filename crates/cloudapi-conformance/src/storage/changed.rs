//! A file that changes while it is read is an error, not a mixture.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use cloudapi_core::ErrorKind;
use futures_util::FutureExt;

use super::content::content;
use super::stage::File;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, refused};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "storage/upload-of-a-file-that-grows-is-an-error",
            "A file that grows while it is read is InvalidState: no object and no parts are left.",
            |cx| {
                changed(cx, |path| {
                    OpenOptions::new()
                        .append(true)
                        .open(path)?
                        .write_all(b"more")
                })
                .boxed()
            },
        ),
        Case::new(
            "storage/upload-of-a-file-that-shrinks-is-an-error",
            "A file that becomes shorter while it is read is InvalidState: no object and no parts are left.",
            |cx| {
                changed(cx, |path| {
                    let file = OpenOptions::new().write(true).open(path)?;
                    file.set_len(file.metadata()?.len() / 2)
                })
                .boxed()
            },
        ),
        Case::new(
            "storage/upload-of-a-file-that-is-written-to-is-an-error",
            "A file of which a part already sent is written anew is InvalidState, though its size is the same.",
            |cx| {
                changed(cx, |path| {
                    let mut file = OpenOptions::new().write(true).open(path)?;
                    file.seek(SeekFrom::Start(10))?;
                    file.write_all(b"other")
                })
                .boxed()
            },
        ),
        Case::new(
            "storage/upload-of-a-file-that-vanishes-is-an-error",
            "A file that is gone while it is read is InvalidState; no object and no parts are left.",
            // One that is open can't be removed everywhere.
            |cx| {
                changed(cx, |path| {
                    std::fs::rename(path, path.with_extension("gone"))
                })
                .boxed()
            },
        ),
    ]
}

type Change = fn(&Path) -> std::io::Result<()>;

/// Uploads a file that changes once its first part has arrived.
async fn changed(cx: &Context, change: Change) -> Verdict {
    let what = "a file that changed";
    let file = File::new(&content(3 * cx.part()))?;
    let mut request = cx.to_store("changed", file.source())?;
    request.options.in_flight = 1;
    let path = file.path.clone();
    let done = AtomicBool::new(false);
    let request = request.with_progress(move |progress| {
        if progress.parts > 0 && !done.swap(true, Ordering::SeqCst) {
            change(&path).expect("the case's own file can be changed");
        }
    });
    let error = refused(what, ErrorKind::InvalidState, cx.upload(request).await?)?;
    ensure!(!error.is_retryable(), "{error} is said to be passing");
    cx.holds_nothing(what, "changed").await
}
