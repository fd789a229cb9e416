//! Keys and clocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use cloudapi_core::{
    CloudProvider, CredentialSource, Credentials, ErrorKind, ProvideCredentials, Result,
};
use futures_util::FutureExt;

use super::content::content;
use super::stage::{THRESHOLD, one_part};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "storage/upload-with-a-wrong-key-is-unauthenticated",
            "A wrong secret and an unknown key are Unauthenticated, and no secret is told.",
            |cx| wrong_key(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures]),
        Case::new(
            "storage/upload-with-a-key-that-is-over-is-unauthenticated",
            "A key whose time is over is Unauthenticated, without repeating.",
            |cx| expired_key(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures, Need::CallLog]),
        Case::new(
            "storage/upload-takes-a-temporary-key",
            "A temporary key goes with its token, in every call of an upload.",
            |cx| temporary_key(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures]),
        Case::new(
            "storage/upload-renews-a-key-that-ends-in-the-middle",
            "A key that is found to be over in the middle of an upload is asked for anew, and the upload goes on.",
            |cx| renewed(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures, Need::CallLog]),
        Case::new(
            "storage/upload-corrects-the-clock-once",
            "A clock that is wrong is corrected from the cloud's answer, once for all further calls.",
            |cx| wrong_clock(cx).boxed(),
        )
        .needs([Need::Clock, Need::Signatures, Need::CallLog]),
    ]
}

/// Uploads in one request and in parts.
async fn both_ways(cx: &Context, what: &str, cloud: &dyn CloudProvider) -> Verdict {
    for bytes in [content(THRESHOLD), one_part()] {
        let request = cx.to_store("access", bytes.clone())?;
        cloud.storage()?.upload_file(request).await?;
        cx.holds(what, "access", &bytes).await?;
    }
    Ok(())
}

/// Checks that no upload gets in, and that the error tells no secret.
async fn none_gets_in(cx: &Context, what: &str, key: Credentials) -> Verdict {
    let cloud = cx
        .connect(|config| config.with_credentials(key.clone()))
        .await?;
    for bytes in [content(THRESHOLD), one_part()] {
        let request = cx.to_store("access", bytes)?;
        let result = cloud.storage()?.upload_file(request).await;
        let error = refused(what, ErrorKind::Unauthenticated, result)?;
        for told in [error.to_string(), format!("{error:?}")] {
            ensure!(
                !told.contains(key.secret().expose()),
                "{what}: the error tells the secret"
            );
        }
    }
    cx.holds_nothing(what, "access").await
}

async fn wrong_key(cx: &Context) -> Verdict {
    let good = cx.controls()?.key();
    let secret = "WrongSecretEXAMPLE0123456789abcdefghijkl";
    let wrong = Credentials::new(good.key_id(), secret);
    none_gets_in(cx, "a wrong secret", wrong).await?;
    let unknown = format!("{}X", good.key_id());
    let unknown = Credentials::new(unknown, secret);
    none_gets_in(cx, "an unknown key", unknown).await
}

async fn expired_key(cx: &Context) -> Verdict {
    cx.clear_calls();
    none_gets_in(cx, "a key that is over", cx.controls()?.expired_key()).await?;
    ensure_eq!(cx.calls().len(), 2, "calls of two uploads");
    Ok(())
}

async fn temporary_key(cx: &Context) -> Verdict {
    let key = cx.controls()?.temporary_key();
    let cloud = cx.connect(|config| config.with_credentials(key)).await?;
    both_ways(cx, "a temporary key", &*cloud).await
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

async fn renewed(cx: &Context) -> Verdict {
    let controls = cx.controls()?;
    let source = Arc::new(Renewing {
        asked: AtomicUsize::new(0),
        keys: [controls.expired_key(), controls.temporary_key()],
    });
    let given: Arc<dyn ProvideCredentials> = source.clone();
    let cloud = cx
        .connect(|config| config.with_credentials(CredentialSource::Provider(given)))
        .await?;
    cx.clear_calls();
    both_ways(cx, "a key that was renewed", &*cloud).await?;
    // One put and three calls of an upload in parts; the very first one twice.
    ensure_eq!(cx.calls().len(), 5, "calls");
    ensure_eq!(source.asked.load(Ordering::Relaxed), 2, "keys asked for");
    Ok(())
}

async fn wrong_clock(cx: &Context) -> Verdict {
    for seconds in [-7200, 7200] {
        cx.controls()?.set_clock_offset(seconds);
        let cloud = cx.connect(|config| config).await?;
        cx.clear_calls();
        let what = format!("a clock that is {seconds} s off");
        both_ways(cx, &what, &*cloud).await?;
        ensure_eq!(cx.calls().len(), 5, "{what}: calls");
    }
    Ok(())
}
