//! How an instance moves on: by looks, first those that still see the old state, then those that see a passing one.

use super::model::{Compute, Instance, Status};
use crate::world::Settings;

/// What a passing state ends in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// This.
    Becomes(Status),
    /// The instance is no longer there.
    Gone,
}

/// An old state that is still shown.
#[derive(Debug, Clone)]
pub(super) struct Stale {
    /// `None`: the instance is not visible yet.
    pub(super) status: Option<Status>,
    polls: u32,
}

/// A passing state.
#[derive(Debug, Clone)]
pub(super) struct Transition {
    polls: u32,
    end: End,
}

impl Compute {
    /// Adds a new instance, which is not visible as long as the lag lasts.
    pub(crate) fn launch(&mut self, settings: Settings, mut instance: Instance, end: End) {
        instance.stale = (settings.lag > 0).then_some(Stale {
            status: None,
            polls: settings.lag,
        });
        instance.transition = Some(Transition {
            polls: settings.transition_polls,
            end,
        });
        let number = self.put(instance);
        self.restless.insert(number);
        self.settle(number);
    }

    /// Puts an instance into a state, and lets it pass into another.
    pub(crate) fn change(
        &mut self,
        settings: Settings,
        number: u64,
        status: Status,
        end: Option<End>,
    ) {
        let Some(instance) = self.instances.get_mut(&number) else {
            return;
        };
        if settings.lag > 0 {
            let shown = match instance.stale.take() {
                Some(stale) => stale.status,
                None => Some(instance.status.clone()),
            };
            instance.stale = Some(Stale {
                status: shown,
                polls: settings.lag,
            });
        }
        instance.status = status;
        instance.transition = end.map(|end| Transition {
            polls: settings.transition_polls,
            end,
        });
        self.restless.insert(number);
        self.note_end(number);
        self.settle(number);
    }

    /// A look at one instance, after it was shown.
    pub(crate) fn poll(&mut self, number: u64) {
        if !self.restless.contains(&number) {
            return;
        }
        if let Some(instance) = self.instances.get_mut(&number) {
            if let Some(stale) = &mut instance.stale {
                stale.polls = stale.polls.saturating_sub(1);
                if stale.polls == 0 {
                    instance.stale = None;
                }
            } else if let Some(transition) = &mut instance.transition {
                transition.polls = transition.polls.saturating_sub(1);
            }
        }
        self.settle(number);
    }

    /// A look at all instances, after the first page of a list was made up.
    pub(crate) fn poll_all(&mut self) {
        for number in self.restless.clone() {
            self.poll(number);
        }
    }

    /// Ends what is due.
    fn settle(&mut self, number: u64) {
        let Some(instance) = self.instances.get_mut(&number) else {
            return;
        };
        if instance.stale.is_some() {
            return;
        }
        if instance
            .transition
            .as_ref()
            .is_some_and(|transition| transition.polls == 0)
        {
            match instance.transition.take().map(|transition| transition.end) {
                Some(End::Becomes(status)) => {
                    instance.status = status;
                    self.note_end(number);
                }
                Some(End::Gone) => {
                    self.remove(number);
                    return;
                }
                None => {}
            }
        }
        let moving = self.instances.get(&number).is_some_and(Instance::is_moving);
        if !moving {
            self.restless.remove(&number);
        }
    }

    /// A terminated instance gives its addresses back and is forgotten an hour later.
    fn note_end(&mut self, number: u64) {
        let Some(instance) = self.instances.get_mut(&number) else {
            return;
        };
        if let Some(ended) = instance.status.ended {
            let addresses = std::mem::take(&mut instance.private_ips);
            self.released.extend(
                addresses
                    .into_iter()
                    .map(|address| (instance.subnet_id.clone(), address)),
            );
            self.ended.push_back((ended, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::Cloud;

    fn settings(lag: u32, transition_polls: u32) -> Settings {
        Settings {
            lag,
            transition_polls,
            page_cap: None,
        }
    }

    /// What looks at a new instance show, one after the other, until it is stopped and after.
    fn looks(settings: Settings, count: usize) -> (Vec<String>, Vec<String>) {
        let mut compute = Compute::new(Cloud::Aws);
        let mut instance = Instance::new("i-1", OffsetDateTime::UNIX_EPOCH);
        instance.status = Status::new("pending");
        compute.launch(settings, instance, End::Becomes(Status::new("running")));
        let look = |compute: &mut Compute| {
            let shown = compute.by_id("i-1").map(|instance| match instance.shown() {
                Some(status) => status.state.clone().into_owned(),
                None => "hidden".to_owned(),
            });
            compute.poll(0);
            shown.unwrap_or_else(|| "gone".to_owned())
        };
        let launched = (0..count).map(|_| look(&mut compute)).collect();
        compute.change(settings, 0, Status::new("shutting-down"), Some(End::Gone));
        let ended = (0..count).map(|_| look(&mut compute)).collect();
        (launched, ended)
    }

    #[test]
    fn a_change_passes_by_looks() {
        let (launched, ended) = looks(settings(0, 1), 3);
        assert_eq!(launched, ["pending", "running", "running"]);
        assert_eq!(ended, ["shutting-down", "gone", "gone"]);

        let (launched, ended) = looks(settings(2, 1), 5);
        assert_eq!(
            launched,
            ["hidden", "hidden", "pending", "running", "running"]
        );
        assert_eq!(
            ended,
            ["running", "running", "shutting-down", "gone", "gone"]
        );

        let (launched, ended) = looks(settings(0, 0), 2);
        assert_eq!(launched, ["running", "running"]);
        assert_eq!(ended, ["gone", "gone"]);

        let (launched, ended) = looks(settings(1, 0), 3);
        assert_eq!(launched, ["hidden", "running", "running"]);
        assert_eq!(ended, ["running", "gone", "gone"]);
    }

    #[test]
    fn terminated_instances_are_listed_for_an_hour() {
        let start = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        let mut compute = Compute::new(Cloud::Aws);
        let mut instance = Instance::new("i-1", start);
        instance.subnet_id = "subnet-1".to_owned();
        instance.private_ips = vec!["10.0.0.4".to_owned()];
        instance.status = Status::new("running");
        let number = compute.put(instance);
        let ended = Status {
            ended: Some(start),
            ..Status::new("terminated")
        };
        compute.change(settings(0, 1), number, ended, None);
        assert_eq!(
            compute.released,
            [("subnet-1".to_owned(), "10.0.0.4".to_owned())]
        );
        compute.purge(start + time::Duration::minutes(59));
        assert!(compute.by_id("i-1").is_some());
        compute.purge(start + time::Duration::minutes(60));
        assert!(compute.by_id("i-1").is_none());
    }
}
