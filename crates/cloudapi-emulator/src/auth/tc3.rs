//! TC3-HMAC-SHA256, the signature of Tencent Cloud's API 3.0.

use http::request::Parts;
use time::OffsetDateTime;

use super::{Identity, Refusal, field, hex, hmac, sha256_hex};
use crate::clock;
use crate::keys::KeyRing;

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// How far off the client's clock may be, in seconds.
const TOLERANCE: u64 = 300;

/// What an `Authorization` header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    key_id: String,
    date: String,
    pub(crate) service: String,
    signed_headers: Vec<String>,
    signature: String,
}

/// Reads the header without checking it.
pub(crate) fn scope(parts: &Parts) -> Result<Scope, Refusal> {
    let Some(header) = header(parts, "authorization") else {
        return Err(Refusal::Missing);
    };
    let unreadable = || {
        Refusal::Incomplete("The `Authorization` header is not in the expected format.".to_owned())
    };
    let rest = header.strip_prefix(ALGORITHM).ok_or_else(unreadable)?;
    let credential = field(rest, "Credential").ok_or_else(unreadable)?;
    let parts: Vec<&str> = credential.rsplitn(4, '/').collect();
    let ["tc3_request", service, date, key_id] = parts[..] else {
        return Err(unreadable());
    };
    Ok(Scope {
        key_id: key_id.to_owned(),
        date: date.to_owned(),
        service: service.to_owned(),
        signed_headers: field(rest, "SignedHeaders")
            .ok_or_else(unreadable)?
            .split(';')
            .map(str::to_owned)
            .collect(),
        signature: field(rest, "Signature").ok_or_else(unreadable)?.to_owned(),
    })
}

/// Checks the signature.
pub(crate) fn verify(
    parts: &Parts,
    body: &[u8],
    keys: &KeyRing,
    now: OffsetDateTime,
) -> Result<Identity, Refusal> {
    let scope = scope(parts)?;
    let incomplete = |text: &str| Refusal::Incomplete(text.to_owned());
    let stamp = header(parts, "x-tc-timestamp")
        .ok_or_else(|| incomplete("`X-TC-Timestamp` is missing."))?;
    let at = stamp
        .parse()
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .ok_or_else(|| incomplete("`X-TC-Timestamp` is not a number of seconds."))?;
    let known = keys
        .find(&scope.key_id)
        .ok_or_else(|| Refusal::UnknownKey(scope.key_id.clone()))?;
    if at.unix_timestamp().abs_diff(now.unix_timestamp()) > TOLERANCE {
        return Err(Refusal::Clock(format!(
            "Signature expired: {stamp} is too far from {}.",
            now.unix_timestamp()
        )));
    }
    if scope.date != clock::date(at) {
        return Err(incomplete(
            "The date of the credential scope is not that of `X-TC-Timestamp` in UTC.",
        ));
    }
    for needed in ["content-type", "host"] {
        if !scope.signed_headers.iter().any(|name| name == needed) {
            return Err(incomplete("`content-type` and `host` must be signed."));
        }
    }
    let payload = match header(parts, "x-tc-content-sha256") {
        Some("UNSIGNED-PAYLOAD") => sha256_hex(b"UNSIGNED-PAYLOAD"),
        _ => sha256_hex(body),
    };
    let canonical = canonical_request(parts, &scope.signed_headers, &payload);
    let to_sign = format!(
        "{ALGORITHM}\n{stamp}\n{}/{}/tc3_request\n{}",
        scope.date,
        scope.service,
        sha256_hex(canonical.as_bytes())
    );
    let key = signing_key(&known.key.secret, &scope.date, &scope.service);
    if hex(&hmac(&key, to_sign.as_bytes())) != scope.signature {
        return Err(Refusal::Signature);
    }
    if header(parts, "x-tc-token") != known.key.session_token.as_deref() {
        return Err(Refusal::Token);
    }
    if known.is_over() {
        return Err(Refusal::Expired);
    }
    Ok(Identity {
        key_id: scope.key_id,
    })
}

fn signing_key(secret: &str, date: &str, service: &str) -> [u8; 32] {
    let date = hmac(format!("TC3{secret}").as_bytes(), date.as_bytes());
    let service = hmac(&date, service.as_bytes());
    hmac(&service, b"tc3_request")
}

/// The path is always `/`, whatever was called; names and values are in lower case.
fn canonical_request(parts: &Parts, signed_headers: &[String], payload: &str) -> String {
    let mut headers = String::new();
    for name in signed_headers {
        let value = header(parts, name)
            .unwrap_or_default()
            .trim()
            .to_lowercase();
        headers.extend([name.to_lowercase().as_str(), ":", &value, "\n"]);
    }
    let query = parts.uri.query().unwrap_or_default();
    format!(
        "{}\n/\n{query}\n{headers}\n{}\n{payload}",
        parts.method,
        signed_headers.join(";")
    )
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::keys::Known;
    use crate::{Cloud, Key};

    /// A signature made with the vendor's Python SDK, its clock stopped at `timestamp`; D is the published sample.
    struct Vector {
        host: &'static str,
        service: &'static str,
        content_type: &'static str,
        timestamp: i64,
        body: &'static str,
        canonical: Option<&'static str>,
        signature: &'static str,
        key: (&'static str, &'static str),
    }

    const EXAMPLE: (&str, &str) = (
        "AKIDEXAMPLE0123456789abcdefghijklmn",
        "SecretKeyEXAMPLE0123456789abcdef",
    );

    const VECTORS: [Vector; 4] = [
        Vector {
            host: "cvm.tencentcloudapi.com",
            service: "cvm",
            content_type: "application/json",
            timestamp: 1_700_000_000,
            body: r#"{"Filters": [{"Name": "instance-name", "Values": ["web-\u670d\u52a1"]}], "Offset": 0, "Limit": 100}"#,
            canonical: Some("02428771e2d3081b4a5a4f2164f8f4b657c93d2a35e2994206af7dd6f0f1653c"),
            signature: "558db23bbce0378247b3e8a22347f37dcb003b020be764816b756485e4535c84",
            key: EXAMPLE,
        },
        Vector {
            host: "vpc.tencentcloudapi.com",
            service: "vpc",
            content_type: "application/json",
            timestamp: 1_700_000_000,
            body: r#"{"Offset": "0", "Limit": "100"}"#,
            canonical: Some("8c3eecb8c4cc6bf79488c8519cd6091f14bb21c0611e4ffe78550d3a63a90a22"),
            signature: "ade001f07504192df458dac83b754d3f2e80a6dc0d80fa16390fd4ddac4b1ae9",
            key: EXAMPLE,
        },
        Vector {
            host: "127.0.0.1:18080",
            service: "clb",
            content_type: "application/json",
            timestamp: 1_700_000_000,
            body: r#"{"TaskId": "898b431c-2745-4b27-80f6-e6e8038a0683"}"#,
            canonical: Some("400f3994f8a38c45161ed2f0b201496910145fd5b91be763aae5a3e6a23093a5"),
            signature: "3ff26dfddc32c12da5e152b3fecde434bbb83dac09fe078750ee6b0c725f4fc2",
            key: EXAMPLE,
        },
        Vector {
            host: "cvm.tencentcloudapi.com",
            service: "cvm",
            content_type: "application/json; charset=utf-8",
            timestamp: 1_551_113_065,
            body: r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#,
            canonical: None,
            signature: "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
            key: (
                "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
                "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
            ),
        },
    ];

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    fn request(vector: &Vector) -> Parts {
        let authorization = format!(
            "TC3-HMAC-SHA256 Credential={}/{}/{}/tc3_request, SignedHeaders=content-type;host, Signature={}",
            vector.key.0,
            clock::date(at(vector.timestamp)),
            vector.service,
            vector.signature
        );
        let request = Request::post("/")
            .header("content-type", vector.content_type)
            .header("host", vector.host)
            .header("x-tc-timestamp", vector.timestamp)
            .header("authorization", authorization);
        request.body(()).unwrap().into_parts().0
    }

    fn ring(vector: &Vector) -> KeyRing {
        let mut ring = KeyRing::of(Cloud::Tencent);
        ring.lasting = Known::new(Key::new(vector.key.0, vector.key.1), false);
        ring
    }

    #[test]
    fn the_vendors_signatures_hold() {
        for vector in &VECTORS {
            let (parts, ring) = (request(vector), ring(vector));
            let signed = ["content-type".to_owned(), "host".to_owned()];
            let canonical = canonical_request(&parts, &signed, &sha256_hex(vector.body.as_bytes()));
            if let Some(expected) = vector.canonical {
                assert_eq!(
                    sha256_hex(canonical.as_bytes()),
                    expected,
                    "{}",
                    vector.host
                );
            }
            let identity =
                verify(&parts, vector.body.as_bytes(), &ring, at(vector.timestamp)).unwrap();
            assert_eq!(identity.key_id, vector.key.0);
            let other = verify(&parts, b"{}", &ring, at(vector.timestamp));
            assert_eq!(other, Err(Refusal::Signature), "{}", vector.host);
        }
    }

    #[test]
    fn the_steps_of_the_key_are_the_vendors() {
        let date = hmac(format!("TC3{}", EXAMPLE.1).as_bytes(), b"2023-11-14");
        assert_eq!(
            hex(&date),
            "174c14c9e5f08fd64633d2691345e4f50d00ba85cebd1b09f77c7684659ed3da"
        );
        let cvm = signing_key(EXAMPLE.1, "2023-11-14", "cvm");
        assert_eq!(
            hex(&cvm),
            "8952fa77c700463ae38787f187e2cbe019955d39c7b9cf211240e3bff55ecf94"
        );
        let clb = signing_key(EXAMPLE.1, "2023-11-14", "clb");
        assert_eq!(
            hex(&clb),
            "52619b4f8e7fb53824585c5ca6be0bd9bc3b03c140be6c776a93c3934822c1cc"
        );
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let vector = &VECTORS[1];
        let body = vector.body.as_bytes();
        let now = at(vector.timestamp);
        let check = |ring: &KeyRing, now| verify(&request(vector), body, ring, now);
        assert!(check(&ring(vector), now + time::Duration::seconds(300)).is_ok());
        assert!(matches!(
            check(&ring(vector), now + time::Duration::seconds(301)),
            Err(Refusal::Clock(_))
        ));
        assert!(matches!(
            check(&ring(vector), now - time::Duration::seconds(301)),
            Err(Refusal::Clock(_))
        ));
        let mut other = ring(vector);
        other.lasting.key.session_token = Some("TOKENEXAMPLE".to_owned());
        assert_eq!(check(&other, now), Err(Refusal::Token));
        other.lasting.key.secret.push('x');
        assert_eq!(check(&other, now), Err(Refusal::Signature));
        other.lasting.key.id.push('x');
        assert!(matches!(check(&other, now), Err(Refusal::UnknownKey(_))));
        let over = ring(vector);
        over.lasting.end();
        assert_eq!(check(&over, now), Err(Refusal::Expired));

        let mut with_token = ring(vector);
        with_token.lasting.key.session_token = Some("TOKENEXAMPLE".to_owned());
        let mut parts = request(vector);
        parts
            .headers
            .insert("x-tc-token", "TOKENEXAMPLE".parse().unwrap());
        assert!(
            verify(&parts, body, &with_token, now).is_ok(),
            "the token is not part of the signature"
        );
        parts.headers.remove("authorization");
        assert_eq!(
            verify(&parts, body, &with_token, now),
            Err(Refusal::Missing)
        );
    }
}
