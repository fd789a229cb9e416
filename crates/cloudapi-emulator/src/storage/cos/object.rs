//! Objects as a whole: put, read, deleted.

use std::sync::Arc;

use crate::aws::xml::Xml;
use crate::exchange::Reply;
use crate::storage::checksum::{self, Algorithm, Digests};
use crate::storage::content::Content;
use crate::storage::disk::Blob;
use crate::storage::model::{Attributes, Object};
use crate::storage::{Call, Error, Failure, LARGEST, RequestBody, empty, serve};

use super::attributes::{check_overwrite, forbids_overwrite, with_attributes, with_crc64};
use super::document;

/// PUT Object.
pub(super) async fn put(call: &Call<'_>, body: &mut RequestBody) -> Result<Reply, Failure> {
    let forbidden = forbids_overwrite(call.request)?;
    let attributes = Attributes::of_cos(call.request)?;
    call.in_bucket(|bucket| check_overwrite(call, bucket, forbidden))?;
    let (blob, digests) = receive(call, body).await?;
    let object = Arc::new(Object {
        e_tag: digests.e_tag(),
        content: Content::new([blob]),
        at: call.now,
        attributes,
        checksum: None,
        crc64: crc64(&digests),
        parts: 0,
    });
    let id = call.new_id();
    call.change(|bucket| {
        // Another may have come first while this one was sent.
        check_overwrite(call, bucket, forbidden)?;
        bucket.put(call.key(), Arc::clone(&object), id);
        Ok(())
    })?;
    let mut reply = empty(200).with_header("etag", &format!("\"{}\"", object.e_tag));
    for (name, value) in &object.attributes.encryption {
        reply = reply.with_header(name, value);
    }
    Ok(with_crc64(call, reply, object.crc64))
}

/// Stores a body, and compares it with what the client says about it.
pub(super) async fn receive(
    call: &Call<'_>,
    body: &mut RequestBody,
) -> Result<(Arc<Blob>, Digests), Failure> {
    let request = call.request;
    let announced = request.header("content-length");
    if announced.is_none() && request.header("transfer-encoding").is_none() {
        let message = "You must provide the Content-Length HTTP header.";
        return Err(Error::new(411, "MissingContentLength", message).into());
    }
    let too_large = || {
        Error::client(
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed object size.",
        )
    };
    if request
        .content_length()
        .is_some_and(|length| length > LARGEST)
    {
        return Err(too_large().into());
    }
    let md5 = match request.header("content-md5") {
        None => None,
        Some(text) => Some(
            checksum::parse_base64(Algorithm::Md5, &text).ok_or_else(|| {
                Error::client(
                    "InvalidDigest",
                    "The Content-MD5 you specified is not valid.",
                )
            })?,
        ),
    };
    let algorithms = [Algorithm::Md5, Algorithm::Crc64Ecma];
    let mut intake = call.intake(&algorithms);
    let mut size = 0;
    while let Some(data) = body.next().await? {
        size += data.len() as u64;
        if size > LARGEST {
            return Err(too_large().into());
        }
        intake.write(&data).await?;
    }
    let (blob, mut digests) = intake.finish().await?;
    if md5.is_some_and(|md5| digests.get(Algorithm::Md5) != Some(&md5)) {
        let message = "The Content-MD5 you specified did not match what we received.";
        return Err(Error::client("BadDigest", message).into());
    }
    let blob = Arc::new(blob);
    if call.corrupts() {
        blob.corrupt()?;
        digests = Content::new([Arc::clone(&blob)]).digests(&algorithms)?;
    }
    Ok((blob, digests))
}

pub(super) fn crc64(digests: &Digests) -> Option<u64> {
    digests.get(Algorithm::Crc64Ecma).map(checksum::number)
}

/// GET and HEAD Object.
pub(super) fn get(call: &Call<'_>) -> Result<Reply, Error> {
    let object = find(call)?;
    let reply = serve::content(call, &object)?;
    let kind = if object.parts > 0 {
        "multipart"
    } else {
        "normal"
    };
    let reply = reply.with_header("x-cos-object-type", kind);
    Ok(with_attributes(call, reply, &object))
}

/// DELETE Object: also a success where there is nothing.
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    let id = call.new_id();
    call.change(|bucket| {
        bucket.delete(call.key(), call.now, id);
        Ok(())
    })?;
    Ok(empty(204))
}

/// GET Object tagging.
pub(super) fn tagging(call: &Call<'_>) -> Result<Reply, Error> {
    let object = find(call)?;
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

fn find(call: &Call<'_>) -> Result<Arc<Object>, Error> {
    call.in_bucket(|bucket| {
        let found = bucket.current(call.key());
        let (_, object) = found.ok_or_else(|| Error::no_such_key(call.key()))?;
        Ok(Arc::clone(object))
    })
}
