//! Takes in what is uploaded, and compares it with all that the client says about it.

use std::sync::Arc;

use crate::auth;
use crate::storage::checksum::{self, Algorithm, Digests, OF_S3};
use crate::storage::content::Content;
use crate::storage::disk::Blob;
use crate::storage::{Call, Error, Failure, LARGEST, LARGEST_DOCUMENT, Request, RequestBody};

use super::chunked::{Chunks, malformed_trailer};
use super::{SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER, UNSIGNED, UNSIGNED_CHUNKS_TRAILER, Upload};

/// What came in.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) blob: Arc<Blob>,
    /// Of what is stored.
    pub(crate) digests: Digests,
    /// What the client sent a checksum with.
    pub(crate) claimed: Option<Algorithm>,
}

/// Stores the body. `wanted` is computed besides what the client's own checksum needs.
pub(crate) async fn content(
    call: &Call<'_>,
    body: &mut RequestBody,
    upload: Upload,
    wanted: impl FnOnce(Option<Algorithm>) -> Result<Option<Algorithm>, Error>,
) -> Result<Received, Failure> {
    let request = call.request;
    let chunked = upload.payload.starts_with("STREAMING-");
    let has_trailer = upload.payload.ends_with("-TRAILER");
    let length = length(request, chunked)?;
    let trailer_names = trailer_names(request, has_trailer)?;
    let md5 = content_md5(request)?;
    let claim = Claim::of(request, &trailer_names)?;
    let claimed = claim.as_ref().map(|claim| claim.algorithm);

    let mut algorithms = vec![Algorithm::Md5];
    algorithms.extend(claimed);
    algorithms.extend(wanted(claimed)?);
    let hashed = !chunked && upload.payload != UNSIGNED;
    let mut all = algorithms.clone();
    all.extend(hashed.then_some(Algorithm::Sha256));

    let mut intake = call.intake(&all);
    let trailer = if chunked {
        let words = [SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER];
        let signer = words
            .contains(&upload.payload.as_str())
            .then_some(upload.chunks);
        Chunks::new(body, signer)
            .read(&mut intake, length, has_trailer)
            .await?
    } else {
        while let Some(data) = body.next().await? {
            intake.write(&data).await?;
        }
        Vec::new()
    };
    let (blob, mut digests) = intake.finish().await?;

    if hashed {
        let real = digests.get(Algorithm::Sha256).map(auth::hex);
        if real.as_ref() != Some(&upload.payload.to_ascii_lowercase()) {
            return Err(super::payload_mismatch().into());
        }
    }
    if md5.is_some_and(|md5| digests.get(Algorithm::Md5) != Some(&md5)) {
        return Err(Error::client(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
        )
        .into());
    }
    check_trailer(&trailer, &trailer_names)?;
    if let Some(claim) = claim {
        claim.check(&trailer, &digests)?;
    }
    let blob = Arc::new(blob);
    if call.corrupts() {
        blob.corrupt()?;
        digests = Content::new([Arc::clone(&blob)]).digests(&algorithms)?;
    }
    Ok(Received {
        blob,
        digests,
        claimed,
    })
}

/// Reads a document that was sent as the body, and checks what it was signed with.
pub(crate) async fn document(body: &mut RequestBody, payload: &str) -> Result<Vec<u8>, Failure> {
    if payload.starts_with("STREAMING-") {
        return Err(Error::not_implemented("x-amz-content-sha256").into());
    }
    let document = body.document(LARGEST_DOCUMENT).await?;
    if payload != UNSIGNED && payload.to_ascii_lowercase() != auth::sha256_hex(&document) {
        return Err(super::payload_mismatch().into());
    }
    Ok(document)
}

/// Reads the body of an action that has none.
pub(crate) async fn nothing(body: &mut RequestBody, payload: &str) -> Result<(), Failure> {
    document(body, payload).await.map(|_| ())
}

/// The size of the content, which has to be announced.
fn length(request: &Request, chunked: bool) -> Result<u64, Error> {
    let needed = if chunked {
        "x-amz-decoded-content-length"
    } else {
        "content-length"
    };
    if !chunked && request.header("transfer-encoding").is_some() {
        return Err(Error::not_implemented("Transfer-Encoding"));
    }
    let length = request.header(needed).ok_or_else(|| {
        let message = "You must provide the Content-Length HTTP header.";
        Error::new(411, "MissingContentLength", message)
    })?;
    let length: u64 = length
        .trim()
        .parse()
        .map_err(|_| Error::argument(needed, &length, "Content-Length is not a number"))?;
    if length > LARGEST {
        let message = "Your proposed upload exceeds the maximum allowed size";
        return Err(Error::client("EntityTooLarge", message)
            .with("ProposedSize", length.to_string())
            .with("MaxSizeAllowed", LARGEST.to_string()));
    }
    Ok(length)
}

fn trailer_names(request: &Request, expected: bool) -> Result<Vec<String>, Error> {
    let names: Vec<String> = request
        .headers("x-amz-trailer")
        .flat_map(|(_, value)| {
            let names = value
                .split(',')
                .map(|name| name.trim().to_ascii_lowercase());
            names.collect::<Vec<_>>()
        })
        .filter(|name| !name.is_empty())
        .collect();
    if expected != names.is_empty() {
        return Ok(names);
    }
    Err(if expected {
        malformed_trailer()
    } else {
        let message = "x-amz-trailer needs x-amz-content-sha256 to be one of those with a trailer.";
        Error::request(format!("{message} Such as {UNSIGNED_CHUNKS_TRAILER}."))
    })
}

/// What was announced came, and nothing else.
fn check_trailer(trailer: &[(String, String)], announced: &[String]) -> Result<(), Error> {
    let came = |name: &String| trailer.iter().filter(|(found, _)| found == name).count() == 1;
    if trailer.len() == announced.len() && announced.iter().all(came) {
        Ok(())
    } else {
        Err(malformed_trailer())
    }
}

fn content_md5(request: &Request) -> Result<Option<Vec<u8>>, Error> {
    let Some(text) = request.header("content-md5") else {
        return Ok(None);
    };
    let value = checksum::parse_base64(Algorithm::Md5, &text).ok_or_else(|| {
        Error::client(
            "InvalidDigest",
            "The Content-MD5 you specified was invalid.",
        )
    })?;
    Ok(Some(value))
}

/// A checksum that the client sends along.
#[derive(Debug)]
struct Claim {
    algorithm: Algorithm,
    /// None when it comes in the trailer.
    value: Option<String>,
}

impl Claim {
    fn of(request: &Request, trailer_names: &[String]) -> Result<Option<Self>, Error> {
        let announced = request.header("x-amz-sdk-checksum-algorithm");
        let in_headers = request
            .headers("x-amz-checksum-")
            .filter(|(name, _)| {
                !matches!(*name, "x-amz-checksum-algorithm" | "x-amz-checksum-type")
            })
            .map(|(name, value)| (name.to_owned(), Some(value)));
        let in_trailer = trailer_names
            .iter()
            .filter(|name| name.starts_with("x-amz-checksum-"))
            .map(|name| (name.clone(), None));
        let mut all: Vec<_> = in_headers.chain(in_trailer).collect();
        let Some((name, value)) = all.pop() else {
            return match announced {
                None => Ok(None),
                Some(_) => Err(Error::request(
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers \
                     were found.",
                )),
            };
        };
        if !all.is_empty() {
            return Err(Error::request(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            ));
        }
        let algorithm = OF_S3
            .into_iter()
            .find(|algorithm| algorithm.header() == name);
        let algorithm = algorithm.ok_or_else(|| Error::not_implemented(&name))?;
        if announced.is_some_and(|word| Algorithm::named(&word) != Some(algorithm)) {
            return Err(Error::request(
                "Value for x-amz-sdk-checksum-algorithm header is invalid.",
            ));
        }
        Ok(Some(Self { algorithm, value }))
    }

    fn check(self, trailer: &[(String, String)], digests: &Digests) -> Result<(), Error> {
        let header = self.algorithm.header();
        let in_trailer = || {
            let found = trailer.iter().find(|(name, _)| name == header);
            found.map(|(_, value)| value.clone())
        };
        let text = self
            .value
            .or_else(in_trailer)
            .ok_or_else(malformed_trailer)?;
        let value = checksum::parse_base64(self.algorithm, &text)
            .ok_or_else(|| Error::request(format!("Value for {header} header is invalid.")))?;
        if digests.get(self.algorithm) == Some(&value) {
            Ok(())
        } else {
            Err(Error::bad_digest(self.algorithm.name()))
        }
    }
}
