//! Which cloud is called, and how: flags, then the named connection, then the environment.

use std::path::PathBuf;

use cloudapi::config_file::ConfigFile;
use cloudapi::{Environment, Error, Provider, ProviderConfig};

use crate::credentials;
use crate::failure::Failure;
use crate::globals::Globals;

/// Puts the configuration together.
pub(crate) fn config(
    globals: &Globals,
    environment: &Environment,
) -> Result<ProviderConfig, Failure> {
    let mut config = match &globals.connection {
        Some(name) => connection(name, globals, environment)?,
        None => ProviderConfig::new(provider(globals.provider.as_deref(), environment)?),
    }
    .with_environment(environment.clone());
    if globals.region.is_some() {
        config.region.clone_from(&globals.region);
    }
    if globals.endpoint_url.is_some() {
        config.endpoint_url.clone_from(&globals.endpoint_url);
    }
    if globals.timeout.is_some() {
        config.retry.deadline = globals.timeout;
    }
    if let Some(attempts) = globals.max_attempts {
        config.retry.max_attempts = attempts;
    }
    config.check()?;
    let source = std::mem::take(&mut config.credentials);
    let source = credentials::choose(source, config.provider, globals, environment)?;
    Ok(config.with_credentials(source))
}

fn connection(
    name: &str,
    globals: &Globals,
    environment: &Environment,
) -> Result<ProviderConfig, Failure> {
    let path: PathBuf = match &globals.config {
        Some(path) => path.clone(),
        None => ConfigFile::find(environment).ok_or_else(|| {
            Error::config(format!(
                "there is no file to look for the connection {name:?} in: name one with --config or CLOUDAPI_CONFIG, or write \
                 cloudapi/config.toml into the folder for settings"
            ))
        })?,
    };
    let config = ConfigFile::read(&path)?.connection(name)?;
    match &globals.provider {
        Some(flag) if *flag != config.provider.as_str() => Err(Failure::usage(format!(
            "the connection {name:?} is one of {}, not of {flag}",
            config.provider
        ))),
        _ => Ok(config),
    }
}

/// The cloud of the flag, else of the environment.
fn provider(flag: Option<&str>, environment: &Environment) -> Result<Provider, Failure> {
    if let Some(name) = flag {
        return name
            .parse()
            .map_err(|error: Error| Failure::usage(error.message()));
    }
    let name = environment.var("CLOUDAPI_PROVIDER").ok_or_else(|| {
        Failure::usage(
            "the cloud is missing: give --provider aws or --provider tencent, or set CLOUDAPI_PROVIDER",
        )
    })?;
    name.trim()
        .to_ascii_lowercase()
        .parse()
        .map_err(|error: Error| Failure::usage(format!("CLOUDAPI_PROVIDER: {}", error.message())))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;
    use cloudapi::CredentialSource;

    use super::*;
    use crate::cli::Cli;

    fn of(line: &str, variables: &[(&str, &str)]) -> Result<ProviderConfig, Failure> {
        let words = ["cloudapi", "whoami"]
            .into_iter()
            .chain(line.split_whitespace());
        let globals = Cli::try_parse_from(words).unwrap().globals;
        config(&globals, &Environment::fixed(variables.iter().copied()))
    }

    #[test]
    fn the_flag_goes_before_the_environment_and_one_of_them_is_needed() {
        let provider =
            |line, value| of(line, &[("CLOUDAPI_PROVIDER", value)]).map(|config| config.provider);
        assert_eq!(
            provider("--provider aws", "tencent").unwrap(),
            Provider::Aws
        );
        assert_eq!(provider("", "Tencent").unwrap(), Provider::Tencent);
        for bad in ["", "gcp"] {
            let failure = provider("", bad).unwrap_err();
            assert_eq!(failure.code, 2);
            assert!(failure.error.message().contains("CLOUDAPI_PROVIDER"));
        }
    }

    #[test]
    fn flags_then_connection_then_environment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        let text = "[connections.cn]\nprovider = \"tencent\"\nregion = \"ap-shanghai\"\nprofile = \"ops\"\ntimeout = \"5m\"\n";
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        let variables = [
            ("CLOUDAPI_CONFIG", path),
            ("CLOUDAPI_PROVIDER", "aws"),
            ("CLOUDAPI_CREDENTIAL_SOURCE", "environment"),
            ("TENCENTCLOUD_REGION", "ap-tokyo"),
        ];
        let config = of("--connection cn", &variables).unwrap();
        assert_eq!(config.provider, Provider::Tencent);
        assert_eq!(config.region.as_deref(), Some("ap-shanghai"));
        assert_eq!(config.retry.deadline, Some(Duration::from_mins(5)));
        assert!(matches!(config.credentials, CredentialSource::Profile(name) if name == "ops"));
        let line =
            format!("--config {path} --connection cn --region ap-seoul --profile p --timeout 9");
        let config = of(&line, &[]).unwrap();
        assert_eq!(config.region.as_deref(), Some("ap-seoul"));
        assert_eq!(config.retry.deadline, Some(Duration::from_secs(9)));
        assert!(matches!(config.credentials, CredentialSource::Profile(name) if name == "p"));
        for (line, code) in [
            ("--connection us", 4),
            ("--connection cn --provider aws", 2),
            ("--connection cn --config /nowhere/c.toml", 4),
        ] {
            assert_eq!(of(line, &variables).unwrap_err().code, code, "{line}");
        }
        assert_eq!(of("--connection cn", &[]).unwrap_err().code, 4);
    }
}
