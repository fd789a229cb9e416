//! Where requests of the storage services arrive, with their bodies unread.

use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;

use crate::emulator::Shared;
use crate::exchange::{self, Answer, Cut, Reply};

/// Answers in the shape that S3 and COS share that there is no such service here.
// `async` and the unread body are the frame's: an upload is read while it is stored.
#[expect(clippy::unused_async, reason = "a storage service reads the body here")]
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    _request: Request<Incoming>,
) -> Result<Answer, Cut> {
    let request_id = shared.request_id();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NotImplemented</Code><Message>A header you provided \
         implies functionality that is not implemented.</Message><RequestId>{request_id}</RequestId></Error>"
    );
    let reply = Reply::new(501, "application/xml", body)
        .with_header("x-amz-request-id", &request_id)
        .with_header("x-cos-request-id", &request_id);
    Ok(exchange::answer(shared, reply, false))
}
