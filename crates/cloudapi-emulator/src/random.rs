//! Identifiers from a seed, so that a test sees the same ones each time.

/// SplitMix64: small, seedable, and good enough for names.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `prefix` and 17 hexadecimal digits, as AWS names things.
    pub(crate) fn aws_id(&mut self, prefix: &str) -> String {
        format!("{prefix}0{:016x}", self.next())
    }

    /// `prefix` and eight of `[0-9a-z]`, as Tencent Cloud names things.
    pub(crate) fn tencent_id(&mut self, prefix: &str) -> String {
        const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut rest = self.next();
        let mut id = String::from(prefix);
        for _ in 0..8 {
            let at = usize::try_from(rest % 36).unwrap_or_default();
            id.push(char::from(ALPHABET[at]));
            rest /= 36;
        }
        id
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let fourth = 0x8000 | (low >> 48 & 0x3fff);
        format!(
            "{:08x}-{:04x}-4{:03x}-{fourth:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_names_in_the_vendors_shapes() {
        let (mut one, mut two) = (Random::new(7), Random::new(7));
        let ids = [one.aws_id("i-"), one.tencent_id("ins-"), one.uuid()];
        assert_eq!(ids, [two.aws_id("i-"), two.tencent_id("ins-"), two.uuid()]);
        assert_eq!(ids[0].len(), "i-".len() + 17);
        assert_eq!(ids[1].len(), "ins-".len() + 8);
        assert_eq!(ids[2].len(), 36);
    }
}
