//! Profiles on disk.

use cloudapi_core::{CredentialSource, Environment, ErrorKind};
use futures_util::FutureExt;
use tempfile::TempDir;

use super::{is_config_error, names, reach, variables};
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Verdict, ensure_eq, refused};
use crate::target::Need;

const SECRET: &str = "hunter2hunter2hunter2";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "connect/profile-is-read-from-the-shared-file",
            "A named profile in ~/.aws/credentials gives key and region, on both clouds.",
            |cx| profile_is_read(cx).boxed(),
        )
        .needs([Need::Keys]),
        Case::new(
            "connect/aws-names-in-a-profile-serve-both-clouds",
            "A named profile with the settings' names of the AWS tools serves both clouds.",
            |cx| aws_names(cx).boxed(),
        )
        .needs([Need::Keys]),
        Case::new(
            "connect/named-profile-goes-before-the-environment",
            "A profile named in code is used although the environment has keys, and never falls through to them.",
            |cx| named_goes_first(cx).boxed(),
        )
        .needs([Need::Keys, Need::Signatures]),
        Case::new(
            "connect/malformed-file-names-its-line",
            "A line that is no setting is a Config error with file and line that quotes nothing.",
            |cx| malformed_line(cx).boxed(),
        ),
        Case::new(
            "connect/missing-profile-names-file-and-profile",
            "A profile that the file lacks is a Config error that names both.",
            |cx| missing_profile(cx).boxed(),
        ),
        Case::new(
            "connect/missing-file-is-named",
            "A profile without any file is a Config error that names the file.",
            |cx| missing_file(cx).boxed(),
        ),
        Case::new(
            "connect/unreadable-file-is-named",
            "A credentials file that is a folder or no text is a Config error that names it.",
            |cx| unreadable_file(cx).boxed(),
        ),
        Case::new(
            "connect/half-a-pair-in-a-profile-is-a-config-error",
            "A profile with one half of a pair is a Config error that names the missing setting.",
            |cx| half_a_pair(cx).boxed(),
        ),
    ]
}

/// A home folder with a credentials file of this content.
fn home(content: &str) -> std::io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join(".aws"))?;
    std::fs::write(folder.path().join(".aws/credentials"), content)?;
    Ok(folder)
}

fn at_home(folder: &TempDir) -> Environment {
    variables([("HOME", folder.path().display().to_string())])
}

fn profile(name: &str) -> CredentialSource {
    CredentialSource::Profile(name.to_owned())
}

async fn profile_is_read(cx: &Context) -> Verdict {
    let (names, key) = (names(cx), cx.controls()?.key());
    let region = cx.world().config().region.unwrap_or_default();
    let folder = home(&format!(
        "[default]\n{} = AKIDOTHER\n{} = {SECRET}\n\n[ops]\n{} = {}\n{} = {}\nregion = {region}\n",
        names.file_key_id,
        names.file_secret,
        names.file_key_id,
        key.key_id(),
        names.file_secret,
        key.secret().expose(),
    ))?;
    let cloud = cx
        .connect(|mut config| {
            config.region = None;
            config
                .with_credentials(profile("ops"))
                .with_environment(at_home(&folder))
        })
        .await?;
    ensure_eq!(cloud.region(), region, "the region");
    cloud.compute()?.describe_instances(cx.mine()).await?;
    Ok(())
}

async fn aws_names(cx: &Context) -> Verdict {
    let key = cx.controls()?.key();
    let folder = home(&format!(
        "[ops]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        key.key_id(),
        key.secret().expose()
    ))?;
    reach(cx, |config| {
        config
            .with_credentials(profile("ops"))
            .with_environment(at_home(&folder))
    })
    .await?;
    Ok(())
}

async fn named_goes_first(cx: &Context) -> Verdict {
    let (names, key) = (names(cx), cx.controls()?.key());
    let folder = home(&format!(
        "[wrong]\n{} = {}\n{} = {SECRET}\n",
        names.file_key_id,
        key.key_id(),
        names.file_secret
    ))?;
    let given = || {
        variables([
            ("HOME", folder.path().display().to_string()),
            (names.key_id, key.key_id().to_owned()),
            (names.secret, key.secret().expose().to_owned()),
        ])
    };
    let wrong = reach(cx, |config| {
        config
            .with_credentials(profile("wrong"))
            .with_environment(given())
    })
    .await;
    refused(
        "the profile's wrong secret",
        ErrorKind::Unauthenticated,
        wrong,
    )?;
    is_config_error(cx, &["absent"], SECRET, |config| {
        config
            .with_credentials(profile("absent"))
            .with_environment(given())
    })
    .await
}

async fn malformed_line(cx: &Context) -> Verdict {
    let folder = home(&format!(
        "[ops]\n# a comment\n{} {SECRET}\n",
        names(cx).file_secret
    ))?;
    is_config_error(cx, &["line 3", ".aws/credentials"], SECRET, |config| {
        config
            .with_credentials(profile("ops"))
            .with_environment(at_home(&folder))
    })
    .await
}

async fn missing_profile(cx: &Context) -> Verdict {
    let folder = home(&format!(
        "[ops]\n{} = AKIDEXAMPLE\n{} = {SECRET}\n",
        names(cx).file_key_id,
        names(cx).file_secret
    ))?;
    is_config_error(cx, &["opps", ".aws/credentials"], SECRET, |config| {
        config
            .with_credentials(profile("opps"))
            .with_environment(at_home(&folder))
    })
    .await
}

async fn missing_file(cx: &Context) -> Verdict {
    let folder = tempfile::tempdir()?;
    is_config_error(cx, &["ops", ".aws/credentials"], SECRET, |config| {
        config
            .with_credentials(profile("ops"))
            .with_environment(at_home(&folder))
    })
    .await
}

async fn unreadable_file(cx: &Context) -> Verdict {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("binary"), [0xff, 0xfe, 0x00])?;
    for (name, word) in [("", "not a file"), ("binary", "UTF-8")] {
        let path = folder.path().join(name).display().to_string();
        let given = variables([("AWS_SHARED_CREDENTIALS_FILE", path.clone())]);
        is_config_error(cx, &[word, &path], SECRET, |config| {
            config
                .with_credentials(profile("ops"))
                .with_environment(given)
        })
        .await?;
    }
    Ok(())
}

async fn half_a_pair(cx: &Context) -> Verdict {
    let names = names(cx);
    for (given, value, missing) in [
        (names.file_key_id, "AKIDEXAMPLE", names.file_secret),
        (names.file_secret, SECRET, names.file_key_id),
    ] {
        let folder = home(&format!("[ops]\n{given} = {value}\n"))?;
        is_config_error(cx, &["ops", missing], SECRET, |config| {
            config
                .with_credentials(profile("ops"))
                .with_environment(at_home(&folder))
        })
        .await?;
    }
    Ok(())
}
