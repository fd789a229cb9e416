//! Which instances to list.

use serde::{Deserialize, Serialize};

use super::{is_false, once_each};
use crate::{Error, Filters, InstanceId, Result};

/// Which instances to list. `Default` lists all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct DescribeInstancesRequest {
    /// Only these; `None` for all. An empty list is refused: whoever computed it did not mean "all".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_ids: Option<Vec<InstanceId>>,
    /// Only those that meet every condition; may be given together with ids.
    #[serde(skip_serializing_if = "Filters::is_empty")]
    pub filters: Filters,
    /// Leave out ids that do not exist, instead of failing with `NotFound`.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_missing: bool,
    /// How many a native page holds; `None` for the most that the cloud allows. A value outside the cloud's limits is
    /// brought inside them (5 to 1000 at AWS, 1 to 100 at Tencent Cloud). Changes the number of calls, never the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

impl DescribeInstancesRequest {
    /// Asks for all instances.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for these ids only.
    #[must_use]
    pub fn with_instance_ids<I: Into<InstanceId>>(
        mut self,
        ids: impl IntoIterator<Item = I>,
    ) -> Self {
        self.instance_ids = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the conditions.
    #[must_use]
    pub fn with_filters(mut self, filters: Filters) -> Self {
        self.filters = filters;
        self
    }

    /// Sets whether ids that do not exist are left out.
    #[must_use]
    pub fn with_allow_missing(mut self, allow: bool) -> Self {
        self.allow_missing = allow;
        self
    }

    /// Sets how many a native page holds.
    #[must_use]
    pub fn with_page_size(mut self, instances: u32) -> Self {
        self.page_size = Some(instances);
        self
    }

    /// Checks what needs no cloud, and gives the ids once each.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for an empty list of ids or a page size of 0.
    pub fn check(&self) -> Result<Option<Vec<InstanceId>>> {
        if self.page_size == Some(0) {
            return Err(Error::invalid_argument("PageSize is 0; it is at least 1"));
        }
        match &self.instance_ids {
            None => Ok(None),
            Some(ids) if ids.is_empty() => Err(Error::invalid_argument(
                "InstanceIds is an empty list; leave it out to describe every instance",
            )),
            Some(ids) => Ok(Some(once_each(ids))),
        }
    }
}
