//! What to start, stop and destroy.

use serde::{Deserialize, Serialize};

use super::is_false;
use crate::InstanceId;

/// How an instance is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StopMode {
    /// The guest shuts down.
    #[default]
    Graceful,
    /// The power is cut, without asking the guest.
    Force,
    /// Memory is saved to disk (AWS, where the instance was launched for it).
    Hibernate,
}

/// What to do with an instance that is paid for in advance (Tencent Cloud).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PrepaidPolicy {
    /// Fail with `InvalidState`.
    #[default]
    Refuse,
    /// Move it to the recycle bin, from which it can be brought back for some days.
    Isolate,
    /// Move it to the recycle bin and then release it for good.
    Release,
}

macro_rules! batch_request {
    ($(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty => $with:ident, )* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            /// The instances; at least one.
            pub instance_ids: Vec<InstanceId>,
            $( $(#[$field_meta])* #[serde(default)] pub $field: $type, )*
            /// Tell what would be done, and do nothing.
            #[serde(default, skip_serializing_if = "is_false")]
            pub dry_run: bool,
        }

        impl $name {
            /// Asks for these instances.
            pub fn new<I: Into<InstanceId>>(ids: impl IntoIterator<Item = I>) -> Self {
                Self {
                    instance_ids: ids.into_iter().map(Into::into).collect(),
                    $( $field: Default::default(), )*
                    dry_run: false,
                }
            }

            $(
                #[doc = concat!("Sets [`Self::", stringify!($field), "`].")]
                #[must_use]
                pub fn $with(mut self, value: $type) -> Self {
                    self.$field = value;
                    self
                }
            )*

            /// Sets whether only to tell what would be done.
            #[must_use]
            pub fn with_dry_run(mut self, dry_run: bool) -> Self {
                self.dry_run = dry_run;
                self
            }
        }
    };
}

batch_request! {
    /// Which instances to start.
    StartInstancesRequest {}
}

batch_request! {
    /// Which instances to stop, and how.
    StopInstancesRequest {
        /// How they are stopped.
        mode: StopMode => with_mode,
        /// Ask for no compute charge while stopped. What really happened is the outcome's `Charging`: AWS never charges for
        /// a stopped instance, Tencent Cloud does not for some types of pay-as-you-go instances when asked.
        stop_charging: bool => with_stop_charging,
    }
}

batch_request! {
    /// Which instances to destroy, and what may be overridden for it.
    DestroyInstancesRequest {
        /// Take termination protection off where it is on.
        disable_protection: bool => with_disable_protection,
        /// What to do with prepaid instances.
        prepaid: PrepaidPolicy => with_prepaid,
        /// Count an id that the cloud does not know as gone already.
        allow_missing: bool => with_allow_missing,
    }
}
