//! Elastic Load Balancing 2015-12-01.

mod content;
mod describe;
pub(crate) mod health;
pub(crate) mod model;
mod targets;

use crate::aws::{Error, Handler, Params, page};
use crate::world::Scope;
use model::Group;

/// This family's actions.
pub(crate) const ACTIONS: &[(&str, Handler)] = &[
    ("DeregisterTargets", targets::deregister),
    ("DescribeListeners", describe::listeners),
    ("DescribeLoadBalancers", describe::load_balancers),
    ("DescribeRules", describe::rules),
    ("DescribeTargetGroupAttributes", describe::attributes),
    ("DescribeTargetGroups", describe::target_groups),
    ("DescribeTargetHealth", health::describe),
    ("ModifyTargetGroupAttributes", targets::modify_attributes),
    ("RegisterTargets", targets::register),
];

/// The largest page, and the default one.
const LARGEST_PAGE: usize = 400;

/// A mistake in the request that has no code of its own.
pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::client("ValidationError", message)
}

/// The group that `TargetGroupArn` names.
fn group<'a>(scope: &'a Scope<'_>, params: &Params) -> Result<&'a Group, Error> {
    let arn = params.text("TargetGroupArn").unwrap_or_default();
    check_arn(arn, "targetgroup/", "target group")?;
    let groups = &scope.region.balancers.v2.groups;
    groups
        .iter()
        .find(|group| group.arn == arn)
        .ok_or_else(|| missing("TargetGroup", "target groups"))
}

fn check_arn(arn: &str, part: &str, what: &str) -> Result<(), Error> {
    let fits = arn
        .strip_prefix("arn:aws:elasticloadbalancing:")
        .and_then(|rest| rest.splitn(3, ':').nth(2))
        .is_some_and(|resource| resource.starts_with(part));
    if fits {
        Ok(())
    } else {
        Err(invalid(format!("'{arn}' is not a valid {what} ARN")))
    }
}

/// `LoadBalancerNotFound` and its like.
fn missing(code: &str, what: &str) -> Error {
    Error::new(
        400,
        format!("{code}NotFound"),
        format!("One or more {what} not found"),
    )
}

/// The page that is asked for, and the marker of the next.
pub(super) fn paged<T>(
    scope: &Scope<'_>,
    params: &Params,
    all: Vec<T>,
) -> Result<(Vec<T>, Option<String>), Error> {
    let size = params.number("PageSize").map_or(Ok(LARGEST_PAGE), |size| {
        usize::try_from(size)
            .ok()
            .filter(|size| (1..=LARGEST_PAGE).contains(size))
            .ok_or_else(|| {
                invalid(format!(
                    "1 validation error detected: Value '{size}' at 'pageSize' failed to satisfy constraint: \
                     Member must have value between 1 and {LARGEST_PAGE}"
                ))
            })
    })?;
    let cap = scope.common.settings.page_cap;
    let size = cap.map_or(size, |cap| cap.min(size));
    let mut question = params.to_json();
    if let Some(members) = question.as_object_mut() {
        members.remove("Marker");
        members.remove("PageSize");
    }
    let start = match params.text("Marker").filter(|marker| !marker.is_empty()) {
        None => 0,
        Some(marker) => page::read_token(marker, &question)
            .and_then(|start| usize::try_from(start).ok())
            .ok_or_else(|| invalid("The marker is not valid"))?,
    };
    let left = all.len().saturating_sub(start);
    let next = (left > size).then(|| page::token((start + size) as u64, &question));
    Ok((all.into_iter().skip(start).take(size).collect(), next))
}
