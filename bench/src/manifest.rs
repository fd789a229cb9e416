//! What is uploaded: files with known content, and their checksums.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest};
use serde::{Deserialize, Serialize};

use crate::Result;

/// What every contestant cuts the large file into, in bytes.
pub(crate) const PART_SIZE: u64 = 8 << 20;
/// The size of a small file, in bytes.
pub(crate) const SMALL_SIZE: usize = 64 << 10;
/// How many parts, or small files, are under way at once.
pub(crate) const IN_FLIGHT: usize = 8;
/// The bucket of all objects, in the form that COS asks for.
pub(crate) const BUCKET: &str = "bench-1250000000";
/// The key of the large file.
pub(crate) const LARGE: &str = "large";

/// All that a server and a contestant must know of the content.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) large: Large,
    pub(crate) small: Vec<Small>,
}

/// The large file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Large {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) sums: Sums,
    pub(crate) parts: Vec<Part>,
}

/// A part of the large file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) sums: Sums,
}

/// A small file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Small {
    pub(crate) path: PathBuf,
    pub(crate) key: String,
    pub(crate) sums: Sums,
}

/// Checksums as they stand in headers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) crc32: String,
    pub(crate) crc64nvme: String,
    pub(crate) crc64ecma: String,
}

impl Manifest {
    /// Makes the files, and a file that tells of them.
    pub(crate) fn make(folder: &Path, size: u64, files: u32) -> Result<Self> {
        let small = (0..files).map(|number| make_small(folder, number));
        let manifest = Self {
            large: make_large(folder.join(LARGE), size)?,
            small: small.collect::<Result<_>>()?,
        };
        let file = BufWriter::new(File::create(Self::path(folder))?);
        serde_json::to_writer(file, &manifest)?;
        Ok(manifest)
    }

    /// Where the file is that tells of the files in a folder.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join("manifest.json")
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }
}

fn make_large(path: PathBuf, size: u64) -> Result<Large> {
    let mut file = File::create(&path)?;
    let mut whole = Sum::new();
    let mut parts = Vec::new();
    let mut content = Vec::new();
    let mut offset = 0;
    while offset < size {
        let length = PART_SIZE.min(size - offset);
        content.resize(usize::try_from(length)?, 0);
        // Each part has a content of its own, so that two of them in the wrong order are found.
        fastrand::Rng::with_seed(offset).fill(&mut content);
        file.write_all(&content)?;
        whole.update(&content);
        let sums = sums_of(&content);
        parts.push(Part {
            offset,
            size: length,
            sums,
        });
        offset += length;
    }
    Ok(Large {
        path,
        size,
        sums: whole.spell(),
        parts,
    })
}

fn make_small(folder: &Path, number: u32) -> Result<Small> {
    let key = format!("small-{number:06}");
    let path = folder.join(&key);
    let mut content = vec![0; SMALL_SIZE];
    fastrand::Rng::with_seed(u64::MAX - u64::from(number)).fill(&mut content);
    fs::write(&path, &content)?;
    let sums = sums_of(&content);
    Ok(Small { path, key, sums })
}

fn sums_of(content: &[u8]) -> Sums {
    let mut sum = Sum::new();
    sum.update(content);
    sum.spell()
}

/// The three checksums of what is read.
struct Sum {
    crc32: Digest,
    crc64nvme: Digest,
    crc64ecma: Digest,
}

impl Sum {
    fn new() -> Self {
        Self {
            crc32: Digest::new(CrcAlgorithm::Crc32IsoHdlc),
            crc64nvme: Digest::new(CrcAlgorithm::Crc64Nvme),
            crc64ecma: Digest::new(CrcAlgorithm::Crc64Xz),
        }
    }

    fn update(&mut self, content: &[u8]) {
        for digest in [&mut self.crc32, &mut self.crc64nvme, &mut self.crc64ecma] {
            digest.update(content);
        }
    }

    fn spell(&self) -> Sums {
        // The sum of 32 bits stands in the lower half.
        let crc32 = self.crc32.finalize().to_be_bytes();
        Sums {
            crc32: STANDARD.encode(&crc32[4..]),
            crc64nvme: spell_nvme(self.crc64nvme.finalize()),
            crc64ecma: self.crc64ecma.finalize().to_string(),
        }
    }
}

/// Computes CRC-64/NVME as it stands in a header of S3.
pub(crate) fn nvme_of(content: &[u8]) -> String {
    spell_nvme(crc_fast::checksum(CrcAlgorithm::Crc64Nvme, content))
}

pub(crate) fn spell_nvme(sum: u64) -> String {
    STANDARD.encode(sum.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    // The catalogued values of "123456789"; that of COS is in its documentation.
    #[test]
    fn sums_are_spelt_as_in_headers() {
        let sums = sums_of(b"123456789");
        assert_eq!(sums.crc32, "y/Q5Jg==");
        assert_eq!(sums.crc64nvme, "rosUhgp5mIg=");
        assert_eq!(sums.crc64ecma, "11051210869376104954");
        assert_eq!(nvme_of(b"123456789"), sums.crc64nvme);
    }

    #[test]
    fn parts_make_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let made = Manifest::make(folder.path(), PART_SIZE + 5, 2).unwrap();
        let sizes: Vec<u64> = made.large.parts.iter().map(|part| part.size).collect();
        assert_eq!(sizes, [PART_SIZE, 5]);
        let content = fs::read(&made.large.path).unwrap();
        assert_eq!(content.len() as u64, made.large.size);
        assert_eq!(nvme_of(&content), made.large.sums.crc64nvme);
        assert_ne!(made.small[0].sums.crc64nvme, made.small[1].sums.crc64nvme);
        let read = Manifest::read(&Manifest::path(folder.path())).unwrap();
        assert_eq!(read.large.sums.crc64ecma, made.large.sums.crc64ecma);
    }
}
