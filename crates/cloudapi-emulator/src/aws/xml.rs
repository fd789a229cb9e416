//! Writes the XML of AWS's answers.

use std::fmt::{self, Display, Write};

/// XML being written: elements without attributes, which is all that these answers have.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    /// `<name>value</name>`.
    pub(crate) fn text(&mut self, name: &str, value: impl Display) {
        self.open(name);
        // Writing to a string can't fail.
        let _ = write!(Escaped(&mut self.0), "{value}");
        self.close(name);
    }

    /// `<name>value</name>`, or nothing.
    pub(crate) fn optional(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// `<name>…</name>`.
    pub(crate) fn node(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.open(name);
        inside(self);
        self.close(name);
    }

    /// `<name><item>…</item>…</name>`, EC2's way with lists.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.node(name, |xml| {
            for item in items {
                xml.node("item", |xml| each(xml, item));
            }
        });
    }

    /// `<name><member>…</member>…</name>`, the query services' way with lists.
    pub(crate) fn members<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.node(name, |xml| {
            for item in items {
                xml.node("member", |xml| each(xml, item));
            }
        });
    }

    /// A list of texts, the query services' way.
    pub(crate) fn texts<T: Display>(&mut self, name: &str, items: impl IntoIterator<Item = T>) {
        self.node(name, |xml| {
            for item in items {
                xml.text("member", item);
            }
        });
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn open(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }

    fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }
}

struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\r' => self.0.push_str("&#13;"),
                // XML 1.0 has no way to write the other control characters.
                control if control.is_control() && !matches!(control, '\n' | '\t') => {
                    self.0.push('\u{fffd}');
                }
                plain => self.0.push(plain),
            }
        }
        Ok(())
    }
}
