//! What every region holds when it is first looked at: the identifiers to name in tests.
//!
//! Regions are separate worlds with the same content, so these work in any region whose name has the cloud's shape.
//! Zones follow the region's name: see [`aws_zones`] and [`tencent_zones`].

/// The region that helpers such as [`Emulator::add_instances`](crate::Emulator::add_instances) use at AWS.
pub const AWS_REGION: &str = "us-east-1";
/// The region that helpers such as [`Emulator::add_instances`](crate::Emulator::add_instances) use at Tencent Cloud.
pub const TENCENT_REGION: &str = "ap-guangzhou";

/// The AWS account that owns everything.
pub const AWS_ACCOUNT: &str = "123456789012";
/// The Tencent Cloud account (uin) that owns everything.
pub const TENCENT_ACCOUNT: &str = "100000000001";

/// The default VPC at AWS, 10.0.0.0/16.
pub const AWS_VPC: &str = "vpc-0a1b2c3d4e5f60718";
/// A second VPC at AWS, 172.31.0.0/16, not the default one.
pub const AWS_OTHER_VPC: &str = "vpc-0b1c2d3e4f5061728";
/// A subnet of [`AWS_VPC`] in the first zone, 10.0.0.0/18.
pub const AWS_SUBNET: &str = "subnet-0a1b2c3d4e5f60711";
/// A subnet of [`AWS_VPC`] in the second zone, 10.0.64.0/18.
pub const AWS_SUBNET_B: &str = "subnet-0a1b2c3d4e5f60712";
/// A subnet of [`AWS_OTHER_VPC`] in the first zone, 172.31.0.0/20.
pub const AWS_OTHER_SUBNET: &str = "subnet-0b1c2d3e4f5061721";
/// The default security group of [`AWS_VPC`].
pub const AWS_SECURITY_GROUP: &str = "sg-0a1b2c3d4e5f60701";
/// A second security group of [`AWS_VPC`], named `web`.
pub const AWS_WEB_SECURITY_GROUP: &str = "sg-0a1b2c3d4e5f60702";
/// The default security group of [`AWS_OTHER_VPC`].
pub const AWS_OTHER_SECURITY_GROUP: &str = "sg-0b1c2d3e4f5061701";
/// A Linux image at AWS.
pub const AWS_IMAGE: &str = "ami-0a1b2c3d4e5f60718";
/// A Windows image at AWS.
pub const AWS_WINDOWS_IMAGE: &str = "ami-0b1c2d3e4f5061728";
/// An ARM Linux image at AWS.
pub const AWS_ARM_IMAGE: &str = "ami-0c1d2e3f405162738";
/// A key pair at AWS.
pub const AWS_KEY_PAIR: &str = "ops";
/// The main route table of [`AWS_VPC`], which [`AWS_SUBNET`] uses without being listed in it: a way out to the internet.
pub const AWS_ROUTE_TABLE: &str = "rtb-0a1b2c3d4e5f60718";
/// A route table of [`AWS_VPC`] associated with [`AWS_SUBNET_B`], with a route of each kind: see
/// [`World::routes`](crate::World::routes).
pub const AWS_PRIVATE_ROUTE_TABLE: &str = "rtb-0a1b2c3d4e5f60719";
/// The main route table of [`AWS_OTHER_VPC`], with nothing but the local route.
pub const AWS_OTHER_ROUTE_TABLE: &str = "rtb-0b1c2d3e4f5061728";
/// An internet gateway attached to [`AWS_VPC`].
pub const AWS_INTERNET_GATEWAY: &str = "igw-0a1b2c3d4e5f60718";
/// An internet gateway attached to [`AWS_OTHER_VPC`].
pub const AWS_OTHER_INTERNET_GATEWAY: &str = "igw-0b1c2d3e4f5061728";
/// A NAT gateway in [`AWS_VPC`].
pub const AWS_NAT_GATEWAY: &str = "nat-0a1b2c3d4e5f60718";
/// A second NAT gateway in [`AWS_VPC`], which no route uses.
pub const AWS_NAT_GATEWAY_B: &str = "nat-0a1b2c3d4e5f60719";
/// A NAT gateway that was deleted; a route still names it.
pub const AWS_DELETED_NAT_GATEWAY: &str = "nat-0a1b2c3d4e5f6071d";
/// A transit gateway that [`AWS_VPC`] is attached to.
pub const AWS_TRANSIT_GATEWAY: &str = "tgw-0a1b2c3d4e5f60718";
/// A peering connection of [`AWS_VPC`] and [`AWS_OTHER_VPC`].
pub const AWS_PEERING: &str = "pcx-0a1b2c3d4e5f60718";
/// A virtual private gateway attached to [`AWS_VPC`], which propagates routes to [`AWS_PRIVATE_ROUTE_TABLE`].
pub const AWS_VPN_GATEWAY: &str = "vgw-0a1b2c3d4e5f60718";
/// An egress-only internet gateway of [`AWS_VPC`].
pub const AWS_EGRESS_ONLY_GATEWAY: &str = "eigw-0a1b2c3d4e5f60718";
/// A network interface in [`AWS_VPC`] that belongs to no instance.
pub const AWS_NETWORK_INTERFACE: &str = "eni-0a1b2c3d4e5f60718";
/// The gateway endpoint that manages the route to [`AWS_PREFIX_LIST`].
pub const AWS_GATEWAY_ENDPOINT: &str = "vpce-0a1b2c3d4e5f60718";
/// A Gateway Load Balancer endpoint in [`AWS_VPC`].
pub const AWS_BALANCER_ENDPOINT: &str = "vpce-0a1b2c3d4e5f60719";
/// AWS's prefix list of a storage service.
pub const AWS_PREFIX_LIST: &str = "pl-0a1b2c3d";
/// A prefix list of the account's own.
pub const AWS_OWN_PREFIX_LIST: &str = "pl-0a1b2c3d4e5f60718";

/// The name of an application load balancer in [`AWS_VPC`] with several groups, listeners and rules. Like those of the
/// other load balancers its ARN depends on the region: see [`aws_load_balancer_arn`].
pub const AWS_LOAD_BALANCER: &str = "web";
/// The name of an application load balancer with one target group, [`AWS_SINGLE_GROUP`].
pub const AWS_SINGLE_LOAD_BALANCER: &str = "single";
/// The name of an application load balancer that has only the first zone enabled, with [`AWS_ZONAL_GROUP`].
pub const AWS_ZONAL_LOAD_BALANCER: &str = "zonal";
/// The name of a network load balancer, with [`AWS_TCP_GROUP`] and [`AWS_BALANCER_GROUP`].
pub const AWS_NETWORK_LOAD_BALANCER: &str = "edge";
/// The name of a gateway load balancer, with [`AWS_GENEVE_GROUP`].
pub const AWS_GATEWAY_LOAD_BALANCER: &str = "inspect";
/// The name of a classic load balancer: port 80 to 8080 and 443 to 8443, both TCP.
pub const AWS_CLASSIC_LOAD_BALANCER: &str = "legacy";
/// The group that [`AWS_LOAD_BALANCER`] forwards to by default: instances, HTTP 80. Like those of the other groups its
/// ARN depends on the region: see [`aws_target_group_arn`].
pub const AWS_WEB_GROUP: &str = "web-http";
/// The group that takes 90 of 100 of what is under `/api/` on [`AWS_LOAD_BALANCER`]: instances, HTTP 8080.
pub const AWS_API_GROUP: &str = "web-api";
/// The group that takes 10 of 100 of what is under `/api/` on [`AWS_LOAD_BALANCER`]: instances, HTTP 8080.
pub const AWS_CANARY_GROUP: &str = "web-canary";
/// The group with weight 0 beside [`AWS_API_GROUP`] and [`AWS_CANARY_GROUP`]: instances, HTTP 8080.
pub const AWS_DARK_GROUP: &str = "web-dark";
/// The group for `/ip/` on [`AWS_LOAD_BALANCER`]: addresses, HTTP 80.
pub const AWS_IP_GROUP: &str = "web-ip";
/// The group for `/fn/` on [`AWS_LOAD_BALANCER`]: one Lambda function.
pub const AWS_LAMBDA_GROUP: &str = "web-lambda";
/// The only group of [`AWS_SINGLE_LOAD_BALANCER`]: instances, HTTP 80.
pub const AWS_SINGLE_GROUP: &str = "single-http";
/// The only group of [`AWS_ZONAL_LOAD_BALANCER`]: instances, HTTP 80.
pub const AWS_ZONAL_GROUP: &str = "zonal-http";
/// A group of [`AWS_NETWORK_LOAD_BALANCER`]: instances, TCP 80.
pub const AWS_TCP_GROUP: &str = "edge-tcp";
/// A group of [`AWS_NETWORK_LOAD_BALANCER`] for an application load balancer, TCP 80; [`AWS_LOAD_BALANCER`] is in it.
pub const AWS_BALANCER_GROUP: &str = "edge-alb";
/// The only group of [`AWS_GATEWAY_LOAD_BALANCER`]: instances, GENEVE 6081.
pub const AWS_GENEVE_GROUP: &str = "inspect-geneve";
/// A group that no listener forwards to: instances, HTTP 80.
pub const AWS_UNATTACHED_GROUP: &str = "unattached";

/// The default VPC at Tencent Cloud, 10.0.0.0/16.
pub const TENCENT_VPC: &str = "vpc-a1b2c3d4";
/// A second VPC at Tencent Cloud, 172.16.0.0/16, not the default one.
pub const TENCENT_OTHER_VPC: &str = "vpc-b1c2d3e4";
/// A subnet of [`TENCENT_VPC`] in the first zone, 10.0.0.0/18.
pub const TENCENT_SUBNET: &str = "subnet-a1b2c3d4";
/// A subnet of [`TENCENT_VPC`] in the second zone, 10.0.64.0/18.
pub const TENCENT_SUBNET_B: &str = "subnet-b1c2d3e4";
/// A subnet of [`TENCENT_OTHER_VPC`] in the first zone, 172.16.0.0/20.
pub const TENCENT_OTHER_SUBNET: &str = "subnet-c1d2e3f4";
/// The default security group at Tencent Cloud.
pub const TENCENT_SECURITY_GROUP: &str = "sg-a1b2c3d4";
/// A second security group at Tencent Cloud, named `web`.
pub const TENCENT_WEB_SECURITY_GROUP: &str = "sg-b1c2d3e4";
/// A Linux image at Tencent Cloud.
pub const TENCENT_IMAGE: &str = "img-a1b2c3d4";
/// A Windows image at Tencent Cloud.
pub const TENCENT_WINDOWS_IMAGE: &str = "img-b1c2d3e4";
/// A key pair at Tencent Cloud.
pub const TENCENT_KEY_PAIR: &str = "skey-a1b2c3d4";
/// The main route table of [`TENCENT_VPC`], associated with [`TENCENT_SUBNET`]: a way out through a NAT gateway.
pub const TENCENT_ROUTE_TABLE: &str = "rtb-a1b2c3d4";
/// A route table of [`TENCENT_VPC`] associated with [`TENCENT_SUBNET_B`], with a route of each kind: see
/// [`World::routes`](crate::World::routes).
pub const TENCENT_PRIVATE_ROUTE_TABLE: &str = "rtb-b1c2d3e4";
/// A route table of [`TENCENT_VPC`] without subnets, with two routes to one destination (ECMP).
pub const TENCENT_ECMP_ROUTE_TABLE: &str = "rtb-c1d2e3f4";
/// The main route table of [`TENCENT_OTHER_VPC`], without routes.
pub const TENCENT_OTHER_ROUTE_TABLE: &str = "rtb-d1e2f3a4";
/// A NAT gateway in [`TENCENT_VPC`].
pub const TENCENT_NAT_GATEWAY: &str = "nat-a1b2c3d4";
/// A second NAT gateway in [`TENCENT_VPC`], which no route uses.
pub const TENCENT_NAT_GATEWAY_B: &str = "nat-b1c2d3e4";
/// A VPN gateway in [`TENCENT_VPC`].
pub const TENCENT_VPN_GATEWAY: &str = "vpngw-a1b2c3d4";
/// A second VPN gateway in [`TENCENT_VPC`].
pub const TENCENT_VPN_GATEWAY_B: &str = "vpngw-b1c2d3e4";
/// A direct connect gateway in [`TENCENT_VPC`].
pub const TENCENT_DIRECT_CONNECT_GATEWAY: &str = "dcg-a1b2c3d4";
/// A peering connection of [`TENCENT_VPC`] and [`TENCENT_OTHER_VPC`].
pub const TENCENT_PEERING: &str = "pcx-a1b2c3d4";
/// A virtual address for high availability in [`TENCENT_VPC`].
pub const TENCENT_HA_VIP: &str = "havip-a1b2c3d4";
/// A private NAT gateway in [`TENCENT_VPC`].
pub const TENCENT_INTRANET_NAT: &str = "intranat-a1b2c3d4";
/// The cloud connect network that [`TENCENT_VPC`] is in.
pub const TENCENT_CCN: &str = "ccn-a1b2c3d4";
/// The address in [`TENCENT_VPC`] that a route of [`TENCENT_PRIVATE_ROUTE_TABLE`] leads to; no instance has it at first.
pub const TENCENT_NEXT_HOP_ADDRESS: &str = "10.0.63.200";

/// A CLB in [`TENCENT_VPC`] with several listeners and rules, named `web`.
pub const TENCENT_LOAD_BALANCER: &str = "lb-a1b2c3d4";
/// A CLB in [`TENCENT_VPC`] with one listener, [`TENCENT_SINGLE_LISTENER`], named `single`.
pub const TENCENT_SINGLE_LOAD_BALANCER: &str = "lb-b1c2d3e4";
/// A classic CLB in [`TENCENT_VPC`], named `legacy`: port 80 to 8080 and 443 to 8443, both TCP.
pub const TENCENT_CLASSIC_LOAD_BALANCER: &str = "lb-c1d2e3f4";
/// A CLB in [`TENCENT_OTHER_VPC`] with one TCP listener, named `other`.
pub const TENCENT_OTHER_LOAD_BALANCER: &str = "lb-d1e2f3a4";
/// Two CLBs in [`TENCENT_VPC`] that share the name `twin`, each with one TCP listener.
pub const TENCENT_TWIN_LOAD_BALANCERS: [&str; 2] = ["lb-e1f2a3b4", "lb-f1a2b3c4"];
/// The TCP listener of [`TENCENT_LOAD_BALANCER`] on port 80.
pub const TENCENT_TCP_LISTENER: &str = "lbl-a1b2c3d4";
/// The UDP listener of [`TENCENT_LOAD_BALANCER`] on port 53, which does not check health.
pub const TENCENT_UDP_LISTENER: &str = "lbl-b1c2d3e4";
/// The HTTP listener of [`TENCENT_LOAD_BALANCER`] on port 8080, with [`TENCENT_ROOT_RULE`] and [`TENCENT_API_RULE`].
pub const TENCENT_HTTP_LISTENER: &str = "lbl-c1d2e3f4";
/// The HTTPS listener of [`TENCENT_LOAD_BALANCER`] on port 443, with [`TENCENT_SHOP_RULE`].
pub const TENCENT_HTTPS_LISTENER: &str = "lbl-d1e2f3a4";
/// The only listener of [`TENCENT_SINGLE_LOAD_BALANCER`]: TCP on port 80.
pub const TENCENT_SINGLE_LISTENER: &str = "lbl-e1f2a3b4";
/// The only listener of [`TENCENT_OTHER_LOAD_BALANCER`]: TCP on port 80.
pub const TENCENT_OTHER_LISTENER: &str = "lbl-f1a2b3c4";
/// The rule `www.example.com` `/` of [`TENCENT_HTTP_LISTENER`].
pub const TENCENT_ROOT_RULE: &str = "loc-a1b2c3d4";
/// The rule `www.example.com` `/api` of [`TENCENT_HTTP_LISTENER`].
pub const TENCENT_API_RULE: &str = "loc-b1c2d3e4";
/// The rule `shop.example.com` `/` of [`TENCENT_HTTPS_LISTENER`].
pub const TENCENT_SHOP_RULE: &str = "loc-c1d2e3f4";

/// A bucket of S3, in [`AWS_REGION`]: names of buckets are unique in all regions.
pub const AWS_BUCKET: &str = "cloudapi-demo";
/// A bucket of COS, in [`TENCENT_REGION`].
pub const TENCENT_BUCKET: &str = "cloudapi-demo-1250000000";

/// The zones of a region at AWS: `us-east-1a`, `us-east-1b`, `us-east-1c`.
pub fn aws_zones(region: &str) -> [String; 3] {
    ["a", "b", "c"].map(|letter| format!("{region}{letter}"))
}

/// The zones of a region at Tencent Cloud: `ap-guangzhou-3`, `ap-guangzhou-4`, `ap-guangzhou-6`.
pub fn tencent_zones(region: &str) -> [String; 3] {
    ["3", "4", "6"].map(|number| format!("{region}-{number}"))
}

/// The ARN in a region of one of the load balancers of ELB's second version: [`AWS_LOAD_BALANCER`] and others.
pub fn aws_load_balancer_arn(region: &str, name: &str) -> String {
    let kind = match name {
        AWS_NETWORK_LOAD_BALANCER => "net",
        AWS_GATEWAY_LOAD_BALANCER => "gwy",
        _ => "app",
    };
    format!(
        "arn:aws:elasticloadbalancing:{region}:{AWS_ACCOUNT}:loadbalancer/{kind}/{name}/{}",
        suffix(name)
    )
}

/// The ARN in a region of one of the target groups: [`AWS_WEB_GROUP`] and others.
pub fn aws_target_group_arn(region: &str, name: &str) -> String {
    format!(
        "arn:aws:elasticloadbalancing:{region}:{AWS_ACCOUNT}:targetgroup/{name}/{}",
        suffix(name)
    )
}

/// The ARN of a Lambda function in a region, for [`AWS_LAMBDA_GROUP`].
pub fn aws_function_arn(region: &str) -> String {
    format!("arn:aws:lambda:{region}:{AWS_ACCOUNT}:function:answer")
}

/// Sixteen hexadecimal digits that are always the same for a name.
pub(crate) fn suffix(name: &str) -> String {
    crate::auth::sha256_hex(name.as_bytes())[..16].to_owned()
}
