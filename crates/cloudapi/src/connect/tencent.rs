//! Tencent Cloud, compiled in.

use std::sync::Arc;

use cloudapi_core::{CloudProvider, ProviderConfig, Result};
use cloudapi_tencent::Tencent;

pub(super) async fn connect(config: &ProviderConfig) -> Result<Arc<dyn CloudProvider>> {
    Ok(Arc::new(Tencent::connect(config).await?))
}
