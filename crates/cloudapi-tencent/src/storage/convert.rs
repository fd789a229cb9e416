//! From the properties of an object to headers of COS.

use cloudapi_core::storage::{Encryption, StorageClass, UploadFileRequest};
use cloudapi_core::{Error, Result};
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::sign::q_sign::encode;

/// The canned ACLs of an object.
const ACLS: [&str; 3] = ["default", "private", "public-read"];
/// Those that other clouds have beside them.
const ACLS_ELSEWHERE: [&str; 5] = [
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
];
/// The longest name and value of a tag, in bytes.
const LONGEST_TAG: (usize, usize) = (127, 255);

pub(super) const FORBID_OVERWRITE: HeaderName = HeaderName::from_static("x-cos-forbid-overwrite");

/// Gives the headers that say what the object is: of PutObject, or of InitiateMultipartUpload.
///
/// # Errors
///
/// `Unsupported` for what COS lacks, `InvalidArgument` for what can't be right.
pub(super) fn headers(request: &UploadFileRequest) -> Result<HeaderMap> {
    let options = &request.options;
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        let value = HeaderValue::from_str(value)
            .map_err(|_| Error::invalid_argument(format!("{name} can't be {value:?}")))?;
        headers.insert(name, value);
        Ok::<_, Error>(())
    };
    set(CONTENT_TYPE, request.content_type())?;
    for (name, value) in [
        (CACHE_CONTROL, &options.cache_control),
        (CONTENT_DISPOSITION, &options.content_disposition),
        (CONTENT_ENCODING, &options.content_encoding),
        (CONTENT_LANGUAGE, &options.content_language),
    ] {
        if let Some(value) = value {
            set(name, value)?;
        }
    }
    for (name, value) in &options.metadata {
        let name = HeaderName::try_from(format!("x-cos-meta-{name}"))
            .map_err(|_| Error::invalid_argument(format!("Metadata can't have {name:?}")))?;
        set(name, value)?;
    }
    if let Some(class) = &options.storage_class {
        set(
            HeaderName::from_static("x-cos-storage-class"),
            word_of(class),
        )?;
    }
    if let Some(acl) = &options.acl {
        set(HeaderName::from_static("x-cos-acl"), check_acl(acl)?)?;
    }
    if let Some(encryption) = &options.encryption {
        let word = match encryption {
            Encryption::Kms => "cos/kms",
            _ => "AES256",
        };
        set(
            HeaderName::from_static("x-cos-server-side-encryption"),
            word,
        )?;
    }
    if let Some(id) = &options.kms_key_id {
        let name = HeaderName::from_static("x-cos-server-side-encryption-cos-kms-key-id");
        set(name, id)?;
    }
    if !options.tags.is_empty() {
        set(HeaderName::from_static("x-cos-tagging"), &tags_of(request)?)?;
    }
    if !options.overwrite {
        set(FORBID_OVERWRITE, "true")?;
    }
    Ok(headers)
}

fn word_of(class: &StorageClass) -> &str {
    match class {
        StorageClass::Standard => "STANDARD",
        StorageClass::InfrequentAccess => "STANDARD_IA",
        StorageClass::Archive => "ARCHIVE",
        StorageClass::DeepArchive => "DEEP_ARCHIVE",
        StorageClass::IntelligentTiering => "INTELLIGENT_TIERING",
        other => other.as_str(),
    }
}

fn check_acl(acl: &str) -> Result<&str> {
    if ACLS.contains(&acl) {
        return Ok(acl);
    }
    let message = format!(
        "Acl {acl:?}; an object at COS has one of {}",
        ACLS.join(", ")
    );
    Err(if ACLS_ELSEWHERE.contains(&acl) {
        Error::unsupported(message)
    } else {
        Error::invalid_argument(message)
    })
}

fn tags_of(request: &UploadFileRequest) -> Result<String> {
    let mut pairs = Vec::new();
    for (name, value) in &request.options.tags {
        if name.is_empty() || name.len() > LONGEST_TAG.0 || value.len() > LONGEST_TAG.1 {
            return Err(Error::invalid_argument(format!(
                "the tag {name:?} is too long or has no name; COS takes names of 1 to {} bytes and values up to {}",
                LONGEST_TAG.0, LONGEST_TAG.1
            )));
        }
        pairs.push(format!("{}={}", encode(name), encode(value)));
    }
    Ok(pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use cloudapi_core::ErrorKind;
    use cloudapi_core::storage::UploadOptions;
    use serde_json::json;

    use super::*;

    fn request(options: serde_json::Value) -> UploadFileRequest {
        let options: UploadOptions = serde_json::from_value(options).unwrap();
        UploadFileRequest::new("b-1", "page.html", Vec::new()).with_options(options)
    }

    fn shown(options: serde_json::Value) -> Vec<String> {
        let headers = headers(&request(options)).unwrap();
        let mut shown: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        shown.sort();
        shown
    }

    #[test]
    fn every_property_has_its_header() {
        assert_eq!(shown(json!({})), ["content-type: text/html"]);
        let all = json!({"ContentType": "a/b", "Metadata": {"Owner": "team a/b"}, "StorageClass": "infrequent-access",
            "Acl": "public-read", "CacheControl": "no-cache", "ContentDisposition": "inline", "ContentEncoding": "gzip",
            "ContentLanguage": "en", "Encryption": "kms", "KmsKeyId": "k1", "Tags": {"a b": "c&d", "e": "中"},
            "Overwrite": false});
        assert_eq!(
            shown(all),
            [
                "cache-control: no-cache",
                "content-disposition: inline",
                "content-encoding: gzip",
                "content-language: en",
                "content-type: a/b",
                "x-cos-acl: public-read",
                "x-cos-forbid-overwrite: true",
                "x-cos-meta-owner: team a/b",
                "x-cos-server-side-encryption-cos-kms-key-id: k1",
                "x-cos-server-side-encryption: cos/kms",
                "x-cos-storage-class: STANDARD_IA",
                "x-cos-tagging: a%20b=c%26d&e=%E4%B8%AD",
            ]
        );
        assert!(
            shown(json!({"Encryption": "managed"}))
                .contains(&"x-cos-server-side-encryption: AES256".to_owned())
        );
    }

    #[test]
    fn storage_classes_in_the_clouds_words() {
        for (class, word) in [
            ("standard", "STANDARD"),
            ("infrequent-access", "STANDARD_IA"),
            ("archive", "ARCHIVE"),
            ("deep-archive", "DEEP_ARCHIVE"),
            ("intelligent-tiering", "INTELLIGENT_TIERING"),
            ("MAZ_STANDARD", "MAZ_STANDARD"),
        ] {
            assert_eq!(word_of(&StorageClass::from(class)), word);
        }
    }

    #[test]
    fn what_the_cloud_lacks_is_unsupported() {
        for (acl, kind) in [
            ("public-read-write", ErrorKind::Unsupported),
            ("bucket-owner-full-control", ErrorKind::Unsupported),
            ("nobody", ErrorKind::InvalidArgument),
        ] {
            let error = headers(&request(json!({"Acl": acl}))).unwrap_err();
            assert_eq!(error.kind(), kind, "{acl}");
        }
        let error = headers(&request(json!({"Tags": {"": "x"}}))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}
