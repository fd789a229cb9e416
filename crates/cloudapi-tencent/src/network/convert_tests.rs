//! Tables of what VPC says and what it means.

use serde_json::json;

use super::*;

fn table(json: &Value, owners: &Owners) -> RouteTable {
    let raw = serde_json::value::to_raw_value(json).unwrap();
    Record::read(raw).unwrap().into_table(owners)
}

fn routes(routes: &Value) -> Vec<Route> {
    table(
        &json!({"RouteTableId": "rtb-1a2b3c4d", "VpcId": "vpc-1", "RouteSet": routes}),
        &Owners::from([(
            ("vpc-1".to_owned(), "10.0.0.5".to_owned()),
            "ins-1a2b3c4d".to_owned(),
        )]),
    )
    .routes
}

#[test]
fn a_table_has_all_that_the_cloud_says() {
    let answer = json!({
        "RouteTableId": "rtb-1a2b3c4d", "RouteTableName": "default", "VpcId": "vpc-1", "Main": true,
        "AssociationSet": [{"SubnetId": "subnet-b", "RouteTableId": "rtb-1a2b3c4d"}, {"SubnetId": "subnet-a"}],
        "TagSet": [{"Key": "team", "Value": "net"}, {"Key": "empty", "Value": null}],
        "RouteSet": [
            {"RouteId": 0, "RouteItemId": "rti6-9", "DestinationCidrBlock": "", "DestinationIpv6CidrBlock": "2402:4E00:1000:810B::/64",
             "GatewayType": "PEERCONNECTION", "GatewayId": "pcx-1", "RouteType": "USER", "Enabled": true},
            {"RouteId": 7, "RouteItemId": "rti-1", "DestinationCidrBlock": "0.0.0.0/0", "DestinationIpv6CidrBlock": "",
             "GatewayType": "NAT", "GatewayId": "nat-1", "RouteDescription": "out", "RouteType": "USER", "Enabled": false},
        ],
        "CreatedTime": "2026-01-31 08:00:00", "SomethingNew": 1,
    });
    let table = table(&answer, &Owners::new());
    let mut json = serde_json::to_value(&table).unwrap();
    let native = json.as_object_mut().unwrap().remove("Native");
    assert_eq!(native, Some(answer));
    assert_eq!(
        json,
        json!({
            "RouteTableId": "rtb-1a2b3c4d", "Name": "default", "VpcId": "vpc-1", "Main": true,
            "SubnetIds": ["subnet-a", "subnet-b"], "Tags": {"empty": "", "team": "net"},
            "Routes": [
                {"Destination": "0.0.0.0/0", "Target": {"Type": "NatGateway", "Id": "nat-1"}, "Origin": "Static",
                 "State": "Disabled", "Description": "out", "RouteId": "rti-1"},
                {"Destination": "2402:4e00:1000:810b::/64", "Target": {"Type": "Peering", "Id": "pcx-1"},
                 "Origin": "Static", "State": "Active", "RouteId": "rti6-9"},
            ],
        })
    );
    assert!(
        table
            .native
            .unwrap()
            .downcast_ref::<VpcRouteTable>()
            .is_some()
    );
}

#[test]
fn null_and_absent_are_nothing() {
    let empty = table(
        &json!({"RouteTableId": "rtb-1", "RouteTableName": "", "VpcId": null, "Main": null, "AssociationSet": null,
            "RouteSet": null, "TagSet": null}),
        &Owners::new(),
    );
    let mut expected = RouteTable::new("rtb-1");
    expected.native.clone_from(&empty.native);
    assert_eq!(empty, expected);
    let bare = routes(
        &json!([{"DestinationCidrBlock": null, "GatewayType": null, "RouteType": null, "Enabled": null}]),
    );
    assert_eq!(bare[0].origin, RouteOrigin::Other("".into()));
    assert_eq!(bare[0].route_id, None);
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    for text in [
        r#"{"RouteTableName": "x"}"#,
        r#"{"RouteTableId": ""}"#,
        "[]",
        r#"{"RouteTableId": 1}"#,
    ] {
        assert_eq!(
            Record::read(raw(text)).unwrap_err().kind(),
            ErrorKind::Unavailable,
            "{text}"
        );
    }
}

#[test]
fn every_gateway_has_a_kind_and_the_way_back() {
    for (word, id, kind, expected_id) in [
        ("CVM", "ins-9", RouteTargetKind::PublicGateway, "ins-9"),
        ("VPN", "vpngw-1", RouteTargetKind::VpnGateway, "vpngw-1"),
        (
            "DIRECTCONNECT",
            "dcg-1",
            RouteTargetKind::DirectConnectGateway,
            "dcg-1",
        ),
        ("PEERCONNECTION", "pcx-1", RouteTargetKind::Peering, "pcx-1"),
        ("HAVIP", "havip-1", RouteTargetKind::HaVip, "havip-1"),
        ("NAT", "nat-1", RouteTargetKind::NatGateway, "nat-1"),
        (
            "NORMAL_CVM",
            "10.0.0.5",
            RouteTargetKind::Instance,
            "ins-1a2b3c4d",
        ),
        (
            "NORMAL_CVM",
            "10.0.0.6",
            RouteTargetKind::PrivateAddress,
            "10.0.0.6",
        ),
        ("EIP", "0", RouteTargetKind::ElasticIp, "0"),
        (
            "USER_CCN",
            "ccn-1",
            RouteTargetKind::CloudConnectNetwork,
            "ccn-1",
        ),
        (
            "LOCAL_GATEWAY",
            "lgw-1",
            RouteTargetKind::LocalGateway,
            "lgw-1",
        ),
        (
            "INTRANAT",
            "intranat-1",
            RouteTargetKind::IntranetNat,
            "intranat-1",
        ),
        (
            "GWLB_ENDPOINT",
            "vpce-1",
            RouteTargetKind::VpcEndpoint,
            "vpce-1",
        ),
        (
            "BRAND_NEW",
            "x-1",
            RouteTargetKind::Other("BRAND_NEW".into()),
            "x-1",
        ),
    ] {
        let json = json!([{"DestinationCidrBlock": "10.9.0.0/16", "GatewayType": word, "GatewayId": id, "RouteType": "USER"}]);
        let route = routes(&json).remove(0);
        assert_eq!(route.target, RouteTarget::new(kind, expected_id), "{word}");
        assert_eq!(
            gateway(&route).unwrap(),
            (word.to_owned(), id.to_owned()),
            "{word} back"
        );
    }
    let ccn = routes(
        &json!([{"DestinationCidrBlock": "10.9.0.0/16", "GatewayType": "CCN", "GatewayId": "ccn-1"}]),
    );
    assert_eq!(ccn[0].target.kind, RouteTargetKind::CloudConnectNetwork);
}

#[test]
fn a_floating_address_shown_as_a_nat_gateway_is_what_was_written() {
    let json = json!([{"DestinationCidrBlock": "10.9.0.0/16", "GatewayType": "INTRANAT", "GatewayId": "havip-1",
        "RouteType": "USER"}]);
    let route = routes(&json).remove(0);
    assert!(route.leads_to(&RouteTarget::new(RouteTargetKind::HaVip, "havip-1")));
}

#[test]
fn only_the_users_own_routes_are_static() {
    for (word, origin) in [
        ("USER", RouteOrigin::Static),
        ("NETD", RouteOrigin::System),
        ("CCN", RouteOrigin::Propagated),
        ("NEW", RouteOrigin::Other("NEW".into())),
    ] {
        let json = json!([{"DestinationCidrBlock": "10.9.0.0/16", "RouteType": word}]);
        assert_eq!(routes(&json)[0].origin, origin);
    }
}

#[test]
fn what_is_sent_has_the_id_and_all_contents() {
    let before = routes(&json!([
        {"RouteItemId": "rti-1", "RouteId": 7, "DestinationCidrBlock": "10.9.0.0/16", "GatewayType": "NAT",
         "GatewayId": "nat-1", "RouteDescription": "keep", "RouteType": "USER", "Enabled": false},
        {"RouteItemId": "rti6-2", "RouteId": 0, "DestinationIpv6CidrBlock": "2402::/16", "GatewayType": "NORMAL_CVM",
         "GatewayId": "10.0.0.5", "RouteType": "USER"},
        {"RouteItemId": null, "RouteId": 8, "DestinationCidrBlock": "10.8.0.0/16", "GatewayType": "NAT", "GatewayId": "nat-1",
         "RouteType": "USER"},
    ]));
    let specs: Vec<RouteSpec> = before
        .iter()
        .map(|route| {
            RouteSpec::new(
                route.destination.clone(),
                RouteTargetKind::NatGateway,
                "nat-2",
            )
        })
        .collect();
    let table = RouteTable::new("rtb-1").with_routes(before);
    let plan =
        cloudapi_core::network::plan(&table, &specs, cloudapi_core::network::ReplaceMode::Replace)
            .unwrap();
    let sent = |action| {
        let sent: Vec<_> = plan
            .changes
            .iter()
            .map(|change| new_route(action, change).unwrap())
            .collect();
        serde_json::to_value(sent).unwrap()
    };
    assert_eq!(
        sent(RouteAction::Replaced),
        json!([
            {"RouteId": 8, "DestinationCidrBlock": "10.8.0.0/16", "GatewayType": "NAT", "GatewayId": "nat-2",
             "RouteDescription": "", "Enabled": true},
            {"RouteItemId": "rti-1", "DestinationCidrBlock": "10.9.0.0/16", "GatewayType": "NAT", "GatewayId": "nat-2",
             "RouteDescription": "keep", "Enabled": false},
            {"RouteItemId": "rti6-2", "DestinationIpv6CidrBlock": "2402::/16", "GatewayType": "NAT", "GatewayId": "nat-2",
             "RouteDescription": "", "Enabled": true},
        ])
    );
    let created = sent(RouteAction::Created);
    assert!(
        created
            .as_array()
            .unwrap()
            .iter()
            .all(|route| route.get("RouteItemId").is_none() && route.get("RouteId").is_none())
    );
}

#[test]
fn what_this_cloud_cannot_route_is_refused() {
    let spec = |kind: RouteTargetKind, id: &str| RouteSpec::new("10.9.0.0/16", kind, id);
    for kind in [
        RouteTargetKind::InternetGateway,
        RouteTargetKind::EgressOnlyInternetGateway,
        RouteTargetKind::NetworkInterface,
        RouteTargetKind::TransitGateway,
        RouteTargetKind::CarrierGateway,
        RouteTargetKind::CoreNetwork,
    ] {
        let error = check(&spec(kind.clone(), "x-1")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(kind.as_str()), "{error}");
    }
    let list = RouteSpec::new("pl-12345678", RouteTargetKind::NatGateway, "nat-1");
    assert_eq!(check(&list).unwrap_err().kind(), ErrorKind::Unsupported);
    for (kind, id) in [
        (RouteTargetKind::Instance, "10.0.0.5"),
        (RouteTargetKind::PrivateAddress, "ins-1"),
    ] {
        let error = check(&spec(kind, id)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(id), "{error}");
    }
    for (_, kind) in GATEWAYS {
        let id = if *kind == RouteTargetKind::PrivateAddress {
            "10.0.0.5"
        } else {
            "x-1"
        };
        check(&spec(kind.clone(), id)).unwrap();
    }
}
