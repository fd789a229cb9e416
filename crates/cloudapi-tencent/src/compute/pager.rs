//! Lists read side by side, so that what moves while they are read is neither lost nor doubled.
//!
//! CVM pages by offset. When an instance appears or goes between two pages, everything behind it shifts: one instance
//! comes twice, another not at all. So each page's total is compared with the first page's, and the instances that came
//! with the total; when they differ the list is read again and what is new is added.

use std::collections::{HashSet, VecDeque};

use cloudapi_core::retry::Deadline;
use cloudapi_core::{InstanceId, Result};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::convert::Record;
use super::plan::Query;
use super::wire::{DESCRIBE_INSTANCES, DescribeInstancesResponse};
use crate::client::Client;

/// The most that a page can hold.
pub(super) const LARGEST_PAGE: usize = 100;
/// How often a list is read at most. One that changes all the time never holds still; what came in so many passes is then
/// the answer.
const PASSES: u32 = 4;

/// Reads lists, and gives each instance once.
pub(super) struct Pager {
    client: Client,
    deadline: Deadline,
    page_size: usize,
    lists: Vec<List>,
    in_flight: FuturesUnordered<BoxFuture<'static, (Page, Result<Answer>)>>,
    seen: HashSet<InstanceId>,
}

/// Where the reading of one list is.
struct List {
    query: Query,
    pass: u32,
    /// What the first page of this pass said; `None` before it came.
    total: Option<usize>,
    /// Pages to be fetched, each from an offset up to another.
    cursor: usize,
    end: usize,
    stride: usize,
    /// What pages left out that came shorter than expected.
    gaps: VecDeque<(usize, usize)>,
    /// Pages under way.
    open: usize,
    /// Whether a page's total was another than the first page's.
    moved: bool,
    /// The instances of this pass.
    found: HashSet<InstanceId>,
}

#[derive(Clone, Copy)]
struct Page {
    list: usize,
    start: usize,
    /// Where the next page begins; `None` for the first page of a pass.
    end: Option<usize>,
}

struct Answer {
    total: Option<usize>,
    records: Vec<Record>,
}

impl Pager {
    pub(super) fn new(
        client: Client,
        deadline: Deadline,
        page_size: usize,
        queries: Vec<Query>,
    ) -> Self {
        Self {
            client,
            deadline,
            page_size: page_size.clamp(1, LARGEST_PAGE),
            lists: queries.into_iter().map(List::new).collect(),
            in_flight: FuturesUnordered::new(),
            seen: HashSet::new(),
        }
    }

    /// Reads other lists instead, leaving out what came already.
    pub(super) fn restart(&mut self, queries: Vec<Query>) {
        self.in_flight = FuturesUnordered::new();
        self.lists = queries.into_iter().map(List::new).collect();
    }

    /// The ids of all that came.
    pub(super) fn seen(&self) -> &HashSet<InstanceId> {
        &self.seen
    }

    /// The ids of all that came, when nothing else is wanted.
    pub(super) fn into_seen(self) -> HashSet<InstanceId> {
        self.seen
    }

    /// Gives the instances of the page that comes next, at least one; `None` when all lists are read.
    ///
    /// # Errors
    ///
    /// That of the page that failed.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Record>>> {
        loop {
            while self.in_flight.len() < self.client.max_in_flight() {
                match self.next_page() {
                    Some(page) => self.in_flight.push(self.fetch(page)),
                    None => break,
                }
            }
            let Some((page, answer)) = self.in_flight.next().await else {
                return Ok(None);
            };
            let fresh = self.take(page, answer?);
            if !fresh.is_empty() {
                return Ok(Some(fresh));
            }
        }
    }

    fn next_page(&mut self) -> Option<Page> {
        self.lists.iter_mut().enumerate().find_map(|(index, list)| {
            let (start, end) = list.next_page()?;
            list.open += 1;
            Some(Page {
                list: index,
                start,
                end,
            })
        })
    }

    fn fetch(&self, page: Page) -> BoxFuture<'static, (Page, Result<Answer>)> {
        let (client, deadline) = (self.client.clone(), self.deadline);
        let query = &self.lists[page.list].query;
        let request = query.request(page.start, limit(query, self.page_size));
        async move {
            let answer = client
                .call::<_, DescribeInstancesResponse>(&DESCRIBE_INSTANCES, &request, deadline)
                .await;
            (page, answer.and_then(|answer| read(answer.response)))
        }
        .boxed()
    }

    /// Takes a page in and gives the instances that did not come before.
    fn take(&mut self, page: Page, answer: Answer) -> Vec<Record> {
        let list = &mut self.lists[page.list];
        list.open -= 1;
        let page_size = limit(&list.query, self.page_size);
        list.take(page, &answer, page_size);
        let fresh = answer
            .records
            .into_iter()
            .filter(|record| self.seen.insert(record.id.clone()))
            .collect();
        list.end_pass();
        fresh
    }
}

impl List {
    fn new(query: Query) -> Self {
        Self {
            query,
            pass: 1,
            total: None,
            cursor: 0,
            end: 0,
            stride: 1,
            gaps: VecDeque::new(),
            open: 0,
            moved: false,
            found: HashSet::new(),
        }
    }

    /// Where the next page begins and ends, if there is one to fetch now.
    fn next_page(&mut self) -> Option<(usize, Option<usize>)> {
        if self.total.is_none() {
            return (self.open == 0).then_some((0, None));
        }
        if let Some((start, end)) = self.gaps.pop_front() {
            return Some((start, Some(end)));
        }
        (self.cursor < self.end).then(|| {
            let start = self.cursor;
            self.cursor = start.saturating_add(self.stride).min(self.end);
            (start, Some(self.cursor))
        })
    }

    fn take(&mut self, page: Page, answer: &Answer, page_size: usize) {
        let count = answer.records.len();
        let behind = page.start.saturating_add(count);
        self.found
            .extend(answer.records.iter().map(|record| record.id.clone()));
        let Some(total) = answer.total else {
            // Nothing to compare with: one page after the other, until one is not full.
            self.total = Some(self.found.len());
            self.cursor = behind;
            self.end = behind.saturating_add(usize::from(count >= page_size));
            return;
        };
        match page.end {
            None => {
                self.total = Some(total);
                // An empty first page has nothing behind it, whatever its total says.
                (self.cursor, self.end) = (behind, if count == 0 { 0 } else { total });
                // A page shorter than asked for, with more behind it: the cloud's pages are that short.
                self.stride = count.clamp(1, LARGEST_PAGE);
            }
            Some(end) => {
                self.moved |= self.total != Some(total);
                if count == 0 {
                    self.end = self.end.min(page.start);
                } else if behind < end {
                    self.gaps.push_back((behind, end));
                }
            }
        }
    }

    /// Begins another pass when this one is over and was not whole.
    fn end_pass(&mut self) {
        let over = self.open == 0 && self.gaps.is_empty() && self.cursor >= self.end;
        let Some(total) = self.total.filter(|_| over) else {
            return;
        };
        let whole = !self.moved && self.found.len() >= total;
        if whole || self.pass >= PASSES {
            return;
        }
        tracing::debug!(
            pass = self.pass,
            total,
            found = self.found.len(),
            "the list moved while it was read; reading it again"
        );
        *self = Self {
            pass: self.pass + 1,
            ..Self::new(self.query.clone())
        };
    }
}

/// How many a page of a list may hold. A look-up by ids fits into one page; the page size is that of lists.
fn limit(query: &Query, page_size: usize) -> usize {
    match query {
        Query::Ids(_) => LARGEST_PAGE,
        Query::Filters(_) => page_size,
    }
}

fn read(response: DescribeInstancesResponse) -> Result<Answer> {
    let records = response
        .instance_set
        .unwrap_or_default()
        .into_iter()
        .map(Record::read)
        .collect::<Result<_>>()?;
    Ok(Answer {
        total: response
            .total_count
            .map(|total| usize::try_from(total).unwrap_or(usize::MAX)),
        records,
    })
}

#[cfg(test)]
#[path = "pager_tests.rs"]
mod tests;
