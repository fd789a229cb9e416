//! Uploads to an S3 that answers, and fails, as the real one does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cloudapi_core::storage::{
    CHECKSUM_MISMATCH, UploadFileRequest, UploadOptions, UploadOutcome, UploadSource,
};
use cloudapi_core::{CloudProvider, Environment, ErrorKind, Operation, Provider, Result, Storage};

use super::checksum::{CRC64, encode};
use super::fake::{Action, Fake, Fault};
use crate::Aws;

const BUCKET: &str = "backup";
const PART: usize = 5 << 20;

fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| u8::try_from(n * 7 % 251).unwrap())
        .collect()
}

async fn storage(fake: &Fake) -> Arc<dyn Storage> {
    Aws::connect(&fake.config())
        .await
        .unwrap()
        .storage()
        .unwrap()
}

/// Parts of 5 MiB, two at once.
fn options() -> UploadOptions {
    let mut options = UploadOptions::default();
    options.threshold = PART as u64;
    options.part_size = PART as u64;
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
        let (path, content) = (folder.path().join("file"), content(4 * PART + 77));
        std::fs::write(&path, &content).unwrap();
        Self {
            _folder: folder,
            path,
            content,
        }
    }
}

const STORED: &str = "/backup/dir/a%20b%2B%E4%B8%AD.txt";

#[tokio::test]
async fn small_content_is_one_signed_request() {
    for length in [0, 9, PART] {
        let fake = Fake::start(&[]).await;
        let outcome = send(&fake, content(length)).await.unwrap();
        assert_eq!((outcome.size, outcome.parts), (length as u64, 1));
        assert_eq!(outcome.checksum.as_ref().unwrap().algorithm, "CRC64NVME");
        assert_eq!(
            outcome.checksum.unwrap().value,
            encode(CRC64.sum_of(&content(length)))
        );
        let state = fake.state();
        assert_eq!(state.objects[STORED], content(length));
        let headers = &state.requests[0].headers;
        assert_eq!(headers["content-length"], length.to_string());
        assert_eq!(headers["content-type"], "text/plain");
        assert!(headers["x-amz-security-token"].starts_with("AQoD"));
        assert_eq!(format!("http://{}", headers["host"]), fake.url);
        assert_eq!(
            headers["x-amz-checksum-crc64nvme"],
            encode(CRC64.sum_of(&content(length)))
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
            encode(CRC64.sum_of(&source.content))
        );
        assert!(fake.state().objects[STORED] == source.content, "{shown}");
        assert_eq!(fake.parts_left(), 0);
        assert_eq!(fake.count(Action::Complete), 1, "{shown}");
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
        Fault::Cut(PART / 2),
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
    cases.extend(on_content.map(|fault| (Action::Part(3), fault)));
    for number in [1, 5] {
        let some = [
            Fault::Refuse(503, "SlowDown"),
            Fault::Cut(PART / 2),
            Fault::CutAfter,
        ];
        cases.extend(some.map(|fault| (Action::Part(number), fault)));
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
            Action::Create,
            Fault::Refuse(301, "PermanentRedirect"),
            ErrorKind::Config,
            1,
        ),
        (
            Action::Part(1),
            Fault::Refuse(503, "SlowDown"),
            ErrorKind::RateLimited,
            5,
        ),
        (Action::Part(3), Fault::Cut(PART / 2), ErrorKind::Network, 5),
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
        assert_eq!(
            error.message().contains("the bucket is in eu-west-1"),
            kind == ErrorKind::Config,
            "{error}"
        );
        assert_eq!(error.provider(), Some(Provider::Aws));
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
    assert!(error.message().contains("AWS_REQUEST_CHECKSUM_CALCULATION"));
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
async fn silence_is_given_up_and_the_part_sent_again() {
    let fake = Fake::start(&[(Action::Part(2), Fault::Hang)]).await;
    let mut config = fake.config();
    config.timeouts.read = Duration::from_millis(300);
    let storage = Aws::connect(&config).await.unwrap().storage().unwrap();
    storage
        .upload_file(request(content(3 * PART)))
        .await
        .unwrap();
    assert_eq!(fake.count(Action::Part(2)), 2);
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once() {
    for (code, sent) in [("RequestTimeTooSkewed", 2), ("AccessDenied", 1)] {
        let fake = Fake::start(&[(Action::Put, Fault::Refuse(403, code))]).await;
        fake.state().date = Some("Tue, 14 Nov 2023 22:13:20 GMT".to_owned());
        let result = send(&fake, content(9)).await;
        assert_eq!(result.is_ok(), sent == 2, "{code}");
        assert_eq!(fake.count(Action::Put), sent, "{code}");
        let requests = &fake.state().requests;
        let last = &requests.last().unwrap().headers["x-amz-date"];
        let corrected = last.starts_with("20231114T22");
        assert_eq!(corrected, sent == 2, "{code}: {last}");
    }
}

#[tokio::test]
async fn without_overwriting_an_object_stays_as_it_is() {
    let fake = Fake::start(&[]).await;
    let storage = storage(&fake).await;
    for length in [9, 3 * PART] {
        let first = storage
            .upload_file(request(content(length)).with_overwrite(false))
            .await;
        first.unwrap();
        let again = request(content(length + 1)).with_overwrite(false);
        let error = storage.upload_file(again).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        assert!(fake.state().objects[STORED] == content(length));
        fake.state().objects.clear();
    }
    // Taken by somebody else while the parts were sent.
    let fake = Fake::start(&[(Action::Part(3), Fault::Rival)]).await;
    let raced = request(content(3 * PART)).with_overwrite(false);
    let error = self::storage(&fake).await.upload_file(raced).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fake.state().objects[STORED], b"rival");
    assert_eq!(fake.parts_left(), 0);
}

#[tokio::test]
async fn a_checkpoint_goes_on_where_a_failure_stopped() {
    let source = Source::new();
    let checkpoint = source.path.with_extension("checkpoint");
    let fake = Fake::start(&[(Action::Part(4), Fault::Refuse(403, "AccessDenied"))]).await;
    let storage = storage(&fake).await;
    let resumable = || request(source.path.clone()).with_checkpoint(&checkpoint);
    let error = storage.upload_file(resumable()).await.unwrap_err();
    assert!(
        error
            .message()
            .contains("aws s3api abort-multipart-upload --bucket 'backup' --key 'dir/"),
        "{error}"
    );
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
    lacking.acl = Some("default".to_owned());
    let mut small = options();
    small.part_size = 1000;
    let of = |bucket: &str, key: &str| UploadFileRequest::new(bucket, key, content(9));
    for (request, kind) in [
        (of(BUCKET, ""), ErrorKind::InvalidArgument),
        (of(BUCKET, &"k".repeat(1025)), ErrorKind::InvalidArgument),
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
        assert_eq!(error.provider(), Some(Provider::Aws));
    }
    assert!(fake.state().requests.is_empty());
}

#[tokio::test]
async fn any_key_goes_over_the_wire_unchanged() {
    let fake = Fake::start(&[]).await;
    let storage = storage(&fake).await;
    for (key, wire) in [
        ("a b+c", "/backup/a%20b%2Bc"),
        ("100%?x#y&z=1", "/backup/100%25%3Fx%23y%26z%3D1"),
        ("\u{4e2d}.txt", "/backup/%E4%B8%AD.txt"),
        ("a//b/", "/backup/a//b/"),
        ("./a/../b/.", "/backup/./a/../b/."),
        ("/leading", "/backup//leading"),
        ("%2e%2E", "/backup/%252e%252E"),
    ] {
        let request = UploadFileRequest::new(BUCKET, key, content(9));
        storage.upload_file(request).await.unwrap();
        let sent = fake.state().requests.last().unwrap().target.clone();
        assert_eq!(sent.split('?').next(), Some(wire), "{key}");
    }
}

#[tokio::test]
async fn stand_ins_without_checksums_are_served_without() {
    let fake = Fake::start(&[]).await;
    let config = fake.config().with_environment(Environment::fixed([(
        "AWS_REQUEST_CHECKSUM_CALCULATION",
        "when_required",
    )]));
    let storage = Aws::connect(&config).await.unwrap().storage().unwrap();
    let source = Source::new();
    storage
        .upload_file(request(source.path.clone()))
        .await
        .unwrap();
    storage.upload_file(request(content(9))).await.unwrap();
    for request in &fake.state().requests {
        let asks = request.action == Action::Head;
        let about = |name: &String| name.contains("checksum") || name.contains("trailer");
        assert!(asks || !request.headers.keys().any(about), "{request:?}");
    }
    // A service that tells no checksum either: what was not compared is not claimed.
    fake.state().silent = true;
    let outcome = storage
        .upload_file(request(source.path.clone()))
        .await
        .unwrap();
    assert_eq!(outcome.checksum, None);
    assert!(fake.state().objects[STORED] == source.content);
}
