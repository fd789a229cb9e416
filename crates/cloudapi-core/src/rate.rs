//! Staying below a cloud's documented number of requests a second.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// Lets at most so many calls through in any second: the first ones at once, the others when their turn comes.
#[derive(Debug)]
pub struct RateLimiter {
    per_second: usize,
    recent: Mutex<VecDeque<Instant>>,
}

/// A little more than a second, since calls don't arrive spaced exactly as they were sent.
const WINDOW: Duration = Duration::from_millis(1050);

impl RateLimiter {
    /// Makes a limiter for so many calls a second, at least 1.
    pub fn new(per_second: usize) -> Self {
        Self {
            per_second: per_second.max(1),
            recent: Mutex::default(),
        }
    }

    /// Waits for a turn. A call that is dropped while waiting has used its turn up.
    pub async fn acquire(&self) {
        tokio::time::sleep_until(self.reserve()).await;
    }

    fn reserve(&self) -> Instant {
        let now = Instant::now();
        let mut recent = self
            .recent
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let turn = if recent.len() < self.per_second {
            now
        } else {
            recent
                .pop_front()
                .map_or(now, |oldest| now.max(oldest + WINDOW))
        };
        recent.push_back(turn);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_than_allowed() {
        let limiter = RateLimiter::new(40);
        let start = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..200 {
            limiter.acquire().await;
            turns.push(start.elapsed());
        }
        assert_eq!(
            turns[39],
            Duration::ZERO,
            "the first second's calls go at once"
        );
        for (earlier, later) in turns.iter().zip(&turns[40..]) {
            assert!(*later >= *earlier + Duration::from_secs(1));
        }
    }
}
