//! Servers: EC2.

mod batch;
mod convert;
mod create;
mod describe;
mod filter;
mod record;

use std::fmt;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use cloudapi_core::compute::{
    CreateInstancesRequest, CreatedInstances, DescribeInstancesRequest, DestroyInstancesRequest,
    Instance, InstanceOutcomes, StartInstancesRequest, StopInstancesRequest,
};
use cloudapi_core::{BoxStream, Compute, Error, InstanceId, Operation, Provider, Result};
use futures_util::TryStreamExt;

use crate::calls::{Call, Calls};
use crate::settings::Settings;
use crate::whole::WholeAnswers;

/// Ids that one call takes. Documented for TerminateInstances, and kept everywhere.
const IDS_PER_CALL: usize = 1000;

/// EC2 in one region.
#[derive(Clone)]
pub(crate) struct Ec2 {
    client: Client,
    calls: Calls,
}

impl Ec2 {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            client: Client::from_conf(
                aws_sdk_ec2::config::Builder::from(&settings.sdk)
                    .interceptor(WholeAnswers)
                    .build(),
            ),
            calls: Calls::new("EC2", "ec2", settings),
        }
    }

    /// Starts the clock of an operation.
    fn scope(&self, operation: Operation) -> Scope<'_> {
        Scope {
            ec2: self,
            operation,
            deadline: self.calls.retry().start(),
        }
    }
}

/// One operation of the interface while it is under way.
#[derive(Clone, Copy)]
struct Scope<'a> {
    ec2: &'a Ec2,
    operation: Operation,
    deadline: cloudapi_core::retry::Deadline,
}

impl Scope<'_> {
    fn call(&self, action: &'static str) -> Call {
        Call {
            operation: self.operation,
            action,
            deadline: self.deadline,
        }
    }
}

impl fmt::Debug for Ec2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ec2").finish_non_exhaustive()
    }
}

#[async_trait]
impl Compute for Ec2 {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn instances(&self, request: DescribeInstancesRequest) -> BoxStream<'static, Result<Instance>> {
        Box::pin(
            describe::stream(self.clone(), request).map_err(named(Operation::DescribeInstances)),
        )
    }

    async fn describe_instances(&self, request: DescribeInstancesRequest) -> Result<Vec<Instance>> {
        let mut instances: Vec<Instance> = self.instances(request).try_collect().await?;
        instances.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
        Ok(instances)
    }

    async fn create_instances(&self, request: CreateInstancesRequest) -> Result<CreatedInstances> {
        let scope = self.scope(Operation::CreateInstances);
        create::run(scope, request)
            .await
            .map_err(named(scope.operation))
    }

    async fn start_instances(&self, request: StartInstancesRequest) -> Result<InstanceOutcomes> {
        batch::start(self.scope(Operation::StartInstances), &request).await
    }

    async fn stop_instances(&self, request: StopInstancesRequest) -> Result<InstanceOutcomes> {
        batch::stop(self.scope(Operation::StopInstances), &request).await
    }

    async fn destroy_instances(
        &self,
        request: DestroyInstancesRequest,
    ) -> Result<InstanceOutcomes> {
        batch::destroy(self.scope(Operation::DestroyInstances), &request).await
    }
}

/// Completes an error with the cloud and the operation.
fn named(operation: Operation) -> impl Fn(Error) -> Error {
    move |error| error.with_provider(Provider::Aws).with_operation(operation)
}

/// Checks the form of ids: `i-` and 8 or 17 digits of lower-case hexadecimal.
fn check_ids(ids: &[InstanceId]) -> Result<()> {
    let bad: Vec<&str> = ids
        .iter()
        .map(InstanceId::as_str)
        .filter(|id| !is_instance_id(id))
        .collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "{} can't be the id of an EC2 instance, which is i- and 8 or 17 hexadecimal digits",
        bad.join(", ")
    ))
    .with_resources(bad))
}

fn is_instance_id(id: &str) -> bool {
    id.strip_prefix("i-").is_some_and(|digits| {
        matches!(digits.len(), 8 | 17)
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests;
