//! An S3 of a few lines on loopback that fails on demand. It knows chunked bodies and judges checksums, not signatures.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use cloudapi_core::{Credentials, Environment, Provider, ProviderConfig, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::checksum::{CRC64, decode, encode};

const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "AQoDYXdzEPTEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQW";

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Put,
    Create,
    Part(u32),
    Complete,
    Abort,
    List,
    Head,
    Delete,
}

/// What goes wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Refused with a status and a code.
    Refuse(u16, &'static str),
    /// Done, and answered with a status and a code all the same.
    DoneBut(u16, &'static str),
    /// The connection is closed after so many bytes of the content.
    Cut(usize),
    /// Done, and the connection closed before the answer.
    CutAfter,
    /// The content is read and never answered.
    Hang,
    /// Other bytes are stored than were sent.
    Corrupt,
    /// Not done, and answered with a success that tells nothing.
    Blank,
    /// Done, just after somebody else stored an object under the key.
    Rival,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) action: Action,
    pub(super) target: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    pub(super) objects: BTreeMap<String, Vec<u8>>,
    pub(super) faults: Vec<(Action, Fault)>,
    pub(super) requests: Vec<Request>,
    /// The `Date` that is answered.
    pub(super) date: Option<String>,
    made: u32,
    /// Whether no checksums are told.
    pub(super) silent: bool,
}

pub(super) struct Fake {
    pub(super) url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    pub(super) async fn start(faults: &[(Action, Fault)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            faults: faults.to_vec(),
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, state, task }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn count(&self, action: Action) -> usize {
        let requests = &self.state().requests;
        requests
            .iter()
            .filter(|request| request.action == action)
            .count()
    }

    /// How many parts of unfinished uploads there are.
    pub(super) fn parts_left(&self) -> usize {
        self.state().uploads.values().map(BTreeMap::len).sum()
    }

    pub(super) fn config(&self) -> ProviderConfig {
        ProviderConfig::new(Provider::Aws)
            .with_region("us-east-1")
            .with_credentials(Credentials::new(KEY_ID, SECRET).with_session_token(TOKEN))
            .with_endpoint_url(&self.url)
            .with_environment(Environment::fixed::<&str, &str>([]))
            .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(1)))
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    while let Some((mut request, length)) = head(&mut stream, &mut buffer).await {
        let fault = take_fault(&state, request.action);
        let wanted = match fault {
            Some(Fault::Cut(after)) => after.min(length),
            _ => length,
        };
        while buffer.len() < wanted {
            match stream.read_buf(&mut buffer).await {
                Ok(read) if read > 0 => {}
                _ => return,
            }
        }
        if let Some(Fault::Cut(_)) = fault {
            return;
        }
        request.body = buffer.drain(..length).collect();
        let whole = unpack(&mut request);
        state.lock().unwrap().requests.push(request.clone());
        let answer = match fault {
            Some(Fault::Refuse(status, code)) => error(status, code),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Blank) => (200, Vec::new(), String::new()),
            _ if !whole => error(400, "BadDigest"),
            fault => {
                if fault == Some(Fault::Corrupt) {
                    request.body.iter_mut().for_each(|byte| *byte ^= 1);
                }
                if fault == Some(Fault::Rival) {
                    let key = request.target.split('?').next().unwrap().to_owned();
                    let rival = b"rival".to_vec();
                    state.lock().unwrap().objects.insert(key, rival);
                }
                let done = act(&mut state.lock().unwrap(), &request);
                match fault {
                    Some(Fault::CutAfter) => return,
                    Some(Fault::DoneBut(status, code)) => error(status, code),
                    _ => done,
                }
            }
        };
        let date = state.lock().unwrap().date.clone();
        let mut text = format!("HTTP/1.1 {} X\r\nx-amz-request-id: request-1\r\n", answer.0);
        let silent = state.lock().unwrap().silent;
        let told = answer
            .1
            .into_iter()
            .filter(|(name, _)| !silent || !name.contains("checksum"));
        for (name, value) in told {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        if let Some(date) = date {
            write!(text, "date: {date}\r\n").unwrap();
        }
        if request.action != Action::Head {
            write!(text, "content-length: {}\r\n", answer.2.len()).unwrap();
        }
        text += "\r\n";
        if request.action != Action::Head {
            text += &answer.2;
        }
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Takes a chunked body apart; false when the checksum that came along is not that of the content.
fn unpack(request: &mut Request) -> bool {
    let mut told = request.headers.get("x-amz-checksum-crc64nvme").cloned();
    if request
        .headers
        .get("content-encoding")
        .is_some_and(|encoding| encoding == "aws-chunked")
    {
        assert_eq!(
            request.headers["x-amz-content-sha256"],
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        );
        let (content, trailer) = chunks(&request.body);
        assert_eq!(
            request.headers["x-amz-decoded-content-length"],
            content.len().to_string()
        );
        let (name, sum) = trailer.trim().split_once(':').unwrap();
        assert_eq!(name, request.headers["x-amz-trailer"]);
        told = Some(sum.to_owned());
        request.body = content;
    } else if matches!(request.action, Action::Put | Action::Part(_)) {
        assert_eq!(request.headers["x-amz-content-sha256"], "UNSIGNED-PAYLOAD");
    }
    let content = matches!(request.action, Action::Put | Action::Part(_));
    !content || told.is_none() || decode(told.as_deref()) == Some(CRC64.sum_of(&request.body))
}

fn chunks(body: &[u8]) -> (Vec<u8>, String) {
    let (mut content, mut rest) = (Vec::new(), body);
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        rest = &rest[end + 2..];
        if size == 0 {
            return (content, String::from_utf8(rest.to_vec()).unwrap());
        }
        content.extend(&rest[..size]);
        assert_eq!(&rest[size..size + 2], b"\r\n");
        rest = &rest[size + 2..];
    }
}

fn take_fault(state: &Mutex<State>, action: Action) -> Option<Fault> {
    let mut state = state.lock().unwrap();
    let at = state.faults.iter().position(|(on, _)| *on == action)?;
    Some(state.faults.remove(at).1)
}

async fn head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(Request, usize)> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        (stream.read_buf(buffer).await.ok()? > 0).then_some(())?;
    };
    let head = String::from_utf8(buffer.drain(..end + 4).collect()).ok()?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?, first.next()?.to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let part = parameter(&target, "partNumber").and_then(|number| number.parse().ok());
    let upload = parameter(&target, "uploadId").is_some();
    let action = match (method, part, upload) {
        ("PUT", Some(number), true) => Action::Part(number),
        ("PUT", ..) => Action::Put,
        ("POST", _, true) => Action::Complete,
        ("POST", ..) => Action::Create,
        ("GET", _, true) => Action::List,
        ("DELETE", _, true) => Action::Abort,
        ("DELETE", ..) => Action::Delete,
        _ => Action::Head,
    };
    let request = Request {
        action,
        target,
        headers,
        body: Vec::new(),
    };
    Some((request, length))
}

fn parameter<'a>(target: &'a str, name: &str) -> Option<&'a str> {
    let pairs = target.split_once('?')?.1.split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

type Answer = (u16, Vec<(&'static str, String)>, String);

fn error(status: u16, code: &str) -> Answer {
    let body =
        format!("\n \n<Error><Code>{code}</Code><Message>Request has expired</Message></Error>");
    let region = (status == 301).then(|| ("x-amz-bucket-region", "eu-west-1".to_owned()));
    (status, region.into_iter().collect(), body)
}

fn stored(bytes: &[u8]) -> Vec<(&'static str, String)> {
    vec![
        ("ETag", format!("\"{:x}\"", CRC64.sum_of(bytes))),
        ("x-amz-checksum-crc64nvme", encode(CRC64.sum_of(bytes))),
        ("x-amz-checksum-type", "FULL_OBJECT".to_owned()),
    ]
}

fn act(state: &mut State, request: &Request) -> Answer {
    let key = request
        .target
        .split('?')
        .next()
        .unwrap_or_default()
        .to_owned();
    let id = parameter(&request.target, "uploadId").unwrap_or_default();
    let taken = request.headers.contains_key("if-none-match") && state.objects.contains_key(&key);
    let body = request.body.clone();
    match request.action {
        Action::Put | Action::Complete if taken => error(412, "PreconditionFailed"),
        Action::Put => {
            let headers = stored(&body);
            state.objects.insert(key, body);
            (200, headers, String::new())
        }
        Action::Create => {
            state.made += 1;
            let id = format!("u{}", state.made);
            state.uploads.insert(id.clone(), BTreeMap::new());
            let xml = format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            );
            (200, Vec::new(), xml)
        }
        Action::Head => match state.objects.get(&key) {
            None => (404, Vec::new(), String::new()),
            Some(bytes) => {
                let mut headers = stored(bytes);
                headers.push(("content-length", bytes.len().to_string()));
                (200, headers, String::new())
            }
        },
        Action::Delete => {
            state.objects.remove(&key);
            (204, Vec::new(), String::new())
        }
        _ if !state.uploads.contains_key(id) => error(404, "NoSuchUpload"),
        Action::Part(number) => {
            let headers = stored(&body);
            state.uploads.get_mut(id).unwrap().insert(number, body);
            (200, headers, String::new())
        }
        Action::List => (
            200,
            Vec::new(),
            list(
                &state.uploads[id],
                parameter(&request.target, "part-number-marker"),
            ),
        ),
        Action::Abort => {
            state.uploads.remove(id);
            (204, Vec::new(), String::new())
        }
        Action::Complete => {
            let parts = state.uploads.remove(id).unwrap();
            let whole = parts.into_values().collect::<Vec<_>>().concat();
            let told = request.headers.get("x-amz-checksum-crc64nvme");
            if told.is_some_and(|told| decode(Some(told)) != Some(CRC64.sum_of(&whole))) {
                return error(400, "BadDigest");
            }
            let headers = stored(&whole);
            let xml = format!(
                " \n \n<?xml version='1.0' ?><CompleteMultipartUploadResult><ETag>{}</ETag><ChecksumCRC64NVME>{}</ChecksumCRC64NVME></CompleteMultipartUploadResult>",
                headers[0].1.replace('"', "&quot;"),
                headers[1].1
            );
            state.objects.insert(key, whole);
            let xml = if state.silent {
                xml.replace("ChecksumCRC64NVME", "Other")
            } else {
                xml
            };
            (200, Vec::new(), xml)
        }
    }
}

/// Pages of two.
fn list(parts: &BTreeMap<u32, Vec<u8>>, marker: Option<&str>) -> String {
    let after: u32 = marker.and_then(|marker| marker.parse().ok()).unwrap_or(0);
    let rest: Vec<_> = parts.range(after + 1..).collect();
    let mut xml = String::from("<ListPartsResult>");
    for (number, bytes) in rest.iter().take(2) {
        write!(
            xml,
            "<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag><Size>{}</Size></Part>",
            stored(bytes)[0].1,
            bytes.len()
        )
        .unwrap();
    }
    let next = rest.get(1).map_or(0, |(number, _)| **number);
    write!(
        xml,
        "<NextPartNumberMarker>{next}</NextPartNumberMarker><IsTruncated>{}</IsTruncated></ListPartsResult>",
        rest.len() > 2
    )
    .unwrap();
    xml
}
