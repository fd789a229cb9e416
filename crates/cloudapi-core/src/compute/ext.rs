//! What can be written with the five operations alone.

use std::future::Future;

use super::wait::{self, WaitFor};
use super::{
    Compute, CreatedInstance, DescribeInstancesRequest, Instance, InstanceOutcomes, WaitOptions,
};
use crate::{Error, ErrorKind, InstanceId, Result};

/// Conveniences on [`Compute`], for every implementation.
pub trait ComputeExt: Compute {
    /// Finds one instance.
    ///
    /// # Errors
    ///
    /// `NotFound`, and those of [`Compute::describe_instances`].
    fn describe_instance(
        &self,
        id: impl Into<InstanceId> + Send,
    ) -> impl Future<Output = Result<Instance>> + Send {
        let id = id.into();
        async move {
            let request = DescribeInstancesRequest::new().with_instance_ids([id.clone()]);
            let found = self.describe_instances(request).await?;
            found.into_iter().next().ok_or_else(|| {
                Error::new(ErrorKind::NotFound, format!("{id} does not exist"))
                    .with_provider(self.provider())
                    .with_resources([id.as_str()])
            })
        }
    }

    /// Waits until created instances run, and tells for each how it turned out: a failed launch at once and with its
    /// reason, the last state when time runs out. Not being found at first means not being visible yet.
    ///
    /// # Errors
    ///
    /// Only what makes looking impossible (no key, no permission); its resources are the ids.
    fn wait_for_instances(
        &self,
        ids: &[InstanceId],
        options: &WaitOptions,
    ) -> impl Future<Output = Result<Vec<CreatedInstance>>> + Send {
        wait::created(self, ids, options)
    }

    /// Waits until what was started runs.
    ///
    /// # Errors
    ///
    /// Only what makes looking impossible. An instance that does not get there becomes a failed outcome.
    fn wait_until_running(
        &self,
        outcomes: InstanceOutcomes,
        options: &WaitOptions,
    ) -> impl Future<Output = Result<InstanceOutcomes>> + Send {
        wait::outcomes(self, outcomes, WaitFor::Running, options)
    }

    /// Waits until what was stopped is down.
    ///
    /// # Errors
    ///
    /// As for [`ComputeExt::wait_until_running`].
    fn wait_until_stopped(
        &self,
        outcomes: InstanceOutcomes,
        options: &WaitOptions,
    ) -> impl Future<Output = Result<InstanceOutcomes>> + Send {
        wait::outcomes(self, outcomes, WaitFor::Stopped, options)
    }

    /// Waits until what was destroyed is gone: terminated, or no longer listed. With `isolated_is_enough` the recycle bin
    /// counts as gone too, for prepaid instances that were only isolated.
    ///
    /// # Errors
    ///
    /// As for [`ComputeExt::wait_until_running`].
    fn wait_until_destroyed(
        &self,
        outcomes: InstanceOutcomes,
        isolated_is_enough: bool,
        options: &WaitOptions,
    ) -> impl Future<Output = Result<InstanceOutcomes>> + Send {
        let wait_for = if isolated_is_enough {
            WaitFor::GoneOrIsolated
        } else {
            WaitFor::Gone
        };
        wait::outcomes(self, outcomes, wait_for, options)
    }
}

impl<C: Compute + ?Sized> ComputeExt for C {}
