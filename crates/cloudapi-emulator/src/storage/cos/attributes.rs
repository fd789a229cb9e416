//! The headers that describe an object, checked as COS does.

use std::collections::BTreeMap;

use crate::exchange::Reply;
use crate::storage::error::one_of;
use crate::storage::model::{Attributes, Bucket, Object};
use crate::storage::{Call, Error, Request};

/// Headers that come back as they were sent.
const KEPT: [&str; 6] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];

const STORAGE_CLASSES: [&str; 9] = [
    "STANDARD",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "COLD",
    "ARCHIVE",
    "DEEP_ARCHIVE",
    "MAZ_STANDARD",
    "MAZ_STANDARD_IA",
    "MAZ_INTELLIGENT_TIERING",
];

const ACLS: [&str; 6] = [
    "default",
    "private",
    "public-read",
    "authenticated-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
];

/// Headers of COS's own that a request may carry without describing the object.
const OTHERS: [&str; 4] = [
    "x-cos-security-token",
    "x-cos-forbid-overwrite",
    "x-cos-sdk-retry",
    "x-cos-traffic-limit",
];

const MOST_METADATA: usize = 2 * 1024;
const MOST_TAGS: usize = 10;

/// Bits a second that a request may be limited to.
const TRAFFIC: std::ops::RangeInclusive<u64> = 819_200..=838_860_800;

impl Attributes {
    /// Reads what a PUT or Initiate says about the object.
    pub(super) fn of_cos(request: &Request) -> Result<Self, Error> {
        refuse_unknown(request)?;
        check_traffic_limit(request)?;
        let mut headers: BTreeMap<&'static str, String> = KEPT
            .iter()
            .filter_map(|name| Some((*name, request.header(name)?)))
            .collect();
        headers
            .entry("content-type")
            .or_insert_with(|| "application/octet-stream".to_owned());
        let storage_class = request.header("x-cos-storage-class").unwrap_or_default();
        if !storage_class.is_empty() {
            one_of(&storage_class, &STORAGE_CLASSES, || {
                let message = "The storage class you specified is not valid";
                Error::client("InvalidStorageClass", message)
            })?;
        }
        let acl = request.header("x-cos-acl").unwrap_or_default();
        if !acl.is_empty() {
            one_of(&acl, &ACLS, || {
                Error::client("InvalidArgument", format!("{acl} is no ACL of an object"))
            })?;
        }
        Ok(Self {
            headers,
            metadata: metadata(request)?,
            storage_class,
            acl,
            tags: tags(request)?,
            encryption: encryption(request)?,
        })
    }
}

fn refuse_unknown(request: &Request) -> Result<(), Error> {
    for (name, _) in request.headers("x-cos-") {
        let known = OTHERS.contains(&name)
            || name.starts_with("x-cos-meta-")
            || name.starts_with("x-cos-server-side-encryption")
                && !name.starts_with("x-cos-server-side-encryption-customer")
            || matches!(name, "x-cos-storage-class" | "x-cos-acl" | "x-cos-tagging");
        if !known {
            return Err(Error::not_implemented(name));
        }
    }
    Ok(())
}

/// A limit that makes no sense is refused; one that does is not kept to.
pub(super) fn check_traffic_limit(request: &Request) -> Result<(), Error> {
    let Some(text) = request.header("x-cos-traffic-limit") else {
        return Ok(());
    };
    if text.parse().is_ok_and(|limit| TRAFFIC.contains(&limit)) {
        return Ok(());
    }
    let message = "The x-cos-traffic-limit must be between 819200 and 838860800 bit/s.";
    Err(Error::client("InvalidArgument", message))
}

fn metadata(request: &Request) -> Result<BTreeMap<String, String>, Error> {
    let metadata: BTreeMap<String, String> = request
        .headers("x-cos-meta-")
        .map(|(name, value)| (name["x-cos-meta-".len()..].to_owned(), value))
        .collect();
    let size: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > MOST_METADATA {
        let message = "Your metadata headers exceed the maximum allowed metadata size.";
        return Err(Error::client("MetadataTooLarge", message));
    }
    Ok(metadata)
}

fn tags(request: &Request) -> Result<Vec<(String, String)>, Error> {
    let text = request.header("x-cos-tagging").unwrap_or_default();
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let tags: Vec<(String, String)> = pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect();
    let repeats = |key: &str| tags.iter().filter(|(known, _)| known == key).count() > 1;
    let wrong = |(key, value): &(String, String)| {
        key.is_empty() || key.len() > 128 || value.len() > 256 || repeats(key)
    };
    if tags.len() > MOST_TAGS || tags.iter().any(wrong) {
        return Err(Error::client(
            "InvalidTag",
            "The tags you have provided are invalid.",
        ));
    }
    Ok(tags)
}

/// What the answer says about the encryption.
fn encryption(request: &Request) -> Result<Vec<(&'static str, String)>, Error> {
    const KEY: &str = "x-cos-server-side-encryption-cos-kms-key-id";
    let key = request.header(KEY);
    let Some(word) = request.header("x-cos-server-side-encryption") else {
        return match key {
            None => Ok(Vec::new()),
            Some(_) => Err(Error::client(
                "InvalidArgument",
                "A key needs x-cos-server-side-encryption: cos/kms.",
            )),
        };
    };
    if word != "AES256" && word != "cos/kms" {
        let message = "The encryption method specified is not supported.";
        return Err(Error::client("InvalidArgument", message));
    }
    if word == "AES256" && key.is_some() {
        let message = "A key needs x-cos-server-side-encryption: cos/kms.";
        return Err(Error::client("InvalidArgument", message));
    }
    let mut answer = vec![("x-cos-server-side-encryption", word)];
    answer.extend(key.map(|key| (KEY, key)));
    Ok(answer)
}

/// The request says that an object which exists is not to be replaced.
pub(super) fn forbids_overwrite(request: &Request) -> Result<bool, Error> {
    match request.header("x-cos-forbid-overwrite").as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => {
            let message = "x-cos-forbid-overwrite must be true or false.";
            Err(Error::client("InvalidArgument", message))
        }
    }
}

/// Refuses to replace an object where that is forbidden.
pub(super) fn check_overwrite(
    call: &Call<'_>,
    bucket: &Bucket,
    forbidden: bool,
) -> Result<(), Error> {
    if forbidden && bucket.current(call.key()).is_some() {
        return Err(Error::new(
            409,
            "FileAlreadyExists",
            "The file already exists.",
        ));
    }
    Ok(())
}

/// Adds the headers about the object that only COS has.
pub(super) fn with_attributes(call: &Call<'_>, mut reply: Reply, object: &Object) -> Reply {
    let attributes = &object.attributes;
    for (name, value) in &attributes.metadata {
        reply = reply.with_named_header(&format!("x-cos-meta-{name}"), value);
    }
    if !matches!(attributes.storage_class.as_str(), "" | "STANDARD") {
        reply = reply.with_header("x-cos-storage-class", &attributes.storage_class);
    }
    if !attributes.tags.is_empty() {
        let count = attributes.tags.len().to_string();
        reply = reply.with_header("x-cos-tagging-count", &count);
    }
    with_crc64(call, reply, object.crc64)
}

/// Adds the checksum, which a fault may make wrong.
pub(super) fn with_crc64(call: &Call<'_>, reply: Reply, crc64: Option<u64>) -> Reply {
    let Some(crc64) = crc64 else {
        return reply;
    };
    let shown = crate::storage::checksum::number(&call.shown(&crc64.to_be_bytes()));
    reply.with_header("x-cos-hash-crc64ecma", &shown.to_string())
}
