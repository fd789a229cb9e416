//! Every fault at every call of an upload, once: it ends well, or with the right kind and nothing left.

use std::time::Duration;

use cloudapi_core::storage::{CHECKSUM_MISMATCH, UploadOutcome};
use cloudapi_core::{ErrorKind, Result};
use futures_util::FutureExt;

use super::content::content;
use super::stage::{File, THRESHOLD, same_content};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

/// How an upload ends that a fault struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The object is there and right.
    Stored,
    /// The same, and beside it may be an upload that was begun without anybody's hearing of it. It has no parts.
    StoredTwiceBegun,
    /// No object and no parts are there.
    Fails(ErrorKind),
    /// What arrived was not what was read: no object and no parts are there.
    Mismatch,
    /// It fails, because what was answered did not arrive or can't be read: Network or Unavailable. No object and no parts
    /// are there.
    Unread,
    /// The same, of a call that took effect all the same: what is there is right.
    Unheard,
}

use End::{Fails, Mismatch, Stored, StoredTwiceBegun, Unheard, Unread};
use ErrorKind::{Network, PermissionDenied, RateLimited, Unauthenticated, Unavailable};

/// A fault, and how it ends at each kind of call: PutObject, the beginning of an upload in parts, a part, the end.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) kind: FaultKind,
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    /// When it strikes once.
    pub(super) once: [End; 4],
    /// When it strikes every time.
    pub(super) lasting: [End; 4],
}

const fn row(
    kind: FaultKind,
    name: &'static str,
    words: &'static str,
    once: [End; 4],
    lasting: [End; 4],
) -> Row {
    Row {
        kind,
        name,
        words,
        once,
        lasting,
    }
}

const WELL: [End; 4] = [Stored; 4];
/// The call took effect, but nobody hears of it.
const UNHEARD: [End; 4] = [Stored, StoredTwiceBegun, Stored, Stored];

/// A delay that is no fault as long as somebody waits.
const DELAY: FaultKind = FaultKind::Delay(Duration::from_millis(50));

#[rustfmt::skip]
pub(super) const FAULTS: &[Row] = &[
    row(FaultKind::Throttle, "throttling", "throttling", WELL, [Fails(RateLimited); 4]),
    row(FaultKind::InternalError, "an-internal-error", "an internal error of the cloud", WELL, [Fails(Unavailable); 4]),
    row(FaultKind::Unavailable, "unavailability", "unavailability", WELL, [Fails(Unavailable); 4]),
    row(DELAY, "a-delay", "late answers", WELL, WELL),
    row(FaultKind::HtmlBody, "a-gateways-page", "a gateway's page of HTML", WELL, [Fails(Unavailable); 4]),
    row(FaultKind::CutBefore, "a-cut-before", "a connection cut before the effect", WELL, [Fails(Network); 4]),
    row(FaultKind::CutBody(700), "a-cut-in-the-middle", "a connection cut in the middle of the content", WELL, [Fails(Network); 4]),
    row(FaultKind::CutAfter, "a-cut-after", "a connection cut after the effect", UNHEARD,
        [Unheard, Unheard, Fails(Network), Stored]),
    row(FaultKind::TruncatedBody, "half-an-answer", "an answer that breaks off", UNHEARD,
        [Unheard, Unheard, Unread, Stored]),
    // What a put and a part are answered stands in headers.
    row(FaultKind::GarbageBody, "garbage", "an answer that is not the protocol", UNHEARD, [Stored, Unheard, Stored, Stored]),
    row(FaultKind::EmptyBody, "an-empty-answer", "an answer without a body", UNHEARD, [Stored, Unheard, Stored, Stored]),
    row(FaultKind::Corrupt, "a-bit-that-changes", "a bit that changes on the way to the disk",
        [Mismatch, Stored, Stored, Stored], [Mismatch, Stored, Mismatch, Stored]),
    row(FaultKind::WrongChecksum, "a-wrong-checksum", "a checksum that is not that of what was sent",
        [Mismatch, Stored, Stored, Mismatch], [Mismatch, Stored, Mismatch, Mismatch]),
    row(FaultKind::WhiteSpace, "white-space-before-the-end", "white space before the answer", WELL, WELL),
    row(FaultKind::LateError, "an-error-after-a-success", "an error within an answer of status 200",
        WELL, [Stored, Stored, Stored, Fails(Unavailable)]),
    row(FaultKind::Denied, "a-refusal", "being refused", [Fails(PermissionDenied); 4], [Fails(PermissionDenied); 4]),
    row(FaultKind::ExpiredKey, "a-key-that-is-over", "the key's being over",
        [Fails(Unauthenticated); 4], [Fails(Unauthenticated); 4]),
];

/// A place in an upload where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Put,
    Create,
    Part(u16),
    Complete,
}

impl Step {
    /// Every place, of an upload in three parts.
    pub(super) const ALL: [Self; 6] = [
        Self::Put,
        Self::Create,
        Self::Part(1),
        Self::Part(2),
        Self::Part(3),
        Self::Complete,
    ];

    pub(super) fn of(self, ends: [End; 4]) -> End {
        let [put, create, part, complete] = ends;
        match self {
            Self::Put => put,
            Self::Create => create,
            Self::Part(_) => part,
            Self::Complete => complete,
        }
    }

    pub(super) fn action(self, cx: &Context) -> &'static str {
        match self {
            Self::Put => "PutObject",
            Self::Create => cx.cloud_of_objects().create,
            Self::Part(_) => "UploadPart",
            Self::Complete => "CompleteMultipartUpload",
        }
    }

    pub(super) fn fault(self, cx: &Context, kind: FaultKind) -> Fault {
        let fault = Fault::new(kind, self.action(cx));
        match self {
            Self::Part(number) => fault.with_part(number),
            _ => fault,
        }
    }

    /// The size of content whose upload goes through this place: in three parts, of which the last has one byte, where it
    /// matters that there are others.
    pub(super) fn size(self, cx: &Context) -> u64 {
        match self {
            Self::Put => THRESHOLD,
            Self::Part(_) => 2 * cx.part() + 1,
            Self::Create | Self::Complete => THRESHOLD + 1,
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for row in FAULTS {
        let survives = row.once == WELL || row.once == UNHEARD;
        let verb = if survives {
            "survives"
        } else {
            "ends-cleanly-after"
        };
        let promise = if survives {
            format!(
                "An upload ends well after {} at any of its calls, and nothing is left half-way.",
                row.words
            )
        } else {
            format!(
                "After {} at any of its calls an upload ends well or with the right kind, and leaves nothing.",
                row.words
            )
        };
        let id = format!("storage/upload-{verb}-{}", row.name);
        let case = Case::new(id, promise, move |cx| struck_once(cx, row).boxed());
        cases.push(case.needs([Need::Faults]));
    }
    cases
}

/// Uploads a file, which is read again by each attempt.
async fn struck_once(cx: &Context, row: &'static Row) -> Verdict {
    for (number, step) in Step::ALL.into_iter().enumerate() {
        let what = format!("{:?} once at {step:?}", row.kind);
        let bytes = content(step.size(cx));
        let file = File::new(&bytes)?;
        let name = format!("struck-{number}");
        cx.controls()?.inject(step.fault(cx, row.kind));
        let request = cx.to_store(&name, file.source())?;
        let result = cx.upload(request).await?;
        cx.controls()?.clear_faults();
        ends(cx, &what, &name, &bytes, result, step.of(row.once)).await?;
    }
    Ok(())
}

/// Checks that an upload ended as it has to.
pub(super) async fn ends(
    cx: &Context,
    what: &str,
    name: &str,
    bytes: &[u8],
    result: Result<UploadOutcome>,
    end: End,
) -> Verdict {
    match end {
        Stored | StoredTwiceBegun => {
            let outcome =
                result.map_err(|error| Failure::new(format!("{what}: failed: {error}")))?;
            let object = cx.object(name).await?;
            same_content(what, &object.content, bytes)?;
            if end == Stored {
                cx.holds(what, name, bytes).await?;
            }
            no_parts_left(cx, what, name).await?;
            let size = bytes.len() as u64;
            let parts = size.div_ceil(cx.part());
            ensure_eq!(
                (outcome.size, outcome.parts.into()),
                (size, parts),
                "{what}: size and parts"
            );
            ensure_eq!(outcome.e_tag, Some(object.e_tag), "{what}: the ETag");
            let checksum = outcome
                .checksum
                .map(|sum| format!("{} {}", sum.algorithm, sum.value));
            let expected = cx.cloud_of_objects().checksum(bytes);
            ensure_eq!(checksum, Some(expected), "{what}: the checksum");
        }
        Fails(kind) => {
            refused(what, kind, result)?;
            cx.holds_nothing(what, name).await?;
        }
        Mismatch => {
            let error = refused(what, ErrorKind::Other, result)?;
            ensure_eq!(
                error.code(),
                Some(CHECKSUM_MISMATCH),
                "{what}: the code of {error}"
            );
            cx.holds_nothing(what, name).await?;
        }
        Unread => {
            is_unread(what, result)?;
            cx.holds_nothing(what, name).await?;
        }
        Unheard => {
            is_unread(what, result)?;
            if let Some(object) = cx.stored(name).await? {
                same_content(what, &object.content, bytes)?;
            }
            no_parts_left(cx, what, name).await?;
        }
    }
    Ok(())
}

fn is_unread(what: &str, result: Result<UploadOutcome>) -> Verdict {
    let kind = result.map_or_else(|error| Some(error.kind()), |_| None);
    ensure!(
        matches!(kind, Some(Network | Unavailable)),
        "{what}: expected Network or Unavailable, found {kind:?}"
    );
    Ok(())
}

async fn no_parts_left(cx: &Context, what: &str, name: &str) -> Verdict {
    let open = cx.left_open_for(name).await?;
    let parts: usize = open.iter().map(|upload| upload.parts.len()).sum();
    ensure_eq!(parts, 0, "{what}: parts left");
    Ok(())
}
