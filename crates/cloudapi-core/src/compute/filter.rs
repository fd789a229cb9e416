//! The portable filters on servers, and what they mean.

use super::{Instance, InstanceState};
use crate::filter::{self, Criterion, Pattern};
use crate::{Filters, Result};

/// What a filter on instances looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstanceFilterName {
    /// `instance-id`
    InstanceId,
    /// `instance-state`: our words or either cloud's, in any letter case.
    InstanceState,
    /// `instance-type`
    InstanceType,
    /// `image-id`
    ImageId,
    /// `name`
    Name,
    /// `zone`
    Zone,
    /// `vpc-id`
    VpcId,
    /// `subnet-id`
    SubnetId,
    /// `private-ip`: any of its private addresses.
    PrivateIp,
    /// `public-ip`
    PublicIp,
    /// `security-group-id`
    SecurityGroupId,
    /// `key-name`
    KeyName,
    /// `tag:KEY`
    Tag(String),
    /// `tag-key`
    TagKey,
    /// `native:NAME`: the cloud's own filter, passed on as it is.
    Native(String),
}

/// The names without a parameter; the aliases are the spellings of both clouds.
const NAMES: filter::Names<InstanceFilterName> = &[
    (InstanceFilterName::InstanceId, "instance-id", &[]),
    (
        InstanceFilterName::InstanceState,
        "instance-state",
        &["instance-state-name"],
    ),
    (InstanceFilterName::InstanceType, "instance-type", &[]),
    (InstanceFilterName::ImageId, "image-id", &[]),
    (InstanceFilterName::Name, "name", &["instance-name"]),
    (InstanceFilterName::Zone, "zone", &["availability-zone"]),
    (InstanceFilterName::VpcId, "vpc-id", &[]),
    (InstanceFilterName::SubnetId, "subnet-id", &[]),
    (
        InstanceFilterName::PrivateIp,
        "private-ip",
        &["private-ip-address"],
    ),
    (
        InstanceFilterName::PublicIp,
        "public-ip",
        &["public-ip-address", "ip-address"],
    ),
    (
        InstanceFilterName::SecurityGroupId,
        "security-group-id",
        &["instance.group-id"],
    ),
    (InstanceFilterName::KeyName, "key-name", &[]),
    (InstanceFilterName::TagKey, "tag-key", &[]),
];

/// One checked condition on instances. The values of `instance-state` are normalised to our words in kebab-case.
pub type InstanceFilter = Criterion<InstanceFilterName>;

impl InstanceFilter {
    /// Checks the conditions of a request and gives them in canonical form.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a name that is unknown (with the nearest that is known) or stands twice, also by an alias, for
    /// a condition without values, and for an unknown word of `instance-state`.
    pub fn parse_all(filters: &Filters) -> Result<Vec<Self>> {
        filter::parse_all(filters, parse_name, |name, values| match name {
            InstanceFilterName::InstanceState => state_values(values),
            _ => Ok(values.iter().map(Pattern::new).collect()),
        })
    }

    /// Whether an instance meets the condition. A native one can't be told here and counts as met.
    pub fn matches(&self, instance: &Instance) -> bool {
        let any = |text: &str| self.values.iter().any(|pattern| pattern.matches(text));
        let any_of = |texts: &[String]| texts.iter().any(|text| any(text));
        let maybe = |text: &Option<String>| text.as_deref().is_some_and(any);
        match &self.name {
            InstanceFilterName::InstanceId => any(instance.instance_id.as_str()),
            InstanceFilterName::InstanceState => any(&instance.state.filter_word()),
            InstanceFilterName::InstanceType => maybe(&instance.instance_type),
            InstanceFilterName::ImageId => maybe(&instance.image_id),
            InstanceFilterName::Name => maybe(&instance.name),
            InstanceFilterName::Zone => maybe(&instance.zone),
            InstanceFilterName::VpcId => maybe(&instance.vpc_id),
            InstanceFilterName::SubnetId => maybe(&instance.subnet_id),
            InstanceFilterName::PrivateIp => any_of(&instance.private_ip_addresses),
            InstanceFilterName::PublicIp => any_of(&instance.public_ip_addresses),
            InstanceFilterName::SecurityGroupId => any_of(&instance.security_group_ids),
            InstanceFilterName::KeyName => any_of(&instance.key_names),
            InstanceFilterName::Tag(key) => instance.tags.get(key).is_some_and(|value| any(value)),
            InstanceFilterName::TagKey => instance.tags.keys().any(|key| any(key)),
            InstanceFilterName::Native(_) => true,
        }
    }

    /// Gives the states that an `instance-state` condition allows, wildcards resolved against our words.
    pub fn states(&self) -> Vec<InstanceState> {
        let mut states: Vec<InstanceState> = InstanceState::WORDS
            .iter()
            .map(|word| InstanceState::from(*word))
            .filter(|state| {
                self.values
                    .iter()
                    .any(|pattern| pattern.matches(&state.filter_word()))
            })
            .collect();
        let vendor_words = self.values.iter().filter_map(Pattern::literal);
        states.extend(
            vendor_words
                .filter_map(|word| InstanceState::from_filter_word(&word).ok())
                .filter(|state| matches!(state, InstanceState::Other(_))),
        );
        states
    }
}

fn parse_name(name: &str) -> Result<InstanceFilterName> {
    if let Some(key) = name.strip_prefix("tag:").filter(|key| !key.is_empty()) {
        return Ok(InstanceFilterName::Tag(key.to_owned()));
    }
    if let Some(native) = name
        .strip_prefix("native:")
        .filter(|native| !native.is_empty())
    {
        return Ok(InstanceFilterName::Native(native.to_owned()));
    }
    filter::find_name(NAMES, name).ok_or_else(|| filter::unknown_name(NAMES, name))
}

fn state_values(words: &[String]) -> Result<Vec<Pattern>> {
    words
        .iter()
        .map(|word| {
            let pattern = Pattern::new(word.to_ascii_lowercase());
            match pattern.literal() {
                Some(literal) => Ok(Pattern::new(
                    InstanceState::from_filter_word(&literal)?.filter_word(),
                )),
                None => Ok(pattern),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn web() -> Instance {
        let mut instance = Instance::new("i-1", InstanceState::LaunchFailed);
        instance.name = Some("web-1".to_owned());
        instance.instance_type = Some("t3.micro".to_owned());
        instance.private_ip_addresses = vec!["10.0.0.1".to_owned(), "10.0.0.2".to_owned()];
        instance.tags.insert("role".to_owned(), "web".to_owned());
        instance
    }

    fn matches(filters: &Filters) -> bool {
        InstanceFilter::parse_all(filters)
            .unwrap()
            .iter()
            .all(|filter| filter.matches(&web()))
    }

    #[test]
    fn every_name_holds_and_values_are_alternatives() {
        assert!(matches(&Filters::new()));
        assert!(matches(
            &Filters::new()
                .with("name", ["db-*", "web-*"])
                .with("tag:role", ["web"])
        ));
        assert!(!matches(
            &Filters::new()
                .with("name", ["web-*"])
                .with("tag:role", ["db"])
        ));
        assert!(matches(
            &Filters::new().with("private-ip-address", ["10.0.0.2"])
        ));
        assert!(matches(
            &Filters::new().with("instance-state", ["LAUNCH_FAILED"])
        ));
        assert!(matches(&Filters::new().with("instance-state", ["launch*"])));
        assert!(!matches(&Filters::new().with("tag:team", ["*"])));
        assert!(matches(&Filters::new().with("tag-key", ["ro*"])));
        assert!(!matches(&Filters::new().with("image-id", ["*"])));
    }

    #[test]
    fn names_that_cannot_be_right_are_refused_with_advice() {
        let refuse = |filters: Filters| {
            let error = InstanceFilter::parse_all(&filters).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            error.to_string()
        };
        assert!(
            refuse(Filters::new().with("instance-stat", ["x"]))
                .contains("did you mean \"instance-state\"?")
        );
        assert!(
            refuse(Filters::new().with("instance_type", ["x"]))
                .contains("did you mean \"instance-type\"?")
        );
        assert!(
            refuse(
                Filters::new()
                    .with("zone", ["a"])
                    .with("availability-zone", ["b"])
            )
            .contains("in one list")
        );
        assert!(refuse(Filters::new().with::<&str>("zone", [])).contains("has no value"));
        assert!(refuse(Filters::new().with("tag:", ["x"])).contains("unknown filter"));
        assert!(
            refuse(Filters::new().with("instance-state", ["bogus"]))
                .contains("unknown instance state")
        );
    }

    #[test]
    fn states_resolve_wildcards() {
        let filters = Filters::new().with("instance-state", ["stop*", "rescue_mode"]);
        let parsed = InstanceFilter::parse_all(&filters).unwrap();
        assert_eq!(
            parsed[0].states(),
            [
                InstanceState::Stopping,
                InstanceState::Stopped,
                InstanceState::Other("RESCUE_MODE".into())
            ]
        );
    }
}
