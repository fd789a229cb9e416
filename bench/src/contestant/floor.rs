//! The least that an upload can cost: reqwest in a loop, nothing signed, nothing summed up, nothing repeated.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, Client as Http, RequestBuilder};

use super::{Client, side_by_side};
use crate::Result;
use crate::manifest::{BUCKET, LARGE, Large, Small};

/// How much is read and handed over at once, in bytes.
const CHUNK: u64 = 256 << 10;

pub(super) struct Floor {
    http: Http,
    url: String,
}

impl Floor {
    pub(super) fn new(url: &str) -> Self {
        Self {
            http: Http::new(),
            url: format!("{url}/{BUCKET}"),
        }
    }
}

async fn sent(request: RequestBuilder) -> Result<String> {
    Ok(request.send().await?.error_for_status()?.text().await?)
}

/// Reads a piece of a file on another thread, one chunk after the other.
fn read(path: PathBuf, offset: u64, size: u64) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((None, size), move |(file, left)| {
        let path = path.clone();
        async move {
            if left == 0 {
                return Ok(None);
            }
            let read = move || {
                let mut file = if let Some(file) = file {
                    file
                } else {
                    let mut file = File::open(path)?;
                    file.seek(SeekFrom::Start(offset))?;
                    file
                };
                let wanted = left.min(CHUNK);
                let mut chunk = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
                let read = (&mut file).take(wanted).read_to_end(&mut chunk)?;
                if (read as u64) < wanted {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok((Bytes::from(chunk), (Some(file), left - wanted)))
            };
            let read = tokio::task::spawn_blocking(read).await;
            read.map_err(io::Error::other)?.map(Some)
        }
    })
}

impl Client for Floor {
    async fn large(&self, large: &Large) -> Result {
        let url = format!("{}/{LARGE}", self.url);
        let begun = sent(self.http.post(format!("{url}?uploads"))).await?;
        let upload_id = begun
            .split_once("<UploadId>")
            .and_then(|(_, rest)| rest.split_once("</UploadId>"))
            .ok_or("the upload has no id")?
            .0;
        side_by_side(large.parts.len(), |at| {
            let part = &large.parts[at];
            let content = read(large.path.clone(), part.offset, part.size);
            let request = self
                .http
                .put(format!("{url}?partNumber={}&uploadId={upload_id}", at + 1))
                .header(CONTENT_LENGTH, part.size)
                .body(Body::wrap_stream(content));
            sent(request)
        })
        .await?;
        let list: Vec<String> = (1..=large.parts.len())
            .map(|number| format!("<Part><PartNumber>{number}</PartNumber></Part>"))
            .collect();
        sent(
            self.http
                .post(format!("{url}?uploadId={upload_id}"))
                .body(list.concat()),
        )
        .await?;
        Ok(())
    }

    async fn small(&self, small: &Small) -> Result {
        let content = tokio::fs::read(&small.path).await?;
        let url = format!("{}/{}", self.url, small.key);
        sent(self.http.put(url).body(content)).await?;
        Ok(())
    }

    async fn stream(&self, _large: &Large) -> Result {
        Err("the floor is that of the file".into())
    }
}
