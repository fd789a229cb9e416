//! Bounds: parts under way, attempts, deadlines.

use std::time::{Duration, Instant};

use cloudapi_core::{ErrorKind, RetryPolicy};
use futures_util::FutureExt;

use super::content::{content, reader};
use super::faults::Step;
use super::stage::{File, one_part};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

/// More than any policy here allows attempts.
const ALWAYS: u32 = 10_000;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "storage/upload-never-has-more-parts-under-way-than-allowed",
            "As many parts are under way at once as allowed, and never more, from every source.",
            |cx| in_flight(cx).boxed(),
        )
        .needs([Need::Faults, Need::CallLog]),
        Case::new(
            "storage/upload-grows-its-parts-so-that-they-suffice",
            "A file for which ten thousand parts of the size asked for do not suffice goes in larger ones.",
            |cx| grown_parts(cx).boxed(),
        )
        .needs([Need::Faults]),
        Case::new(
            "storage/upload-never-exceeds-its-attempts",
            "A fault that lasts ends with the right kind after exactly the allowed attempts, which never multiply.",
            |cx| attempts(cx).boxed(),
        )
        .needs([Need::Faults, Need::CallLog]),
        Case::new(
            "storage/upload-retries-each-part-on-its-own",
            "Each part has its own attempts: faults at many parts do not add up.",
            |cx| each_part(cx).boxed(),
        )
        .needs([Need::Faults, Need::CallLog]),
        Case::new(
            "storage/upload-ends-at-its-deadline",
            "The deadline for the whole call holds, as Timeout, whatever the cloud does, and nothing is left.",
            |cx| deadline(cx).boxed(),
        )
        .needs([Need::Faults]),
    ]
}

async fn in_flight(cx: &Context) -> Verdict {
    let bytes = content(3 * cx.part() + 1);
    let file = File::new(&bytes)?;
    for allowed in [1, 3] {
        for (name, source) in [
            ("a file", file.source()),
            ("bytes", bytes.clone().into()),
            ("a reader", reader(bytes.clone())),
        ] {
            let what = format!("{name} with {allowed} at once");
            if allowed > 1 {
                // The first ones wait for the last one of them.
                let delay = FaultKind::Delay(Duration::from_millis(500));
                let times = u32::try_from(allowed).unwrap_or(u32::MAX);
                cx.controls()?
                    .inject(Fault::new(delay, "UploadPart").with_times(times));
            }
            cx.clear_calls();
            let mut request = cx.to_store("in-flight", source)?;
            request.options.in_flight = allowed;
            cx.upload(request).await??;
            let calls = cx.calls();
            let parts = calls.iter().filter(|call| call.action == "UploadPart");
            let most = parts.map(|call| call.in_flight).max();
            ensure_eq!(most, Some(allowed), "{what}: under way");
            cx.holds(&what, "in-flight", &bytes).await?;
        }
    }
    Ok(())
}

async fn grown_parts(cx: &Context) -> Verdict {
    const MOST_PARTS: u64 = 10_000;
    const MIB: u64 = 1 << 20;
    let file = File::new(&[])?;
    // Without anything in it, it takes no room on the disk.
    let size = MOST_PARTS * cx.part() + 1;
    std::fs::OpenOptions::new()
        .write(true)
        .open(&file.path)?
        .set_len(size)?;
    cx.controls()?
        .inject(Fault::new(FaultKind::Denied, "UploadPart").with_part(2));
    let mut request = cx.to_store("grown", file.source())?;
    request.options.in_flight = 1;
    let request = request.with_checkpoint(file.beside("checkpoint"));
    let result = cx.upload(request).await?;
    refused("the second part", ErrorKind::PermissionDenied, result)?;
    let open = cx.left_open().await?;
    let kept: Vec<(u32, u64)> = open.into_iter().flat_map(|upload| upload.parts).collect();
    let &[(1, part)] = &kept[..] else {
        return Err(crate::failure::Failure::new(format!("kept are {kept:?}")));
    };
    ensure!(
        part.is_multiple_of(MIB) && part > cx.part() && part <= 2 * cx.part(),
        "a part has {part} bytes"
    );
    ensure!(
        size.div_ceil(part) <= MOST_PARTS,
        "{part} bytes are too few"
    );
    Ok(())
}

async fn attempts(cx: &Context) -> Verdict {
    for (kind, expected) in [
        (FaultKind::Throttle, ErrorKind::RateLimited),
        (FaultKind::Unavailable, ErrorKind::Unavailable),
        (FaultKind::CutBefore, ErrorKind::Network),
        (FaultKind::HtmlBody, ErrorKind::Unavailable),
    ] {
        for allowed in [1, 3] {
            let retry = RetryPolicy::default()
                .with_max_attempts(allowed)
                .with_base_delay(Duration::from_millis(2));
            let cloud = cx.connect(|config| config.with_retry(retry)).await?;
            for step in [Step::Put, Step::Create, Step::Part(1), Step::Complete] {
                let bytes = if step == Step::Put {
                    content(9)
                } else {
                    one_part()
                };
                let action = step.action(cx);
                let what = format!("{kind:?} at {action} with {allowed} attempts");
                cx.clear_calls();
                cx.controls()?
                    .inject(Fault::new(kind, action).with_times(ALWAYS));
                let request = cx.to_store("attempts", bytes)?;
                let result = cloud.storage()?.upload_file(request).await;
                cx.controls()?.clear_faults();
                let error = refused(&what, expected, result)?;
                ensure_eq!(cx.calls_to(action), allowed as usize, "{what}: calls");
                ensure!(error.is_retryable(), "{what}: {error} is not retryable");
                cx.holds_nothing(&what, "attempts").await?;
            }
        }
    }
    Ok(())
}

async fn each_part(cx: &Context) -> Verdict {
    let retry = RetryPolicy::default()
        .with_max_attempts(2)
        .with_base_delay(Duration::from_millis(2));
    let cloud = cx.connect(|config| config.with_retry(retry)).await?;
    for part in [1, 2, 3] {
        cx.controls()?
            .inject(Fault::new(FaultKind::Unavailable, "UploadPart").with_part(part));
    }
    cx.clear_calls();
    let bytes = content(2 * cx.part() + 1);
    let request = cx.to_store("each-part", bytes.clone())?;
    cloud.storage()?.upload_file(request).await?;
    ensure_eq!(cx.calls_to("UploadPart"), 6, "calls for three parts");
    cx.holds("each part", "each-part", &bytes).await?;
    Ok(())
}

async fn deadline(cx: &Context) -> Verdict {
    let limit = Duration::from_millis(400);
    for kind in [
        FaultKind::Delay(Duration::from_mins(1)),
        FaultKind::Throttle,
    ] {
        for step in [Step::Put, Step::Create, Step::Part(1), Step::Complete] {
            let what = format!("{kind:?} at {step:?}");
            let retry = RetryPolicy::default()
                .with_max_attempts(1000)
                .with_base_delay(Duration::from_millis(20))
                .with_deadline(Some(limit));
            let cloud = cx.connect(|config| config.with_retry(retry)).await?;
            let fault = Fault::new(kind, step.action(cx));
            cx.controls()?.inject(fault.with_times(ALWAYS));
            let bytes = if step == Step::Put {
                content(9)
            } else {
                one_part()
            };
            let request = cx.to_store("deadline", bytes)?;
            let started = Instant::now();
            let result = cloud.storage()?.upload_file(request).await;
            let took = started.elapsed();
            cx.controls()?.clear_faults();
            refused(&what, ErrorKind::Timeout, result)?;
            ensure!(
                took < Duration::from_secs(20),
                "{what}: it took {took:?} with a deadline of {limit:?}"
            );
            cx.holds_nothing_soon(&what, "deadline").await?;
        }
    }
    Ok(())
}
