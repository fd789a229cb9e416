//! DescribeInstances: any number of ids, filters and values, page after page, each instance once.

use std::collections::{HashMap, HashSet};
use std::vec;

use aws_sdk_ec2::operation::describe_instances::{DescribeInstancesError, DescribeInstancesOutput};
use aws_sdk_ec2::types;
use cloudapi_core::compute::{DescribeInstancesRequest, Instance, InstanceFilter};
use cloudapi_core::{Error, ErrorKind, InstanceId, Operation, Result};
use futures_util::stream::{self, Stream, TryStreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;

use super::filter::{self, Condition, Query};
use super::{Ec2, IDS_PER_CALL, Scope, check_ids, convert};
use crate::calls::Answer;
use crate::error;

/// The pages that EC2 gives out.
const PAGE_SIZES: std::ops::RangeInclusive<i32> = 5..=1000;

type Page = Vec<types::Instance>;

/// What to list.
struct Plan {
    ids: Option<Vec<InstanceId>>,
    conditions: Vec<Condition>,
    /// Conditions that only make the answer smaller.
    narrowing: Vec<Condition>,
    allow_missing: bool,
    page_size: i32,
}

/// Lists lazily: nothing is checked or sent before the first item is asked for.
pub(super) fn stream(
    ec2: Ec2,
    request: DescribeInstancesRequest,
) -> impl Stream<Item = Result<Instance>> + Send + 'static {
    stream::once(async move { Listing::start(ec2, &request) }).try_flatten()
}

/// Looks at instances by id, those that exist.
pub(super) async fn find(
    scope: Scope<'_>,
    ids: &[InstanceId],
) -> Result<HashMap<InstanceId, types::Instance>> {
    let plan = Plan {
        ids: Some(ids.to_vec()),
        conditions: Vec::new(),
        narrowing: Vec::new(),
        allow_missing: true,
        page_size: *PAGE_SIZES.end(),
    };
    let (pages, mut arrived) = mpsc::channel::<Result<Page>>(1);
    let gather = async {
        let mut found = HashMap::new();
        while let Some(page) = arrived.recv().await {
            for instance in page? {
                if let Some(id) = instance.instance_id() {
                    found.insert(InstanceId::new(id), instance);
                }
            }
        }
        Ok(found)
    };
    let walk = async move {
        // Moved in, so that the sender goes when the walk is over, and the receiver sees the end.
        let walk = Walk { scope, pages };
        walk.run(plan).await
    };
    let (walked, found) = tokio::join!(walk, gather);
    walked?;
    found
}

/// The consumer's half: converts what arrives while the next page is under way.
struct Listing {
    arrived: mpsc::Receiver<Result<Page>>,
    walk: Walking,
    page: vec::IntoIter<types::Instance>,
    /// An instance that moved while paging, or that matches in several calls, comes again.
    seen: HashSet<String>,
    here: Vec<InstanceFilter>,
    ended: bool,
}

/// The task that fetches pages; it ends when nobody wants them any more.
struct Walking(JoinHandle<()>);

impl Drop for Walking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Listing {
    fn start(
        ec2: Ec2,
        request: &DescribeInstancesRequest,
    ) -> Result<impl Stream<Item = Result<Instance>> + Send + use<>> {
        let ids = request.check()?;
        check_ids(ids.as_deref().unwrap_or_default())?;
        let query = filter::query(InstanceFilter::parse_all(&request.filters)?);
        let nothing = query.impossible && ids.is_none();
        let Query {
            conditions,
            narrowing,
            here,
            ..
        } = query;
        // Too many names are found out before anything is sent.
        filter::spread(conditions.iter().chain(&narrowing).cloned().collect())?;
        let plan = Plan {
            ids,
            conditions,
            narrowing,
            allow_missing: request.allow_missing,
            page_size: request.page_size.map_or(*PAGE_SIZES.end(), |size| {
                i32::try_from(size)
                    .unwrap_or(i32::MAX)
                    .clamp(*PAGE_SIZES.start(), *PAGE_SIZES.end())
            }),
        };
        // A page waits here while its predecessor is read.
        let (pages, arrived) = mpsc::channel(1);
        let walk = async move {
            if nothing {
                return;
            }
            let scope = ec2.scope(Operation::DescribeInstances);
            let walk = Walk {
                scope,
                pages: pages.clone(),
            };
            if let Err(error) = walk.run(plan).await {
                // Without a receiver the stream was dropped, and nobody is there to be told.
                let _ = pages.send(Err(error)).await;
            }
        };
        let walk = tokio::spawn(walk.in_current_span().with_current_subscriber());
        let listing = Self {
            arrived,
            walk: Walking(walk),
            page: Vec::new().into_iter(),
            seen: HashSet::new(),
            here,
            ended: false,
        };
        Ok(stream::unfold(listing, |mut listing| async move {
            Some((listing.next().await?, listing))
        }))
    }

    async fn next(&mut self) -> Option<Result<Instance>> {
        while !self.ended {
            for native in self.page.by_ref() {
                let Some(instance) = convert::instance(native) else {
                    self.ended = true;
                    return Some(Err(error::incomplete("an instance without an id")));
                };
                if self.here.iter().all(|filter| filter.matches(&instance))
                    && self.seen.insert(instance.instance_id.as_str().to_owned())
                {
                    return Some(Ok(instance));
                }
            }
            match self.arrived.recv().await {
                Some(Ok(page)) => self.page = page.into_iter(),
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                None => {
                    self.ended = true;
                    // An end that the task did not come to by itself must not pass for the end of the list.
                    if let Err(failed) = (&mut self.walk.0).await {
                        return Some(Err(Error::new(
                            ErrorKind::Other,
                            "the task that lists instances was ended from outside",
                        )
                        .with_source(failed)));
                    }
                }
            }
        }
        None
    }
}

/// The producer's half: fetches the pages of a plan.
struct Walk<'a> {
    scope: Scope<'a>,
    pages: mpsc::Sender<Result<Page>>,
}

impl Walk<'_> {
    async fn run(&self, mut plan: Plan) -> Result<()> {
        let Some(ids) = plan.ids.take() else {
            return self.list(&mut plan, &[]).await;
        };
        let mut missing = Vec::new();
        for chunk in ids.chunks(IDS_PER_CALL) {
            match self.list(&mut plan, chunk).await {
                Err(error) if error.code() == Some(UNKNOWN_ID) => {
                    missing.extend(self.list_known(&plan, chunk).await?);
                }
                other => other?,
            }
        }
        if missing.is_empty() || plan.allow_missing {
            return Ok(());
        }
        let listed = missing.join(", ");
        let verb = if missing.len() == 1 { "does" } else { "do" };
        Err(
            Error::new(ErrorKind::NotFound, format!("{listed} {verb} not exist"))
                .with_code(UNKNOWN_ID)
                .with_resources(missing),
        )
    }

    /// Lists what the plan's conditions leave, of these ids if there are any.
    async fn list(&self, plan: &mut Plan, ids: &[InstanceId]) -> Result<()> {
        if !plan.narrowing.is_empty() {
            let all = plan.conditions.iter().chain(&plan.narrowing).cloned();
            match self.try_narrowed(all.collect(), plan, ids).await? {
                Narrowed::Listed => return Ok(()),
                Narrowed::Unknown => plan.narrowing.clear(),
            }
        }
        for conditions in filter::spread(plan.conditions.clone())? {
            self.pages(&conditions, ids, plan.page_size, None).await?;
        }
        Ok(())
    }

    /// Lists with conditions that the server may not know; what they would have left out is left out here as well.
    async fn try_narrowed(
        &self,
        conditions: Vec<Condition>,
        plan: &Plan,
        ids: &[InstanceId],
    ) -> Result<Narrowed> {
        let mut known = false;
        for conditions in filter::spread(conditions)? {
            if !known {
                let first = self.page(&conditions, ids, plan.page_size, None, 1).await;
                match first {
                    Err(error) if is_unknown_filter(&error) => return Ok(Narrowed::Unknown),
                    // Whatever else it is, it is decided as for any call.
                    Err(error) if !error.is_retryable() => return Err(error),
                    Err(_) => {}
                    Ok(answer) => {
                        known = true;
                        self.pages(&conditions, ids, plan.page_size, Some(answer))
                            .await?;
                        continue;
                    }
                }
            }
            self.pages(&conditions, ids, plan.page_size, None).await?;
            known = true;
        }
        Ok(Narrowed::Listed)
    }

    /// After "does not exist": asks by a filter, which never fails, gives out what there is, and answers what there is not.
    async fn list_known(&self, plan: &Plan, ids: &[InstanceId]) -> Result<Vec<String>> {
        let mut known = HashSet::new();
        if ids.len() > 1 {
            let by_id = |ids: &[InstanceId]| {
                let ids = ids.iter().map(|id| id.as_str().to_owned()).collect();
                Condition::new("instance-id", ids)
            };
            for conditions in filter::spread(vec![by_id(ids)])? {
                self.each_page(&conditions, &[], plan.page_size, None, |page| {
                    let ids = page.iter().filter_map(types::Instance::instance_id);
                    known.extend(ids.map(InstanceId::new));
                    plan.conditions.is_empty()
                })
                .await?;
            }
            if !plan.conditions.is_empty() && !known.is_empty() {
                self.list_matching(plan, &known).await?;
            }
        }
        Ok(ids
            .iter()
            .filter(|id| !known.contains(*id))
            .map(ToString::to_string)
            .collect())
    }

    /// Lists those of the ids that meet the plan's conditions, all of it by filters.
    async fn list_matching(&self, plan: &Plan, ids: &HashSet<InstanceId>) -> Result<()> {
        // A condition on the id may be among them, and EC2 takes a name once; what it leaves out, the other one does too.
        let (of_id, mut conditions): (Vec<_>, Vec<_>) = plan
            .conditions
            .iter()
            .cloned()
            .partition(|condition| condition.name == "instance-id");
        let patterns: Vec<_> = of_id
            .iter()
            .flat_map(|condition| &condition.values)
            .map(cloudapi_core::filter::Pattern::new)
            .collect();
        let wanted: Vec<String> = ids
            .iter()
            .map(ToString::to_string)
            .filter(|id| of_id.is_empty() || patterns.iter().any(|pattern| pattern.matches(id)))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        conditions.push(Condition::new("instance-id", wanted));
        for conditions in filter::spread(conditions)? {
            self.pages(&conditions, &[], plan.page_size, None).await?;
        }
        Ok(())
    }

    async fn pages(
        &self,
        conditions: &[Condition],
        ids: &[InstanceId],
        page_size: i32,
        first: Option<Answer<DescribeInstancesOutput>>,
    ) -> Result<()> {
        self.each_page(conditions, ids, page_size, first, |_| true)
            .await
    }

    /// Follows the tokens to their end, from a first page that may be there already. `wanted` says whether a page is
    /// handed on.
    async fn each_page(
        &self,
        conditions: &[Condition],
        ids: &[InstanceId],
        page_size: i32,
        first: Option<Answer<DescribeInstancesOutput>>,
        mut wanted: impl FnMut(&Page) -> bool + Send,
    ) -> Result<()> {
        let mut tokens = HashSet::new();
        let mut first = first;
        let mut token: Option<String> = None;
        loop {
            let answer = match first.take() {
                Some(answer) => answer,
                None => {
                    self.page(conditions, ids, page_size, token.take(), self.attempts())
                        .await?
                }
            };
            let (instances, next) = taken(answer.value);
            if wanted(&instances) {
                self.give(instances).await;
            }
            let Some(next) = next else { return Ok(()) };
            if !tokens.insert(next.clone()) {
                return Err(Error::new(
                    ErrorKind::Unavailable,
                    "EC2 gave the token of an earlier page again, so that the list would have no end",
                )
                .with_retryable(false));
            }
            token = Some(next);
        }
    }

    async fn page(
        &self,
        conditions: &[Condition],
        ids: &[InstanceId],
        page_size: i32,
        token: Option<String>,
        attempts: u32,
    ) -> Result<Answer<DescribeInstancesOutput>> {
        let calls = &self.scope.ec2.calls;
        let ids: Option<Vec<String>> =
            (!ids.is_empty()).then(|| ids.iter().map(ToString::to_string).collect());
        let filters: Option<Vec<_>> =
            (!conditions.is_empty()).then(|| conditions.iter().map(Condition::to_sdk).collect());
        // EC2 takes ids or a page size, not both.
        let page_size = ids.is_none().then_some(page_size);
        let listed = ids.is_none();
        let send = || {
            self.scope
                .ec2
                .client
                .describe_instances()
                .set_instance_ids(ids.clone())
                .set_filters(filters.clone())
                .set_max_results(page_size)
                .set_next_token(token.clone())
                .send()
        };
        let check = |answer: &DescribeInstancesOutput| match answer.reservations {
            Some(_) => Ok(()),
            None => Err(error::incomplete("no list of reservations")),
        };
        // A list that names no id can't miss one: EC2 lost sight of an instance that goes or comes.
        let judge = |error: Error| match error.code() {
            Some(UNKNOWN_ID) if listed => error.with_retryable(true),
            _ => error,
        };
        let retry = calls.retry().clone().with_max_attempts(attempts);
        calls
            .call_with::<_, DescribeInstancesError, _>(
                &retry,
                self.scope.call("DescribeInstances"),
                send,
                check,
                judge,
            )
            .await
    }

    fn attempts(&self) -> u32 {
        self.scope.ec2.calls.retry().max_attempts
    }

    /// Hands a page on, and waits until the one before it was taken.
    async fn give(&self, page: Page) {
        if !page.is_empty() {
            // Fails without a receiver only; then this task is about to be aborted.
            let _ = self.pages.send(Ok(page)).await;
        }
    }
}

const UNKNOWN_ID: &str = "InvalidInstanceID.NotFound";

enum Narrowed {
    Listed,
    /// The server does not know the conditions.
    Unknown,
}

/// Whether the failure may be owed to a filter that the server does not know. EC2 says so; stand-ins for it break.
fn is_unknown_filter(error: &Error) -> bool {
    match error.code() {
        Some(code) => matches!(
            code,
            "InvalidParameterValue" | "InvalidFilter" | "InternalFailure" | "NotImplemented"
        ),
        None => matches!(error.http_status(), Some(500 | 501)),
    }
}

/// The instances of an answer and the token of the next page; a token may be empty, which is none.
fn taken(answer: DescribeInstancesOutput) -> (Page, Option<String>) {
    let instances = answer
        .reservations
        .unwrap_or_default()
        .into_iter()
        .flat_map(|reservation| reservation.instances.unwrap_or_default())
        .collect();
    (
        instances,
        answer.next_token.filter(|token| !token.is_empty()),
    )
}
