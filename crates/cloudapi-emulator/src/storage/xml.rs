//! Reads the XML documents of requests.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Deeper documents are refused.
const DEEPEST: usize = 16;

/// An element with what is in it. Attributes have no meaning in these documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Reads a document whose root has this name; `None` when it is anything else.
    pub(crate) fn parse(document: &[u8], root: &str) -> Option<Self> {
        let text = std::str::from_utf8(document).ok()?;
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        let mut found = None;
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) if open.len() < DEEPEST && found.is_none() => {
                    open.push(Self::named(start.local_name().as_ref()));
                }
                Event::Empty(empty) if found.is_none() => {
                    close(
                        &mut open,
                        &mut found,
                        Self::named(empty.local_name().as_ref()),
                    );
                }
                Event::End(_) => {
                    let ended = open.pop()?;
                    close(&mut open, &mut found, ended);
                }
                Event::Text(text) => add(&mut open, &text)?,
                Event::CData(data) => add(&mut open, &data)?,
                Event::GeneralRef(reference) => {
                    let reference = format!("&{};", &*reference);
                    let plain = quick_xml::escape::unescape(&reference).ok()?;
                    add(&mut open, &plain)?;
                }
                Event::Decl(_) | Event::Comment(_) => {}
                Event::Eof => break,
                _ => return None,
            }
        }
        found.filter(|found| open.is_empty() && found.name == root)
    }

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// The elements of this name directly in it.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first element of this name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let child = self.children.iter().find(|child| child.name == name)?;
        Some(child.text.trim())
    }

    /// An element directly in it that has none of these names.
    pub(crate) fn other_than(&self, names: &[&str]) -> bool {
        let mut children = self.children.iter();
        children.any(|child| !names.contains(&child.name.as_str()))
    }
}

/// An element ended: it belongs to the one around it, or is the root.
fn close(open: &mut [Element], found: &mut Option<Element>, ended: Element) {
    match open.last_mut() {
        Some(parent) => parent.children.push(ended),
        None => *found = Some(ended),
    }
}

/// Adds text; outside of the root there is only white space.
fn add(open: &mut [Element], text: &str) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_its_references() {
        let document = br#"<?xml version="1.0"?>
            <CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
              <Part><ETag>&quot;a&#98;&amp;&quot;</ETag><PartNumber> 1 </PartNumber></Part><Part/>
            </CompleteMultipartUpload>"#;
        let root = Element::parse(document, "CompleteMultipartUpload").unwrap();
        let parts: Vec<_> = root.all("Part").collect();
        assert_eq!(parts.len(), 2);
        assert_eq!(
            (parts[0].text("ETag"), parts[0].text("PartNumber")),
            (Some("\"ab&\""), Some("1"))
        );
        assert_eq!(parts[1].text("ETag"), None);
        assert!(!root.other_than(&["Part"]) && parts[0].other_than(&["ETag"]));
    }

    #[test]
    fn anything_else_is_refused() {
        for document in [
            "",
            "text",
            "<A></B>",
            "<A>",
            "<A/><A/>",
            "<B/>",
            "x<A/>",
            "<A>&nothing;</A>",
            "<A/>x",
            "<!DOCTYPE a><A/>",
        ] {
            assert_eq!(Element::parse(document.as_bytes(), "A"), None, "{document}");
        }
        let deep = "<A>".repeat(100) + &"</A>".repeat(100);
        assert_eq!(Element::parse(deep.as_bytes(), "A"), None);
        assert_eq!(Element::parse(b"\xff<A/>", "A"), None);
    }
}
