"""Route tables of EC2 through boto3, unmodified."""

import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import emulator
from emulator import control

VPC, OTHER_VPC = "vpc-0a1b2c3d4e5f60718", "vpc-0b1c2d3e4f5061728"
SUBNET, SUBNET_B = "subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"
MAIN, PRIVATE, OTHER = "rtb-0a1b2c3d4e5f60718", "rtb-0a1b2c3d4e5f60719", "rtb-0b1c2d3e4f5061728"
IGW, NAT, NAT_B = "igw-0a1b2c3d4e5f60718", "nat-0a1b2c3d4e5f60718", "nat-0a1b2c3d4e5f60719"
TGW, PCX, VGW = "tgw-0a1b2c3d4e5f60718", "pcx-0a1b2c3d4e5f60718", "vgw-0a1b2c3d4e5f60718"
ENI, EIGW = "eni-0a1b2c3d4e5f60718", "eigw-0a1b2c3d4e5f60718"
ENDPOINT, GWLB_ENDPOINT = "vpce-0a1b2c3d4e5f60718", "vpce-0a1b2c3d4e5f60719"
S3, OWN_LIST = "pl-0a1b2c3d", "pl-0a1b2c3d4e5f60718"
LOCAL_V6 = "2001:db8:1234:1a00::/56"


class AwsNetwork(emulator.EmulatorCase):
    def setUp(self):
        super().setUp()
        self.ec2 = boto3.client(
            "ec2",
            endpoint_url=emulator.URL,
            region_name="us-east-1",
            aws_access_key_id=emulator.AWS_KEY[0],
            aws_secret_access_key=emulator.AWS_KEY[1],
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
        )

    def refused(self, code, call, **parameters):
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception.response["Error"]["Message"]

    def table(self, table=PRIVATE):
        return self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]

    def routes(self, table=PRIVATE):
        found = {}
        for route in self.table(table)["Routes"]:
            destination = route.pop("DestinationCidrBlock", None) or route.pop("DestinationIpv6CidrBlock", None)
            found.setdefault(destination or route.pop("DestinationPrefixListId"), []).append(route)
        return found

    def found(self, *filters):
        wanted = [{"Name": name, "Values": list(values)} for name, *values in filters]
        return [t["RouteTableId"] for t in self.ec2.describe_route_tables(Filters=wanted)["RouteTables"]]

    def test_tables_are_shown_with_every_kind_of_route(self):
        tables = self.ec2.describe_route_tables()["RouteTables"]
        self.assertEqual([table["RouteTableId"] for table in tables], [MAIN, PRIVATE, OTHER])
        main, private, _ = tables
        self.assertEqual([a["Main"] for a in main["Associations"]], [True])
        self.assertNotIn("SubnetId", main["Associations"][0], "who uses the main table implicitly is not listed")
        self.assertEqual([(a["SubnetId"], a["Main"]) for a in private["Associations"]], [(SUBNET_B, False)])
        self.assertEqual(private["Associations"][0]["AssociationState"], {"State": "associated"})
        self.assertEqual(private["PropagatingVgws"], [{"GatewayId": VGW}])
        self.assertEqual(private["Tags"], [{"Key": "Name", "Value": "private"}])
        active = {"State": "active", "Origin": "CreateRoute"}
        local = {"GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}
        propagated = {"GatewayId": VGW, "Origin": "EnableVgwRoutePropagation", "State": "active"}
        self.assertEqual(
            self.routes(),
            {
                "10.0.0.0/16": [local],
                LOCAL_V6: [local],
                "0.0.0.0/0": [{"NatGatewayId": NAT, **active}],
                "::/0": [{"EgressOnlyInternetGatewayId": EIGW, **active}],
                "10.1.0.0/16": [{"VpcPeeringConnectionId": PCX, **active}],
                "10.2.0.0/16": [{"TransitGatewayId": TGW, **active}],
                "192.168.10.0/24": [{"GatewayId": VGW, **active}, propagated],
                "198.51.100.0/24": [{"NetworkInterfaceId": ENI, **active}],
                "192.0.2.0/24": [{"GatewayId": GWLB_ENDPOINT, **active}],
                "203.0.113.0/24": [{"NatGatewayId": "nat-0a1b2c3d4e5f6071d", "Origin": "CreateRoute", "State": "blackhole"}],
                OWN_LIST: [{"TransitGatewayId": TGW, **active}],
                S3: [{"GatewayId": ENDPOINT, **active}],
                "192.168.0.0/16": [propagated],
            },
        )

    def test_filters(self):
        self.assertEqual(self.found(("association.main", "true")), [MAIN, OTHER])
        self.assertEqual(self.found(("association.subnet-id", SUBNET_B)), [PRIVATE])
        self.assertEqual(self.found(("association.subnet-id", SUBNET)), [], "its use of the main table is implicit")
        self.assertEqual(self.found(("vpc-id", VPC), ("association.main", "true")), [MAIN])
        self.assertEqual(self.found(("tag:Name", "priv*")), [PRIVATE])
        self.assertEqual(self.found(("route.state", "blackhole")), [PRIVATE])
        self.assertEqual(self.found(("route.gateway-id", IGW)), [MAIN])
        self.assertEqual(self.found(("route.nat-gateway-id", NAT)), [PRIVATE])
        self.assertEqual(self.found(("route.destination-ipv6-cidr-block", "::/0")), [PRIVATE])
        self.assertEqual(self.found(("route.destination-prefix-list-id", S3)), [PRIVATE])
        self.assertEqual(self.found(("route-table-id", "rtb-00000000", OTHER)), [OTHER])
        self.refused("InvalidParameterValue", self.ec2.describe_route_tables, Filters=[{"Name": "name", "Values": ["x"]}])
        both = self.ec2.describe_route_tables(RouteTableIds=[MAIN], Filters=[{"Name": "vpc-id", "Values": [OTHER_VPC]}])
        self.assertEqual(both["RouteTables"], [])

    def test_pages(self):
        describe = self.ec2.describe_route_tables
        control("POST", "settings", {"PageCap": 2})
        pages = list(self.ec2.get_paginator("describe_route_tables").paginate(PaginationConfig={"PageSize": 5}))
        self.assertEqual([len(page["RouteTables"]) for page in pages], [2, 1])
        token = describe(MaxResults=5)["NextToken"]
        other = [{"Name": "vpc-id", "Values": [VPC]}]
        self.refused("InvalidPaginationToken", describe, NextToken=token, Filters=other)
        self.refused("InvalidParameterValue", describe, MaxResults=101)
        self.refused("InvalidRouteTableID.NotFound", describe, RouteTableIds=["rtb-00000000"])
        self.refused("InvalidRouteTableId.Malformed", describe, RouteTableIds=["table-1"])

    def test_a_route_lives_and_ends(self):
        create, replace, delete = self.ec2.create_route, self.ec2.replace_route, self.ec2.delete_route
        self.assertTrue(create(RouteTableId=PRIVATE, DestinationCidrBlock="100.68.0.18/18", NatGatewayId=NAT)["Return"])
        self.assertEqual(self.routes()["100.68.0.0/18"][0]["NatGatewayId"], NAT)
        exists = {"RouteTableId": PRIVATE, "DestinationCidrBlock": "100.68.0.0/18", "NatGatewayId": NAT}
        self.refused("RouteAlreadyExists", create, **exists)
        for target in (
            {"NatGatewayId": NAT_B},
            {"TransitGatewayId": TGW},
            {"VpcPeeringConnectionId": PCX},
            {"NetworkInterfaceId": ENI},
            {"GatewayId": VGW},
        ):
            replace(RouteTableId=PRIVATE, DestinationCidrBlock="100.68.0.0/18", **target)
            self.assertEqual(self.routes()["100.68.0.0/18"], [{**target, "Origin": "CreateRoute", "State": "active"}])
        replace(RouteTableId=PRIVATE, DestinationCidrBlock="100.68.0.0/18", VpcEndpointId=GWLB_ENDPOINT)
        self.assertEqual(self.routes()["100.68.0.0/18"][0]["GatewayId"], GWLB_ENDPOINT, "set by one name, shown by another")
        delete(RouteTableId=PRIVATE, DestinationCidrBlock="100.68.0.0/18")
        self.assertNotIn("100.68.0.0/18", self.routes())
        self.refused("InvalidRoute.NotFound", delete, RouteTableId=PRIVATE, DestinationCidrBlock="100.68.0.0/18")
        create(RouteTableId=MAIN, DestinationIpv6CidrBlock="2001:DB8:0:ffff::1/64", EgressOnlyInternetGatewayId=EIGW)
        self.assertIn("2001:db8:0:ffff::/64", self.routes(MAIN))
        create(RouteTableId=MAIN, DestinationPrefixListId=OWN_LIST, TransitGatewayId=TGW)
        delete(RouteTableId=MAIN, DestinationPrefixListId=OWN_LIST)

    def test_an_instance_route_shows_its_interface(self):
        instance = control("POST", "instances", {"Cloud": "Aws", "Count": 1})["InstanceIds"][0]
        interface = instance.replace("i-", "eni-")
        for target in ({"InstanceId": instance}, {"NetworkInterfaceId": interface}):
            self.ec2.replace_route(RouteTableId=PRIVATE, DestinationCidrBlock="0.0.0.0/0", **target)
            self.assertEqual(
                self.routes()["0.0.0.0/0"],
                [
                    {
                        "InstanceId": instance,
                        "InstanceOwnerId": "123456789012",
                        "NetworkInterfaceId": interface,
                        "Origin": "CreateRoute",
                        "State": "active",
                    }
                ],
            )
        self.ec2.stop_instances(InstanceIds=[instance])
        self.assertEqual(self.routes()["0.0.0.0/0"][0]["State"], "blackhole")

    def test_what_cannot_be_replaced(self):
        replace = self.ec2.replace_route
        nat = {"RouteTableId": PRIVATE, "NatGatewayId": NAT_B}
        none = "There is no route defined for '{}' in the route table. Use CreateRoute instead."
        for destination in ("100.64.0.0/10", "192.168.0.0/16", "10.1.0.1/16"):
            message = self.refused("InvalidParameterValue", replace, DestinationCidrBlock=destination, **nat)
            self.assertEqual(message, none.format(destination), "missing, propagated, or not written as it is stored")
        self.ec2.create_route(DestinationCidrBlock="192.168.0.0/16", **nat)
        self.assertEqual(len(self.routes()["192.168.0.0/16"]), 2, "a static one beside the propagated one")
        tgw = {"RouteTableId": PRIVATE, "TransitGatewayId": TGW}
        message = self.refused("InvalidParameterValue", replace, DestinationPrefixListId=S3, **tgw)
        self.assertIn("ModifyVpcEndpoint", message)
        self.refused("InvalidParameterValue", self.ec2.delete_route, RouteTableId=PRIVATE, DestinationPrefixListId=S3)

    def test_the_local_route_has_rules_of_its_own(self):
        replace = self.ec2.replace_route
        local = {"RouteTableId": PRIVATE, "DestinationCidrBlock": "10.0.0.0/16"}
        self.refused("InvalidParameterValue", replace, TransitGatewayId=TGW, **local)
        replace(NetworkInterfaceId=ENI, **local)
        self.assertEqual(self.routes()["10.0.0.0/16"][0]["Origin"], "CreateRouteTable")
        replace(LocalTarget=True, **local)
        self.assertEqual(self.routes()["10.0.0.0/16"][0]["GatewayId"], "local")
        self.refused("InvalidParameterValue", self.ec2.delete_route, **local)
        self.refused("RouteAlreadyExists", self.ec2.create_route, NatGatewayId=NAT, **local)
        self.refused("InvalidParameterValue", replace, RouteTableId=PRIVATE, DestinationCidrBlock="0.0.0.0/0", LocalTarget=True)
        inside = {"RouteTableId": PRIVATE, "DestinationCidrBlock": "10.0.64.0/18"}
        self.refused("InvalidParameterValue", self.ec2.create_route, TransitGatewayId=TGW, **inside)
        self.ec2.create_route(NatGatewayId=NAT, **inside)

    def test_targets_are_checked(self):
        route = {"RouteTableId": PRIVATE, "DestinationCidrBlock": "0.0.0.0/0"}
        for target, code in [
            ({"GatewayId": "igw-00000000"}, "InvalidGatewayID.NotFound"),
            ({"NatGatewayId": "nat-00000000"}, "InvalidNatGatewayID.NotFound"),
            ({"NatGatewayId": "nat-0a1b2c3d4e5f6071d"}, "InvalidNatGatewayID.NotFound"),
            ({"InstanceId": "i-00000000"}, "InvalidInstanceID.NotFound"),
            ({"NetworkInterfaceId": "eni-00000000"}, "InvalidNetworkInterfaceID.NotFound"),
            ({"VpcPeeringConnectionId": "pcx-00000000"}, "InvalidVpcPeeringConnectionID.NotFound"),
            ({"TransitGatewayId": "tgw-00000000"}, "InvalidTransitGatewayID.NotFound"),
            ({"VpcEndpointId": "vpce-00000000"}, "InvalidVpcEndpointId.NotFound"),
            ({"VpcEndpointId": ENDPOINT}, "InvalidVpcEndpointId.NotFound"),
            ({"EgressOnlyInternetGatewayId": EIGW}, "InvalidParameterValue"),
            ({"GatewayId": "igw-0b1c2d3e4f5061728"}, "InvalidParameterValue"),
            ({}, "MissingParameter"),
            ({"NatGatewayId": NAT_B, "GatewayId": IGW}, "InvalidParameterCombination"),
        ]:
            with self.subTest(target=target):
                self.refused(code, self.ec2.replace_route, **route, **target)
        self.assertEqual(self.routes()["0.0.0.0/0"][0]["NatGatewayId"], NAT)
        nat = {"NatGatewayId": NAT}
        create = self.ec2.create_route
        self.refused("InvalidRouteTableID.NotFound", create, RouteTableId="rtb-00000000", DestinationCidrBlock="1.0.0.0/8", **nat)
        self.refused("InvalidParameterValue", create, RouteTableId=MAIN, DestinationCidrBlock="1.0.0.0", **nat)
        self.refused("InvalidParameterValue", create, RouteTableId=MAIN, DestinationIpv6CidrBlock="1.0.0.0/8", **nat)
        self.refused("MissingParameter", create, RouteTableId=MAIN, **nat)
        two = {"DestinationCidrBlock": "1.0.0.0/8", "DestinationIpv6CidrBlock": "::/0"}
        self.refused("InvalidParameterCombination", create, RouteTableId=MAIN, **two, **nat)
        self.refused("InvalidPrefixListID.NotFound", create, RouteTableId=MAIN, DestinationPrefixListId="pl-00000000", **nat)

    def test_dry_runs_change_nothing(self):
        before = self.routes()
        route = {"RouteTableId": PRIVATE, "DestinationCidrBlock": "0.0.0.0/0", "DryRun": True}
        self.refused("DryRunOperation", self.ec2.replace_route, NatGatewayId=NAT_B, **route)
        self.refused("DryRunOperation", self.ec2.delete_route, **route)
        self.refused("RouteAlreadyExists", self.ec2.create_route, NatGatewayId=NAT_B, **route)
        self.assertEqual(self.routes(), before)

    def test_fifty_routes_are_the_limit(self):
        for n in range(50):
            self.ec2.create_route(RouteTableId=OTHER, DestinationCidrBlock=f"100.64.{n}.0/24", TransitGatewayId=TGW)
        more = {"RouteTableId": OTHER, "TransitGatewayId": TGW}
        self.refused("RouteLimitExceeded", self.ec2.create_route, DestinationCidrBlock="100.64.50.0/24", **more)
        self.ec2.create_route(DestinationIpv6CidrBlock="2001:db8:ffff::/64", **more)

    def test_changes_lag_and_gateways_go(self):
        control("POST", "settings", {"Lag": 2})
        self.ec2.replace_route(RouteTableId=PRIVATE, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=NAT_B)
        seen = [self.routes()["0.0.0.0/0"][0]["NatGatewayId"] for _ in range(3)]
        self.assertEqual(seen, [NAT, NAT, NAT_B])
        truth = control("GET", f"routes/{PRIVATE}")["Routes"]
        self.assertIn(("0.0.0.0/0", NAT_B), [(route["Destination"], route["Target"]) for route in truth])
        control("POST", "gateways", {"Id": PCX, "Available": False})
        self.assertEqual(self.routes()["10.1.0.0/16"][0]["State"], "blackhole")
        control("POST", f"routes/{PRIVATE}", {"Destination": "9.0.0.0/8", "Type": "GatewayId", "Target": VGW,
                                              "Origin": "EnableVgwRoutePropagation"})
        self.assertEqual(self.routes()["9.0.0.0/8"][0]["Origin"], "EnableVgwRoutePropagation")


if __name__ == "__main__":
    unittest.main()
