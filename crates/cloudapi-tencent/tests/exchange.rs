//! Single exchanges: what is sent, what is repeated, what an answer that is none becomes.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; the lint's own exception sees test functions only"
)]

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cloudapi_core::{
    Credentials, Environment, Error, ErrorKind, Provider, ProviderConfig, RetryPolicy,
};
use cloudapi_tencent::{Action, Tencent, TencentError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const KEY_ID: &str = "AKIDEXAMPLE0123456789abcdefghijklmn";
const SECRET: &str = "SecretKeyEXAMPLE0123456789abcdef";
const TOKEN: &str = "TOKENEXAMPLE0123456789";
const READ: Action = Action::read("cvm", "2017-03-12", "DescribeZones");
const WRITE: Action = Action::write("cvm", "2017-03-12", "StartInstances");

fn config(url: &str) -> ProviderConfig {
    ProviderConfig::new(Provider::Tencent)
        .with_region("ap-guangzhou")
        .with_credentials(Credentials::new(KEY_ID, SECRET).with_session_token(TOKEN))
        .with_environment(Environment::fixed::<&str, &str>([]))
        .with_endpoint_url(url)
        .with_retry(
            RetryPolicy::default()
                .with_max_attempts(3)
                .with_base_delay(Duration::from_millis(1)),
        )
}

async fn call(config: &ProviderConfig, action: &Action) -> Result<Value, Error> {
    let tencent = Tencent::connect(config).await?;
    let client = tencent.client();
    let answer = client
        .call::<_, Value>(action, &json!({"Limit": 100}), client.start())
        .await?;
    Ok(answer.response)
}

fn good() -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(json!({"Response": {"TotalCount": 1, "RequestId": "good"}}))
}

fn refusal(code: &str) -> ResponseTemplate {
    let error = json!({"Code": code, "Message": "The cloud's words."});
    ResponseTemplate::new(200)
        .set_body_json(json!({"Response": {"Error": error, "RequestId": "7f2a"}}))
}

/// Answers so many calls in the first way, then all others well.
async fn server(times: u64, first: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(first)
        .up_to_n_times(times)
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(good()).mount(&server).await;
    server
}

async fn calls(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

#[tokio::test]
async fn what_is_sent() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(good()).mount(&server).await;
    let url = format!("{}/behind/a/path", server.uri());
    assert_eq!(call(&config(&url), &READ).await.unwrap()["TotalCount"], 1);
    let calls = calls(&server).await;
    let [request] = &calls[..] else {
        panic!("one call")
    };
    assert_eq!(
        (request.method.as_str(), request.url.path()),
        ("POST", "/behind/a/path")
    );
    assert_eq!(request.body, br#"{"Limit":100}"#);
    for (name, value) in [
        ("content-type", "application/json"),
        ("host", server.uri().trim_start_matches("http://")),
        ("x-tc-action", "DescribeZones"),
        ("x-tc-version", "2017-03-12"),
        ("x-tc-region", "ap-guangzhou"),
        ("x-tc-language", "en-US"),
        ("x-tc-token", TOKEN),
    ] {
        assert_eq!(request.headers[name], value, "{name}");
        assert_eq!(request.headers.get_all(name).iter().count(), 1, "{name}");
    }
    let authorization = request.headers["authorization"].to_str().unwrap();
    assert!(authorization.starts_with(&format!("TC3-HMAC-SHA256 Credential={KEY_ID}/")));
}

#[tokio::test]
async fn throttling_is_repeated_for_reads_and_writes() {
    for action in [READ, WRITE] {
        let server = server(2, refusal("RequestLimitExceeded")).await;
        assert!(call(&config(&server.uri()), &action).await.is_ok());
        assert_eq!(calls(&server).await.len(), 3);
    }
    let server = server(9, refusal("RequestLimitExceeded.UinLimitExceeded")).await;
    let error = call(&config(&server.uri()), &READ).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(calls(&server).await.len(), 3);
}

#[tokio::test]
async fn a_refusal_under_status_200_is_an_error_and_final() {
    for (code, kind) in [
        ("InvalidInstanceId.NotFound", ErrorKind::NotFound),
        ("AuthFailure.SignatureFailure", ErrorKind::Unauthenticated),
        (
            "ResourceInsufficient.CloudDiskSoldOut",
            ErrorKind::OutOfCapacity,
        ),
    ] {
        let server = server(1, refusal(code)).await;
        let error = call(&config(&server.uri()), &READ).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        assert_eq!(error.request_id(), Some("7f2a"));
        assert_eq!(error.http_status(), Some(200));
        assert_eq!(error.provider(), Some(Provider::Tencent));
        assert_eq!(
            error.native::<TencentError>().unwrap().message,
            "The cloud's words."
        );
        assert_eq!(calls(&server).await.len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_refusal_with_another_status_is_still_the_clouds() {
    let body = json!({"Response": {"Error": {"Code": "ResourcesSoldOut", "Message": ""}, "RequestId": "r"}});
    let server = server(1, ResponseTemplate::new(500).set_body_json(body)).await;
    let error = call(&config(&server.uri()), &READ).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::OutOfCapacity, Some(500))
    );
    assert_eq!(calls(&server).await.len(), 1);
}

#[tokio::test]
async fn what_is_no_answer_is_repeated_only_where_that_is_harmless() {
    let text = |status, body: &str, kind| {
        ResponseTemplate::new(status).set_body_raw(body.to_owned(), kind)
    };
    for broken in [
        text(
            200,
            r#"{"Response": {"TotalCount": 1, "Ins"#,
            "application/json",
        ),
        text(200, "<html>maintenance</html>", "text/html"),
        text(200, "", "application/json"),
        text(200, r#"{"Result": 1}"#, "application/json"),
        text(502, "<html>Bad Gateway</html>", "text/html"),
        text(503, "", "text/plain"),
        refusal("InternalError"),
    ] {
        let reading = server(1, broken.clone()).await;
        assert!(call(&config(&reading.uri()), &READ).await.is_ok());
        assert_eq!(calls(&reading).await.len(), 2);

        let writing = server(1, broken).await;
        let error = call(&config(&writing.uri()), &WRITE).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(
            !error.is_certainly_undone() && !error.to_string().contains("html>"),
            "{error}"
        );
        assert_eq!(calls(&writing).await.len(), 1);
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = server(
        1,
        ResponseTemplate::new(302).insert_header("location", "/elsewhere"),
    )
    .await;
    let error = call(&config(&server.uri()), &READ).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Unavailable, false)
    );
    assert!(error.message().contains("endpoint"), "{error}");
    assert_eq!(calls(&server).await.len(), 1);
}

#[tokio::test]
async fn what_is_busy_is_repeated_slowly() {
    let server = server(1, refusal("OperationDenied.InstanceOperationInProgress")).await;
    let started = Instant::now();
    assert!(call(&config(&server.uri()), &WRITE).await.is_ok());
    assert_eq!(calls(&server).await.len(), 2);
    assert!(started.elapsed() >= Duration::from_secs(1));
}

fn timestamp(request: &Request) -> i64 {
    request.headers["x-tc-timestamp"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once_and_for_all() {
    // Tue, 14 Nov 2023 22:13:20 GMT
    let cloud = 1_700_000_000;
    let skewed = refusal("AuthFailure.SignatureExpire")
        .insert_header("date", "Tue, 14 Nov 2023 22:13:20 GMT");
    let server = server(1, skewed).await;
    let mut config = config(&server.uri());
    config.retry = config.retry.with_max_attempts(1);
    let tencent = Tencent::connect(&config).await.unwrap();
    let client = tencent.client();
    for _ in 0..2 {
        let request = json!({});
        let answer = client.call::<_, Value>(&WRITE, &request, client.start());
        assert!(
            answer.await.is_ok(),
            "the correction does not count as an attempt"
        );
    }
    let times: Vec<i64> = calls(&server).await.iter().map(timestamp).collect();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert_eq!(times.len(), 3);
    assert!((i64::try_from(now).unwrap() - times[0]).abs() < 60);
    assert!(
        times[1..]
            .iter()
            .all(|time| (cloud..cloud + 60).contains(time)),
        "{times:?}"
    );
}

#[tokio::test]
async fn a_clock_that_stays_wrong_is_told() {
    let server = server(9, refusal("AuthFailure.SignatureExpire")).await;
    let error = call(&config(&server.uri()), &READ).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.message().contains("clock"), "{error}");
    assert_eq!(calls(&server).await.len(), 2, "corrected once, no more");
}

/// Reads requests and closes without an answer; counts them.
async fn silent_server() -> (String, Arc<Mutex<u32>>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&count);
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            if stream.read(&mut buffer).await.unwrap_or(0) > 0 {
                *counted.lock().unwrap() += 1;
            }
            let _ = stream.shutdown().await;
        }
    });
    (url, count, task)
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_only_by_reads() {
    let (url, count, task) = silent_server().await;
    let error = call(&config(&url), &WRITE).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_certainly_undone()),
        (ErrorKind::Network, false)
    );
    assert_eq!(*count.lock().unwrap(), 1);
    call(&config(&url), &READ).await.unwrap_err();
    assert_eq!(*count.lock().unwrap(), 4);
    task.abort();
}

#[tokio::test]
async fn a_refused_connection_is_certainly_undone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = call(&config(&format!("http://{address}")), &WRITE)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.is_certainly_undone() && error.is_retryable());
    let message = error.message();
    assert!(
        message.contains(&address.to_string()) && message.contains("refused"),
        "{message}"
    );
}

#[tokio::test]
async fn an_answer_that_never_comes_is_not_awaited_forever() {
    let server = server(9, good().set_delay(Duration::from_secs(30))).await;
    let mut config = config(&server.uri());
    config.timeouts.attempt = Duration::from_millis(50);
    config.retry = config.retry.with_max_attempts(2);
    let error = call(&config, &READ).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.message().contains("too long"), "{error}");

    config.timeouts.attempt = Duration::from_mins(1);
    config.retry = config.retry.with_deadline(Some(Duration::from_millis(80)));
    let error = call(&config, &READ).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn what_is_too_large_is_not_sent() {
    let server = MockServer::start().await;
    let tencent = Tencent::connect(&config(&server.uri())).await.unwrap();
    let client = tencent.client();
    let huge = json!({"UserData": "x".repeat(11 << 20)});
    let error = client
        .call::<_, Value>(&READ, &huge, client.start())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(calls(&server).await.is_empty());
}

#[tokio::test]
async fn a_configuration_that_is_incomplete_is_refused_before_any_call() {
    let whole = config("http://127.0.0.1:9");
    let mut no_region = whole.clone();
    no_region.region = None;
    let no_key = ProviderConfig::new(Provider::Tencent).with_region("ap-guangzhou");
    let other_cloud = ProviderConfig::new(Provider::Aws);
    for (config, words) in [
        (no_region, "no region"),
        (no_key, "no credentials are named"),
        (other_cloud, "is for aws"),
        (whole.with_endpoint_url("http://u:hunter2@h"), "password"),
    ] {
        let error = Tencent::connect(&config).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.provider()),
            (ErrorKind::Config, Some(Provider::Tencent))
        );
        assert!(error.message().contains(words), "{error}");
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_secret_is_in_any_trace() {
    // Beside a single dispatcher tracing asks whoever first passes a place that logs, and that may be another test.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let server = server(1, refusal("RequestLimitExceeded")).await;
    let config = config(&server.uri());
    call(&config, &READ).await.unwrap();
    let (url, _, task) = silent_server().await;
    let lost = call(&config.clone().with_endpoint_url(url), &READ)
        .await
        .unwrap_err();
    task.abort();
    let tencent = Tencent::connect(&config).await.unwrap();
    tracing::info!(?config, ?tencent, ?lost, %lost, "shown");
    let signature = calls(&server).await[0].headers["authorization"]
        .to_str()
        .unwrap()
        .to_owned();
    drop(guard);
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    for expected in [
        "action=\"DescribeZones\"",
        "request_id=\"good\"",
        "attempt=2",
        "hyper",
    ] {
        assert!(log.contains(expected), "{expected} is not in the log");
    }
    assert!(!log.contains("{\"Limit\":100}"), "bodies are not logged");
    let signature = signature.rsplit('=').next().unwrap();
    for secret in [SECRET, TOKEN, signature, "Signature="] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
