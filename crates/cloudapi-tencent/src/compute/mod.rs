//! Servers: CVM instances.

mod batch;
mod convert;
mod create;
mod describe;
mod destroy;
mod pager;
mod plan;
mod wire;

use async_trait::async_trait;
use cloudapi_core::compute::{
    CreateInstancesRequest, CreatedInstances, DescribeInstancesRequest, DestroyInstancesRequest,
    Instance, InstanceOutcomes, InstanceState, OutcomeStatus, StartInstancesRequest,
    StopInstancesRequest, run_batch, unique_ids,
};
use cloudapi_core::{BoxStream, Compute, Error, InstanceId, Operation, Provider, Result};
use futures_util::stream::{StreamExt, TryStreamExt};

use self::batch::{Looks, Start, Stop};
pub use self::convert::CvmInstance;
use self::destroy::Destroy;
use crate::client::Client;

/// The operations on servers, on CVM.
#[derive(Clone, Debug)]
pub(crate) struct TencentCompute {
    client: Client,
}

impl TencentCompute {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    fn looks(&self) -> Looks {
        Looks::new(self.client.clone())
    }
}

#[async_trait]
impl Compute for TencentCompute {
    fn provider(&self) -> Provider {
        Provider::Tencent
    }

    fn instances(&self, request: DescribeInstancesRequest) -> BoxStream<'static, Result<Instance>> {
        describe::instances(self.client.clone(), request)
            .map_err(of(Operation::DescribeInstances))
            .boxed()
    }

    async fn describe_instances(&self, request: DescribeInstancesRequest) -> Result<Vec<Instance>> {
        let mut instances: Vec<Instance> = self.instances(request).try_collect().await?;
        instances.sort_unstable_by(|a, b| a.instance_id.cmp(&b.instance_id));
        Ok(instances)
    }

    async fn create_instances(&self, request: CreateInstancesRequest) -> Result<CreatedInstances> {
        create::create(&self.client, request)
            .await
            .map_err(of(Operation::CreateInstances))
    }

    async fn start_instances(&self, request: StartInstancesRequest) -> Result<InstanceOutcomes> {
        let operation = Operation::StartInstances;
        let ids = checked(&request.instance_ids).map_err(of(operation))?;
        let calls = Start::new(self.looks());
        let result = run_batch(&calls, &ids, self.client.retry(), request.dry_run).await;
        finished(result, operation)
    }

    async fn stop_instances(&self, request: StopInstancesRequest) -> Result<InstanceOutcomes> {
        let operation = Operation::StopInstances;
        let ids = checked(&request.instance_ids).map_err(of(operation))?;
        let calls = Stop::new(self.looks(), &request).map_err(of(operation))?;
        let result = run_batch(&calls, &ids, self.client.retry(), request.dry_run).await;
        finished(result, operation)
    }

    async fn destroy_instances(
        &self,
        request: DestroyInstancesRequest,
    ) -> Result<InstanceOutcomes> {
        let operation = Operation::DestroyInstances;
        let ids = checked(&request.instance_ids).map_err(of(operation))?;
        let calls = Destroy::new(self.looks(), &request);
        let result = run_batch(&calls, &ids, self.client.retry(), request.dry_run).await;
        let mut outcomes = finished(result, operation)?;
        for outcome in &mut outcomes.outcomes {
            // Gone between two looks: CVM lists no terminated instances.
            if outcome.status == OutcomeStatus::Changed && outcome.current_state.is_none() {
                outcome.current_state = Some(InstanceState::Terminated);
            }
        }
        Ok(outcomes)
    }
}

/// The ids once each, at least one, all of possible shape.
fn checked(ids: &[InstanceId]) -> Result<Vec<InstanceId>> {
    let ids = unique_ids(ids)?;
    plan::check_ids(&ids)?;
    Ok(ids)
}

/// Names cloud and operation in an error.
fn of(operation: Operation) -> impl Fn(Error) -> Error + Copy {
    move |error| {
        error
            .with_provider(Provider::Tencent)
            .with_operation(operation)
    }
}

/// Names cloud and operation in every error of a batch.
fn finished(result: Result<InstanceOutcomes>, operation: Operation) -> Result<InstanceOutcomes> {
    let mut outcomes = result.map_err(of(operation))?;
    for outcome in &mut outcomes.outcomes {
        outcome.error = outcome.error.take().map(of(operation));
    }
    Ok(outcomes)
}
