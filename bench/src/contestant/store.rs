//! object_store.

use std::sync::Arc;

use object_store::aws::{AmazonS3, AmazonS3Builder, Checksum};
use object_store::path::Path;
use object_store::{ObjectStoreExt, WriteMultipart};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::{Client, KEY_ID, REGION, SECRET};
use crate::Result;
use crate::manifest::{BUCKET, IN_FLIGHT, LARGE, Large, PART_SIZE, Small};

pub(super) struct Store {
    store: Arc<AmazonS3>,
}

impl Store {
    /// As it comes.
    pub(super) fn new(url: &str) -> Result<Self> {
        Self::build(builder(url))
    }

    /// With the same checksum as this library, and without a second one for the signature.
    pub(super) fn with_crc64(url: &str) -> Result<Self> {
        let builder = builder(url)
            .with_checksum_algorithm(Checksum::CRC64NVME)
            .with_unsigned_payload(true);
        Self::build(builder)
    }

    fn build(builder: AmazonS3Builder) -> Result<Self> {
        Ok(Self {
            store: Arc::new(builder.build()?),
        })
    }
}

fn builder(url: &str) -> AmazonS3Builder {
    AmazonS3Builder::new()
        .with_endpoint(url)
        .with_allow_http(true)
        .with_region(REGION)
        .with_bucket_name(BUCKET)
        .with_access_key_id(KEY_ID)
        .with_secret_access_key(SECRET)
}

impl Client for Store {
    async fn large(&self, large: &Large) -> Result {
        let upload = self.store.put_multipart(&Path::from(LARGE)).await?;
        let size = usize::try_from(PART_SIZE)?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, size);
        let mut file = File::open(&large.path).await?;
        loop {
            writer.wait_for_capacity(IN_FLIGHT).await?;
            // A part is whole in memory before it is sent.
            let mut part = Vec::with_capacity(size);
            if (&mut file).take(PART_SIZE).read_to_end(&mut part).await? == 0 {
                break;
            }
            writer.put(part.into());
        }
        writer.finish().await?;
        Ok(())
    }

    async fn small(&self, small: &Small) -> Result {
        let content = tokio::fs::read(&small.path).await?;
        self.store
            .put(&Path::from(small.key.as_str()), content.into())
            .await?;
        Ok(())
    }

    async fn stream(&self, large: &Large) -> Result {
        // It asks for no length in any case.
        self.large(large).await
    }
}
