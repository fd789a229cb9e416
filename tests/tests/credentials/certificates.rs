//! Whose certificates are trusted, on both clouds: the system's, and those of a file that is named.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use cloudapi::{Environment, ErrorKind, Provider};
use cloudapi_emulator::Emulator;
use cloudapi_tests::emulator::config;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::PROVIDERS;
use crate::command_line::{binary, key, region};

/// A certificate for 127.0.0.1 with its key, by an authority that nobody else knows. They are good for a hundred years.
const CERTIFICATE: &[u8] = include_bytes!("tls/server.der");
const KEY: &[u8] = include_bytes!("tls/server-key.der");

fn authority() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/credentials/tls/authority.pem")
}

/// TLS in front of an emulator.
struct Front {
    url: String,
    task: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    async fn start(emulator: &Emulator) -> Self {
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(CERTIFICATE)],
                PrivatePkcs8KeyDer::from(KEY).into(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let behind = emulator.address();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut front = acceptor.accept(stream).await?;
                    let mut back = TcpStream::connect(behind).await?;
                    tokio::io::copy_bidirectional(&mut front, &mut back).await
                });
            }
        });
        Self { url, task }
    }
}

#[tokio::test]
async fn a_named_bundle_is_trusted_beside_the_systems() {
    let authority = authority().display().to_string();
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let front = Front::start(&emulator).await;
        let mut plain = config(&emulator, *provider).with_endpoint_url(&front.url);
        plain.retry.max_attempts = 1;
        let by_variable = Environment::fixed([("AWS_CA_BUNDLE", authority.as_str())]);
        for (config, is_trusted) in [
            (plain.clone(), false),
            (plain.clone().with_ca_bundle(&authority), true),
            (plain.clone().with_environment(by_variable), true),
        ] {
            let cloud = cloudapi::connect(&config).await.unwrap();
            match cloud.caller_identity().await {
                Ok(_) => assert!(is_trusted, "{provider}: nobody said so"),
                Err(error) => {
                    assert!(!is_trusted, "{provider}: {error}");
                    assert_eq!(error.kind(), ErrorKind::Network, "{error}");
                }
            }
        }
        emulator.stop().await;
    }
}

/// Runs `whoami` with one more variable; its exit code and what it said of failures.
fn whoami(
    provider: Provider,
    emulator: &Emulator,
    url: &str,
    variable: Option<(&str, &str)>,
) -> (Option<i32>, String) {
    let output = Command::new(binary())
        .env_clear()
        .envs(key(emulator, provider))
        .envs(variable)
        .args(["whoami", "--provider", provider.as_str()])
        .args(["--region", region(provider), "--endpoint-url", url])
        .args(["--max-attempts", "1"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), told)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variables_of_the_process_are_heeded() {
    let authority = authority().display().to_string();
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let front = Front::start(&emulator).await;
        for (variable, expected) in [
            (None, 8),
            (Some(("AWS_CA_BUNDLE", authority.as_str())), 0),
            (Some(("SSL_CERT_FILE", authority.as_str())), 0),
            (Some(("AWS_CA_BUNDLE", "/nonexistent/ca.pem")), 4),
        ] {
            let (code, told) = whoami(*provider, &emulator, &front.url, variable);
            assert_eq!(code, Some(expected), "{provider} {variable:?}: {told}");
        }
        emulator.stop().await;
    }
}
