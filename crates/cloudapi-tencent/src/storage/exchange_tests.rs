//! Uploads to a COS that answers, and fails, as the real one does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudapi_core::storage::{
    CHECKSUM_MISMATCH, UploadFileRequest, UploadOptions, UploadOutcome, UploadSource,
};
use cloudapi_core::{
    CloudProvider, CredentialSource, Credentials, ErrorKind, Operation, ProvideCredentials,
    Provider, Result, Storage,
};

use super::checksum::CRC64;
use super::fake::{Action, Fake, Fault};
use crate::Tencent;

const BUCKET: &str = "backup-1250000000";
const MIB: usize = 1 << 20;

fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| u8::try_from(n * 7 % 251).unwrap())
        .collect()
}

async fn storage(fake: &Fake) -> Arc<dyn Storage> {
    Tencent::connect(&fake.config())
        .await
        .unwrap()
        .storage()
        .unwrap()
}

/// Parts of 1 MiB, two at once.
fn options() -> UploadOptions {
    let mut options = UploadOptions::default();
    options.threshold = MIB as u64;
    options.part_size = MIB as u64;
    options.in_flight = 2;
    options
}

fn request(source: impl Into<UploadSource>) -> UploadFileRequest {
    UploadFileRequest::new(BUCKET, "dir/a b+中.txt", source).with_options(options())
}

async fn send(fake: &Fake, source: impl Into<UploadSource>) -> Result<UploadOutcome> {
    storage(fake).await.upload_file(request(source)).await
}

/// A file of five parts, the last one smaller.
struct Source {
    _folder: tempfile::TempDir,
    path: PathBuf,
    content: Vec<u8>,
}

impl Source {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (path, content) = (folder.path().join("file"), content(4 * MIB + 77));
        std::fs::write(&path, &content).unwrap();
        Self {
            _folder: folder,
            path,
            content,
        }
    }
}

const STORED: &str = "/backup-1250000000/dir/a%20b%2B%E4%B8%AD.txt";

#[tokio::test]
async fn small_content_is_one_signed_request() {
    for length in [0, 9, MIB] {
        let fake = Fake::start(&[]).await;
        let outcome = send(&fake, content(length)).await.unwrap();
        assert_eq!((outcome.size, outcome.parts), (length as u64, 1));
        assert_eq!(outcome.checksum.as_ref().unwrap().algorithm, "CRC64ECMA");
        assert_eq!(
            outcome.checksum.unwrap().value,
            CRC64.sum_of(&content(length)).to_string()
        );
        let state = fake.state();
        assert_eq!(state.objects[STORED], content(length));
        let headers = &state.requests[0].headers;
        assert_eq!(headers["content-length"], length.to_string());
        assert_eq!(headers["content-type"], "text/plain");
        assert_eq!(headers["x-cos-security-token"], "TOKENEXAMPLE");
        assert_eq!(format!("http://{}", headers["host"]), fake.url);
        assert!(
            headers["authorization"]
                .contains("&q-header-list=content-length;content-type;host;x-cos-security-token&"),
            "{headers:?}"
        );
        assert_eq!(state.requests.len(), 1, "{:?}", state.requests);
    }
}

#[tokio::test]
async fn large_content_goes_in_parts_from_any_source() {
    let source = Source::new();
    let sources: [UploadSource; 3] = [
        source.path.clone().into(),
        source.content.clone().into(),
        UploadSource::Reader(Box::new(std::io::Cursor::new(source.content.clone()))),
    ];
    for from in sources {
        let shown = format!("{from:?}");
        let fake = Fake::start(&[]).await;
        let outcome = send(&fake, from).await.unwrap();
        assert_eq!(
            (outcome.size, outcome.parts),
            (source.content.len() as u64, 5),
            "{shown}"
        );
        assert_eq!(
            outcome.checksum.unwrap().value,
            CRC64.sum_of(&source.content).to_string()
        );
        assert!(fake.state().objects[STORED] == source.content, "{shown}");
        assert_eq!(fake.parts_left(), 0);
        // The object's properties belong to the upload, not to its parts.
        for request in &fake.state().requests {
            let typed = matches!(request.action, Action::Create);
            assert_eq!(
                request
                    .headers
                    .get("content-type")
                    .is_some_and(|kind| kind == "text/plain"),
                typed,
                "{:?}",
                request.action
            );
        }
    }
}

#[tokio::test]
async fn a_passing_fault_anywhere_is_survived() {
    let source = Source::new();
    let on_content = [
        Fault::Refuse(503, "SlowDown"),
        Fault::Refuse(500, "InternalError"),
        Fault::Refuse(400, "RequestTimeout"),
        Fault::Refuse(400, "BadDigest"),
        Fault::Cut(0),
        Fault::Cut(MIB / 2),
        Fault::CutAfter,
        Fault::Corrupt,
    ];
    let on_others = [
        Fault::Refuse(503, "SlowDown"),
        Fault::Refuse(500, "InternalError"),
        Fault::DoneBut(500, "InternalError"),
        Fault::CutAfter,
    ];
    let mut cases = Vec::new();
    for number in [1, 3, 5] {
        cases.extend(on_content.map(|fault| (Action::Part(number), fault)));
    }
    for action in [Action::Create, Action::Complete] {
        cases.extend(on_others.map(|fault| (action, fault)));
    }
    cases.push((Action::Complete, Fault::Refuse(200, "InternalError")));
    cases.push((Action::Complete, Fault::DoneBut(200, "ServiceUnavailable")));
    for case in cases {
        let fake = Fake::start(&[case]).await;
        let result = send(&fake, source.path.clone()).await;
        result.unwrap_or_else(|error| panic!("{case:?}: {error}"));
        assert!(fake.state().objects[STORED] == source.content, "{case:?}");
        assert_eq!(fake.parts_left(), 0, "{case:?}");
        assert!(fake.state().faults.is_empty(), "{case:?} did not happen");
    }
}

#[tokio::test]
async fn a_fault_that_stays_fails_with_its_kind_and_leaves_nothing() {
    let source = Source::new();
    for (action, fault, kind, times) in [
        (
            Action::Create,
            Fault::Refuse(403, "AccessDenied"),
            ErrorKind::PermissionDenied,
            1,
        ),
        (
            Action::Create,
            Fault::Refuse(404, "NoSuchBucket"),
            ErrorKind::NotFound,
            1,
        ),
        (
            Action::Create,
            Fault::Refuse(200, "AccessDenied"),
            ErrorKind::PermissionDenied,
            1,
        ),
        (
            Action::Part(1),
            Fault::Refuse(503, "SlowDown"),
            ErrorKind::RateLimited,
            5,
        ),
        (Action::Part(3), Fault::Cut(MIB / 2), ErrorKind::Network, 5),
        (Action::Part(5), Fault::Corrupt, ErrorKind::Other, 5),
        (
            Action::Part(3),
            Fault::Refuse(403, "SignatureDoesNotMatch"),
            ErrorKind::Unauthenticated,
            1,
        ),
        (
            Action::Complete,
            Fault::Refuse(200, "InternalError"),
            ErrorKind::Unavailable,
            5,
        ),
        (
            Action::Complete,
            Fault::Refuse(400, "InvalidPart"),
            ErrorKind::InvalidArgument,
            1,
        ),
        (Action::Complete, Fault::Cut(0), ErrorKind::Network, 5),
    ] {
        let fake = Fake::start(&vec![(action, fault); times]).await;
        let error = send(&fake, source.path.clone()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{action:?} {fault:?}: {error}");
        assert_eq!(error.provider(), Some(Provider::Tencent));
        assert_eq!(error.operation(), Some(Operation::UploadFile));
        assert!(fake.state().objects.is_empty(), "{action:?} {fault:?}");
        assert!(fake.state().uploads.is_empty(), "{action:?} {fault:?}");
        assert_eq!(
            fake.count(Action::Abort),
            usize::from(action != Action::Create)
        );
    }
}

#[tokio::test]
async fn what_was_stored_wrongly_is_not_left_behind() {
    let fake = Fake::start(&[(Action::Put, Fault::Corrupt)]).await;
    let error = send(&fake, content(9)).await.unwrap_err();
    assert_eq!(error.code(), Some(CHECKSUM_MISMATCH));
    assert!(fake.state().objects.is_empty(), "{error}");
}

#[tokio::test]
async fn a_success_that_tells_nothing_or_holds_an_error_is_none() {
    for fault in [Fault::Blank, Fault::Refuse(200, "InternalError")] {
        let fake = Fake::start(&[(Action::Put, fault)]).await;
        // Of the same size, so that a look at it would not tell.
        let older = vec![0; 9];
        fake.state().objects.insert(STORED.to_owned(), older);
        send(&fake, content(9)).await.unwrap();
        assert_eq!(fake.state().objects[STORED], content(9), "{fault:?}");
        assert_eq!(fake.count(Action::Put), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn the_cloud_is_given_the_time_that_it_asks_for() {
    let fake = Fake::start(&[(Action::Put, Fault::Refuse(429, "SlowDown"))]).await;
    let started = std::time::Instant::now();
    send(&fake, content(9)).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn silence_is_given_up_and_the_part_sent_again() {
    let fake = Fake::start(&[(Action::Part(2), Fault::Hang)]).await;
    let mut config = fake.config();
    config.timeouts.read = Duration::from_millis(300);
    let storage = Tencent::connect(&config).await.unwrap().storage().unwrap();
    storage
        .upload_file(request(content(3 * MIB)))
        .await
        .unwrap();
    assert_eq!(fake.count(Action::Part(2)), 2);
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once() {
    for (code, sent) in [
        ("RequestTimeTooSkewed", 2),
        ("AccessDenied", 2),
        ("SignatureDoesNotMatch", 1),
    ] {
        let fake = Fake::start(&[(Action::Put, Fault::Refuse(403, code))]).await;
        fake.state().date = Some("Tue, 14 Nov 2023 22:13:20 GMT".to_owned());
        let result = send(&fake, content(9)).await;
        assert_eq!(result.is_ok(), sent == 2, "{code}");
        assert_eq!(fake.count(Action::Put), sent, "{code}");
        let requests = &fake.state().requests;
        let last = &requests.last().unwrap().headers["authorization"];
        let corrected =
            last.contains("q-sign-time=16999999") || last.contains("q-sign-time=17000000");
        assert_eq!(corrected, sent == 2, "{code}: {last}");
    }
}

/// Has another key once the first was refused.
#[derive(Debug)]
struct Rotating;

#[async_trait]
impl ProvideCredentials for Rotating {
    async fn credentials(&self) -> Result<Credentials> {
        Ok(Credentials::new(
            "AKIDEXAMPLE0000000000000000000000001",
            "old",
        ))
    }

    async fn renewed(&self, _: &Credentials) -> Result<Option<Credentials>> {
        Ok(Some(Credentials::new(
            "AKIDEXAMPLE0000000000000000000000002",
            "new",
        )))
    }
}

#[tokio::test]
async fn a_key_that_is_over_is_renewed_in_the_middle() {
    let fake = Fake::start(&[(Action::Part(2), Fault::Refuse(403, "ExpiredToken"))]).await;
    let config = fake
        .config()
        .with_credentials(CredentialSource::Provider(Arc::new(Rotating)));
    let storage = Tencent::connect(&config).await.unwrap().storage().unwrap();
    storage
        .upload_file(request(content(3 * MIB)))
        .await
        .unwrap();
    let requests = &fake.state().requests;
    let last = &requests.last().unwrap().headers["authorization"];
    assert!(
        last.contains("q-ak=AKIDEXAMPLE0000000000000000000000002&"),
        "{last}"
    );
    assert_eq!(
        requests
            .iter()
            .filter(|request| request.action == Action::Part(2))
            .count(),
        2
    );
}

#[tokio::test]
async fn an_endpoint_with_the_bucket_in_it_serves_both_kinds_of_calls() {
    let config = Fake::start(&[]).await.config();
    let config = config.with_endpoint_url("https://{bucket}.cos.{region}.example.com");
    assert!(Tencent::connect(&config).await.unwrap().storage().is_ok());
}

#[tokio::test]
async fn without_overwriting_an_object_stays_as_it_is() {
    for (length, versioned) in [(9, false), (9, true), (3 * MIB, false), (3 * MIB, true)] {
        let fake = Fake::start(&[]).await;
        fake.state().versioned = versioned;
        let storage = storage(&fake).await;
        let first = request(content(length)).with_overwrite(false);
        storage.upload_file(first).await.unwrap();
        let again = request(content(length + 1)).with_overwrite(false);
        let error = storage.upload_file(again).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        assert!(fake.state().objects[STORED] == content(length));
    }
    // The answer to the first attempt was lost: what is there is this very content.
    let fake = Fake::start(&[(Action::Put, Fault::CutAfter)]).await;
    let once = request(content(9)).with_overwrite(false);
    self::storage(&fake).await.upload_file(once).await.unwrap();
    // Taken by somebody else while the parts were sent.
    for versioned in [false, true] {
        let fake = Fake::start(&[(Action::Part(3), Fault::Rival)]).await;
        fake.state().versioned = versioned;
        let raced = request(content(3 * MIB)).with_overwrite(false);
        let error = self::storage(&fake).await.upload_file(raced).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fake.state().objects[STORED], b"rival");
        assert_eq!(fake.parts_left(), 0);
    }
}

#[tokio::test]
async fn a_checkpoint_goes_on_where_a_failure_stopped() {
    let source = Source::new();
    let checkpoint = source.path.with_extension("checkpoint");
    let fake = Fake::start(&[(Action::Part(4), Fault::Refuse(403, "AccessDenied"))]).await;
    let storage = storage(&fake).await;
    let resumable = || request(source.path.clone()).with_checkpoint(&checkpoint);
    let error = storage.upload_file(resumable()).await.unwrap_err();
    assert!(error.message().contains("AbortMultipartUpload"), "{error}");
    let kept = fake.parts_left();
    assert!(kept >= 2, "{kept}");
    let sent: usize = (1..=5).map(|number| fake.count(Action::Part(number))).sum();
    storage.upload_file(resumable()).await.unwrap();
    let sent_again: usize = (1..=5)
        .map(|number| fake.count(Action::Part(number)))
        .sum::<usize>()
        - sent;
    assert!(
        sent_again <= 5 - kept + 1,
        "{sent_again} of 5 with {kept} kept"
    );
    assert!(fake.state().objects[STORED] == source.content);
    assert!(!checkpoint.exists());
}

#[tokio::test]
async fn what_can_not_be_right_is_refused_before_anything_is_sent() {
    let fake = Fake::start(&[]).await;
    let storage = storage(&fake).await;
    let mut lacking = options();
    lacking.acl = Some("public-read-write".to_owned());
    let mut small = options();
    small.part_size = 1000;
    let of = |bucket: &str, key: &str| UploadFileRequest::new(bucket, key, content(9));
    for (request, kind) in [
        (of("backup", "k"), ErrorKind::InvalidArgument),
        (of(BUCKET, "/k"), ErrorKind::InvalidArgument),
        (of(BUCKET, ""), ErrorKind::InvalidArgument),
        (of(BUCKET, &"k".repeat(851)), ErrorKind::InvalidArgument),
        (
            of(BUCKET, "k").with_options(lacking),
            ErrorKind::Unsupported,
        ),
        (
            of(BUCKET, "k").with_options(small),
            ErrorKind::InvalidArgument,
        ),
    ] {
        let error = storage.upload_file(request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.provider(), Some(Provider::Tencent));
    }
    assert!(fake.state().requests.is_empty());
}
