//! A stand-in for what is next to a machine: the metadata service, the endpoint of a container.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

type Answering = dyn Fn(&str) -> Option<(u16, String)> + Send + Sync;

/// Answers heads of requests, and keeps them.
pub(super) struct Nearby {
    pub(super) url: String,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Nearby {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Nearby {
    /// Starts one; what is answered with `None` is never answered.
    pub(super) async fn start(
        answer: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer): (_, Arc<Answering>) = (Arc::clone(&heads), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = stream.read_u8().await else {
                            return;
                        };
                        head.push(byte);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    kept.lock().unwrap().push(head.clone());
                    let Some((status, body)) = answer(&head) else {
                        std::future::pending::<()>().await;
                        return;
                    };
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { url, heads, task }
    }

    /// The metadata service: a path to its answer. It wants a token for everything, got by PUT, as version 2 does.
    pub(super) async fn metadata(answers: &[(&str, String)]) -> Self {
        const FOLDER: &str = "/latest/meta-data/iam/security-credentials/";
        let answers: BTreeMap<String, String> = answers
            .iter()
            .map(|(name, text)| (format!("{FOLDER}{name}"), text.clone()))
            .collect();
        Self::start(move |head| {
            let head = head.to_ascii_lowercase();
            let path = head.split(' ').nth(1).unwrap_or_default();
            Some(if head.starts_with("put /latest/api/token ") {
                let wants_time = head.contains("x-aws-ec2-metadata-token-ttl-seconds");
                let status = if wants_time { 200 } else { 400 };
                (status, "IMDSTOKENEXAMPLE".to_owned())
            } else if !head.contains("x-aws-ec2-metadata-token: imdstokenexample") {
                (401, String::new())
            } else {
                match answers.get(path) {
                    Some(body) => (200, body.clone()),
                    None => (404, String::new()),
                }
            })
        })
        .await
    }

    /// The heads of the requests so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub(super) fn calls(&self) -> usize {
        self.heads().len()
    }
}
