//! Application, network and gateway load balancers with their listeners, rules and target groups.

use time::OffsetDateTime;

use crate::load_balancer::Phase;

/// Those of one region.
#[derive(Debug, Default)]
pub(crate) struct V2 {
    pub(crate) balancers: Vec<Balancer>,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) groups: Vec<Group>,
}

/// A load balancer.
#[derive(Debug)]
pub(crate) struct Balancer {
    pub(crate) arn: String,
    pub(crate) name: String,
    /// `application`, `network` or `gateway`.
    pub(crate) kind: &'static str,
    pub(crate) vpc_id: String,
    /// Zone and subnet.
    pub(crate) zones: Vec<(String, String)>,
    pub(crate) created: OffsetDateTime,
}

/// A listener.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) arn: String,
    pub(crate) balancer: String,
    /// Gateway load balancers listen on no port.
    pub(crate) port: Option<i64>,
    pub(crate) protocol: Option<&'static str>,
    pub(crate) action: Action,
    pub(crate) rules: Vec<Rule>,
}

/// A rule of a listener besides its default one.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) arn: String,
    pub(crate) priority: u32,
    pub(crate) path: &'static str,
    pub(crate) action: Action,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Action {
    /// To groups by ARN, with weights.
    Forward(Vec<(String, u32)>),
    Redirect,
    FixedResponse,
}

/// A target group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) protocol: Option<&'static str>,
    pub(crate) port: Option<i64>,
    /// `instance`, `ip`, `lambda` or `alb`.
    pub(crate) kind: &'static str,
    pub(crate) vpc_id: Option<String>,
    /// The value of `deregistration_delay.timeout_seconds`.
    pub(crate) delay: String,
    pub(crate) targets: Vec<Target>,
    /// The targets from before a change, while it does not show, and for how many more looks it does not.
    stale: Option<(Vec<Target>, u32)>,
}

/// A target: the same id may be there on several ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) port: Option<i64>,
    /// The zone that was given with it.
    pub(crate) zone: Option<String>,
    pub(crate) phase: Phase,
}

impl V2 {
    /// By ARN or name.
    pub(crate) fn group(&self, wanted: &str) -> Option<&Group> {
        self.groups
            .iter()
            .find(|group| group.arn == wanted || group.name == wanted)
    }

    /// By ARN or name.
    pub(crate) fn group_mut(&mut self, wanted: &str) -> Option<&mut Group> {
        self.groups
            .iter_mut()
            .find(|group| group.arn == wanted || group.name == wanted)
    }

    /// The load balancers that forward to a group, through listeners and rules.
    pub(crate) fn users_of(&self, group_arn: &str) -> Vec<&Balancer> {
        let uses = |listener: &Listener| {
            listener.action.forwards_to(group_arn)
                || listener
                    .rules
                    .iter()
                    .any(|rule| rule.action.forwards_to(group_arn))
        };
        self.balancers
            .iter()
            .filter(|balancer| {
                self.listeners
                    .iter()
                    .any(|listener| listener.balancer == balancer.arn && uses(listener))
            })
            .collect()
    }
}

impl Action {
    fn forwards_to(&self, group_arn: &str) -> bool {
        matches!(self, Self::Forward(groups) if groups.iter().any(|(arn, _)| arn == group_arn))
    }
}

impl Group {
    pub(crate) fn new(
        arn: String,
        name: &str,
        kind: &'static str,
        protocol: Option<&'static str>,
        port: Option<i64>,
        vpc_id: Option<&str>,
    ) -> Self {
        Self {
            arn,
            name: name.to_owned(),
            protocol,
            port,
            kind,
            vpc_id: vpc_id.map(str::to_owned),
            delay: "300".to_owned(),
            targets: Vec::new(),
            stale: None,
        }
    }

    /// What a describe call shows.
    pub(crate) fn shown(&self) -> &[Target] {
        self.stale
            .as_ref()
            .map_or(self.targets.as_slice(), |(targets, _)| targets)
    }

    /// Changes the targets; what was there before shows for so many looks.
    pub(crate) fn change(&mut self, lag: u32, change: impl FnOnce(&mut Vec<Target>)) {
        if lag > 0 {
            let before = match self.stale.take() {
                Some((targets, _)) => targets,
                None => self.targets.clone(),
            };
            self.stale = Some((before, lag));
        }
        change(&mut self.targets);
    }

    /// A look at some of the targets, after they were shown.
    pub(crate) fn poll(&mut self, looked_at: impl Fn(&Target) -> bool) {
        if let Some((_, polls)) = &mut self.stale {
            *polls = polls.saturating_sub(1);
            if *polls == 0 {
                self.stale = None;
            }
            return;
        }
        self.targets
            .retain_mut(|target| !looked_at(target) || target.phase.poll("healthy"));
    }

    pub(crate) fn phases_of(&mut self, id: &str, port: Option<i64>) -> Vec<&mut Phase> {
        self.targets
            .iter_mut()
            .filter(|target| target.id == id && (port.is_none() || target.port == port))
            .map(|target| &mut target.phase)
            .collect()
    }
}
