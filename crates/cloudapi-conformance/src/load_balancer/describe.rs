//! DescribeLoadBalancerHealth: every group, target and port.

use cloudapi_core::load_balancer::{
    DescribeLoadBalancerHealthRequest, HealthState, LoadBalancerHealth,
    RegisterInstancesWithLoadBalancerRequest, Target,
};
use cloudapi_core::{BackendGroupId, ErrorKind, LoadBalancerId, Operation};
use futures_util::FutureExt;

use super::stage::{plain, summary, target_of};
use super::vendor::Vendor;
use crate::capability::Capability;
use crate::case::{Case, CaseFuture};
use crate::compute::only;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

pub(super) fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("load_balancer/describe-{name}"), promise, run)
        .of(Operation::DescribeLoadBalancerHealth)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "lists-every-group",
            "Every backend group is listed with id and name, through listeners and rules, also one without targets.",
            |cx| every_group(cx).boxed(),
        ),
        case(
            "lists-every-target-and-port",
            "Each target is listed in each group and at each port that it is in, with state, weight and traffic.",
            |cx| every_target(cx).boxed(),
        ),
        case(
            "finds-by-id-and-by-name",
            "A load balancer is found by its id and by its name, and groups likewise.",
            |cx| by_name(cx).boxed(),
        ),
        case(
            "says-which-load-balancer-does-not-exist",
            "A load balancer that does not exist is NotFound, named.",
            |cx| absent(cx).boxed(),
        ),
        case(
            "refuses-a-name-that-several-have",
            "A name that several load balancers have is InvalidArgument, with the ids of all.",
            |cx| shared_name(cx).boxed(),
        )
        .with(Capability::SharedNames),
        case(
            "finds-one-load-balancer-by-a-name",
            "A name is one load balancer's, and a part of it is none's.",
            |cx| unshared_name(cx).boxed(),
        )
        .without(Capability::SharedNames),
        case(
            "can-look-at-some-groups-only",
            "Only the groups that were named are answered, each once; one that is not the load balancer's is refused with those that are.",
            |cx| some_groups(cx).boxed(),
        ),
        case(
            "maps-every-state-of-health",
            "Every word of health has its state, with the cloud's own word as the reason where something is wrong.",
            |cx| states(cx).boxed(),
        )
        .needs([Need::Health]),
        case(
            "keeps-an-unknown-state-as-text",
            "A state of health that nobody has heard of does not fail the read and is kept as the cloud's word.",
            |cx| unknown_state(cx).boxed(),
        )
        .needs([Need::Health]),
        case(
            "sums-up-the-worst-of-an-instance",
            "An instance is Healthy only if it is so at every group and port; else the worst that was found.",
            |cx| worst(cx).boxed(),
        )
        .needs([Need::Health]),
        case(
            "costs-a-health-call-for-each-group-at-most",
            "There are never more health calls than groups, however many the targets.",
            |cx| calls(cx).boxed(),
        )
        .needs([Need::CallLog, Need::Fleet, Need::FullPages]),
        case(
            "round-trips-as-json",
            "Health serialises under the interface's names and reads back unchanged.",
            |cx| round_trip(cx).boxed(),
        ),
    ]
}

async fn every_group(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let health = cx.health(&fixture.many).await?;
    ensure_eq!(health.load_balancer_id, fixture.many, "LoadBalancerId");
    let mut found: Vec<(&str, Option<&str>)> = health
        .groups
        .iter()
        .map(|group| (group.backend_group_id.as_str(), group.name.as_deref()))
        .collect();
    let mut expected: Vec<(&str, Option<&str>)> = fixture
        .many_groups
        .iter()
        .map(|group| (group.id.as_str(), Some(group.name.as_str())))
        .collect();
    found.sort_unstable();
    expected.sort_unstable();
    ensure_eq!(found, expected, "the groups");
    Ok(())
}

async fn every_target(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let [first, second] = fixture.pair()?;
    let ids = cx.launch(2).await?;
    let other_port = Target::new(ids[0].clone()).with_port(first.port + 1);
    let in_first = [plain(&ids), vec![other_port.clone()]].concat();
    let in_second = plain([&ids[0]]);
    for (group, targets) in [(first, &in_first), (second, &in_second)] {
        let many = fixture.many.clone();
        let request = RegisterInstancesWithLoadBalancerRequest::new(many, targets.clone());
        cx.register_and_wait(request.with_backend_group(group.id.clone()))
            .await?;
    }
    let health = cx.health(&fixture.many).await?;
    let weighted = Capability::TargetWeights.held_by(cx.provider());
    for (group, targets) in [(first, &in_first), (second, &in_second)] {
        let listed = health
            .groups
            .iter()
            .find(|one| one.backend_group_id == group.id);
        let count = listed.map(|group| group.targets.len());
        ensure_eq!(count, Some(targets.len()), "targets of {}", group.id);
        for target in targets {
            let exact = target.clone().with_port(target.port.unwrap_or(group.port));
            let seen = target_of(&health, &group.id, &exact)?;
            ensure_eq!(seen.state, HealthState::Healthy, "the state of {exact}");
            ensure_eq!(seen.port, exact.port, "the port of {exact}");
            ensure_eq!(seen.weight.is_some(), weighted, "a weight of {exact}");
            ensure!(seen.receives_traffic, "{exact} receives no traffic");
        }
    }
    for id in &ids {
        ensure_eq!(summary(&health, id)?, HealthState::Healthy, "{id}");
    }
    let sorted = health.instances.is_sorted_by_key(|one| &one.instance_id);
    ensure!(sorted, "the summaries are not sorted");
    Ok(())
}

async fn by_name(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let load_balancer = cx.load_balancer()?;
    let group = &fixture.single_group;
    for name in [fixture.single.as_str(), &fixture.single_name] {
        for group_name in [group.id.as_str(), &group.name] {
            let request = DescribeLoadBalancerHealthRequest::new(name);
            let request = request.with_backend_groups([group_name]);
            let health = load_balancer.describe_load_balancer_health(request).await?;
            ensure_eq!(
                health.load_balancer_id,
                fixture.single,
                "LoadBalancerId of {name}"
            );
            let found = only(health.groups)?.backend_group_id;
            ensure_eq!(found, group.id, "the group {group_name}");
        }
    }
    Ok(())
}

async fn absent(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let load_balancer = cx.load_balancer()?;
    let target = || [Target::new(cx.vendor().absent_id())];
    for name in [Vendor::of(cx.provider()).absent, "no-such-load-balancer"] {
        let request = DescribeLoadBalancerHealthRequest::new(name);
        let result = load_balancer.describe_load_balancer_health(request).await;
        let described = refused(name, ErrorKind::NotFound, result)?;
        let mut request = fixture.register(target());
        request.load_balancer_id = name.into();
        let registered = refused(name, ErrorKind::NotFound, cx.register(request).await?)?;
        let mut request = fixture.deregister(target());
        request.load_balancer_id = name.into();
        let deregistered = refused(name, ErrorKind::NotFound, cx.deregister(request).await?)?;
        for error in [described, registered, deregistered] {
            ensure_eq!(error.resources(), [name], "the error's resources");
            ensure_eq!(
                error.provider(),
                Some(cx.provider()),
                "the error's provider"
            );
        }
    }
    Ok(())
}

async fn shared_name(cx: &Context) -> Verdict {
    let Some((name, ids)) = &cx.balancing()?.shared_name else {
        return Err(Failure::new("the fixture has no shared name"));
    };
    let load_balancer = cx.load_balancer()?;
    let request = DescribeLoadBalancerHealthRequest::new(name.as_str());
    let result = load_balancer.describe_load_balancer_health(request).await;
    let error = refused(name, ErrorKind::InvalidArgument, result)?;
    let expected: Vec<&str> = ids.iter().map(LoadBalancerId::as_str).collect();
    ensure_eq!(error.resources(), expected, "the error's resources");
    for id in ids {
        ensure!(
            error.message().contains(id.as_str()),
            "{id} is not in {error}"
        );
        let request = DescribeLoadBalancerHealthRequest::new(id.clone());
        let health = load_balancer.describe_load_balancer_health(request).await?;
        ensure_eq!(health.load_balancer_id, *id, "LoadBalancerId");
    }
    Ok(())
}

async fn unshared_name(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let load_balancer = cx.load_balancer()?;
    let name = &fixture.single_name;
    let request = DescribeLoadBalancerHealthRequest::new(name.as_str());
    let health = load_balancer.describe_load_balancer_health(request).await?;
    ensure_eq!(
        health.load_balancer_id,
        fixture.single,
        "LoadBalancerId of {name}"
    );
    let part = &name[..name.len() - 1];
    let request = DescribeLoadBalancerHealthRequest::new(part);
    let result = load_balancer.describe_load_balancer_health(request).await;
    refused(part, ErrorKind::NotFound, result)?;
    Ok(())
}

async fn some_groups(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let load_balancer = cx.load_balancer()?;
    let [first, second] = fixture.pair()?;
    let ask = |groups: Vec<BackendGroupId>| {
        let request = DescribeLoadBalancerHealthRequest::new(fixture.many.clone());
        load_balancer.describe_load_balancer_health(request.with_backend_groups(groups))
    };
    let health = ask(vec![
        second.id.clone(),
        first.id.clone(),
        second.name.as_str().into(),
    ])
    .await?;
    let mut found: Vec<&BackendGroupId> = health
        .groups
        .iter()
        .map(|one| &one.backend_group_id)
        .collect();
    found.sort();
    let mut expected = [&first.id, &second.id];
    expected.sort();
    ensure_eq!(found, expected, "the groups");
    for foreign in [&fixture.single_group.id, &"no-such-group".into()] {
        let result = ask(vec![first.id.clone(), foreign.clone()]).await;
        let error = refused(foreign.as_str(), ErrorKind::InvalidArgument, result)?;
        ensure!(
            error.message().contains(foreign.as_str()),
            "{foreign} is not in {error}"
        );
        for group in &fixture.many_groups {
            ensure!(
                error.message().contains(group.id.as_str()),
                "{} is not in {error}",
                group.id
            );
        }
    }
    cx.clear_calls();
    let result = ask(Vec::new()).await;
    refused(
        "an empty list of groups",
        ErrorKind::InvalidArgument,
        result,
    )?;
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

/// Registers one server and waits; gives the target.
async fn one_healthy(cx: &Context) -> Verdict<Target> {
    let fixture = cx.balancing()?;
    let id = only(cx.launch(1).await?)?;
    cx.register_and_wait(fixture.register(plain([&id]))).await?;
    Ok(Target::new(id).with_port(fixture.single_group.port))
}

async fn states(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let target = one_healthy(cx).await?;
    for (native, expected) in Vendor::of(cx.provider()).states {
        let group = &fixture.single_group.id;
        cx.controls()?.set_health(group, &target, native);
        let health = cx.health(&fixture.single).await?;
        let seen = target_of(&health, group, &target)?;
        ensure_eq!(seen.state, *expected, "the state for {native}");
        let well = *expected == HealthState::Healthy;
        ensure_eq!(seen.reason.is_none(), well, "no reason for {native}");
        ensure_eq!(
            summary(&health, &target.instance_id)?,
            *expected,
            "the summary"
        );
    }
    Ok(())
}

async fn unknown_state(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let target = one_healthy(cx).await?;
    let odd = Vendor::of(cx.provider()).odd_state;
    let group = &fixture.single_group.id;
    cx.controls()?.set_health(group, &target, odd);
    let health = cx.health(&fixture.single).await?;
    let seen = target_of(&health, group, &target)?;
    ensure_eq!(seen.state.as_str(), odd, "the state");
    ensure!(!seen.receives_traffic, "{odd} is said to receive traffic");
    let read: LoadBalancerHealth = serde_json::from_value(serde_json::to_value(&health)?)?;
    ensure_eq!(read, health, "what is read back");
    Ok(())
}

async fn worst(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let [first, second] = fixture.pair()?;
    let ids = cx.launch(2).await?;
    for group in [first, second] {
        let many = fixture.many.clone();
        let request = RegisterInstancesWithLoadBalancerRequest::new(many, plain(&ids));
        cx.register_and_wait(request.with_backend_group(group.id.clone()))
            .await?;
    }
    let controls = cx.controls()?;
    let bad = Target::new(ids[0].clone());
    controls.set_health(&second.id, &bad, Vendor::of(cx.provider()).unhealthy);
    let health = cx.health(&fixture.many).await?;
    for (group, expected) in [
        (first, HealthState::Healthy),
        (second, HealthState::Unhealthy),
    ] {
        let seen = target_of(&health, &group.id, &bad)?;
        ensure_eq!(seen.state, expected, "the state in {}", group.id);
    }
    ensure_eq!(
        summary(&health, &ids[0])?,
        HealthState::Unhealthy,
        "the bad instance"
    );
    ensure_eq!(
        summary(&health, &ids[1])?,
        HealthState::Healthy,
        "the good instance"
    );
    Ok(())
}

async fn calls(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    let fleet = cx.controls()?.add_fleet(30);
    let [first, second] = fixture.pair()?;
    for group in [first, second] {
        let many = fixture.many.clone();
        let request = RegisterInstancesWithLoadBalancerRequest::new(many, plain(&fleet));
        let request = request.with_backend_group(group.id.clone());
        cx.register(request).await??.into_result()?;
    }
    let load_balancer = cx.load_balancer()?;
    let all = DescribeLoadBalancerHealthRequest::new(fixture.many.clone());
    let one = all.clone().with_backend_groups([first.id.clone()]);
    for (request, groups) in [(all, fixture.many_groups.len()), (one, 1)] {
        cx.clear_calls();
        load_balancer.describe_load_balancer_health(request).await?;
        let health_calls = cx.calls_to("DescribeTargetHealth");
        ensure!(
            health_calls <= groups,
            "{health_calls} health calls for {groups} groups"
        );
        let others = cx.calls().len() - health_calls;
        let listeners = 3;
        ensure!(
            others <= listeners + 3,
            "{others} other calls for {groups} groups"
        );
    }
    Ok(())
}

async fn round_trip(cx: &Context) -> Verdict {
    let fixture = cx.balancing()?;
    one_healthy(cx).await?;
    let health = cx.health(&fixture.single).await?;
    let json = serde_json::to_value(&health)?;
    for member in ["LoadBalancerId", "Groups", "Instances"] {
        ensure!(json.get(member).is_some(), "{member} is missing in {json}");
    }
    for member in ["BackendGroupId", "Name", "Targets"] {
        let group = &json["Groups"][0];
        ensure!(
            group.get(member).is_some(),
            "{member} is missing in {group}"
        );
    }
    for member in ["InstanceId", "Port", "State", "ReceivesTraffic"] {
        let target = &json["Groups"][0]["Targets"][0];
        ensure!(
            target.get(member).is_some(),
            "{member} is missing in {target}"
        );
    }
    let read: LoadBalancerHealth = serde_json::from_value(json)?;
    ensure_eq!(read, health, "what is read back");
    Ok(())
}
