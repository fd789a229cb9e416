//! Contents of objects and parts, on disk, so that an upload of any size takes little memory.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;
use tokio::time::Sleep;

use super::checksum::{Algorithm, Digests, Hashers};
use super::disk::{BLOCK, Blob, Disk};
use crate::exchange::Cut;

const PAUSE: Duration = Duration::from_millis(20);

/// Takes a content in, hashing and writing away from the threads that serve the network.
#[derive(Debug)]
pub(crate) struct Intake {
    gathered: Vec<u8>,
    /// On its way to the disk while a block is written.
    sink: Option<Box<Sink>>,
}

#[derive(Debug)]
struct Sink {
    blob: Blob,
    hashers: Hashers,
}

impl Intake {
    pub(crate) fn new(disk: &Arc<Disk>, algorithms: &[Algorithm]) -> Self {
        Self {
            gathered: Vec::new(),
            sink: Some(Box::new(Sink {
                blob: Blob::new(disk),
                hashers: Hashers::new(algorithms),
            })),
        }
    }

    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (taken, rest) = bytes.split_at(bytes.len().min(BLOCK - self.gathered.len()));
            self.gathered.extend_from_slice(taken);
            bytes = rest;
            if self.gathered.len() == BLOCK {
                self.flush().await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> io::Result<(Blob, Digests)> {
        if !self.gathered.is_empty() {
            self.flush().await?;
        }
        let sink = self.sink.ok_or_else(lost)?;
        Ok((sink.blob, sink.hashers.finish()))
    }

    async fn flush(&mut self) -> io::Result<()> {
        let mut sink = self.sink.take().ok_or_else(lost)?;
        let mut block = std::mem::take(&mut self.gathered);
        let written = tokio::task::spawn_blocking(move || {
            sink.hashers.update(&block);
            sink.blob.push(&block)?;
            block.clear();
            Ok::<_, io::Error>((sink, block))
        });
        let (sink, block) = written.await.map_err(io::Error::other)??;
        (self.sink, self.gathered) = (Some(sink), block);
        Ok(())
    }
}

fn lost() -> io::Error {
    io::Error::other("an earlier write failed")
}

/// An object's content: what one request brought, or the parts in their order. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content(Arc<[Arc<Blob>]>);

impl Content {
    pub(crate) fn new(blobs: impl IntoIterator<Item = Arc<Blob>>) -> Self {
        Self(blobs.into_iter().collect())
    }

    pub(crate) fn size(&self) -> u64 {
        self.0.iter().map(|blob| blob.size()).sum()
    }

    /// Changes a bit somewhere; says whether there was one.
    pub(crate) fn corrupt(&self) -> io::Result<bool> {
        let filled = self.0.iter().find(|blob| blob.size() > 0);
        filled.map_or(Ok(false), |blob| blob.corrupt())
    }

    /// Computes its checksums.
    pub(crate) fn digests(&self, algorithms: &[Algorithm]) -> io::Result<Digests> {
        let mut hashers = Hashers::new(algorithms);
        self.read(|block| hashers.update(block))?;
        Ok(hashers.finish())
    }

    /// Reads `length` bytes from `start`.
    pub(crate) fn slice(&self, start: u64, length: u64) -> Slice {
        Slice {
            content: self.clone(),
            start,
            length,
        }
    }

    /// Reads it all, in blocks.
    pub(crate) fn read(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let mut rest = self.slice(0, self.size());
        while rest.length > 0 {
            take(&rest.next_block()?);
        }
        Ok(())
    }
}

/// A run of bytes of a content.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    content: Content,
    start: u64,
    length: u64,
}

impl Slice {
    /// Reads a block from the front, which is then no longer part of it.
    fn next_block(&mut self) -> io::Result<Vec<u8>> {
        let mut begin = 0;
        for blob in self.content.0.iter() {
            let end = begin + blob.size();
            if self.start < end {
                let block = blob.read(self.start - begin, self.length)?;
                self.start += block.len() as u64;
                self.length -= block.len() as u64;
                return Ok(block);
            }
            begin = end;
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Sends a slice, or all but its second half when it is to break off.
pub(crate) struct SliceBody {
    announced: u64,
    /// What is left, at home or being read.
    state: State,
    breaks_off: bool,
}

enum State {
    Home(Slice),
    Reading(JoinHandle<io::Result<(Slice, Vec<u8>)>>),
    /// What was sent gets the time to leave before the connection ends.
    Leaving(Pin<Box<Sleep>>),
    Gone,
}

impl SliceBody {
    pub(crate) fn new(mut slice: Slice, breaks_off: bool) -> Self {
        let announced = slice.length;
        if breaks_off {
            slice.length /= 2;
        }
        Self {
            announced,
            state: State::Home(slice),
            breaks_off,
        }
    }
}

impl Body for SliceBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Gone) {
                State::Gone => return Poll::Ready(None),
                State::Home(slice) if slice.length == 0 && self.breaks_off => {
                    self.state = State::Leaving(Box::pin(tokio::time::sleep(PAUSE)));
                }
                State::Home(slice) if slice.length == 0 => return Poll::Ready(None),
                State::Leaving(mut pause) => {
                    if pause.as_mut().poll(context).is_pending() {
                        self.state = State::Leaving(pause);
                        return Poll::Pending;
                    }
                    return Poll::Ready(Some(Err(Cut)));
                }
                State::Home(mut slice) => {
                    self.state = State::Reading(tokio::task::spawn_blocking(move || {
                        let block = slice.next_block()?;
                        Ok((slice, block))
                    }));
                }
                State::Reading(mut reading) => {
                    let polled = Pin::new(&mut reading).poll(context);
                    if polled.is_pending() {
                        self.state = State::Reading(reading);
                    }
                    let Ok(Ok((slice, block))) = ready!(polled) else {
                        return Poll::Ready(Some(Err(Cut)));
                    };
                    self.state = State::Home(slice);
                    return Poll::Ready(Some(Ok(Frame::data(block.into()))));
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn blob(disk: &Arc<Disk>, bytes: &[u8]) -> (Arc<Blob>, Digests) {
        let mut intake = Intake::new(disk, &[Algorithm::Md5]);
        for piece in bytes.chunks(100_000) {
            intake.write(piece).await.unwrap();
        }
        let (blob, digests) = intake.finish().await.unwrap();
        (Arc::new(blob), digests)
    }

    #[tokio::test]
    async fn a_content_is_the_blobs_in_order_and_can_be_read_in_part() {
        let disk = Arc::new(Disk::new().unwrap());
        let whole: Vec<u8> = (0..=250).cycle().take(700_001).collect();
        let (first, digests) = blob(&disk, &whole[..600_000]).await;
        let expected = Algorithm::Md5.of(&whole[..600_000]);
        assert_eq!(digests.get(Algorithm::Md5), Some(expected.as_slice()));
        let (empty, _) = blob(&disk, b"").await;
        let (last, _) = blob(&disk, &whole[600_000..]).await;
        let content = Content::new([first, empty, last]);
        assert_eq!(content.size(), 700_001);
        for (start, length) in [
            (0, 700_001),
            (0, 0),
            (599_990, 20),
            (700_000, 1),
            (300_000, 350_000),
        ] {
            let body = SliceBody::new(content.slice(start, length), false);
            assert_eq!(body.size_hint().exact(), Some(length));
            let sent = body.collect().await.unwrap().to_bytes();
            let range = usize::try_from(start).unwrap()..usize::try_from(start + length).unwrap();
            assert!(sent == whole[range], "{start} {length}");
        }
        let cut = SliceBody::new(content.slice(0, 10), true).collect().await;
        assert!(cut.is_err());
        assert!(content.corrupt().unwrap());
        assert_ne!(
            content.digests(&[Algorithm::Md5]).unwrap().e_tag(),
            crate::auth::hex(&Algorithm::Md5.of(&whole))
        );
    }
}
