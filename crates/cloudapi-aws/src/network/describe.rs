//! Listing route tables: any number of ids, filters and values, page after page, each table once.

use std::collections::{HashMap, HashSet, VecDeque};

use aws_sdk_ec2::operation::describe_route_tables::{
    DescribeRouteTablesError, DescribeRouteTablesOutput,
};
use aws_sdk_ec2::operation::describe_subnets::{DescribeSubnetsError, DescribeSubnetsOutput};
use aws_sdk_ec2::types;
use cloudapi_core::filter::Pattern;
use cloudapi_core::network::{
    DescribeRouteTablesRequest, RouteTable, RouteTableFilter, RouteTableFilterName,
};
use cloudapi_core::{Error, ErrorKind, Operation, Result, RouteTableId};
use futures_util::stream::{self, Stream, TryStreamExt};

use super::{Scope, Vpc, convert};
use crate::condition::{Condition, spread};
use crate::error;

/// The pages that EC2 gives out.
const PAGE_SIZES: std::ops::RangeInclusive<i32> = 5..=100;
/// The largest page of subnets.
const SUBNETS: i32 = 1000;

const BY_ID: &str = "route-table-id";
const NAME_TAG: &str = "Name";

/// Lists lazily: nothing is checked or sent before the first item is asked for.
pub(super) fn stream(
    vpc: Vpc,
    request: DescribeRouteTablesRequest,
) -> impl Stream<Item = Result<RouteTable>> + Send + 'static {
    stream::once(async move { Listing::new(&vpc, &request) })
        .map_ok(|listing| {
            stream::try_unfold(listing, |mut listing| async move {
                let batch = listing.next().await?;
                Ok(batch.map(|tables| (stream::iter(tables.into_iter().map(Ok)), listing)))
            })
            .try_flatten()
        })
        .try_flatten()
}

/// Reads one table.
pub(super) async fn read_table(scope: &Scope, id: &RouteTableId) -> Result<RouteTable> {
    let send = || {
        scope
            .vpc
            .client
            .describe_route_tables()
            .route_table_ids(id.as_str())
            .send()
    };
    let answer = scope
        .vpc
        .calls
        .call::<_, DescribeRouteTablesError, _>(scope.call("DescribeRouteTables"), send, is_whole)
        .await;
    let answer = answer.map_err(|error| match error.kind() {
        ErrorKind::NotFound => error.with_resources([id.as_str()]),
        _ => error,
    })?;
    let tables = tables(answer.value.route_tables.unwrap_or_default())?;
    let table = tables.into_iter().find(|table| table.route_table_id == *id);
    table.ok_or_else(|| error::incomplete("not the table that was asked for"))
}

struct Listing {
    scope: Scope,
    /// Conditions for EC2, to be completed by what the subnets lead to.
    conditions: Vec<Condition>,
    /// The condition on subnets, which EC2 knows only in part.
    subnets: Option<RouteTableFilter>,
    /// What each table is held against after it came.
    here: Vec<RouteTableFilter>,
    ids: Option<Vec<String>>,
    allow_missing: bool,
    page_size: i32,
    /// What is still to be asked; `None` before the start.
    queries: Option<VecDeque<Vec<Condition>>>,
    token: Option<String>,
    tokens: HashSet<String>,
    given: HashSet<RouteTableId>,
}

impl Listing {
    fn new(vpc: &Vpc, request: &DescribeRouteTablesRequest) -> Result<Self> {
        let ids = request.check()?;
        let (subnets, rest): (Vec<_>, Vec<_>) = RouteTableFilter::parse_all(&request.filters)?
            .into_iter()
            .partition(|filter| filter.name == RouteTableFilterName::SubnetId);
        let (conditions, here) = sort(rest);
        let ids: Option<Vec<String>> = ids.map(|ids| ids.into_iter().map(Into::into).collect());
        let page_size = request.page_size.map_or(*PAGE_SIZES.end(), |size| {
            i32::try_from(size)
                .unwrap_or(i32::MAX)
                .clamp(*PAGE_SIZES.start(), *PAGE_SIZES.end())
        });
        // Too many names are found out before anything is sent.
        spread(conditions.clone())?;
        Ok(Self {
            scope: vpc.scope(Operation::DescribeRouteTables),
            conditions,
            subnets: subnets.into_iter().next(),
            here,
            ids,
            allow_missing: request.allow_missing,
            page_size,
            queries: None,
            token: None,
            tokens: HashSet::new(),
            given: HashSet::new(),
        })
    }

    /// Gives the next tables; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<RouteTable>>> {
        if self.queries.is_none() {
            self.queries = Some(self.start().await?.into());
        }
        let queries = self.queries.get_or_insert_default();
        let Some(conditions) = queries.front() else {
            if let Some(ids) = self
                .ids
                .take()
                .filter(|_| !self.allow_missing && !self.is_conditional())
            {
                missing(
                    ids.into_iter()
                        .filter(|id| !self.given.contains(id.as_str()))
                        .collect(),
                )?;
            }
            return Ok(None);
        };
        let page = self
            .scope
            .page(conditions, self.page_size, self.token.take())
            .await?;
        match page.next {
            None => {
                queries.pop_front();
                self.tokens.clear();
            }
            Some(next) if !self.tokens.insert(next.clone()) => return Err(endless()),
            Some(next) => self.token = Some(next),
        }
        let mut tables = page.tables;
        tables.retain(|table| {
            self.here.iter().all(|filter| filter.matches(table))
                && self.given.insert(table.route_table_id.clone())
        });
        Ok(Some(tables))
    }

    /// Whether a table that does not come may exist all the same.
    fn is_conditional(&self) -> bool {
        !self.conditions.is_empty() || !self.here.is_empty() || self.subnets.is_some()
    }

    /// Looks up what must be known before the list: which ids there are, and which tables the subnets use.
    async fn start(&mut self) -> Result<Vec<Vec<Condition>>> {
        let mut wanted = self.ids.clone();
        if let Some(ids) = &self.ids
            && !self.allow_missing
            && self.is_conditional()
        {
            self.find_missing(ids).await?;
        }
        if let Some(subnets) = &self.subnets {
            let used = self.used_by(subnets).await?;
            wanted = Some(match wanted {
                Some(ids) => ids.into_iter().filter(|id| used.contains(id)).collect(),
                None => used.into_iter().collect(),
            });
        }
        let mut conditions = self.conditions.clone();
        if let Some(mut ids) = wanted {
            // EC2 takes a name once.
            if let Some(at) = conditions
                .iter()
                .position(|condition| condition.name == BY_ID)
            {
                let patterns: Vec<Pattern> = conditions
                    .remove(at)
                    .values
                    .into_iter()
                    .map(Pattern::new)
                    .collect();
                ids.retain(|id| patterns.iter().any(|pattern| pattern.matches(id)));
            }
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            conditions.push(Condition::new(BY_ID, ids));
        }
        spread(conditions)
    }

    /// Fails with all ids that do not exist. They are asked for by a filter, which never fails for one.
    async fn find_missing(&self, ids: &[String]) -> Result<()> {
        let mut known = HashSet::new();
        for conditions in spread(vec![Condition::new(BY_ID, ids.to_vec())])? {
            let found = self.scope.all(&conditions).await?;
            known.extend(
                found
                    .into_iter()
                    .map(|table| String::from(table.route_table_id)),
            );
        }
        missing(
            ids.iter()
                .filter(|id| !known.contains(*id))
                .cloned()
                .collect(),
        )
    }

    /// Gives the tables that the subnets of a condition use: the one each was given to, or its network's main one.
    async fn used_by(&self, subnets: &RouteTableFilter) -> Result<HashSet<String>> {
        let values = subnets
            .values
            .iter()
            .map(|value| value.source().to_owned())
            .collect();
        let mut networks: HashMap<String, Vec<String>> = HashMap::new();
        for conditions in spread(vec![Condition::new("subnet-id", values)])? {
            for (subnet, network) in self.scope.subnets(&conditions).await? {
                networks.entry(network).or_default().push(subnet);
            }
        }
        let mut used = HashSet::new();
        if networks.is_empty() {
            return Ok(used);
        }
        let mut tables = Vec::new();
        for conditions in spread(vec![Condition::new(
            "vpc-id",
            networks.keys().cloned().collect(),
        )])? {
            tables.extend(self.scope.all(&conditions).await?);
        }
        for (network, subnets) in networks {
            let of_network = || {
                tables
                    .iter()
                    .filter(|table| table.vpc_id.as_deref() == Some(network.as_str()))
            };
            for subnet in subnets {
                let own = of_network().find(|table| table.subnet_ids.contains(&subnet));
                let table = own.or_else(|| of_network().find(|table| table.main));
                used.extend(table.map(|table| table.route_table_id.to_string()));
            }
        }
        Ok(used)
    }
}

/// Sorts conditions by who evaluates them: EC2, or we.
fn sort(filters: Vec<RouteTableFilter>) -> (Vec<Condition>, Vec<RouteTableFilter>) {
    let (mut conditions, mut here): (Vec<Condition>, Vec<RouteTableFilter>) =
        (Vec::new(), Vec::new());
    let is_native =
        |filter: &RouteTableFilter| matches!(filter.name, RouteTableFilterName::Native(_));
    let (native, portable): (Vec<_>, Vec<_>) = filters.into_iter().partition(is_native);
    for filter in native.into_iter().chain(portable) {
        let name = match &filter.name {
            RouteTableFilterName::RouteTableId => BY_ID.to_owned(),
            RouteTableFilterName::VpcId => "vpc-id".to_owned(),
            RouteTableFilterName::Name => format!("tag:{NAME_TAG}"),
            RouteTableFilterName::Tag(key) => format!("tag:{key}"),
            RouteTableFilterName::TagKey => "tag-key".to_owned(),
            RouteTableFilterName::Native(name) => name.clone(),
            // EC2 asks whether an association is the main one, and most tables have none or other ones beside it.
            _ => {
                here.push(filter);
                continue;
            }
        };
        // EC2 takes a name once; `name` and `tag:Name`, or a native spelling, may ask for it twice.
        if conditions.iter().any(|condition| condition.name == name) {
            let name = match filter.name {
                RouteTableFilterName::Tag(key) if key == NAME_TAG => RouteTableFilterName::Name,
                name => name,
            };
            here.push(RouteTableFilter {
                name,
                values: filter.values,
            });
        } else {
            let values = filter
                .values
                .iter()
                .map(|value| value.source().to_owned())
                .collect();
            conditions.push(Condition::new(name, values));
        }
    }
    (conditions, here)
}

fn missing(ids: Vec<String>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let verb = if ids.len() == 1 { "does" } else { "do" };
    Err(Error::new(
        ErrorKind::NotFound,
        format!("{} {verb} not exist", ids.join(", ")),
    )
    .with_resources(ids))
}

fn endless() -> Error {
    let message = "EC2 gave the token of an earlier page again, so that the list would have no end";
    Error::new(ErrorKind::Unavailable, message).with_retryable(false)
}

struct Page {
    tables: Vec<RouteTable>,
    next: Option<String>,
}

impl Scope {
    /// Reads all pages.
    async fn all(&self, conditions: &[Condition]) -> Result<Vec<RouteTable>> {
        let (mut tables, mut tokens, mut token) = (Vec::new(), HashSet::new(), None);
        loop {
            let page = self.page(conditions, *PAGE_SIZES.end(), token).await?;
            tables.extend(page.tables);
            match page.next {
                None => return Ok(tables),
                Some(next) if !tokens.insert(next.clone()) => return Err(endless()),
                next => token = next,
            }
        }
    }

    async fn page(
        &self,
        conditions: &[Condition],
        size: i32,
        token: Option<String>,
    ) -> Result<Page> {
        let filters: Option<Vec<_>> =
            (!conditions.is_empty()).then(|| conditions.iter().map(Condition::to_sdk).collect());
        let send = || {
            let call = self
                .vpc
                .client
                .describe_route_tables()
                .set_filters(filters.clone());
            call.max_results(size).set_next_token(token.clone()).send()
        };
        let call = self.call("DescribeRouteTables");
        let answer = self
            .vpc
            .calls
            .call::<_, DescribeRouteTablesError, _>(call, send, is_whole)
            .await?;
        Ok(Page {
            tables: tables(answer.value.route_tables.unwrap_or_default())?,
            next: answer.value.next_token.filter(|token| !token.is_empty()),
        })
    }

    /// Gives the subnets that meet conditions, each with its network.
    async fn subnets(&self, conditions: &[Condition]) -> Result<Vec<(String, String)>> {
        let filters: Vec<_> = conditions.iter().map(Condition::to_sdk).collect();
        let (mut found, mut tokens, mut token) = (Vec::new(), HashSet::new(), None::<String>);
        loop {
            let send = || {
                let call = self
                    .vpc
                    .client
                    .describe_subnets()
                    .set_filters(Some(filters.clone()));
                call.max_results(SUBNETS)
                    .set_next_token(token.clone())
                    .send()
            };
            let check = |answer: &DescribeSubnetsOutput| match answer.subnets {
                Some(_) => Ok(()),
                None => Err(error::incomplete("no list of subnets")),
            };
            let call = self.call("DescribeSubnets");
            let answer = self
                .vpc
                .calls
                .call::<_, DescribeSubnetsError, _>(call, send, check)
                .await?
                .value;
            let subnets = answer.subnets.unwrap_or_default().into_iter();
            found.extend(subnets.filter_map(|subnet| subnet.subnet_id.zip(subnet.vpc_id)));
            match answer.next_token.filter(|token| !token.is_empty()) {
                None => return Ok(found),
                Some(next) if !tokens.insert(next.clone()) => return Err(endless()),
                next => token = next,
            }
        }
    }
}

fn is_whole(answer: &DescribeRouteTablesOutput) -> Result<()> {
    match answer.route_tables {
        Some(_) => Ok(()),
        None => Err(error::incomplete("no list of route tables")),
    }
}

fn tables(natives: Vec<types::RouteTable>) -> Result<Vec<RouteTable>> {
    let table = |native| {
        convert::table(native).ok_or_else(|| error::incomplete("a route table without an id"))
    };
    natives.into_iter().map(table).collect()
}
