//! The one HTTP client that all of a connection's calls go through.

use std::path::Path;
use std::time::Duration;

use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpClient};
use cloudapi_core::{Environment, Error, ProviderConfig, Result};

/// Makes the client. `to_plain_http` says whether the calls go to an `http://` endpoint.
pub(crate) fn client(config: &ProviderConfig, to_plain_http: bool) -> Result<SharedHttpClient> {
    let proxy = proxy(&config.environment, to_plain_http)?;
    let variable = config.environment.var("AWS_CA_BUNDLE");
    let trust = match (&config.ca_bundle, &variable) {
        (Some(path), _) => trusted(Some((path, "given as the CA bundle")))?,
        (None, Some(path)) => trusted(Some((Path::new(path), "named by AWS_CA_BUNDLE")))?,
        (None, None) => trusted(None)?,
    };
    Ok(with(proxy, trust))
}

/// Makes a client that no proxy stands before: for the metadata service and its like.
pub(crate) fn direct() -> Result<SharedHttpClient> {
    Ok(with(ProxyConfig::disabled(), trusted(None)?))
}

/// Makes a connector of the same kind, for calls that no client of the SDK makes.
pub(crate) fn direct_connector(connect: Duration, answer: Duration) -> Result<Connector> {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(connect)
        .read_timeout(answer)
        .build();
    let mut builder = ConnectorBuilder::default()
        .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
        .proxy_config(ProxyConfig::disabled())
        .tls_context(trusted(None)?)
        .connector_settings(settings);
    builder.set_sleep_impl(default_async_sleep());
    Ok(builder.build())
}

fn with(proxy: ProxyConfig, trust: TlsContext) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = ConnectorBuilder::default()
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
            .proxy_config(proxy.clone())
            .tls_context(trust.clone());
        builder.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            builder.set_sleep_impl(components.sleep_impl());
        }
        builder.build()
    })
}

/// The process's variables are left to the SDK, which knows more forms of them than can be handed to it.
fn proxy(environment: &Environment, to_plain_http: bool) -> Result<ProxyConfig> {
    if environment.is_process() {
        return Ok(ProxyConfig::from_env());
    }
    let either_case = |name: &str| {
        environment
            .var(name)
            .or_else(|| environment.var(&name.to_ascii_lowercase()))
    };
    let name = if to_plain_http {
        "HTTP_PROXY"
    } else {
        "HTTPS_PROXY"
    };
    let Some(url) = either_case(name).or_else(|| either_case("ALL_PROXY")) else {
        return Ok(ProxyConfig::disabled());
    };
    // The reason is not quoted: a proxy's URL may hold a password.
    let config = ProxyConfig::all(url).map_err(|_| {
        Error::config(format!(
            "{name} is no URL of a proxy; write it as http://HOST:PORT"
        ))
    })?;
    Ok(match either_case("NO_PROXY") {
        Some(hosts) => config.no_proxy(hosts),
        None => config,
    })
}

/// The certificates of the system and of a file; the text says who named it.
fn trusted(bundle: Option<(&Path, &str)>) -> Result<TlsContext> {
    let mut store = TrustStore::default();
    if let Some((path, named)) = bundle {
        let certificates = std::fs::read(path).map_err(|error| {
            Error::config(format!(
                "the file {}, {named}, can't be read: {error}",
                path.display()
            ))
        })?;
        if !certificates
            .windows(PEM_START.len())
            .any(|part| part == PEM_START)
        {
            return Err(Error::config(format!(
                "the file {}, {named}, has no certificate in PEM form",
                path.display()
            )));
        }
        store = store.with_pem_certificate(certificates);
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|error| Error::config(format!("TLS can't be set up: {error}")).with_source(error))
}

const PEM_START: &[u8] = b"-----BEGIN CERTIFICATE-----";
