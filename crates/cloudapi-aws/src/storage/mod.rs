//! Objects of S3.

mod blanks;
mod calls;
mod checksum;
mod chunked;
mod convert;
#[cfg(test)]
mod exchange_tests;
#[cfg(test)]
mod fake;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, StalledStreamProtectionConfig};
use aws_smithy_types::timeout::TimeoutConfig;
use cloudapi_core::storage::{CHECKSUM_MISMATCH, UploadFileRequest, UploadOutcome, upload};
use cloudapi_core::{Error, Operation, Provider, Result, Storage, Timeouts};

use self::calls::Object;
use crate::calls::Calls;
use crate::settings::Settings;

/// The operation on objects, on S3.
#[derive(Clone)]
pub(crate) struct S3 {
    client: Client,
    calls: Calls,
    limits: TimeLimits,
    /// Whether checksums go with what is sent; off for stand-ins that know none.
    checksums: bool,
    /// Whether the endpoint is not AWS's own.
    stands_in: bool,
}

/// How long the steps of a call may take.
#[derive(Clone, Copy)]
struct TimeLimits {
    /// Silence while content is sent.
    idle: Duration,
    /// A call without content.
    attempt: Duration,
}

impl S3 {
    pub(crate) fn new(settings: &Settings) -> Self {
        let defaults = Timeouts::default();
        let given = settings.sdk.timeout_config();
        let given = |limit: fn(&TimeoutConfig) -> Option<Duration>| given.and_then(limit);
        let limits = TimeLimits {
            idle: given(TimeoutConfig::read_timeout).unwrap_or(defaults.read),
            attempt: given(TimeoutConfig::operation_attempt_timeout).unwrap_or(defaults.attempt),
        };
        // The SDK's time limits would run while content is still sent, and its guard against stalled streams ends a
        // completion that takes its time: the limits are kept here.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(given(TimeoutConfig::connect_timeout).unwrap_or(defaults.connect))
            .disable_read_timeout()
            .disable_operation_attempt_timeout()
            .disable_operation_timeout()
            .build();
        let config = Builder::from(&settings.sdk)
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // Checksums are computed here, while the content is read.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .force_path_style(
                settings
                    .storage_endpoint
                    .as_deref()
                    .is_some_and(has_no_room_for_a_bucket),
            )
            .build();
        Self {
            client: Client::from_conf(config),
            calls: Calls::at("S3", settings.storage_endpoint.as_deref(), "s3", settings),
            limits,
            checksums: settings.request_checksums,
            stands_in: settings.storage_endpoint.is_some(),
        }
    }

    /// Adds what to do where a stand-in for S3 keeps the encoding of the content instead of the content.
    fn advised(&self, error: Error) -> Error {
        if !self.stands_in || !self.checksums || error.code() != Some(CHECKSUM_MISMATCH) {
            return error;
        }
        let message = format!(
            "{}; if this service knows no trailing checksums, set AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
            error.message()
        );
        error.with_message(message)
    }

    fn object(&self, request: &UploadFileRequest) -> Result<Object> {
        request.check()?;
        Ok(Object {
            s3: self.clone(),
            bucket: request.bucket.clone(),
            key: request.key.clone(),
            properties: convert::properties(request)?,
            overwrite: request.options.overwrite,
        })
    }
}

/// Whether a bucket's name can't be put before the host's: an address, or a name without a dot, such as `localhost`.
fn has_no_room_for_a_bucket(endpoint: &str) -> bool {
    let authority = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(_) => return true,
        None => host.split(':').next().unwrap_or_default(),
    };
    !host.contains('.') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

#[async_trait]
impl Storage for S3 {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    async fn upload_file(&self, request: UploadFileRequest) -> Result<UploadOutcome> {
        let object = self.object(&request).map_err(|error| {
            error
                .with_provider(Provider::Aws)
                .with_operation(Operation::UploadFile)
        })?;
        let uploaded = upload(object, request, self.calls.retry()).await;
        uploaded.map_err(|error| self.advised(error))
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_single_names_have_no_room_for_a_bucket() {
        for (endpoint, expected) in [
            ("http://127.0.0.1:5000", true),
            ("http://[::1]:5000/", true),
            ("http://localhost:4566", true),
            ("https://minio:9000/s3", true),
            ("https://user:x@10.0.0.1", true),
            ("https://s3.eu-west-1.amazonaws.com", false),
            ("https://objects.example.com:8443/path", false),
        ] {
            assert_eq!(has_no_room_for_a_bucket(endpoint), expected, "{endpoint}");
        }
    }
}
