//! Lists and look-ups against a CVM of a few lines and against the emulator.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; the lint's own exception sees test functions only"
)]

mod common;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cloudapi_core::compute::DescribeInstancesRequest;
use cloudapi_core::{CloudProvider, Compute, ComputeExt, ErrorKind, Filters, Operation};
use cloudapi_emulator::{Cloud, Emulator, FaultKind};
use cloudapi_tencent::{CvmInstance, Tencent};
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

type Change = Box<dyn Fn(&mut Vec<String>, usize) + Send + Sync>;

/// Answers DescribeInstances from a list that may change before each call.
#[derive(Clone)]
struct Cvm {
    ids: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<Value>>>,
    change: Arc<Change>,
    refuse: Option<(&'static str, &'static str)>,
}

impl Cvm {
    fn new(count: usize) -> Self {
        Self {
            ids: Arc::new(Mutex::new((0..count).map(id).collect())),
            requests: Arc::default(),
            change: Arc::new(Box::new(|_, _| {})),
            refuse: None,
        }
    }

    fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }

    async fn start(&self) -> (MockServer, Arc<dyn Compute>) {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let config = common::config(&server.uri(), "AKIDEXAMPLE", "SecretKeyEXAMPLE");
        let compute = Tencent::connect(&config).await.unwrap().compute().unwrap();
        (server, compute)
    }
}

impl Respond for Cvm {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let call = {
            let mut requests = self.requests.lock().unwrap();
            requests.push(body.clone());
            requests.len() - 1
        };
        let answer = |response: Value| {
            ResponseTemplate::new(200).set_body_json(json!({ "Response": response }))
        };
        if let Some((filter, code)) = self.refuse
            && body["Filters"].to_string().contains(filter)
        {
            return answer(json!({"Error": {"Code": code, "Message": "no"}, "RequestId": "r"}));
        }
        let mut ids = self.ids.lock().unwrap();
        (self.change)(&mut ids, call);
        let wanted: Vec<&String> = ids
            .iter()
            .filter(|id| {
                body["InstanceIds"]
                    .as_array()
                    .is_none_or(|wanted| wanted.iter().any(|wanted| *wanted == json!(id)))
            })
            .collect();
        let number = |name: &str| usize::try_from(body[name].as_u64().unwrap()).unwrap();
        let page = wanted.iter().skip(number("Offset")).take(number("Limit"));
        let set: Vec<Value> = page
            .map(|id| json!({"InstanceId": id, "InstanceState": "RUNNING", "InstanceName": format!("web-{id}")}))
            .collect();
        answer(json!({"TotalCount": wanted.len(), "InstanceSet": set, "RequestId": "r"}))
    }
}

fn id(number: usize) -> String {
    format!("ins-{number:08}")
}

async fn ids(compute: &dyn Compute, request: DescribeInstancesRequest) -> Vec<String> {
    let found = compute.describe_instances(request).await.unwrap();
    found
        .iter()
        .map(|instance| instance.instance_id.to_string())
        .collect()
}

#[tokio::test]
async fn ten_thousand_are_a_hundred_calls_eight_at_a_time_and_never_above_the_limit() {
    let emulator = Emulator::start().await.unwrap();
    let mut expected = emulator.add_instances(Cloud::Tencent, 10_000);
    expected.sort();
    let slow = FaultKind::Delay(Duration::from_millis(20));
    emulator.fault(common::fault(slow, "DescribeInstances").times(100));
    let compute = common::compute(&emulator).await;
    let started = Instant::now();
    assert_eq!(
        ids(&*compute, DescribeInstancesRequest::new()).await,
        expected
    );
    assert!(
        started.elapsed() >= Duration::from_secs(2),
        "no more than 40 in a second"
    );
    let calls = emulator.calls();
    assert_eq!(calls.len(), 100);
    assert!(calls.iter().all(|call| call.parameters["Limit"] == 100));
    assert_eq!(emulator.max_in_flight(), 8);
    emulator.stop().await;
}

#[tokio::test]
async fn any_number_of_ids_a_hundred_in_a_call() {
    let cvm = Cvm::new(300);
    let (_server, compute) = cvm.start().await;
    let asked: Vec<String> = (0..250).rev().map(id).collect();
    let mut expected = asked.clone();
    expected.sort();
    let request = DescribeInstancesRequest::new().with_instance_ids(asked);
    assert_eq!(ids(&*compute, request.clone()).await, expected);
    assert_eq!(cvm.requests().len(), 3);
    for request in cvm.requests() {
        assert_eq!(request["Limit"], 100);
        assert!(request.get("Filters").is_none());
    }
    let filtered = request.with_filters(Filters::new().with("name", ["web-ins-0000024*"]));
    assert_eq!(
        ids(&*compute, filtered).await,
        (240..250).map(id).collect::<Vec<_>>()
    );
    assert_eq!(
        cvm.requests().len(),
        6,
        "ids and filters together cost no more"
    );
}

#[tokio::test]
async fn missing_ids_are_all_listed_or_left_out() {
    let cvm = Cvm::new(150);
    let (_server, compute) = cvm.start().await;
    let request = DescribeInstancesRequest::new().with_instance_ids((148..203).map(id));
    let error = compute
        .describe_instances(request.clone())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.resources(), (150..203).map(id).collect::<Vec<_>>());
    assert_eq!(error.operation(), Some(Operation::DescribeInstances));
    let found = ids(&*compute, request.with_allow_missing(true)).await;
    assert_eq!(found, [id(148), id(149)]);
}

#[tokio::test]
async fn what_can_be_checked_is_checked_before_anything_is_sent() {
    let cvm = Cvm::new(1);
    let (_server, compute) = cvm.start().await;
    let none: [&str; 0] = [];
    for request in [
        DescribeInstancesRequest::new().with_instance_ids(none),
        DescribeInstancesRequest::new().with_instance_ids(["i-0123456789abcdef0"]),
        DescribeInstancesRequest::new().with_page_size(0),
        DescribeInstancesRequest::new().with_filters(Filters::new().with("zone ", ["x"])),
    ] {
        let error = compute.describe_instances(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    assert!(cvm.requests().is_empty());
}

#[tokio::test]
async fn what_moves_between_pages_is_neither_lost_nor_doubled() {
    for (page_size, at) in [(10, 1), (10, 3), (7, 2), (1, 5)] {
        let mut cvm = Cvm::new(40);
        // One goes from the first page, so that all behind it shift.
        cvm.change = Arc::new(Box::new(move |ids, call| {
            if call == at {
                ids.retain(|present| *present != id(2));
            }
        }));
        let (_server, compute) = cvm.start().await;
        let found = ids(
            &*compute,
            DescribeInstancesRequest::new().with_page_size(page_size),
        )
        .await;
        let mut unique = found.clone();
        unique.dedup();
        assert_eq!(found, unique);
        for number in (0..40).filter(|number| *number != 2) {
            assert!(
                found.contains(&id(number)),
                "{number} lost, {page_size} {at}"
            );
        }
    }
}

#[tokio::test]
async fn a_filter_that_the_cloud_refuses_is_evaluated_here() {
    let mut cvm = Cvm::new(3);
    cvm.refuse = Some(("zone", "InvalidZone.MismatchRegion"));
    let (_server, compute) = cvm.start().await;
    let request =
        DescribeInstancesRequest::new().with_filters(Filters::new().with("zone", ["us-east-1a"]));
    assert!(ids(&*compute, request).await.is_empty());
    assert_eq!(cvm.requests().len(), 2);

    let mut cvm = Cvm::new(3);
    cvm.refuse = Some(("tag:team", "InvalidParameterValue.TagKeyNotFound"));
    let (_server, compute) = cvm.start().await;
    let request =
        DescribeInstancesRequest::new().with_filters(Filters::new().with("tag:team", ["web"]));
    assert!(ids(&*compute, request).await.is_empty());
    assert_eq!(cvm.requests().len(), 1, "nothing has the tag");

    let mut cvm = Cvm::new(3);
    cvm.refuse = Some(("bogus", "InvalidFilter"));
    let (_server, compute) = cvm.start().await;
    let request = DescribeInstancesRequest::new().with_filters(
        Filters::new()
            .with("native:bogus", ["1"])
            .with("zone", ["a"]),
    );
    let error = compute.describe_instances(request).await.unwrap_err();
    assert_eq!(
        error.code(),
        Some("InvalidFilter"),
        "the caller's own filter is the caller's"
    );
}

#[tokio::test]
async fn a_stream_reads_no_further_than_it_is_read() {
    let cvm = Cvm::new(10_000);
    let (_server, compute) = cvm.start().await;
    let mut stream = compute.instances(DescribeInstancesRequest::new());
    for _ in 0..100 {
        assert!(stream.try_next().await.unwrap().is_some());
    }
    drop(stream);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(cvm.requests().len() <= 9, "{}", cvm.requests().len());
}

#[tokio::test]
async fn against_the_emulator_with_the_clouds_own_filters_and_records() {
    let emulator = Emulator::start().await.unwrap();
    let all = emulator.add_instances(Cloud::Tencent, 130);
    let compute = common::compute(&emulator).await;
    let mut sorted = all.clone();
    sorted.sort();
    for page_size in [1, 7, 100] {
        emulator.clear_calls();
        // 130 calls would take more than three seconds at 40 a second.
        let page_size = if page_size == 1 { 13 } else { page_size };
        let request = DescribeInstancesRequest::new().with_page_size(page_size);
        assert_eq!(ids(&*compute, request).await, sorted);
        assert!(emulator.max_in_flight() <= 8);
    }
    let request = DescribeInstancesRequest::new()
        .with_instance_ids(all[..3].iter().map(String::as_str))
        .with_filters(Filters::new().with("native:instance-charge-type", ["POSTPAID_BY_HOUR"]));
    assert_eq!(ids(&*compute, request.clone()).await.len(), 3);
    emulator.world().set_charge_type(&all[0], "PREPAID");
    assert_eq!(ids(&*compute, request).await.len(), 2);
    let instance = compute.describe_instance(all[0].as_str()).await.unwrap();
    let native = instance.native.unwrap();
    assert!(native.downcast_ref::<CvmInstance>().is_some());
    assert_eq!(native.to_json()["InstanceChargeType"], "PREPAID");
    emulator.stop().await;
}
