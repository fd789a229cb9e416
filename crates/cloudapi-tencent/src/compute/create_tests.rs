use cloudapi_core::compute::Disk;

use super::*;

fn request() -> CreateInstancesRequest {
    CreateInstancesRequest::new("img-a1b2c3d4", "S5.MEDIUM4").with_zone("ap-guangzhou-3")
}

fn wire(request: &CreateInstancesRequest) -> Vec<serde_json::Value> {
    parts(request, "token")
        .map(|(_, part)| serde_json::to_value(part).unwrap())
        .collect()
}

#[test]
fn checks_of_this_cloud_name_the_field() {
    let bare = || CreateInstancesRequest::new("img-a1b2c3d4", "S5.MEDIUM4");
    assert!(check(&bare().with_subnet_id("subnet-a1b2c3d4")).is_ok());
    let many_disks = (0..22).fold(request(), |request, _| request.with_disk(Disk::data(10)));
    let boot_kept = Disk::boot()
        .with_size_gib(50)
        .with_delete_with_instance(false);
    for (request, kind, words) in [
        (bare(), ErrorKind::InvalidArgument, "Zone is missing"),
        (
            request().with_vpc_id("vpc-a1b2c3d4"),
            ErrorKind::Unsupported,
            "VpcId without SubnetId",
        ),
        (many_disks, ErrorKind::InvalidArgument, "22 data disks"),
        (
            request().with_disk(boot_kept),
            ErrorKind::Unsupported,
            "DeleteWithInstance",
        ),
        (
            request().with_name("名".repeat(129)),
            ErrorKind::InvalidArgument,
            "129 characters",
        ),
        (
            request().with_count(501).with_client_token("t".repeat(63)),
            ErrorKind::InvalidArgument,
            "60 characters",
        ),
        (request().with_count(0), ErrorKind::InvalidArgument, "Count"),
    ] {
        let error = check(&request).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(words), "{error}");
    }
    assert!(check(&request().with_count(500).with_client_token("t".repeat(64))).is_ok());
    assert!(check(&request().with_count(501).with_client_token("t".repeat(60))).is_ok());
}

#[test]
fn everything_that_can_be_asked_for() {
    let request = request()
        .with_subnet_id("subnet-a1b2c3d4")
        .with_vpc_id("vpc-a1b2c3d4")
        .with_count(2)
        .with_name("web")
        .with_security_group_ids(["sg-a1b2c3d4"])
        .with_key_names(["skey-a1b2c3d4"])
        .with_user_data("#!/bin/sh")
        .with_disk(Disk::boot().with_size_gib(50).with_type("CLOUD_PREMIUM"))
        .with_disk(Disk::data(100).with_delete_with_instance(true))
        .with_public_address(true)
        .with_tag("team", "web")
        .with_prepaid_months(12);
    assert_eq!(
        wire(&request),
        [serde_json::json!({
            "InstanceChargeType": "PREPAID", "InstanceChargePrepaid": {"Period": 12},
            "Placement": {"Zone": "ap-guangzhou-3"}, "InstanceType": "S5.MEDIUM4", "ImageId": "img-a1b2c3d4",
            "SystemDisk": {"DiskType": "CLOUD_PREMIUM", "DiskSize": 50},
            "DataDisks": [{"DiskSize": 100, "DeleteWithInstance": true}],
            "VirtualPrivateCloud": {"VpcId": "vpc-a1b2c3d4", "SubnetId": "subnet-a1b2c3d4"},
            "InternetAccessible": {"InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR", "InternetMaxBandwidthOut": 100,
                "PublicIpAssigned": true},
            "InstanceCount": 2, "InstanceName": "web", "LoginSettings": {"KeyIds": ["skey-a1b2c3d4"]},
            "SecurityGroupIds": ["sg-a1b2c3d4"], "ClientToken": "token",
            "TagSpecification": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "web"}]}],
            "UserData": "IyEvYmluL3No"
        })]
    );
    let spot = wire(
        &self::request()
            .with_billing(Billing::Spot)
            .with_public_address(false),
    );
    assert_eq!(spot[0]["InstanceChargeType"], "SPOTPAID");
    assert_eq!(
        spot[0]["InternetAccessible"],
        serde_json::json!({"InternetMaxBandwidthOut": 0, "PublicIpAssigned": false})
    );
}

#[test]
fn more_than_one_call_takes() {
    let parts = wire(&request().with_count(1001).with_name("web"));
    let of = |member: &str| -> Vec<String> {
        parts.iter().map(|part| part[member].to_string()).collect()
    };
    assert_eq!(of("InstanceCount"), ["500", "500", "1"]);
    assert_eq!(
        of("ClientToken"),
        ["\"token-1\"", "\"token-2\"", "\"token-3\""]
    );
    assert_eq!(
        of("InstanceName"),
        ["\"web{R:1}\"", "\"web{R:501}\"", "\"web{R:1001}\""]
    );
}

#[test]
fn names_go_on_where_the_call_before_ended() {
    for (name, expected) in [
        ("web", "web{R:501}"),
        ("web-{R:3}", "web-{R:503}"),
        ("{R:3,F:4}-{R:1}", "{R:503,F:4}-{R:501}"),
        ("web-{R:x}", "web-{R:x}{R:501}"),
        ("web-{R:7", "web-{R:7{R:501}"),
        ("服-{R:1}", "服-{R:501}"),
    ] {
        assert_eq!(part_name(name, 500), expected);
    }
}

#[test]
fn each_call_demands_what_those_after_it_cannot_make_up_for() {
    let minimum = |count, min| request().with_count(count).with_min_count(min);
    let plain = request().with_count(600);
    assert_eq!(min_count(&plain, 500, 0, 100), None);
    for (request, count, done, later, expected) in [
        (minimum(10, 4), 10, 0, 0, Some(4)),
        (minimum(10, 10), 10, 0, 0, None),
        (minimum(600, 50), 500, 0, 100, Some(1)),
        (minimum(600, 400), 500, 0, 100, Some(300)),
        (minimum(600, 400), 100, 350, 0, Some(50)),
        (minimum(600, 400), 100, 500, 0, Some(1)),
        (minimum(600, 600), 500, 0, 100, None),
    ] {
        assert_eq!(
            min_count(&request, count, done, later),
            expected,
            "{done} of {count}, {later} later"
        );
    }
}

#[test]
fn a_stop_half_way_tells_ids_and_token() {
    let ids = || vec![InstanceId::from("ins-1a2b3c4d"), "ins-1a2b3c4e".into()];
    let sold_out = || {
        Error::new(ErrorKind::OutOfCapacity, "sold out")
            .with_certainly_undone(true)
            .with_code("ResourcesSoldOut")
    };
    let enough = stopped(
        &request().with_count(3).with_min_count(2),
        "t",
        ids(),
        sold_out(),
    );
    assert_eq!(enough.unwrap().instance_ids, ids());
    let error = stopped(&request().with_count(3), "t0ken", ids(), sold_out()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfCapacity);
    assert_eq!(error.resources(), ["ins-1a2b3c4d", "ins-1a2b3c4e"]);
    assert!(
        error.message().contains("2 of 3 were created") && error.message().contains("t0ken"),
        "{error}"
    );
    let error = stopped(&request(), "t0ken", Vec::new(), sold_out()).unwrap_err();
    assert_eq!(
        error.message(),
        "sold out",
        "nothing was done, nothing to tell"
    );
    let lost = Error::new(ErrorKind::Network, "reset");
    let error = stopped(&request(), "t0ken", Vec::new(), lost).unwrap_err();
    assert!(error.message().contains("t0ken"), "{error}");
}
