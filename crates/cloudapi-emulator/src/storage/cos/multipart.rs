//! Uploads in parts.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::aws::xml::Xml;
use crate::clock;
use crate::exchange::{Reply, Twist};
use crate::fixtures::TENCENT_ACCOUNT;
use crate::storage::checksum::{self, Algorithm};
use crate::storage::content::Content;
use crate::storage::list::{self, Filter, uploads_after};
use crate::storage::model::{Attributes, Bucket, Coverage, Object, Part, Upload};
use crate::storage::xml::Element;
use crate::storage::{
    Call, Error, Failure, LARGEST_DOCUMENT, Lateness, MOST_PARTS, RequestBody, WHITE_SPACE, empty,
};

use super::attributes::{check_overwrite, check_traffic_limit, forbids_overwrite, with_crc64};
use super::object::{crc64, receive};
use super::{DECLARATION, document, resource, tail, trace_id};

/// All parts but the last have at least this size.
const SMALLEST: u64 = 1024 * 1024;

/// Initiate Multipart Upload.
pub(super) fn initiate(call: &Call<'_>) -> Result<Reply, Error> {
    let forbidden = forbids_overwrite(call.request)?;
    let attributes = Attributes::of_cos(call.request)?;
    let encryption = attributes.encryption.clone();
    let id = format!("{}{}", call.now.unix_timestamp(), call.new_id());
    call.change(|bucket| {
        check_overwrite(call, bucket, forbidden)?;
        let upload = Upload {
            at: call.now,
            attributes,
            algorithm: None,
            coverage: Coverage::FullObject,
            forbids_overwrite: forbidden,
            parts: BTreeMap::new(),
        };
        bucket
            .uploads
            .insert((call.key().to_owned(), id.clone()), upload);
        Ok(())
    })?;
    let mut xml = Xml::default();
    xml.text("Bucket", call.bucket_name());
    xml.text("Key", call.key());
    xml.text("UploadId", &id);
    let reply = document("InitiateMultipartUploadResult", &xml.finish());
    Ok(encryption
        .iter()
        .fold(reply, |reply, (name, value)| reply.with_header(name, value)))
}

/// Upload Part.
pub(super) async fn upload_part(call: &Call<'_>, body: &mut RequestBody) -> Result<Reply, Failure> {
    let number = call.part_number()?;
    check_traffic_limit(call.request)?;
    call.in_bucket(|bucket| open(call, bucket).map(|_| ()))?;
    let (blob, digests) = receive(call, body).await?;
    let part = Part {
        e_tag: digests.e_tag(),
        blob,
        digests,
        at: call.now,
    };
    let reply = empty(200).with_header("etag", &format!("\"{}\"", part.e_tag));
    let reply = with_crc64(call, reply, crc64(&part.digests));
    call.change(|bucket| {
        // It may have been aborted while the part was sent.
        let upload = bucket.upload_mut(call.key(), call.upload_id());
        let upload = upload.ok_or_else(|| Error::no_such_upload(call.upload_id()))?;
        upload.parts.insert(number, part);
        Ok(())
    })?;
    Ok(reply)
}

/// Complete Multipart Upload.
pub(super) async fn complete(call: &Call<'_>, body: &mut RequestBody) -> Result<Reply, Failure> {
    let document = body.document(LARGEST_DOCUMENT).await?;
    let listed = parse(&document)?;
    let forbidden = forbids_overwrite(call.request)?;
    let lateness = Lateness::of(&call.twist);
    if let Lateness::Error(error) = lateness {
        let (trace, resource) = (trace_id(call.request_id), resource(call.request));
        let element = error.element(&tail(&resource, call.request_id, &trace));
        let body = format!("{WHITE_SPACE}{element}");
        return Ok(Reply::new(200, "application/xml", body).with_code(error.code));
    }
    let id = call.new_id();
    let object = call.change(|bucket| finish(call, bucket, &listed, forbidden, id))?;
    let host = call.request.header("host").unwrap_or_default();
    let mut xml = Xml::default();
    xml.text(
        "Location",
        format!("http://{host}{}", call.request.parts.uri.path()),
    );
    xml.text("Bucket", call.bucket_name());
    xml.text("Key", call.key());
    xml.text("ETag", format!("\"{}\"", object.e_tag));
    let mut reply = super::document("CompleteMultipartUploadResult", &xml.finish());
    if lateness == Lateness::WhiteSpace {
        // A declaration may only stand at the very beginning, where the white space is now.
        let inside = &reply.body[DECLARATION.len()..];
        reply.body = [WHITE_SPACE.as_bytes(), inside].concat().into();
    }
    for (name, value) in &object.attributes.encryption {
        reply = reply.with_header(name, value);
    }
    Ok(with_crc64(call, reply, object.crc64))
}

/// The numbers and ETags that the client lists.
fn parse(document: &[u8]) -> Result<Vec<(u16, String)>, Error> {
    let root = Element::parse(document, "CompleteMultipartUpload");
    let root = root.filter(|root| !root.other_than(&["Part"]));
    let root = root.ok_or_else(Error::malformed_xml)?;
    let listed: Option<Vec<(u16, String)>> = root
        .all("Part")
        .map(|part| {
            let number = part.text("PartNumber")?.parse().ok();
            let number = number.filter(|number| (1..=MOST_PARTS).contains(number))?;
            Some((number, part.text("ETag")?.trim_matches('"').to_owned()))
        })
        .collect();
    listed
        .filter(|listed| !listed.is_empty() && listed.len() <= usize::from(MOST_PARTS))
        .ok_or_else(Error::malformed_xml)
}

fn finish(
    call: &Call<'_>,
    bucket: &mut Bucket,
    listed: &[(u16, String)],
    forbidden: bool,
    id: String,
) -> Result<Arc<Object>, Error> {
    let upload = open(call, bucket)?;
    if !listed.is_sorted_by(|(one, _), (other, _)| one < other) {
        let message = "The list of parts was not in ascending order. Parts list must be specified in order by part number.";
        return Err(Error::client("InvalidPartOrder", message));
    }
    let mut parts = Vec::new();
    for (at, (number, e_tag)) in listed.iter().enumerate() {
        let part = upload.parts.get(number).filter(|part| part.e_tag == *e_tag);
        let part = part.ok_or_else(|| {
            let message = "One or more of the specified parts could not be found. The part may not have been uploaded, or \
                           the specified entity tag may not match the part's entity tag.";
            Error::client("InvalidPart", message)
        })?;
        if part.blob.size() < SMALLEST && at + 1 < listed.len() {
            let message = "Your proposed upload is smaller than the minimum allowed object size.";
            return Err(Error::client("EntityTooSmall", message));
        }
        parts.push(part);
    }
    check_overwrite(call, bucket, forbidden || upload.forbids_overwrite)?;
    let values = parts
        .iter()
        .filter_map(|part| Some((part.digests.get(Algorithm::Crc64Ecma)?, part.blob.size())));
    let crc64 = Algorithm::Crc64Ecma
        .combine(values)
        .map(|value| checksum::number(&value));
    let digests: Vec<u8> = parts
        .iter()
        .flat_map(|part| part.digests.get(Algorithm::Md5).unwrap_or_default())
        .copied()
        .collect();
    let e_tag = crate::auth::hex(&Algorithm::Md5.of(&digests));
    let object = Arc::new(Object {
        e_tag: format!("{e_tag}-{}", parts.len()),
        content: Content::new(parts.iter().map(|part| Arc::clone(&part.blob))),
        at: call.now,
        attributes: upload.attributes.clone(),
        checksum: None,
        crc64,
        parts: parts.len(),
    });
    let key = (call.key().to_owned(), call.upload_id().to_owned());
    bucket.uploads.remove(&key);
    bucket.put(call.key(), Arc::clone(&object), id);
    Ok(object)
}

/// Abort Multipart Upload. When a fault has it half done, half of the parts stay.
pub(super) fn abort(call: &Call<'_>) -> Result<Reply, Error> {
    call.change(|bucket| {
        let known = (call.key().to_owned(), call.upload_id().to_owned());
        let Some(upload) = bucket.uploads.get_mut(&known) else {
            return Err(Error::no_such_upload(call.upload_id()));
        };
        if call.twist == Twist::Half {
            let half = upload.parts.len() / 2;
            upload.parts = std::mem::take(&mut upload.parts)
                .into_iter()
                .skip(half)
                .collect();
            return Err(Error::internal());
        }
        bucket.uploads.remove(&known);
        Ok(empty(204))
    })
}

/// List Parts.
pub(super) fn list_parts(call: &Call<'_>) -> Result<Reply, Error> {
    let most = call.page(call.request.query("max-parts"), "max-parts")?;
    let marker = call.request.query("part-number-marker").unwrap_or_default();
    let after: u16 = match marker {
        "" => 0,
        text => text
            .parse()
            .map_err(|_| Error::client("InvalidArgument", "part-number-marker is not a number."))?,
    };
    let encoding = call.request.query("encoding-type");
    let mut xml = Xml::default();
    call.in_bucket(|bucket| {
        let upload = open(call, bucket)?;
        let range = (Bound::Excluded(after), Bound::Unbounded);
        let listed: Vec<(&u16, &Part)> = upload.parts.range(range).take(most).collect();
        let last = listed.last().map_or(after, |(number, _)| **number);
        let beyond = (Bound::Excluded(last), Bound::Unbounded);
        let truncated = most > 0 && upload.parts.range(beyond).next().is_some();
        xml.text("Bucket", call.bucket_name());
        xml.optional("Encoding-type", encoding);
        xml.text("Key", list::shown(call.key(), encoding));
        xml.text("UploadId", call.upload_id());
        owner(&mut xml, "Initiator");
        owner(&mut xml, "Owner");
        xml.text("StorageClass", storage_class(&upload.attributes));
        xml.text("PartNumberMarker", after);
        if truncated {
            xml.text("NextPartNumberMarker", last);
        }
        xml.text("MaxParts", most);
        xml.text("IsTruncated", truncated);
        for (number, part) in listed {
            xml.node("Part", |xml| {
                xml.text("PartNumber", number);
                xml.text("LastModified", clock::iso_millis(part.at));
                xml.text("ETag", format!("\"{}\"", part.e_tag));
                xml.text("Size", part.blob.size());
            });
        }
        Ok(())
    })?;
    Ok(document("ListPartsResult", &xml.finish()))
}

/// List Multipart Uploads.
pub(super) fn list_uploads(call: &Call<'_>) -> Result<Reply, Error> {
    let text = |name: &str| call.request.query(name).unwrap_or_default();
    let most = call.page(call.request.query("max-uploads"), "max-uploads")?;
    let encoding = call.request.query("encoding-type");
    let mut xml = Xml::default();
    call.in_bucket(|bucket| {
        let after = uploads_after(text("key-marker"), text("upload-id-marker"));
        let all = bucket.uploads.range((after, Bound::Unbounded));
        let filter = Filter {
            prefix: text("prefix"),
            delimiter: text("delimiter"),
            after: "",
            most,
        };
        let page = filter.page(all.map(|(known, upload)| (known.0.as_str(), (known, upload))));
        xml.text("Bucket", call.bucket_name());
        xml.optional("Encoding-Type", encoding);
        xml.text("KeyMarker", list::shown(text("key-marker"), encoding));
        xml.text("UploadIdMarker", text("upload-id-marker"));
        if page.truncated {
            xml.text("NextKeyMarker", list::shown(&page.last, encoding));
            let last = page.entries.last();
            let last = last.filter(|((key, _), _)| *key == page.last);
            xml.text("NextUploadIdMarker", last.map_or("", |((_, id), _)| id));
        }
        xml.text("MaxUploads", most);
        xml.text("IsTruncated", page.truncated);
        xml.text("Prefix", list::shown(filter.prefix, encoding));
        xml.text("Delimiter", list::shown(filter.delimiter, encoding));
        for ((key, id), upload) in &page.entries {
            xml.node("Upload", |xml| {
                xml.text("Key", list::shown(key, encoding));
                xml.text("UploadId", id);
                xml.text("StorageClass", storage_class(&upload.attributes));
                owner(xml, "Initiator");
                owner(xml, "Owner");
                xml.text("Initiated", clock::iso_millis(upload.at));
            });
        }
        list::common_prefixes(&mut xml, &page.prefixes, encoding);
        Ok(())
    })?;
    Ok(document("ListMultipartUploadsResult", &xml.finish()))
}

fn open<'a>(call: &Call<'_>, bucket: &'a Bucket) -> Result<&'a Upload, Error> {
    let upload = bucket.upload(call.key(), call.upload_id());
    upload.ok_or_else(|| Error::no_such_upload(call.upload_id()))
}

pub(super) fn owner(xml: &mut Xml, name: &str) {
    let id = format!("qcs::cam::uin/{TENCENT_ACCOUNT}:uin/{TENCENT_ACCOUNT}");
    xml.node(name, |xml| {
        xml.text("ID", id);
        xml.text("DisplayName", TENCENT_ACCOUNT);
    });
}

pub(super) fn storage_class(attributes: &Attributes) -> &str {
    if attributes.storage_class.is_empty() {
        "STANDARD"
    } else {
        &attributes.storage_class
    }
}
