//! What is asked for, and the checks that need no cloud.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Destination, RouteTarget, RouteTargetKind};
use crate::{Error, Filters, Result, RouteTableId};

/// Which route tables to list. `Default` lists all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct DescribeRouteTablesRequest {
    /// Only these; `None` for all. An empty list is refused: whoever computed it did not mean "all".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_table_ids: Option<Vec<RouteTableId>>,
    /// Only those that meet every condition; may be given together with ids.
    #[serde(skip_serializing_if = "Filters::is_empty")]
    pub filters: Filters,
    /// Leave out ids that do not exist, instead of failing with `NotFound`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_missing: bool,
    /// How many a native page holds; `None` for the most that the cloud allows. A value outside the cloud's limits is
    /// brought inside them (5 to 100 at AWS, 1 to 100 at Tencent Cloud). Changes the number of calls, never the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

impl DescribeRouteTablesRequest {
    /// Asks for all route tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for these ids only.
    #[must_use]
    pub fn with_route_table_ids<I: Into<RouteTableId>>(
        mut self,
        ids: impl IntoIterator<Item = I>,
    ) -> Self {
        self.route_table_ids = Some(ids.into_iter().map(Into::into).collect());
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
    pub fn with_page_size(mut self, tables: u32) -> Self {
        self.page_size = Some(tables);
        self
    }

    /// Checks what needs no cloud, and gives the ids once each.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for an empty list of ids, an id that no cloud has, or a page size of 0.
    pub fn check(&self) -> Result<Option<Vec<RouteTableId>>> {
        if self.page_size == Some(0) {
            return Err(Error::invalid_argument("PageSize is 0; it is at least 1"));
        }
        let Some(ids) = &self.route_table_ids else {
            return Ok(None);
        };
        if ids.is_empty() {
            return Err(Error::invalid_argument(
                "RouteTableIds is an empty list; leave it out to describe every route table",
            ));
        }
        ids.iter().try_for_each(check_id)?;
        let mut seen = HashSet::with_capacity(ids.len());
        Ok(Some(
            ids.iter().filter(|id| seen.insert(*id)).cloned().collect(),
        ))
    }
}

/// Both clouds' ids are `rtb-` with letters and digits.
fn check_id(id: &RouteTableId) -> Result<()> {
    let rest = id.as_str().strip_prefix("rtb-").unwrap_or_default();
    if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Error::invalid_argument(format!(
            "{:?} is no id of a route table; it is rtb- with letters and digits",
            id.as_str()
        ))
        .with_resources([id.as_str()]));
    }
    Ok(())
}

/// A route as it is wanted.
///
/// Reads also from the short form `DESTINATION=KIND:ID`, such as `0.0.0.0/0=nat-gateway:nat-1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct RouteSpec {
    /// What traffic it is for.
    pub destination: Destination,
    /// Where it is to lead to.
    pub target: RouteTarget,
    /// What is to be written about it (Tencent Cloud; `Unsupported` at AWS, whose routes have no description). `None` keeps
    /// what an existing route says; an empty text removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Other names of the same target, filled in by the provider. Not part of the JSON form.
    #[serde(skip)]
    pub aliases: Vec<RouteTarget>,
}

impl RouteSpec {
    /// Asks for a route from a destination to a target.
    pub fn new(
        destination: impl Into<Destination>,
        kind: RouteTargetKind,
        target_id: impl Into<String>,
    ) -> Self {
        Self {
            destination: destination.into(),
            target: RouteTarget::new(kind, target_id),
            description: None,
            aliases: Vec::new(),
        }
    }

    /// Sets what is written about it.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Gives the route in canonical form.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for what is no destination or no target.
    pub fn checked(&self) -> Result<Self> {
        let destination = match &self.destination {
            Destination::Other(text) => Destination::parse(text)?,
            known => known.clone(),
        };
        let target = self.target.checked().map_err(|error| {
            let message = format!("route to {destination}: {}", error.message());
            error.with_message(message)
        })?;
        Ok(Self {
            destination,
            target,
            description: self.description.clone(),
            aliases: self.aliases.clone(),
        })
    }
}

impl FromStr for RouteSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some((destination, target)) = text.split_once('=') else {
            return Err(Error::invalid_argument(format!(
                "{text:?} is no route; write DESTINATION=KIND:ID, such as 0.0.0.0/0=nat-gateway:nat-1"
            ))
            .with_resources([text]));
        };
        let (kind, id) = target.split_once(':').unwrap_or((target, ""));
        Self {
            destination: Destination::parse(destination)?,
            target: RouteTarget::new(RouteTargetKind::parse(kind)?, id),
            description: None,
            aliases: Vec::new(),
        }
        .checked()
    }
}

/// What becomes of destinations that the table has no static route for, and of static routes that were not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ReplaceMode {
    /// Each destination must have a static route; the others stay as they are.
    #[default]
    Replace,
    /// Missing routes are created; the others stay as they are.
    Upsert,
    /// The table's static routes become those of the request: missing ones are created, the others deleted.
    Exact,
}

impl ReplaceMode {
    /// Gives the word of the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "Replace",
            Self::Upsert => "Upsert",
            Self::Exact => "Exact",
        }
    }
}

impl fmt::Display for ReplaceMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which routes of a table are to lead where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ReplaceRoutesRequest {
    /// The table.
    pub route_table_id: RouteTableId,
    /// The network that the table must belong to, as a guard against the wrong table; `None` for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// The routes, at least one, each destination once.
    pub routes: Vec<RouteSpec>,
    /// What becomes of the rest.
    #[serde(default)]
    pub mode: ReplaceMode,
    /// Tell what would be changed, and change nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

impl ReplaceRoutesRequest {
    /// Asks for these routes in a table.
    pub fn new(
        route_table_id: impl Into<RouteTableId>,
        routes: impl IntoIterator<Item = RouteSpec>,
    ) -> Self {
        Self {
            route_table_id: route_table_id.into(),
            vpc_id: None,
            routes: routes.into_iter().collect(),
            mode: ReplaceMode::default(),
            dry_run: false,
        }
    }

    /// Sets the network that the table must belong to.
    #[must_use]
    pub fn with_vpc_id(mut self, vpc_id: impl Into<String>) -> Self {
        self.vpc_id = Some(vpc_id.into());
        self
    }

    /// Sets what becomes of the rest.
    #[must_use]
    pub fn with_mode(mut self, mode: ReplaceMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets whether only to tell what would be changed.
    #[must_use]
    pub fn with_dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Checks what needs no cloud, and gives the routes in canonical form.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the value, for an impossible id, no routes, what is no destination or no target, and a
    /// destination that stands twice, in whatever spelling.
    pub fn check(&self) -> Result<Vec<RouteSpec>> {
        check_id(&self.route_table_id)?;
        if self
            .vpc_id
            .as_ref()
            .is_some_and(|vpc| vpc.trim().is_empty())
        {
            return Err(Error::invalid_argument(
                "VpcId is empty; leave it out for any",
            ));
        }
        if self.routes.is_empty() {
            return Err(Error::invalid_argument(
                "Routes is an empty list; name at least one route",
            ));
        }
        let routes = self
            .routes
            .iter()
            .map(RouteSpec::checked)
            .collect::<Result<Vec<_>>>()?;
        let mut seen = HashSet::with_capacity(routes.len());
        match routes.iter().find(|route| !seen.insert(&route.destination)) {
            Some(twice) => Err(Error::invalid_argument(format!(
                "the destination {} is given twice",
                twice.destination
            ))
            .with_resources([twice.destination.to_string()])),
            None => Ok(routes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn requests_read_the_interface_names_and_refuse_others() {
        let request: ReplaceRoutesRequest = serde_json::from_str(
            r#"{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Mode": "Upsert", "DryRun": true, "Routes": [
                {"Destination": "0.0.0.0/0", "Target": {"Type": "NatGateway", "Id": "nat-1"}, "Description": "out"}]}"#,
        )
        .unwrap();
        let route = RouteSpec::new("0.0.0.0/0", RouteTargetKind::NatGateway, "nat-1")
            .with_description("out");
        let expected = ReplaceRoutesRequest::new("rtb-1", [route])
            .with_vpc_id("vpc-1")
            .with_mode(ReplaceMode::Upsert)
            .with_dry_run(true);
        assert_eq!(request, expected);
        for json in [
            r#"{"RouteTableId": "rtb-1", "Routes": [], "Purge": true}"#,
            r#"{"RouteTableId": "rtb-1", "Routes": [], "Mode": "Merge"}"#,
            r#"{"RouteTableId": "rtb-1"}"#,
        ] {
            assert!(
                serde_json::from_str::<ReplaceRoutesRequest>(json).is_err(),
                "{json}"
            );
        }
    }

    #[test]
    fn the_short_form_says_the_same() {
        for (text, kind, id) in [
            (
                "0.0.0.0/0=nat-gateway:nat-1",
                RouteTargetKind::NatGateway,
                "nat-1",
            ),
            ("0.0.0.0/0=elastic-ip", RouteTargetKind::ElasticIp, "0"),
            (
                "0.0.0.0/0=core-network:arn:aws:networkmanager::123456789012:core-network/core-network-1",
                RouteTargetKind::CoreNetwork,
                "arn:aws:networkmanager::123456789012:core-network/core-network-1",
            ),
        ] {
            assert_eq!(
                text.parse::<RouteSpec>().unwrap(),
                RouteSpec::new("0.0.0.0/0", kind, id)
            );
        }
        for (text, reason) in [
            ("0.0.0.0/0", "DESTINATION=KIND:ID"),
            ("10.0.0.0/08=nat-gateway:nat-1", "leading zeros"),
            ("0.0.0.0/0=nat-gateway", "NatGateway has no id"),
            (
                "0.0.0.0/0=nat:nat-1",
                "unknown kind of route target \"nat\"",
            ),
        ] {
            let error = text.parse::<RouteSpec>().unwrap_err();
            assert!(error.message().contains(reason), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_refused_by_name() {
        let nat =
            |destination: &str| RouteSpec::new(destination, RouteTargetKind::NatGateway, "nat-1");
        for (request, named) in [
            (ReplaceRoutesRequest::new("rtb-1", []), "Routes"),
            (ReplaceRoutesRequest::new("", [nat("0.0.0.0/0")]), "\"\""),
            (
                ReplaceRoutesRequest::new("vpc-1", [nat("0.0.0.0/0")]),
                "\"vpc-1\"",
            ),
            (
                ReplaceRoutesRequest::new("rtb-1", [nat("0.0.0.0/0")]).with_vpc_id(""),
                "VpcId",
            ),
            (
                ReplaceRoutesRequest::new("rtb-1", [nat("10.0.0.0/08")]),
                "\"10.0.0.0/08\"",
            ),
            (
                ReplaceRoutesRequest::new("rtb-1", [nat("10.0.0.1/8")]),
                "\"10.0.0.1/8\"",
            ),
            (
                ReplaceRoutesRequest::new("rtb-1", [nat("::ffff:10.0.0.0/104")]),
                "\"::ffff:10.0.0.0/104\"",
            ),
            (
                ReplaceRoutesRequest::new(
                    "rtb-1",
                    [RouteSpec::new("0.0.0.0/0", "Magic".into(), "x")],
                ),
                "\"Magic\"",
            ),
            (
                ReplaceRoutesRequest::new(
                    "rtb-1",
                    [RouteSpec::new("0.0.0.0/0", RouteTargetKind::Peering, "")],
                ),
                "0.0.0.0/0: the route target Peering",
            ),
            (
                ReplaceRoutesRequest::new("rtb-1", [nat("2001:DB8::/32"), nat("2001:db8:0::/32")]),
                "2001:db8::/32 is given twice",
            ),
        ] {
            let error = request.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().contains(named), "{named}: {error}");
        }
    }

    #[test]
    fn empty_lists_never_mean_all() {
        let request = DescribeRouteTablesRequest::new();
        assert_eq!(request.check().unwrap(), None);
        assert!(
            request
                .clone()
                .with_route_table_ids::<&str>([])
                .check()
                .is_err()
        );
        assert!(request.clone().with_page_size(0).check().is_err());
        assert!(
            request
                .clone()
                .with_route_table_ids(["i-1"])
                .check()
                .is_err()
        );
        let ids = request
            .with_route_table_ids(["rtb-b", "rtb-a", "rtb-b"])
            .check()
            .unwrap();
        assert_eq!(ids, Some(vec!["rtb-b".into(), "rtb-a".into()]));
    }
}
