//! Credentials files as people and tools write them, on both clouds: the right key, or one line that says what is wrong.

use std::path::Path;

use cloudapi::{
    CallerIdentity, CredentialSource, Environment, ErrorKind, Provider, ProviderConfig, Result,
};
use cloudapi_emulator::{Emulator, Key};
use cloudapi_tests::emulator::config;

use crate::PROVIDERS;

/// Stands in a file where nothing of it may be repeated.
const SECRET: &str = "hunter2/hunter2+hunter2";

/// The emulator's key, as the two settings of it are called in the file.
fn settings(emulator: &Emulator, provider: Provider) -> (String, String) {
    let (Key { id, secret, .. }, names) = if provider == Provider::Aws {
        let names = ("aws_access_key_id", "aws_secret_access_key");
        (emulator.aws_key(), names)
    } else {
        let names = ("tencentcloud_secret_id", "tencentcloud_secret_key");
        (emulator.tencent_key(), names)
    };
    (
        format!("{} = {id}", names.0),
        format!("{} = {secret}", names.1),
    )
}

fn at(emulator: &Emulator, provider: Provider, home: &Path) -> ProviderConfig {
    config(emulator, provider)
        .with_credentials(CredentialSource::Profile("ops".to_owned()))
        .with_environment(Environment::fixed([("HOME", home.display().to_string())]))
}

async fn whoami(config: &ProviderConfig) -> Result<CallerIdentity> {
    cloudapi::connect(config).await?.caller_identity().await
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    home
}

#[tokio::test]
async fn what_people_write_is_read() {
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let (id, secret) = settings(&emulator, *provider);
        let other = secret.split_once('=').unwrap().0;
        for (what, text) in [
            ("plain", format!("[ops]\n{id}\n{secret}\n")),
            ("no newline at the end", format!("[ops]\n{id}\n{secret}")),
            ("CRLF", format!("[ops]\r\n{id}\r\n{secret}\r\n")),
            (
                "a byte order mark",
                format!("\u{feff}[ops]\n{id}\n{secret}\n"),
            ),
            (
                "both",
                format!("\u{feff}[other]\r\n\r\n[ops]\r\n{id}\r\n{secret}\r\n"),
            ),
            (
                "comments",
                format!(
                    "# one\n; two\n[ops] # three\n{id} # four\n{secret} ; five\n#{other} = {SECRET}\n"
                ),
            ),
            (
                "trailing blanks",
                format!("[ops]  \n{id} \t\n{secret}   \n   \n"),
            ),
            (
                "no blanks",
                format!("[ops]\n{id}\n{secret}\n").replace(" = ", "="),
            ),
            (
                "upper case",
                format!(
                    "[ops]\n{}\n{secret}\n",
                    id.replacen(&id[..4], &id[..4].to_uppercase(), 1)
                ),
            ),
            (
                "a section in two halves",
                format!("[ops]\n{id}\n[other]\nregion = x\n[ops]\n{secret}\n"),
            ),
            (
                "a setting twice, of which the last counts",
                format!("[ops]\n{id}\n{other} = {SECRET}\n{secret}\n"),
            ),
            (
                "nested settings",
                format!(
                    "[ops]\ns3 =\n  max_concurrent_requests = 20\n  {other} = {SECRET}\n{id}\n{secret}\n"
                ),
            ),
            (
                "a broken neighbour",
                format!("[half]\n{id}\n[ops]\n{id}\n{secret}\n"),
            ),
        ] {
            let home = home();
            std::fs::write(home.path().join(".aws/credentials"), text).unwrap();
            let identity = whoami(&at(&emulator, *provider, home.path())).await;
            let identity = identity.unwrap_or_else(|error| panic!("{provider}, {what}: {error}"));
            let file = home.path().join(".aws/credentials");
            let source = format!("profile ops ({})", file.display());
            assert_eq!(identity.source, source, "{provider}, {what}");
        }
        emulator.stop().await;
    }
}

#[tokio::test]
async fn the_other_file_has_long_headings() {
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let (id, secret) = settings(&emulator, *provider);
        let home = home();
        let write = |name: &str, text: String| {
            std::fs::write(home.path().join(".aws").join(name), text).unwrap();
        };
        write("credentials", format!("[ops]\n{id}\n{secret}\n"));
        for text in [
            "[profile ops]\nregion = ap-seoul-1\n",
            "\u{feff}[profile  ops]\r\nregion = ap-seoul-1 # comment\r\n",
            "[ops]\nregion = ap-wrong-1\n[profile ops]\nregion = ap-seoul-1\n",
        ] {
            write("config", text.to_owned());
            let mut config = at(&emulator, *provider, home.path());
            config.region = None;
            let cloud = cloudapi::connect(&config).await.unwrap();
            assert_eq!(cloud.region(), "ap-seoul-1", "{provider}: {text:?}");
        }
        emulator.stop().await;
    }
}

/// What is put in the place of the file.
enum Content {
    Text(String),
    Bytes(Vec<u8>),
    Folder,
    Closed,
}

/// Checks that a profile is refused in one line with the file and these words.
async fn is_refused(emulator: &Emulator, provider: Provider, content: Content, words: &[&str]) {
    let home = home();
    let file = home.path().join(".aws/credentials");
    match content {
        Content::Text(text) => std::fs::write(&file, text).unwrap(),
        Content::Bytes(bytes) => std::fs::write(&file, bytes).unwrap(),
        Content::Folder => std::fs::create_dir(&file).unwrap(),
        Content::Closed => {
            std::fs::write(&file, SECRET).unwrap();
            if !close(&file) {
                // The superuser reads everything.
                return;
            }
        }
    }
    let error = whoami(&at(emulator, provider, home.path()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{provider}: {error}");
    let told = error.to_string();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.len() < 600, "{told}");
    for words in words.iter().chain(&[&*file.display().to_string()]) {
        assert!(told.contains(words), "{provider}, {words:?}: {told}");
    }
    let all = format!("{told} {error:?}");
    assert!(!all.contains("hunter2"), "{provider}: {all}");
}

/// Takes away the right to read; whether that has an effect.
fn close(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o000)).unwrap();
    }
    std::fs::read(file).is_err()
}

#[tokio::test]
async fn what_is_wrong_is_told_with_file_and_line() {
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let (id, secret) = settings(&emulator, *provider);
        let (id_name, secret_name) = (
            id.split(' ').next().unwrap(),
            secret.split(' ').next().unwrap(),
        );
        let noise = |size: usize| -> Vec<u8> {
            let mut state = 7_u64;
            let mut bytes = Vec::with_capacity(size);
            while bytes.len() < size {
                // Numbers that look random are noise enough.
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                bytes.extend_from_slice(&state.to_be_bytes());
            }
            bytes
        };
        let letters: String = noise(1 << 20)
            .iter()
            .map(|byte| char::from(b'a' + byte % 26))
            .collect();
        for (content, words) in [
            (Content::Text(String::new()), &["ops"][..]),
            (Content::Text("# nothing\n".to_owned()), &["ops"]),
            (Content::Folder, &["is not a file"]),
            (Content::Closed, &["can't be read"]),
            (Content::Bytes(vec![0xff, 0xfe, b'[']), &["UTF-8"]),
            (Content::Bytes(noise(1 << 20)), &["UTF-8"]),
            (Content::Bytes(noise((1 << 20) + 1)), &["larger than"]),
            (Content::Text(letters), &["line 1"]),
            (
                Content::Text(format!("[ops]\n{id}\n{SECRET}\n")),
                &["line 3"],
            ),
            (
                Content::Text(format!("\u{feff}[ops]\r\n\r\n{SECRET}\r\n")),
                &["line 3"],
            ),
            (
                Content::Text(format!("{secret_name} = {SECRET}\n")),
                &["line 1"],
            ),
            (
                Content::Text(format!("[ops\n{secret_name} = {SECRET}\n")),
                &["line 1"],
            ),
            (
                Content::Text(format!("[ops]\n{id}\n= {SECRET}\n")),
                &["line 3"],
            ),
            (
                Content::Text(format!("[ops]\n{secret_name} = {SECRET}\n")),
                &["ops", secret_name, id_name],
            ),
            (
                Content::Text(format!("[ops]\n{id}\n{secret_name} =\n")),
                &["ops", secret_name, id_name],
            ),
            (
                Content::Text("[ops]\nregion = ap-seoul\n".to_owned()),
                &["ops"],
            ),
            (
                Content::Text(format!("[ops]\n{id_name} = {SECRET}\u{1}x\n{secret}\n")),
                &["ops"],
            ),
        ] {
            is_refused(&emulator, *provider, content, words).await;
        }
        assert!(emulator.calls().is_empty(), "{provider}: nothing is asked");
        emulator.stop().await;
    }
}
