//! The port: accepts connections and finds out which protocol a request speaks.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::emulator::Shared;
use crate::exchange::{Answer, Cut};
use crate::{aws, control, rest, tencent};

/// The largest body of a call that is not an object's content: Tencent Cloud's limit, and some room to refuse more.
const LARGEST: usize = 11 * 1024 * 1024;

/// Serves until it is cancelled; the connections go with it.
pub(crate) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that failed while being accepted is the client's loss; the port goes on.
                if let Ok((stream, peer)) = accepted {
                    connections.spawn(connection(stream, peer, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { serve(&shared, peer, request).await }
    });
    // Answers are written whole, so waiting for more to send only costs time.
    let _ = stream.set_nodelay(true);
    let served = http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "emulator connection ended");
    }
}

async fn serve(
    shared: &Arc<Shared>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Answer, Cut> {
    let (parts, body) = request.into_parts();
    match Protocol::of(&parts) {
        Protocol::Control => Ok(control::serve(shared, peer, &parts, &read(body).await?)),
        Protocol::Tencent => tencent::serve(shared, parts, read(body).await?).await,
        Protocol::AwsQuery => aws::serve(shared, parts, read(body).await?).await,
        Protocol::Rest => rest::serve(shared, Request::from_parts(parts, body)).await,
    }
}

async fn read(body: Incoming) -> Result<Bytes, Cut> {
    Limited::new(body, LARGEST)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|_| Cut)
}

/// What a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// The emulator's own.
    Control,
    /// API 3.0: JSON, signed with TC3.
    Tencent,
    /// EC2, ELB, STS: a form.
    AwsQuery,
    /// S3 and COS: resources as paths, bodies of any size.
    Rest,
}

impl Protocol {
    fn of(parts: &Parts) -> Self {
        let text = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let authorization = text("authorization");
        if parts.uri.path().starts_with(control::PREFIX) {
            Self::Control
        } else if authorization.starts_with("TC3-") || parts.headers.contains_key("x-tc-action") {
            Self::Tencent
        } else if authorization.contains("/s3/aws4_request")
            || authorization.contains("q-sign-algorithm=")
        {
            Self::Rest
        } else if authorization.starts_with("AWS4-")
            || parts.method == Method::POST
                && text("content-type").starts_with("application/x-www-form-urlencoded")
        {
            Self::AwsQuery
        } else {
            Self::Rest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_told_apart_by_signature_and_headers() {
        let of =
            |build: http::request::Builder| Protocol::of(&build.body(()).unwrap().into_parts().0);
        let aws = "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/ec2/aws4_request";
        assert_eq!(
            of(Request::post("/").header("authorization", aws)),
            Protocol::AwsQuery
        );
        let unsigned = Request::post("/").header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        );
        assert_eq!(of(unsigned), Protocol::AwsQuery);
        assert_eq!(
            of(Request::post("/").header("x-tc-action", "DescribeZones")),
            Protocol::Tencent
        );
        assert_eq!(
            of(Request::post("/").header("authorization", "TC3-HMAC-SHA256 x")),
            Protocol::Tencent
        );
        let s3 = aws.replace("ec2", "s3");
        assert_eq!(
            of(Request::put("/bucket/key").header("authorization", s3)),
            Protocol::Rest
        );
        assert_eq!(
            of(Request::put("/key").header("authorization", "q-sign-algorithm=sha1&q-ak=x")),
            Protocol::Rest
        );
        assert_eq!(of(Request::get("/_emulator/calls")), Protocol::Control);
    }
}
