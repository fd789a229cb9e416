//! Each property of an object is really stored, in one request and in parts.

use cloudapi_core::storage::{Encryption, StorageClass, UploadOptions};
use futures_util::FutureExt;

use super::content::content;
use super::stage::{File, THRESHOLD};
use crate::capability::Capability;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::truth::NativeObject;

/// What many services choke on, and both clouds take in tags.
const ODD_TAGS: [(&str, &str); 6] = [
    ("a b", "c d"),
    ("plus+minus-", "a+b=c"),
    ("path/to:it", "x@y.z_"),
    ("中文", "值"),
    ("empty", ""),
    ("percent", "+%2B"),
];

pub(super) fn cases() -> Vec<Case> {
    let (yes, no) = (Capability::AclsOfOthers, Capability::InheritedAcl);
    vec![
        Case::new(
            "storage/upload-keeps-the-content-type-given-or-guesses-it",
            "The content type is the one given, else that of the ending of the key, else of the file's name, else unknown bytes.",
            |cx| content_type(cx).boxed(),
        ),
        Case::new(
            "storage/upload-keeps-metadata",
            "User metadata is stored as given, names in lower case.",
            |cx| metadata(cx).boxed(),
        ),
        Case::new(
            "storage/upload-keeps-the-headers-of-later-downloads",
            "Cache control and content disposition, encoding and language are stored as given.",
            |cx| headers(cx).boxed(),
        ),
        Case::new(
            "storage/upload-knows-portable-storage-classes-and-the-vendors-own",
            "Each portable storage class is the cloud's own word, and the vendor's words are taken as they are.",
            |cx| storage_class(cx).boxed(),
        ),
        Case::new(
            "storage/upload-keeps-the-acl",
            "An object is private or open to everybody as asked.",
            |cx| acl(cx).boxed(),
        ),
        Case::new(
            "storage/upload-encrypts-with-the-key-asked-for",
            "Encryption is by the storage service's key, the key service's own, or the one named.",
            |cx| encryption(cx).boxed(),
        ),
        Case::new(
            "storage/upload-keeps-tags-with-odd-characters",
            "Tags are stored as given, whatever is in them.",
            |cx| tags(cx).boxed(),
        ),
        Case::new(
            "storage/upload-keeps-all-properties-together",
            "No property of an object gets in the way of another.",
            |cx| all_together(cx).boxed(),
        ),
        Case::new(
            "storage/upload-keeps-an-acl-for-others",
            "An ACL for others than the owner and everybody is stored where the cloud has such.",
            |cx| other_acl(cx, "bucket-owner-full-control").boxed(),
        )
        .with(yes),
        Case::new(
            "storage/upload-says-that-an-acl-for-others-is-not-to-be-had",
            "An ACL that this cloud lacks is Unsupported, before anything is sent.",
            |cx| no_such_acl(cx, "bucket-owner-full-control").boxed(),
        )
        .without(yes),
        Case::new(
            "storage/upload-leaves-the-acl-to-the-bucket",
            "An object takes on its bucket's ACL where the cloud has a word for that.",
            |cx| other_acl(cx, "default").boxed(),
        )
        .with(no),
        Case::new(
            "storage/upload-says-that-the-buckets-acl-is-no-choice",
            "Where the cloud has no word for the bucket's ACL, that is Unsupported, before anything is sent.",
            |cx| no_such_acl(cx, "default").boxed(),
        )
        .without(no),
    ]
}

/// Stores something with options, in one request and in parts, and checks each.
async fn each_way(
    cx: &Context,
    set: impl Fn(&mut UploadOptions),
    check: impl Fn(&NativeObject) -> Verdict,
) -> Verdict {
    for size in [THRESHOLD, THRESHOLD + 1] {
        let bytes = content(size);
        let mut request = cx.to_store("object", bytes.clone())?;
        set(&mut request.options);
        cx.upload(request).await??;
        check(&cx.holds(&format!("{size} bytes"), "object", &bytes).await?)?;
    }
    Ok(())
}

fn header<'a>(object: &'a NativeObject, name: &str) -> Option<&'a str> {
    object.headers.get(name).map(String::as_str)
}

async fn content_type(cx: &Context) -> Verdict {
    for (key, file, given, expected) in [
        ("page.html", "x.txt", Some("a/b"), "a/b"),
        ("page.html", "x.txt", None, "text/html"),
        ("page", "x.txt", None, "text/plain"),
        ("page.unheard-of", "y", None, "application/octet-stream"),
    ] {
        for size in [THRESHOLD, THRESHOLD + 1] {
            let file = File::named(file, &content(size))?;
            let mut request = cx.to_store(key, file.source())?;
            request.options.content_type = given.map(str::to_owned);
            cx.upload(request).await??;
            let object = cx.object(key).await?;
            ensure_eq!(
                header(&object, "content-type"),
                Some(expected),
                "the type of {key} from {:?}, given {given:?}",
                file.path.file_name()
            );
        }
    }
    Ok(())
}

async fn metadata(cx: &Context) -> Verdict {
    let given = [
        ("owner", "team a/b; c=\"d\", 100%"),
        ("x.y_z-1", "+"),
        ("Upper", "Case"),
    ];
    let stored = [
        ("owner", "team a/b; c=\"d\", 100%"),
        ("x.y_z-1", "+"),
        ("upper", "Case"),
    ];
    let pairs = |pairs: [(&str, &str); 3]| {
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    };
    each_way(
        cx,
        |options| options.metadata = pairs(given),
        |object| {
            ensure_eq!(object.metadata, pairs(stored), "the metadata");
            Ok(())
        },
    )
    .await
}

async fn headers(cx: &Context) -> Verdict {
    let disposition = "attachment; filename*=UTF-8''%E4%B8%AD%20a.txt";
    each_way(
        cx,
        |options| {
            options.cache_control = Some("max-age=60, private".to_owned());
            options.content_disposition = Some(disposition.to_owned());
            options.content_encoding = Some("gzip".to_owned());
            options.content_language = Some("de-CH, zh".to_owned());
        },
        |object| {
            for (name, value) in [
                ("cache-control", "max-age=60, private"),
                ("content-disposition", disposition),
                ("content-encoding", "gzip"),
                ("content-language", "de-CH, zh"),
            ] {
                ensure_eq!(header(object, name), Some(value), "{name}");
            }
            Ok(())
        },
    )
    .await?;
    // What was not asked for is not made up.
    each_way(
        cx,
        |_| (),
        |object| {
            for name in [
                "cache-control",
                "content-disposition",
                "content-encoding",
                "content-language",
            ] {
                ensure_eq!(header(object, name), None, "{name} without asking");
            }
            ensure!(
                object.metadata.is_empty() && object.tags.is_empty(),
                "made up: {object:?}"
            );
            ensure_eq!(object.storage_class, "STANDARD", "the class without asking");
            Ok(())
        },
    )
    .await
}

async fn storage_class(cx: &Context) -> Verdict {
    let vendor = cx.cloud_of_objects();
    let own = StorageClass::from(vendor.own_class);
    let portable = vendor.classes.iter();
    let all = portable.map(|(class, word)| (class, *word));
    for (class, word) in all.chain([(&own, vendor.own_class)]) {
        each_way(
            cx,
            |options| options.storage_class = Some(class.clone()),
            |object| {
                ensure_eq!(object.storage_class, word, "the class for {class:?}");
                Ok(())
            },
        )
        .await?;
    }
    Ok(())
}

async fn acl(cx: &Context) -> Verdict {
    for acl in ["private", "public-read"] {
        other_acl(cx, acl).await?;
    }
    Ok(())
}

async fn other_acl(cx: &Context, acl: &'static str) -> Verdict {
    each_way(
        cx,
        |options| options.acl = Some(acl.to_owned()),
        |object| {
            ensure_eq!(object.acl, acl, "the ACL");
            Ok(())
        },
    )
    .await
}

async fn no_such_acl(cx: &Context, acl: &str) -> Verdict {
    let mut request = cx.to_store("object", content(5))?;
    request.options.acl = Some(acl.to_owned());
    cx.clear_calls();
    let result = cx.upload(request).await?;
    let error = refused(acl, cloudapi_core::ErrorKind::Unsupported, result)?;
    ensure!(error.message().contains(acl), "{error} does not name it");
    ensure_eq!(cx.calls().len(), 0, "calls");
    cx.holds_nothing(acl, "object").await
}

async fn encryption(cx: &Context) -> Verdict {
    let vendor = cx.cloud_of_objects();
    let (name, managed, kms) = vendor.encryption;
    for (encryption, key, word) in [
        (Encryption::Managed, None, managed),
        (Encryption::Kms, None, kms),
        (Encryption::Kms, Some(KEY), kms),
    ] {
        each_way(
            cx,
            |options| {
                options.encryption = Some(encryption.clone());
                options.kms_key_id = key.map(str::to_owned);
            },
            |object| {
                ensure_eq!(header(object, name), Some(word), "{name}");
                let named = header(object, vendor.kms_key).unwrap_or_default();
                ensure!(
                    key.is_none_or(|key| named.ends_with(key)),
                    "the key is {named:?} for {key:?}"
                );
                Ok(())
            },
        )
        .await?;
    }
    Ok(())
}

const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

async fn tags(cx: &Context) -> Verdict {
    let pairs = ODD_TAGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    each_way(
        cx,
        |options| options.tags = pairs.clone().into(),
        |object| {
            ensure_eq!(object.tags, pairs.clone().into(), "the tags");
            Ok(())
        },
    )
    .await
}

async fn all_together(cx: &Context) -> Verdict {
    let vendor = cx.cloud_of_objects();
    let text = |text: &str| Some(text.to_owned());
    each_way(
        cx,
        |options| {
            options.content_type = text("a/b");
            options.metadata = [("owner".to_owned(), "ops".to_owned())].into();
            options.storage_class = Some(StorageClass::InfrequentAccess);
            options.acl = text("public-read");
            options.cache_control = text("no-cache");
            options.content_disposition = text("inline");
            options.content_encoding = text("identity");
            options.content_language = text("en");
            options.encryption = Some(Encryption::Kms);
            options.kms_key_id = text(KEY);
            options.tags = [("a b".to_owned(), "c d".to_owned())].into();
            options.overwrite = true;
        },
        |object| {
            for (name, value) in [
                ("content-type", "a/b"),
                ("cache-control", "no-cache"),
                ("content-disposition", "inline"),
                ("content-encoding", "identity"),
                ("content-language", "en"),
                (vendor.encryption.0, vendor.encryption.2),
            ] {
                ensure_eq!(header(object, name), Some(value), "{name}");
            }
            ensure_eq!(
                object.metadata.get("owner"),
                text("ops").as_ref(),
                "metadata"
            );
            ensure_eq!(object.tags.get("a b"), text("c d").as_ref(), "tags");
            ensure_eq!(object.storage_class, "STANDARD_IA", "the class");
            ensure_eq!(object.acl, "public-read", "the ACL");
            Ok(())
        },
    )
    .await
}
