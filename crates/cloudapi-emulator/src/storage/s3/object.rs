//! Objects as a whole: put, read, deleted.

use std::sync::Arc;

use crate::aws::xml::Xml;
use crate::exchange::Reply;
use crate::storage::checksum::{self, Algorithm};
use crate::storage::content::Content;
use crate::storage::model::{
    Attributes, Bucket, Checksum, Coverage, NO_VERSION, Object, Version, Versioning,
};
use crate::storage::{Call, Error, Failure, RequestBody, empty, serve};

use super::attributes::{check_condition, with_attributes, with_checksum};
use super::{Upload, document, receive};

/// PutObject.
pub(super) async fn put(
    call: &Call<'_>,
    body: &mut RequestBody,
    upload: Upload,
) -> Result<Reply, Failure> {
    let region = call.in_bucket(|bucket| {
        check_condition(call, bucket)?;
        Ok(bucket.region.clone())
    })?;
    let attributes = Attributes::of_s3(call.request, &region)?;
    // S3 keeps a checksum of each object: its own if the client sent none.
    let default =
        |claimed: Option<Algorithm>| Ok(claimed.is_none().then_some(Algorithm::Crc64Nvme));
    let received = receive::content(call, body, upload, default).await?;
    let algorithm = received.claimed.unwrap_or(Algorithm::Crc64Nvme);
    let value = received.digests.get(algorithm).map(checksum::base64);
    let object = Arc::new(Object {
        e_tag: received.digests.e_tag(),
        content: Content::new([received.blob]),
        at: call.now,
        attributes,
        checksum: value.map(|value| Checksum {
            algorithm,
            value,
            coverage: Coverage::FullObject,
        }),
        crc64: None,
        parts: 0,
    });
    let id = call.new_id();
    let version = call.change(|bucket| {
        // Another may have come first while this one was sent.
        check_condition(call, bucket)?;
        let version = bucket.put(call.key(), Arc::clone(&object), id);
        Ok(shown_version(bucket, &version))
    })?;
    let mut reply = empty(200).with_header("etag", &format!("\"{}\"", object.e_tag));
    reply = with_checksum(call, reply, object.checksum.as_ref());
    for (name, value) in &object.attributes.encryption {
        reply = reply.with_header(name, value);
    }
    Ok(with_version(reply, version.as_deref()))
}

/// GetObject and HeadObject.
pub(super) fn get(call: &Call<'_>) -> Result<Reply, Error> {
    if call.request.has("partNumber") {
        return Err(Error::not_implemented("partNumber"));
    }
    let (object, version) = call.in_bucket(|bucket| {
        let (version, object) = find(call, bucket)?;
        Ok((object, shown_version(bucket, &version.id)))
    })?;
    let reply = serve::content(call, &object)?;
    let mut reply = with_attributes(reply, &object);
    let mode = call.request.header("x-amz-checksum-mode");
    // A part of the object has another checksum than the whole.
    if mode.is_some_and(|mode| mode.eq_ignore_ascii_case("enabled")) && reply.status == 200 {
        reply = with_checksum(call, reply, object.checksum.as_ref());
    }
    Ok(with_version(reply, version.as_deref()))
}

/// The object that a request is about: of the version that it names, or the newest.
fn find(call: &Call<'_>, bucket: &Bucket) -> Result<(Version, Arc<Object>), Error> {
    let id = call.request.query("versionId");
    let found = bucket.version(call.key(), id).ok_or_else(|| match id {
        Some(id) => Error::new(
            404,
            "NoSuchVersion",
            "The specified version does not exist.",
        )
        .with("Key", call.key())
        .with("VersionId", id),
        None => Error::no_such_key(call.key()),
    })?;
    match (&found.object, id) {
        (Some(object), _) => Ok((found.clone(), Arc::clone(object))),
        (None, None) => Err(Error::no_such_key(call.key())
            .with_header("x-amz-delete-marker", "true")
            .with_header("x-amz-version-id", &found.id)),
        (None, Some(_)) => {
            let message = "The specified method is not allowed against this resource.";
            Err(Error::new(405, "MethodNotAllowed", message)
                .with_header("x-amz-delete-marker", "true"))
        }
    }
}

/// DeleteObject: also a success where there is nothing.
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    let id = call.new_id();
    let named = call.request.query("versionId");
    let (version, is_mark) = call.change(|bucket| {
        let Some(named) = named else {
            let mark = bucket.delete(call.key(), call.now, id);
            let is_mark = mark.is_some();
            return Ok((mark, is_mark));
        };
        let gone = bucket.delete_version(call.key(), named);
        let was_mark = gone.is_some_and(|version| version.object.is_none());
        Ok((Some(named.to_owned()), was_mark))
    })?;
    let mut reply = with_version(empty(204), version.as_deref());
    if is_mark {
        reply = reply.with_header("x-amz-delete-marker", "true");
    }
    Ok(reply)
}

/// GetObjectTagging.
pub(super) fn tagging(call: &Call<'_>) -> Result<Reply, Error> {
    let object = call.in_bucket(|bucket| Ok(find(call, bucket)?.1))?;
    let mut xml = Xml::default();
    xml.node("TagSet", |xml| {
        for (key, value) in &object.attributes.tags {
            xml.node("Tag", |xml| {
                xml.text("Key", key);
                xml.text("Value", value);
            });
        }
    });
    Ok(document("Tagging", &xml.finish()))
}

/// The version as an answer names it: not at all in a bucket that never kept versions.
pub(super) fn shown_version(bucket: &Bucket, id: &str) -> Option<String> {
    let kept = bucket.versioning == Versioning::Enabled
        || bucket.versioning == Versioning::Suspended && id == NO_VERSION;
    kept.then(|| id.to_owned())
}

pub(super) fn with_version(reply: Reply, version: Option<&str>) -> Reply {
    match version {
        Some(version) => reply.with_header("x-amz-version-id", version),
        None => reply,
    }
}
