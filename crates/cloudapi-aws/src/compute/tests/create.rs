use std::sync::atomic::{AtomicUsize, Ordering};

use cloudapi_core::ErrorKind;
use cloudapi_core::compute::{CreateInstancesRequest, Disk};

use super::{A, world};
use crate::testing::Reply;

fn launched(token: &str) -> Reply {
    Reply::ok(format!(
        "<RunInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><reservationId>r-1</reservationId><instancesSet><item><instanceId>{A}</instanceId><clientToken>{token}</clientToken></item></instancesSet></RunInstancesResponse>"
    ))
}

#[tokio::test]
async fn creating_keeps_its_token_when_the_answer_is_lost() {
    let sent = AtomicUsize::new(0);
    let (server, compute) = world(move |params| match sent.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Cut,
        _ => launched(&params["ClientToken"]),
    })
    .await;
    let request = CreateInstancesRequest::new("ami-1", "t3.micro")
        .with_name("web")
        .with_tag("team", "x")
        .with_user_data("echo");
    let created = compute.create_instances(request).await.unwrap();
    assert_eq!(created.instance_ids, [A.into()]);
    let calls = server.calls();
    assert_eq!(calls.len(), 2);
    assert!(
        calls
            .iter()
            .all(|call| call["ClientToken"] == created.client_token)
    );
    let call = &calls[1];
    assert_eq!(
        (call["MinCount"].as_str(), call["MaxCount"].as_str()),
        ("1", "1")
    );
    assert_eq!(call["UserData"], "ZWNobw==");
    for (at, resource) in [(1, "instance"), (2, "volume")] {
        assert_eq!(
            call[&format!("TagSpecification.{at}.ResourceType")],
            resource
        );
        assert_eq!(call[&format!("TagSpecification.{at}.Tag.1.Key")], "Name");
        assert_eq!(call[&format!("TagSpecification.{at}.Tag.2.Value")], "x");
    }
}

#[tokio::test]
async fn what_must_be_known_is_looked_up_once() {
    let (server, compute) = world(|params| match params["Action"].as_str() {
        "DescribeSubnets" => Reply::ok("<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><availabilityZone>us-east-1b</availabilityZone></item></subnetSet></DescribeSubnetsResponse>"),
        "DescribeImages" => Reply::ok("<DescribeImagesResponse><imagesSet><item><imageId>ami-1</imageId><rootDeviceName>/dev/xvda</rootDeviceName><blockDeviceMapping><item><deviceName>/dev/sdf</deviceName></item></blockDeviceMapping></item></imagesSet></DescribeImagesResponse>"),
        _ => Reply::error(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."),
    })
    .await;
    let request = || {
        CreateInstancesRequest::new("ami-1", "t3.micro")
            .with_vpc_id("vpc-1")
            .with_subnet_id("subnet-1")
            .with_security_group_ids(["sg-1"])
            .with_public_address(true)
            .with_disk(Disk::data(100).with_type("gp3"))
            .with_disk(
                Disk::boot()
                    .with_size_gib(50)
                    .with_delete_with_instance(true),
            )
            .with_dry_run(true)
    };
    let created = compute.create_instances(request()).await.unwrap();
    assert!(created.dry_run && created.instance_ids.is_empty());
    assert_eq!(created.request.unwrap().zone.as_deref(), Some("us-east-1b"));
    assert_eq!(
        server.actions(),
        ["DescribeSubnets", "DescribeImages", "RunInstances"]
    );
    let call = &server.calls()[2];
    for (name, value) in [
        ("DryRun", "true"),
        ("BlockDeviceMapping.1.DeviceName", "/dev/sdg"),
        ("BlockDeviceMapping.1.Ebs.VolumeSize", "100"),
        ("BlockDeviceMapping.2.DeviceName", "/dev/xvda"),
        ("BlockDeviceMapping.2.Ebs.DeleteOnTermination", "true"),
        ("NetworkInterface.1.AssociatePublicIpAddress", "true"),
        ("NetworkInterface.1.SubnetId", "subnet-1"),
        ("NetworkInterface.1.SecurityGroupId.1", "sg-1"),
    ] {
        assert_eq!(call.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!call.contains_key("SubnetId") && !call.contains_key("SecurityGroupId.1"));
    let wrong = compute
        .create_instances(request().with_vpc_id("vpc-2"))
        .await
        .unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::InvalidArgument);
    assert_eq!(server.calls().len(), 4);
}
