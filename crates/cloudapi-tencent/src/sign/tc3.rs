//! TC3-HMAC-SHA256, the signature of API 3.0.
//!
//! Exactly `content-type` and `host` are signed, as the vendor's SDKs do, and the path is always `/`, also where an
//! endpoint override has another one. The token of a temporary key is a header of its own and not signed.

use aws_lc_rs::{digest, hmac};
use cloudapi_core::{Credentials, Error, Result};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::hex;

const ALGORITHM: &str = "TC3-HMAC-SHA256";
const SIGNED_HEADERS: &str = "content-type;host";
const TIMESTAMP: HeaderName = HeaderName::from_static("x-tc-timestamp");
const TOKEN: HeaderName = HeaderName::from_static("x-tc-token");

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// The service's name, such as `cvm`; of the scope, whatever the host is.
    pub(crate) service: &'a str,
    /// The Host header as it is sent, with the port unless it is the default one.
    pub(crate) host: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a [u8],
}

/// Signs a POST at a time (seconds since 1970, UTC) and gives the headers that go with it: those that are signed, the
/// time, the signature and the token. The latter two are marked sensitive, so that nothing prints them.
///
/// # Errors
///
/// `Config` for a key id or token that fits into no header, `InvalidArgument` for such a host or an impossible time.
pub(crate) fn sign(
    request: &Request<'_>,
    credentials: &Credentials,
    timestamp: i64,
) -> Result<HeaderMap> {
    let date = utc_date(timestamp)?;
    let scope = format!("{date}/{}/tc3_request", request.service);
    let text = string_to_sign(timestamp, &scope, &canonical_request(request));
    let [.., key] = signing_keys(credentials.secret().expose(), &date, request.service);
    let signature = hex(mac(key.as_ref(), &text).as_ref());
    let key_id = credentials.key_id();
    let authorization = format!(
        "{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}"
    );

    let plain = |what: &str, value: &str| {
        HeaderValue::from_str(value)
            .map_err(|_| Error::invalid_argument(format!("the {what} fits into no HTTP header")))
    };
    let secret = |what: &str, value: &str| {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Error::config(format!(
                "the {what} of the credentials fits into no HTTP header"
            ))
        })?;
        value.set_sensitive(true);
        Ok::<_, Error>(value)
    };
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, plain("content type", request.content_type)?);
    headers.insert(HOST, plain("host", request.host)?);
    headers.insert(TIMESTAMP, HeaderValue::from(timestamp));
    headers.insert(AUTHORIZATION, secret("key id", &authorization)?);
    if let Some(token) = credentials.session_token() {
        headers.insert(TOKEN, secret("session token", token.expose())?);
    }
    Ok(headers)
}

/// Gives the headers of a request that nobody signs.
///
/// # Errors
///
/// `InvalidArgument` for a host that fits into no header.
pub(crate) fn skip(request: &Request<'_>, timestamp: i64) -> Result<HeaderMap> {
    let plain = |value: &str| {
        HeaderValue::from_str(value)
            .map_err(|_| Error::invalid_argument("the host fits into no HTTP header"))
    };
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_TYPE, plain(request.content_type)?);
    headers.insert(HOST, plain(request.host)?);
    headers.insert(TIMESTAMP, HeaderValue::from(timestamp));
    headers.insert(AUTHORIZATION, HeaderValue::from_static("SKIP"));
    Ok(headers)
}

/// The UTC date of a time, `2023-11-14`.
fn utc_date(timestamp: i64) -> Result<String> {
    let date = OffsetDateTime::from_unix_timestamp(timestamp)
        .map_err(|_| Error::invalid_argument("the time is outside the years 0 to 9999"))?
        .date();
    Ok(format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    ))
}

/// The request in the form that is hashed. Header values are signed in lower case.
fn canonical_request(request: &Request<'_>) -> String {
    format!(
        "POST\n/\n\ncontent-type:{}\nhost:{}\n\n{SIGNED_HEADERS}\n{}",
        request.content_type.trim().to_lowercase(),
        request.host.trim().to_lowercase(),
        sha256(request.body)
    )
}

fn string_to_sign(timestamp: i64, scope: &str, canonical_request: &str) -> String {
    format!(
        "{ALGORITHM}\n{timestamp}\n{scope}\n{}",
        sha256(canonical_request.as_bytes())
    )
}

/// The keys of the date, of the service on that date, and the one that signs, each made from the one before.
///
/// Made anew for every call: three hashes are nothing beside a call, and no key lies around in memory.
fn signing_keys(secret: &str, date: &str, service: &str) -> [hmac::Tag; 3] {
    let seed = Zeroizing::new(format!("TC3{secret}"));
    let of_date = mac(seed.as_bytes(), date);
    let of_service = mac(of_date.as_ref(), service);
    let signing = mac(of_service.as_ref(), "tc3_request");
    [of_date, of_service, signing]
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "SecretKeyEXAMPLE0123456789abcdef";
    const TIME: i64 = 1_700_000_000;

    fn key() -> Credentials {
        Credentials::new("AKIDEXAMPLE0123456789abcdefghijklmn", SECRET)
    }

    fn request<'a>(service: &'a str, host: &'a str, body: &'a str) -> Request<'a> {
        Request {
            service,
            host,
            content_type: "application/json",
            body: body.as_bytes(),
        }
    }

    // Vectors A to C were made with tencentcloud-sdk-python 3.1.195, its clock frozen.
    const A: &str = r#"{"Filters": [{"Name": "instance-name", "Values": ["web-\u670d\u52a1"]}], "Offset": 0, "Limit": 100}"#;
    const B: &str = r#"{"Offset": "0", "Limit": "100"}"#;
    const C: &str = r#"{"TaskId": "898b431c-2745-4b27-80f6-e6e8038a0683"}"#;

    fn authorization(request: &Request<'_>, credentials: &Credentials, time: i64) -> String {
        let headers = sign(request, credentials, time).unwrap();
        headers[AUTHORIZATION].to_str().unwrap().to_owned()
    }

    #[test]
    fn vector_a_with_every_step() {
        let request = request("cvm", "cvm.tencentcloudapi.com", A);
        assert_eq!(
            sha256(request.body),
            "7d4511ec53a55998adc802420e50a02502bd3a117bcd804d6bcbdf6e66d12854"
        );
        assert_eq!(
            sha256(canonical_request(&request).as_bytes()),
            "02428771e2d3081b4a5a4f2164f8f4b657c93d2a35e2994206af7dd6f0f1653c"
        );
        let keys = signing_keys(SECRET, "2023-11-14", "cvm").map(|key| hex(key.as_ref()));
        assert_eq!(
            keys,
            [
                "174c14c9e5f08fd64633d2691345e4f50d00ba85cebd1b09f77c7684659ed3da",
                "361bc392443606de9e76f3aada21caac34d19e91f004a1585c4ae96f396d9b62",
                "8952fa77c700463ae38787f187e2cbe019955d39c7b9cf211240e3bff55ecf94",
            ]
        );
        assert_eq!(
            authorization(&request, &key(), TIME),
            "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE0123456789abcdefghijklmn/2023-11-14/cvm/tc3_request, \
             SignedHeaders=content-type;host, \
             Signature=558db23bbce0378247b3e8a22347f37dcb003b020be764816b756485e4535c84"
        );
    }

    #[test]
    fn vector_b_has_a_token_that_is_not_signed() {
        let request = request("vpc", "vpc.tencentcloudapi.com", B);
        assert_eq!(
            sha256(request.body),
            "c5965b37a88cb31761e30e6c37983e23e975761fd8fb3f3e09a791026b0e71d6"
        );
        assert_eq!(
            sha256(canonical_request(&request).as_bytes()),
            "8c3eecb8c4cc6bf79488c8519cd6091f14bb21c0611e4ffe78550d3a63a90a22"
        );
        let credentials = key().with_session_token("TOKENEXAMPLE");
        let headers = sign(&request, &credentials, TIME).unwrap();
        assert_eq!(headers[TOKEN], "TOKENEXAMPLE");
        assert_eq!(headers[TIMESTAMP], "1700000000");
        assert!(
            headers[AUTHORIZATION]
                .to_str()
                .unwrap()
                .ends_with("=ade001f07504192df458dac83b754d3f2e80a6dc0d80fa16390fd4ddac4b1ae9")
        );
    }

    #[test]
    fn vector_c_signs_the_host_with_its_port() {
        let request = request("clb", "127.0.0.1:18080", C);
        assert_eq!(
            sha256(canonical_request(&request).as_bytes()),
            "400f3994f8a38c45161ed2f0b201496910145fd5b91be763aae5a3e6a23093a5"
        );
        let [.., signing] = signing_keys(SECRET, "2023-11-14", "clb");
        assert_eq!(
            hex(signing.as_ref()),
            "52619b4f8e7fb53824585c5ca6be0bd9bc3b03c140be6c776a93c3934822c1cc"
        );
        assert!(
            authorization(&request, &key(), TIME)
                .ends_with("=3ff26dfddc32c12da5e152b3fecde434bbb83dac09fe078750ee6b0c725f4fc2")
        );
    }

    // The sample of the vendor's own page on the signature.
    #[test]
    fn vector_d_as_published() {
        let body = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        let request = Request {
            content_type: "application/json; charset=utf-8",
            ..request("cvm", "cvm.tencentcloudapi.com", body)
        };
        let credentials = Credentials::new(
            "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
            "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        );
        assert!(
            authorization(&request, &credentials, 1_551_113_065)
                .ends_with("=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")
        );
    }

    #[test]
    fn what_is_secret_is_marked_and_not_shown() {
        let credentials = key().with_session_token("TOKENEXAMPLE");
        let headers = sign(
            &request("cvm", "cvm.tencentcloudapi.com", "{}"),
            &credentials,
            TIME,
        )
        .unwrap();
        let shown = format!("{headers:?}");
        assert!(headers[AUTHORIZATION].is_sensitive() && headers[TOKEN].is_sensitive());
        assert!(
            !shown.contains("Signature=") && !shown.contains("TOKENEXAMPLE"),
            "{shown}"
        );
        let error = sign(
            &request("cvm", "h", "{}"),
            &Credentials::new("id\n", SECRET),
            TIME,
        )
        .unwrap_err();
        assert!(!error.to_string().contains(SECRET));
    }
}
