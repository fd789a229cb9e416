//! Lists the servers of a region: `cargo run --features tencent --example describe -- tencent ap-guangzhou`.
//!
//! The key comes from the environment at Tencent Cloud, and from wherever the AWS CLI finds it at AWS.

use cloudapi::compute::DescribeInstancesRequest;
use cloudapi::{CredentialSource, Provider, ProviderConfig};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the example's output")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let provider: Provider = arguments
        .next()
        .ok_or("name a cloud: aws or tencent")?
        .parse()?;
    let mut config = ProviderConfig::new(provider);
    config.region = arguments.next();
    if provider == Provider::Tencent {
        config = config.with_credentials(CredentialSource::Environment);
    }
    let compute = cloudapi::connect(&config).await?.compute()?;
    for instance in compute
        .describe_instances(DescribeInstancesRequest::new())
        .await?
    {
        let name = instance.name.as_deref().unwrap_or("-");
        println!("{}\t{}\t{name}", instance.instance_id, instance.state);
    }
    Ok(())
}
