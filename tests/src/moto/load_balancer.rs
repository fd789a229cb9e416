//! Load balancers in moto: one with a single group, one with several, a classic one.

use cloudapi::Result;
use cloudapi_conformance::{GroupFixture, LoadBalancerFixture};

use super::wire::{Wire, element};

/// Makes them, with names of this run.
pub(super) async fn fixture(
    wire: Wire<'_>,
    run: u32,
    vpc: &str,
    subnets: [&str; 2],
) -> Result<LoadBalancerFixture> {
    let name = |what: &str| format!("{what}-{run}");
    let single = balancer(wire, &name("single"), subnets).await?;
    let single_group = group(wire, &name("web"), 80, vpc).await?;
    listener(wire, &single, 80, &single_group).await?;

    let many = balancer(wire, &name("many"), subnets).await?;
    let mut many_groups = Vec::new();
    for (what, port) in [("shop", 80), ("api", 8080), ("admin", 8081)] {
        many_groups.push(group(wire, &name(what), port, vpc).await?);
    }
    let http = listener(wire, &many, 80, &many_groups[0]).await?;
    let api = many_groups[1].id.as_str();
    let dark = group(wire, &name("dark"), 8080, vpc).await?.not_in_use();
    let forward = "Actions.member.1.ForwardConfig.TargetGroups.member";
    wire.elbv2(
        "CreateRule",
        &[
            ("ListenerArn", &http),
            ("Priority", "1"),
            ("Conditions.member.1.Field", "path-pattern"),
            ("Conditions.member.1.Values.member.1", "/api/*"),
            ("Actions.member.1.Type", "forward"),
            (&format!("{forward}.1.TargetGroupArn"), api),
            (&format!("{forward}.1.Weight"), "1"),
            (&format!("{forward}.2.TargetGroupArn"), dark.id.as_str()),
            (&format!("{forward}.2.Weight"), "0"),
        ],
    )
    .await?;
    many_groups.push(dark);
    listener(wire, &many, 8081, &many_groups[2]).await?;

    let classic = name("classic");
    wire.elb(
        "CreateLoadBalancer",
        &[
            ("LoadBalancerName", &classic),
            ("Listeners.member.1.Protocol", "HTTP"),
            ("Listeners.member.1.LoadBalancerPort", "80"),
            ("Listeners.member.1.InstancePort", "80"),
            ("Subnets.member.1", subnets[0]),
        ],
    )
    .await?;
    let fixture = LoadBalancerFixture::new(single, name("single"), single_group, many, many_groups);
    Ok(fixture.with_classic(classic))
}

/// Makes an application load balancer, and gives its ARN.
async fn balancer(wire: Wire<'_>, name: &str, subnets: [&str; 2]) -> Result<String> {
    let made = wire
        .elbv2(
            "CreateLoadBalancer",
            &[
                ("Name", name),
                ("Subnets.member.1", subnets[0]),
                ("Subnets.member.2", subnets[1]),
            ],
        )
        .await?;
    element(&made, "LoadBalancerArn")
}

async fn group(wire: Wire<'_>, name: &str, port: u16, vpc: &str) -> Result<GroupFixture> {
    let made = wire
        .elbv2(
            "CreateTargetGroup",
            &[
                ("Name", name),
                ("Protocol", "HTTP"),
                ("Port", &port.to_string()),
                ("VpcId", vpc),
                ("TargetType", "instance"),
            ],
        )
        .await?;
    Ok(GroupFixture::new(
        element(&made, "TargetGroupArn")?,
        name,
        port,
    ))
}

/// Makes a listener that forwards to a group, and gives its ARN.
async fn listener(
    wire: Wire<'_>,
    balancer: &str,
    port: u16,
    group: &GroupFixture,
) -> Result<String> {
    let made = wire
        .elbv2(
            "CreateListener",
            &[
                ("LoadBalancerArn", balancer),
                ("Protocol", "HTTP"),
                ("Port", &port.to_string()),
                ("DefaultActions.member.1.Type", "forward"),
                ("DefaultActions.member.1.TargetGroupArn", group.id.as_str()),
            ],
        )
        .await?;
    element(&made, "ListenerArn")
}
