//! Every request, filled in wholly, against the vendor's own description of it.

use serde_json::Value;

use super::*;
use crate::spec;

fn text() -> String {
    "text".to_owned()
}

/// Every request with every member set; a new member does not compile until it is set here too.
fn requests() -> Vec<(Action, Value)> {
    let ids: &[&str] = &["ins-1a2b3c4d"];
    let run = RunInstancesRequest {
        instance_charge_type: "PREPAID",
        instance_charge_prepaid: Some(InstanceChargePrepaid { period: 1 }),
        placement: NewPlacement { zone: text() },
        instance_type: text(),
        image_id: text(),
        system_disk: Some(SystemDisk {
            disk_type: Some(text()),
            disk_size: Some(50),
        }),
        data_disks: vec![DataDisk {
            disk_size: 100,
            disk_type: Some(text()),
            delete_with_instance: Some(true),
        }],
        virtual_private_cloud: Some(NewVirtualPrivateCloud {
            vpc_id: text(),
            subnet_id: text(),
        }),
        internet_accessible: Some(InternetAccessible {
            internet_charge_type: Some("TRAFFIC_POSTPAID_BY_HOUR"),
            internet_max_bandwidth_out: 100,
            public_ip_assigned: true,
        }),
        instance_count: 2,
        min_count: Some(1),
        instance_name: Some(text()),
        login_settings: Some(NewLoginSettings {
            key_ids: vec![text()],
        }),
        security_group_ids: vec![text()],
        client_token: Some(text()),
        tag_specification: vec![TagSpecification {
            resource_type: "instance",
            tags: vec![NewTag {
                key: text(),
                value: text(),
            }],
        }],
        user_data: Some(text()),
        dry_run: Some(true),
    };
    let json = |request: serde_json::Result<Value>| request.unwrap();
    vec![
        (
            DESCRIBE_INSTANCES,
            json(serde_json::to_value(DescribeInstancesRequest {
                instance_ids: vec![text()],
                filters: vec![Filter {
                    name: text(),
                    values: vec![text()],
                }],
                offset: 0,
                limit: 100,
            })),
        ),
        (RUN_INSTANCES, json(serde_json::to_value(run))),
        (
            START_INSTANCES,
            json(serde_json::to_value(StartInstancesRequest {
                instance_ids: ids,
            })),
        ),
        (
            STOP_INSTANCES,
            json(serde_json::to_value(StopInstancesRequest {
                instance_ids: ids,
                stop_type: "SOFT",
                stopped_mode: Some("STOP_CHARGING"),
            })),
        ),
        (
            TERMINATE_INSTANCES,
            json(serde_json::to_value(TerminateInstancesRequest {
                instance_ids: ids,
            })),
        ),
        (
            MODIFY_INSTANCES_ATTRIBUTE,
            json(serde_json::to_value(ModifyInstancesAttributeRequest {
                instance_ids: ids,
                disable_api_termination: false,
            })),
        ),
        (
            DESCRIBE_SUBNETS,
            json(serde_json::to_value(DescribeSubnetsRequest {
                subnet_ids: ids,
                offset: "0",
                limit: "1",
            })),
        ),
    ]
}

#[test]
fn requests_are_as_the_vendor_describes_them() {
    for (action, request) in requests() {
        let faults = spec::faults(&action, &request);
        assert_eq!(faults, Vec::<String>::new(), "{}", action.name);
    }
}

#[test]
fn the_check_finds_unknown_missing_and_mistyped_members() {
    for (action, value, expected) in [
        (
            DESCRIBE_SUBNETS,
            serde_json::json!({"Limit": 1}),
            "DescribeSubnetsRequest.Limit is 1, not string",
        ),
        (
            START_INSTANCES,
            serde_json::json!({}),
            "StartInstancesRequest.InstanceIds is missing",
        ),
        (
            STOP_INSTANCES,
            serde_json::json!({"InstanceIds": ["x"], "Force": true}),
            "StopInstancesRequest.Force is unknown",
        ),
        (
            RUN_INSTANCES,
            serde_json::json!({"SystemDisk": {"DiskSize": "50"}}),
            "SystemDisk.DiskSize is \"50\", not int",
        ),
        (
            RUN_INSTANCES,
            serde_json::json!({"ClientToken": null}),
            "RunInstancesRequest.ClientToken is null, not string",
        ),
    ] {
        assert_eq!(spec::faults(&action, &value).join(", "), expected);
    }
}

#[test]
fn what_is_absent_is_left_out() {
    let run = RunInstancesRequest {
        instance_charge_type: "POSTPAID_BY_HOUR",
        placement: NewPlacement {
            zone: "ap-guangzhou-3".to_owned(),
        },
        instance_type: "S5.MEDIUM4".to_owned(),
        image_id: "img-a1b2c3d4".to_owned(),
        instance_count: 1,
        ..RunInstancesRequest::default()
    };
    assert_eq!(
        serde_json::to_string(&run).unwrap(),
        r#"{"InstanceChargeType":"POSTPAID_BY_HOUR","Placement":{"Zone":"ap-guangzhou-3"},"InstanceType":"S5.MEDIUM4","ImageId":"img-a1b2c3d4","InstanceCount":1}"#
    );
    assert_eq!(
        serde_json::to_string(&DescribeInstancesRequest {
            limit: 100,
            ..DescribeInstancesRequest::default()
        })
        .unwrap(),
        r#"{"Offset":0,"Limit":100}"#
    );
}

#[test]
fn answers_take_null_and_nothing() {
    let page: DescribeInstancesResponse =
        serde_json::from_str(r#"{"TotalCount": null, "InstanceSet": null}"#).unwrap();
    assert!(page.total_count.is_none() && page.instance_set.is_none());
    let instance: Instance = serde_json::from_str(
        r#"{"InstanceId": "ins-1a2b3c4d", "PublicIpAddresses": null, "Placement": {"Zone": null}, "Tags": null,
            "LoginSettings": {"KeyIds": null}, "ExpiredTime": null, "SomethingNew": {"X": 1}}"#,
    )
    .unwrap();
    assert_eq!(instance.instance_id.as_deref(), Some("ins-1a2b3c4d"));
    assert!(instance.placement.unwrap().zone.is_none());
}
