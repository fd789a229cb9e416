//! Keys of a named profile in the files on disk.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use cloudapi_core::credentials::file;
use cloudapi_core::credentials::ini::Section;
use cloudapi_core::{Credentials, Environment, Error, ProvideCredentials, Result};

use super::tccli;

/// Whether `aws_…` keys in `~/.aws/credentials` count as keys for this cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AwsKeys {
    /// The caller named the profile and so said what is meant.
    Accepted,
    /// The profile is only the usual one.
    Ignored,
}

/// What looking for a profile came to.
#[derive(Debug)]
pub(super) enum Lookup {
    /// Keys, with the file that they came from.
    Found(Credentials, PathBuf),
    /// The profile is in this file and has no keys.
    NoKeys(PathBuf),
    /// None of these files has the profile.
    NoProfile(Vec<PathBuf>),
    /// None of these files exists.
    NoFile(Vec<PathBuf>),
}

/// Looks through the files in their order: `~/.aws/credentials`, `~/.tencentcloud/credentials`, `~/.tccli`.
///
/// # Errors
///
/// `Config` for half a pair, a file that can't be read or has bad syntax, a name that is none.
pub(super) fn look_up(name: &str, environment: &Environment, aws_keys: AwsKeys) -> Result<Lookup> {
    check_name(name)?;
    let tencent: &[KeyNames] = &[KeyNames::TENCENT];
    let both: &[KeyNames] = &[KeyNames::TENCENT, KeyNames::AWS];
    let shared = match aws_keys {
        AwsKeys::Accepted => both,
        AwsKeys::Ignored => tencent,
    };
    let sectioned = [
        (file::aws_credentials_path(environment), shared),
        (
            file::path_from(
                environment,
                "TENCENTCLOUD_CREDENTIALS_FILE",
                ".tencentcloud/credentials",
            ),
            &[KeyNames::OWN],
        ),
    ];
    let mut looked_at = Vec::new();
    let mut existing = Vec::new();
    let mut without_keys = None;
    for (path, names) in sectioned {
        let Some(path) = path else { continue };
        looked_at.push(path.clone());
        let Some(ini) = file::read_ini(&path)? else {
            continue;
        };
        existing.push(path.clone());
        let Some(section) = ini.section(name) else {
            continue;
        };
        for names in names {
            if let Some(credentials) = names.read(name, section, &path)? {
                file::warn_if_shared(&path);
                return Ok(Lookup::Found(credentials, path));
            }
        }
        without_keys.get_or_insert(path);
    }
    if let Some(path) = tccli::keys_path(name, environment) {
        if let Some(keys) = tccli::keys(&path)? {
            match of_tccli(name, &keys, &path)? {
                Some(credentials) => {
                    file::warn_if_shared(&path);
                    return Ok(Lookup::Found(credentials, path));
                }
                None => {
                    without_keys.get_or_insert(path);
                }
            }
        } else {
            looked_at.push(path);
        }
    }
    Ok(match without_keys {
        Some(path) => Lookup::NoKeys(path),
        None if existing.is_empty() => Lookup::NoFile(looked_at),
        None => Lookup::NoProfile(looked_at),
    })
}

/// Refuses what can't be a profile's name, and would lead to other files.
pub(super) fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty()
        || name.contains(['/', '\\', '[', ']'])
        || name.chars().any(char::is_control)
    {
        return Err(Error::config(format!("{name:?} is no profile's name")));
    }
    Ok(())
}

/// What a pair is called in a file of sections.
struct KeyNames {
    id: &'static str,
    key: &'static str,
    token: Option<&'static str>,
}

impl KeyNames {
    const TENCENT: Self = Self {
        id: "tencentcloud_secret_id",
        key: "tencentcloud_secret_key",
        token: Some("tencentcloud_token"),
    };
    const AWS: Self = Self {
        id: "aws_access_key_id",
        key: "aws_secret_access_key",
        token: Some("aws_session_token"),
    };
    /// In `~/.tencentcloud/credentials`, which has no token.
    const OWN: Self = Self {
        id: "secret_id",
        key: "secret_key",
        token: None,
    };

    /// Reads the pair; `None` if the section has neither half.
    fn read(&self, profile: &str, section: &Section, path: &Path) -> Result<Option<Credentials>> {
        let (id, key) = match (section.get(self.id), section.get(self.key)) {
            (Some(id), Some(key)) => (id, key),
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(half(profile, path, self.id, self.key)),
            (None, Some(_)) => return Err(half(profile, path, self.key, self.id)),
        };
        let mut credentials = Credentials::new(id.expose(), key.clone());
        if let Some(token) = self.token.and_then(|name| section.get(name)) {
            credentials = credentials.with_session_token(token.clone());
        }
        Ok(Some(checked(credentials, profile, path)?))
    }
}

fn of_tccli(profile: &str, keys: &tccli::Keys, path: &Path) -> Result<Option<Credentials>> {
    let full = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut credentials = match (full(&keys.secret_id), full(&keys.secret_key)) {
        (Some(id), Some(key)) => Credentials::new(id, key),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(half(profile, path, "secretId", "secretKey")),
        (None, Some(_)) => return Err(half(profile, path, "secretKey", "secretId")),
    };
    if let Some(token) = full(&keys.token) {
        credentials = credentials.with_session_token(token);
    }
    if let Some(end) = keys.expires_at() {
        credentials = credentials.with_expires_at(end);
    }
    checked(credentials, profile, path).map(Some)
}

pub(super) fn in_file(profile: &str, path: &Path, what: &str) -> Error {
    Error::config(format!(
        "the profile {profile:?} in {} {what}",
        path.display()
    ))
    .with_resources([path.display().to_string()])
}

fn half(profile: &str, path: &Path, there: &str, missing: &str) -> Error {
    in_file(profile, path, &format!("has {there} but not {missing}"))
}

fn checked(credentials: Credentials, profile: &str, path: &Path) -> Result<Credentials> {
    match credentials.check() {
        Ok(()) => Ok(credentials.with_origin(format!("profile {profile} ({})", path.display()))),
        Err(error) => Err(in_file(
            profile,
            path,
            &format!("can't be used: {}", error.message()),
        )),
    }
}

/// Hands out a profile's keys; the files are read each time, since a tool may have renewed them.
#[derive(Debug)]
pub(super) struct ProfileCredentials {
    pub(super) name: String,
    pub(super) environment: Environment,
    pub(super) aws_keys: AwsKeys,
}

impl ProfileCredentials {
    /// Reads the keys.
    ///
    /// # Errors
    ///
    /// `Config`: no file, no such profile, no keys in it, half a pair, bad syntax, or keys that have ended.
    pub(super) fn at(&self, now: SystemTime) -> Result<Credentials> {
        let name = &self.name;
        let list = |paths: &[PathBuf]| {
            let paths: Vec<_> = paths
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            paths.join(", ")
        };
        match look_up(name, &self.environment, self.aws_keys)? {
            Lookup::Found(credentials, file)
                if credentials.expires_at().is_some_and(|end| end <= now) =>
            {
                Err(in_file(
                    name,
                    &file,
                    "has keys that have expired; renew them with the tool that wrote them (tccli auth login)",
                ))
            }
            Lookup::Found(credentials, _) => Ok(credentials),
            Lookup::NoKeys(path) => Err(in_file(name, &path, "has no keys for Tencent Cloud")),
            Lookup::NoProfile(paths) => Err(Error::config(format!(
                "there is no profile {name:?}; looked into {}",
                list(&paths)
            ))),
            Lookup::NoFile(paths) if paths.is_empty() => Err(Error::config(
                "there is no home folder to look for profiles in",
            )),
            Lookup::NoFile(paths) => Err(Error::config(format!(
                "there is no file with profiles; looked for {}",
                list(&paths)
            ))),
        }
    }
}

#[async_trait]
impl ProvideCredentials for ProfileCredentials {
    async fn credentials(&self) -> Result<Credentials> {
        self.at(SystemTime::now())
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
