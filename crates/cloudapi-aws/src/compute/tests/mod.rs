//! One exchange at a time, against a server that is told what to answer.

mod batch;
mod calls;
mod create;
mod describe;
mod secrecy;

use std::sync::Arc;

use cloudapi_core::compute::{
    DescribeInstancesRequest, Instance, StartInstancesRequest, StopInstancesRequest,
};
use cloudapi_core::{
    CloudProvider, Compute, ErrorKind, Filters, InstanceId, Provider, ProviderConfig,
};

use super::check_ids;
use crate::Aws;
use crate::testing::{Params, Reply, Server, described, filters, list};

const A: &str = "i-0000000000000000a";
const B: &str = "i-0000000000000000b";
const C: &str = "i-0000000000000000c";

async fn compute(config: &ProviderConfig) -> Arc<dyn Compute> {
    Aws::connect(config).await.unwrap().compute().unwrap()
}

/// A server with a compute in front of it.
async fn world(
    answer: impl Fn(&Params) -> Reply + Send + Sync + 'static,
) -> (Server, Arc<dyn Compute>) {
    let server = Server::start(answer).await;
    let compute = compute(&server.config()).await;
    (server, compute)
}

fn all() -> DescribeInstancesRequest {
    DescribeInstancesRequest::new()
}

fn ids(instances: &[Instance]) -> Vec<&str> {
    instances
        .iter()
        .map(|one| one.instance_id.as_str())
        .collect()
}

/// An EC2 that has A and C, of which A matches the condition on the type.
fn without_b(params: &Params) -> Reply {
    let asked = list(params, "InstanceId");
    if asked.iter().any(|id| id == B) {
        return Reply::error(
            400,
            "InvalidInstanceID.NotFound",
            "The instance IDs do not exist",
        );
    }
    let filters = filters(params);
    let of_type: &[&str] = if filters.contains_key("instance-type") {
        &[A]
    } else {
        &[A, C]
    };
    let wanted = filters.get("instance-id").unwrap_or(&asked);
    let found: Vec<&str> = of_type
        .iter()
        .copied()
        .filter(|id| wanted.is_empty() || wanted.iter().any(|wanted| wanted == id))
        .collect();
    described(&found, None)
}

#[test]
fn ids_of_impossible_shape_are_named() {
    let ids = |ids: &[&str]| {
        ids.iter()
            .map(|id| InstanceId::new(*id))
            .collect::<Vec<_>>()
    };
    assert!(check_ids(&ids(&["i-0123456789abcdef0", "i-1a2b3c4d"])).is_ok());
    let bad = [
        "i-",
        "i-0123456789ABCDEF0",
        "i-123",
        "ins-1a2b3c4d",
        "",
        "i-1a2b3c4g",
    ];
    for id in bad {
        assert!(check_ids(&ids(&[id])).is_err(), "{id:?}");
    }
    let error = check_ids(&ids(&["i-1a2b3c4d", "x", "y"])).unwrap_err();
    assert_eq!(error.resources(), ["x", "y"]);
}

#[tokio::test]
async fn nothing_is_sent_for_what_cannot_be_right_or_cannot_match() {
    let (server, compute) = world(|_| described(&[A], None)).await;
    let filtered = |filters: Filters| all().with_filters(filters);
    for request in [
        all().with_instance_ids(["i-xyz"]),
        all().with_instance_ids::<&str>([]),
        filtered(Filters::new().with("instance-stat", ["x"])),
    ] {
        let error = compute.describe_instances(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.provider(), Some(Provider::Aws));
    }
    let isolated = filtered(Filters::new().with("instance-state", ["isolated"]));
    assert!(
        compute
            .describe_instances(isolated)
            .await
            .unwrap()
            .is_empty()
    );
    let error = compute
        .start_instances(StartInstancesRequest::new(["i-xyz"]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let error = compute
        .stop_instances(StopInstancesRequest::new::<&str>([]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(server.calls().is_empty());
}
