//! One queue for each load balancer in this process: CLB does one change at a time and refuses the others.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use cloudapi_core::Result;
use cloudapi_core::retry::Deadline;
use tokio::sync::OwnedMutexGuard;

use crate::client::Client;

/// A load balancer, and where it is.
type Key = (String, String);

type Queue = tokio::sync::Mutex<()>;

/// The queues that somebody is in, by load balancer, whoever connected.
static QUEUES: LazyLock<Mutex<HashMap<Key, Weak<Queue>>>> = LazyLock::new(Mutex::default);

/// Waits for the turn to change a load balancer; the turn ends when the guard is dropped.
///
/// # Errors
///
/// `Timeout` when the deadline comes first.
pub(super) async fn enter(
    client: &Client,
    load_balancer: &str,
    deadline: Deadline,
) -> Result<OwnedMutexGuard<()>> {
    let key = (client.host("clb")?, load_balancer.to_owned());
    wait(key, deadline).await
}

async fn wait(key: Key, deadline: Deadline) -> Result<OwnedMutexGuard<()>> {
    let queue = of(key);
    deadline.limit(async { Ok(queue.lock_owned().await) }).await
}

fn of(key: Key) -> Arc<Queue> {
    let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(queue) = queues.get(&key).and_then(Weak::upgrade) {
        return queue;
    }
    queues.retain(|_, queue| queue.strong_count() > 0);
    let queue = Arc::new(Queue::default());
    queues.insert(key, Arc::downgrade(&queue));
    queue
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cloudapi_core::{ErrorKind, RetryPolicy};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_for_each_load_balancer() {
        let in_a_second = || {
            let policy = RetryPolicy::default().with_deadline(Some(Duration::from_secs(1)));
            policy.start()
        };
        let key = |host: &str, id: &str| (host.to_owned(), id.to_owned());
        let first = wait(key("clb", "lb-1"), in_a_second()).await.unwrap();
        wait(key("clb", "lb-2"), in_a_second()).await.unwrap();
        wait(key("elsewhere", "lb-1"), in_a_second()).await.unwrap();
        let error = wait(key("clb", "lb-1"), in_a_second()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        drop(first);
        wait(key("clb", "lb-1"), in_a_second()).await.unwrap();
        drop(of(key("clb", "lb-3")));
        let queues = QUEUES.lock().unwrap();
        assert!(
            !queues.contains_key(&key("clb", "lb-2")),
            "empty queues are forgotten"
        );
    }
}
