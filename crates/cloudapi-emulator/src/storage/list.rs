//! Lists of keys: prefix, delimiter and marker mean the same at both clouds.

use std::ops::Bound;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::aws::xml::Xml;

/// What stays as it is where a list is asked for with `encoding-type=url`.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) entries: Vec<T>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) truncated: bool,
    /// The last entry or prefix of the page: what the next one comes after.
    pub(crate) last: String,
}

/// What a list is limited to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter<'a> {
    pub(crate) prefix: &'a str,
    /// Empty for none.
    pub(crate) delimiter: &'a str,
    /// Entries up to and including this one were seen; so were those of a prefix that it names.
    pub(crate) after: &'a str,
    pub(crate) most: usize,
}

impl Filter<'_> {
    /// A page of entries that come in the order of their keys.
    pub(crate) fn page<'k, T>(&self, all: impl Iterator<Item = (&'k str, T)>) -> Page<T> {
        let mut page = Page {
            entries: Vec::new(),
            prefixes: Vec::new(),
            truncated: false,
            last: String::new(),
        };
        for (key, entry) in all {
            if key <= self.after || !key.starts_with(self.prefix) {
                continue;
            }
            let group = self.group(key);
            if let Some(group) = group {
                let seen = page.prefixes.last().is_some_and(|last| last == group);
                if seen || self.after.starts_with(group) && self.after.ends_with(self.delimiter) {
                    continue;
                }
            }
            if page.entries.len() + page.prefixes.len() >= self.most {
                // A page that may hold nothing is the last one.
                page.truncated = self.most > 0;
                break;
            }
            group.unwrap_or(key).clone_into(&mut page.last);
            match group {
                Some(group) => page.prefixes.push(group.to_owned()),
                None => page.entries.push(entry),
            }
        }
        page
    }

    /// The prefix under which a key is shown, up to the delimiter.
    fn group<'k>(&self, key: &'k str) -> Option<&'k str> {
        if self.delimiter.is_empty() {
            return None;
        }
        let rest = &key[self.prefix.len()..];
        let end = rest.find(self.delimiter)? + self.delimiter.len();
        Some(&key[..self.prefix.len() + end])
    }
}

/// From where a list of uploads goes on: after all of this key's, or after one of them.
pub(crate) fn uploads_after(key: &str, id: &str) -> Bound<(String, String)> {
    if key.is_empty() {
        return Bound::Unbounded;
    }
    // No id sorts after this one.
    let id = if id.is_empty() { "\u{10ffff}" } else { id };
    Bound::Excluded((key.to_owned(), id.to_owned()))
}

/// Writes the prefixes that keys were gathered under.
pub(crate) fn common_prefixes(xml: &mut Xml, prefixes: &[String], encoding: Option<&str>) {
    for prefix in prefixes {
        xml.node("CommonPrefixes", |xml| {
            xml.text("Prefix", shown(prefix, encoding));
        });
    }
}

/// A key as it stands in a list: encoded where that was asked for, because XML can't hold everything that a key can.
pub(crate) fn shown(key: &str, encoding: Option<&str>) -> String {
    if encoding == Some("url") {
        utf8_percent_encode(key, UNRESERVED).to_string()
    } else {
        key.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(prefix: &str, delimiter: &str, most: usize) -> Vec<(Vec<&'static str>, Vec<String>)> {
        let keys = ["a", "b/1", "b/2", "b/c/3", "c", "d/4", "e"];
        let (mut pages, mut after) = (Vec::new(), String::new());
        loop {
            let filter = Filter {
                prefix,
                delimiter,
                after: &after,
                most,
            };
            let page = filter.page(keys.iter().map(|key| (*key, *key)));
            pages.push((page.entries, page.prefixes));
            after = page.last;
            if !page.truncated {
                return pages;
            }
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn pages_cover_the_list_once() {
        assert_eq!(
            pages("", "/", 9),
            [(vec!["a", "c", "e"], names(&["b/", "d/"]))]
        );
        assert_eq!(
            pages("", "/", 2),
            [
                (vec!["a"], names(&["b/"])),
                (vec!["c"], names(&["d/"])),
                (vec!["e"], names(&[]))
            ]
        );
        assert_eq!(
            pages("b/", "/", 9),
            [(vec!["b/1", "b/2"], names(&["b/c/"]))]
        );
        assert_eq!(
            pages("b/", "", 2),
            [(vec!["b/1", "b/2"], vec![]), (vec!["b/c/3"], vec![])]
        );
        assert_eq!(pages("x", "/", 9), [(vec![], vec![])]);
        assert_eq!(pages("", "", 0), [(vec![], vec![])]);
    }

    #[test]
    fn keys_are_encoded_on_demand() {
        assert_eq!(shown("a b/+中", Some("url")), "a%20b/%2B%E4%B8%AD");
        assert_eq!(shown("a b/+中", None), "a b/+中");
    }
}
