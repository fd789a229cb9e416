//! How a file is cut into parts: arithmetic only.

use crate::{Error, Result};

/// What a cloud allows, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The smallest part but the last.
    pub min_part: u64,
    /// The largest part.
    pub max_part: u64,
    /// How many parts at most.
    pub max_parts: u32,
    /// The largest object in one request.
    pub max_single: u64,
    /// The largest object.
    pub max_object: u64,
}

impl Limits {
    /// Sets the limits.
    pub const fn new(
        min_part: u64,
        max_part: u64,
        max_parts: u32,
        max_single: u64,
        max_object: u64,
    ) -> Self {
        Self {
            min_part,
            max_part,
            max_parts,
            max_single,
            max_object,
        }
    }
}

/// How content of known size is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// In one request.
    Single,
    /// In parts of this size, the last one maybe smaller.
    Parts {
        /// Bytes of each part but the last.
        size: u64,
        /// How many.
        count: u32,
    },
}

const MIB: u64 = 1 << 20;

impl Plan {
    /// Plans content of known size. The part size grows, in whole MiB, until the parts suffice.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for content larger than the cloud takes and for a part size outside its limits.
    pub fn new(size: u64, threshold: u64, part_size: u64, limits: &Limits) -> Result<Self> {
        check_part_size(part_size, limits)?;
        if size > limits.max_object {
            return Err(Error::invalid_argument(format!(
                "the content is {size} bytes; the cloud takes objects of at most {}",
                limits.max_object
            )));
        }
        if size <= threshold.min(limits.max_single) {
            return Ok(Self::Single);
        }
        let needed = size.div_ceil(u64::from(limits.max_parts));
        let size_of_part = if needed > part_size {
            needed.next_multiple_of(MIB).min(limits.max_part)
        } else {
            part_size
        };
        let count = u32::try_from(size.div_ceil(size_of_part)).unwrap_or(u32::MAX);
        Ok(Self::Parts {
            size: size_of_part,
            count,
        })
    }
}

/// Checks a wished part size.
pub(super) fn check_part_size(part_size: u64, limits: &Limits) -> Result<()> {
    if (limits.min_part..=limits.max_part).contains(&part_size) {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "PartSize is {part_size}; the cloud takes parts of {} to {} bytes",
        limits.min_part, limits.max_part
    )))
}

/// The size of part `number` (from 1) of content whose size is not known: it doubles so often that the largest object
/// fits into the number of parts.
pub fn part_size_of_stream(number: u32, part_size: u64, limits: &Limits) -> u64 {
    let doublings = number.saturating_sub(1) / (limits.max_parts / 10).max(1);
    part_size
        .checked_shl(doublings)
        .filter(|grown| grown >> doublings == part_size)
        .unwrap_or(u64::MAX)
        .min(limits.max_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;
    const S3: Limits = Limits::new(5 * MIB, 5 * GIB, 10_000, 5 * GIB, 5 << 40);
    const COS: Limits = Limits::new(MIB, 5 * GIB, 10_000, 5 * GIB, 10_000 * 5 * GIB);

    #[test]
    fn small_content_is_one_request_and_large_content_fits() {
        let plan = |size| Plan::new(size, 16 * MIB, 8 * MIB, &S3).unwrap();
        assert_eq!(plan(0), Plan::Single);
        assert_eq!(plan(16 * MIB), Plan::Single);
        assert_eq!(
            plan(16 * MIB + 1),
            Plan::Parts {
                size: 8 * MIB,
                count: 3
            }
        );
        assert_eq!(
            plan(5 << 40),
            Plan::Parts {
                size: 525 * MIB,
                count: 9987
            }
        );
        assert!(Plan::new((5 << 40) + 1, MIB, 8 * MIB, &S3).is_err());
        assert!(Plan::new(1, 1, MIB, &S3).is_err());
        assert!(Plan::new(1, 1, MIB, &COS).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn parts_cover_the_content_within_the_limits(size in 0..=COS.max_object, part in MIB..=64 * MIB, threshold in 0..=64 * MIB) {
            match Plan::new(size, threshold, part, &COS).unwrap() {
                Plan::Single => proptest::prop_assert!(size <= threshold),
                Plan::Parts { size: part, count } => {
                    proptest::prop_assert!(count <= COS.max_parts);
                    proptest::prop_assert!((COS.min_part..=COS.max_part).contains(&part));
                    proptest::prop_assert!(part * u64::from(count) >= size && part * u64::from(count - 1) < size);
                }
            }
        }
    }

    #[test]
    fn a_stream_reaches_the_largest_object() {
        for limits in [S3, COS] {
            let total: u64 = (1..=limits.max_parts)
                .map(|number| part_size_of_stream(number, 8 * MIB, &limits))
                .sum();
            assert!(total >= 5 << 40, "{total}");
        }
        assert_eq!(part_size_of_stream(1000, 8 * MIB, &S3), 8 * MIB);
        assert_eq!(part_size_of_stream(1001, 8 * MIB, &S3), 16 * MIB);
        assert_eq!(part_size_of_stream(10_000, 5 * GIB, &S3), 5 * GIB);
    }
}
