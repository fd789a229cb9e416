"""EC2 and STS through boto3, unmodified."""

import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import emulator
from emulator import control

IMAGE = "ami-0a1b2c3d4e5f60718"
SUBNET = "subnet-0a1b2c3d4e5f60711"
GROUP = "sg-0a1b2c3d4e5f60702"


def client(service="ec2", key=emulator.AWS_KEY, **config):
    token = key[2] if len(key) > 2 else None
    return boto3.client(
        service,
        endpoint_url=emulator.URL,
        region_name="us-east-1",
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, **config),
    )


def ids_of(answer):
    return [i["InstanceId"] for r in answer["Reservations"] for i in r["Instances"]]


class AwsCompute(emulator.EmulatorCase):
    def setUp(self):
        super().setUp()
        self.ec2 = client()

    def refused(self, code, status, call, **parameters):
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        answer = caught.exception.response
        self.assertEqual((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
        self.assertTrue(answer["ResponseMetadata"]["RequestId"])
        return answer["Error"]["Message"]

    def run_instances(self, count=1, **more):
        answer = self.ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.micro", MinCount=count, MaxCount=count, **more
        )
        return [i["InstanceId"] for i in answer["Instances"]]

    def state(self, instance):
        return self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]

    def test_a_server_lives_and_ends(self):
        answer = self.ec2.run_instances(
            ImageId=IMAGE,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            KeyName="ops",
            UserData="#!/bin/sh\necho hello",
            NetworkInterfaces=[
                {"DeviceIndex": 0, "SubnetId": SUBNET, "Groups": [GROUP], "AssociatePublicIpAddress": True}
            ],
            BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 50, "VolumeType": "gp3"}}],
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web <1>"}]}],
        )
        first = answer["Instances"][0]
        instance = first["InstanceId"]
        self.assertEqual(first["State"], {"Code": 0, "Name": "pending"})
        self.assertRegex(instance, "^i-[0-9a-f]{17}$")

        self.ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 0})
        shown = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        self.assertEqual(shown["Tags"], [{"Key": "Name", "Value": "web <1>"}])
        self.assertEqual(shown["KeyName"], "ops")
        self.assertEqual(shown["SubnetId"], SUBNET)
        self.assertEqual(shown["SecurityGroups"], [{"GroupId": GROUP, "GroupName": "web"}])
        self.assertTrue(shown["PrivateIpAddress"].startswith("10.0."))
        self.assertEqual(shown["NetworkInterfaces"][0]["Association"]["PublicIp"], shown["PublicIpAddress"])

        stopping = self.ec2.stop_instances(InstanceIds=[instance])["StoppingInstances"][0]
        self.assertEqual((stopping["PreviousState"]["Name"], stopping["CurrentState"]["Name"]), ("running", "stopping"))
        self.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig={"Delay": 0})
        again = self.ec2.stop_instances(InstanceIds=[instance])["StoppingInstances"][0]
        self.assertEqual((again["PreviousState"]["Code"], again["CurrentState"]["Code"]), (80, 80))

        starting = self.ec2.start_instances(InstanceIds=[instance])["StartingInstances"][0]
        self.assertEqual(starting["CurrentState"]["Name"], "pending")
        self.ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 0})
        self.ec2.get_waiter("instance_status_ok").wait(InstanceIds=[instance], WaiterConfig={"Delay": 0})
        self.ec2.reboot_instances(InstanceIds=[instance])

        ending = self.ec2.terminate_instances(InstanceIds=[instance])["TerminatingInstances"][0]
        self.assertEqual(ending["CurrentState"], {"Code": 32, "Name": "shutting-down"})
        self.ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance], WaiterConfig={"Delay": 0})
        gone = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        self.assertEqual(gone["StateReason"]["Code"], "Client.UserInitiatedShutdown")
        self.assertNotIn("PrivateIpAddress", gone)
        control("POST", "settings", {"ClockOffsetSeconds": 3700})
        # The client's clock is now an hour behind, which this client mends by itself only for other codes.
        self.refused("RequestExpired", 400, self.ec2.describe_instances, InstanceIds=[instance])

    def test_pages_hold_what_was_asked_for(self):
        made = control("POST", "instances", {"Cloud": "Aws", "Count": 23})["InstanceIds"]
        pages = list(self.ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))
        self.assertEqual([len(ids_of(page)) for page in pages], [5, 5, 5, 5, 3])
        self.assertEqual(sorted(i for page in pages for i in ids_of(page)), sorted(made))
        control("POST", "settings", {"PageCap": 1})
        pages = list(self.ec2.get_paginator("describe_instances").paginate())
        self.assertEqual(len(pages), 24, "a page each, and an empty one at the end")
        self.assertEqual(sorted(i for page in pages for i in ids_of(page)), sorted(made))
        self.refused("InvalidParameterCombination", 400, self.ec2.describe_instances, InstanceIds=made[:1], MaxResults=5)
        self.refused("InvalidParameterValue", 400, self.ec2.describe_instances, MaxResults=4)
        self.refused("InvalidPaginationToken", 400, self.ec2.describe_instances, NextToken="nonsense")
        token = pages[0]["NextToken"]
        other = [{"Name": "instance-type", "Values": ["t3.micro"]}]
        self.refused("InvalidPaginationToken", 400, self.ec2.describe_instances, NextToken=token, Filters=other)

    def test_filters_and_their_limits(self):
        made = control("POST", "instances", {"Cloud": "Aws", "Count": 12})["InstanceIds"]

        def found(*filters):
            wanted = [{"Name": name, "Values": list(values)} for name, *values in filters]
            return sorted(ids_of(self.ec2.describe_instances(Filters=wanted)))

        self.assertEqual(found(("instance-state-name", "running")), sorted(made))
        self.assertEqual(found(("tag:Name", "fleet-1*")), sorted(made[i] for i in (1, 10, 11)))
        self.assertEqual(found(("tag:Name", "fleet-?"), ("instance-id", *made[8:])), sorted(made[8:10]))
        self.assertEqual(found(("tag:Name", "Fleet-1")), [])
        self.assertEqual(found(("tag-key", "fleet"), ("vpc-id", "vpc-none")), [])
        page = self.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [made[-1]]}], MaxResults=5)
        self.assertEqual(ids_of(page), [], "the page is cut before it is filtered")
        self.assertTrue(page["NextToken"])
        none = [{"Name": "instance-colour", "Values": ["red"]}]
        self.refused("InvalidParameterValue", 400, self.ec2.describe_instances, Filters=none)
        many = [{"Name": "instance-id", "Values": [f"i-{n:017x}" for n in range(201)]}]
        self.refused("FilterLimitExceeded", 400, self.ec2.describe_instances, Filters=many)

    def test_ids_that_are_wrong(self):
        known = self.run_instances()[0]
        a, b = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"
        text = self.refused("InvalidInstanceID.NotFound", 400, self.ec2.describe_instances, InstanceIds=[a, known, b])
        self.assertEqual(text, f"The instance IDs '{a}, {b}' do not exist")
        text = self.refused("InvalidInstanceID.NotFound", 400, self.ec2.stop_instances, InstanceIds=[a])
        self.assertEqual(text, f"The instance ID '{a}' does not exist")
        self.refused("InvalidInstanceID.Malformed", 400, self.ec2.describe_instances, InstanceIds=[a, "i-x"])
        many = [f"i-{n:017x}" for n in range(101)]
        self.refused("InvalidRequest", 400, self.ec2.describe_instance_status, InstanceIds=many)

    def test_what_a_state_does_not_allow_is_refused_whole(self):
        control("POST", "settings", {"TransitionPolls": 9})
        running = control("POST", "instances", {"Cloud": "Aws", "Count": 1})["InstanceIds"][0]
        pending = self.run_instances()[0]
        self.refused("IncorrectInstanceState", 400, self.ec2.stop_instances, InstanceIds=[running, pending])
        self.assertEqual(self.state(running)["Name"], "running")
        self.ec2.start_instances(InstanceIds=[running, pending])

    def test_launches_are_idempotent_by_token(self):
        one = self.run_instances(2, ClientToken="token-1")
        self.assertEqual(self.run_instances(2, ClientToken="token-1"), one)
        self.assertEqual(sorted(ids_of(self.ec2.describe_instances())), sorted(one))
        self.refused(
            "IdempotentParameterMismatch", 400, self.ec2.run_instances,
            ImageId=IMAGE, InstanceType="t3.small", MinCount=2, MaxCount=2, ClientToken="token-1",
        )

    def test_launches_are_checked(self):
        good = {"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        run = self.ec2.run_instances
        self.refused("DryRunOperation", 412, run, **good, DryRun=True)
        self.refused("InvalidAMIID.NotFound", 400, run, **{**good, "ImageId": "ami-00000000000000000"})
        self.refused("InvalidAMIID.Malformed", 400, run, **{**good, "ImageId": "image"})
        self.refused("InvalidSubnetID.NotFound", 400, run, **good, SubnetId="subnet-00000000000000000")
        self.refused("InvalidKeyPair.NotFound", 400, run, **good, KeyName="nobody")
        self.refused("InvalidGroup.NotFound", 400, run, **good, SecurityGroupIds=["sg-00000000000000000"])
        self.refused("InvalidParameterValue", 400, run, **good, UserData="x" * 16385)
        self.refused("InvalidParameterValue", 400, run, **{**good, "MinCount": 2})
        self.refused("InvalidParameterValue", 400, run, **good, PrivateIpAddress="192.168.0.1")
        taken = run(**good, PrivateIpAddress="10.0.0.77")["Instances"][0]
        self.assertEqual(taken["PrivateIpAddress"], "10.0.0.77")
        self.refused("InvalidIPAddress.InUse", 400, run, **good, PrivateIpAddress="10.0.0.77")
        interface = [{"DeviceIndex": 0, "SubnetId": SUBNET}]
        self.refused("InvalidParameterCombination", 400, run, **good, SubnetId=SUBNET, NetworkInterfaces=interface)
        self.assertEqual(ids_of(self.ec2.describe_instances()), [taken["InstanceId"]])

    def test_protection_holds_within_a_zone(self):
        zones = ("us-east-1a", "us-east-1a", "us-east-1b")
        a, b, c = (self.run_instances(Placement={"AvailabilityZone": zone})[0] for zone in zones)
        self.ec2.modify_instance_attribute(InstanceId=a, DisableApiTermination={"Value": True})
        asked = self.ec2.describe_instance_attribute(InstanceId=a, Attribute="disableApiTermination")
        self.assertIs(asked["DisableApiTermination"]["Value"], True)
        self.ec2.describe_instances()
        self.refused("OperationNotPermitted", 400, self.ec2.terminate_instances, InstanceIds=[a, b, c])
        self.assertEqual([self.state(i)["Name"] for i in (a, b, c)], ["running", "running", "shutting-down"])
        self.ec2.modify_instance_attribute(InstanceId=a, Attribute="disableApiTermination", Value="false")
        self.ec2.terminate_instances(InstanceIds=[a, b, c])

    def test_tags_and_catalogues(self):
        instance = self.run_instances()[0]
        self.ec2.create_tags(Resources=[instance], Tags=[{"Key": "team", "Value": "web"}, {"Key": "x", "Value": ""}])
        self.ec2.delete_tags(Resources=[instance], Tags=[{"Key": "x"}])
        tags = self.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [instance]}])["Tags"]
        self.assertEqual(tags, [{"Key": "team", "ResourceId": instance, "ResourceType": "instance", "Value": "web"}])
        self.assertEqual(len(self.ec2.describe_subnets()["Subnets"]), 3)
        other = [{"Name": "vpc-id", "Values": ["vpc-0b1c2d3e4f5061728"]}]
        self.assertEqual(len(self.ec2.describe_subnets(Filters=other)["Subnets"]), 1)
        self.assertEqual(len(self.ec2.describe_vpcs()["Vpcs"]), 2)
        self.assertEqual(len(self.ec2.describe_images(ImageIds=[IMAGE])["Images"]), 1)
        zones = self.ec2.describe_availability_zones()["AvailabilityZones"]
        self.assertEqual([zone["ZoneName"] for zone in zones], ["us-east-1a", "us-east-1b", "us-east-1c"])
        self.assertIn("us-east-1", [region["RegionName"] for region in self.ec2.describe_regions()["Regions"]])
        self.assertEqual(len(self.ec2.describe_key_pairs()["KeyPairs"]), 1)
        self.assertEqual(len(self.ec2.describe_security_groups()["SecurityGroups"]), 3)

    def test_lag_hides_what_is_new(self):
        control("POST", "settings", {"Lag": 2})
        instance = self.run_instances()[0]
        for _ in range(2):
            self.refused("InvalidInstanceID.NotFound", 400, self.ec2.describe_instances, InstanceIds=[instance])
        self.assertEqual(self.state(instance)["Name"], "pending")
        self.assertEqual(self.state(instance)["Name"], "running")

    def test_keys_are_checked(self):
        key, secret = emulator.AWS_KEY
        cases = [
            ((key, "wrong"), "ec2", ("AuthFailure", 401)),
            (("AKIAUNKNOWN", secret), "ec2", ("AuthFailure", 401)),
            ((key, secret, "token"), "ec2", ("AuthFailure", 401)),
            (emulator.AWS_TEMPORARY[:2], "ec2", ("AuthFailure", 401)),
            (emulator.AWS_EXPIRED, "ec2", ("RequestExpired", 400)),
            ((key, "wrong"), "sts", ("SignatureDoesNotMatch", 403)),
            (("AKIAUNKNOWN", secret), "sts", ("InvalidClientTokenId", 403)),
            (emulator.AWS_EXPIRED, "sts", ("ExpiredToken", 403)),
        ]
        for credentials, service, (code, status) in cases:
            with self.subTest(service=service, key=credentials[0], code=code):
                made = client(service, credentials)
                self.refused(code, status, made.describe_regions if service == "ec2" else made.get_caller_identity)
        self.assertEqual(client("sts").get_caller_identity()["Account"], "123456789012")
        client("ec2", emulator.AWS_TEMPORARY).describe_regions()

    def test_what_is_not_there_is_said_loudly(self):
        self.refused("InvalidAction", 400, self.ec2.describe_spot_price_history)
        self.refused("InvalidAction", 400, client("sts").get_session_token)

    def test_faults_look_like_the_service(self):
        for kind, code, status in [
            ("Throttle", "RequestLimitExceeded", 503),
            ("InternalError", "InternalError", 500),
            ("Unavailable", "Unavailable", 503),
            ("ExpiredKey", "RequestExpired", 400),
            ("ClockSkew", "RequestExpired", 400),
            ({"ErrorCode": {"Status": 400, "Code": "VcpuLimitExceeded", "Message": "no"}}, "VcpuLimitExceeded", 400),
        ]:
            control("POST", "faults", {"Kind": kind, "Cloud": "Aws", "Action": "DescribeRegions"})
            self.refused(code, status, self.ec2.describe_regions)
        self.ec2.describe_regions()

    def test_a_launch_whose_answer_is_lost_is_not_repeated(self):
        control("POST", "faults", {"Kind": "CutAfter", "Action": "RunInstances"})
        patient = boto3.client(
            "ec2", endpoint_url=emulator.URL, region_name="us-east-1",
            aws_access_key_id=emulator.AWS_KEY[0], aws_secret_access_key=emulator.AWS_KEY[1],
        )
        patient.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)
        calls = [call["Action"] for call in control("GET", "calls")["Calls"]]
        self.assertEqual(calls, ["RunInstances", "RunInstances"])
        self.assertEqual(len(ids_of(self.ec2.describe_instances())), 1)

    def test_user_data_has_to_be_base64(self):
        # boto3 encodes what it is given, so the wrong form has to be sent past it.
        def spoil(params, **_):
            params["body"]["UserData"] = "%%%"

        self.ec2.meta.events.register("before-call.ec2.RunInstances", spoil)
        self.refused(
            "InvalidUserData.Malformed", 400, self.ec2.run_instances,
            ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1,
        )


if __name__ == "__main__":
    unittest.main()
