//! Buckets, and the lists of what is in them.

use crate::aws::xml::Xml;
use crate::clock;
use crate::exchange::Reply;
use crate::storage::error::DECLARATION;
use crate::storage::list::{self, Filter, Page};
use crate::storage::model::{Bucket, Object, Versioning};
use crate::storage::xml::Element;
use crate::storage::{Call, Error, Failure, RequestBody, checksum, empty};

use super::multipart::{owner, storage_class};
use super::{NAMESPACE, document, receive, region};

/// The region that has no name in a location.
const NAMELESS: &str = "us-east-1";

/// ListBuckets.
pub(super) fn list(call: &Call<'_>) -> Reply {
    let mut xml = Xml::default();
    owner(&mut xml, "Owner");
    xml.node("Buckets", |xml| {
        for (name, bucket) in call.state().of(call.cloud) {
            xml.node("Bucket", |xml| {
                xml.text("Name", name);
                xml.text("CreationDate", clock::iso_millis(bucket.created));
                xml.text("BucketRegion", &bucket.region);
            });
        }
    });
    document("ListAllMyBucketsResult", &xml.finish())
}

/// CreateBucket.
pub(super) async fn create(
    call: &Call<'_>,
    body: &mut RequestBody,
    payload: &str,
) -> Result<Reply, Failure> {
    let asked = receive::document(body, payload).await?;
    let name = call.bucket_name();
    if !is_name(name) {
        let message = "The specified bucket is not valid.";
        return Err(Error::client("InvalidBucketName", message)
            .with("BucketName", name)
            .into());
    }
    let region = region(call.request);
    let location = if asked.is_empty() {
        None
    } else {
        let root = Element::parse(&asked, "CreateBucketConfiguration");
        let root = root.ok_or_else(Error::malformed_xml)?;
        root.text("LocationConstraint").map(str::to_owned)
    };
    let fits = match &location {
        None => region == NAMELESS,
        Some(location) => *location == region && region != NAMELESS,
    };
    if !fits {
        let location = location.unwrap_or_else(|| "unspecified".to_owned());
        let message = format!(
            "The {location} location constraint is incompatible for the region specific endpoint this request was sent to."
        );
        return Err(Error::client("IllegalLocationConstraintException", message).into());
    }
    let known = (call.cloud, name.to_owned());
    let mut state = call.state();
    if state.buckets.contains_key(&known) && region != NAMELESS {
        let message =
            "Your previous request to create the named bucket succeeded and you already own it.";
        return Err(Error::new(409, "BucketAlreadyOwnedByYou", message)
            .with("BucketName", name)
            .into());
    }
    let bucket = || Bucket::new(&region, call.now);
    state.buckets.entry(known).or_insert_with(bucket);
    Ok(empty(200).with_header("location", &format!("/{name}")))
}

fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| inner(byte) || matches!(byte, b'-' | b'.'))
        && name.bytes().next().is_some_and(inner)
        && name.bytes().last().is_some_and(inner)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

/// HeadBucket.
pub(super) fn head(call: &Call<'_>) -> Result<Reply, Error> {
    let region = call.in_bucket(|bucket| Ok(bucket.region.clone()))?;
    Ok(empty(200).with_header("x-amz-bucket-region", &region))
}

/// DeleteBucket.
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    let mut state = call.state();
    if !state.bucket(call.cloud, call.bucket_name())?.is_empty() {
        let message = "The bucket you tried to delete is not empty";
        return Err(
            Error::new(409, "BucketNotEmpty", message).with("BucketName", call.bucket_name())
        );
    }
    state
        .buckets
        .remove(&(call.cloud, call.bucket_name().to_owned()));
    Ok(empty(204))
}

/// GetBucketLocation.
pub(super) fn location(call: &Call<'_>) -> Result<Reply, Error> {
    let region = call.in_bucket(|bucket| Ok(bucket.region.clone()))?;
    let region = if region == NAMELESS { "" } else { &region };
    let body = format!(
        "{DECLARATION}<LocationConstraint xmlns=\"{NAMESPACE}\">{region}</LocationConstraint>"
    );
    Ok(Reply::new(200, "application/xml", body))
}

/// GetBucketVersioning.
pub(super) fn versioning(call: &Call<'_>) -> Result<Reply, Error> {
    let versioning = call.in_bucket(|bucket| Ok(bucket.versioning))?;
    let mut xml = Xml::default();
    match versioning {
        Versioning::Never => {}
        Versioning::Enabled => xml.text("Status", "Enabled"),
        Versioning::Suspended => xml.text("Status", "Suspended"),
    }
    Ok(document("VersioningConfiguration", &xml.finish()))
}

/// PutBucketVersioning.
pub(super) async fn set_versioning(
    call: &Call<'_>,
    body: &mut RequestBody,
    payload: &str,
) -> Result<Reply, Failure> {
    let asked = receive::document(body, payload).await?;
    for algorithm in checksum::OF_S3 {
        let claimed = call.request.header(algorithm.header());
        if claimed.is_some_and(|claimed| claimed != checksum::base64(&algorithm.of(&asked))) {
            return Err(Error::bad_digest(algorithm.name()).into());
        }
    }
    let root =
        Element::parse(&asked, "VersioningConfiguration").ok_or_else(Error::malformed_xml)?;
    let versioning = match root.text("Status") {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => return Err(Error::malformed_xml().into()),
    };
    call.change(|bucket| {
        bucket.versioning = versioning;
        Ok(())
    })?;
    Ok(empty(200))
}

/// ListObjectsV2. Its token is the last key of the page before, in hexadecimal so that nobody takes it for one.
pub(super) fn list_objects_v2(call: &Call<'_>) -> Result<Reply, Error> {
    let text = |name: &str| call.request.query(name).unwrap_or_default();
    let token = match call.request.query("continuation-token") {
        None => None,
        Some(token) => Some(unhex(token).ok_or_else(|| {
            let message = "The continuation token provided is incorrect";
            Error::argument("continuation-token", token, message)
        })?),
    };
    let after = token
        .clone()
        .unwrap_or_else(|| text("start-after").to_owned());
    let filter = Filter {
        prefix: text("prefix"),
        delimiter: text("delimiter"),
        after: &after,
        most: call.page(call.request.query("max-keys"), "max-keys")?,
    };
    let encoding = call.request.query("encoding-type");
    let mut xml = Xml::default();
    call.in_bucket(|bucket| {
        let page = filter.page(
            bucket
                .listed()
                .map(|(key, object)| (key.as_str(), (key, object))),
        );
        list_head(&mut xml, call, &filter, encoding, page.truncated);
        xml.text("KeyCount", page.entries.len() + page.prefixes.len());
        xml.optional(
            "ContinuationToken",
            call.request.query("continuation-token"),
        );
        xml.optional("StartAfter", call.request.query("start-after"));
        if page.truncated {
            xml.text(
                "NextContinuationToken",
                crate::auth::hex(page.last.as_bytes()),
            );
        }
        entries(
            &mut xml,
            &page,
            encoding,
            call.request.query("fetch-owner") == Some("true"),
        );
        Ok(())
    })?;
    Ok(document("ListBucketResult", &xml.finish()))
}

/// ListObjects, the older list.
pub(super) fn list_objects(call: &Call<'_>) -> Result<Reply, Error> {
    let text = |name: &str| call.request.query(name).unwrap_or_default();
    let filter = Filter {
        prefix: text("prefix"),
        delimiter: text("delimiter"),
        after: text("marker"),
        most: call.page(call.request.query("max-keys"), "max-keys")?,
    };
    let encoding = call.request.query("encoding-type");
    let mut xml = Xml::default();
    call.in_bucket(|bucket| {
        let page = filter.page(
            bucket
                .listed()
                .map(|(key, object)| (key.as_str(), (key, object))),
        );
        list_head(&mut xml, call, &filter, encoding, page.truncated);
        xml.text("Marker", list::shown(filter.after, encoding));
        if page.truncated && !filter.delimiter.is_empty() {
            xml.text("NextMarker", list::shown(&page.last, encoding));
        }
        entries(&mut xml, &page, encoding, true);
        Ok(())
    })?;
    Ok(document("ListBucketResult", &xml.finish()))
}

fn list_head(
    xml: &mut Xml,
    call: &Call<'_>,
    filter: &Filter<'_>,
    encoding: Option<&str>,
    truncated: bool,
) {
    xml.text("Name", call.bucket_name());
    xml.text("Prefix", list::shown(filter.prefix, encoding));
    if !filter.delimiter.is_empty() {
        xml.text("Delimiter", list::shown(filter.delimiter, encoding));
    }
    xml.optional("EncodingType", encoding);
    xml.text("MaxKeys", filter.most);
    xml.text("IsTruncated", truncated);
}

fn entries(
    xml: &mut Xml,
    page: &Page<(&String, &std::sync::Arc<Object>)>,
    encoding: Option<&str>,
    with_owner: bool,
) {
    for (key, object) in &page.entries {
        xml.node("Contents", |xml| {
            xml.text("Key", list::shown(key, encoding));
            xml.text("LastModified", clock::iso_millis(object.at));
            xml.text("ETag", format!("\"{}\"", object.e_tag));
            if let Some(kept) = &object.checksum {
                xml.text("ChecksumAlgorithm", kept.algorithm.name());
                xml.text("ChecksumType", kept.coverage.name());
            }
            xml.text("Size", object.content.size());
            if with_owner {
                owner(xml, "Owner");
            }
            xml.text("StorageClass", storage_class(&object.attributes));
        });
    }
    list::common_prefixes(xml, &page.prefixes, encoding);
}

/// ListObjectVersions: a page counts keys, and has all versions of each.
pub(super) fn list_versions(call: &Call<'_>) -> Result<Reply, Error> {
    let text = |name: &str| call.request.query(name).unwrap_or_default();
    let filter = Filter {
        prefix: text("prefix"),
        delimiter: text("delimiter"),
        after: text("key-marker"),
        most: call.page(call.request.query("max-keys"), "max-keys")?,
    };
    let encoding = call.request.query("encoding-type");
    let mut xml = Xml::default();
    call.in_bucket(|bucket| {
        let page = filter.page(
            bucket
                .all()
                .map(|(key, versions)| (key.as_str(), (key, versions))),
        );
        list_head(&mut xml, call, &filter, encoding, page.truncated);
        xml.text("KeyMarker", list::shown(filter.after, encoding));
        if page.truncated {
            xml.text("NextKeyMarker", list::shown(&page.last, encoding));
        }
        for (key, versions) in &page.entries {
            for (at, version) in versions.iter().rev().enumerate() {
                let name = if version.object.is_some() {
                    "Version"
                } else {
                    "DeleteMarker"
                };
                xml.node(name, |xml| {
                    xml.text("Key", list::shown(key, encoding));
                    xml.text("VersionId", &version.id);
                    xml.text("IsLatest", at == 0);
                    xml.text("LastModified", clock::iso_millis(version.at));
                    if let Some(object) = &version.object {
                        xml.text("ETag", format!("\"{}\"", object.e_tag));
                        xml.text("Size", object.content.size());
                        xml.text("StorageClass", storage_class(&object.attributes));
                    }
                    owner(xml, "Owner");
                });
            }
        }
        list::common_prefixes(&mut xml, &page.prefixes, encoding);
        Ok(())
    })?;
    Ok(document("ListVersionsResult", &xml.finish()))
}

/// Reads what [`crate::auth::hex`] writes.
fn unhex(text: &str) -> Option<String> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for name in ["abc", "a.b-c", "cloudapi-demo", "1ab"] {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(64);
        for name in ["ab", "Abc", "a_b", "-ab", "ab-", "a..b", "10.0.0.1", &long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn tokens_are_read_back() {
        assert_eq!(
            unhex(&crate::auth::hex("a/中".as_bytes())).as_deref(),
            Some("a/中")
        );
        assert_eq!(unhex("zz"), None);
        assert_eq!(unhex("abc"), None);
    }
}
