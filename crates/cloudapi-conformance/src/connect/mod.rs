//! Connecting: keys, profiles, region, endpoint.

mod files;
mod identity;
mod settings;

use cloudapi_core::compute::DescribeInstancesRequest;
use cloudapi_core::{Environment, Provider, ProviderConfig, Result};

use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = settings::cases();
    cases.extend(files::cases());
    cases.extend(identity::cases());
    cases
}

/// The variables and file settings of a cloud's own tools.
#[derive(Debug)]
struct Names {
    key_id: &'static str,
    secret: &'static str,
    region: &'static str,
    endpoint: &'static str,
    file_key_id: &'static str,
    file_secret: &'static str,
}

static AWS: Names = Names {
    key_id: "AWS_ACCESS_KEY_ID",
    secret: "AWS_SECRET_ACCESS_KEY",
    region: "AWS_REGION",
    endpoint: "AWS_ENDPOINT_URL",
    file_key_id: "aws_access_key_id",
    file_secret: "aws_secret_access_key",
};

static TENCENT: Names = Names {
    key_id: "TENCENTCLOUD_SECRET_ID",
    secret: "TENCENTCLOUD_SECRET_KEY",
    region: "TENCENTCLOUD_REGION",
    endpoint: "TENCENTCLOUD_ENDPOINT_URL",
    file_key_id: "tencentcloud_secret_id",
    file_secret: "tencentcloud_secret_key",
};

fn names(cx: &Context) -> &'static Names {
    if cx.provider() == Provider::Aws {
        &AWS
    } else {
        &TENCENT
    }
}

/// An environment with just these variables and no metadata service to ask.
fn variables<'a>(given: impl IntoIterator<Item = (&'a str, String)>) -> Environment {
    let metadata = ("AWS_EC2_METADATA_DISABLED", "true".to_owned());
    Environment::fixed(given.into_iter().chain([metadata]))
}

/// Connects and makes the smallest call there is, so that settings that are looked at late are looked at too.
async fn reach(cx: &Context, change: impl FnOnce(ProviderConfig) -> ProviderConfig) -> Result<()> {
    let cloud = cx.connect(change).await?;
    let request = DescribeInstancesRequest::new()
        .with_instance_ids([cx.vendor().absent_id()])
        .with_allow_missing(true);
    cloud.compute()?.describe_instances(request).await?;
    Ok(())
}

/// Checks that settings are refused as `Config`, with these words, without this secret, and before any call.
async fn is_config_error(
    cx: &Context,
    words: &[&str],
    secret: &str,
    change: impl FnOnce(ProviderConfig) -> ProviderConfig,
) -> Verdict {
    use cloudapi_core::ErrorKind;

    cx.clear_calls();
    let error = crate::failure::refused("connecting", ErrorKind::Config, reach(cx, change).await)?;
    let told = format!("{error} {error:?}");
    for word in words {
        ensure!(told.contains(word), "the message lacks {word:?}: {error}");
    }
    ensure!(!told.contains(secret), "the message quotes the secret");
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}
