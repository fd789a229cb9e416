//! Header names in the vendors' spelling.
//!
//! HTTP does not care about the case of a name, but Tencent's Python SDK gives headers as a dictionary with the names as they
//! came, and looks for `ETag` and `Content-Length` there. hyper writes names in lower case, unless the message carries the
//! spelling that hyper itself has noted while it read another one: so it is given one to read.

use std::sync::{Arc, Mutex, PoisonError};

use http::{Extensions, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

/// All names that are not in lower case at the vendors.
const SAMPLE: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept-Ranges: -\r\nCache-Control: -\r\n\
    Content-Disposition: -\r\nContent-Encoding: -\r\nContent-Language: -\r\nContent-Length: 0\r\nContent-Range: -\r\n\
    Content-Type: -\r\nDate: -\r\nETag: -\r\nExpires: -\r\nLast-Modified: -\r\nLocation: -\r\nServer: -\r\n\r\n";

/// What an answer has to carry for its headers to be spelled so.
pub(crate) async fn vendors_spelling() -> Extensions {
    let noted = Arc::new(Mutex::new(Extensions::new()));
    let service = service_fn(|request: Request<Incoming>| {
        let read = request.extensions().clone();
        *noted.lock().unwrap_or_else(PoisonError::into_inner) = read;
        std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(Empty::<
            &[u8],
        >::new(
        ))))
    });
    let connection = http1::Builder::new()
        .preserve_header_case(true)
        .serve_connection(
            TokioIo::new(tokio::io::join(SAMPLE, tokio::io::sink())),
            service,
        )
        .await;
    if let Err(error) = connection {
        tracing::debug!(%error, "header names stay in lower case");
    }
    let noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
    noted.clone()
}
