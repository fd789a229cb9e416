//! The disk: one temporary file in blocks.
//!
//! It has no name (where the system allows that), so that nothing is left behind however the process ends, and being one
//! file it needs no more handles for ten thousand parts than for one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The size of a block. The system keeps no room for what is not written of one.
pub(crate) const BLOCK: usize = 256 * 1024;

#[derive(Debug)]
pub(crate) struct Disk(Mutex<Blocks>);

#[derive(Debug)]
struct Blocks {
    file: File,
    /// How many there are.
    count: u32,
    free: Vec<u32>,
}

impl Disk {
    /// # Errors
    /// There is no place for temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Mutex::new(Blocks {
            file: tempfile::tempfile()?,
            count: 0,
            free: Vec::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Blocks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blocks {
    fn seek(&mut self, block: u32, offset: usize) -> io::Result<()> {
        let at = u64::from(block) * BLOCK as u64 + offset as u64;
        self.file.seek(SeekFrom::Start(at)).map(|_| ())
    }
}

/// What one request brought. Its blocks are free again when nobody uses it any more.
#[derive(Debug)]
pub(crate) struct Blob {
    disk: Arc<Disk>,
    /// All are full but the last.
    blocks: Vec<u32>,
    size: u64,
}

impl Blob {
    pub(crate) fn new(disk: &Arc<Disk>) -> Self {
        Self {
            disk: Arc::clone(disk),
            blocks: Vec::new(),
            size: 0,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a block, which is the last one unless it is full.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let disk = Arc::clone(&self.disk);
        let mut blocks = disk.lock();
        let block = blocks.free.pop().unwrap_or_else(|| {
            blocks.count += 1;
            blocks.count - 1
        });
        self.blocks.push(block);
        blocks.seek(block, 0)?;
        blocks.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Reads from `start` to the end of the block that it is in, or as much of that as is wanted.
    pub(crate) fn read(&self, start: u64, wanted: u64) -> io::Result<Vec<u8>> {
        let (block, offset) = self.find(start)?;
        let wanted = wanted.min(self.size - start).min((BLOCK - offset) as u64);
        let mut bytes = vec![0; usize::try_from(wanted).map_err(io::Error::other)?];
        let mut blocks = self.disk.lock();
        blocks.seek(block, offset)?;
        blocks.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Changes a bit in the middle, as a failing disk does; says whether there was one.
    pub(crate) fn corrupt(&self) -> io::Result<bool> {
        if self.size == 0 {
            return Ok(false);
        }
        let middle = self.size / 2;
        let (block, offset) = self.find(middle)?;
        let byte = self.read(middle, 1)?;
        let mut blocks = self.disk.lock();
        blocks.seek(block, offset)?;
        blocks.file.write_all(&[byte[0] ^ 1])?;
        Ok(true)
    }

    fn find(&self, at: u64) -> io::Result<(u32, usize)> {
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let block = self.blocks.get(at / BLOCK);
        let block = block.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((*block, at % BLOCK))
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        let mut blocks = self.disk.lock();
        blocks.free.append(&mut self.blocks);
        if blocks.free.len() == blocks.count as usize {
            blocks.free.clear();
            blocks.count = 0;
            if let Err(error) = blocks.file.set_len(0) {
                tracing::debug!(%error, "the emulator's temporary file keeps its size");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_used_again_and_given_back() {
        let disk = Arc::new(Disk::new().unwrap());
        let blob = |content: &[u8]| {
            let mut blob = Blob::new(&disk);
            content
                .chunks(BLOCK)
                .for_each(|block| blob.push(block).unwrap());
            blob
        };
        let (one, two) = (blob(&vec![1; BLOCK + 1]), blob(&[2; 3]));
        assert_eq!((one.size(), two.size()), (BLOCK as u64 + 1, 3));
        assert_eq!(one.read(BLOCK as u64 - 1, 9).unwrap(), [1]);
        assert_eq!(one.read(BLOCK as u64, 9).unwrap(), [1]);
        assert_eq!(two.read(1, 9).unwrap(), [2, 2]);
        assert!(two.read(BLOCK as u64, 1).is_err());
        drop(one);
        let three = blob(&[3; 2]);
        assert_eq!(disk.lock().count, 3, "a free block was taken");
        assert_eq!(three.read(0, 9).unwrap(), [3, 3]);
        assert!(three.corrupt().unwrap() && !blob(b"").corrupt().unwrap());
        assert_eq!(three.read(0, 9).unwrap(), [3, 2]);
        drop((two, three));
        assert_eq!(disk.lock().file.metadata().unwrap().len(), 0);
    }
}
