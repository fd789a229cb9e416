//! The checkpoint of `--resume`: a file in the user's state folder, named after source and target.

use std::path::{Path, PathBuf};

use cloudapi::{Environment, Error, Provider};

use super::request::Fields;
use crate::failure::Failure;

/// Gives the checkpoint's path; its folder is there then.
pub(super) fn path(provider: Provider, fields: &Fields) -> Result<PathBuf, Failure> {
    let folder = folder(&Environment::process()).ok_or_else(|| {
        Failure::from(Error::config(
            "there is no home folder for the checkpoint; name a file with --checkpoint",
        ))
    })?;
    std::fs::create_dir_all(&folder)
        .map_err(|error| Error::config(format!("{} can't be made: {error}", folder.display())))?;
    let source = std::path::absolute(&fields.file).unwrap_or_else(|_| fields.file.clone());
    Ok(folder.join(name(provider, &fields.bucket, &fields.key, &source)))
}

/// The folder for what survives a process and is no data of the user's.
fn folder(environment: &Environment) -> Option<PathBuf> {
    let state = environment
        .var("XDG_STATE_HOME")
        .or_else(|| environment.var("LOCALAPPDATA"))
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(environment.home()?.join(".local").join("state")));
    Some(state?.join("cloudapi").join("uploads"))
}

/// A name that says a little and is different for each source and target. A checkpoint says in full what it is of, so two
/// of the same name would be told apart.
fn name(provider: Provider, bucket: &str, key: &str, source: &Path) -> String {
    let whole = format!("{provider}\n{bucket}\n{key}\n{}", source.display());
    let word = |text: &str| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
        let last = text.rsplit('/').next().unwrap_or_default();
        let letters = last
            .chars()
            .map(|letter| if plain(letter) { letter } else { '_' });
        letters.take(40).collect::<String>()
    };
    format!(
        "{provider}-{}-{}-{:016x}",
        word(bucket),
        word(key),
        fnv1a(&whole)
    )
}

/// FNV-1a: short, and the same in every version of this program.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_and_target_has_its_file() {
        // The published value of the hash.
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
        let base = name(Provider::Aws, "b", "dir/a b.txt", Path::new("/f"));
        assert!(base.starts_with("aws-b-a_b.txt-"), "{base}");
        for other in [
            name(Provider::Tencent, "b", "dir/a b.txt", Path::new("/f")),
            name(Provider::Aws, "c", "dir/a b.txt", Path::new("/f")),
            name(Provider::Aws, "b", "other/a b.txt", Path::new("/f")),
            name(Provider::Aws, "b", "dir/a b.txt", Path::new("/g")),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn the_state_folder_is_where_the_system_has_it() {
        let of =
            |variables: &[(&str, &str)]| folder(&Environment::fixed(variables.iter().copied()));
        assert_eq!(
            of(&[("XDG_STATE_HOME", "/state"), ("HOME", "/home/u")]),
            Some("/state/cloudapi/uploads".into())
        );
        assert_eq!(
            of(&[("XDG_STATE_HOME", "relative"), ("HOME", "/home/u")]),
            Some("/home/u/.local/state/cloudapi/uploads".into())
        );
        assert_eq!(of(&[]), None);
    }
}
