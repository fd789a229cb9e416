"""ELB and classic ELB through boto3, unmodified."""

import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import emulator
from emulator import control

SUBNET, SUBNET_B, OTHER_SUBNET = "subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712", "subnet-0b1c2d3e4f5061721"
IMAGE = "ami-0a1b2c3d4e5f60718"


def client(service):
    return boto3.client(
        service,
        endpoint_url=emulator.URL,
        region_name="us-east-1",
        aws_access_key_id=emulator.AWS_KEY[0],
        aws_secret_access_key=emulator.AWS_KEY[1],
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
    )


class Base(emulator.EmulatorCase):
    def setUp(self):
        super().setUp()
        self.ec2, self.elb, self.classic = client("ec2"), client("elbv2"), client("elb")

    def refused(self, code, call, **parameters):
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception.response["Error"]["Message"]

    def fleet(self, count=1):
        return control("POST", "instances", {"Cloud": "Aws", "Count": count})["InstanceIds"]

    def launch(self, subnet):
        made = self.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)
        instance = made["Instances"][0]["InstanceId"]
        self.ec2.describe_instances(InstanceIds=[instance])
        return instance


class ElbV2(Base):
    def balancer(self, name="web"):
        return self.elb.describe_load_balancers(Names=[name])["LoadBalancers"][0]["LoadBalancerArn"]

    def group(self, name="web-http"):
        return self.elb.describe_target_groups(Names=[name])["TargetGroups"][0]["TargetGroupArn"]

    def register(self, group, *targets):
        named = [{"Id": id, **({"Port": port} if port else {})} for id, port in targets]
        self.elb.register_targets(TargetGroupArn=self.group(group), Targets=named)

    def deregister(self, group, *targets):
        named = [{"Id": id, **({"Port": port} if port else {})} for id, port in targets]
        self.elb.deregister_targets(TargetGroupArn=self.group(group), Targets=named)

    def health(self, group="web-http", **more):
        answer = self.elb.describe_target_health(TargetGroupArn=self.group(group), **more)
        return {
            (d["Target"]["Id"], d["Target"].get("Port")): (d["TargetHealth"]["State"], d["TargetHealth"].get("Reason"))
            for d in answer["TargetHealthDescriptions"]
        }

    def test_load_balancers_by_arn_name_and_page(self):
        found = self.elb.describe_load_balancers()["LoadBalancers"]
        kinds = [(b["LoadBalancerName"], b["Type"], b["LoadBalancerArn"].split("/")[1]) for b in found]
        self.assertEqual(
            kinds,
            [("web", "application", "app"), ("single", "application", "app"), ("zonal", "application", "app"),
             ("edge", "network", "net"), ("inspect", "gateway", "gwy")],
        )
        self.assertEqual(found[0]["State"], {"Code": "active"})
        self.assertEqual([zone["SubnetId"] for zone in found[0]["AvailabilityZones"]], [SUBNET, SUBNET_B])
        arn = found[3]["LoadBalancerArn"]
        self.assertEqual(self.elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["LoadBalancerName"], "edge")
        pages = list(self.elb.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["LoadBalancers"]) for page in pages], [2, 2, 1])
        describe = self.elb.describe_load_balancers
        self.refused("LoadBalancerNotFound", describe, Names=["web", "none"])
        self.refused("LoadBalancerNotFound", describe, LoadBalancerArns=[arn[:-1] + "x"])
        self.refused("ValidationError", describe, LoadBalancerArns=["web"])
        self.refused("ValidationError", describe, LoadBalancerArns=[arn], Names=["edge"])
        self.refused("ValidationError", describe, LoadBalancerArns=[arn] * 21)
        self.refused("ValidationError", describe, PageSize=401)
        self.refused("ValidationError", describe, Marker="x")

    def test_groups_listeners_and_rules(self):
        web = self.balancer()
        groups = self.elb.describe_target_groups(LoadBalancerArn=web)["TargetGroups"]
        self.assertEqual(
            [(g["TargetGroupName"], g["TargetType"], g.get("Port")) for g in groups],
            [("web-http", "instance", 80), ("web-api", "instance", 8080), ("web-canary", "instance", 8080),
             ("web-dark", "instance", 8080), ("web-ip", "ip", 80), ("web-lambda", "lambda", None)],
        )
        self.assertEqual(groups[0]["LoadBalancerArns"], [web])
        unattached = self.elb.describe_target_groups(Names=["unattached"])["TargetGroups"][0]
        self.assertEqual(unattached["LoadBalancerArns"], [])
        listeners = self.elb.describe_listeners(LoadBalancerArn=web)["Listeners"]
        self.assertEqual([l["Port"] for l in listeners], [80, 443, 8000])
        action = listeners[0]["DefaultActions"][0]
        self.assertEqual((action["Type"], action["TargetGroupArn"]), ("forward", groups[0]["TargetGroupArn"]))
        self.assertEqual([l["DefaultActions"][0]["Type"] for l in listeners[1:]], ["fixed-response", "redirect"])
        one = self.elb.describe_listeners(ListenerArns=[listeners[0]["ListenerArn"]])["Listeners"]
        self.assertEqual(one, listeners[:1])
        rules = self.elb.describe_rules(ListenerArn=listeners[0]["ListenerArn"])["Rules"]
        self.assertEqual([(r["Priority"], r["IsDefault"]) for r in rules],
                         [("10", False), ("20", False), ("30", False), ("default", True)])
        self.assertNotIn("TargetGroupArn", rules[0]["Actions"][0])
        shares = rules[0]["Actions"][0]["ForwardConfig"]["TargetGroups"]
        self.assertEqual([share["Weight"] for share in shares], [90, 10, 0])
        self.assertEqual(rules[0]["Conditions"][0]["Values"], ["/api/*"])
        same = self.elb.describe_rules(RuleArns=[rules[1]["RuleArn"]])["Rules"]
        self.assertEqual(same, rules[1:2])
        gateway = self.elb.describe_listeners(LoadBalancerArn=self.balancer("inspect"))["Listeners"][0]
        self.assertNotIn("Port", gateway)
        arn = groups[0]["TargetGroupArn"]
        for code, call, parameters in [
            ("TargetGroupNotFound", self.elb.describe_target_groups, {"Names": ["none"]}),
            ("TargetGroupNotFound", self.elb.describe_target_groups, {"TargetGroupArns": [arn[:-1] + "x"]}),
            ("ValidationError", self.elb.describe_target_groups, {"LoadBalancerArn": web, "Names": ["web-http"]}),
            ("LoadBalancerNotFound", self.elb.describe_target_groups, {"LoadBalancerArn": web[:-1] + "x"}),
            ("ListenerNotFound", self.elb.describe_listeners, {"ListenerArns": [listeners[0]["ListenerArn"] + "x"]}),
            ("ValidationError", self.elb.describe_listeners, {}),
            ("RuleNotFound", self.elb.describe_rules, {"RuleArns": [rules[0]["RuleArn"] + "x"]}),
            ("TargetGroupNotFound", self.elb.describe_target_health, {"TargetGroupArn": arn[:-1] + "x"}),
            ("ValidationError", self.elb.describe_target_health, {"TargetGroupArn": "web-http"}),
        ]:
            with self.subTest(code=code, parameters=parameters):
                self.refused(code, call, **parameters)

    def test_a_target_comes_and_goes(self):
        instance = self.fleet()[0]
        self.register("web-http", (instance, None))
        key = (instance, 80)
        self.assertEqual(self.health(), {key: ("initial", "Elb.RegistrationInProgress")})
        self.assertEqual(self.health(), {key: ("healthy", None)})
        self.register("web-http", (instance, 80))
        self.assertEqual(self.health(), {key: ("healthy", None)}, "again is no change")
        group = self.group()
        self.elb.get_waiter("target_in_service").wait(TargetGroupArn=group, WaiterConfig={"Delay": 0})
        self.deregister("web-http", (instance, None))
        self.assertEqual(self.health(), {key: ("draining", "Target.DeregistrationInProgress")})
        self.assertEqual(self.health(), {})
        asked = self.health(Targets=[{"Id": instance, "Port": 80}])
        self.assertEqual(asked, {key: ("unused", "Target.NotRegistered")})
        self.elb.get_waiter("target_deregistered").wait(
            TargetGroupArn=group, Targets=[{"Id": instance}], WaiterConfig={"Delay": 0}
        )

    def test_the_key_is_id_and_port(self):
        instance = self.fleet()[0]
        self.register("web-http", (instance, 80), (instance, 81))
        self.deregister("web-http", (instance, None), (instance, 9999), ("i-00000000", 80))
        self.health(), self.health()
        self.assertEqual(list(self.health()), [(instance, 81)], "no port is the group's port")
        self.deregister("web-http", (instance, 81))
        self.register("web-http", (instance, 81))
        self.assertEqual(self.health()[instance, 81][0], "initial", "one that was leaving stays")

    def test_what_is_unused(self):
        one, two = self.fleet(2)
        self.register("unattached", (one, None))
        self.assertEqual(self.health("unattached")[one, 80], ("unused", "Target.NotInUse"))
        far = self.launch(SUBNET_B)
        self.register("zonal-http", (far, None))
        self.assertEqual(self.health("zonal-http")[far, 80], ("unused", "Target.NotInUse"))
        self.register("web-http", (two, None))
        self.ec2.stop_instances(InstanceIds=[two])
        self.assertEqual(self.health()[two, 80], ("unused", "Target.InvalidState"))
        self.assertEqual(self.health("web-lambda"), {
            ("arn:aws:lambda:us-east-1:123456789012:function:answer", None): ("unavailable", "Target.HealthCheckDisabled")
        })
        web = self.balancer()
        self.assertEqual(self.health("edge-alb"), {(web, 80): ("healthy", None)})

    def test_targets_are_checked(self):
        running, stopped = self.fleet(2)
        self.ec2.stop_instances(InstanceIds=[stopped])
        other = self.launch(OTHER_SUBNET)
        register = self.elb.register_targets
        web = self.balancer()
        for group, target, code in [
            ("web-http", {"Id": stopped}, "InvalidTarget"),
            ("web-http", {"Id": other}, "InvalidTarget"),
            ("web-http", {"Id": "i-00000000"}, "InvalidTarget"),
            ("web-http", {"Id": running, "Port": 65536}, "ValidationError"),
            ("web-ip", {"Id": running}, "ValidationError"),
            ("web-ip", {"Id": "192.168.7.7"}, "ValidationError"),
            ("web-lambda", {"Id": running}, "InvalidTarget"),
            ("web-lambda", {"Id": "arn:aws:lambda:us-east-1:123456789012:function:two"}, "TooManyTargets"),
            ("edge-alb", {"Id": web, "Port": 81}, "InvalidTarget"),
            ("edge-alb", {"Id": running}, "ValidationError"),
        ]:
            with self.subTest(group=group, target=target):
                good = [{"Id": running}] if group == "web-http" else []
                self.refused(code, register, TargetGroupArn=self.group(group), Targets=good + [target])
        self.assertEqual(self.health(), {}, "one bad target fails all")
        self.refused("ValidationError", register, TargetGroupArn=self.group(), Targets=[])
        self.register("web-ip", ("10.0.0.99", None))
        self.register("web-ip", ("10.0.64.99", 8080))
        everywhere = [{"Id": "192.168.7.7", "AvailabilityZone": "all"}]
        register(TargetGroupArn=self.group("web-ip"), Targets=everywhere)
        self.assertEqual({state for state, _ in self.health("web-ip").values()}, {"initial"})

    def test_health_by_hand_lag_and_delay(self):
        one = self.fleet()[0]
        self.register("web-http", (one, 80), (one, 81))
        count = control("POST", "health", {"Group": "web-http", "Id": one, "Port": 81, "State": "unhealthy"})["Count"]
        self.assertEqual(count, 1)
        self.health()
        self.assertEqual(self.health(), {(one, 80): ("healthy", None), (one, 81): ("unhealthy", "Target.FailedHealthChecks")})
        control("POST", "settings", {"Lag": 1})
        self.register("web-api", (one, None))
        self.assertEqual(control("GET", "targets/web-api")["Targets"],
                         [{"Id": one, "Port": 8080, "Weight": None, "State": "initial"}])
        self.assertEqual([len(self.health("web-api")) for _ in range(2)], [0, 1])
        group = self.group("web-api")
        attributes = {a["Key"]: a["Value"] for a in self.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]}
        self.assertEqual(attributes["deregistration_delay.timeout_seconds"], "300")
        delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]
        self.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=delay)
        control("POST", "settings", {"Lag": 0})
        self.deregister("web-api", (one, None))
        self.assertEqual(self.health("web-api"), {}, "nothing is drained without a delay")

    def test_faults_look_like_the_service(self):
        group = self.group()
        for kind, code, status in [("Throttle", "Throttling", 400), ("InternalError", "InternalFailure", 500)]:
            control("POST", "faults", {"Kind": kind, "Action": "DescribeTargetHealth"})
            with self.assertRaises(ClientError) as caught:
                self.elb.describe_target_health(TargetGroupArn=group)
            answer = caught.exception.response
            self.assertEqual((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
        one, two = self.fleet(2)
        control("POST", "faults", {"Kind": "PartialBatch", "Action": "RegisterTargets"})
        with self.assertRaises(ClientError):
            self.register("web-http", (one, None), (two, None))
        self.assertEqual(list(self.health()), [(one, 80)])


class ClassicElb(Base):
    def register(self, *instances):
        named = [{"InstanceId": instance} for instance in instances]
        answer = self.classic.register_instances_with_load_balancer(LoadBalancerName="legacy", Instances=named)
        return [i["InstanceId"] for i in answer["Instances"]]

    def deregister(self, *instances):
        named = [{"InstanceId": instance} for instance in instances]
        answer = self.classic.deregister_instances_from_load_balancer(LoadBalancerName="legacy", Instances=named)
        return [i["InstanceId"] for i in answer["Instances"]]

    def health(self, *instances):
        more = {"Instances": [{"InstanceId": instance} for instance in instances]} if instances else {}
        answer = self.classic.describe_instance_health(LoadBalancerName="legacy", **more)
        return {s["InstanceId"]: (s["State"], s["ReasonCode"], s["Description"]) for s in answer["InstanceStates"]}

    def test_an_instance_comes_and_goes(self):
        one, two = self.fleet(2)
        self.assertEqual(self.register(one), [one])
        self.assertEqual(self.register(one, two), [one, two], "the answer is all that is registered")
        self.assertEqual(self.health(one)[one], ("OutOfService", "ELB", "Instance registration is still in progress."))
        self.health()
        self.assertEqual(self.health(), {i: ("InService", "N/A", "N/A") for i in (one, two)})
        control("POST", "health", {"Group": "legacy", "Id": two, "State": "OutOfService"})
        self.assertEqual(self.health(two)[two][:2], ("OutOfService", "Instance"))
        self.ec2.stop_instances(InstanceIds=[two])
        self.assertEqual(self.health(two)[two][2], "Instance is in stopped state.")
        shown = self.classic.describe_load_balancers(LoadBalancerNames=["legacy"])["LoadBalancerDescriptions"][0]
        self.assertEqual([i["InstanceId"] for i in shown["Instances"]], [one, two])
        ports = [(l["Listener"]["LoadBalancerPort"], l["Listener"]["InstancePort"]) for l in shown["ListenerDescriptions"]]
        self.assertEqual(ports, [(80, 8080), (443, 8443)])
        self.assertEqual(self.deregister(one), [two])
        self.assertEqual(self.deregister(one), [two])
        self.assertEqual(self.health(one)[one][2], "Instance deregistration currently in progress.")
        gone = ("OutOfService", "Instance", "Instance is not currently registered with the LoadBalancer.")
        self.assertEqual(self.health(one)[one], gone)

    def test_refusals(self):
        other = self.launch(OTHER_SUBNET)
        self.refused("InvalidInstance", self.classic.register_instances_with_load_balancer,
                     LoadBalancerName="legacy", Instances=[{"InstanceId": other}])
        self.refused("InvalidInstance", self.classic.describe_instance_health,
                     LoadBalancerName="legacy", Instances=[{"InstanceId": "i-00000000"}])
        self.refused("LoadBalancerNotFound", self.classic.describe_instance_health, LoadBalancerName="web")
        self.refused("LoadBalancerNotFound", self.classic.describe_load_balancers, LoadBalancerNames=["web"])
        self.refused("ValidationError", self.classic.register_instances_with_load_balancer,
                     LoadBalancerName="legacy", Instances=[])


if __name__ == "__main__":
    unittest.main()
