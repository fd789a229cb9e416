//! This library.

use std::sync::Arc;

use cloudapi::storage::{UploadFileRequest, UploadSource};
use cloudapi::{Credentials, Environment, Provider, ProviderConfig, Storage};
use tokio::fs::File;

use super::{Client, KEY_ID, REGION, SECRET};
use crate::Result;
use crate::manifest::{BUCKET, LARGE, Large, Small, Sums};

pub(super) struct Ours {
    storage: Arc<dyn Storage>,
}

impl Ours {
    pub(super) async fn new(provider: Provider, url: &str) -> Result<Self> {
        let region = if provider == Provider::Aws {
            REGION
        } else {
            "ap-guangzhou"
        };
        let config = ProviderConfig::new(provider)
            .with_region(region)
            .with_endpoint_url(url)
            .with_environment(Environment::fixed::<String, String>([]))
            .with_credentials(Credentials::new(KEY_ID, SECRET));
        Ok(Self {
            storage: cloudapi::connect(&config).await?.storage()?,
        })
    }

    async fn upload(&self, key: &str, source: impl Into<UploadSource>, sums: &Sums) -> Result {
        let request = UploadFileRequest::new(BUCKET, key, source);
        let stored = self.storage.upload_file(request).await?;
        let expected = match self.storage.provider() {
            Provider::Aws => &sums.crc64nvme,
            _ => &sums.crc64ecma,
        };
        match stored.checksum {
            Some(checksum) if checksum.value == *expected => Ok(()),
            other => Err(format!("{key} has the checksum {expected}; confirmed: {other:?}").into()),
        }
    }
}

impl Client for Ours {
    async fn large(&self, large: &Large) -> Result {
        self.upload(LARGE, large.path.as_path(), &large.sums).await
    }

    async fn small(&self, small: &Small) -> Result {
        self.upload(&small.key, small.path.as_path(), &small.sums)
            .await
    }

    async fn stream(&self, large: &Large) -> Result {
        let reader = UploadSource::Reader(Box::new(File::open(&large.path).await?));
        self.upload(LARGE, reader, &large.sums).await
    }
}
