//! With everything logged, nothing secret is.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use cloudapi_core::compute::{CreateInstancesRequest, DescribeInstancesRequest};
use cloudapi_core::{CloudProvider, CredentialSource, Environment};
use tracing_subscriber::fmt::MakeWriter;

use crate::Aws;
use crate::testing::{KEY_ID, Reply, SECRET, Server, TOKEN, described};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_key_token_signature_or_user_data_is_logged_at_any_level() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Server::start(|params| match params["Action"].as_str() {
        "DescribeInstances" => described(&["i-1a2b3c4d"], None),
        _ => Reply::error(401, "AuthFailure", "not you"),
    })
    .await;
    let home = tempfile::tempdir().unwrap();
    let keys = format!(
        "[web]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n"
    );
    std::fs::write(home.path().join("credentials"), &keys).unwrap();
    let file = home.path().join("credentials");
    let config_file = home.path().join("config");
    // Settings where none belong, and the same one twice: the SDK's reader quotes such lines, as a warning.
    let settings = keys.trim_start_matches("[web]\n");
    let odd =
        format!("[web]\n{settings}{settings}[services x]\n{settings}{settings}[profile web]\n");
    std::fs::write(&config_file, odd).unwrap();
    let environment = Environment::fixed([
        ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap()),
        ("AWS_CONFIG_FILE", config_file.to_str().unwrap()),
        ("AWS_ACCESS_KEY_ID", KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", TOKEN),
    ]);
    for source in [
        server.config().credentials,
        CredentialSource::Profile("web".to_owned()),
        CredentialSource::Environment,
        CredentialSource::Default,
    ] {
        let config = server
            .config()
            .with_credentials(source)
            .with_environment(environment.clone());
        let aws = Aws::connect(&config).await.unwrap();
        let compute = aws.compute().unwrap();
        let found = compute
            .describe_instances(DescribeInstancesRequest::new())
            .await
            .unwrap();
        let request = CreateInstancesRequest::new("ami-1", "t3.micro").with_user_data("hunter2");
        let error = compute.create_instances(request).await.unwrap_err();
        let shown = format!("{config:?} {aws:?} {compute:?} {found:?} {error} {error:?}");
        assert!(!shown.contains(SECRET) && !shown.contains(TOKEN));
    }
    let calls = server.calls();
    assert_eq!(calls.len(), 8);
    let text = log.text();
    assert!(
        text.contains("native call") && text.contains("request-1"),
        "{text}"
    );
    for call in calls {
        assert_eq!(call[":x-amz-security-token"], TOKEN);
        let (_, signature) = call[":authorization"].split_once("Signature=").unwrap();
        assert!(!text.contains(signature), "a signature");
    }
    for secret in [SECRET, TOKEN, "hunter2", "aHVudGVyMg"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
