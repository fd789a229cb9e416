"""Route tables of VPC through tencentcloud-sdk-python, unmodified."""

import json
import unittest
from urllib.parse import urlparse

from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vpc.v20170312 import models, vpc_client

import emulator
from emulator import control

REGION = "ap-guangzhou"
VPC, SUBNET, SUBNET_B = "vpc-a1b2c3d4", "subnet-a1b2c3d4", "subnet-b1c2d3e4"
MAIN, PRIVATE, ECMP, OTHER = "rtb-a1b2c3d4", "rtb-b1c2d3e4", "rtb-c1d2e3f4", "rtb-d1e2f3a4"
NAT, NAT_B, VPN, VPN_B = "nat-a1b2c3d4", "nat-b1c2d3e4", "vpngw-a1b2c3d4", "vpngw-b1c2d3e4"


class TencentNetwork(emulator.EmulatorCase):
    def setUp(self):
        super().setUp()
        profile = ClientProfile(httpProfile=HttpProfile(endpoint=urlparse(emulator.URL).netloc, protocol="http"))
        key = credential.Credential(*emulator.TENCENT_KEY)
        self.vpc = vpc_client.VpcClient(key, REGION, profile)
        self.untyped = CommonClient("vpc", "2017-03-12", key, REGION, profile)

    def call(self, action, **body):
        request = getattr(models, action + "Request")()
        request.from_json_string(json.dumps(body))
        return getattr(self.vpc, action)(request)

    def raw(self, action, **body):
        return self.untyped.call_json(action, body)

    def refused(self, code, call, *arguments, **body):
        with self.assertRaises(TencentCloudSDKException) as caught:
            call(*arguments, **body)
        self.assertEqual(caught.exception.get_code(), code, caught.exception.get_message())

    def table(self, table=PRIVATE):
        return self.call("DescribeRouteTables", RouteTableIds=[table]).RouteTableSet[0]

    def routes(self, table=PRIVATE):
        return {(r.DestinationCidrBlock or r.DestinationIpv6CidrBlock): r for r in self.table(table).RouteSet}

    def found(self, *filters):
        wanted = [{"Name": name, "Values": list(values)} for name, *values in filters]
        return [t.RouteTableId for t in self.call("DescribeRouteTables", Filters=wanted).RouteTableSet]

    def replace(self, *routes, table=PRIVATE):
        return self.raw("ReplaceRoutes", RouteTableId=table, Routes=list(routes))["Response"]

    def test_tables_are_shown_with_every_kind_of_route(self):
        answer = self.call("DescribeRouteTables", Offset="0", Limit="100")
        self.assertEqual([t.RouteTableId for t in answer.RouteTableSet], [MAIN, PRIVATE, ECMP, OTHER])
        self.assertEqual((answer.TotalCount, [t.Main for t in answer.RouteTableSet]), (4, [True, False, False, True]))
        private = answer.RouteTableSet[1]
        self.assertEqual([(a.SubnetId, a.RouteTableId) for a in private.AssociationSet], [(SUBNET_B, PRIVATE)])
        shown = {
            (r.DestinationCidrBlock, r.DestinationIpv6CidrBlock): (r.GatewayType, r.GatewayId, r.RouteType, r.Enabled)
            for r in private.RouteSet
        }
        self.assertEqual(
            shown,
            {
                ("0.0.0.0/0", ""): ("NAT", NAT, "USER", True),
                ("10.1.0.0/16", ""): ("PEERCONNECTION", "pcx-a1b2c3d4", "USER", True),
                ("192.168.0.0/16", ""): ("VPN", VPN, "USER", True),
                ("198.51.100.0/24", ""): ("NORMAL_CVM", "10.0.63.200", "USER", True),
                ("203.0.113.0/24", ""): ("HAVIP", "havip-a1b2c3d4", "USER", False),
                ("198.18.0.0/15", ""): ("EIP", "0", "USER", True),
                ("172.20.0.0/16", ""): ("CCN", "ccn-a1b2c3d4", "CCN", True),
                ("192.0.2.1/32", ""): ("VPN", VPN, "NETD", True),
                ("", "2402:4e00:1000:810b::/64"): ("DIRECTCONNECT", "dcg-a1b2c3d4", "USER", True),
                ("", "2402:4e00:2000::/48"): ("PEERCONNECTION", "pcx-a1b2c3d4", "USER", True),
            },
        )
        for route in private.RouteSet:
            ipv6 = route.DestinationIpv6CidrBlock != ""
            self.assertEqual(route.RouteId == 0, ipv6)
            self.assertRegex(route.RouteItemId, "^rti6-[0-9a-z]{8}$" if ipv6 else "^rti-[0-9a-z]{8}$")
            self.assertRegex(route.CreatedTime, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        self.assertEqual([r.GatewayId for r in self.table(ECMP).RouteSet], [VPN, VPN_B])
        subnets = self.call("DescribeSubnets").SubnetSet
        self.assertEqual([subnet.RouteTableId for subnet in subnets], [MAIN, PRIVATE, OTHER])

    def test_selection(self):
        self.assertEqual(self.found(("vpc-id", VPC), ("association.main", "true")), [MAIN])
        self.assertEqual(self.found(("route-table-name", "private", "other")), [PRIVATE, OTHER])
        self.assertEqual(self.found(("tag:Name", "ecmp")), [ECMP])
        self.assertEqual(self.found(("route-table-id", "rtb-00000000")), [], "through a filter there is none")
        hops = [("route-table-id", PRIVATE), ("vpc-id", VPC), ("next-hop-type", "HAVIP")]
        self.assertEqual(self.found(*hops), [PRIVATE])
        self.refused("InvalidParameterValue", self.found, hops[2])
        page = self.call("DescribeRouteTables", Offset="1", Limit="2")
        self.assertEqual((page.TotalCount, [t.RouteTableId for t in page.RouteTableSet]), (4, [PRIVATE, ECMP]))
        bare = self.call("DescribeRouteTables", RouteTableIds=[PRIVATE], NeedRouterInfo=False)
        self.assertEqual(bare.RouteTableSet[0].RouteSet, [])
        both = {"RouteTableIds": [MAIN], "Filters": [{"Name": "vpc-id", "Values": [VPC]}]}
        self.refused("InvalidParameter.Coexist", self.raw, "DescribeRouteTables", **both)
        self.refused("ResourceNotFound", self.raw, "DescribeRouteTables", RouteTableIds=[MAIN, "rtb-00000000"])
        self.refused("InvalidParameter.FilterInvalidKey", self.found, ("association.subnet-id", SUBNET))
        for limit, code in [(100, "InvalidParameter"), ("101", "InvalidParameterValue.LimitExceeded"), ("x", "InvalidParameterValue")]:
            self.refused(code, self.raw, "DescribeRouteTables", Limit=limit)

    def test_routes_are_replaced_by_id_in_one_call(self):
        before = self.routes()
        way_out, ipv6, vpn = before["0.0.0.0/0"], before["2402:4e00:2000::/48"], before["192.168.0.0/16"]
        answer = self.replace(
            {"RouteItemId": way_out.RouteItemId, "DestinationCidrBlock": "0.0.0.0/0", "GatewayType": "NAT",
             "GatewayId": NAT_B, "RouteDescription": "way out", "Enabled": True},
            {"RouteItemId": ipv6.RouteItemId, "DestinationIpv6CidrBlock": "2402:4E00:2000::/48",
             "GatewayType": "DIRECTCONNECT", "GatewayId": "dcg-a1b2c3d4"},
            {"RouteId": vpn.RouteId, "DestinationCidrBlock": "192.168.0.0/16", "GatewayType": "NORMAL_CVM",
             "GatewayId": "10.0.0.7"},
        )
        self.assertEqual([r["GatewayId"] for r in answer["OldRouteSet"]], [NAT, "pcx-a1b2c3d4", VPN])
        self.assertEqual([r["GatewayId"] for r in answer["NewRouteSet"]], [NAT_B, "dcg-a1b2c3d4", "10.0.0.7"])
        after = self.routes()
        self.assertEqual(after["0.0.0.0/0"].RouteDescription, "way out")
        self.assertEqual(after["2402:4e00:2000::/48"].RouteItemId, ipv6.RouteItemId)
        self.assertEqual(after["192.168.0.0/16"].RouteId, vpn.RouteId)
        self.assertEqual(len(after), len(before))

    def test_what_is_left_out_is_not_kept(self):
        route = self.routes()["203.0.113.0/24"]
        self.assertEqual((route.RouteDescription, route.Enabled), ("paused", False))
        self.replace({"RouteItemId": route.RouteItemId, "DestinationCidrBlock": "203.0.113.0/24",
                      "GatewayType": "NAT", "GatewayId": NAT})
        route = self.routes()["203.0.113.0/24"]
        self.assertEqual((route.RouteDescription, route.Enabled), ("", True))

    def test_a_refused_replacement_changes_nothing(self):
        before = control("GET", f"routes/{PRIVATE}")
        routes = self.routes()
        way_out = routes["0.0.0.0/0"].RouteItemId
        good = {"RouteItemId": way_out, "DestinationCidrBlock": "0.0.0.0/0", "GatewayType": "NAT", "GatewayId": NAT_B}
        peer = {"RouteItemId": routes["10.1.0.0/16"].RouteItemId, "DestinationCidrBlock": "10.1.0.0/16",
                "GatewayType": "NAT", "GatewayId": NAT}
        for change, code in [
            ({"RouteItemId": "rti-00000000"}, "UnsupportedOperation.RecordNotExists"),
            ({"RouteItemId": routes["172.20.0.0/16"].RouteItemId}, "UnsupportedOperation.SystemRoute"),
            ({"RouteItemId": routes["192.0.2.1/32"].RouteItemId}, "UnsupportedOperation.SystemRoute"),
            ({"RouteItemId": way_out}, "InvalidParameterValue.Duplicate"),
            ({"DestinationCidrBlock": "192.168.0.0/16"}, "UnsupportedOperation.Ecmp"),
            ({"DestinationCidrBlock": "10.1.0.1/16"}, "InvalidParameterValue.Malformed"),
            ({"DestinationCidrBlock": "10.0.64.0/18"}, "InvalidParameterValue.VpcCidrConflict"),
            ({"GatewayId": "nat-00000000"}, "ResourceNotFound"),
            ({"GatewayType": "CCN"}, "InvalidParameterValue"),
            ({"GatewayType": "NORMAL_CVM", "GatewayId": "ins-00000000"}, "ResourceNotFound"),
            ({"GatewayType": "NORMAL_CVM", "GatewayId": "192.168.0.1"}, "ResourceNotFound"),
            ({"GatewayType": ""}, "MissingParameter"),
            ({"DestinationCidrBlock": ""}, "MissingParameter"),
            ({"RouteId": "10001"}, "InvalidParameter"),
        ]:
            with self.subTest(change=change):
                self.refused(code, self.replace, good, {**peer, **change})
        nameless = {**peer, "RouteId": 0}
        del nameless["RouteItemId"]
        self.refused("UnsupportedOperation.RecordNotExists", self.replace, good, nameless)
        del nameless["RouteId"]
        self.refused("MissingParameter", self.replace, good, nameless)
        self.refused("ResourceNotFound", self.replace, good, table="rtb-00000000")
        self.refused("UnsupportedOperation.RecordNotExists", self.replace, good, table=MAIN)
        self.refused("MissingParameter", self.replace)
        self.assertEqual(control("GET", f"routes/{PRIVATE}"), before)

    def test_one_of_a_pair_can_be_replaced(self):
        first = self.table(ECMP).RouteSet[0]
        change = {"RouteItemId": first.RouteItemId, "DestinationCidrBlock": "192.168.0.0/16", "GatewayType": "NAT"}
        self.replace({**change, "GatewayId": NAT}, table=ECMP)
        self.assertEqual([r.GatewayId for r in self.table(ECMP).RouteSet], [NAT, VPN_B])
        self.refused("InvalidParameterValue.Duplicate", self.replace,
                     {**change, "GatewayType": "VPN", "GatewayId": VPN_B}, table=ECMP)

    def test_routes_are_created_switched_and_deleted(self):
        def create(*routes, table=PRIVATE):
            return self.raw("CreateRoutes", RouteTableId=table, Routes=list(routes))["Response"]

        v4 = {"DestinationCidrBlock": "100.64.0.0/10", "GatewayType": "NAT", "GatewayId": NAT, "RouteDescription": "d"}
        v6 = {"DestinationIpv6CidrBlock": "2402:4e00:3000::/48", "GatewayType": "VPN", "GatewayId": VPN, "Enabled": False}
        answer = create(v4, v6)
        made = answer["RouteTableSet"][0]["RouteSet"]
        self.assertEqual((answer["TotalCount"], len(made)), (1, 2), "only the new routes are answered")
        self.assertTrue(made[0]["RouteId"] > 0 and made[1]["RouteId"] == 0)
        self.assertEqual([route["Enabled"] for route in made], [True, False])
        for route, code in [
            (v4, "InvalidParameterValue.Duplicate"),
            ({**v4, "GatewayId": NAT_B}, "UnsupportedOperation.EcmpWithUserRoute"),
            ({**v4, "DestinationCidrBlock": "172.20.0.0/16"}, "UnsupportedOperation.EcmpWithCcnRoute"),
            ({**v4, "DestinationCidrBlock": "100.0.0.0/10", "GatewayId": "nat-00000000"},
             "InvalidParameterValue.RouteNextHopInvalid"),
        ]:
            with self.subTest(code=code):
                self.refused(code, create, {**v4, "DestinationCidrBlock": "9.0.0.0/8"}, route)
        self.assertNotIn("9.0.0.0/8", self.routes())
        ids = [route["RouteItemId"] for route in made]
        self.call("DisableRoutes", RouteTableId=PRIVATE, RouteItemIds=ids)
        self.assertEqual([self.routes()[d].Enabled for d in ("100.64.0.0/10", "2402:4e00:3000::/48")], [False, False])
        self.call("EnableRoutes", RouteTableId=PRIVATE, RouteIds=[made[0]["RouteId"]])
        self.assertTrue(self.routes()["100.64.0.0/10"].Enabled)
        both = {"RouteTableId": PRIVATE, "RouteIds": [1], "RouteItemIds": ids}
        self.refused("InvalidParameter.Coexist", self.raw, "EnableRoutes", **both)
        self.refused("MissingParameter", self.raw, "EnableRoutes", RouteTableId=PRIVATE)
        system = self.routes()["172.20.0.0/16"]
        self.refused("UnsupportedOperation.SystemRoute", self.raw, "DisableRoutes", RouteTableId=PRIVATE,
                     RouteIds=[system.RouteId])

        def delete(*routes):
            return self.raw("DeleteRoutes", RouteTableId=PRIVATE, Routes=list(routes))["Response"]

        self.refused("UnsupportedOperation.SystemRoute", delete, {"RouteItemId": ids[0]}, {"RouteId": system.RouteId})
        gone = delete({"RouteId": made[0]["RouteId"]}, {"RouteItemId": ids[1]})
        self.assertEqual([route["RouteItemId"] for route in gone["RouteSet"]], ids)
        self.refused("UnsupportedOperation.RecordNotExists", delete, {"RouteItemId": ids[0]})

    def test_fifty_routes_are_the_limit(self):
        routes = [{"DestinationCidrBlock": f"100.64.{n}.0/24", "GatewayType": "PEERCONNECTION", "GatewayId": "pcx-a1b2c3d4"}
                  for n in range(51)]
        self.refused("LimitExceeded", self.raw, "CreateRoutes", RouteTableId=OTHER, Routes=routes)
        self.assertEqual(self.table(OTHER).RouteSet, [])
        self.raw("CreateRoutes", RouteTableId=OTHER, Routes=routes[:50])
        self.assertEqual(len(self.table(OTHER).RouteSet), 50)

    def test_changes_show_at_once_and_routes_can_be_put_there(self):
        control("POST", "settings", {"Lag": 3})
        way_out = self.routes()["0.0.0.0/0"]
        self.replace({"RouteItemId": way_out.RouteItemId, "DestinationCidrBlock": "0.0.0.0/0", "GatewayType": "NAT",
                      "GatewayId": NAT_B})
        self.assertEqual(self.routes()["0.0.0.0/0"].GatewayId, NAT_B)
        made = control("POST", f"routes/{MAIN}", {"Destination": "9.0.0.0/8", "Type": "LOCAL_GATEWAY", "Target": "x",
                                                  "Origin": "CCN", "State": "disabled"})["Id"]
        route = self.routes(MAIN)["9.0.0.0/8"]
        self.assertEqual((route.RouteItemId, route.GatewayType, route.RouteType, route.Enabled),
                         (made, "LOCAL_GATEWAY", "CCN", False))

    def test_half_a_batch_is_done(self):
        routes = self.routes()
        change = [
            {"RouteItemId": routes[d].RouteItemId, "DestinationCidrBlock": d, "GatewayType": "NAT", "GatewayId": NAT_B}
            for d in ("0.0.0.0/0", "10.1.0.0/16")
        ]
        control("POST", "faults", {"Kind": "PartialBatch", "Action": "ReplaceRoutes"})
        self.refused("InternalError", self.replace, *change)
        after = self.routes()
        self.assertEqual([after[d].GatewayId for d in ("0.0.0.0/0", "10.1.0.0/16")], [NAT_B, "pcx-a1b2c3d4"])


if __name__ == "__main__":
    unittest.main()
