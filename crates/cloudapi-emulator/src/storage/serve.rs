//! Answers with an object's content, or a range of it.

use super::error::Error;
use super::model::Object;
use super::{Call, empty};
use crate::clock;
use crate::exchange::Reply;

/// The answer to GET and HEAD, with the headers that both clouds have.
pub(crate) fn content(call: &Call<'_>, object: &Object) -> Result<Reply, Error> {
    let size = object.content.size();
    precondition(call, object)?;
    let range = match call.request.header("range") {
        None => None,
        Some(text) => parse_range(&text, size).map_err(|()| {
            let message = "The requested range is not satisfiable";
            Error::new(416, "InvalidRange", message)
                .with("RangeRequested", &text)
                .with("ActualObjectSize", size.to_string())
                .with_header("content-range", format!("bytes */{size}"))
        })?,
    };
    let (start, length) = range.unwrap_or((0, size));
    let mut reply = empty(if range.is_some() { 206 } else { 200 })
        .with_header("etag", &format!("\"{}\"", object.e_tag))
        .with_header("last-modified", &clock::http_date(object.at))
        .with_header("accept-ranges", "bytes");
    if range.is_some() {
        let end = start + length - 1;
        reply = reply.with_header("content-range", &format!("bytes {start}-{end}/{size}"));
    }
    for (name, value) in &object.attributes.headers {
        reply = reply.with_header(name, value);
    }
    for (name, value) in &object.attributes.encryption {
        reply = reply.with_header(name, value);
    }
    if call.request.method() == "HEAD" {
        reply = reply.with_header("content-length", &length.to_string());
    } else {
        reply.slice = Some(object.content.slice(start, length));
    }
    Ok(reply)
}

/// `If-Match` and `If-None-Match` of a read.
fn precondition(call: &Call<'_>, object: &Object) -> Result<(), Error> {
    let names = |header: &str| {
        let text = call.request.header(header)?;
        let mut tags = text.split(',').map(|tag| tag.trim().trim_matches('"'));
        Some(tags.any(|tag| tag == "*" || tag == object.e_tag))
    };
    if names("if-match") == Some(false) {
        return Err(precondition_failed("If-Match"));
    }
    if names("if-none-match") == Some(true) {
        return Err(Error::new(304, "NotModified", "Not Modified"));
    }
    Ok(())
}

/// 412, naming the header.
pub(crate) fn precondition_failed(header: &str) -> Error {
    let message = "At least one of the pre-conditions you specified did not hold";
    Error::new(412, "PreconditionFailed", message).with("Condition", header)
}

/// Start and length of a range; `None` for what is no range of bytes, which is then ignored, `Err` where nothing is left.
fn parse_range(text: &str, size: u64) -> Result<Option<(u64, u64)>, ()> {
    let Some((start, end)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let (start, end) = match (start.trim().parse::<u64>(), end.trim().parse::<u64>()) {
        (Ok(start), Ok(end)) if start <= end => (start, end.saturating_add(1).min(size)),
        (Ok(start), Err(_)) if end.trim().is_empty() => (start, size),
        (Err(_), Ok(last)) if start.trim().is_empty() => (size.saturating_sub(last), size),
        _ => return Ok(None),
    };
    if start < end {
        Ok(Some((start, end - start)))
    } else {
        Err(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_size() {
        for (text, expected) in [
            ("bytes=0-0", Ok(Some((0, 1)))),
            ("bytes=2-5", Ok(Some((2, 4)))),
            ("bytes=2-99", Ok(Some((2, 8)))),
            ("bytes=7-", Ok(Some((7, 3)))),
            ("bytes=-3", Ok(Some((7, 3)))),
            ("bytes=-99", Ok(Some((0, 10)))),
            ("bytes=10-", Err(())),
            ("bytes=-0", Err(())),
            ("bytes=5-2", Ok(None)),
            ("bytes=a-b", Ok(None)),
            ("lines=1-2", Ok(None)),
        ] {
            assert_eq!(parse_range(text, 10), expected, "{text}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Err(()));
    }
}
