//! A server on loopback that answers EC2's calls as a test tells it to, and keeps what it was sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloudapi_core::{Credentials, Environment, Provider, ProviderConfig, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const TOKEN: &str = "AQoDYXdzEPTEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQW";

/// The parameters of a call; header names are in lower case with a leading `:`.
pub(crate) type Params = BTreeMap<String, String>;

/// What is answered.
pub(crate) enum Reply {
    /// A status, further headers, a body.
    Http(u16, Vec<(&'static str, String)>, String),
    /// The connection is closed.
    Cut,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::Http(200, Vec::new(), body.into())
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>x</RequestID></Response>"
        );
        Self::Http(status, Vec::new(), body)
    }
}

type Answering = dyn Fn(&Params) -> Reply + Send + Sync;

pub(crate) struct Server {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Params>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Params) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::default();
        let (shared, answer): (Arc<Mutex<Vec<Params>>>, Arc<Answering>) =
            (Arc::clone(&calls), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared), Arc::clone(&answer)));
            }
        });
        Self { url, calls, task }
    }

    pub(crate) fn calls(&self) -> Vec<Params> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn actions(&self) -> Vec<String> {
        self.calls()
            .iter()
            .map(|call| call["Action"].clone())
            .collect()
    }

    /// A configuration that points here, retries at once and sees no environment.
    pub(crate) fn config(&self) -> ProviderConfig {
        ProviderConfig::new(Provider::Aws)
            .with_region("us-east-1")
            .with_credentials(Credentials::new(KEY_ID, SECRET).with_session_token(TOKEN))
            .with_endpoint_url(&self.url)
            .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(1)))
            .with_environment(Environment::fixed::<&str, &str>([]))
    }
}

async fn serve(mut stream: TcpStream, calls: Arc<Mutex<Vec<Params>>>, answer: Arc<Answering>) {
    let mut buffer = Vec::new();
    while let Some(params) = read(&mut stream, &mut buffer).await {
        let number = {
            let mut calls = calls.lock().unwrap();
            calls.push(params.clone());
            calls.len()
        };
        let Reply::Http(status, headers, body) = answer(&params) else {
            return;
        };
        let mut text = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nx-amzn-requestid: request-{number}\r\n",
            body.len()
        );
        for (name, value) in headers {
            text.extend([name, ": ", &value, "\r\n"]);
        }
        text += "\r\n";
        text += &body;
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Params> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        (stream.read_buf(buffer).await.ok()? > 0).then_some(())?;
    };
    let head = String::from_utf8(buffer[..end].to_vec()).ok()?;
    let mut params = Params::new();
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(':')?;
        params.insert(
            format!(":{}", name.to_ascii_lowercase()),
            value.trim().to_owned(),
        );
    }
    let length: usize = params[":content-length"].parse().ok()?;
    while buffer.len() < end + 4 + length {
        (stream.read_buf(buffer).await.ok()? > 0).then_some(())?;
    }
    let body: Vec<u8> = buffer.drain(..end + 4 + length).skip(end + 4).collect();
    for pair in String::from_utf8(body).ok()?.split('&') {
        let (name, value) = pair.split_once('=')?;
        params.insert(decoded(name), decoded(value));
    }
    Some(params)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// The answer of DescribeInstances with running instances, a reservation for each.
pub(crate) fn described(ids: &[&str], token: Option<&str>) -> Reply {
    let reservations: Vec<String> = ids
        .iter()
        .map(|id| format!(
            "<item><reservationId>r-1</reservationId><instancesSet><item><instanceId>{id}</instanceId><instanceState><code>16</code><name>running</name></instanceState></item></instancesSet></item>"
        ))
        .collect();
    let reservations = reservations.concat();
    let token = token.map(|token| format!("<nextToken>{token}</nextToken>"));
    Reply::ok(format!(
        "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>x</requestId><reservationSet>{reservations}</reservationSet>{}</DescribeInstancesResponse>",
        token.unwrap_or_default()
    ))
}

/// The answer of StartInstances and its like: id, previous and current state.
pub(crate) fn changed(action: &str, changes: &[(&str, &str, &str)]) -> Reply {
    let items: Vec<String> = changes
        .iter()
        .map(|(id, previous, current)| format!(
            "<item><instanceId>{id}</instanceId><previousState><name>{previous}</name></previousState><currentState><name>{current}</name></currentState></item>"
        ))
        .collect();
    let items = items.concat();
    Reply::ok(format!(
        "<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>x</requestId><instancesSet>{items}</instancesSet></{action}Response>"
    ))
}

/// The values of a numbered parameter, such as `InstanceId.1`, `InstanceId.2`, ….
pub(crate) fn list(params: &Params, name: &str) -> Vec<String> {
    (1..)
        .map_while(|at| params.get(&format!("{name}.{at}")).cloned())
        .collect()
}

/// The filters of a call by name.
pub(crate) fn filters(params: &Params) -> BTreeMap<String, Vec<String>> {
    (1..)
        .map_while(|at| {
            let name = params.get(&format!("Filter.{at}.Name"))?.clone();
            Some((name, list(params, &format!("Filter.{at}.Value"))))
        })
        .collect()
}
