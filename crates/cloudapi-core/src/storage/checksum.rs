//! CRC-64 over parts that are sent side by side.
//!
//! Both clouds keep a CRC-64 of the whole object, of two different polynomials. Parts are hashed one by one, and their
//! sums combined: the sum of two pieces is the first one's, moved along by the length of the second, plus the second's.

use std::fmt;

/// A running CRC-64; a provider brings the implementation that its tree has anyway.
pub trait Hasher: Send + Sync {
    /// Takes in more bytes.
    fn update(&mut self, bytes: &[u8]);

    /// Gives the sum so far.
    fn sum(&self) -> u64;
}

/// Which CRC-64 a cloud keeps: bit-reversed, with an initial value and a final inversion of all ones.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Algorithm {
    /// The name in answers.
    pub name: &'static str,
    /// The polynomial, bit-reversed.
    pub polynomial: u64,
    /// Starts a sum.
    pub hasher: fn() -> Box<dyn Hasher>,
    /// Spells a sum as the cloud does.
    pub encode: fn(u64) -> String,
}

impl Algorithm {
    /// Describes an algorithm.
    pub const fn new(
        name: &'static str,
        polynomial: u64,
        hasher: fn() -> Box<dyn Hasher>,
        encode: fn(u64) -> String,
    ) -> Self {
        Self {
            name,
            polynomial,
            hasher,
            encode,
        }
    }

    /// Sums up bytes at hand.
    pub fn sum_of(&self, bytes: &[u8]) -> u64 {
        let mut hasher = (self.hasher)();
        hasher.update(bytes);
        hasher.sum()
    }

    /// Gives the sum of `first` followed by `second`, which is `length` bytes long.
    pub fn combine(&self, first: u64, second: u64, length: u64) -> u64 {
        combine(self.polynomial, first, second, length)
    }
}

impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Gives the CRC-64 of two pieces from those of each, for a bit-reversed polynomial.
pub fn combine(polynomial: u64, first: u64, second: u64, second_length: u64) -> u64 {
    multiply(polynomial, power_of_x(polynomial, second_length), first) ^ second
}

/// The top bit is the coefficient of x⁰: the order of bits is reversed.
const ONE: u64 = 1 << 63;

/// Multiplies two polynomials modulo the polynomial of the code.
fn multiply(polynomial: u64, mut a: u64, mut b: u64) -> u64 {
    let mut product = 0;
    while a != 0 {
        if a & ONE != 0 {
            product ^= b;
        }
        a <<= 1;
        b = if b & 1 == 0 {
            b >> 1
        } else {
            (b >> 1) ^ polynomial
        };
    }
    product
}

/// Gives x to the power of 8·`bytes`: what moving along by so many bytes multiplies by.
fn power_of_x(polynomial: u64, mut bytes: u64) -> u64 {
    let mut power = ONE;
    let mut square = ONE >> 8;
    while bytes != 0 {
        if bytes & 1 == 1 {
            power = multiply(polynomial, square, power);
        }
        square = multiply(polynomial, square, square);
        bytes >>= 1;
    }
    power
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// CRC-64/XZ bit by bit, to judge by.
    struct BitByBit(u64, u64);

    impl Hasher for BitByBit {
        fn update(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.1 ^= u64::from(*byte);
                for _ in 0..8 {
                    self.1 = if self.1 & 1 == 0 {
                        self.1 >> 1
                    } else {
                        (self.1 >> 1) ^ self.0
                    };
                }
            }
        }

        fn sum(&self) -> u64 {
            !self.1
        }
    }

    const ECMA: u64 = 0xC96C_5795_D787_0F42;
    const NVME: u64 = 0x9A6C_9329_AC4B_C9B5;

    pub(in crate::storage) const SLOW: Algorithm = Algorithm::new(
        "CRC64ECMA",
        ECMA,
        || Box::new(BitByBit(ECMA, u64::MAX)),
        |sum| sum.to_string(),
    );

    #[test]
    fn the_catalogued_check_values() {
        assert_eq!(SLOW.sum_of(b"123456789"), 11_051_210_869_376_104_954);
        assert_eq!(SLOW.sum_of(b"hello cos"), 13_242_225_731_321_912_570);
        assert_eq!(SLOW.sum_of(b""), 0);
        let mut nvme = BitByBit(NVME, u64::MAX);
        nvme.update(b"123456789");
        assert_eq!(nvme.sum(), 0xAE8B_1486_0A79_9888);
    }

    proptest::proptest! {
        #[test]
        fn sums_of_pieces_combine_to_the_sum_of_the_whole(first: Vec<u8>, second: Vec<u8>, nvme: bool) {
            let polynomial = if nvme { NVME } else { ECMA };
            let sum = |bytes: &[u8]| {
                let mut hasher = BitByBit(polynomial, u64::MAX);
                hasher.update(bytes);
                hasher.sum()
            };
            let whole: Vec<u8> = first.iter().chain(&second).copied().collect();
            proptest::prop_assert_eq!(combine(polynomial, sum(&first), sum(&second), second.len() as u64), sum(&whole));
        }
    }
}
