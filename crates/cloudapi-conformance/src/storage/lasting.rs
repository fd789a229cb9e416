//! Every fault at every call of an upload, for good: it ends with the right kind, and nothing is left.

use std::time::Duration;

use cloudapi_core::RetryPolicy;
use futures_util::FutureExt;

use super::content::content;
use super::faults::{End, FAULTS, Row, Step, ends};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq};
use crate::target::Need;

/// More than the policy here allows attempts.
const ALWAYS: u32 = 10_000;

const ATTEMPTS: u32 = 3;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for row in FAULTS {
        let case = Case::new(
            format!(
                "storage/upload-leaves-nothing-wrong-when-{}-lasts",
                row.name
            ),
            format!(
                "When {} lasts at any of its calls, an upload ends with the right kind after the allowed attempts of that \
                 call; no parts are left and no object that is wrong.",
                row.words
            ),
            move |cx| struck_always(cx, row).boxed(),
        );
        cases.push(case.needs([Need::Faults, Need::CallLog]));
    }
    cases
}

/// Where a fault strikes that lasts: a part between others is as good as any.
const STEPS: [Step; 4] = [Step::Put, Step::Create, Step::Part(2), Step::Complete];

/// Uploads bytes at hand.
async fn struck_always(cx: &Context, row: &'static Row) -> Verdict {
    let retry = RetryPolicy::default()
        .with_max_attempts(ATTEMPTS)
        .with_base_delay(Duration::from_millis(2));
    let cloud = cx.connect(|config| config.with_retry(retry)).await?;
    for (number, step) in STEPS.into_iter().enumerate() {
        let what = format!("{:?} for good at {step:?}", row.kind);
        let bytes = content(step.size(cx));
        let name = format!("struck-{number}");
        let request = cx.to_store(&name, bytes.clone())?;
        cx.clear_calls();
        let fault = step.fault(cx, row.kind);
        cx.controls()?.inject(fault.with_times(ALWAYS));
        let result = cloud.storage()?.upload_file(request).await;
        cx.controls()?.clear_faults();
        let end = step.of(row.lasting);
        ends(cx, &what, &name, &bytes, result, end).await?;
        attempts_are_right(cx, &what, step, end, row)?;
    }
    Ok(())
}

/// Checks how often the call that failed was made.
fn attempts_are_right(cx: &Context, what: &str, step: Step, end: End, row: &Row) -> Verdict {
    let passing = row.once != row.lasting;
    let allowed = if passing { ATTEMPTS as usize } else { 1 };
    let made = cx.calls_to(step.action(cx));
    match (step, end) {
        (_, End::Stored) => {}
        // Other parts are under way beside the one that fails.
        (Step::Part(_), _) => {
            let most = allowed + 2;
            ensure!(made <= most, "{what}: {made} calls, at most {most} allowed");
        }
        // A mismatch of the whole is final: what is there is removed.
        (Step::Put | Step::Complete, End::Mismatch) => ensure_eq!(made, 1, "{what}: calls"),
        _ => ensure_eq!(made, allowed, "{what}: calls"),
    }
    Ok(())
}
