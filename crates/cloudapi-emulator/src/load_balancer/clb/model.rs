//! CLBs with their listeners, rules and targets, and the tasks that change them.

use time::OffsetDateTime;

use crate::load_balancer::Phase;

/// Older tasks are forgotten beyond this many, so that a stand-alone emulator does not grow without end.
const KEPT_TASKS: usize = 10_000;

/// Those of one region.
#[derive(Debug, Default)]
pub(crate) struct Clb {
    pub(crate) balancers: Vec<Balancer>,
    pub(super) tasks: Vec<Task>,
    /// Registering what is registered is refused.
    pub(crate) refuses_registered: bool,
}

/// A CLB.
#[derive(Debug)]
pub(crate) struct Balancer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) vpc_id: String,
    /// False for a classic one.
    pub(crate) forward: bool,
    pub(crate) address: String,
    pub(crate) created: OffsetDateTime,
    pub(crate) listeners: Vec<Listener>,
    /// What all listeners of a classic one share.
    pub(crate) classic: Place,
}

/// A listener.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) protocol: &'static str,
    pub(crate) port: i64,
    /// The instances' port, at a classic one.
    pub(crate) instance_port: i64,
    /// Whether it checks health.
    pub(crate) checks: bool,
    /// Its rules; a listener of layer 4 has one place that stands for itself.
    pub(crate) places: Vec<Place>,
}

/// What targets are bound to.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// The rule's id; one that is made up where there is no rule.
    pub(crate) location: String,
    /// Domain and URL of a rule.
    pub(crate) rule: Option<(&'static str, &'static str)>,
    pub(crate) targets: Vec<Target>,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Empty for an address that no instance has.
    pub(crate) instance_id: String,
    pub(crate) address: String,
    /// Bound by its address.
    pub(crate) by_address: bool,
    /// 0 at a classic one, whose listeners know the port.
    pub(crate) port: i64,
    pub(crate) weight: i64,
    pub(crate) tag: String,
    pub(crate) phase: Phase,
    pub(crate) registered: OffsetDateTime,
}

/// What a task does to one target of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The listener, empty at a classic CLB, and the location.
    pub(crate) place: (String, String),
    pub(crate) address: String,
    pub(crate) port: i64,
    pub(crate) step: Step,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Bind(Box<Target>),
    Unbind,
    Weigh(i64),
}

/// A change under way.
#[derive(Debug)]
pub(super) struct Task {
    id: String,
    balancer: String,
    /// So many more looks see it running.
    polls: u32,
    changes: Vec<Change>,
    /// Why it will fail.
    failure: Option<String>,
}

/// How a task stands: the balancer it changes, `None` while it runs, and then why it failed, if it did.
pub(crate) type Outcome = (String, Option<Result<(), String>>);

impl Listener {
    /// Layer 7: targets are bound to rules.
    pub(crate) fn has_rules(&self) -> bool {
        matches!(self.protocol, "HTTP" | "HTTPS")
    }
}

impl Balancer {
    pub(crate) fn listener(&self, id: &str) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.id == id)
    }

    fn place_mut(&mut self, (listener, location): &(String, String)) -> Option<&mut Place> {
        if listener.is_empty() {
            return Some(&mut self.classic);
        }
        self.listeners
            .iter_mut()
            .find(|found| found.id == *listener)?
            .places
            .iter_mut()
            .find(|place| place.location == *location)
    }

    /// All places, those of a classic one too.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        let own = self.listeners.iter().flat_map(|it| &it.places);
        own.chain([&self.classic])
    }

    fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        let own = self.listeners.iter_mut().flat_map(|it| &mut it.places);
        own.chain([&mut self.classic])
    }
}

impl Clb {
    pub(crate) fn balancer(&self, id: &str) -> Option<&Balancer> {
        self.balancers.iter().find(|balancer| balancer.id == id)
    }

    /// Forgets targets whose instance is gone.
    pub(crate) fn purge(&mut self, is_there: impl Fn(&str) -> bool) {
        for place in self.balancers.iter_mut().flat_map(Balancer::places_mut) {
            place
                .targets
                .retain(|target| target.instance_id.is_empty() || is_there(&target.instance_id));
        }
    }

    /// A look at the health of some places, after it was shown.
    pub(crate) fn poll_health(&mut self, looked_at: impl Fn(&Balancer, &str) -> bool) {
        for balancer in &mut self.balancers {
            let seen: Vec<String> = balancer
                .places()
                .map(|place| place.location.clone())
                .filter(|location| looked_at(balancer, location))
                .collect();
            for place in balancer.places_mut() {
                if seen.contains(&place.location) {
                    for target in &mut place.targets {
                        target.phase.poll("Alive");
                    }
                }
            }
        }
    }

    /// The targets of a listener, rule or classic CLB by its id.
    pub(crate) fn phases_of(
        &mut self,
        group: &str,
        id: &str,
        port: Option<i64>,
    ) -> Vec<&mut Phase> {
        let mut phases = Vec::new();
        for balancer in &mut self.balancers {
            let classic = balancer.id == group;
            for listener in &mut balancer.listeners {
                let whole = listener.id == group;
                for place in &mut listener.places {
                    if whole || place.location == group {
                        phases.extend(place.targets.iter_mut());
                    }
                }
            }
            if classic {
                phases.extend(balancer.classic.targets.iter_mut());
            }
        }
        phases
            .into_iter()
            .filter(|target| target.instance_id == id || target.address == id)
            .filter(|target| port.is_none_or(|port| target.port == port))
            .map(|target| &mut target.phase)
            .collect()
    }

    /// Whether a change to this CLB is under way.
    pub(crate) fn is_busy(&self, balancer: &str) -> bool {
        self.tasks
            .iter()
            .any(|task| task.balancer == balancer && task.polls > 0)
    }

    /// Begins a change, which ends after so many looks.
    pub(crate) fn begin(
        &mut self,
        id: &str,
        balancer: &str,
        polls: u32,
        changes: Vec<Change>,
        failure: Option<String>,
    ) {
        if self.tasks.len() == KEPT_TASKS {
            self.tasks.remove(0);
        }
        self.tasks.push(Task {
            id: id.to_owned(),
            balancer: balancer.to_owned(),
            polls,
            changes,
            failure,
        });
        self.settle();
    }

    /// How a task stands, and a look at it.
    pub(crate) fn look_at_task(&mut self, id: &str) -> Option<Outcome> {
        let task = self.tasks.iter_mut().find(|task| task.id == id)?;
        let outcome = (task.polls == 0).then(|| task.failure.clone().map_or(Ok(()), Err));
        let shown = (task.balancer.clone(), outcome);
        task.polls = task.polls.saturating_sub(1);
        self.settle();
        Some(shown)
    }

    /// Time passes for the changes to a CLB. `held` are those of another writer, which a reader does not wait for.
    pub(crate) fn pass(&mut self, balancer: &str, held: bool) {
        for task in &mut self.tasks {
            if task.balancer == balancer && (held || !task.changes.is_empty()) {
                task.polls = task.polls.saturating_sub(1);
            }
        }
        self.settle();
    }

    /// Makes the changes that are due.
    fn settle(&mut self) {
        let due = self.tasks.iter_mut().filter(|task| task.polls == 0);
        for task in due {
            let changes = std::mem::take(&mut task.changes);
            if task.failure.is_some() {
                continue;
            }
            let balancer = self.balancers.iter_mut().find(|it| it.id == task.balancer);
            let Some(balancer) = balancer else { continue };
            for change in changes {
                if let Some(place) = balancer.place_mut(&change.place) {
                    place.apply(change);
                }
            }
        }
    }
}

impl Place {
    fn apply(&mut self, change: Change) {
        let at = self
            .targets
            .iter()
            .position(|target| target.address == change.address && target.port == change.port);
        match (change.step, at) {
            (Step::Bind(target), Some(at)) => self.targets[at].weight = target.weight,
            (Step::Bind(target), None) => self.targets.push(*target),
            (Step::Weigh(weight), Some(at)) => self.targets[at].weight = weight,
            (Step::Unbind, Some(at)) => {
                self.targets.remove(at);
            }
            (Step::Unbind | Step::Weigh(_), None) => {}
        }
    }
}
