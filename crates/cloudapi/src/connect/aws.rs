//! AWS, compiled in.

use std::sync::Arc;

use cloudapi_aws::Aws;
use cloudapi_core::{CloudProvider, ProviderConfig, Result};

pub(super) async fn connect(config: &ProviderConfig) -> Result<Arc<dyn CloudProvider>> {
    Ok(Arc::new(Aws::connect(config).await?))
}
