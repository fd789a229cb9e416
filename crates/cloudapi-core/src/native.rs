//! The vendor's own record behind a model of ours.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A vendor's own record: readable in its own type, and as JSON in the vendor's own field names.
pub trait NativeRecord: Any + Send + Sync {
    /// Gives the record as JSON, fields named as the vendor's API reference names them.
    fn to_json(&self) -> Value;

    /// Gives what [`Native::downcast_ref`] looks at, when that is a vendor's type that this record only wraps; `None` when
    /// it is the record itself.
    fn value(&self) -> Option<&dyn Any> {
        None
    }
}

impl NativeRecord for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }
}

/// The vendor's own record behind an [`Instance`](crate::compute::Instance) or another model: everything that the cloud
/// said, also what the interface has no field for.
///
/// Cheap to clone. Two are equal when their JSON is.
#[derive(Clone)]
pub struct Native(Arc<dyn NativeRecord>);

impl Native {
    /// Keeps a record.
    pub fn new(record: impl NativeRecord) -> Self {
        Self(Arc::new(record))
    }

    /// Gives the record in its own type: `aws_sdk_ec2::types::Instance` at AWS, [`Value`] once it was read from JSON.
    pub fn downcast_ref<T: 'static>(&self) -> Option<&T> {
        let record: &dyn Any = &*self.0;
        self.0.value().unwrap_or(record).downcast_ref()
    }

    /// Gives the record as JSON in the vendor's own field names.
    pub fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Native(..)")
    }
}

impl PartialEq for Native {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.to_json() == other.to_json()
    }
}

impl Serialize for Native {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Native {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::new)
    }
}
