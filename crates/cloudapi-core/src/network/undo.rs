//! Putting back what was changed before a failure, and telling what could not be.

use std::collections::{BTreeMap, BTreeSet};

use super::apply::{LOOKS, Step, is_there_already, leaves_open, pause, steps};
use super::plan::repair;
use super::{Destination, Route, RouteCalls, RouteChange, RouteTable};
use crate::retry::Deadline;
use crate::{Error, Result, RetryPolicy};

/// How often it is tried to put back what a look shows to differ.
const ROUNDS: u32 = 2;

/// The static routes that the destinations of some changes have in a table.
pub(crate) fn expected(
    table: &RouteTable,
    changes: &[RouteChange],
) -> BTreeMap<Destination, Vec<Route>> {
    changes
        .iter()
        .map(|change| {
            let routes = table.static_routes(&change.destination).cloned().collect();
            (change.destination.clone(), routes)
        })
        .collect()
}

/// Puts a table back into its former state.
pub(crate) struct Undo<'a> {
    calls: &'a dyn RouteCalls,
    retry: &'a RetryPolicy,
    /// Its own: what was changed is put back even when the time for the whole call is over.
    deadline: Deadline,
    expected: BTreeMap<Destination, Vec<Route>>,
    touched: BTreeSet<Destination>,
    /// Why a destination could not be put back.
    stuck: BTreeMap<Destination, Error>,
}

impl<'a> Undo<'a> {
    pub(crate) fn new(
        calls: &'a dyn RouteCalls,
        retry: &'a RetryPolicy,
        expected: BTreeMap<Destination, Vec<Route>>,
    ) -> Self {
        Self {
            calls,
            retry,
            deadline: retry.start(),
            expected,
            touched: BTreeSet::new(),
            stuck: BTreeMap::new(),
        }
    }

    /// Notes destinations to look at in the end.
    pub(crate) fn touch(&mut self, step: &Step) {
        self.touched
            .extend(step.changes.iter().map(|change| change.destination.clone()));
    }

    /// Undoes the steps, the last one first, and gives the error to report.
    pub(crate) async fn run(mut self, done: Vec<Step>, error: Error) -> Error {
        for step in done.iter().rev() {
            self.touch(step);
            let inverse: Vec<RouteChange> = step
                .changes
                .iter()
                .rev()
                .map(RouteChange::inverse)
                .collect();
            self.put_back(&inverse).await;
        }
        let mut rounds = 1;
        let differing = loop {
            match self.look().await {
                Ok(differing) if !differing.is_empty() && rounds < ROUNDS => {
                    rounds += 1;
                    self.stuck.clear();
                    self.put_back(&differing).await;
                }
                Ok(differing) => break differing,
                Err(unread) => return self.report_unread(error, &unread),
            }
        };
        self.report(error, &differing, !done.is_empty())
    }

    async fn put_back(&mut self, changes: &[RouteChange]) {
        for step in steps(changes, self.calls.routes_per_call(), 0, 0) {
            if let Err(error) = self.send(&step).await {
                let destinations = step.changes.iter().map(|change| change.destination.clone());
                self.stuck
                    .extend(destinations.map(|destination| (destination, error.clone())));
            }
        }
    }

    async fn send(&self, step: &Step) -> Result<()> {
        let mut attempt = 1;
        loop {
            match self
                .calls
                .apply(step.action, &step.changes, self.deadline)
                .await
            {
                Ok(_) => return Ok(()),
                Err(error) if is_there_already(step.action, &error) => return Ok(()),
                // Each of these is harmless when done twice.
                Err(error) if leaves_open(&error) && attempt < self.retry.max_attempts => {
                    self.deadline
                        .sleep(self.retry.delay(attempt, &error), error)
                        .await?;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives the changes that would still be needed, looking again while a read may be from before.
    async fn look(&self) -> Result<Vec<RouteChange>> {
        let mut look = 1;
        loop {
            let table = self.calls.read(self.deadline).await?;
            let differing: Vec<RouteChange> = self
                .touched
                .iter()
                .flat_map(|destination| {
                    let wanted = self
                        .expected
                        .get(destination)
                        .map(Vec::as_slice)
                        .unwrap_or_default();
                    repair(&table, destination, wanted)
                })
                .collect();
            let is_explained = |change: &RouteChange| self.stuck.contains_key(&change.destination);
            let settled = if differing.is_empty() {
                self.stuck.is_empty()
            } else {
                differing.len() >= self.stuck.len() && differing.iter().all(is_explained)
            };
            if settled || look >= LOOKS {
                return Ok(differing);
            }
            tokio::time::sleep(pause(self.retry, look)).await;
            look += 1;
        }
    }

    fn report(&self, error: Error, differing: &[RouteChange], changed: bool) -> Error {
        if differing.is_empty() {
            let state = if changed {
                "what was changed before was put back"
            } else {
                "nothing was changed"
            };
            let message = format!("{}; {state}", error.message());
            return error.with_message(message).with_resources::<_, String>([]);
        }
        let details: Vec<String> = differing
            .iter()
            .map(|change| self.describe(change))
            .collect();
        let message = format!(
            "{}; could not be put back: {}",
            error.message(),
            details.join("; ")
        );
        let mut destinations: Vec<String> = differing
            .iter()
            .map(|change| change.destination.to_string())
            .collect();
        destinations.dedup();
        error.with_message(message).with_resources(destinations)
    }

    /// Says how a destination differs; the change is the one that would put it back.
    fn describe(&self, change: &RouteChange) -> String {
        let destination = &change.destination;
        let how = match (&change.before, &change.after) {
            (Some(now), Some(wanted)) if now.target == wanted.target => {
                format!(
                    "{destination} leads to {} as before, but is not the same route",
                    now.target
                )
            }
            (Some(now), Some(wanted)) => format!(
                "{destination} leads to {} instead of {}",
                now.target, wanted.target
            ),
            (Some(now), None) => {
                format!("{destination} leads to {}, where no route was", now.target)
            }
            (None, Some(wanted)) => format!(
                "{destination} has no route, where one led to {}",
                wanted.target
            ),
            (None, None) => format!("{destination} differs"),
        };
        match self.stuck.get(destination) {
            Some(why) => format!("{how} ({why})"),
            None => how,
        }
    }

    fn report_unread(&self, error: Error, unread: &Error) -> Error {
        let state = if self.stuck.is_empty() {
            "what was changed before was put back".to_owned()
        } else {
            let details: Vec<String> = self
                .stuck
                .iter()
                .map(|(to, why)| format!("{to} ({why})"))
                .collect();
            format!("could not be put back: {}", details.join("; "))
        };
        let message = format!(
            "{}; {state}; the last look at the table failed: {unread}",
            error.message()
        );
        let destinations: Vec<String> = self.stuck.keys().map(ToString::to_string).collect();
        error.with_message(message).with_resources(destinations)
    }
}
