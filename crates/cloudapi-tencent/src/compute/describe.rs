//! Describing instances: lists and look-ups by id, filtered, each instance once.

use std::collections::{HashMap, HashSet};

use cloudapi_core::compute::{DescribeInstancesRequest, Instance, InstanceFilterName};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{BoxStream, Error, ErrorKind, InstanceId, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::convert::{self, Record};
use super::pager::{LARGEST_PAGE, Pager};
use super::plan::{self, Plan};
use crate::client::Client;

/// What the cloud answers to a filter on a tag that no resource of the account has.
const TAG_KEY_NOT_FOUND: &str = "InvalidParameterValue.TagKeyNotFound";

/// Lists instances lazily.
pub(super) fn instances(
    client: Client,
    request: DescribeInstancesRequest,
) -> BoxStream<'static, Result<Instance>> {
    stream::once(async move { Listing::new(client, &request) })
        .map_ok(|listing| {
            stream::try_unfold(listing, |mut listing| async move {
                let batch = listing.next().await?;
                Ok(batch.map(|batch| (stream::iter(batch.into_iter().map(Ok)), listing)))
            })
            .try_flatten()
        })
        .try_flatten()
        .boxed()
}

/// Looks instances up; those that do not exist are absent.
///
/// # Errors
///
/// Those of the calls.
pub(super) async fn by_id(
    client: &Client,
    deadline: Deadline,
    ids: &[InstanceId],
) -> Result<HashMap<InstanceId, Record>> {
    let queries = plan::by_ids(ids.iter().map(|id| id.as_str().to_owned()));
    let mut pager = Pager::new(client.clone(), deadline, LARGEST_PAGE, queries);
    let mut found = HashMap::with_capacity(ids.len());
    while let Some(records) = pager.next().await? {
        found.extend(
            records
                .into_iter()
                .map(|record| (record.id.clone(), record)),
        );
    }
    Ok(found)
}

struct Listing {
    plan: Plan,
    pager: Pager,
    allow_missing: bool,
    /// With ids and the cloud's own filters together: the instances that meet the latter.
    selected: Option<HashSet<InstanceId>>,
    client: Client,
    deadline: Deadline,
    page_size: usize,
}

impl Listing {
    fn new(client: Client, request: &DescribeInstancesRequest) -> Result<Self> {
        let mut plan = plan::plan(request)?;
        let page_size = request.page_size.map_or(LARGEST_PAGE, |size| size as usize);
        let deadline = client.start();
        let queries = std::mem::take(&mut plan.queries);
        Ok(Self {
            plan,
            pager: Pager::new(client.clone(), deadline, page_size, queries),
            allow_missing: request.allow_missing,
            selected: None,
            client,
            deadline,
            page_size,
        })
    }

    /// Gives some more instances, perhaps none; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Instance>>> {
        if let Some(queries) = self.plan.preselect.take() {
            let client = self.client.clone();
            let pager = Pager::new(client, self.deadline, self.page_size, queries);
            self.selected = Some(ids_of(pager).await?);
        }
        match self.page().await? {
            Some(records) => Ok(Some(self.matching(records))),
            None => self.end(),
        }
    }

    async fn page(&mut self) -> Result<Option<Vec<Record>>> {
        match self.pager.next().await {
            Err(error) if error.code() == Some(TAG_KEY_NOT_FOUND) && self.has_tag_filter() => {
                Ok(None)
            }
            Err(error) if refuses_narrowing(&error) => match self.plan.fallback.take() {
                Some(queries) => {
                    tracing::debug!(
                        code = error.code(),
                        "the cloud refuses a filter; evaluating it here"
                    );
                    self.pager.restart(queries);
                    self.pager.next().await
                }
                None => Err(error),
            },
            result => result,
        }
    }

    fn has_tag_filter(&self) -> bool {
        let is_tag = |name: &InstanceFilterName| {
            matches!(
                name,
                InstanceFilterName::Tag(_) | InstanceFilterName::TagKey
            )
        };
        self.plan.filters.iter().any(|filter| is_tag(&filter.name))
    }

    fn matching(&self, records: Vec<Record>) -> Vec<Instance> {
        records
            .into_iter()
            .filter(|record| {
                self.selected
                    .as_ref()
                    .is_none_or(|selected| selected.contains(&record.id))
            })
            .map(convert::instance)
            .filter(|instance| {
                self.plan
                    .filters
                    .iter()
                    .all(|filter| filter.matches(instance))
            })
            .collect()
    }

    /// Compares what came with the ids that were named.
    fn end(&self) -> Result<Option<Vec<Instance>>> {
        if self.allow_missing {
            return Ok(None);
        }
        let seen = self.pager.seen();
        let missing: Vec<&str> = self
            .plan
            .ids
            .iter()
            .filter(|id| !seen.contains(*id))
            .map(InstanceId::as_str)
            .collect();
        if missing.is_empty() {
            return Ok(None);
        }
        let verb = if missing.len() == 1 { "does" } else { "do" };
        Err(Error::new(
            ErrorKind::NotFound,
            format!("{} {verb} not exist", missing.join(", ")),
        )
        .with_resources(missing))
    }
}

/// Reads lists for nothing but the ids in them.
async fn ids_of(mut pager: Pager) -> Result<HashSet<InstanceId>> {
    while pager.next().await?.is_some() {}
    Ok(pager.into_seen())
}

/// Whether the cloud may have refused a filter that we only sent to get fewer instances: a zone of another region, an id
/// of another shape. Such a value matches nothing, which is no error.
fn refuses_narrowing(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidArgument | ErrorKind::NotFound | ErrorKind::Unsupported
    )
}
