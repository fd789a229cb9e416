//! Checksums: those that the clouds keep, and those that clients send to be compared.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::auth;

/// A way to compute a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    /// COS's own.
    Crc64Ecma,
    Md5,
    Sha1,
    Sha256,
}

/// Those that S3 takes in headers of their own, with the names that they have there.
pub(crate) const OF_S3: [Algorithm; 5] = [
    Algorithm::Crc32,
    Algorithm::Crc32c,
    Algorithm::Crc64Nvme,
    Algorithm::Sha1,
    Algorithm::Sha256,
];

impl Algorithm {
    /// `CRC64NVME`, as S3 writes it in values and element names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Crc64Ecma => "CRC64ECMA",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header of S3's that carries it.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Crc64Ecma => "x-cos-hash-crc64ecma",
            Self::Md5 => "content-md5",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// That of S3's with this name, in any case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        OF_S3
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The length of a value in bytes.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme | Self::Crc64Ecma => 8,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The value of the whole can be had from those of the parts.
    pub(crate) fn combines(self) -> bool {
        self.crc().is_some()
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Crc64Ecma => Some(CrcAlgorithm::Crc64Xz),
            Self::Md5 | Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// The value for these bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish(self)
    }

    /// The value of the whole from the values and sizes of its parts; `None` where that can't be had.
    pub(crate) fn combine<'a>(
        self,
        parts: impl IntoIterator<Item = (&'a [u8], u64)>,
    ) -> Option<Vec<u8>> {
        let crc = self.crc()?;
        let whole = parts.into_iter().fold(None, |whole, (value, size)| {
            let value = number(value);
            Some(whole.map_or(value, |whole| {
                crc_fast::checksum_combine(crc, whole, value, size)
            }))
        });
        Some(self.bytes(whole.unwrap_or_else(|| crc_fast::checksum(crc, b""))))
    }

    /// The last bytes of a number, as many as a value has.
    fn bytes(self, number: u64) -> Vec<u8> {
        number.to_be_bytes()[8 - self.len().min(8)..].to_vec()
    }
}

/// A value of at most eight bytes as a number.
pub(crate) fn number(value: &[u8]) -> u64 {
    value
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A value in Base64, as S3 and `Content-MD5` have it.
pub(crate) fn base64(value: &[u8]) -> String {
    STANDARD.encode(value)
}

/// Reads [`base64`]; `None` unless it is a value of this algorithm's.
pub(crate) fn parse_base64(algorithm: Algorithm, text: &str) -> Option<Vec<u8>> {
    let value = STANDARD.decode(text.trim()).ok()?;
    (value.len() == algorithm.len()).then_some(value)
}

/// The values of some bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Digests(Vec<(Algorithm, Vec<u8>)>);

impl Digests {
    pub(crate) fn get(&self, algorithm: Algorithm) -> Option<&[u8]> {
        let found = self.0.iter().find(|(found, _)| *found == algorithm);
        found.map(|(_, value)| value.as_slice())
    }

    /// The MD5 in hexadecimal, which is what an ETag is.
    pub(crate) fn e_tag(&self) -> String {
        auth::hex(self.get(Algorithm::Md5).unwrap_or_default())
    }
}

/// Computes several at once.
#[derive(Debug)]
pub(crate) struct Hashers(Vec<(Algorithm, Hasher)>);

impl Hashers {
    /// Each algorithm counts once.
    pub(crate) fn new(algorithms: &[Algorithm]) -> Self {
        let mut hashers: Vec<(Algorithm, Hasher)> = Vec::new();
        for algorithm in algorithms {
            if hashers.iter().all(|(found, _)| found != algorithm) {
                hashers.push((*algorithm, Hasher::new(*algorithm)));
            }
        }
        Self(hashers)
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for (_, hasher) in &mut self.0 {
            hasher.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        let values = self.0.into_iter();
        Digests(
            values
                .map(|(algorithm, hasher)| (algorithm, hasher.finish(algorithm)))
                .collect(),
        )
    }
}

#[derive(Debug)]
enum Hasher {
    Crc(Box<crc_fast::Digest>),
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        match (algorithm, algorithm.crc()) {
            (_, Some(crc)) => Self::Crc(Box::new(crc_fast::Digest::new(crc))),
            (Algorithm::Sha1, None) => Self::Sha1(Sha1::new()),
            (Algorithm::Sha256, None) => Self::Sha256(Sha256::new()),
            (_, None) => Self::Md5(Md5::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(hasher) => hasher.update(bytes),
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self, algorithm: Algorithm) -> Vec<u8> {
        match self {
            Self::Crc(hasher) => algorithm.bytes(hasher.finalize()),
            Self::Md5(hasher) => hasher.finalize().to_vec(),
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Algorithm; 7] = [
        Algorithm::Crc32,
        Algorithm::Crc32c,
        Algorithm::Crc64Nvme,
        Algorithm::Crc64Ecma,
        Algorithm::Md5,
        Algorithm::Sha1,
        Algorithm::Sha256,
    ];

    /// The check values of the CRC catalogue, and those of the hashes for the same text.
    #[test]
    fn values_are_the_published_ones() {
        let known = [
            "cbf43926",
            "e3069283",
            "ae8b14860a799888",
            "995dc9bbdf1939fa",
            "25f9e794323b453885f5181f1b624d0b",
            "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
            "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
        ];
        for (algorithm, known) in ALL.into_iter().zip(known) {
            let value = algorithm.of(b"123456789");
            assert_eq!(auth::hex(&value), known, "{algorithm:?}");
            assert_eq!(value.len(), algorithm.len());
        }
        let ecma = |text: &[u8]| number(&Algorithm::Crc64Ecma.of(text));
        assert_eq!(ecma(b"123456789"), 11_051_210_869_376_104_954);
        assert_eq!(ecma(b"hello cos"), 13_242_225_731_321_912_570);
        assert_eq!(ecma(b""), 0);
    }

    #[test]
    fn parts_combine_to_the_whole() {
        let whole = b"123456789";
        for algorithm in ALL {
            let parts = [&whole[..4], &whole[4..4], &whole[4..]]
                .map(|part| (algorithm.of(part), part.len() as u64));
            let combined =
                algorithm.combine(parts.iter().map(|(value, size)| (value.as_slice(), *size)));
            let expected = algorithm.combines().then(|| algorithm.of(whole));
            assert_eq!(combined, expected, "{algorithm:?}");
        }
        assert_eq!(Algorithm::Crc32.combine([]), Some(vec![0; 4]));
    }

    #[test]
    fn several_are_computed_at_once() {
        let mut hashers = Hashers::new(&[Algorithm::Md5, Algorithm::Crc32, Algorithm::Md5]);
        hashers.update(b"12345");
        hashers.update(b"6789");
        let digests = hashers.finish();
        assert_eq!(digests.e_tag(), "25f9e794323b453885f5181f1b624d0b");
        assert_eq!(
            digests.get(Algorithm::Crc32).map(base64).as_deref(),
            Some("y/Q5Jg==")
        );
        assert_eq!(digests.get(Algorithm::Sha1), None);
        assert_eq!(
            parse_base64(Algorithm::Crc32, "y/Q5Jg=="),
            Some(vec![0xcb, 0xf4, 0x39, 0x26])
        );
        assert_eq!(parse_base64(Algorithm::Crc64Nvme, "y/Q5Jg=="), None);
        assert_eq!(parse_base64(Algorithm::Crc32, "y/Q5"), None);
    }
}
