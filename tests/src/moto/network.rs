//! A network in moto, with a table of many kinds of routes.

use cloudapi::Result;
use cloudapi::network::{
    Destination, Route, RouteOrigin, RouteTable, RouteTarget, RouteTargetKind as Kind,
};
use cloudapi_conformance::NetworkFixture;

use super::wire::{Wire, element};

/// Makes it: a new one for each run, as a run may leave tables changed when it fails.
pub(super) async fn fixture(wire: Wire<'_>, other_vpc: &str) -> Result<NetworkFixture> {
    let made = wire
        .ec2(
            "CreateVpc",
            &[
                ("CidrBlock", "10.20.0.0/16"),
                ("AmazonProvidedIpv6CidrBlock", "true"),
            ],
        )
        .await?;
    let vpc = element(&made, "vpcId")?;
    let main_subnet = subnet(wire, &vpc, "10.20.1.0/24").await?;
    let table_subnet = subnet(wire, &vpc, "10.20.2.0/24").await?;
    let main_table = wire
        .ec2(
            "DescribeRouteTables",
            &[("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", &vpc)],
        )
        .await?;
    let main_table = element(&main_table, "routeTableId")?;

    let gateways = gateways(wire, &vpc, &main_subnet, other_vpc).await?;
    let statics = [
        ("0.0.0.0/0", Kind::NatGateway, &gateways.nat[0]),
        (
            "::/0",
            Kind::EgressOnlyInternetGateway,
            &gateways.egress_only[0],
        ),
        ("10.1.0.0/16", Kind::Peering, &gateways.peering),
        ("10.2.0.0/16", Kind::TransitGateway, &gateways.transit),
        ("192.168.10.0/24", Kind::VpnGateway, &gateways.vpn),
        (
            &gateways.prefix_list,
            Kind::TransitGateway,
            &gateways.transit,
        ),
    ];
    let made = wire
        .ec2(
            "CreateRouteTable",
            &[
                ("VpcId", &vpc),
                ("TagSpecification.1.ResourceType", "route-table"),
                ("TagSpecification.1.Tag.1.Key", "Name"),
                ("TagSpecification.1.Tag.1.Value", "private"),
            ],
        )
        .await?;
    let id = element(&made, "routeTableId")?;
    let associate = [
        ("RouteTableId", id.as_str()),
        ("SubnetId", table_subnet.as_str()),
    ];
    wire.ec2("AssociateRouteTable", &associate).await?;
    for (destination, kind, target) in &statics {
        let parameters = [
            ("RouteTableId", id.as_str()),
            (destination_parameter(destination), destination),
            (target_parameter(kind), target),
        ];
        wire.ec2("CreateRoute", &parameters).await?;
    }

    let ipv6 = wire.ec2("DescribeVpcs", &[("VpcId.1", &vpc)]).await?;
    let ipv6 = element(&ipv6, "ipv6CidrBlock")?;
    let mut routes = vec![
        route("10.20.0.0/16", Kind::Local, "local", RouteOrigin::Local),
        route(&ipv6, Kind::Local, "local", RouteOrigin::Local),
    ];
    routes.extend(
        statics.into_iter().map(|(destination, kind, target)| {
            route(destination, kind, target, RouteOrigin::Static)
        }),
    );
    let mut table = RouteTable::new(id).with_routes(routes);
    table.name = Some("private".to_owned());
    table.vpc_id = Some(vpc);
    table.subnet_ids = vec![table_subnet];
    let fixture = NetworkFixture::new(
        table,
        RouteTarget::new(Kind::NatGateway, &gateways.nat[1]),
        RouteTarget::new(Kind::EgressOnlyInternetGateway, &gateways.egress_only[1]),
    );
    Ok(fixture.with_main_table(main_table, main_subnet, other_vpc))
}

/// What routes of the table lead to, or could.
struct Gateways {
    nat: Vec<String>,
    egress_only: Vec<String>,
    peering: String,
    transit: String,
    vpn: String,
    prefix_list: String,
}

async fn gateways(wire: Wire<'_>, vpc: &str, subnet: &str, other_vpc: &str) -> Result<Gateways> {
    let in_vpc = [("VpcId", vpc)];
    let mut nat = Vec::new();
    for _ in 0..2 {
        let address = wire.ec2("AllocateAddress", &[("Domain", "vpc")]).await?;
        let address = element(&address, "allocationId")?;
        let parameters = [("SubnetId", subnet), ("AllocationId", address.as_str())];
        let made = wire.ec2("CreateNatGateway", &parameters).await?;
        nat.push(element(&made, "natGatewayId")?);
    }
    let mut egress_only = Vec::new();
    for _ in 0..2 {
        let made = wire.ec2("CreateEgressOnlyInternetGateway", &in_vpc).await?;
        egress_only.push(element(&made, "egressOnlyInternetGatewayId")?);
    }
    let made = wire
        .ec2(
            "CreateVpcPeeringConnection",
            &[("VpcId", vpc), ("PeerVpcId", other_vpc)],
        )
        .await?;
    let peering = element(&made, "vpcPeeringConnectionId")?;
    let accept = [("VpcPeeringConnectionId", peering.as_str())];
    wire.ec2("AcceptVpcPeeringConnection", &accept).await?;
    let transit = wire.ec2("CreateTransitGateway", &[]).await?;
    let transit = element(&transit, "transitGatewayId")?;
    let vpn = wire.ec2("CreateVpnGateway", &[("Type", "ipsec.1")]).await?;
    let vpn = element(&vpn, "vpnGatewayId")?;
    let attach = [("VpcId", vpc), ("VpnGatewayId", vpn.as_str())];
    wire.ec2("AttachVpnGateway", &attach).await?;

    let made = wire
        .ec2(
            "CreateManagedPrefixList",
            &[
                ("PrefixListName", "partners"),
                ("AddressFamily", "IPv4"),
                ("MaxEntries", "10"),
                ("Entry.1.Cidr", "203.0.113.0/24"),
            ],
        )
        .await?;
    let prefix_list = element(&made, "prefixListId")?;
    Ok(Gateways {
        nat,
        egress_only,
        peering,
        transit,
        vpn,
        prefix_list,
    })
}

async fn subnet(wire: Wire<'_>, vpc: &str, network: &str) -> Result<String> {
    let made = wire
        .ec2("CreateSubnet", &[("VpcId", vpc), ("CidrBlock", network)])
        .await?;
    element(&made, "subnetId")
}

fn route(destination: &str, kind: Kind, id: &str, origin: RouteOrigin) -> Route {
    Route::new(
        Destination::from(destination),
        RouteTarget::new(kind, id),
        origin,
    )
}

/// What EC2 calls a destination of this family.
fn destination_parameter(destination: &str) -> &'static str {
    if destination.starts_with("pl-") {
        "DestinationPrefixListId"
    } else if destination.contains(':') {
        "DestinationIpv6CidrBlock"
    } else {
        "DestinationCidrBlock"
    }
}

/// What EC2 calls a target of this kind.
fn target_parameter(kind: &Kind) -> &'static str {
    match kind {
        Kind::NatGateway => "NatGatewayId",
        Kind::EgressOnlyInternetGateway => "EgressOnlyInternetGatewayId",
        Kind::Peering => "VpcPeeringConnectionId",
        Kind::TransitGateway => "TransitGatewayId",
        _ => "GatewayId",
    }
}
