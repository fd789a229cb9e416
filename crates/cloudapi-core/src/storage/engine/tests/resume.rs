//! Going on after a failure, from a checkpoint.

use super::*;

struct Resumable {
    _folder: tempfile::TempDir,
    file: std::path::PathBuf,
    checkpoint: std::path::PathBuf,
}

impl Resumable {
    fn new(length: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (file, checkpoint) = (folder.path().join("file"), folder.path().join("checkpoint"));
        std::fs::write(&file, content(length)).unwrap();
        Self {
            _folder: folder,
            file,
            checkpoint,
        }
    }

    async fn send(&self, store: &Store) -> Result<UploadOutcome> {
        let request = UploadFileRequest::new("bucket", "key", self.file.clone())
            .with_options(options())
            .with_checkpoint(&self.checkpoint);
        upload(store.clone(), request, &RetryPolicy::default()).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_goes_on_with_the_missing_parts_only() {
    let resumable = Resumable::new(95);
    let store = Store::failing(&[Fault::Before(Call::Part(6), ErrorKind::PermissionDenied)]);
    let error = resumable.send(&store).await.unwrap_err();
    assert!(
        error.message().contains("parts are kept")
            && error.message().contains("abort the upload u0"),
        "{error}"
    );
    let kept = store.parts_left();
    assert!(kept >= 3 && resumable.checkpoint.exists());
    let sent_before = store.count(|call| matches!(call, Call::Part(_)));
    resumable.send(&store).await.unwrap();
    let sent_again = store.count(|call| matches!(call, Call::Part(_))) - sent_before;
    assert!(
        sent_again <= 10 - kept + options().in_flight,
        "{sent_again} of {kept} kept"
    );
    assert_eq!(store.count(|call| *call == Call::Create), 1);
    assert_eq!(store.object().unwrap(), content(95));
    assert!(!resumable.checkpoint.exists());
}

#[tokio::test(start_paused = true)]
async fn a_source_changed_under_the_same_size_and_time_is_refused() {
    let resumable = Resumable::new(95);
    let store = Store::failing(&[Fault::Before(Call::Part(6), ErrorKind::PermissionDenied)]);
    resumable.send(&store).await.unwrap_err();
    let time = std::fs::metadata(&resumable.file)
        .unwrap()
        .modified()
        .unwrap();
    let mut changed = content(95);
    changed[0] ^= 1;
    std::fs::write(&resumable.file, changed).unwrap();
    std::fs::File::options()
        .write(true)
        .open(&resumable.file)
        .unwrap()
        .set_modified(time)
        .unwrap();
    let error = resumable.send(&store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert!(error.message().contains("not what was uploaded"), "{error}");
    assert_eq!(store.object(), None);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_the_cloud_forgot_starts_anew() {
    let resumable = Resumable::new(95);
    let store = Store::failing(&[Fault::Before(Call::Part(6), ErrorKind::PermissionDenied)]);
    resumable.send(&store).await.unwrap_err();
    store.state.lock().unwrap().uploads.clear();
    resumable.send(&store).await.unwrap();
    assert_eq!(store.object().unwrap(), content(95));
}

#[tokio::test(start_paused = true)]
async fn a_call_killed_after_completion_is_found_done() {
    let resumable = Resumable::new(95);
    let store = Store::failing(&[Fault::Before(Call::Part(6), ErrorKind::PermissionDenied)]);
    resumable.send(&store).await.unwrap_err();
    // The next call is killed right after the cloud completed the upload: the journal, whole by then, stays.
    let hold = resumable.checkpoint.with_extension("held");
    store.state.lock().unwrap().before_complete =
        Some((resumable.checkpoint.clone(), hold.clone()));
    resumable.send(&store).await.unwrap();
    std::fs::rename(&hold, &resumable.checkpoint).unwrap();
    let sent_before = store.count(|call| matches!(call, Call::Part(_)));
    let outcome = resumable.send(&store).await.unwrap();
    assert_eq!((outcome.size, outcome.parts), (95, 10));
    let sent = store.count(|call| matches!(call, Call::Part(_)));
    assert_eq!(sent, sent_before, "nothing is sent again");
    assert!(!resumable.checkpoint.exists());
}

#[tokio::test(start_paused = true)]
async fn parts_of_a_source_that_changed_are_of_no_use_and_go() {
    let resumable = Resumable::new(95);
    let store = Store::failing(&[]);
    let file = resumable.file.clone();
    let request = UploadFileRequest::new("bucket", "key", resumable.file.clone())
        .with_options(options())
        .with_checkpoint(&resumable.checkpoint)
        .with_progress(move |progress| {
            if progress.parts == 3 {
                std::fs::write(&file, content(96)).unwrap();
            }
        });
    let error = upload(store.clone(), request, &RetryPolicy::default()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState, "{error}");
    assert!(!error.message().contains("kept"), "{error}");
    assert!(store.state.lock().unwrap().uploads.is_empty());
    assert!(!resumable.checkpoint.exists());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_object_leaves_nothing_to_go_on_with() {
    let resumable = Resumable::new(95);
    let store = Store::failing(&[Fault::Corrupt(Call::Complete)]);
    let error = resumable.send(&store).await.unwrap_err();
    assert_eq!(error.code(), Some(CHECKSUM_MISMATCH));
    assert!(!error.message().contains("kept"), "{error}");
    assert!(!resumable.checkpoint.exists());
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_that_can_not_be_written_is_refused_before_anything_is_begun() {
    let mut resumable = Resumable::new(95);
    resumable.checkpoint = resumable.checkpoint.join("in/no/folder");
    let store = Store::failing(&[]);
    let error = resumable.send(&store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert_eq!(store.count(|_| true), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_part_leaves_no_checkpoint() {
    let resumable = Resumable::new(95);
    let store = Store::failing(&[Fault::Before(Call::Create, ErrorKind::PermissionDenied)]);
    resumable.send(&store).await.unwrap_err();
    assert!(!resumable.checkpoint.exists());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_shrank_to_one_request_is_refused_too() {
    let resumable = Resumable::new(95);
    let store = Store::failing(&[Fault::Before(Call::Part(6), ErrorKind::PermissionDenied)]);
    resumable.send(&store).await.unwrap_err();
    std::fs::write(&resumable.file, content(5)).unwrap();
    let error = resumable.send(&store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState, "{error}");
    assert!(error.message().contains("abort the upload u0"), "{error}");
    assert!(resumable.checkpoint.exists() && store.object().is_none());
}
