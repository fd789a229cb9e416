//! Which cloud, which operation: the words used in requests, errors and logs.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind};

/// A cloud that this interface covers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Provider {
    /// Amazon Web Services.
    Aws,
    /// Tencent Cloud (腾讯云).
    Tencent,
}

impl Provider {
    /// Every cloud, in the order of declaration.
    pub const ALL: &'static [Self] = &[Self::Aws, Self::Tencent];

    /// Gives the name used on the command line and in JSON: `aws`, `tencent`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Tencent => "tencent",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Provider {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .iter()
            .copied()
            .find(|provider| provider.as_str() == name)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!("unknown provider {name:?}; it is one of aws, tencent"),
                )
            })
    }
}

/// An operation of the interface, as named in errors and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// Lists servers.
    DescribeInstances,
    /// Creates servers.
    CreateInstances,
    /// Starts stopped servers.
    StartInstances,
    /// Stops running servers.
    StopInstances,
    /// Destroys servers.
    DestroyInstances,
    /// Lists route tables with their routes.
    DescribeRouteTables,
    /// Changes where routes lead to.
    ReplaceRoutes,
    /// Tells how the targets of a load balancer are.
    DescribeLoadBalancerHealth,
    /// Puts servers behind a load balancer.
    RegisterInstancesWithLoadBalancer,
    /// Takes servers from behind a load balancer.
    DeregisterInstancesFromLoadBalancer,
    /// Stores a file as an object.
    UploadFile,
    /// Tells whose key is in use.
    CallerIdentity,
}

impl Operation {
    /// Gives the name as the interface writes it: `DescribeInstances`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DescribeInstances => "DescribeInstances",
            Self::CreateInstances => "CreateInstances",
            Self::StartInstances => "StartInstances",
            Self::StopInstances => "StopInstances",
            Self::DestroyInstances => "DestroyInstances",
            Self::DescribeRouteTables => "DescribeRouteTables",
            Self::ReplaceRoutes => "ReplaceRoutes",
            Self::DescribeLoadBalancerHealth => "DescribeLoadBalancerHealth",
            Self::RegisterInstancesWithLoadBalancer => "RegisterInstancesWithLoadBalancer",
            Self::DeregisterInstancesFromLoadBalancer => "DeregisterInstancesFromLoadBalancer",
            Self::UploadFile => "UploadFile",
            Self::CallerIdentity => "CallerIdentity",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
