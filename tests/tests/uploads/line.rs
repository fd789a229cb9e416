//! Bad lines: one that stops is given up by the watch for silence and tried again, one that is slow is waited for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cloudapi::Provider;
use cloudapi::storage::{UploadFileRequest, UploadOptions};
use cloudapi_tests::emulator::config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::shell::PROVIDERS;
use crate::stage::{KEY, MIB, Stage, content};

/// How a line treats what is sent over it.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// So many connections take the beginning and then nothing more.
    Stops(usize),
    /// So many bytes in each twentieth of a second.
    Slow(usize),
}

/// A line to an emulator; it is cut when dropped.
struct Line {
    address: SocketAddr,
    stopped: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Line {
    async fn start(to: SocketAddr, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&stopped);
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(client, to, manner, Arc::clone(&count)));
            }
        });
        Self {
            address,
            stopped,
            accepting,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// More than the head of a request, and less than a part.
const BEGINNING: usize = 64 * 1024;

async fn carry(client: TcpStream, to: SocketAddr, manner: Manner, stopped: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = TcpStream::connect(to).await.unwrap().into_split();
    tokio::spawn(async move {
        // Either end may leave at any time.
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut buffer = vec![0; 256 * 1024];
    let mut carried = 0;
    loop {
        let most = match manner {
            Manner::Stops(_) => buffer.len(),
            Manner::Slow(bytes) => bytes,
        };
        let Ok(read @ 1..) = from_client.read(&mut buffer[..most]).await else {
            return;
        };
        carried += read;
        match manner {
            Manner::Stops(times) if carried > BEGINNING => {
                if stopped.fetch_add(1, Ordering::SeqCst) < times {
                    // Held open, and nothing is read any more.
                    std::future::pending::<()>().await;
                }
                carried = 0;
            }
            Manner::Stops(_) => {}
            Manner::Slow(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        if to_server.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// Uploads over a line, silence being waited for so long, and gives the actions that the cloud saw.
async fn upload(provider: Provider, manner: Manner, size: usize, idle: Duration) -> (Stage, usize) {
    let stage = Stage::new(provider).await;
    let line = Line::start(stage.shell.emulator.address(), manner).await;
    let mut config = config(&stage.shell.emulator, provider)
        .with_endpoint_url(format!("http://{}", line.address));
    config.timeouts.read = idle;
    let storage = cloudapi::connect(&config).await.unwrap().storage().unwrap();
    let path = stage.write("file", content(size));
    let mut options = UploadOptions::default();
    (options.threshold, options.part_size, options.in_flight) = (8 << 20, 16 << 20, 2);
    let request = UploadFileRequest::new(stage.bucket(), KEY, path).with_options(options);
    let stored = storage.upload_file(request).await;
    let stored = stored.unwrap_or_else(|error| panic!("{provider} {manner:?}: {error}"));
    assert_eq!(stored.size, size as u64);
    assert!(stage.object().unwrap().bytes().unwrap() == content(size));
    assert_eq!(stage.uploads_left(), 0);
    (stage, line.stopped.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_stops_is_given_up_and_the_part_sent_again() {
    for provider in PROVIDERS {
        let idle = Duration::from_secs(1);
        let (stage, seen) = upload(*provider, Manner::Stops(2), 40 * MIB, idle).await;
        assert!(seen >= 2, "{provider}: only {seen} connections stopped");
        // Three parts, and the two attempts of which the cloud saw the beginning or nothing.
        assert!(stage.calls("UploadPart") >= 3, "{provider}");
        let done = stage.shell.emulator.calls();
        let done = done.iter().filter(|call| call.action == "UploadPart");
        let done = done.filter(|call| call.status == Some(200)).count();
        assert_eq!(done, 3, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_is_waited_for() {
    let uploads = PROVIDERS.iter().map(|provider| {
        // Longer than the limit for silence in all.
        let manner = Manner::Slow(96 * 1024);
        tokio::spawn(upload(*provider, manner, 12 * MIB, Duration::from_secs(3)))
    });
    for uploading in uploads.collect::<Vec<_>>() {
        let (stage, _) = uploading.await.unwrap();
        assert_eq!(stage.calls("UploadPart"), 1, "each part was sent once");
    }
}
