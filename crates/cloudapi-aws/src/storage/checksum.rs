//! CRC-64/NVME, which S3 keeps of every whole object.

use aws_smithy_types::base64;
use cloudapi_core::storage::{Algorithm, Hasher};
use crc_fast::{CrcAlgorithm, Digest};

/// The checksum of S3, spelt in base64.
pub(super) const CRC64: Algorithm = Algorithm::new(
    "CRC64NVME",
    0x9A6C_9329_AC4B_C9B5,
    || Box::new(Crc64(Digest::new(CrcAlgorithm::Crc64Nvme))),
    encode,
);

/// Spells a sum as S3 does.
pub(super) fn encode(sum: u64) -> String {
    base64::encode(sum.to_be_bytes())
}

/// Reads a sum; nothing from one of another kind, such as a sum of the parts' sums.
pub(super) fn decode(text: Option<&str>) -> Option<u64> {
    let bytes = base64::decode(text?).ok()?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

struct Crc64(Digest);

impl Hasher for Crc64 {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn sum(&self) -> u64 {
        self.0.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogued_value_and_its_spelling() {
        let sum = CRC64.sum_of(b"123456789");
        assert_eq!(sum, 0xAE8B_1486_0A79_9888);
        assert_eq!(encode(sum), "rosUhgp5mIg=");
        assert_eq!(decode(Some("rosUhgp5mIg=")), Some(sum));
        assert_eq!(CRC64.sum_of(b""), 0);
        for other in ["", "AAAA", "rosUhgp5mIg=-3", "?"] {
            assert_eq!(decode(Some(other)), None, "{other}");
        }
        assert_eq!(decode(None), None);
    }

    #[test]
    fn pieces_combine_to_the_whole() {
        let long: Vec<u8> = (0..100_003_u32).map(|n| n.to_le_bytes()[1]).collect();
        for at in [0, 1, 127, 128, 50_000, long.len()] {
            let (first, second) = long.split_at(at);
            let (a, b) = (CRC64.sum_of(first), CRC64.sum_of(second));
            let combined = CRC64.combine(a, b, second.len() as u64);
            assert_eq!(combined, CRC64.sum_of(&long), "{at}");
        }
    }
}
