//! The signature of COS, `q-sign-algorithm=sha1`, in the `Authorization` header.

use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha1::{Digest, Sha1};
use time::OffsetDateTime;

use super::{Identity, Refusal, hex};
use crate::keys::KeyRing;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// What an `Authorization` header says.
#[derive(Debug)]
struct Claim<'a> {
    key_id: &'a str,
    sign_time: &'a str,
    key_time: &'a str,
    headers: Vec<&'a str>,
    parameters: Vec<&'a str>,
    signature: &'a str,
}

/// Checks the signature. The body has no part in it.
///
/// A token that is absent or wrong is [`Refusal::Token`]; a time that is over is [`Refusal::Clock`] with an empty text, one
/// that has not come yet has it with a text.
pub(crate) fn verify(
    parts: &Parts,
    keys: &KeyRing,
    now: OffsetDateTime,
) -> Result<Identity, Refusal> {
    let header = header(parts, "authorization").ok_or(Refusal::Missing)?;
    if header.is_empty() {
        return Err(Refusal::Missing);
    }
    let claim = parse(&header)?;
    let known = keys
        .find(claim.key_id)
        .ok_or_else(|| Refusal::UnknownKey(claim.key_id.to_owned()))?;
    for span in [claim.key_time, claim.sign_time] {
        let (start, end) = times(span)
            .ok_or_else(|| incomplete(format!("{span} is no start and end in seconds")))?;
        if now.unix_timestamp() > end {
            return Err(Refusal::Clock(String::new()));
        }
        if now.unix_timestamp() < start {
            return Err(Refusal::Clock(format!("{span} has not begun")));
        }
    }
    let signed = |host: &str| {
        let signature = sign(parts, &claim, &known.key.secret, host)?;
        Ok::<_, Refusal>(signature == claim.signature)
    };
    let host = self::header(parts, "host").unwrap_or_default();
    // Tencent's Python SDK signs the host without its port, its Go SDK with it.
    let bare = host
        .rsplit_once(':')
        .map_or(host.as_str(), |(bare, _)| bare);
    if !signed(&host)? && !signed(bare)? {
        return Err(Refusal::Signature);
    }
    if self::header(parts, "x-cos-security-token") != known.key.session_token {
        return Err(Refusal::Token);
    }
    if known.is_over() {
        return Err(Refusal::Expired);
    }
    Ok(Identity {
        key_id: claim.key_id.to_owned(),
    })
}

fn parse(header: &str) -> Result<Claim<'_>, Refusal> {
    let need = |name: &str| {
        header
            .split('&')
            .filter_map(|field| field.trim().split_once('='))
            .find_map(|(found, value)| (found == name).then_some(value))
            .ok_or_else(|| incomplete(format!("{name} is missing")))
    };
    if need("q-sign-algorithm")? != "sha1" {
        return Err(incomplete("q-sign-algorithm is not sha1".to_owned()));
    }
    Ok(Claim {
        key_id: need("q-ak")?,
        sign_time: need("q-sign-time")?,
        key_time: need("q-key-time")?,
        headers: names(need("q-header-list")?)?,
        parameters: names(need("q-url-param-list")?)?,
        signature: need("q-signature")?,
    })
}

/// The names of a list, which are in lower case and sorted.
fn names(list: &str) -> Result<Vec<&str>, Refusal> {
    let names: Vec<&str> = list.split(';').filter(|name| !name.is_empty()).collect();
    let lower = names.iter().all(|name| *name == name.to_ascii_lowercase());
    if lower && names.is_sorted() {
        Ok(names)
    } else {
        Err(incomplete(format!(
            "{list} is not in lower case, or not sorted"
        )))
    }
}

fn sign(parts: &Parts, claim: &Claim<'_>, secret: &str, host: &str) -> Result<String, Refusal> {
    let query = query(parts.uri.query().unwrap_or_default());
    let parameters = pairs(&claim.parameters, |name| {
        let found = query.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| encode(value))
    })?;
    let headers = pairs(&claim.headers, |name| {
        let value = if name == "host" {
            Some(host.to_owned())
        } else {
            header(parts, name)
        };
        value.map(|value| encode(value.as_bytes()))
    })?;
    let mut format = Sha1::new();
    format.update(parts.method.as_str().to_ascii_lowercase());
    format.update("\n");
    format.update(percent_decode_str(parts.uri.path()).collect::<Vec<u8>>());
    format.update(format!("\n{parameters}\n{headers}\n"));
    let to_sign = format!("sha1\n{}\n{}\n", claim.sign_time, hex(&format.finalize()));
    let sign_key = hex(&hmac(secret.as_bytes(), claim.key_time.as_bytes()));
    Ok(hex(&hmac(sign_key.as_bytes(), to_sign.as_bytes())))
}

/// `name=value` of each, joined by `&`.
fn pairs(names: &[&str], value: impl Fn(&str) -> Option<String>) -> Result<String, Refusal> {
    let pair = |name: &&str| match value(name) {
        Some(value) => Ok(format!("{name}={value}")),
        None => Err(incomplete(format!("{name} is signed but was not sent"))),
    };
    Ok(names
        .iter()
        .map(pair)
        .collect::<Result<Vec<_>, _>>()?
        .join("&"))
}

/// The parameters: names encoded and in lower case, as the lists have them, values decoded.
fn query(query: &str) -> Vec<(String, Vec<u8>)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name: Vec<u8> = percent_decode_str(name).collect();
            (
                encode(&name).to_ascii_lowercase(),
                percent_decode_str(value).collect(),
            )
        })
        .collect()
}

fn encode(plain: &[u8]) -> String {
    percent_encode(plain, UNRESERVED).to_string()
}

fn times(span: &str) -> Option<(i64, i64)> {
    let (start, end) = span.split_once(';')?;
    Some((start.parse().ok()?, end.parse().ok()?))
}

fn header(parts: &Parts, name: &str) -> Option<String> {
    let value = parts.headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn incomplete(text: String) -> Refusal {
    Refusal::Incomplete(text)
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::Cloud;

    const HOST: &str = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com";
    const SPAN: &str = "1699999940;1700010000";

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    /// A request as Tencent's Python SDK signed it at 1700000000.
    fn signed(
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        parameters: &str,
        span: &str,
        signature: &str,
    ) -> Parts {
        let mut names: Vec<String> = headers
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect();
        names.push("host".to_owned());
        names.sort();
        let authorization = format!(
            "q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE0123456789abcdefghijklmn&q-sign-time={span}&q-key-time={span}\
             &q-header-list={}&q-url-param-list={parameters}&q-signature={signature}",
            names.join(";")
        );
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("Host", HOST)
            .header("Authorization", authorization);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn put_object() -> Parts {
        signed(
            "PUT",
            "/dir/a%20b%2B%E4%B8%AD.txt",
            &[
                ("Content-Length", "9"),
                ("Content-MD5", "UfRZzlI9V4cclKIy1UsodQ=="),
                ("Content-Type", "text/plain; charset=utf-8"),
                ("x-cos-acl", "private"),
                ("x-cos-meta-owner", "team a/b"),
                ("x-cos-storage-class", "STANDARD_IA"),
            ],
            "",
            SPAN,
            "d5bdc3bc39160cd8816a98059cce7e823abdc1f1",
        )
    }

    #[test]
    fn what_the_vendors_sdk_signs_holds() {
        let initiate = signed(
            "POST",
            "/big.bin?uploads=",
            &[("content-length", "0")],
            "uploads",
            SPAN,
            "47fb41acf8fac4e18fb0d72f9ff18d17793b69dc",
        );
        let short = signed(
            "PUT",
            "/k.txt",
            &[],
            "",
            "1700000000;1700003600",
            "906f1606b020e1ce28e97e736f7dc9e4840cb9ee",
        );
        let keys = KeyRing::of(Cloud::Tencent);
        for parts in [put_object(), initiate, short] {
            let identity = verify(&parts, &keys, at(1_700_000_000)).unwrap();
            assert_eq!(identity.key_id, "AKIDEXAMPLE0123456789abcdefghijklmn");
        }
    }

    #[test]
    fn a_temporary_key_needs_its_token() {
        let mut keys = KeyRing::of(Cloud::Tencent);
        let part = || {
            signed(
                "PUT",
                "/big.bin?partNumber=3&uploadId=1700000000abcDEF%2B%2F%3D",
                &[
                    ("content-length", "9"),
                    ("x-cos-security-token", "TOKENEXAMPLE"),
                ],
                "partnumber;uploadid",
                SPAN,
                "8937766e7e68edf6833873f0af0ec0f8aefa2330",
            )
        };
        let now = at(1_700_000_000);
        assert_eq!(verify(&part(), &keys, now), Err(Refusal::Token));
        keys.lasting.key.session_token = Some("TOKENEXAMPLE".to_owned());
        assert!(verify(&part(), &keys, now).is_ok());
        assert_eq!(verify(&put_object(), &keys, now), Err(Refusal::Token));
        keys.lasting.end();
        assert_eq!(verify(&part(), &keys, now), Err(Refusal::Expired));
    }

    #[test]
    fn the_time_has_to_be_within_the_span() {
        let keys = KeyRing::of(Cloud::Tencent);
        let at = |seconds| verify(&put_object(), &keys, at(seconds));
        assert!(at(1_699_999_940).is_ok() && at(1_700_010_000).is_ok());
        assert_eq!(at(1_700_010_001), Err(Refusal::Clock(String::new())));
        assert!(matches!(at(1_699_999_939), Err(Refusal::Clock(text)) if !text.is_empty()));
    }

    #[test]
    fn what_was_changed_or_left_out_is_refused() {
        let keys = KeyRing::of(Cloud::Tencent);
        let now = at(1_700_000_000);
        let change = |change: &dyn Fn(&mut Parts)| {
            let mut parts = put_object();
            change(&mut parts);
            verify(&parts, &keys, now)
        };
        let set = |name: &'static str, value: &'static str| {
            change(&|parts| {
                parts.headers.insert(name, value.parse().unwrap());
            })
        };
        assert_eq!(set("x-cos-acl", "public-read"), Err(Refusal::Signature));
        assert_eq!(set("host", "other.example.com"), Err(Refusal::Signature));
        assert_eq!(set("authorization", ""), Err(Refusal::Missing));
        let path = change(&|parts| parts.uri = "/dir/a%20b+%E4%B8%AE.txt".parse().unwrap());
        assert_eq!(path, Err(Refusal::Signature));
        let left_out = change(&|parts| {
            parts.headers.remove("content-md5");
        });
        assert!(
            matches!(left_out, Err(Refusal::Incomplete(_))),
            "{left_out:?}"
        );
        let mut others = KeyRing::of(Cloud::Tencent);
        others.lasting.key.id.push('x');
        assert!(matches!(
            verify(&put_object(), &others, now),
            Err(Refusal::UnknownKey(_))
        ));
        let port = change(&|parts| {
            let host = format!("{HOST}:4566");
            parts.headers.insert("host", host.parse().unwrap());
        });
        assert!(port.is_ok(), "{port:?}");
    }

    #[test]
    fn the_lists_are_sorted_and_in_lower_case() {
        assert_eq!(names("").unwrap(), Vec::<&str>::new());
        assert_eq!(names("host;x-cos-acl").unwrap(), ["host", "x-cos-acl"]);
        assert!(names("x-cos-acl;host").is_err());
        assert!(names("Host").is_err());
    }
}
