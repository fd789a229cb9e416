"""CVM, VPC and STS through tencentcloud-sdk-python, unmodified."""

import base64
import json
import unittest
from urllib.parse import urlparse

from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client, models
from tencentcloud.sts.v20180813 import models as sts_models
from tencentcloud.sts.v20180813 import sts_client
from tencentcloud.vpc.v20170312 import models as vpc_models
from tencentcloud.vpc.v20170312 import vpc_client

import emulator
from emulator import control

REGION = "ap-guangzhou"
ZONE = "ap-guangzhou-3"
IMAGE = "img-a1b2c3d4"


def profile():
    return ClientProfile(httpProfile=HttpProfile(endpoint=urlparse(emulator.URL).netloc, protocol="http"))


def client(kind=cvm_client.CvmClient, key=emulator.TENCENT_KEY):
    return kind(credential.Credential(*key), REGION, profile())


class TencentCompute(emulator.EmulatorCase):
    def setUp(self):
        super().setUp()
        self.cvm = client()

    def call(self, action, body=None, made=None):
        """Calls an action by name, through the SDK's own request type."""
        request = getattr(models, action + "Request")()
        request.from_json_string(json.dumps(body or {}))
        return getattr(made or self.cvm, action)(request)

    def raw(self, action, body, service="cvm", version="2017-03-12", region=REGION):
        """Calls past the SDK's types, with its signature."""
        made = CommonClient(service, version, credential.Credential(*emulator.TENCENT_KEY), region, profile())
        return made.call_json(action, body)

    def refused(self, code, call, *arguments):
        with self.assertRaises(TencentCloudSDKException) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.get_code(), code, caught.exception.get_message())
        self.assertTrue(caught.exception.get_request_id())

    def run_instances(self, count=1, **more):
        body = {"Placement": {"Zone": ZONE}, "ImageId": IMAGE, "InstanceType": "S5.MEDIUM4", "InstanceCount": count}
        return self.call("RunInstances", {**body, **more}).InstanceIdSet

    def describe(self, **body):
        return self.call("DescribeInstances", body)

    def one(self, instance):
        return self.describe(InstanceIds=[instance]).InstanceSet[0]

    def running(self, count=1, **more):
        ids = self.run_instances(count, **more)
        self.describe()
        return ids

    def test_a_server_lives_and_ends(self):
        instance = self.run_instances(
            InstanceName="web",
            VirtualPrivateCloud={"VpcId": "vpc-a1b2c3d4", "SubnetId": "subnet-a1b2c3d4"},
            SecurityGroupIds=["sg-b1c2d3e4"],
            LoginSettings={"KeyIds": ["skey-a1b2c3d4"]},
            InternetAccessible={"InternetMaxBandwidthOut": 10, "PublicIpAssigned": True},
            TagSpecification=[{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "web"}]}],
            UserData=base64.b64encode(b"#!/bin/sh").decode(),
        )[0]
        self.assertRegex(instance, "^ins-[0-9a-z]{8}$")
        shown = self.one(instance)
        self.assertEqual((shown.InstanceState, shown.LatestOperationState), ("PENDING", "OPERATING"))
        shown = self.one(instance)
        self.assertEqual((shown.InstanceState, shown.LatestOperation), ("RUNNING", "RunInstances"))
        self.assertEqual((shown.InstanceName, shown.CPU, shown.Memory), ("web", 2, 4))
        self.assertEqual((shown.Tags[0].Key, shown.Tags[0].Value), ("team", "web"))
        self.assertEqual(shown.VirtualPrivateCloud.SubnetId, "subnet-a1b2c3d4")
        self.assertEqual((len(shown.PrivateIpAddresses), len(shown.PublicIpAddresses)), (1, 1))
        self.assertIsNone(shown.ExpiredTime)

        stop = self.call("StopInstances", {"InstanceIds": [instance], "StoppedMode": "STOP_CHARGING"})
        shown = self.one(instance)
        self.assertEqual((shown.InstanceState, shown.LatestOperationRequestId), ("STOPPING", stop.RequestId))
        shown = self.one(instance)
        self.assertEqual((shown.InstanceState, shown.StopChargingMode), ("STOPPED", "STOP_CHARGING"))
        self.assertEqual((shown.LatestOperationState, shown.LatestOperationRequestId), ("SUCCESS", stop.RequestId))
        self.refused("UnsupportedOperation.InstanceStateStopped", self.call, "StopInstances", {"InstanceIds": [instance]})

        self.call("StartInstances", {"InstanceIds": [instance]})
        status = self.call("DescribeInstancesStatus", {"InstanceIds": [instance]}).InstanceStatusSet[0]
        self.assertEqual(status.InstanceState, "STARTING")
        self.assertEqual(self.one(instance).InstanceState, "RUNNING")
        self.refused("UnsupportedOperation.InstanceStateRunning", self.call, "StartInstances", {"InstanceIds": [instance]})
        self.call("RebootInstances", {"InstanceIds": [instance], "StopType": "HARD"})
        self.assertEqual(self.one(instance).InstanceState, "REBOOTING")
        self.assertEqual(self.one(instance).InstanceState, "RUNNING")

        self.call("TerminateInstances", {"InstanceIds": [instance]})
        self.assertEqual(self.one(instance).InstanceState, "TERMINATING")
        self.assertEqual(self.describe(InstanceIds=[instance]).TotalCount, 0)
        self.refused("InvalidInstanceId.NotFound", self.call, "TerminateInstances", {"InstanceIds": [instance]})

    def test_pages_by_offset_and_limit(self):
        made = control("POST", "instances", {"Cloud": "Tencent", "Count": 45})["InstanceIds"]
        sizes, seen = [], []
        while not sizes or sizes[-1]:
            page = self.describe(Offset=len(seen))
            self.assertEqual(page.TotalCount, 45)
            sizes.append(len(page.InstanceSet))
            seen += [instance.InstanceId for instance in page.InstanceSet]
        self.assertEqual(sizes, [20, 20, 5, 0])
        self.assertEqual(sorted(seen), sorted(made))
        self.assertEqual(len(self.describe(InstanceIds=made).InstanceSet), 20, "the default page holds for ids too")
        self.assertEqual(len(self.describe(InstanceIds=made, Limit=100).InstanceSet), 45)
        self.assertEqual(len(self.describe(InstanceIds=["ins-00000000"]).InstanceSet), 0)
        self.refused("InvalidParameterValue.LimitExceeded", self.raw, "DescribeInstances", {"Limit": 101})
        many = [f"ins-{n:08d}" for n in range(101)]
        self.refused("InvalidParameterValue.LimitExceeded", self.raw, "DescribeInstances", {"InstanceIds": many})

    def test_filters_and_their_limits(self):
        made = control("POST", "instances", {"Cloud": "Tencent", "Count": 12})["InstanceIds"]

        def found(*filters):
            wanted = [{"Name": name, "Values": list(values)} for name, *values in filters]
            return sorted(i.InstanceId for i in self.describe(Filters=wanted, Limit=100).InstanceSet)

        self.assertEqual(found(("instance-state", "RUNNING"), ("zone", ZONE, "ap-guangzhou-4")), sorted(made))
        self.assertEqual(found(("instance-name", "fleet-1", "fleet-2")), sorted(made[1:3]))
        self.assertEqual(found(("tag:Name", "fleet-*")), [], "there are no wildcards")
        self.assertEqual(found(("tag-key", "fleet"), ("instance-id", made[0])), [made[0]])

        def refused(code, filters, **more):
            self.refused(code, self.raw, "DescribeInstances", {"Filters": filters, **more})

        refused("InvalidFilter", [{"Name": "instance-type", "Values": ["S5.MEDIUM4"]}])
        refused("InvalidFilterValue.LimitExceeded", [{"Name": "instance-id", "Values": made[:6]}])
        refused("InvalidParameterValue.LimitExceeded", [{"Name": "zone", "Values": [ZONE]}] * 11)
        refused("InvalidParameter", [{"Name": "zone", "Values": [ZONE]}], InstanceIds=made[:1])

    def test_types_and_names_of_parameters_are_exact(self):
        for action, body, code in [
            ("DescribeInstances", {"Limit": "100"}, "InvalidParameter"),
            ("DescribeInstances", {"Limit": None}, "InvalidParameter"),
            ("DescribeInstances", {"Limits": 100}, "UnknownParameter"),
            ("StopInstances", {"InstanceIds": "ins-00000000"}, "InvalidParameter"),
            ("StopInstances", {}, "MissingParameter"),
            ("StopInstances", {"InstanceIds": []}, "MissingParameter"),
            ("StopInstances", {"InstanceIds": ["i-1"]}, "InvalidInstanceId.Malformed"),
            ("RunInstances", {"LoginSettings": {"KeepImageLogin": True}}, "InvalidParameter"),
            ("DescribeSpots", {}, "InvalidAction"),
        ]:
            with self.subTest(action=action, body=body):
                self.refused(code, self.raw, action, body)
        self.refused("InvalidParameter", self.raw, "DescribeSubnets", {"Limit": 100}, "vpc")
        self.refused("NoSuchVersion", self.raw, "DescribeInstances", {}, "cvm", "2018-03-12")
        self.refused("NoSuchProduct", self.raw, "DescribeInstances", {}, "cvn")
        self.refused("UnsupportedRegion", self.raw, "DescribeInstances", {}, "cvm", "2017-03-12", "Guangzhou")

    def test_launches_are_checked(self):
        good = {"Placement": {"Zone": ZONE}, "ImageId": IMAGE, "InstanceType": "S5.MEDIUM4"}
        for change, code in [
            ({"Placement": {"Zone": "ap-beijing-1"}}, "InvalidZone.MismatchRegion"),
            ({"ImageId": "img-00000000"}, "InvalidImageId.NotFound"),
            ({"ImageId": "ami-1"}, "InvalidImageId.Malformed"),
            ({"InstanceType": "t3.micro"}, "InvalidInstanceType.Malformed"),
            ({"InstanceCount": 501}, "InvalidParameterValue.Range"),
            ({"InstanceCount": 2, "MinCount": 3}, "InvalidParameterValue.InvalidParameterMinCount"),
            ({"InstanceChargeType": "PREPAID"}, "MissingParameter"),
            ({"InstanceChargeType": "PREPAID", "InstanceChargePrepaid": {"Period": 13}}, "InvalidPeriod"),
            ({"UserData": "%%%"}, "InvalidParameterValue.InvalidUserDataFormat"),
            ({"SecurityGroupIds": ["sg-00000000"]}, "InvalidSecurityGroupId.NotFound"),
            ({"LoginSettings": {"KeyIds": ["skey-00000000"]}}, "InvalidKeyPairId.NotFound"),
            ({"VirtualPrivateCloud": {"VpcId": "vpc-a1b2c3d4", "SubnetId": "subnet-b1c2d3e4"}},
             "InvalidParameterValue.SubnetIdZoneIdNotMatch"),
            ({"ClientToken": "x" * 65}, "InvalidClientToken.TooLong"),
            ({"VirtualPrivateCloud": {"VpcId": "vpc-a1b2c3d4", "SubnetId": "subnet-a1b2c3d4",
                                      "PrivateIpAddresses": ["192.168.0.1"]}}, "VpcAddrNotInSubNet"),
        ]:
            with self.subTest(change=change):
                self.refused(code, self.raw, "RunInstances", {**good, **change})
        self.refused("MissingParameter", self.raw, "RunInstances", {"ImageId": IMAGE})
        self.refused("MissingParameter", self.raw, "RunInstances", {"Placement": {"Zone": ZONE}})
        self.assertIsNone(self.run_instances(DryRun=True))
        self.assertEqual(self.describe().TotalCount, 0)

    def test_names_and_tokens(self):
        ids = self.run_instances(2, InstanceName="web", ClientToken="token-1")
        self.assertEqual(self.run_instances(2, InstanceName="web", ClientToken="token-1"), ids)
        self.assertEqual([self.one(instance).InstanceName for instance in ids], ["web1", "web2"])
        named = [self.one(i).InstanceName for i in self.run_instances(2, InstanceName="db{R:3,F:2}")]
        self.assertEqual(named, ["db03", "db04"])
        self.assertEqual(self.one(self.run_instances()[0]).InstanceName, "未命名")
        self.assertEqual(self.describe().TotalCount, 5)

    def test_a_refusal_changes_nothing(self):
        one, two = self.running(2)
        self.call("StopInstances", {"InstanceIds": [two]})
        self.refused("UnsupportedOperation.InstanceStateStopping", self.call, "StopInstances", {"InstanceIds": [one, two]})
        self.assertEqual(self.one(one).InstanceState, "RUNNING")
        self.refused("InvalidInstanceId.NotFound", self.call, "StopInstances", {"InstanceIds": [one, "ins-00000000"]})
        self.assertEqual(self.one(one).InstanceState, "RUNNING")
        both = {"InstanceIds": [one], "StopType": "HARD", "ForceStop": True}
        self.refused("InvalidParameterCombination", self.call, "StopInstances", both)
        pending = self.run_instances()[0]
        self.refused("UnsupportedOperation.InstanceStatePending", self.call, "TerminateInstances", {"InstanceIds": [pending]})

    def test_prepaid_goes_through_the_recycle_bin(self):
        paid = self.running(InstanceChargeType="PREPAID", InstanceChargePrepaid={"Period": 1})[0]
        hourly = self.running()[0]
        self.assertRegex(self.one(paid).ExpiredTime, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        mixed = {"InstanceIds": [paid, hourly]}
        self.refused("UnsupportedOperation.InstanceMixedPricingModel", self.call, "TerminateInstances", mixed)
        alone = {"InstanceIds": [paid]}
        self.call("StopInstances", {"InstanceIds": [paid, hourly], "StoppedMode": "STOP_CHARGING"})
        self.describe()
        modes = [self.one(instance).StopChargingMode for instance in (paid, hourly)]
        self.assertEqual(modes, ["KEEP_CHARGING", "STOP_CHARGING"], "what is prepaid goes on as it was paid")
        self.call("TerminateInstances", alone)
        self.refused("OperationDenied.InstanceOperationInProgress", self.call, "TerminateInstances", alone)
        self.one(paid)
        shown = self.one(paid)
        self.assertEqual((shown.InstanceState, shown.LatestOperationState), ("SHUTDOWN", "SUCCESS"))
        self.assertEqual((shown.RestrictState, shown.IsolatedSource), ("PROTECTIVELY_ISOLATED", "MANMADE"))
        self.refused("UnsupportedOperation.InstanceStateShutdown", self.call, "StartInstances", alone)
        self.call("TerminateInstances", alone)
        self.assertEqual(self.one(paid).InstanceState, "TERMINATING")
        self.assertEqual(self.describe(InstanceIds=[paid]).TotalCount, 0)

    def test_protection(self):
        instance = self.running()[0]
        self.call("ModifyInstancesAttribute", {"InstanceIds": [instance], "DisableApiTermination": True, "InstanceName": "x"})
        self.refused("UnsupportedOperation.InstancesProtected", self.call, "TerminateInstances", {"InstanceIds": [instance]})
        shown = self.one(instance)
        self.assertEqual((shown.DisableApiTermination, shown.InstanceName), (True, "x"))

    def test_lag_hides_what_is_new(self):
        control("POST", "settings", {"Lag": 2})
        instance = self.run_instances()[0]
        seen = [self.describe(InstanceIds=[instance]).InstanceSet for _ in range(4)]
        self.assertEqual([[i.InstanceState for i in page] for page in seen], [[], [], ["PENDING"], ["RUNNING"]])

    def test_keys_are_checked(self):
        key, secret = emulator.TENCENT_KEY
        for credentials, code in [
            ((key, "wrong"), "AuthFailure.SignatureFailure"),
            (("AKIDUNKNOWN", secret), "AuthFailure.SecretIdNotFound"),
            ((key, secret, "token"), "AuthFailure.TokenFailure"),
            (emulator.TENCENT_TEMPORARY[:2], "AuthFailure.TokenFailure"),
            (emulator.TENCENT_EXPIRED, "AuthFailure.TokenFailure"),
        ]:
            with self.subTest(key=credentials[0], code=code):
                self.refused(code, self.call, "DescribeZones", {}, client(key=credentials))
        self.call("DescribeZones", {}, client(key=emulator.TENCENT_TEMPORARY))
        control("POST", "settings", {"ClockOffsetSeconds": 400})
        self.refused("AuthFailure.SignatureExpire", self.call, "DescribeZones")

    def test_the_small_reads(self):
        zones = self.call("DescribeZones").ZoneSet
        self.assertEqual([zone.Zone for zone in zones], ["ap-guangzhou-3", "ap-guangzhou-4", "ap-guangzhou-6"])
        self.assertIn(REGION, [region.Region for region in self.call("DescribeRegions").RegionSet])
        self.assertEqual(self.call("DescribeImages", {"ImageIds": [IMAGE]}).ImageSet[0].ImageState, "NORMAL")
        vpc = client(vpc_client.VpcClient)
        request = vpc_models.DescribeSubnetsRequest()
        request.from_json_string('{"Offset": "1", "Limit": "1"}')
        subnets = vpc.DescribeSubnets(request)
        self.assertEqual((subnets.TotalCount, len(subnets.SubnetSet)), (3, 1))
        self.assertEqual(vpc.DescribeVpcs(vpc_models.DescribeVpcsRequest()).TotalCount, 2)
        caller = client(sts_client.StsClient).GetCallerIdentity(sts_models.GetCallerIdentityRequest())
        self.assertEqual(caller.AccountId, "100000000001")

    def test_faults_look_like_the_service(self):
        for kind, code in [
            ("Throttle", "RequestLimitExceeded"),
            ("InternalError", "InternalServerError"),
            ("Unavailable", "ServiceUnavailable"),
            ("ExpiredKey", "AuthFailure.TokenFailure"),
            ("ClockSkew", "AuthFailure.SignatureExpire"),
            ({"ErrorCode": {"Status": 200, "Code": "LimitExceeded.CvmInstanceQuota", "Message": "no"}}, "LimitExceeded.CvmInstanceQuota"),
        ]:
            control("POST", "faults", {"Kind": kind, "Cloud": "Tencent", "Action": "DescribeZones"})
            self.refused(code, self.call, "DescribeZones")
        for kind in ("HtmlBody", "CutBefore", "GarbageBody", "EmptyBody"):
            control("POST", "faults", {"Kind": kind, "Cloud": "Tencent", "Action": "DescribeZones"})
            with self.assertRaises((TencentCloudSDKException, ValueError)):
                self.call("DescribeZones")
        self.call("DescribeZones")


if __name__ == "__main__":
    unittest.main()
