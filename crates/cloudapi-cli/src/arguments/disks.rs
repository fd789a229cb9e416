//! Disks: JSON, or words such as `boot:50:gp3` and `100:gp3`.

use cloudapi::Error;
use cloudapi::compute::Disk;

use super::is_json;
use crate::failure::Failure;

/// Reads the words of `--disks`, each JSON (a list or one object) or `[boot:]SIZE[:TYPE][:keep|:delete]`.
pub(crate) fn parse(words: &[String]) -> Result<Vec<Disk>, Failure> {
    let mut disks = Vec::new();
    for word in words {
        if word.trim_start().starts_with('[') {
            let more: Vec<Disk> = serde_json::from_str(word).map_err(|error| invalid(&error))?;
            disks.extend(more);
        } else if is_json(word) {
            disks.push(serde_json::from_str(word).map_err(|error| invalid(&error))?);
        } else {
            disks.push(short(word).ok_or_else(|| {
                Failure::usage(format!(
                    "--disks {word:?} is neither [boot:]SIZE[:TYPE][:keep|:delete], with the size in GiB, nor JSON"
                ))
            })?);
        }
    }
    Ok(disks)
}

fn invalid(error: &serde_json::Error) -> Failure {
    Error::invalid_argument(format!("--disks: {error}")).into()
}

fn short(word: &str) -> Option<Disk> {
    let mut parts: Vec<&str> = word.split(':').map(str::trim).collect();
    let delete = match parts.last() {
        Some(&"keep") => Some(false),
        Some(&"delete") => Some(true),
        _ => None,
    };
    if delete.is_some() {
        parts.pop();
    }
    let is_boot = parts.first() == Some(&"boot");
    if is_boot {
        parts.remove(0);
    }
    let (size, disk_type) = match *parts.as_slice() {
        [] => ("", ""),
        [size] => (size, ""),
        [size, disk_type] => (size, disk_type),
        _ => return None,
    };
    // The image gives the boot disk a size; no other disk has one by itself.
    let mut disk = match (is_boot, size) {
        (true, "") => Disk::boot(),
        (true, size) => Disk::boot().with_size_gib(size.parse().ok()?),
        (false, size) => Disk::data(size.parse().ok()?),
    };
    if !disk_type.is_empty() {
        disk = disk.with_type(disk_type);
    }
    Some(match delete {
        Some(delete) => disk.with_delete_with_instance(delete),
        None => disk,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Vec<Disk>, u8> {
        parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
            .map_err(|failure| failure.code)
    }

    #[test]
    fn short_forms() {
        for (word, expected) in [
            (
                "boot:50:gp3",
                Disk::boot().with_size_gib(50).with_type("gp3"),
            ),
            ("boot", Disk::boot()),
            ("boot:50", Disk::boot().with_size_gib(50)),
            ("boot::CLOUD_SSD", Disk::boot().with_type("CLOUD_SSD")),
            ("100:gp3", Disk::data(100).with_type("gp3")),
            ("100", Disk::data(100)),
            (
                "100:gp3:keep",
                Disk::data(100)
                    .with_type("gp3")
                    .with_delete_with_instance(false),
            ),
            (
                "100:delete",
                Disk::data(100).with_delete_with_instance(true),
            ),
        ] {
            assert_eq!(read(&[word]), Ok(vec![expected]), "{word}");
        }
    }

    #[test]
    fn json_and_words_together() {
        let expected = vec![
            Disk::boot().with_size_gib(50),
            Disk::data(20),
            Disk::data(30),
        ];
        assert_eq!(
            read(&[
                r#"[{"Boot": true, "SizeGib": 50}]"#,
                r#"{"SizeGib": 20}"#,
                "30"
            ]),
            Ok(expected)
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for word in ["", "gp3", "-1", "boot:x", "10:gp3:x", ":gp3", "keep"] {
            assert_eq!(read(&[word]), Err(2), "{word}");
        }
        assert_eq!(read(&[r#"[{"Size": 5}]"#]), Err(4));
    }
}
