//! The load balancers that every region begins with.

use time::OffsetDateTime;

use super::model::{Action, Balancer, Group, Listener, Rule, Target, V2};
use crate::fixtures::{self, aws_load_balancer_arn, aws_target_group_arn, suffix};
use crate::load_balancer::Phase;

impl V2 {
    pub(crate) fn new(region: &str, created: OffsetDateTime) -> Self {
        let [a, b, _] = fixtures::aws_zones(region);
        let both = vec![
            (a.clone(), fixtures::AWS_SUBNET.to_owned()),
            (b, fixtures::AWS_SUBNET_B.to_owned()),
        ];
        let balancer = |name: &str, kind: &'static str| Balancer {
            arn: aws_load_balancer_arn(region, name),
            name: name.to_owned(),
            kind,
            vpc_id: fixtures::AWS_VPC.to_owned(),
            zones: both.clone(),
            created,
        };
        let balancers = vec![
            balancer(fixtures::AWS_LOAD_BALANCER, "application"),
            balancer(fixtures::AWS_SINGLE_LOAD_BALANCER, "application"),
            Balancer {
                zones: vec![(a, fixtures::AWS_SUBNET.to_owned())],
                ..balancer(fixtures::AWS_ZONAL_LOAD_BALANCER, "application")
            },
            balancer(fixtures::AWS_NETWORK_LOAD_BALANCER, "network"),
            balancer(fixtures::AWS_GATEWAY_LOAD_BALANCER, "gateway"),
        ];
        Self {
            balancers,
            listeners: listeners(region),
            groups: groups(region),
        }
    }
}

fn listeners(region: &str) -> Vec<Listener> {
    let forward = |groups: &[(&str, u32)]| {
        let groups = groups
            .iter()
            .map(|(name, weight)| (aws_target_group_arn(region, name), *weight));
        Action::Forward(groups.collect())
    };
    let listener = |balancer: &str, port: Option<i64>, protocol, action| {
        let arn = aws_load_balancer_arn(region, balancer).replacen("loadbalancer/", "listener/", 1);
        let tail = suffix(&format!("{balancer}:{}", port.unwrap_or_default()));
        Listener {
            arn: format!("{arn}/{tail}"),
            balancer: aws_load_balancer_arn(region, balancer),
            port,
            protocol,
            action,
            rules: Vec::new(),
        }
    };
    let (http, https) = (Some("HTTP"), Some("HTTPS"));
    let web = fixtures::AWS_LOAD_BALANCER;
    let mut first = listener(
        web,
        Some(80),
        http,
        forward(&[(fixtures::AWS_WEB_GROUP, 1)]),
    );
    let shares = [
        (fixtures::AWS_API_GROUP, 90),
        (fixtures::AWS_CANARY_GROUP, 10),
        (fixtures::AWS_DARK_GROUP, 0),
    ];
    first.rules = [
        (10, "/api/*", forward(&shares)),
        (20, "/ip/*", forward(&[(fixtures::AWS_IP_GROUP, 1)])),
        (30, "/fn/*", forward(&[(fixtures::AWS_LAMBDA_GROUP, 1)])),
    ]
    .into_iter()
    .map(|(priority, path, action)| rule(&first.arn, priority, path, action))
    .collect();
    let mut second = listener(web, Some(443), https, Action::FixedResponse);
    // The default group once more, through another listener.
    let again = forward(&[(fixtures::AWS_WEB_GROUP, 1)]);
    second.rules = vec![rule(&second.arn, 1, "/*", again)];
    vec![
        first,
        second,
        listener(web, Some(8000), http, Action::Redirect),
        listener(
            fixtures::AWS_SINGLE_LOAD_BALANCER,
            Some(80),
            http,
            forward(&[(fixtures::AWS_SINGLE_GROUP, 1)]),
        ),
        listener(
            fixtures::AWS_ZONAL_LOAD_BALANCER,
            Some(80),
            http,
            forward(&[(fixtures::AWS_ZONAL_GROUP, 1)]),
        ),
        listener(
            fixtures::AWS_NETWORK_LOAD_BALANCER,
            Some(80),
            Some("TCP"),
            forward(&[(fixtures::AWS_TCP_GROUP, 1)]),
        ),
        listener(
            fixtures::AWS_NETWORK_LOAD_BALANCER,
            Some(8080),
            Some("TCP"),
            forward(&[(fixtures::AWS_BALANCER_GROUP, 1)]),
        ),
        listener(
            fixtures::AWS_GATEWAY_LOAD_BALANCER,
            None,
            None,
            forward(&[(fixtures::AWS_GENEVE_GROUP, 1)]),
        ),
    ]
}

fn rule(listener_arn: &str, priority: u32, path: &'static str, action: Action) -> Rule {
    let arn = listener_arn.replacen(":listener/", ":listener-rule/", 1);
    let tail = suffix(&format!("{listener_arn}:{priority}"));
    Rule {
        arn: format!("{arn}/{tail}"),
        priority,
        path,
        action,
    }
}

fn groups(region: &str) -> Vec<Group> {
    let group = |name: &str, kind, protocol, port| {
        let arn = aws_target_group_arn(region, name);
        Group::new(
            arn,
            name,
            kind,
            Some(protocol),
            Some(port),
            Some(fixtures::AWS_VPC),
        )
    };
    let settled = |id: String, port| Target {
        id,
        port,
        zone: None,
        phase: Phase::Settled("healthy".into()),
    };
    let name = fixtures::AWS_LAMBDA_GROUP;
    let arn = aws_target_group_arn(region, name);
    let mut lambda = Group::new(arn, name, "lambda", None, None, None);
    lambda.targets = vec![settled(fixtures::aws_function_arn(region), None)];
    let mut chained = group(fixtures::AWS_BALANCER_GROUP, "alb", "TCP", 80);
    let web = aws_load_balancer_arn(region, fixtures::AWS_LOAD_BALANCER);
    chained.targets = vec![settled(web, Some(80))];
    vec![
        group(fixtures::AWS_WEB_GROUP, "instance", "HTTP", 80),
        group(fixtures::AWS_API_GROUP, "instance", "HTTP", 8080),
        group(fixtures::AWS_CANARY_GROUP, "instance", "HTTP", 8080),
        group(fixtures::AWS_DARK_GROUP, "instance", "HTTP", 8080),
        group(fixtures::AWS_IP_GROUP, "ip", "HTTP", 80),
        lambda,
        group(fixtures::AWS_SINGLE_GROUP, "instance", "HTTP", 80),
        group(fixtures::AWS_ZONAL_GROUP, "instance", "HTTP", 80),
        group(fixtures::AWS_TCP_GROUP, "instance", "TCP", 80),
        chained,
        group(fixtures::AWS_GENEVE_GROUP, "instance", "GENEVE", 6081),
        group(fixtures::AWS_UNATTACHED_GROUP, "instance", "HTTP", 80),
    ]
}
