//! Buckets, and the list of what is in them.

use crate::aws::xml::Xml;
use crate::clock;
use crate::exchange::Reply;
use crate::fixtures::TENCENT_REGION;
use crate::storage::list::{self, Filter};
use crate::storage::model::Bucket;
use crate::storage::{Call, Error, empty};

use super::document;
use super::multipart::{owner, storage_class};

/// GET Service.
pub(super) fn list(call: &Call<'_>) -> Reply {
    let mut xml = Xml::default();
    owner(&mut xml, "Owner");
    xml.node("Buckets", |xml| {
        for (name, bucket) in call.state().of(call.cloud) {
            xml.node("Bucket", |xml| {
                xml.text("Name", name);
                xml.text("Location", &bucket.region);
                xml.text("CreationDate", clock::iso(bucket.created));
                xml.text("BucketType", "cos");
            });
        }
    });
    document("ListAllMyBucketsResult", &xml.finish())
}

/// PUT Bucket: in the region that the host names.
pub(super) fn create(call: &Call<'_>) -> Result<Reply, Error> {
    let name = call.bucket_name();
    if !is_name(name) {
        let message = "The bucket name has to be lower case letters, digits and hyphens, with the APPID at its end.";
        return Err(Error::client("InvalidBucketName", message));
    }
    let region = call.request.region.as_deref().unwrap_or(TENCENT_REGION);
    let known = (call.cloud, name.to_owned());
    let mut state = call.state();
    if state.buckets.contains_key(&known) {
        let message =
            "Your previous request to create the named bucket succeeded and you already own it.";
        return Err(Error::new(409, "BucketAlreadyOwnedByYou", message));
    }
    state.buckets.insert(known, Bucket::new(region, call.now));
    Ok(empty(200))
}

/// `NAME-APPID`.
fn is_name(name: &str) -> bool {
    let letters = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    name.len() <= 60
        && name.rsplit_once('-').is_some_and(|(front, app)| {
            !front.is_empty()
                && letters(front)
                && !front.starts_with('-')
                && !front.ends_with('-')
                && app.len() >= 6
                && app.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// HEAD Bucket.
pub(super) fn head(call: &Call<'_>) -> Result<Reply, Error> {
    let region = call.in_bucket(|bucket| Ok(bucket.region.clone()))?;
    Ok(empty(200).with_header("x-cos-bucket-region", &region))
}

/// DELETE Bucket.
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    let mut state = call.state();
    if !state.bucket(call.cloud, call.bucket_name())?.is_empty() {
        let message = "The bucket you tried to delete is not empty.";
        return Err(Error::new(409, "BucketNotEmpty", message));
    }
    state
        .buckets
        .remove(&(call.cloud, call.bucket_name().to_owned()));
    Ok(empty(204))
}

/// GET Bucket: the objects.
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
        xml.text("Name", call.bucket_name());
        xml.optional("EncodingType", encoding);
        xml.text("Prefix", list::shown(filter.prefix, encoding));
        xml.text("Marker", list::shown(filter.after, encoding));
        xml.text("MaxKeys", filter.most);
        xml.text("Delimiter", list::shown(filter.delimiter, encoding));
        xml.text("IsTruncated", page.truncated);
        if page.truncated {
            xml.text("NextMarker", list::shown(&page.last, encoding));
        }
        for (key, object) in &page.entries {
            xml.node("Contents", |xml| {
                xml.text("Key", list::shown(key, encoding));
                xml.text("LastModified", clock::iso_millis(object.at));
                xml.text("ETag", format!("\"{}\"", object.e_tag));
                xml.text("Size", object.content.size());
                owner(xml, "Owner");
                xml.text("StorageClass", storage_class(&object.attributes));
            });
        }
        list::common_prefixes(&mut xml, &page.prefixes, encoding);
        Ok(())
    })?;
    Ok(document("ListBucketResult", &xml.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_in_the_app_id() {
        assert!(is_name("cloudapi-demo-1250000000") && is_name("a-1250000000"));
        for name in [
            "cloudapi-demo",
            "-1250000000",
            "A-1250000000",
            "a_b-1250000000",
            "a--1250000000",
            "1250000000",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
