//! Tokens for the next page: where it begins, and for which question they are good.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::auth::sha256_hex;

/// A token for the page that begins at `next`.
pub(crate) fn token(next: u64, question: &Value) -> String {
    URL_SAFE_NO_PAD.encode(format!("{next}.{}", fingerprint(question)))
}

/// Where the page of a token begins; `None` when it is no token, or one for another question.
pub(crate) fn read_token(token: &str, question: &Value) -> Option<u64> {
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (next, of) = plain.split_once('.')?;
    (of == fingerprint(question))
        .then(|| next.parse().ok())
        .flatten()
}

fn fingerprint(question: &Value) -> String {
    sha256_hex(question.to_string().as_bytes())[..16].to_owned()
}
