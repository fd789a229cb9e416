//! Buckets, objects, and uploads in parts, as both clouds have them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::checksum::{Algorithm, Digests};
use super::content::Content;
use super::disk::Blob;

/// How long the answer to a completed upload is repeated.
const REMEMBERED: Duration = Duration::hours(1);

/// More completed uploads than this are not remembered.
const MOST_REMEMBERED: usize = 10_000;

/// What an object has besides its content: headers that are kept, and what the cloud makes of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// `content-type` and the others that come back as they were sent.
    pub(crate) headers: BTreeMap<&'static str, String>,
    /// Without the cloud's prefix.
    pub(crate) metadata: BTreeMap<String, String>,
    /// Empty for the default.
    pub(crate) storage_class: String,
    /// Empty for the default.
    pub(crate) acl: String,
    pub(crate) tags: Vec<(String, String)>,
    /// Headers of the encryption, as they are answered.
    pub(crate) encryption: Vec<(&'static str, String)>,
}

/// How a checksum of S3's stands for an object that came in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// It is that of the bytes.
    FullObject,
    /// It is that of the parts' checksums.
    Composite,
}

impl Coverage {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }
}

/// The checksum that S3 keeps with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) algorithm: Algorithm,
    /// As it is shown: Base64, and the number of parts behind a composite one.
    pub(crate) value: String,
    pub(crate) coverage: Coverage,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) content: Content,
    /// Without quotation marks.
    pub(crate) e_tag: String,
    pub(crate) at: OffsetDateTime,
    pub(crate) attributes: Attributes,
    /// S3's.
    pub(crate) checksum: Option<Checksum>,
    /// COS's CRC-64.
    pub(crate) crc64: Option<u64>,
    /// How many it came in; 0 for one request.
    pub(crate) parts: usize,
}

/// One of the objects that a key had.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// `null` for what was stored while the bucket kept no versions.
    pub(crate) id: String,
    pub(crate) at: OffsetDateTime,
    /// None where the object was deleted.
    pub(crate) object: Option<Arc<Object>>,
}

/// The version of buckets that keep none.
pub(crate) const NO_VERSION: &str = "null";

#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) blob: Arc<Blob>,
    pub(crate) e_tag: String,
    pub(crate) digests: Digests,
    pub(crate) at: OffsetDateTime,
}

#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) at: OffsetDateTime,
    pub(crate) attributes: Attributes,
    /// What S3 was told to keep.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) coverage: Coverage,
    /// COS: an object that exists is not to be replaced.
    pub(crate) forbids_overwrite: bool,
    pub(crate) parts: BTreeMap<u16, Part>,
}

/// An upload that was completed, to answer the same request again.
#[derive(Debug, Clone)]
pub(crate) struct Completed {
    pub(crate) key: String,
    pub(crate) upload_id: String,
    /// The numbers and ETags that it was completed with.
    pub(crate) parts: Vec<(u16, String)>,
    pub(crate) object: Arc<Object>,
    pub(crate) version: String,
    at: OffsetDateTime,
}

/// Whether a bucket keeps what is replaced and deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versioning {
    Never,
    Enabled,
    Suspended,
}

#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) region: String,
    pub(crate) created: OffsetDateTime,
    pub(crate) versioning: Versioning,
    /// The newest version last.
    objects: BTreeMap<String, Vec<Version>>,
    /// By key and id, which is the order in which they are listed.
    pub(crate) uploads: BTreeMap<(String, String), Upload>,
    completed: VecDeque<Completed>,
}

impl Bucket {
    pub(crate) fn new(region: &str, now: OffsetDateTime) -> Self {
        Self {
            region: region.to_owned(),
            created: now,
            versioning: Versioning::Never,
            objects: BTreeMap::new(),
            uploads: BTreeMap::new(),
            completed: VecDeque::new(),
        }
    }

    /// The newest version of a key, unless it is deleted.
    pub(crate) fn current(&self, key: &str) -> Option<(&Version, &Arc<Object>)> {
        let version = self.objects.get(key)?.last()?;
        Some((version, version.object.as_ref()?))
    }

    /// A version of a key, the newest unless one is named.
    pub(crate) fn version(&self, key: &str, id: Option<&str>) -> Option<&Version> {
        let mut versions = self.objects.get(key)?.iter().rev();
        match id {
            None => versions.next(),
            Some(id) => versions.find(|version| version.id == id),
        }
    }

    /// All keys with their versions, the newest last.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &Vec<Version>)> {
        self.objects.iter()
    }

    /// Those that are there, in the order of their keys.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (&String, &Arc<Object>)> {
        self.objects.iter().filter_map(|(key, versions)| {
            let object = versions.last()?.object.as_ref()?;
            Some((key, object))
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Makes this the newest version of the key. `id` is taken when the bucket keeps versions; gives the version's.
    pub(crate) fn put(&mut self, key: &str, object: Arc<Object>, id: String) -> String {
        let at = object.at;
        self.push(key, at, Some(object), id)
    }

    /// Deletes the newest version: where versions are kept, a mark says so. Gives the mark's id.
    pub(crate) fn delete(&mut self, key: &str, at: OffsetDateTime, id: String) -> Option<String> {
        if self.versioning == Versioning::Never {
            self.objects.remove(key);
            return None;
        }
        Some(self.push(key, at, None, id))
    }

    /// Takes a version away for good; gives it.
    pub(crate) fn delete_version(&mut self, key: &str, id: &str) -> Option<Version> {
        let versions = self.objects.get_mut(key)?;
        let at = versions.iter().position(|version| version.id == id)?;
        let version = versions.remove(at);
        if versions.is_empty() {
            self.objects.remove(key);
        }
        Some(version)
    }

    fn push(
        &mut self,
        key: &str,
        at: OffsetDateTime,
        object: Option<Arc<Object>>,
        id: String,
    ) -> String {
        let versions = self.objects.entry(key.to_owned()).or_default();
        let id = if self.versioning == Versioning::Enabled {
            id
        } else {
            versions.retain(|version| version.id != NO_VERSION);
            NO_VERSION.to_owned()
        };
        versions.push(Version {
            id: id.clone(),
            at,
            object,
        });
        id
    }

    pub(crate) fn upload(&self, key: &str, id: &str) -> Option<&Upload> {
        self.uploads.get(&(key.to_owned(), id.to_owned()))
    }

    pub(crate) fn upload_mut(&mut self, key: &str, id: &str) -> Option<&mut Upload> {
        self.uploads.get_mut(&(key.to_owned(), id.to_owned()))
    }

    /// Ends an upload with an object, and remembers that.
    pub(crate) fn complete(
        &mut self,
        key: &str,
        upload_id: &str,
        parts: Vec<(u16, String)>,
        object: Arc<Object>,
        id: String,
    ) -> String {
        let at = object.at;
        self.uploads.remove(&(key.to_owned(), upload_id.to_owned()));
        let version = self.put(key, Arc::clone(&object), id);
        while self.completed.len() >= MOST_REMEMBERED {
            self.completed.pop_front();
        }
        self.completed.push_back(Completed {
            key: key.to_owned(),
            upload_id: upload_id.to_owned(),
            parts,
            object,
            version: version.clone(),
            at,
        });
        version
    }

    /// An upload that was completed not long ago, and whose object is still there.
    pub(crate) fn completed(&self, key: &str, id: &str, now: OffsetDateTime) -> Option<&Completed> {
        let found = self.completed.iter().rev();
        let mut found = found.filter(|done| done.key == key && done.upload_id == id);
        found.next().filter(|done| {
            let current = self.version(key, Some(&done.version));
            let object = current.and_then(|version| version.object.as_ref());
            now - done.at < REMEMBERED
                && object.is_some_and(|object| Arc::ptr_eq(object, &done.object))
        })
    }
}
