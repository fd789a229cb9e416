//! CRC-64/XZ, which COS keeps of every object and part.

use cloudapi_core::storage::{Algorithm, Hasher};

/// The checksum of COS: ECMA-182's polynomial, spelt as a decimal number.
pub(super) const CRC64: Algorithm = Algorithm::new(
    "CRC64ECMA",
    0xC96C_5795_D787_0F42,
    || Box::new(Crc64(crc64fast::Digest::new())),
    |sum| sum.to_string(),
);

struct Crc64(crc64fast::Digest);

impl Hasher for Crc64 {
    fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn sum(&self) -> u64 {
        self.0.sum64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // As the vendor documents them for x-cos-hash-crc64ecma.
    #[test]
    fn the_vendors_values() {
        for (content, expected) in [
            ("123456789", 11_051_210_869_376_104_954),
            ("hello cos", 13_242_225_731_321_912_570),
            ("", 0),
        ] {
            assert_eq!(CRC64.sum_of(content.as_bytes()), expected, "{content}");
        }
        let long: Vec<u8> = (0..100_003_u32).map(|n| n.to_le_bytes()[1]).collect();
        for at in [0, 1, 127, 128, 50_000, long.len()] {
            let (first, second) = long.split_at(at);
            let combined = CRC64.combine(
                CRC64.sum_of(first),
                CRC64.sum_of(second),
                second.len() as u64,
            );
            assert_eq!(combined, CRC64.sum_of(&long), "{at}");
        }
    }
}
