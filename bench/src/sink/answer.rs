//! What the server answers.

use super::Shared;
use super::http::Request;
use crate::manifest::{BUCKET, LARGE, SMALL_SIZE, Sums};

/// The id of the one upload in parts that there can be.
const UPLOAD_ID: &str = "upload-1";
/// What a client may send behind a content is within this, in bytes.
const TRAILERS: usize = 512;
/// The longest list of parts that is read, in bytes.
const LONGEST_LIST: usize = 8 << 20;

/// How much of the end of a content matters.
pub(super) fn kept(request: &Request) -> usize {
    if request.method == "PUT" {
        TRAILERS
    } else {
        LONGEST_LIST
    }
}

/// Looks at a request of which `end` is the end of its content, and gives the answer, or what is wrong with it.
pub(super) fn to(
    shared: &Shared,
    request: &Request,
    length: u64,
    end: &[u8],
) -> Result<String, String> {
    let asked = Asked::of(&request.target)?;
    let end = String::from_utf8_lossy(end);
    match (request.method.as_str(), asked.upload_id, asked.part) {
        ("PUT", None, None) => object(shared, request, &asked, length, &end),
        ("PUT", Some(UPLOAD_ID), Some(number)) if asked.key == LARGE => {
            part(shared, request, number, length, &end)
        }
        ("POST", None, None) if asked.begins && asked.key == LARGE => {
            shared.arrived().tally.begun += 1;
            Ok(document(
                "",
                &format!(
                    "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{LARGE}</Key>\
                     <UploadId>{UPLOAD_ID}</UploadId></InitiateMultipartUploadResult>"
                ),
            ))
        }
        ("POST", Some(UPLOAD_ID), None) if asked.key == LARGE => complete(shared, &end),
        _ => Err(format!(
            "nobody expects {} {}",
            request.method, request.target
        )),
    }
}

/// What a request is about.
struct Asked<'a> {
    key: &'a str,
    begins: bool,
    upload_id: Option<&'a str>,
    part: Option<usize>,
}

impl<'a> Asked<'a> {
    fn of(target: &'a str) -> Result<Self, String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut path = path.trim_start_matches('/').splitn(2, '/');
        let (bucket, key) = (path.next(), path.next().unwrap_or_default());
        if bucket != Some(BUCKET) {
            return Err(format!("{target} is in no known bucket"));
        }
        let parameter = |name: &str| {
            let mut pairs = query
                .split('&')
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            pairs.find(|pair| pair.0 == name).map(|pair| pair.1)
        };
        let number = parameter("partNumber").map(str::parse).transpose();
        Ok(Self {
            key,
            begins: parameter("uploads").is_some(),
            upload_id: parameter("uploadId"),
            part: number.map_err(|_| format!("{target} has no number of a part"))?,
        })
    }
}

fn object(
    shared: &Shared,
    request: &Request,
    asked: &Asked<'_>,
    length: u64,
    end: &str,
) -> Result<String, String> {
    let small = &shared.manifest.small;
    // The keys are in order, as they were made.
    let at = small.binary_search_by(|small| small.key.as_str().cmp(asked.key));
    let Ok(at) = at else {
        return Err(format!("nobody expects an object {}", asked.key));
    };
    let name = asked.key.to_owned();
    piece(
        shared,
        request,
        name,
        SMALL_SIZE as u64,
        &small[at].sums,
        length,
        end,
    )
}

fn part(
    shared: &Shared,
    request: &Request,
    number: usize,
    length: u64,
    end: &str,
) -> Result<String, String> {
    let parts = &shared.manifest.large.parts;
    let Some(part) = number.checked_sub(1).and_then(|at| parts.get(at)) else {
        return Err(format!("nobody expects a part {number}"));
    };
    let name = format!("part {number}");
    piece(shared, request, name, part.size, &part.sums, length, end)
}

/// Takes note of a content and tells its checksums.
fn piece(
    shared: &Shared,
    request: &Request,
    name: String,
    size: u64,
    sums: &Sums,
    length: u64,
    end: &str,
) -> Result<String, String> {
    let decoded = request.header("x-amz-decoded-content-length");
    let sent = decoded.map_or(Some(length), |length| length.parse().ok());
    if sent != Some(size) {
        return Err(format!("{name} has {size} bytes, and {sent:?} were sent"));
    }
    for (header, sum) in [
        ("x-amz-checksum-crc32", &sums.crc32),
        ("x-amz-checksum-crc64nvme", &sums.crc64nvme),
    ] {
        let behind = || decoded.and_then(|_| trailer(end, header));
        if let Some(told) = request.header(header).or_else(behind)
            && told != sum
        {
            return Err(format!(
                "{name} has the {header} {sum}, and {told} was sent"
            ));
        }
    }
    shared.arrived().piece(name, size);
    Ok(document(&headers(sums), ""))
}

/// Finds a checksum behind a content.
fn trailer<'a>(end: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = end.rsplit_once(name)?;
    let value = value.strip_prefix(':')?;
    Some(value.split("\r\n").next().unwrap_or(value).trim())
}

fn complete(shared: &Shared, list: &str) -> Result<String, String> {
    let large = &shared.manifest.large;
    let listed = list.matches("<PartNumber>").count();
    if listed != large.parts.len() {
        return Err(format!(
            "the list has {listed} parts of {}",
            large.parts.len()
        ));
    }
    shared.arrived().tally.completed += 1;
    let sum = &large.sums.crc64nvme;
    Ok(document(
        &headers(&large.sums),
        &format!(
            "<CompleteMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{LARGE}</Key><ETag>&quot;whole&quot;</ETag>\
             <ChecksumCRC64NVME>{sum}</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>\
             </CompleteMultipartUploadResult>"
        ),
    ))
}

/// What both clouds say of a content that arrived, each in its own header.
fn headers(sums: &Sums) -> String {
    format!(
        "ETag: \"piece\"\r\nx-amz-checksum-crc64nvme: {}\r\nx-cos-hash-crc64ecma: {}\r\n",
        sums.crc64nvme, sums.crc64ecma
    )
}

fn document(headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart() {
        let asked = Asked::of("/bench-1250000000/large?partNumber=12&uploadId=u&x-id=UploadPart");
        let asked = asked.unwrap();
        assert_eq!(
            (asked.key, asked.upload_id, asked.part),
            ("large", Some("u"), Some(12))
        );
        let asked = Asked::of("/bench-1250000000/large?uploads").unwrap();
        assert!(asked.begins && asked.upload_id.is_none());
        assert!(Asked::of("/other/large").is_err());
        assert!(Asked::of("/bench-1250000000/large?partNumber=x").is_err());
    }

    #[test]
    fn checksums_behind_a_content_are_found() {
        let end = "xx\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\nx-amz-trailer-signature:00\r\n\r\n";
        assert_eq!(trailer(end, "x-amz-checksum-crc32"), Some("y/Q5Jg=="));
        assert_eq!(trailer(end, "x-amz-checksum-crc64nvme"), None);
    }
}
