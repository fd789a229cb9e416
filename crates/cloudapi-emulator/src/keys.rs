//! The keys that the emulator accepts.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// One of the two clouds that the emulator speaks for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Tencent Cloud.
    Tencent,
}

/// An API key: what a client has to sign with. The secret and the token do not show in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The access key id (AWS) or SecretId (Tencent Cloud).
    pub id: String,
    /// The secret access key (AWS) or SecretKey (Tencent Cloud).
    pub secret: String,
    /// The token that a temporary key must send along; a lasting key has none.
    pub session_token: Option<String>,
}

impl Key {
    /// A lasting key, without a session token.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            session_token: None,
        }
    }

    /// Makes it a temporary key, which is refused without this token.
    #[must_use]
    pub fn with_session_token(mut self, token: impl Into<String>) -> Self {
        self.session_token = Some(token.into());
        self
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Key")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A key and whether its time is over.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) key: Key,
    over: AtomicBool,
}

impl Known {
    pub(crate) fn new(key: Key, over: bool) -> Self {
        Self {
            key,
            over: AtomicBool::new(over),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Ends the key's time.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

impl Clone for Known {
    fn clone(&self) -> Self {
        Self::new(self.key.clone(), self.is_over())
    }
}

/// The keys of one cloud: the lasting one, a temporary one, and one whose time is over.
#[derive(Debug, Clone)]
pub(crate) struct KeyRing {
    pub(crate) lasting: Known,
    pub(crate) temporary: Known,
    pub(crate) expired: Known,
}

impl KeyRing {
    /// The ring of a cloud, with the vendor's documented example key as the lasting one.
    pub(crate) fn of(cloud: Cloud) -> Self {
        let (lasting, temporary, expired) = match cloud {
            Cloud::Aws => (
                Key::new(
                    "AKIAIOSFODNN7EXAMPLE",
                    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                ),
                Key::new(
                    "ASIAIOSFODNN7EXAMPLE",
                    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYTEMPORARYK",
                ),
                Key::new(
                    "ASIAI44QH8DHBEXAMPLE",
                    "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
                ),
            ),
            Cloud::Tencent => (
                Key::new(
                    "AKIDEXAMPLE0123456789abcdefghijklmn",
                    "SecretKeyEXAMPLE0123456789abcdef",
                ),
                Key::new(
                    "AKIDTEMPORARY23456789abcdefghijklmn",
                    "SecretKeyTEMPORARY23456789abcdef",
                ),
                Key::new(
                    "AKIDEXPIRED0123456789abcdefghijklmn",
                    "SecretKeyEXPIRED0123456789abcdef",
                ),
            ),
        };
        Self {
            lasting: Known::new(lasting, false),
            temporary: Known::new(temporary.with_session_token("TOKENEXAMPLE"), false),
            expired: Known::new(expired.with_session_token("EXPIREDTOKENEXAMPLE"), true),
        }
    }

    /// The key with this id.
    pub(crate) fn find(&self, id: &str) -> Option<&Known> {
        [&self.lasting, &self.temporary, &self.expired]
            .into_iter()
            .find(|known| known.key.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_id_alone() {
        let shown = format!("{:?}", KeyRing::of(Cloud::Aws).temporary);
        assert!(shown.contains("ASIAIOSFODNN7EXAMPLE"), "{shown}");
        assert!(
            !shown.contains("wJalr") && !shown.contains("TOKENEXAMPLE"),
            "{shown}"
        );
    }
}
