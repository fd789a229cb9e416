//! Identifiers: each kind of thing has its own type, so that one can't be given where another is meant.

macro_rules! ids {
    ($( $(#[$meta:meta])* $name:ident; )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the id as the cloud writes it; its shape is checked by the provider that gets it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// Gives the id as the cloud writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    )+ };
}

ids! {
    /// The id of a server: `i-0123456789abcdef0` at AWS, `ins-1a2b3c4d` at Tencent Cloud.
    InstanceId;
    /// The id of a route table: `rtb-…` on both clouds.
    RouteTableId;
    /// The id, ARN or name of a load balancer.
    LoadBalancerId;
    /// What a load balancer sends traffic to: a target group at AWS, a listener (and its rule) at Tencent Cloud.
    BackendGroupId;
}
