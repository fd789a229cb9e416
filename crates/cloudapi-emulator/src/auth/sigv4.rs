//! AWS Signature Version 4 in the `Authorization` header.

use http::HeaderMap;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use time::{Duration, OffsetDateTime};

use super::chunk::ChunkSigner;
use super::{Identity, Refusal, field, hex, hmac, sha256_hex};
use crate::clock;
use crate::keys::KeyRing;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// What an `Authorization` header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) key_id: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    signed_headers: Vec<String>,
    signature: String,
}

impl Scope {
    /// As it is signed: `20150830/us-east-1/iam/aws4_request`.
    fn text(&self) -> String {
        let Self {
            date,
            region,
            service,
            ..
        } = self;
        format!("{date}/{region}/{service}/aws4_request")
    }
}

/// How far off the client's clock may be: five minutes, but for S3.
pub(crate) const TOLERANCE: Duration = Duration::minutes(5);

/// Reads the header without checking it.
pub(crate) fn scope(headers: &HeaderMap) -> Result<Scope, Refusal> {
    let Some(header) = headers.get("authorization") else {
        return Err(Refusal::Missing);
    };
    let header = header.to_str().unwrap_or_default();
    let Some(rest) = header.strip_prefix(ALGORITHM) else {
        return Err(Refusal::Incomplete(format!(
            "Authorization header requires the algorithm {ALGORITHM}."
        )));
    };
    let need = |name: &str| {
        field(rest, name).ok_or_else(|| {
            Refusal::Incomplete(format!("Authorization header requires '{name}' parameter."))
        })
    };
    let credential = need("Credential")?;
    let parts: Vec<&str> = credential.rsplitn(5, '/').collect();
    let [terminator, service, region, date, key_id] = parts[..] else {
        return Err(Refusal::Incomplete(
            "Credential must have five parts.".to_owned(),
        ));
    };
    if terminator != "aws4_request" {
        return Err(Refusal::Incomplete(
            "Credential should be scoped with 'aws4_request'.".to_owned(),
        ));
    }
    Ok(Scope {
        key_id: key_id.to_owned(),
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        signed_headers: need("SignedHeaders")?
            .split(';')
            .map(str::to_owned)
            .collect(),
        signature: need("Signature")?.to_owned(),
    })
}

/// Checks the signature over a whole body.
pub(crate) fn verify(
    parts: &Parts,
    body: &[u8],
    keys: &KeyRing,
    now: OffsetDateTime,
) -> Result<Identity, Refusal> {
    let real = sha256_hex(body);
    let claimed = parts
        .headers
        .get("x-amz-content-sha256")
        .and_then(|value| value.to_str().ok());
    let payload = match claimed {
        Some("UNSIGNED-PAYLOAD") => "UNSIGNED-PAYLOAD",
        Some(claimed) if claimed != real => return Err(Refusal::Payload),
        _ => real.as_str(),
    };
    verify_payload(parts, payload, keys, now, TOLERANCE).map(|signed| signed.identity)
}

/// A signature that holds, with what the chunks of a streamed body are signed with.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) identity: Identity,
    pub(crate) chunks: ChunkSigner,
}

/// Checks the signature for a body that is known by its hash, or by the word that stands for one.
pub(crate) fn verify_payload(
    parts: &Parts,
    payload: &str,
    keys: &KeyRing,
    now: OffsetDateTime,
    tolerance: Duration,
) -> Result<Signed, Refusal> {
    let scope = scope(&parts.headers)?;
    let known = keys
        .find(&scope.key_id)
        .ok_or_else(|| Refusal::UnknownKey(scope.key_id.clone()))?;
    let stamp = header(&parts.headers, "x-amz-date").ok_or_else(|| {
        Refusal::Incomplete("Authorization header requires existence of 'X-Amz-Date'.".to_owned())
    })?;
    let at = clock::parse_compact(stamp).ok_or_else(|| {
        Refusal::Incomplete("Date must be in ISO-8601 'basic format'.".to_owned())
    })?;
    if !stamp.starts_with(&scope.date) {
        return Err(Refusal::Incomplete(
            "Date in Credential scope does not match that of X-Amz-Date.".to_owned(),
        ));
    }
    let server = clock::compact(now);
    if at < now - tolerance {
        let oldest = clock::compact(now - tolerance);
        return Err(Refusal::Clock(format!(
            "Signature expired: {stamp} is now earlier than {oldest} ({server} - {} min.)",
            tolerance.whole_minutes()
        )));
    }
    if at > now + tolerance {
        let newest = clock::compact(now + tolerance);
        return Err(Refusal::Clock(format!(
            "Signature not yet current: {stamp} is still later than {newest} ({server} + {} min.)",
            tolerance.whole_minutes()
        )));
    }
    if !scope.signed_headers.iter().any(|name| name == "host") {
        return Err(Refusal::Incomplete(
            "'Host' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }
    let canonical = canonical_request(parts, &scope, payload);
    let to_sign = format!(
        "{ALGORITHM}\n{stamp}\n{}\n{}",
        scope.text(),
        sha256_hex(canonical.as_bytes())
    );
    let key = signing_key(&known.key.secret, &scope);
    if hex(&hmac(&key, to_sign.as_bytes())) != scope.signature {
        return Err(Refusal::Signature);
    }
    if header(&parts.headers, "x-amz-security-token") != known.key.session_token.as_deref() {
        return Err(Refusal::Token);
    }
    if known.is_over() {
        return Err(Refusal::Expired);
    }
    let chunks = ChunkSigner::new(key, stamp.to_owned(), scope.text(), scope.signature);
    Ok(Signed {
        identity: Identity {
            key_id: scope.key_id,
        },
        chunks,
    })
}

/// The headers of AWS's own that came along without being signed.
pub(crate) fn unsigned_headers(parts: &Parts, scope: &Scope) -> Vec<String> {
    let names = parts.headers.keys().map(http::HeaderName::as_str);
    names
        .filter(|name| name.starts_with("x-amz-"))
        .filter(|name| !scope.signed_headers.iter().any(|signed| signed == name))
        .map(str::to_owned)
        .collect()
}

fn signing_key(secret: &str, scope: &Scope) -> [u8; 32] {
    let date = hmac(format!("AWS4{secret}").as_bytes(), scope.date.as_bytes());
    let region = hmac(&date, scope.region.as_bytes());
    let service = hmac(&region, scope.service.as_bytes());
    hmac(&service, b"aws4_request")
}

fn canonical_request(parts: &Parts, scope: &Scope, payload: &str) -> String {
    let path = parts.uri.path();
    // Every service but S3 signs the path encoded once more than it is sent.
    let path = if scope.service == "s3" {
        path.to_owned()
    } else {
        utf8_percent_encode(path, PATH).to_string()
    };
    let mut headers = String::new();
    for name in &scope.signed_headers {
        let values: Vec<String> = parts
            .headers
            .get_all(name)
            .iter()
            .map(|value| {
                String::from_utf8_lossy(value.as_bytes())
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        headers.extend([name, ":", &values.join(","), "\n"]);
    }
    format!(
        "{}\n{path}\n{}\n{headers}\n{}\n{payload}",
        parts.method,
        canonical_query(parts.uri.query().unwrap_or_default()),
        scope.signed_headers.join(";")
    )
}

fn canonical_query(query: &str) -> String {
    let encode = |text: &str| {
        let plain: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&plain, UNRESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(name), encode(value))
        })
        .collect();
    pairs.sort();
    pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::Key;
    use crate::keys::Known;

    /// The GET of the signing walk-through in AWS's IAM guide ("Create a signed AWS API request").
    fn documented(date: &str) -> (Parts, KeyRing) {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        let request = Request::get("/?Action=ListUsers&Version=2010-05-08")
            .header(
                "Content-Type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )
            .header("Host", "iam.amazonaws.com")
            .header("X-Amz-Date", date)
            .header("Authorization", authorization)
            .body(())
            .unwrap();
        let mut ring = KeyRing::of(crate::Cloud::Aws);
        let key = Key::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        ring.lasting = Known::new(key, false);
        (request.into_parts().0, ring)
    }

    fn at(text: &str) -> OffsetDateTime {
        clock::parse_compact(text).unwrap()
    }

    #[test]
    fn the_documented_signature_holds() {
        let (parts, ring) = documented("20150830T123600Z");
        let identity = verify(&parts, b"", &ring, at("20150830T123600Z")).unwrap();
        assert_eq!(identity.key_id, "AKIDEXAMPLE");
        assert_eq!(
            verify(&parts, b"x", &ring, at("20150830T123600Z")),
            Err(Refusal::Signature)
        );
    }

    #[test]
    fn five_minutes_are_the_limit_either_way() {
        let (parts, ring) = documented("20150830T123600Z");
        assert!(verify(&parts, b"", &ring, at("20150830T124100Z")).is_ok());
        assert!(verify(&parts, b"", &ring, at("20150830T123100Z")).is_ok());
        let Err(Refusal::Clock(old)) = verify(&parts, b"", &ring, at("20150830T124101Z")) else {
            panic!()
        };
        assert_eq!(
            old,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
        );
        let Err(Refusal::Clock(early)) = verify(&parts, b"", &ring, at("20150830T123059Z")) else {
            panic!()
        };
        assert!(early.starts_with("Signature not yet current"), "{early}");
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let now = at("20150830T123600Z");
        let (parts, mut ring) = documented("20150830T123600Z");
        ring.lasting.key.secret.push('x');
        assert_eq!(verify(&parts, b"", &ring, now), Err(Refusal::Signature));
        ring.lasting.key.id.push('x');
        assert_eq!(
            verify(&parts, b"", &ring, now),
            Err(Refusal::UnknownKey("AKIDEXAMPLE".to_owned()))
        );

        let (parts, mut ring) = documented("20150830T123600Z");
        ring.lasting.key.session_token = Some("token".to_owned());
        assert_eq!(verify(&parts, b"", &ring, now), Err(Refusal::Token));
        ring.lasting.key.session_token = None;
        ring.lasting.end();
        assert_eq!(verify(&parts, b"", &ring, now), Err(Refusal::Expired));

        let (mut parts, ring) = documented("20150830T123600Z");
        parts
            .headers
            .insert("x-amz-content-sha256", "0".repeat(64).parse().unwrap());
        assert_eq!(verify(&parts, b"", &ring, now), Err(Refusal::Payload));
        parts.headers.remove("authorization");
        assert_eq!(verify(&parts, b"", &ring, now), Err(Refusal::Payload));
        parts.headers.remove("x-amz-content-sha256");
        assert_eq!(verify(&parts, b"", &ring, now), Err(Refusal::Missing));
    }

    #[test]
    fn the_query_is_sorted_and_encoded_once() {
        assert_eq!(
            canonical_query("b=2&a=x%20y&a=%7e&uploads"),
            "a=x%20y&a=~&b=2&uploads="
        );
    }
}
