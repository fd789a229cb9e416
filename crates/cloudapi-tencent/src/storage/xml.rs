//! The XML of COS, which is flat: elements with text, in lists of the same shape.

/// Gives the root element's name of a whole document, blanks before it left aside; nothing for what is cut off.
pub(super) fn root(text: &str) -> Option<&str> {
    let mut text = text.trim_start_matches('\u{feff}').trim();
    loop {
        let (before, end) = match text {
            _ if text.starts_with("<?") => ("<?", "?>"),
            _ if text.starts_with("<!--") => ("<!--", "-->"),
            _ => break,
        };
        text = text[before.len()..].split_once(end)?.1.trim_start();
    }
    let name = text
        .strip_prefix('<')?
        .split(|c: char| c.is_whitespace() || c == '>' || c == '/')
        .next()?;
    let whole = text.ends_with(&format!("</{name}>")) || text.ends_with("/>");
    (whole && !name.is_empty()).then_some(name)
}

/// Gives the text of the first element of a name, references resolved.
pub(super) fn text(document: &str, name: &str) -> Option<String> {
    let inside = inside(document, name)?.0;
    (!inside.contains('<')).then(|| resolve(inside.trim()))
}

/// Gives what stands inside each element of a name.
pub(super) fn all<'a>(document: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let mut rest = document;
    std::iter::from_fn(move || {
        let (inside, after) = inside(rest, name)?;
        rest = after;
        Some(inside)
    })
}

/// Writes a text so that it reads as itself inside an element.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// What stands inside the first element of a name, and what comes after it.
fn inside<'a>(document: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>"))
}

fn resolve(text: &str) -> String {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        resolved.push_str(before);
        let found = reference
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)));
        if let Some((character, after)) = found {
            resolved.push(character);
            rest = after;
        } else {
            resolved.push('&');
            rest = reference;
        }
    }
    resolved + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_a_whole_document() {
        for (document, expected) in [
            (
                "<?xml version='1.0' encoding='utf-8' ?>\n<Error><Code>x</Code></Error>\n",
                Some("Error"),
            ),
            ("  \n\n<A xmlns=\"http://x/\"><B/></A>", Some("A")),
            ("<A/>", Some("A")),
            ("<?xml version='1.0'?>\n<!-- <B> --> <A></A>", Some("A")),
            ("<!-- <A></A>", None),
            ("<A><B>", None),
            ("<A></A", None),
            ("<html>", None),
            ("<?xml", None),
            ("text", None),
            ("", None),
        ] {
            assert_eq!(root(document), expected, "{document}");
        }
    }

    #[test]
    fn texts_and_lists() {
        let document = "<R><P><N>1</N><E>&quot;a&#34;&#x22;</E></P><P><N> 2 </N><E>&lt;&amp;amp;&x;&</E></P><E/><Q><S/></Q></R>";
        let parts: Vec<_> = all(document, "P")
            .map(|part| (text(part, "N").unwrap(), text(part, "E").unwrap()))
            .collect();
        assert_eq!(
            parts,
            [
                ("1".to_owned(), "\"a\"\"".to_owned()),
                ("2".to_owned(), "<&amp;&x;&".to_owned())
            ]
        );
        assert_eq!(text(document, "Q"), None);
        assert_eq!(text(document, "X"), None);
        assert_eq!(resolve(&escape("a<b>&\"c\"")), "a<b>&\"c\"");
    }
}
