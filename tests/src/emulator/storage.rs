//! The buckets of the emulator, and what is in them.

use cloudapi::{Error, ErrorKind, Provider, Result};
use cloudapi_conformance::{NativeObject, NativeUpload, StorageFixture};
use cloudapi_emulator::{Cloud, World, fixtures};

use super::cloud_of;

/// The bucket there is in the emulator.
pub fn storage_fixture(provider: Provider) -> StorageFixture {
    let absent = "cloudapi-absent";
    match cloud_of(provider) {
        Cloud::Aws => StorageFixture::new(fixtures::AWS_BUCKET, absent),
        Cloud::Tencent => {
            let account = fixtures::TENCENT_BUCKET.rsplit('-').next();
            let absent = format!("{absent}-{}", account.unwrap_or_default());
            StorageFixture::new(fixtures::TENCENT_BUCKET, absent)
        }
    }
}

/// Whether an action is one on objects, which have words of their own for what goes wrong.
pub(super) fn is_of_objects(action: &str) -> bool {
    ["Object", "Part", "MultipartUpload"]
        .iter()
        .any(|word| action.contains(word))
}

/// An object as it is stored.
pub(super) fn object(
    world: World<'_>,
    cloud: Cloud,
    bucket: &str,
    key: &str,
) -> Result<Option<NativeObject>> {
    let Some(found) = world.object(cloud, bucket, key) else {
        return Ok(None);
    };
    let content = found.bytes().map_err(|error| {
        Error::new(
            ErrorKind::Other,
            format!("{key} of the emulator can't be read: {error}"),
        )
    })?;
    let class = match found.storage_class.as_str() {
        "" => "STANDARD",
        class => class,
    };
    let parts = u32::try_from(found.parts).unwrap_or(u32::MAX);
    let object = NativeObject::new(content, found.e_tag, parts)
        .with_class(class, found.acl)
        .with_headers(found.headers, found.metadata)
        .with_tags(found.tags);
    Ok(Some(object))
}

/// The uploads to a bucket that are neither completed nor aborted.
pub(super) fn open_uploads(world: World<'_>, cloud: Cloud, bucket: &str) -> Vec<NativeUpload> {
    let open = world.open_uploads(cloud).into_iter();
    open.filter(|upload| upload.bucket == bucket)
        .map(|upload| {
            let parts = upload.parts.iter();
            let parts = parts.map(|part| (part.part_number.into(), part.size));
            NativeUpload::new(upload.key, upload.upload_id, parts.collect())
        })
        .collect()
}
