//! AWS, not compiled in.

use std::sync::Arc;

use cloudapi_core::{CloudProvider, ProviderConfig, Result};

#[expect(
    clippy::unused_async,
    reason = "the same signature as with the cloud compiled in"
)]
pub(super) async fn connect(config: &ProviderConfig) -> Result<Arc<dyn CloudProvider>> {
    Err(super::not_built(config.provider))
}
