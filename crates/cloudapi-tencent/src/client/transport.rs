//! The HTTP client, and its failures in our words.

use std::error::Error as _;
use std::path::PathBuf;

use cloudapi_core::{Environment, Error, ErrorKind, Provider, ProviderConfig, Result};
use reqwest::{Certificate, ClientBuilder, NoProxy, Proxy};

/// How long a connection is kept for the next call; shorter than any gateway's patience, since a call on a connection
/// that the other side just closed is a lost answer.
const IDLE: std::time::Duration = std::time::Duration::from_secs(20);

/// Builds the client: no redirects, no retries of its own (they would multiply with ours), proxies and certificates as
/// the environment says.
///
/// # Errors
///
/// `Config` for a proxy, a certificate file or a certificate store that can't be used.
pub(super) fn build(config: &ProviderConfig) -> Result<reqwest::Client> {
    finish(builder(config)?.read_timeout(config.timeouts.read))
}

/// Builds one for calls that carry content: its time limit for silence would run while content is still sent.
#[cfg(feature = "storage")]
pub(crate) fn build_for_content(config: &ProviderConfig) -> Result<reqwest::Client> {
    finish(builder(config)?)
}

fn builder(config: &ProviderConfig) -> Result<ClientBuilder> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("cloudapi/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(IDLE)
        .connect_timeout(config.timeouts.connect);
    builder = proxies(builder, &config.environment)?;
    certificates(builder, config)
}

fn finish(builder: ClientBuilder) -> Result<reqwest::Client> {
    builder.build().map_err(|error| {
        Error::config(format!(
            "no HTTP client can be made: {}",
            root_cause(&error)
        ))
    })
}

/// The environment of the process is read by the client itself; a fixed one is handed to it.
fn proxies(mut builder: ClientBuilder, environment: &Environment) -> Result<ClientBuilder> {
    if environment.is_process() {
        return Ok(builder);
    }
    builder = builder.no_proxy();
    let var = |name: &str| {
        environment
            .var(&name.to_lowercase())
            .or_else(|| environment.var(name))
    };
    let exceptions = var("NO_PROXY").and_then(|list| NoProxy::from_string(&list));
    let all = var("ALL_PROXY");
    for (name, make) in [
        (
            "HTTPS_PROXY",
            Proxy::https as fn(String) -> reqwest::Result<Proxy>,
        ),
        ("HTTP_PROXY", Proxy::http),
    ] {
        let Some(url) = var(name).or_else(|| all.clone()) else {
            continue;
        };
        // The URL may hold a password, hence it is not quoted.
        let proxy =
            make(url).map_err(|_| Error::config(format!("{name} in the environment is no URL")))?;
        builder = builder.proxy(proxy.no_proxy(exceptions.clone()));
    }
    Ok(builder)
}

/// The configuration's bundle, else that of `AWS_CA_BUNDLE`, adds to the certificates of the system, which
/// `SSL_CERT_FILE` can name.
fn certificates(builder: ClientBuilder, config: &ProviderConfig) -> Result<ClientBuilder> {
    let (name, path) = match (&config.ca_bundle, config.environment.var("AWS_CA_BUNDLE")) {
        (Some(path), _) => ("the CA bundle", path.clone()),
        (None, Some(path)) => ("AWS_CA_BUNDLE", PathBuf::from(path)),
        (None, None) => return Ok(builder),
    };
    let file = path.display();
    let pem = std::fs::read(&path)
        .map_err(|error| Error::config(format!("{name}: {file} can't be read: {error}")))?;
    let certificates = Certificate::from_pem_bundle(&pem)
        .map_err(|_| Error::config(format!("{name}: {file} has no PEM certificates")))?;
    Ok(builder.tls_certs_merge(certificates))
}

/// Makes the error of a call that got no whole answer.
pub(crate) fn failure(error: &reqwest::Error, host: &str) -> Error {
    let failed =
        |message: String| Error::new(ErrorKind::Network, message).with_provider(Provider::Tencent);
    if error.is_connect() {
        // Nothing of the request was sent yet.
        let why = if error.is_timeout() {
            "it does not answer".to_owned()
        } else {
            root_cause(error)
        };
        return failed(format!("can't connect to {host}: {why}")).with_certainly_undone(true);
    }
    if error.is_timeout() {
        return failed(format!("{host} took too long to answer"));
    }
    failed(format!(
        "the connection to {host} broke: {}",
        root_cause(error)
    ))
}

/// The innermost cause: the outer ones say "error sending request".
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.source().is_none() {
        return error.to_string();
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(variables: &[(&str, &str)]) -> Result<reqwest::Client> {
        let environment = Environment::fixed(variables.iter().copied());
        build(&ProviderConfig::new(Provider::Tencent).with_environment(environment))
    }

    #[test]
    fn proxies_and_certificates_are_checked_without_quoting_passwords() {
        assert!(
            built(&[
                ("HTTPS_PROXY", "http://u:hunter2@127.0.0.1:3128"),
                ("NO_PROXY", "localhost")
            ])
            .is_ok()
        );
        for variables in [
            [("http_proxy", "http://u:hunter2@[")],
            [("AWS_CA_BUNDLE", "/nonexistent/ca.pem")],
        ] {
            let error = built(&variables).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
