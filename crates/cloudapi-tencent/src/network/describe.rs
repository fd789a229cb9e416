//! Listing route tables: ids and filters together, which the cloud refuses, and servers instead of addresses.

use std::collections::{HashMap, HashSet, VecDeque};

use cloudapi_core::network::{
    DescribeRouteTablesRequest, RouteTable, RouteTableFilter, RouteTableFilterName,
};
use cloudapi_core::retry::Deadline;
use cloudapi_core::{BoxStream, Error, ErrorKind, Operation, Provider, Result, RouteTableId};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::convert::{Owners, Record};
use super::pages::Pages;
use super::wire;
use crate::client::Client;

/// The most ids in one call, and the most tables in one page.
const MOST: usize = 100;
/// The most values of one filter in one call, as CVM documents it; VPC says nothing.
const MOST_VALUES: usize = 5;
/// The most filters in one call.
const MOST_FILTERS: usize = 10;
/// Into how many calls a list is split at most for conditions that can be checked here as well.
const MOST_SETS: usize = 20;
/// What the cloud answers to a filter on a tag that no resource of the account has.
const TAG_KEY_NOT_FOUND: &str = "InvalidParameterValue.TagKeyNotFound";

/// Lists tables, lazily.
pub(super) fn route_tables(
    client: Client,
    request: DescribeRouteTablesRequest,
) -> BoxStream<'static, Result<RouteTable>> {
    let start = async move { Listing::new(client, &request) };
    stream::once(start)
        .map_ok(|listing| {
            stream::try_unfold(listing, |mut listing| async move {
                let batch = listing.next().await?;
                Ok(batch.map(|tables| (tables, listing)))
            })
        })
        .try_flatten()
        .map_ok(|tables| stream::iter(tables.into_iter().map(Ok)))
        .try_flatten()
        .map_err(|error: Error| {
            error
                .with_provider(Provider::Tencent)
                .with_operation(Operation::DescribeRouteTables)
        })
        .boxed()
}

/// Reads one table.
pub(super) async fn read_table(
    client: &Client,
    id: &RouteTableId,
    deadline: Deadline,
) -> Result<RouteTable> {
    let selection = Selection::Ids(vec![id.to_string()]);
    let page = read_page(client, &selection, 0, MOST, deadline).await;
    let records = match page {
        Ok((records, _)) => records,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let record = records.into_iter().find(|record| record.id == id.as_str());
    let record = record.ok_or_else(|| missing(&[id.to_string()]))?;
    let owners = owners(client, std::slice::from_ref(&record), deadline).await?;
    Ok(record.into_table(&owners))
}

fn missing(ids: &[String]) -> Error {
    let verb = if ids.len() == 1 { "does" } else { "do" };
    Error::new(
        ErrorKind::NotFound,
        format!("{} {verb} not exist", ids.join(", ")),
    )
    .with_resources(ids)
}

/// What one series of pages is about.
#[derive(Clone, Debug)]
enum Selection {
    Ids(Vec<String>),
    Filters(Vec<wire::Filter>),
}

struct Listing {
    client: Client,
    deadline: Deadline,
    conditions: Vec<RouteTableFilter>,
    page_size: usize,
    selections: VecDeque<Selection>,
    pages: Pages,
    /// What was given out already, in whichever series of pages.
    given: HashSet<String>,
    /// With ids: those that were not found yet, in the order asked.
    unseen: Vec<String>,
    allow_missing: bool,
    /// With ids and the cloud's own filters: the tables that these let through, once asked for.
    native: Option<HashSet<String>>,
    asks_native: bool,
}

impl Listing {
    fn new(client: Client, request: &DescribeRouteTablesRequest) -> Result<Self> {
        let ids = request.check()?;
        let conditions = RouteTableFilter::parse_all(&request.filters)?;
        let unseen: Vec<String> = ids.iter().flatten().map(ToString::to_string).collect();
        let is_native = |condition: &RouteTableFilter| {
            matches!(condition.name, RouteTableFilterName::Native(_))
        };
        let selections = if ids.is_some() {
            unseen
                .chunks(MOST)
                .map(|ids| Selection::Ids(ids.to_vec()))
                .collect()
        } else {
            filter_sets(&conditions)
                .into_iter()
                .map(Selection::Filters)
                .collect()
        };
        let page_size = request
            .page_size
            .map_or(MOST, |size| usize::try_from(size).unwrap_or(MOST));
        Ok(Self {
            deadline: client.start(),
            client,
            asks_native: ids.is_some() && conditions.iter().any(is_native),
            conditions,
            page_size: page_size.clamp(1, MOST),
            selections,
            pages: Pages::default(),
            given: HashSet::new(),
            unseen,
            allow_missing: request.allow_missing,
            native: None,
        })
    }

    /// Gives the next tables; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<RouteTable>>> {
        if self.asks_native && self.native.is_none() {
            self.native = Some(self.passed_by_native_filters().await?);
        }
        loop {
            let Some(selection) = self.selections.front().cloned() else {
                if self.unseen.is_empty() || self.allow_missing {
                    return Ok(None);
                }
                return Err(missing(&self.unseen));
            };
            let Some(offset) = self.pages.next_offset() else {
                self.selections.pop_front();
                self.pages = Pages::default();
                continue;
            };
            match self.page(&selection, offset).await {
                Ok(records) => return self.tables(records).await.map(Some),
                // One unknown id refuses all: filters tell which there are.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let Selection::Ids(ids) = selection else {
                        return Err(error);
                    };
                    self.selections.pop_front();
                    for ids in ids.chunks(MOST_VALUES).rev() {
                        let filter = wire::Filter {
                            name: "route-table-id".to_owned(),
                            values: ids.to_vec(),
                        };
                        self.selections.push_front(Selection::Filters(vec![filter]));
                    }
                    self.pages = Pages::default();
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads a page and gives what is new in it.
    async fn page(&mut self, selection: &Selection, offset: usize) -> Result<Vec<Record>> {
        let (records, total) = read_page(
            &self.client,
            selection,
            offset,
            self.page_size,
            self.deadline,
        )
        .await?;
        let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
        let fresh = self.pages.take(&ids, total);
        let fresh = records
            .into_iter()
            .zip(fresh)
            .filter(|(_, fresh)| *fresh)
            .map(|(record, _)| record);
        Ok(fresh.collect())
    }

    /// Makes tables of records, without those that are not asked for.
    async fn tables(&mut self, records: Vec<Record>) -> Result<Vec<RouteTable>> {
        let owners = owners(&self.client, &records, self.deadline).await?;
        let mut tables = Vec::with_capacity(records.len());
        for record in records {
            self.unseen.retain(|id| *id != record.id);
            if !self.given.insert(record.id.clone()) {
                continue;
            }
            let passed = self
                .native
                .as_ref()
                .is_none_or(|native| native.contains(&record.id));
            let table = record.into_table(&owners);
            if passed
                && self
                    .conditions
                    .iter()
                    .all(|condition| condition.matches(&table))
            {
                tables.push(table);
            }
        }
        Ok(tables)
    }

    async fn passed_by_native_filters(&self) -> Result<HashSet<String>> {
        let mut passed = HashSet::new();
        for filters in filter_sets(&self.conditions) {
            let selection = Selection::Filters(filters);
            let mut pages = Pages::default();
            while let Some(offset) = pages.next_offset() {
                let (records, total) = read_page(
                    &self.client,
                    &selection,
                    offset,
                    self.page_size,
                    self.deadline,
                )
                .await?;
                let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
                pages.take(&ids, total);
                passed.extend(records.into_iter().map(|record| record.id));
            }
        }
        Ok(passed)
    }
}

/// The conditions that the cloud takes, as one set of filters for each call that they need. Every condition but the
/// cloud's own is checked again on the answer, so those that it would take only in part are left out.
fn filter_sets(conditions: &[RouteTableFilter]) -> Vec<Vec<wire::Filter>> {
    let is_native =
        |condition: &&RouteTableFilter| matches!(condition.name, RouteTableFilterName::Native(_));
    let natives = conditions.iter().filter(is_native);
    let others = conditions.iter().filter(|condition| !is_native(condition));
    let mut sets = vec![Vec::new()];
    for condition in natives.chain(others) {
        let Some(filter) = native_filter(condition) else {
            continue;
        };
        let chunks: Vec<&[String]> = filter.values.chunks(MOST_VALUES).collect();
        let too_many = sets.len() * chunks.len() > MOST_SETS || sets[0].len() >= MOST_FILTERS;
        if too_many && !is_native(&condition) {
            continue;
        }
        let with = |set: &Vec<wire::Filter>, values: &[String]| {
            let mut set = set.clone();
            set.push(wire::Filter {
                name: filter.name.clone(),
                values: values.to_vec(),
            });
            set
        };
        sets = sets
            .iter()
            .flat_map(|set| chunks.iter().map(|values| with(set, values)))
            .collect();
    }
    sets
}

/// What the cloud calls a condition, if it has such a one.
fn native_filter(condition: &RouteTableFilter) -> Option<wire::Filter> {
    let name = match &condition.name {
        RouteTableFilterName::Native(name) => {
            let values = condition
                .values
                .iter()
                .map(|value| value.source().to_owned())
                .collect();
            return Some(wire::Filter {
                name: name.clone(),
                values,
            });
        }
        RouteTableFilterName::RouteTableId => "route-table-id".to_owned(),
        RouteTableFilterName::VpcId => "vpc-id".to_owned(),
        RouteTableFilterName::Name => "route-table-name".to_owned(),
        RouteTableFilterName::Main => "association.main".to_owned(),
        RouteTableFilterName::Tag(key) => format!("tag:{key}"),
        RouteTableFilterName::TagKey => "tag-key".to_owned(),
        _ => return None,
    };
    let values = condition.literals()?;
    Some(wire::Filter { name, values })
}

/// Reads one page: its records, and how many there are in all.
async fn read_page(
    client: &Client,
    selection: &Selection,
    offset: usize,
    limit: usize,
    deadline: Deadline,
) -> Result<(Vec<Record>, Option<usize>)> {
    let mut request = wire::DescribeRouteTablesRequest {
        offset: offset.to_string(),
        limit: limit.to_string(),
        ..wire::DescribeRouteTablesRequest::default()
    };
    match selection {
        Selection::Ids(ids) => request.route_table_ids.clone_from(ids),
        Selection::Filters(filters) => request.filters.clone_from(filters),
    }
    let answer: wire::DescribeRouteTablesResponse = match client
        .call(&wire::DESCRIBE_ROUTE_TABLES, &request, deadline)
        .await
    {
        Ok(answer) => answer.response,
        Err(error) if error.code() == Some(TAG_KEY_NOT_FOUND) => return Ok((Vec::new(), Some(0))),
        Err(error) => return Err(error),
    };
    let set = answer.route_table_set.unwrap_or_default();
    let records = set
        .into_iter()
        .map(Record::read)
        .collect::<Result<Vec<_>>>()?;
    Ok((
        records,
        answer
            .total_count
            .and_then(|total| usize::try_from(total).ok()),
    ))
}

/// Finds the instances behind the addresses to which routes lead: a call for each five addresses of a network, none where
/// no route leads to one. Without the permission to look they stay addresses.
pub(super) async fn owners(
    client: &Client,
    records: &[Record],
    deadline: Deadline,
) -> Result<Owners> {
    let mut wanted: HashMap<&str, Vec<&str>> = HashMap::new();
    for (vpc, hops) in records.iter().filter_map(Record::next_hops) {
        wanted.entry(vpc).or_default().extend(hops);
    }
    let mut owners = Owners::new();
    for (vpc, mut addresses) in wanted {
        addresses.sort_unstable();
        addresses.dedup();
        for addresses in addresses.chunks(MOST_VALUES) {
            let filter = |name: &str, values: &[&str]| wire::Filter {
                name: name.to_owned(),
                values: values.iter().map(ToString::to_string).collect(),
            };
            let request = wire::DescribeInstancesRequest {
                filters: vec![
                    filter("vpc-id", &[vpc]),
                    filter("private-ip-address", addresses),
                ],
                limit: 100,
                ..wire::DescribeInstancesRequest::default()
            };
            let instances = match instances(client, &request, deadline).await {
                Ok(instances) => instances,
                Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(owners),
                Err(error) => return Err(error),
            };
            for instance in instances {
                let Some(id) = instance.instance_id else {
                    continue;
                };
                for address in instance.private_ip_addresses.unwrap_or_default() {
                    if addresses.contains(&address.as_str()) {
                        owners.insert((vpc.to_owned(), address), id.clone());
                    }
                }
            }
        }
    }
    Ok(owners)
}

/// Looks at instances.
pub(super) async fn instances(
    client: &Client,
    request: &wire::DescribeInstancesRequest,
    deadline: Deadline,
) -> Result<Vec<wire::Instance>> {
    let answer: wire::DescribeInstancesResponse = client
        .call(&wire::DESCRIBE_INSTANCES, request, deadline)
        .await?
        .response;
    Ok(answer.instance_set.unwrap_or_default())
}
