//! Routes, targets and objects as they really are, in the cloud's own words.

use std::collections::BTreeMap;

/// A route as it really is. Its id is left out: a route that was made again does not keep it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NativeRoute {
    /// A network, or the id of a prefix list.
    pub destination: String,
    /// How it came to be.
    pub origin: String,
    /// The kind of what it leads to.
    pub kind: String,
    /// The id of what it leads to.
    pub target: String,
    /// Whether it is switched on.
    pub state: String,
    /// What is written about it.
    pub description: String,
}

impl NativeRoute {
    /// Makes a static route.
    pub fn new(
        destination: impl Into<String>,
        kind: impl Into<String>,
        target: impl Into<String>,
    ) -> Self {
        Self {
            destination: destination.into(),
            origin: String::new(),
            kind: kind.into(),
            target: target.into(),
            state: String::new(),
            description: String::new(),
        }
    }

    /// Sets how it came to be, and whether it is switched on.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<String>, state: impl Into<String>) -> Self {
        self.origin = origin.into();
        self.state = state.into();
        self
    }

    /// Sets what is written about it.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

/// A target of a backend group as it really is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NativeTarget {
    /// The instance, else the address or ARN.
    pub id: String,
    /// The port, where targets have one.
    pub port: Option<u16>,
    /// The weight, where targets have one.
    pub weight: Option<i64>,
    /// The health, in the cloud's own word.
    pub state: String,
}

impl NativeTarget {
    /// Makes a target.
    pub fn new(id: impl Into<String>, port: Option<u16>, state: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            port,
            weight: None,
            state: state.into(),
        }
    }

    /// Sets the weight.
    #[must_use]
    pub fn with_weight(mut self, weight: Option<i64>) -> Self {
        self.weight = weight;
        self
    }
}

/// An object as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NativeObject {
    /// The content.
    pub content: Vec<u8>,
    /// The entity tag, without quotes.
    pub e_tag: String,
    /// In how many parts it came; 0 for one request.
    pub parts: u32,
    /// Headers that come with it, names in lower case: `content-type` and the like, and the cloud's own of the encryption.
    pub headers: BTreeMap<String, String>,
    /// User metadata, names in lower case and without the cloud's prefix.
    pub metadata: BTreeMap<String, String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The storage class, spelt out where it is the default one.
    pub storage_class: String,
    /// The canned ACL; empty where none was asked for.
    pub acl: String,
}

impl NativeObject {
    /// Makes an object of this content.
    pub fn new(content: Vec<u8>, e_tag: impl Into<String>, parts: u32) -> Self {
        Self {
            content,
            e_tag: e_tag.into(),
            parts,
            ..Self::default()
        }
    }

    /// Sets the headers that come with it, and the metadata.
    #[must_use]
    pub fn with_headers(
        mut self,
        headers: BTreeMap<String, String>,
        metadata: BTreeMap<String, String>,
    ) -> Self {
        self.headers = headers;
        self.metadata = metadata;
        self
    }

    /// Sets the tags.
    #[must_use]
    pub fn with_tags(mut self, tags: BTreeMap<String, String>) -> Self {
        self.tags = tags;
        self
    }

    /// Sets the storage class and the canned ACL.
    #[must_use]
    pub fn with_class(mut self, storage_class: impl Into<String>, acl: impl Into<String>) -> Self {
        self.storage_class = storage_class.into();
        self.acl = acl.into();
        self
    }
}

/// An upload in parts that is neither completed nor aborted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NativeUpload {
    /// The key that the object is to have.
    pub key: String,
    /// The upload's id.
    pub upload_id: String,
    /// Number and size of each part that is there, in the order of the numbers.
    pub parts: Vec<(u32, u64)>,
}

impl NativeUpload {
    /// Makes an upload with its parts.
    pub fn new(
        key: impl Into<String>,
        upload_id: impl Into<String>,
        parts: Vec<(u32, u64)>,
    ) -> Self {
        Self {
            key: key.into(),
            upload_id: upload_id.into(),
            parts,
        }
    }
}
