//! A client of a few lines: signs, sends, and shows exactly what came back, or that nothing did.

#![expect(clippy::unwrap_used, reason = "a test that can't be sent fails")]

use cloudapi_emulator::{Emulator, Key};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    /// The body is as long as the head said.
    pub(crate) whole: bool,
}

impl Answer {
    /// The texts of an XML element, in order.
    pub(crate) fn all(&self, element: &str) -> Vec<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        self.body
            .split(&open)
            .skip(1)
            .filter_map(|rest| Some(rest.split_once(&close)?.0.to_owned()))
            .collect()
    }

    /// The text of the first such element; empty when there is none.
    pub(crate) fn text(&self, element: &str) -> String {
        self.all(element).into_iter().next().unwrap_or_default()
    }

    /// The `Response` of Tencent Cloud.
    pub(crate) fn response(&self) -> Value {
        serde_json::from_str::<Value>(&self.body).unwrap()["Response"].clone()
    }

    /// Tencent Cloud's error code; empty on success.
    pub(crate) fn code(&self) -> String {
        self.response()["Error"]["Code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// Calls an action of EC2 in `us-east-1`.
pub(crate) async fn ec2(
    emulator: &Emulator,
    action: &str,
    params: &[(&str, &str)],
) -> Option<Answer> {
    let key = emulator.aws_key();
    aws(emulator, &key, "ec2", "2016-11-15", action, params).await
}

/// Calls an action of AWS.
pub(crate) async fn aws(
    emulator: &Emulator,
    key: &Key,
    service: &str,
    version: &str,
    action: &str,
    params: &[(&str, &str)],
) -> Option<Answer> {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let mut body = format!("Action={action}&Version={version}");
    for (name, value) in params {
        body.extend(["&", name, "=", &encode(value)]);
    }
    let now = OffsetDateTime::now_utc();
    let (hour, minute, second) = now.to_hms();
    let date = format!(
        "{:04}{:02}{:02}",
        now.year(),
        u8::from(now.month()),
        now.day()
    );
    let stamp = format!("{date}T{hour:02}{minute:02}{second:02}Z");
    let host = emulator.address();
    let canonical = format!(
        "POST\n/\n\ncontent-type:application/x-www-form-urlencoded\nhost:{host}\nx-amz-date:{stamp}\n\n\
         content-type;host;x-amz-date\n{}",
        hash(&body)
    );
    let scope = format!("{date}/us-east-1/{service}/aws4_request");
    let steps = [date.as_str(), "us-east-1", service, "aws4_request"];
    let signing = steps
        .iter()
        .fold(format!("AWS4{}", key.secret).into_bytes(), |key, step| {
            mac(&key, step)
        });
    let signature = hex(&mac(
        &signing,
        &format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hash(&canonical)),
    ));
    let token = key
        .session_token
        .as_ref()
        .map(|token| format!("X-Amz-Security-Token: {token}\r\n"))
        .unwrap_or_default();
    let head = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nX-Amz-Date: {stamp}\r\n{token}Authorization: AWS4-HMAC-SHA256 \
         Credential={}/{scope}, SignedHeaders=content-type;host;x-amz-date, Signature={signature}\r\n",
        key.id
    );
    send(emulator, "POST", "/", &head, &body).await
}

/// Calls an action of ELB's second version in `us-east-1`.
pub(crate) async fn elb(
    emulator: &Emulator,
    action: &str,
    params: &[(&str, &str)],
) -> Option<Answer> {
    let (key, service) = (emulator.aws_key(), "elasticloadbalancing");
    aws(emulator, &key, service, "2015-12-01", action, params).await
}

/// Calls an action of CVM in `ap-guangzhou`.
pub(crate) async fn cvm(emulator: &Emulator, action: &str, body: Value) -> Option<Answer> {
    tencent(emulator, "cvm", "2017-03-12", action, body).await
}

/// Calls an action of VPC in `ap-guangzhou`.
pub(crate) async fn vpc(emulator: &Emulator, action: &str, body: Value) -> Option<Answer> {
    tencent(emulator, "vpc", "2017-03-12", action, body).await
}

/// Calls an action of CLB in `ap-guangzhou`.
pub(crate) async fn clb(emulator: &Emulator, action: &str, body: Value) -> Option<Answer> {
    tencent(emulator, "clb", "2018-03-17", action, body).await
}

async fn tencent(
    emulator: &Emulator,
    service: &str,
    version: &str,
    action: &str,
    body: Value,
) -> Option<Answer> {
    let key = emulator.tencent_key();
    let body = body.to_string();
    let now = OffsetDateTime::now_utc();
    let date = format!(
        "{:04}-{:02}-{:02}",
        now.year(),
        u8::from(now.month()),
        now.day()
    );
    let stamp = now.unix_timestamp();
    let host = emulator.address();
    let canonical = format!(
        "POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{}",
        hash(&body)
    );
    let scope = format!("{date}/{service}/tc3_request");
    let steps = [date.as_str(), service, "tc3_request"];
    let signing = steps
        .iter()
        .fold(format!("TC3{}", key.secret).into_bytes(), |key, step| {
            mac(&key, step)
        });
    let signature = hex(&mac(
        &signing,
        &format!("TC3-HMAC-SHA256\n{stamp}\n{scope}\n{}", hash(&canonical)),
    ));
    let head = format!(
        "Content-Type: application/json\r\nX-TC-Action: {action}\r\nX-TC-Version: {version}\r\nX-TC-Region: ap-guangzhou\r\n\
         X-TC-Timestamp: {stamp}\r\nAuthorization: TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, \
         Signature={signature}\r\n",
        key.id
    );
    send(emulator, "POST", "/", &head, &body).await
}

/// Sends a request on a connection of its own; `None` when the connection ends without an answer.
pub(crate) async fn send(
    emulator: &Emulator,
    method: &str,
    path: &str,
    head: &str,
    body: &str,
) -> Option<Answer> {
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{head}\r\n{body}",
        emulator.address(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    // An error here is a reset connection, which leaves what was received before.
    let _ = stream.read_to_end(&mut received).await;
    let received = String::from_utf8(received).unwrap();
    let (head, body) = received.split_once("\r\n\r\n")?;
    let announced = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("content-length: ")?
            .parse()
            .ok()
    });
    Some(Answer {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head: head.to_owned(),
        body: body.to_owned(),
        whole: announced == Some(body.len()),
    })
}

pub(crate) fn mac(key: &[u8], data: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(data.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn hash(data: &str) -> String {
    hex(&Sha256::digest(data))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
