//! Points in time as RFC 3339 text (`2026-01-31T08:00:00Z`), for models and providers.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Writes a time in UTC, whole seconds where it has no fraction; nothing for a time outside the years 0 to 9999.
pub fn format(time: SystemTime) -> Option<String> {
    OffsetDateTime::from(time).format(&Rfc3339).ok()
}

/// Reads RFC 3339 text; nothing if it is not that.
pub fn parse(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .map(SystemTime::from)
}

/// For `#[serde(with = "…")]` on `Option<SystemTime>`.
pub(crate) mod option {
    use std::borrow::Cow;
    use std::time::SystemTime;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.and_then(super::format).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
        text.map(|text| {
            super::parse(&text).ok_or_else(|| serde::de::Error::custom("a time is RFC 3339 text"))
        })
        .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let text = "2020-03-10T02:43:51Z";
        assert_eq!(parse(text).and_then(format).as_deref(), Some(text));
        assert_eq!(parse("2020-03-10T02:43:51+00:00"), parse(text));
        assert_eq!(parse("yesterday"), None);
    }
}
