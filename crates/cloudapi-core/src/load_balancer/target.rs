//! A target: a server and a port.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::TargetHealth;
use crate::{Error, InstanceId, Result};

/// What is put into or taken out of a backend group.
///
/// As text `ID` or `ID:PORT`: `i-0123456789abcdef0:8080`, `10.0.0.1:80`, `[2001:db8::1]:80`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Target {
    /// The instance. For a group of addresses (AWS) or an elastic network interface (Tencent Cloud), a private address; for a
    /// group of functions or of load balancers (AWS), an ARN.
    pub instance_id: InstanceId,
    /// The port, 1 to 65535. Without it: the group's when registering, every port it has when deregistering.
    #[serde(
        default,
        deserialize_with = "port",
        skip_serializing_if = "Option::is_none"
    )]
    pub port: Option<u16>,
    /// Its share of the traffic, 0 to 100; 0 for none. Tencent Cloud only, and only when registering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
}

impl Target {
    /// Names an instance.
    pub fn new(instance_id: impl Into<InstanceId>) -> Self {
        Self {
            instance_id: instance_id.into(),
            port: None,
            weight: None,
        }
    }

    /// Sets the port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Sets its share of the traffic.
    #[must_use]
    pub fn with_weight(mut self, weight: u32) -> Self {
        self.weight = Some(weight);
        self
    }

    /// Whether a registered target is meant: the same instance or address, and the same port if one is given.
    pub fn means(&self, registered: &TargetHealth) -> bool {
        let id = self.instance_id.as_str();
        let same_id = registered.instance_id.as_ref().map(InstanceId::as_str) == Some(id)
            || registered.address.as_deref() == Some(id);
        same_id && (self.port.is_none() || self.port == registered.port)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.instance_id;
        match self.port {
            None => write!(f, "{id}"),
            Some(port) if is_ipv6(id.as_str()) => write!(f, "[{id}]:{port}"),
            Some(port) => write!(f, "{id}:{port}"),
        }
    }
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<std::net::Ipv6Addr>().is_ok()
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let without_port = is_ipv6(text)
            // The last part of an ARN is a name, except where a load balancer is the target.
            || (text.starts_with("arn:") && !text.contains(":loadbalancer/"));
        let (id, port) = match text.rsplit_once(':').filter(|_| !without_port) {
            Some((id, port)) if !id.starts_with("arn:") || is_number(port) => (id, Some(port)),
            _ => (text, None),
        };
        let id = id
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(id);
        if id.is_empty() {
            return Err(Error::invalid_argument(format!(
                "the target {text:?} names no instance; write it as ID or ID:PORT"
            )));
        }
        let port = port.map(|port| {
            port.parse()
                .ok()
                .filter(|port: &u16| *port > 0)
                .ok_or_else(|| bad_port(port))
        });
        Ok(Self {
            port: port.transpose()?,
            ..Self::new(id)
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn bad_port(port: impl fmt::Display) -> Error {
    Error::invalid_argument(format!("Port is {port}; it is 1 to 65535"))
}

/// Reads a port so that a wrong one is named, and not just "expected u16".
fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    number
        .as_u64()
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port > 0)
        .map(Some)
        .ok_or_else(|| D::Error::custom(bad_port(number).message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_short_form_and_writes_it_back() {
        for (text, id, port) in [
            ("i-1", "i-1", None),
            ("i-1:8080", "i-1", Some(8080)),
            ("10.0.0.1:80", "10.0.0.1", Some(80)),
            ("2001:db8::1", "2001:db8::1", None),
            ("[2001:db8::1]:80", "2001:db8::1", Some(80)),
            (
                "arn:aws:lambda:us-east-1:123456789012:function:f:7",
                "arn:aws:lambda:us-east-1:123456789012:function:f:7",
                None,
            ),
            (
                "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188:80",
                "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188",
                Some(80),
            ),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!((target.instance_id.as_str(), target.port), (id, port));
            assert_eq!(target.to_string(), text);
        }
        for (bad, value) in [
            ("i-1:0", "Port is 0"),
            ("i-1:65536", "Port is 65536"),
            ("i-1:http", "Port is http"),
            (":80", "\":80\""),
            ("", "\"\""),
        ] {
            let error = bad.parse::<Target>().unwrap_err();
            assert!(error.message().contains(value), "{error}");
        }
    }

    #[test]
    fn json_names_an_impossible_port() {
        let read = |port: &str| {
            serde_json::from_str::<Target>(&format!(r#"{{"InstanceId": "i-1", "Port": {port}}}"#))
        };
        assert_eq!(read("8080").unwrap(), Target::new("i-1").with_port(8080));
        assert_eq!(read("null").unwrap(), Target::new("i-1"));
        for bad in ["0", "65536", "-1", "80.5"] {
            let message = read(bad).unwrap_err().to_string();
            assert!(
                message.contains(&format!("Port is {bad}; it is 1 to 65535")),
                "{message}"
            );
        }
    }
}
