//! What is asked for, and the checks that need no cloud.

mod batch;
mod create;
mod describe;
mod disk;

use std::collections::HashSet;

pub use batch::{
    DestroyInstancesRequest, PrepaidPolicy, StartInstancesRequest, StopInstancesRequest, StopMode,
};
pub use create::CreateInstancesRequest;
pub use describe::DescribeInstancesRequest;
pub use disk::Disk;

use crate::{Error, InstanceId, Result};

/// Gives the ids once each, in the order of their first appearance.
///
/// # Errors
///
/// `InvalidArgument` for an empty list, which never means "all of them".
pub fn unique_ids(ids: &[InstanceId]) -> Result<Vec<InstanceId>> {
    if ids.is_empty() {
        return Err(Error::invalid_argument(
            "InstanceIds is empty; name at least one instance",
        ));
    }
    Ok(once_each(ids))
}

fn once_each(ids: &[InstanceId]) -> Vec<InstanceId> {
    let mut seen = HashSet::with_capacity(ids.len());
    ids.iter().filter(|id| seen.insert(*id)).cloned().collect()
}

/// For leaving a flag out of the JSON when it is not set.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::Billing;

    #[test]
    fn requests_read_the_interface_names_and_refuse_others() {
        let request: CreateInstancesRequest = serde_json::from_str(
            r#"{"ImageId": "ami-1", "InstanceType": "t3.micro", "Disks": [{"Boot": true, "SizeGib": 50, "Type": "gp3"}],
                "Tags": {"team": "web"}, "Billing": "Spot", "UserData": "echo hi"}"#,
        )
        .unwrap();
        assert_eq!(request.count, 1);
        assert_eq!(
            request.disks,
            [Disk::boot().with_size_gib(50).with_type("gp3")]
        );
        assert_eq!(request.billing, Some(Billing::Spot));
        assert!(
            serde_json::from_str::<StartInstancesRequest>(
                r#"{"InstanceIds": ["i-1"], "Force": true}"#
            )
            .is_err()
        );
        let stop: StopInstancesRequest = serde_json::from_str(
            r#"{"InstanceIds": ["i-1"], "Mode": "Hibernate", "StopCharging": true}"#,
        )
        .unwrap();
        assert_eq!((stop.mode, stop.stop_charging), (StopMode::Hibernate, true));
    }

    #[test]
    fn empty_lists_never_mean_all() {
        assert!(unique_ids(&[]).is_err());
        assert_eq!(
            unique_ids(&["b".into(), "a".into(), "b".into()]).unwrap(),
            ["b".into(), "a".into()]
        );
        assert!(
            DescribeInstancesRequest::new()
                .with_instance_ids::<&str>([])
                .check()
                .is_err()
        );
        assert_eq!(DescribeInstancesRequest::new().check().unwrap(), None);
    }
}
