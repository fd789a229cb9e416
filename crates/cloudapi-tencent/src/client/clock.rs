//! The cloud's clock, told from what it answers.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// This machine's clock, corrected by how far it was found off.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// Seconds that the cloud is ahead of this machine.
    offset: AtomicI64,
}

impl Clock {
    /// The time to sign with, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        local() + self.offset.load(Ordering::Relaxed)
    }

    /// Goes by the cloud's time from now on.
    pub(crate) fn correct(&self, cloud: i64) {
        let offset = cloud - local();
        tracing::debug!(offset, "clock corrected to the cloud's");
        self.offset.store(offset, Ordering::Relaxed);
    }
}

fn local() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Reads an HTTP date, `Tue, 14 Nov 2023 22:13:20 GMT`.
pub(crate) fn http_date(text: &str) -> Option<i64> {
    let date = text.trim().strip_suffix("GMT")?;
    let parsed = OffsetDateTime::parse(&format!("{date}+0000"), &Rfc2822).ok()?;
    Some(parsed.unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_http_dates() {
        assert_eq!(
            http_date("Tue, 14 Nov 2023 22:13:20 GMT"),
            Some(1_700_000_000)
        );
        assert_eq!(http_date("2023-11-14T22:13:20Z"), None);
        assert_eq!(http_date("Tue, 14 Nov GMT"), None);
    }

    #[test]
    fn a_correction_holds() {
        let clock = Clock::default();
        clock.correct(1_700_000_000);
        assert!((1_700_000_000..1_700_000_005).contains(&clock.now()));
    }
}
