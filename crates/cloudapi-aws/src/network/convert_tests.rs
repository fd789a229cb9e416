//! Tables of what EC2 says and what it means.

use aws_sdk_ec2::types::{
    Route as Native, RouteTable as NativeTable, RouteTableAssociation, RouteTableAssociationState,
    RouteTableAssociationStateCode as Code, Tag,
};
use cloudapi_core::ErrorKind;
use serde_json::json;

use super::*;

/// A static route with an IPv4 destination, and what else is said of it.
fn native(
    fill: impl FnOnce(
        aws_sdk_ec2::types::builders::RouteBuilder,
    ) -> aws_sdk_ec2::types::builders::RouteBuilder,
) -> Native {
    fill(
        Native::builder()
            .destination_cidr_block("10.9.0.0/16")
            .origin("CreateRoute".into())
            .state("active".into()),
    )
    .build()
}

#[test]
fn a_table_has_all_that_the_cloud_says() {
    let association = |subnet: Option<&str>, main: bool, code: Option<Code>| {
        RouteTableAssociation::builder()
            .set_subnet_id(subnet.map(str::to_owned))
            .main(main)
            .set_association_state(
                code.map(|code| RouteTableAssociationState::builder().state(code).build()),
            )
            .build()
    };
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    let answer = NativeTable::builder()
        .route_table_id("rtb-1")
        .vpc_id("vpc-1")
        .owner_id("123456789012")
        .associations(association(Some("subnet-b"), false, Some(Code::Associated)))
        .associations(association(Some("subnet-a"), false, None))
        .associations(association(
            Some("subnet-c"),
            false,
            Some(Code::Disassociated),
        ))
        .tags(tag("Name", "public"))
        .tags(tag("team", "net"))
        .routes(
            Native::builder()
                .destination_ipv6_cidr_block("2001:DB8::/32")
                .egress_only_internet_gateway_id("eigw-1")
                .origin("CreateRoute".into())
                .state("blackhole".into())
                .build(),
        )
        .routes(
            Native::builder()
                .destination_cidr_block("10.0.0.0/16")
                .gateway_id("local")
                .origin("CreateRouteTable".into())
                .state("active".into())
                .build(),
        );
    let ours = table(answer.clone().build()).unwrap();
    let mut json = serde_json::to_value(&ours).unwrap();
    let native = json.as_object_mut().unwrap().remove("Native").unwrap();
    assert_eq!(
        json,
        json!({
            "RouteTableId": "rtb-1", "Name": "public", "VpcId": "vpc-1", "Main": false,
            "SubnetIds": ["subnet-a", "subnet-b"], "Tags": {"team": "net"},
            "Routes": [
                {"Destination": "10.0.0.0/16", "Target": {"Type": "Local", "Id": "local"}, "Origin": "Local", "State": "Active"},
                {"Destination": "2001:db8::/32", "Target": {"Type": "EgressOnlyInternetGateway", "Id": "eigw-1"},
                 "Origin": "Static", "State": "Blackhole"},
            ],
        })
    );
    assert_eq!(
        native["Associations"][0]["AssociationState"],
        json!({"State": "associated"})
    );
    assert_eq!(
        (&native["OwnerId"], &native["Routes"][0]["State"]),
        (&json!("123456789012"), &json!("blackhole"))
    );
    assert!(ours.native.unwrap().downcast_ref::<NativeTable>().is_some());
    // The word "false" is no main table.
    for (main, code, expected) in [
        (true, None, true),
        (true, Some(Code::Associated), true),
        (true, Some(Code::Disassociating), false),
        (false, None, false),
    ] {
        let answer = answer
            .clone()
            .associations(association(None, main, code))
            .build();
        assert_eq!(table(answer).unwrap().main, expected);
    }
    assert!(table(NativeTable::builder().build()).is_none());
}

#[test]
fn every_target_has_a_kind_and_the_way_back() {
    use RouteTargetKind as K;
    for (fill, kind, id, parameter) in [
        (
            native(|r| r.gateway_id("igw-1")),
            K::InternetGateway,
            "igw-1",
            Parameter::Gateway,
        ),
        (
            native(|r| r.gateway_id("vgw-1")),
            K::VpnGateway,
            "vgw-1",
            Parameter::Gateway,
        ),
        (
            native(|r| r.gateway_id("vpce-1")),
            K::VpcEndpoint,
            "vpce-1",
            Parameter::VpcEndpoint,
        ),
        (
            native(|r| r.gateway_id("new-1")),
            K::Other("GatewayId".into()),
            "new-1",
            Parameter::Gateway,
        ),
        (
            native(|r| r.nat_gateway_id("nat-1")),
            K::NatGateway,
            "nat-1",
            Parameter::NatGateway,
        ),
        (
            native(|r| r.network_interface_id("eni-1")),
            K::NetworkInterface,
            "eni-1",
            Parameter::NetworkInterface,
        ),
        (
            native(|r| r.instance_id("i-1")),
            K::Instance,
            "i-1",
            Parameter::Instance,
        ),
        (
            native(|r| r.vpc_peering_connection_id("pcx-1")),
            K::Peering,
            "pcx-1",
            Parameter::Peering,
        ),
        (
            native(|r| r.transit_gateway_id("tgw-1")),
            K::TransitGateway,
            "tgw-1",
            Parameter::TransitGateway,
        ),
        (
            native(|r| r.local_gateway_id("lgw-1")),
            K::LocalGateway,
            "lgw-1",
            Parameter::LocalGateway,
        ),
        (
            native(|r| r.carrier_gateway_id("cagw-1")),
            K::CarrierGateway,
            "cagw-1",
            Parameter::CarrierGateway,
        ),
        (
            native(|r| r.egress_only_internet_gateway_id("eigw-1")),
            K::EgressOnlyInternetGateway,
            "eigw-1",
            Parameter::EgressOnlyInternetGateway,
        ),
        (
            native(|r| r.core_network_arn("arn:c")),
            K::CoreNetwork,
            "arn:c",
            Parameter::CoreNetwork,
        ),
        (
            native(|r| r.odb_network_arn("arn:o")),
            K::Other("OdbNetworkArn".into()),
            "arn:o",
            Parameter::OdbNetwork,
        ),
    ] {
        let route = route(&fill);
        assert_eq!(route.target, RouteTarget::new(kind, id));
        assert_eq!(named_target(&route).unwrap(), (parameter, id));
    }
}

#[test]
fn what_has_no_way_back_is_still_shown() {
    use RouteTargetKind as K;
    for (fill, kind) in [
        (
            native(|r| r.ip_address("10.0.0.1")),
            K::Other("IpAddress".into()),
        ),
        (native(|r| r), K::Other("Unknown".into())),
        (native(|r| r.gateway_id("local")), K::Local),
    ] {
        let route = route(&fill);
        assert_eq!(route.target.kind, kind);
        assert_eq!(
            named_target(&route).unwrap_err().kind(),
            ErrorKind::Unsupported
        );
    }
}

#[test]
fn an_instance_hides_its_interface_but_is_put_back_by_it() {
    let shown = route(&native(|r| {
        r.instance_id("i-1")
            .instance_owner_id("1")
            .network_interface_id("eni-1")
    }));
    assert_eq!(
        shown.target,
        RouteTarget::new(RouteTargetKind::Instance, "i-1")
    );
    assert!(shown.leads_to(&RouteTarget::new(
        RouteTargetKind::NetworkInterface,
        "eni-1"
    )));
    assert_eq!(
        named_target(&shown).unwrap(),
        (Parameter::NetworkInterface, "eni-1")
    );
}

#[test]
fn origins_tell_what_may_be_changed() {
    for (origin, gateway, list, expected) in [
        ("CreateRouteTable", "local", false, RouteOrigin::Local),
        ("CreateRouteTable", "eni-1", false, RouteOrigin::Local),
        ("CreateRoute", "igw-1", false, RouteOrigin::Static),
        ("CreateRoute", "vpce-1", false, RouteOrigin::Static),
        ("CreateRoute", "vpce-1", true, RouteOrigin::System),
        ("CreateRoute", "igw-1", true, RouteOrigin::Static),
        (
            "EnableVgwRoutePropagation",
            "vgw-1",
            false,
            RouteOrigin::Propagated,
        ),
        ("Advertisement", "vgw-1", false, RouteOrigin::Propagated),
        (
            "SomethingNew",
            "vgw-1",
            false,
            RouteOrigin::Other("SomethingNew".into()),
        ),
    ] {
        let mut native = native(|r| r.gateway_id(gateway).origin(origin.into()));
        if list {
            native.destination_cidr_block = None;
            native.destination_prefix_list_id = Some("pl-63a5400a".to_owned());
        }
        assert_eq!(route(&native).origin, expected, "{origin} {gateway}");
    }
}

#[test]
fn states_are_kept_visible() {
    for (word, expected) in [
        ("active", RouteState::Active),
        ("blackhole", RouteState::Blackhole),
        ("filtered", RouteState::Other("filtered".into())),
        ("new", RouteState::Other("new".into())),
    ] {
        assert_eq!(route(&native(|r| r.state(word.into()))).state, expected);
    }
}

#[test]
fn what_this_cloud_cannot_route_is_refused() {
    use RouteTargetKind as K;
    let v4 = |kind: RouteTargetKind, id: &str| RouteSpec::new("10.9.0.0/16", kind, id);
    for kind in [
        K::DirectConnectGateway,
        K::PublicGateway,
        K::HaVip,
        K::ElasticIp,
        K::CloudConnectNetwork,
        K::PrivateAddress,
        K::IntranetNat,
    ] {
        let error = check(&v4(kind.clone(), "x-1")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(kind.as_str()), "{error}");
    }
    let described = v4(K::NatGateway, "nat-1").with_description("why");
    assert_eq!(
        check(&described).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    assert!(check(&v4(K::NatGateway, "nat-1").with_description("")).is_ok());
    for spec in [
        v4(K::InternetGateway, "vgw-1"),
        v4(K::VpnGateway, "igw-1"),
        v4(K::EgressOnlyInternetGateway, "eigw-1"),
        RouteSpec::new("2001:db8::/32", K::CarrierGateway, "cagw-1"),
    ] {
        let error = check(&spec).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(&spec.target.id), "{error}");
    }
}
