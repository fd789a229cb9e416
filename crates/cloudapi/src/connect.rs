//! Choosing a cloud at run time.

#[cfg(feature = "_aws")]
#[path = "connect/aws.rs"]
mod aws;
#[cfg(not(feature = "_aws"))]
#[path = "connect/aws_absent.rs"]
mod aws;
#[cfg(feature = "_tencent")]
#[path = "connect/tencent.rs"]
mod tencent;
#[cfg(not(feature = "_tencent"))]
#[path = "connect/tencent_absent.rs"]
mod tencent;

use std::sync::Arc;

use cloudapi_core::{CloudProvider, Error, Provider, ProviderConfig, Result};

/// Connects to the cloud that the configuration names.
///
/// Settings are read and checked; whether the cloud accepts the key shows with the first call.
///
/// # Errors
///
/// `Unsupported`, naming the cargo feature, for a cloud that was not compiled in; `Config` for missing or wrong settings.
pub async fn connect(config: &ProviderConfig) -> Result<Arc<dyn CloudProvider>> {
    match config.provider {
        Provider::Aws => aws::connect(config).await,
        Provider::Tencent => tencent::connect(config).await,
        other => Err(not_built(other)),
    }
}

fn not_built(provider: Provider) -> Error {
    Error::unsupported(format!(
        "this build has no {provider}; enable the cargo feature `{provider}`"
    ))
    .with_provider(provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_that_is_not_built_names_its_feature() {
        let error = not_built(Provider::Tencent);
        assert_eq!(
            error.to_string(),
            "tencent: unsupported: this build has no tencent; enable the cargo feature `tencent`"
        );
    }
}
