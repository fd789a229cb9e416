//! Load balancers: who is behind one, how they are, who gets the traffic.

use std::time::Duration;

use cloudapi::emulator::{Cloud, fixtures};
use cloudapi::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, DescribeLoadBalancerHealthRequest, LoadBalancerExt,
    LoadBalancerHealth, RegisterInstancesWithLoadBalancerRequest, Target, TargetOutcomes,
};

use crate::show::{Table, chapter, native_calls, note, step};
use crate::side::Side;
use crate::{Result, Tour};

/// What of the emulator's the chapter works with.
struct Balancing {
    /// The name of a load balancer with several groups.
    many: &'static str,
    /// Two of these groups.
    groups: [&'static str; 2],
    /// The cloud's word for a target whose checks fail.
    unhealthy: &'static str,
    /// A classic load balancer.
    classic: &'static str,
}

impl Balancing {
    fn of(side: &Side) -> Self {
        match side.emulated_cloud() {
            Cloud::Aws => Self {
                many: fixtures::AWS_LOAD_BALANCER,
                groups: [fixtures::AWS_WEB_GROUP, fixtures::AWS_API_GROUP],
                unhealthy: "unhealthy",
                classic: fixtures::AWS_CLASSIC_LOAD_BALANCER,
            },
            Cloud::Tencent => Self {
                many: fixtures::TENCENT_LOAD_BALANCER,
                groups: [fixtures::TENCENT_TCP_LISTENER, fixtures::TENCENT_API_RULE],
                unhealthy: "Dead",
                classic: fixtures::TENCENT_CLASSIC_LOAD_BALANCER,
            },
        }
    }
}

/// Walks through the operations, on the emulator: the interface makes no load balancers, so a real account has none to spare.
pub(crate) async fn walk(tour: &Tour) -> Result {
    let Some(emulator) = &tour.emulator else {
        return Ok(());
    };
    chapter("Load balancers (ELB at AWS, CLB at Tencent Cloud)");
    let mut servers = Vec::new();
    for side in &tour.sides {
        servers.push(emulator.add_instances(side.emulated_cloud(), 3));
    }
    choices(tour, &servers).await?;
    register(tour, &servers).await?;
    register_again(tour, &servers).await?;
    health(tour, &servers).await?;
    deregister(tour, &servers).await?;
    classic(tour, &servers).await
}

async fn choices(tour: &Tour, servers: &[Vec<String>]) -> Result {
    step(
        tour,
        "RegisterInstancesWithLoadBalancer",
        "several backend groups and none named: the choices, instead of a guess",
    );
    println!();
    for (side, ids) in tour.sides.iter().zip(servers) {
        let targets = [Target::new(ids[0].as_str())];
        let many = Balancing::of(side).many;
        let request = RegisterInstancesWithLoadBalancerRequest::new(many, targets);
        let load_balancer = side.cloud.load_balancer()?;
        let refused = load_balancer
            .register_instances_with_load_balancer(request)
            .await;
        let error = refused.err().ok_or("a group was guessed")?;
        note(&format!("{} {}", side.provider, error.kind()));
        for group in error.resources() {
            note(&format!("  {group}"));
        }
    }
    println!();
    native_calls(tour);
    Ok(())
}

async fn register(tour: &Tour, servers: &[Vec<String>]) -> Result {
    step(
        tour,
        "RegisterInstancesWithLoadBalancer",
        "in two groups, one server at two ports, with an id that does not exist: it does not sink the rest",
    );
    let mut all = Vec::new();
    for (side, ids) in tour.sides.iter().zip(servers) {
        let balancing = Balancing::of(side);
        let load_balancer = side.cloud.load_balancer()?;
        let mut targets: Vec<Target> = ids.iter().map(|id| Target::new(id.as_str())).collect();
        targets.push(Target::new(ids[0].as_str()).with_port(9090));
        let with_unknown = [targets.clone(), vec![Target::new(side.unknown_id)]].concat();
        for (group, targets) in balancing.groups.into_iter().zip([with_unknown, targets]) {
            let request = RegisterInstancesWithLoadBalancerRequest::new(balancing.many, targets)
                .with_backend_group(group);
            let outcomes = load_balancer
                .register_instances_with_load_balancer(request)
                .await?;
            all.push((
                side,
                load_balancer
                    .wait_until_healthy(outcomes, &tour.wait)
                    .await?,
            ));
        }
    }
    outcomes(&all);
    native_calls(tour);
    Ok(())
}

async fn register_again(tour: &Tour, servers: &[Vec<String>]) -> Result {
    step(
        tour,
        "RegisterInstancesWithLoadBalancer",
        "once more: a success, reported as such, and nothing is changed",
    );
    let mut all = Vec::new();
    for (side, ids) in tour.sides.iter().zip(servers) {
        let Balancing { many, groups, .. } = Balancing::of(side);
        let targets = ids.iter().map(|id| Target::new(id.as_str()));
        let request = RegisterInstancesWithLoadBalancerRequest::new(many, targets)
            .with_backend_group(groups[0]);
        let load_balancer = side.cloud.load_balancer()?;
        let again = load_balancer
            .register_instances_with_load_balancer(request)
            .await?;
        all.push((side, again.into_result()?));
    }
    outcomes(&all);
    native_calls(tour);
    Ok(())
}

async fn health(tour: &Tour, servers: &[Vec<String>]) -> Result {
    let Some(emulator) = &tour.emulator else {
        return Ok(());
    };
    step(
        tour,
        "DescribeLoadBalancerHealth",
        "every group, server and port; the checks of one server fail in one group",
    );
    let mut all = Vec::new();
    for (side, ids) in tour.sides.iter().zip(servers) {
        let balancing = Balancing::of(side);
        let world = emulator.world();
        world.set_target_health(balancing.groups[1], &ids[1], None, balancing.unhealthy);
        let request = DescribeLoadBalancerHealthRequest::new(balancing.many);
        let load_balancer = side.cloud.load_balancer()?;
        let health = load_balancer.describe_load_balancer_health(request).await?;
        all.push((side, health));
    }
    targets(&all);
    let mut table = Table::new(["cloud", "InstanceId", "over all groups and ports"]);
    for (side, health) in &all {
        for instance in &health.instances {
            table.row([
                side.provider.to_string(),
                instance.instance_id.to_string(),
                instance.state.to_string(),
            ]);
        }
    }
    table.print();
    note(
        "AWS tells health group by group, Tencent Cloud for all groups at once; never a call for each server.",
    );
    native_calls(tour);
    Ok(())
}

async fn deregister(tour: &Tour, servers: &[Vec<String>]) -> Result {
    step(
        tour,
        "DeregisterInstancesFromLoadBalancer",
        "open connections may end; a server that is named without a port is taken out at each port it has",
    );
    let mut all = Vec::new();
    for (side, ids) in tour.sides.iter().zip(servers) {
        let Balancing { many, groups, .. } = Balancing::of(side);
        let load_balancer = side.cloud.load_balancer()?;
        let targets = [Target::new(ids[0].as_str()), Target::new(side.unknown_id)];
        let request = DeregisterInstancesFromLoadBalancerRequest::new(many, targets)
            .with_backend_group(groups[0])
            .with_drain(Duration::from_millis(200));
        let outcomes = load_balancer
            .deregister_instances_from_load_balancer(request)
            .await?;
        let gone = load_balancer
            .wait_until_drained(outcomes, &tour.wait)
            .await?;
        all.push((side, gone.into_result()?));
    }
    outcomes(&all);
    note("AWS drains by the group's own delay; at Tencent Cloud the weight is 0 for so long.");
    native_calls(tour);
    Ok(())
}

async fn classic(tour: &Tour, servers: &[Vec<String>]) -> Result {
    step(
        tour,
        "DescribeLoadBalancerHealth",
        "a load balancer of the classic kind, in the same model",
    );
    let mut all = Vec::new();
    for (side, ids) in tour.sides.iter().zip(servers) {
        let classic = Balancing::of(side).classic;
        let load_balancer = side.cloud.load_balancer()?;
        let targets = ids.iter().map(|id| Target::new(id.as_str()));
        let request = RegisterInstancesWithLoadBalancerRequest::new(classic, targets);
        let registered = match load_balancer
            .register_instances_with_load_balancer(request)
            .await
        {
            Ok(registered) => registered,
            // The classic kind of AWS is a feature of its own.
            Err(error) => {
                note(&error.to_string());
                continue;
            }
        };
        let registered = load_balancer
            .wait_until_healthy(registered, &tour.wait)
            .await?;
        registered.into_result()?;
        let request = DescribeLoadBalancerHealthRequest::new(classic);
        let health = load_balancer.describe_load_balancer_health(request).await?;
        all.push((side, health));
    }
    targets(&all);
    native_calls(tour);
    Ok(())
}

/// An ARN is longer than a line; what stands behind its last colon says as much.
fn short(id: &str) -> &str {
    id.rsplit_once(':').map_or(id, |(_, rest)| rest)
}

fn outcomes(all: &[(&Side, TargetOutcomes)]) {
    let mut table = Table::new([
        "cloud",
        "group",
        "InstanceId",
        "Port",
        "Weight",
        "Status",
        "before",
        "after",
        "Error",
    ]);
    let text = |value: Option<String>| value.unwrap_or_default();
    for (side, outcomes) in all {
        for outcome in outcomes {
            table.row([
                side.provider.to_string(),
                short(outcome.backend_group_id.as_str()).to_owned(),
                outcome.instance_id.to_string(),
                text(outcome.port.map(|port| port.to_string())),
                text(outcome.weight.map(|weight| weight.to_string())),
                format!("{:?}", outcome.status),
                text(outcome.previous_state.as_ref().map(ToString::to_string)),
                text(outcome.current_state.as_ref().map(ToString::to_string)),
                text(outcome.error.as_ref().map(|error| error.kind().to_string())),
            ]);
        }
    }
    table.print();
}

fn targets(all: &[(&Side, LoadBalancerHealth)]) {
    let mut table = Table::new([
        "cloud", "group", "target", "Port", "Weight", "State", "traffic", "Reason",
    ]);
    let text = |value: Option<String>| value.unwrap_or_default();
    for (side, health) in all {
        for group in &health.groups {
            let name = group
                .name
                .as_deref()
                .unwrap_or(group.backend_group_id.as_str());
            for target in &group.targets {
                table.row([
                    side.provider.to_string(),
                    name.to_owned(),
                    short(target.id()).to_owned(),
                    text(target.port.map(|port| port.to_string())),
                    text(target.weight.map(|weight| weight.to_string())),
                    target.state.to_string(),
                    if target.receives_traffic { "yes" } else { "no" }.to_owned(),
                    text(target.reason.clone()),
                ]);
            }
        }
    }
    table.print();
}
