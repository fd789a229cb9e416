//! Where the content comes from: a file, stdin, or something else that can only be read once.

#[cfg(unix)]
mod stdin;
#[cfg(not(unix))]
#[path = "source/stdin_elsewhere.rs"]
mod stdin;

use std::path::Path;

use cloudapi::Error;
use cloudapi::storage::UploadSource;
use tokio::fs::File;

use crate::failure::Failure;

/// Opens what the command line names.
pub(super) async fn open(path: &Path) -> Result<UploadSource, Failure> {
    if path == Path::new("-") {
        let stdin = stdin::file()
            .map_err(|error| Failure::other(format!("stdin can't be read: {error}")))?;
        return Ok(UploadSource::Reader(Box::new(File::from_std(stdin))));
    }
    match tokio::fs::metadata(path).await {
        // A pipe, as the shell's `<(…)` makes one.
        Ok(found) if !found.is_file() && !found.is_dir() => {
            let file = File::open(path).await.map_err(|error| {
                Error::invalid_argument(format!("{} can't be read: {error}", path.display()))
            })?;
            Ok(UploadSource::Reader(Box::new(file)))
        }
        // What is wrong with it the library says.
        _ => Ok(path.into()),
    }
}
