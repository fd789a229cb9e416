//! The server's idea of now, and how the two clouds write it.

use std::sync::atomic::{AtomicI64, Ordering};

use time::{Duration, OffsetDateTime, UtcOffset};

/// A hundred years either way, which leaves room to add to any time.
const MOST_OFFSET: i64 = 100 * 365 * 24 * 3600;

/// The real clock plus an offset that tests set.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_seconds: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        let offset = Duration::seconds(self.offset_seconds.load(Ordering::Relaxed));
        now.checked_add(offset).unwrap_or(now)
    }

    pub(crate) fn set_offset(&self, seconds: i64) {
        let seconds = seconds.clamp(-MOST_OFFSET, MOST_OFFSET);
        self.offset_seconds.store(seconds, Ordering::Relaxed);
    }
}

/// `2023-11-14T22:13:20Z`, as CVM writes a time.
pub(crate) fn iso(at: OffsetDateTime) -> String {
    let (hour, minute, second) = at.to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", date(at))
}

/// `2023-11-14T22:13:20.000Z`, as EC2 writes a time.
pub(crate) fn iso_millis(at: OffsetDateTime) -> String {
    let (hour, minute, second) = at.to_hms();
    format!(
        "{}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        date(at),
        at.millisecond()
    )
}

/// `2023-11-15 06:13:20` in Beijing, as VPC and CLB write a time.
pub(crate) fn beijing(at: OffsetDateTime) -> String {
    let there = UtcOffset::from_hms(8, 0, 0).map_or(at, |offset| at.to_offset(offset));
    let (hour, minute, second) = there.to_hms();
    format!("{} {hour:02}:{minute:02}:{second:02}", date(there))
}

/// `2023-11-14`.
pub(crate) fn date(at: OffsetDateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        at.year(),
        u8::from(at.month()),
        at.day()
    )
}

/// `20231114T221320Z`, as signatures of AWS write a time.
pub(crate) fn compact(at: OffsetDateTime) -> String {
    iso(at).replace(['-', ':'], "")
}

/// `Tue, 14 Nov 2023 22:13:20 GMT`, the `Date` header.
pub(crate) fn http_date(at: OffsetDateTime) -> String {
    let (hour, minute, second) = at.to_hms();
    let weekday = &at.weekday().to_string()[..3];
    let month = &at.month().to_string()[..3];
    format!(
        "{weekday}, {:02} {month} {:04} {hour:02}:{minute:02}:{second:02} GMT",
        at.day(),
        at.year()
    )
}

/// Reads [`compact`] back.
pub(crate) fn parse_compact(text: &str) -> Option<OffsetDateTime> {
    let digits = |range: std::ops::Range<usize>| -> Option<u8> { text.get(range)?.parse().ok() };
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..16) != Some("Z") {
        return None;
    }
    let year: i32 = text.get(0..4)?.parse().ok()?;
    let month = time::Month::try_from(digits(4..6)?).ok()?;
    let day = time::Date::from_calendar_date(year, month, digits(6..8)?).ok()?;
    Some(
        day.with_hms(digits(9..11)?, digits(11..13)?, digits(13..15)?)
            .ok()?
            .assume_utc(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_each_service_does() {
        let at = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        assert_eq!(iso(at), "2023-11-14T22:13:20Z");
        assert_eq!(iso_millis(at), "2023-11-14T22:13:20.000Z");
        assert_eq!(beijing(at), "2023-11-15 06:13:20");
        assert_eq!(http_date(at), "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(parse_compact(&compact(at)), Some(at));
        assert_eq!(parse_compact("20231399T221320Z"), None);
    }

    #[test]
    fn the_offset_moves_the_clock() {
        let clock = Clock::default();
        clock.set_offset(3600);
        let ahead = clock.now() - OffsetDateTime::now_utc();
        assert!(
            ahead > Duration::minutes(59) && ahead <= Duration::minutes(60),
            "{ahead}"
        );
        clock.set_offset(i64::MAX);
        assert!(clock.now() - OffsetDateTime::now_utc() <= Duration::seconds(MOST_OFFSET));
    }
}
