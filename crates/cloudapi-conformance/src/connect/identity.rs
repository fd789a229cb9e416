//! Whose key it is, keys of roles, and keys that end in the middle of work.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use cloudapi_core::compute::CreateStatus;
use cloudapi_core::{
    AssumeRole, ComputeExt, CredentialSource, Credentials, ErrorKind, ProvideCredentials, Provider,
    Result,
};
use futures_util::FutureExt;

use super::reach;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "connect/identity-tells-account-and-source-and-no-secret",
            "The caller's identity has account, user, full name and the key's source, and no secret.",
            |cx| identity(cx).boxed(),
        )
        .needs([Need::Keys]),
        Case::new(
            "connect/role-is-taken-on-with-another-key",
            "A role's key is asked for once, says where it came from and when it ends, and works.",
            |cx| role(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures, Need::CallLog]),
        Case::new(
            "connect/role-that-can-not-be-taken-on-is-told-by-its-name",
            "A role that the key may not take on is PermissionDenied, naming the role; what is no role is a Config error.",
            |cx| foreign_role(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures]),
        Case::new(
            "connect/expired-key-is-renewed-once-and-the-call-repeated",
            "A key that the cloud takes for expired is asked for anew once, and the call repeated once with another.",
            |cx| renewed(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures, Need::CallLog]),
        Case::new(
            "connect/key-that-ends-during-a-wait-is-renewed",
            "A key that the cloud takes for expired in the middle of a wait is asked for anew once, and the wait goes on.",
            |cx| renewed_during_a_wait(cx).boxed(),
        )
        .needs([Need::Keys, Need::Faults, Need::Lag]),
    ]
}

async fn identity(cx: &Context) -> Verdict {
    let key = cx.controls()?.key();
    let cloud = cx
        .connect(|config| config.with_credentials(key.clone()))
        .await?;
    let identity = cloud.caller_identity().await?;
    ensure_eq!(identity.provider, cx.provider(), "the provider");
    ensure_eq!(identity.source, "explicit key", "the source");
    ensure_eq!(identity.expires_at, None, "the end of a lasting key");
    for (name, text) in [
        ("account", &identity.account_id),
        ("user", &identity.user_id),
        ("full name", &identity.arn),
    ] {
        ensure!(!text.is_empty(), "the {name} is missing: {identity:?}");
    }
    let told = format!("{identity:?}");
    ensure!(
        !told.contains(key.secret().expose()),
        "the identity shows the secret"
    );
    Ok(())
}

fn role_arn(provider: Provider, account: &str) -> String {
    if provider == Provider::Aws {
        format!("arn:aws:iam::{account}:role/conformance")
    } else {
        format!("qcs::cam::uin/{account}:roleName/conformance")
    }
}

async fn account(cx: &Context) -> Verdict<String> {
    let cloud = cx.connect(|config| config).await?;
    Ok(cloud.caller_identity().await?.account_id)
}

async fn role(cx: &Context) -> Verdict {
    let arn = role_arn(cx.provider(), &account(cx).await?);
    let assume = AssumeRole::new(cx.controls()?.key(), &arn).with_external_id("x-42");
    let cloud = cx.connect(|config| config.with_credentials(assume)).await?;
    cx.clear_calls();
    for _ in 0..2 {
        let identity = cloud.caller_identity().await?;
        let source = format!("assumed role {arn}, from explicit key");
        ensure_eq!(identity.source, source, "the source");
        ensure!(identity.expires_at.is_some(), "a role's key has an end");
    }
    cloud.compute()?.describe_instances(cx.mine()).await?;
    let calls = cx.calls();
    let assumed = calls.iter().filter(|call| call.action == "AssumeRole");
    ensure_eq!(assumed.count(), 1, "calls for the role's key");
    Ok(())
}

async fn foreign_role(cx: &Context) -> Verdict {
    let key = cx.controls()?.key();
    let foreign = role_arn(cx.provider(), "999999999999");
    for (arn, kind) in [
        (foreign.as_str(), ErrorKind::PermissionDenied),
        ("conformance", ErrorKind::Config),
    ] {
        let assume = AssumeRole::new(key.clone(), arn);
        let result = reach(cx, |config| config.with_credentials(assume)).await;
        let error = refused("a role out of reach", kind, result)?;
        ensure!(
            error.message().contains(arn),
            "the role is not named: {error}"
        );
    }
    Ok(())
}

/// Gives a key that is over, then one that is good.
#[derive(Debug)]
struct Renewing {
    asked: AtomicUsize,
    keys: [Credentials; 2],
}

#[async_trait]
impl ProvideCredentials for Renewing {
    async fn credentials(&self) -> Result<Credentials> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.keys[asked.min(1)].clone())
    }
}

async fn renewed_during_a_wait(cx: &Context) -> Verdict {
    let controls = cx.controls()?;
    let source = Arc::new(Renewing {
        asked: AtomicUsize::new(0),
        keys: [controls.temporary_key(), controls.key()],
    });
    let given: Arc<dyn ProvideCredentials> = source.clone();
    let cloud = cx
        .connect(|config| config.with_credentials(CredentialSource::Provider(given)))
        .await?;
    let compute = cloud.compute()?;
    controls.set_transition_looks(6);
    let created = compute.create_instances(cx.request()).await?;
    cx.made(&created.instance_ids);
    controls.inject(Fault::new(FaultKind::ExpiredKey, "DescribeInstances").with_after(2));
    let waited = compute
        .wait_for_instances(&created.instance_ids, &cx.pace())
        .await?;
    for created in &waited {
        ensure_eq!(created.status, CreateStatus::Running, "the end of the wait");
    }
    // The second was asked for because the first was refused, and served to the end.
    ensure_eq!(source.asked.load(Ordering::Relaxed), 2, "keys asked for");
    Ok(())
}

async fn renewed(cx: &Context) -> Verdict {
    let controls = cx.controls()?;
    let source = Arc::new(Renewing {
        asked: AtomicUsize::new(0),
        keys: [controls.expired_key(), controls.temporary_key()],
    });
    let given: Arc<dyn ProvideCredentials> = source.clone();
    cx.clear_calls();
    reach(cx, |config| {
        config.with_credentials(CredentialSource::Provider(given))
    })
    .await?;
    ensure_eq!(cx.calls().len(), 2, "native calls");
    ensure_eq!(source.asked.load(Ordering::Relaxed), 2, "keys asked for");
    Ok(())
}
