//! The disks of a new instance.

use serde::{Deserialize, Serialize};

use super::is_false;

/// A disk of a new instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Disk {
    /// Whether it is the disk that the image is put on; at most one is.
    #[serde(skip_serializing_if = "is_false")]
    pub boot: bool,
    /// Size in GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_gib: Option<u32>,
    /// The disk's type in the cloud's own word: `gp3`, `CLOUD_PREMIUM`.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub disk_type: Option<String>,
    /// Whether it is deleted with the instance; `None` for the cloud's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_with_instance: Option<bool>,
}

impl Disk {
    /// Describes the boot disk.
    pub fn boot() -> Self {
        Self {
            boot: true,
            ..Self::default()
        }
    }

    /// Describes a further disk of this size in GiB.
    pub fn data(size_gib: u32) -> Self {
        Self {
            size_gib: Some(size_gib),
            ..Self::default()
        }
    }

    /// Sets the size in GiB.
    #[must_use]
    pub fn with_size_gib(mut self, size: u32) -> Self {
        self.size_gib = Some(size);
        self
    }

    /// Sets the type, in the cloud's own word.
    #[must_use]
    pub fn with_type(mut self, disk_type: impl Into<String>) -> Self {
        self.disk_type = Some(disk_type.into());
        self
    }

    /// Sets whether it is deleted with the instance.
    #[must_use]
    pub fn with_delete_with_instance(mut self, delete: bool) -> Self {
        self.delete_with_instance = Some(delete);
        self
    }
}
