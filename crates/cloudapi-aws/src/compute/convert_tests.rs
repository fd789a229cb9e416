use aws_sdk_ec2::types::{
    GroupIdentifier, InstanceIpv6Address, InstanceNetworkInterfaceAssociation,
    InstanceNetworkInterfaceAttachment, Placement, StateReason, Tag,
};
use aws_smithy_types::DateTime;

use super::*;

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

fn address(private: &str, public: Option<&str>, primary: bool) -> InstancePrivateIpAddress {
    let association = public.map(|public| {
        InstanceNetworkInterfaceAssociation::builder()
            .public_ip(public)
            .build()
    });
    InstancePrivateIpAddress::builder()
        .private_ip_address(private)
        .set_association(association)
        .primary(primary)
        .build()
}

fn interface(index: i32, addresses: Vec<InstancePrivateIpAddress>) -> InstanceNetworkInterface {
    InstanceNetworkInterface::builder()
        .attachment(
            InstanceNetworkInterfaceAttachment::builder()
                .device_index(index)
                .build(),
        )
        .set_private_ip_addresses(Some(addresses))
        .ipv6_addresses(
            InstanceIpv6Address::builder()
                .ipv6_address(format!("2001:db8::{index}"))
                .build(),
        )
        .build()
}

fn full() -> types::Instance {
    types::Instance::builder()
        .instance_id("i-0123456789abcdef0")
        .state(
            types::InstanceState::builder()
                .name(InstanceStateName::Running)
                .code(272)
                .build(),
        )
        .instance_type("t3.micro".into())
        .image_id("ami-1")
        .placement(Placement::builder().availability_zone("us-east-1a").build())
        .vpc_id("vpc-1")
        .subnet_id("subnet-1")
        .key_name("ops")
        .private_ip_address("10.0.0.5")
        .public_ip_address("198.51.100.5")
        .network_interfaces(interface(1, vec![address("10.0.1.1", None, true)]))
        .network_interfaces(interface(
            0,
            vec![
                address("10.0.0.6", Some("198.51.100.6"), false),
                address("10.0.0.5", Some("198.51.100.5"), true),
            ],
        ))
        .security_groups(GroupIdentifier::builder().group_id("sg-2").build())
        .security_groups(GroupIdentifier::builder().group_id("sg-1").build())
        .launch_time(DateTime::from_secs(1_583_808_231))
        .tags(tag("Name", "web-1"))
        .tags(tag("team", "web"))
        .build()
}

#[test]
fn every_field_is_carried_over() {
    let mut converted = instance(full()).unwrap();
    converted.native = None;
    assert_eq!(
        serde_json::to_value(converted).unwrap(),
        serde_json::json!({
            "InstanceId": "i-0123456789abcdef0",
            "Name": "web-1",
            "State": "Running",
            "NativeState": "running",
            "InstanceType": "t3.micro",
            "ImageId": "ami-1",
            "Zone": "us-east-1a",
            "VpcId": "vpc-1",
            "SubnetId": "subnet-1",
            "PrivateIpAddresses": ["10.0.0.5", "10.0.0.6", "10.0.1.1"],
            "PublicIpAddresses": ["198.51.100.5", "198.51.100.6"],
            "Ipv6Addresses": ["2001:db8::0", "2001:db8::1"],
            "SecurityGroupIds": ["sg-1", "sg-2"],
            "KeyNames": ["ops"],
            "Billing": "OnDemand",
            "LaunchTime": "2020-03-10T02:43:51Z",
            "Tags": {"team": "web"},
        })
    );
}

#[test]
fn the_record_is_ec2s_own_and_its_json_has_the_apis_names() {
    let native = instance(full()).unwrap().native.unwrap();
    assert_eq!(native.downcast_ref::<types::Instance>(), Some(&full()));
    let json = native.to_json();
    assert_eq!(json["Placement"]["AvailabilityZone"], "us-east-1a");
    assert_eq!(
        json["State"],
        serde_json::json!({"Code": 272, "Name": "running"})
    );
    assert_eq!(json["LaunchTime"], "2020-03-10T02:43:51Z");
    assert_eq!(
        json["NetworkInterfaces"][1]["PrivateIpAddresses"][0]["Association"]["PublicIp"],
        "198.51.100.6"
    );
    assert_eq!(json.get("SpotInstanceRequestId"), None);
}

#[test]
fn states_go_by_their_word_or_the_low_byte_of_their_code() {
    for (word, code, expected) in [
        (Some("pending"), Some(0), InstanceState::Pending),
        (Some("running"), None, InstanceState::Running),
        (Some("shutting-down"), Some(32), InstanceState::Terminating),
        (Some("terminated"), Some(48), InstanceState::Terminated),
        (Some("stopping"), Some(64), InstanceState::Stopping),
        (Some("stopped"), Some(80), InstanceState::Stopped),
        (None, Some(256 + 80), InstanceState::Stopped),
        (
            Some("frozen"),
            Some(96),
            InstanceState::Other("frozen".into()),
        ),
        (None, None, InstanceState::Other("".into())),
    ] {
        let native = types::InstanceState::builder()
            .set_name(word.map(InstanceStateName::from))
            .set_code(code)
            .build();
        assert_eq!(state(Some(&native)), expected, "{word:?} {code:?}");
        if let (Some(word), Some(native)) = (word, native_state(&expected)) {
            assert_eq!(word, native);
        }
    }
}

#[test]
fn the_reason_has_its_code_once() {
    let reason = |code: &str, message: &str| {
        let reason = StateReason::builder().code(code).message(message).build();
        let native = types::Instance::builder().state_reason(reason).build();
        state_reason(&native).unwrap()
    };
    let shutdown = "Client.UserInitiatedShutdown: User initiated shutdown";
    assert_eq!(reason("Client.UserInitiatedShutdown", shutdown), shutdown);
    assert_eq!(
        reason("Server.InsufficientInstanceCapacity", "none left"),
        "Server.InsufficientInstanceCapacity: none left"
    );
    let transition = types::Instance::builder()
        .state_transition_reason("User initiated (2026-01-31 08:00:00 GMT)")
        .build();
    assert!(
        state_reason(&transition)
            .unwrap()
            .starts_with("User initiated")
    );
    assert_eq!(
        state_reason(
            &types::Instance::builder()
                .state_transition_reason("")
                .build()
        ),
        None
    );
}

#[test]
fn billing_is_spot_by_the_lifecycle_and_what_has_no_id_is_nothing() {
    assert_eq!(billing(Some(&InstanceLifecycleType::Spot)), Billing::Spot);
    assert_eq!(
        billing(Some(&InstanceLifecycleType::Scheduled)),
        Billing::Other("scheduled".into())
    );
    assert!(instance(types::Instance::builder().build()).is_none());
}
