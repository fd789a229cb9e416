//! Where requests of the storage services arrive, with their bodies unread.

use std::sync::Arc;

use http::HeaderValue;
use http::request::Parts;
use hyper::body::Incoming;

use crate::Cloud;
use crate::emulator::Shared;
use crate::exchange::{self, Answer, AsyncEffect, Cut, Meta, Reply, Twist};
use crate::fault::FaultKind;
use crate::storage::{Call, Failure, Request, RequestBody, cos, s3};

/// Serves one call of S3 or COS.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    request: http::Request<Incoming>,
) -> Result<Answer, Cut> {
    let (parts, incoming) = request.into_parts();
    let waits = text(&parts, "expect").eq_ignore_ascii_case("100-continue");
    let mut body = RequestBody::new(incoming, waits);
    let cloud = cloud(&parts);
    let request_id = match cloud {
        Cloud::Aws => s3::request_id(shared),
        Cloud::Tencent => cos::request_id(shared),
    };
    let request = Request::new(parts, cloud, &shared.storage);
    let (action, region) = match cloud {
        Cloud::Aws => (s3::action(&request), s3::region(&request)),
        Cloud::Tencent => (cos::action(&request), cos::region(&request)),
    };
    let meta = Meta {
        cloud,
        service: match cloud {
            Cloud::Aws => "s3".to_owned(),
            Cloud::Tencent => "cos".to_owned(),
        },
        action: action.to_owned(),
        region,
        parameters: request.to_json(),
        request_id: request_id.clone(),
    };
    let refuse = |fault: &FaultKind| match cloud {
        Cloud::Aws => s3::refuse(&request, fault, &request_id),
        Cloud::Tencent => cos::refuse(&request, fault, &request_id),
    };
    let effect = Effect {
        shared,
        cloud,
        request: &request,
        request_id: &request_id,
        action,
        body: &mut body,
    };
    let mut answer = exchange::run(shared, meta, refuse, effect).await?;
    shared.storage.spell(&mut answer).await;
    if !body.drain().await {
        // What was not read would be taken for the next request.
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(http::header::CONNECTION, close);
    }
    Ok(answer)
}

/// Which cloud is spoken to: the signature says so; without one, the host and the headers.
fn cloud(parts: &Parts) -> Cloud {
    let authorization = text(parts, "authorization");
    let query = parts.uri.query().unwrap_or_default();
    let host = text(parts, "host");
    let of_cos = |name: &http::HeaderName| name.as_str().starts_with("x-cos-");
    if authorization.starts_with("AWS4-") || query.contains("X-Amz-") {
        Cloud::Aws
    } else if authorization.contains("q-sign-algorithm=")
        || query.contains("q-sign-algorithm=")
        || host.contains(".myqcloud.com")
        || host.contains(".tencentcos.cn")
        || parts.headers.keys().any(of_cos)
    {
        Cloud::Tencent
    } else {
        Cloud::Aws
    }
}

fn text<'a>(parts: &'a Parts, name: &str) -> &'a str {
    let value = parts.headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// What the call does, once faults have had their say.
struct Effect<'a> {
    shared: &'a Shared,
    cloud: Cloud,
    request: &'a Request,
    request_id: &'a str,
    action: &'static str,
    body: &'a mut RequestBody,
}

impl AsyncEffect for Effect<'_> {
    async fn run(self, twist: Twist) -> Result<Reply, Cut> {
        if let Twist::Storage(FaultKind::CutBody(bytes)) = twist {
            self.body.cut_at(bytes);
        }
        let call = Call {
            shared: self.shared,
            cloud: self.cloud,
            request: self.request,
            request_id: self.request_id,
            now: self.shared.clock.now(),
            twist,
        };
        let done = match self.cloud {
            Cloud::Aws => s3::perform(&call, self.action, self.body).await,
            Cloud::Tencent => cos::perform(&call, self.action, self.body).await,
        };
        match (done, self.cloud) {
            (Ok(reply), Cloud::Aws) => Ok(s3::finish(reply, self.request_id)),
            (Ok(reply), Cloud::Tencent) => Ok(cos::finish(reply, self.request_id)),
            (Err(Failure::Refused(error)), Cloud::Aws) => {
                Ok(s3::refusal(self.request, &error, self.request_id))
            }
            (Err(Failure::Refused(error)), Cloud::Tencent) => {
                Ok(cos::refusal(self.request, &error, self.request_id))
            }
            (Err(Failure::Cut), _) => Err(Cut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cloud_is_told_by_signature_host_and_headers() {
        for (name, value, expected) in [
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/s3/aws4_request",
                Cloud::Aws,
            ),
            (
                "authorization",
                "q-sign-algorithm=sha1&q-ak=x",
                Cloud::Tencent,
            ),
            ("host", "a-1.cos.ap-guangzhou.myqcloud.com", Cloud::Tencent),
            ("host", "a.localhost", Cloud::Aws),
            ("x-cos-acl", "private", Cloud::Tencent),
        ] {
            let request = http::Request::put("/k")
                .header(name, value)
                .body(())
                .unwrap();
            assert_eq!(cloud(&request.into_parts().0), expected, "{name}: {value}");
        }
    }
}
