use serde_json::json;

use super::*;

fn record(json: &Value) -> Record {
    Record::read(serde_json::value::to_raw_value(json).unwrap()).unwrap()
}

#[test]
fn a_full_record() {
    let json = json!({
        "InstanceId": "ins-1a2b3c4d", "InstanceName": "web-1", "InstanceState": "RUNNING", "InstanceType": "S5.MEDIUM4",
        "ImageId": "img-a1b2c3d4", "CPU": 2, "Memory": 4, "Placement": {"Zone": "ap-guangzhou-3", "ProjectId": 0},
        "VirtualPrivateCloud": {"VpcId": "vpc-a1b2c3d4", "SubnetId": "subnet-a1b2c3d4", "AsVpcGateway": false},
        "PrivateIpAddresses": ["10.0.0.5"], "PublicIpAddresses": ["203.0.113.7"], "IPv6Addresses": ["2001:db8::7"],
        "SecurityGroupIds": ["sg-b1c2d3e4", "sg-a1b2c3d4"], "LoginSettings": {"KeyIds": ["skey-a1b2c3d4"]},
        "InstanceChargeType": "PREPAID", "CreatedTime": "2020-03-10T02:43:51Z", "ExpiredTime": "2020-04-10T02:43:51+00:00",
        "Tags": [{"Key": "team", "Value": "web"}, {"Key": "empty", "Value": null}],
        "LatestOperation": "StartInstances", "LatestOperationState": "SUCCESS", "LatestOperationRequestId": "7f2a"
    });
    let found = instance(record(&json));
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        json!({
            "InstanceId": "ins-1a2b3c4d", "Name": "web-1", "State": "Running", "NativeState": "RUNNING",
            "InstanceType": "S5.MEDIUM4", "ImageId": "img-a1b2c3d4", "Zone": "ap-guangzhou-3", "VpcId": "vpc-a1b2c3d4",
            "SubnetId": "subnet-a1b2c3d4", "PrivateIpAddresses": ["10.0.0.5"], "PublicIpAddresses": ["203.0.113.7"],
            "Ipv6Addresses": ["2001:db8::7"], "SecurityGroupIds": ["sg-a1b2c3d4", "sg-b1c2d3e4"],
            "KeyNames": ["skey-a1b2c3d4"], "Billing": "Prepaid", "LaunchTime": "2020-03-10T02:43:51Z",
            "ExpiresAt": "2020-04-10T02:43:51Z", "Tags": {"team": "web", "empty": ""}, "Native": json
        })
    );
    assert_eq!(
        found.last_operation,
        Some(LastOperation::new("7f2a", false, None))
    );
    let native = found.native.unwrap();
    let native: &CvmInstance = native.downcast_ref().unwrap();
    assert!(native.json_text().contains("AsVpcGateway"));
}

#[test]
fn a_bare_record() {
    let json = json!({
        "InstanceId": "ins-1a2b3c4d", "InstanceName": "未命名", "InstanceState": "STOPPED", "PublicIpAddresses": null,
        "ExpiredTime": null, "Tags": null, "LatestOperationRequestId": null, "InstanceChargeType": "CDHPAID"
    });
    let found = instance(record(&json));
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        json!({"InstanceId": "ins-1a2b3c4d", "State": "Stopped", "NativeState": "STOPPED", "Billing": "CDHPAID",
            "Native": json})
    );
}

#[test]
fn every_state_and_back() {
    for (native, expected) in [
        ("PENDING", InstanceState::Pending),
        ("STARTING", InstanceState::Pending),
        ("LAUNCH_FAILED", InstanceState::LaunchFailed),
        ("RUNNING", InstanceState::Running),
        ("STOPPED", InstanceState::Stopped),
        ("STOPPING", InstanceState::Stopping),
        ("REBOOTING", InstanceState::Rebooting),
        ("SHUTDOWN", InstanceState::Isolated),
        ("TERMINATING", InstanceState::Terminating),
        (
            "ENTER_RESCUE_MODE",
            InstanceState::Other("ENTER_RESCUE_MODE".into()),
        ),
        ("RESCUE_MODE", InstanceState::Other("RESCUE_MODE".into())),
        (
            "EXIT_RESCUE_MODE",
            InstanceState::Other("EXIT_RESCUE_MODE".into()),
        ),
        (
            "ENTER_SERVICE_LIVE_MIGRATE",
            InstanceState::Other("ENTER_SERVICE_LIVE_MIGRATE".into()),
        ),
        (
            "SERVICE_LIVE_MIGRATE",
            InstanceState::Other("SERVICE_LIVE_MIGRATE".into()),
        ),
        (
            "EXIT_SERVICE_LIVE_MIGRATE",
            InstanceState::Other("EXIT_SERVICE_LIVE_MIGRATE".into()),
        ),
        ("NEW_ONE", InstanceState::Other("NEW_ONE".into())),
    ] {
        assert_eq!(state(native), expected);
        assert!(native_states(&expected).iter().any(|word| word == native));
    }
    assert!(native_states(&InstanceState::Terminated).is_empty());
}

#[test]
fn reasons_only_of_failures() {
    let of = |state: &str, operation: &str| {
        let found = instance(record(&json!({
            "InstanceId": "ins-1a2b3c4d", "InstanceState": state, "LatestOperationState": operation,
            "LatestOperationErrorMsg": "sold out", "LatestOperationRequestId": "7f2a"
        })));
        let message = found.last_operation.and_then(|operation| operation.message);
        (found.state_reason, message)
    };
    let reason = Some("sold out".to_owned());
    assert_eq!(
        of("LAUNCH_FAILED", "FAILED"),
        (reason.clone(), reason.clone())
    );
    assert_eq!(of("LAUNCH_FAILED", "OPERATING"), (reason.clone(), None));
    assert_eq!(of("RUNNING", "FAILED"), (reason.clone(), reason));
    assert_eq!(of("RUNNING", "SUCCESS"), (None, None));
}

#[test]
fn charging_as_the_record_tells() {
    for (state, mode, expected) in [
        ("STOPPED", "STOP_CHARGING", Some(Charging::Stopped)),
        ("STOPPED", "KEEP_CHARGING", Some(Charging::Continues)),
        ("STOPPED", "NOT_APPLICABLE", Some(Charging::Continues)),
        ("STOPPING", "STOP_CHARGING", Some(Charging::Stopped)),
        ("STOPPING", "NOT_APPLICABLE", None),
        ("RUNNING", "NOT_APPLICABLE", None),
    ] {
        let wire = wire::Instance {
            instance_state: Some(state.to_owned()),
            stop_charging_mode: Some(mode.to_owned()),
            ..wire::Instance::default()
        };
        assert_eq!(charging(&wire), expected, "{state} {mode}");
    }
}

#[test]
fn times_with_and_without_seconds() {
    let expected = timestamp::parse("2020-03-10T02:43:00Z");
    assert_eq!(time("2020-03-10T02:43:00Z"), expected);
    assert_eq!(time("2020-03-10T02:43:00+00:00"), expected);
    assert_eq!(time("2020-03-10T02:43Z"), expected);
    assert_eq!(time("soon"), None);
    assert_eq!(time("时间时间时Z"), None);
}

#[test]
fn a_record_that_is_none_is_an_error() {
    for json in [
        json!({}),
        json!({"InstanceId": null}),
        json!({"InstanceId": ""}),
        json!({"InstanceId": 7}),
        json!("x"),
    ] {
        let raw = serde_json::value::to_raw_value(&json).unwrap();
        let error = Record::read(raw).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{json}");
    }
}
