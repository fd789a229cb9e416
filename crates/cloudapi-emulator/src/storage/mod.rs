//! S3 and COS: two ways to speak to one kind of store.
//!
//! `s3` and `cos` know the protocols; what they share is here: buckets and objects ([`model`]), contents on disk
//! ([`content`]), checksums, and where a request's bucket and key stand.

pub(crate) mod cos;
pub(crate) mod s3;

mod body;
mod case;
mod checksum;
mod content;
mod disk;
mod error;
mod list;
mod model;
mod request;
mod serve;
mod truth;
mod xml;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Extensions;
use time::OffsetDateTime;
use tokio::sync::OnceCell;

pub(crate) use body::RequestBody;
pub(crate) use content::{Slice, SliceBody};
pub(crate) use error::{Error, Failure};
pub(crate) use request::Request;
pub use truth::{ObjectEntry, PartEntry, UploadEntry};

use crate::emulator::Shared;
use crate::exchange::{Answer, Reply, Twist};
use crate::fault::FaultKind;
use crate::{Cloud, fixtures};
use content::Intake;
use disk::Disk;
use model::Bucket;

/// A part's largest size and that of an object sent in one request, at both clouds.
const LARGEST: u64 = 5 * 1024 * 1024 * 1024;

/// The highest number of a part, at both clouds.
const MOST_PARTS: u16 = 10_000;

/// The largest document in a request: the list of 10 000 parts, each with a checksum.
const LARGEST_DOCUMENT: usize = 8 * 1024 * 1024;

/// Both clouds' buckets, and the disk that they are on.
#[derive(Debug)]
pub(crate) struct Storage {
    state: Mutex<State>,
    disk: Arc<Disk>,
    spelling: OnceCell<Extensions>,
}

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct State {
    buckets: BTreeMap<(Cloud, String), Bucket>,
    /// Hosts that stand for a bucket.
    domains: HashMap<(Cloud, String), String>,
}

impl Storage {
    /// # Errors
    /// There is no place for temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            state: Mutex::new(State::new()),
            disk: Arc::new(Disk::new()?),
            spelling: OnceCell::new(),
        })
    }

    /// Gives an answer's headers the vendors' spelling.
    pub(crate) async fn spell(&self, answer: &mut Answer) {
        let spelling = self.spelling.get_or_init(case::vendors_spelling).await;
        answer.extensions_mut().extend(spelling.clone());
    }

    /// Forgets all but the buckets that there are at first.
    pub(crate) fn reset(&self) {
        *self.state() = State::new();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is half-written that would be worse than refusing all calls after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bucket that a host stands for.
    pub(crate) fn bucket_of_domain(&self, cloud: Cloud, host: &str) -> Option<String> {
        let found = (cloud, host.to_owned());
        self.state().domains.get(&found).cloned()
    }

    pub(crate) fn add_domain(&self, cloud: Cloud, host: &str, bucket: &str) {
        let host = (cloud, host.to_ascii_lowercase());
        self.state().domains.insert(host, bucket.to_owned());
    }
}

impl State {
    fn new() -> Self {
        let mut state = Self::default();
        // As old as the emulator's first release, so that answers do not depend on when it was started.
        let created = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        for (cloud, name, region) in [
            (Cloud::Aws, fixtures::AWS_BUCKET, fixtures::AWS_REGION),
            (
                Cloud::Tencent,
                fixtures::TENCENT_BUCKET,
                fixtures::TENCENT_REGION,
            ),
        ] {
            let bucket = Bucket::new(region, created);
            state.buckets.insert((cloud, name.to_owned()), bucket);
        }
        state
    }

    fn bucket(&self, cloud: Cloud, name: &str) -> Result<&Bucket, Error> {
        let found = self.buckets.get(&(cloud, name.to_owned()));
        found.ok_or_else(|| Error::no_such_bucket(name))
    }

    fn bucket_mut(&mut self, cloud: Cloud, name: &str) -> Result<&mut Bucket, Error> {
        let found = self.buckets.get_mut(&(cloud, name.to_owned()));
        found.ok_or_else(|| Error::no_such_bucket(name))
    }

    /// The cloud's buckets in the order of their names.
    fn of(&self, cloud: Cloud) -> impl Iterator<Item = (&str, &Bucket)> {
        let all = self.buckets.iter();
        all.filter(move |((of, _), _)| *of == cloud)
            .map(|((_, name), bucket)| (name.as_str(), bucket))
    }
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) cloud: Cloud,
    pub(crate) request: &'a Request,
    pub(crate) request_id: &'a str,
    pub(crate) now: OffsetDateTime,
    pub(crate) twist: Twist,
}

impl Call<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.storage.state()
    }

    fn bucket_name(&self) -> &str {
        &self.request.bucket
    }

    fn key(&self) -> &str {
        &self.request.key
    }

    /// Reads something of the bucket.
    fn in_bucket<T>(&self, read: impl FnOnce(&Bucket) -> Result<T, Error>) -> Result<T, Error> {
        read(self.state().bucket(self.cloud, self.bucket_name())?)
    }

    /// Changes something in the bucket.
    fn change<T>(&self, change: impl FnOnce(&mut Bucket) -> Result<T, Error>) -> Result<T, Error> {
        change(self.state().bucket_mut(self.cloud, self.bucket_name())?)
    }

    fn intake(&self, algorithms: &[checksum::Algorithm]) -> Intake {
        Intake::new(&self.shared.storage.disk, algorithms)
    }

    /// An id that nobody guesses, for uploads and versions.
    fn new_id(&self) -> String {
        let random = &mut self.shared.world().common.random;
        format!("{}{}", random.uuid(), random.uuid()).replace('-', "")
    }

    /// How many entries a list may have at most, when the request says `wanted`.
    fn page(&self, wanted: Option<&str>, name: &'static str) -> Result<usize, Error> {
        let most = match wanted {
            None | Some("") => 1000,
            Some(text) => text
                .parse()
                .ok()
                .filter(|most| i32::try_from(*most).is_ok())
                .ok_or_else(|| {
                    Error::argument(
                        name,
                        text,
                        "Argument must be an integer between 0 and 2147483647",
                    )
                })?,
        };
        let cap = self.shared.world().common.settings.page_cap;
        Ok(most.min(1000).min(cap.unwrap_or(usize::MAX)))
    }

    fn corrupts(&self) -> bool {
        self.twist == Twist::Storage(FaultKind::Corrupt)
    }

    /// The checksum that the answer shows for this one.
    fn shown(&self, value: &[u8]) -> Vec<u8> {
        let mut value = value.to_vec();
        if let (Twist::Storage(FaultKind::WrongChecksum), Some(last)) =
            (&self.twist, value.last_mut())
        {
            *last ^= 1;
        }
        value
    }

    /// The number of the part, checked.
    fn part_number(&self) -> Result<u16, Error> {
        let text = self.request.query("partNumber").unwrap_or_default();
        let number = text.parse().ok();
        number
            .filter(|number| (1..=MOST_PARTS).contains(number))
            .ok_or_else(|| {
                let message = "Part number must be an integer between 1 and 10000, inclusive";
                Error::argument("partNumber", text, message)
            })
    }

    fn upload_id(&self) -> &str {
        self.request.query("uploadId").unwrap_or_default()
    }
}

/// What is answered at once by a call that has no document to give.
fn empty(status: u16) -> Reply {
    let mut reply = Reply::new(status, "application/xml", "");
    reply.headers.clear();
    reply
}

/// Whether a document is to be preceded by white space, or to turn out as an error.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lateness {
    None,
    WhiteSpace,
    Error(Error),
}

impl Lateness {
    fn of(twist: &Twist) -> Self {
        match twist {
            Twist::Storage(FaultKind::WhiteSpace) => Self::WhiteSpace,
            Twist::Storage(FaultKind::LateError { code, message }) => {
                Self::Error(Error::new(200, code.clone(), message.clone()))
            }
            _ => Self::None,
        }
    }
}

/// As much as a cloud sends before it is done.
const WHITE_SPACE: &str = "\n \n \n \n \n \n \n \n \n \n";
