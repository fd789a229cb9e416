//! The one way in which a cloud's words become an enum of ours.

/// Defines an enum whose values come from a cloud: known words have an arm, every other word is kept as text.
///
/// Such an enum reads and writes as one JSON string and round-trips unchanged.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$arm_meta:meta])* $arm:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$arm_meta])* $arm, )+
            /// A word that this version has no arm for, kept as the cloud said it; [`Self::as_str`] reads it.
            Other(Box<str>),
        }

        impl $name {
            /// Every word that has an arm of its own, in the order of declaration.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// Gives the word, for an unknown one the cloud's own.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$arm => $word, )+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $( $word => Self::$arm, )+
                    other => Self::Other(other.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Ok(Self::from(word.as_ref()))
            }
        }
    };
}

pub(crate) use open_enum;
