//! What can be written with the three operations alone.

use std::future::Future;

use super::wait::{self, WaitFor};
use super::{LoadBalancer, TargetOutcomes, WaitOptions};
use crate::Result;

/// Conveniences on [`LoadBalancer`], for every implementation.
///
/// Each looks at all groups concerned in one request at a tick, never at one instance alone.
pub trait LoadBalancerExt: LoadBalancer {
    /// Waits until what was registered is healthy, at every group and port of the outcomes. A target that the cloud does not
    /// check counts once it is [`Unchecked`](super::HealthState::Unchecked). `CurrentState` is then what was last seen.
    ///
    /// # Errors
    ///
    /// Only what makes looking impossible (no key, no permission). A target that does not get there in time becomes a failed
    /// outcome of the kind `Timeout`, with the reason in the cloud's words.
    fn wait_until_healthy(
        &self,
        outcomes: TargetOutcomes,
        options: &WaitOptions,
    ) -> impl Future<Output = Result<TargetOutcomes>> + Send {
        wait::outcomes(self, outcomes, WaitFor::Healthy, options)
    }

    /// Waits until what was deregistered is gone, from every group and port of the outcomes.
    ///
    /// # Errors
    ///
    /// As for [`LoadBalancerExt::wait_until_healthy`].
    fn wait_until_drained(
        &self,
        outcomes: TargetOutcomes,
        options: &WaitOptions,
    ) -> impl Future<Output = Result<TargetOutcomes>> + Send {
        wait::outcomes(self, outcomes, WaitFor::Drained, options)
    }

    /// Watches what was deregistered until it is gone or time runs out. What is still draining then is no failure: its
    /// current state says so.
    ///
    /// # Errors
    ///
    /// Only what makes looking impossible.
    fn watch_drain(
        &self,
        outcomes: TargetOutcomes,
        options: &WaitOptions,
    ) -> impl Future<Output = Result<TargetOutcomes>> + Send {
        wait::outcomes(self, outcomes, WaitFor::DrainedOrTimeUp, options)
    }
}

impl<L: LoadBalancer + ?Sized> LoadBalancerExt for L {}
