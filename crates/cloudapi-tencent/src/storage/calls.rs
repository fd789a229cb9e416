//! The calls that the upload rests on, each one attempt.

use async_trait::async_trait;
use cloudapi_core::storage::{
    Algorithm, Completed, Limits, ListedPart, ObjectCalls, ObjectInfo, PartBody, UploadedPart,
};
use cloudapi_core::{Error, ErrorKind, Provider, Result};
use http::{HeaderMap, HeaderValue, Method};

use super::address::Address;
use super::checksum::CRC64;
use super::convert::FORBID_OVERWRITE;
use super::exchange::{Answer, Call, Content, Exchange};
use super::{error, xml};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// Parts of 1 MB to 5 GB, 10 000 of them, and 5 GB in one request.
const LIMITS: Limits = Limits::new(MIB, 5 * GIB, 10_000, 5 * GIB, 10_000 * 5 * GIB);
/// Parts on one page of the list.
const PAGE: &str = "1000";

/// One object of COS.
pub(super) struct Object {
    pub(super) exchange: Exchange,
    pub(super) address: Address,
    /// The bucket and the key, for messages.
    pub(super) name: String,
    /// What the object is, as headers.
    pub(super) headers: HeaderMap,
    pub(super) overwrite: bool,
}

impl Object {
    fn call(action: &'static str, method: Method) -> Call<'static> {
        Call {
            action,
            method,
            query: Vec::new(),
            headers: HeaderMap::new(),
            content: Content::Nothing,
        }
    }

    /// Looks before writing: a bucket that keeps versions replaces an object though it was told not to.
    async fn refuse_existing(&self) -> Result<()> {
        if self.overwrite {
            return Ok(());
        }
        match self.head().await {
            Ok(Some(_)) => {
                let message = format!("{} exists already", self.name);
                Err(Error::new(ErrorKind::AlreadyExists, message))
            }
            // Who may not look leaves it to the cloud.
            Err(error) if error.kind() != ErrorKind::PermissionDenied => {
                Err(error.with_certainly_undone(true))
            }
            _ => Ok(()),
        }
    }

    async fn send(&self, call: Call<'_>) -> Result<Answer> {
        self.exchange.call(&self.address, &call).await
    }
}

#[async_trait]
impl ObjectCalls for Object {
    fn provider(&self) -> Provider {
        Provider::Tencent
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn algorithm(&self) -> Algorithm {
        CRC64
    }

    fn how_to_discard(&self, upload_id: &str) -> String {
        format!(
            "abort the multipart upload {upload_id} of {} (AbortMultipartUpload, or in the console under the bucket's \
             incomplete multipart uploads)",
            self.name
        )
    }

    async fn put(&self, body: &PartBody, sum: u64) -> Result<Completed> {
        self.refuse_existing().await?;
        let call = Call {
            headers: self.headers.clone(),
            content: Content::Part(body, Some(sum)),
            ..Self::call("PutObject", Method::PUT)
        };
        let stored = completed(&self.send(call).await?);
        if stored.e_tag.is_none() && stored.stored_sum.is_none() {
            return Err(error::incomplete("it has neither ETag nor checksum"));
        }
        Ok(stored)
    }

    async fn create(&self) -> Result<String> {
        let call = Call {
            query: vec![("uploads", String::new())],
            headers: self.headers.clone(),
            ..Self::call("InitiateMultipartUpload", Method::POST)
        };
        let answer = self.send(call).await?;
        xml::root(&answer.body)
            .and_then(|_| xml::text(&answer.body, "UploadId"))
            .filter(|id| !id.is_empty())
            .ok_or_else(|| error::incomplete("it has no UploadId"))
    }

    async fn upload_part(
        &self,
        upload_id: &str,
        number: u32,
        body: &PartBody,
    ) -> Result<UploadedPart> {
        let call = Call {
            query: vec![
                ("partNumber", number.to_string()),
                ("uploadId", upload_id.to_owned()),
            ],
            content: Content::Part(body, None),
            ..Self::call("UploadPart", Method::PUT)
        };
        let answer = self.send(call).await?;
        let e_tag = answer
            .header("etag")
            .ok_or_else(|| error::incomplete("it has no ETag"))?;
        Ok(UploadedPart {
            number,
            size: body.length(),
            sum: answer
                .sum
                .ok_or_else(|| error::incomplete("it came before the content was sent"))?,
            stored_sum: stored_sum(&answer),
            e_tag: e_tag.to_owned(),
        })
    }

    async fn list_parts(&self, upload_id: &str) -> Result<Option<Vec<ListedPart>>> {
        let mut parts = Vec::new();
        let mut marker = "0".to_owned();
        loop {
            let call = Call {
                query: vec![
                    ("max-parts", PAGE.to_owned()),
                    ("part-number-marker", marker.clone()),
                    ("uploadId", upload_id.to_owned()),
                ],
                ..Self::call("ListParts", Method::GET)
            };
            let answer = match self.send(call).await {
                Ok(answer) => answer,
                Err(error) if error::is_no_such_upload(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            let next = page(&answer.body, &mut parts)?;
            match next {
                Some(next) if next != marker => marker = next,
                _ => return Ok(Some(parts)),
            }
        }
    }

    async fn complete(
        &self,
        upload_id: &str,
        parts: &[UploadedPart],
        _sum: u64,
        _size: u64,
    ) -> Result<Completed> {
        self.refuse_existing().await?;
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/xml"));
        if !self.overwrite {
            headers.insert(FORBID_OVERWRITE, HeaderValue::from_static("true"));
        }
        let call = Call {
            query: vec![("uploadId", upload_id.to_owned())],
            headers,
            content: Content::Completion(list_of(parts)),
            ..Self::call("CompleteMultipartUpload", Method::POST)
        };
        read_completion(&self.send(call).await?)
    }

    async fn abort(&self, upload_id: &str) -> Result<()> {
        let call = Call {
            query: vec![("uploadId", upload_id.to_owned())],
            ..Self::call("AbortMultipartUpload", Method::DELETE)
        };
        match self.send(call).await {
            Err(error) if !error::is_no_such_upload(&error) => Err(error),
            _ => Ok(()),
        }
    }

    async fn head(&self) -> Result<Option<ObjectInfo>> {
        let answer = match self.send(Self::call("HeadObject", Method::HEAD)).await {
            Ok(answer) => answer,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = answer
            .header("content-length")
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| error::incomplete("it has no size"))?;
        Ok(Some(ObjectInfo {
            size,
            stored: completed(&answer),
        }))
    }

    async fn delete(&self, version_id: Option<&str>) -> Result<()> {
        let version = version_id.map(|id| ("versionId", id.to_owned()));
        let call = Call {
            query: version.into_iter().collect(),
            ..Self::call("DeleteObject", Method::DELETE)
        };
        self.send(call).await.map(|_| ())
    }
}

/// What the headers of an answer say of the stored object.
fn completed(answer: &Answer) -> Completed {
    let unquoted = |tag: &str| tag.trim_matches('"').to_owned();
    let e_tag = answer.header("etag").map(unquoted);
    let version_id = answer.header("x-cos-version-id").map(str::to_owned);
    Completed {
        e_tag: e_tag.filter(|tag| !tag.is_empty()),
        // `null` is the version of an object that was stored while no versions were kept.
        version_id: version_id.filter(|id| id != "null"),
        stored_sum: stored_sum(answer),
    }
}

fn stored_sum(answer: &Answer) -> Option<u64> {
    answer.header("x-cos-hash-crc64ecma")?.trim().parse().ok()
}

/// Reads the answer of a completion: a success only with an ETag in it, whatever the status says. The cloud sends the
/// status at once, then blanks while it works.
fn read_completion(answer: &Answer) -> Result<Completed> {
    let body = &answer.body;
    match xml::root(body) {
        Some(_) => {
            let e_tag = xml::text(body, "ETag").filter(|tag| !tag.trim_matches('"').is_empty());
            let e_tag = e_tag.ok_or_else(|| error::incomplete("the completion has no ETag"))?;
            Ok(Completed {
                e_tag: Some(e_tag.trim_matches('"').to_owned()),
                ..completed(answer)
            })
        }
        None => Err(error::incomplete("the completion ends in the middle")),
    }
}

/// Adds a page of the list of parts, and gives the marker of the next page if there is one.
fn page(body: &str, parts: &mut Vec<ListedPart>) -> Result<Option<String>> {
    if xml::root(body) != Some("ListPartsResult") {
        return Err(error::incomplete("it is no list of parts"));
    }
    for part in xml::all(body, "Part") {
        let read = || {
            Some(ListedPart {
                number: xml::text(part, "PartNumber")?.parse().ok()?,
                size: xml::text(part, "Size")?.parse().ok()?,
                e_tag: xml::text(part, "ETag")?,
            })
        };
        parts.push(read().ok_or_else(|| error::incomplete("a part lacks number, size or ETag"))?);
    }
    if xml::text(body, "IsTruncated").as_deref() != Some("true") {
        return Ok(None);
    }
    let next = xml::text(body, "NextPartNumberMarker");
    next.map(Some)
        .ok_or_else(|| error::incomplete("the list goes on, but where is not said"))
}

fn list_of(parts: &[UploadedPart]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|part| {
            format!(
                "<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>",
                part.number,
                xml::escape(&part.e_tag)
            )
        })
        .collect();
    format!(
        "<CompleteMultipartUpload>{}</CompleteMultipartUpload>",
        parts.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("x-cos-hash-crc64ecma", HeaderValue::from_static("7"));
        Answer {
            headers,
            body: body.to_owned(),
            sum: None,
        }
    }

    #[test]
    fn a_completion_is_a_success_only_with_an_e_tag() {
        let done = " \n \n<?xml version='1.0' encoding='utf-8' ?>\n<CompleteMultipartUploadResult><Location>http://h/k</Location>\
                    <Bucket>b-1</Bucket><Key>k</Key><ETag>&quot;abc-3&quot;</ETag></CompleteMultipartUploadResult>";
        let completed = read_completion(&answer(done)).unwrap();
        assert_eq!(completed.e_tag.as_deref(), Some("abc-3"));
        assert_eq!(completed.stored_sum, Some(7));
        for (body, kind) in [
            (
                "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>",
                ErrorKind::Unavailable,
            ),
            (
                "<CompleteMultipartUploadResult><ETag>\"\"</ETag></CompleteMultipartUploadResult>",
                ErrorKind::Unavailable,
            ),
            (
                "<CompleteMultipartUploadResult><ETag>\"a\"</ETag>",
                ErrorKind::Unavailable,
            ),
            ("   ", ErrorKind::Unavailable),
            ("", ErrorKind::Unavailable),
        ] {
            assert_eq!(
                read_completion(&answer(body)).unwrap_err().kind(),
                kind,
                "{body}"
            );
        }
    }

    #[test]
    fn lists_are_read_and_written() {
        let body = "<ListPartsResult><Part><PartNumber>1</PartNumber><LastModified>x</LastModified><ETag>\"a\"</ETag>\
                    <Size>5</Size></Part><Part><PartNumber>2</PartNumber><ETag>&quot;b&quot;</ETag><Size>6</Size></Part>\
                    <NextPartNumberMarker>2</NextPartNumberMarker><IsTruncated>true</IsTruncated></ListPartsResult>";
        let mut parts = Vec::new();
        assert_eq!(page(body, &mut parts).unwrap().as_deref(), Some("2"));
        assert_eq!(
            (parts[1].number, parts[1].size, parts[1].e_tag.as_str()),
            (2, 6, "\"b\"")
        );
        let last = body.replace("true", "false");
        assert_eq!(page(&last, &mut parts).unwrap(), None);
        for bad in [
            "<ListPartsResult><Part></Part></ListPartsResult>",
            "<ListPartsResult>",
            "<A></A>",
        ] {
            assert!(page(bad, &mut parts).is_err(), "{bad}");
        }
        let part = UploadedPart {
            number: 3,
            size: 1,
            sum: 0,
            stored_sum: None,
            e_tag: "\"a&b\"".to_owned(),
        };
        assert_eq!(
            list_of(&[part]),
            "<CompleteMultipartUpload><Part><PartNumber>3</PartNumber><ETag>&quot;a&amp;b&quot;</ETag></Part></CompleteMultipartUpload>"
        );
    }
}
