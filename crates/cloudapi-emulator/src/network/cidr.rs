//! Destinations of routes as networks.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: its first address and the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cidr {
    first: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Reads `ADDRESS/LENGTH`; the address may have host bits, which are dropped.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let plain = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || prefix.len() > 1 && prefix.starts_with('0') {
            return None;
        }
        let prefix: u8 = prefix.parse().ok()?;
        let first = match address.parse().ok()? {
            IpAddr::V4(address) if prefix <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) if prefix <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
            _ => return None,
        };
        Some(Self { first, prefix })
    }

    pub(crate) fn is_ipv6(self) -> bool {
        self.first.is_ipv6()
    }

    /// Whether all of another network's addresses are this one's too.
    pub(crate) fn covers(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.holds(other.first)
    }

    /// Whether an address is one of this network's.
    pub(crate) fn holds(self, address: IpAddr) -> bool {
        let shift = |wide: u32| wide - u32::from(self.prefix);
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits())
                    .checked_shr(shift(32))
                    .unwrap_or(0)
                    == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits())
                    .checked_shr(shift(128))
                    .unwrap_or(0)
                    == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_written_in_one_form() {
        for (text, canonical) in [
            ("100.68.0.18/18", Some("100.68.0.0/18")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("10.0.0.1/32", Some("10.0.0.1/32")),
            ("2001:DB8:0::1/32", Some("2001:db8::/32")),
            ("::/0", Some("::/0")),
            ("10.0.0.0/33", None),
            ("10.0.0.0/08", None),
            ("10.0.0.0/+8", None),
            ("10.0.0.0", None),
            ("010.0.0.0/8", None),
            ("pl-1", None),
        ] {
            let read = Cidr::parse(text).map(|cidr| cidr.to_string());
            assert_eq!(read.as_deref(), canonical, "{text}");
        }
    }

    #[test]
    fn a_network_covers_what_is_in_it() {
        let covers = |one: &str, two: &str| {
            Cidr::parse(one)
                .zip(Cidr::parse(two))
                .is_some_and(|(one, two)| one.covers(two))
        };
        assert!(covers("10.0.0.0/16", "10.0.64.0/18"));
        assert!(covers("0.0.0.0/0", "10.0.0.0/16"));
        assert!(!covers("10.0.64.0/18", "10.0.0.0/16"));
        assert!(!covers("10.0.0.0/16", "10.1.0.0/16"));
        assert!(!covers("0.0.0.0/0", "::/0"));
        assert!(covers("2001:db8::/32", "2001:db8:1::/48"));
    }
}
