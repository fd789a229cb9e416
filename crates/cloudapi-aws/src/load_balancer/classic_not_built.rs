//! In place of the classic kind, in a build without it.

use std::sync::Arc;

use super::Classic;
use crate::settings::Settings;

/// Gives the classic kind: none.
pub(super) fn connect(_settings: &Settings) -> Option<Arc<dyn Classic>> {
    None
}
