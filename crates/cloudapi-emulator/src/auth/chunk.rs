//! Signatures of the chunks and the trailer of a body that is signed while it is sent, as S3 takes it.
//!
//! Each signature covers the one before, beginning with that of the head, so that no chunk can be left out or moved.

use std::fmt;

use super::{hex, hmac, sha256_hex};

/// Checks the signatures of one body, in their order.
#[derive(Clone)]
pub(crate) struct ChunkSigner {
    key: [u8; 32],
    /// `20130524T000000Z`.
    stamp: String,
    /// `20130524/us-east-1/s3/aws4_request`.
    scope: String,
    previous: String,
}

impl fmt::Debug for ChunkSigner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ChunkSigner")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl ChunkSigner {
    pub(crate) fn new(key: [u8; 32], stamp: String, scope: String, seed: String) -> Self {
        Self {
            key,
            stamp,
            scope,
            previous: seed,
        }
    }

    /// Whether this is the signature of the next chunk, whose content has this SHA-256 in hexadecimal.
    pub(crate) fn holds(&mut self, content: &str, signature: &str) -> bool {
        let empty = sha256_hex(b"");
        self.next("AWS4-HMAC-SHA256-PAYLOAD", &format!("{empty}\n{content}")) == signature
    }

    /// Whether this is the signature of the trailer, in its canonical form: `name:value` and a line feed for each.
    pub(crate) fn trailer_holds(&mut self, trailer: &str, signature: &str) -> bool {
        self.next("AWS4-HMAC-SHA256-TRAILER", &sha256_hex(trailer.as_bytes())) == signature
    }

    fn next(&mut self, algorithm: &str, hashes: &str) -> &str {
        let (stamp, scope, previous) = (&self.stamp, &self.scope, &self.previous);
        let to_sign = format!("{algorithm}\n{stamp}\n{scope}\n{previous}\n{hashes}");
        self.previous = hex(&hmac(&self.key, to_sign.as_bytes()));
        &self.previous
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What both examples of "Signature calculations: transferring a payload in multiple chunks" of the S3 reference share.
    fn documented(seed: &str) -> ChunkSigner {
        let steps = ["20130524", "us-east-1", "s3", "aws4_request"];
        let secret = b"AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let key = steps.iter().fold(secret.to_vec(), |key, step| {
            hmac(&key, step.as_bytes()).to_vec()
        });
        ChunkSigner::new(
            key.try_into().unwrap(),
            "20130524T000000Z".to_owned(),
            steps.join("/"),
            seed.to_owned(),
        )
    }

    fn chunks() -> [String; 3] {
        [65536, 1024, 0].map(|size| sha256_hex(&vec![b'a'; size]))
    }

    #[test]
    fn the_documented_chunks_hold_in_their_order_alone() {
        let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
        let signatures = [
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ];
        let mut signer = documented(seed);
        for (content, signature) in chunks().iter().zip(signatures) {
            assert!(signer.holds(content, signature), "{signature}");
        }
        let mut signer = documented(seed);
        assert!(!signer.holds(&chunks()[1], signatures[1]));
    }

    #[test]
    fn the_documented_trailer_holds() {
        let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
        let signatures = [
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        ];
        let mut signer = documented(seed);
        for (content, signature) in chunks().iter().zip(signatures) {
            assert!(signer.holds(content, signature), "{signature}");
        }
        let mut wrong = signer.clone();
        let signature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
        assert!(signer.trailer_holds("x-amz-checksum-crc32c:sOO8/Q==\n", signature));
        assert!(!wrong.trailer_holds("x-amz-checksum-crc32c:AAAAAA==\n", signature));
    }
}
