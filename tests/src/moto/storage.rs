//! The bucket in moto, and what is in it: looked at as plainly as can be.

use std::collections::BTreeMap;

use cloudapi::{Error, ErrorKind, Result};
use cloudapi_conformance::{NativeObject, NativeUpload, StorageFixture};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::wire::{element, host_of};

const BUCKET: &str = "conformance-objects";

/// Cases on objects that moto can't carry although it has what they need, and what it does instead.
pub(super) const EXCUSES: &[(&str, &str)] = &[
    (
        "storage/upload-keeps-an-acl-for-others",
        "keeps no ACL for the bucket's owner",
    ),
    (
        "storage/upload-keeps-tags-with-odd-characters",
        "takes tags of fewer characters",
    ),
    (
        "storage/upload-knows-portable-storage-classes-and-the-vendors-own",
        "does not give out what is archived",
    ),
];

/// S3 of a moto server.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    host: String,
    pub(super) fixture: StorageFixture,
}

/// An answer.
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Objects {
    /// Makes the bucket; one that is left from an earlier run is as good.
    pub(super) async fn new(endpoint_url: &str) -> Result<Self> {
        let objects = Self {
            host: host_of(endpoint_url).to_owned(),
            fixture: StorageFixture::new(BUCKET, "conformance-absent"),
        };
        objects.ask("PUT", "").await?;
        Ok(objects)
    }

    /// Looks at an object.
    pub(super) async fn object(&self, key: &str) -> Result<Option<NativeObject>> {
        let path = format!("/{}", encoded(key));
        let found = self.ask("GET", &path).await?;
        if found.status == 404 {
            return Ok(None);
        }
        if found.status != 200 {
            return Err(Error::new(ErrorKind::Unavailable, found.text()));
        }
        let tags = self.ask("GET", &format!("{path}?tagging")).await?.text();
        let acl = self.ask("GET", &format!("{path}?acl")).await?.text();
        let header = |name: &str| found.headers.get(name).cloned().unwrap_or_default();
        let e_tag = header("etag").trim_matches('"').to_owned();
        let parts = e_tag
            .split_once('-')
            .and_then(|(_, count)| count.parse().ok());
        let metadata = found.headers.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("x-amz-meta-")?;
            Some((name.to_owned(), value.clone()))
        });
        let metadata = metadata.collect();
        let class = match header("x-amz-storage-class").as_str() {
            "" => "STANDARD".to_owned(),
            class => class.to_owned(),
        };
        let acl = if acl.contains("/AllUsers") {
            "public-read"
        } else {
            "private"
        };
        Ok(Some(
            NativeObject::new(found.body, e_tag, parts.unwrap_or_default())
                .with_class(class, acl)
                .with_headers(found.headers, metadata)
                .with_tags(tags_of(&tags)?),
        ))
    }

    /// Lists the uploads that are neither completed nor aborted, with their parts.
    pub(super) async fn open_uploads(&self) -> Result<Vec<NativeUpload>> {
        let listed = self.ask("GET", "?uploads").await?.text();
        let mut open = Vec::new();
        for upload in pieces(&listed, "Upload") {
            let key = decoded(&element(upload, "Key")?);
            let id = element(upload, "UploadId")?;
            let path = format!("/{}?uploadId={}", encoded(&key), encoded(&id));
            let parts = self.ask("GET", &path).await?.text();
            let parts = pieces(&parts, "Part").map(|part| {
                let number = |name| element(part, name)?.parse().map_err(unreadable);
                Ok((
                    u32::try_from(number("PartNumber")?).map_err(unreadable)?,
                    number("Size")?,
                ))
            });
            let parts = parts.collect::<Result<Vec<(u32, u64)>>>()?;
            open.push(NativeUpload::new(key, id, parts));
        }
        Ok(open)
    }

    /// Makes a call on the bucket, without content.
    async fn ask(&self, method: &str, path: &str) -> Result<Answer> {
        let request = format!(
            "{method} /{BUCKET}{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request, \
             SignedHeaders=host, Signature=00\r\n\r\n",
            self.host
        );
        let exchange = async {
            let mut connection = TcpStream::connect(&self.host).await?;
            connection.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            connection.read_to_end(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let answer = exchange.await.map_err(|error| {
            Error::new(
                ErrorKind::Network,
                format!("moto at {}: {error}", self.host),
            )
        })?;
        read(&answer).ok_or_else(|| Error::new(ErrorKind::Unavailable, "moto speaks no HTTP"))
    }
}

/// Reads an answer that ends with its connection.
fn read(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    Some(Answer {
        status,
        headers: headers.collect(),
        body: answer[end + 4..].to_vec(),
    })
}

fn unreadable<E>(_: E) -> Error {
    Error::new(ErrorKind::Unavailable, "moto's answer has no number")
}

/// The insides of all elements of a name.
fn pieces<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&open)?;
        let (inside, next) = after.split_once(&close)?;
        rest = next;
        Some(inside)
    })
}

fn tags_of(xml: &str) -> Result<BTreeMap<String, String>> {
    let tags = pieces(xml, "Tag").map(|tag| {
        let value = element(tag, "Value").unwrap_or_default();
        Ok((decoded(&element(tag, "Key")?), decoded(&value)))
    });
    tags.collect()
}

fn decoded(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A key as the path of a URL.
fn encoded(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    let mut text = String::new();
    for byte in key.bytes() {
        match byte {
            byte if plain(byte) => text.push(char::from(byte)),
            byte => text.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    text
}

fn hex(digit: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(digit)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_lists_are_read() {
        let answer = read(b"HTTP/1.1 200 OK\r\nETag: \"a-2\"\r\n\r\n\r\n\r\nx").unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (200, &b"\r\n\r\nx"[..])
        );
        assert_eq!(answer.headers["etag"], "\"a-2\"");
        let xml = "<R><Upload><Key>a&amp;b</Key></Upload><Upload><Key>c</Key></Upload></R>";
        let keys = pieces(xml, "Upload").map(|one| decoded(&element(one, "Key").unwrap()));
        assert_eq!(keys.collect::<Vec<_>>(), ["a&b", "c"]);
        assert_eq!(encoded("a b/../+é"), "a%20b/../%2B%C3%A9");
    }
}
