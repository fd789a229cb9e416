//! Traits, models, errors and credentials of cloudapi: one typed interface over AWS and Tencent Cloud.
//!
//! This crate knows no cloud and has no HTTP client. It holds what is equal on both clouds: the requests and answers,
//! what they mean, what is checked before anything is sent, how batches keep one outcome per id, how waiting and
//! repeating works. The crates `cloudapi-aws` and `cloudapi-tencent` implement the traits; `cloudapi` re-exports all of it.
//!
//! Rooms: [`compute`] (servers). Beside them: [`Error`], [`Filters`], [`credentials`], [`ProviderConfig`],
//! [`RetryPolicy`], [`CloudProvider`].
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod compute;
mod config;
pub mod credentials;
mod environment;
mod error;
pub mod filter;
mod id;
mod native;
mod open_enum;
mod operation;
mod provider;
pub mod rate;
pub mod retry;
pub mod timestamp;

pub use compute::{Compute, ComputeExt};
pub use config::{ProviderConfig, Timeouts};
pub use credentials::{CredentialSource, Credentials, ProvideCredentials, Secret};
pub use environment::Environment;
pub use error::{Error, ErrorKind, Result};
pub use filter::{Filter, Filters};
pub use futures_core::stream::BoxStream;
pub use id::{BackendGroupId, InstanceId, LoadBalancerId, RouteTableId};
pub use native::{Native, NativeRecord};
pub use operation::{Operation, Provider};
pub use provider::CloudProvider;
pub use retry::RetryPolicy;
