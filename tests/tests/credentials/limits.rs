//! How long a call may take: connecting, silence, one attempt, and all of it.

use std::time::Duration;

use cloudapi::{Error, ErrorKind, ProviderConfig, RetryPolicy, Timeouts};
use cloudapi_emulator::Emulator;
use cloudapi_tests::emulator::config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::PROVIDERS;

/// Longer than any test.
const LONG: Duration = Duration::from_mins(10);
const SHORT: Duration = Duration::from_millis(150);

/// How a server behaves that has accepted a connection.
#[derive(Clone, Copy)]
enum Manner {
    /// It says nothing.
    Silent,
    /// It answers a byte at a time, without end.
    Dripping,
}

struct Server {
    address: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = stream.read(&mut request).await;
                    if matches!(manner, Manner::Dripping) {
                        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
                        let mut result = stream.write_all(head).await;
                        while result.is_ok() {
                            tokio::time::sleep(Duration::from_millis(10)).await;
                            result = stream.write_all(b" ").await;
                        }
                    }
                    tokio::time::sleep(LONG).await;
                });
            }
        });
        Self { address, task }
    }
}

fn patient() -> Timeouts {
    let mut limits = Timeouts::default();
    (limits.connect, limits.read, limits.attempt) = (LONG, LONG, LONG);
    limits
}

async fn failure(config: &ProviderConfig) -> Error {
    let cloud = cloudapi::connect(config).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_mins(1), cloud.caller_identity()).await;
    ended.expect("the limit ends it").unwrap_err()
}

#[tokio::test]
async fn each_step_has_its_limit() {
    let (silent, dripping) = (
        Server::start(Manner::Silent).await,
        Server::start(Manner::Dripping).await,
    );
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let of = |url: String, limits: Timeouts| {
            let mut config = config(&emulator, *provider)
                .with_endpoint_url(url)
                .with_timeouts(limits);
            config.retry = RetryPolicy::default().with_max_attempts(1);
            config
        };
        let (mut connect, mut read, mut attempt) = (patient(), patient(), patient());
        connect.connect = SHORT;
        read.read = SHORT;
        attempt.attempt = SHORT;
        for (what, url, limits) in [
            // Where TLS is never answered, connecting does not end.
            ("connect", format!("https://{}", silent.address), connect),
            ("read", format!("http://{}", silent.address), read),
            ("attempt", format!("http://{}", silent.address), attempt),
            ("attempt", format!("http://{}", dripping.address), attempt),
        ] {
            let error = failure(&of(url, limits)).await;
            assert_eq!(error.kind(), ErrorKind::Network, "{what}: {error}");
            assert!(error.is_retryable(), "{what}: {error}");
            assert_eq!(
                error.is_certainly_undone(),
                what == "connect",
                "{what}: {error}"
            );
        }
        let mut whole = of(format!("http://{}", dripping.address), patient());
        whole.retry.deadline = Some(SHORT);
        let error = failure(&whole).await;
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        emulator.stop().await;
    }
}
