//! Signs requests to S3 and COS, and sends them as bytes: chunks, trailers and signatures can be made wrong on purpose.

#![expect(clippy::unwrap_used, reason = "a test that can't be sent fails")]

use cloudapi_emulator::Emulator;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{hash, hex, mac};

const UNRESERVED: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// How a body goes to S3.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// Whole, with its hash signed.
    Hashed(Vec<u8>),
    /// Whole, with another's hash signed.
    WronglyHashed(Vec<u8>),
    /// Whole and not signed.
    Unsigned(Vec<u8>),
    /// In chunks.
    Chunks(Chunks),
}

/// A body in chunks, and what is wrong with it.
#[derive(Debug, Clone)]
pub(crate) struct Chunks {
    pub(crate) content: Vec<u8>,
    pub(crate) size: usize,
    pub(crate) signed: bool,
    pub(crate) trailer: Option<(&'static str, String)>,
    /// What is announced as the trailer, where that is another.
    pub(crate) announced: Option<&'static str>,
    /// The chunk with this number (from 0, the trailer after the last) is signed wrongly.
    pub(crate) wrong: Option<usize>,
    /// The length that is announced, where that is another.
    pub(crate) length: Option<usize>,
}

impl Chunks {
    pub(crate) fn new(content: &[u8], signed: bool) -> Self {
        Self {
            content: content.to_vec(),
            size: 64 * 1024,
            signed,
            trailer: None,
            announced: None,
            wrong: None,
            length: None,
        }
    }

    pub(crate) fn with_trailer(mut self, name: &'static str, value: &str) -> Self {
        self.trailer = Some((name, value.to_owned()));
        self
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header, in whatever case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    /// The text of an XML element; empty where there is none.
    pub(crate) fn text(&self, element: &str) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let found = body
            .split_once(&format!("<{element}>"))
            .and_then(|(_, rest)| rest.split_once(&format!("</{element}>")));
        found.map(|(text, _)| text.to_owned()).unwrap_or_default()
    }

    /// The status with the error's code.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.text("Code"))
    }
}

/// A request to be built.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'static str,
    /// As on the wire.
    pub(crate) path: &'a str,
    /// Names and values as on the wire, sorted.
    pub(crate) query: &'a str,
    pub(crate) host: Option<&'a str>,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The length that is promised, where less is sent.
    pub(crate) promised: Option<usize>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'static str, path: &'a str, query: &'a str) -> Self {
        Self {
            method,
            path,
            query,
            host: None,
            headers: Vec::new(),
            promised: None,
        }
    }

    pub(crate) fn promising(mut self, length: usize) -> Self {
        self.promised = Some(length);
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn at(mut self, host: &'a str) -> Self {
        self.host = Some(host);
        self
    }

    /// Sends it to S3; `None` when the connection ends without an answer.
    pub(crate) async fn s3(mut self, emulator: &Emulator, body: Body) -> Option<Answer> {
        let key = emulator.aws_key();
        let now = OffsetDateTime::now_utc();
        let (hour, minute, second) = now.to_hms();
        let date = format!(
            "{:04}{:02}{:02}",
            now.year(),
            u8::from(now.month()),
            now.day()
        );
        let stamp = format!("{date}T{hour:02}{minute:02}{second:02}Z");
        let scope = format!("{date}/us-east-1/s3/aws4_request");
        let word = match &body {
            Body::Hashed(content) => hex_hash(content),
            Body::WronglyHashed(_) => hash("other"),
            Body::Unsigned(_) => "UNSIGNED-PAYLOAD".to_owned(),
            Body::Chunks(chunks) => {
                let announced = chunks
                    .announced
                    .or(chunks.trailer.as_ref().map(|(name, _)| *name));
                let length = chunks.length.unwrap_or(chunks.content.len());
                self = self
                    .with("content-encoding", "aws-chunked")
                    .with("x-amz-decoded-content-length", length.to_string());
                if let Some(name) = announced {
                    self = self.with("x-amz-trailer", name);
                }
                match (chunks.signed, announced.is_some()) {
                    (true, true) => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                    (true, false) => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                    (false, _) => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                }
                .to_owned()
            }
        };
        let host = self
            .host
            .map_or(emulator.address().to_string(), str::to_owned);
        let mut headers = self.headers.clone();
        headers.extend([
            ("host", host),
            ("x-amz-content-sha256", word.clone()),
            ("x-amz-date", stamp.clone()),
        ]);
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let mut canonical = format!("{}\n{}\n{}\n", self.method, self.path, self.query);
        for (name, value) in &headers {
            canonical.extend([name, ":", value, "\n"]);
        }
        canonical.extend(["\n", &names, "\n", &word]);
        let first = format!("AWS4{}", key.secret).into_bytes();
        let signing = scope.split('/').fold(first, |key, step| mac(&key, step));
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hash(&canonical));
        let signature = hex(&mac(&signing, &to_sign));
        headers.push((
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
                key.id
            ),
        ));
        let content = match body {
            Body::Hashed(content) | Body::WronglyHashed(content) | Body::Unsigned(content) => {
                content
            }
            Body::Chunks(chunks) => encode(&chunks, &signing, &stamp, &scope, signature),
        };
        self.send(emulator, &headers, &content).await
    }

    /// Sends it to COS; `None` when the connection ends without an answer.
    pub(crate) async fn cos(self, emulator: &Emulator, content: &[u8]) -> Option<Answer> {
        let key = emulator.tencent_key();
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let span = format!("{};{}", now - 60, now + 600);
        let mut headers = self.headers.clone();
        let host = self
            .host
            .map_or(emulator.address().to_string(), str::to_owned);
        headers.push(("host", host));
        headers.sort();
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, UNRESERVED).to_string();
        let signed: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let mut parameters: Vec<String> = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                format!("{}={value}", name.to_lowercase())
            })
            .collect();
        parameters.sort();
        let path = percent_encoding::percent_decode_str(self.path).decode_utf8_lossy();
        let format = format!(
            "{}\n{path}\n{}\n{}\n",
            self.method.to_lowercase(),
            parameters.join("&"),
            signed.join("&")
        );
        let format = hex(&<Sha1 as sha1::Digest>::digest(format));
        let sign_key = hex(&mac_sha1(key.secret.as_bytes(), &span));
        let signature = hex(&mac_sha1(
            sign_key.as_bytes(),
            &format!("sha1\n{span}\n{format}\n"),
        ));
        let names = |pairs: &[String]| {
            let names: Vec<&str> = pairs
                .iter()
                .filter_map(|pair| pair.split('=').next())
                .collect();
            names.join(";")
        };
        headers.push((
            "authorization",
            format!(
                "q-sign-algorithm=sha1&q-ak={}&q-sign-time={span}&q-key-time={span}&q-header-list={}&q-url-param-list={}\
                 &q-signature={signature}",
                key.id,
                names(&signed),
                names(&parameters)
            ),
        ));
        self.send(emulator, &headers, content).await
    }

    async fn send(
        &self,
        emulator: &Emulator,
        headers: &[(&str, String)],
        content: &[u8],
    ) -> Option<Answer> {
        let mark = if self.query.is_empty() { "" } else { "?" };
        let mut head = format!(
            "{} {}{mark}{} HTTP/1.1\r\n",
            self.method, self.path, self.query
        );
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let length = self.promised.unwrap_or(content.len());
        let length = length.to_string();
        head.extend(["content-length: ", &length, "\r\nconnection: close\r\n\r\n"]);
        let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // A connection that is cut meanwhile shows in what can be read.
        let _ = stream.write_all(content).await;
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received).await;
        let end = received.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&received[..end]).into_owned();
        Some(Answer {
            status: head.split(' ').nth(1)?.parse().ok()?,
            head,
            body: received[end + 4..].to_vec(),
        })
    }
}

/// The body as it goes on the wire.
fn encode(chunks: &Chunks, key: &[u8], stamp: &str, scope: &str, seed: String) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut previous = seed;
    let mut sign = |algorithm: &str, hashes: &str, number: usize| {
        let to_sign = format!("{algorithm}\n{stamp}\n{scope}\n{previous}\n{hashes}");
        previous = hex(&mac(key, &to_sign));
        if chunks.wrong == Some(number) {
            "0".repeat(64)
        } else {
            previous.clone()
        }
    };
    let pieces = chunks.content.chunks(chunks.size).chain([&[][..]]);
    let mut count = 0;
    for piece in pieces {
        let mut head = format!("{:x}", piece.len());
        if chunks.signed {
            let hashes = format!("{}\n{}", hash(""), hex_hash(piece));
            head.push_str(";chunk-signature=");
            head.push_str(&sign("AWS4-HMAC-SHA256-PAYLOAD", &hashes, count));
        }
        wire.extend_from_slice(head.as_bytes());
        wire.extend_from_slice(b"\r\n");
        if !piece.is_empty() {
            wire.extend_from_slice(piece);
            wire.extend_from_slice(b"\r\n");
        }
        count += 1;
    }
    if let Some((name, value)) = &chunks.trailer {
        wire.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
        if chunks.signed {
            let hashes = hash(&format!("{name}:{value}\n"));
            let signature = sign("AWS4-HMAC-SHA256-TRAILER", &hashes, count);
            wire.extend_from_slice(format!("x-amz-trailer-signature:{signature}\r\n").as_bytes());
        }
    }
    wire.extend_from_slice(b"\r\n");
    wire
}

fn hex_hash(content: &[u8]) -> String {
    hex(&<sha2::Sha256 as sha2::Digest>::digest(content))
}

fn mac_sha1(key: &[u8], data: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).unwrap();
    mac.update(data.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
