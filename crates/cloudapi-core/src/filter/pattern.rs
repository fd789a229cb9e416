//! A filter value: literal text, or text with `*` and `?`.

/// A filter value with its wildcards: `*` any run of characters, `?` exactly one, `\` takes the next as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Char(char),
    One,
    Run,
}

impl Pattern {
    /// Reads a value; every text is a pattern.
    pub fn new(source: impl Into<String>) -> Self {
        let source = source.into();
        let mut pieces = Vec::with_capacity(source.len());
        let mut chars = source.chars();
        while let Some(c) = chars.next() {
            pieces.push(match c {
                '*' => Piece::Run,
                '?' => Piece::One,
                '\\' => Piece::Char(chars.next().unwrap_or('\\')),
                c => Piece::Char(c),
            });
        }
        Self { source, pieces }
    }

    /// Gives the value as it was written, which is what AWS takes too.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Gives the text that alone matches, if there are no wildcards.
    pub fn literal(&self) -> Option<String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Char(c) => Some(*c),
                Piece::One | Piece::Run => None,
            })
            .collect()
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut piece, mut at) = (0, 0);
        // Where to go on after the latest run took one more character.
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.pieces.get(piece) {
                Some(Piece::Run) => {
                    retry = Some((piece + 1, at));
                    piece += 1;
                }
                Some(Piece::One) => (piece, at) = (piece + 1, at + 1),
                Some(Piece::Char(c)) if *c == text[at] => (piece, at) = (piece + 1, at + 1),
                _ => match &mut retry {
                    Some((resume, from)) => {
                        *from += 1;
                        (piece, at) = (*resume, *from);
                    }
                    None => return false,
                },
            }
        }
        self.pieces[piece..]
            .iter()
            .all(|piece| *piece == Piece::Run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_ec2_does() {
        for (pattern, text, expected) in [
            ("web", "web", true),
            ("web", "web1", false),
            ("web*", "web", true),
            ("web*", "web-1", true),
            ("*b*1", "web-b-1", true),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("?", "服", true),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            (r"a\*b", "a*b", true),
            (r"a\*b", "axb", false),
            (r"a\\b", r"a\b", true),
            ("Web", "web", false),
            ("a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                expected,
                "{pattern} ~ {text}"
            );
        }
    }

    #[test]
    fn knows_which_values_are_literal() {
        assert_eq!(Pattern::new("web").literal().as_deref(), Some("web"));
        assert_eq!(Pattern::new(r"50\?").literal().as_deref(), Some("50?"));
        assert_eq!(Pattern::new("web*").literal(), None);
    }

    proptest::proptest! {
        #[test]
        fn a_text_matches_itself_escaped(text in ".{0,20}") {
            let escaped: String = text.chars().flat_map(|c| ['\\', c]).collect();
            proptest::prop_assert!(Pattern::new(&escaped).matches(&text));
            proptest::prop_assert_eq!(Pattern::new(escaped).literal(), Some(text));
        }

        #[test]
        fn a_run_takes_anything(head in "[a-z]{0,5}", middle in "[a-z]{0,9}", tail in "[a-z]{0,5}") {
            let pattern = Pattern::new(format!("{head}*{tail}"));
            let text = format!("{head}{middle}{tail}");
            proptest::prop_assert!(pattern.matches(&text));
        }
    }
}
