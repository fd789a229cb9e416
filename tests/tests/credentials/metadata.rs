//! A stand-in for what is next to a machine: both clouds' metadata services, and the endpoint of a container.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudapi::timestamp;
use cloudapi_emulator::{Cloud, Emulator, Key};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Gives the temporary keys of an emulator.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) url: String,
    keys: Arc<AtomicUsize>,
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
        let keys = has_role.then(|| Keys::of(emulator, None));
        Self::serve(keys).await
    }

    /// Starts one whose keys last so long from when they are asked for.
    pub(crate) async fn with_life(emulator: &Emulator, life: Duration) -> Self {
        Self::serve(Some(Keys::of(emulator, Some(life)))).await
    }

    /// How many keys were given.
    pub(crate) fn keys_given(&self) -> usize {
        self.keys.load(Ordering::SeqCst)
    }

    async fn serve(keys: Option<Keys>) -> Self {
        let given = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&given);
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
                let path = head.split(' ').nth(1).unwrap_or_default();
                let body = match path {
                    "/latest/api/token" => Some("IMDSTOKENEXAMPLE".to_owned()),
                    _ if path.ends_with("/security-credentials/") => {
                        keys.as_ref().map(|_| "web-role".to_owned())
                    }
                    _ => {
                        let body = keys.as_ref().and_then(|keys| keys.answer(path));
                        counted.fetch_add(usize::from(body.is_some()), Ordering::SeqCst);
                        body
                    }
                };
                let status = if body.is_some() { 200 } else { 404 };
                let body = body.unwrap_or_default();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                     x-aws-ec2-metadata-token-ttl-seconds: 21600\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self {
            url,
            keys: given,
            task,
        }
    }
}

const END: &str = "2038-01-01T00:00:00Z";
const END_SECONDS: u64 = 2_145_916_800;

/// The temporary keys of both clouds.
struct Keys {
    aws: Key,
    tencent: Key,
    life: Option<Duration>,
}

impl Keys {
    fn of(emulator: &Emulator, life: Option<Duration>) -> Self {
        Self {
            aws: emulator.temporary_key(Cloud::Aws),
            tencent: emulator.temporary_key(Cloud::Tencent),
            life,
        }
    }

    /// The end of a key that is asked for now, in both clouds' words.
    fn end(&self) -> (String, u64) {
        let Some(life) = self.life else {
            return (END.to_owned(), END_SECONDS);
        };
        let end = SystemTime::now() + life;
        let seconds = end.duration_since(UNIX_EPOCH).unwrap().as_secs();
        (timestamp::format(end).unwrap(), seconds)
    }

    fn answer(&self, path: &str) -> Option<String> {
        let (end, seconds) = self.end();
        let body = match path {
            "/latest/meta-data/iam/security-credentials/web-role" | "/container" => {
                serde_json::json!({
                    "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", "AccessKeyId": self.aws.id,
                    "SecretAccessKey": self.aws.secret, "Token": self.aws.session_token, "Expiration": end,
                })
            }
            "/latest/meta-data/cam/security-credentials/web-role" => serde_json::json!({
                "Code": "Success", "TmpSecretId": self.tencent.id, "TmpSecretKey": self.tencent.secret,
                "Token": self.tencent.session_token, "ExpiredTime": seconds, "Expiration": end,
            }),
            _ => return None,
        };
        Some(body.to_string())
    }
}
