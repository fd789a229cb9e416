//! The load balancers of the emulator, and what is behind them.

use cloudapi::{BackendGroupId, Provider};
use cloudapi_conformance::{GroupFixture, LoadBalancerFixture, NativeTarget};
use cloudapi_emulator::{Cloud, World, fixtures};

use super::cloud_of;

/// What load balancers there are in the emulator.
pub fn load_balancer_fixture(provider: Provider) -> LoadBalancerFixture {
    match cloud_of(provider) {
        Cloud::Aws => aws(),
        Cloud::Tencent => tencent(),
    }
}

/// The targets of a group as they really are.
pub(super) fn targets(world: World<'_>, group: &BackendGroupId) -> Vec<NativeTarget> {
    let targets = world.targets(place(group)).into_iter();
    targets
        .map(|target| {
            NativeTarget::new(target.id, target.port, target.state).with_weight(target.weight)
        })
        .collect()
}

/// The emulator's name for a group: of a rule, its own id.
pub(super) fn place(group: &BackendGroupId) -> &str {
    let id = group.as_str();
    match id.split_once('/') {
        Some((listener, rule)) if listener.starts_with("lbl-") => rule,
        _ => id,
    }
}

fn aws() -> LoadBalancerFixture {
    let arn = |name| fixtures::aws_load_balancer_arn(fixtures::AWS_REGION, name);
    let group = |name, port| {
        let id = fixtures::aws_target_group_arn(fixtures::AWS_REGION, name);
        GroupFixture::new(id, name, port)
    };
    LoadBalancerFixture::new(
        arn(fixtures::AWS_SINGLE_LOAD_BALANCER),
        fixtures::AWS_SINGLE_LOAD_BALANCER,
        group(fixtures::AWS_SINGLE_GROUP, 80),
        arn(fixtures::AWS_LOAD_BALANCER),
        vec![
            group(fixtures::AWS_WEB_GROUP, 80),
            group(fixtures::AWS_API_GROUP, 8080),
            group(fixtures::AWS_CANARY_GROUP, 8080),
            group(fixtures::AWS_DARK_GROUP, 8080).not_in_use(),
            group(fixtures::AWS_IP_GROUP, 80).without_instances(),
            group(fixtures::AWS_LAMBDA_GROUP, 0)
                .without_instances()
                .not_checked(),
        ],
    )
    .with_classic(fixtures::AWS_CLASSIC_LOAD_BALANCER)
}

fn tencent() -> LoadBalancerFixture {
    let rule =
        |listener, rule, name, port| GroupFixture::new(format!("{listener}/{rule}"), name, port);
    LoadBalancerFixture::new(
        fixtures::TENCENT_SINGLE_LOAD_BALANCER,
        "single",
        GroupFixture::new(fixtures::TENCENT_SINGLE_LISTENER, "TCP:80", 80),
        fixtures::TENCENT_LOAD_BALANCER,
        vec![
            GroupFixture::new(fixtures::TENCENT_TCP_LISTENER, "TCP:80", 80),
            GroupFixture::new(fixtures::TENCENT_UDP_LISTENER, "UDP:53", 53).not_checked(),
            rule(
                fixtures::TENCENT_HTTP_LISTENER,
                fixtures::TENCENT_ROOT_RULE,
                "www.example.com/",
                8080,
            ),
            rule(
                fixtures::TENCENT_HTTP_LISTENER,
                fixtures::TENCENT_API_RULE,
                "www.example.com/api",
                8080,
            ),
            rule(
                fixtures::TENCENT_HTTPS_LISTENER,
                fixtures::TENCENT_SHOP_RULE,
                "shop.example.com/",
                443,
            ),
        ],
    )
    .with_classic(fixtures::TENCENT_CLASSIC_LOAD_BALANCER)
    .with_shared_name("twin", fixtures::TENCENT_TWIN_LOAD_BALANCERS)
}
