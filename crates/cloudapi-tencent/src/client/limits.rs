//! The documented number of calls a second, kept on our side so that the cloud need not refuse.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cloudapi_core::rate::RateLimiter;

/// A limiter for each action. The cloud counts by account, region and action; a client has one of the first two.
#[derive(Debug, Default)]
pub(super) struct Limits(Mutex<HashMap<(&'static str, &'static str), Arc<RateLimiter>>>);

impl Limits {
    /// Waits for an action's turn.
    pub(super) async fn acquire(&self, service: &'static str, action: &'static str) {
        let limiter = {
            let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let limiter = limiters
                .entry((service, action))
                .or_insert_with(|| Arc::new(RateLimiter::new(per_second(service, action))));
            Arc::clone(limiter)
        };
        limiter.acquire().await;
    }
}

/// The limits on the actions' own pages; 20 where a page has none.
fn per_second(service: &str, action: &str) -> usize {
    match (service, action) {
        ("cvm", "DescribeInstances") => 40,
        ("cvm", action) if !action.starts_with("Describe") => 10,
        ("vpc", "ReplaceRoutes") => 100,
        _ => 20,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_limits() {
        for (service, action, expected) in [
            ("cvm", "DescribeInstances", 40),
            ("cvm", "DescribeZones", 20),
            ("cvm", "RunInstances", 10),
            ("cvm", "TerminateInstances", 10),
            ("vpc", "DescribeSubnets", 20),
            ("vpc", "ReplaceRoutes", 100),
            ("clb", "RegisterTargets", 20),
        ] {
            assert_eq!(per_second(service, action), expected, "{action}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_action_waits_for_its_own() {
        let limits = Limits::default();
        let start = tokio::time::Instant::now();
        for _ in 0..10 {
            limits.acquire("cvm", "RunInstances").await;
            limits.acquire("cvm", "StartInstances").await;
        }
        assert!(start.elapsed().is_zero());
        limits.acquire("cvm", "RunInstances").await;
        assert!(start.elapsed().as_secs() >= 1);
    }
}
