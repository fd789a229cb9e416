//! The engine against a store that fails on demand.

mod resume;
mod store;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use self::store::{Call, Fault, Store};
use super::super::checksum::tests::SLOW;
use super::*;
use crate::storage::UploadSource;

fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| u8::try_from(n * 7 % 256).unwrap())
        .collect()
}

fn options() -> UploadOptions {
    UploadOptions {
        threshold: 20,
        part_size: 10,
        in_flight: 3,
        ..UploadOptions::default()
    }
}

async fn send(store: &Store, source: impl Into<UploadSource>) -> Result<UploadOutcome> {
    let request = UploadFileRequest::new("bucket", "key", source).with_options(options());
    upload(store.clone(), request, &RetryPolicy::default()).await
}

fn reader(bytes: Vec<u8>) -> UploadSource {
    UploadSource::Reader(Box::new(std::io::Cursor::new(bytes)))
}

#[tokio::test(start_paused = true)]
async fn every_source_and_size_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for length in [0, 1, 19, 20, 21, 30, 31, 95] {
        let bytes = content(length);
        std::fs::write(&path, &bytes).unwrap();
        let sources: [UploadSource; 3] = [
            path.clone().into(),
            bytes.clone().into(),
            reader(bytes.clone()),
        ];
        for source in sources {
            let shown = format!("{source:?} {length}");
            let store = Store::failing(&[]);
            let outcome = send(&store, source).await.unwrap();
            assert_eq!(store.object().unwrap(), bytes, "{shown}");
            assert_eq!(outcome.size, length as u64, "{shown}");
            assert_eq!(
                outcome.parts as usize,
                if length <= 20 { 1 } else { length.div_ceil(10) },
                "{shown}"
            );
            assert_eq!(
                outcome.checksum.unwrap().value,
                SLOW.sum_of(&bytes).to_string(),
                "{shown}"
            );
            assert_eq!(store.parts_left(), 0, "{shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn parts_go_side_by_side_but_bounded() {
    let store = Store {
        part_delay: Some(Duration::from_secs(1)),
        ..Store::failing(&[])
    };
    send(&store, content(100)).await.unwrap();
    assert_eq!(store.most_under_way.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn one_passing_fault_anywhere_is_survived() {
    for call in [
        Call::Create,
        Call::Part(1),
        Call::Part(3),
        Call::Part(5),
        Call::Complete,
    ] {
        for kind in [
            ErrorKind::Network,
            ErrorKind::RateLimited,
            ErrorKind::Unavailable,
        ] {
            for fault in [Fault::Before(call, kind), Fault::After(call, kind)] {
                let store = Store::failing(&[fault]);
                send(&store, content(50))
                    .await
                    .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
                assert_eq!(store.object().unwrap(), content(50), "{fault:?}");
                assert_eq!(store.parts_left(), 0, "{fault:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_stays_leaves_no_parts_and_no_object() {
    for call in [
        Call::Create,
        Call::Part(1),
        Call::Part(3),
        Call::Part(5),
        Call::Complete,
    ] {
        let store = Store::failing(&[Fault::Before(call, ErrorKind::PermissionDenied)]);
        let error = send(&store, content(50)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{call:?}");
        assert_eq!(error.resources(), ["bucket/key"], "{call:?}");
        assert_eq!((store.parts_left(), store.object()), (0, None), "{call:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn parts_that_cannot_be_removed_are_named() {
    let faults = [
        Fault::Before(Call::Part(2), ErrorKind::PermissionDenied),
        Fault::Before(Call::Abort, ErrorKind::PermissionDenied),
    ];
    let error = send(&Store::failing(&faults), content(50))
        .await
        .unwrap_err();
    assert_eq!(error.resources(), ["u0"]);
    assert!(error.message().contains("abort the upload u0"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_damaged_part_is_sent_again_and_a_damaged_object_removed() {
    let store = Store::failing(&[Fault::Corrupt(Call::Part(2))]);
    send(&store, content(50)).await.unwrap();
    assert_eq!(store.count(|call| *call == Call::Part(2)), 2);
    for (call, length) in [(Call::Complete, 50), (Call::Put, 5)] {
        let store = Store::failing(&[Fault::Corrupt(call)]);
        let error = send(&store, content(length)).await.unwrap_err();
        assert_eq!(error.code(), Some(CHECKSUM_MISMATCH));
        assert!(
            error.message().contains("the object was removed"),
            "{error}"
        );
        assert_eq!(store.object(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_put_that_was_done_before_its_answer_was_lost_is_no_conflict() {
    let store = Store::failing(&[Fault::After(Call::Put, ErrorKind::Network)]);
    store.state.lock().unwrap().overwrite = false;
    send(&store, content(5)).await.unwrap();
    let error = send(&store, content(6)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.message(), "bucket/key exists already");
    assert_eq!(store.object().unwrap(), content(5));
}

#[tokio::test(start_paused = true)]
async fn the_same_content_of_somebody_else_is_not_taken_for_ours() {
    for length in [5, 50] {
        let call = if length == 5 {
            Call::Put
        } else {
            Call::Complete
        };
        let store = Store::failing(&[Fault::Before(call, ErrorKind::RateLimited)]);
        {
            let mut state = store.state.lock().unwrap();
            (state.overwrite, state.rival) = (false, Some(content(length).into()));
        }
        let error = send(&store, content(length)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{call:?}");
        assert_eq!(store.object().unwrap(), content(length));
        assert!(store.state.lock().unwrap().uploads.is_empty(), "{call:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_version_is_removed_and_a_newer_one_left() {
    let store = Store::failing(&[Fault::Corrupt(Call::Complete)]);
    store.state.lock().unwrap().version = Some("v1".to_owned());
    send(&store, content(50)).await.unwrap_err();
    assert_eq!(store.state.lock().unwrap().deleted, [Some("v1".to_owned())]);
    assert!(store.object().is_some(), "only the version was deleted");
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_made_wrongly_is_told() {
    let faults = [
        Fault::Corrupt(Call::Complete),
        Fault::After(Call::Complete, ErrorKind::Network),
    ];
    let store = Store::failing(&faults);
    let error = send(&store, content(50)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("may have been done"), "{error}");
    assert_eq!(store.parts_left(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_when_the_upload_was_ended_is_a_success() {
    let store = Store {
        late: Some((Call::Complete, Duration::from_secs(100))),
        ..Store::failing(&[])
    };
    let request = UploadFileRequest::new("bucket", "key", content(50)).with_options(options());
    let retry = RetryPolicy::default().with_deadline(Some(Duration::from_secs(7)));
    let outcome = upload(store.clone(), request, &retry).await.unwrap();
    assert_eq!(
        (outcome.size, store.object().unwrap()),
        (50, content(50).into())
    );
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_was_begun_too_late_is_removed() {
    for ends in [Some(Duration::from_secs(1)), None] {
        let store = Store {
            late: Some((Call::Create, Duration::from_secs(3))),
            ..Store::failing(&[])
        };
        let cancel = Cancel::new();
        let request = UploadFileRequest::new("bucket", "key", content(50))
            .with_options(options())
            .with_cancel(cancel.clone());
        let retry = RetryPolicy::default().with_deadline(ends);
        let (result, ()) = tokio::join!(upload(store.clone(), request, &retry), async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            cancel.cancel();
        });
        result.unwrap_err();
        assert_eq!(store.count(|call| *call == Call::Create), 1);
        assert!(store.state.lock().unwrap().uploads.is_empty(), "{ends:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_and_dropping_leave_no_parts() {
    for drop_it in [false, true] {
        let store = Store {
            part_delay: Some(Duration::from_secs(5)),
            ..Store::failing(&[])
        };
        let cancel = Cancel::new();
        let request = UploadFileRequest::new("bucket", "key", content(50))
            .with_options(options())
            .with_cancel(cancel.clone());
        let retry = RetryPolicy::default();
        let running = upload(store.clone(), request, &retry);
        if drop_it {
            assert!(
                tokio::time::timeout(Duration::from_secs(7), running)
                    .await
                    .is_err()
            );
            tokio::time::sleep(Duration::from_secs(1)).await;
        } else {
            let (result, ()) = tokio::join!(running, async {
                tokio::time::sleep(Duration::from_secs(7)).await;
                cancel.cancel();
            });
            assert_eq!(result.unwrap_err().code(), Some("Cancelled"));
        }
        assert!(store.count(|call| matches!(call, Call::Part(_))) > 0);
        assert_eq!(
            (store.parts_left(), store.object()),
            (0, None),
            "dropped: {drop_it}"
        );
        assert_eq!(store.count(|call| *call == Call::Abort), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_beforehand_sends_nothing() {
    for length in [5, 50] {
        let store = Store::failing(&[]);
        let cancel = Cancel::new();
        cancel.cancel();
        assert!(cancel.is_cancelled());
        let request = UploadFileRequest::new("bucket", "key", content(length))
            .with_options(options())
            .with_cancel(cancel);
        let result = upload(store.clone(), request, &RetryPolicy::default()).await;
        assert_eq!(result.unwrap_err().code(), Some("Cancelled"));
        assert_eq!(store.count(|_| true), 0, "calls");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_content_there_before_proves_nothing() {
    let store = Store::failing(&[]);
    send(&store, content(50)).await.unwrap();
    let faults = [Fault::Before(Call::Complete, ErrorKind::Network); 5];
    store.state.lock().unwrap().faults = faults.to_vec();
    let error = send(&store, content(50)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(store.parts_left(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_overwriting_nothing_is_sent_for_a_key_that_is_taken() {
    let store = Store::failing(&[]);
    send(&store, content(50)).await.unwrap();
    store.state.lock().unwrap().overwrite = false;
    let request = UploadFileRequest::new("bucket", "key", content(60))
        .with_options(options())
        .with_overwrite(false);
    let error = upload(store.clone(), request, &RetryPolicy::default()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.operation(), Some(Operation::UploadFile));
    assert_eq!(store.count(|call| *call == Call::Create), 1);
    assert_eq!(store.object().unwrap(), content(50));
}

#[tokio::test(start_paused = true)]
async fn the_time_limit_ends_an_upload_and_cleans_up() {
    let store = Store {
        part_delay: Some(Duration::from_secs(5)),
        ..Store::failing(&[])
    };
    let request = UploadFileRequest::new("bucket", "key", content(95)).with_options(options());
    let retry = RetryPolicy::default().with_deadline(Some(Duration::from_secs(7)));
    let error = upload(store.clone(), request, &retry).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!((store.parts_left(), store.object()), (0, None));
}

#[tokio::test(start_paused = true)]
async fn progress_ends_with_everything() {
    let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let sink = Arc::clone(&seen);
    let request = UploadFileRequest::new("bucket", "key", content(45))
        .with_options(options())
        .with_progress(move |progress| sink.lock().unwrap().push(progress));
    upload(Store::failing(&[]), request, &RetryPolicy::default())
        .await
        .unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.first(), Some(&Progress::new(0, Some(45), 0)));
    assert_eq!(seen.last(), Some(&Progress::new(45, Some(45), 5)));
    assert!(seen.is_sorted_by_key(|progress| progress.bytes));
    let distinct: HashMap<u32, u64> = seen
        .iter()
        .map(|progress| (progress.parts, progress.bytes))
        .collect();
    assert_eq!(distinct.len(), 6);
}
