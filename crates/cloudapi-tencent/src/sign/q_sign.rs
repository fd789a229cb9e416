//! q-sign, the signature of COS: HMAC-SHA1 over method, path, query and headers, valid for a span of time.
//!
//! The body is not signed; what arrives is judged by its checksum. The path is signed decoded, as the key is.

use aws_lc_rs::{digest, hmac};
use cloudapi_core::Credentials;
use zeroize::Zeroizing;

use super::hex;

/// What is signed. Names may be in any case and order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// The method, in any case.
    pub(crate) method: &'a str,
    /// The path, decoded, with its leading slash.
    pub(crate) path: &'a str,
    /// Every parameter of the query, decoded; one without a value has an empty one.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// The headers that are signed: at least the host.
    pub(crate) headers: &'a [(&'a str, &'a str)],
}

/// From when to when a signature holds, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// Gives the value of the header `Authorization`.
pub(crate) fn authorization(
    request: &Request<'_>,
    credentials: &Credentials,
    validity: Validity,
) -> String {
    let time = format!("{};{}", validity.from, validity.until);
    let (query_names, query) = list(request.query);
    let (header_names, headers) = list(request.headers);
    let hash = hash_of(&format_string(request, &query, &headers));
    let key = signing_key(credentials.secret().expose(), &time);
    let signature = mac(key.as_bytes(), &format!("sha1\n{time}\n{hash}\n"));
    format!(
        "q-sign-algorithm=sha1&q-ak={}&q-sign-time={time}&q-key-time={time}&q-header-list={header_names}\
         &q-url-param-list={query_names}&q-signature={signature}",
        credentials.key_id()
    )
}

/// The request in the form that is hashed.
fn format_string(request: &Request<'_>, query: &str, headers: &str) -> String {
    let method = request.method.to_ascii_lowercase();
    format!("{method}\n{}\n{query}\n{headers}\n", request.path)
}

/// The names in order, and the names with their values.
fn list(pairs: &[(&str, &str)]) -> (String, String) {
    let mut pairs: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| (encode(name).to_ascii_lowercase(), encode(value)))
        .collect();
    pairs.sort_unstable();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    let values: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (names.join(";"), values.join("&"))
}

/// Percent-encodes all but letters, digits and `-_.~`.
pub(crate) fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// The key for a span of time: as text, which is what signs.
fn signing_key(secret: &str, time: &str) -> Zeroizing<String> {
    Zeroizing::new(mac(secret.as_bytes(), time))
}

fn mac(key: &[u8], text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    hex(hmac::sign(&key, text.as_bytes()).as_ref())
}

fn hash_of(text: &str) -> String {
    hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Vectors E to H were made with cos-python-sdk-v5, its clock frozen.
    const HOST: &str = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com";
    const TIME: Validity = Validity {
        from: 1_699_999_940,
        until: 1_700_010_000,
    };

    fn key() -> Credentials {
        Credentials::new(
            "AKIDEXAMPLE0123456789abcdefghijklmn",
            "SecretKeyEXAMPLE0123456789abcdef",
        )
    }

    fn format_string_of(request: &Request<'_>) -> String {
        format_string(request, &list(request.query).1, &list(request.headers).1)
    }

    #[test]
    fn vector_e_with_every_step() {
        let request = Request {
            method: "PUT",
            path: "/dir/a b+中.txt",
            query: &[],
            headers: &[
                ("Content-Length", "9"),
                ("Content-MD5", "UfRZzlI9V4cclKIy1UsodQ=="),
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Host", HOST),
                ("x-cos-acl", "private"),
                ("x-cos-meta-owner", "team a/b"),
                ("x-cos-storage-class", "STANDARD_IA"),
            ],
        };
        let expected = format!(
            "put\n/dir/a b+中.txt\n\ncontent-length=9&content-md5=UfRZzlI9V4cclKIy1UsodQ%3D%3D\
             &content-type=text%2Fplain%3B%20charset%3Dutf-8&host={HOST}&x-cos-acl=private\
             &x-cos-meta-owner=team%20a%2Fb&x-cos-storage-class=STANDARD_IA\n"
        );
        assert_eq!(format_string_of(&request), expected);
        assert_eq!(
            hash_of(&expected),
            "ccf18908d576f0e46fa10e031490fa69de9570bb"
        );
        assert_eq!(
            *signing_key(key().secret().expose(), "1699999940;1700010000"),
            "d5a621a337c7c9d92228eb4b823377c9af1629a2"
        );
        assert_eq!(
            authorization(&request, &key(), TIME),
            "q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE0123456789abcdefghijklmn&q-sign-time=1699999940;1700010000\
             &q-key-time=1699999940;1700010000\
             &q-header-list=content-length;content-md5;content-type;host;x-cos-acl;x-cos-meta-owner;x-cos-storage-class\
             &q-url-param-list=&q-signature=d5bdc3bc39160cd8816a98059cce7e823abdc1f1"
        );
    }

    #[test]
    fn vector_f_has_a_parameter_without_value() {
        let request = Request {
            method: "POST",
            path: "/big.bin",
            query: &[("uploads", "")],
            headers: &[("content-length", "0"), ("host", HOST)],
        };
        assert_eq!(
            hash_of(&format_string_of(&request)),
            "e261d9480f9d5c4b7c735f35b09bb28568e588a2"
        );
        let header = authorization(&request, &key(), TIME);
        assert!(
            header.ends_with(
                "&q-url-param-list=uploads&q-signature=47fb41acf8fac4e18fb0d72f9ff18d17793b69dc"
            ),
            "{header}"
        );
    }

    #[test]
    fn vector_g_has_a_token_and_parameters_to_encode() {
        let request = Request {
            method: "put",
            path: "/big.bin",
            query: &[("uploadId", "1700000000abcDEF+/="), ("partNumber", "3")],
            headers: &[
                ("x-cos-security-token", "TOKENEXAMPLE"),
                ("host", HOST),
                ("content-length", "9"),
            ],
        };
        assert_eq!(
            format_string_of(&request),
            format!(
                "put\n/big.bin\npartnumber=3&uploadid=1700000000abcDEF%2B%2F%3D\n\
                 content-length=9&host={HOST}&x-cos-security-token=TOKENEXAMPLE\n"
            )
        );
        assert_eq!(
            hash_of(&format_string_of(&request)),
            "06b5dc15ccc292d08990e952ce7653510cefeea0"
        );
        let header = authorization(&request, &key(), TIME);
        assert!(
            header.ends_with(
                "&q-url-param-list=partnumber;uploadid&q-signature=8937766e7e68edf6833873f0af0ec0f8aefa2330"
            ),
            "{header}"
        );
    }

    #[test]
    fn vector_h_signs_the_host_only() {
        let request = Request {
            method: "PUT",
            path: "/k.txt",
            query: &[],
            headers: &[("host", HOST)],
        };
        assert_eq!(
            *signing_key(key().secret().expose(), "1700000000;1700003600"),
            "5aceb7b8fdb41ac75ed85cec53e95f797c1f2362"
        );
        assert_eq!(
            hash_of(&format_string_of(&request)),
            "7d1d9fdbc80bf6f657c7063fff5cdbd2c331d7a5"
        );
        let validity = Validity {
            from: 1_700_000_000,
            until: 1_700_003_600,
        };
        let header = authorization(&request, &key(), validity);
        assert!(
            header.ends_with("q-signature=906f1606b020e1ce28e97e736f7dc9e4840cb9ee"),
            "{header}"
        );
    }
}
