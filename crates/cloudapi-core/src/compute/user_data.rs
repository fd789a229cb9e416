//! What a server runs at its first start.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// The data that an instance gets at its first start: a script, cloud-init configuration.
///
/// Raw bytes, not base64: the encoding that both clouds want is done once, when it is sent. Not shown in `Debug`, since
/// scripts hold passwords. In JSON it is text, or `{"Base64": "…"}` for bytes that are no text.
#[derive(Clone, PartialEq, Eq)]
pub struct UserData(Vec<u8>);

impl UserData {
    /// The most that both clouds take, in bytes before encoding.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Takes the bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Gives the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Encodes as both clouds want it.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// Checks the size.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` above [`UserData::MAX_BYTES`].
    pub fn check(&self) -> Result<()> {
        if self.0.len() > Self::MAX_BYTES {
            return Err(Error::invalid_argument(format!(
                "UserData is {} bytes, and both clouds take at most {} (before base64); fetch the rest from the script",
                self.0.len(),
                Self::MAX_BYTES
            )));
        }
        Ok(())
    }
}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserData({} bytes)", self.0.len())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Encoded {
    base64: String,
}

impl Serialize for UserData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => Encoded {
                base64: self.to_base64(),
            }
            .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for UserData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Encoded(Encoded),
        }
        // Our own messages: those of untagged enums and of base64 would quote the data.
        let form = Form::deserialize(deserializer)
            .map_err(|_| serde::de::Error::custom(r#"UserData is text or {"Base64": "…"}"#))?;
        match form {
            Form::Text(text) => Ok(Self(text.into_bytes())),
            Form::Encoded(encoded) => STANDARD
                .decode(encoded.base64)
                .map(Self)
                .map_err(|_| serde::de::Error::custom("UserData's Base64 is not base64")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip_and_debug_shows_neither() {
        let text = UserData::new("#!/bin/sh\necho 密码");
        assert_eq!(
            serde_json::from_str::<UserData>(&serde_json::to_string(&text).unwrap()).unwrap(),
            text
        );
        let bytes = UserData::new([0xff, 0x00]);
        assert_eq!(
            serde_json::to_string(&bytes).unwrap(),
            r#"{"Base64":"/wA="}"#
        );
        assert_eq!(
            serde_json::from_str::<UserData>(r#"{"Base64":"/wA="}"#).unwrap(),
            bytes
        );
        assert_eq!(format!("{bytes:?}"), "UserData(2 bytes)");
        let error = serde_json::from_str::<UserData>(r#"{"Base64":"hunter2!"}"#).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn sixteen_kilobytes_are_the_most() {
        assert!(UserData::new(vec![0; UserData::MAX_BYTES]).check().is_ok());
        assert!(
            UserData::new(vec![0; UserData::MAX_BYTES + 1])
                .check()
                .unwrap_err()
                .message()
                .contains("16385 bytes")
        );
    }
}
