//! Where a route's traffic is bound for, compared as a network and not as text.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// What traffic a route is for: a network, or a prefix list (AWS).
///
/// Networks are equal when they are the same network, however they were written: `2001:DB8::/32` and `2001:db8:0::/32`
/// are one. Reading a text never fails ([`From`], [`Deserialize`]): what is no destination is kept as
/// [`Destination::Other`], so that a cloud's odd answer stays visible. A request with such a one is refused;
/// [`Destination::parse`] and [`FromStr`] say why.
///
/// # Examples
///
/// ```
/// use cloudapi_core::network::Destination;
///
/// let destination: Destination = "2001:DB8:0::/32".parse()?;
/// assert_eq!(destination.to_string(), "2001:db8::/32");
/// let error = Destination::parse("10.0.0.1/8").unwrap_err();
/// assert!(error.message().ends_with("the network is 10.0.0.0/8"));
/// # Ok::<(), cloudapi_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Destination {
    /// An IPv4 network.
    #[non_exhaustive]
    Ipv4 {
        /// Its first address.
        address: Ipv4Addr,
        /// The length of its prefix, 0 to 32.
        prefix: u8,
    },
    /// An IPv6 network.
    #[non_exhaustive]
    Ipv6 {
        /// Its first address.
        address: Ipv6Addr,
        /// The length of its prefix, 0 to 128.
        prefix: u8,
    },
    /// A prefix list (AWS): `pl-…`.
    PrefixList(Box<str>),
    /// A text that is no destination, as the cloud or the request wrote it.
    Other(Box<str>),
}

impl Destination {
    /// Reads a network with its prefix length, or the id of a prefix list.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the text and what is wrong with it: no prefix length, leading zeros, bits set behind the
    /// prefix, an IPv4 address written as IPv6 (`::ffff:10.0.0.0/104`), or no network at all.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Err(
                Error::invalid_argument(format!("{text:?} is no destination: {why}"))
                    .with_resources([text]),
            )
        };
        if let Some(id) = text.strip_prefix("pl-") {
            return if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                Ok(Self::PrefixList(text.into()))
            } else {
                bad("the id of a prefix list is pl- with letters and digits")
            };
        }
        let Some((address, length)) = text.split_once('/') else {
            let is_address = text.parse::<std::net::IpAddr>().is_ok();
            return bad(if is_address {
                "the length of the prefix is missing, such as /24"
            } else {
                "it takes a network such as 10.0.0.0/16 or 2001:db8::/32, or a prefix list such as pl-0123456789abcdef0"
            });
        };
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        if digits && length.len() > 1 && length.starts_with('0') {
            return bad("the length of the prefix has leading zeros");
        }
        let length = if digits {
            length.parse::<u8>().ok()
        } else {
            None
        };
        let network = match (address.parse::<Ipv4Addr>(), address.parse::<Ipv6Addr>()) {
            (Ok(address), _) => length.filter(|length| *length <= 32).map(|prefix| {
                let first = Ipv4Addr::from_bits(address.to_bits() & ipv4_mask(prefix));
                (
                    first == address,
                    Self::Ipv4 {
                        address: first,
                        prefix,
                    },
                )
            }),
            (_, Ok(address)) if address.to_ipv4_mapped().is_some() => {
                return bad("it is an IPv4 network in the form of an IPv6 one; write it as IPv4");
            }
            (_, Ok(address)) => length.filter(|length| *length <= 128).map(|prefix| {
                let first = Ipv6Addr::from_bits(address.to_bits() & ipv6_mask(prefix));
                (
                    first == address,
                    Self::Ipv6 {
                        address: first,
                        prefix,
                    },
                )
            }),
            _ => {
                return bad(
                    "what stands before the / is no address (octets have no leading zeros)",
                );
            }
        };
        match network {
            Some((true, network)) => Ok(network),
            Some((false, network)) => bad(&format!(
                "bits are set behind the prefix; the network is {network}"
            )),
            None => bad(
                "the length of the prefix is a number, up to 32 for IPv4 and up to 128 for IPv6",
            ),
        }
    }

    /// Whether it is an IPv6 network.
    pub fn is_ipv6(&self) -> bool {
        matches!(self, Self::Ipv6 { .. })
    }
}

fn ipv4_mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

fn ipv6_mask(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)
}

/// Writes the canonical form: IPv6 compressed and in lower case.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4 { address, prefix } => f.pad(&format!("{address}/{prefix}")),
            Self::Ipv6 { address, prefix } => f.pad(&format!("{address}/{prefix}")),
            Self::PrefixList(text) | Self::Other(text) => f.pad(text),
        }
    }
}

impl From<&str> for Destination {
    fn from(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self::Other(text.into()))
    }
}

impl From<String> for Destination {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl FromStr for Destination {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Serialize for Destination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(
            <Cow<'de, str>>::deserialize(deserializer)?.as_ref(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_network_is_equal_however_it_is_written() {
        for (text, canonical) in [
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.2.3/32", "10.1.2.3/32"),
            ("::/0", "::/0"),
            ("0:0:0:0:0:0:0:0/0", "::/0"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("2001:db8:0::/32", "2001:db8::/32"),
            ("2001:0db8:0000::0/32", "2001:db8::/32"),
            ("2001:db8::1/128", "2001:db8::1/128"),
            ("64:ff9b::/96", "64:ff9b::/96"),
            ("pl-63a5400a", "pl-63a5400a"),
        ] {
            let destination = Destination::parse(text).unwrap();
            assert_eq!(destination.to_string(), canonical);
            assert_eq!(destination, Destination::from(canonical));
        }
        assert_ne!(
            Destination::from("10.0.0.0/8"),
            Destination::from("10.0.0.0/9")
        );
        assert_ne!(Destination::from("0.0.0.0/0"), Destination::from("::/0"));
    }

    #[test]
    fn what_is_no_network_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "it takes a network"),
            ("default", "it takes a network"),
            ("10.0.0.0", "the length of the prefix is missing"),
            ("2001:db8::", "the length of the prefix is missing"),
            ("10.0.0.0/", "a number, up to 32"),
            ("10.0.0.0/33", "a number, up to 32"),
            ("10.0.0.0/+8", "a number, up to 32"),
            ("10.0.0.0/-8", "a number, up to 32"),
            ("10.0.0.0/8 ", "a number, up to 32"),
            ("10.0.0.0/256", "a number, up to 32"),
            ("10.0.0.0/8/8", "a number, up to 32"),
            ("10.0.0.0/255.0.0.0", "a number, up to 32"),
            ("2001:db8::/129", "up to 128"),
            ("10.0.0.0/08", "leading zeros"),
            ("10.0.0.0/00", "leading zeros"),
            ("2001:db8::/032", "leading zeros"),
            ("010.0.0.0/8", "no leading zeros"),
            ("10.0.0/24", "is no address"),
            ("10.0.0.0.0/24", "is no address"),
            (" 10.0.0.0/8", "is no address"),
            ("fe80::%eth0/64", "is no address"),
            ("10.0.0.1/8", "the network is 10.0.0.0/8"),
            ("100.68.0.18/18", "the network is 100.68.0.0/18"),
            ("0.0.0.1/0", "the network is 0.0.0.0/0"),
            ("2001:db8::1/64", "the network is 2001:db8::/64"),
            ("::ffff:10.0.0.0/104", "write it as IPv4"),
            ("::ffff:0a00:0000/104", "write it as IPv4"),
            ("pl-", "the id of a prefix list"),
            ("pl-1 2", "the id of a prefix list"),
        ] {
            let error = Destination::parse(text).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
            assert!(error.message().contains(reason), "{text}: {error}");
            assert!(error.message().contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn json_is_the_canonical_text_and_odd_texts_survive() {
        let read = |json: &str| serde_json::from_str::<Destination>(json).unwrap();
        assert_eq!(
            serde_json::to_string(&read("\"2001:DB8::/32\"")).unwrap(),
            "\"2001:db8::/32\""
        );
        let odd = read("\"10.0.0.1/8\"");
        assert_eq!(odd, Destination::Other("10.0.0.1/8".into()));
        assert_eq!(serde_json::to_string(&odd).unwrap(), "\"10.0.0.1/8\"");
    }

    proptest::proptest! {
        #[test]
        fn every_network_round_trips(bits: u128, prefix in 0_u8..=128) {
            let v6 = Ipv6Addr::from_bits(bits & ipv6_mask(prefix));
            let text = format!("{v6}/{prefix}");
            if v6.to_ipv4_mapped().is_none() {
                proptest::prop_assert_eq!(Destination::parse(&text).unwrap().to_string(), text);
            }
            let (bits, prefix) = (u32::try_from(bits >> 96).unwrap(), prefix % 33);
            let text = format!("{}/{prefix}", Ipv4Addr::from_bits(bits & ipv4_mask(prefix)));
            proptest::prop_assert_eq!(Destination::parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            proptest::prop_assert_eq!(Destination::from(text.as_str()).to_string().is_empty(), text.is_empty());
        }
    }
}
