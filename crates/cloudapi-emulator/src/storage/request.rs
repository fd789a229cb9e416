//! What a request is about: bucket and key out of host and path, parameters, headers.

use std::net::IpAddr;

use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::Storage;
use crate::Cloud;

/// A request without its body.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) parts: Parts,
    /// Empty for a call that is about no bucket.
    pub(crate) bucket: String,
    /// Empty for a call that is about no object.
    pub(crate) key: String,
    /// The region that the host names.
    pub(crate) region: Option<String>,
    /// The path is not UTF-8.
    pub(crate) unreadable: bool,
    query: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn new(parts: Parts, cloud: Cloud, storage: &Storage) -> Self {
        let path: Vec<u8> = percent_decode_str(parts.uri.path()).collect();
        let (path, unreadable) = match String::from_utf8(path) {
            Ok(path) => (path, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        };
        let path = path.strip_prefix('/').unwrap_or(&path);
        let host = header(&parts, "host").unwrap_or_default();
        let address = Address::of(&host, cloud, storage);
        let (bucket, key) = match address.bucket {
            Some(bucket) => (bucket, path.to_owned()),
            None => path.split_once('/').map_or_else(
                || (path.to_owned(), String::new()),
                |(bucket, key)| (bucket.to_owned(), key.to_owned()),
            ),
        };
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let query = parts.uri.query().unwrap_or_default();
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
            .collect();
        Self {
            bucket,
            key,
            region: address.region,
            unreadable,
            query,
            parts,
        }
    }

    pub(crate) fn method(&self) -> &str {
        self.parts.method.as_str()
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        header(&self.parts, name)
    }

    /// All headers whose names begin so, in the order in which they came.
    pub(crate) fn headers<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, String)> {
        let matching = self.parts.headers.iter();
        matching
            .filter(move |(name, _)| name.as_str().starts_with(prefix))
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str(), value)
            })
    }

    /// A parameter's value; empty when it stands alone.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.query(name).is_some()
    }

    /// The size of the content, before it is cut into chunks.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header("x-amz-decoded-content-length")
            .or_else(|| self.header("content-length"))?
            .trim()
            .parse()
            .ok()
    }

    /// What is recorded of it.
    pub(crate) fn to_json(&self) -> Value {
        let mut record = Map::new();
        let texts = [("Bucket", &self.bucket), ("Key", &self.key)];
        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            record.insert(name.to_owned(), json!(text));
        }
        if let Some(number) = self.query("partNumber") {
            let number = number
                .parse::<u64>()
                .map_or(json!(number), |number| json!(number));
            record.insert("PartNumber".to_owned(), number);
        }
        if let Some(id) = self.query("uploadId") {
            record.insert("UploadId".to_owned(), json!(id));
        }
        if let Some(length) = self.content_length() {
            record.insert("ContentLength".to_owned(), json!(length));
        }
        let query: Map<String, Value> = self
            .query
            .iter()
            .filter(|(name, _)| name != "partNumber" && name != "uploadId")
            .filter(|(name, _)| !is_secret(name))
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        record.insert("Query".to_owned(), Value::Object(query));
        let headers: Map<String, Value> = self
            .headers("")
            .filter(|(name, _)| is_recorded(name) && !is_secret(name))
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        record.insert("Headers".to_owned(), Value::Object(headers));
        Value::Object(record)
    }
}

fn header(parts: &Parts, name: &str) -> Option<String> {
    let value = parts.headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The headers that say something about the object or how it was sent.
fn is_recorded(name: &str) -> bool {
    [
        "x-amz-", "x-cos-", "content-", "cache-", "if-", "expires", "range",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "signature", "customer-key", "credential"]
        .iter()
        .any(|word| name.contains(word))
}

/// What a host name says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Address {
    /// None: the bucket is the first part of the path.
    bucket: Option<String>,
    region: Option<String>,
}

impl Address {
    fn of(host: &str, cloud: Cloud, storage: &Storage) -> Self {
        let host = host.to_ascii_lowercase();
        let bare = match host.rsplit_once(':') {
            Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
            _ => &host,
        };
        if let Some(bucket) = storage.bucket_of_domain(cloud, bare) {
            return Self {
                bucket: Some(bucket),
                region: None,
            };
        }
        Self::local(bare)
            .or_else(|| match cloud {
                Cloud::Aws => Self::s3(bare),
                Cloud::Tencent => Self::cos(bare),
            })
            .unwrap_or_default()
    }

    /// `localhost` and addresses, with or without a bucket in front.
    fn local(host: &str) -> Option<Self> {
        let is_address = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        if host == "localhost" || is_address(host) {
            return Some(Self::default());
        }
        if let Some(bucket) = host.strip_suffix(".localhost") {
            return Some(Self {
                bucket: Some(bucket.to_owned()),
                region: None,
            });
        }
        // A bucket's name may hold dots, an IPv4 address is four labels.
        let labels: Vec<&str> = host.split('.').collect();
        let at = labels.len().checked_sub(4).filter(|at| *at > 0)?;
        is_address(&labels[at..].join(".")).then(|| Self {
            bucket: Some(labels[..at].join(".")),
            region: None,
        })
    }

    /// `BUCKET.s3.REGION.amazonaws.com`, its older and its accelerated forms, and those without a bucket.
    fn s3(host: &str) -> Option<Self> {
        let front = host.strip_suffix(".amazonaws.com")?;
        let labels: Vec<&str> = front.split('.').collect();
        let at = labels
            .iter()
            .rposition(|label| *label == "s3" || label.starts_with("s3-"))?;
        let rest = labels[at + 1..].iter().find(|label| **label != "dualstack");
        let bucket = labels[..at].join(".");
        Some(Self {
            bucket: (!bucket.is_empty()).then_some(bucket),
            region: rest.map(|region| (*region).to_owned()),
        })
    }

    /// `BUCKET.cos.REGION.myqcloud.com`, also `tencentcos.cn` and `cos-internal`, and those without a bucket.
    fn cos(host: &str) -> Option<Self> {
        let front = host
            .strip_suffix(".myqcloud.com")
            .or_else(|| host.strip_suffix(".tencentcos.cn"))?;
        let labels: Vec<&str> = front.split('.').collect();
        let at = labels
            .iter()
            .rposition(|label| matches!(*label, "cos" | "cos-internal"))?;
        let bucket = labels[..at].join(".");
        let region = labels.get(at + 1).filter(|label| **label != "accelerate");
        Some(Self {
            // The list of buckets has a host of its own.
            bucket: (!bucket.is_empty() && bucket != "service").then_some(bucket),
            region: region.map(|region| (*region).to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(cloud: Cloud, host: &str) -> (Option<String>, Option<String>) {
        let storage = Storage::new().unwrap();
        storage.add_domain(cloud, "files.example.com", "mapped");
        let address = Address::of(host, cloud, &storage);
        (address.bucket, address.region)
    }

    #[test]
    fn hosts_name_bucket_and_region() {
        for (cloud, host, bucket, region) in [
            (Cloud::Aws, "localhost:4566", None, None),
            (Cloud::Aws, "127.0.0.1:4566", None, None),
            (Cloud::Aws, "[::1]:4566", None, None),
            (Cloud::Aws, "emulator:4566", None, None),
            (Cloud::Aws, "a.b.localhost:4566", Some("a.b"), None),
            (Cloud::Aws, "a.b.127.0.0.1:4566", Some("a.b"), None),
            (
                Cloud::Aws,
                "a.b.s3.us-east-1.amazonaws.com",
                Some("a.b"),
                Some("us-east-1"),
            ),
            (
                Cloud::Aws,
                "a.s3.dualstack.eu-west-1.amazonaws.com",
                Some("a"),
                Some("eu-west-1"),
            ),
            (Cloud::Aws, "a.s3.amazonaws.com", Some("a"), None),
            (Cloud::Aws, "a.s3-accelerate.amazonaws.com", Some("a"), None),
            (
                Cloud::Aws,
                "s3.us-east-1.amazonaws.com",
                None,
                Some("us-east-1"),
            ),
            (Cloud::Aws, "files.example.com", Some("mapped"), None),
            (Cloud::Tencent, "Files.example.com:80", Some("mapped"), None),
            (Cloud::Tencent, "other.example.com", None, None),
            (
                Cloud::Tencent,
                "a-125.cos.ap-guangzhou.myqcloud.com",
                Some("a-125"),
                Some("ap-guangzhou"),
            ),
            (
                Cloud::Tencent,
                "a-125.cos-internal.ap-guangzhou.tencentcos.cn",
                Some("a-125"),
                Some("ap-guangzhou"),
            ),
            (
                Cloud::Tencent,
                "a-125.cos.accelerate.myqcloud.com",
                Some("a-125"),
                None,
            ),
            (Cloud::Tencent, "service.cos.myqcloud.com", None, None),
            (Cloud::Tencent, "a-125.localhost:9", Some("a-125"), None),
        ] {
            let found = address(cloud, host);
            let found = (found.0.as_deref(), found.1.as_deref());
            assert_eq!(found, (bucket, region), "{host}");
        }
    }

    #[test]
    fn keys_are_whatever_the_path_says() {
        let storage = Storage::new().unwrap();
        let of = |host: &str, uri: &str| {
            let request = http::Request::get(uri)
                .header("host", host)
                .body(())
                .unwrap();
            Request::new(request.into_parts().0, Cloud::Aws, &storage)
        };
        for (uri, key) in [
            ("/b", ""),
            ("/b/", ""),
            ("/b//", "/"),
            ("/b//k", "/k"),
            ("/b/a%20b%2B%25+%3F%23", "a b+%+?#"),
            ("/b/./%2E%2E/a", "./../a"),
            ("/b/%E4%B8%AD", "中"),
        ] {
            let request = of("localhost", uri);
            assert_eq!(
                (request.bucket.as_str(), request.key.as_str()),
                ("b", key),
                "{uri}"
            );
        }
        let request = of("b.localhost", "//k?uploads&a=x%2By");
        assert_eq!((request.bucket.as_str(), request.key.as_str()), ("b", "/k"));
        assert_eq!(
            (request.query("uploads"), request.query("a")),
            (Some(""), Some("x+y"))
        );
        assert!(of("localhost", "/b/%FF").unreadable);
    }

    #[test]
    fn secrets_are_not_recorded() {
        let storage = Storage::new().unwrap();
        let request = http::Request::put("/b/k?partNumber=3&uploadId=u&X-Amz-Signature=s3cr3t")
            .header("authorization", "s3cr3t")
            .header("x-amz-security-token", "s3cr3t")
            .header("x-amz-acl", "private")
            .header("content-length", "5")
            .body(())
            .unwrap();
        let record = Request::new(request.into_parts().0, Cloud::Aws, &storage).to_json();
        assert!(!record.to_string().contains("s3cr3t"), "{record}");
        assert_eq!(
            (&record["PartNumber"], &record["ContentLength"]),
            (&json!(3), &json!(5))
        );
        assert_eq!(record["Headers"]["x-amz-acl"], "private");
    }
}
