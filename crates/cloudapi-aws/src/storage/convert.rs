//! From the properties of an object to those of S3.

use std::collections::HashMap;

use aws_sdk_s3::types::{ObjectCannedAcl, ServerSideEncryption, StorageClass as Class};
use aws_smithy_http::query;
use cloudapi_core::storage::{Encryption, StorageClass, UploadFileRequest};
use cloudapi_core::{Error, Result};

/// The longest key, in bytes.
const LONGEST_KEY: usize = 1024;
/// The longest name and value of a tag, in characters.
const LONGEST_TAG: (usize, usize) = (128, 256);

/// What an object is: of PutObject, or of CreateMultipartUpload.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Properties {
    pub(super) content_type: String,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) metadata: Option<HashMap<String, String>>,
    pub(super) storage_class: Option<Class>,
    pub(super) acl: Option<ObjectCannedAcl>,
    pub(super) encryption: Option<ServerSideEncryption>,
    pub(super) kms_key_id: Option<String>,
    pub(super) tags: Option<String>,
}

/// Converts the properties.
///
/// # Errors
///
/// `Unsupported` for what S3 lacks, `InvalidArgument` for what can't be right.
pub(super) fn properties(request: &UploadFileRequest) -> Result<Properties> {
    if request.key.len() > LONGEST_KEY {
        return Err(Error::invalid_argument(format!(
            "the key has {} bytes; S3 takes {LONGEST_KEY} at most",
            request.key.len()
        )));
    }
    let options = &request.options;
    let metadata: HashMap<String, String> = options.metadata.clone().into_iter().collect();
    Ok(Properties {
        content_type: request.content_type().to_owned(),
        cache_control: options.cache_control.clone(),
        content_disposition: options.content_disposition.clone(),
        content_encoding: options.content_encoding.clone(),
        content_language: options.content_language.clone(),
        metadata: Some(metadata).filter(|metadata| !metadata.is_empty()),
        storage_class: options.storage_class.as_ref().map(class_of),
        acl: options.acl.as_deref().map(acl_of).transpose()?,
        encryption: options
            .encryption
            .as_ref()
            .map(|encryption| match encryption {
                Encryption::Kms => ServerSideEncryption::AwsKms,
                _ => ServerSideEncryption::Aes256,
            }),
        kms_key_id: options.kms_key_id.clone(),
        tags: tags_of(request)?,
    })
}

fn class_of(class: &StorageClass) -> Class {
    match class {
        StorageClass::Standard => Class::Standard,
        StorageClass::InfrequentAccess => Class::StandardIa,
        StorageClass::Archive => Class::Glacier,
        StorageClass::DeepArchive => Class::DeepArchive,
        StorageClass::IntelligentTiering => Class::IntelligentTiering,
        other => Class::from(other.as_str()),
    }
}

fn acl_of(acl: &str) -> Result<ObjectCannedAcl> {
    let known = ObjectCannedAcl::values();
    if known.contains(&acl) {
        return Ok(ObjectCannedAcl::from(acl));
    }
    let message = format!(
        "Acl {acl:?}; an object at S3 has one of {}",
        known.join(", ")
    );
    // The bucket's own, which COS has a word for; here it is what an object without an ACL has.
    Err(if acl == "default" {
        Error::unsupported(message)
    } else {
        Error::invalid_argument(message)
    })
}

fn tags_of(request: &UploadFileRequest) -> Result<Option<String>> {
    let mut pairs = Vec::new();
    for (name, value) in &request.options.tags {
        let length = name.chars().count();
        if length == 0 || length > LONGEST_TAG.0 || value.chars().count() > LONGEST_TAG.1 {
            return Err(Error::invalid_argument(format!(
                "the tag {name:?} is too long or has no name; S3 takes names of 1 to {} characters and values up to {}",
                LONGEST_TAG.0, LONGEST_TAG.1
            )));
        }
        pairs.push(format!(
            "{}={}",
            query::fmt_string(name),
            query::fmt_string(value)
        ));
    }
    Ok((!pairs.is_empty()).then(|| pairs.join("&")))
}

#[cfg(test)]
mod tests {
    use cloudapi_core::ErrorKind;
    use cloudapi_core::storage::UploadOptions;
    use serde_json::json;

    use super::*;

    fn converted(options: serde_json::Value) -> Result<Properties> {
        let options: UploadOptions = serde_json::from_value(options).unwrap();
        properties(&UploadFileRequest::new("b", "page.html", Vec::new()).with_options(options))
    }

    #[test]
    fn every_property_has_its_place() {
        let all = json!({"ContentType": "a/b", "Metadata": {"Owner": "team a/b"}, "StorageClass": "infrequent-access",
            "Acl": "public-read", "CacheControl": "no-cache", "ContentDisposition": "inline", "ContentEncoding": "gzip",
            "ContentLanguage": "en", "Encryption": "kms", "KmsKeyId": "k1", "Tags": {"a b": "c&d", "e": "中"}});
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            converted(all).unwrap(),
            Properties {
                content_type: "a/b".to_owned(),
                cache_control: text("no-cache"),
                content_disposition: text("inline"),
                content_encoding: text("gzip"),
                content_language: text("en"),
                metadata: Some([("Owner".to_owned(), "team a/b".to_owned())].into()),
                storage_class: Some(Class::StandardIa),
                acl: Some(ObjectCannedAcl::PublicRead),
                encryption: Some(ServerSideEncryption::AwsKms),
                kms_key_id: text("k1"),
                tags: text("a%20b=c%26d&e=%E4%B8%AD"),
            }
        );
        let none = converted(json!({})).unwrap();
        assert_eq!(none.content_type, "text/html");
        assert_eq!((none.metadata, none.tags), (None, None));
    }

    #[test]
    fn storage_classes_in_the_clouds_words() {
        for (class, word) in [
            ("standard", "STANDARD"),
            ("infrequent-access", "STANDARD_IA"),
            ("archive", "GLACIER"),
            ("deep-archive", "DEEP_ARCHIVE"),
            ("intelligent-tiering", "INTELLIGENT_TIERING"),
            ("ONEZONE_IA", "ONEZONE_IA"),
            ("SOMETHING_NEW", "SOMETHING_NEW"),
        ] {
            assert_eq!(class_of(&StorageClass::from(class)).as_str(), word);
        }
    }

    #[test]
    fn what_the_cloud_lacks_is_unsupported() {
        for (options, kind) in [
            (json!({"Acl": "default"}), ErrorKind::Unsupported),
            (json!({"Acl": "nobody"}), ErrorKind::InvalidArgument),
            (json!({"Tags": {"": "x"}}), ErrorKind::InvalidArgument),
        ] {
            assert_eq!(converted(options).unwrap_err().kind(), kind);
        }
        let key = "中".repeat(341) + "a";
        let request = |key: &str| UploadFileRequest::new("b", key, Vec::new());
        assert!(properties(&request(&key)).is_ok());
        assert!(properties(&request(&(key + "b"))).is_err());
    }
}
