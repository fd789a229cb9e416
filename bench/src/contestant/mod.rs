//! One contestant's run, in a process of its own.

mod floor;
mod ours;
mod sdk;
mod store;

use std::future::Future;
use std::sync::Arc;

use cloudapi::Provider;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use self::floor::Floor;
use self::ours::Ours;
use self::sdk::Sdk;
use self::store::Store;
use crate::manifest::{IN_FLIGHT, Large, Manifest, Small};
use crate::options::{Contestant, Job, Workload};
use crate::{Result, measure};

/// The vendors' example keys: nothing here checks a signature.
const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// A region of AWS; what is sent does not depend on it.
const REGION: &str = "us-east-1";

/// Uploads as a user of one library would.
trait Client: Send + Sync + 'static {
    /// Uploads the large file, in parts.
    fn large(&self, large: &Large) -> impl Future<Output = Result> + Send;

    /// Uploads a small file, in one request.
    fn small(&self, small: &Small) -> impl Future<Output = Result> + Send;

    /// Uploads the large file, its length not being known.
    fn stream(&self, large: &Large) -> impl Future<Output = Result> + Send;
}

/// Runs one contestant, and writes the most memory that it took to standard output.
pub(crate) fn run(job: &Job, manifest: Manifest) -> Result {
    Runtime::new()?.block_on(run_client(job, manifest))?;
    println!("{}", serde_json::to_string(&measure::own_peak())?);
    Ok(())
}

async fn run_client(job: &Job, manifest: Manifest) -> Result {
    let (workload, url) = (job.workload, job.url.as_str());
    match job.contestant {
        Contestant::Floor => send(Floor::new(url), workload, manifest).await,
        Contestant::CloudapiS3 => {
            send(Ours::new(Provider::Aws, url).await?, workload, manifest).await
        }
        Contestant::CloudapiCos => {
            send(Ours::new(Provider::Tencent, url).await?, workload, manifest).await
        }
        Contestant::Raw => send(Sdk::new(url), workload, manifest).await,
        Contestant::RawCrc => send(Sdk::new(url).with_crc64(), workload, manifest).await,
        Contestant::Store => send(Store::new(url)?, workload, manifest).await,
        Contestant::StoreCrc => send(Store::with_crc64(url)?, workload, manifest).await,
    }
}

async fn send(client: impl Client, workload: Workload, manifest: Manifest) -> Result {
    match workload {
        Workload::File => client.large(&manifest.large).await,
        Workload::Stream => client.stream(&manifest.large).await,
        Workload::Files => {
            let shared = Arc::new((client, manifest.small));
            let all = side_by_side(shared.1.len(), |at| {
                let shared = Arc::clone(&shared);
                async move { shared.0.small(&shared.1[at]).await }
            });
            all.await.map(|_| ())
        }
    }
}

/// Works for each number below `count`, so many at a time as all contestants do, each in a task of its own; gives the
/// results in order.
async fn side_by_side<T, F>(count: usize, work: impl Fn(usize) -> F) -> Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let mut under_way = JoinSet::new();
    let mut results = Vec::with_capacity(count);
    for number in 0..count {
        if under_way.len() == IN_FLIGHT
            && let Some(done) = under_way.join_next().await
        {
            results.push(done??);
        }
        let work = work(number);
        under_way.spawn(async move { work.await.map(|result| (number, result)) });
    }
    while let Some(done) = under_way.join_next().await {
        results.push(done??);
    }
    results.sort_unstable_by_key(|(number, _)| *number);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}
