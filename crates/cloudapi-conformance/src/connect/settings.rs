//! Keys at hand, environment variables, region and endpoint.

use cloudapi_core::{CredentialSource, Credentials, Environment, ErrorKind, RetryPolicy};
use futures_util::FutureExt;

use super::{is_config_error, names, reach, variables};
use crate::capability::Capability;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

const SECRET: &str = "hunter2hunter2hunter2";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "connect/missing-region-is-a-config-error",
            "No region anywhere is a Config error before any call.",
            |cx| missing_region(cx).boxed(),
        ),
        Case::new(
            "connect/region-comes-from-the-environment",
            "A region that is not given is taken from the environment.",
            |cx| region_from_environment(cx).boxed(),
        ),
        Case::new(
            "connect/bad-region-or-endpoint-is-a-config-error",
            "A region or an endpoint of impossible form is a Config error before any call.",
            |cx| bad_form(cx).boxed(),
        ),
        Case::new(
            "connect/half-a-key-pair-is-a-config-error",
            "Half a key pair is a Config error that says which half is missing and does not quote the other.",
            |cx| half_a_pair(cx).boxed(),
        ),
        Case::new(
            "connect/keys-come-from-the-environment",
            "Key and endpoint can be taken from the environment variables of the cloud's own tools.",
            |cx| keys_from_environment(cx).boxed(),
        )
        .needs([Need::Keys]),
        Case::new(
            "connect/no-key-at-all-finds-the-default-chain",
            "Where the cloud's tools have a default chain, naming no source uses it.",
            |cx| default_chain(cx).boxed(),
        )
        .with(Capability::DefaultCredentials)
        .needs([Need::Keys]),
        Case::new(
            "connect/no-key-at-all-names-the-ways",
            "Where there is no default chain, naming no source is a Config error that names the ways to give a key.",
            |cx| no_default_chain(cx).boxed(),
        )
        .without(Capability::DefaultCredentials),
        Case::new(
            "connect/wrong-secret-is-unauthenticated",
            "A wrong secret and an unknown key are Unauthenticated, in the cloud's own code, after one call.",
            |cx| wrong_key(cx).boxed(),
        )
        .needs([Need::Signatures]),
        Case::new(
            "connect/temporary-key-works-with-its-token",
            "A temporary key works with its token and is Unauthenticated without it.",
            |cx| temporary_key(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures]),
        Case::new(
            "connect/expired-key-is-unauthenticated",
            "A temporary key whose time is over is Unauthenticated.",
            |cx| expired_key(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures]),
        Case::new(
            "connect/refused-connection-is-a-network-error",
            "A closed port is a Network error that names the endpoint's trouble, after the allowed attempts.",
            |cx| refused_connection(cx).boxed(),
        ),
        Case::new(
            "connect/wrong-clock-is-corrected-once",
            "A signature time that the cloud refuses is corrected from its Date, and stays corrected.",
            |cx| wrong_clock(cx).boxed(),
        )
        .needs([Need::Clock, Need::CallLog, Need::Fleet, Need::Signatures]),
        Case::new(
            "connect/debug-shows-no-secret",
            "Debug of a connection and its services shows neither secret nor token.",
            |cx| debug_is_silent(cx).boxed(),
        ),
    ]
}

fn nowhere() -> Environment {
    variables([("HOME", "/nonexistent".to_owned())])
}

async fn missing_region(cx: &Context) -> Verdict {
    is_config_error(cx, &["region"], SECRET, |mut config| {
        config.region = None;
        config.with_environment(nowhere())
    })
    .await
}

async fn region_from_environment(cx: &Context) -> Verdict {
    let region = cx.world().config().region.unwrap_or_default();
    let given = variables([(names(cx).region, region.clone())]);
    let cloud = cx
        .connect(|mut config| {
            config.region = None;
            config.with_environment(given)
        })
        .await?;
    ensure_eq!(cloud.region(), region, "the region");
    Ok(())
}

async fn bad_form(cx: &Context) -> Verdict {
    for region in ["", "Mars North", "us_east_1"] {
        is_config_error(cx, &["region"], SECRET, |config| config.with_region(region)).await?;
    }
    is_config_error(cx, &["endpoint"], SECRET, |config| {
        config.with_endpoint_url("127.0.0.1:1")
    })
    .await
}

async fn half_a_pair(cx: &Context) -> Verdict {
    for (credentials, half) in [
        (Credentials::new("", SECRET), "key id"),
        (Credentials::new("AKIDEXAMPLE", ""), "secret"),
    ] {
        is_config_error(cx, &[half], SECRET, |config| {
            config.with_credentials(credentials)
        })
        .await?;
    }
    let names = names(cx);
    for (given, value, missing) in [
        (names.key_id, "AKIDEXAMPLE", names.secret),
        (names.secret, SECRET, names.key_id),
    ] {
        is_config_error(cx, &[missing], SECRET, |mut config| {
            config.credentials = CredentialSource::Environment;
            config.with_environment(variables([(given, value.to_owned())]))
        })
        .await?;
    }
    Ok(())
}

async fn keys_from_environment(cx: &Context) -> Verdict {
    let given = key_variables(cx)?;
    reach(cx, |mut config| {
        config.credentials = CredentialSource::Environment;
        config.endpoint_url = None;
        config.with_environment(given)
    })
    .await?;
    Ok(())
}

async fn default_chain(cx: &Context) -> Verdict {
    let given = key_variables(cx)?;
    reach(cx, |mut config| {
        config.credentials = CredentialSource::Default;
        config.with_environment(given)
    })
    .await?;
    Ok(())
}

fn key_variables(cx: &Context) -> Verdict<Environment> {
    let (names, key) = (names(cx), cx.controls()?.key());
    let endpoint = cx.world().config().endpoint_url.unwrap_or_default();
    Ok(variables([
        (names.key_id, key.key_id().to_owned()),
        (names.secret, key.secret().expose().to_owned()),
        (names.endpoint, endpoint),
    ]))
}

async fn no_default_chain(cx: &Context) -> Verdict {
    is_config_error(cx, &["profile", "environment"], SECRET, |mut config| {
        config.credentials = CredentialSource::Default;
        config.with_environment(nowhere())
    })
    .await
}

async fn wrong_key(cx: &Context) -> Verdict {
    let known = match cx.world().config().credentials {
        CredentialSource::Static(credentials) => credentials.key_id().to_owned(),
        _ => "AKIDWRONG".to_owned(),
    };
    for id in [known.as_str(), "AKIDNOBODYHASTHISKEY"] {
        cx.clear_calls();
        let wrong = Credentials::new(id, SECRET);
        let result = reach(cx, |config| config.with_credentials(wrong)).await;
        let error = refused("a wrong key", ErrorKind::Unauthenticated, result)?;
        ensure!(
            error.code().is_some(),
            "the cloud's code is missing: {error:?}"
        );
        ensure!(
            error.request_id().is_some(),
            "the request id is missing: {error:?}"
        );
        ensure_eq!(
            error.provider(),
            Some(cx.provider()),
            "the error's provider"
        );
        ensure!(
            error.operation().is_some(),
            "the operation is missing: {error:?}"
        );
        ensure!(!error.is_retryable(), "a wrong key is not worth a retry");
        ensure!(
            !format!("{error} {error:?}").contains(SECRET),
            "the error quotes the secret"
        );
        ensure!(cx.calls().len() <= 1, "{} calls", cx.calls().len());
    }
    Ok(())
}

async fn temporary_key(cx: &Context) -> Verdict {
    let key = cx.controls()?.temporary_key();
    let without = Credentials::new(key.key_id(), key.secret().expose());
    reach(cx, |config| config.with_credentials(key)).await?;
    let result = reach(cx, |config| config.with_credentials(without)).await;
    refused(
        "a temporary key without its token",
        ErrorKind::Unauthenticated,
        result,
    )?;
    Ok(())
}

async fn expired_key(cx: &Context) -> Verdict {
    let key = cx.controls()?.expired_key();
    let result = reach(cx, |config| config.with_credentials(key)).await;
    refused("an expired key", ErrorKind::Unauthenticated, result)?;
    Ok(())
}

async fn refused_connection(cx: &Context) -> Verdict {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.local_addr()?
    };
    let retry = RetryPolicy::default()
        .with_max_attempts(2)
        .with_base_delay(std::time::Duration::from_millis(5));
    let result = reach(cx, |config| {
        config
            .with_endpoint_url(format!("http://{closed}"))
            .with_retry(retry)
    })
    .await;
    let error = refused("a closed port", ErrorKind::Network, result)?;
    ensure!(
        error.is_retryable(),
        "a closed port may open again: {error:?}"
    );
    ensure_eq!(
        error.provider(),
        Some(cx.provider()),
        "the error's provider"
    );
    Ok(())
}

async fn wrong_clock(cx: &Context) -> Verdict {
    let here = cx.controls()?.add_fleet(1);
    for offset in [3600, -3600] {
        cx.controls()?.set_clock_offset(offset);
        let cloud = cx.connect(|config| config).await?;
        let compute = cloud.compute()?;
        for expected in [2, 1] {
            cx.clear_calls();
            let request = cx.describe().with_instance_ids(here.clone());
            compute.describe_instances(request).await?;
            ensure_eq!(
                cx.calls().len(),
                expected,
                "calls with a clock {offset} s off"
            );
        }
    }
    Ok(())
}

async fn debug_is_silent(cx: &Context) -> Verdict {
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET).with_session_token("t0kent0ken");
    let cloud = cx
        .connect(|config| config.with_credentials(credentials))
        .await?;
    let shown = format!("{cloud:?} {:#?}", cloud.compute()?);
    ensure!(
        !shown.contains(SECRET) && !shown.contains("t0kent0ken"),
        "Debug shows the secret"
    );
    Ok(())
}
