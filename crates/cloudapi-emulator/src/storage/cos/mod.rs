//! COS: which action a request is, who signed it, and how it is answered.

mod attributes;
mod bucket;
mod multipart;
mod object;

use crate::auth::{Refusal, qsign};
use crate::emulator::Shared;
use crate::exchange::Reply;
use crate::fault::FaultKind;
use crate::storage::checksum;
use crate::storage::error::DECLARATION;
use crate::storage::{Call, Error, Failure, Request, RequestBody};

const LARGEST_KEY: usize = 850;

/// What COS has besides objects, in the query of a request. Those that the emulator does not know are not ignored.
const SUBRESOURCES: [&str; 27] = [
    "accelerate",
    "acl",
    "append",
    "cors",
    "delete",
    "domain",
    "encryption",
    "intelligenttiering",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "object-lock",
    "origin",
    "policy",
    "referer",
    "rename",
    "replication",
    "restore",
    "retention",
    "select",
    "symlink",
    "tagging",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// An action that there is not.
const UNKNOWN: &str = "NotImplemented";

/// The action's name, as policies have it; [`UNKNOWN`] for all that are not served.
pub(crate) fn action(request: &Request) -> &'static str {
    let mut subresources = SUBRESOURCES.iter().filter(|name| request.has(name));
    let subresource = subresources.next().copied().unwrap_or_default();
    let has_upload = request.has("uploadId");
    let copies = request.header("x-cos-copy-source").is_some();
    let (in_bucket, on_key) = (!request.bucket.is_empty(), !request.key.is_empty());
    match (request.method(), subresource) {
        ("GET", "") if !in_bucket => "GetService",
        _ if !in_bucket => UNKNOWN,
        ("PUT", "") if !on_key => "PutBucket",
        ("HEAD", "") if !on_key => "HeadBucket",
        ("DELETE", "") if !on_key => "DeleteBucket",
        ("GET", "uploads") if !on_key => "ListMultipartUploads",
        ("GET", "") if !on_key => "GetBucket",
        _ if !on_key => UNKNOWN,
        ("PUT", "") if copies => UNKNOWN,
        ("PUT", "") if has_upload || request.has("partNumber") => "UploadPart",
        ("PUT", "") => "PutObject",
        ("POST", "uploads") => "InitiateMultipartUpload",
        ("POST", "") if has_upload => "CompleteMultipartUpload",
        ("DELETE", "") if has_upload => "AbortMultipartUpload",
        ("DELETE", "") => "DeleteObject",
        ("GET", "") if has_upload => "ListParts",
        ("GET", "tagging") => "GetObjectTagging",
        ("GET", "") => "GetObject",
        ("HEAD", "") => "HeadObject",
        _ => UNKNOWN,
    }
}

/// The region that the host names.
pub(crate) fn region(request: &Request) -> String {
    request.region.clone().unwrap_or_default()
}

/// COS's ids are Base64.
pub(crate) fn request_id(shared: &Shared) -> String {
    let id = shared.request_id().replace('-', "_");
    checksum::base64(id.as_bytes())
}

/// Does it.
pub(crate) async fn perform(
    call: &Call<'_>,
    action: &str,
    body: &mut RequestBody,
) -> Result<Reply, Failure> {
    qsign::verify(&call.request.parts, &call.shared.tencent_keys, call.now).map_err(of_refusal)?;
    if action == UNKNOWN {
        return Err(Error::not_implemented(call.request.method()).into());
    }
    check_address(call, action)?;
    match action {
        "PutObject" => object::put(call, body).await,
        "UploadPart" => multipart::upload_part(call, body).await,
        "CompleteMultipartUpload" => multipart::complete(call, body).await,
        _ => {
            body.document(crate::storage::LARGEST_DOCUMENT).await?;
            Ok(answer(call, action)?)
        }
    }
}

/// The actions that take no body.
fn answer(call: &Call<'_>, action: &str) -> Result<Reply, Error> {
    match action {
        "GetObject" | "HeadObject" => object::get(call),
        "DeleteObject" => object::delete(call),
        "GetObjectTagging" => object::tagging(call),
        "InitiateMultipartUpload" => multipart::initiate(call),
        "AbortMultipartUpload" => multipart::abort(call),
        "ListParts" => multipart::list_parts(call),
        "ListMultipartUploads" => multipart::list_uploads(call),
        "GetService" => Ok(bucket::list(call)),
        "PutBucket" => bucket::create(call),
        "HeadBucket" => bucket::head(call),
        "DeleteBucket" => bucket::delete(call),
        "GetBucket" => bucket::list_objects(call),
        _ => Err(Error::not_implemented(call.request.method())),
    }
}

/// The bucket is there and in the region that the host names, the key is one that COS takes.
fn check_address(call: &Call<'_>, action: &str) -> Result<(), Error> {
    let request = call.request;
    if request.unreadable {
        return Err(Error::client(
            "InvalidURI",
            "Could not parse the specified URI.",
        ));
    }
    if matches!(action, "GetService" | "PutBucket") {
        return Ok(());
    }
    let home = call.in_bucket(|bucket| Ok(bucket.region.clone()))?;
    if request
        .region
        .as_ref()
        .is_some_and(|region| *region != home)
    {
        return Err(Error::no_such_bucket(&request.bucket));
    }
    if request.key.starts_with('/') {
        let message = "The object key can't start with a slash.";
        return Err(Error::client("InvalidArgument", message));
    }
    if request.key.len() > LARGEST_KEY {
        return Err(Error::client("KeyTooLong", "Your key is too long."));
    }
    Ok(())
}

fn of_refusal(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Missing => Error::new(403, "AccessDenied", "Access Denied."),
        Refusal::Incomplete(message) => Error::new(403, "AccessDenied", message),
        Refusal::UnknownKey(_) | Refusal::Token => Error::new(
            403,
            "InvalidAccessKeyId",
            "The Access Key Id you provided does not exist in our records.",
        ),
        Refusal::Signature | Refusal::Payload => Error::new(
            403,
            "SignatureDoesNotMatch",
            "The Signature you specified is invalid.",
        ),
        Refusal::Clock(message) if message.is_empty() => {
            Error::new(403, "AccessDenied", "Request has expired")
        }
        Refusal::Clock(_) => Error::new(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
        Refusal::Expired => Error::new(403, "ExpiredToken", "The provided token has expired."),
    }
}

/// What a fault on demand looks like here.
pub(crate) fn refuse(request: &Request, fault: &FaultKind, request_id: &str) -> Reply {
    let error = match fault {
        FaultKind::Throttle => Error::new(503, "SlowDown", "Please reduce your request rate."),
        FaultKind::Unavailable => Error::new(503, "ServiceUnavailable", "Service is unavailable."),
        FaultKind::ErrorCode {
            status,
            code,
            message,
        } => Error::new(*status, code.clone(), message.clone()),
        FaultKind::ExpiredKey => of_refusal(Refusal::Expired),
        FaultKind::ClockSkew => of_refusal(Refusal::Clock("too far off".to_owned())),
        _ => Error::internal(),
    };
    refusal(request, &error, request_id)
}

/// An error as COS answers it.
pub(crate) fn refusal(request: &Request, error: &Error, request_id: &str) -> Reply {
    let trace = trace_id(request_id);
    let resource = resource(request);
    let tail = tail(&resource, request_id, &trace);
    let mut reply = error.clone().without_details().reply(&tail);
    if request.method() == "HEAD" || error.status == 304 {
        reply.body = bytes::Bytes::new();
    }
    finish(reply, request_id).with_header("x-cos-trace-id", &trace)
}

/// What stands at the end of each error.
fn tail<'a>(
    resource: &'a str,
    request_id: &'a str,
    trace: &'a str,
) -> [(&'static str, &'a str); 3] {
    [
        ("Resource", resource),
        ("RequestId", request_id),
        ("TraceId", trace),
    ]
}

fn resource(request: &Request) -> String {
    let host = request.header("host").unwrap_or_default();
    format!("{host}{}", request.parts.uri.path())
}

fn trace_id(request_id: &str) -> String {
    checksum::base64(format!("trace {request_id}").as_bytes())
}

/// Adds what every answer has.
pub(crate) fn finish(reply: Reply, request_id: &str) -> Reply {
    reply
        .with_header("x-cos-request-id", request_id)
        .with_header("server", "tencent-cos")
}

/// A document with this root.
fn document(root: &str, inside: &str) -> Reply {
    let body = format!("{DECLARATION}<{root}>{inside}</{root}>");
    Reply::new(200, "application/xml", body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cloud;
    use crate::storage::Storage;

    #[test]
    fn actions_are_told_by_method_path_and_query() {
        let storage = Storage::new().unwrap();
        for (method, uri, expected) in [
            ("PUT", "/", "PutBucket"),
            ("GET", "/?uploads", "ListMultipartUploads"),
            ("GET", "/", "GetBucket"),
            ("PUT", "/k", "PutObject"),
            ("PUT", "/k?partNumber=1&uploadId=u", "UploadPart"),
            ("POST", "/k?uploads=", "InitiateMultipartUpload"),
            ("POST", "/k?uploadId=u", "CompleteMultipartUpload"),
            ("GET", "/k?uploadId=u", "ListParts"),
            ("DELETE", "/k?uploadId=u", "AbortMultipartUpload"),
            ("POST", "/k?append&position=0", UNKNOWN),
            ("GET", "/k?acl", UNKNOWN),
        ] {
            let host = "a-1250000000.cos.ap-guangzhou.myqcloud.com";
            let request = http::Request::builder()
                .method(method)
                .uri(uri)
                .header("host", host);
            let parts = request.body(()).unwrap().into_parts().0;
            let request = Request::new(parts, Cloud::Tencent, &storage);
            assert_eq!(action(&request), expected, "{method} {uri}");
        }
    }
}
