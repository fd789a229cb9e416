//! Reading credentials files, with messages that say which file and what about it.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::ini::{self, Ini};
use crate::{Environment, Error, Result};

/// A file larger than this is not a credentials file.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a text file; `None` if there is none.
///
/// # Errors
///
/// `Config`, naming the file: it can't be read, is no file, is too large or no UTF-8.
pub fn read_text(path: &Path) -> Result<Option<String>> {
    let fail = |why: String| {
        Error::config(format!("the file {} {why}", path.display()))
            .with_resources([path.display().to_string()])
    };
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(fail("is not a file".to_owned())),
        Ok(found) if found.len() > MAX_BYTES => {
            return Err(fail(format!("is larger than {MAX_BYTES} bytes")));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(format!("can't be read: {error}"))),
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(fail("is not UTF-8 text".to_owned()))
        }
        Err(error) => Err(fail(format!("can't be read: {error}"))),
    }
}

/// Reads a file of sections; `None` if there is none.
///
/// # Errors
///
/// `Config`, naming the file and, for bad syntax, the line; never quoting it.
pub fn read_ini(path: &Path) -> Result<Option<Ini>> {
    let Some(text) = read_text(path)? else {
        return Ok(None);
    };
    let parsed = Ini::parse(&text);
    ini::wipe(text);
    parsed.map(Some).map_err(|error| {
        Error::config(format!("the file {}, {error}", path.display()))
            .with_resources([path.display().to_string()])
    })
}

/// Warns, once in a process for each file, of a file with keys that other users of this machine can read.
pub fn warn_if_shared(path: &Path) {
    static TOLD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if !is_shared(path) {
        return;
    }
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.insert(path.to_owned()) {
        let file = path.display();
        tracing::warn!(
            "other users of this machine can read the keys in {file}; take that away with: chmod 600 {file}"
        );
    }
}

#[cfg(unix)]
fn is_shared(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    const OTHERS_READ: u32 = 0o044;
    std::fs::metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & OTHERS_READ != 0)
}

#[cfg(not(unix))]
fn is_shared(_path: &Path) -> bool {
    false
}

/// Gives a name that stands in a file as it may be shown; `None` for one with letters that names don't have and keys do.
pub fn shown_name(name: &str) -> Option<&str> {
    let is_plain = |letter: char| letter.is_alphanumeric() || " -_.@:".contains(letter);
    (name.len() <= 64 && name.chars().all(is_plain)).then_some(name)
}

/// The file of the AWS tools for keys: `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
pub fn aws_credentials_path(environment: &Environment) -> Option<PathBuf> {
    path_from(
        environment,
        "AWS_SHARED_CREDENTIALS_FILE",
        ".aws/credentials",
    )
}

/// The file of the AWS tools for settings: `AWS_CONFIG_FILE`, else `~/.aws/config`.
pub fn aws_config_path(environment: &Environment) -> Option<PathBuf> {
    path_from(environment, "AWS_CONFIG_FILE", ".aws/config")
}

/// The file that a variable names (a leading `~/` is the home folder), else one below the home folder.
pub fn path_from(environment: &Environment, variable: &str, below_home: &str) -> Option<PathBuf> {
    match environment.var(variable) {
        Some(path) => match path.strip_prefix("~/") {
            Some(rest) => environment.home().map(|home| home.join(rest)),
            None => Some(PathBuf::from(path)),
        },
        None => environment.home().map(|home| home.join(below_home)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_own_message_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(read_ini(&path("none")).unwrap().is_none());
        std::fs::write(path("bad"), "[a]\nhunter2\n").unwrap();
        std::fs::write(path("binary"), [0xff, 0xfe]).unwrap();
        std::fs::write(path("huge"), vec![b'#'; 2 << 20]).unwrap();
        for (file, words) in [
            ("bad", "line 2"),
            ("binary", "UTF-8"),
            ("huge", "larger"),
            (".", "not a file"),
        ] {
            let message = read_ini(&path(file)).unwrap_err().to_string();
            assert!(
                message.contains(words) && message.contains(&path(file).display().to_string()),
                "{message}"
            );
            assert!(!message.contains("hunter2"));
        }
    }

    #[test]
    fn a_mebibyte_of_noise_is_one_line_with_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noise");
        let noise: String = (0..(1 << 20))
            .map(|at| char::from(b'!' + u8::try_from(at % 90).unwrap()))
            .collect();
        std::fs::write(&path, format!("[a]\nk = {}", &noise[16..])).unwrap();
        let ini = read_ini(&path).unwrap().unwrap();
        assert!(ini.section("a").unwrap().get("k").is_some());
        std::fs::write(&path, noise.replace('=', "-")).unwrap();
        let message = read_ini(&path).unwrap_err().to_string();
        assert!(
            message.contains("line 1") && message.len() < 500,
            "{message}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_permission_is_named() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("closed");
        std::fs::write(&path, "[a]\nk = hunter2\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        // The superuser may read it all the same.
        if let Err(error) = read_ini(&path) {
            let message = error.to_string();
            assert!(
                message.contains("can't be read") && message.contains("closed"),
                "{message}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_others_can_read_is_told_by_its_mode() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        std::fs::write(&path, "").unwrap();
        for (mode, shared) in [
            (0o600, false),
            (0o400, false),
            (0o640, true),
            (0o604, true),
            (0o711, false),
        ] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_shared(&path), shared, "{mode:o}");
        }
        assert!(!is_shared(folder.path()) && !is_shared(&folder.path().join("none")));
    }

    #[test]
    fn names_are_shown_and_keys_are_not() {
        for name in ["prod", "Admin-123456789012", "me@example.com", "生产"] {
            assert_eq!(shown_name(name), Some(name));
        }
        for key in ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "a=b", "a\nb"] {
            assert_eq!(shown_name(key), None);
        }
        assert_eq!(shown_name(&"x".repeat(65)), None);
    }

    #[test]
    fn variables_move_the_files() {
        let environment =
            Environment::fixed([("HOME", "/home/op"), ("AWS_CONFIG_FILE", "~/elsewhere")]);
        assert_eq!(
            aws_credentials_path(&environment).unwrap(),
            Path::new("/home/op/.aws/credentials")
        );
        assert_eq!(
            aws_config_path(&environment).unwrap(),
            Path::new("/home/op/elsewhere")
        );
    }
}
