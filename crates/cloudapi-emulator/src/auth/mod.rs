//! Signatures, checked with code of the emulator's own: a mistake in a client is not repeated here.

pub(crate) mod chunk;
pub(crate) mod qsign;
pub(crate) mod sigv4;
pub(crate) mod tc3;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Why a request's signature is refused. Each cloud and service has its own words for these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no signature.
    Missing,
    /// It can't be read, or lacks something.
    Incomplete(String),
    /// Nobody has this key.
    UnknownKey(String),
    /// It is not what the secret gives.
    Signature,
    /// Its time is too far from the server's: the text says how.
    Clock(String),
    /// The key's token is absent or wrong.
    Token,
    /// The key's time is over.
    Expired,
    /// The body is not the one that was signed.
    Payload,
}

/// Who signed, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) key_id: String,
}

pub(crate) fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

pub(crate) fn sha256_hex(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
            text
        })
}

/// Reads `name=value` out of the comma-separated part of an `Authorization` header.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value.trim()))
}
