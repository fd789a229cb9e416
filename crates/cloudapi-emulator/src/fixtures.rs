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
/// The main route table of [`AWS_VPC`].
pub const AWS_ROUTE_TABLE: &str = "rtb-0a1b2c3d4e5f60718";

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
/// The main route table of [`TENCENT_VPC`].
pub const TENCENT_ROUTE_TABLE: &str = "rtb-a1b2c3d4";

/// The zones of a region at AWS: `us-east-1a`, `us-east-1b`, `us-east-1c`.
pub fn aws_zones(region: &str) -> [String; 3] {
    ["a", "b", "c"].map(|letter| format!("{region}{letter}"))
}

/// The zones of a region at Tencent Cloud: `ap-guangzhou-3`, `ap-guangzhou-4`, `ap-guangzhou-6`.
pub fn tencent_zones(region: &str) -> [String; 3] {
    ["3", "4", "6"].map(|number| format!("{region}-{number}"))
}
