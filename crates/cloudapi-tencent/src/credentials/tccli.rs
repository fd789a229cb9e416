//! The files of the cloud's own command line, `~/.tccli/NAME.credential` and `~/.tccli/NAME.configure`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudapi_core::credentials::{file, ini};
use cloudapi_core::{Environment, Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What a credential file may say.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Keys {
    pub(super) secret_id: Option<String>,
    pub(super) secret_key: Option<String>,
    pub(super) token: Option<String>,
    expires_at: Option<Expiry>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "role-arn")]
    role_arn: Option<String>,
    #[serde(rename = "role-session-name")]
    role_session_name: Option<String>,
}

/// Seconds since 1970, as a number or as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expiry {
    Number(f64),
    Text(String),
}

impl Keys {
    /// When the key ends; `None` for one that does not.
    pub(super) fn expires_at(&self) -> Option<SystemTime> {
        let seconds = match self.expires_at.as_ref()? {
            Expiry::Number(seconds) => *seconds,
            Expiry::Text(text) => text.trim().parse().ok()?,
        };
        let since = Duration::try_from_secs_f64(seconds).ok()?;
        (!since.is_zero()).then(|| UNIX_EPOCH.checked_add(since))?
    }
}

/// The file with a profile's keys.
pub(super) fn keys_path(profile: &str, environment: &Environment) -> Option<PathBuf> {
    path(profile, "credential", environment)
}

/// Reads a profile's keys; `None` if there is no such file.
pub(super) fn keys(path: &Path) -> Result<Option<Keys>> {
    read(path)
}

/// The role that a profile's keys take on, and its session's name.
pub(super) fn role(
    profile: &str,
    environment: &Environment,
) -> Result<Option<(String, Option<String>)>> {
    let full = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let keys = of(profile, environment)?;
    Ok(keys.and_then(|keys| Some((full(keys.role_arn)?, full(keys.role_session_name)))))
}

/// Whether a profile stands for the role of the machine.
pub(super) fn is_instance_role(profile: &str, environment: &Environment) -> Result<bool> {
    let keys = of(profile, environment)?;
    Ok(keys.is_some_and(|keys| keys.kind.as_deref() == Some("cvm-role")))
}

fn of(profile: &str, environment: &Environment) -> Result<Option<Keys>> {
    match keys_path(profile, environment) {
        Some(path) => keys(&path),
        None => Ok(None),
    }
}

/// Reads a profile's region.
pub(super) fn region(profile: &str, environment: &Environment) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Configure {
        #[serde(rename = "_sys_param")]
        parameters: Option<Parameters>,
    }
    #[derive(Deserialize)]
    struct Parameters {
        region: Option<String>,
    }
    let Some(path) = path(profile, "configure", environment) else {
        return Ok(None);
    };
    let configure: Option<Configure> = read(&path)?;
    Ok(configure.and_then(|configure| configure.parameters?.region))
}

fn path(profile: &str, extension: &str, environment: &Environment) -> Option<PathBuf> {
    let home = environment.home()?;
    Some(home.join(".tccli").join(format!("{profile}.{extension}")))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let Some(text) = file::read_text(path)? else {
        return Ok(None);
    };
    let parsed = serde_json::from_str(&text);
    ini::wipe(text);
    // The parser's own words would quote the file.
    parsed.map(Some).map_err(|error| {
        Error::config(format!(
            "the file {}, line {}: not the JSON that tccli writes",
            path.display(),
            error.line()
        ))
        .with_resources([path.display().to_string()])
    })
}
