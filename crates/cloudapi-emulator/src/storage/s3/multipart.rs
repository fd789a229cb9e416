//! Uploads in parts, up to their completion.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::aws::xml::Xml;
use crate::clock;
use crate::exchange::{Reply, Twist};
use crate::fixtures::AWS_ACCOUNT;
use crate::storage::checksum::{self, Algorithm};
use crate::storage::error::one_of;
use crate::storage::list::{self, Filter, uploads_after};
use crate::storage::model::{Attributes, Coverage, Part, Upload as Open};
use crate::storage::{Call, Error, Failure, RequestBody, empty};

use super::{Upload, document, receive};

/// CreateMultipartUpload.
pub(super) fn create(call: &Call<'_>) -> Result<Reply, Error> {
    let (algorithm, coverage) = wanted_checksum(call)?;
    let region = call.in_bucket(|bucket| Ok(bucket.region.clone()))?;
    let attributes = Attributes::of_s3(call.request, &region)?;
    let encryption = attributes.encryption.clone();
    let id = call.new_id();
    let open = Open {
        at: call.now,
        attributes,
        algorithm,
        coverage,
        forbids_overwrite: false,
        parts: BTreeMap::new(),
    };
    call.change(|bucket| {
        bucket
            .uploads
            .insert((call.key().to_owned(), id.clone()), open);
        Ok(())
    })?;
    let mut xml = Xml::default();
    xml.text("Bucket", call.bucket_name());
    xml.text("Key", call.key());
    xml.text("UploadId", &id);
    let mut reply = document("InitiateMultipartUploadResult", &xml.finish());
    for (name, value) in &encryption {
        reply = reply.with_header(name, value);
    }
    if let Some(algorithm) = algorithm {
        reply = reply
            .with_header("x-amz-checksum-algorithm", algorithm.name())
            .with_header("x-amz-checksum-type", coverage.name());
    }
    Ok(reply)
}

/// What is to be kept as the object's checksum. Not told, S3 keeps one of its own of the whole.
fn wanted_checksum(call: &Call<'_>) -> Result<(Option<Algorithm>, Coverage), Error> {
    let kind = call.request.header("x-amz-checksum-type");
    if let Some(kind) = &kind {
        one_of(kind, &["COMPOSITE", "FULL_OBJECT"], || {
            Error::request("Value for x-amz-checksum-type header is invalid.")
        })?;
    }
    let Some(name) = call.request.header("x-amz-checksum-algorithm") else {
        return match kind {
            None => Ok((None, Coverage::FullObject)),
            Some(_) => Err(Error::request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )),
        };
    };
    let algorithm = Algorithm::named(&name).ok_or_else(|| {
        Error::request(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, \
             CRC64NVME, SHA1, SHA256]",
        )
    })?;
    let full = match kind.as_deref() {
        Some(kind) => kind == "FULL_OBJECT",
        None => algorithm == Algorithm::Crc64Nvme,
    };
    let fits = if full {
        algorithm.combines()
    } else {
        algorithm != Algorithm::Crc64Nvme
    };
    let coverage = if full {
        Coverage::FullObject
    } else {
        Coverage::Composite
    };
    if fits {
        Ok((Some(algorithm), coverage))
    } else {
        Err(Error::request(format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            coverage.name(),
            algorithm.name().to_ascii_lowercase()
        )))
    }
}

/// UploadPart.
pub(super) async fn upload_part(
    call: &Call<'_>,
    body: &mut RequestBody,
    upload: Upload,
) -> Result<Reply, Failure> {
    let number = call.part_number()?;
    let (kept, encryption) = call.in_bucket(|bucket| {
        let open = bucket.upload(call.key(), call.upload_id());
        let open = open.ok_or_else(|| Error::no_such_upload(call.upload_id()))?;
        Ok((open.algorithm, open.attributes.encryption.clone()))
    })?;
    let wanted = |claimed: Option<Algorithm>| {
        let Some(kept) = kept else {
            return Ok(Some(Algorithm::Crc64Nvme));
        };
        if claimed == Some(kept) {
            return Ok(None);
        }
        let actual = claimed.map_or("null", Algorithm::name);
        Err(Error::request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            kept.name().to_ascii_lowercase(),
            actual.to_ascii_lowercase()
        )))
    };
    let received = receive::content(call, body, upload, wanted).await?;
    let part = Part {
        e_tag: received.digests.e_tag(),
        blob: received.blob,
        digests: received.digests,
        at: call.now,
    };
    let mut reply = empty(200).with_header("etag", &format!("\"{}\"", part.e_tag));
    let algorithm = received.claimed.unwrap_or(Algorithm::Crc64Nvme);
    if let Some(value) = part.digests.get(algorithm) {
        let value = checksum::base64(&call.shown(value));
        reply = reply.with_header(algorithm.header(), &value);
    }
    for (name, value) in &encryption {
        reply = reply.with_header(name, value);
    }
    call.change(|bucket| {
        // It may have been aborted while the part was sent.
        let open = bucket.upload_mut(call.key(), call.upload_id());
        let open = open.ok_or_else(|| Error::no_such_upload(call.upload_id()))?;
        open.parts.insert(number, part);
        Ok(())
    })?;
    Ok(reply)
}

/// AbortMultipartUpload. When a fault has it half done, half of the parts stay.
pub(super) fn abort(call: &Call<'_>) -> Result<Reply, Error> {
    call.change(|bucket| {
        let known = (call.key().to_owned(), call.upload_id().to_owned());
        let Some(open) = bucket.uploads.get_mut(&known) else {
            return Err(Error::no_such_upload(call.upload_id()));
        };
        if call.twist == Twist::Half {
            let half = open.parts.len() / 2;
            open.parts = std::mem::take(&mut open.parts)
                .into_iter()
                .skip(half)
                .collect();
            return Err(Error::internal());
        }
        bucket.uploads.remove(&known);
        Ok(empty(204))
    })
}

/// ListParts.
pub(super) fn list_parts(call: &Call<'_>) -> Result<Reply, Error> {
    let most = call.page(call.request.query("max-parts"), "max-parts")?;
    let marker = call.request.query("part-number-marker").unwrap_or_default();
    let after: u16 = match marker {
        "" => 0,
        text => text.parse().map_err(|_| {
            let message = "Argument part-number-marker must be an integer between 0 and 2147483647";
            Error::argument("part-number-marker", text, message)
        })?,
    };
    let mut xml = Xml::default();
    call.in_bucket(|bucket| {
        let open = bucket.upload(call.key(), call.upload_id());
        let open = open.ok_or_else(|| Error::no_such_upload(call.upload_id()))?;
        let range = (Bound::Excluded(after), Bound::Unbounded);
        let listed: Vec<(&u16, &Part)> = open.parts.range(range).take(most).collect();
        let last = listed.last().map_or(after, |(number, _)| **number);
        let beyond = (Bound::Excluded(last), Bound::Unbounded);
        let truncated = most > 0 && open.parts.range(beyond).next().is_some();
        xml.text("Bucket", call.bucket_name());
        xml.text("Key", call.key());
        xml.text("UploadId", call.upload_id());
        owner(&mut xml, "Initiator");
        owner(&mut xml, "Owner");
        xml.text("StorageClass", storage_class(&open.attributes));
        xml.text("PartNumberMarker", after);
        if truncated {
            xml.text("NextPartNumberMarker", last);
        }
        xml.text("MaxParts", most);
        xml.text("IsTruncated", truncated);
        if let Some(algorithm) = open.algorithm {
            xml.text("ChecksumAlgorithm", algorithm.name());
            xml.text("ChecksumType", open.coverage.name());
        }
        for (number, part) in listed {
            xml.node("Part", |xml| {
                xml.text("PartNumber", number);
                xml.text("LastModified", clock::iso_millis(part.at));
                xml.text("ETag", format!("\"{}\"", part.e_tag));
                xml.text("Size", part.blob.size());
                let algorithm = open.algorithm.unwrap_or(Algorithm::Crc64Nvme);
                let value = part.digests.get(algorithm).map(checksum::base64);
                xml.optional(&format!("Checksum{}", algorithm.name()), value);
            });
        }
        Ok(())
    })?;
    Ok(document("ListPartsResult", &xml.finish()))
}

/// ListMultipartUploads.
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
        let page = filter.page(all.map(|(known, open)| (known.0.as_str(), (known, open))));
        xml.text("Bucket", call.bucket_name());
        xml.text("KeyMarker", list::shown(text("key-marker"), encoding));
        xml.text("UploadIdMarker", text("upload-id-marker"));
        if page.truncated {
            xml.text("NextKeyMarker", list::shown(&page.last, encoding));
            let last = page.entries.last();
            let last = last.filter(|((key, _), _)| *key == page.last);
            xml.text("NextUploadIdMarker", last.map_or("", |((_, id), _)| id));
        }
        xml.text("Prefix", list::shown(filter.prefix, encoding));
        if !filter.delimiter.is_empty() {
            xml.text("Delimiter", list::shown(filter.delimiter, encoding));
        }
        xml.optional("EncodingType", encoding);
        xml.text("MaxUploads", most);
        xml.text("IsTruncated", page.truncated);
        for ((key, id), open) in &page.entries {
            xml.node("Upload", |xml| {
                xml.text("Key", list::shown(key, encoding));
                xml.text("UploadId", id);
                owner(xml, "Initiator");
                owner(xml, "Owner");
                xml.text("StorageClass", storage_class(&open.attributes));
                xml.text("Initiated", clock::iso_millis(open.at));
                if let Some(algorithm) = open.algorithm {
                    xml.text("ChecksumAlgorithm", algorithm.name());
                    xml.text("ChecksumType", open.coverage.name());
                }
            });
        }
        list::common_prefixes(&mut xml, &page.prefixes, encoding);
        Ok(())
    })?;
    Ok(document("ListMultipartUploadsResult", &xml.finish()))
}

pub(super) fn owner(xml: &mut Xml, name: &str) {
    xml.node(name, |xml| {
        xml.text("ID", AWS_ACCOUNT);
        xml.text("DisplayName", "emulator");
    });
}

pub(super) fn storage_class(attributes: &Attributes) -> &str {
    if attributes.storage_class.is_empty() {
        "STANDARD"
    } else {
        &attributes.storage_class
    }
}
