//! A store of a few lines that fails on demand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::BodyExt;

use crate::storage::checksum::tests::SLOW;
use crate::storage::{
    Algorithm, Completed, Limits, ListedPart, ObjectCalls, ObjectInfo, PartBody, Transfer,
    UploadedPart,
};
use crate::{Error, ErrorKind, Provider, Result};

pub(super) const LIMITS: Limits = Limits::new(10, 1000, 100, 100_000, 100_000);

/// What goes wrong, once: with which call, before or after its effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    Before(Call, ErrorKind),
    After(Call, ErrorKind),
    /// The stored bytes differ from the sent ones.
    Corrupt(Call),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Call {
    Put,
    Create,
    Part(u32),
    Complete,
    Abort,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) uploads: BTreeMap<String, BTreeMap<u32, Bytes>>,
    object: Option<Bytes>,
    pub(super) faults: Vec<Fault>,
    calls: Vec<Call>,
    pub(super) overwrite: bool,
    /// A file to be copied when an upload is completed: from, to.
    pub(super) before_complete: Option<(std::path::PathBuf, std::path::PathBuf)>,
    /// What somebody else stores just when the object is to be made.
    pub(super) rival: Option<Bytes>,
    /// The version of what is stored; the versions that were deleted.
    pub(super) version: Option<String>,
    pub(super) deleted: Vec<Option<String>>,
}

impl State {
    fn make(&mut self, bytes: Bytes) -> Completed {
        let version_id = self.version.clone();
        let stored = Completed {
            version_id,
            ..stored(&bytes)
        };
        self.object = Some(bytes);
        stored
    }
}

#[derive(Clone, Default)]
pub(super) struct Store {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) under_way: Arc<AtomicUsize>,
    pub(super) most_under_way: Arc<AtomicUsize>,
    pub(super) part_delay: Option<Duration>,
    /// A call that is answered so long after it was done.
    pub(super) late: Option<(Call, Duration)>,
}

impl Store {
    pub(super) fn failing(faults: &[Fault]) -> Self {
        let store = Self::default();
        store.state.lock().unwrap().faults = faults.to_vec();
        store.state.lock().unwrap().overwrite = true;
        store
    }

    async fn wait(&self, call: Call) {
        if let Some((_, delay)) = self.late.filter(|(late, _)| *late == call) {
            tokio::time::sleep(delay).await;
        }
    }

    fn take(&self, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let at = state.faults.iter().position(wanted)?;
        Some(state.faults.remove(at))
    }

    fn run<T>(&self, call: Call, effect: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        {
            let mut state = self.state.lock().unwrap();
            state.calls.push(call);
            if matches!(call, Call::Put | Call::Complete)
                && let Some(rival) = state.rival.take()
            {
                state.object = Some(rival);
            }
        }
        if let Some(Fault::Before(_, kind)) =
            self.take(|fault| matches!(fault, Fault::Before(on, _) if *on == call))
        {
            return Err(Error::new(kind, format!("{call:?} failed")));
        }
        let result = effect(&mut self.state.lock().unwrap())?;
        if let Some(Fault::After(_, kind)) =
            self.take(|fault| matches!(fault, Fault::After(on, _) if *on == call))
        {
            return Err(Error::new(kind, format!("the answer to {call:?} was lost")));
        }
        Ok(result)
    }

    fn corrupt(&self, call: Call, bytes: Bytes) -> Bytes {
        match self.take(|fault| *fault == Fault::Corrupt(call)) {
            Some(_) => bytes.iter().map(|byte| byte ^ 1).collect(),
            None => bytes,
        }
    }

    pub(super) fn parts_left(&self) -> usize {
        self.state
            .lock()
            .unwrap()
            .uploads
            .values()
            .map(BTreeMap::len)
            .sum()
    }

    pub(super) fn object(&self) -> Option<Bytes> {
        self.state.lock().unwrap().object.clone()
    }

    pub(super) fn count(&self, wanted: impl Fn(&Call) -> bool) -> usize {
        self.state
            .lock()
            .unwrap()
            .calls
            .iter()
            .filter(|call| wanted(call))
            .count()
    }
}

pub(super) async fn read(body: &PartBody) -> Result<Bytes> {
    let collected = body.start(SLOW, &Transfer::new()).collect().await;
    let collected =
        collected.map_err(|error| Error::new(ErrorKind::InvalidState, error.to_string()))?;
    Ok(collected.to_bytes())
}

pub(super) fn stored(bytes: &Bytes) -> Completed {
    Completed {
        e_tag: Some(format!("{:x}", SLOW.sum_of(bytes))),
        version_id: None,
        stored_sum: Some(SLOW.sum_of(bytes)),
    }
}

#[async_trait]
impl ObjectCalls for Store {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn algorithm(&self) -> Algorithm {
        SLOW
    }

    fn how_to_discard(&self, upload_id: &str) -> String {
        format!("abort the upload {upload_id}")
    }

    async fn put(&self, body: &PartBody, sum: u64) -> Result<Completed> {
        let bytes = self.corrupt(Call::Put, read(body).await?);
        assert_eq!(body.sum(SLOW).await?, sum);
        self.run(Call::Put, |state| {
            if state.object.is_some() && !state.overwrite {
                return Err(Error::new(ErrorKind::AlreadyExists, "exists"));
            }
            Ok(state.make(bytes.clone()))
        })
    }

    async fn create(&self) -> Result<String> {
        let id = self.run(Call::Create, |state| {
            let id = format!("u{}", state.uploads.len());
            state.uploads.insert(id.clone(), BTreeMap::new());
            Ok(id)
        });
        self.wait(Call::Create).await;
        id
    }

    async fn upload_part(
        &self,
        upload_id: &str,
        number: u32,
        body: &PartBody,
    ) -> Result<UploadedPart> {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        if let Some(delay) = self.part_delay {
            tokio::time::sleep(delay).await;
        }
        let sent = read(body).await?;
        let kept = self.corrupt(Call::Part(number), sent.clone());
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        self.run(Call::Part(number), |state| {
            let parts = state
                .uploads
                .get_mut(upload_id)
                .ok_or_else(|| Error::new(ErrorKind::NotFound, "no upload"))?;
            parts.insert(number, kept.clone());
            let e_tag = format!("\"{:x}\"", SLOW.sum_of(&kept));
            let (sum, stored_sum) = (SLOW.sum_of(&sent), Some(SLOW.sum_of(&kept)));
            Ok(UploadedPart {
                number,
                size: sent.len() as u64,
                sum,
                stored_sum,
                e_tag,
            })
        })
    }

    async fn list_parts(&self, upload_id: &str) -> Result<Option<Vec<ListedPart>>> {
        let state = self.state.lock().unwrap();
        Ok(state.uploads.get(upload_id).map(|parts| {
            let listed = |(number, bytes): (&u32, &Bytes)| ListedPart {
                number: *number,
                size: bytes.len() as u64,
                e_tag: format!("\"{:x}\"", SLOW.sum_of(bytes)),
            };
            parts.iter().map(listed).collect()
        }))
    }

    async fn complete(
        &self,
        upload_id: &str,
        parts: &[UploadedPart],
        _: u64,
        _: u64,
    ) -> Result<Completed> {
        let numbers: Vec<u32> = parts.iter().map(|part| part.number).collect();
        let corrupt = self
            .take(|fault| *fault == Fault::Corrupt(Call::Complete))
            .is_some();
        let made = self.run(Call::Complete, |state| {
            if let Some((from, to)) = state.before_complete.take() {
                std::fs::copy(from, to).unwrap();
            }
            if state.object.is_some() && !state.overwrite {
                return Err(Error::new(ErrorKind::AlreadyExists, "exists"));
            }
            let there = state
                .uploads
                .remove(upload_id)
                .ok_or_else(|| Error::new(ErrorKind::NotFound, "no upload"))?;
            assert_eq!(there.keys().copied().collect::<Vec<_>>(), numbers);
            let mut whole = there.into_values().collect::<Vec<_>>().concat();
            if corrupt {
                whole.reverse();
            }
            Ok(state.make(Bytes::from(whole)))
        });
        self.wait(Call::Complete).await;
        made
    }

    async fn abort(&self, upload_id: &str) -> Result<()> {
        self.run(Call::Abort, |state| {
            state.uploads.remove(upload_id);
            Ok(())
        })
    }

    async fn head(&self) -> Result<Option<ObjectInfo>> {
        let found = self.object();
        Ok(found.map(|bytes| ObjectInfo {
            size: bytes.len() as u64,
            stored: stored(&bytes),
        }))
    }

    async fn delete(&self, version_id: Option<&str>) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        state.deleted.push(version_id.map(str::to_owned));
        if version_id.is_none() {
            state.object = None;
        }
        Ok(())
    }
}
