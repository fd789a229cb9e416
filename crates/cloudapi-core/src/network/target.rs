//! Where a route leads to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::filter::nearest;
use crate::open_enum::open_enum;
use crate::{Error, Result};

open_enum! {
    /// What kind of thing a route leads to, in words for both clouds.
    pub enum RouteTargetKind {
        /// The network itself. Such routes can't be set.
        Local = "Local",
        /// An internet gateway (AWS).
        InternetGateway = "InternetGateway",
        /// An internet gateway for outbound IPv6 only (AWS).
        EgressOnlyInternetGateway = "EgressOnlyInternetGateway",
        /// A NAT gateway towards the internet.
        NatGateway = "NatGateway",
        /// A server. Tencent Cloud routes to its private address, which is looked up in both directions.
        Instance = "Instance",
        /// A network interface (AWS).
        NetworkInterface = "NetworkInterface",
        /// A connection with another network.
        Peering = "Peering",
        /// A transit gateway (AWS).
        TransitGateway = "TransitGateway",
        /// A VPN gateway.
        VpnGateway = "VpnGateway",
        /// The gateway of a leased line (Tencent Cloud).
        DirectConnectGateway = "DirectConnectGateway",
        /// The endpoint of a gateway load balancer; at AWS also a gateway endpoint, whose routes can't be set.
        VpcEndpoint = "VpcEndpoint",
        /// A carrier gateway (AWS).
        CarrierGateway = "CarrierGateway",
        /// The gateway of the cloud's hardware on one's own premises.
        LocalGateway = "LocalGateway",
        /// A core network of Cloud WAN, by its ARN (AWS).
        CoreNetwork = "CoreNetwork",
        /// A server that is a public gateway (Tencent Cloud).
        PublicGateway = "PublicGateway",
        /// A floating private address (Tencent Cloud).
        HaVip = "HaVip",
        /// The server's own public address (Tencent Cloud); its id is always `0`.
        ElasticIp = "ElasticIp",
        /// A Cloud Connect Network (Tencent Cloud).
        CloudConnectNetwork = "CloudConnectNetwork",
        /// A private address of the network, behind which no server is known (Tencent Cloud).
        PrivateAddress = "PrivateAddress",
        /// A NAT gateway between private networks (Tencent Cloud).
        IntranetNat = "IntranetNat",
    }
}

impl RouteTargetKind {
    /// Gives the word as the command line writes it: `nat-gateway`.
    pub fn kebab(&self) -> String {
        let mut kebab = String::new();
        for (index, letter) in self.as_str().char_indices() {
            if letter.is_ascii_uppercase() && index > 0 {
                kebab.push('-');
            }
            kebab.push(letter.to_ascii_lowercase());
        }
        kebab
    }

    /// Reads a known word, in PascalCase or kebab-case and any letter case.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for any other word, with the nearest that is known.
    pub fn parse(word: &str) -> Result<Self> {
        let plain = |word: &str| word.replace('-', "").to_ascii_lowercase();
        let wanted = plain(word);
        if let Some(known) = Self::WORDS.iter().find(|known| plain(known) == wanted) {
            return Ok(Self::from(*known));
        }
        let kebabs: Vec<String> = Self::WORDS
            .iter()
            .map(|known| Self::from(*known).kebab())
            .collect();
        let near = nearest(word, kebabs.iter().map(String::as_str))
            .and_then(|near| kebabs.iter().position(|kebab| kebab == near))
            .map(|index| format!("; did you mean {}?", Self::WORDS[index]));
        Err(Error::invalid_argument(format!(
            "unknown kind of route target {word:?}{}; known are {}",
            near.unwrap_or_default(),
            Self::WORDS.join(", ")
        ))
        .with_resources([word]))
    }
}

/// Where a route leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct RouteTarget {
    /// What kind of thing it is.
    #[serde(rename = "Type")]
    pub kind: RouteTargetKind,
    /// Its id: `nat-…`, an ARN for a core network, an address for [`RouteTargetKind::PrivateAddress`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
}

impl RouteTarget {
    /// Names a target.
    pub fn new(kind: RouteTargetKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// Gives the target in the form in which it is compared and sent: a known kind, and an id.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for an unknown kind, and for an empty id where the kind needs one.
    pub fn checked(&self) -> Result<Self> {
        let kind = RouteTargetKind::parse(self.kind.as_str())?;
        let id = match (&kind, self.id.trim()) {
            (RouteTargetKind::Local, _) => "local",
            (RouteTargetKind::ElasticIp, "") => "0",
            (RouteTargetKind::ElasticIp, id) if id != "0" => {
                return Err(Error::invalid_argument(format!(
                    "the id of a route target ElasticIp is 0, not {id:?}"
                ))
                .with_resources([id]));
            }
            (kind, "") => {
                return Err(Error::invalid_argument(format!(
                    "the route target {kind} has no id"
                )));
            }
            (_, id) => id,
        };
        Ok(Self::new(kind, id))
    }
}

impl fmt::Display for RouteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kind, self.id.as_str()) {
            (RouteTargetKind::Local, _) | (_, "") => f.pad(self.kind.as_str()),
            (kind, id) => f.pad(&format!("{kind} {id}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_in_both_spellings() {
        for (word, kebab) in [
            ("NatGateway", "nat-gateway"),
            ("HaVip", "ha-vip"),
            ("ElasticIp", "elastic-ip"),
            ("EgressOnlyInternetGateway", "egress-only-internet-gateway"),
            ("Local", "local"),
        ] {
            let kind = RouteTargetKind::from(word);
            assert_eq!(kind.kebab(), kebab);
            for text in [word, kebab, &word.to_uppercase()] {
                assert_eq!(RouteTargetKind::parse(text).unwrap(), kind);
            }
        }
        assert_eq!(RouteTargetKind::WORDS.len(), 20);
        for word in RouteTargetKind::WORDS {
            let kind = RouteTargetKind::parse(word).unwrap();
            assert_eq!(RouteTargetKind::parse(&kind.kebab()).unwrap(), kind);
        }
    }

    #[test]
    fn unknown_kinds_are_kept_when_read_and_refused_when_written() {
        let target: RouteTarget =
            serde_json::from_str(r#"{"Type": "OdbNetworkArn", "Id": "arn:x"}"#).unwrap();
        assert_eq!(target.kind, RouteTargetKind::Other("OdbNetworkArn".into()));
        assert_eq!(
            serde_json::to_string(&target).unwrap(),
            r#"{"Type":"OdbNetworkArn","Id":"arn:x"}"#
        );
        let error = target.checked().unwrap_err();
        assert!(error.message().contains("\"OdbNetworkArn\""), "{error}");
        let error = RouteTargetKind::parse("NatGatway").unwrap_err();
        assert!(
            error.message().contains("did you mean NatGateway?"),
            "{error}"
        );
    }

    #[test]
    fn ids_are_needed_but_where_there_is_only_one() {
        let check = |kind: &str, id: &str| RouteTarget::new(kind.into(), id).checked();
        assert_eq!(
            check("elastic-ip", "").unwrap(),
            RouteTarget::new(RouteTargetKind::ElasticIp, "0")
        );
        assert_eq!(check("Local", "").unwrap().id, "local");
        assert!(check("ElasticIp", "eip-1").is_err());
        assert!(
            check("NatGateway", " ")
                .unwrap_err()
                .message()
                .contains("NatGateway has no id")
        );
    }
}
