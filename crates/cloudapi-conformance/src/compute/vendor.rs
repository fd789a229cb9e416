//! What is fixed for each cloud: shapes of ids, limits of its calls, names that only it has.

use cloudapi_core::{InstanceId, Provider};
use uuid::Uuid;

/// Facts about a cloud's calls on servers.
#[derive(Debug)]
pub(crate) struct Vendor {
    /// How many ids a describing call takes.
    pub(crate) ids_per_describe: usize,
    /// How many ids a changing call takes.
    pub(crate) ids_per_change: usize,
    /// How many instances a page holds at most.
    pub(crate) page: usize,
    /// A filter that only this cloud has, and where its value stands in the native record.
    pub(crate) native_filter: (&'static str, &'static str),
    /// Ids of impossible shape, the other cloud's shape among them.
    pub(crate) malformed_ids: &'static [&'static str],
    /// An image of possible shape that does not exist.
    pub(crate) missing_image: &'static str,
    /// A state that has no word of ours.
    pub(crate) odd_state: &'static str,
    /// Every documented native state and the word for it here.
    pub(crate) states: &'static [(&'static str, &'static str)],
    /// The member of the native record that holds the id.
    pub(crate) native_id: &'static str,
    id_prefix: &'static str,
    id_digits: usize,
}

static AWS: Vendor = Vendor {
    ids_per_describe: 1000,
    ids_per_change: 1000,
    page: 1000,
    native_filter: ("architecture", "/Architecture"),
    malformed_ids: &["i-", "i-xyz", "bogus", "ins-1a2b3c4d", " "],
    missing_image: "ami-00000000000000000",
    odd_state: "hibernating",
    states: &[
        ("pending", "Pending"),
        ("running", "Running"),
        ("shutting-down", "Terminating"),
        ("terminated", "Terminated"),
        ("stopping", "Stopping"),
        ("stopped", "Stopped"),
    ],
    native_id: "InstanceId",
    id_prefix: "i-",
    id_digits: 17,
};

static TENCENT: Vendor = Vendor {
    ids_per_describe: 100,
    ids_per_change: 100,
    page: 100,
    native_filter: ("instance-charge-type", "/InstanceChargeType"),
    malformed_ids: &["ins-", "ins-!", "bogus", "i-0123456789abcdef0", " "],
    missing_image: "img-00000000",
    odd_state: "RESCUE_MODE",
    states: &[
        ("PENDING", "Pending"),
        ("LAUNCH_FAILED", "LaunchFailed"),
        ("RUNNING", "Running"),
        ("STOPPED", "Stopped"),
        ("STARTING", "Pending"),
        ("STOPPING", "Stopping"),
        ("REBOOTING", "Rebooting"),
        ("SHUTDOWN", "Isolated"),
        ("TERMINATING", "Terminating"),
        ("ENTER_RESCUE_MODE", "ENTER_RESCUE_MODE"),
        ("RESCUE_MODE", "RESCUE_MODE"),
        ("EXIT_RESCUE_MODE", "EXIT_RESCUE_MODE"),
        ("ENTER_SERVICE_LIVE_MIGRATE", "ENTER_SERVICE_LIVE_MIGRATE"),
        ("SERVICE_LIVE_MIGRATE", "SERVICE_LIVE_MIGRATE"),
        ("EXIT_SERVICE_LIVE_MIGRATE", "EXIT_SERVICE_LIVE_MIGRATE"),
    ],
    native_id: "InstanceId",
    id_prefix: "ins-",
    id_digits: 8,
};

impl Vendor {
    /// The facts about a cloud.
    pub(crate) fn of(provider: Provider) -> &'static Self {
        if provider == Provider::Aws {
            &AWS
        } else {
            &TENCENT
        }
    }

    /// An id of possible shape that no instance has.
    pub(crate) fn absent_id(&self) -> InstanceId {
        let digits = Uuid::new_v4().simple().to_string();
        InstanceId::new(format!("{}{}", self.id_prefix, &digits[..self.id_digits]))
    }

    /// How many calls so many ids take to describe.
    pub(crate) fn describe_calls(&self, ids: usize) -> usize {
        ids.div_ceil(self.ids_per_describe)
    }

    /// How many calls so many ids take to change.
    pub(crate) fn change_calls(&self, ids: usize) -> usize {
        ids.div_ceil(self.ids_per_change)
    }
}
