//! What all calls have in common, whatever the protocol: they are counted and recorded, faults strike them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::emulator::Shared;
use crate::fault::FaultKind;
use crate::record::{self, Call};
use crate::storage::{Slice, SliceBody};
use crate::{Cloud, clock};

/// A response body that may break off.
pub(crate) type Answer = Response<BoxBody<Bytes, Cut>>;

/// The connection is to be closed without (the rest of) an answer.
#[derive(Debug)]
pub(crate) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the connection was cut by a fault")
    }
}

impl std::error::Error for Cut {}

/// Which call this is.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    pub(crate) cloud: Cloud,
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) region: String,
    pub(crate) parameters: serde_json::Value,
    pub(crate) request_id: String,
}

/// What a service answers.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Sent instead of the body.
    pub(crate) slice: Option<Slice>,
    /// The vendor's error code, for the record.
    pub(crate) code: Option<String>,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static(content_type),
        );
        Self {
            status,
            headers,
            body: body.into(),
            slice: None,
            code: None,
        }
    }

    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Adds a header whose name the client chose, unless it is none.
    pub(crate) fn with_named_header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// What a fault changes about the effect of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Twist {
    /// Nothing.
    None,
    /// Only half of a batch is done.
    Half,
    /// The task that the call begins will fail, for this reason.
    FailTask(String),
    /// One of the faults that only the storage services know.
    Storage(FaultKind),
}

/// Runs one call.
///
/// `effect` does it, once, with the twist that a fault gives it. `refuse` words the faults that are
/// errors of the vendor's: throttling, internal errors, a key or a clock refused, and [`FaultKind::ErrorCode`].
pub(crate) async fn run(
    shared: &Arc<Shared>,
    meta: Meta,
    refuse: impl FnOnce(&FaultKind) -> Reply,
    effect: impl AsyncEffect,
) -> Result<Answer, Cut> {
    let flight = Flight::begin(shared);
    tracing::debug!(cloud = ?meta.cloud, service = meta.service, action = meta.action, "emulator called");
    let part = meta.parameters["PartNumber"].as_u64();
    let (delay, fault) = shared
        .faults()
        .take(meta.cloud, &meta.service, &meta.action, part);
    let number = shared.record().begin(Call {
        cloud: meta.cloud,
        service: meta.service,
        action: meta.action,
        region: meta.region,
        at: clock::iso_millis(shared.clock.now()),
        in_flight: flight.number,
        request_id: meta.request_id,
        status: None,
        error_code: None,
        parameters: record::without_secrets(meta.parameters),
    });
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let reply = match &fault {
        Some(FaultKind::CutBefore) => return Err(Cut),
        Some(FaultKind::HtmlBody) => Reply::new(502, "text/html", HTML),
        Some(FaultKind::PartialBatch) => effect.run(Twist::Half).await?,
        Some(FaultKind::FailedTask(reason)) => effect.run(Twist::FailTask(reason.clone())).await?,
        Some(kind) if kind.is_of_storage() => effect.run(Twist::Storage(kind.clone())).await?,
        None
        | Some(
            FaultKind::Delay(_)
            | FaultKind::CutAfter
            | FaultKind::TruncatedBody
            | FaultKind::GarbageBody
            | FaultKind::EmptyBody,
        ) => effect.run(Twist::None).await?,
        Some(refused) => refuse(refused),
    };
    let reply = match fault {
        Some(FaultKind::CutAfter) => return Err(Cut),
        Some(FaultKind::GarbageBody) => Reply {
            status: 200,
            body: Bytes::from_static(b"\x01~ not the protocol {<"),
            slice: None,
            ..reply
        },
        Some(FaultKind::EmptyBody) => Reply {
            status: 200,
            body: Bytes::new(),
            slice: None,
            ..reply
        },
        _ => reply,
    };
    shared
        .record()
        .finish(number, reply.status, reply.code.clone());
    let truncated = fault == Some(FaultKind::TruncatedBody);
    drop(flight);
    Ok(answer(shared, reply, truncated))
}

const HTML: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// An effect that a call has: a function of the twist, for services that answer at once.
pub(crate) trait AsyncEffect {
    /// Does it. An upload may find the connection cut before there is an answer.
    fn run(self, twist: Twist) -> impl Future<Output = Result<Reply, Cut>> + Send;
}

impl<F: FnOnce(Twist) -> Reply + Send> AsyncEffect for F {
    fn run(self, twist: Twist) -> impl Future<Output = Result<Reply, Cut>> + Send {
        std::future::ready(Ok(self(twist)))
    }
}

/// Puts the reply on the wire, with the server's time.
pub(crate) fn answer(shared: &Shared, mut reply: Reply, truncated: bool) -> Answer {
    if truncated || !reply.body.is_empty() {
        // A length that was given for an answer without a body is not that of this one.
        reply.headers.remove(http::header::CONTENT_LENGTH);
    }
    let body = if let Some(slice) = reply.slice {
        SliceBody::new(slice, truncated).boxed()
    } else if truncated {
        HalfBody::new(&reply.body).boxed()
    } else {
        Full::new(reply.body)
            .map_err(|never| match never {})
            .boxed()
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = reply.headers;
    if let Ok(date) = HeaderValue::from_str(&clock::http_date(shared.clock.now())) {
        response.headers_mut().insert(http::header::DATE, date);
    }
    response
}

/// Counts a call as under way until it is dropped, which is also when the client hangs up.
struct Flight<'a> {
    shared: &'a Shared,
    number: usize,
}

impl<'a> Flight<'a> {
    fn begin(shared: &'a Shared) -> Self {
        let number = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        shared.max_in_flight.fetch_max(number, Ordering::SeqCst);
        Self { shared, number }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.shared.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Announces a whole body, sends half of it, and breaks off.
struct HalfBody {
    announced: u64,
    half: Option<Bytes>,
    /// Lets the half leave before the connection ends.
    pause: Pin<Box<Sleep>>,
}

impl HalfBody {
    fn new(whole: &Bytes) -> Self {
        let announced = (whole.len() as u64).max(1);
        let half = Some(whole.slice(..whole.len() / 2));
        Self {
            announced,
            half,
            pause: Box::pin(tokio::time::sleep(Duration::from_millis(20))),
        }
    }
}

impl Body for HalfBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        ready!(self.pause.as_mut().poll(context));
        Poll::Ready(Some(Err(Cut)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
