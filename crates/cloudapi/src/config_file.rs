//! Named connections from a file, in TOML or JSON.
//!
//! ```toml
//! [connections.prod-cn]
//! provider = "tencent"
//! region = "ap-shanghai"
//! profile = "ops"
//!
//! [connections.prod-us]
//! provider = "aws"
//! region = "us-east-1"
//! credential_source = "environment"
//! role_arn = "arn:aws:iam::123456789012:role/ops"
//! timeout = "5m"
//! ```
//!
//! | setting | meaning |
//! | --- | --- |
//! | `provider` | `aws` or `tencent`; required |
//! | `region` | goes before the environment and the profile |
//! | `profile` | the profile that holds the key; goes before the environment |
//! | `credential_source` | `environment`, `profile`, `cvm-role`, `oidc` or `chain` |
//! | `role_arn`, `external_id`, `role_session_name` | a role that the key takes on |
//! | `endpoint_url` | where every call goes |
//! | `ca_bundle` | a PEM file with certificates to trust |
//! | `timeout`, `connect_timeout`, `read_timeout`, `attempt_timeout` | `90s`, `5m`, `1h`, or a number of seconds |
//! | `max_attempts`, `max_in_flight` | numbers from 1 |
//!
//! Keys have no place in it, only where they are: a setting that looks like a key is refused. No message quotes a value.

mod document;
mod settings;

use std::path::{Path, PathBuf};

use cloudapi_core::credentials::{file, ini};
use cloudapi_core::filter::nearest;
use cloudapi_core::{Environment, Error, ProviderConfig, Result};

use self::document::{Node, Table};

/// A file's connections.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    path: PathBuf,
    connections: Vec<(String, Table)>,
}

impl ConfigFile {
    /// Finds the file: that of `CLOUDAPI_CONFIG`, else `cloudapi/config.toml` or `cloudapi/config.json` in the user's
    /// folder for settings (`XDG_CONFIG_HOME` or `~/.config`; on macOS `~/Library/Application Support`, on Windows
    /// `%APPDATA%`); `None` if there is none.
    pub fn find(environment: &Environment) -> Option<PathBuf> {
        if let Some(path) = environment.var("CLOUDAPI_CONFIG") {
            return Some(PathBuf::from(path));
        }
        let folder = settings_folder(environment)?.join("cloudapi");
        ["config.toml", "config.json"]
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.exists())
    }

    /// Reads a file: JSON if its name ends so, else TOML.
    ///
    /// # Errors
    ///
    /// `Config`, with file and line: it is missing, can't be read, has bad syntax, an unknown setting or one that looks like a
    /// key. Every connection is looked at.
    pub fn read(path: &Path) -> Result<Self> {
        let text = file::read_text(path)?.ok_or_else(|| {
            Error::config(format!("the file {} does not exist", path.display()))
                .with_resources([path.display().to_string()])
        })?;
        let parsed = Self::parse(path, &text);
        ini::wipe(text);
        parsed
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let is_json = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document = if is_json {
            document::from_json(text)
        } else {
            document::from_toml(text)
        };
        let in_file = |fault: document::Fault| fault.in_file(path);
        let mut found = Vec::new();
        for entry in document.map_err(in_file)?.0 {
            if entry.name != "connections" {
                return Err(in_file(settings::unknown(
                    &entry,
                    "the file",
                    &["connections"],
                )));
            }
            let Node::Table(connections) = entry.node else {
                let fault = document::Fault::new(entry.line, "`connections` is no table");
                return Err(in_file(fault));
            };
            for connection in connections.0 {
                let Node::Table(table) = connection.node else {
                    let what =
                        format!("{} is no table", settings::the_connection(&connection.name));
                    return Err(in_file(document::Fault::new(connection.line, what)));
                };
                settings::check(&connection.name, connection.line, &table).map_err(in_file)?;
                found.push((connection.name, table));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            connections: found,
        })
    }

    /// Gives the connections' names, in the file's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.connections.iter().map(|(name, _)| name.as_str())
    }

    /// Makes the configuration of a connection; what it leaves open is as in [`ProviderConfig::new`].
    ///
    /// # Errors
    ///
    /// `Config` for a name that the file lacks, with the nearest one, and for a value that can't be.
    pub fn connection(&self, name: &str) -> Result<ProviderConfig> {
        let found = self.connections.iter().find(|(known, _)| known == name);
        let Some((name, table)) = found else {
            let hint = nearest(name, self.names())
                .map(|near| format!("; did you mean {near}?"))
                .unwrap_or_default();
            let path = self.path.display();
            return Err(Error::config(format!(
                "there is no connection {name:?} in the file {path}{hint}"
            ))
            .with_resources([path.to_string()]));
        };
        settings::config(name, table).map_err(|fault| fault.in_file(&self.path))
    }
}

fn settings_folder(environment: &Environment) -> Option<PathBuf> {
    if let Some(folder) = environment.var("XDG_CONFIG_HOME") {
        return Some(PathBuf::from(folder));
    }
    if cfg!(windows)
        && let Some(folder) = environment.var("APPDATA")
    {
        return Some(PathBuf::from(folder));
    }
    let home = environment.home()?;
    Some(if cfg!(target_os = "macos") {
        home.join("Library/Application Support")
    } else {
        home.join(".config")
    })
}

#[cfg(test)]
mod tests;
