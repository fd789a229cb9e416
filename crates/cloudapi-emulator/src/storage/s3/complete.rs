//! CompleteMultipartUpload: the parts become an object, if each is what the client says it is.

use std::sync::Arc;

use crate::aws::xml::Xml;
use crate::exchange::Reply;
use crate::storage::checksum::{self, Algorithm, OF_S3};
use crate::storage::content::Content;
use crate::storage::error::DECLARATION;
use crate::storage::model::{Bucket, Checksum, Coverage, Object, Part, Upload as Open};
use crate::storage::xml::Element;
use crate::storage::{Call, Error, Failure, Lateness, MOST_PARTS, RequestBody, WHITE_SPACE};

use super::attributes::{check_condition, shown};
use super::object::{shown_version, with_version};
use super::{HOST_ID, document, receive};

/// All parts but the last have at least this size.
const SMALLEST: u64 = 5 * 1024 * 1024;

/// A part as the client lists it.
#[derive(Debug)]
struct Listed {
    number: u16,
    e_tag: String,
    checksum: Option<(Algorithm, String)>,
}

/// CompleteMultipartUpload.
pub(super) async fn complete(
    call: &Call<'_>,
    body: &mut RequestBody,
    payload: &str,
) -> Result<Reply, Failure> {
    let document = receive::document(body, payload).await?;
    let listed = parse(&document)?;
    let lateness = Lateness::of(&call.twist);
    if let Lateness::Error(error) = lateness {
        let tail = [("RequestId", call.request_id), ("HostId", HOST_ID)];
        let body = format!("{DECLARATION}{WHITE_SPACE}{}", error.element(&tail));
        return Ok(Reply::new(200, "application/xml", body).with_code(error.code));
    }
    let id = call.new_id();
    let (object, version) = call.change(|bucket| finish(call, bucket, &listed, id))?;
    let mut reply = answer(call, &object);
    if lateness == Lateness::WhiteSpace {
        let inside = &reply.body[DECLARATION.len()..];
        let body = [DECLARATION.as_bytes(), WHITE_SPACE.as_bytes(), inside].concat();
        reply.body = body.into();
    }
    for (name, value) in &object.attributes.encryption {
        reply = reply.with_header(name, value);
    }
    Ok(with_version(reply, version.as_deref()))
}

fn answer(call: &Call<'_>, object: &Object) -> Reply {
    let host = call.request.header("host").unwrap_or_default();
    let mut xml = Xml::default();
    xml.text(
        "Location",
        format!("http://{host}{}", call.request.parts.uri.path()),
    );
    xml.text("Bucket", call.bucket_name());
    xml.text("Key", call.key());
    xml.text("ETag", format!("\"{}\"", object.e_tag));
    if let Some(kept) = &object.checksum {
        xml.text(
            &format!("Checksum{}", kept.algorithm.name()),
            shown(call, kept),
        );
        xml.text("ChecksumType", kept.coverage.name());
    }
    document("CompleteMultipartUploadResult", &xml.finish())
}

fn parse(document: &[u8]) -> Result<Vec<Listed>, Error> {
    let root = Element::parse(document, "CompleteMultipartUpload");
    let root = root.filter(|root| !root.other_than(&["Part"]));
    let root = root.ok_or_else(Error::malformed_xml)?;
    let listed: Vec<Listed> = root
        .all("Part")
        .map(|part| {
            let number = part
                .text("PartNumber")
                .and_then(|number| number.parse().ok());
            let number = number.filter(|number| (1..=MOST_PARTS).contains(number))?;
            let checksum = OF_S3.into_iter().find_map(|algorithm| {
                let value = part.text(&format!("Checksum{}", algorithm.name()))?;
                Some((algorithm, value.to_owned()))
            });
            Some(Listed {
                number,
                e_tag: part.text("ETag")?.trim_matches('"').to_owned(),
                checksum,
            })
        })
        .collect::<Option<_>>()
        .ok_or_else(Error::malformed_xml)?;
    if listed.is_empty() || listed.len() > usize::from(MOST_PARTS) {
        return Err(Error::malformed_xml());
    }
    Ok(listed)
}

fn finish(
    call: &Call<'_>,
    bucket: &mut Bucket,
    listed: &[Listed],
    id: String,
) -> Result<(Arc<Object>, Option<String>), Error> {
    let (key, upload_id) = (call.key(), call.upload_id());
    let numbers: Vec<(u16, String)> = listed
        .iter()
        .map(|part| (part.number, part.e_tag.clone()))
        .collect();
    if let Some(done) = bucket.completed(key, upload_id, call.now)
        && done.parts == numbers
    {
        let version = shown_version(bucket, &done.version);
        return Ok((Arc::clone(&done.object), version));
    }
    let open = bucket.upload(key, upload_id);
    let open = open.ok_or_else(|| Error::no_such_upload(upload_id))?;
    if !listed.is_sorted_by(|one, other| one.number < other.number) {
        let message =
            "The list of parts was not in ascending order. Parts must be ordered by part number.";
        return Err(Error::client("InvalidPartOrder", message).with("UploadId", upload_id));
    }
    let parts = chosen(call, open, listed)?;
    let size: u64 = parts.iter().map(|part| part.blob.size()).sum();
    check_size(call, size)?;
    let checksum = whole_checksum(open, &parts)?;
    check_whole(call, open, &checksum)?;
    check_condition(call, bucket)?;
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
        attributes: open.attributes.clone(),
        checksum: Some(checksum),
        crc64: None,
        parts: parts.len(),
    });
    let version = bucket.complete(key, upload_id, numbers, Arc::clone(&object), id);
    Ok((object, shown_version(bucket, &version)))
}

/// The parts that are listed, each as it was listed.
fn chosen<'a>(call: &Call<'_>, open: &'a Open, listed: &[Listed]) -> Result<Vec<&'a Part>, Error> {
    let mut parts = Vec::new();
    for (at, wanted) in listed.iter().enumerate() {
        let invalid = || {
            let message = "One or more of the specified parts could not be found.  The part may not have been uploaded, or \
                           the specified entity tag may not match the part's entity tag.";
            Error::client("InvalidPart", message)
                .with("UploadId", call.upload_id())
                .with("PartNumber", wanted.number.to_string())
                .with("ETag", &wanted.e_tag)
        };
        let part = open.parts.get(&wanted.number).ok_or_else(invalid)?;
        if part.e_tag != wanted.e_tag {
            return Err(invalid());
        }
        match (&wanted.checksum, open.algorithm) {
            (None, Some(algorithm)) if open.coverage == Coverage::Composite => {
                let name = algorithm.name().to_ascii_lowercase();
                return Err(Error::request(format!(
                    "The upload was created using a {name} checksum. The complete request must include the checksum for each \
                     part. It was missing for part {} in the request.",
                    wanted.number
                )));
            }
            (Some((algorithm, value)), _) => {
                let real = part.digests.get(*algorithm).map(checksum::base64);
                if real.as_ref() != Some(value) {
                    return Err(invalid());
                }
            }
            (None, _) => {}
        }
        let size = part.blob.size();
        if size < SMALLEST && at + 1 < listed.len() {
            let message = "Your proposed upload is smaller than the minimum allowed size";
            return Err(Error::client("EntityTooSmall", message)
                .with("ProposedSize", size.to_string())
                .with("MinSizeAllowed", SMALLEST.to_string())
                .with("PartNumber", wanted.number.to_string())
                .with("ETag", &part.e_tag));
        }
        parts.push(part);
    }
    Ok(parts)
}

fn check_size(call: &Call<'_>, size: u64) -> Result<(), Error> {
    let Some(text) = call.request.header("x-amz-mp-object-size") else {
        return Ok(());
    };
    if text.parse() == Ok(size) {
        return Ok(());
    }
    Err(Error::request(format!(
        "The provided 'x-amz-mp-object-size' header value {text} does not match what was computed: {size}"
    )))
}

/// The checksum of the object: over the bytes, or over the checksums of the parts.
fn whole_checksum(open: &Open, parts: &[&Part]) -> Result<Checksum, Error> {
    let algorithm = open.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let values: Option<Vec<(&[u8], u64)>> = parts
        .iter()
        .map(|part| Some((part.digests.get(algorithm)?, part.blob.size())))
        .collect();
    let values = values.ok_or_else(Error::internal)?;
    let value = match open.coverage {
        Coverage::FullObject => {
            let whole = algorithm.combine(values).ok_or_else(Error::internal)?;
            checksum::base64(&whole)
        }
        Coverage::Composite => {
            let all: Vec<u8> = values
                .iter()
                .flat_map(|(value, _)| *value)
                .copied()
                .collect();
            format!("{}-{}", checksum::base64(&algorithm.of(&all)), parts.len())
        }
    };
    Ok(Checksum {
        algorithm,
        value,
        coverage: open.coverage,
    })
}

/// What the request says about the checksum of the object.
fn check_whole(call: &Call<'_>, open: &Open, real: &Checksum) -> Result<(), Error> {
    let kind = call.request.header("x-amz-checksum-type");
    if kind.is_some_and(|kind| kind != open.coverage.name()) {
        return Err(Error::request(format!(
            "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
            open.coverage.name()
        )));
    }
    for algorithm in OF_S3 {
        let Some(value) = call.request.header(algorithm.header()) else {
            continue;
        };
        if algorithm != real.algorithm {
            return Err(Error::request(format!(
                "The upload was created using a {} checksum. The complete request must use the same checksum type.",
                real.algorithm.name().to_ascii_lowercase()
            )));
        }
        let without_count = |value: &str| value.split('-').next().unwrap_or_default().to_owned();
        if without_count(&value) != without_count(&real.value) {
            return Err(Error::bad_digest(algorithm.name()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_strict() {
        let document =
            |inside: &str| format!("<CompleteMultipartUpload>{inside}</CompleteMultipartUpload>");
        let part = |number: &str| {
            format!("<Part><PartNumber>{number}</PartNumber><ETag>\"e\"</ETag></Part>")
        };
        let listed = parse(document(&part("10000")).as_bytes()).unwrap();
        assert_eq!((listed[0].number, listed[0].e_tag.as_str()), (10_000, "e"));
        for inside in [
            String::new(),
            part("0"),
            part("10001"),
            part("x"),
            "<Part><PartNumber>1</PartNumber></Part>".to_owned(),
            format!("{}<Other/>", part("1")),
        ] {
            let error = parse(document(&inside).as_bytes()).unwrap_err();
            assert_eq!(error.code, "MalformedXML", "{inside}");
        }
    }
}
