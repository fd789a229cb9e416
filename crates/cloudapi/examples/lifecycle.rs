//! Creates, stops and destroys a server on a local emulator: `cargo run --features tencent,emulator --example lifecycle`.

use cloudapi::compute::{
    CreateInstancesRequest, DestroyInstancesRequest, StopInstancesRequest, WaitOptions,
};
use cloudapi::emulator::{Emulator, fixtures};
use cloudapi::{ComputeExt, Credentials, Provider, ProviderConfig};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the example's output")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let key = emulator.tencent_key();
    let config = ProviderConfig::new(Provider::Tencent)
        .with_region(fixtures::TENCENT_REGION)
        .with_endpoint_url(emulator.endpoint_url())
        .with_credentials(Credentials::new(key.id, key.secret));
    let compute = cloudapi::connect(&config).await?.compute()?;
    let wait = WaitOptions::default();

    // The zone is looked up from the subnet.
    let request = CreateInstancesRequest::new(fixtures::TENCENT_IMAGE, "S5.MEDIUM4")
        .with_name("hello")
        .with_subnet_id(fixtures::TENCENT_SUBNET);
    let created = compute.create_instances(request).await?;
    for instance in compute
        .wait_for_instances(&created.instance_ids, &wait)
        .await?
    {
        println!("{}: {:?}", instance.instance_id, instance.status);
    }

    let request = StopInstancesRequest::new(created.instance_ids.clone()).with_stop_charging(true);
    let stopped = compute.stop_instances(request).await?;
    let stopped = compute.wait_until_stopped(stopped, &wait).await?;
    for outcome in &stopped.into_result()? {
        println!("{}: {:?}", outcome.instance_id, outcome.current_state);
    }

    let request = DestroyInstancesRequest::new(created.instance_ids);
    let destroyed = compute.destroy_instances(request).await?;
    let destroyed = compute
        .wait_until_destroyed(destroyed, false, &wait)
        .await?;
    for outcome in &destroyed.into_result()? {
        println!("{}: {:?}", outcome.instance_id, outcome.current_state);
    }
    emulator.stop().await;
    Ok(())
}
