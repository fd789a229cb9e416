//! Finding a load balancer by id or name.

use cloudapi_core::retry::Deadline;
use cloudapi_core::{Error, ErrorKind, LoadBalancerId, Result};

use super::calls;
use super::wire;
use crate::client::Client;

/// How many load balancers a page holds at most.
const PAGE: u64 = 100;

/// Finds the load balancer that is meant: by id, else by its whole name.
///
/// # Errors
///
/// `NotFound`; `InvalidArgument` for a name that several have, with their ids as resources.
pub(super) async fn find(
    client: &Client,
    wanted: &LoadBalancerId,
    deadline: Deadline,
) -> Result<wire::Balancer> {
    let wanted = wanted.as_str();
    if is_id(wanted) {
        let request = wire::DescribeLoadBalancers {
            load_balancer_ids: Some(vec![wanted.to_owned()]),
            ..wire::DescribeLoadBalancers::default()
        };
        let found = page(client, &request, deadline).await?;
        let mut found = found.load_balancer_set.into_iter();
        if let Some(balancer) = found.find(|balancer| balancer.id == wanted) {
            return Ok(balancer);
        }
    }
    only(wanted, by_name(client, wanted, deadline).await?)
}

/// The cloud finds names that contain the text; ours is the whole name.
async fn by_name(client: &Client, name: &str, deadline: Deadline) -> Result<Vec<wire::Balancer>> {
    let mut named = Vec::new();
    let mut offset = 0;
    loop {
        let request = wire::DescribeLoadBalancers {
            load_balancer_name: Some(name.to_owned()),
            offset: Some(offset),
            limit: Some(PAGE),
            ..wire::DescribeLoadBalancers::default()
        };
        let found = page(client, &request, deadline).await?;
        let count = found.load_balancer_set.len() as u64;
        let is_named = |balancer: &wire::Balancer| balancer.name == name;
        named.extend(found.load_balancer_set.into_iter().filter(is_named));
        offset += count;
        if count == 0 || offset >= found.total_count {
            return Ok(named);
        }
    }
}

async fn page(
    client: &Client,
    request: &wire::DescribeLoadBalancers,
    deadline: Deadline,
) -> Result<wire::Balancers> {
    calls::read(client, &calls::DESCRIBE_LOAD_BALANCERS, request, deadline).await
}

fn is_id(text: &str) -> bool {
    text.strip_prefix("lb-").is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// Takes the only load balancer of a name. One that moved between two pages is in both.
fn only(wanted: &str, mut named: Vec<wire::Balancer>) -> Result<wire::Balancer> {
    named.sort_by(|a, b| a.id.cmp(&b.id));
    named.dedup_by(|a, b| a.id == b.id);
    let ids: Vec<String> = named.iter().map(|balancer| balancer.id.clone()).collect();
    match (named.pop(), ids.len()) {
        (Some(only), 1) => Ok(only),
        (Some(_), _) => Err(Error::invalid_argument(format!(
            "several load balancers are named {wanted:?}; name one by its id: {}",
            ids.join(", ")
        ))
        .with_resources(ids)),
        (None, _) => Err(Error::new(
            ErrorKind::NotFound,
            format!("the load balancer {wanted} does not exist"),
        )
        .with_resources([wanted])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(ids: &[&str]) -> Vec<wire::Balancer> {
        let balancer = |id: &&str| wire::Balancer {
            id: (*id).to_owned(),
            ..wire::Balancer::default()
        };
        ids.iter().map(balancer).collect()
    }

    #[test]
    fn a_name_means_one_load_balancer() {
        assert_eq!(only("web", named(&["lb-1", "lb-1"])).unwrap().id, "lb-1");
        let error = only("web", named(&["lb-2", "lb-1"])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.resources(), ["lb-1", "lb-2"]);
        assert_eq!(
            only("web", named(&[])).unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }

    #[test]
    fn an_id_is_told_from_a_name() {
        assert!(is_id("lb-1a2b3c4d"));
        assert!(!is_id("lb-") && !is_id("web") && !is_id("lb-Web"));
    }
}
