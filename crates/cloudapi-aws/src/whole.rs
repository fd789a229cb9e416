//! Telling a whole answer from one that was cut off.
//!
//! The SDK's reader takes the end of the text for the end of every element that is open: half a list passes for a list.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Fails a call whose XML does not end with the end of its root. For services whose answers are XML alone.
#[derive(Debug)]
pub(crate) struct WholeAnswers;

impl Intercept for WholeAnswers {
    fn name(&self) -> &'static str {
        "WholeAnswers"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes();
        if context.output_or_error().is_ok() && body.is_some_and(|body| !is_whole(body)) {
            return Err("the answer ends in the middle".into());
        }
        Ok(())
    }
}

/// Whether XML text ends with the end of the element that it begins with.
fn is_whole(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else {
        return false;
    };
    let mut text = text.trim_start_matches('\u{feff}').trim();
    loop {
        let (before, end) = match text {
            _ if text.starts_with("<?") => ("<?", "?>"),
            _ if text.starts_with("<!--") => ("<!--", "-->"),
            _ => break,
        };
        let after = text[before.len()..].split_once(end);
        text = after.map_or("", |(_, rest)| rest.trim_start());
    }
    let Some(root) = text.strip_prefix('<') else {
        return false;
    };
    let name = root
        .split(|c: char| c.is_whitespace() || c == '>' || c == '/')
        .next()
        .unwrap_or_default();
    let ends_itself = root
        .split_once('>')
        .is_some_and(|(tag, rest)| tag.ends_with('/') && rest.is_empty());
    ends_itself || text.ends_with(&format!("</{name}>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_must_end() {
        for whole in [
            "<A><b/></A>",
            "<?xml version=\"1.0\"?>\n<A xmlns=\"x/y\">\n<b>1</b></A>\n",
            "\u{feff}<A/>",
            "<A xmlns=\"x\"/>",
            "<?xml version=\"1.0\"?>\n<!-- <B> -->\n<A></A>",
        ] {
            assert!(is_whole(whole.as_bytes()), "{whole}");
        }
        for cut in [
            "",
            "<",
            "<A",
            "<A>",
            "<A><b></b>",
            "<A><b/>",
            "<?xml",
            "A</A>",
            "<A></A",
            "<A><A/>",
            "<!-- <A></A>",
        ] {
            assert!(!is_whole(cut.as_bytes()), "{cut}");
        }
        assert!(!is_whole(&[0xff]));
    }
}
