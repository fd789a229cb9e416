//! Objects of COS.

mod address;
mod calls;
mod checksum;
mod convert;
mod error;
mod exchange;
#[cfg(test)]
mod exchange_tests;
#[cfg(test)]
mod fake;
mod xml;

use std::fmt;

use async_trait::async_trait;
use cloudapi_core::storage::{UploadFileRequest, UploadOutcome, upload};
use cloudapi_core::{Operation, Provider, ProviderConfig, Result, Storage};

use self::address::Addresses;
use self::calls::Object;
use self::exchange::Exchange;
use crate::client::{Client, transport};

/// The operation on objects, on COS's XML API.
#[derive(Clone)]
pub(crate) struct Cos {
    exchange: Exchange,
    addresses: Addresses,
}

impl Cos {
    /// Makes the connection ready; nothing is sent.
    ///
    /// # Errors
    ///
    /// `Config` for an endpoint, proxy or certificate file that can't be used.
    pub(crate) fn new(config: &ProviderConfig, client: Client) -> Result<Self> {
        Ok(Self {
            addresses: Addresses::new(config, client.region())?,
            exchange: Exchange {
                http: transport::build_for_content(config)?,
                client,
                timeouts: config.timeouts,
            },
        })
    }

    fn object(&self, request: &UploadFileRequest) -> Result<Object> {
        request.check()?;
        Ok(Object {
            exchange: self.exchange.clone(),
            address: self.addresses.of(&request.bucket, &request.key)?,
            name: format!("{}/{}", request.bucket, request.key),
            headers: convert::headers(request)?,
            overwrite: request.options.overwrite,
        })
    }
}

#[async_trait]
impl Storage for Cos {
    fn provider(&self) -> Provider {
        Provider::Tencent
    }

    async fn upload_file(&self, request: UploadFileRequest) -> Result<UploadOutcome> {
        let object = self.object(&request).map_err(|error| {
            error
                .with_provider(Provider::Tencent)
                .with_operation(Operation::UploadFile)
        })?;
        upload(object, request, self.exchange.client.retry()).await
    }
}

impl fmt::Debug for Cos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cos")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
