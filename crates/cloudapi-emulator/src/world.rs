//! What exists: regions, each with a room per family, and what all regions share.

mod truth;

use std::collections::{HashMap, VecDeque};
use std::sync::MutexGuard;

use time::OffsetDateTime;

use crate::compute::Compute;
use crate::emulator::Shared;
use crate::exchange::Twist;
use crate::load_balancer::Balancers;
use crate::network::Network;
use crate::random::Random;
use crate::{Cloud, fixtures};

pub use truth::{RouteEntry, TargetEntry};

/// How the world behaves: see the builder's methods of the same names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) lag: u32,
    pub(crate) transition_polls: u32,
    pub(crate) page_cap: Option<usize>,
}

/// What the regions share.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) settings: Settings,
    pub(crate) random: Random,
    /// How many instances of a type are still to be had, where that is limited.
    pub(crate) capacity: HashMap<(Cloud, String), u64>,
    /// Why the next launches will fail.
    pub(crate) failing_launches: HashMap<Cloud, VecDeque<String>>,
    /// The role whose session the temporary key of a cloud is, once one was assumed: its full name and the session's.
    pub(crate) sessions: HashMap<Cloud, (String, String)>,
}

/// A region of one cloud.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) name: String,
    pub(crate) compute: Compute,
    pub(crate) network: Network,
    pub(crate) balancers: Balancers,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct Everything {
    pub(crate) common: Common,
    regions: HashMap<(Cloud, String), Region>,
}

/// What an action works on.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) common: &'a mut Common,
    pub(crate) region: &'a mut Region,
    pub(crate) request_id: &'a str,
    pub(crate) now: OffsetDateTime,
    /// The id of the key that signed; empty for a call that nobody signs.
    pub(crate) key_id: String,
    /// A fault has it that only half of the batch is done.
    pub(crate) half: bool,
    /// A fault has it that the task which the call begins will fail, for this reason.
    pub(crate) task_failure: Option<String>,
}

impl Everything {
    pub(crate) fn new(settings: Settings, seed: u64) -> Self {
        let common = Common {
            settings,
            random: Random::new(seed),
            capacity: HashMap::new(),
            failing_launches: HashMap::new(),
            sessions: HashMap::new(),
        };
        Self {
            common,
            regions: HashMap::new(),
        }
    }

    /// The region, made with its default content when it is first asked for.
    pub(crate) fn scope<'a>(
        &'a mut self,
        cloud: Cloud,
        region: &str,
        request_id: &'a str,
        now: OffsetDateTime,
        twist: Twist,
    ) -> Scope<'a> {
        let region = self
            .regions
            .entry((cloud, region.to_owned()))
            .or_insert_with(|| Region {
                name: region.to_owned(),
                compute: Compute::new(cloud),
                network: Network::new(cloud, region, now),
                balancers: Balancers::new(cloud, region, now),
            });
        let half = twist == Twist::Half;
        Scope {
            common: &mut self.common,
            region,
            request_id,
            now,
            key_id: String::new(),
            half,
            task_failure: match twist {
                Twist::FailTask(reason) => Some(reason),
                Twist::None | Twist::Half | Twist::Storage(_) => None,
            },
        }
    }

    /// The region that helpers work in.
    fn default_region(&mut self, cloud: Cloud, now: OffsetDateTime) -> &mut Region {
        self.scope(cloud, default_region(cloud), "", now, Twist::None)
            .region
    }

    /// Regions are made when they are first looked at; this is the look.
    fn make_default_regions(&mut self, now: OffsetDateTime) {
        for cloud in [Cloud::Aws, Cloud::Tencent] {
            self.default_region(cloud, now);
        }
    }

    /// The default region of the cloud whose ids look like this one.
    fn default_region_of(&mut self, id: &str, now: OffsetDateTime) -> &mut Region {
        let short = id.rsplit('-').next().is_some_and(|rest| rest.len() == 8);
        let cloud = if short { Cloud::Tencent } else { Cloud::Aws };
        self.default_region(cloud, now)
    }

    /// Forgets all regions, limits and failures to come.
    pub(crate) fn reset(&mut self) {
        self.regions.clear();
        self.common.capacity.clear();
        self.common.failing_launches.clear();
    }
}

fn default_region(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Aws => fixtures::AWS_REGION,
        Cloud::Tencent => fixtures::TENCENT_REGION,
    }
}

/// A region's name has the cloud's shape: `us-east-1`, `ap-guangzhou`.
pub(crate) fn is_region(cloud: Cloud, name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let letters =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match cloud {
        Cloud::Aws => {
            parts.len() >= 3
                && parts[..parts.len() - 1].iter().all(letters)
                && parts[parts.len() - 1]
                    .bytes()
                    .all(|byte| byte.is_ascii_digit())
        }
        Cloud::Tencent => {
            parts.len() >= 2
                && letters(&parts[0])
                && parts[1..].iter().all(|part| {
                    !part.is_empty()
                        && part
                            .bytes()
                            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                })
        }
    }
}

/// Moves the world by hand, past the clouds' interfaces: what a test can't bring about with calls.
///
/// From [`Emulator::world`](crate::Emulator::world). Ids are looked up in all regions; methods that change an instance
/// say whether there was one.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    pub(crate) shared: &'a Shared,
}

impl<'a> World<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self { shared }
    }

    /// Adds `count` running instances to the cloud's default region and gives their ids; no lag applies to them.
    pub fn add_instances(&self, cloud: Cloud, count: usize) -> Vec<String> {
        let region = default_region(cloud);
        let now = self.shared.clock.now();
        let mut everything = self.lock();
        let mut scope = everything.scope(cloud, region, "", now, Twist::None);
        crate::compute::add_fleet(&mut scope, count)
    }

    /// Puts an instance into a state, in the cloud's own word (`stopping`, `SHUTDOWN`), at once and to stay.
    pub fn set_instance_state(&self, id: &str, state: &str) -> bool {
        let now = self.shared.clock.now();
        self.with_compute(id, |compute| compute.set_state(id, state, now))
    }

    /// Sets or lifts termination protection.
    pub fn set_protection(&self, id: &str, protected: bool) -> bool {
        self.with_compute(id, |compute| {
            compute.edit(id, |instance| instance.protected = protected)
        })
    }

    /// Sets how an instance is paid for: at Tencent Cloud `PREPAID`, `POSTPAID_BY_HOUR`, `SPOTPAID`; at AWS `spot` or
    /// `on-demand`.
    pub fn set_charge_type(&self, id: &str, charge_type: &str) -> bool {
        self.with_compute(id, |compute| {
            compute.edit(id, |instance| {
                charge_type.clone_into(&mut instance.charge_type);
                if charge_type == "PREPAID" {
                    instance.expires = Some(instance.created + time::Duration::days(30));
                    instance.renew_flag = Some("NOTIFY_AND_MANUAL_RENEW".to_owned());
                }
            })
        })
    }

    /// Takes an instance away without a trace, as if it had never been.
    pub fn remove_instance(&self, id: &str) -> bool {
        self.with_compute(id, |compute| compute.remove_by_id(id))
    }

    /// The instance's real state, which a lagging answer may not show yet; `None` when it is gone.
    pub fn instance_state(&self, id: &str) -> Option<String> {
        self.lock()
            .regions
            .values()
            .find_map(|region| region.compute.state_of(id))
    }

    /// How many instances of a cloud there are, over all regions; at AWS terminated ones count as long as they are listed.
    pub fn instance_count(&self, cloud: Cloud) -> usize {
        let everything = self.lock();
        let regions = everything
            .regions
            .iter()
            .filter(|((of, _), _)| *of == cloud);
        regions.map(|(_, region)| region.compute.len()).sum()
    }

    /// Makes the next launch fail after it was accepted: the instances end as `terminated` (AWS, with this code as the
    /// state reason, such as `Server.InternalError`) or `LAUNCH_FAILED` (Tencent Cloud, with this text).
    pub fn fail_next_launch(&self, cloud: Cloud, reason: &str) -> &Self {
        self.lock()
            .common
            .failing_launches
            .entry(cloud)
            .or_default()
            .push_back(reason.to_owned());
        self
    }

    /// Limits how many more instances of a type can be launched; beyond, the cloud's "sold out" is answered.
    pub fn with_capacity(&self, cloud: Cloud, instance_type: &str, left: u64) -> &Self {
        self.lock()
            .common
            .capacity
            .insert((cloud, instance_type.to_owned()), left);
        self
    }

    fn with_compute(self, id: &str, change: impl FnOnce(&mut Compute) -> bool) -> bool {
        let mut everything = self.lock();
        let region = everything
            .regions
            .values_mut()
            .find(|region| region.compute.state_of(id).is_some());
        region.is_some_and(|region| change(&mut region.compute))
    }

    fn lock(self) -> MutexGuard<'a, Everything> {
        self.shared.world()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_the_clouds_shape() {
        for (cloud, name, fits) in [
            (Cloud::Aws, "us-east-1", true),
            (Cloud::Aws, "us-gov-west-1", true),
            (Cloud::Aws, "us-east", false),
            (Cloud::Aws, "", false),
            (Cloud::Tencent, "ap-guangzhou", true),
            (Cloud::Tencent, "ap-shanghai-fsi", true),
            (Cloud::Tencent, "guangzhou", false),
            (Cloud::Tencent, "AP-Guangzhou", false),
        ] {
            assert_eq!(is_region(cloud, name), fits, "{name}");
        }
    }
}
