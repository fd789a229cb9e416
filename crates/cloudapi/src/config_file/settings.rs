//! The settings of a connection.

use std::time::Duration;

use cloudapi_core::credentials::file;
use cloudapi_core::filter::nearest;
use cloudapi_core::{
    AssumeRole, CredentialChain, CredentialSource, Provider, ProviderConfig, Timeouts,
};

use super::document::{Entry, Fault, Node, Table};

const NAMES: &[&str] = &[
    "provider",
    "region",
    "profile",
    "credential_source",
    "role_arn",
    "external_id",
    "role_session_name",
    "endpoint_url",
    "ca_bundle",
    "timeout",
    "connect_timeout",
    "read_timeout",
    "attempt_timeout",
    "max_attempts",
    "max_in_flight",
];

/// Parts of a name by which a setting looks like a key.
const LIKE_KEYS: &[&str] = &[
    "secret",
    "access_key",
    "accesskey",
    "key_id",
    "keyid",
    "api_key",
    "private_key",
    "token",
    "password",
    "passwd",
];

/// Checks every setting of a connection.
pub(super) fn check(name: &str, line: Option<usize>, table: &Table) -> Result<(), Fault> {
    for entry in &table.0 {
        let plain = entry.name.to_ascii_lowercase().replace('-', "_");
        if !NAMES.contains(&entry.name.as_str())
            && LIKE_KEYS.iter().any(|part| plain.contains(part))
        {
            let what = if is_name(&entry.name) {
                format!("`{}`", entry.name)
            } else {
                "a setting that looks like a key".to_owned()
            };
            return Err(Fault::new(
                entry.line,
                format!(
                    "{} has {what}, and no key or secret may stand in this file; put it into a profile of \
                     ~/.aws/credentials and name that with `profile = \"NAME\"`, or into the environment, and write \
                     `credential_source = \"environment\"`",
                    the_connection(name)
                ),
            ));
        }
        if !NAMES.contains(&entry.name.as_str()) {
            return Err(unknown(entry, &the_connection(name), NAMES));
        }
    }
    if !table.0.iter().any(|entry| entry.name == "provider") {
        return Err(Fault::new(
            line,
            format!(
                "{} lacks `provider`, which is \"aws\" or \"tencent\"",
                the_connection(name)
            ),
        ));
    }
    config(name, table).map(|_| ())
}

/// A connection as it may be named in a message.
pub(super) fn the_connection(name: &str) -> String {
    match file::shown_name(name) {
        Some(name) => format!("the connection {name:?}"),
        None => "a connection".to_owned(),
    }
}

/// Whether a setting may be named in a message: a line of a key that went astray is no name.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 40 && bytes.all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(&byte))
}

/// The fault of a setting that nobody knows.
pub(super) fn unknown(entry: &Entry, place: &str, known: &[&str]) -> Fault {
    if !is_name(&entry.name) {
        return Fault::new(entry.line, format!("{place} has a setting that is unknown"));
    }
    let hint = nearest(&entry.name, known.iter().copied())
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    Fault::new(
        entry.line,
        format!("{place} has the unknown setting `{}`{hint}", entry.name),
    )
}

/// Makes the configuration.
pub(super) fn config(name: &str, table: &Table) -> Result<ProviderConfig, Fault> {
    let read = Reader { name, table };
    let provider = read.text("provider")?.unwrap_or_default();
    let provider: Provider = provider
        .parse()
        .map_err(|_| read.fault("provider", "is neither \"aws\" nor \"tencent\""))?;
    let mut config = ProviderConfig::new(provider).with_credentials(credentials(&read)?);
    config.region = read.text("region")?.map(str::to_owned);
    config.endpoint_url = read.text("endpoint_url")?.map(str::to_owned);
    config.ca_bundle = read.text("ca_bundle")?.map(Into::into);
    config.retry.deadline = read.duration("timeout")?;
    let mut timeouts = Timeouts::default();
    for (name, timeout) in [
        ("connect_timeout", &mut timeouts.connect),
        ("read_timeout", &mut timeouts.read),
        ("attempt_timeout", &mut timeouts.attempt),
    ] {
        if let Some(given) = read.duration(name)? {
            *timeout = given;
        }
    }
    config.timeouts = timeouts;
    if let Some(attempts) = read.number("max_attempts")? {
        config.retry.max_attempts = attempts;
    }
    if let Some(calls) = read.number("max_in_flight")? {
        config.max_in_flight = usize::try_from(calls).unwrap_or(usize::MAX);
    }
    if let Some(url) = &config.endpoint_url
        && url.contains('@')
    {
        return Err(read.fault(
            "endpoint_url",
            "has a name or a password in it, which have no place in this file",
        ));
    }
    // Each by itself, so that the message has its line.
    let bare = || ProviderConfig::new(provider);
    if config
        .region
        .iter()
        .any(|region| bare().with_region(region).check().is_err())
    {
        return Err(read.fault(
            "region",
            "has no region's form; examples are us-east-1 and ap-guangzhou",
        ));
    }
    if config
        .endpoint_url
        .iter()
        .any(|url| bare().with_endpoint_url(url).check().is_err())
    {
        return Err(read.fault(
            "endpoint_url",
            "is no URL; write it as https://HOST or http://HOST:PORT",
        ));
    }
    Ok(config)
}

fn credentials(read: &Reader<'_>) -> Result<CredentialSource, Fault> {
    let profile = read.text("profile")?;
    let named = read.text("credential_source")?;
    let base = match (named, profile) {
        (None, None) => CredentialSource::Default,
        (None | Some("profile"), Some(profile)) => CredentialSource::Profile(profile.to_owned()),
        (Some("profile"), None) => CredentialSource::Profile("default".to_owned()),
        (Some("chain"), Some(profile)) => CredentialChain::new().with_profile(profile).into(),
        (Some("chain"), None) => CredentialChain::new().into(),
        (Some("environment"), None) => CredentialSource::Environment,
        (Some("cvm-role"), None) => CredentialSource::InstanceRole,
        (Some("oidc"), None) => CredentialSource::Oidc,
        (Some("environment" | "cvm-role" | "oidc"), Some(_)) => {
            return Err(read.fault("profile", "has no meaning with this `credential_source`"));
        }
        (Some(_), _) => {
            return Err(read.fault(
                "credential_source",
                "is none of environment, profile, cvm-role, oidc, chain",
            ));
        }
    };
    let (session, external) = (read.text("role_session_name")?, read.text("external_id")?);
    let Some(arn) = read.text("role_arn")? else {
        for (name, value) in [("role_session_name", session), ("external_id", external)] {
            if value.is_some() {
                return Err(read.fault(name, "has no meaning without `role_arn`"));
            }
        }
        return Ok(base);
    };
    let mut role = AssumeRole::new(base, arn);
    role.session_name = session.map(str::to_owned);
    role.external_id = external.map(str::to_owned);
    Ok(role.into())
}

struct Reader<'a> {
    name: &'a str,
    table: &'a Table,
}

impl<'a> Reader<'a> {
    fn entry(&self, name: &str) -> Option<&'a Entry> {
        self.table.0.iter().find(|entry| entry.name == name)
    }

    fn fault(&self, name: &str, what: &str) -> Fault {
        let line = self.entry(name).and_then(|entry| entry.line);
        Fault::new(
            line,
            format!("`{name}` of {} {what}", the_connection(self.name)),
        )
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        match self.entry(name).map(|entry| &entry.node) {
            None => Ok(None),
            Some(Node::Text(text)) if text.trim().is_empty() => Err(self.fault(name, "is empty")),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.fault(name, "is no text")),
        }
    }

    fn number(&self, name: &str) -> Result<Option<u32>, Fault> {
        match self.entry(name).map(|entry| &entry.node) {
            None => Ok(None),
            Some(Node::Number(number)) => match u32::try_from(*number) {
                Ok(number) if number > 0 => Ok(Some(number)),
                _ => Err(self.fault(name, "is not at least 1")),
            },
            Some(_) => Err(self.fault(name, "is no number")),
        }
    }

    fn duration(&self, name: &str) -> Result<Option<Duration>, Fault> {
        let wrong = || {
            self.fault(
                name,
                "is no time such as \"90s\", \"5m\", or a number of seconds",
            )
        };
        let (number, unit) = match self.entry(name).map(|entry| &entry.node) {
            None => return Ok(None),
            Some(Node::Number(seconds)) => (u64::try_from(*seconds).map_err(|_| wrong())?, "s"),
            Some(Node::Text(text)) => {
                let text = text.trim();
                let end = text.find(|letter: char| !letter.is_ascii_digit());
                let (number, unit) = text.split_at(end.unwrap_or(text.len()));
                (number.parse().map_err(|_| wrong())?, unit.trim())
            }
            Some(_) => return Err(wrong()),
        };
        let given = match unit {
            "ms" => Duration::from_millis(number),
            "s" | "" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.saturating_mul(60)),
            "h" => Duration::from_secs(number.saturating_mul(3600)),
            _ => return Err(wrong()),
        };
        if given.is_zero() {
            return Err(wrong());
        }
        Ok(Some(given))
    }
}
