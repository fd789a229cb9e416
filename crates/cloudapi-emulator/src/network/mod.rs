//! Networks: subnets that hand out addresses, and route tables.

mod cidr;
mod content;
pub(crate) mod ec2;
pub(crate) mod routes;
pub(crate) mod vpc;

use std::collections::HashSet;
use std::net::Ipv4Addr;

use time::OffsetDateTime;

pub(crate) use cidr::Cidr;
pub(crate) use routes::Route;

use crate::{Cloud, fixtures};
use routes::{Gateway, RouteTable};

/// A VPC.
#[derive(Debug, Clone)]
pub(crate) struct Vpc {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) cidr: String,
    pub(crate) ipv6: Option<String>,
    pub(crate) is_default: bool,
    pub(crate) tags: Vec<(String, String)>,
}

/// A subnet, which hands out addresses.
#[derive(Debug, Clone)]
pub(crate) struct Subnet {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) vpc_id: String,
    pub(crate) zone: String,
    pub(crate) is_default: bool,
    pub(crate) tags: Vec<(String, String)>,
    first: u32,
    prefix: u8,
    /// Offsets below this were handed out once; those of them that are not taken now are `free`.
    next: u32,
    free: Vec<u32>,
    taken: HashSet<u32>,
}

/// Why an address that was asked for can't be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAddress {
    /// It is not one of the subnet's.
    Outside,
    /// Another has it.
    Taken,
}

/// A security group.
#[derive(Debug, Clone)]
pub(crate) struct SecurityGroup {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) vpc_id: String,
}

/// The networks of one region.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) created: OffsetDateTime,
    pub(crate) vpcs: Vec<Vpc>,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) groups: Vec<SecurityGroup>,
    pub(crate) tables: Vec<RouteTable>,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) prefix_lists: &'static [&'static str],
    /// The number that Tencent Cloud gave out last to a route.
    next_number: u64,
}

/// Addresses at the start of a subnet that the cloud keeps for itself; the last one is too.
const KEPT: u32 = 4;

impl Subnet {
    fn new(
        id: &str,
        name: &str,
        vpc_id: &str,
        zone: &str,
        cidr: (Ipv4Addr, u8),
        is_default: bool,
    ) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            vpc_id: vpc_id.to_owned(),
            zone: zone.to_owned(),
            is_default,
            tags: vec![("Name".to_owned(), name.to_owned())],
            first: cidr.0.to_bits(),
            prefix: cidr.1,
            next: KEPT,
            free: Vec::new(),
            taken: HashSet::new(),
        }
    }

    pub(crate) fn cidr(&self) -> String {
        format!("{}/{}", Ipv4Addr::from_bits(self.first), self.prefix)
    }

    /// All its addresses but those that the cloud keeps.
    pub(crate) fn total(&self) -> u32 {
        self.size() - KEPT - 1
    }

    pub(crate) fn available(&self) -> u32 {
        self.total() - u32::try_from(self.taken.len()).unwrap_or_default()
    }

    /// Takes a free address.
    pub(crate) fn allocate(&mut self) -> Option<String> {
        loop {
            let fresh = self
                .free
                .is_empty()
                .then_some(self.next)
                .filter(|next| *next < self.size() - 1);
            self.next += u32::from(fresh.is_some());
            let offset = self.free.pop().or(fresh)?;
            // It may have been asked for by name before its turn.
            if self.taken.insert(offset) {
                return Some(Ipv4Addr::from_bits(self.first + offset).to_string());
            }
        }
    }

    /// Whether an address can be had that is asked for by name.
    pub(crate) fn check(&self, address: &str) -> Result<(), NoAddress> {
        let offset = self.offset(address).ok_or(NoAddress::Outside)?;
        if self.taken.contains(&offset) {
            Err(NoAddress::Taken)
        } else {
            Ok(())
        }
    }

    /// Takes an address by name.
    pub(crate) fn claim(&mut self, address: &str) {
        let offset = self.offset(address);
        self.taken.extend(offset);
    }

    fn give_back(&mut self, address: &str) {
        if let Some(offset) = self.offset(address)
            && self.taken.remove(&offset)
            && offset < self.next
        {
            self.free.push(offset);
        }
    }

    /// Where an address that can be handed out stands in the subnet.
    fn offset(&self, address: &str) -> Option<u32> {
        let offset = address
            .parse::<Ipv4Addr>()
            .ok()?
            .to_bits()
            .checked_sub(self.first)?;
        (KEPT..self.size() - 1).contains(&offset).then_some(offset)
    }

    fn size(&self) -> u32 {
        1 << (32 - self.prefix)
    }
}

impl Network {
    /// What every region begins with.
    pub(crate) fn new(cloud: Cloud, region: &str, created: OffsetDateTime) -> Self {
        let vpc = |id: &str, name: &str, cidr: &str, is_default| Vpc {
            id: id.to_owned(),
            name: name.to_owned(),
            cidr: cidr.to_owned(),
            ipv6: (id == fixtures::AWS_VPC).then(|| content::AWS_IPV6.to_owned()),
            is_default,
            tags: vec![("Name".to_owned(), name.to_owned())],
        };
        let group = |id: &str, name: &str, vpc_id: &str| SecurityGroup {
            id: id.to_owned(),
            name: name.to_owned(),
            vpc_id: vpc_id.to_owned(),
        };
        let (low, high) = (
            (Ipv4Addr::new(10, 0, 0, 0), 18),
            (Ipv4Addr::new(10, 0, 64, 0), 18),
        );
        match cloud {
            Cloud::Aws => {
                let [a, b, _] = fixtures::aws_zones(region);
                let (main, other) = (fixtures::AWS_VPC, fixtures::AWS_OTHER_VPC);
                let third = (Ipv4Addr::new(172, 31, 0, 0), 20);
                Self {
                    created,
                    vpcs: vec![
                        vpc(main, "main", "10.0.0.0/16", true),
                        vpc(other, "other", "172.31.0.0/16", false),
                    ],
                    subnets: vec![
                        Subnet::new(fixtures::AWS_SUBNET, "main-a", main, &a, low, true),
                        Subnet::new(fixtures::AWS_SUBNET_B, "main-b", main, &b, high, true),
                        Subnet::new(
                            fixtures::AWS_OTHER_SUBNET,
                            "other-a",
                            other,
                            &a,
                            third,
                            false,
                        ),
                    ],
                    groups: vec![
                        group(fixtures::AWS_SECURITY_GROUP, "default", main),
                        group(fixtures::AWS_WEB_SECURITY_GROUP, "web", main),
                        group(fixtures::AWS_OTHER_SECURITY_GROUP, "default", other),
                    ],
                    tables: content::aws_tables(created),
                    gateways: content::aws_gateways(),
                    prefix_lists: &[fixtures::AWS_PREFIX_LIST, fixtures::AWS_OWN_PREFIX_LIST],
                    next_number: 0,
                }
            }
            Cloud::Tencent => {
                let [a, b, _] = fixtures::tencent_zones(region);
                let (main, other) = (fixtures::TENCENT_VPC, fixtures::TENCENT_OTHER_VPC);
                let third = (Ipv4Addr::new(172, 16, 0, 0), 20);
                let (tables, next_number) = content::tencent_tables(created);
                Self {
                    created,
                    vpcs: vec![
                        vpc(main, "main", "10.0.0.0/16", true),
                        vpc(other, "other", "172.16.0.0/16", false),
                    ],
                    subnets: vec![
                        Subnet::new(fixtures::TENCENT_SUBNET, "main-3", main, &a, low, true),
                        Subnet::new(fixtures::TENCENT_SUBNET_B, "main-4", main, &b, high, true),
                        Subnet::new(
                            fixtures::TENCENT_OTHER_SUBNET,
                            "other-3",
                            other,
                            &a,
                            third,
                            false,
                        ),
                    ],
                    groups: vec![
                        // Security groups belong to no VPC here.
                        group(fixtures::TENCENT_SECURITY_GROUP, "default", ""),
                        group(fixtures::TENCENT_WEB_SECURITY_GROUP, "web", ""),
                    ],
                    tables,
                    gateways: content::tencent_gateways(),
                    prefix_lists: &[],
                    next_number,
                }
            }
        }
    }

    pub(crate) fn subnet(&self, id: &str) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| subnet.id == id)
    }

    pub(crate) fn subnet_mut(&mut self, id: &str) -> Option<&mut Subnet> {
        self.subnets.iter_mut().find(|subnet| subnet.id == id)
    }

    pub(crate) fn group(&self, id: &str) -> Option<&SecurityGroup> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// The default VPC's subnet, in a zone if one is named.
    pub(crate) fn default_subnet(&self, zone: Option<&str>) -> Option<&Subnet> {
        self.subnets
            .iter()
            .find(|subnet| subnet.is_default && zone.is_none_or(|zone| subnet.zone == zone))
    }

    /// The default subnet with the most room, and an address of it.
    pub(crate) fn roomiest(&mut self) -> Option<(&Subnet, String)> {
        let subnet = self
            .subnets
            .iter_mut()
            .filter(|subnet| subnet.is_default)
            .max_by_key(|subnet| subnet.available())?;
        let address = subnet.allocate()?;
        Some((subnet, address))
    }

    /// Takes back the addresses of instances that are gone.
    pub(crate) fn take_back(&mut self, released: Vec<(String, String)>) {
        for (subnet_id, address) in released {
            if let Some(subnet) = self.subnet_mut(&subnet_id) {
                subnet.give_back(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_hands_out_each_address_once() {
        let mut subnet = Subnet::new("s", "n", "v", "z", (Ipv4Addr::new(10, 0, 0, 0), 29), true);
        assert_eq!(
            (subnet.cidr().as_str(), subnet.total(), subnet.available()),
            ("10.0.0.0/29", 3, 3)
        );
        let taken: Vec<_> = std::iter::from_fn(|| subnet.allocate()).collect();
        assert_eq!(taken, ["10.0.0.4", "10.0.0.5", "10.0.0.6"]);
        assert_eq!(subnet.available(), 0);
        let mut network = Network::new(Cloud::Aws, "us-east-1", OffsetDateTime::UNIX_EPOCH);
        network.subnets = vec![subnet];
        network.take_back(vec![("s".to_owned(), "10.0.0.5".to_owned())]);
        assert_eq!(network.subnets[0].available(), 1);
        assert_eq!(network.subnets[0].allocate().as_deref(), Some("10.0.0.5"));
    }

    #[test]
    fn an_address_can_be_asked_for_by_name() {
        let mut subnet = Subnet::new("s", "n", "v", "z", (Ipv4Addr::new(10, 0, 0, 0), 29), true);
        assert_eq!(subnet.check("10.0.0.5"), Ok(()));
        subnet.claim("10.0.0.5");
        assert_eq!(subnet.check("10.0.0.5"), Err(NoAddress::Taken));
        assert_eq!(
            (subnet.check("10.0.0.3"), subnet.check("10.0.0.7")),
            (Err(NoAddress::Outside), Err(NoAddress::Outside))
        );
        assert_eq!(
            (subnet.check("10.0.1.5"), subnet.check("x")),
            (Err(NoAddress::Outside), Err(NoAddress::Outside))
        );
        assert_eq!(
            [subnet.allocate().as_deref(), subnet.allocate().as_deref()],
            [Some("10.0.0.4"), Some("10.0.0.6")]
        );
        assert_eq!((subnet.allocate(), subnet.available()), (None, 0));
        subnet.give_back("10.0.0.5");
        assert_eq!(subnet.allocate().as_deref(), Some("10.0.0.5"));
    }
}
