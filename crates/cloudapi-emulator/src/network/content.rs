//! The route tables and gateways that every region begins with.

use time::OffsetDateTime;

use super::routes::{Gateway, Route, RouteTable};
use crate::fixtures::{
    AWS_BALANCER_ENDPOINT, AWS_DELETED_NAT_GATEWAY, AWS_EGRESS_ONLY_GATEWAY, AWS_GATEWAY_ENDPOINT,
    AWS_INTERNET_GATEWAY, AWS_NAT_GATEWAY, AWS_NAT_GATEWAY_B, AWS_NETWORK_INTERFACE,
    AWS_OTHER_INTERNET_GATEWAY, AWS_OTHER_ROUTE_TABLE, AWS_OTHER_VPC, AWS_OWN_PREFIX_LIST,
    AWS_PEERING, AWS_PREFIX_LIST, AWS_PRIVATE_ROUTE_TABLE, AWS_ROUTE_TABLE, AWS_SUBNET_B,
    AWS_TRANSIT_GATEWAY, AWS_VPC, AWS_VPN_GATEWAY, TENCENT_CCN, TENCENT_DIRECT_CONNECT_GATEWAY,
    TENCENT_ECMP_ROUTE_TABLE, TENCENT_HA_VIP, TENCENT_INTRANET_NAT, TENCENT_NAT_GATEWAY,
    TENCENT_NAT_GATEWAY_B, TENCENT_NEXT_HOP_ADDRESS, TENCENT_OTHER_ROUTE_TABLE,
    TENCENT_OTHER_SUBNET, TENCENT_OTHER_VPC, TENCENT_PEERING, TENCENT_PRIVATE_ROUTE_TABLE,
    TENCENT_ROUTE_TABLE, TENCENT_SUBNET, TENCENT_SUBNET_B, TENCENT_VPC, TENCENT_VPN_GATEWAY,
    TENCENT_VPN_GATEWAY_B,
};

/// The IPv6 network of the default VPC at EC2.
pub(crate) const AWS_IPV6: &str = "2001:db8:1234:1a00::/56";

pub(super) fn aws_gateways() -> Vec<Gateway> {
    let gateway = |kind, id, vpc_id| Gateway {
        kind,
        id,
        vpc_id,
        available: true,
    };
    vec![
        gateway("GatewayId", AWS_INTERNET_GATEWAY, AWS_VPC),
        gateway("GatewayId", AWS_OTHER_INTERNET_GATEWAY, AWS_OTHER_VPC),
        gateway("GatewayId", AWS_VPN_GATEWAY, AWS_VPC),
        gateway("NatGatewayId", AWS_NAT_GATEWAY, AWS_VPC),
        gateway("NatGatewayId", AWS_NAT_GATEWAY_B, AWS_VPC),
        Gateway {
            available: false,
            ..gateway("NatGatewayId", AWS_DELETED_NAT_GATEWAY, AWS_VPC)
        },
        gateway("TransitGatewayId", AWS_TRANSIT_GATEWAY, ""),
        gateway("VpcPeeringConnectionId", AWS_PEERING, ""),
        gateway("NetworkInterfaceId", AWS_NETWORK_INTERFACE, AWS_VPC),
        gateway(
            "EgressOnlyInternetGatewayId",
            AWS_EGRESS_ONLY_GATEWAY,
            AWS_VPC,
        ),
        gateway("VpcEndpointId", AWS_BALANCER_ENDPOINT, AWS_VPC),
        gateway("GatewayEndpoint", AWS_GATEWAY_ENDPOINT, AWS_VPC),
    ]
}

pub(super) fn aws_tables(created: OffsetDateTime) -> Vec<RouteTable> {
    let of = |origin: &'static str| {
        move |destination: &str, kind: &str, target: &str| {
            Route::new(destination, kind, target, origin, created)
        }
    };
    let local = of("CreateRouteTable");
    let fixed = of("CreateRoute");
    let propagated = of("EnableVgwRoutePropagation");
    let mut main = RouteTable::new(AWS_ROUTE_TABLE, "main", AWS_VPC, true, &[]);
    main.routes = vec![
        local("10.0.0.0/16", "GatewayId", "local"),
        local(AWS_IPV6, "GatewayId", "local"),
        fixed("0.0.0.0/0", "GatewayId", AWS_INTERNET_GATEWAY),
    ];
    let mut private = RouteTable::new(
        AWS_PRIVATE_ROUTE_TABLE,
        "private",
        AWS_VPC,
        false,
        &[AWS_SUBNET_B],
    );
    private.propagating = vec![AWS_VPN_GATEWAY.to_owned()];
    private.routes = vec![
        local("10.0.0.0/16", "GatewayId", "local"),
        local(AWS_IPV6, "GatewayId", "local"),
        fixed("0.0.0.0/0", "NatGatewayId", AWS_NAT_GATEWAY),
        fixed(
            "::/0",
            "EgressOnlyInternetGatewayId",
            AWS_EGRESS_ONLY_GATEWAY,
        ),
        fixed("10.1.0.0/16", "VpcPeeringConnectionId", AWS_PEERING),
        fixed("10.2.0.0/16", "TransitGatewayId", AWS_TRANSIT_GATEWAY),
        fixed("192.168.10.0/24", "GatewayId", AWS_VPN_GATEWAY),
        fixed(
            "198.51.100.0/24",
            "NetworkInterfaceId",
            AWS_NETWORK_INTERFACE,
        ),
        // A Gateway Load Balancer endpoint is set by one name and shown by another.
        fixed("192.0.2.0/24", "VpcEndpointId", AWS_BALANCER_ENDPOINT),
        // The target is gone.
        fixed("203.0.113.0/24", "NatGatewayId", AWS_DELETED_NAT_GATEWAY),
        fixed(AWS_OWN_PREFIX_LIST, "TransitGatewayId", AWS_TRANSIT_GATEWAY),
        // Managed by the endpoint, though its origin looks like that of any other.
        fixed(AWS_PREFIX_LIST, "GatewayEndpoint", AWS_GATEWAY_ENDPOINT),
        propagated("192.168.0.0/16", "GatewayId", AWS_VPN_GATEWAY),
        // A static route has the same destination.
        propagated("192.168.10.0/24", "GatewayId", AWS_VPN_GATEWAY),
    ];
    let mut other = RouteTable::new(AWS_OTHER_ROUTE_TABLE, "other", AWS_OTHER_VPC, true, &[]);
    other.routes = vec![local("172.31.0.0/16", "GatewayId", "local")];
    vec![main, private, other]
}

pub(super) fn tencent_gateways() -> Vec<Gateway> {
    let gateway = |kind, id, vpc_id| Gateway {
        kind,
        id,
        vpc_id,
        available: true,
    };
    vec![
        gateway("NAT", TENCENT_NAT_GATEWAY, TENCENT_VPC),
        gateway("NAT", TENCENT_NAT_GATEWAY_B, TENCENT_VPC),
        gateway("VPN", TENCENT_VPN_GATEWAY, TENCENT_VPC),
        gateway("VPN", TENCENT_VPN_GATEWAY_B, TENCENT_VPC),
        gateway("DIRECTCONNECT", TENCENT_DIRECT_CONNECT_GATEWAY, TENCENT_VPC),
        gateway("PEERCONNECTION", TENCENT_PEERING, ""),
        gateway("HAVIP", TENCENT_HA_VIP, TENCENT_VPC),
        gateway("INTRANAT", TENCENT_INTRANET_NAT, TENCENT_VPC),
        gateway("USER_CCN", TENCENT_CCN, ""),
    ]
}

/// The tables, and the number of the last route in them.
pub(super) fn tencent_tables(created: OffsetDateTime) -> (Vec<RouteTable>, u64) {
    let mut number = 10_000;
    let mut count = 0;
    let mut route = |destination: &str, kind: &str, target: &str, origin: &str| {
        let mut route = Route::new(destination, kind, target, origin, created);
        count += 1;
        if route.is_ipv6() {
            route.item = format!("rti6-fix{count:05}");
        } else {
            number += 1;
            route.number = number;
            route.item = format!("rti-fix{count:05}");
        }
        route
    };
    let mut main = RouteTable::new(
        TENCENT_ROUTE_TABLE,
        "main",
        TENCENT_VPC,
        true,
        &[TENCENT_SUBNET],
    );
    main.routes = vec![route("0.0.0.0/0", "NAT", TENCENT_NAT_GATEWAY, "USER")];
    let mut private = RouteTable::new(
        TENCENT_PRIVATE_ROUTE_TABLE,
        "private",
        TENCENT_VPC,
        false,
        &[TENCENT_SUBNET_B],
    );
    private.routes = vec![
        Route {
            description: "way out".to_owned(),
            ..route("0.0.0.0/0", "NAT", TENCENT_NAT_GATEWAY, "USER")
        },
        route("10.1.0.0/16", "PEERCONNECTION", TENCENT_PEERING, "USER"),
        route("192.168.0.0/16", "VPN", TENCENT_VPN_GATEWAY, "USER"),
        route(
            "198.51.100.0/24",
            "NORMAL_CVM",
            TENCENT_NEXT_HOP_ADDRESS,
            "USER",
        ),
        Route {
            description: "paused".to_owned(),
            enabled: false,
            ..route("203.0.113.0/24", "HAVIP", TENCENT_HA_VIP, "USER")
        },
        route("198.18.0.0/15", "EIP", "0", "USER"),
        route("172.20.0.0/16", "CCN", TENCENT_CCN, "CCN"),
        route("192.0.2.1/32", "VPN", TENCENT_VPN_GATEWAY, "NETD"),
        route(
            "2402:4e00:1000:810b::/64",
            "DIRECTCONNECT",
            TENCENT_DIRECT_CONNECT_GATEWAY,
            "USER",
        ),
        route(
            "2402:4e00:2000::/48",
            "PEERCONNECTION",
            TENCENT_PEERING,
            "USER",
        ),
    ];
    let mut ecmp = RouteTable::new(TENCENT_ECMP_ROUTE_TABLE, "ecmp", TENCENT_VPC, false, &[]);
    ecmp.routes = vec![
        route("192.168.0.0/16", "VPN", TENCENT_VPN_GATEWAY, "USER"),
        route("192.168.0.0/16", "VPN", TENCENT_VPN_GATEWAY_B, "USER"),
    ];
    let other = RouteTable::new(
        TENCENT_OTHER_ROUTE_TABLE,
        "other",
        TENCENT_OTHER_VPC,
        true,
        &[TENCENT_OTHER_SUBNET],
    );
    (vec![main, private, ecmp, other], number)
}
