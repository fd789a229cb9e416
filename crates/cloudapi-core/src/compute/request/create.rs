//! What to create.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Disk, is_false};
use crate::compute::{Billing, UserData};
use crate::{Error, Result};

/// What to create.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct CreateInstancesRequest {
    /// The image to start from.
    pub image_id: String,
    /// The instance type.
    pub instance_type: String,
    /// How many, 1 if not said.
    #[serde(default = "one")]
    pub count: u32,
    /// How many at least, if not all can be had; `None` for all or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_count: Option<u32>,
    /// The name. With a count above 1 every instance has the same name at AWS; Tencent Cloud appends 1 to n, or fills in a
    /// pattern such as `web-{R:1}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The zone. Needed at Tencent Cloud, unless a subnet tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The network; only together with a subnet, whose network it must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// The subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// The security groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_group_ids: Vec<String>,
    /// The key pairs that may log in: one name at AWS, ids (`skey-…`) at Tencent Cloud.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_names: Vec<String>,
    /// What runs at the first start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_data: Option<UserData>,
    /// The disks; none for what the image says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<Disk>,
    /// Whether it gets a public address; `None` for the subnet's or the cloud's default. Tencent Cloud bills such an
    /// address by traffic, at up to 100 Mbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_address: Option<bool>,
    /// Tags of the instances.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How it is paid for; `None` for on demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// For how many months, with [`Billing::Prepaid`]: 1 to 12, 24, 36, 48, 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepaid_months: Option<u32>,
    /// Makes the same request create once only, up to 64 ASCII characters; made up if `None`, and answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// Check everything, the cloud's own checks included, and create nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dry_run: bool,
}

fn one() -> u32 {
    1
}

const PREPAID_MONTHS: &[u32] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 24, 36, 48, 60];

impl CreateInstancesRequest {
    /// Asks for one instance of a type from an image.
    pub fn new(image_id: impl Into<String>, instance_type: impl Into<String>) -> Self {
        Self {
            image_id: image_id.into(),
            instance_type: instance_type.into(),
            count: 1,
            min_count: None,
            name: None,
            zone: None,
            vpc_id: None,
            subnet_id: None,
            security_group_ids: Vec::new(),
            key_names: Vec::new(),
            user_data: None,
            disks: Vec::new(),
            public_address: None,
            tags: BTreeMap::new(),
            billing: None,
            prepaid_months: None,
            client_token: None,
            dry_run: false,
        }
    }

    /// Sets how many.
    #[must_use]
    pub fn with_count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Sets how many at least.
    #[must_use]
    pub fn with_min_count(mut self, count: u32) -> Self {
        self.min_count = Some(count);
        self
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the zone.
    #[must_use]
    pub fn with_zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// Sets the network, to be checked against the subnet's.
    #[must_use]
    pub fn with_vpc_id(mut self, vpc: impl Into<String>) -> Self {
        self.vpc_id = Some(vpc.into());
        self
    }

    /// Sets the subnet.
    #[must_use]
    pub fn with_subnet_id(mut self, subnet: impl Into<String>) -> Self {
        self.subnet_id = Some(subnet.into());
        self
    }

    /// Sets the security groups.
    #[must_use]
    pub fn with_security_group_ids<S: Into<String>>(
        mut self,
        groups: impl IntoIterator<Item = S>,
    ) -> Self {
        self.security_group_ids = groups.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the key pairs.
    #[must_use]
    pub fn with_key_names<S: Into<String>>(mut self, keys: impl IntoIterator<Item = S>) -> Self {
        self.key_names = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Sets what runs at the first start, as raw bytes.
    #[must_use]
    pub fn with_user_data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.user_data = Some(UserData::new(data));
        self
    }

    /// Adds a disk.
    #[must_use]
    pub fn with_disk(mut self, disk: Disk) -> Self {
        self.disks.push(disk);
        self
    }

    /// Sets whether it gets a public address.
    #[must_use]
    pub fn with_public_address(mut self, public: bool) -> Self {
        self.public_address = Some(public);
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Sets how it is paid for.
    #[must_use]
    pub fn with_billing(mut self, billing: Billing) -> Self {
        self.billing = Some(billing);
        self
    }

    /// Pays for months in advance.
    #[must_use]
    pub fn with_prepaid_months(mut self, months: u32) -> Self {
        self.billing = Some(Billing::Prepaid);
        self.prepaid_months = Some(months);
        self
    }

    /// Sets the token that makes the same request create once only.
    #[must_use]
    pub fn with_client_token(mut self, token: impl Into<String>) -> Self {
        self.client_token = Some(token.into());
        self
    }

    /// Sets whether only to check.
    #[must_use]
    pub fn with_dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// How many there must be at least.
    pub fn required_count(&self) -> u32 {
        self.min_count.unwrap_or(self.count)
    }

    /// Checks what needs no cloud and no provider.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the field.
    pub fn check(&self) -> Result<()> {
        let bad = |message: String| Err(Error::invalid_argument(message));
        if self.image_id.trim().is_empty() {
            return bad("ImageId is empty".to_owned());
        }
        if self.instance_type.trim().is_empty() {
            return bad("InstanceType is empty".to_owned());
        }
        if self.count == 0 {
            return bad("Count is 0; it is at least 1".to_owned());
        }
        if let Some(min) = self.min_count.filter(|min| *min == 0 || *min > self.count) {
            return bad(format!(
                "MinCount is {min}; it is at least 1 and at most Count, which is {}",
                self.count
            ));
        }
        if let Some(token) = &self.client_token
            && (token.is_empty()
                || token.len() > 64
                || !token.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return bad("ClientToken is 1 to 64 ASCII characters without blanks".to_owned());
        }
        if self.tags.keys().any(|key| key.trim().is_empty()) {
            return bad("Tags has an empty key".to_owned());
        }
        if self.disks.iter().filter(|disk| disk.boot).count() > 1 {
            return bad("Disks has more than one boot disk".to_owned());
        }
        if let Some(disk) = self
            .disks
            .iter()
            .find(|disk| disk.size_gib == Some(0) || (!disk.boot && disk.size_gib.is_none()))
        {
            return bad(format!(
                "Disks has a {} disk without a size",
                if disk.boot { "boot" } else { "data" }
            ));
        }
        match (&self.billing, self.prepaid_months) {
            (Some(Billing::Other(word)), _) => bad(format!(
                "Billing {word:?} is unknown; it is one of {}",
                Billing::WORDS.join(", ")
            )),
            (Some(Billing::Prepaid), None) => bad("Billing Prepaid needs PrepaidMonths".to_owned()),
            (Some(Billing::Prepaid), Some(months)) if !PREPAID_MONTHS.contains(&months) => bad(
                format!("PrepaidMonths is {months}; it is 1 to 12, 24, 36, 48 or 60"),
            ),
            (Some(Billing::Prepaid), Some(_)) | (_, None) => {
                self.user_data.as_ref().map_or(Ok(()), UserData::check)
            }
            (_, Some(_)) => bad("PrepaidMonths goes with Billing Prepaid only".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_checks_name_the_field() {
        let good = || CreateInstancesRequest::new("ami-1", "t3.micro");
        assert!(good().check().is_ok());
        for (request, field) in [
            (CreateInstancesRequest::new("", "t"), "ImageId"),
            (CreateInstancesRequest::new("i", " "), "InstanceType"),
            (good().with_count(0), "Count"),
            (good().with_count(2).with_min_count(3), "MinCount"),
            (good().with_min_count(0), "MinCount"),
            (good().with_client_token("x".repeat(65)), "ClientToken"),
            (good().with_client_token("令牌"), "ClientToken"),
            (good().with_tag("", "x"), "Tags"),
            (
                good().with_disk(Disk::boot()).with_disk(Disk::boot()),
                "Disks",
            ),
            (good().with_disk(Disk::default()), "Disks"),
            (good().with_billing(Billing::Prepaid), "PrepaidMonths"),
            (good().with_prepaid_months(13), "PrepaidMonths"),
            (
                good().with_prepaid_months(1).with_billing(Billing::Spot),
                "PrepaidMonths",
            ),
            (good().with_billing("Barter".into()), "Billing"),
            (good().with_user_data(vec![0; 17_000]), "UserData"),
        ] {
            let error = request.check().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
            assert!(error.message().contains(field), "{field}: {error}");
        }
    }
}
