//! From the portable filters to EC2's.

use std::collections::HashSet;

use cloudapi_core::compute::{InstanceFilter, InstanceFilterName};
use cloudapi_core::filter::Pattern;

use super::convert;
pub(super) use crate::condition::{Condition, spread};

/// What EC2 is asked, and what is left to look at here.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// What EC2 filters by.
    pub(super) conditions: Vec<Condition>,
    /// Conditions on the addresses of all interfaces. They only make the answer smaller, since they stand in `here` too:
    /// not every server that speaks EC2's protocol knows them.
    pub(super) narrowing: Vec<Condition>,
    /// What each instance is held against after it came.
    pub(super) here: Vec<InstanceFilter>,
    /// No instance can match.
    pub(super) impossible: bool,
}

/// Sorts the conditions by who evaluates them.
pub(super) fn query(filters: Vec<InstanceFilter>) -> Query {
    let mut query = Query::default();
    let mut used = HashSet::new();
    let (native, portable): (Vec<_>, Vec<_>) = filters
        .into_iter()
        .partition(|filter| matches!(filter.name, InstanceFilterName::Native(_)));
    for filter in native.into_iter().chain(portable) {
        let name = ec2_name(&filter.name);
        // EC2 takes a name once; `name` and `tag:Name`, or a native spelling, may ask for it twice.
        let taken = !used.insert(name.clone());
        match filter.name {
            _ if taken => query.here.push(comparable(filter)),
            InstanceFilterName::InstanceState => {
                let states = states(&filter);
                if states.is_empty() {
                    query.impossible = true;
                    query.here.push(filter);
                } else {
                    query.conditions.push(Condition::new(name, states));
                }
            }
            InstanceFilterName::PrivateIp | InstanceFilterName::PublicIp => {
                query.narrowing.push(Condition::new(name, sources(&filter)));
                query.here.push(filter);
            }
            _ => query
                .conditions
                .push(Condition::new(name, sources(&filter))),
        }
    }
    query
}

fn ec2_name(name: &InstanceFilterName) -> String {
    match name {
        InstanceFilterName::InstanceId => "instance-id",
        InstanceFilterName::InstanceState => "instance-state-name",
        InstanceFilterName::InstanceType => "instance-type",
        InstanceFilterName::ImageId => "image-id",
        InstanceFilterName::Name => "tag:Name",
        InstanceFilterName::Zone => "availability-zone",
        InstanceFilterName::VpcId => "vpc-id",
        InstanceFilterName::SubnetId => "subnet-id",
        // Not `private-ip-address` and `ip-address`, which know the primary address only.
        InstanceFilterName::PrivateIp => "network-interface.addresses.private-ip-address",
        InstanceFilterName::PublicIp => "network-interface.addresses.association.public-ip",
        InstanceFilterName::SecurityGroupId => "instance.group-id",
        InstanceFilterName::KeyName => "key-name",
        InstanceFilterName::Tag(key) => return format!("tag:{key}"),
        InstanceFilterName::TagKey => "tag-key",
        InstanceFilterName::Native(name) => return name.clone(),
        // A name that a later version of the interface adds; EC2 says what it thinks of it.
        other => return format!("{other:?}"),
    }
    .to_owned()
}

/// The tag `Name` is an instance's name and not among its tags.
fn comparable(filter: InstanceFilter) -> InstanceFilter {
    match &filter.name {
        InstanceFilterName::Tag(key) if key == "Name" => InstanceFilter {
            name: InstanceFilterName::Name,
            values: filter.values,
        },
        _ => filter,
    }
}

fn sources(filter: &InstanceFilter) -> Vec<String> {
    filter
        .values
        .iter()
        .map(Pattern::source)
        .map(str::to_owned)
        .collect()
}

/// EC2's words for the states; those that EC2 never has are left out.
fn states(filter: &InstanceFilter) -> Vec<String> {
    filter
        .states()
        .iter()
        .filter_map(convert::native_state)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use cloudapi_core::Filters;

    use super::*;

    fn parsed(filters: &Filters) -> Query {
        query(InstanceFilter::parse_all(filters).unwrap())
    }

    #[test]
    fn each_portable_name_is_one_of_ec2s() {
        for (name, value, native, expected) in [
            ("instance-id", "i-1*", "instance-id", "i-1*"),
            (
                "instance-state",
                "terminating",
                "instance-state-name",
                "shutting-down",
            ),
            ("instance-type", "t3.*", "instance-type", "t3.*"),
            ("image-id", "ami-1", "image-id", "ami-1"),
            ("name", "web-?", "tag:Name", "web-?"),
            ("zone", "us-east-1a", "availability-zone", "us-east-1a"),
            ("vpc-id", "vpc-1", "vpc-id", "vpc-1"),
            ("subnet-id", "subnet-1", "subnet-id", "subnet-1"),
            ("security-group-id", "sg-1", "instance.group-id", "sg-1"),
            ("key-name", r"a\*b", "key-name", r"a\*b"),
            ("tag:role", "web", "tag:role", "web"),
            ("tag-key", "role", "tag-key", "role"),
            ("native:reservation-id", "r-1", "reservation-id", "r-1"),
        ] {
            let query = parsed(&Filters::new().with(name, [value]));
            assert_eq!(
                query.conditions,
                [Condition::new(native, vec![expected.to_owned()])],
                "{name}"
            );
            assert!(query.here.is_empty() && query.narrowing.is_empty());
        }
    }

    #[test]
    fn addresses_are_looked_at_here_and_only_narrowed_there() {
        let query = parsed(&Filters::new().with("private-ip", ["10.0.0.7"]));
        assert!(query.conditions.is_empty());
        assert_eq!(query.narrowing.len(), 1);
        assert_eq!(query.here[0].name, InstanceFilterName::PrivateIp);
    }

    #[test]
    fn states_that_ec2_lacks_match_nothing() {
        assert!(
            parsed(&Filters::new().with("instance-state", ["isolated", "RESCUE_MODE"])).impossible
        );
        let query = parsed(&Filters::new().with("instance-state", ["isolated", "stop*"]));
        assert!(!query.impossible);
        assert_eq!(query.conditions[0].values, ["stopping", "stopped"]);
    }

    #[test]
    fn a_name_that_is_asked_for_twice_is_sent_once() {
        let query = parsed(
            &Filters::new()
                .with("tag:Name", ["web"])
                .with("name", ["w*"])
                .with("native:vpc-id", ["vpc-1"])
                .with("vpc-id", ["vpc-2"]),
        );
        let names: Vec<_> = query.conditions.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["vpc-id", "tag:Name"]);
        let here: Vec<_> = query.here.iter().map(|filter| &filter.name).collect();
        assert_eq!(
            here,
            [&InstanceFilterName::Name, &InstanceFilterName::VpcId]
        );
    }
}
