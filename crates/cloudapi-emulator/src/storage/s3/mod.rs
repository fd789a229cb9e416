//! S3: which action a request is, who signed it, and how it is answered.

mod attributes;
mod bucket;
mod chunked;
mod complete;
mod multipart;
mod object;
mod receive;

use crate::auth::sigv4::{self, Signed};
use crate::auth::{Refusal, chunk::ChunkSigner};
use crate::emulator::Shared;
use crate::exchange::Reply;
use crate::fault::FaultKind;
use crate::fixtures::AWS_ACCOUNT;
use crate::storage::error::DECLARATION;
use crate::storage::{Call, Error, Failure, Request, RequestBody};
use crate::world;

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// S3 allows more than the other services.
const TOLERANCE: time::Duration = time::Duration::minutes(15);

const LARGEST_KEY: usize = 1024;

/// The word for a body whose chunks are signed, and how those with a trailer go on.
const SIGNED_CHUNKS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_CHUNKS_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_CHUNKS_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What S3 has besides objects, in the query of a request. Those that the emulator does not know are not ignored.
const SUBRESOURCES: [&str; 31] = [
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "tagging",
    "torrent",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// An action that there is not.
const UNKNOWN: &str = "NotImplemented";

/// The action's name; [`UNKNOWN`] for all that are not served.
pub(crate) fn action(request: &Request) -> &'static str {
    let mut subresources = SUBRESOURCES.iter().filter(|name| request.has(name));
    let subresource = subresources.next().copied().unwrap_or_default();
    let has_upload = request.has("uploadId");
    let copies = request.header("x-amz-copy-source").is_some();
    let (in_bucket, on_key) = (!request.bucket.is_empty(), !request.key.is_empty());
    match (request.method(), subresource) {
        ("GET", "") if !in_bucket => "ListBuckets",
        _ if !in_bucket => UNKNOWN,
        ("PUT", "") if !on_key => "CreateBucket",
        ("PUT", "versioning") if !on_key => "PutBucketVersioning",
        ("HEAD", "") if !on_key => "HeadBucket",
        ("DELETE", "") if !on_key => "DeleteBucket",
        ("GET", "location") if !on_key => "GetBucketLocation",
        ("GET", "versioning") if !on_key => "GetBucketVersioning",
        ("GET", "versions") if !on_key => "ListObjectVersions",
        ("GET", "uploads") if !on_key => "ListMultipartUploads",
        ("GET", "") if !on_key && request.query("list-type") == Some("2") => "ListObjectsV2",
        ("GET", "") if !on_key => "ListObjects",
        _ if !on_key => UNKNOWN,
        ("PUT", "") if copies => UNKNOWN,
        ("PUT", "") if has_upload || request.has("partNumber") => "UploadPart",
        ("PUT", "") => "PutObject",
        ("POST", "uploads") => "CreateMultipartUpload",
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

/// The region that was signed for.
pub(crate) fn region(request: &Request) -> String {
    let scope = sigv4::scope(&request.parts.headers);
    scope.map(|scope| scope.region).unwrap_or_default()
}

/// S3's ids are shorter than those of other services.
pub(crate) fn request_id(shared: &Shared) -> String {
    let id = shared.request_id().replace('-', "").to_ascii_uppercase();
    id[..16].to_owned()
}

/// Does it.
pub(crate) async fn perform(
    call: &Call<'_>,
    action: &str,
    body: &mut RequestBody,
) -> Result<Reply, Failure> {
    let (signed, payload) = authenticate(call)?;
    let upload = Upload {
        payload,
        chunks: signed.chunks,
    };
    if action == UNKNOWN {
        return Err(Error::not_implemented(call.request.method()).into());
    }
    check_address(call, action)?;
    match action {
        "PutObject" => object::put(call, body, upload).await,
        "UploadPart" => multipart::upload_part(call, body, upload).await,
        "CompleteMultipartUpload" => complete::complete(call, body, &upload.payload).await,
        "CreateBucket" => bucket::create(call, body, &upload.payload).await,
        "PutBucketVersioning" => bucket::set_versioning(call, body, &upload.payload).await,
        _ => {
            receive::nothing(body, &upload.payload).await?;
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
        "CreateMultipartUpload" => multipart::create(call),
        "AbortMultipartUpload" => multipart::abort(call),
        "ListParts" => multipart::list_parts(call),
        "ListMultipartUploads" => multipart::list_uploads(call),
        "ListBuckets" => Ok(bucket::list(call)),
        "HeadBucket" => bucket::head(call),
        "DeleteBucket" => bucket::delete(call),
        "GetBucketLocation" => bucket::location(call),
        "GetBucketVersioning" => bucket::versioning(call),
        "ListObjectsV2" => bucket::list_objects_v2(call),
        "ListObjects" => bucket::list_objects(call),
        "ListObjectVersions" => bucket::list_versions(call),
        _ => Err(Error::not_implemented(call.request.method())),
    }
}

/// How the body was signed.
#[derive(Debug)]
struct Upload {
    /// The value of `x-amz-content-sha256`.
    payload: String,
    chunks: ChunkSigner,
}

/// Checks the signature, of which the word for the body is part.
fn authenticate(call: &Call<'_>) -> Result<(Signed, String), Error> {
    let parts = &call.request.parts;
    let scope = sigv4::scope(&parts.headers).map_err(of_refusal)?;
    let payload = call.request.header("x-amz-content-sha256").ok_or_else(|| {
        Error::request("Missing required header for this request: x-amz-content-sha256")
    })?;
    let is_hash = payload.len() == 64 && payload.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = [
        SIGNED_CHUNKS,
        SIGNED_CHUNKS_TRAILER,
        UNSIGNED_CHUNKS_TRAILER,
        UNSIGNED,
    ];
    if !is_hash && !words.contains(&payload.as_str()) {
        let message = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                       STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.";
        return Err(Error::argument("x-amz-content-sha256", &payload, message));
    }
    let keys = &call.shared.aws_keys;
    let signed =
        sigv4::verify_payload(parts, &payload, keys, call.now, TOLERANCE).map_err(of_refusal)?;
    let unsigned = sigv4::unsigned_headers(parts, &scope);
    if !unsigned.is_empty() {
        let message = "There were headers present in the request which were not signed";
        return Err(
            Error::new(403, "AccessDenied", message).with("HeadersNotSigned", unsigned.join(", "))
        );
    }
    if !world::is_region(call.cloud, &scope.region) {
        return Err(malformed_authorization(&format!(
            "the region '{}' is wrong",
            scope.region
        )));
    }
    Ok((signed, payload))
}

/// The bucket is there and in the region that was signed for, the key is one that S3 takes.
fn check_address(call: &Call<'_>, action: &str) -> Result<(), Error> {
    let request = call.request;
    if request.unreadable {
        return Err(Error::client(
            "InvalidURI",
            "Couldn't parse the specified URI.",
        ));
    }
    if let Some(owner) = request.header("x-amz-expected-bucket-owner")
        && owner != AWS_ACCOUNT
    {
        return Err(Error::new(403, "AccessDenied", "Access Denied"));
    }
    if matches!(action, "ListBuckets" | "CreateBucket") {
        return Ok(());
    }
    let region = region(request);
    let home = call.in_bucket(|bucket| Ok(bucket.region.clone()))?;
    if region != home {
        let text = format!("the region '{region}' is wrong; expecting '{home}'");
        return Err(malformed_authorization(&text)
            .with("Region", &home)
            .with_header("x-amz-bucket-region", &home));
    }
    if request.key.len() > LARGEST_KEY {
        return Err(Error::client("KeyTooLongError", "Your key is too long")
            .with("Size", request.key.len().to_string())
            .with("MaxSizeAllowed", LARGEST_KEY.to_string()));
    }
    Ok(())
}

fn malformed_authorization(why: &str) -> Error {
    let message = format!("The authorization header is malformed; {why}");
    Error::client("AuthorizationHeaderMalformed", message)
}

fn of_refusal(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Missing => Error::new(403, "AccessDenied", "Access Denied"),
        Refusal::Incomplete(message) => malformed_authorization(&message),
        Refusal::UnknownKey(id) => Error::new(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        )
        .with("AWSAccessKeyId", id),
        Refusal::Signature => Error::new(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        ),
        Refusal::Clock(_) => Error::new(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
        Refusal::Token => Error::client(
            "InvalidToken",
            "The provided token is malformed or otherwise invalid.",
        ),
        Refusal::Expired => Error::client("ExpiredToken", "The provided token has expired."),
        Refusal::Payload => payload_mismatch(),
    }
}

fn payload_mismatch() -> Error {
    let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    Error::client("XAmzContentSHA256Mismatch", message)
}

/// What a fault on demand looks like here.
pub(crate) fn refuse(request: &Request, fault: &FaultKind, request_id: &str) -> Reply {
    let error = match fault {
        FaultKind::Throttle => Error::new(503, "SlowDown", "Please reduce your request rate."),
        FaultKind::Unavailable => Error::new(
            503,
            "ServiceUnavailable",
            "Service is unable to handle request.",
        ),
        FaultKind::ErrorCode {
            status,
            code,
            message,
        } => Error::new(*status, code.clone(), message.clone()),
        FaultKind::ExpiredKey => of_refusal(Refusal::Expired),
        FaultKind::ClockSkew => of_refusal(Refusal::Clock(String::new())),
        _ => Error::internal(),
    };
    refusal(request, &error, request_id)
}

/// An error as S3 answers it.
pub(crate) fn refusal(request: &Request, error: &Error, request_id: &str) -> Reply {
    let mut reply = error.reply(&[("RequestId", request_id), ("HostId", HOST_ID)]);
    if request.method() == "HEAD" || error.status == 304 {
        reply.body = bytes::Bytes::new();
    }
    finish(reply, request_id)
}

/// Adds what every answer has.
pub(crate) fn finish(reply: Reply, request_id: &str) -> Reply {
    reply
        .with_header("x-amz-request-id", request_id)
        .with_header("x-amz-id-2", HOST_ID)
        .with_header("server", "AmazonS3")
}

const HOST_ID: &str = "emulator/qGXNh2jzFcbQZ0nUVuxJgGTdO8W6kM4yR3f=";

/// A document with this root.
fn document(root: &str, inside: &str) -> Reply {
    let body = format!("{DECLARATION}<{root} xmlns=\"{NAMESPACE}\">{inside}</{root}>");
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
            ("GET", "/", "ListBuckets"),
            ("PUT", "/b", "CreateBucket"),
            ("GET", "/b?list-type=2", "ListObjectsV2"),
            ("GET", "/b/?uploads", "ListMultipartUploads"),
            ("PUT", "/b/k?x-id=PutObject", "PutObject"),
            ("PUT", "/b/k?partNumber=1&uploadId=u", "UploadPart"),
            ("POST", "/b/k?uploads", "CreateMultipartUpload"),
            ("POST", "/b/k?uploadId=u", "CompleteMultipartUpload"),
            ("GET", "/b/k?uploadId=u", "ListParts"),
            ("DELETE", "/b/k?uploadId=u", "AbortMultipartUpload"),
            ("DELETE", "/b/k", "DeleteObject"),
            ("GET", "/b/k?tagging", "GetObjectTagging"),
            ("GET", "/b/k?acl", UNKNOWN),
            ("PUT", "/b?policy", UNKNOWN),
            ("POST", "/b?delete", UNKNOWN),
            ("PATCH", "/b/k", UNKNOWN),
        ] {
            let request = http::Request::builder()
                .method(method)
                .uri(uri)
                .header("host", "localhost");
            let parts = request.body(()).unwrap().into_parts().0;
            let request = Request::new(parts, Cloud::Aws, &storage);
            assert_eq!(action(&request), expected, "{method} {uri}");
        }
    }
}
