//! Instances and what launches need, the same data for both clouds; states are in the cloud's own words.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use time::{Duration, OffsetDateTime};

use super::transitions::{Stale, Transition};
use crate::{Cloud, fixtures};

/// How long a terminated EC2 instance stays listed.
const LISTED_AFTER_END: Duration = Duration::hours(1);

/// What moves about an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) state: Cow<'static, str>,
    /// EC2's state reason: code and message.
    pub(crate) reason: Option<(String, String)>,
    /// CVM's latest operation.
    pub(crate) operation: Option<Operation>,
    /// CVM's recycle bin.
    pub(crate) isolated: bool,
    /// CVM: stopped without being charged for.
    pub(crate) charging_stopped: bool,
    /// When it ended, at EC2.
    pub(crate) ended: Option<OffsetDateTime>,
}

impl Status {
    pub(crate) fn new(state: impl Into<Cow<'static, str>>) -> Self {
        Self {
            state: state.into(),
            reason: None,
            operation: None,
            isolated: false,
            charging_stopped: false,
            ended: None,
        }
    }
}

/// What CVM last did, or is doing, to an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// `SUCCESS`, `OPERATING` or `FAILED`.
    pub(crate) state: &'static str,
    pub(crate) request_id: String,
    pub(crate) error: Option<String>,
}

/// A disk of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) id: String,
    /// EC2's device name.
    pub(crate) device: String,
    pub(crate) kind: String,
    pub(crate) size_gib: i64,
    pub(crate) delete_with_instance: bool,
}

/// A server.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_field_names,
    reason = "`type` is a word of the language"
)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) reservation_id: String,
    pub(crate) launch_index: usize,
    pub(crate) name: String,
    pub(crate) instance_type: String,
    pub(crate) cpu: i64,
    pub(crate) memory_gib: i64,
    pub(crate) image_id: String,
    pub(crate) zone: String,
    pub(crate) vpc_id: String,
    pub(crate) subnet_id: String,
    pub(crate) private_ips: Vec<String>,
    pub(crate) public_ip: Option<String>,
    /// Id and name of each security group.
    pub(crate) groups: Vec<(String, String)>,
    pub(crate) key_names: Vec<String>,
    pub(crate) tags: Vec<(String, String)>,
    /// CVM's word; at EC2 `spot` or `on-demand`.
    pub(crate) charge_type: String,
    pub(crate) created: OffsetDateTime,
    pub(crate) expires: Option<OffsetDateTime>,
    pub(crate) renew_flag: Option<String>,
    pub(crate) protected: bool,
    pub(crate) stop_protected: bool,
    pub(crate) hibernation: bool,
    pub(crate) client_token: String,
    pub(crate) host_name: String,
    pub(crate) uuid: String,
    pub(crate) project_id: i64,
    pub(crate) bandwidth_mbps: i64,
    /// The boot disk first.
    pub(crate) disks: Vec<Disk>,
    pub(crate) status: Status,
    pub(super) stale: Option<Stale>,
    pub(super) transition: Option<Transition>,
}

impl Instance {
    pub(crate) fn new(id: &str, created: OffsetDateTime) -> Self {
        Self {
            id: id.to_owned(),
            reservation_id: String::new(),
            launch_index: 0,
            name: String::new(),
            instance_type: String::new(),
            cpu: 0,
            memory_gib: 0,
            image_id: String::new(),
            zone: String::new(),
            vpc_id: String::new(),
            subnet_id: String::new(),
            private_ips: Vec::new(),
            public_ip: None,
            groups: Vec::new(),
            key_names: Vec::new(),
            tags: Vec::new(),
            charge_type: "on-demand".to_owned(),
            created,
            expires: None,
            renew_flag: None,
            protected: false,
            stop_protected: false,
            hibernation: false,
            client_token: String::new(),
            host_name: String::new(),
            uuid: String::new(),
            project_id: 0,
            bandwidth_mbps: 0,
            disks: Vec::new(),
            status: Status::new(""),
            stale: None,
            transition: None,
        }
    }

    /// Sets the type and the size that it stands for.
    pub(crate) fn set_type(&mut self, instance_type: &str) {
        instance_type.clone_into(&mut self.instance_type);
        (self.cpu, self.memory_gib) = size_of(instance_type);
    }

    /// What a describe call shows; `None` while the instance is not visible yet.
    pub(crate) fn shown(&self) -> Option<&Status> {
        match &self.stale {
            Some(stale) => stale.status.as_ref(),
            None => Some(&self.status),
        }
    }

    /// Whether it is on its way from one state to another.
    pub(crate) fn is_moving(&self) -> bool {
        self.transition.is_some()
    }
}

/// Processors and memory (GiB) by the word for the size; CVM's ends in the memory itself.
fn size_of(instance_type: &str) -> (i64, i64) {
    let size = instance_type.rsplit('.').next().unwrap_or_default();
    let letters = size.trim_end_matches(|char: char| char.is_ascii_digit());
    let number = size[letters.len()..].parse().ok();
    let (cpu, memory) = match letters.to_ascii_lowercase().as_str() {
        "nano" | "micro" | "small" => (1, 1),
        "large" => (4, 8),
        "xlarge" => (8, 16),
        _ => (2, 4),
    };
    (cpu, number.unwrap_or(memory))
}

/// A key pair.
#[derive(Debug, Clone)]
pub(crate) struct KeyPair {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// An image.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) windows: bool,
    pub(crate) architecture: &'static str,
    /// The name of the system, at CVM.
    pub(crate) os_name: &'static str,
}

/// A launch that a client token stands for.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) fingerprint: String,
    pub(crate) reservation_id: String,
    pub(crate) ids: Vec<String>,
}

/// The servers of one region.
#[derive(Debug)]
pub(crate) struct Compute {
    pub(crate) cloud: Cloud,
    /// By the order of their making, which is the order of lists.
    pub(super) instances: BTreeMap<u64, Instance>,
    numbers: HashMap<String, u64>,
    next: u64,
    /// Those that looks move on.
    pub(super) restless: BTreeSet<u64>,
    /// Terminated ones, in the order of their end.
    pub(super) ended: VecDeque<(OffsetDateTime, u64)>,
    /// Addresses of what has gone, for the subnets to take back.
    pub(crate) released: Vec<(String, String)>,
    pub(crate) launches: HashMap<String, Launch>,
    pub(crate) images: Vec<Image>,
    pub(crate) key_pairs: Vec<KeyPair>,
}

impl Compute {
    pub(crate) fn new(cloud: Cloud) -> Self {
        let key = |id: &str, name: &str| KeyPair {
            id: id.to_owned(),
            name: name.to_owned(),
        };
        let (images, key_pair) = match cloud {
            Cloud::Aws => (
                vec![
                    image(fixtures::AWS_IMAGE, "al2023-x86_64", false, "x86_64", ""),
                    image(
                        fixtures::AWS_WINDOWS_IMAGE,
                        "windows-2025-x86_64",
                        true,
                        "x86_64",
                        "",
                    ),
                    image(fixtures::AWS_ARM_IMAGE, "al2023-arm64", false, "arm64", ""),
                ],
                key("key-0a1b2c3d4e5f60718", fixtures::AWS_KEY_PAIR),
            ),
            Cloud::Tencent => (
                vec![
                    image(
                        fixtures::TENCENT_IMAGE,
                        "TencentOS Server 4",
                        false,
                        "x86_64",
                        "TencentOS Server 4",
                    ),
                    image(
                        fixtures::TENCENT_WINDOWS_IMAGE,
                        "Windows Server 2022",
                        true,
                        "x86_64",
                        "Windows Server 2022",
                    ),
                ],
                key(fixtures::TENCENT_KEY_PAIR, "ops"),
            ),
        };
        Self {
            cloud,
            instances: BTreeMap::new(),
            numbers: HashMap::new(),
            next: 0,
            restless: BTreeSet::new(),
            ended: VecDeque::new(),
            released: Vec::new(),
            launches: HashMap::new(),
            images,
            key_pairs: vec![key_pair],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.instances.len()
    }

    /// Adds an instance as it is and gives its number.
    pub(crate) fn put(&mut self, instance: Instance) -> u64 {
        let number = self.next;
        self.next += 1;
        self.numbers.insert(instance.id.clone(), number);
        self.instances.insert(number, instance);
        number
    }

    pub(crate) fn number(&self, id: &str) -> Option<u64> {
        self.numbers.get(id).copied()
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Instance> {
        self.instances.get(&number)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Instance> {
        self.get(self.number(id)?)
    }

    pub(crate) fn by_id_mut(&mut self, id: &str) -> Option<&mut Instance> {
        let number = self.number(id)?;
        self.instances.get_mut(&number)
    }

    /// All instances from a number on, in order.
    pub(crate) fn starting_at(&self, number: u64) -> impl Iterator<Item = (u64, &Instance)> {
        self.instances
            .range(number..)
            .map(|(number, instance)| (*number, instance))
    }

    pub(crate) fn state_of(&self, id: &str) -> Option<String> {
        self.by_id(id)
            .map(|instance| instance.status.state.clone().into_owned())
    }

    /// Changes an instance in place, if it is there.
    pub(crate) fn edit(&mut self, id: &str, change: impl FnOnce(&mut Instance)) -> bool {
        self.by_id_mut(id).map(change).is_some()
    }

    /// Puts an instance into a state to stay.
    pub(crate) fn set_state(&mut self, id: &str, state: &str, now: OffsetDateTime) -> bool {
        let Some(number) = self.number(id) else {
            return false;
        };
        let mut status = Status::new(state.to_owned());
        status.isolated = state == "SHUTDOWN";
        if state == "terminated" {
            status.ended = Some(now);
            self.ended.push_back((now, number));
        }
        self.restless.remove(&number);
        self.edit(id, |instance| {
            instance.status = status;
            instance.stale = None;
            instance.transition = None;
        })
    }

    pub(crate) fn remove_by_id(&mut self, id: &str) -> bool {
        self.number(id).is_some_and(|number| self.remove(number))
    }

    pub(super) fn remove(&mut self, number: u64) -> bool {
        let Some(gone) = self.instances.remove(&number) else {
            return false;
        };
        self.numbers.remove(&gone.id);
        self.restless.remove(&number);
        let addresses = gone
            .private_ips
            .into_iter()
            .map(|address| (gone.subnet_id.clone(), address));
        self.released.extend(addresses);
        true
    }

    /// Forgets terminated instances whose hour is over.
    pub(crate) fn purge(&mut self, now: OffsetDateTime) {
        while let Some((ended, number)) = self.ended.front().copied() {
            if ended + LISTED_AFTER_END > now {
                break;
            }
            self.ended.pop_front();
            // It may have been put into another state by hand since.
            if self
                .get(number)
                .is_some_and(|instance| instance.status.ended == Some(ended))
            {
                self.remove(number);
            }
        }
    }
}

fn image(
    id: &'static str,
    name: &'static str,
    windows: bool,
    architecture: &'static str,
    os_name: &'static str,
) -> Image {
    Image {
        id,
        name,
        windows,
        architecture,
        os_name,
    }
}
