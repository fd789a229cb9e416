//! The profile in `~/.aws/credentials` and `~/.aws/config`, looked through before the SDK reads it.
//!
//! The SDK takes a missing profile, and half a key pair, for "nothing configured here" and goes on to the instance role.
//! What is wrong is said here, in words that quote nothing.

use std::path::PathBuf;

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use cloudapi_core::credentials::file;
use cloudapi_core::credentials::ini::{Ini, Section};
use cloudapi_core::filter::nearest;
use cloudapi_core::{CredentialSource, Environment, Error, Result};

/// Settings of which one at least makes a profile a source of credentials.
const SOURCES: &[&str] = &[
    "aws_access_key_id",
    "role_arn",
    "credential_process",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
    "login_session",
];

const KEY_ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";

/// How many profiles may lead to one another.
const LONGEST_CHAIN: usize = 16;

/// The profile that applies, and its files.
pub(crate) struct Profile {
    name: String,
    chosen: Chosen,
    config: ProfileFile,
    credentials: ProfileFile,
}

/// Who chose the profile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chosen {
    /// The caller: no other source will do.
    Caller,
    /// `AWS_PROFILE`: it must exist.
    Variable,
    /// Nobody.
    Nobody,
}

/// The profile that a source names, at whatever depth.
fn named(source: &CredentialSource) -> Option<&str> {
    match source {
        CredentialSource::Profile(name) => Some(name),
        CredentialSource::Chain(chain) => chain.profile(),
        CredentialSource::AssumeRole(role) => named(&role.base),
        _ => None,
    }
}

struct ProfileFile {
    path: Option<PathBuf>,
    content: Result<Option<Ini>>,
}

impl ProfileFile {
    fn read(path: Option<PathBuf>) -> Self {
        let content = path.as_deref().map_or(Ok(None), file::read_ini);
        Self { path, content }
    }

    fn ini(&self) -> Result<Option<&Ini>> {
        self.content
            .as_ref()
            .map(Option::as_ref)
            .map_err(Clone::clone)
    }

    fn exists(&self) -> bool {
        !matches!(self.content, Ok(None))
    }

    fn shown(&self) -> String {
        self.path.as_ref().map_or_else(
            || "(no home folder)".to_owned(),
            |path| path.display().to_string(),
        )
    }
}

/// A profile's sections, of which the one in the credentials file goes first.
#[derive(Default)]
struct Found<'a> {
    credentials: Option<&'a Section>,
    config: Option<&'a Section>,
}

impl<'a> Found<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        [self.credentials, self.config]
            .into_iter()
            .flatten()
            .find_map(|section| section.get(key))
            .map(cloudapi_core::Secret::expose)
    }

    fn is_nowhere(&self) -> bool {
        self.credentials.is_none() && self.config.is_none()
    }
}

impl Profile {
    /// Picks the profile: the one that was named, `AWS_PROFILE`, or `default`.
    pub(crate) fn select(environment: &Environment, source: &CredentialSource) -> Self {
        let (name, chosen) = match (named(source), environment.var("AWS_PROFILE")) {
            (Some(name), _) => (name.to_owned(), Chosen::Caller),
            (_, Some(name)) => (name, Chosen::Variable),
            (_, None) => ("default".to_owned(), Chosen::Nobody),
        };
        Self {
            name,
            chosen,
            config: ProfileFile::read(file::aws_config_path(environment)),
            credentials: ProfileFile::read(file::aws_credentials_path(environment)),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A setting of a profile.
    pub(crate) fn setting(&self, profile: &str, key: &str) -> Result<Option<String>> {
        Ok(self.find(profile)?.get(key).map(str::to_owned))
    }

    /// The file that a profile's setting stands in, for messages.
    pub(crate) fn file_of(&self, profile: &str, key: &str) -> String {
        let found = self.find(profile).unwrap_or_default();
        let has =
            |section: Option<&Section>| section.is_some_and(|section| section.get(key).is_some());
        if has(found.credentials) || !has(found.config) {
            self.credentials.shown()
        } else {
            self.config.shown()
        }
    }

    /// Warns of a file with keys that others can read.
    pub(crate) fn warn_if_shared(&self) {
        for file in [&self.credentials, &self.config] {
            let holds_keys = file.ini().ok().flatten().is_some_and(|ini| {
                let mut sections = ini.headings().filter_map(|heading| ini.section(heading));
                sections.any(|section| section.get(SECRET).is_some())
            });
            if let (true, Some(path)) = (holds_keys, &file.path) {
                file::warn_if_shared(path);
            }
        }
    }

    /// The region that the profile sets.
    pub(crate) fn region(&self) -> Result<Option<String>> {
        Ok(self.find(&self.name)?.get("region").map(str::to_owned))
    }

    /// The files that exist, for the SDK; `None` if there is none.
    pub(crate) fn files(&self) -> Option<EnvConfigFiles> {
        let mut builder = EnvConfigFiles::builder();
        let mut any = false;
        for (kind, file) in [
            (EnvConfigFileKind::Config, &self.config),
            (EnvConfigFileKind::Credentials, &self.credentials),
        ] {
            if let (true, Some(path)) = (file.exists(), &file.path) {
                builder = builder.with_file(kind, path);
                any = true;
            }
        }
        any.then(|| builder.build())
    }

    /// Checks that credentials can come from the profile, or that it says nothing of them.
    ///
    /// # Errors
    ///
    /// `Config`, each with its own words: no file, no such profile, half a key pair, bad syntax, nothing to go by.
    pub(crate) fn check_credentials(&self) -> Result<()> {
        let found = self.find(&self.name)?;
        if found.is_nowhere() {
            return match self.chosen {
                Chosen::Nobody => Ok(()),
                Chosen::Caller | Chosen::Variable => Err(self.missing(&self.name)),
            };
        }
        self.check_pair(&self.name, &found)?;
        if self.chosen == Chosen::Caller && !SOURCES.iter().any(|key| found.get(key).is_some()) {
            let files: Vec<String> = [
                (found.credentials, &self.credentials),
                (found.config, &self.config),
            ]
            .into_iter()
            .filter_map(|(section, file)| section.map(|_| file.shown()))
            .collect();
            return Err(Error::config(format!(
                "the profile {} in {} says nothing of credentials; it needs {KEY_ID} and {SECRET}, or one of {}",
                self.name,
                files.join(" and "),
                SOURCES[1..].join(", ")
            ))
            .with_resources(files));
        }
        self.check_chain(found)
    }

    /// Whether the profile says anything of credentials.
    pub(crate) fn has_credentials(&self) -> Result<bool> {
        let found = self.find(&self.name)?;
        Ok(SOURCES.iter().any(|key| found.get(key).is_some()))
    }

    /// Follows `source_profile` from profile to profile.
    fn check_chain<'a>(&'a self, mut found: Found<'a>) -> Result<()> {
        let mut name = self.name.as_str();
        for _ in 0..LONGEST_CHAIN {
            let next = found.get("source_profile");
            let Some(next) = next.filter(|next| found.get("role_arn").is_some() && *next != name)
            else {
                return Ok(());
            };
            found = self.find(next)?;
            if found.is_nowhere() {
                return Err(self.missing(next));
            }
            self.check_pair(next, &found)?;
            name = next;
        }
        Err(Error::config(format!(
            "the profile {} leads through its source_profile in a circle",
            self.name
        )))
    }

    fn check_pair(&self, name: &str, found: &Found<'_>) -> Result<()> {
        let (there, absent) = match (found.get(KEY_ID), found.get(SECRET)) {
            (Some(_), None) => (KEY_ID, SECRET),
            (None, Some(_)) => (SECRET, KEY_ID),
            _ => return Ok(()),
        };
        let place = [
            (found.credentials, &self.credentials),
            (found.config, &self.config),
        ]
        .into_iter()
        .find_map(|(section, file)| Some((section?.line_of(there)?, file.shown())));
        let (line, file) = place.unwrap_or_default();
        Err(Error::config(format!(
            "the profile {name} has half a key pair: {there} in {file}, line {line}, without {absent}"
        ))
        .with_resources([file]))
    }

    fn missing(&self, name: &str) -> Error {
        let (credentials, config) = (self.credentials.shown(), self.config.shown());
        if name != self.name && file::shown_name(name).is_none() {
            return Error::config(format!(
                "the profile {} leads to a source_profile that is neither in {credentials} nor in {config}",
                self.name
            ))
            .with_resources([credentials, config]);
        }
        if !self.credentials.exists() && !self.config.exists() {
            return Error::config(format!(
                "the profile {name} was asked for, but neither {credentials} nor {config} exists"
            ))
            .with_resources([credentials, config]);
        }
        let known = self.names();
        let hint = nearest(name, known.iter().map(String::as_str))
            .map(|near| format!("; did you mean {near}?"))
            .unwrap_or_default();
        Error::config(format!(
            "there is no profile {name} in {credentials} or {config}{hint}"
        ))
        .with_resources([credentials, config])
    }

    fn names(&self) -> Vec<String> {
        let of = |file: &ProfileFile| -> Vec<String> {
            let headings = file.ini().ok().flatten().map(Ini::headings);
            headings.into_iter().flatten().map(str::to_owned).collect()
        };
        let mut names = of(&self.credentials);
        names.extend(
            of(&self.config)
                .iter()
                .filter_map(|heading| heading.strip_prefix("profile "))
                .map(str::to_owned),
        );
        names
    }

    /// Finds a profile in both files. Headings are `[NAME]` in the one and `[profile NAME]` in the other, where only
    /// `default` may stand alone.
    fn find(&self, name: &str) -> Result<Found<'_>> {
        let credentials = self.credentials.ini()?;
        let config = self.config.ini()?;
        Ok(Found {
            credentials: credentials.and_then(|ini| ini.section(name)),
            config: config.and_then(|ini| {
                let long = ini.section(&format!("profile {name}"));
                long.or_else(|| ini.section(name).filter(|_| name == "default"))
            }),
        })
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
