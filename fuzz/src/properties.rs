//! What holds for every reader of files with keys and settings, whatever is in the files: it reads them or says in one
//! line what is wrong, and never quotes a key. The fuzz targets try it with what a fuzzer finds, and the workspace's tests,
//! which share this file, with what is made at random.

use std::path::Path;

use cloudapi::config_file::ConfigFile;
use cloudapi::credentials::ini::Ini;
use cloudapi::{CredentialSource, Environment, Error, ErrorKind, Provider, ProviderConfig};

/// Stands for a key wherever an input has the byte [`PLACE`]. No name has such letters.
const KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// A byte that no file has for a reason.
const PLACE: u8 = 0x01;
/// More than any message has.
const LONGEST: usize = 2000;

/// The files that a profile is looked for in, below the home folder.
const FILES: [&str; 5] = [
    ".aws/credentials",
    ".aws/config",
    ".tencentcloud/credentials",
    ".tccli/ops.credential",
    ".tccli/ops.configure",
];

/// Reads an input as sections of settings.
pub fn ini(input: &[u8]) {
    let text = String::from_utf8_lossy(&planted(input)).into_owned();
    match Ini::parse(&text) {
        Ok(ini) => {
            for heading in ini.headings() {
                assert!(ini.section(heading).is_some(), "a heading has its section");
            }
        }
        Err(error) => {
            let lines = text.lines().count();
            assert!(
                (1..=lines).contains(&error.line),
                "line {} of {lines}",
                error.line
            );
            is_told_well(&error.to_string(), "line");
        }
    }
}

/// Gives the settings that look for the profile `ops` with an input as one of its files: the first byte says which.
pub fn with_profile(provider: Provider, home: &Path, input: &[u8]) -> ProviderConfig {
    let (first, content) = input.split_first().unwrap_or((&0, &[]));
    let chosen = usize::from(*first) % FILES.len();
    for (index, name) in FILES.iter().enumerate() {
        let path = home.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder can be made");
        }
        let content = if index == chosen {
            planted(content)
        } else {
            Vec::new()
        };
        if content.is_empty() {
            // That it is not there is as good.
            let _ = std::fs::remove_file(&path);
        } else {
            std::fs::write(&path, content).expect("a file can be written");
        }
    }
    ProviderConfig::new(provider)
        .with_credentials(CredentialSource::Profile("ops".to_owned()))
        .with_environment(Environment::fixed([("HOME", home.display().to_string())]))
}

/// Reads an input as a file of named connections: as JSON if the first byte is odd, else as TOML.
pub fn connections(folder: &Path, input: &[u8]) {
    let (first, content) = input.split_first().unwrap_or((&0, &[]));
    let name = if first % 2 == 1 {
        "config.json"
    } else {
        "config.toml"
    };
    let path = folder.join(name);
    std::fs::write(&path, planted(content)).expect("a file can be written");
    let read = ConfigFile::read(&path);
    let error = match &read {
        Ok(file) => {
            for name in file.names() {
                let config = file.connection(name);
                config.expect("a connection that was checked can be used");
            }
            file.connection("ops").err()
        }
        Err(error) => Some(error.clone()),
    };
    if let Some(error) = error {
        is_config_error(&error, name);
    }
}

/// Checks that an error is one of settings, is told in one line with these words, and quotes no key.
pub fn is_config_error(error: &Error, words: &str) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    is_told_well(&error.to_string(), words);
    let all = format!("{error:?}");
    assert!(!all.contains(KEY), "the key is quoted");
}

fn is_told_well(told: &str, words: &str) {
    assert!(!told.contains(KEY), "the key is quoted");
    assert!(told.contains(words), "{words:?} is missing: {told}");
    assert!(
        !told.contains('\n') && told.len() <= LONGEST,
        "not one line: {told:?}"
    );
}

/// Puts the key where the input wants it.
fn planted(input: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(input.len());
    for byte in input {
        match *byte {
            PLACE => content.extend_from_slice(KEY.as_bytes()),
            byte => content.push(byte),
        }
    }
    content
}
