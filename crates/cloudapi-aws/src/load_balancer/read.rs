//! What is read: the load balancer, its groups, who forwards to them, and how their targets are.

use std::collections::HashSet;

use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancers::DescribeLoadBalancersOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_target_health::DescribeTargetHealthOutput;
use aws_sdk_elasticloadbalancingv2::types;
use cloudapi_core::load_balancer::{LoadBalancerHealth, choose_group};
use cloudapi_core::{BackendGroupId, Error, ErrorKind, LoadBalancerId, Result};
use futures_util::future::{BoxFuture, FutureExt, try_join};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::convert::{self, Group};
use super::{Found, Scope, not_found};
use crate::error;

impl Scope<'_> {
    /// Finds the load balancer that is meant.
    pub(super) async fn find(self, wanted: &LoadBalancerId) -> Result<Found> {
        let wanted = wanted.as_str();
        if wanted.starts_with("arn:") {
            return match convert::name_of_arn(wanted) {
                Some(convert::ArnName::Current) => Ok(Found::Current(wanted.to_owned())),
                Some(convert::ArnName::Classic(name)) => match &self.elb.classic {
                    Some(classic) => Ok(Found::Classic(classic.clone(), name.to_owned())),
                    None => Err(Error::unsupported(
                        "this build has no classic load balancers; enable the cargo feature `aws-load-balancer-classic`",
                    )
                    .with_resources([wanted])),
                },
                None => Err(Error::invalid_argument(format!(
                    "{wanted} is not the ARN of a load balancer"
                ))
                .with_resources([wanted])),
            };
        }
        let classic = async {
            match &self.elb.classic {
                Some(classic) => classic.has(wanted, self.operation).await,
                None => Ok(false),
            }
        };
        let (arn, has_classic) = try_join(self.arn_of(wanted), classic).await?;
        match (arn, has_classic, &self.elb.classic) {
            (Some(arn), false, _) => Ok(Found::Current(arn)),
            (None, true, Some(classic)) => {
                Ok(Found::Classic(classic.clone(), wanted.to_owned()))
            }
            (Some(arn), true, _) => Err(Error::invalid_argument(format!(
                "two load balancers are named {wanted}: {arn} and a classic one; name the former by its ARN"
            ))
            .with_resources([arn.as_str(), wanted])),
            (None, _, _) => Err(not_found(wanted)),
        }
    }

    /// The ARN of the load balancer of a name, which no two have.
    async fn arn_of(self, name: &str) -> Result<Option<String>> {
        let client = &self.elb.client;
        let send = || client.describe_load_balancers().names(name).send();
        let call = self.call("DescribeLoadBalancers");
        let check = |answer: &DescribeLoadBalancersOutput| {
            has(answer.load_balancers.as_ref(), "LoadBalancers")
        };
        let found = match self.elb.calls.call(call, send, check).await {
            Ok(found) => found.value,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut balancers = found.load_balancers.unwrap_or_default().into_iter();
        let named = balancers.find(|balancer| balancer.load_balancer_name() == Some(name));
        Ok(named.and_then(|balancer| balancer.load_balancer_arn))
    }

    /// Every group that a listener or a rule forwards to.
    pub(super) async fn groups(self, arn: &str) -> Result<Vec<Group>> {
        let client = &self.elb.client;
        let mut groups = Vec::new();
        let mut marker = None;
        loop {
            let send = || {
                let request = client.describe_target_groups().load_balancer_arn(arn);
                request.set_marker(marker.clone()).send()
            };
            let call = self.call("DescribeTargetGroups");
            let page = self
                .elb
                .calls
                .call(call, send, |page| {
                    has(page.target_groups.as_ref(), "TargetGroups")
                })
                .await
                .map_err(|error| named(error, arn))?
                .value;
            groups.extend(page.target_groups().iter().filter_map(Group::new));
            match next(marker.as_ref(), page.next_marker) {
                Some(next) => marker = Some(next),
                None => return Ok(groups),
            }
        }
    }

    /// Tells how the targets are, of all groups or of those that are named.
    pub(super) async fn health(
        self,
        arn: &str,
        wanted: Option<&[BackendGroupId]>,
    ) -> Result<LoadBalancerHealth> {
        let all = self.groups(arn).await?;
        let mut groups: Vec<&Group> = Vec::new();
        match wanted {
            None => groups.extend(&all),
            Some(wanted) => {
                for wanted in wanted {
                    let group = choose(arn, &all, Some(wanted))?;
                    if !groups.contains(&group) {
                        groups.push(group);
                    }
                }
            }
        }
        let arns: Vec<&str> = groups.iter().map(|group| group.arn.as_str()).collect();
        let descriptions = self.side_by_side(arns.iter().map(|group| self.targets(group).boxed()));
        let (descriptions, in_use) = try_join(descriptions, self.in_use(arn, &arns)).await?;
        let groups = groups.into_iter().zip(descriptions);
        let groups = groups.map(|(group, targets)| {
            convert::group_health(group, &targets, in_use.contains(&group.arn))
        });
        Ok(LoadBalancerHealth::new(arn, groups.collect()))
    }

    /// How the targets of one group are, in one call.
    pub(super) async fn targets(self, group: &str) -> Result<Vec<types::TargetHealthDescription>> {
        let client = &self.elb.client;
        let send = || {
            client
                .describe_target_health()
                .target_group_arn(group)
                .send()
        };
        let call = self.call("DescribeTargetHealth");
        let check = |answer: &DescribeTargetHealthOutput| {
            has(
                answer.target_health_descriptions.as_ref(),
                "TargetHealthDescriptions",
            )
        };
        let answer = self.elb.calls.call(call, send, check).await?;
        Ok(answer.value.target_health_descriptions.unwrap_or_default())
    }

    /// Which of the groups some action forwards to with a weight. The rules, a call for each listener, are read only where
    /// the listeners' own actions leave a group open.
    async fn in_use(self, arn: &str, groups: &[&str]) -> Result<HashSet<String>> {
        if groups.is_empty() {
            return Ok(HashSet::new());
        }
        let listeners = self.listeners(arn).await?;
        let actions = listeners.iter().flat_map(types::Listener::default_actions);
        let mut in_use = convert::weighted(actions);
        let has_rules = convert::is_application(arn);
        if has_rules && !groups.iter().all(|group| in_use.contains(*group)) {
            let arns = listeners.iter().filter_map(types::Listener::listener_arn);
            let rules = self.side_by_side(arns.map(|listener| self.rules(listener).boxed()));
            let rules = rules.await?;
            in_use.extend(convert::weighted(
                rules.iter().flatten().flat_map(types::Rule::actions),
            ));
        }
        Ok(in_use)
    }

    /// Makes calls side by side, as many at once as are allowed; the answers keep the order.
    async fn side_by_side<'a, T: Send + 'a>(
        self,
        calls: impl Iterator<Item = BoxFuture<'a, Result<T>>>,
    ) -> Result<Vec<T>> {
        // Gathered first: a stream that makes them on the way can't be shown to be `Send`.
        let calls: Vec<_> = calls.collect();
        stream::iter(calls)
            .buffered(self.elb.max_in_flight)
            .try_collect()
            .await
    }

    async fn listeners(self, arn: &str) -> Result<Vec<types::Listener>> {
        let client = &self.elb.client;
        let mut listeners = Vec::new();
        let mut marker = None;
        loop {
            let send = || {
                let request = client.describe_listeners().load_balancer_arn(arn);
                request.set_marker(marker.clone()).send()
            };
            let call = self.call("DescribeListeners");
            let page = self
                .elb
                .calls
                .call(call, send, |page| has(page.listeners.as_ref(), "Listeners"))
                .await?
                .value;
            listeners.extend(page.listeners.unwrap_or_default());
            match next(marker.as_ref(), page.next_marker) {
                Some(next) => marker = Some(next),
                None => return Ok(listeners),
            }
        }
    }

    async fn rules(self, listener: &str) -> Result<Vec<types::Rule>> {
        let client = &self.elb.client;
        let mut rules = Vec::new();
        let mut marker = None;
        loop {
            let send = || {
                let request = client.describe_rules().listener_arn(listener);
                request.set_marker(marker.clone()).send()
            };
            let call = self.call("DescribeRules");
            let page = self
                .elb
                .calls
                .call(call, send, |page| has(page.rules.as_ref(), "Rules"))
                .await?
                .value;
            rules.extend(page.rules.unwrap_or_default());
            match next(marker.as_ref(), page.next_marker) {
                Some(next) => marker = Some(next),
                None => return Ok(rules),
            }
        }
    }
}

/// An answer without the list that it is there for is none: it must not pass for an empty one.
pub(super) fn has<T>(list: Option<&T>, name: &str) -> Result<()> {
    match list {
        Some(_) => Ok(()),
        None => Err(error::incomplete(&format!("it has no {name}"))),
    }
}

/// Names the load balancer where the cloud does not: "One or more load balancers not found".
fn named(error: Error, arn: &str) -> Error {
    if error.kind() == ErrorKind::NotFound {
        error.with_resources([arn])
    } else {
        error
    }
}

/// The next page's marker; one that repeats itself would never end.
fn next(before: Option<&String>, marker: Option<String>) -> Option<String> {
    marker.filter(|marker| !marker.is_empty() && before != Some(marker))
}

/// Picks the group that a request means.
pub(super) fn choose<'a>(
    load_balancer: &str,
    groups: &'a [Group],
    wanted: Option<&BackendGroupId>,
) -> Result<&'a Group> {
    fn id_and_name(group: &Group) -> (&str, Option<&str>) {
        (&group.arn, group.name.as_deref())
    }
    choose_group(load_balancer, groups, wanted, id_and_name)
}
