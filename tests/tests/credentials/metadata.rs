//! A stand-in for what is next to a machine: both clouds' metadata services, and the endpoint of a container.

use std::collections::BTreeMap;

use cloudapi_emulator::{Cloud, Emulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Gives the temporary keys of an emulator.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl Drop for Metadata {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Metadata {
    /// Starts one, with a role or without.
    pub(crate) async fn start(emulator: &Emulator, has_role: bool) -> Self {
        let answers = if has_role {
            answers(emulator)
        } else {
            BTreeMap::new()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else {
                        break;
                    };
                    head.push(byte);
                }
                let head = String::from_utf8_lossy(&head);
                let (status, body) = match head.split(' ').nth(1).unwrap_or_default() {
                    "/latest/api/token" => (200, "IMDSTOKENEXAMPLE"),
                    path => match answers.get(path) {
                        Some(body) => (200, body.as_str()),
                        None => (404, ""),
                    },
                };
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                     x-aws-ec2-metadata-token-ttl-seconds: 21600\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, task }
    }
}

const END: &str = "2038-01-01T00:00:00Z";

fn answers(emulator: &Emulator) -> BTreeMap<String, String> {
    let aws = emulator.temporary_key(Cloud::Aws);
    let tencent = emulator.temporary_key(Cloud::Tencent);
    let aws = serde_json::json!({
        "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", "AccessKeyId": aws.id,
        "SecretAccessKey": aws.secret, "Token": aws.session_token, "Expiration": END,
    });
    let tencent = serde_json::json!({
        "Code": "Success", "TmpSecretId": tencent.id, "TmpSecretKey": tencent.secret, "Token": tencent.session_token,
        "ExpiredTime": 2_145_916_800_u64, "Expiration": END,
    });
    [
        (
            "/latest/meta-data/iam/security-credentials/",
            "web-role".to_owned(),
        ),
        (
            "/latest/meta-data/iam/security-credentials/web-role",
            aws.to_string(),
        ),
        (
            "/latest/meta-data/cam/security-credentials/",
            "web-role".to_owned(),
        ),
        (
            "/latest/meta-data/cam/security-credentials/web-role",
            tencent.to_string(),
        ),
        ("/container", aws.to_string()),
    ]
    .into_iter()
    .map(|(path, body)| (path.to_owned(), body))
    .collect()
}
