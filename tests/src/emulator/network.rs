//! The route tables of the emulator, as they are to be described.

use cloudapi::network::{
    Destination, Route, RouteOrigin, RouteState, RouteTable, RouteTarget, RouteTargetKind,
};
use cloudapi::{Provider, RouteTableId};
use cloudapi_conformance::{NativeRoute, NetworkFixture};
use cloudapi_emulator::{Cloud, RouteEntry, World, fixtures};

use super::cloud_of;

/// What route tables there are in the emulator.
pub fn network_fixture(provider: Provider) -> NetworkFixture {
    match cloud_of(provider) {
        Cloud::Aws => aws(),
        Cloud::Tencent => tencent(),
    }
}

/// The routes of a table as they really are.
pub(super) fn routes(world: World<'_>, table: &RouteTableId) -> Vec<NativeRoute> {
    let routes = world.routes(table.as_str()).into_iter();
    routes
        .map(|route| {
            NativeRoute::new(route.destination, route.kind, route.target)
                .with_origin(route.origin, route.state)
                .with_description(route.description)
        })
        .collect()
}

/// A route to add.
pub(super) fn entry(route: NativeRoute) -> RouteEntry {
    let entry = RouteEntry::new(route.destination, route.kind, route.target)
        .with_origin(route.origin)
        .with_description(route.description);
    if route.state == "disabled" {
        entry.disabled()
    } else {
        entry
    }
}

/// A route as it is described, of one of these origins.
fn route(destination: &str, kind: RouteTargetKind, id: &str, origin: RouteOrigin) -> Route {
    Route::new(
        Destination::from(destination),
        RouteTarget::new(kind, id),
        origin,
    )
}

fn table(id: &str, vpc: &str, subnet: &str, routes: Vec<Route>) -> RouteTable {
    let mut table = RouteTable::new(id).with_routes(routes);
    table.name = Some("private".to_owned());
    table.vpc_id = Some(vpc.to_owned());
    table.subnet_ids = vec![subnet.to_owned()];
    table
}

fn aws() -> NetworkFixture {
    use RouteOrigin::{Local, Propagated, Static, System};
    use RouteTargetKind as Kind;

    let routes = vec![
        route("10.0.0.0/16", Kind::Local, "local", Local),
        route("2001:db8:1234:1a00::/56", Kind::Local, "local", Local),
        route(
            "0.0.0.0/0",
            Kind::NatGateway,
            fixtures::AWS_NAT_GATEWAY,
            Static,
        ),
        route(
            "::/0",
            Kind::EgressOnlyInternetGateway,
            fixtures::AWS_EGRESS_ONLY_GATEWAY,
            Static,
        ),
        route("10.1.0.0/16", Kind::Peering, fixtures::AWS_PEERING, Static),
        route(
            "10.2.0.0/16",
            Kind::TransitGateway,
            fixtures::AWS_TRANSIT_GATEWAY,
            Static,
        ),
        route(
            "192.168.10.0/24",
            Kind::VpnGateway,
            fixtures::AWS_VPN_GATEWAY,
            Static,
        ),
        route(
            "198.51.100.0/24",
            Kind::NetworkInterface,
            fixtures::AWS_NETWORK_INTERFACE,
            Static,
        ),
        route(
            "192.0.2.0/24",
            Kind::VpcEndpoint,
            fixtures::AWS_BALANCER_ENDPOINT,
            Static,
        ),
        route(
            "203.0.113.0/24",
            Kind::NatGateway,
            fixtures::AWS_DELETED_NAT_GATEWAY,
            Static,
        )
        .with_state(RouteState::Blackhole),
        route(
            fixtures::AWS_OWN_PREFIX_LIST,
            Kind::TransitGateway,
            fixtures::AWS_TRANSIT_GATEWAY,
            Static,
        ),
        route(
            fixtures::AWS_PREFIX_LIST,
            Kind::VpcEndpoint,
            fixtures::AWS_GATEWAY_ENDPOINT,
            System,
        ),
        route(
            "192.168.0.0/16",
            Kind::VpnGateway,
            fixtures::AWS_VPN_GATEWAY,
            Propagated,
        ),
        route(
            "192.168.10.0/24",
            Kind::VpnGateway,
            fixtures::AWS_VPN_GATEWAY,
            Propagated,
        ),
    ];
    let table = table(
        fixtures::AWS_PRIVATE_ROUTE_TABLE,
        fixtures::AWS_VPC,
        fixtures::AWS_SUBNET_B,
        routes,
    );
    NetworkFixture::new(
        table,
        RouteTarget::new(Kind::NatGateway, fixtures::AWS_NAT_GATEWAY_B),
        RouteTarget::new(Kind::NetworkInterface, fixtures::AWS_NETWORK_INTERFACE),
    )
    .with_main_table(
        fixtures::AWS_ROUTE_TABLE,
        fixtures::AWS_SUBNET,
        fixtures::AWS_OTHER_VPC,
    )
}

fn tencent() -> NetworkFixture {
    use RouteOrigin::{Propagated, Static, System};
    use RouteTargetKind as Kind;

    let text = |text: &str| Some(text.to_owned());
    let routes = vec![
        route(
            "0.0.0.0/0",
            Kind::NatGateway,
            fixtures::TENCENT_NAT_GATEWAY,
            Static,
        )
        .with_description(text("way out")),
        route(
            "10.1.0.0/16",
            Kind::Peering,
            fixtures::TENCENT_PEERING,
            Static,
        ),
        route(
            "192.168.0.0/16",
            Kind::VpnGateway,
            fixtures::TENCENT_VPN_GATEWAY,
            Static,
        ),
        route(
            "198.51.100.0/24",
            Kind::PrivateAddress,
            fixtures::TENCENT_NEXT_HOP_ADDRESS,
            Static,
        ),
        route(
            "203.0.113.0/24",
            Kind::HaVip,
            fixtures::TENCENT_HA_VIP,
            Static,
        )
        .with_state(RouteState::Disabled)
        .with_description(text("paused")),
        route("198.18.0.0/15", Kind::ElasticIp, "0", Static),
        route(
            "172.20.0.0/16",
            Kind::CloudConnectNetwork,
            fixtures::TENCENT_CCN,
            Propagated,
        ),
        route(
            "192.0.2.1/32",
            Kind::VpnGateway,
            fixtures::TENCENT_VPN_GATEWAY,
            System,
        ),
        route(
            "2402:4e00:1000:810b::/64",
            Kind::DirectConnectGateway,
            fixtures::TENCENT_DIRECT_CONNECT_GATEWAY,
            Static,
        ),
        route(
            "2402:4e00:2000::/48",
            Kind::Peering,
            fixtures::TENCENT_PEERING,
            Static,
        ),
    ];
    let table = table(
        fixtures::TENCENT_PRIVATE_ROUTE_TABLE,
        fixtures::TENCENT_VPC,
        fixtures::TENCENT_SUBNET_B,
        routes,
    );
    NetworkFixture::new(
        table,
        RouteTarget::new(Kind::NatGateway, fixtures::TENCENT_NAT_GATEWAY_B),
        RouteTarget::new(Kind::VpnGateway, fixtures::TENCENT_VPN_GATEWAY_B),
    )
    .with_main_table(
        fixtures::TENCENT_ROUTE_TABLE,
        fixtures::TENCENT_SUBNET,
        fixtures::TENCENT_OTHER_VPC,
    )
    .with_shared_destination(fixtures::TENCENT_ECMP_ROUTE_TABLE, "192.168.0.0/16")
}
