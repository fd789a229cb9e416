//! One result for each target, out of clouds that refuse a whole call for one bad target.
//!
//! Written once for registering and deregistering on both clouds. A refused call is tried again in two halves, until the
//! bad targets stand alone; targets that the refusal names go into a half of their own, since they are likely the bad ones.
//! Where a refused or lost call may have had its effect, a look comes first: what is done is not done again.

use std::collections::VecDeque;

use async_trait::async_trait;

use crate::compute::{concerns_ids, leaves_open};
use crate::{Error, ErrorKind, Result, RetryPolicy};

/// Refused calls in a row, without a success or a finding between, after which the rest is given up.
const FRUITLESS_CALLS: u32 = 64;

/// How one cloud changes the targets of one backend group.
#[async_trait]
pub trait TargetCalls: Send + Sync {
    /// A target, as the cloud's call takes it.
    type Target: Clone + Send + Sync;

    /// How many targets one call takes.
    fn targets_per_call(&self) -> usize;

    /// Changes all of these targets, or fails.
    async fn act(&self, targets: &[Self::Target]) -> Result<()>;

    /// Looks which of these targets are as they should be; `None` where the call is harmless twice and all or nothing, so
    /// that there is nothing to look for.
    async fn look(&self, targets: &[Self::Target]) -> Result<Option<Vec<bool>>> {
        let _ = targets;
        Ok(None)
    }

    /// Whether a refusal may be owed to some of the targets only; else it holds for all of them, and no part is tried again.
    fn concerns_targets(&self, refusal: &Error) -> bool {
        let _ = refusal;
        true
    }

    /// The id by which a refusal's text would name the target.
    fn id<'a>(&self, target: &'a Self::Target) -> &'a str;
}

/// Changes targets, and gives a result for each, in the same order.
pub async fn run<C: TargetCalls>(
    calls: &C,
    targets: &[C::Target],
    retry: &RetryPolicy,
) -> Vec<Result<()>> {
    let mut run = Run {
        calls,
        targets,
        retry,
        results: targets.iter().map(|_| None).collect(),
        queue: VecDeque::new(),
        fruitless: 0,
    };
    let all: Vec<usize> = (0..targets.len()).collect();
    for indices in all.chunks(calls.targets_per_call().max(1)) {
        run.queue.push_back(Work {
            indices: indices.to_vec(),
            lost: 0,
        });
    }
    while let Some(work) = run.queue.pop_front() {
        run.act(work).await;
    }
    let unsettled = || Error::new(ErrorKind::Other, "the target was not acted on");
    run.results
        .into_iter()
        .map(|result| result.unwrap_or_else(|| Err(unsettled())))
        .collect()
}

struct Work {
    indices: Vec<usize>,
    /// How often a call for these ended with its effect unknown.
    lost: u32,
}

struct Run<'a, C: TargetCalls> {
    calls: &'a C,
    targets: &'a [C::Target],
    retry: &'a RetryPolicy,
    results: Vec<Option<Result<()>>>,
    queue: VecDeque<Work>,
    fruitless: u32,
}

impl<C: TargetCalls> Run<'_, C> {
    async fn act(&mut self, mut work: Work) {
        let Err(error) = self.calls.act(&self.of(&work.indices)).await else {
            self.fruitless = 0;
            return self.settle(&work.indices, &Ok(()));
        };
        let lost = leaves_open(&error);
        let of_targets = concerns_ids(error.kind()) && self.calls.concerns_targets(&error);
        let of_the_call = !lost && !of_targets;
        if of_the_call && error.is_certainly_undone() {
            return self.give_up(&work, &error);
        }
        self.fruitless += 1;
        let no_time = error.kind() == ErrorKind::Timeout;
        if lost && !no_time && work.lost + 1 < self.retry.max_attempts {
            tokio::time::sleep(self.retry.delay(work.lost + 1, &error)).await;
        }
        let before = work.indices.len();
        match self.calls.look(&self.of(&work.indices)).await {
            Ok(Some(done)) => {
                let (done, rest) = partition(&work.indices, &done);
                self.settle(&done, &Ok(()));
                work.indices = rest;
            }
            Ok(None) if lost => return self.give_up(&work, &error),
            Ok(None) => {}
            Err(_) => return self.give_up(&work, &error),
        }
        if of_the_call || no_time {
            return self.give_up(&work, &error);
        }
        if work.indices.len() < before {
            self.fruitless = 0;
        }
        self.try_again(work, before, lost, error);
    }

    /// Queues what a failed call left undone, or gives it up.
    fn try_again(&mut self, work: Work, before: usize, lost: bool, error: Error) {
        if work.indices.is_empty() {
            return;
        }
        if lost {
            let lost = work.lost + 1;
            if lost >= self.retry.max_attempts {
                return self.settle(&work.indices, &Err(error));
            }
            return self.queue.push_front(Work { lost, ..work });
        }
        if self.fruitless >= FRUITLESS_CALLS {
            return self.settle(&work.indices, &Err(error));
        }
        if work.indices.len() < before {
            return self.queue.push_front(work);
        }
        if before == 1 {
            return self.settle(&work.indices, &Err(error));
        }
        let (first, second) = self.halves(&work.indices, error.message());
        for indices in [second, first] {
            self.queue.push_front(Work {
                indices,
                lost: work.lost,
            });
        }
    }

    /// Parts targets in two: those that the text names from the others, or in the middle where it names none or all.
    fn halves(&self, indices: &[usize], text: &str) -> (Vec<usize>, Vec<usize>) {
        let (named, others): (Vec<usize>, Vec<usize>) = indices
            .iter()
            .partition(|index| names(text, self.calls.id(&self.targets[**index])));
        if named.is_empty() || others.is_empty() {
            let (left, right) = indices.split_at(indices.len() / 2);
            return (left.to_vec(), right.to_vec());
        }
        (others, named)
    }

    fn of(&self, indices: &[usize]) -> Vec<C::Target> {
        indices
            .iter()
            .map(|index| self.targets[*index].clone())
            .collect()
    }

    fn settle(&mut self, indices: &[usize], result: &Result<()>) {
        for index in indices {
            self.results[*index] = Some(result.clone());
        }
    }

    /// Fails these and everything that is still queued: the next call would meet the same.
    fn give_up(&mut self, work: &Work, error: &Error) {
        self.settle(&work.indices, &Err(error.clone()));
        for rest in std::mem::take(&mut self.queue) {
            self.settle(&rest.indices, &Err(error.clone()));
        }
    }
}

fn partition(indices: &[usize], done: &[bool]) -> (Vec<usize>, Vec<usize>) {
    let mut parts = (Vec::new(), Vec::new());
    for (place, index) in indices.iter().enumerate() {
        if done.get(place).copied().unwrap_or_default() {
            parts.0.push(*index);
        } else {
            parts.1.push(*index);
        }
    }
    parts
}

/// Whether a text has an id as a word of its own: `i-1` is not named by `i-12`.
fn names(text: &str, id: &str) -> bool {
    let word = |part: Option<char>| part.is_some_and(|part| part.is_alphanumeric() || part == '-');
    !id.is_empty()
        && text.match_indices(id).any(|(start, _)| {
            !word(text[..start].chars().next_back())
                && !word(text[start + id.len()..].chars().next())
        })
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
