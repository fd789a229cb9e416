"""CLB through tencentcloud-sdk-python, unmodified."""

import json
import unittest
from urllib.parse import urlparse

from tencentcloud.clb.v20180317 import clb_client, models
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

import emulator
from emulator import control

REGION = "ap-guangzhou"
WEB, SINGLE, CLASSIC, OTHER = "lb-a1b2c3d4", "lb-b1c2d3e4", "lb-c1d2e3f4", "lb-d1e2f3a4"
TWINS = ["lb-e1f2a3b4", "lb-f1a2b3c4"]
TCP, UDP, HTTP, HTTPS = "lbl-a1b2c3d4", "lbl-b1c2d3e4", "lbl-c1d2e3f4", "lbl-d1e2f3a4"
ROOT, API, SHOP = "loc-a1b2c3d4", "loc-b1c2d3e4", "loc-c1d2e3f4"
BUSY = "FailedOperation.ResourceInOperating"


class TencentLoadBalancer(emulator.EmulatorCase):
    def setUp(self):
        super().setUp()
        profile = ClientProfile(httpProfile=HttpProfile(endpoint=urlparse(emulator.URL).netloc, protocol="http"))
        key = credential.Credential(*emulator.TENCENT_KEY)
        self.clb = clb_client.ClbClient(key, REGION, profile)
        self.untyped = CommonClient("clb", "2018-03-17", key, REGION, profile)
        self.cvm = CommonClient("cvm", "2017-03-12", key, REGION, profile)

    def call(self, action, **body):
        request = getattr(models, action + "Request")()
        request.from_json_string(json.dumps(body))
        return getattr(self.clb, action)(request)

    def raw(self, action, **body):
        return self.untyped.call_json(action, body)["Response"]

    def refused(self, code, call, *arguments, **body):
        with self.assertRaises(TencentCloudSDKException) as caught:
            call(*arguments, **body)
        self.assertEqual(caught.exception.get_code(), code, caught.exception.get_message())
        return caught.exception.get_message()

    def fleet(self, count=1):
        return control("POST", "instances", {"Cloud": "Tencent", "Count": count})["InstanceIds"]

    def finish(self, answer):
        """Follows a task to its end."""
        for _ in range(10):
            task = self.call("DescribeTaskStatus", TaskId=answer.RequestId)
            if task.Status != 2:
                return task
        self.fail("the task does not end")

    def register(self, *targets, lb=WEB, listener=TCP, **more):
        named = [{"InstanceId": t[0], "Port": t[1], **({"Weight": t[2]} if len(t) > 2 else {})} for t in targets]
        answer = self.call("RegisterTargets", LoadBalancerId=lb, ListenerId=listener, Targets=named, **more)
        self.assertEqual(self.finish(answer).Status, 0)

    def health(self, listener=TCP, lb=WEB):
        shown = self.call("DescribeTargetHealth", LoadBalancerIds=[lb], ListenerIds=[listener]).LoadBalancers[0]
        rules = shown.Listeners[0].Rules
        return {(t.TargetId, t.Port): t.HealthStatusDetail for rule in rules for t in rule.Targets}

    def targets(self, group=TCP):
        return [(t["Id"], t["Port"], t["Weight"]) for t in control("GET", f"targets/{group}")["Targets"]]

    def test_load_balancers(self):
        def found(**body):
            return [b.LoadBalancerId for b in self.call("DescribeLoadBalancers", **body).LoadBalancerSet]

        everything = [WEB, SINGLE, CLASSIC, OTHER, *TWINS]
        self.assertEqual(found(), everything[::-1], "the newest first")
        self.assertEqual(found(OrderType=0), everything)
        self.assertEqual(found(Forward=0), [CLASSIC])
        self.assertEqual(found(LoadBalancerName="twi", OrderType=0), TWINS)
        self.assertEqual(found(LoadBalancerIds=[WEB, "lb-00000000"]), [WEB], "unknown ones are absent")
        self.assertEqual(found(VpcId="vpc-b1c2d3e4"), [OTHER])
        page = self.call("DescribeLoadBalancers", Offset=4, Limit=10)
        self.assertEqual((page.TotalCount, len(page.LoadBalancerSet)), (6, 2))
        self.assertEqual((page.LoadBalancerSet[1].Forward, page.LoadBalancerSet[1].Status), (1, 1))
        self.refused("InvalidParameterValue.Range", self.raw, "DescribeLoadBalancers", Limit=101)
        self.refused("InvalidParameterValue.Length", self.raw, "DescribeLoadBalancers", LoadBalancerIds=[WEB] * 21)
        self.refused("InvalidParameter", self.raw, "DescribeLoadBalancers", Limit="100")

    def test_listeners_and_rules(self):
        answer = self.call("DescribeListeners", LoadBalancerId=WEB)
        self.assertEqual([(l.ListenerId, l.Protocol, l.Port) for l in answer.Listeners],
                         [(TCP, "TCP", 80), (UDP, "UDP", 53), (HTTP, "HTTP", 8080), (HTTPS, "HTTPS", 443)])
        self.assertEqual(answer.TotalCount, 4)
        self.assertIsNone(answer.Listeners[0].Rules)
        self.assertEqual([(r.LocationId, r.Domain, r.Url) for r in answer.Listeners[2].Rules],
                         [(ROOT, "www.example.com", "/"), (API, "www.example.com", "/api")])
        one = self.call("DescribeListeners", LoadBalancerId=WEB, Protocol="HTTP", Port=8080).Listeners
        self.assertEqual([listener.ListenerId for listener in one], [HTTP])
        self.refused("InvalidParameter.LBIdNotFound", self.raw, "DescribeListeners", LoadBalancerId="lb-00000000")
        self.refused("InvalidParameter.ListenerIdNotFound", self.raw, "DescribeListeners", LoadBalancerId=WEB,
                     ListenerIds=["lbl-00000000"])

    def test_a_target_comes_and_goes(self):
        instance = self.fleet()[0]
        target = {"InstanceId": instance, "Port": 8080, "Weight": 30}
        answer = self.call("RegisterTargets", LoadBalancerId=WEB, ListenerId=TCP, Targets=[target])
        self.assertEqual(self.targets(), [], "the answer only means that it was accepted")
        states = [self.call("DescribeTaskStatus", TaskId=answer.RequestId).Status for _ in range(3)]
        self.assertEqual(states, [2, 0, 0])
        self.assertEqual(self.targets(), [(instance, 8080, 30)])
        listener = self.raw("DescribeTargets", LoadBalancerId=WEB, ListenerIds=[TCP])["Listeners"][0]
        self.assertIsNone(listener["Rules"])
        backend = listener["Targets"][0]
        self.assertEqual((backend["Type"], backend["InstanceId"], backend["Port"], backend["Weight"]), ("CVM", instance, 8080, 30))
        self.assertIsNone(backend["PublicIpAddresses"])
        shown = self.raw("DescribeTargetHealth", LoadBalancerIds=[WEB])["LoadBalancers"][0]["Listeners"][0]["Rules"]
        self.assertEqual(len(shown), 1, "layer 4 reports under rules too")
        self.assertRegex(shown[0]["LocationId"], "^loc-")
        self.assertEqual((shown[0]["Domain"], shown[0]["Url"]), (None, None))
        first = shown[0]["Targets"][0]
        self.assertIs(first["HealthStatus"], False)
        self.assertEqual((first["HealthStatusDetail"], first["HealthStatusDetial"]), ("Unknown", "Unknown"))
        self.assertEqual((first["TargetId"], first["IP"], first["Weight"]), (instance, backend["PrivateIpAddresses"][0], 30))
        self.assertEqual(self.health(), {(instance, 8080): "Alive"})
        answer = self.call("DeregisterTargets", LoadBalancerId=WEB, ListenerId=TCP, Targets=[target])
        self.assertEqual(self.finish(answer).Status, 0)
        self.assertEqual(self.targets(), [])

    def test_rules_are_named_by_id_or_by_domain_and_url(self):
        one, two = self.fleet(2)
        self.register((one, 80), listener=HTTP, LocationId=ROOT)
        self.register((two, 80), listener=HTTP, Domain="www.example.com", Url="/api")
        self.assertEqual([self.targets(ROOT), self.targets(API)], [[(one, 80, 10)], [(two, 80, 10)]])
        listener = self.raw("DescribeTargets", LoadBalancerId=WEB, ListenerIds=[HTTP])["Listeners"][0]
        self.assertIsNone(listener["Targets"])
        self.assertEqual([len(rule["Targets"]) for rule in listener["Rules"]], [1, 1])
        only = [{"Name": "location-id", "Values": [API]}]
        rules = self.raw("DescribeTargets", LoadBalancerId=WEB, ListenerIds=[HTTP], Filters=only)["Listeners"][0]["Rules"]
        self.assertEqual([len(rule["Targets"]) for rule in rules], [0, 1])
        health = self.raw("DescribeTargetHealth", LoadBalancerIds=[WEB], LocationIds=[API])["LoadBalancers"][0]
        rules = [rule for listener in health["Listeners"] for rule in listener["Rules"]]
        self.assertEqual([(rule["Domain"], rule["Url"]) for rule in rules], [("www.example.com", "/api")])
        base = {"LoadBalancerId": WEB, "Targets": [{"InstanceId": one, "Port": 80}]}
        refused = lambda code, **more: self.refused(code, self.raw, "RegisterTargets", **base, **more)
        refused("MissingParameter", ListenerId=HTTP)
        refused("InvalidParameter.LocationNotFound", ListenerId=HTTP, LocationId=SHOP)
        refused("InvalidParameter.LocationNotFound", ListenerId=HTTP, Domain="www.example.com", Url="/none")
        refused("InvalidParameter.ListenerIdNotFound", ListenerId="lbl-00000000")
        synthetic = self.raw("DescribeTargetHealth", LoadBalancerIds=[WEB])["LoadBalancers"][0]["Listeners"][0]["Rules"][0]
        refused("InvalidParameter.LocationNotFound", ListenerId=TCP, LocationId=synthetic["LocationId"])

    def test_one_change_at_a_time(self):
        one, two = self.fleet(2)
        control("POST", "settings", {"TransitionPolls": 3})
        base = {"LoadBalancerId": WEB, "ListenerId": TCP}
        first = self.call("RegisterTargets", **base, Targets=[{"InstanceId": one, "Port": 80}])
        second = {**base, "Targets": [{"InstanceId": two, "Port": 80}]}
        for _ in range(3):
            self.refused(BUSY, self.raw, "RegisterTargets", **second)
        self.assertEqual(self.call("DescribeTaskStatus", TaskId=first.RequestId).Status, 0)
        self.finish(self.call("RegisterTargets", **second))
        self.assertEqual([target[0] for target in self.targets()], [one, two])
        self.call("RegisterTargets", LoadBalancerId=SINGLE, ListenerId="lbl-e1f2a3b4", Targets=second["Targets"])
        control("POST", "holds", {"LoadBalancerId": WEB, "Polls": 2})
        self.health()
        codes = []
        for _ in range(3):
            try:
                self.raw("DeregisterTargets", **second)
                codes.append("")
            except TencentCloudSDKException as error:
                codes.append(error.get_code())
        self.assertEqual(codes, [BUSY, BUSY, ""], "another writer is not waited for by reading")

    def test_targets_are_checked(self):
        one = self.fleet()[0]
        made = self.cvm.call_json("RunInstances", {
            "Placement": {"Zone": "ap-guangzhou-3"}, "ImageId": "img-a1b2c3d4",
            "VirtualPrivateCloud": {"VpcId": "vpc-b1c2d3e4", "SubnetId": "subnet-c1d2e3f4"},
        })["Response"]["InstanceIdSet"][0]
        base = {"LoadBalancerId": WEB, "ListenerId": TCP}
        good = {"InstanceId": one, "Port": 80}
        for targets, code in [
            ([], "MissingParameter"),
            ([good] * 21, "InvalidParameterValue.Length"),
            ([good, good], "InvalidParameterValue.Duplicate"),
            ([{**good, "EniIp": "10.0.0.4"}], "InvalidParameter"),
            ([{"Port": 80}], "InvalidParameter"),
            ([{"InstanceId": one}], "MissingParameter"),
            ([{**good, "Port": 0}], "InvalidParameterValue.Range"),
            ([{**good, "Port": 65536}], "InvalidParameterValue.Range"),
            ([{**good, "Weight": 101}], "InvalidParameterValue.Range"),
            ([{**good, "Weight": "10"}], "InvalidParameter"),
            ([good, {"InstanceId": "ins-00000000", "Port": 80}], "InvalidParameter"),
            ([good, {"InstanceId": made, "Port": 80}], "InvalidParameter"),
            ([{"EniIp": "192.168.0.1", "Port": 80}], "InvalidParameter"),
        ]:
            with self.subTest(targets=targets[:2]):
                self.refused(code, self.raw, "RegisterTargets", **base, Targets=targets)
        self.assertEqual(self.targets(), [])
        message = self.refused("InvalidParameter", self.raw, "DeregisterTargets", **base, Targets=[good])
        self.assertIn("not registered", message)
        self.refused("InvalidParameter", self.raw, "ModifyTargetWeight", **base, Targets=[good], Weight=5)
        self.refused("InvalidParameter.LBIdNotFound", self.raw, "RegisterTargets",
                     LoadBalancerId="lb-00000000", ListenerId=TCP, Targets=[good])
        answer = self.call("RegisterTargets", **base, Targets=[{"EniIp": "10.0.0.99", "Port": 80}])
        self.finish(answer)
        self.assertEqual(self.targets(), [("10.0.0.99", 80, 10)])

    def test_weights(self):
        one = self.fleet()[0]
        self.register((one, 80, 50), (one, 81))
        base = {"LoadBalancerId": WEB, "ListenerId": TCP}
        both = [{"InstanceId": one, "Port": 80}, {"InstanceId": one, "Port": 81, "Weight": 7}]
        self.finish(self.call("ModifyTargetWeight", **base, Targets=both, Weight=0))
        self.assertEqual(self.targets(), [(one, 80, 0), (one, 81, 7)])
        self.refused("InvalidParameterValue.Range", self.raw, "ModifyTargetWeight", **base, Targets=both, Weight=-1)
        self.register((one, 81))
        self.assertEqual(self.targets()[1], (one, 81, 10), "again without a weight is the default")

    def test_batches_fail_by_listener(self):
        one, two = self.fleet(2)

        def batch(action, *targets):
            named = [{"ListenerId": t[0], "InstanceId": t[1], "Port": t[2], **({"LocationId": t[3]} if len(t) > 3 else {})}
                     for t in targets]
            answer = self.call(action, LoadBalancerId=WEB, Targets=named)
            self.assertEqual(self.finish(answer).Status, 0)
            return answer

        answer = batch("BatchRegisterTargets", (TCP, one, 80), (TCP, "ins-00000000", 80), (HTTP, two, 80, API))
        self.assertEqual(answer.FailListenerIdSet, [TCP])
        self.assertIn("ins-00000000", answer.Message)
        self.assertEqual([self.targets(TCP), self.targets(API)], [[], [(two, 80, 10)]])
        many = [(TCP, one, port) for port in range(1, 501)]
        self.assertEqual(batch("BatchRegisterTargets", *many).FailListenerIdSet, [])
        self.assertEqual(len(self.targets(TCP)), 500)
        self.refused("InvalidParameterValue.Length", batch, "BatchRegisterTargets", *many, (TCP, one, 501))
        self.refused("InvalidParameterValue.Duplicate", batch, "BatchRegisterTargets", (TCP, one, 1), (TCP, one, 1))
        self.refused("MissingParameter", batch, "BatchRegisterTargets", (HTTP, one, 1))
        self.refused("InvalidParameter.ListenerIdNotFound", batch, "BatchRegisterTargets", ("lbl-00000000", one, 1))
        answer = batch("BatchDeregisterTargets", (TCP, one, 1), (HTTP, one, 80, API))
        self.assertEqual((answer.FailListenerIdSet, len(self.targets(TCP))), ([HTTP], 499))
        self.assertIn("not registered", answer.Message)
        control("POST", "faults", {"Kind": "PartialBatch", "Action": "BatchDeregisterTargets"})
        answer = batch("BatchDeregisterTargets", (TCP, one, 2), (HTTP, two, 80, API))
        self.assertEqual((answer.FailListenerIdSet, len(self.targets(TCP))), ([HTTP], 498))

    def test_a_task_can_fail(self):
        one = self.fleet()[0]
        control("POST", "faults", {"Kind": {"FailedTask": "the backend is gone"}, "Action": "RegisterTargets"})
        answer = self.call("RegisterTargets", LoadBalancerId=WEB, ListenerId=TCP, Targets=[{"InstanceId": one, "Port": 80}])
        states = [self.call("DescribeTaskStatus", TaskId=answer.RequestId) for _ in range(2)]
        self.assertEqual([(s.Status, s.Message) for s in states], [(2, None), (1, "the backend is gone")])
        self.assertEqual(self.targets(), [])
        self.register((one, 80))
        self.refused("InvalidParameter", self.raw, "DescribeTaskStatus", TaskId="x")
        self.refused("MissingParameter", self.raw, "DescribeTaskStatus")

    def test_health_in_every_word(self):
        one, two = self.fleet(2)
        self.register((one, 80), (one, 81), (two, 80))
        self.register((one, 53), listener=UDP)
        self.assertEqual(set(self.health().values()), {"Unknown"})
        control("POST", "health", {"Group": TCP, "Id": one, "Port": 81, "State": "Dead"})
        self.cvm.call_json("StopInstances", {"InstanceIds": [two]})
        self.assertEqual(self.health(), {(one, 80): "Alive", (one, 81): "Dead", (two, 80): "Dead"})
        self.assertEqual(self.health(UDP), {(one, 53): "Close"})
        self.cvm.call_json("TerminateInstances", {"InstanceIds": [one]})
        for _ in range(2):
            self.cvm.call_json("DescribeInstances", {"InstanceIds": [one]})
        self.assertEqual(self.health(), {(two, 80): "Dead"}, "what is destroyed is unbound")
        self.refused("InvalidParameterValue.Length", self.raw, "DescribeTargetHealth", LoadBalancerIds=[WEB] * 31)
        self.refused("MissingParameter", self.raw, "DescribeTargetHealth", LoadBalancerIds=[])
        self.refused("InvalidParameter.LBIdNotFound", self.raw, "DescribeTargetHealth", LoadBalancerIds=["lb-00000000"])

    def test_classic_ones_have_calls_of_their_own(self):
        one, two = self.fleet(2)
        targets = [{"InstanceId": one, "Weight": 20}, {"InstanceId": two}]
        answer = self.call("RegisterTargetsWithClassicalLB", LoadBalancerId=CLASSIC, Targets=targets)
        self.assertEqual(self.finish(answer).Status, 0)
        shown = self.call("DescribeClassicalLBTargets", LoadBalancerId=CLASSIC).Targets
        self.assertEqual([(t.InstanceId, t.Weight, t.RunFlag) for t in shown], [(one, 20, 2), (two, 10, 2)])
        listeners = self.call("DescribeClassicalLBListeners", LoadBalancerId=CLASSIC).Listeners
        self.assertEqual([(l.ListenerPort, l.InstancePort, l.Status) for l in listeners], [(80, 8080, 1), (443, 8443, 1)])

        def health(**more):
            found = self.call("DescribeClassicalLBHealthStatus", LoadBalancerId=CLASSIC, **more).HealthList
            return [(h.IP, h.Port, h.ListenerPort, h.HealthStatus) for h in found]

        ips = [t.PrivateIpAddresses[0] for t in shown]
        self.assertEqual(health(), [(ip, to, port, 0) for port, to in ((80, 8080), (443, 8443)) for ip in ips])
        self.assertEqual(health(ListenerId=listeners[0].ListenerId), [(ip, 8080, 80, 1) for ip in ips])
        gone = {"LoadBalancerId": CLASSIC, "InstanceIds": [one]}
        self.assertEqual(self.finish(self.call("DeregisterTargetsFromClassicalLB", **gone)).Status, 0)
        self.assertEqual(self.targets(CLASSIC), [(two, None, 10)])
        self.assertIn("not registered", self.refused("InvalidParameter", self.raw, "DeregisterTargetsFromClassicalLB", **gone))
        target = [{"InstanceId": one, "Port": 80}]
        for lb, action, body in [
            (CLASSIC, "RegisterTargets", {"ListenerId": listeners[0].ListenerId, "Targets": target}),
            (CLASSIC, "BatchRegisterTargets", {"Targets": [{"ListenerId": listeners[0].ListenerId, **target[0]}]}),
            (CLASSIC, "DescribeTargets", {}),
            (CLASSIC, "DescribeListeners", {}),
            (WEB, "RegisterTargetsWithClassicalLB", {"Targets": [{"InstanceId": one}]}),
            (WEB, "DeregisterTargetsFromClassicalLB", {"InstanceIds": [one]}),
            (WEB, "DescribeClassicalLBTargets", {}),
            (WEB, "DescribeClassicalLBHealthStatus", {}),
        ]:
            with self.subTest(lb=lb, action=action):
                self.refused("UnsupportedOperation", self.raw, action, LoadBalancerId=lb, **body)
        self.refused("UnsupportedOperation", self.raw, "DescribeTargetHealth", LoadBalancerIds=[WEB, CLASSIC])

    def test_faults_look_like_the_service(self):
        for kind, code in [
            ("Throttle", "RequestLimitExceeded"),
            ("InternalError", "InternalError"),
            ("ExpiredKey", "AuthFailure.TokenFailure"),
        ]:
            control("POST", "faults", {"Kind": kind, "Action": "DescribeTargets"})
            self.refused(code, self.raw, "DescribeTargets", LoadBalancerId=WEB)


if __name__ == "__main__":
    unittest.main()
