//! Load balancers: both kinds of ELB, and CLB.

pub(crate) mod clb;
pub(crate) mod elb;
pub(crate) mod elbv2;

use std::borrow::Cow;

use time::OffsetDateTime;

use crate::Cloud;
use crate::world::{Region, TargetEntry};

/// The load balancers of a region.
#[derive(Debug)]
pub(crate) struct Balancers {
    pub(crate) v2: elbv2::model::V2,
    pub(crate) classic: Vec<elb::Balancer>,
    pub(crate) clb: clb::model::Clb,
}

/// How a target does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its first checks take so many more looks.
    Initial(u32),
    /// As it is, in the cloud's own word.
    Settled(Cow<'static, str>),
    /// It leaves after so many more looks.
    Draining(u32),
}

impl Balancers {
    /// What every region begins with.
    pub(crate) fn new(cloud: Cloud, region: &str, created: OffsetDateTime) -> Self {
        let empty = Self {
            v2: elbv2::model::V2::default(),
            classic: Vec::new(),
            clb: clb::model::Clb::default(),
        };
        match cloud {
            Cloud::Aws => Self {
                v2: elbv2::model::V2::new(region, created),
                classic: vec![elb::Balancer::new(region, created)],
                ..empty
            },
            Cloud::Tencent => Self {
                clb: clb::model::Clb::new(created),
                ..empty
            },
        }
    }

    /// Puts targets of a group into a state to stay, and says how many; those of all ports unless one is named.
    pub(crate) fn set_health(
        &mut self,
        group: &str,
        id: &str,
        port: Option<u16>,
        state: &str,
    ) -> usize {
        let port = port.map(i64::from);
        let phases: Vec<&mut Phase> = if let Some(group) = self.v2.group_mut(group) {
            group.phases_of(id, port)
        } else if let Some(classic) = self.classic.iter_mut().find(|it| it.name == group) {
            classic.phases_of(id)
        } else {
            self.clb.phases_of(group, id, port)
        };
        phases
            .into_iter()
            .map(|phase| *phase = Phase::Settled(state.to_owned().into()))
            .count()
    }
}

/// The targets of a group of any kind, as they really are; `None` when there is no such group.
pub(crate) fn entries(region: &Region, group: &str) -> Option<Vec<TargetEntry>> {
    let balancers = &region.balancers;
    if let Some(group) = balancers.v2.group(group) {
        return Some(elbv2::health::entries(region, group));
    }
    if let Some(classic) = balancers.classic.iter().find(|it| it.name == group) {
        return Some(classic.entries(region));
    }
    clb::health::entries(region, group)
}

impl Phase {
    /// The first checks of a new target; `end` is the word for what they end in.
    pub(crate) fn begin(polls: u32, end: &'static str) -> Self {
        if polls == 0 {
            Self::Settled(end.into())
        } else {
            Self::Initial(polls)
        }
    }

    /// A look, after the target was shown. False when it has left.
    pub(crate) fn poll(&mut self, end: &'static str) -> bool {
        match self {
            Self::Initial(polls) => *self = Self::begin(polls.saturating_sub(1), end),
            Self::Draining(polls) => {
                *polls = polls.saturating_sub(1);
                return *polls > 0;
            }
            Self::Settled(_) => {}
        }
        true
    }

    pub(crate) fn is_draining(&self) -> bool {
        matches!(self, Self::Draining(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_moves_on_by_looks() {
        let mut phase = Phase::begin(2, "healthy");
        assert!(phase.poll("healthy"));
        assert_eq!(phase, Phase::Initial(1));
        assert!(phase.poll("healthy"));
        assert_eq!(phase, Phase::Settled("healthy".into()));
        assert!(phase.poll("healthy"));
        assert_eq!(Phase::begin(0, "Alive"), Phase::Settled("Alive".into()));
        let mut phase = Phase::Draining(2);
        assert_eq!(
            (phase.poll("healthy"), phase.poll("healthy")),
            (true, false)
        );
    }
}
