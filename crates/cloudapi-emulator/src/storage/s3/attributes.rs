//! The headers that describe an object, checked as S3 does.

use std::collections::BTreeMap;

use crate::exchange::Reply;
use crate::fixtures::AWS_ACCOUNT;
use crate::storage::error::one_of;
use crate::storage::model::{Attributes, Bucket, Checksum, Object};
use crate::storage::serve::precondition_failed;
use crate::storage::{Call, Error, Request, checksum};

/// Headers that come back as they were sent.
const KEPT: [&str; 6] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];

const STORAGE_CLASSES: [&str; 7] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
];
const GLACIER_INSTANT_RETRIEVAL: &str = "GLACIER_IR";

const ACLS: [&str; 7] = [
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
];

/// Headers of S3's own that a request may carry without describing the object.
const OTHERS: [&str; 12] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-decoded-content-length",
    "x-amz-trailer",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-checksum-algorithm",
    "x-amz-checksum-type",
    "x-amz-expected-bucket-owner",
    "x-amz-request-payer",
    "x-amz-user-agent",
    "x-amz-mp-object-size",
];

const MOST_METADATA: usize = 2 * 1024;
const MOST_TAGS: usize = 10;
const KMS_WORDS: [&str; 2] = ["aws:kms", "aws:kms:dsse"];

impl Attributes {
    /// Reads what a PutObject or CreateMultipartUpload says about the object.
    pub(super) fn of_s3(request: &Request, region: &str) -> Result<Self, Error> {
        refuse_unknown(request)?;
        let mut headers: BTreeMap<&'static str, String> = KEPT
            .iter()
            .filter_map(|name| Some((*name, request.header(name)?)))
            .collect();
        if let Some(encoding) = headers.remove("content-encoding") {
            // The chunks are S3's own business and not kept.
            let kept: Vec<&str> = encoding
                .split(',')
                .map(str::trim)
                .filter(|word| *word != "aws-chunked" && !word.is_empty())
                .collect();
            if !kept.is_empty() {
                headers.insert("content-encoding", kept.join(","));
            }
        }
        headers
            .entry("content-type")
            .or_insert_with(|| "binary/octet-stream".to_owned());
        let storage_class = request.header("x-amz-storage-class").unwrap_or_default();
        if !storage_class.is_empty() && storage_class != GLACIER_INSTANT_RETRIEVAL {
            one_of(&storage_class, &STORAGE_CLASSES, || {
                let message = "The storage class you specified is not valid";
                Error::client("InvalidStorageClass", message)
                    .with("StorageClassRequested", &storage_class)
            })?;
        }
        let acl = request.header("x-amz-acl").unwrap_or_default();
        if !acl.is_empty() {
            one_of(&acl, &ACLS, || Error::argument("x-amz-acl", &acl, ""))?;
        }
        Ok(Self {
            headers,
            metadata: metadata(request)?,
            storage_class,
            acl,
            tags: tags(request)?,
            encryption: encryption(request, region)?,
        })
    }
}

fn refuse_unknown(request: &Request) -> Result<(), Error> {
    for (name, _) in request.headers("x-amz-") {
        if name.starts_with("x-amz-server-side-encryption-customer") {
            return Err(Error::request(
                "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.",
            ));
        }
        if name.starts_with("x-amz-object-lock-") {
            return Err(Error::request(
                "Bucket is missing Object Lock Configuration",
            ));
        }
        let known = OTHERS.contains(&name)
            || name.starts_with("x-amz-meta-")
            || name.starts_with("x-amz-checksum-")
            || name.starts_with("x-amz-server-side-encryption")
            || matches!(name, "x-amz-storage-class" | "x-amz-acl" | "x-amz-tagging");
        if !known {
            return Err(Error::not_implemented(name));
        }
    }
    Ok(())
}

fn metadata(request: &Request) -> Result<BTreeMap<String, String>, Error> {
    let mut metadata: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in request.headers("x-amz-meta-") {
        let name = name["x-amz-meta-".len()..].to_owned();
        // The same header again is one value with commas.
        let entry = metadata.entry(name).or_default();
        if !entry.is_empty() {
            entry.push(',');
        }
        entry.push_str(&value);
    }
    let size: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > MOST_METADATA {
        let message = "Your metadata headers exceed the maximum allowed metadata size";
        return Err(Error::client("MetadataTooLarge", message)
            .with("Size", size.to_string())
            .with("MaxSizeAllowed", MOST_METADATA.to_string()));
    }
    Ok(metadata)
}

fn tags(request: &Request) -> Result<Vec<(String, String)>, Error> {
    let text = request.header("x-amz-tagging").unwrap_or_default();
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let mut tags: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decode(key), decode(value));
        if key.is_empty() || key.chars().count() > 128 {
            return Err(Error::client(
                "InvalidTag",
                "The TagKey you have provided is invalid",
            ));
        }
        if value.chars().count() > 256 {
            return Err(Error::client(
                "InvalidTag",
                "The TagValue you have provided is invalid",
            ));
        }
        if tags.iter().any(|(known, _)| *known == key) {
            let message = "Cannot provide multiple Tags with the same key";
            return Err(Error::client("InvalidTag", message));
        }
        tags.push((key, value));
    }
    if tags.len() > MOST_TAGS {
        return Err(Error::client(
            "BadRequest",
            "Object tags cannot be greater than 10",
        ));
    }
    Ok(tags)
}

/// What the answer says about the encryption; without a word for it S3 uses its own keys.
fn encryption(request: &Request, region: &str) -> Result<Vec<(&'static str, String)>, Error> {
    let header = |name: &str| request.header(&format!("x-amz-server-side-encryption{name}"));
    let word = header("").unwrap_or_else(|| "AES256".to_owned());
    let managed = KMS_WORDS.contains(&word.as_str());
    if !managed && word != "AES256" {
        let message = "The encryption method specified is not supported";
        return Err(Error::argument(
            "x-amz-server-side-encryption",
            &word,
            message,
        ));
    }
    let mut answer = vec![("x-amz-server-side-encryption", word)];
    let key = header("-aws-kms-key-id");
    if !managed && (key.is_some() || header("-context").is_some()) {
        let message = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms";
        return Err(Error::argument(
            "x-amz-server-side-encryption",
            "AES256",
            message,
        ));
    }
    if managed {
        let key = key.unwrap_or_else(|| "alias/aws/s3".to_owned());
        let arn = if key.starts_with("arn:") {
            key
        } else if key.starts_with("alias/") {
            format!("arn:aws:kms:{region}:{AWS_ACCOUNT}:{key}")
        } else {
            format!("arn:aws:kms:{region}:{AWS_ACCOUNT}:key/{key}")
        };
        answer.push(("x-amz-server-side-encryption-aws-kms-key-id", arn));
        if let Some(flag) = header("-bucket-key-enabled") {
            answer.push(("x-amz-server-side-encryption-bucket-key-enabled", flag));
        }
    }
    Ok(answer)
}

/// `If-None-Match` and `If-Match` of a write.
pub(super) fn check_condition(call: &Call<'_>, bucket: &Bucket) -> Result<(), Error> {
    let current = bucket.current(call.key());
    if let Some(word) = call.request.header("if-none-match") {
        if word != "*" {
            return Err(Error::not_implemented("If-None-Match"));
        }
        if current.is_some() {
            return Err(precondition_failed("If-None-Match"));
        }
    }
    if let Some(tag) = call.request.header("if-match") {
        let Some((_, object)) = current else {
            return Err(Error::no_such_key(call.key()));
        };
        if tag.trim_matches('"') != object.e_tag {
            return Err(precondition_failed("If-Match"));
        }
    }
    Ok(())
}

/// Adds the headers about the checksum of an object.
pub(super) fn with_checksum(call: &Call<'_>, reply: Reply, kept: Option<&Checksum>) -> Reply {
    let Some(kept) = kept else {
        return reply;
    };
    reply
        .with_header(kept.algorithm.header(), &shown(call, kept))
        .with_header("x-amz-checksum-type", kept.coverage.name())
}

/// A checksum as it is answered, which a fault may make wrong.
pub(super) fn shown(call: &Call<'_>, kept: &Checksum) -> String {
    let (value, count) = kept.value.split_once('-').unwrap_or((&kept.value, ""));
    let Some(value) = checksum::parse_base64(kept.algorithm, value) else {
        return kept.value.clone();
    };
    let value = checksum::base64(&call.shown(&value));
    if count.is_empty() {
        value
    } else {
        format!("{value}-{count}")
    }
}

/// Adds the headers about the object that only S3 has.
pub(super) fn with_attributes(mut reply: Reply, object: &Object) -> Reply {
    let attributes = &object.attributes;
    for (name, value) in &attributes.metadata {
        reply = reply.with_named_header(&format!("x-amz-meta-{name}"), value);
    }
    if !matches!(attributes.storage_class.as_str(), "" | "STANDARD") {
        reply = reply.with_header("x-amz-storage-class", &attributes.storage_class);
    }
    if !attributes.tags.is_empty() {
        let count = attributes.tags.len().to_string();
        reply = reply.with_header("x-amz-tagging-count", &count);
    }
    reply
}
