//! Traits, models, errors and credentials of cloudapi: one typed interface over AWS and Tencent Cloud.
//!
//! This crate knows no cloud and has no HTTP client. It holds what is equal on both clouds: the requests and answers,
//! what they mean, what is checked before anything is sent, how batches keep one outcome per id, how waiting and
//! repeating works. The crates `cloudapi-aws` and `cloudapi-tencent` implement the traits; `cloudapi` re-exports all of it.
//!
//! Rooms: [`compute`] (servers), [`network`] (route tables), [`load_balancer`], and with the feature `storage` the uploads to
//! object storage. Beside them: [`Error`], [`Filters`],
//! [`credentials`], [`ProviderConfig`], [`RetryPolicy`], [`CloudProvider`].
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod compute;
mod config;
pub mod credentials;
mod environment;
mod error;
pub mod filter;
mod id;
pub mod load_balancer;
mod native;
pub mod network;
mod open_enum;
mod operation;
mod provider;
pub mod rate;
pub mod retry;
#[cfg(feature = "storage")]
pub mod storage;
pub mod timestamp;

pub use compute::{Compute, ComputeExt};
pub use config::{ProviderConfig, Timeouts};
pub use credentials::{
    AssumeRole, CallerIdentity, ChainLink, CredentialChain, CredentialSource, Credentials,
    ProvideCredentials, Secret,
};
pub use environment::Environment;
pub use error::{Error, ErrorKind, Result};
pub use filter::{Filter, Filters};
pub use futures_core::stream::BoxStream;
pub use id::{BackendGroupId, InstanceId, LoadBalancerId, RouteTableId};
pub use load_balancer::{LoadBalancer, LoadBalancerExt};
pub use native::{Native, NativeRecord};
pub use network::{Network, NetworkExt};
pub use operation::{Operation, Provider};
pub use provider::CloudProvider;
pub use retry::RetryPolicy;
#[cfg(feature = "storage")]
pub use storage::Storage;
