//! Which calls answer a description: what the cloud can narrow down, and what is evaluated here. No calls.

use cloudapi_core::compute::{DescribeInstancesRequest, InstanceFilter, InstanceFilterName};
use cloudapi_core::{Error, InstanceId, Result};

use super::{convert, wire};

/// Ids that one call takes.
pub(super) const IDS_PER_CALL: usize = 100;
/// Filters that one call takes.
const FILTERS_PER_CALL: usize = 10;
/// Values that one filter takes.
const VALUES_PER_FILTER: usize = 5;

/// What one list is asked for by: the cloud takes ids or filters, not both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Query {
    Ids(Vec<String>),
    Filters(Vec<wire::Filter>),
}

impl Query {
    /// The request for a page.
    pub(super) fn request(&self, offset: usize, limit: usize) -> wire::DescribeInstancesRequest {
        let (instance_ids, filters) = match self {
            Self::Ids(ids) => (ids.clone(), Vec::new()),
            Self::Filters(filters) => (Vec::new(), filters.clone()),
        };
        wire::DescribeInstancesRequest {
            instance_ids,
            filters,
            offset,
            limit,
        }
    }
}

/// How a description is answered.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    /// Lists whose union has every instance that is asked for.
    pub(super) queries: Vec<Query>,
    /// The same without our narrowing, should the cloud refuse it; `None` when nothing was narrowed.
    pub(super) fallback: Option<Vec<Query>>,
    /// With ids and the cloud's own filters together: lists that tell which instances meet the latter.
    pub(super) preselect: Option<Vec<Query>>,
    /// Ids that the caller named.
    pub(super) ids: Vec<InstanceId>,
    /// Conditions that are evaluated here: all but the cloud's own.
    pub(super) filters: Vec<InstanceFilter>,
}

/// Plans a description.
///
/// # Errors
///
/// `InvalidArgument` for what the request's own checks find, ids of impossible shape, and more of the cloud's own filters
/// than one call takes.
pub(super) fn plan(request: &DescribeInstancesRequest) -> Result<Plan> {
    let ids = request.check()?;
    let (native, filters): (Vec<_>, Vec<_>) = InstanceFilter::parse_all(&request.filters)?
        .into_iter()
        .partition(|filter| matches!(filter.name, InstanceFilterName::Native(_)));
    if native.len() > FILTERS_PER_CALL {
        return Err(Error::invalid_argument(format!(
            "{} native filters are given, one call takes {FILTERS_PER_CALL}",
            native.len()
        )));
    }
    let native: Vec<wire::Filter> = native.iter().map(as_given).collect();
    let mut plan = Plan {
        queries: Vec::new(),
        fallback: None,
        preselect: None,
        ids: Vec::new(),
        filters,
    };
    if let Some(ids) = ids {
        check_ids(&ids)?;
        plan.queries = by_ids(ids.iter().map(|id| id.as_str().to_owned()));
        if !native.is_empty() {
            let mut native = native;
            if ids.len() <= VALUES_PER_FILTER && native.len() < FILTERS_PER_CALL {
                native.push(wire::Filter {
                    name: "instance-id".to_owned(),
                    values: ids.iter().map(|id| id.as_str().to_owned()).collect(),
                });
            }
            plan.preselect = Some(product(&native));
        }
        plan.ids = ids;
        return Ok(plan);
    }
    if native.is_empty()
        && let Some(literals) = plan
            .filters
            .iter()
            .find(|filter| filter.name == InstanceFilterName::InstanceId)
            .and_then(InstanceFilter::literals)
    {
        // A condition on ids is a look-up by ids; what can't be an id matches nothing.
        plan.queries = by_ids(literals.into_iter().filter(|id| is_id(id)));
        return Ok(plan);
    }
    let (queries, narrowed) = narrowed(&native, &plan.filters);
    plan.queries = queries;
    plan.fallback = narrowed.then(|| product(&native));
    Ok(plan)
}

/// Refuses ids of impossible shape before anything is sent.
///
/// # Errors
///
/// `InvalidArgument`, listing them.
pub(super) fn check_ids(ids: &[InstanceId]) -> Result<()> {
    let bad: Vec<&str> = ids
        .iter()
        .map(InstanceId::as_str)
        .filter(|id| !is_id(id))
        .collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "{} can't be an instance's id at Tencent Cloud; those are `ins-` and eight of a-z and 0-9",
        bad.join(", ")
    ))
    .with_resources(bad))
}

fn is_id(text: &str) -> bool {
    text.strip_prefix("ins-").is_some_and(|tail| {
        tail.len() == 8
            && tail
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// Look-ups of ids, as many as one call takes in each.
pub(super) fn by_ids(ids: impl IntoIterator<Item = String>) -> Vec<Query> {
    let ids: Vec<String> = ids.into_iter().collect();
    ids.chunks(IDS_PER_CALL)
        .map(|chunk| Query::Ids(chunk.to_vec()))
        .collect()
}

/// A filter of the cloud's own, untouched.
fn as_given(filter: &InstanceFilter) -> wire::Filter {
    let name = match &filter.name {
        InstanceFilterName::Native(name) => name.clone(),
        _ => String::new(),
    };
    wire::Filter {
        name,
        values: filter
            .values
            .iter()
            .map(|value| value.source().to_owned())
            .collect(),
    }
}

/// The lists for the cloud's own filters and as many of ours as it can take, and whether any of ours is among them.
/// Of ours, one filter at most is split for its number of values; what is not sent is evaluated here.
fn narrowed(native: &[wire::Filter], filters: &[InstanceFilter]) -> (Vec<Query>, bool) {
    let mut sent = native.to_vec();
    let mut split = false;
    for filter in filters {
        let Some(filter) = narrowing(filter) else {
            continue;
        };
        if filter.values.is_empty() {
            // A state that the cloud never shows.
            return (Vec::new(), false);
        }
        let many = filter.values.len() > VALUES_PER_FILTER;
        let repeated = native.iter().any(|native| native.name == filter.name);
        if sent.len() < FILTERS_PER_CALL && !repeated && !(many && split) {
            split |= many;
            sent.push(filter);
        }
    }
    (product(&sent), sent.len() > native.len())
}

/// The cloud's filter for one of ours; `None` if it has none, or can't take the values.
fn narrowing(filter: &InstanceFilter) -> Option<wire::Filter> {
    let name = match &filter.name {
        InstanceFilterName::InstanceId => "instance-id".to_owned(),
        InstanceFilterName::InstanceState => "instance-state".to_owned(),
        InstanceFilterName::Name => "instance-name".to_owned(),
        InstanceFilterName::Zone => "zone".to_owned(),
        InstanceFilterName::VpcId => "vpc-id".to_owned(),
        InstanceFilterName::SubnetId => "subnet-id".to_owned(),
        InstanceFilterName::PrivateIp => "private-ip-address".to_owned(),
        InstanceFilterName::PublicIp => "public-ip-address".to_owned(),
        InstanceFilterName::SecurityGroupId => "security-group-id".to_owned(),
        InstanceFilterName::Tag(key) => format!("tag:{key}"),
        InstanceFilterName::TagKey => "tag-key".to_owned(),
        // The cloud has no filter for the type, the image and the key pair.
        _ => return None,
    };
    let mut values = filter.literals()?;
    if filter.name == InstanceFilterName::InstanceState {
        values = filter
            .states()
            .iter()
            .flat_map(convert::native_states)
            .collect();
    } else if values.iter().any(String::is_empty) {
        // The cloud takes no empty value; here it matches an empty tag.
        return None;
    }
    Some(wire::Filter { name, values })
}

/// The lists whose union is what the filters mean when none may have more than so many values.
fn product(filters: &[wire::Filter]) -> Vec<Query> {
    let mut lists = vec![Vec::new()];
    for filter in filters {
        lists = lists
            .into_iter()
            .flat_map(|list: Vec<wire::Filter>| {
                filter.values.chunks(VALUES_PER_FILTER).map(move |values| {
                    let part = wire::Filter {
                        name: filter.name.clone(),
                        values: values.to_vec(),
                    };
                    list.iter().cloned().chain([part]).collect()
                })
            })
            .collect();
    }
    lists.into_iter().map(Query::Filters).collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
